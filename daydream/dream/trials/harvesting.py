"""What the repository's own tests do with a procedure, run in the sandbox: their arguments, and whether they still pass."""

from dataclasses import dataclass

from daydream.contracts.context import Context
from daydream.contracts.dream import Procedure
from daydream.contracts.sandbox import Harvest, Inputs, Job, Unit
from daydream.dream.trials.laboratory import Laboratory

_WALL_S = 30.0
_MOST_FILES = 2
_MOST_CALLS = 30


@dataclass(frozen=True, slots=True)
class OwnTests:
    """`broken`: a test that passes with the procedure and does not with the dream, as a clause; None where there is none.
    `passed` counts the tests that pass with both. `mended` are those that fail with the procedure, and fail again, and pass
    with the dream, and pass again. `notes` say what could not be run."""

    broken: str | None = None
    notes: tuple[str, ...] = ()
    passed: int = 0
    mended: tuple[str, ...] = ()


def harvested(
    ctx: Context, laboratory: Laboratory, procedure: Procedure, unit: Unit
) -> tuple[list[Inputs], list[str]]:
    """Run the test files that mention a procedure and return the arguments that it was called with, with a clause for each
    file that could not be run."""
    found: list[Inputs] = []
    notes: list[str] = []
    for path in procedure.test_paths[:_MOST_FILES]:
        ctx.check()
        left = laboratory.harvest(Job(kind="pytest", path=path, watched=(unit,), most=_MOST_CALLS), _WALL_S)
        if left.failure is not None:
            notes.append(f"{path} gave no arguments: {left.failure.detail}")
            continue
        found += [each for calls in left.recorded for each in calls]
    return found, notes


def own_tests(ctx: Context, laboratory: Laboratory, procedure: Procedure, dream: Unit) -> OwnTests:
    """Run the test files that mention a procedure with and without the dream in its place."""
    notes: list[str] = []
    mended: list[str] = []
    ran = 0
    for path in procedure.test_paths[:_MOST_FILES]:
        ctx.check()
        as_it_is, varied = Job(kind="pytest", path=path), Job(kind="pytest", path=path, unit=dream)
        before, failed = _ended(laboratory.harvest(as_it_is, _WALL_S))
        if not before and not failed:
            notes.append(
                f"{path} was not run with the dream: none of its tests passes in the sandbox as it is"
            )
            continue
        with_it = laboratory.harvest(varied, _WALL_S)
        why = _was_not_run(with_it)
        if why is not None:
            notes.append(f"{path} was not run with the dream: {why}")
            continue
        after, _ = _ended(with_it)
        lost, found = before - after, failed & after
        if lost or found:
            # A test that fails now and then is nobody's fault, and nobody's merit.
            again, failed_again = _ended(laboratory.harvest(as_it_is, _WALL_S, fresh=True))
            lost, found = lost & again, found & failed_again
        if lost or found:
            once_more = laboratory.harvest(varied, _WALL_S)
            after_again, _ = _ended(once_more)
            lost = lost - after_again if _was_not_run(once_more) is None else set()
            mended += sorted(found & after_again)
        if lost:
            more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
            return OwnTests(broken=f"the repository's own test {min(lost)} fails with it{more}")
        ran += len(before & after)
    if ran:
        notes.append(f"{ran} of the repository's own tests pass with it")
    if mended:
        notes.append(f"{len(mended)} that fail without it pass with it: {', '.join(mended[:3])}")
    return OwnTests(notes=tuple(notes), passed=ran, mended=tuple(mended))


def _was_not_run(harvest: Harvest) -> str | None:
    """Why a run says nothing of a dream: the sandbox lost it, or nothing in it imported the dream's module."""
    failure = harvest.failure
    if failure is None or not (failure.category == "infrastructure" or failure.reason == "unreachable"):
        return None
    return failure.detail


def _ended(harvest: Harvest) -> tuple[set[str], set[str]]:
    """The tests that passed and those that failed, neither those that did both (a call and its end); none where the file could
    not be run."""
    if harvest.failure is not None:
        return set(), set()
    passed = {name for name, outcome, _ in harvest.outcomes if outcome == "passed"}
    failed = {name for name, outcome, _ in harvest.outcomes if outcome in ("failed", "error")}
    return passed - failed, failed - passed
