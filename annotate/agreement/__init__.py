"""How well coders agree: figures with their sources, from codes on disk or from plain arrays."""
