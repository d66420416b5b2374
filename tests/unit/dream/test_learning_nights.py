"""Whole nights that learn: what changes the next night, what does not without evidence, and that a resumed night draws the same."""

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

from daydream import clock
from daydream.config.model import Config, DreamOptions, TrialOptions
from daydream.contracts.context import Context
from daydream.contracts.dream import Dream
from daydream.dream import catalogue, generate, judge, tighten, trial
from daydream.dream.kinds import KINDS
from daydream.dream.learning.telling import report
from daydream.records.proposal import Proposal
from daydream.records.section import SectionData
from daydream.store import dream_rows, learning_rows
from daydream.store.proposals import Answer, append_answer, encode, path_of
from daydream.store.trial_rows import Trial, TrialRun, trial_row, trial_run_row
from tests.fakes.dream_night import STARTED_AT, Night, context, store_of, write

FUNCTION = '''
def fetch_{0}(rows: list[dict[str, int]], timeout: int = 30, retries: int = 3) -> list[int]:
    """Fetch them."""
    found = []
    for row in rows:
        if row["n"] > 0:
            found.append(row["n"] * timeout)
    total = 0
    for row in rows:
        total += len(rows) * row["n"]
    seen = False
    for row in rows:
        if row["n"] == retries:
            seen = True
    return sorted(found) if seen else [total]
'''
WANTED = Config(dream=DreamOptions(per_night=24))
UNWANTED = Config(dream=DreamOptions(per_night=24, learn=False))


def night(folder: Path, number: int) -> Context:
    """The context of a night, all on the same files."""
    tree = folder / "tree"
    if not tree.exists():
        write(tree, {f"pkg/m{n}.py": FUNCTION.format(n) for n in range(10)})
    day = STARTED_AT + dt.timedelta(days=number)
    ctx = context(tree, folder / "state", f"{day.date()}.1")
    return dataclasses.replace(ctx, started_at=day, date=day.date().isoformat())


def dreamt(ctx: Context, config: Config = WANTED) -> list[Dream]:
    """Catalogue, dream and judge; what was dreamt."""
    going = Night(ctx)
    going.run(catalogue.make(config))
    generated(going, config)
    going.run(judge.make(config))
    with store_of(ctx) as store:
        return dream_rows.dreams_of_run(store, ctx.run)


def generated(going: Night, config: Config = WANTED) -> SectionData:
    return going.run(generate.Generate(config, KINDS))


def try_all(ctx: Context, dreams: list[Dream], bad: str) -> None:
    """As if all had been tried: those of one operator differ, the others do the same."""
    at = clock.to_text(ctx.started_at)
    with store_of(ctx) as store:
        rows = [trial_run_row(TrialRun("bubblewrap", "", None, at))]
        rows += [trial_row(outcome(each, at, each.transform_id == bad)) for each in dreams]
        store.commit(ctx.run, 900, rows)


def outcome(dream: Dream, at: str, differs: bool) -> Trial:
    said: dict[str, Any] = {"outcome": "behaviour_preserving", "reason": "the same on 20 inputs"}
    if differs:
        said = {"outcome": "behaviour_changing", "category": "logic", "reason": "another value"}
    return Trial(dream_id=dream.id, at=at, **said)


def most_frequent(dreams: list[Dream]) -> str:
    operators = [each.transform_id for each in dreams]
    return max(sorted(set(operators)), key=operators.count)


def share(dreams: list[Dream], operator: str) -> float:
    return sum(each.transform_id == operator for each in dreams) / len(dreams)


def test_an_operator_that_fails_is_dreamt_of_less_on_the_next_night(tmp_path: Path) -> None:
    first = night(tmp_path, 0)
    dreams = dreamt(first)
    bad = most_frequent(dreams)
    try_all(first, dreams, bad)
    told = Night(first).run(tighten.make(WANTED))
    assert any(each["about"] == bad for each in told.facts["new"])
    untold = dreamt_elsewhere(tmp_path, dreams, bad)
    second = dreamt(night(tmp_path, 1))
    assert share(untold, bad) > 0
    assert share(second, bad) < share(untold, bad)
    with store_of(first) as store:
        found = report(store, night(tmp_path, 1).date)
    (fared,) = [each for each in found["operators"] if each["operator"] == bad]
    assert fared["passed"] == 0 < fared["tried"]
    assert fared["before"] > fared["last"]
    assert any(each["operator"] == bad for each in found["lessons"])


def dreamt_elsewhere(tmp_path: Path, dreams: list[Dream], bad: str) -> list[Dream]:
    """The second night of the same two with learning switched off."""
    other = tmp_path / "other"
    first = night(other, 0)
    assert dreamt(first, UNWANTED) == dreams
    try_all(first, dreams, bad)
    assert Night(first).run(tighten.make(UNWANTED)).facts["new"] == []
    return dreamt(night(other, 1), UNWANTED)


def test_without_evidence_a_night_is_as_without_learning(tmp_path: Path) -> None:
    nights = [[dreamt(night(tmp_path / name, number), config) for number in range(2)] for name, config in (("a", WANTED), ("b", UNWANTED))]  # fmt: skip
    assert nights[0] == nights[1]
    assert nights[0][1]
    assert tighten.make(WANTED).plan(night(tmp_path / "a", 2)) == []


