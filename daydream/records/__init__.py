"""What daydream persists: msgspec structs, one module per concept."""
