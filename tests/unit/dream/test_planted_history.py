"""Forty nights of planted dreams, verdicts and trials in a real store: health moves, and for the right reason alone."""

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from daydream import clock
from daydream.config.model import Config, DreamOptions
from daydream.contracts.context import Context
from daydream.contracts.dream import Verdict, tier_of
from daydream.dream import catalogue, health, score
from daydream.records.outcome import Row
from daydream.store import dream_metrics
from daydream.store.dream_metrics import Metrics
from daydream.store.dream_rows import Tried, dream_row, move_row, verdict_row
from tests.fakes.dream_night import STARTED_AT, Night, context, store_of, write
from tests.fakes.kept_dreams import a_dream

NIGHTS = 40
PER_NIGHT = 4
ONE, OTHER = "one/m.py", "src/two/m.py"
SOURCE = "def f(a):\n    return a\n"


@dataclasses.dataclass(frozen=True)
class Plant:
    """A dream as a night leaves it: `tried` None was not tried; `novelty` None was not measured."""

    viability: float | None = 0.9
    novelty: float | None = 0.5
    tried: bool | None = True
    transform: str = "parameter_exploration.default@1"
    path: str = ONE


class History:
    """A repository of two projects, whose nights dream what is planted and are measured by the real steps."""

    def __init__(self, folder: Path, *paths: str, **options: int) -> None:
        write(folder / "tree", dict.fromkeys(paths or (ONE, OTHER), SOURCE))
        self._ctx = context(folder / "tree", folder / "state")
        self._config = Config(dream=DreamOptions(**options))
        self._number = 0

    def night(self, plants: Sequence[Plant], seconds: float | None = 10.0) -> None:
        """Catalogue, dream and judge and try what is planted, score; then leave how long generation took."""
        at = STARTED_AT + dt.timedelta(days=self._number)
        ctx = dataclasses.replace(self._ctx, run=f"night-{self._number:02}", started_at=at)
        doing = Night(ctx)
        doing.run(catalogue.make(self._config))
        with store_of(ctx) as store:
            for rows in zip(
                *(self._steps(n, plant, clock.to_text(at)) for n, plant in enumerate(plants)), strict=True
            ):
                doing.seq += 1
                store.commit(ctx.run, doing.seq, [row for row in rows if row is not None])
        doing.run(score.make(self._config))
        if seconds is not None:
            _leave_telemetry(ctx, seconds)
        self._number += 1

    def measured(self) -> list[Metrics]:
        """Every night's metrics, the oldest first."""
        with store_of(self._ctx) as store:
            return dream_metrics.metrics(store)

    def _steps(self, number: int, plant: Plant, at: str) -> Iterator[Row | None]:
        """What happens to one dream, each in a commit of its own."""
        name = f"{self._number:02}-{number}"
        dream = a_dream(
            name, base_path=plant.path, transform_id=plant.transform, variant_hash=name, generated_at=at
        )
        yield dream_row(dream)
        judged = plant.viability is not None
        yield _verdict(name, plant.viability, at)
        novelty = {
            "structural_novelty": plant.novelty,
            "behaviour_novelty": None,
            "novelty_score": plant.novelty,
        }
        yield None if plant.novelty is None else Row("dream_scores", {"dream_id": name, **novelty, "at": at})
        tried = plant.tried is not None and judged and tier_of(plant.viability or 0.0) != 3
        good = dataclasses.replace(dream, status="evaluated")
        yield move_row(good, "pending_test", "it is viable", at) if tried else None
        waiting = dataclasses.replace(dream, status="pending_test")
        outcome = Tried("success") if plant.tried else Tried("failure", "it differs")
        yield move_row(waiting, "tested", "tried", at, outcome) if tried else None


def _verdict(name: str, viability: float | None, at: str) -> Row | None:
    if viability is None:
        return None
    return verdict_row(Verdict(name, viability, tier_of(viability), ("planted",), "rule-based"), at)


def _leave_telemetry(ctx: Context, seconds: float) -> None:
    path = ctx.state / "night" / "runs" / ctx.run / "telemetry.jsonl"
    path.parent.mkdir(parents=True)
    spent = {"dream.generate": int(seconds * 1000)}
    events = [
        {"event": "start", "at": clock.to_text(ctx.started_at)},
        {"event": "finished", "at": clock.to_text(ctx.started_at), "position": "done", "states_ms": spent},
    ]
    path.write_text("".join(json.dumps(each) + "\n" for each in events), "utf-8")


@dataclasses.dataclass(frozen=True)
class Story:
    """What nights dream, by number; which component moves, and where it and the health are going at the end."""

    plant: Callable[[int, int], Plant]
    moves: str | None
    direction: str
    seconds: Callable[[int], float] = lambda _: 10.0
    counted: str = "novelty"


# With the default weights only novelty can turn the trend by itself, so each story counts its own component most.
STORIES = {
    "dreams become newer": Story(lambda night, _: Plant(novelty=night / NIGHTS), "novelty", "improving"),
    "dreams repeat themselves": Story(
        lambda night, _: Plant(novelty=1 - night / NIGHTS), "novelty", "declining"
    ),
    "judges like them less": Story(
        lambda night, _: Plant(viability=1 - night / 100), "quality", "declining", counted="quality"
    ),
    "trials begin to fail": Story(
        lambda night, _: Plant(tried=night < 12), "quality", "declining", counted="quality"
    ),
    "transforms begin to serve another project": Story(
        lambda night, number: Plant(
            transform=f"a.t{night}@1", path=OTHER if night > 15 and night % 2 and number == 0 else ONE
        ),
        "leverage",
        "improving",
        counted="leverage",
    ),
    "generation takes longer and longer": Story(
        lambda *_: Plant(),
        "efficiency",
        "declining",
        seconds=lambda night: 20.0 + 4 * night,
        counted="efficiency",
    ),
    "more of the same": Story(lambda *_: Plant(), None, "stable"),
}


