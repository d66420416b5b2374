"""A log file's bytes as text lines: opened without waiting, unpacked, cut, decoded, in bounded portions."""

import bz2
import errno
import gzip
import lzma
import os
import re
import stat
import sys
import weakref
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from daydream.analysis.logs import journald
from daydream.analysis.redaction import quoted
from daydream.errors import DaydreamError

HEAD = 4_096
PACKED = re.compile(r"(?i)\.(?:gz|bz2|xz|zst)\Z")
_BLOCK = 262_144
_LONGEST = 65_536
_LONGEST_ENTRY = 2**20
_UNPACKED = 4 * 2**30


class Unreadable(DaydreamError):
    """A log cannot be read; the message says which and why."""


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


def unpacked(raw: BinaryIO, name: str) -> tuple[BinaryIO, tuple[type[Exception], ...]]:
    """Return what lies in a packed file, told by its name (the file itself if it is not packed), and what
    is raised where it is damaged.

    Raises:
        Unreadable: nothing here can unpack it; the file is closed.
    """
    low = name.lower()
    if low.endswith(".gz"):
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw)), (OSError, EOFError, zlib.error)
    if low.endswith(".bz2"):
        return cast(BinaryIO, bz2.BZ2File(raw)), (OSError, EOFError)
    if low.endswith(".xz"):
        return cast(BinaryIO, lzma.LZMAFile(raw)), (OSError, EOFError, lzma.LZMAError)
    return _zstd(raw) if low.endswith(".zst") else (raw, (OSError,))


def _zstd(raw: BinaryIO) -> tuple[BinaryIO, tuple[type[Exception], ...]]:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return cast(BinaryIO, zstd.ZstdFile(raw)), (OSError, EOFError, zstd.ZstdError)


def binary(sample: bytes) -> str | None:
    """Say what a file that is no text seems to be, None for text; `sample` is its beginning."""
    if sample.startswith((*_WIDE, journald.START)):
        return None
    body = sample.lstrip(b"\0")
    odd = sum(1 for byte in body if byte < 9 or 13 < byte < 27 or 27 < byte < 32)
    return "binary" if body and odd > len(body) * 0.1 else None


@dataclass(frozen=True, slots=True)
class Cut:
    """How a buffer is cut into lines: `lines` returns the complete ones and how many bytes they took; where
    more than `longest` bytes hold no complete one, the rest up to `end` is dropped."""

    lines: Callable[[bytes], tuple[list[str], int]]
    end: bytes
    text: Callable[[bytes], str]
    longest: int = _LONGEST


def decoded(block: bytes) -> list[str]:
    """Decode lines: UTF-8; line by line Latin-1 where that is what it must be, else with replacements."""
    try:
        return block.decode().split("\n")
    except UnicodeDecodeError:
        return [_line(line) for line in block.split(b"\n")]


