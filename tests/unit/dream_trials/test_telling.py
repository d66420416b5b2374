"""What a night of trials says: counts, gains only where they were weighed together, and what could not be looked at."""

from typing import Any

from daydream.dream.trials.telling import section
from daydream.records.section import SubStepResult


def trial(name: str, outcome: str = "behaviour_preserving", **more: Any) -> dict[str, Any]:
    values = {
        "dream": name,
        "name": f"name of {name}",
        "type": "constraint_relaxation",
        "procedure": "pkg/a.py:f",
        "tier": 1,
        "outcome": outcome,
        "category": None,
        "reason": "",
        "effect": None,
        "effectiveness": None,
        "low": None,
        "high": None,
        "counts": {},
    }
    return {**values, **more}


def gained(name: str, low: float) -> dict[str, Any]:
    return trial(name, effect="gained", effectiveness=low + 0.1, low=low, high=low + 0.2)


def done(*parts: dict[str, Any]) -> SubStepResult:
    return SubStepResult(name="trial", kind="done", parts=parts)


SANDBOX = done({"backend": "bubblewrap", "refused": [], "about": [], "floor": {"ratio": 1.01, "reason": ""}})


def test_what_was_not_isolated_says_so() -> None:
    bare = {
        "backend": "not isolated",
        "refused": ["bubblewrap: it is not installed"],
        "about": [],
        "floor": {"ratio": 1.01, "reason": ""},
    }
    found = section([done(bare), done(trial("a"))])
    assert found.facts["backend"] == "not isolated"
    first, second = found.notes
    assert first.startswith("Dreams ran not isolated")
    assert second == "No sandbox was used, because bubblewrap: it is not installed."


def test_trials_are_counted_by_what_they_came_to() -> None:
    parts = [
        trial("a"),
        trial("b", "failing", category="type"),
        trial("c", "undecided", tier=2),
        gained("d", 1.2),
    ]
    found = section(
        [
            SANDBOX,
            done(*parts),
            done({"unexercised": "it takes a lock", "procedure": "p"}),
            done({"withdrawn": []}),
        ]
    )
    assert found.facts["tried"] == 4
    assert found.facts["outcomes"] == {
        "behaviour_preserving": 2,
        "behaviour_changing": 0,
        "failing": 1,
        "undecided": 1,
    }
    assert found.facts["categories"] == {"type": 1}
    assert found.facts["unexercised_why"] == {"it takes a lock": 1}
    assert found.facts["tier_1"] == {"decided": 3, "passed": 2}
    assert found.facts["tier_2"] == {"decided": 0, "passed": 0}
    assert found.notes == ()


def test_at_most_three_gains_are_told_the_surest_first_and_none_that_was_withdrawn() -> None:
    parts = [gained(name, low) for name, low in (("a", 1.1), ("b", 1.4), ("c", 1.2), ("d", 1.3), ("e", 2.0))]
    found = section([SANDBOX, done(*parts), done({"withdrawn": ["e"]})])
    assert [each["dream"] for each in found.facts["gains"]] == ["b", "d", "c"]
    assert (found.facts["gained"], found.facts["withdrawn"]) == (4, 1)


def test_gains_that_were_not_weighed_together_are_not_told() -> None:
    found = section([SANDBOX, done(gained("a", 1.5))])
    assert (found.facts["gained"], found.facts["gains"]) == (None, [])
    assert "not told" in found.notes[0]


def test_without_a_sandbox_the_reason_is_told_once() -> None:
    why = "nothing was tried, because no sandbox can be had: bubblewrap: it is not installed"
    skipped = [
        SubStepResult(name=name, kind="skipped", reason=why) for name in ("sandbox", "trial-a", "across")
    ]
    found = section(skipped)
    assert found.facts["tried"] == 0
    assert found.facts["backend"] is None
    assert found.notes == (f"All of the trials were skipped: {why}.",)


def test_what_was_refused_and_what_was_not_there_is_told() -> None:
    floor = {"ratio": None, "reason": "the clock is too coarse"}
    opened = done(
        {
            "backend": "docker",
            "refused": ["bubblewrap: no"],
            "about": ["the repository has no Python"],
            "floor": floor,
        }
    )
    assert section([opened]).notes == (
        "Another sandbox was used, because bubblewrap: no.",
        "The repository has no Python.",
        "No cost was compared, because the machine's noise could not be measured: the clock is too coarse.",
    )
