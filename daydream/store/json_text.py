"""JSON for rows and files that hold whatever a procedure was called with."""

import json
from typing import Any

import msgspec


def json_text(value: Any) -> str:
    """Write a value as JSON with sorted keys; a text with half a pair of surrogates, which has no UTF-8, in escapes."""
    try:
        return msgspec.json.encode(value, order="deterministic").decode()
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), sort_keys=True, separators=(",", ":"))
