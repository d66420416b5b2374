"""Nights of trials in a real sandbox: what does the same, what does not, what cannot be called, and nights without one."""

import gc
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from daydream import clock
from daydream.analysis.source import digest
from daydream.app.trials import trial_lines
from daydream.config.model import Config, SandboxOptions, TrialOptions
from daydream.contracts.context import Context
from daydream.contracts.dream import Verdict, tier_of
from daydream.contracts.sandbox import NOT_ISOLATED
from daydream.dream import catalogue, trial
from daydream.dream.trials.growth import SHARE
from daydream.dream.trials.laboratory import Laboratory
from daydream.records.section import SectionData
from daydream.store import dream_rows, trial_rows
from daydream.store.trial_rows import Trial
from tests.fakes.bubblewrap import why_not
from tests.fakes.dream_night import STARTED_AT, Night, context, store_of, write
from tests.fakes.judging import Remembering
from tests.fakes.waiting_dreams import a_dream

SOURCE = '''
import threading


def total(numbers: list[int]) -> int:
    """Add them up."""
    result = 0
    for number in numbers:
        result += number
    return result


def distinct(numbers: list[int]) -> int:
    seen = []
    for number in numbers:
        if number not in seen:
            seen.append(number)
    return len(seen)


def guarded(lock: threading.Lock) -> bool:
    return lock.locked()
'''
SUM = "def total(numbers: list[int]) -> int:\n    return sum(numbers)\n"
WRONG = "def total(numbers: list[int]) -> int:\n    return sum(numbers[1:])\n"
BROKEN = "def total(numbers: list[int]) -> int:\n    return summ(numbers)\n"
SET = "def distinct(numbers: list[int]) -> int:\n    return len(set(numbers))\n"
LOCKED = "def guarded(lock: threading.Lock) -> bool:\n    return bool(lock.locked())\n"
QUICK = TrialOptions(inputs=20, compare=1.0, per_night=8)


@pytest.fixture(scope="module")
def cache() -> Iterator[Path]:
    """One exported tree for all nights."""
    if why := why_not():
        pytest.skip(why)
    import tempfile

    with tempfile.TemporaryDirectory(prefix="daydream-trials-") as name:
        yield Path(name) / "repository" / "verify"


def night(tmp_path: Path, cache: Path, dreams: dict[str, tuple[str, str, float]]) -> Context:
    """The context of a night in which these dreams, by name their function, code and viability, are judged."""
    write(tmp_path / "tree", {"pkg/__init__.py": "", "pkg/sums.py": SOURCE})
    ctx = replace(context(tmp_path / "tree", tmp_path / "state"), scratch=cache)
    Night(ctx).run(catalogue.make(Config()))
    with store_of(ctx) as store:
        known = {each.qualname: each for each in dream_rows.procedures(store, ctx.run)}
        made = [a_dream(known[of], name, code) for name, (of, code, _) in dreams.items()]
        store.commit(ctx.run, 500, [dream_rows.dream_row(each) for each in made])
        verdicts = [
            Verdict(digest(name), score, tier_of(score), ("so",), "test")
            for name, (_, _, score) in dreams.items()
        ]
        store.commit(
            ctx.run, 501, [dream_rows.verdict_row(each, clock.to_text(STARTED_AT)) for each in verdicts]
        )
    return ctx


def tried(ctx: Context, **options: object) -> SectionData:
    step = trial.make(Config(trials=QUICK, sandbox=SandboxOptions.model_validate(options)))
    return Remembering(ctx).run(step)


def trials(ctx: Context) -> dict[str, Trial]:
    with store_of(ctx) as store:
        return {each.dream_id: each for each in trial_rows.trials(store)}


def statuses(ctx: Context) -> dict[str, str]:
    with store_of(ctx) as store:
        return {each.name: each.status for each in dream_rows.dreams(store)}


def test_dreams_are_told_apart_by_what_they_do(tmp_path: Path, cache: Path) -> None:
    named = {"sum": SUM, "wrong": WRONG, "broken": BROKEN}
    dreams = {name: ("total", code, 0.7) for name, code in named.items()}
    dreams["set"] = ("distinct", SET, 0.7)
    ctx = night(tmp_path, cache, {**dreams, "locked": ("guarded", LOCKED, 0.9)})
    section = tried(ctx, order=("bubblewrap",))
    found = trials(ctx)
    assert {name: found[digest(name)].outcome for name in named} == {
        "sum": "behaviour_preserving",
        "wrong": "behaviour_changing",
        "broken": "failing",
    }
    assert found[digest("sum")].effect in ("gained", "not_shown", "not_measured")
    assert found[digest("broken")].category == "runtime"
    assert found[digest("wrong")].evidence["differing"]
    grown(found[digest("set")], section)
    assert list(cache.parent.parent.glob("measuring-*.lock")), "whoever times holds the machine's lock"
    assert statuses(ctx) == {**dict.fromkeys(dreams, "tested"), "locked": "evaluated"}
    assert section.facts["tried"] == 4
    assert section.facts["unexercised"] == 1
    assert section.facts["backend"] == "bubblewrap"
    with store_of(ctx) as store:
        base = next(each for each in dream_rows.dreams(store) if each.name == "wrong").base
        assert trial_rows.counterexamples(store, base)
        assert trial_rows.waiting(store, 1) == []


