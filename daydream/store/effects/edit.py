"""Edit: replace or create a file's content."""

import hashlib

from msgspec.structs import replace as with_fields

from daydream.records.change import Change, Edit
from daydream.records.effect import Effect
from daydream.store.durable import make_folder, replace, sync_folder
from daydream.store.effects.base import Ground, Standing, digest

_ANY = "any"


def stage(change: Change, effect: Effect, ground: Ground) -> Effect:
    """Stage the new content, and the old one where undo is promised."""
    assert isinstance(change, Edit)  # noqa: S101 -- the registry maps kinds to changes
    path = ground.path(change.place, change.path)
    ground.keep(effect.id, change.content)
    after = hashlib.sha256(change.content).hexdigest()
    own = change.expect == _ANY
    if own:
        return with_fields(effect, after=after, own=True)
    if change.expect is not None and digest(path) == change.expect:
        ground.keep(effect.id, path.read_bytes(), "old")
    return with_fields(effect, before=change.expect, after=after, reversible=True)


def standing(effect: Effect, ground: Ground) -> Standing:
    """Compare the file with what it was and what it shall be."""
    path = ground.path(effect.place, effect.path)
    if path.is_dir():
        return Standing.CONFLICT
    now = digest(path)
    if now == effect.after:
        return Standing.DONE
    if effect.own or now == effect.before:
        return Standing.NOT_STARTED
    return Standing.CONFLICT


def act(effect: Effect, ground: Ground) -> None:
    """Put the staged content in place, keeping the file's mode."""
    path = ground.path(effect.place, effect.path)
    make_folder(path.parent, 0o777)
    mode = path.stat().st_mode & 0o7777 if path.exists() else 0o644
    replace(path, ground.content(effect.id).read_bytes(), mode)


def undo(effect: Effect, ground: Ground) -> bool:
    """Put the old content back, unless somebody edited the file since."""
    path = ground.path(effect.place, effect.path)
    now = digest(path)
    if now == effect.before:
        return True
    if now != effect.after:
        return False
    if effect.before is None:
        path.unlink()
        sync_folder(path.parent)
        return True
    replace(path, ground.content(effect.id, "old").read_bytes(), path.stat().st_mode & 0o7777)
    return True
