"""The night: its table, the machine that knows where it stands, and the runner that does the work."""
