"""What git knows of an error's files: as they were in a release, who changed a line last, what changed since."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from daydream.analysis import blame
from daydream.analysis.blame import Written
from daydream.analysis.redaction import quoted
from daydream.git import attempt
from daydream.processes import Stop

LARGEST_FILE = 2 * 2**20
MOST_CHANGES = 30
_GIT_S = 30.0
_FIRST = 1e8  # git reads smaller numbers as something else; nothing was committed in 1973
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_VERSION = re.compile(r"[0-9A-Za-z_][0-9A-Za-z._+\-]{0,99}")


@dataclass(frozen=True, slots=True)
class Change:
    """A commit: its id (12 digits), when it was written (UTC), by whom, and its first line; both redacted."""

    id: str
    when: dt.datetime
    author: str
    subject: str


class History:
    """git's answers about the repository at `root`, whose commit under examination is `head`.

    Everything asked is asked once. What git cannot say is None or empty.
    """

    def __init__(self, root: Path, head: str, stop: Stop, *, shallow: bool) -> None:
        self._root, self.head, self._stop, self._shallow = root, head, stop, shallow
        self._texts: dict[tuple[str, str], str | None] = {}
        self._commits: dict[str, str | None] = {}

    def commit(self, named: str | None, version: str | None = None) -> str | None:
        """Return the full id of the commit that a release names, or that a tag of its version names; None where the
        repository has none such."""
        for key in (named, _tag(version), f"v{_tag(version)}" if _tag(version) else None):
            if key is None:
                continue
            wanted = key if key == named and _COMMIT.fullmatch(key) else f"refs/tags/{key}"
            if key not in self._commits:
                found = self._git("rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}")
                self._commits[key] = found.decode("ascii", "replace").strip() if found else None
            if self._commits[key]:
                return self._commits[key]
        return None

    def at(self, when: float) -> str | None:
        """Return the commit that stood at the head at an instant (POSIX seconds), by the commits' own dates."""
        if when < _FIRST:
            return None
        found = self._git("rev-list", "-1", "--first-parent", f"--before={int(when)}", self.head)
        return found.decode("ascii", "replace").strip() or None if found else None

    def text(self, commit: str, path: str) -> str | None:
        """Return a file as it was at a commit; None where it was not there, is too large or is no UTF-8."""
        key = commit, path
        if key not in self._texts:
            self._texts[key] = self._show(commit, path)
        return self._texts[key]

    def _show(self, commit: str, path: str) -> str | None:
        raw = self._git("cat-file", "blob", f"{commit}:{path}")
        if raw is None or len(raw) > LARGEST_FILE:
            return None
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def written(self, commit: str, path: str, lines: Iterable[int]) -> Mapping[int, Written]:
        """Say when, and by which commit, lines of a file at a commit were written."""
        answer = self._git(*blame.arguments(commit, path, lines), settings=("blame.ignoreRevsFile=",))
        return blame.lines(answer, shallow=self._shallow) if answer is not None else {}

    def described(self, commit: str) -> Change | None:
        """Describe a commit."""
        raw = self._git("show", "-s", "--no-show-signature", "--format=%H%x00%at%x00%an%x00%s", commit, "--")
        parts = raw.decode("utf-8", "replace").strip("\n").split("\0") if raw else []
        if len(parts) != 4 or not parts[1].isdigit():
            return None
        when = dt.datetime.fromtimestamp(int(parts[1]), dt.UTC)
        return Change(parts[0][:12], when, quoted(parts[2], 60), quoted(parts[3], 100))

    def changes(self, since: str, path: str) -> list[str]:
        """Return the commits after `since` that touched a file, the oldest first, at most 30."""
        span = f"{since}..{self.head}"
        raw = self._git("--literal-pathspecs", "rev-list", "--reverse", "--no-merges", span, "--", path)
        return raw.decode("ascii", "replace").split()[-MOST_CHANGES:] if raw else []

    def _git(self, *argv: str, settings: tuple[str, ...] = ()) -> bytes | None:
        left = attempt(self._root, *argv, stop=self._stop, timeout_s=_GIT_S, settings=settings)
        return left.stdout if left.returncode == 0 else None


def _tag(version: str | None) -> str | None:
    """Return the part of a release's version that a tag may bear: ``1.4.2`` of ``shop@1.4.2+7``."""
    bare = (version or "").rpartition("@")[2].partition("+")[0]
    return (
        bare if _VERSION.fullmatch(bare) and ".." not in bare and not bare.endswith((".", ".lock")) else None
    )
