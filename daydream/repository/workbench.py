"""The workbench: a commit checked out where nobody works, kept from night to night.

It is no git worktree: nothing is registered in the user's repository, which is only read.
"""

import errno
import os
import re
import shutil
import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from daydream.errors import DaydreamError, StateUnreadable, TryAgain
from daydream.git import GitError
from daydream.processes import Completed, Stop
from daydream.repository.borrowed import Borrowed, Entry, borrow, entries
from daydream.repository.places import Places, cache_folder

OWNER = "root"
SYMLINK, SUBMODULE = "120000", "160000"
_TREE, _GIT = "workbench", "workbench.git"
_SPARE_BYTES = 64 * 2**20
_LONGEST_PATH, _LONGEST_NAME = 3500, 255
# What git itself refuses to check out, on any file system.
_LIKE_GIT = re.compile(r"(?i)\.{1,2}|\.git[ .]*(:.*)?|git~\d+.*")
_MAYBE_LIKE_GIT = re.compile(r"(?i)(?:\A|/)(?:\.git|git~|\.\.?(?:/|\Z))")  # in every path with such a part
_GITMODULES = re.compile(r"(?i)\.gitmodules.*|gi[t7].*~\d+.*")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """A commit in a tree: what was written there, and what was not, counted by reason.

    Reasons: submodule; missing (the repository lacks the content); name (not UTF-8, not printable,
    too long or like git's own); disk (the file system refused the name). Symbolic links are written.
    """

    borrowed: Borrowed
    written: tuple[Entry, ...]
    left_out: dict[str, int]

    @property
    def tree(self) -> Path:
        """The folder that holds the files."""
        return self.borrowed.tree


def update(places: Places, commit: str | None, stop: Stop) -> CheckedOut:
    """Bring the workbench to `commit`, writing only what differs; None empties it.

    Whatever was changed or damaged there since is mended; in doubt everything is written anew.

    Raises:
        TryAgain: the disk is full.
        StateUnreadable: the cache folder cannot be written.
        DaydreamError: the commit cannot be read.
    """
    cache = places.cache
    try:
        own(places)
        for leftover in sorted(cache.glob("*.trash")):
            remove(leftover)
        anew = not (cache / _GIT / "index").exists()
        try:
            done = _check_out(places, cache / _TREE, cache / _GIT, commit, stop)
            if anew or "disk" not in done.left_out:
                return done
        except GitError:
            if anew:
                raise
        _discard(cache / _TREE)
        _discard(cache / _GIT)
        return _check_out(places, cache / _TREE, cache / _GIT, commit, stop)
    except OSError as error:
        raise refusal(error) from error


def export(places: Places, commit: str | None, target: Path, stop: Stop) -> CheckedOut:
    """Check `commit` out below the empty folder `target`, touching neither the repository nor the cache.

    Raises: as `update`.
    """
    try:
        return _check_out(places, target / _TREE, target / _GIT, commit, stop)
    except OSError as error:
        raise refusal(error) from error


def own(places: Places) -> None:
    """Make the cache folder, for this user alone, and write whose it is; raises OSError."""
    places.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    (places.cache / OWNER).write_bytes(os.fsencode(places.root))


def sweep(cache_root: Path, stop: Stop) -> tuple[str, ...]:
    """Remove the cache folders of repositories that are no more; return their roots.

    A folder is ours only if it says whose it is and bears the name that follows from that.
    """
    gone: list[str] = []
    try:
        folders = sorted(entry for entry in cache_root.iterdir() if not entry.is_symlink())
    except OSError:
        return ()
    for folder in folders:
        stop.check()
        try:
            root = Path(os.fsdecode((folder / OWNER).read_bytes()))
        except OSError:
            continue
        if cache_folder(root).name == folder.name and root.is_absolute() and not os.path.lexists(root):
            remove(folder)
            gone.append(os.fsencode(root).decode("utf-8", "replace"))
    return tuple(gone)


def remove(place: Path) -> None:
    """Remove a folder of ours, also where something in it was made read-only; links are not followed."""

    def once_more(_function: object, path: str, _error: object) -> None:
        parent = Path(path).parent
        for folder in (parent, Path(path)):
            if not folder.is_symlink() and folder.is_dir():
                folder.chmod(stat.S_IRWXU)
        if Path(path).is_dir() and not Path(path).is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            Path(path).unlink(missing_ok=True)

    if place.is_symlink() or place.is_file():
        place.unlink()
    elif place.exists():
        shutil.rmtree(place, onerror=once_more)


def refusal(error: OSError) -> DaydreamError:
    """Say in a sentence what the disk refused."""
    what = f"{error.strerror or error}: {error.filename or 'the cache folder'}"
    if error.errno in _FULL:
        return TryAgain(
            f"no space left for the workbench ({what}); free some, or set paths.cache to another disk"
        )
    return StateUnreadable(f"the workbench cannot be written ({what}); set paths.cache to a folder that can")


def _discard(place: Path) -> None:
    """Put a damaged folder out of the way at once, then remove it."""
    if os.path.lexists(place):
        trash = place.with_name(place.name + ".trash")
        remove(trash)
        place.rename(trash)
        remove(trash)


