"""What survives: the head, its segments, effects, findings and dreams, and how each is written."""
