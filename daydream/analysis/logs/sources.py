"""Where an application's logs are: found or named, rotations together, pinned, read in bounded portions."""

import bz2
import contextlib
import glob
import gzip
import lzma
import os
import re
import stat
import weakref
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from daydream.analysis.redaction import quoted
from daydream.errors import DaydreamError

MOST_FOLDERS = 20_000
MOST_MEMBERS = 24
_DEEPEST = 10
_BLOCK = 262_144
_LONGEST = 65_536
_HEAD = 4_096
_UNPACKED = 4 * 2**30

_LOG = re.compile(r"(?i).+\.(?:log|jsonl|ndjson|out|err)\Z")
_PLAIN = re.compile(r"(?i)(?:.+\.(?:txt|json)|syslog|messages|.*[_-]log)\Z")
_PACKED = re.compile(r"(?i)\.(?:gz|bz2|xz|zst)\Z")
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


class Unreadable(DaydreamError):
    """A log cannot be read; the message says which and why."""


class Pin(msgspec.Struct, frozen=True, array_like=True):
    """Which bytes of which file: device, inode, size in bytes, crc32 of the first 4 KiB (of fewer, if it was
    shorter then). A log that only grows gives the same bytes again."""

    device: int
    inode: int
    size: int
    crc: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to: absolute paths by the log they are rotations of, and what was in the way."""

    logs: dict[Path, tuple[Path, ...]]
    complete: bool = True


def family_of(path: Path) -> Path:
    """Return the log that a file is a rotation of: ``app.log.1.gz`` and ``app.log-20261120`` belong to
    ``app.log``; ``app-2026-11-20.log`` to ``app-*.log``."""
    return path.with_name(_bare(path.name))


def _bare(full: str) -> str:
    name = _TURN.sub("", _PACKED.sub("", full))
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
        if _PACKED.search(path.name) and _PACKED.sub("", path.name) in there:
            continue
        with opened(path) as handle:
            about = os.fstat(handle.fileno())
            pin = Pin(about.st_dev, about.st_ino, about.st_size, _crc(handle, about.st_size))
        pinned.setdefault((pin.device, pin.inode), (about.st_mtime, str(path), pin, path))
    return [(pin, path) for _, _, pin, path in sorted(pinned.values(), key=lambda item: item[:2])]


def find_pinned(pins: Sequence[Pin], paths: Sequence[Path]) -> list[Path] | None:
    """Find pinned files again under whatever name they have now; None if one is gone, cut or another."""
    now: dict[tuple[int, int], Path] = {}
    for path in {*paths, *_rotations(paths)}:
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


def _rotations(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield what lies beside some files of a log and belongs to it."""
    logs = {family_of(path) for path in paths}
    for folder in {path.parent for path in paths}:
        with contextlib.suppress(OSError):
            yield from (path for path in folder.iterdir() if family_of(path) in logs)


def opened(path: Path) -> BinaryIO:
    """Open an ordinary file for reading, never waiting for a pipe or device.

    Raises:
        Unreadable: it cannot be opened or is no ordinary file.
    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Unreadable(f"{error.strerror or error}") from error
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise Unreadable("not an ordinary file")
    return os.fdopen(number, "rb", buffering=0)


def binary(sample: bytes) -> str | None:
    """Say what a file that is no text seems to be, None for text; `sample` is its beginning."""
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16 text; convert it to UTF-8 to have it read"
    body = sample.lstrip(b"\0")
    odd = sum(1 for byte in body if byte < 9 or 13 < byte < 27 or 27 < byte < 32)
    return "binary" if b"\0" in body or (body and odd > len(body) * 0.1) else None


class Lines:
    """The decoded lines of a file between two byte offsets, in portions; UTF-8, anything else replaced.

    A line is cut at 64 KiB, the rest of it is dropped and counted in `cut`. `damage` tells where a
    packed file stopped making sense.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.name = quoted(path.name, 100)
        raw = opened(path)
        self._closing = weakref.finalize(self, raw.close)
        self.packed = bool(_PACKED.search(path.name))
        self._stream = _unpacked(raw, path.name.lower()) if self.packed else raw
        # `read1` gives what is whole before the damage; `read` would lose it.
        self._read_some = getattr(self._stream, "read1", self._stream.read)
        self._size = size
        self._left = _UNPACKED if self.packed else size
        self._carry = b""
        self._skipping = False
        self.cut = 0
        self.taken = 0
        self.damage: str | None = None

    def close(self) -> None:
        """Close the file."""
        self._closing()

    def sample(self) -> bytes:
        """Return up to 4 KiB of the beginning; call it before the first portion."""
        block = self._read(_HEAD)
        self._carry = block
        return block

    def seek(self, offset: int) -> None:
        """Go on at a line's beginning; for files that are not packed."""
        self._stream.seek(offset)
        self._left = self._size - offset
        self._carry = b""

    def portion(self) -> list[str] | None:
        """Return the next complete lines, None at the end."""
        block = self._read(_BLOCK)
        if not block:
            left, self._carry = self._carry, b""
            return left.decode("utf-8", "replace").split("\n") if left else None
        if self._skipping:
            end = block.find(b"\n")
            if end < 0:
                return []
            block, self._skipping = block[end + 1 :], False
        head, newline, tail = (self._carry + block).rpartition(b"\n")
        if len(tail) > _LONGEST:
            head, newline, tail = head + newline + tail[:_LONGEST], b"\n", b""
            self._skipping = True
            self.cut += 1
        self._carry = tail
        return head.decode("utf-8", "replace").split("\n") if newline else []

    def _read(self, most: int) -> bytes:
        try:
            block: bytes = self._read_some(min(most, self._left))
        except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, OSError) as error:
            self.damage = str(error) or type(error).__name__
            self._left = 0
            return b""
        self._left -= len(block)
        self.taken += len(block)
        return block


def _unpacked(raw: BinaryIO, name: str) -> BinaryIO:
    if name.endswith(".gz"):
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw))
    if name.endswith(".bz2"):
        return cast(BinaryIO, bz2.BZ2File(raw))
    if name.endswith(".xz"):
        return cast(BinaryIO, lzma.LZMAFile(raw))
    raw.close()
    raise Unreadable("packed as .zst, which is not read; use .gz, .bz2 or .xz")


def _crc(handle: BinaryIO, size: int) -> int:
    handle.seek(0)
    return zlib.crc32(handle.read(min(size, _HEAD)))


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
