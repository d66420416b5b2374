"""What trials and answers teach: beliefs, lessons, what they change about a night, and that nothing changes without them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daydream.contracts.dream import Candidate
from daydream.dream.learning.allocation import Learned
from daydream.dream.learning.evidence import Evidence, beliefs, place_chain
from daydream.dream.learning.lessons import Lessons, changes, derived
from daydream.dream.learning.posterior import Beta, Pooled, share_interval
from daydream.dream.learning.telling import condition, happened, suggestions
from daydream.store.learning_rows import Answer, Closed, Judged, Lesson, Seen
from tests.fakes.kept_dreams import a_dream

DATE = "2026-11-21"
AT = f"{DATE}T02:00:00Z"
KIND = "constraint_relaxation"
GOOD, BAD = f"{KIND}.good@1", f"{KIND}.bad@1"


def seen(operator: str, outcome: str, number: int = 0, **said: Any) -> Seen:
    """One trial of an operator of a kind, on the date."""
    rest: dict[str, Any] = {
        "dream_id": f"{operator} {number}",
        "kind": KIND,
        "model": "",
        "path": f"pkg/m{number}.py",
        "qualname": f"f{number}",
        "category": "logic" if outcome in ("behaviour_changing", "failing") else None,
        "effect": None,
        "reason": "because",
        "sampled": False,
        "at": AT,
    }
    return Seen(operator=operator, outcome=outcome, **{**rest, **said})


def known(trials: Sequence[Seen], date: str = DATE, answers: Sequence[Answer] = (), **more: Any) -> Evidence:
    return Evidence(date, trials, more.get("closed", ()), answers, more.get("judged", ()))


def failures(count: int, operator: str = BAD, **said: Any) -> list[Seen]:
    return [seen(operator, "behaviour_changing", number, **said) for number in range(count)]


def passes(count: int, operator: str = GOOD, **said: Any) -> list[Seen]:
    return [seen(operator, "behaviour_preserving", number, **said) for number in range(count)]


def answer(dream: str, said: str, reason: str = "", operator: str = GOOD, at: str = DATE) -> Answer:
    return Answer(
        dream_id=dream,
        kind=KIND,
        model="",
        operator=operator,
        path="pkg/a.py",
        qualname="f",
        answer=said,  # type: ignore[arg-type]
        reason=reason,
        answered=at,
    )


def passing(evidence: Evidence, operator: str, path: str = "pkg/elsewhere.py") -> float:
    return beliefs(evidence).passing.at((KIND, "", operator, path), 3)[1].mean


# --- beliefs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [1, 2, 9, 40])
def test_an_interval_is_that_of_the_closed_form(bad: int) -> None:
    low, high = (1 - below ** (1 / bad) for below in (0.95, 0.05))
    assert Beta(1, bad).interval == pytest.approx((low, high), rel=1e-6)
    assert Beta(bad, 1).interval == pytest.approx((1 - high, 1 - low), rel=1e-6)


def test_the_interval_of_a_share_holds_it_and_narrows_with_what_was_counted() -> None:
    few, many = share_interval(3, 5), share_interval(60, 100)
    assert few[0] < many[0] < 0.6 < many[1] < few[1]
    assert share_interval(5, 5)[1] <= 1


def test_an_operator_that_was_never_tried_is_believed_to_be_like_its_kin_and_drawn_more_widely() -> None:
    tree = Pooled(4, 4)
    for _ in range(40):
        tree.add(("kind", "tried"), 1, 0)
    _, tried = tree.at(("kind", "tried"), 2)
    _, new = tree.at(("kind", "new"), 2)
    assert 0.8 < new.mean <= tried.mean
    assert new.interval[1] - new.interval[0] > tried.interval[1] - tried.interval[0]


def test_nothing_counts_twice_on_its_way_down() -> None:
    tree = Pooled(4, 4, 4)
    for _ in range(2):
        tree.add(("kind", "", "operator"), 1, 0)
    _, belief = tree.at(("kind", "", "operator"))
    assert (belief.good, belief.bad) == (4 * 0.5 + 2, 4 * 0.5)
    tree.add(("kind", "", "another"), 0, 1)
    assert tree.at(("kind", "", "operator"))[1].mean < belief.mean


def test_a_module_is_asked_only_where_it_has_a_say() -> None:
    tree = Pooled(4, 4)
    tree.add(("operator", "a.py"), 0, 9)
    assert tree.at(("operator", "b.py"))[0] == ("operator",)
    assert tree.at(("operator", "a.py"))[0] == ("operator", "a.py")
    assert tree.drawn(("operator", "b.py"), 0, "run") == tree.drawn(("operator", "c.py"), 0, "run")
    assert tree.drawn(("operator", "b.py"), 0, "run") != tree.drawn(("operator", "b.py"), 0, "another")


def test_what_was_not_decided_is_held_against_no_operator_but_told_of_its_procedure() -> None:
    undecided = [seen(BAD, "undecided", number) for number in range(9)]
    found = beliefs(known(undecided))
    assert found.passing.at((KIND, "", BAD))[0] == ()
    assert found.deciding.at(place_chain("pkg/m0.py", "f0"))[1].mean < 0.2


def test_evidence_halves_in_a_fortnight() -> None:
    recent, old = known(failures(4)), known(failures(4), "2026-12-05")
    assert recent.weight(AT) == 1
    assert old.weight(AT) == pytest.approx(0.5)
    assert passing(recent, BAD) < passing(old, BAD) < 0.5


def test_a_person_weighs_more_than_trials() -> None:
    trials = passes(2)
    wrong = [answer("a", "rejected", "wrong: it loses the order")]
    assert passing(known(trials), GOOD) > 0.6
    assert passing(known(trials, answers=wrong), GOOD) < 0.5


def test_what_a_person_finds_not_worth_it_still_passes_and_promises_no_gain() -> None:
    dull = [answer("a", "rejected", "not-worth-it")]
    before, after = beliefs(known(passes(3))), beliefs(known(passes(3), answers=dull))
    assert after.passing.at((KIND, "", GOOD), 3) == before.passing.at((KIND, "", GOOD), 3)
    assert after.gaining.at((KIND, "", GOOD), 3)[1].mean < before.gaining.at((KIND, "", GOOD), 3)[1].mean
    liked = beliefs(known(passes(3), answers=[answer("a", "accepted")]))
    assert liked.gaining.at((KIND, "", GOOD), 3)[1].mean > before.gaining.at((KIND, "", GOOD), 3)[1].mean


# --- lessons ------------------------------------------------------------------------------------------------------


def lessons(evidence: Evidence) -> dict[tuple[str, str, str], Lesson]:
    """By operator, module and category."""
    return {(each.operator, each.module, each.category): each for each in derived(evidence, AT)}


def test_an_operator_that_always_fails_is_left_out_with_counts_interval_and_example() -> None:
    (lesson,) = lessons(known(failures(8))).values()
    assert (lesson.operator, lesson.module, lesson.category, lesson.effect) == (BAD, "", "logic", "skip")
    assert (lesson.counted, lesson.decided, lesson.example) == (8, 8, f"{BAD} 7")
    assert 0.6 <= lesson.low < lesson.high <= 1
    assert (lesson.since, lesson.expires) == (DATE, "2026-12-12")
    assert condition(lesson) == BAD
    assert happened(lesson).startswith("8 of 8 fail of logic (")


@pytest.mark.parametrize("trials", [failures(4), [*failures(3), *passes(9, BAD)], passes(9)])
def test_a_few_failures_teach_nothing(trials: list[Seen]) -> None:
    assert lessons(known(trials)) == {}


def test_an_operator_that_often_fails_is_kept_once_of_a_procedure() -> None:
    (lesson,) = lessons(known([*failures(6), *passes(4, BAD)])).values()
    assert lesson.effect == "one"


def test_a_failure_that_only_one_module_has_is_a_lesson_about_that_module() -> None:
    here = failures(6, path="pkg/bad.py")
    found = lessons(known([*here, *passes(14, BAD)]))
    assert set(found) == {(BAD, "pkg/bad.py", "logic")}


def test_what_a_module_lacks_is_no_operators_fault() -> None:
    lacking = [
        replace(each, category="dependency", outcome="failing", operator=operator, path="pkg/lacks.py")
        for operator in (GOOD, BAD)
        for each in failures(4)
    ]
    found = lessons(known(lacking))
    assert found["", "pkg/lacks.py", "dependency"].effect == "skip"
    assert "interpreter.path" in next(suggestions(known(lacking)))


def test_a_class_of_which_trials_decide_nothing_comes_last() -> None:
    trials = [
        seen(GOOD, "undecided", number, path="pkg/a.py", qualname=f"Parser.f{number}") for number in range(5)
    ]
    rest = [seen(GOOD, "behaviour_preserving", number, path="pkg/a.py") for number in range(6)]
    found = lessons(known([*trials, *rest]))
    assert set(found) == {("", "pkg/a.py::Parser", "undecided")}
    minded = Lessons(found.values())
    assert minded.puts_off("pkg/a.py", "Parser.other")
    assert not minded.puts_off("pkg/a.py", "other")


def test_procedures_that_cannot_be_called_count_as_undecided() -> None:
    closed = [Closed("pkg/a.py", f"f{number}", "takes a lock", AT) for number in range(5)]
    (lesson,) = lessons(known([], closed=closed)).values()
    assert (lesson.module, lesson.effect, lesson.example) == ("pkg/a.py", "last", "")


def test_rejections_of_one_kind_teach_by_their_reason() -> None:
    said = [answer(f"d{number}", "rejected", "risky: threads", BAD) for number in range(3)]
    found = lessons(known([], answers=said))
    assert {each.effect for each in found.values()} == {"skip"}
    assert {each.category for each in found.values()} == {"risky"}


def test_gains_put_an_operator_before_others() -> None:
    found = lessons(known(passes(6, effect="gained")))
    assert {each.effect for each in found.values()} == {"prefer"}


def test_a_lesson_ends_when_nothing_supports_it_any_more() -> None:
    before = derived(known(failures(8)), AT)
    late = known(failures(8), "2026-12-12")
    (over,) = changes(before, derived(late, AT), late, AT)
    assert (over.standing, over.condition) == ("ended", before[0].condition)
    same = known(failures(8), "2026-11-25")
    assert changes(before, derived(same, AT), same, AT) == []
    more = known([*failures(8), seen(BAD, "behaviour_changing", 9, at="2026-11-25T02:00:00Z")], "2026-11-25")
    (renewed,) = changes(before, derived(more, AT), more, AT)
    assert (renewed.standing, renewed.since, renewed.expires) == ("renewed", DATE, "2026-12-16")


# --- what a night does ----------------------------------------------------------------------------------------------


def night(evidence: Evidence, run: str = "2026-11-22.1") -> Learned:
    return Learned(run, evidence, derived(evidence, AT))


def offered(operators: Mapping[str, int]) -> list[tuple[Candidate, str]]:
    texts: dict[str, Any] = dict.fromkeys(("code", "assumption", "reasoning", "description"), "text")
    return [
        (Candidate(name=f"{operator} {number}", transform_id=operator, **texts), f"{operator} {number}")
        for operator, count in operators.items()
        for number in range(count)
    ]


def keys(count: int) -> list[tuple[str, str, int]]:
    return [("pkg/x.py", f"g{number}", 1) for number in range(count)]


def test_what_a_lesson_speaks_against_is_left_out_but_for_a_probe() -> None:
    there = night(known([*failures(8), *passes(8)]))
    arranged = [there.arranged(KIND, key, offered({BAD: 1, GOOD: 1})) for key in keys(300)]
    probes = [each for each in arranged if not each.skipped]
    assert 10 <= len(probes) <= 60
    assert all([one[0].transform_id for one in each.kept] == [BAD, GOOD] for each in probes)
    assert {tuple(one[0].transform_id for one in each.kept) for each in arranged if each.skipped} == {(GOOD,)}
    assert there.skips(KIND)


def test_the_better_operator_mostly_comes_first() -> None:
    viable = [Judged(KIND, "", operator, "pkg/a.py", 9, 10, AT) for operator in (GOOD, BAD)]
    there = night(known([*failures(4), *passes(9)], judged=viable))
    first = [
        there.arranged(KIND, key, offered({BAD: 1, GOOD: 1})).kept[0][0].transform_id for key in keys(50)
    ]
    assert first.count(GOOD) >= 30


def test_a_kind_that_fails_gets_less_of_the_night_but_never_nothing() -> None:
    bad = [replace(each, kind="parameter_exploration") for each in failures(20)]
    there = night(known([*bad, *passes(20)]))
    kinds = ["parameter_exploration", KIND, "conditional_variant", "cross_project_synthesis"]
    assert there.share(kinds, 100, 100, 4) == 10
    assert 10 <= there.share([KIND, "conditional_variant"], 60, 100, 4) <= 40
    assert there.share([KIND], 7, 100, 4) == 7


def test_where_nothing_was_ever_viable_the_night_is_still_shared() -> None:
    judged = [Judged(KIND, "", GOOD, "pkg/a.py", 0, 100_000, AT)]
    there = night(known(failures(1), judged=judged))
    assert all(4 <= there.share([KIND, "x"], 20, 20, 2) <= 16 for _ in range(3))


def test_dreams_of_procedures_that_trials_decide_are_tried_first_and_one_in_ten_as_before() -> None:
    trials = [seen(GOOD, "undecided", number, path="pkg/closed.py") for number in range(8)]
    there = night(known([*trials, *passes(8, path="pkg/open.py")]))
    closed = [waits(f"c{number}", "pkg/closed.py", 0.9) for number in range(20)]
    opened = [waits(f"o{number}", "pkg/open.py", 0.7) for number in range(20)]
    chosen = there.tried_first([*closed, *opened], [*closed, *opened], 20)
    assert len({each.id for each in chosen}) == 20
    assert sum(each.base_path == "pkg/open.py" for each in chosen) >= 17
    assert chosen[9].base_path == "pkg/closed.py"


def waits(name: str, path: str, viability: float) -> Any:
    said = {"base_path": path, "base_qualname": name, "dream_type": KIND, "transform_id": GOOD}
    return a_dream(name, **said, viability=viability, tier=1)


def test_the_same_run_draws_the_same_and_another_run_something_else() -> None:
    evidence = known([*failures(3), *passes(3)])
    shares = [night(evidence, run).share([KIND, "x"], 50, 100, 2) for run in ("a", "a", "b", "c", "d")]
    assert shares[0] == shares[1]
    orders = [[night(evidence, run).place(key, KIND) for key in keys(20)] for run in ("2026-11-22.1",) * 2]
    assert orders[0] == orders[1]


def test_verdicts_alone_teach_nothing(tmp_path: Path) -> None:
    del tmp_path
    judged = [Judged(KIND, "", GOOD, "pkg/a.py", 0, 9, AT)]
    assert not known([], judged=judged)
    assert known(passes(1), judged=judged)
