"""The kinds of effect, each able to stage, to tell where it stands, to act and to take back."""

from daydream.store.effects import advance, append, delete, edit, move, pack, ref
from daydream.store.effects.base import EffectKind

EFFECTS: dict[str, EffectKind] = {
    "edit": edit,
    "move": move,
    "delete": delete,
    "append": append,
    "pack": pack,
    "ref": ref,
    "advance": advance,
}
