"""The contracts between the parts: small Protocols and the data that passes between them."""
