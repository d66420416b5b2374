"""The tests of one commit, ready to be run with and without edits."""

import hashlib
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from daydream.processes import Stop, run
from daydream.records.repository import Interpreter, SourceFile
from daydream.repository import verify_runs, verify_slot
from daydream.repository.verify_command import Command
from daydream.repository.verify_memory import key_of
from daydream.repository.verify_roots import import_roots
from daydream.repository.verify_runs import WITNESS, Bed, Observed, Watched
from daydream.repository.verify_slot import Slot

_ASK_TIMEOUT_S = 60.0
_LIST_INSTALLED = """
import os, sys
print(sys.version, sys.prefix)
for place in sys.path:
    if os.path.isdir(place):
        ends = (".dist-info", ".egg-info", ".egg-link", ".pth")
        print(place, *sorted(name for name in os.listdir(place) if name.endswith(ends)), sep="\\n")
"""
_NOTHING: Mapping[str, Watched] = {}


@dataclass(frozen=True, slots=True)
class Tests:
    """A slot, the environment of its runs, and the moment (monotonic) at which their time is over.

    `key` names all that the outcome without an edit depends on.
    """

    slot: Slot
    bed: Bed
    argv: Sequence[str]
    environment: Mapping[str, str]
    roots: Sequence[str]
    key: str
    until: float
    stop: Stop

    def left_s(self) -> float:
        """Seconds until the time is over."""
        return self.until - time.monotonic()

    def run(
        self,
        files: Mapping[str, bytes | None],
        *,
        limit_s: float | None = None,
        watched: Mapping[str, Watched] = _NOTHING,
        expected: Sequence[str] | None = None,
    ) -> Observed:
        """Run the command with an edit in place, for `limit_s` or as long as there is time.

        With `expected`, pytest stops at the first failure of another test.

        Raises:
            OSError, GitError: the disk refuses.
            Stopped, OutOfBudget: as `Stop.check`.
        """
        self.slot.put_right(self.stop)
        self.bed.prepare(watched, expected)
        self.slot.place(files, self.stop)
        seconds = self.left_s() if limit_s is None else min(limit_s, self.left_s())
        return self.bed.execute(self.argv, self.environment, max(seconds, 0.1), self.stop)


def make_ready(
    *,
    tree: Path,
    folder: Path,
    files: Sequence[SourceFile],
    interpreter: Interpreter,
    command: Command,
    env: Mapping[str, str],
    until: float,
    stop: Stop,
) -> Tests | str:
    """Make slot and environment; a sentence where the interpreter does not answer.

    Raises:
        OSError, GitError: the disk refuses.
        Stopped, OutOfBudget: as `Stop.check`.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    slot = verify_slot.make(folder, tree, stop)
    bed = verify_runs.make_bed(folder, slot.path)
    bed.prepare(_NOTHING, None)
    roots = import_roots(tree, [file.path for file in files])
    environment = bed.environment(env, interpreter, roots)
    installed = _installed(interpreter, bed, environment, stop)
    if installed is None:
        return f"{interpreter.path} does not answer as a Python does; make the environment anew"
    parts = {
        "tree": slot.tree_id,
        "command": command.sha256,
        "interpreter": [interpreter.path, list(interpreter.version)],
        "installed": installed,
        "roots": list(roots),
        "witness": [_digest((WITNESS / name).read_bytes()) for name in verify_runs.COPIED],
        "given": {name: environment[name] for name in sorted(environment) if verify_runs.is_given(name)},
        "platform": sys.platform,
    }
    return Tests(slot, bed, command.argv, environment, roots, key_of(parts), until, stop)


def tear_down(folder: Path) -> None:
    """Remove everything but what is remembered, also after a kill; raises OSError."""
    verify_runs.clear(folder)
    verify_slot.discard(folder)


def _installed(interpreter: Interpreter, bed: Bed, environment: Mapping[str, str], stop: Stop) -> str | None:
    """A digest of the interpreter's version and of the distributions that it has, by name and version."""
    left = run(
        [interpreter.path, "-I", "-B", "-c", _LIST_INSTALLED],
        cwd=bed.temporary,
        env={name: value for name, value in environment.items() if not name.startswith("PYTHON")},
        stop=stop,
        timeout_s=_ASK_TIMEOUT_S,
    )
    return _digest(left.stdout) if left.returncode == 0 and left.stdout else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def is_safe(path: str) -> bool:
    """Whether a path stays in the checkout and out of git's folder, and fits into a line of the witness's plan."""
    parts = path.split("/")
    return (
        path.isprintable()
        and "\\" not in path
        and all(part not in ("", ".", "..") and part.lower() != ".git" for part in parts)
        and not os.path.isabs(path)  # noqa: PTH117 -- of a text
    )