def _line(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    if "\ufffd" not in text:
        return text
    # Where nothing beyond ASCII made sense as UTF-8, the line was written in another encoding.
    latin = all(letter == "\ufffd" or letter < "\x80" for letter in text)
    return line.decode("latin-1") if latin else text


def _plain(buffer: bytes) -> tuple[list[str], int]:
    end = buffer.rfind(b"\n")
    return (decoded(buffer[:end]), end + 1) if end >= 0 else ([], 0)


def _wide(encoding: str) -> Cut:
    newline = "\n".encode(encoding)

    def text(block: bytes) -> str:
        return block.decode(encoding, "replace").removeprefix("\ufeff")

    def lines(buffer: bytes) -> tuple[list[str], int]:
        end = buffer.rfind(newline)
        while end % 2 and end > 0:
            end = buffer.rfind(newline, 0, end + 1)
        return (text(buffer[:end]).split("\n"), end + 2) if end >= 0 and end % 2 == 0 else ([], 0)

    return Cut(lines, newline, text)


_PLAIN = Cut(_plain, b"\n", _line)
_WIDE = {b"\xff\xfe": _wide("utf-16-le"), b"\xfe\xff": _wide("utf-16-be")}
_JOURNAL = Cut(journald.entries, b"\n\n", lambda _: "", _LONGEST_ENTRY)


def _cut_of(head: bytes) -> Cut:
    if head.startswith(journald.START):
        return _JOURNAL
    return _WIDE.get(head[:2], _PLAIN)


class LinesStand(msgspec.Struct, frozen=True, array_like=True):
    """Where the reading of a file stands: the byte it was begun at, the byte up to which it was read, how many bytes before
    that are of a line that is not whole, how many before those are known, how many lines were cut, and when the
    file was last modified then. In a packed file bytes are of what is unpacked."""

    start: int
    at: int
    carried: int
    known: int
    cut: int
    modified: float


class Lines:
    """The lines of a file from the byte `start` (a line's beginning) to the byte `size`, in portions.

    In a packed file `start` counts unpacked bytes and `size` does not count. A line is cut at 64 KiB, the rest of it is
    dropped and counted in `cut`. `damage` tells where a packed file stopped making sense; `head` is the file's
    first 4 KiB, `tail` up to 4 KiB before `offset`; `taken` counts the bytes read from `start` on.
    """

    def __init__(self, path: Path, size: int, start: int = 0) -> None:
        self.name = quoted(path.name, 100)
        raw = opened(path)
        self._closing = weakref.finalize(self, raw.close)
        about = os.fstat(raw.fileno())
        self.file, self.modified = (about.st_dev, about.st_ino), about.st_mtime
        self.packed = bool(PACKED.search(path.name))
        stream, self._errors = unpacked(raw, path.name)
        size = min(size, about.st_size)
        # `read1` gives what is whole before the damage; `read` would lose it.
        self._read_some = getattr(stream, "read1", stream.read)
        self._left = _UNPACKED if self.packed else size
        self._start, self._dropping = start, start if self.packed else 0
        self._at = self.cut = self.taken = 0
        self._skipping = False
        self._carry = self.tail = b""
        self.damage: str | None = None
        self.head = self._pending = self._first()
        self._how = _cut_of(self.head)
        if start and not self.packed:
            self._seek(raw, size)
        if not self.packed and not (self._pending or self.tail).strip(b"\0"):
            self._pass_hole(raw, size)

    @property
    def offset(self) -> int:
        """The byte after the last line given out; in a packed file of what is unpacked."""
        return max(self._start, self._at - len(self._carry))

    def stand(self) -> LinesStand:
        """Return where the reading stands, between portions."""
        return LinesStand(self._start, self._at, len(self._carry), len(self.tail), self.cut, self.modified)

    @classmethod
    def taken_up(cls, path: Path, size: int, stand: LinesStand, check: Callable[[], None]) -> "Lines":
        """Go on where a reading of the same bytes stood; the same portions follow. What lies before is only
        unpacked again, not read again.

        Raises:
            Unreadable: as for a new one; or these are other bytes.
        """
        offset = stand.at - stand.carried
        lines = cls(path, size, stand.start if PACKED.search(path.name) else offset)
        if lines.packed:
            while lines._at < stand.at and lines.portion() is not None:
                check()
        else:
            lines._read_again(stand)
        if (lines._at, len(lines._carry)) != (stand.at, stand.carried):
            lines.close()
            raise Unreadable("it is not what it was")
        lines.cut, lines.modified = stand.cut, stand.modified
        return lines

    def close(self) -> None:
        """Close the file."""
        self._closing()

    def sample(self) -> list[str]:
        """Return the lines in the first 4 KiB, the last of them perhaps not whole."""
        lines, used = self._how.lines(self.head)
        return [*lines, self._how.text(self.head[used:])]

    def complete(self, block: bytes) -> int:
        """Return how many bytes of a block from a line's beginning on are complete lines."""
        return self._how.lines(block)[1]

    def portion(self) -> list[str] | None:
        """Return the next complete lines, None at the end."""
        block, self._pending = self._pending or self._read(_BLOCK), b""
        if not block:
            if self._left and not self.packed:
                self.damage = "it was cut while it was read"
            return self._rest()
        self._at += len(block)
        if self._dropping:
            gone = min(self._dropping, len(block))
            self._dropping -= gone
            self._keep(block, gone)
            block = self._carry
            self._skipping = not self._dropping and not self.tail.endswith(self._how.end)
        else:
            block = self._carry + block if self._carry else block
        self.taken = self._at - self._start if self._at > self._start else 0
        if self._skipping:
            self._skip(block)
            block = self._carry
        lines, used = self._how.lines(block) if not self._skipping else ([], 0)
        self._keep(block, used)
        if len(self._carry) > self._how.longest:
            lines += self._too_long()
        return lines

    def _first(self) -> bytes:
        """Read the first 4 KiB, which a packed stream may give in pieces."""
        head = b""
        while len(head) < HEAD and (block := self._read(HEAD - len(head))):
            head += block
        return head

    def _seek(self, raw: BinaryIO, size: int) -> None:
        before = max(0, self._start - HEAD)
        raw.seek(before)
        self.tail = raw.read(self._start - before)
        self._skipping = not self.tail.endswith(self._how.end)
        self._at, self._left, self._pending = self._start, max(0, size - self._start), b""

    def _read_again(self, stand: LinesStand) -> None:
        """Read the beginning of the line that was not whole."""
        while len(self._carry) < stand.carried:
            block = self._pending or self._read(stand.carried - len(self._carry))
            if not block:
                break
            self._pending = b""
            self._carry += block
        self._start, self._at = stand.start, stand.at - stand.carried + len(self._carry)
        self.tail = self.tail[-stand.known :] if stand.known else b""
        self.taken = self._at - self._start

    def _pass_hole(self, raw: BinaryIO, size: int) -> None:
        """Pass by a hole where the reading begins, as cutting a log that is written to leaves it."""
        here = raw.tell()
        try:
            data = os.lseek(raw.fileno(), self._at, os.SEEK_DATA)
        except OSError as error:
            data = size if error.errno == errno.ENXIO else self._at
        if data > max(self._at, len(self.head)):
            here = self._at = min(data, size)
            self._left, self._pending, self.tail = size - here, b"", b""
        raw.seek(here)

    def _keep(self, block: bytes, used: int) -> None:
        """Note that so many bytes of a block are done with."""
        self._carry = block[used:]
        if used:
            end = block[max(0, used - HEAD) : used]
            self.tail = end if used >= HEAD else (self.tail + end)[-HEAD:]

    def _skip(self, block: bytes) -> None:
        """Drop the rest of a line that was too long, or was taken before it was written to its end."""
        mark = self._how.end
        end = block.find(mark)
        self._skipping = end < 0
        self._keep(block, max(0, len(block) - len(mark) + 1) if end < 0 else end + len(mark))

    def _too_long(self) -> list[str]:
        text = self._how.text(self._carry[: self._how.longest])
        self._keep(self._carry, len(self._carry))
        self._skipping = True
        self.cut += 1
        return [text] if text else []

    def _rest(self) -> list[str] | None:
        """Give out the last line, which has no end; not where the file is damaged after it."""
        if self.damage or self._skipping or self._how is _JOURNAL or not self._carry:
            return None
        rest = self._carry
        self._keep(rest, len(rest))
        return self._how.text(rest).split("\n")

    def _read(self, most: int) -> bytes:
        if not self._left:
            return b""
        try:
            block: bytes = self._read_some(min(most, self._left))
        except self._errors as error:
            self.damage = str(error) or type(error).__name__
            self._left = 0
            return b""
        self._left -= len(block)
        if self.packed and not self._left:
            self.damage = "it unpacks to more than 4 GiB, the rest was left"
        return block
