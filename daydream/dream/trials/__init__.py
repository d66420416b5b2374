"""Trials: what a dream is run on, how its answers are compared, and what it gains."""
