"""The head at a glance: as plain data, for `status`, which must be there sooner than msgspec is loaded.

The file is checked as `heads.decode` checks it; whatever does not look like a sound head of this
version is left to `heads`, which says what is wrong with it.
"""

import json
import zlib
from pathlib import Path
from typing import Any

_BEFORE = b'{"crc32":"'
_BETWEEN = b'","state":'
SCHEMA = 1


def glance(folder: Path) -> dict[str, Any] | None:
    """Read `state.json` as it is; None where there is no sound head of this version to be had this way."""
    try:
        data = (folder / "state.json").read_bytes()
    except OSError:
        return None
    begin = len(_BEFORE) + 8 + len(_BETWEEN)
    raw = data[begin:-2]
    framed = _BEFORE + b"%08x" % zlib.crc32(raw) + _BETWEEN
    if data[:begin] != framed or data[-2:] != b"}\n":
        return None
    state = json.loads(raw)
    return state if isinstance(state, dict) and state.get("schema", SCHEMA) == SCHEMA else None
