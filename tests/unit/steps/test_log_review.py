"""`log_review` on real files: what it counts, what it finds, and that an interruption changes nothing."""

import dataclasses
import datetime as dt
import gzip
import itertools
import os
import zlib
import zoneinfo
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
import pytest

from daydream.config.model import Config, LogOptions
from daydream.contracts.context import Context
from daydream.errors import Stopped
from daydream.processes import Stop
from daydream.records.finding import Finding
from daydream.records.outcome import Done, More, Outcome, Skipped
from daydream.records.repository import Examination, SourceFile
from daydream.records.section import SectionData, SubStepResult
from daydream.report import escape
from daydream.steps.log_review import NOTHING, LogReview, make
from daydream.store.log_rows import LogStore
from daydream.store.log_schema import SCHEMA

SEQ = itertools.count(1)
STARTED = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)
TEMPLATE = Path(__file__).parents[3] / "templates" / "sections" / "log_review.md.j2"
TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "/srv/releases/12/app/db.py", line 42, in load\n'
    "    connect()\n"
    '  File "/usr/lib/python3/site-packages/driver/core.py", line 7, in connect\n'
    "    raise Refused(1)\n"
    "driver.Refused: password=hunter2 refused\n"
)


def context(root: Path, files: Sequence[str] = (), zone: dt.tzinfo = dt.UTC) -> Context:
    return Context(
        root=root,
        tree=root.parent / "workbench",
        state=root / "state",
        logs=root / "logs" / "daydream",
        files=[SourceFile(path, "0" * 40, 1) for path in files],
        examination=Examination(commit=None, branch=None),
        started_at=STARTED,
        zone=zone,
        date="2026-11-21",
        run="r",
        mode="report",
        first_night=False,
        stop=Stop(),
        env={},
        progress=lambda *_: None,
        night=lambda: pytest.fail("not needed"),
    )


def line(hours_ago: float, text: str) -> str:
    return f"{STARTED - dt.timedelta(hours=hours_ago):%Y-%m-%d %H:%M:%S},000 {text}\n"


def write(path: Path, lines: Iterable[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines))
    return path


def options(**fields: Any) -> Config:
    return Config(logs=LogOptions(**fields))


@dataclasses.dataclass
class Night:
    """What a night of this step came to."""

    outcomes: list[Outcome]
    section: SectionData
    parts: int

    @property
    def findings(self) -> list[Finding]:
        return [f for outcome in self.outcomes if isinstance(outcome, Done) for f in outcome.findings]

    def of(self, rule: str) -> list[Finding]:
        return [f for f in self.findings if f.rule == rule]

    @property
    def reasons(self) -> list[str]:
        return [o.reason for o in self.outcomes if isinstance(o, Skipped)]


def stepping(config: Config) -> LogReview:
    """The step, reading in the smallest parts."""
    return LogReview(config.logs, part_bytes=1)


def kept(ctx: Context, outcome: More) -> None:
    """Commit what a part leaves behind, as the night does before it goes on."""
    with LogStore.open(ctx.state / SCHEMA.file) as store:
        store.commit(ctx.run, next(SEQ), outcome.rows)


def night(ctx: Context, config: Config | None = None, *, killed: bool = False) -> Night:
    """Run the step to its end; `killed`: a new process takes over after every part."""
    config = config or Config()
    step = stepping(config)
    outcomes: list[Outcome] = []
    results: list[SubStepResult] = []
    count = 0
    for name in step.plan(ctx):
        assert len(name) <= 200
        parts: list[dict[str, Any]] = []
        outcome = step.run(ctx, name, None)
        while isinstance(outcome, More):
            assert len(outcome.cursor) <= 1000
            parts.append(outcome.facts)
            kept(ctx, outcome)
            step = stepping(config) if killed else step
            outcome = step.run(ctx, name, outcome.cursor)
        parts += [outcome.facts] if isinstance(outcome, Done) else []
        reason = outcome.reason if isinstance(outcome, Skipped) else ""
        results.append(
            SubStepResult(name=name, kind=type(outcome).__name__.lower(), parts=tuple(parts), reason=reason)
        )
        outcomes.append(outcome)
        count += len(parts)
    return Night(outcomes, step.section(results), count)


def rendered(section: SectionData) -> str:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["code"] = escape.code
    return environment.from_string(TEMPLATE.read_text()).render(section=section)


