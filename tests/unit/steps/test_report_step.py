"""The report step: what it asks the applier to do, night after night."""

import datetime as dt
import os
from pathlib import Path

import msgspec
import pytest

from daydream.config.model import Config, ReportOptions
from daydream.contracts.context import Context
from daydream.processes import Stop
from daydream.records.change import Change, Delete, Edit, Move
from daydream.records.night import NightFacts
from daydream.records.outcome import Done
from daydream.records.section import SectionData, SubStepResult
from daydream.report.compose import compose, encode
from daydream.report.document import ReportDoc
from daydream.steps.report import ReportStep, make
from daydream.store import findings as memory
from tests.fakes.report_facts import facts, known, source


def context(folder: Path, night: NightFacts) -> Context:
    for name in ("state", "logs"):
        (folder / name).mkdir(exist_ok=True)
    return Context(
        root=folder,
        tree=folder,
        state=folder / "state",
        logs=folder / "logs",
        files=(),
        examination=night.examination,
        started_at=dt.datetime(2026, 11, 21, 2, tzinfo=dt.UTC),
        zone=dt.UTC,
        date=night.date,
        run=night.run,
        mode=night.mode,
        first_night=night.first_night,
        stop=Stop(),
        env={},
        progress=lambda _item, _k, _n: None,
        night=lambda: night,
    )


def write(folder: Path, night: NightFacts, step: ReportStep | None = None) -> Done:
    outcome = (step or ReportStep(90, source)).run(context(folder, night), "write", None)
    assert isinstance(outcome, Done)
    return outcome


def apply(folder: Path, changes: tuple[Change, ...]) -> None:
    """Execute changes the way the contract says, without a journal."""
    for change in changes:
        target = folder / change.place / change.path  # type: ignore[union-attr]
        match change:
            case Edit():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(change.content)
            case Move():
                moved = folder / change.place / change.target
                assert not os.path.lexists(moved)
                target.rename(moved)
            case Delete():
                target.unlink()


def night(number: int = 1, date: str = "2026-11-21", **changes: object) -> NightFacts:
    return facts(
        [known(1, standing="still"), known(2)], number=number, date=date, run=f"{date}.{number}", **changes
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "logs").iterdir())


def test_a_night_leaves_its_page_its_twin_the_latest_and_the_memory(tmp_path: Path) -> None:
    tonight = night()
    outcome = write(tmp_path, tonight)
    assert {type(change) for change in outcome.changes} == {Edit}
    assert not list((tmp_path / "logs").iterdir())
    apply(tmp_path, outcome.changes)
    assert names(tmp_path) == ["latest.md", "report_2026-11-21.json", "report_2026-11-21.md"]
    page = (tmp_path / "logs" / "report_2026-11-21.md").read_text()
    assert page == (tmp_path / "logs" / "latest.md").read_text()
    assert outcome.facts == {"lines": page.count("\n"), "new": 1, "needs": 1, "plain": ""}
    twin = (tmp_path / "logs" / "report_2026-11-21.json").read_bytes()
    assert msgspec.json.decode(twin, type=ReportDoc) == compose(tonight)
    path = memory.latest(tmp_path / "state" / "night" / "findings")
    assert path is not None
    kept = memory.read(path)
    assert (kept.run, kept.night, kept.findings) == (tonight.run, tonight.date, tonight.findings)


def test_the_same_observations_give_the_same_outcome(tmp_path: Path) -> None:
    assert write(tmp_path, night()) == write(tmp_path, night())


