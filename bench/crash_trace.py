"""Reading a trace of system calls: where a night can be killed, and whether what it commits was synced before."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.crash_night import KINDS, MARK

MUTATING = (
    *(
        "open",
        "openat",
        "creat",
        "mkdir",
        "mkdirat",
        "write",
        "pwrite64",
        "writev",
        "pwritev",
        "truncate",
        "ftruncate",
    ),
    *(
        "fallocate",
        "fsync",
        "fdatasync",
        "rename",
        "renameat",
        "renameat2",
        "link",
        "linkat",
        "symlink",
        "symlinkat",
    ),
    *("unlink", "unlinkat", "rmdir", "chmod", "fchmod", "fchmodat", "utimensat"),
)
MARKING = ("access", "faccessat", "faccessat2")
_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*?)(?:\) += (-?\d+|\?).*)?$", re.DOTALL)
_HANDLE = re.compile(r"(\d+|AT_FDCWD)<([^>]*)>")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_WRITES = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC")
_SYNCS = ("fsync", "fdatasync")
_RENAMES = ("rename", "renameat", "renameat2")
_UNLINKS = ("unlink", "unlinkat", "rmdir")
_STAGED = re.compile(r"/staged/\.?([0-9a-f]{16})\.")


@dataclass(frozen=True, slots=True)
class Call:
    """One system call: its name, which one of that name it was, the paths it names, and its result."""

    name: str
    ordinal: int
    paths: tuple[str, ...]
    text: str
    result: int | None

    @property
    def failed(self) -> bool:
        """Whether the call had no effect."""
        return self.result is None or self.result < 0

    @property
    def mutates(self) -> bool:
        """Whether the call can change what is on the disk."""
        if self.name in ("open", "openat"):
            return any(flag in self.text for flag in _WRITES) and "O_TMPFILE" not in self.text
        return self.name in MUTATING


@dataclass(frozen=True, slots=True)
class Point:
    """A place to kill a night at: the call, and what it was for.

    `kind` is a kind of effect, or which of daydream's own files; `stage` is intent, act or done for an
    effect, else the state of the night.
    """

    name: str
    ordinal: int
    kind: str
    stage: str
    path: str

    def __str__(self) -> str:
        return f"{self.name} #{self.ordinal} ({self.kind}, {self.stage}: {self.path})"


def options(names: Iterable[str]) -> list[str]:
    """How strace is asked for these calls, whatever the machine calls them."""
    return [
        "-qq",
        "-y",
        "-s",
        "400",
        "-e",
        "trace=" + ",".join(f"?{name}" for name in names),
        "-e",
        "signal=none",
    ]


def calls(log: Path) -> Iterator[Call]:
    """Yield the calls of a trace, numbered by name as strace's own `when` numbers them."""
    numbers: Counter[str] = Counter()
    for line in log.read_text("utf-8", "replace").splitlines():
        match = _LINE.match(line)
        if match is None or line.startswith(("+++", "---")):
            continue
        name, text, result = match.groups()
        numbers[name] += 1
        code = int(result) if result and result != "?" else None
        yield Call(name, numbers[name], tuple(_paths(name, text)), text, code)


def _paths(name: str, text: str) -> Iterator[str]:
    """The absolute paths that a call names."""
    if name in ("write", "pwrite64", "writev", "pwritev", "ftruncate", "fallocate", "fchmod", *_SYNCS):
        handle = _HANDLE.match(text)
        if handle:
            yield handle[2]
        return
    folder = ""
    for match in re.finditer(f"{_HANDLE.pattern}|{_TEXT.pattern}", text):
        if match[2] is not None:
            folder = match[2]
        elif match[3] is not None:
            yield match[3] if match[3].startswith("/") else f"{folder}/{match[3]}"


