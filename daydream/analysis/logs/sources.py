"""Where an application's logs are: found or named, rotations together, pinned, read in bounded portions."""

import contextlib
import glob
import os
import re
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from daydream.analysis.logs.unpack import HEAD, PACKED, Lines, Unreadable, binary, opened

__all__ = [
    "Found",
    "Lines",
    "Pin",
    "Position",
    "Unreadable",
    "binary",
    "discover",
    "family_of",
    "find_pinned",
]
__all__ += ["members", "named", "opened", "rotations", "turn_of"]

MOST_FOLDERS = 20_000
MOST_MEMBERS = 256
_DEEPEST = 10

_LOG = re.compile(r"(?i).+\.(?:log|jsonl|ndjson|out|err)\Z")
_PLAIN = re.compile(r"(?i)(?:.+\.(?:txt|json)|syslog|messages|.*[_-]log)\Z")
_MAYBE = re.compile(
    r"(?i)log|jsonl|ndjson|out|err|txt|json|messages"
)  # in every name that one of those matches
_DATE = re.compile(r"(?<!\d)\d{4}(?:-\d\d-\d\d|_\d\d_\d\d|\d{4})(?:[T_-]\d\d(?:[-_]?\d\d){0,2})?(?!\d)")
_TURN = re.compile(r"\.\d{1,5}\Z")
_OWN = re.compile(r"daydream.*\.(?:log|jsonl).*\Z")
_LOG_FOLDERS = {"log", "logs"}
_FOREIGN_FOLDERS = {
    *("node_modules", "__pycache__", "site-packages", "venv", "env", "virtualenv", "build", "dist", "target"),
    *("test", "tests", "testing", "fixture", "fixtures", "testdata", "test_data", "test-data", "docs", "doc"),
    *(
        "examples",
        "example",
        "samples",
        "benchmarks",
        "vendor",
        "third_party",
        "htmlcov",
        "coverage",
        "cache",
    ),
    *("CMakeFiles", "snapshots", "cassettes", "datasets"),
}
_TOOLS = re.compile(
    r"(?i)(?:config|cmake.*|(?:npm|yarn|pnpm|lerna|firebase|firestore)-(?:debug|error).*|pip.*|junit.*"
    r"|hs_err_.*|pytest.*|tox.*|changelog|coverage|ruff|mypy|\d{4}-\d\d-\d\dt.*-debug-\d)\.log"
)


class Pin(msgspec.Struct, frozen=True, array_like=True):
    """Which bytes of which file: device, inode, size in bytes, crc32 of the first 4 KiB (of fewer, if it was
    shorter then), and the byte to begin at (of what is unpacked, in a packed file). A log that only grows
    gives the same bytes again."""

    device: int
    inode: int
    size: int
    crc: int
    start: int = 0


class Position(msgspec.Struct, frozen=True, array_like=True):
    """How far a file was read: device, inode, the byte after the last line that was taken, the crc32 of the first
    min(4096, offset) bytes, the size then, and the crc32 of the last min(4096, offset) bytes before the offset.
    In a packed file offset and crcs are of what is unpacked, the size is the packed file's."""

    device: int
    inode: int
    offset: int
    crc: int
    size: int
    tail: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to: absolute paths by the log they are rotations of, and what was in the way."""

    logs: dict[Path, tuple[Path, ...]]
    complete: bool = True


def family_of(path: Path) -> Path:
    """Return the log that a file is a rotation of: ``app.log.1.gz`` and ``app.log-20261120`` belong to
    ``app.log``; ``app-2026-11-20.log`` to ``app-*.log``."""
    return path.with_name(_bare(path.name))


def turn_of(path: Path) -> tuple[bool, int, str]:
    """Order the files of a log that were last modified at one instant: the higher number is the older, the log
    itself the newest."""
    name = PACKED.sub("", path.name)
    turn = _TURN.search(name)
    return path.name == _bare(path.name), -int(turn[0][1:]) if turn else 0, path.name


def _bare(full: str) -> str:
    name = _TURN.sub("", PACKED.sub("", full))
    dated = _DATE.search(name)
    if dated is not None:
        before, after = name[: dated.start()], name[dated.end() :]
        name = before[:-1] if not after and before[-1:] in {".", "-", "_"} else f"{before}*{after}"
    return _TURN.sub("", name) or full


def discover(root: Path, own: Collection[Path], tracked: Collection[str], check: Callable[[], None]) -> Found:
    """Look for logs below `root`: ``*.log`` and its rotations anywhere, more endings in ``log/`` and
    ``logs/``. Not in hidden, virtual-environment, cache, build, test and documentation folders, not in
    `own` (absolute), not through links to folders; each file once, however many names it has."""
    paths: list[Path] = []
    for count, (folder, parts, names) in enumerate(_walk(root, own)):
        check()
        if count >= MOST_FOLDERS:
            return Found(_grouped(paths, root), complete=False)
        in_logs = not _LOG_FOLDERS.isdisjoint(parts)
        beside = set(names)
        paths += [Path(folder, name) for name in names if _is_log(name, in_logs, beside)]
    untracked = [path for path in paths if _kind(path.name) is _LOG or _below(path, root) not in tracked]
    return Found(_grouped(untracked, root))


def named(pattern: str, root: Path, own: Collection[Path], check: Callable[[], None]) -> Found:
    """Look for the files of a configured glob, relative to `root` or absolute; folders are left out."""
    paths: list[Path] = []
    full = os.path.join(glob.escape(str(root)), pattern) if not os.path.isabs(pattern) else pattern  # noqa: PTH118, PTH117 -- glob text, not a path
    for text in glob.iglob(full, recursive=True):  # noqa: PTH207 -- Path.glob refuses absolute patterns
        check()
        path = Path(os.path.normpath(text))
        if not path.is_dir() and not _owned(path, own):
            paths.append(path)
        if len(paths) > MOST_FOLDERS:
            return Found(_grouped(paths, None), complete=False)
    return Found(_grouped(paths, None))


def members(paths: Sequence[Path]) -> list[tuple[Pin, Path]]:
    """Pin what can be read of a log's files, oldest first; a packed copy of a file that is there is left out.

    Raises:
        Unreadable: one of them cannot be read.
    """
    there = {path.name for path in paths}
    pinned: dict[tuple[int, int], tuple[float, str, Pin, Path]] = {}
    for path in paths:
        if PACKED.search(path.name) and PACKED.sub("", path.name) in there:
            continue
        with opened(path) as handle:
            about = os.fstat(handle.fileno())
            pin = Pin(about.st_dev, about.st_ino, about.st_size, _crc(handle, about.st_size))
        pinned.setdefault((pin.device, pin.inode), (about.st_mtime, str(path), pin, path))
    return [(pin, path) for _, _, pin, path in sorted(pinned.values(), key=lambda item: item[:2])]


def find_pinned(pins: Sequence[Pin], paths: Sequence[Path]) -> list[Path] | None:
    """Find pinned files again under whatever name they have now; None if one is gone, cut or another."""
    now: dict[tuple[int, int], Path] = {}
    for path in {*paths, *rotations(paths)}:
        try:
            about = path.stat()
        except OSError:
            continue
        now[about.st_dev, about.st_ino] = path
    result = []
    for pin in pins:
        path_now = now.get((pin.device, pin.inode))
        if path_now is None:
            return None
        with opened(path_now) as handle:
            if os.fstat(handle.fileno()).st_size < pin.size or _crc(handle, pin.size) != pin.crc:
                return None
        result.append(path_now)
    return result


def rotations(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield what lies beside some files of a log and belongs to it, themselves too."""
    logs = {family_of(path) for path in paths}
    for folder in {path.parent for path in paths}:
        with contextlib.suppress(OSError):
            yield from (path for path in folder.iterdir() if family_of(path) in logs)


