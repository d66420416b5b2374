"""Whether a judge can tell, and what is said of one who cannot."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from daydream.dream.judges.record import ENOUGH, Tried, records
from daydream.store import dream_rows
from daydream.store.trial_rows import Behaved, Trial, judged, trial_row
from tests.fakes.dream_night import context, store_of, whole_night, write

KINDS = ("constraint_relaxation", "parameter_exploration")


def told(*scores: tuple[str, float, bool]) -> list[Tried]:
    return [Tried("rule-based", kind, score, passed) for kind, score, passed in scores]


def by_kind_alone() -> Iterator[tuple[str, float, bool]]:
    """A judge that knows which kind passes more often, and nothing else."""
    for number in range(40):
        yield KINDS[0], 0.8, number % 5 != 0
        yield KINDS[1], 0.3, number % 5 == 0


def test_a_judge_that_tells_them_apart_within_their_kinds_beats_the_base_rate() -> None:
    [found] = records(told(*((KINDS[0], 0.5 + 0.01 * n, n >= 20) for n in range(40))))
    assert found.beats
    assert found.concordance == 1.0
    assert found.label == ""
    assert "20 of 40" in found.words
    assert "beats" in found.words


def test_one_that_knows_the_kinds_alone_does_not_and_is_labelled() -> None:
    [found] = records(told(*by_kind_alone()))
    assert found.beats is False
    assert found.concordance == 0.5
    assert found.label == "no better than the base rate of its kinds in 80 trials"
    assert found.label in found.words


def test_one_that_has_them_the_wrong_way_round_is_labelled_too() -> None:
    [found] = records(told(*((KINDS[0], 0.9 - 0.01 * n, n >= 20) for n in range(40))))
    assert found.concordance == 0.0
    assert found.label


@pytest.mark.parametrize(
    "scores",
    [
        [(KINDS[0], 0.5, n > 5) for n in range(ENOUGH - 1)],
        [(KINDS[0], 0.01 * n, True) for n in range(ENOUGH)],
    ],
    ids=["too few trials", "none failed"],
)
def test_what_cannot_be_told_yet_is_not_measured_and_not_labelled(
    scores: list[tuple[str, float, bool]],
) -> None:
    [found] = records(told(*scores))
    assert found.beats is None
    assert found.label == ""
    assert "not measured" in found.words


def test_judges_are_told_apart() -> None:
    both = [*told((KINDS[0], 0.5, True)), Tried("claude", KINDS[0], 0.5, False)]
    assert [(each.evaluator, each.decided, each.passed) for each in records(both)] == [
        ("claude", 1, 0),
        ("rule-based", 1, 1),
    ]


def functions(prefix: str, many: int) -> str:
    """Source with so many functions, of each of which there are dreams."""
    return "".join(
        f"def {prefix}{n}(url):\n    return fetch(url, timeout={n + 10}, retries={n + 3})\n\n\n"
        for n in range(many)
    )


def test_trials_label_a_judge_wherever_it_is_named(tmp_path: Path) -> None:
    write(tmp_path / "tree", {"a.py": functions("first", 20)})
    first = context(tmp_path / "tree", tmp_path / "state")
    sections = whole_night(first)
    assert sections["judge"].facts["labelled"] == "rule-based"
    with store_of(first) as store:
        dreams = sorted(dream_rows.dreams(store), key=lambda each: each.viability or 0.0)
        rows = []
        for number, each in enumerate(dreams):
            outcome: Behaved = "behaviour_preserving" if number < len(dreams) / 2 else "failing"
            rows.append(
                trial_row(Trial(dream_id=each.id, outcome=outcome, reason="so", at=each.generated_at))
            )
        store.commit("trials", 1, rows)
        assert len(judged(store)) == len(dreams) >= ENOUGH
    write(tmp_path / "tree", {"b.py": functions("second", 1)})
    section = whole_night(context(tmp_path / "tree", tmp_path / "state", "run-2"))["judge"]
    label = f"no better than the base rate of its kinds in {len(dreams)} trials"
    assert section.facts["labelled"] == f"rule-based ({label})"
    assert section.facts["evaluator"] == "rule-based"
