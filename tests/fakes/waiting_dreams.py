"""A repository after a night, with dreams that wait for a trial: what is tried between nights."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from daydream import clock
from daydream.analysis.source import digest
from daydream.app import entry
from daydream.config.model import Config
from daydream.contracts.dream import Dream, Procedure, Verdict, tier_of
from daydream.contracts.use_cases import RunRequest
from daydream.dream import catalogue
from daydream.store import dream_rows
from daydream.store.dreams import DreamStore
from tests.fakes import checkouts
from tests.fakes.dream_night import STARTED_AT, Night, context

SOURCE = '''
def total(numbers: list[int]) -> int:
    """Add them up."""
    result = 0
    for number in numbers:
        result += number
    return result
'''
SUM = "def total(numbers: list[int]) -> int:\n    return sum(numbers)\n"
WRONG = "def total(numbers: list[int]) -> int:\n    return sum(numbers[1:])\n"
BROKEN = "def total(numbers: list[int]) -> int:\n    return summ(numbers)\n"
SETTINGS = {
    "DAYDREAM_TRIALS_COMPARE": "0.3",
    "DAYDREAM_TRIALS_INPUTS": "10",
    "DAYDREAM_SANDBOX_ORDER": "bubblewrap",
}


def settle(patch: pytest.MonkeyPatch, home: Path) -> None:
    """Give this process a home of its own, and trials that are quick."""
    patch.setenv("HOME", str(home))
    patch.delenv("XDG_CACHE_HOME", raising=False)
    patch.delenv("XDG_CONFIG_HOME", raising=False)
    for name, value in SETTINGS.items():
        patch.setenv(name, value)


def after_a_night(root: Path, dreams: Mapping[str, tuple[str, float]]) -> Path:
    """Make a repository, do a short night there, and store these dreams of `total`, by name their code and viability.

    Returns the state folder.
    """
    made = checkouts.make(root, {"sums.py": SOURCE})
    entry.run(RunRequest(root=root, only=("docs",), dreams=False))
    state = root / ".git/daydream/state"
    ctx = context(root, state, run="night-1", commit=made.git("rev-parse", "HEAD"))
    Night(ctx).run(catalogue.make(Config()))
    at = clock.to_text(STARTED_AT)
    with DreamStore.open(state / "dreams.db") as store:
        (total,) = dream_rows.procedures(store, ctx.run)
        rows = [dream_rows.dream_row(a_dream(total, name, code)) for name, (code, _) in dreams.items()]
        store.commit(ctx.run, 500, rows)
        said = [
            Verdict(digest(name), score, tier_of(score), ("so",), "test")
            for name, (_, score) in dreams.items()
        ]
        store.commit(ctx.run, 501, [dream_rows.verdict_row(each, at) for each in said])
    return state


def statuses(state: Path) -> dict[str, str]:
    """Where each dream stands, by its name."""
    with DreamStore.open(state / "dreams.db", read_only=True) as store:
        return {each.name: each.status for each in dream_rows.dreams(store)}


def a_dream(procedure: Procedure, name: str, code: str) -> Dream:
    """A dream of a procedure as generation leaves it."""
    return Dream(
        id=digest(name),
        base_path=procedure.path,
        base_qualname=procedure.qualname,
        base_occurrence=procedure.occurrence,
        base_source_hash=procedure.source_hash,
        dream_type="constraint_relaxation",
        name=name,
        code=code,
        diff="",
        transform_id="constraint_relaxation.test@1",
        reasoning="why not",
        generated_description="another way",
        assumption="that it matters",
        details={},
        variant_hash=digest(code + name),
        model_used=None,
        created_by="constraint_relaxation@1",
        generated_at=clock.to_text(STARTED_AT),
    )


def environment() -> dict[str, str]:
    """The environment of this process, for a child that works in the same home."""
    return {**os.environ, "TZ": "UTC"}