def test_nothing_to_read_is_skipped_with_the_way_out(tmp_path: Path) -> None:
    left = night(context(tmp_path))
    assert left.reasons == [NOTHING]
    assert rendered(left.section).strip() == "- not measured"
    assert "entries" not in left.section.facts


def test_the_registry_makes_the_step_with_its_options(tmp_path: Path) -> None:
    write(tmp_path / "app.log", [line(1, "INFO x")])
    assert make(Config()).plan(context(tmp_path)) == ["log:app.log"]
    assert make(options(discover=False)).plan(context(tmp_path)) == ["none"]


def test_discovery_can_be_switched_off(tmp_path: Path) -> None:
    write(tmp_path / "app.log", [line(1, "INFO x")])
    assert night(context(tmp_path), options(discover=False)).reasons == [NOTHING]


def test_records_of_the_last_day_are_counted_by_their_own_stamps(tmp_path: Path) -> None:
    write(
        tmp_path / "app.log",
        [
            line(25, "ERROR old"),
            "  and its rest\n",
            line(24, "INFO first"),
            line(1, "ERROR x"),
            "  rest\n",
            line(0, "WARNING last"),
            line(-0.5, "ERROR written while the night ran"),
        ],
    )
    left = night(context(tmp_path))
    assert left.section.facts["entries"] == 4
    assert left.section.facts["levels"]["error"] == 2
    assert rendered(left.section).splitlines()[0] == "- 4 entries, 0 recurring issues, 0 anomalies"
    assert len(rendered(left.section).splitlines()) <= 6


def test_local_stamps_are_read_in_the_nights_zone(tmp_path: Path) -> None:
    write(tmp_path / "app.log", ["2026-11-20 02:30:00 ERROR x\n"])
    assert night(context(tmp_path, zone=zoneinfo.ZoneInfo("Europe/Berlin"))).section.facts["entries"] == 0
    assert night(context(tmp_path)).section.facts["entries"] == 1


def test_an_error_that_recurs_is_one_finding_and_two_are_none(tmp_path: Path) -> None:
    write(
        tmp_path / "logs" / "app.log",
        [line(5 - n, f"ERROR order {n} of bob{n}@example.com failed") for n in range(3)]
        + [line(1, "CRITICAL twice only"), line(0.5, "CRITICAL twice only")],
    )
    left = night(context(tmp_path))
    (finding,) = left.findings
    assert (finding.rule, finding.severity, finding.magnitude) == ("log.recurring_error", "medium", 3.0)
    assert finding.subject == "logs/app.log"
    assert "order <num> of [email] failed" in finding.message
    assert len(finding.identity) == 16
    assert finding.evidence == "order 0 of [email] failed"
    assert "3 times as error, on 2026-11-20 between 21:00 and 23:00:" in finding.message
    assert finding.action
    assert left.section.facts["recurring"] == 1


def test_a_traceback_is_grouped_by_type_and_place_in_the_repository(tmp_path: Path) -> None:
    write(
        tmp_path / "app.log",
        [line(h, f"ERROR request {h} failed") + TRACEBACK for h in (1, 2, 3)] + [line(0.5, "INFO fine")],
    )
    (finding,) = night(context(tmp_path, ["src/app/db.py", "src/app/web.py"])).findings
    assert finding.rule == "log.exception"
    assert finding.message.startswith("Refused in load (src/app/db.py:42)")
    assert "src/app/db.py:42" in finding.message
    assert "hunter2" not in str(finding)
    assert finding.worth >= 0.5


def test_an_exception_keeps_its_identity_when_lines_move(tmp_path: Path) -> None:
    write(tmp_path / "app.log", [line(1, "ERROR x") + TRACEBACK])
    before = night(context(tmp_path, ["app/db.py"])).findings[0]
    write(tmp_path / "app.log", [line(1, "ERROR x") + TRACEBACK.replace("line 42", "line 57")])
    after = night(context(tmp_path, ["app/db.py"])).findings[0]
    assert before.fingerprint == after.fingerprint


def test_an_ambiguous_or_foreign_path_is_not_linked(tmp_path: Path) -> None:
    write(tmp_path / "app.log", [line(1, "ERROR x") + TRACEBACK])
    for files in (["a/app/db.py", "b/app/db.py"], ["db.py", "x/db.py"], ["driver/core.py"]):
        (finding,) = night(context(tmp_path, files)).findings
        assert finding.message.startswith("Refused in connect (")
        assert finding.worth < 0.5


