"""Where a night stands: a flat `transitions` machine without callbacks, the only importer of the library."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from transitions.core import Machine

from daydream.errors import StateDamaged
from daydream.flow.table import ENDS, moves


class Position:
    """The model that the machine moves; `state` is the dotted name of where the night stands."""

    state: str

    if TYPE_CHECKING:

        def trigger(self, name: str) -> bool:
            """Make a move by its name."""
            ...

    def __init__(self, states: Sequence[str], state: str) -> None:
        """Restore a position.

        Raises:
            StateDamaged: the table does not know it (the library would silently invent it).
        """
        if state not in (*states, *ENDS):
            msg = f"the saved position {state!r} is not a state of this night; it was written by another daydream"
            raise StateDamaged(msg)
        Machine(
            model=self,
            states=[*states, *ENDS],
            transitions=moves(states),
            initial=state,
            auto_transitions=False,
            queued=False,
        )
