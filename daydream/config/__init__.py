"""Configuration: the model that pydantic checks, and the loader that knows where each value came from."""