def test_a_file_at_the_root_is_linked_by_its_name_where_that_is_unique(tmp_path: Path) -> None:
    write(tmp_path / "app.log", [line(1, "ERROR x") + TRACEBACK])
    (finding,) = night(context(tmp_path, ["db.py", "app/other.py"])).findings
    assert finding.message.startswith("Refused in load (db.py:42)")


def test_a_client_that_left_is_not_worth_printing(tmp_path: Path) -> None:
    gone = TRACEBACK.replace("driver.Refused: password=hunter2 refused", "BrokenPipeError: [Errno 32]")
    write(tmp_path / "app.log", [line(h, "ERROR x") + gone for h in (1, 2, 3)])
    (finding,) = night(context(tmp_path, ["app/db.py"])).findings
    assert finding.worth < 0.5


def test_an_hour_with_far_more_errors_stands_out(tmp_path: Path) -> None:
    steady = [line(h + 0.5, f"ERROR steady {h}") for h in range(23, 0, -1)]
    burst = [line(3.9 - n / 60, f"ERROR burst of {n}") for n in range(40)]
    write(tmp_path / "app.log", sorted(steady + burst))
    left = night(context(tmp_path))
    (spike,) = left.of("log.level_spike")
    assert spike.magnitude == 41.0
    assert "on 2026-11-20 between 22:00 and 23:00;" in spike.message
    assert "burst of <num>" in spike.message
    assert left.section.facts["anomalies"] == 1


@pytest.mark.parametrize("per_hour", [1, 20])
def test_a_steady_level_has_no_spike(tmp_path: Path, per_hour: int) -> None:
    lines = [line(h - n / 60, "ERROR steady") for h in range(24, 0, -1) for n in range(per_hour + h % 3)]
    write(tmp_path / "app.log", lines)
    assert night(context(tmp_path)).of("log.level_spike") == []


def test_spikes_are_examined_only_with_hours_to_compare(tmp_path: Path) -> None:
    write(tmp_path / "short.log", [line(1, "ERROR x")] * 50)
    write(tmp_path / "long.log", [line(h, "INFO x") for h in range(20, 0, -1)])
    rules = {}
    for outcome in night(context(tmp_path)).outcomes:
        assert isinstance(outcome, Done)
        (examined,) = outcome.examined
        rules[examined.subjects] = set(examined.rules)
    assert rules == {
        ("long.log",): {"log.recurring_error", "log.exception", "log.level_spike", "log.suggestion"},
        ("short.log",): {"log.recurring_error", "log.exception", "log.suggestion"},
    }


def test_rotations_are_read_as_one_log(tmp_path: Path) -> None:
    write(tmp_path / "logs" / "app.log", [line(1, "ERROR same trouble")])
    write(tmp_path / "logs" / "app.log.1", [line(3, "ERROR same trouble")])
    (tmp_path / "logs" / "app.log.2.gz").write_bytes(gzip.compress(line(5, "ERROR same trouble").encode()))
    write(tmp_path / "logs" / "app.log.3", [line(50, "ERROR same trouble")])
    left = night(context(tmp_path))
    (finding,) = left.findings
    assert (finding.subject, finding.magnitude) == ("logs/app.log", 3.0)
    assert left.section.facts["sources"] == 1


def big(path: Path, records: int = 2000) -> Path:
    """A log of many parts, with errors and tracebacks also where parts meet."""
    each = [
        line(20 - n * 0.001, f"ERROR order {n} failed at step {n % 7}")
        + (line(20 - n * 0.001, f"ERROR crash {n}") + TRACEBACK if n % 50 == 0 else "")
        + line(20 - n * 0.001, "INFO " + "filler " * 100)
        for n in range(records)
    ]
    return write(path, each)


@pytest.mark.parametrize("packed", [False, True])
def test_an_interrupted_night_gives_exactly_the_same_result(tmp_path: Path, packed: bool) -> None:
    log = big(tmp_path / "app.log")
    if packed:
        (tmp_path / "app.log.1.gz").write_bytes(gzip.compress(log.read_bytes(), 1))
        log.unlink()
    ctx = context(tmp_path, ["app/db.py"])
    undisturbed, killed = night(ctx), night(ctx, killed=True)
    assert undisturbed.parts >= 5
    assert killed == undisturbed
    assert undisturbed.of("log.recurring_error")
    assert undisturbed.of("log.exception")[0].magnitude == 2000 / 50