def _check_out(places: Places, tree: Path, git_dir: Path, commit: str | None, stop: Stop) -> CheckedOut:
    if places.common_dir is None:
        msg = f"{places.root} is not a git checkout, so no commit of it can be checked out"
        raise DaydreamError(msg)
    for folder in (tree, git_dir):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            _discard(folder)
    borrowed = borrow(git_dir, tree, root=places.root, common_dir=places.common_dir, stop=stop)
    if commit is None:
        listed: tuple[Entry, ...] = ()
    else:
        listed = entries(borrowed, commit, stop)
    links = {entry.path for entry in listed if entry.mode == SYMLINK}
    reasons = [_obstacle(entry, links) for entry in listed]
    wanted = [entry for entry, reason in zip(listed, reasons, strict=True) if reason is None]
    left_out = Counter(reason for reason in reasons if reason is not None)
    changed = _index(borrowed, wanted, stop)
    _room(tree, changed)
    _tidy(borrowed, stop)
    refused = _write(borrowed, wanted, stop)
    if refused:
        left_out["disk"] = len(refused)
        wanted = [entry for entry in wanted if entry.path not in refused]
    return CheckedOut(borrowed, tuple(wanted), dict(sorted(left_out.items())))


def _obstacle(entry: Entry, links: set[bytes]) -> str | None:
    """Why a path is not written into a tree; None: it is."""
    if entry.mode == SUBMODULE:
        return "submodule"
    if entry.size is None:
        return "missing"
    try:
        name = entry.path.decode()
    except UnicodeDecodeError:
        return "name"
    size = len(entry.path)
    longest = size if size <= _LONGEST_NAME else max(len(part) for part in entry.path.split(b"/"))
    if links and any(entry.path[: cut.start()] in links for cut in re.finditer(b"/", entry.path)):
        return "name"  # only a forged commit has a file behind one of its own links
    if not name.isprintable() or longest > _LONGEST_NAME or size > _LONGEST_PATH:
        return "name"
    if entry.mode != SYMLINK and not _MAYBE_LIKE_GIT.search(name):
        return None
    forbidden = _LIKE_GIT.fullmatch if entry.mode != SYMLINK else _either
    return "name" if any(forbidden(part) for part in name.split("/")) else None


def _either(part: str) -> re.Match[str] | None:
    return _LIKE_GIT.fullmatch(part) or _GITMODULES.fullmatch(part)


def _index(borrowed: Borrowed, wanted: Sequence[Entry], stop: Stop) -> int:
    """Make the index list `wanted`, keeping what it knows of unchanged files; return the bytes to write."""
    before: dict[bytes, tuple[str, str]] = {}
    for line in borrowed.git("ls-files", "-s", "-z", stop=stop).split(b"\0"):
        head, _, path = line.partition(b"\t")
        if path:
            mode, blob, _stage = head.decode().split()
            before[path] = (mode, blob)
    after = {entry.path: entry for entry in wanted}
    lines = [_gone(before[path][1], path) for path in before if path not in after]
    fresh = [entry for entry in wanted if before.get(entry.path) != (entry.mode, entry.blob)]
    lines += [f"{entry.mode} {entry.blob}\t".encode() + entry.path for entry in fresh]
    if lines:
        table = b"\0".join(lines) + b"\0"
        borrowed.git("update-index", "--replace", "-z", "--index-info", stop=stop, stdin=table)
    return sum(entry.size or 0 for entry in fresh)


def _room(tree: Path, needed: int) -> None:
    free = shutil.disk_usage(tree).free
    if needed + _SPARE_BYTES > free:
        msg = (
            f"the workbench needs {needed // 2**20 + 64} MiB and {tree.parent} has {free // 2**20} MiB left; "
            "free some, or set paths.cache to another disk"
        )
        raise TryAgain(msg)


def _tidy(borrowed: Borrowed, stop: Stop) -> None:
    """Remove whatever the index does not list: yesterday's files, and what anybody left there."""
    if os.path.lexists(borrowed.tree / ".git"):
        remove(borrowed.tree / ".git")
    borrowed.git("clean", "-ffdxq", stop=stop)


def _write(borrowed: Borrowed, wanted: Sequence[Entry], stop: Stop) -> frozenset[bytes]:
    """Write every file that is missing or differs; return those that the file system did not take."""
    if borrowed.attempt("update-index", "--refresh", stop=stop).returncode == 0:
        return frozenset()  # every file is there as the index says
    command = ("checkout-index", "-a", "-f", "-u", "-q")
    left = borrowed.attempt(*command, stop=stop)
    failed = frozenset[bytes]()
    if left.returncode != 0:
        _raise_disk_trouble(left)
        failed = _differing(borrowed, stop)
        kept = [entry for entry in wanted if entry.path not in failed]
        _index(borrowed, kept, stop)
        borrowed.git(*command, stop=stop)
    return failed | _differing(borrowed, stop)


def _raise_disk_trouble(left: Completed) -> None:
    words = left.stderr.decode("utf-8", "replace")
    if "No space left on device" in words or "Disk quota exceeded" in words:
        msg = "no space left for the workbench; free some, or set paths.cache to another disk"
        raise TryAgain(msg)
    if "Read-only file system" in words or "Input/output error" in words:
        msg = f"the workbench cannot be written ({left.last_words}); set paths.cache to a folder that can"
        raise StateUnreadable(msg)


def _differing(borrowed: Borrowed, stop: Stop) -> frozenset[bytes]:
    """Paths that are not on the disk as the index says, e.g. two whose names collide there."""
    output = borrowed.git("ls-files", "-m", "-d", "-z", stop=stop)
    return frozenset(path for path in output.split(b"\0") if path)


def _gone(blob: str, path: bytes) -> bytes:
    """The line that takes a path out of the index; the id of nothing is as long as any other."""
    return b"0 " + b"0" * len(blob) + b"\t" + path
