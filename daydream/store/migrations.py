"""Old heads made new: pure functions on plain data, one per version, in order, never edited once released."""

from collections.abc import Callable, Sequence
from typing import Any

Migration = Callable[[dict[str, Any]], dict[str, Any]]

# MIGRATIONS[n] turns schema n + 1 into schema n + 2; version 1 is the first that was released.
MIGRATIONS: tuple[Migration, ...] = ()


def migrate(state: dict[str, Any], migrations: Sequence[Migration] = MIGRATIONS) -> dict[str, Any]:
    """Bring plain data of any older schema to the newest."""
    for number, migration in enumerate(migrations, start=1):
        if state.get("schema", 1) == number:
            state = {**migration(state), "schema": number + 1}
    return state