def _crc(handle: BinaryIO, size: int) -> int:
    handle.seek(0)
    return zlib.crc32(handle.read(min(size, HEAD)))


def _owned(path: Path, own: Collection[Path]) -> bool:
    return bool(_OWN.match(path.name)) or any(path.is_relative_to(place) for place in own)


def _below(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _kind(name: str) -> re.Pattern[str] | None:
    if not _MAYBE.search(name):
        return None
    bare = _bare(name)
    return next((kind for kind in (_LOG, _PLAIN) if kind.match(bare)), None)


def _is_log(name: str, in_logs: bool, beside: Collection[str]) -> bool:
    """Tell whether a name is a log's; a LaTeX log lies beside the file it tells of."""
    kind = _kind(name)
    if kind is None or _OWN.match(name) or _TOOLS.match(name):
        return False
    if in_logs:
        return True
    stem = name.removesuffix(".log")
    bare = _bare(name).lower()
    return bare.endswith(".log") and f"{stem}.tex" not in beside and f"{stem}.aux" not in beside


def _walk(root: Path, own: Collection[Path]) -> Iterator[tuple[str, tuple[str, ...], list[str]]]:
    """Yield folders, their parts below the root, and the names of the ordinary files in them, sorted."""
    kept_out = {str(path) for path in own}
    waiting: list[tuple[str, tuple[str, ...]]] = [(str(root), ())]
    while waiting:
        folder, parts = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        names = [entry.name for entry in entries if _ordinary(entry, root)]
        if "pyvenv.cfg" in names or "CACHEDIR.TAG" in names:
            continue
        yield folder, parts, names
        if len(parts) < _DEEPEST:
            inner = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
            waiting += [
                (entry.path, (*parts, entry.name))
                for entry in reversed(inner)
                if _worth_entering(entry.name) and entry.path not in kept_out
            ]


def _worth_entering(name: str) -> bool:
    return not (name.startswith(".") or name in _FOREIGN_FOLDERS or name.endswith(".egg-info"))


def _ordinary(entry: os.DirEntry[str], root: Path) -> bool:
    """Tell whether an entry is a file, or a link to one that stays below the root."""
    try:
        if not entry.is_symlink():
            return entry.is_file(follow_symlinks=False)
        return entry.is_file() and Path(entry.path).resolve().is_relative_to(root)
    except OSError:
        return False


def _grouped(paths: Sequence[Path], root: Path | None) -> dict[Path, tuple[Path, ...]]:
    """Put rotations together; of several names of one file the first counts."""
    seen: set[tuple[int, int]] = set()
    logs: dict[Path, list[Path]] = {}
    for path in sorted(set(paths), key=lambda path: (path.is_symlink(), str(path))):
        try:
            about = path.stat()
        except OSError:
            if root is None:
                logs.setdefault(family_of(path), []).append(path)
            continue
        if (about.st_dev, about.st_ino) not in seen:
            seen.add((about.st_dev, about.st_ino))
            logs.setdefault(family_of(path), []).append(path)
    return {log: tuple(logs[log]) for log in sorted(logs)}
