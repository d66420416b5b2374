"""What the command line asks of the use cases, and what they answer; both sides import only this."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from daydream.contracts.results import RunResult

__all__ = ["Observer", "RunRequest", "RunResult"]


class Observer(Protocol):
    """Whoever watches a run. Called from the run's own thread; must return quickly and never raise."""

    def state(self, name: str, index: int, total: int) -> None:
        """A state such as ``maintain.docs`` begins: number `index` (from 1) of `total`."""
        ...

    def progress(self, item: str, k: int, n: int) -> None:
        """Inside the state: item `k` (from 1) of `n` begins."""
        ...

    def note(self, text: str) -> None:
        """Something a person may want to know now, in one sentence."""
        ...

    def budget(self, seconds_left: float | None) -> None:
        """Seconds until the budget is used up; None without a budget."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """One start of `run`.

    `root` is absolute. `config_file` replaces the user's own configuration file. `overrides` maps
    dotted option keys (``night.mode``) to what flags said. `only` and `skip` name steps. `terminal`
    says that a person is watching, which chooses the shorter budget.
    """

    root: Path
    config_file: Path | None = None
    overrides: Mapping[str, object] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    if_due: bool = False
    fresh: bool = False
    dreams: bool = True
    terminal: bool = False
    observer: Observer | None = None
