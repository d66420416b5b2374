"""`dream apply`: the proposal that a dream became, accepted like any other; and why a dream is none."""

from pathlib import Path

from daydream.app import accepting
from daydream.app.views import head_of, places_of
from daydream.contracts.results import RunResult
from daydream.errors import UsageError
from daydream.records.proposal import Proposal
from daydream.repository.places import Places
from daydream.store import dream_queries, trial_rows
from daydream.store.dream_queries import KeptDream
from daydream.store.dreams import DreamStore
from daydream.store.proposals import OPEN, of_dreams, read_all
from daydream.store.trial_rows import Trial

_BEHAVED = {
    "behaviour_changing": "it does something else than its procedure",
    "failing": "it fails where its procedure does not",
    "undecided": "its trial decided nothing",
}
_COST = {
    "not_shown": "no gain was shown",
    "slower": "it is slower than its procedure",
    "not_measured": "its cost could not be measured",
    None: "its cost was not compared",
}


def apply(root: Path, config_file: Path | None, identifier: str) -> RunResult:
    """Put a proposed dream on the current branch; `identifier` begins the dream's id or its proposal's.

    Raises:
        UsageError: there is no such dream, more than one, or it is not proposed; the message says why.
        And whatever `accepting.accept` raises.
    """
    places = places_of(root, config_file)
    found = _proposed(places, identifier)
    if len(found) > 1:
        msg = f"{len(found)} proposed dreams begin with {identifier!r}; `daydream proposals` lists them"
        raise UsageError(msg)
    if found:
        return accepting.accept(root, config_file, found[0].id)
    kept, trial = dream_and_trial(places, identifier)
    msg = f"{kept.dream.id} is not proposed: {why_not(places, kept, trial)}"
    raise UsageError(msg)


def dream_and_trial(places: Places, identifier: str) -> tuple[KeptDream, Trial | None]:
    """Find a dream by the beginning of its id or of its proposal's, with its last trial.

    Raises:
        UsageError: there is none, or more than one.
    """
    start = identifier.encode("utf-8", "replace").decode()  # a word of the command line need not be text
    with DreamStore.open(places.state / DreamStore.schema.file, read_only=True) as store:
        found = dream_queries.beginning_with(store, start, 2) if start else []
        if not found:
            ids = [p.findings[0] for p in _proposed(places, start)]
            found = [kept for one in ids if (kept := dream_queries.get_dream(store, one)) is not None]
        if len(found) != 1:
            trouble = "no dream has" if not found else "more than one dream begins with"
            msg = f"{trouble} the id {identifier!r}; `daydream dream journal` lists them"
            raise UsageError(msg)
        return found[0], trial_rows.last_trial(store, found[0].dream.id)


def proposal_of(places: Places, dream_id: str) -> Proposal | None:
    """The proposal that a dream became, the open one first."""
    found = [p for p in of_dreams(read_all(places.state)).values() if dream_id in p.findings]
    return min(found, key=lambda p: (p.status not in OPEN, p.id), default=None)


def why_not(places: Places, kept: KeptDream, trial: Trial | None) -> str:
    """Why a dream without a proposal has none, as a clause."""
    dream = kept.dream
    if trial is None:
        if dream.status == "archived":
            return f"it was archived untried ({kept.archived_reason})"
        return "it was not tried yet; a night tries dreams of tier 1 where a sandbox can be had"
    if trial.evidence.get("mended") and trial_rows.is_worth_a_change(trial):
        return _not_yet(places, kept, trial)
    if trial.outcome != "behaviour_preserving":
        return f"{_BEHAVED[trial.outcome]}: {trial.reason}"
    if "withdrawn" in trial.evidence:
        return f"its gain was withdrawn: {trial.evidence['withdrawn']}"
    if trial.effect != "gained":
        reason = trial.evidence.get("effect", {}).get("reason")
        return _COST[trial.effect] + (f": {reason}" if reason else "")
    if not trial_rows.is_worth_a_change(trial):
        return "its gain was not weighed among the others of its night, which ended before"
    return _not_yet(places, kept, trial)


def _not_yet(places: Places, kept: KeptDream, trial: Trial) -> str:
    """What is in the way of a dream whose trial speaks for it, as far as the last night and what it left say."""
    from daydream.propose.dream_choosing import LEAST, in_the_way

    if not trial.evidence.get("mended") and (trial.effect_low or 0) < LEAST:
        return f"its gain may be {trial.effect_low:.2f} times only, and a proposal takes {LEAST:.2f}"
    path = kept.dream.base_path
    other = next((p.id for p in in_the_way(read_all(places.state)) if path in p.paths), None)
    if other is not None:
        return f"the proposal {other} edits {path} too and waits for your answer: `daydream proposals show {other}`"
    if head_of(places).mode == "report":
        return "the last night was in report mode; `daydream run --mode propose` makes proposals"
    return (
        "its trial speaks for it, and no night has proposed it: a night proposes a few dreams at a time, "
        "the best of each procedure whose wording is still the same"
    )


def _proposed(places: Places, start: str) -> list[Proposal]:
    """The proposals of dreams whose own id, or whose dream's, begins so; those that wait for an answer before the others."""
    known = of_dreams(read_all(places.state)).values()
    same = [
        p for p in known if start and (p.id.startswith(start) or any(f.startswith(start) for f in p.findings))
    ]
    return [p for p in same if p.status in OPEN] or same
