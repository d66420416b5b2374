"""The kinds of effect, each able to stage, to tell where it stands, to act and to take back."""

from daydream.store.effects import advance, append, delete, edit, move, ref
from daydream.store.effects.base import EffectKind

EFFECTS: dict[str, EffectKind] = {
    "edit": edit,
    "move": move,
    "delete": delete,
    "append": append,
    "ref": ref,
    "advance": advance,
}
