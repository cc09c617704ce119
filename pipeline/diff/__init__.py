"""Two datasets compared: `compare` who and what changed, `frames` how far, `report` in words."""
