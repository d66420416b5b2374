"""Effects: a change made ready, with all that is needed to do it once, to recognise it, and to undo it."""

import msgspec

from daydream.records.change import Place


class Effect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One staged change, committed before it is executed.

    `id` is a hash of run, state, sub-step, part and number, free of time and chance; content lies in
    `runs/<run>/staged/<id>.new` (and `.old`, for undo). `before` and `after` are sha256 of the file's
    content (None: no file), or commit ids for a ref. `own` files belong to daydream and are written
    whatever they hold. `problem` says why it cannot be done at all.
    """

    id: str
    kind: str
    place: Place | None = None
    path: str
    target: str | None = None
    before: str | None = None
    after: str | None = None
    offset: int = 0
    own: bool = False
    reversible: bool = False
    problem: str | None = None