def advanced(ctx: Context) -> tuple[str, str]:
    """Run the first part of the first log."""
    step = stepping(Config())
    (name,) = step.plan(ctx)
    outcome = step.run(ctx, name, None)
    assert isinstance(outcome, More)
    kept(ctx, outcome)
    return name, outcome.cursor


def finished(ctx: Context, name: str, cursor: str) -> Outcome:
    outcome: Outcome = More(cursor=cursor)
    while isinstance(outcome, More):
        outcome = stepping(Config()).run(ctx, name, outcome.cursor)
        if isinstance(outcome, More):
            kept(ctx, outcome)
    return outcome


def test_what_is_appended_meanwhile_waits_for_the_next_night(tmp_path: Path) -> None:
    log = big(tmp_path / "app.log")
    ctx = context(tmp_path)
    expected = night(ctx).outcomes[0]
    name, cursor = advanced(ctx)
    with log.open("a") as handle:
        handle.write(line(0.1, "ERROR appended") * 5)
    assert finished(ctx, name, cursor) == expected


def test_a_log_renamed_meanwhile_is_read_to_its_end(tmp_path: Path) -> None:
    log = big(tmp_path / "app.log")
    ctx = context(tmp_path)
    expected = night(ctx).outcomes[0]
    name, cursor = advanced(ctx)
    log.rename(tmp_path / "app.log.1")
    write(log, [line(0.1, "ERROR new file")])
    assert finished(ctx, name, cursor) == expected


def test_a_log_cut_meanwhile_is_skipped_and_says_so(tmp_path: Path) -> None:
    log = big(tmp_path / "app.log")
    ctx = context(tmp_path)
    name, cursor = advanced(ctx)
    os.truncate(log, 100)
    outcome = finished(ctx, name, cursor)
    assert isinstance(outcome, Skipped)
    assert outcome.reason.startswith("app.log: it was rotated or cut")


def test_a_stop_ends_the_reading_at_once(tmp_path: Path) -> None:
    big(tmp_path / "app.log")
    ctx = context(tmp_path)
    step = stepping(Config())
    (name,) = step.plan(ctx)
    ctx.stop.request()
    ctx.stop.request()
    with pytest.raises(Stopped):
        step.run(ctx, name, None)


def test_what_is_older_than_the_window_is_read_to_compare_with_and_is_no_entry(tmp_path: Path) -> None:
    lines = [line(24 * 30 * (1 - n / 60_000), f"ERROR trouble {n} " + "x" * 150) for n in range(60_000)]
    write(tmp_path / "app.log", lines)
    left = night(context(tmp_path))
    assert left.section.facts["entries"] == sum(24 * 30 * (1 - n / 60_000) <= 24 for n in range(60_000))
    assert left.section.facts["judged"] == 1


def test_a_large_log_out_of_order_is_read_whole(tmp_path: Path) -> None:
    pad = "INFO " + "x" * 200
    old = [line(100, pad)] * 12_000
    write(tmp_path / "app.log", [*old, *[line(1, pad)] * 5000, *old])
    assert night(context(tmp_path)).section.facts["entries"] == 5000


def test_a_file_without_stamps_counts_as_a_whole_and_says_so(tmp_path: Path) -> None:
    log = write(tmp_path / "app.log", ["ERROR:root:broken\n"] * 4 + ["INFO:root:fine\n"])
    os.utime(log, (STARTED.timestamp() - 60,) * 2)
    left = night(context(tmp_path))
    assert left.section.facts["entries"] == 5
    assert left.findings[0].magnitude == 4.0
    assert any("has no time stamps" in note for note in left.section.notes)
    os.utime(log, (STARTED.timestamp() - 90_000,) * 2)
    assert night(context(tmp_path)).section.facts["entries"] == 0


def test_stamps_from_the_future_are_counted_apart_and_noted(tmp_path: Path) -> None:
    log = write(tmp_path / "app.log", [line(1, "ERROR x"), line(-500, "ERROR y"), line(-500, "ERROR y")])
    os.utime(log, (STARTED.timestamp(),) * 2)
    left = night(context(tmp_path))
    assert left.section.facts["entries"] == 1
    assert any("2 entries carry stamps from the future" in note for note in left.section.notes)


