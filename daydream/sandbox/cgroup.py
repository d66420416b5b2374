"""A control group around a sandbox: what holds where memory and processes are not bounded by the child's own limits."""

import contextlib
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from daydream.sandbox import owner

_PREFIX = "daydream-"
_PROCESSES = 64
_PATIENCE_S = 0.2
_NUMBERS = itertools.count()


@dataclass(frozen=True, slots=True)
class Group:
    """The folders of one control group: one in version 2, one for each controller in version 1."""

    folders: tuple[Path, ...]

    def hold(self, pid: int) -> None:
        """Put a process and all that descend from it inside.

        Raises:
            OSError: the kernel refuses.
        """
        for each in (pid, *_descendants(pid)):
            for folder in self.folders:
                (folder / "cgroup.procs").write_text(str(each))

    def kills(self) -> int | None:
        """How many processes inside the kernel has ended for want of memory."""
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError, ValueError):
                    words = (folder / name).read_text().split()
                    return int(words[words.index("oom_kill") + 1])
        return None

    def remove(self) -> None:
        """Take the folders away; one that still holds a process after a moment stays for the next sweep."""
        until = time.monotonic() + _PATIENCE_S
        for folder in self.folders:
            while not _removed(folder) and time.monotonic() < until:
                time.sleep(_PATIENCE_S / 100)


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def make(memory_bytes: int) -> Group | None:
    """A new group, or None where this process may not make one."""
    made: list[Path] = []
    mark = owner.token()
    if mark is None:
        return None
    name = f"{_PREFIX}{mark}.{next(_NUMBERS)}"
    try:
        for parent, limits in _parents(memory_bytes):
            folder = parent / name
            folder.mkdir()
            made.append(folder)
            for file, value in limits.items():
                (folder / file).write_text(str(value))
    except OSError:
        Group(tuple(made)).remove()
        return None
    return Group(tuple(made)) if made else None


def sweep() -> int:
    """Remove the groups of dead owners; how many folders went."""
    count = 0
    for parent, _ in _parents(0):
        for folder in parent.glob(f"{_PREFIX}*"):
            if owner.is_gone(folder.name.removeprefix(_PREFIX).rpartition(".")[0]):
                with contextlib.suppress(OSError):
                    folder.rmdir()
                    count += 1
    return count


def _parents(memory_bytes: int) -> Iterator[tuple[Path, dict[str, int]]]:
    """Where groups are made, with the limits to write: our own group in each hierarchy."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
        mounts = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return
    own = {controllers: path for _, controllers, path in (line.split(":", 2) for line in lines)}
    legacy = {"memory": {"memory.limit_in_bytes": memory_bytes}, "pids": {"pids.max": _PROCESSES}}
    for mount in mounts:
        _, place, kind, options, *_ = mount.split(" ")
        if kind == "cgroup":
            for controller, limits in legacy.items():
                if controller in options.split(",") and controller in own:
                    yield Path(place + own[controller].rstrip("/")), limits
        elif kind == "cgroup2" and "" in own:
            parent = Path(place + own[""].rstrip("/"))
            with contextlib.suppress(OSError):
                if "memory" in (parent / "cgroup.subtree_control").read_text().split():
                    yield parent, {"memory.max": memory_bytes, "memory.swap.max": 0, "pids.max": _PROCESSES}


def around(pid: int) -> Group | None:
    """The groups that a process is in, as far as they can be seen from here."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        mounts = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return None
    found = []
    for _, controllers, path in (line.split(":", 2) for line in lines):
        for _, place, kind, options, *_ in (mount.split(" ") for mount in mounts):
            legacy = (
                kind == "cgroup" and "memory" in controllers.split(",") and "memory" in options.split(",")
            )
            if legacy or (kind == "cgroup2" and not controllers):
                found.append(Path(place + path))
    return Group(tuple(found))


def _descendants(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError, ValueError):
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, file.read_text().split()):
                yield child
                yield from _descendants(child)
