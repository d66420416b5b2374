"""Pack: compress a file beside itself, and let the original go once the packed copy was read back.

A packed copy gets its name only when it is whole and synced, and the original loses its own only after that: at
every instant the content has a name. The copy carries a mark in its header, the original's mode and its time.
"""

import contextlib
import hashlib
import os
import stat as kinds
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from msgspec.structs import replace as with_fields

from daydream.git import attempt
from daydream.records.change import Change, Pack
from daydream.records.effect import Effect
from daydream.store.durable import link, sync_folder, write_all
from daydream.store.effects.base import Ground, Standing, digest

_BLOCK = 1 << 20
_LEVEL = 6
_RAW = -15  # a deflate stream whose header and trailer are written here
# RFC 1952: deflate, a comment follows, no time, no extra flags, unknown system.
_HEADER = b"\x1f\x8b\x08\x10\x00\x00\x00\x00\x00\xff" + b"packed by daydream\x00"

Seen = tuple[int, int]
"""Device and inode of a file."""


def stage(change: Change, effect: Effect, ground: Ground) -> Effect:
    """Note what is packed; a link, another file than the one that was read, or a name that is taken is a problem."""
    assert isinstance(change, Pack)  # noqa: S101 -- the registry maps kinds to changes
    path, target = ground.path(change.place, change.path), ground.path(change.place, change.target)
    fields = with_fields(
        effect, target=change.target, before=change.sha256, after=change.sha256, offset=change.size
    )
    if target.parent != path.parent:
        return with_fields(fields, problem=f"{change.target} is not beside it")
    if os.path.lexists(target):
        return with_fields(fields, problem=f"{change.target} is there already")
    return with_fields(fields, reversible=True, problem=_obstacle(path, change, ground))


def standing(effect: Effect, ground: Ground) -> Standing:
    """Look at both names; a packed copy counts when it unpacks to the content, a file that is written to is
    somebody else's."""
    path, target = _names(effect, ground)
    here = digest(path) == effect.before
    if os.path.lexists(target):
        if unpacked_digest(target, ground.stop.check) != effect.before:
            return Standing.CONFLICT
        return Standing.PARTIAL if here else Standing.DONE
    return Standing.NOT_STARTED if here and not _is_written(path.lstat()) else Standing.CONFLICT


def act(effect: Effect, ground: Ground) -> None:
    """Write the packed copy if it is not there, then remove the original.

    Raises:
        ValueError: the original is written to, or is not what it was; it stays, and no copy of it.
    """
    path, target = _names(effect, ground)
    if not os.path.lexists(path):
        return
    with _opened(path) as original:
        about = os.fstat(original.fileno())
        if not os.path.lexists(target):
            packed = _Made(_temporary(target), target, about)
            packed.write(lambda out: _compress(original, out, ground))
            packed.name(proven=unpacked_digest(packed.temporary, ground.stop.check) == effect.before)
        elif standing(effect, ground) is not Standing.PARTIAL:
            msg = f"{effect.target} is another file; left as it is"
            raise ValueError(msg)
    _drop(_temporary(target))
    try:
        _let_go(path, about)
    except (OSError, ValueError):
        if os.path.lexists(path):
            _drop(target)
        raise
    finally:
        sync_folder(path.parent)


def undo(effect: Effect, ground: Ground) -> bool:
    """Unpack it again, unless the name was used since or the packed copy is another."""
    path, target = _names(effect, ground)
    now = digest(path)
    if now is not None and now != effect.before:
        return False
    if os.path.lexists(target):
        if unpacked_digest(target, ground.stop.check) != effect.before:
            return False
        if now is None:
            with _opened(target) as packed:
                back = _Made(_temporary(path), path, os.fstat(packed.fileno()))
                back.write(lambda out: _unpack(packed, out, ground))
                back.name(proven=digest(back.temporary) == effect.before)
        _drop(_temporary(path))
        target.unlink()
        sync_folder(target.parent)
    return digest(path) == effect.before


def is_packed(path: Path) -> bool:
    """Whether a file was packed here, as its header says; whatever cannot be read was not."""
    try:
        with _opened(path) as packed:
            return packed.read(len(_HEADER)) == _HEADER
    except (OSError, ValueError):
        return False


def unpacked_digest(path: Path, check: Callable[[], None]) -> str | None:
    """The sha256 of what a packed file holds; None where it is not whole, or was not packed here."""
    sha = hashlib.sha256()
    try:
        with _opened(path) as packed:
            for block in _content(packed):
                check()
                sha.update(block)
    except (OSError, ValueError):
        return None
    return sha.hexdigest()


def written_to(files: Collection[Seen], processes: Path = Path("/proc")) -> set[Seen]:
    """Those of these files that a process has open for writing, as far as the system tells: the processes of
    other users are seen by root alone, and a system without /proc tells of none."""
    found = set[Seen]()
    for folder in processes.glob("[0-9]*/fd"):
        with contextlib.suppress(OSError):  # it ended, or belongs to somebody else
            for name in os.listdir(folder):  # noqa: PTH208 -- thousands of names, and only the names
                with contextlib.suppress(OSError):
                    about = (folder / name).stat()
                    key = (about.st_dev, about.st_ino)
                    if key in files and _writes(folder.parent / "fdinfo" / name):
                        found.add(key)
    return found


