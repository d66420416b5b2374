"""What a use case came to. A module of its own, and light: `status` loads nothing else of the contracts."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple


class RunResult(NamedTuple):
    """Its exit code, what to print line by line, the report's path, and the same as JSON data."""

    exit_code: int = 0
    lines: tuple[str, ...] = ()
    report: Path | None = None
    data: Mapping[str, Any] = MappingProxyType({})
