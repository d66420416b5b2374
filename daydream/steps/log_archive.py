"""Archiving: which rotations of logs may be packed, and which archives are too old to be kept.

Only what a person named under `logs.archive`, only what tonight's reading finished, and nothing that
anybody else still has a use for. Looks at files and changes none.
"""

import glob
import hashlib
import os
import re
import stat
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from daydream.analysis.logs.sources import family_of, named
from daydream.analysis.redaction import quoted
from daydream.records.change import Change, Delete, Pack, Place
from daydream.store.effects.pack import is_packed, written_to
from daydream.store.log_rows import Position

if TYPE_CHECKING:
    from daydream.config.model import LogOptions

MOST_BYTES, MOST_FILES = 2**30, 50
_DAY_S = 86_400.0
_BLOCK = 1 << 20
_SHOWN = 3
_LONGEST_NAME = 200
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zip")
_TURN = re.compile(r"-\d{8}_\d{6}\Z")
_TURN_GLOB = f"-{'[0-9]' * 8}_{'[0-9]' * 6}"
_ROTATED = (
    "etc/logrotate.conf",
    "etc/logrotate.d/*",
    "var/lib/logrotate/status",
    "var/lib/logrotate/logrotate.status",
    "var/lib/logrotate.status",
)
_MOST_ROTATED = 2**20
_NAMED = re.compile(r'"(/[^"\n]+)"|(?<![\w"/])(/[^\s"{}]+)')

_UNREAD = "tonight's reading did not come to their end"
_OPEN = "a program has them open for writing"
_OWNED = "logrotate rotates them (/etc/logrotate.d, or its status file)"
_LINKED = "they are links, lie behind one, or have several names"
_TAKEN = "the names of their archives are taken"
_UNNAMED = "their names are not UTF-8, or too long"
_CLOSED = "their folder may not be written to"
_ELSEWHERE = "the trash is on another disk; delete them yourself"
_LATER = "there is more than one night packs; they follow in the next nights"


@dataclass(frozen=True, slots=True)
class Where:
    """Where archiving looks: the checkout (without links), the state folder with the trash, and the root of the
    machine, where other rotations and open files are looked up."""

    root: Path
    state: Path
    machine: Path = Path("/")


@dataclass(frozen=True, slots=True)
class _Look:
    """What is known of the files that are looked at, and what is left as it is, by reason."""

    where: Where
    positions: dict[tuple[int, int], Position]
    older_than: float
    owned: tuple[Path, ...]
    left: defaultdict[str, list[Path]] = field(default_factory=lambda: defaultdict(list))
    newest: dict[Path, dict[Path, Path]] = field(default_factory=dict)


def candidates(
    globs: Sequence[str], root: Path, own: Collection[Path], check: Callable[[], None]
) -> tuple[Path, ...]:
    """Return the files below the globs of `logs.archive`, and the archives of such files, sorted; none of `own`."""
    found = set[Path]()
    for pattern in globs:
        for ending in ("", ".gz", f"{_TURN_GLOB}.gz"):
            logs = named(pattern + ending, root, own, check).logs
            found.update(path for paths in logs.values() for path in paths)
    return tuple(sorted(path for path in found if _matches_any(path, globs, root)))


