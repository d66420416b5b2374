"""daydream: the night shift of a Python repository."""

__version__ = "0.1.0"
