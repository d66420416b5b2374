"""What a step is given: where it works, what it may read, and how it asks for more."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from daydream.contracts.cache import Cache, Forgetful
from daydream.processes import Completed, Stop, run
from daydream.records.night import NightFacts
from daydream.records.repository import Examination, Interpreter, SourceFile
from daydream.records.section import SubStepResult


@dataclass(frozen=True, slots=True)
class Context:
    """The world of one night, passed in and never global.

    `tree` is the workbench: the pinned commit, checked out where nobody works; source, tasks and docs
    are read only there. `root` is the user's checkout, looked at only for logs and untracked caches.
    `started_at` (UTC) is the night's present: windows and ages are counted back from it. `cache` only
    saves time; `scratch` is a folder of the user's cache for what is large and passing. `results` are what a state's sub-steps have come to tonight, in plan order.
    `unexamined` are files that belong to the program and are nobody's to judge (copied, generated, left out by a linter's
    configuration): what they use is used.
    """

    root: Path
    tree: Path
    state: Path
    logs: Path
    files: Sequence[SourceFile]
    examination: Examination
    started_at: dt.datetime
    zone: dt.tzinfo
    date: str
    run: str
    mode: str
    first_night: bool
    stop: Stop
    env: Mapping[str, str]
    progress: Callable[[str, int, int], None]
    night: Callable[[], NightFacts]
    cache: Cache = field(default_factory=Forgetful)
    scratch: Path | None = None
    results: Callable[[str], Sequence[SubStepResult]] = lambda _: ()
    unexamined: Sequence[SourceFile] = ()

    @property
    def interpreter(self) -> Interpreter | None:
        """The repository's own Python, or None where it has none."""
        return self.examination.interpreter

    def paths(self, *suffixes: str) -> list[str]:
        """The examined paths with one of these endings, e.g. ``.py``; all without any."""
        return [f.path for f in self.files if not suffixes or f.path.endswith(suffixes)]

    def check(self) -> None:
        """Look at stop and budget; call it in every loop that may take longer than 0.1 s."""
        self.stop.check()

    def child(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        timeout_s: float = 600.0,
    ) -> Completed:
        """Run a child in the workbench; see `daydream.processes.run`."""
        return run(argv, cwd=cwd or self.tree, stop=self.stop, env=env, stdin=stdin, timeout_s=timeout_s)
