"""The runner: order, retries, quarantine, budget, stops, and going on where a process died."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from daydream.contracts.context import Context
from daydream.errors import OutOfBudget, StateDamaged, StateUnreadable, Stopped, TryAgain
from daydream.flow.machine import Position
from daydream.records.change import Append, Edit
from daydream.records.finding import Finding
from daydream.records.outcome import Done, Failed, More, Outcome, Row, Skipped
from daydream.store.checkpoint import Checkpoint, entries
from daydream.store.heads import read_head
from daydream.store.lock import RunLock
from daydream.store.runs import cut_names
from tests.fakes.night import ScriptedStep, SmallNight, spec


class Died(BaseException):
    """Stands for the end of the process: nothing in the program catches it."""


def _finding(name: str) -> Finding:
    return Finding(rule="r", rule_version=1, severity="low", subject="a.py", identity=name, message=name)


def test_every_sub_step_runs_once_in_order_and_the_night_ends_done(tmp_path: Path) -> None:
    docs, tasks = ScriptedStep(names=("a", "b")), ScriptedStep(names=("c",))
    head = SmallNight(tmp_path, {"docs": docs, "tasks": tasks}).go()

    assert head.closed == "done"
    assert [name for name, _ in docs.calls + tasks.calls] == ["a", "b", "c"]
    assert head.states["maintain.docs"].ended == 2


def test_a_finished_night_is_not_run_again(tmp_path: Path) -> None:
    docs = ScriptedStep()
    night = SmallNight(tmp_path, {"docs": docs})
    night.go()
    night.go()

    assert docs.calls == [("one", None)]


@pytest.mark.parametrize("dies_at", ["a", "b", "c"])
def test_a_night_that_died_in_a_sub_step_goes_on_with_it_and_repeats_nothing_else(
    tmp_path: Path, dies_at: str
) -> None:
    alive = False

    def script(_ctx: Context, name: str, _cursor: str | None) -> Outcome:
        if name == dies_at and not alive:
            raise Died
        return Done(findings=(_finding(name),))

    docs = ScriptedStep(names=("a", "b", "c"), script=script)
    night = SmallNight(tmp_path, {"docs": docs})
    with pytest.raises(Died):
        night.go()
    alive = True
    head = night.go()

    assert sorted(docs.calls) == sorted([("a", None), ("b", None), ("c", None), (dies_at, None)])
    assert head.states["maintain.docs"].findings == 3


def test_a_long_sub_step_goes_on_at_its_cursor(tmp_path: Path) -> None:
    alive = False

    def script(_ctx: Context, _name: str, cursor: str | None) -> Outcome:
        at = int(cursor or 0)
        if at == 2 and not alive:
            raise Died
        return More(cursor=str(at + 1)) if at < 4 else Done()

    step = ScriptedStep(script=script)
    night = SmallNight(tmp_path, {"docs": step})
    with pytest.raises(Died):
        night.go()
    alive = True
    night.go()

    assert [cursor for _, cursor in step.calls] == [None, "1", "2", "2", "3", "4"]


def test_passing_trouble_is_tried_again_and_lasting_trouble_is_recorded(tmp_path: Path) -> None:
    def script(ctx: Context, name: str, _cursor: str | None) -> Outcome:
        tries = sum(1 for called, _ in step.calls if called == name)
        if name == "passing" and tries < 3:
            raise ConnectionError
        if name == "lasting":
            raise KeyError(name)
        return Done()

    step = ScriptedStep(names=("passing", "lasting", "after"), script=script)
    night = SmallNight(tmp_path, {"docs": step})
    head = night.go()

    assert [name for name, _ in step.calls] == ["passing"] * 3 + ["lasting"] * 3 + ["after"]
    assert head.states["maintain.docs"].failed == 1
    assert head.failed
    assert head.closed == "done"


def test_retrying_a_finished_night_runs_only_what_failed_and_the_report(tmp_path: Path) -> None:
    broken = True

    def script(_ctx: Context, name: str, _cursor: str | None) -> Outcome:
        return Failed(error="no") if name == "b" and broken else Done()

    docs, tasks = ScriptedStep(names=("a", "b"), script=script), ScriptedStep()
    night = SmallNight(tmp_path, {"docs": docs, "tasks": tasks})
    assert night.go().failed
    broken = False
    head = night.go(reopen=True)

    assert [name for name, _ in docs.calls] == ["a", "b", "b"]
    assert [name for name, _ in tasks.calls] == ["one"]
    assert [name for name, _ in night.steps["report"].calls] == ["write", "write"]
    assert not head.failed


def test_an_item_that_kills_the_process_three_times_is_quarantined_and_the_night_goes_on(
    tmp_path: Path,
) -> None:
    def script(_ctx: Context, name: str, _cursor: str | None) -> Outcome:
        if name == "poison":
            raise Died
        return Done()

    step = ScriptedStep(names=("poison", "after"), script=script)
    night = SmallNight(tmp_path, {"docs": step})
    for _ in range(3):
        with pytest.raises(Died):
            night.go()
    head = night.go()

    assert [name for name, _ in step.calls] == ["poison"] * 3 + ["after"]
    assert head.states["maintain.docs"].failed == 1


def test_progress_clears_the_count_of_kills(tmp_path: Path) -> None:
    def script(_ctx: Context, _name: str, cursor: str | None) -> Outcome:
        at = int(cursor or 0)
        if sum(1 for _, c in step.calls if c == cursor) < 3:
            raise Died
        return More(cursor=str(at + 1)) if at < 2 else Done()

    step = ScriptedStep(script=script)
    night = SmallNight(tmp_path, {"docs": step})
    for _ in range(6):
        with pytest.raises(Died):
            night.go()

    assert not night.go().failed


def test_a_clean_stop_does_not_count_as_a_kill(tmp_path: Path) -> None:
    def script(ctx: Context, _name: str, _cursor: str | None) -> Outcome:
        if len(step.calls) <= 5:
            ctx.stop.request()
            ctx.stop.request()
            ctx.check()
        return Done()

    step = ScriptedStep(script=script)
    night = SmallNight(tmp_path, {"docs": step})
    for _ in range(5):
        with pytest.raises(Stopped):
            night.go()

    assert not night.go().failed


def test_what_does_not_fit_the_budget_is_cut_and_counted(tmp_path: Path) -> None:
    docs, tasks = ScriptedStep(names=("a", "b")), ScriptedStep()
    head = SmallNight(tmp_path, {"docs": docs, "tasks": tasks}, budget_s=0.0).go()

    assert head.closed == "done"
    assert docs.calls == []
    assert head.states["maintain.docs"].cut == 2
    assert not head.failed


def test_a_budget_that_ends_while_a_state_is_planned_skips_it_and_the_night_goes_on(tmp_path: Path) -> None:
    class Slow(ScriptedStep):
        def plan(self, ctx: Context) -> list[str]:
            raise OutOfBudget

    after = ScriptedStep()
    head = SmallNight(tmp_path, {"docs": Slow(), "tasks": after}).go()

    assert head.closed == "done"
    assert after.calls == [("one", None)]
    assert head.states["maintain.docs"].planned is None


def test_a_skipped_step_gives_its_reason_and_needs_keep_a_state_out(tmp_path: Path) -> None:
    failing = ScriptedStep(script=lambda _c, _n, _k: Failed(error="no"))
    skipping = ScriptedStep(script=lambda _c, _n, _k: Skipped(reason="nothing configured"))
    dependent = ScriptedStep()
    night = SmallNight(
        tmp_path,
        {"first": failing, "second": skipping, "third": dependent},
        specs=[spec("first"), spec("second"), spec("third", needs=("maintain.first",))],
    )
    head = night.go()

    assert dependent.calls == []
    assert head.states["maintain.second"].skipped == 1
    assert head.closed == "done"


def test_a_failure_that_forbids_going_on_halts_after_the_report(tmp_path: Path) -> None:
    later = ScriptedStep()
    night = SmallNight(
        tmp_path,
        {"first": ScriptedStep(script=lambda _c, _n, _k: Failed(error="no")), "later": later},
        specs=[spec("first", halt=True), spec("later")],
    )
    head = night.go()

    assert later.calls == []
    assert (head.position, head.closed) == ("halted", "halted")
    assert [name for name, _ in night.steps["report"].calls] == ["write"]


def test_rows_are_stored_before_the_head_and_rolled_back_when_no_head_counts_them(
    tmp_path: Path,
) -> None:
    step = ScriptedStep(script=lambda _c, _n, _k: Done(rows=(Row("t", {"x": 1}),)))
    night = SmallNight(tmp_path, {"docs": step})
    head = night.go()
    (key,) = night.sink.rows

    assert key[0] == head.run
    assert key[1] <= head.seq


def test_changes_are_executed_once_and_before_the_next_sub_step(tmp_path: Path) -> None:
    def script(ctx: Context, name: str, _cursor: str | None) -> Outcome:
        if name == "b":
            assert (ctx.root / "a.txt").read_text() == "a"
        content = name.encode()
        return Done(changes=(Edit(place="checkout", path=f"{name}.txt", content=content, expect=None),))

    night = SmallNight(tmp_path, {"docs": ScriptedStep(names=("a", "b"), script=script)})
    head = night.go()

    assert (tmp_path / "checkout/b.txt").read_text() == "b"
    assert head.effects.ended == head.effects.total == 1
    assert not head.failed


def test_a_plan_that_fails_is_a_failed_state_not_a_lost_night(tmp_path: Path) -> None:
    class Broken(ScriptedStep):
        def plan(self, ctx: Context) -> list[str]:
            msg = "no plan"
            raise ValueError(msg)

    after = ScriptedStep()
    head = SmallNight(tmp_path, {"docs": Broken(), "tasks": after}).go()

    assert head.states["maintain.docs"].failed == 1
    assert after.calls == [("one", None)]


def test_an_unknown_position_is_refused_before_the_machine_invents_it() -> None:
    with pytest.raises(StateDamaged, match=r"maintain\.nosuch"):
        Position(["maintain.docs"], "maintain.nosuch")


def test_a_head_of_a_hundred_sub_steps_stays_small(tmp_path: Path) -> None:
    night = SmallNight(tmp_path, {"docs": ScriptedStep(names=[f"file {n}" for n in range(100)])})
    sizes = list(_sizes(night))

    assert max(sizes) <= 4096
    head = read_head(night.night_folder)
    assert head is not None
    assert sum(1 for _ in entries(night.night_folder, head)) == head.seq


def _sizes(night: SmallNight) -> Iterator[int]:
    sizes: list[int] = []

    class Measured(Checkpoint):
        def commit(self, *happened, **fields):  # type: ignore[no-untyped-def]
            head = super().commit(*happened, **fields)
            sizes.append((self.folder / "state.json").stat().st_size)
            return head

    with RunLock(night.night_folder) as lock:
        checkpoint = Measured(night.night_folder, lock)
        night.begin(checkpoint)
        night.runner(checkpoint).run()
    yield from sizes


def test_a_retry_leaves_out_what_is_quarantined_and_stays_failed(tmp_path: Path) -> None:
    broken = True

    def script(_ctx: Context, name: str, _cursor: str | None) -> Outcome:
        if name == "poison":
            raise Died
        return Failed(error="no") if name == "b" and broken else Done()

    step = ScriptedStep(names=("poison", "a", "b"), script=script)
    night = SmallNight(tmp_path, {"docs": step})
    for _ in range(3):
        with pytest.raises(Died):
            night.go()
    assert night.go().retriable
    broken = False
    head = night.go(reopen=True)

    assert [name for name, _ in step.calls] == ["poison"] * 3 + ["a", "b", "b"]
    assert head.failed
    assert not head.retriable


def test_an_orderly_exit_is_no_kill_of_a_sub_step_or_of_a_change(tmp_path: Path) -> None:
    full = True

    def script(_ctx: Context, _name: str, _cursor: str | None) -> Outcome:
        return Done(rows=(Row("t", {}),), changes=(Edit(place="logs", path="r.md", content=b"r"),))

    night = SmallNight(tmp_path, {"docs": ScriptedStep(script=script)})
    store = night.sink.commit

    def refuse(run: str, seq: int, rows: Sequence[Row]) -> None:
        if full:
            raise TryAgain
        store(run, seq, rows)

    night.sink.commit = refuse  # type: ignore[method-assign]
    for _ in range(5):
        with pytest.raises(TryAgain):
            night.go()
    full = False
    logs = tmp_path / "logs"
    logs.rmdir()
    logs.write_text("in the way")
    for _ in range(5):
        with pytest.raises(StateUnreadable):
            night.go()
    logs.unlink()
    logs.mkdir()
    head = night.go()

    assert not head.failed
    assert (logs / "r.md").read_bytes() == b"r"


def test_a_plan_that_kills_the_process_is_quarantined_like_any_sub_step(tmp_path: Path) -> None:
    class Deadly(ScriptedStep):
        def plan(self, ctx: Context) -> list[str]:
            raise Died

    after = ScriptedStep()
    night = SmallNight(tmp_path, {"docs": Deadly(), "tasks": after})
    for _ in range(3):
        with pytest.raises(Died):
            night.go()
    head = night.go()

    assert head.closed == "done"
    assert head.states["maintain.docs"].quarantined == 1
    assert after.calls == [("one", None)]


def test_passing_trouble_while_planning_is_tried_again(tmp_path: Path) -> None:
    class Shy(ScriptedStep):
        tries = 0

        def plan(self, ctx: Context) -> list[str]:
            self.tries += 1
            if self.tries < 3:
                raise ConnectionError
            return ["one"]

    step = Shy()
    head = SmallNight(tmp_path, {"docs": step}).go()

    assert step.calls == [("one", None)]
    assert not head.failed


@pytest.mark.parametrize(
    "outcome",
    [
        Done(facts={"n": object()}),
        Done(facts={"name": "caf\udce9"}),
        Done(changes=(Edit(place="logs", path="caf\udce9", content=b""),)),
    ],
    ids=["object", "text", "path"],
)
def test_an_outcome_that_cannot_be_written_down_is_a_failure_of_its_sub_step(
    tmp_path: Path, outcome: Outcome
) -> None:
    after = ScriptedStep()
    step = ScriptedStep(script=lambda _c, _n, _k: outcome)
    head = SmallNight(tmp_path, {"docs": step, "tasks": after}).go()

    assert head.states["maintain.docs"].failed == 1
    assert after.calls == [("one", None)]


def test_a_change_of_a_part_before_a_failure_is_not_repeated_by_the_retry(tmp_path: Path) -> None:
    broken = True

    def script(_ctx: Context, _name: str, cursor: str | None) -> Outcome:
        if cursor is None:
            return More(cursor="1", changes=(Append(place="checkout", path="log", content=b"x\n"),))
        return Failed(error="no") if broken else Done()

    night = SmallNight(tmp_path, {"docs": ScriptedStep(script=script)})
    night.go()
    broken = False
    head = night.go(reopen=True)

    assert (tmp_path / "checkout/log").read_bytes() == b"x\n"
    assert not head.failed


def test_changes_of_a_night_whose_head_was_damaged_are_recognised_not_repeated(tmp_path: Path) -> None:
    dies = True

    def script(_ctx: Context, name: str, _cursor: str | None) -> Outcome:
        if name == "b" and dies:
            raise Died
        return Done(changes=(Append(place="checkout", path="log", content=f"{name}\n".encode()),))

    night = SmallNight(tmp_path, {"docs": ScriptedStep(names=("a", "b"), script=script)})
    with pytest.raises(Died):
        night.go()
    (night.night_folder / "state.json").write_bytes(b"\0" * 64)
    dies = False
    night.go()

    assert (tmp_path / "checkout/log").read_bytes() == b"a\nb\n"


def test_a_state_that_waited_for_a_failed_one_is_worked_on_after_the_retry(tmp_path: Path) -> None:
    broken = True
    first = ScriptedStep(script=lambda _c, _n, _k: Failed(error="no") if broken else Done())
    second = ScriptedStep()
    night = SmallNight(
        tmp_path,
        {"first": first, "second": second},
        specs=[spec("first"), spec("second", needs=("maintain.first",))],
    )
    night.go()
    assert second.calls == []
    broken = False
    head = night.go(reopen=True)

    assert second.calls == [("one", None)]
    assert not head.failed


def test_what_did_not_fit_is_left_to_the_next_run_until_it_was_done(tmp_path: Path) -> None:
    night = SmallNight(tmp_path, {"docs": ScriptedStep(names=("a", "b"))}, budget_s=0.0)
    head = night.go()

    assert cut_names(night.night_folder, head) == {"maintain.docs": ("a", "b")}