def test_what_cannot_be_read_is_said_and_the_rest_is_read(tmp_path: Path) -> None:
    write(tmp_path / "good.log", [line(1, "INFO x")])
    (tmp_path / "binary.log").write_bytes(b"\x7fELF\0\0\1\2\3" * 100 + b"\n")
    (tmp_path / "gone.log").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.log")
    left = night(context(tmp_path), options(sources=("*.log", "nothing/*.log")))
    assert left.section.facts["entries"] == 1
    assert left.section.facts["sources"] == 1
    text = "\n".join(left.section.notes)
    assert "binary.log was not read: binary" in text
    assert "gone.log cannot be read" in text
    assert "pipe.log cannot be read (not an ordinary file)" in text
    assert "nothing matches nothing/*.log" in text


def test_a_named_log_outside_the_repository_is_read_under_its_own_name(tmp_path: Path) -> None:
    log = write(tmp_path / "var" / "app.log", [line(1, "ERROR x")] * 3)
    (tmp_path / "repo").mkdir()
    (finding,) = night(context(tmp_path / "repo"), options(sources=(str(log),))).findings
    assert finding.subject == str(log)


def test_our_own_logs_are_never_read(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    write(ctx.logs / "night.log", [line(1, "ERROR ours")] * 9)
    write(ctx.state / "trace.log", [line(1, "ERROR ours")] * 9)
    write(tmp_path / "daydream.log", [line(1, "ERROR ours")] * 9)
    assert night(ctx).reasons == [NOTHING]
    assert night(ctx, options(sources=("**/*.log",))).findings == []


def test_hostile_lines_stay_data(tmp_path: Path) -> None:
    nasty = "ERROR <script>alert(1)</script> [x](javascript:1) \x1b]0;title\x07\u202e # heading | `code` token=abc123"
    write(
        tmp_path / "app.log",
        [line(1, nasty)] * 3
        + ["x" * 300_000 + "\n", "\udcff".encode("utf-8", "surrogatepass").decode("latin-1")],
    )
    findings = night(context(tmp_path)).findings
    assert [finding.rule for finding in findings] == ["log.recurring_error", "log.suggestion"]
    for text in (text for one in findings for text in (one.message, one.evidence, one.identity, one.action)):
        assert text.isprintable()
        assert len(text) <= 300
        assert "abc123" not in text
    assert all(len(finding.evidence) <= 200 for finding in findings)


def test_names_of_any_kind_are_told_apart(tmp_path: Path) -> None:
    for name in ("x" * 210 + ".log", "y" + "x" * 209 + ".log", "ü.log"):
        write(tmp_path / "logs" / name, [line(1, "INFO x")])
    (tmp_path / "logs" / os.fsdecode(b"\xff.log")).write_text(line(1, "INFO x"))
    left = night(context(tmp_path))
    assert left.section.facts["sources"] == 4
    assert left.section.facts["entries"] == 4


def test_an_empty_log_is_read_and_has_no_entries(tmp_path: Path) -> None:
    log = write(tmp_path / "app.log", [])
    os.utime(log, (STARTED.timestamp() - 60,) * 2)
    assert night(context(tmp_path)).section.facts["entries"] == 0


SHOP = """import logging

log = logging.getLogger(__name__)


def pay(order):
    # TODO: ask the bank again before giving up
    log.error("payment of order %s was refused", order)
"""
BERLIN = ZoneInfo("Europe/Berlin")


def shop(base: Path) -> Path:
    """A checkout, with its workbench beside it."""
    (base / "workbench" / "shop").mkdir(parents=True)
    (base / "workbench" / "shop" / "pay.py").write_text(SHOP)
    (base / "root").mkdir()
    return base / "root"


def test_the_twin_holds_hours_levels_source_line_and_task_of_what_was_logged(tmp_path: Path) -> None:
    root = shop(tmp_path)
    write(
        root / "app.log",
        [
            f"{STARTED - dt.timedelta(hours=5, minutes=55 - n * 20):%Y-%m-%dT%H:%M:%SZ} ERROR payment of order {n} was refused\n"
            for n in range(4)
        ],
    )
    left = night(context(root, ["shop/pay.py"], BERLIN))
    [entry] = left.section.facts["told"]
    assert (entry["log"], entry["text"], entry["exception"]) == (
        "app.log",
        "payment of order <num> was refused",
        False,
    )
    assert (entry["count"], entry["level"], entry["levels"]) == (4, "error", {"error": 4})
    assert (entry["first"], entry["last"]) == ("2026-11-20T21:05+01:00", "2026-11-20T22:05+01:00")
    assert entry["hours"] == {"2026-11-20T21:00+01:00": 3, "2026-11-20T22:00+01:00": 1}
    assert entry["known_since"] == entry["first"]
    assert entry["origin"] == "shop/pay.py:8"
    assert entry["tasks"] == [
        {"path": "shop/pay.py", "line": 7, "text": "TODO: ask the bank again before giving up"}
    ]
    assert entry["examples"][0] == "payment of order 0 was refused"
    assert (left.section.facts["untold"], left.section.facts["zone"]) == (0, "Europe/Berlin")


def test_the_page_names_the_zone_once_and_the_task_beside_the_line(tmp_path: Path) -> None:
    root = shop(tmp_path)
    write(root / "app.log", [line(3 - n / 60, f"ERROR payment of order {n} was refused") for n in range(4)])
    left = night(context(root, ["shop/pay.py"], BERLIN))
    page = rendered(left.section)
    assert page.count("Europe/Berlin") == 1
    assert (
        "- `payment of order <num> was refused`: 4 times, 23:00 to 23:03, `shop/pay.py:8`; "
        "task `shop/pay.py:7` TODO: ask the bank again before giving up\n"
    ) in page
    [finding] = left.of("log.recurring_error")
    assert "on 2026-11-20 between 23:00 and 23:03:" in finding.message
    assert "UTC" not in finding.message


def test_an_exception_is_told_with_its_frame_and_what_is_below_warning_is_not(tmp_path: Path) -> None:
    text = line(
        2,
        "ERROR no total\nTraceback (most recent call last):\n"
        f'  File "{tmp_path}/shop/cart.py", line 9, in total\n    return prices[1]\nKeyError: 1',
    )
    write(tmp_path / "app.log", [text, line(1, "INFO all is well")])
    left = night(context(tmp_path, ["shop/cart.py"]))
    [entry] = left.section.facts["told"]
    assert (entry["exception"], entry["text"], entry["origin"]) == (
        True,
        "KeyError in total: 1",
        "shop/cart.py:9",
    )


def test_a_night_that_was_killed_reads_nothing_again_of_what_it_has_counted(tmp_path: Path) -> None:
    log = big(tmp_path / "app.log")
    ctx = context(tmp_path)
    expected = night(ctx).outcomes[0]
    name, cursor = advanced(ctx)
    outcome = stepping(Config()).run(ctx, name, cursor)
    assert isinstance(outcome, More)
    kept(ctx, outcome)
    cursor = outcome.cursor
    done = outcome.facts["bytes"] - 70_000
    assert done > 100_000
    with log.open("r+b") as handle:
        handle.seek(8_192)
        handle.write(b"x" * (done - 8_192))
    assert finished(ctx, name, cursor) == expected


def test_nothing_unredacted_reaches_what_a_reading_is_taken_up_from(tmp_path: Path) -> None:
    secrets = ("ann@example.org", "10.1.2.3", "hunter2", "AKIAIOSFODNN7EXAMPLE", "swordfish", "mackerel")
    said = (
        "ERROR login of ann@example.org from 10.1.2.3 with password=hunter2 failed\n"
        "  key AKIAIOSFODNN7EXAMPLE of mackerel, token=mackerel\n"
        "  password swordfish was rejected\n"
    ).replace("of mackerel, ", "")
    write(tmp_path / "app.log", [line(20 - n / 200, said) for n in range(3000)])
    ctx = context(tmp_path)
    step = stepping(Config())
    (name,) = step.plan(ctx)
    outcome = step.run(ctx, name, None)
    states = []
    while isinstance(outcome, More):
        states += [zlib.decompress(row.values["state"]) for row in outcome.rows]
        outcome = step.run(ctx, name, outcome.cursor)
    assert len(states) >= 2
    assert all(b"[secret]" in state for state in states)
    assert not [one for one in secrets for state in states if one.encode() in state]
    assert not [one for one in secrets if one in str(outcome)]
