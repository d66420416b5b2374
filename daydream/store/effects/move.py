"""Move: give a file another name within its place, never over another file."""

from pathlib import Path

from msgspec.structs import replace as with_fields

from daydream.records.change import Change, Move
from daydream.records.effect import Effect
from daydream.store.durable import link, make_folder, sync_folder
from daydream.store.effects.base import Ground, Standing, digest


def stage(change: Change, effect: Effect, ground: Ground) -> Effect:
    """Note what is moved; a file that is not there is a problem."""
    assert isinstance(change, Move)  # noqa: S101 -- the registry maps kinds to changes
    sha = digest(ground.path(change.place, change.path))
    ground.path(change.place, change.target)
    problem = f"{change.path} is not there" if sha is None else None
    return with_fields(effect, target=change.target, before=sha, after=sha, reversible=True, problem=problem)


def standing(effect: Effect, ground: Ground) -> Standing:
    """Look at both names."""
    return _standing(*_names(effect, ground), effect.before)


def _standing(source: Path, target: Path, sha: str | None) -> Standing:
    here, there = digest(source), digest(target)
    if there is None:
        return Standing.NOT_STARTED if here == sha else Standing.CONFLICT
    if there != sha:
        return Standing.CONFLICT
    if here is not None and source.lstat().st_ino == target.lstat().st_ino:
        return Standing.PARTIAL
    return Standing.CONFLICT if here == sha else Standing.DONE


def act(effect: Effect, ground: Ground) -> None:
    """Link the new name, then drop the old one: no instant without a name, and none is overwritten."""
    _move(*_names(effect, ground), effect.before)


def _move(source: Path, target: Path, sha: str | None) -> None:
    make_folder(target.parent, 0o777)
    if _standing(source, target, sha) is Standing.NOT_STARTED:
        link(source, target)
    source.unlink(missing_ok=True)
    sync_folder(source.parent)


def undo(effect: Effect, ground: Ground) -> bool:
    """Move it back, unless either name was used since."""
    source, target = _names(effect, ground)
    back = _standing(target, source, effect.after)
    if back is Standing.CONFLICT:
        return False
    if back is not Standing.DONE:
        _move(target, source, effect.after)
    return True


def _names(effect: Effect, ground: Ground) -> tuple[Path, Path]:
    return ground.path(effect.place, effect.path), ground.path(effect.place, effect.target or "")
