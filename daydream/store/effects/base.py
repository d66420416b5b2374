"""What every kind of effect shares: where it may act, and the contract that one test suite holds it to."""

import enum
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from daydream.processes import Stop
from daydream.records.change import Change, Place
from daydream.records.effect import Effect
from daydream.store.durable import replace, reported


class Standing(enum.Enum):
    """Where an effect stands in the world."""

    NOT_STARTED = "not started"
    PARTIAL = "partial"
    DONE = "done"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Ground:
    """Where effects act: the root of each place, the repository, the trash, and the run's staged content."""

    places: Mapping[Place, Path]
    root: Path
    staged: Path
    trash: Path
    stop: Stop

    def path(self, place: Place | None, relative: str) -> Path:
        """The absolute path of a place's file; refuses to leave the place, also through links.

        Raises:
            ValueError: the path would leave its place.
        """
        if place is None:
            msg = f"{relative} belongs to no place"
            raise ValueError(msg)
        if place == "machine":
            return _without_links(relative)
        base = self.places[place]
        path = base / relative
        inside = path.parent.resolve().is_relative_to(base.resolve())
        if Path(relative).is_absolute() or ".." in Path(relative).parts or not inside:
            msg = f"{relative} leaves the {place} folder"
            raise ValueError(msg)
        return path

    def content(self, effect_id: str, age: str = "new") -> Path:
        """Where staged content lies: `new` to be written, `old` for undo."""
        return self.staged / f"{effect_id}.{age}"

    def keep(self, effect_id: str, data: bytes, age: str = "new") -> None:
        """Stage content, durably.

        Raises:
            TryAgain, StateUnreadable: daydream's own folder cannot be written; that is no fault of the change.
        """
        path = self.content(effect_id, age)
        with reported(path, "writing"):
            replace(path, data)


class EffectKind(Protocol):
    """One kind of effect, as a module of plain functions.

    `stage` prepares and changes nothing that anyone sees. `standing` only looks. `act` brings an effect
    from NOT_STARTED or PARTIAL to DONE and may be repeated. `undo` takes a DONE effect back and tells
    whether it could (False: the target was changed since; nothing is touched). OSError passes through.
    """

    def stage(self, change: Change, effect: Effect, ground: Ground) -> Effect:
        """Make the change ready under the given id, durably."""
        ...

    def standing(self, effect: Effect, ground: Ground) -> Standing:
        """Tell from the world alone where the effect stands."""
        ...

    def act(self, effect: Effect, ground: Ground) -> None:
        """Do it, durably."""
        ...

    def undo(self, effect: Effect, ground: Ground) -> bool:
        """Take it back, durably."""
        ...


def _without_links(absolute: str) -> Path:
    path = Path(absolute)
    if not path.is_absolute() or ".." in path.parts or path.parent.resolve() != path.parent:
        msg = f"{absolute} is not absolute, or leads through a link"
        raise ValueError(msg)
    return path


def digest(path: Path) -> str | None:
    """The sha256 of a regular file's content; None where there is no file.

    A link counts by its target's name, never by what it points to.
    """
    if path.is_symlink():
        return "link:" + hashlib.sha256(str(path.readlink()).encode("utf-8", "surrogateescape")).hexdigest()
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except FileNotFoundError:
        return None
