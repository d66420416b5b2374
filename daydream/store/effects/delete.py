"""Delete: move a file or folder to the trash, whole, by one rename."""

import errno
import os
from pathlib import Path

from msgspec.structs import replace as with_fields

from daydream.records.change import Change, Delete
from daydream.records.effect import Effect
from daydream.store.durable import make_folder, sync_folder
from daydream.store.effects.base import Ground, Standing


def stage(change: Change, effect: Effect, ground: Ground) -> Effect:
    """Note what is deleted; what is not there is a problem, and so is a trash on another disk."""
    assert isinstance(change, Delete)  # noqa: S101 -- the registry maps kinds to changes
    path = ground.path(change.place, change.path)
    problem = None if os.path.lexists(path) else f"{change.path} is not there"
    return with_fields(effect, reversible=True, problem=problem)


def standing(effect: Effect, ground: Ground) -> Standing:
    """What lies in the trash was deleted; a new file under the old name is somebody else's."""
    if os.path.lexists(_trash(effect, ground)):
        return Standing.DONE
    here = os.path.lexists(ground.path(effect.place, effect.path))
    return Standing.NOT_STARTED if here else Standing.CONFLICT


def act(effect: Effect, ground: Ground) -> None:
    """Rename into the trash.

    Raises:
        OSError: among others when the trash lies on another file system; nothing is changed then.
    """
    path = ground.path(effect.place, effect.path)
    trash = _trash(effect, ground)
    make_folder(trash.parent)
    try:
        path.rename(trash)
    except OSError as error:
        if error.errno == errno.EXDEV:
            text = "the trash is on another file system; left in place"
            raise OSError(errno.EXDEV, text) from error
        raise
    sync_folder(trash.parent)
    sync_folder(path.parent)


def undo(effect: Effect, ground: Ground) -> bool:
    """Rename back, unless the name was used since."""
    path = ground.path(effect.place, effect.path)
    trash = _trash(effect, ground)
    if not os.path.lexists(trash):
        return os.path.lexists(path)
    if os.path.lexists(path):
        return False
    make_folder(path.parent, 0o777)
    trash.rename(path)
    sync_folder(path.parent)
    sync_folder(trash.parent)
    return True


def _trash(effect: Effect, ground: Ground) -> Path:
    return ground.trash / effect.id / Path(effect.path).name
