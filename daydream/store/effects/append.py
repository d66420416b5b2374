"""Append: add bytes at a file's end, once. The offset is fixed when it is staged; O_APPEND would repeat."""

from pathlib import Path

from msgspec.structs import replace as with_fields

from daydream.records.change import Append, Change
from daydream.records.effect import Effect
from daydream.store.durable import make_folder, sync_folder, write_at
from daydream.store.effects.base import Ground, Standing


def stage(change: Change, effect: Effect, ground: Ground) -> Effect:
    """Stage the bytes and fix where they go; `effect.offset` counts appends staged before this one."""
    assert isinstance(change, Append)  # noqa: S101 -- the registry maps kinds to changes
    path = ground.path(change.place, change.path)
    ground.keep(effect.id, change.content)
    size = path.stat().st_size if path.exists() else 0
    before = "there" if path.exists() else None
    return with_fields(effect, offset=size + effect.offset, before=before, reversible=True)


def standing(effect: Effect, ground: Ground) -> Standing:
    """Compare what is behind the offset with what shall be there."""
    data = ground.content(effect.id).read_bytes()
    path = ground.path(effect.place, effect.path)
    size = path.stat().st_size if path.exists() else 0
    if size < effect.offset:
        return Standing.CONFLICT
    rest = _read(path, effect.offset, len(data))
    if rest == data:
        return Standing.DONE
    if not rest:
        return Standing.NOT_STARTED
    return (
        Standing.PARTIAL if data.startswith(rest) and size == effect.offset + len(rest) else Standing.CONFLICT
    )


def act(effect: Effect, ground: Ground) -> None:
    """Write the bytes at their offset."""
    path = ground.path(effect.place, effect.path)
    make_folder(path.parent, 0o777)
    write_at(path, effect.offset, ground.content(effect.id).read_bytes())


def undo(effect: Effect, ground: Ground) -> bool:
    """Cut the bytes off again, unless something was written behind them since."""
    data = ground.content(effect.id).read_bytes()
    path = ground.path(effect.place, effect.path)
    size = path.stat().st_size if path.exists() else 0
    if size == effect.offset:
        _drop_created(path, effect)
        return True
    if size != effect.offset + len(data) or _read(path, effect.offset, len(data)) != data:
        return False
    write_at(path, effect.offset, b"")
    _drop_created(path, effect)
    return True


def _drop_created(path: Path, effect: Effect) -> None:
    """A file that the append made goes with it."""
    if effect.before is None and not effect.offset and path.exists():
        path.unlink()
        sync_folder(path.parent)


def _read(path: Path, offset: int, length: int) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as handle:
        handle.seek(offset)
        return handle.read(length)