def test_a_night_that_was_interrupted_draws_the_same(tmp_path: Path) -> None:
    found = []
    for name in ("whole", "broken"):
        first = night(tmp_path / name, 0)
        dreams = dreamt(first)
        try_all(first, dreams, most_frequent(dreams))
        Night(first).run(tighten.make(WANTED))
        ctx = night(tmp_path / name, 1)
        going = Night(ctx)
        going.run(catalogue.make(WANTED))
        if name == "broken":
            kinds = [each.key for each in KINDS]
            going.run(generate.Generate(WANTED, KINDS), leave_out=(*kinds[1:], "record"))
            going.run(generate.Generate(WANTED, KINDS), leave_out=(kinds[0],))
        else:
            generated(going)
        with store_of(ctx) as store:
            found.append({each.id for each in dream_rows.dreams_of_run(store, ctx.run)})
    assert found[0] == found[1]
    assert found[0]


def test_trials_of_the_same_run_change_nothing_in_it(tmp_path: Path) -> None:
    plain = dreamt(night(tmp_path / "a", 0))
    ctx = night(tmp_path / "b", 0)
    going = Night(ctx)
    going.run(catalogue.make(WANTED))
    kinds = [each.key for each in KINDS]
    going.run(generate.Generate(WANTED, KINDS), leave_out=(*kinds[1:], "record"))
    with store_of(ctx) as store:
        try_all(ctx, dream_rows.dreams_of_run(store, ctx.run), "")
    going.run(generate.Generate(WANTED, KINDS), leave_out=(kinds[0],))
    with store_of(ctx) as store:
        assert {e.id for e in dream_rows.dreams_of_run(store, ctx.run)} == {e.id for e in plain}


def test_dreams_are_tried_in_the_order_of_what_was_learnt(tmp_path: Path) -> None:
    first = night(tmp_path, 0)
    dreams = dreamt(first)
    viable = [each for each in dreams if each.tier == 1]
    try_all(first, viable[::2], most_frequent(viable))
    few = TrialOptions(per_night=4, sample_percent=0)
    ctx = night(tmp_path, 1)
    plans = [trial.make(each.model_copy(update={"trials": few})).plan(ctx) for each in (WANTED, UNWANTED)]
    assert len(plans[0]) == len(plans[1]) == 6
    assert plans[0] != plans[1]
    assert plans[0] == trial.make(WANTED.model_copy(update={"trials": few})).plan(ctx)


# --- answers ------------------------------------------------------------------------------------------------------


def proposed(ctx: Context, dream: Dream, status: str = "open", **said: Any) -> Proposal:
    """A proposal that a dream became, in the state folder."""
    proposal = Proposal(
        id=dream.id[:12],
        rule="dream",
        package="pkg",
        title=dream.name,
        status=status,  # type: ignore[arg-type]
        base="0" * 40,
        findings=(dream.id,),
        first_night=ctx.date,
        last_night=ctx.date,
        **said,
    )
    path = ctx.state / path_of(proposal.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(proposal))
    return proposal


def test_what_a_person_rejected_counts_on_the_next_night_and_is_read_once(tmp_path: Path) -> None:
    first = night(tmp_path, 0)
    dreams = dreamt(first)
    bad = most_frequent(dreams)
    for each in [dream for dream in dreams if dream.transform_id == bad][:3]:
        answer = Answer(
            id=proposed(first, each).id, status="rejected", night=first.date, reason="wrong: no order"
        )
        append_answer(first.state / "night" / "inbox", answer)
    other = next(each for each in dreams if each.transform_id != bad)
    proposed(first, other, "accepted", answered=first.date)
    second = night(tmp_path, 1)
    going = Night(second)
    going.run(catalogue.make(WANTED))
    step = generate.Generate(WANTED, KINDS)
    assert step.plan(second)[0] == "answers"
    generated(going)
    with store_of(second) as store:
        read = learning_rows.answers(store)
    assert sorted(each.answer for each in read) == ["accepted", "rejected", "rejected", "rejected"]
    assert "answers" not in step.plan(second)
    told = going.run(tighten.make(WANTED))
    assert [each["about"] for each in told.facts["new"]] == [bad]
    assert "answers" not in generate.Generate(WANTED, KINDS).plan(night(tmp_path, 2))


def test_answers_to_other_proposals_and_to_dreams_that_are_gone_say_nothing(tmp_path: Path) -> None:
    ctx = night(tmp_path, 0)
    (dream, *_) = dreamt(ctx)
    proposed(ctx, dataclasses.replace(dream, id="0" * 16), "accepted", answered=ctx.date)
    proposed(ctx, dream)
    assert "answers" not in generate.Generate(WANTED, KINDS).plan(ctx)


def test_a_proposal_that_cannot_be_read_keeps_no_night_from_dreaming(tmp_path: Path) -> None:
    ctx = night(tmp_path, 0)
    damaged = ctx.state / "proposals" / "0123456789ab.json"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("{")
    going = Night(ctx)
    going.run(catalogue.make(WANTED))
    section = generated(going)
    assert section.facts["dreams"]
    assert "is no proposal" in section.notes[0]
