"""Measured claims: one runnable file each; RESULTS.md holds what they printed."""
