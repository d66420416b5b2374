"""What runs inside a sandbox: standard library only, imports nothing of ours."""