@pytest.mark.parametrize("name", STORIES)
def test_forty_nights_move_health_by_the_component_that_was_planted_and_no_other(
    name: str, tmp_path: Path
) -> None:
    story = STORIES[name]
    weights = {f"{each}_weight": 70 if each == story.counted else 10 for each in health.COMPONENTS}
    history = History(tmp_path, **weights)
    for night in range(NIGHTS):
        plants = [story.plant(night, number) for number in range(PER_NIGHT)]
        history.night(plants, story.seconds(night))
    nights = history.measured()
    assert [each.dreams_count for each in nights] == [PER_NIGHT * n for n in range(1, NIGHTS + 1)]
    # The first night knows no time yet, so it is the second with which the last one is compared.
    first, last = nights[1], nights[-1]
    moved = {each for each in health.COMPONENTS if getattr(first, each) != getattr(last, each)}
    assert moved == ({story.moves} if story.moves else set())
    found = health.trend(nights, clock.from_text(last.timestamp))
    assert (found.direction, found.n) == (story.direction, 31)
    before, after = first.compound_health_score, last.compound_health_score
    assert before is not None
    assert after is not None
    assert (after > before, after < before) == (
        story.direction == "improving",
        story.direction == "declining",
    )


GOOD = [Plant(viability=1.0, novelty=1.0, path=path) for path in (ONE, OTHER) * 6]
EXTREMES: dict[str, tuple[list[Plant], float, tuple[str, float]]] = {
    "novelty at its most": (GOOD, 10.0, ("novelty", 1.0)),
    "novelty at 0": ([Plant(novelty=0.0)] * 3, 10.0, ("novelty", 0.0)),
    "quality at its most": (GOOD, 10.0, ("quality", 0.85)),
    "quality at its most without trials": ([Plant(viability=1.0, tried=None)], 10.0, ("quality", 0.8125)),
    "quality at 0": ([Plant(viability=0.0)] * 3, 10.0, ("quality", 0.0)),
    "leverage at its most": ([*GOOD[:2], Plant(transform="a.b@1")], 10.0, ("leverage", 1.0)),
    "leverage at 0": ([Plant(transform="a.b@1")] * 3, 10.0, ("leverage", 0.0)),
    "efficiency at its most": (GOOD, 30.0, ("efficiency", 1.0)),
    "efficiency at 0": (GOOD, 3600.0, ("efficiency", 0.0)),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_each_component_reaches_0_and_its_documented_maximum(name: str, tmp_path: Path) -> None:
    plants, seconds, (component, value) = EXTREMES[name]
    history = History(tmp_path)
    history.night(plants, seconds)
    history.night([])
    assert getattr(history.measured()[-1], component) == value


def test_the_best_and_the_worst_history_have_the_documented_health(tmp_path: Path) -> None:
    best, worst = History(tmp_path / "best"), History(tmp_path / "worst")
    best.night(GOOD, 10.0)
    best.night([])
    failing = [Plant(viability=0.0, novelty=0.0)] * 3
    worst.night([*failing, Plant(viability=0.3, novelty=0.0, tried=None)], 3600.0)
    worst.night([])
    assert best.measured()[-1].compound_health_score == pytest.approx(0.6 + 0.15 * 0.85 + 0.15 + 0.1)
    last = worst.measured()[-1]
    assert (last.novelty, last.leverage, last.efficiency) == (0.0, None, 0.0)
    assert last.quality == pytest.approx((0.5 * 0.3 / 4 + 0.3 * (0.3 + 3 * 0.1) / 4) / 0.8, abs=1e-4)
    assert last.status == "needs_improvement"


@pytest.mark.parametrize(
    ("plants", "paths", "seconds", "missing"),
    [
        ([Plant()], (ONE,), 10.0, {"leverage"}),
        ([Plant()], (ONE, OTHER), None, {"efficiency"}),
        ([Plant(novelty=None)], (ONE, OTHER), 10.0, {"novelty"}),
        ([Plant(viability=0.4, tried=None)], (ONE, OTHER), 10.0, {"leverage", "trials"}),
        ([Plant(viability=None)], (ONE, OTHER), 10.0, {"novelty", "quality", "leverage"}),
    ],
)
def test_what_was_not_measured_is_null_with_its_reason_and_the_others_share_its_weight(
    plants: list[Plant], paths: tuple[str, ...], seconds: float | None, missing: set[str], tmp_path: Path
) -> None:
    history = History(tmp_path, *paths)
    history.night(plants, seconds)
    history.night([], seconds)
    last = history.measured()[-1]
    assert set(last.missing) == missing
    assert all(last.missing.values())
    gone = missing - {"trials"}
    assert {each for each in health.COMPONENTS if getattr(last, each) is None} == gone
    known = {each: last.weights[each] for each in health.COMPONENTS if each not in gone}
    if 2 * sum(known.values()) < sum(last.weights.values()):
        assert (last.compound_health_score, last.status) == (None, "insufficient_data")
        return
    expected = sum(weight * getattr(last, each) for each, weight in known.items()) / sum(known.values())
    assert last.compound_health_score == pytest.approx(expected, abs=2e-4)