def archive_changes(
    paths: Iterable[Path],
    positions: Iterable[Position],
    options: "LogOptions",
    now: float,
    *,
    where: Where,
    check: Callable[[], None],
    most_files: int = MOST_FILES,
    most_bytes: int = MOST_BYTES,
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Return what is to be packed or deleted of `paths`, and a sentence for each reason why something is not.

    `positions` are those of tonight's reading, `now` its present in seconds. Oldest first, no more than a night has
    time for, but at least one file; the live log, and what was written to lately, is passed over in silence.
    """
    known = {(each.device, each.inode): each for each in positions}
    older_than = now - options.archive_after_days * _DAY_S
    look = _Look(where, known, older_than, _rotated_elsewhere(where.machine))
    packable: list[tuple[float, Path, os.stat_result]] = []
    changes: list[Change] = []
    for path in sorted(set(paths)):
        check()
        about = _ordinary(path, look)
        if about is None:
            continue
        if path.name.endswith(_COMPRESSED):
            changes += _expired(path, about, now, options.archive_keep_days, look)
        elif _packable(path, about, look):
            packable.append((about.st_mtime, path, about))
    written = written_to({(a.st_dev, a.st_ino) for _, _, a in packable}, where.machine / "proc")
    taken = 0
    for count, (_, path, about) in enumerate(sorted(packable, key=lambda item: item[:2])):
        taken += about.st_size
        if count >= most_files or (count and taken > most_bytes):
            look.left[_LATER].append(path)
        elif (about.st_dev, about.st_ino) in written:
            look.left[_OPEN].append(path)
        else:
            changes += _packed(path, about, look, check)
    return tuple(changes), tuple(_note(why, left, where.root) for why, left in sorted(look.left.items()))


def permitted(change: Change, globs: Sequence[str], root: Path) -> bool:
    """Whether a person's `logs.archive` allows a change: to pack what it names, or to delete what was packed of it."""
    if not isinstance(change, Pack | Delete) or change.place not in ("checkout", "machine"):
        return False
    base = Path(os.path.realpath(root))
    path = base / change.path
    if ".." in path.parts or not _matches_any(path, globs, base):
        return False
    return is_packed(path) if isinstance(change, Delete) else not path.name.endswith(_COMPRESSED)


def folders(globs: Sequence[str], root: Path) -> list[Path]:
    """The folders that are there and below which `logs.archive` may pack: for a scheduler that has to allow it."""
    found = set[Path]()
    for pattern in globs:
        parts = Path(os.path.normpath(root / pattern)).parts
        fixed = next((n for n, part in enumerate(parts) if glob.has_magic(part)), len(parts) - 1)
        found.add(Path(*parts[:fixed]))
    return sorted(folder for folder in found if folder.is_dir())


def matches(path: Path, pattern: str, root: Path) -> bool:
    """Whether a glob, relative to the root or absolute, names a path; ``**`` stands for folders, none of them hidden."""
    full = pattern if pattern.startswith("/") else f"{glob.escape(str(root))}/{pattern}"
    return _match(path.parts, Path(os.path.normpath(full)).parts)


def _match(names: Sequence[str], patterns: Sequence[str]) -> bool:
    if not patterns:
        return not names
    first, rest = patterns[0], patterns[1:]
    if first == "**":
        shown = next((n for n, name in enumerate(names) if name.startswith(".")), len(names))
        return any(_match(names[n:], rest) for n in range(shown + 1))
    if not names or not fnmatchcase(names[0], first):
        return False
    return names[0].startswith(".") <= first.startswith(".") and _match(names[1:], rest)


def _matches_any(path: Path, globs: Sequence[str], root: Path) -> bool:
    """Whether a glob names a file, or the one that it is an archive of."""
    bare = path.name.removesuffix(".gz")
    names = {path.name, bare, _TURN.sub("", bare)}
    return any(matches(path.with_name(name), pattern, root) for pattern in globs for name in names)


def _ordinary(path: Path, look: _Look) -> os.stat_result | None:
    """What the system says about an ordinary file of one name; None where it is none, or is gone."""
    try:
        about = path.lstat()
        real = os.path.realpath(path.parent) == str(path.parent)
    except OSError:
        return None
    if stat.S_ISDIR(about.st_mode):
        return None
    if not stat.S_ISREG(about.st_mode) or about.st_nlink > 1 or not real:
        if family_of(path) != path:
            look.left[_LINKED].append(path)
        return None
    return about


def _packable(path: Path, about: os.stat_result, look: _Look) -> bool:
    """Whether a file may be packed, but for who writes to it; says why not where a person may want to know."""
    if not about.st_size or about.st_mtime > look.older_than or _is_live(path, look):
        return False
    position = look.positions.get((about.st_dev, about.st_ino))
    why = None
    if any(_match(p.parts, pattern.parts) for p in (path, family_of(path)) for pattern in look.owned):
        why = _OWNED
    elif position is None or position.offset != about.st_size:
        why = _UNREAD
    elif not _nameable(path):
        why = _UNNAMED
    elif not os.access(path.parent, os.W_OK):
        why = _CLOSED
    if why is not None:
        look.left[why].append(path)
    return why is None


def _is_live(path: Path, look: _Look) -> bool:
    """Whether it is the log itself: it has no ending of a rotation, or is the newest where all have one."""
    log = family_of(path)
    if log == path:
        return True
    if os.path.lexists(log):
        return False
    if path.parent not in look.newest:
        look.newest[path.parent] = _newest(path.parent)
    return look.newest[path.parent].get(log) == path


def _newest(folder: Path) -> dict[Path, Path]:
    """The file of each log in a folder that was written to last, packed ones not counted."""
    found: dict[Path, tuple[float, Path]] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(_COMPRESSED) or not entry.is_file(follow_symlinks=False):
                continue
            path = folder / entry.name
            now = (entry.stat(follow_symlinks=False).st_mtime, path)
            found[family_of(path)] = max(now, found.get(family_of(path), now))
    return {log: path for log, (_, path) in found.items()}


def _packed(path: Path, about: os.stat_result, look: _Look, check: Callable[[], None]) -> list[Change]:
    target = _target(path, about.st_mtime)
    if target is None:
        look.left[_TAKEN].append(path)
        return []
    place, name = _place(path, look.where.root)
    _, target_name = _place(target, look.where.root)
    sha = _digest(path, check)
    if sha is None:
        look.left[_UNREAD].append(path)
        return []
    return [Pack(place=place, path=name, target=target_name, sha256=sha, size=about.st_size)]


def _target(path: Path, modified: float) -> Path | None:
    """A free name for the archive: ``app.log.3.gz``, or with the time of its last record where that is taken
    because rotations move on."""
    when = time.strftime("%Y%m%d_%H%M%S", time.gmtime(modified))
    targets = (path.with_name(f"{path.name}{turn}.gz") for turn in ("", f"-{when}"))
    return next((target for target in targets if not os.path.lexists(target)), None)


def _expired(
    path: Path, about: os.stat_result, now: float, keep_days: int | None, look: _Look
) -> list[Change]:
    """The deletion of an archive of ours whose log was last written to so long ago."""
    if keep_days is None or about.st_mtime > now - keep_days * _DAY_S or not is_packed(path):
        return []
    if about.st_dev != look.where.state.stat().st_dev:
        look.left[_ELSEWHERE].append(path)
        return []
    place, name = _place(path, look.where.root)
    return [Delete(place=place, path=name)]


def _place(path: Path, root: Path) -> tuple[Place, str]:
    if path.is_relative_to(root):
        return "checkout", path.relative_to(root).as_posix()
    return "machine", str(path)


def _nameable(path: Path) -> bool:
    try:
        name = path.name.encode("utf-8")
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return len(name) <= _LONGEST_NAME


def _digest(path: Path, check: Callable[[], None]) -> str | None:
    """The sha256 of a file's content; None where it cannot be read."""
    sha = hashlib.sha256()
    try:
        with path.open("rb") as handle:
            while block := handle.read(_BLOCK):
                check()
                sha.update(block)
    except OSError:
        return None
    return sha.hexdigest()


def _rotated_elsewhere(machine: Path) -> tuple[Path, ...]:
    """The logs that logrotate knows, as patterns: every absolute path in its configuration and its status file."""
    found = set[Path]()
    for pattern in _ROTATED:
        for path in sorted(machine.glob(pattern)):
            try:
                with path.open(encoding="utf-8", errors="replace") as handle:
                    text = handle.read(_MOST_ROTATED)
            except OSError:
                continue
            lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
            found.update(Path(one or other) for one, other in _NAMED.findall("\n".join(lines)))
    return tuple(sorted(found))


def _shown(name: str) -> str:
    return quoted(os.fsencode(name).decode("utf-8", "backslashreplace"), _LONGEST_NAME)


def _note(why: str, left: Sequence[Path], root: Path) -> str:
    names = [_shown(_place(path, root)[1]) for path in left[:_SHOWN]]
    more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
    return f"Not archived: {', '.join(names)}{more}: {why}."
