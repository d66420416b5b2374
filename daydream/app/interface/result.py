"""What one run of a dream came to, as a record and as a mapping."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from daydream.contracts.sandbox import NOT_ISOLATED, Category


@dataclasses.dataclass(frozen=True, kw_only=True)
class DreamResult(Mapping[str, Any]):
    """Whether a dream answered as expected, and what it answered; its fields are also its keys.

    `output` is the value where that is made of Python's own types, else None; `output_text` shows whatever it is, on one line,
    without secrets. `error` and `error_category` say why there is no success: one of syntax, runtime, type, logic, resource,
    dependency, timeout and validation, or infrastructure, which is never the dream's fault. Times are milliseconds of the call
    on the wall and of the processor, None where nothing ran. `backend` is the sandbox; `isolated` is False where there was none.
    """

    dream_id: str
    success: bool
    execution_time_ms: float | None = None
    cpu_time_ms: float | None = None
    output: Any = None
    output_text: str | None = None
    error: str | None = None
    error_category: Category | None = None
    stdout: str = ""
    stderr: str = ""
    backend: str | None = None

    @property
    def isolated(self) -> bool | None:
        """Whether it ran in a sandbox; None where nothing ran."""
        return None if self.backend is None else self.backend != NOT_ISOLATED

    def __getitem__(self, key: str) -> Any:
        if key not in _KEYS:
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(_KEYS)

    def __len__(self) -> int:
        return len(_KEYS)

    # Two runs may come to the same and are still two runs; a value may have no hash.
    __hash__ = object.__hash__


_KEYS = (*(each.name for each in dataclasses.fields(DreamResult)), "isolated")