def test_a_second_and_third_run_keep_the_reports_before_them(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        apply(tmp_path, write(tmp_path, night(number, resumed=number)).changes)
    assert names(tmp_path) == [
        "latest.md",
        *(f"report_2026-11-21.{n}.{e}" for n in (1, 2) for e in ("json", "md")),
        "report_2026-11-21.json",
        "report_2026-11-21.md",
    ]
    for number, name in ((1, ".1"), (2, ".2"), (3, "")):
        assert f"Resumed: {number} time" in (tmp_path / "logs" / f"report_2026-11-21{name}.md").read_text()


def test_a_run_that_is_taken_up_again_rewrites_its_own_report(tmp_path: Path) -> None:
    for number, resumed in ((1, 0), (2, 1), (2, 2)):
        apply(tmp_path, write(tmp_path, night(number, resumed=resumed)).changes)
    assert "report_2026-11-21.2.md" not in names(tmp_path)
    assert "Resumed: 2 times" in (tmp_path / "logs" / "report_2026-11-21.md").read_text()


def test_a_report_of_unknown_origin_is_moved_once_and_never_over_another(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "report_2026-11-21.md").write_text("the first")
    (logs / "report_2026-11-21.json").write_bytes(b"\xffnot json")
    moves = [c for c in write(tmp_path, night(2)).changes if isinstance(c, Move)]
    assert [(m.path, m.target) for m in moves] == [
        ("report_2026-11-21.md", "report_2026-11-21.1.md"),
        ("report_2026-11-21.json", "report_2026-11-21.1.json"),
    ]
    for ending in ("md", "json"):
        (logs / f"report_2026-11-21.1.{ending}").write_text("already here")
    assert not [c for c in write(tmp_path, night(2)).changes if isinstance(c, Move)]


def test_the_report_of_an_earlier_run_goes_to_that_runs_number(tmp_path: Path) -> None:
    apply(tmp_path, write(tmp_path, night(1)).changes)
    apply(tmp_path, write(tmp_path, night(3)).changes)
    assert "report_2026-11-21.1.md" in names(tmp_path)


def test_old_reports_go_by_the_date_in_their_name_and_nothing_else_does(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    old = ["report_2026-08-22.md", "report_2026-08-22.json", "report_2020-01-01.3.md"]
    kept = [
        "report_2026-08-23.md",
        "report_2027-01-01.md",
        "report_2020-13-01.md",
        "report_2020-01-01.txt",
        "report_2020-01-01.md.bak",
        "my_report_2020-01-01.md",
        "report_2020-01-01-notes.md",
        "report_\u0662\u0660\u0662\u0660-01-01.md",
        "daydream.log",
    ]
    for name in (*old, *kept):
        (logs / name).write_text("x")
    (logs / "report_2020-01-02.md").symlink_to(logs / "daydream.log")
    (logs / "report_2020-01-03.md").mkdir()
    changes = write(tmp_path, night()).changes
    assert [c.path for c in changes if isinstance(c, Delete)] == sorted(old)


def test_a_year_of_reports_is_cleared_in_portions_oldest_first(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    first = dt.date(2025, 1, 1)
    for day in range(80):
        (logs / f"report_{first + dt.timedelta(days=day)}.md").write_text("x")
    deleted = [c.path for c in write(tmp_path, night()).changes if isinstance(c, Delete)]
    assert (len(deleted), deleted[0], deleted[-1]) == (50, "report_2025-01-01.md", "report_2025-02-19.md")


def test_keep_days_comes_from_the_configuration(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in ("report_2026-11-19.md", "report_2026-11-20.md"):
        (logs / name).write_text("x")
    step = make(Config(report=ReportOptions(keep_days=1)))
    outcome = step.run(context(tmp_path, night()), "write", None)
    assert isinstance(outcome, Done)
    assert [c.path for c in outcome.changes if isinstance(c, Delete)] == ["report_2026-11-19.md"]


def test_the_memory_keeps_seven_snapshots(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "night" / "findings"
    for day in range(1, 15):
        apply(tmp_path, write(tmp_path, night(date=f"2026-11-{day:02}")).changes)
    assert [path.stem for path in memory.snapshots(folder)] == [f"2026-11-{day:02}.1" for day in range(8, 15)]
    again = write(tmp_path, night(date="2026-11-14")).changes
    assert not [c for c in again if isinstance(c, Delete)]


@pytest.mark.parametrize("template", ["{{ nothing }}", "{% if %}", "{{ 1 + 'x' }}", None])
def test_when_the_page_does_not_render_a_plain_one_is_written(tmp_path: Path, template: str | None) -> None:
    step = ReportStep(90, lambda name: template if name == "report.md.j2" else source(name))
    outcome = write(tmp_path, night(), step)
    apply(tmp_path, outcome.changes)
    page = (tmp_path / "logs" / "report_2026-11-21.md").read_text()
    assert "- This is the plain form of the report: the report's templates do not render" in page
    assert "`name_2` is imported and never used" in page
    assert outcome.facts["plain"]
    assert (tmp_path / "logs" / "report_2026-11-21.json").read_bytes() == encode(compose(night()))


def test_the_step_has_one_sub_step_and_says_what_went_wrong_in_it(tmp_path: Path) -> None:
    step = make(Config())
    assert step.plan(context(tmp_path, night())) == ["write"]
    done = step.section([SubStepResult(name="write", kind="done", parts=({"lines": 29},))])
    assert (done.key, done.title, done.facts, done.notes) == ("report", "Report", {"lines": 29}, ())
    failed = step.section([SubStepResult(name="write", kind="failed", reason="the disk is full")])
    assert (failed.facts, failed.notes) == ({}, ("the disk is full",))
    assert step.section([]).facts == {}


def test_a_night_with_no_folders_yet_still_reports(tmp_path: Path) -> None:
    world = context(tmp_path, night(2))
    for name in ("state", "logs"):
        (tmp_path / name).rmdir()
    outcome = ReportStep(90, source).run(world, "write", None)
    assert isinstance(outcome, Done)
    assert {type(change) for change in outcome.changes} == {Edit}


def test_an_error_that_the_log_and_sentry_have_is_one_on_the_page_and_two_in_the_memory(
    tmp_path: Path,
) -> None:
    logged = known(1, rule="log.exception", subject="app.log", identity="e" * 16, worth=0.8)
    tracked = known(2, rule="sentry.issue", subject="sentry:web", identity="1001", worth=0.6)
    base = facts([logged, tracked])
    told = SectionData(key="sentry_query", title="Sentry", facts={"errors": {"1001": "e" * 16}, "linked": {}})
    others = tuple(each for each in base.sections if each.key != "sentry_query")
    apply(tmp_path, write(tmp_path, facts([logged, tracked], sections=(*others, told))).changes)
    doc = msgspec.json.decode((tmp_path / "logs" / "report_2026-11-21.json").read_bytes(), type=ReportDoc)
    assert [need.command for need in doc.needs] == [f"daydream findings show {tracked.id}"]
    path = memory.latest(tmp_path / "state" / "night" / "findings")
    assert path is not None
    kept = memory.read(path).findings
    assert [(each.id, each.worth) for each in kept] == [(logged.id, 0.3), (tracked.id, 0.8)]
