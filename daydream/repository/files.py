"""The one list of what is examined."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from daydream.errors import ConfigError
from daydream.processes import Stop
from daydream.records.repository import SourceFile
from daydream.repository import borrowed as borrowing
from daydream.repository import excludes
from daydream.repository.places import WITHOUT_GIT
from daydream.repository.vendored import is_generated, is_marked_generated, is_vendored, shelves
from daydream.repository.workbench import SYMLINK, CheckedOut

_ATTRIBUTES = ("linguist-vendored", "linguist-generated", "filter")
_PYTHON = (".py", ".pyi", ".pyw")
_START_BYTES = 2048
_STILL_PART = ("vendored", "generated", "excluded")
_STORED_ELSEWHERE = {"lfs": "lfs", "git-crypt": "encrypted", "crypt": "encrypted", "transcrypt": "encrypted"}
_REPORT_NAME = re.compile(r"(?:report_\d{4}-\d\d-\d\d[.\w-]*|latest)\.md")
_REPORT_TITLE = b"# Daydream Report - "


@dataclass(frozen=True, slots=True)
class Listing:
    """The examined files by path, what was left out counted by reason, and sentences worth saying. `unexamined` are
    those of the left-out files that belong to the program all the same: they may use what is examined.

    Reasons: vendored, generated, excluded, own, lfs, encrypted, symlink, vanished, and those of the
    tree the list was made from.
    """

    files: tuple[SourceFile, ...]
    excluded: dict[str, int]
    notes: tuple[str, ...] = ()
    unexamined: tuple[SourceFile, ...] = ()


def examined(checked_out: CheckedOut, *, exclude: Sequence[str], own: Sequence[str], stop: Stop) -> Listing:
    """List what is examined of a commit.

    Gitattributes decide first (`linguist-vendored`, `linguist-generated`, set or unset), then the
    default folders and the marks of generated files. `linguist-documentation` plays no part:
    documentation is examined. `exclude` holds gitignore patterns, `own` POSIX paths that daydream
    writes below the root.
    """
    reasons = Counter(checked_out.left_out)
    links = [entry for entry in checked_out.written if entry.mode == SYMLINK]
    regular = [entry for entry in checked_out.written if entry.mode != SYMLINK]
    reasons["symlink"] += len(links)
    said: Mapping[bytes, dict[str, str]] = {}
    if any(entry.path.rpartition(b"/")[2] == b".gitattributes" for entry in regular):
        paths = [entry.path for entry in regular]
        said = borrowing.attributes(checked_out.borrowed, paths, _ATTRIBUTES, stop)
    files = [SourceFile(entry.path.decode(), entry.blob, entry.size or 0) for entry in regular]
    attributes = {path.decode(): values for path, values in said.items()}
    return _sift(checked_out.tree, files, attributes, reasons, exclude=exclude, own=own, stop=stop)


def examined_without_git(
    tree: Path,
    files: Sequence[SourceFile],
    left_out: Mapping[str, int],
    *,
    exclude: Sequence[str],
    own: Sequence[str],
    stop: Stop,
) -> Listing:
    """List what is examined of a snapshot; there are no gitattributes then."""
    return _sift(tree, files, {}, Counter(left_out), exclude=exclude, own=own, stop=stop)


def _sift(
    tree: Path,
    files: Sequence[SourceFile],
    attributes: Mapping[str, dict[str, str]],
    reasons: Counter[str],
    *,
    exclude: Sequence[str],
    own: Sequence[str],
    stop: Stop,
) -> Listing:
    by_config, notes = _by_configuration(tree, files, exclude, stop)
    kept, unexamined = list[SourceFile](), list[SourceFile]()
    root = str(tree)
    places = tuple(f"{place}/" for place in (WITHOUT_GIT, *own))
    copied = shelves(file.path for file in files)
    for number, file in enumerate(files):
        if number % 256 == 0:
            stop.check()
        reason = _own(root, file.path, places) or _by_attributes(attributes.get(file.path, {}))
        if reason is None and by_config(file.path):
            reason = "excluded"
        if reason is None:
            values = attributes.get(file.path, {})
            on_shelf = copied and file.path.startswith(copied) and "linguist-vendored" not in values
            reason = "vendored" if on_shelf else _by_nature(root, file.path, values)
        if reason is None:
            kept.append(file)
        else:
            reasons[reason] += 1
        if reason in _STILL_PART:
            unexamined.append(file)
    kept.sort(key=lambda file: file.path)
    unexamined.sort(key=lambda file: file.path)
    counted = {reason: count for reason, count in sorted(reasons.items()) if count}
    return Listing(tuple(kept), counted, notes, tuple(unexamined))


def _own(tree: str, path: str, own: tuple[str, ...]) -> str | None:
    """Whether daydream wrote this: it lies below a folder where daydream writes (each with its slash), or is a
    report kept somewhere else."""
    if f"{path}/".startswith(own):
        return "own"
    if path.endswith(".md") and _REPORT_NAME.fullmatch(path.rpartition("/")[2]):
        start = _start(f"{tree}/{path}")
        if start is not None and start.startswith(_REPORT_TITLE):
            return "own"
    return None


def _by_attributes(values: Mapping[str, str]) -> str | None:
    if _is_true(values.get("linguist-vendored")):
        return "vendored"
    if _is_true(values.get("linguist-generated")):
        return "generated"
    return _STORED_ELSEWHERE.get(values.get("filter", ""))


def _by_nature(tree: str, path: str, values: Mapping[str, str]) -> str | None:
    """What the path, and for Python its first lines, say, unless an attribute says it is not so."""
    if "linguist-vendored" not in values and is_vendored(path):
        return "vendored"
    if "linguist-generated" in values:
        return None
    if is_generated(path):
        return "generated"
    if path.endswith(_PYTHON):
        start = _start(f"{tree}/{path}")
        if start is None:
            return "vanished"
        if is_marked_generated(start):
            return "generated"
    return None


def _is_true(value: str | None) -> bool:
    return value in ("set", "true")


def _start(path: str) -> bytes | None:
    """The first bytes of a file; None where it is gone or cannot be read."""
    try:
        with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 -- thousands of these
            return stream.read(_START_BYTES)
    except OSError:
        return None


def _by_configuration(
    tree: Path, files: Sequence[SourceFile], exclude: Sequence[str], stop: Stop
) -> tuple[Callable[[str], bool], tuple[str, ...]]:
    """What our configuration and that of the repository's linters leave out, as a test of a path."""
    from pathspec import GitIgnoreSpec

    tools = excludes.read(tree, frozenset(file.path for file in files if "/" not in file.path))
    python = [file.path for file in files if file.path.endswith(_PYTHON)]
    by_black, notes = excludes.matched_by_black(tools.regexes, python, tree, stop)
    try:
        ours = GitIgnoreSpec.from_lines(exclude).match_file if exclude else _never
    except ValueError as error:
        msg = f"files.exclude holds a pattern that is not in gitignore form: {error}"
        raise ConfigError(msg) from error
    theirs = _spec_of(tools.globs)
    return (
        lambda path: ours(path) or (path.endswith(_PYTHON) and (path in by_black or theirs(path))),
        (*tools.notes, *notes),
    )


def _spec_of(globs: Sequence[str]) -> Callable[[str], bool]:
    """Match a linter's patterns, leaving out those that cannot be understood."""
    from pathspec import GitIgnoreSpec

    sound = []
    for glob in globs:
        try:
            GitIgnoreSpec.from_lines([glob])
        except ValueError:
            continue
        sound.append(glob)
    return GitIgnoreSpec.from_lines(sound).match_file if sound else _never


def _never(_path: str) -> bool:
    return False
