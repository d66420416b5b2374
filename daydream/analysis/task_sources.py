"""One examined file as a source of tasks: read without following links, then searched by its kind."""

import errno
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from daydream.analysis import expiry, task_claims, task_todo_txt, tasks

LARGEST = 2**20
FORMAT = 1
_STATUS = re.compile(
    r"^(status|updated|last[_-]updated|date)\s*:\s*(.{1,80}?)\s*$", re.IGNORECASE | re.MULTILINE
)
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.{0,4000}?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_FINISHED = re.compile(
    r"(?:done|complete[d]?|finished|implemented|shipped|closed|superseded|obsolete|rejected|abandoned|withdrawn|archived"
    r"|final|accepted|merged|cancell?ed|wont ?fix)\b",
    re.IGNORECASE,
)
_ALIVE = re.compile(
    r"(?:in[ _-]?progress|active|open|draft|planned|planning|todo|wip|ongoing|started|proposed|approved|ready|current)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Front:
    """What a plan says of itself in its front matter; `updated` as written there, None: it does not say."""

    status: str
    updated: str | None = None

    @property
    def finished(self) -> bool:
        """It says that nothing is left to do."""
        return bool(_FINISHED.match(self.status))

    @property
    def alive(self) -> bool:
        """It says that somebody works, or means to work, on it."""
        return bool(_ALIVE.match(self.status))


@dataclass(frozen=True, slots=True)
class Read:
    """What one file came to; `state` is read, large, gone, link, binary or odd (does not tokenize).

    `front` is a plan's front matter with a status, None without.
    """

    path: str
    listed: bool
    state: str
    items: tuple[tasks.Item, ...] = ()
    front: Front | None = None

    def open_items(self, now: expiry.Present) -> list[tasks.Item]:
        """The items whose age says something: open, and not yet told by a condition of their own."""
        return [item for item in self.waiting() if due(self.path, item, now) is None]

    def waiting(self) -> list[tasks.Item]:
        """The items that wait for somebody: not done, and not laid down in an archive."""
        laid_down = tasks.is_archive(self.path) and self.listed
        return [] if laid_down else [item for item in self.items if not item.done and not item.archived]

    def ticked(self) -> list[tasks.Item]:
        """The finished items that stand among the open ones."""
        return [] if tasks.is_archive(self.path) else [i for i in self.items if i.done and not i.archived]


_COPIED = frozenset({"vendor", "_vendor", "vendored", "third_party", "extern", "externals", "node_modules"})


def due(path: str, item: tasks.Item, now: expiry.Present) -> str | None:
    """Say why an open task's own condition has come; code copied from elsewhere speaks of other versions."""
    return None if item.done or item.archived or is_copied(path) else expiry.expired(item.text, now)


def is_copied(path: str) -> bool:
    """Tell whether a file is by its folder somebody else's code."""
    return not _COPIED.isdisjoint(path.split("/"))


def data_of(tree: Path, path: str) -> bytes | str:
    """Read an examined file, never through a link; or say why not (large, gone, link)."""
    try:
        handle = os.open(tree / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return "link" if error.errno == errno.ELOOP else "gone"
    except ValueError:
        return "gone"
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            return "gone"
        if about.st_size > LARGEST:
            return "large"
        try:
            return file.read(LARGEST + 1)
        except OSError:
            return "gone"


def is_regular(tree: Path, path: str) -> bool:
    """Tell whether a plain file of readable size stands there, without reading it."""
    try:
        about = os.lstat(tree / path)
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(about.st_mode) and about.st_size <= LARGEST


def read(path: str, data: bytes, *, listed: bool) -> Read:
    """Search the content of a task list, or of code."""
    if not listed:
        return _code(path, data)
    if b"\0" in data:
        return Read(path, listed, "binary")
    text = data.decode("utf-8-sig", "replace")
    if task_todo_txt.is_todo_txt(path, text):
        return Read(path, listed, "read", tuple(task_todo_txt.items(text)))
    return Read(path, listed, "read", tuple(tasks.boxes(text)), front(text))


def _code(path: str, data: bytes) -> Read:
    if not tasks.SUSPECT.search(data):
        return Read(path, False, "read")
    if path.endswith((".py", ".pyi")):
        items = tasks.python_comments(data)
        return Read(path, False, "odd") if items is None else Read(path, False, "read", tuple(items))
    if b"\0" in data:
        return Read(path, False, "binary")
    text = data.decode("utf-8-sig", "replace")
    return Read(path, False, "read", tuple(tasks.other_comments(text, tasks.comment_prefix(path) or "#")))


def front(text: str) -> Front | None:
    """Read a plan's front matter; None where there is none, or none that states a status."""
    match = _FRONT_MATTER.match(text)
    stated = (
        {m[1].lower(): m[2].strip("\"'") for m in _STATUS.finditer(match[1].replace("\r", ""))}
        if match
        else {}
    )
    if not stated.get("status"):
        return None
    updated = next(
        (stated[key] for key in ("updated", "last_updated", "last-updated", "date") if key in stated), None
    )
    return Front(stated["status"], updated)


class _Kept(msgspec.Struct, frozen=True):
    """What the cache remembers of a file's content."""

    state: str
    items: tuple[tasks.Item, ...] = ()
    front: Front | None = None


def kept(found: Read) -> bytes:
    """Write what was found in a content, for the cache."""
    return msgspec.msgpack.encode(_Kept(found.state, found.items, found.front))


def restored(path: str, data: bytes, *, listed: bool) -> Read | None:
    """Read what `kept` wrote; None where it is not that."""
    try:
        found = msgspec.msgpack.decode(data, type=_Kept)
    except msgspec.MsgspecError:
        return None
    return Read(path, listed, found.state, found.items, found.front)


def references(data: bytes) -> Sequence[str]:
    """Return the issues and the names in code spans that a document mentions, sorted, each once."""
    text = data.decode("utf-8", "replace")
    found = {claim.value for line in text.splitlines() for claim in task_claims.mentioned(line)}
    return sorted(found)
