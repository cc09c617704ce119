"""From intervals to a Parquet dataset, and models trained on it."""
