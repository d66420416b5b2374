"""`dream.score`: novelty, reach, age and health of dreams, as rows that a night commits."""

import dataclasses
import datetime as dt
import json
from pathlib import Path

import pytest

from daydream.config.model import Config, DreamOptions
from daydream.contracts.context import Context
from daydream.dream import PHASES, catalogue, score
from daydream.dream.score import generation_seconds
from daydream.errors import StateDamaged
from daydream.records.outcome import Done, More
from daydream.records.section import SectionData
from daydream.store import dream_metrics, dream_queries
from daydream.store.dream_metrics import Metrics
from tests.fakes.dream_night import STARTED_AT, Night, context, store_of, whole_night, write

FUNCTION = """
def fetch_{0}(url, timeout=30):
    retries = 3
    return url, timeout, retries
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    write(tree, {f"{folder}/m.py": FUNCTION.format(folder[-3:]) for folder in ("one", "src/two")})
    return tree


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def later(ctx: Context, days: int) -> Context:
    return dataclasses.replace(ctx, run=f"later-{days}", started_at=ctx.started_at + dt.timedelta(days=days))


def scored(ctx: Context, **options: int) -> SectionData:
    """Score what is in the store, as the state of a night of its own number does it."""
    night = Night(ctx)
    night.seq = 1000
    return night.run(score.make(Config(dream=DreamOptions(**options))))


def measured(ctx: Context) -> list[Metrics]:
    with store_of(ctx) as store:
        return dream_metrics.metrics(store)


def test_it_is_the_last_state_of_the_dream_half() -> None:
    assert PHASES[-1].state == "dream.score"


def test_every_dream_that_stands_gets_its_novelty_and_the_reach_of_its_transform(
    tree: Path, state: Path
) -> None:
    ctx = context(tree, state)
    whole_night(ctx)
    facts = scored(ctx).facts
    with store_of(ctx) as store:
        found = dream_queries.journal(store, limit=100)
    standing = [each for each in found if each.dream.status != "archived"]
    assert facts == {"scored": len(standing), "not_scored": 0, "retired": 0}
    assert len(standing) > 2
    assert all(0 < (each.novelty or 0) < 0.5 for each in standing)
    assert {each.matches for each in standing} == {2}


def test_it_looks_at_each_dream_once_and_counts_every_night(tree: Path, state: Path) -> None:
    ctx = context(tree, state)
    whole_night(ctx)
    scored(ctx)
    before = len(rows(ctx, "dream_scores")), len(rows(ctx, "transform_reach"))
    night = later(ctx, 1)
    Night(night).run(catalogue.make(Config()))
    assert scored(night).facts["scored"] == 0
    assert (len(rows(ctx, "dream_scores")), len(rows(ctx, "transform_reach"))) == before
    first, second = measured(ctx)
    assert (first.run, second.run) == ("run-1", "later-1")
    assert first.compound_health_score == second.compound_health_score


def rows(ctx: Context, table: str) -> list[object]:
    with store_of(ctx) as store:
        return [tuple(row) for row in store.rows(f"SELECT * FROM {table}")]


def test_a_night_has_one_line_of_metrics_with_the_configured_weights(tree: Path, state: Path) -> None:
    ctx = context(tree, state)
    whole_night(ctx)
    scored(ctx, novelty_weight=1, quality_weight=3)
    (found,) = measured(ctx)
    assert found.weights == {"novelty": 1, "quality": 3, "leverage": 15, "efficiency": 10}
    assert found.dreams_count == len(rows(ctx, "dreamt"))
    assert found.missing["efficiency"].startswith("no generation")
    assert found.timestamp == "2026-11-21T02:00:00Z"


def test_a_repository_without_dreams_is_measured_too(tmp_path: Path, state: Path) -> None:
    ctx = context(tmp_path / "empty", state)
    whole_night(ctx)
    assert scored(ctx).facts == {"scored": 0, "not_scored": 0, "retired": 0}
    assert [each.status for each in measured(ctx)] == ["no_data"]


def test_a_dream_whose_procedure_reads_differently_by_now_is_left_out_and_counted(
    tree: Path, state: Path
) -> None:
    ctx = context(tree, state)
    whole_night(ctx)
    (tree / "one/m.py").write_text("\n" + (tree / "one/m.py").read_text("utf-8"), "utf-8")
    (tree / "src/two/m.py").unlink()
    facts = scored(ctx).facts
    assert facts["scored"] == 0
    assert facts["not_scored"] > 2


def test_many_dreams_are_scored_in_parts_and_those_left_out_are_not_asked_about_again(
    tmp_path: Path, state: Path
) -> None:
    tree = tmp_path / "many"
    write(tree, {f"pkg/m{number:03}.py": FUNCTION.format(number) for number in range(130)})
    ctx = context(tree, state)
    whole_night(ctx, Config(dream=DreamOptions(strategy="deep", per_night=600)))
    (tree / "pkg/m000.py").unlink()
    facts = scored(ctx).facts
    with store_of(ctx) as store:
        standing = sum(
            count
            for status, count in dream_queries.statistics(store).by_status.items()
            if status != "archived"
        )
    assert facts["scored"] + facts["not_scored"] == standing > 250
    assert 0 < facts["not_scored"] <= 5


def test_what_was_not_heard_of_for_ten_days_is_archived_for_good(tree: Path, state: Path) -> None:
    ctx = context(tree, state)
    whole_night(ctx)
    scored(ctx)
    for days, retired in ((9, False), (10, True), (11, False)):
        night = later(ctx, days)
        Night(night).run(catalogue.make(Config()))
        assert bool(scored(night).facts["retired"]) is retired
    with store_of(ctx) as store:
        counts = dream_queries.statistics(store)
        waited = [*dream_queries.by_tier(store, 1), *dream_queries.by_tier(store, 2)]
        (reason,) = {each.archived_reason for each in waited}
        holding = [each.dream.id for each in dream_queries.journal(store, limit=100) if each.holds_up]
    assert counts.by_status == {"archived": counts.total}
    assert reason == "nothing happened to it for 10 days"
    assert holding


def test_how_long_a_dream_is_kept_is_configuration(tree: Path, state: Path) -> None:
    ctx = context(tree, state)
    whole_night(ctx)
    night = later(ctx, 3)
    Night(night).run(catalogue.make(Config()))
    assert scored(night, retention_days=4).facts["retired"] == 0
    assert scored(later(ctx, 4), retention_days=4).facts["retired"] > 0


def test_the_step_itself_writes_nothing(tree: Path, state: Path) -> None:
    ctx = context(tree, state)
    whole_night(ctx)
    before = {path: path.read_bytes() for path in state.rglob("*")}
    step = score.make(Config())
    for name in step.plan(ctx):
        assert isinstance(step.run(ctx, name, None), Done | More)
    assert {path: path.read_bytes() for path in state.rglob("*")} == before


def test_a_damaged_store_is_one_sentence(tree: Path, state: Path) -> None:
    state.mkdir()
    (state / "dreams.db").write_bytes(b"no database" * 1000)
    step = score.make(Config())
    for name in step.plan(context(tree, state)):
        with pytest.raises(StateDamaged, match="is damaged"):
            step.run(context(tree, state), name, None)


def telemetry(runs: Path, run: str, *events: object) -> None:
    folder = runs / run
    folder.mkdir(parents=True)
    (folder / "telemetry.jsonl").write_text("".join(json.dumps(each) + "\n" for each in events), "utf-8")


def began(days: float = 1.0) -> dict[str, object]:
    at = STARTED_AT - dt.timedelta(days=days)
    return {"event": "start", "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "pid": 1}


def ended(event: str = "finished", position: str = "done", **states: int) -> dict[str, object]:
    spent = {name.replace("_", ".", 1): ms for name, ms in states.items()}
    return {"event": event, "at": "2026-11-20T03:00:00Z", "pid": 1, "position": position, "states_ms": spent}


def seconds(runs: Path) -> float | None:
    return generation_seconds(runs, STARTED_AT - dt.timedelta(days=7), STARTED_AT)


def test_generation_is_timed_by_the_telemetry_of_the_week(tmp_path: Path) -> None:
    assert seconds(tmp_path / "none") is None
    telemetry(tmp_path, "a", began(), ended(dream_generate=2000, dream_judge=1))
    telemetry(
        tmp_path, "b", began(6), ended("interrupted", "dream.judge", dream_generate=4000), began(), ended()
    )
    telemetry(tmp_path, "too-old", began(8), ended(dream_generate=99000))
    telemetry(tmp_path, "tonight", began(0), ended(dream_generate=99000))
    assert seconds(tmp_path) == 3.0


@pytest.mark.parametrize(
    "events",
    [
        [began(), began(), ended(dream_generate=1)],
        [began(), ended("interrupted", "dream.generate"), began(), ended(dream_generate=1)],
        [began(), ended(maintain_docs=1)],
        [began()],
        [],
    ],
)
def test_a_generation_that_was_interrupted_or_never_was_has_no_time(
    tmp_path: Path, events: list[object]
) -> None:
    telemetry(tmp_path, "a", *events)
    assert seconds(tmp_path) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[]\n", b"null\n", b"{", b'{"event": "start", "at": "soon"}\n', b"\0" * 2_000_000],
)
def test_telemetry_that_cannot_be_read_is_no_time(tmp_path: Path, content: bytes) -> None:
    telemetry(tmp_path, "good", began(), ended(dream_generate=2000))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "telemetry.jsonl").write_bytes(content)
    (tmp_path / "folder" / "telemetry.jsonl").mkdir(parents=True)
    assert seconds(tmp_path) == 2.0
