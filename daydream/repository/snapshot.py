"""Without git: a copy of the root's files, each with the hash of its content, kept from night to night."""

import hashlib
import json
import os
import shutil
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from daydream.errors import TryAgain
from daydream.processes import Stop
from daydream.records.repository import SourceFile
from daydream.repository.places import WITHOUT_GIT, Places
from daydream.repository.vendored import FOLDERS
from daydream.repository.workbench import own, refusal, remove

_TREE, _LIST = "snapshot", "snapshot.json"
_BIGGEST_FILE = 8 * 2**20
_MOST_BYTES = 2 * 2**30
_MOST_FILES = 100_000
_SPARE_BYTES = 64 * 2**20
_SKIPPED = FOLDERS | {
    ".git", ".hg", ".svn", ".bzr", ".jj", ".venv", "venv", ".tox", ".nox", ".eggs",
    "__pycache__", "__pypackages__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis",
    ".ipynb_checkpoints", ".idea", ".cache",
}  # fmt: skip
_MARKERS = ("pyvenv.cfg", "CACHEDIR.TAG")

Known = dict[str, list[int | str]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The copied tree, its files (blob: sha256 of the content), and what was left out, by reason.

    Reasons: symlink; special (no regular file); large; unreadable; vanished (gone while copying);
    name (not UTF-8 or not printable); folder (a whole folder of installed packages, caches or
    history, counted as one); limit (beyond what a snapshot may hold).
    """

    tree: Path
    files: tuple[SourceFile, ...]
    left_out: dict[str, int]


@dataclass(slots=True)
class _Copy:
    """One pass: what was known before, and what has come of it so far."""

    places: Places
    tree: Path
    before: Known
    most_bytes: int
    known: Known = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    total: int = 0


def take(places: Places, stop: Stop, *, most_bytes: int = _MOST_BYTES) -> Snapshot:
    """Bring the snapshot in the cache folder up to date, copying only what differs.

    It holds at most `most_bytes`; files beyond that, in order of path, are counted as limit.

    Raises:
        TryAgain: the disk is full.
        StateUnreadable: the cache folder cannot be written.
    """
    tree, listing = places.cache / _TREE, places.cache / _LIST
    try:
        own(places)
        before = _read(listing) if tree.is_dir() and not tree.is_symlink() else {}
        if not before and os.path.lexists(tree):
            remove(tree)
        listing.unlink(missing_ok=True)
        snapshot, known = _copied(places, tree, before, most_bytes, stop)
        _drop_others(tree, known, stop)
        text = json.dumps({"left_out": snapshot.left_out, "files": known}, ensure_ascii=True)
        waiting = listing.with_suffix(".new")
        waiting.write_text(text, encoding="ascii")
        waiting.replace(listing)
    except OSError as error:
        raise refusal(error) from error
    return snapshot


def retake(places: Places) -> Snapshot | None:
    """The snapshot as it was taken when the night started; None where it is not whole."""
    tree = places.cache / _TREE
    known = _read(places.cache / _LIST)
    whole = all(_intact(tree / path, record) for path, record in known.items())
    if not known or not whole:
        return None
    try:
        left_out = json.loads((places.cache / _LIST).read_text(encoding="ascii"))["left_out"]
    except (OSError, ValueError, KeyError):
        return None
    return Snapshot(tree, _files(known), left_out)


def export(places: Places, target: Path, stop: Stop) -> Snapshot:
    """Copy into the empty folder `target`, leaving the cache alone; raises as `take`."""
    try:
        return _copied(places, target / _TREE, {}, _MOST_BYTES, stop)[0]
    except OSError as error:
        raise refusal(error) from error


def _copied(places: Places, tree: Path, before: Known, most_bytes: int, stop: Stop) -> tuple[Snapshot, Known]:
    tree.mkdir(mode=0o700, parents=True, exist_ok=True)
    work = _Copy(places, tree, before, most_bytes)
    for entry, path in _walk(work, stop):
        stop.check()
        _take_in(work, entry, path)
    known = dict(sorted(work.known.items()))
    return Snapshot(tree, _files(known), dict(sorted(work.left_out.items()))), known


def _files(known: Known) -> tuple[SourceFile, ...]:
    return tuple(SourceFile(path, str(record[-1]), int(record[0])) for path, record in sorted(known.items()))


def _walk(work: _Copy, stop: Stop) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Every regular file below the root with its POSIX path, in a fixed order; links are not followed."""
    own_places = {work.places.state, work.places.logs, work.places.cache.parent}
    waiting = [("", work.places.root)]
    while waiting:
        stop.check()
        prefix, folder = waiting.pop()
        try:
            with os.scandir(folder) as found:
                listed = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            work.left_out["vanished" if isinstance(error, FileNotFoundError) else "unreadable"] += 1
            continue
        if prefix and any(entry.name in _MARKERS for entry in listed):
            work.left_out["folder"] += 1
            continue
        folders = []
        for entry in listed:
            reason = _obstacle(entry, own_places)
            if reason is not None:
                work.left_out[reason] += 1
            elif entry.is_dir(follow_symlinks=False):
                folders.append((f"{prefix}{entry.name}/", Path(entry.path)))
            else:
                yield entry, prefix + entry.name
        waiting += reversed(folders)


def _obstacle(entry: os.DirEntry[str], own_places: set[Path]) -> str | None:
    """Why an entry is neither entered nor copied."""
    if entry.is_symlink():
        return "symlink"
    if not entry.name.isprintable():
        return "name"
    if entry.is_dir(follow_symlinks=False):
        if entry.name == WITHOUT_GIT or Path(entry.path) in own_places:
            return "own"
        return "folder" if entry.name in _SKIPPED or entry.name.endswith(".egg-info") else None
    return None if entry.is_file(follow_symlinks=False) else "special"


def _take_in(work: _Copy, entry: os.DirEntry[str], path: str) -> None:
    """Copy one file, unless the copy from last time still is what stands in the root."""
    try:
        seen = entry.stat(follow_symlinks=False)
    except OSError:
        work.left_out["vanished"] += 1
        return
    if seen.st_size > _BIGGEST_FILE:
        work.left_out["large"] += 1
        return
    if work.total + seen.st_size > work.most_bytes or len(work.known) >= _MOST_FILES:
        work.left_out["limit"] += 1
        return
    stamp: list[int | str] = [seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino]
    old = work.before.get(path)
    if old is not None and old[:-1] == stamp and _intact(work.tree / path, old):
        work.known[path] = old
    else:
        content = _content(work, entry.path)
        if content is None:
            return
        _place(work.tree, path, content, seen.st_mtime_ns)
        stamp[0] = len(content)
        work.known[path] = [*stamp, hashlib.sha256(content).hexdigest()]
    work.total += seen.st_size


def _content(work: _Copy, path: str) -> bytes | None:
    """Read a regular file of bounded size, never through a link; count why where that fails."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        work.left_out["vanished" if isinstance(error, FileNotFoundError) else "unreadable"] += 1
        return None
    with open(handle, "rb") as stream:  # noqa: PTH123 -- a descriptor, not a path
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            work.left_out["special"] += 1
            return None
        try:
            content = stream.read(_BIGGEST_FILE + 1)
        except OSError:
            work.left_out["unreadable"] += 1
            return None
    if len(content) > _BIGGEST_FILE:
        work.left_out["large"] += 1
        return None
    return content


def _place(tree: Path, path: str, content: bytes, mtime_ns: int) -> None:
    """Write a file of the snapshot, in place of whatever stands in its way there."""
    target = tree / path
    inside = target.relative_to(tree).parents
    for parent in (tree / part for part in reversed(inside[:-1])):
        if parent.is_symlink() or parent.is_file():
            parent.unlink()
    if target.is_dir() and not target.is_symlink():
        remove(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    if shutil.disk_usage(target.parent).free < len(content) + _SPARE_BYTES:
        msg = "no space left for the snapshot; free some, or set paths.cache to another disk"
        raise TryAgain(msg)
    target.write_bytes(content)
    os.utime(target, ns=(mtime_ns, mtime_ns))


def _intact(target: Path, record: list[int | str]) -> bool:
    try:
        seen = target.lstat()
    except OSError:
        return False
    return stat.S_ISREG(seen.st_mode) and [seen.st_size, seen.st_mtime_ns] == record[:2]


def _drop_others(tree: Path, known: Known, stop: Stop) -> None:
    """Remove from the snapshot what is no longer in the root."""
    for folder, names, files in os.walk(tree, topdown=False):
        stop.check()
        base = Path(folder)
        for name in (*files, *(name for name in names if (base / name).is_symlink())):
            if (base / name).relative_to(tree).as_posix() not in known:
                (base / name).unlink()
        if base != tree and not any(base.iterdir()):
            base.rmdir()


def _read(listing: Path) -> Known:
    """Read the list of the last snapshot; empty where it is missing or not what was written."""
    try:
        found = json.loads(listing.read_text(encoding="ascii"))["files"]
        return {str(path): list(record) for path, record in found.items() if len(record) == 5}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