def grown(found: Trial, section: SectionData) -> None:
    """Check what is told of growth; a machine that is too busy measures nothing."""
    if found.effect not in ("gained", "not_shown"):
        return
    told = found.evidence["scaling"]
    assert told["argument"] == "numbers"
    assert told["cpu_s"] <= 3 * QUICK.compare * SHARE, "bounded, but for a last call"
    assert list(told["base"]) == list(told["dream"])
    gains = [each for each in section.facts["gains"] if each["dream"] == found.dream_id]
    assert [bool(each["growth"]) for each in gains] == [told["lower"]] * len(gains)


def test_two_dreams_of_a_procedure_that_cannot_be_called_are_told_and_it_is_noted_once(
    tmp_path: Path, cache: Path
) -> None:
    other = LOCKED.replace("bool(", "not not (")
    ctx = night(tmp_path, cache, {"a": ("guarded", LOCKED, 0.9), "b": ("guarded", other, 0.8)})
    assert tried(ctx, order=("bubblewrap",)).facts["unexercised"] == 2
    with store_of(ctx) as store:
        assert store.rows("SELECT COUNT(*) FROM unexercised")[0][0] == 1


def test_a_few_of_tier_2_are_tried_to_keep_judges_honest(tmp_path: Path, cache: Path) -> None:
    ctx = night(tmp_path, cache, {f"d{n}": ("total", f"{SUM}\n#{n}\n", 0.4) for n in range(12)})
    step = trial.make(Config(trials=QUICK.model_copy(update={"per_night": 10})))
    chosen = [name for name in step.plan(ctx) if name.startswith("trial-")]
    assert len(chosen) == 1
    assert step.plan(ctx) == step.plan(ctx)


def test_without_a_sandbox_nothing_is_run_and_the_reason_is_told(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = night(tmp_path, cache, {"sum": ("total", SUM, 0.7)})
    monkeypatch.setenv("PATH", "/nonexistent")
    section = Night(ctx).run(trial.make(Config(sandbox=SandboxOptions(order=("bubblewrap",)))))
    assert section.facts["tried"] == 0
    [note] = section.notes
    assert "no sandbox can be had" in note
    assert statuses(ctx) == {"sum": "evaluated"}
    assert trials(ctx) == {}


def test_what_ran_without_a_sandbox_is_labelled(tmp_path: Path, cache: Path) -> None:
    ctx = night(tmp_path, cache, {"wrong": ("total", WRONG, 0.7)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", "unix:///nowhere")
        section = tried(ctx, order=("docker",), allow_unisolated=True)
    assert section.facts["backend"] == NOT_ISOLATED
    assert any("not isolated" in note for note in section.notes)
    assert any("no Docker engine answers" in note for note in section.notes)
    [found] = trials(ctx).values()
    assert (found.outcome, found.backend) == ("behaviour_changing", NOT_ISOLATED)
    assert "  not isolated: it ran as a plain process of this machine" in list(trial_lines(found))


def test_nothing_is_planned_where_no_dream_waits(tmp_path: Path, cache: Path) -> None:
    ctx = night(tmp_path, cache, {"archived": ("total", SUM, 0.1)})
    assert trial.make(Config()).plan(ctx) == []


def test_a_night_that_is_cut_leaves_no_sandbox_behind(tmp_path: Path, cache: Path) -> None:
    ctx = night(tmp_path, cache, {"sum": ("total", SUM, 0.7)})
    laboratory = Laboratory(ctx, SandboxOptions(order=("bubblewrap",)))
    lane = laboratory.dream_lane(0)
    assert sandboxes()
    del lane, laboratory
    gc.collect()
    assert not sandboxes()


def sandboxes() -> list[str]:
    """The sandboxes that this process started."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    lines = [Path(f"/proc/{child}/cmdline").read_bytes() for child in children]
    return [line.decode() for line in lines if b"bwrap" in line]
