"""Who may know: the commit that last changed the failing lines, the one that mended them, the owners of the file."""

import ast
import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from daydream.analysis.errors.frames import Place
from daydream.analysis.errors.history import Change, History

CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
RECENT = dt.timedelta(days=14)
MOST_FRAMES = 5
_Match = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Suspect:
    """The commit that last changed a failing line. `likely` only if it came within 14 days before the first sight,
    and after the release before; otherwise it is just the one that changed the line last."""

    change: Change
    path: str
    line: int
    likely: bool

    def __str__(self) -> str:
        """``suspect 1a2b3c4d5e6f by Ann, 2026-11-20 (Faster totals)``."""
        what = "suspect" if self.likely else "last changed by"
        told = self.change
        return f"{what} {told.id} by {told.author}, {told.when:%Y-%m-%d} ({told.subject})"


def suspect(
    history: History,
    at: str,
    places: Sequence[Place],
    first: dt.datetime | None,
    previous: dt.datetime | None,
) -> Suspect | None:
    """Ask who last changed the failing lines of `places`, innermost first, as they stood at the commit `at`.

    `first` is when the error was first seen, `previous` when the release before was made; None: not known. The newest
    change that can have caused it is the suspect; where there is none, the innermost line's last change is returned.
    None: git cannot tell.
    """
    found: list[tuple[dt.datetime, str, Place]] = []
    near = places[:MOST_FRAMES]
    lines = {path: [place.then for place in near if place.path == path] for path in {p.path for p in near}}
    blamed = {path: history.written(at, path, wanted) for path, wanted in sorted(lines.items())}
    for place in near:
        written = blamed[place.path].get(place.then)
        if written is not None and written.when is not None:
            found.append((written.when, written.commit, place))
    likely = [entry for entry in found if _can_have_caused(entry[0], first, previous)]
    if not found:
        return None
    when, commit, place = max(likely, key=lambda entry: entry[0]) if likely else found[0]
    change = history.described(commit)
    if change is None:
        return None
    return Suspect(change, place.path, place.then, _can_have_caused(when, first, previous))


def _can_have_caused(when: dt.datetime, first: dt.datetime | None, previous: dt.datetime | None) -> bool:
    if first is None or not dt.timedelta(0) <= first - when < RECENT:
        return False
    return previous is None or when > previous


def mending(history: History, since: str, functions: Iterable[tuple[str, str]]) -> tuple[Change, int] | None:
    """Find the commit after `since` that last changed one of the failing functions (path, name), innermost first.

    Returns it and how many commits changed that function since: with more than one it is a guess. None: none did.
    """
    for path, name in functions:
        before = history.text(since, path)
        found = []
        for commit in history.changes(since, path):
            after = history.text(commit, path)
            if after is not None and function_text(after, name) != function_text(before or "", name):
                found.append(commit)
            before = after if after is not None else before
        if found and (change := history.described(found[-1])) is not None:
            return change, len(found)
    return None


def function_text(source: str, name: str) -> str:
    """Return the text of all functions of a name, "" where there are none or the text does not parse; for
    ``<module>`` what stands outside every function."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ""
    bare = name.rpartition(".")[2]
    if bare == "<module>":
        kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        return "\n".join(ast.unparse(node) for node in tree.body if not isinstance(node, kinds))
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == bare
    ]
    return "\n".join(ast.unparse(node) for node in found)


class Owners:
    """The owners that a CODEOWNERS file names, by GitHub's rules: the last pattern that matches wins.

    A line with a pattern and no owner makes what it matches nobody's. Negation and ranges are no part of that
    language; such lines are passed over, as GitHub does.
    """

    def __init__(self, text: str) -> None:
        self._rules: list[tuple[_Match, tuple[str, ...]]] = []
        for line in text.splitlines():
            words = re.split(r"\s#|^#", line)[0].replace("\\ ", "\0").split()
            if words and not words[0].startswith("!") and "[" not in words[0]:
                match = _match(words[0].replace("\0", "\\ "))
                if match is not None:
                    self._rules.append((match, tuple(words[1:])))

    def of(self, path: str) -> tuple[str, ...]:
        """Return the owners of a file; empty where there are none."""
        for match, owners in reversed(self._rules):
            if match(path):
                return owners
        return ()


def owners(read: Mapping[str, str]) -> Owners:
    """Make the owners of the first CODEOWNERS file there is, in GitHub's order; `read` has their texts."""
    return Owners(next((read[path] for path in CODEOWNERS if path in read), ""))


def _match(pattern: str) -> _Match | None:
    from pathspec import GitIgnoreSpec

    if pattern.endswith("/*"):
        # Here a star stands for files alone, unlike in a gitignore, where it takes folders with all they hold.
        folder = re.escape(pattern.strip("/")[:-1]).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        files = re.compile(f"{folder}[^/]+")
        return lambda path: files.fullmatch(path) is not None
    try:
        spec = GitIgnoreSpec.from_lines([pattern])
    except ValueError:
        return None
    return spec.match_file