def _is_written(about: os.stat_result) -> bool:
    return bool(written_to({(about.st_dev, about.st_ino)}))


def _writes(info: Path) -> bool:
    flags = next(line for line in info.read_text("ascii").splitlines() if line.startswith("flags:"))
    return int(flags.split()[1], 8) & os.O_ACCMODE != os.O_RDONLY


def _obstacle(path: Path, change: Pack, ground: Ground) -> str | None:
    try:
        about = path.lstat()
    except FileNotFoundError:
        return f"{change.path} is not there"
    if not kinds.S_ISREG(about.st_mode) or about.st_nlink > 1:
        return f"{change.path} is a link, or has several names; left as it is"
    if about.st_size != change.size:
        return f"{change.path} is not the file that was read; left as it is"
    if change.place == "checkout" and (ground.root / ".git").exists():
        tracked = attempt(
            ground.root, "ls-files", "--error-unmatch", "--", f":(literal){change.path}", stop=ground.stop
        )
        if tracked.returncode == 0:
            return f"git tracks {change.path}; left as it is"
    return None


def _compress(original: BinaryIO, out: int, ground: Ground) -> None:
    """Write a gzip file of the original."""
    crc, size = 0, 0
    stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
    write_all(out, _HEADER)
    while block := original.read(_BLOCK):
        ground.stop.check()
        crc, size = zlib.crc32(block, crc), size + len(block)
        write_all(out, stream.compress(block))
    write_all(out, stream.flush() + crc.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little"))


def _unpack(packed: BinaryIO, out: int, ground: Ground) -> None:
    for block in _content(packed):
        ground.stop.check()
        write_all(out, block)


def _content(packed: BinaryIO) -> Iterator[bytes]:
    """Yield what a file of `_compress` holds.

    Raises:
        ValueError: it is not whole, or none of ours.
    """
    if packed.read(len(_HEADER)) != _HEADER:
        msg = "not packed by daydream"
        raise ValueError(msg)
    stream, crc, size = zlib.decompressobj(_RAW), 0, 0
    try:
        while not stream.eof and (data := stream.unconsumed_tail or packed.read(_BLOCK)):
            block = stream.decompress(data, _BLOCK)
            crc, size = zlib.crc32(block, crc), size + len(block)
            yield block
    except zlib.error as error:
        raise ValueError(str(error)) from error
    trailer = crc.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")
    if not stream.eof or stream.unused_data + packed.read(len(trailer) + 1) != trailer:
        msg = "its end is missing or damaged"
        raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class _Made:
    """A file that is written under a temporary name beside its own, with the mode and time of another."""

    temporary: Path
    path: Path
    like: os.stat_result

    def write(self, content: Callable[[int], None]) -> None:
        """Write it and sync it; what could not be finished is removed."""
        _drop(self.temporary)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        out = os.open(self.temporary, flags, 0o600)
        try:
            with contextlib.ExitStack() as on_error:
                on_error.callback(_drop, self.temporary)
                content(out)
                with contextlib.suppress(PermissionError):  # only root may give a file to somebody else
                    os.fchown(out, self.like.st_uid, self.like.st_gid)
                os.fchmod(out, kinds.S_IMODE(self.like.st_mode))
                os.utime(out, ns=(self.like.st_atime_ns, self.like.st_mtime_ns))
                os.fsync(out)
                on_error.pop_all()
        finally:
            os.close(out)

    def name(self, *, proven: bool) -> None:
        """Give it its name, never that of another file.

        Raises:
            ValueError: what was read back is not what it shall be.
        """
        if not proven:
            _drop(self.temporary)
            msg = f"{self.path.name} was read back and is not what it shall be; left as it was"
            raise ValueError(msg)
        link(self.temporary, self.path)
        _drop(self.temporary)


def _drop(temporary: Path) -> None:
    temporary.unlink(missing_ok=True)


def _opened(path: Path) -> BinaryIO:
    """Open an ordinary file, never through a link.

    Raises:
        ValueError: it is none.
    """
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not kinds.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        msg = f"{path} is no ordinary file"
        raise ValueError(msg)
    return os.fdopen(number, "rb")


def _let_go(path: Path, about: os.stat_result) -> None:
    """Remove the original if it is still what was packed.

    Raises:
        ValueError: it is not.
    """
    now = path.lstat()
    fields = ("st_dev", "st_ino", "st_size", "st_mtime_ns", "st_nlink")
    if any(getattr(about, name) != getattr(now, name) for name in fields) or _is_written(now):
        msg = f"{path.name} was written to while it was packed; left as it is"
        raise ValueError(msg)
    path.unlink()


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.daydream.tmp")


def _names(effect: Effect, ground: Ground) -> tuple[Path, Path]:
    return ground.path(effect.place, effect.path), ground.path(effect.place, effect.target or "")