@dataclass
class Reader:
    """Follows a trace and tells of each mutating call what it is for.

    `work` is the folder that counts; `ids` maps the ids of effects to their kinds.
    """

    work: str
    ids: Mapping[str, str]
    state: str = "start"
    item: str = ""
    effect: str = ""

    def points(self, traced: Iterable[Call]) -> Iterator[Point]:
        """Yield the points of a trace, in its order."""
        for call in traced:
            if call.name in MARKING:
                self._mark(call)
            elif call.mutates and any(path.startswith(self.work + "/") for path in call.paths):
                yield self._point(call)
                if call.name in _SYNCS and call.paths[0].endswith("/state/night"):
                    self.effect = ""

    def _mark(self, call: Call) -> None:
        if not call.paths or not call.paths[0].startswith(MARK):
            return
        what, _, text = call.paths[0].removeprefix(MARK).partition("/")
        if what == "state":
            self.state, self.item, self.effect = text, "", ""
            return
        kind, _, path = text.partition(" ")
        if kind in KINDS and path:
            self.effect = kind
        else:
            self.item, self.effect = text, ""

    def _point(self, call: Call) -> Point:
        path = call.paths[-1].removeprefix(self.work + "/")
        own = "/daydream/state/" in path
        staged = _STAGED.search(path)
        if self.effect:
            ours = own and "/trash" not in path and "/findings" not in path
            return Point(call.name, call.ordinal, self.effect, "done" if ours else "act", path)
        if staged is not None:
            return Point(call.name, call.ordinal, self.ids.get(staged[1], "unknown"), "intent", path)
        if self.state == "maintain.effects" and self.item in KINDS and own:
            return Point(call.name, call.ordinal, self.item, "intent", path)
        return Point(call.name, call.ordinal, _own_file(path), self.state, path)


def _own_file(path: str) -> str:
    """Which of daydream's own files it is, for calls that belong to no effect."""
    if path.startswith("cache/"):
        return "workbench"
    if "dreams.db" in path:
        return "dream store"
    if "logs.db" in path:
        return "memory of logs"
    if "/runs/" in path:
        return "segments"
    if "/daydream/" in path:
        return "head"
    return "checkout"


@dataclass
class Order:
    """What was written and not yet synced, name by name; a commit must find nothing of the night's own.

    Not asked of the workbench (a copy of what the repository has), of telemetry, of the lock, and of the
    name of the dream store's log, which SQLite itself syncs with its first bytes.
    """

    work: str
    known: set[str]
    dirty: set[str] = field(default_factory=set)
    unsynced: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def check(self, traced: Iterable[Call]) -> list[str]:
        """Follow a whole trace; return what was committed or renamed before it was on the disk."""
        for call in traced:
            if not call.failed:
                self._take(call)
        self._committed("the end")
        return self.problems

    def _take(self, call: Call) -> None:
        paths = [path for path in call.paths if self._counts(path)]
        if call.name in _SYNCS:
            self._sync(call.paths[0])
        elif not paths or not call.mutates:
            return
        elif call.name in _RENAMES:
            self._rename(*call.paths)
        elif call.name in _UNLINKS:
            self._gone(paths[0])
        elif call.name in ("link", "linkat", "mkdir", "mkdirat"):
            self._named(paths[-1])
        elif call.name in ("open", "openat"):
            if "O_CREAT" in call.text and not paths[0].endswith("-wal") and paths[0] not in self.known:
                self._named(paths[0])
            if "O_TRUNC" in call.text:
                self.dirty.add(paths[0])
        elif call.name in ("write", "pwrite64", "ftruncate"):
            self.dirty.add(paths[0])

    def _counts(self, path: str) -> bool:
        inside = path.startswith(self.work + "/shop/")
        return inside and not path.endswith(("telemetry.jsonl", "/lock", "-shm"))

    def _named(self, path: str) -> None:
        self.known.add(path)
        self.unsynced[path] = str(Path(path).parent)

    def _sync(self, path: str) -> None:
        self.dirty.discard(path)
        self.unsynced = {name: folder for name, folder in self.unsynced.items() if folder != path}

    def _gone(self, path: str) -> None:
        self.known.discard(path)
        self.dirty.discard(path)
        self.unsynced.pop(path, None)
        if "/.git/" not in path:
            self.unsynced[path] = str(Path(path).parent)

    def _rename(self, source: str, target: str) -> None:
        if source in self.dirty:
            self._problem(f"{self._short(source)} was renamed to {Path(target).name} before it was synced")
        if target.endswith("/state.json"):
            self._committed(self._short(target))
        self._gone(source)
        if not target.endswith("/state.prev.json"):  # the commit right after it syncs the same folder
            self._named(target)

    def _committed(self, by: str) -> None:
        self.dirty -= {path for path in self.dirty if path.endswith("/.state.json.daydream.tmp")}
        own = "/.state.json.daydream.tmp"
        for path in sorted(self.dirty):
            self._problem(f"{self._short(path)} was written and not synced before {by}")
        for path, folder in sorted(self.unsynced.items()):
            if not path.endswith((own, "/.state.prev.json.tmp")):
                self._problem(
                    f"the name {self._short(path)} was not synced ({Path(folder).name}) before {by}"
                )
        self.dirty.clear()
        self.unsynced.clear()

    def _problem(self, text: str) -> None:
        if text not in self.problems:
            self.problems.append(text)

    def _short(self, path: str) -> str:
        return path.removeprefix(self.work + "/")
