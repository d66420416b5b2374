"""What test runs came to, and whether two of them came to the same."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from daydream.records.proposal import Ran

_WORST_FIRST = ("error", "failed", "xpassed", "xfailed", "skipped", "passed")
_BAD = frozenset({"error", "failed"})
_RED_EXITS = frozenset({0, 1})
_NO_TESTS = 5
_MOST_NAMED = 10
_MOST_IN_A_SENTENCE = 3
_LONGEST_NAME = 200


class Sample(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One run of the tests without any change.

    `exit_code` is the command's. `outcomes` maps test to outcome (passed, failed, error, skipped, xfailed,
    xpassed), None where the command does not tell. `seconds` is how long it took; `tail` its last words.
    """

    exit_code: int
    outcomes: dict[str, str] | None = None
    seconds: float = 0.0
    tail: str = ""


def worst(outcomes: Iterable[tuple[str, str]]) -> dict[str, str]:
    """One outcome for each test, the worst of those that were noted for its phases."""
    found: dict[str, str] = {}
    for test, outcome in outcomes:
        before = found.get(test, "passed")
        if outcome in _WORST_FIRST:
            found[test] = min(outcome, before, key=_WORST_FIRST.index)
    return found


def ran(exit_code: int | None, outcomes: Mapping[str, str] | None, unlike: Sequence[str] = ()) -> Ran:
    """Count a run."""
    named = tuple(test[:_LONGEST_NAME] for test in unlike[:_MOST_NAMED])
    if outcomes is None:
        return Ran(exit_code=exit_code, unlike=named)
    counts = Counter(outcomes.values())
    return Ran(
        exit_code=exit_code,
        passed=counts["passed"] + counts["xpassed"],
        failed=counts["failed"] + counts["error"],
        skipped=counts["skipped"] + counts["xfailed"],
        unlike=named,
    )


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> frozenset[str]:
    """Tests that came out differently, or ran in only one of the two."""
    return frozenset(test for test in {*one, *other} if one.get(test) != other.get(test))


def flaky(samples: Sequence[Sample]) -> frozenset[str]:
    """Tests that did not come out the same every time."""
    known = [sample.outcomes for sample in samples if sample.outcomes is not None]
    return (
        frozenset[str]().union(*(differing(known[0], other) for other in known[1:])) if known else frozenset()
    )


def expected_failures(sample: Sample, unsteady: frozenset[str]) -> list[str]:
    """Tests that may fail, in order: they did, or cannot make up their mind."""
    failing = {test for test, outcome in (sample.outcomes or {}).items() if outcome in (*_BAD, "xpassed")}
    return sorted(failing | unsteady)


def unusable(samples: Sequence[Sample]) -> str | None:
    """Say in a sentence why nothing can be compared with these runs; None: it can."""
    first = samples[0]
    words = f': "{first.tail}"' if first.tail else ""
    if first.outcomes is None:
        return _unusable_as_a_whole(samples, words)
    counts = Counter(first.outcomes.values())
    bad, good = counts["failed"] + counts["error"], counts["passed"] + counts["xfailed"] + counts["xpassed"]
    if not first.outcomes and first.exit_code in (*_RED_EXITS, _NO_TESTS):
        return f"the command finds no tests, so no change can be verified{words}"
    if first.exit_code not in _RED_EXITS:
        return (
            f"the tests cannot even be begun before any change (exit code {first.exit_code}); "
            f"they must run in a fresh checkout before a change can be verified{words}"
        )
    if not good:
        why = "fail" if bad else "are skipped"
        return f"all {len(first.outcomes)} tests {why} before any change, so no change can be verified{words}"
    if any((sample.exit_code not in _RED_EXITS) or sample.outcomes is None for sample in samples):
        return "the tests come out differently each time as a whole, so no change can be verified"
    return None


def _unusable_as_a_whole(samples: Sequence[Sample], words: str) -> str | None:
    codes = [sample.exit_code for sample in samples]
    if len(set(codes)) > 1:
        return (
            f"the command ends with exit code {codes[0]} or {codes[-1]} from run to run and names no tests, "
            "so no change can be verified"
        )
    if codes[0] != 0:
        return (
            f"the command fails before any change (exit code {codes[0]}) and names no tests, "
            f"so no change can be verified{words}"
        )
    return None


def unlike(
    samples: Sequence[Sample], exit_code: int | None, outcomes: Mapping[str, str] | None
) -> tuple[list[str], str]:
    """Compare a run with the baseline: the tests that came out as they never did, and a clause; empty: the same."""
    first = samples[0]
    unsteady = flaky(samples)
    if first.outcomes is None or outcomes is None:
        if (first.outcomes is None) != (outcomes is None):
            return [], f"the command ends with exit code {exit_code} and " + (
                "no longer names its tests" if outcomes is None else "names tests for the first time"
            )
        same = exit_code == first.exit_code
        return [], "" if same else f"the command ends with exit code {exit_code} instead of {first.exit_code}"
    tests = sorted(differing(first.outcomes, outcomes) - unsteady)
    if tests:
        return tests, _sentence(tests, first.outcomes, outcomes)
    codes = {sample.exit_code for sample in samples}
    if exit_code in codes or (unsteady and exit_code in _RED_EXITS):
        return [], ""
    return [], (
        f"every test comes out the same, but the command ends with exit code {exit_code} "
        f"instead of {first.exit_code}"
    )


def _sentence(tests: Sequence[str], before: Mapping[str, str], after: Mapping[str, str]) -> str:
    shown = [
        f"{test[:_LONGEST_NAME]} ({before.get(test, 'not there')}, now {after.get(test, 'not there')})"
        for test in tests[:_MOST_IN_A_SENTENCE]
    ]
    rest = len(tests) - len(shown)
    more = f" and {rest} more" if rest else ""
    verb = "1 test comes" if len(tests) == 1 else f"{len(tests)} tests come"
    return f"{verb} out differently: {', '.join(shown)}{more}"
