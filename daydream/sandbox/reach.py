"""Installed packages where sandboxes can read them: root's sandboxes are not root, and do not get through root's own folders."""

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from daydream.contracts.sandbox import SandboxRefused
from daydream.processes import Stop

_MOST_BYTES = 2 * 2**30
_READABLE = stat.S_IROTH | stat.S_IXOTH


def closed(folder: Path) -> Path | None:
    """The first folder on the way to this one, or it itself, that others may not pass; None where the way is free."""
    for each in reversed(folder.parents):
        if not each.stat().st_mode & stat.S_IXOTH:
            return each
    return None if folder.stat().st_mode & _READABLE == _READABLE else folder


def within_reach(folder: Path, shelf: Path, stop: Stop) -> Path:
    """The folder, or where root's sandboxes cannot come to it a copy on the shelf, by links to the files where that is possible.

    Raises:
        SandboxRefused: it would be too large a copy.
        OSError: the disk refuses.
    """
    if os.geteuid() != 0:
        return folder
    barrier = closed(folder.resolve())
    if barrier is None:
        return folder
    found = list(_files(folder, stop))
    size = sum(each.st_size for _, each in found)
    if size > _MOST_BYTES:
        msg = (
            f"the packages in {folder} cannot be read by sandboxes, which are not root, because {barrier} is closed to "
            f"others, and they are too large to copy ({size >> 20} MiB); chmod o+x {barrier}, or move the environment"
        )
        raise SandboxRefused(msg)
    seen = hashlib.sha256(f"{folder}\n".encode())
    for name, each in found:
        seen.update(f"{name}\0{each.st_size}\0{each.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    place = shelf / f"packages-{seen.hexdigest()[:24]}"
    if not (place / "tag").is_file():
        _copy(folder, [name for name, _ in found], place, stop)
    os.utime(place / "tag")
    return place / "site"


def _files(folder: Path, stop: Stop) -> Iterator[tuple[str, os.stat_result]]:
    """Regular files by name; links that lead elsewhere would lead nowhere."""
    for where, folders, names in os.walk(folder):
        stop.check()
        folders.sort()
        for name in sorted(names):
            path = os.path.join(where, name)  # noqa: PTH118 - there are many
            about = os.lstat(path)
            if stat.S_ISREG(about.st_mode):
                yield os.path.relpath(path, folder), about


def _copy(folder: Path, names: list[str], place: Path, stop: Stop) -> None:
    """Build beside, then rename: a copy is whole or not there."""
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".building-") as held:
        work = Path(held)
        work.chmod(0o755)
        for name in names:
            stop.check()
            target = work / "site" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            _put(folder / name, target)
        for where, _, _ in os.walk(work / "site"):
            Path(where).chmod(0o755)
        (work / "tag").write_text(str(folder))
        try:
            work.rename(place)
        except OSError:
            if not (place / "tag").is_file():
                raise
        else:
            work.mkdir()  # for the temporary folder's own clean-up


def _put(source: Path, target: Path) -> None:
    if source.stat().st_mode & stat.S_IROTH:
        try:
            os.link(source, target)
        except OSError:  # another disk, or one without links
            shutil.copy2(source, target)
    else:
        shutil.copy2(source, target)
        target.chmod(0o644)
