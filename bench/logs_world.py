"""The logs of a small shop, day after day, with everything ordinary that happens to logs; the same seed gives the same bytes.

A world has an app log (Python's format or JSON lines), a worker log, an access log and, in some, a log of an
internal service; office hours, weekends, a holiday, a busy day, weekly jobs, rare lines, deploys, daily rotation.
Night `d` is 02:00 local time, `d` days after the first; what `write_day(folder, d)` appends happened in the 24 hours
before it. Nothing here knows a detector; what goes wrong is given as `Effect`s.
"""

import datetime as dt
import functools
import math
import zoneinfo
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench import logs_world_words as words
from bench.logs_world_files import FORMATS, Record, append, rotate
from bench.logs_world_templates import (
    ACCESS,
    APP,
    INTERNAL,
    WORKER,
    Route,
    Template,
    draw_deploys,
    draw_routes,
    draw_templates,
)
from bench.logs_world_values import fill
from daydream.clock import start_on

LEARNING = 7
_DAY = (0.10, 0.07, 0.05, 0.05, 0.06, 0.12, 0.3, 0.5, 0.8, 1.0, 1.1, 1.1, 1.0, 1.05, 1.1, 1.05, 1.0, 0.95, 0.8, 0.65, 0.55, 0.45, 0.3, 0.18)  # fmt: skip
_WEEKEND = 0.4
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
)
_SUCCESS = {"GET": ("200", "200", "200", "200", "304"), "POST": ("200", "303"), "PUT": ("204",)}


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that goes wrong in [start, end) (seconds since 1970).

    ``add``: `template` is logged about `number` times; ``scale``: `target` (a key) is logged `number` times as often;
    ``mute``: `target` (a key or a log) says nothing; ``level``: `target` is logged at `level`; ``slow``: the route
    `target` takes `number` times as long; ``status``: a share `number` of the route `target` (all: ``*``) fails.
    """

    what: str
    target: str
    start: float
    end: float
    number: float = 1.0
    template: Template | None = None
    level: str = ""

    def holds(self, when: float) -> bool:
        """Tell whether it is on at an instant."""
        return self.start <= when < self.end


class World:
    """One shop of one seed for `days` nights; `rate` scales how much is logged."""

    def __init__(self, seed: int, days: int = 28, rate: float = 1.0, effects: Sequence[Effect] = ()) -> None:
        self.seed, self.days, self.rate = seed, days, rate
        self._effects: dict[str, list[Effect]] = defaultdict(list)
        for effect in effects:
            self._effects[effect.target].append(effect)
        rng = Random(f"world {seed}")
        self.zone_name = rng.choice(("UTC", "Europe/Berlin", "America/New_York"))
        self.zone = zoneinfo.ZoneInfo(self.zone_name)
        self.first = dt.date(2026, 1, 5) + dt.timedelta(days=rng.randint(0, 180))
        self.formats = {
            APP: rng.choice(("plain", "dashes", "brackets", "json")),
            WORKER: rng.choice(("plain", "brackets", "logfmt")),
            ACCESS: "raw",
            INTERNAL: "plain",
        }
        self.sources = (APP, WORKER, ACCESS, INTERNAL) if rng.random() < 0.5 else (APP, WORKER, ACCESS)
        self.turns = {source: rng.choice((0.0, 0.0, 3.0, 6.4)) for source in self.sources}
        self.copying = {WORKER} if rng.random() < 0.4 else set()
        self.microseconds = rng.random() < 0.4
        weekdays = [(self.first + dt.timedelta(days=d - 1)).weekday() + 1 for d in range(days)]
        self.templates = draw_templates(rng)
        self.routes = draw_routes(rng)
        self.visits = rng.uniform(1500, 2600)
        self.deploys = draw_deploys(rng, weekdays, self.templates)
        late = [d for d in range(LEARNING + 1, days) if weekdays[d] <= 5]
        self.holiday, self.busy = rng.sample(late, 2)
        self.by_key = {template.key: template for template in self.templates}

    @functools.lru_cache(maxsize=64)  # noqa: B019 -- a world lives as long as its benchmark
    def night(self, day: int) -> dt.datetime:
        """The instant (UTC) of a night; -1 is the one before the first."""
        date = self.first + dt.timedelta(days=day)
        instant = start_on(date, dt.time(2), self.zone)
        assert instant is not None
        return instant

    def weekday(self, day: int) -> int:
        """The weekday (Monday is 0) on which most of what night `day` sees happened."""
        return (self.first + dt.timedelta(days=day - 1)).weekday()

    def at(self, day: int, hour: float) -> float:
        """The instant at which `hour` (2..26, local) of the day before night `day` is reached."""
        date = self.first + dt.timedelta(days=day - 1)
        midnight = dt.datetime.combine(date, dt.time(), tzinfo=self.zone)
        return (midnight + dt.timedelta(hours=hour)).timestamp()

    def write_day(self, folder: Path, day: int) -> None:
        """Append what happened since the night before, rotating on the way; days are written in order."""
        folder.mkdir(parents=True, exist_ok=True)
        by_source: dict[str, list[Record]] = {source: [] for source in self.sources}
        for record in self.records(day):
            by_source[record.source].append(record)
        for source, records in by_source.items():
            path = folder / source
            hour = self.turns[source]
            turn = self.at(day, hour if hour >= 2 else hour + 24)
            cut = bisect_left(records, turn, key=lambda record: record.when)
            self._append(path, records[:cut])
            rotate(path, turn, copying=source in self.copying)
            self._append(path, records[cut:])

    def _append(self, path: Path, records: Sequence[Record]) -> None:
        if records:
            write = FORMATS[self.formats[path.name]]
            append(path, [write(record, self.zone) for record in records], records[-1].when)

    def records(self, day: int) -> list[Record]:
        """Everything that happened in the 24 hours before night `day`, in order."""
        start, end = self.night(day - 1).timestamp(), self.night(day).timestamp()
        found: list[Record] = []
        for template in self.templates:
            if template.born <= day < template.dead + 1:
                found += self._said(template, day, start, end)
        found += self._visits(day, start, end)
        found += self._boots(day)
        if INTERNAL in self.sources:
            found += self._checks(start, end)
        for effect in self._effects.get("", ()):
            found += self._added(effect, start, end)
        kept = [
            record
            for record in found
            if start <= record.when < end and not self._muted(record.source, record.when)
        ]
        return sorted(kept, key=lambda record: record.when)

    def _muted(self, target: str, when: float) -> bool:
        return any(e.what == "mute" and e.holds(when) for e in self._effects.get(target, ()))

    def _factor(self, target: str, when: float, what: str = "scale") -> float:
        return math.prod(e.number for e in self._effects.get(target, ()) if e.what == what and e.holds(when))

    def _said(self, template: Template, day: int, start: float, end: float) -> Iterator[Record]:
        rng = Random(f"{self.seed} {day} {template.key}")
        for when in self._times(template, day, start, end, rng):
            # Drawn even where it is not said, so that what is muted changes nothing else.
            record = self._record(template, when, rng)
            echo = template.level == "ERROR" and rng.random() < 0.15
            again = self._record(template, when + rng.uniform(1, 30), rng) if echo else None
            if not self._muted(template.key, when) and self._alive(template, day, when):
                yield record
                if again is not None:
                    yield again

    def _alive(self, template: Template, day: int, when: float) -> bool:
        """A deploy changes what is said at its hour, not at midnight."""
        hour = next((hour for night, hour in self.deploys if night == day), None)
        if hour is None:
            return template.dead > day
        instant = self.at(day, hour)
        return not (template.born == day and when < instant) and not (
            template.dead == day and when >= instant
        )

    def _record(self, template: Template, when: float, rng: Random) -> Record:
        text = fill(template.text, rng, template.fixed)
        more = tuple(fill(line, rng, template.fixed) if "{" in line else line for line in template.trace)
        level = next(
            (e.level for e in self._effects.get(template.key, ()) if e.what == "level" and e.holds(when)),
            None,
        )
        return Record(when, template.source, level or template.level, template.logger, text, more)

    def _times(self, template: Template, day: int, start: float, end: float, rng: Random) -> list[float]:
        if template.rhythm in ("traffic", "flat"):
            return self._poisson(template, day, start, end, rng)
        if template.rhythm == "every":
            first = math.ceil(start / template.amount) * template.amount
            count = math.ceil((end - first) / template.amount)
            return [first + i * template.amount + rng.uniform(0, 4) for i in range(count)]
        if template.rhythm == "daily" or (
            template.rhythm == "weekly" and self.weekday(day) == template.weekday
        ):
            hour = template.amount if template.amount >= 2 else template.amount + 24
            when = self.at(day, hour)
            return [when + rng.uniform(0, 20) + 2.5 * i for i in range(template.repeat)]
        return []

    def _poisson(self, template: Template, day: int, start: float, end: float, rng: Random) -> list[float]:
        times: list[float] = []
        loud = rng.lognormvariate(0, template.sigma) * self.rate
        hours = int((end - start) // 3600)
        for index in range(hours):
            hour = start + 3600 * index
            expected = (
                template.amount / 24
                if template.rhythm == "flat"
                else template.amount * self._traffic(day, hour)
            )
            expected *= loud * rng.lognormvariate(0, 0.15) * self._factor(template.key, hour)
            times += [hour + rng.random() * 3600 for _ in range(_draw(rng, expected))]
        if self._shown_on(template) == day:
            times.append(start + rng.uniform(6, 20) * 3600)
        return times

    def _shown_on(self, template: Template) -> int | None:
        """The day of the learning week on which ordinary trouble that is seldom is seen at least once."""
        if template.level not in ("WARNING", "ERROR") or not 1 / 7 < template.amount < 4:
            return None
        return Random(f"{self.seed} seen {template.key}").randint(1, LEARNING - 1)

    @functools.lru_cache(maxsize=4096)  # noqa: B019 -- a world lives as long as its benchmark
    def _traffic(self, day: int, hour: float) -> float:
        """The share of a working day's visitors who come in the hour that begins at `hour`."""
        local = dt.datetime.fromtimestamp(hour, self.zone)
        quiet = local.weekday() >= 5 or day == self.holiday
        noise = Random(f"{self.seed} traffic {hour}").lognormvariate(0, 0.12)
        noise *= Random(f"{self.seed} traffic of {day}").lognormvariate(0, 0.08)
        busy = 1.7 if day == self.busy else 1.0
        return _DAY[local.hour] / sum(_DAY) * (_WEEKEND if quiet else 1.0) * busy * noise

    def _visits(self, day: int, start: float, end: float) -> Iterator[Record]:
        rng = Random(f"{self.seed} {day} visits")
        shares = [route.share for route in self.routes]
        for index in range(int((end - start) // 3600)):
            hour = start + 3600 * index
            expected = self.visits * self.rate * self._traffic(day, hour)
            for route in rng.choices(self.routes, shares, k=_draw(rng, expected)):
                yield self._visit(route, hour + rng.random() * 3600, rng)

    def _visit(self, route: Route, when: float, rng: Random) -> Record:
        took = route.median * rng.lognormvariate(0, 0.6) * self._factor(route.path, when, "slow")
        status = self._status(route, when, rng)
        size = "-" if status == "304" else str(int(rng.lognormvariate(7.5, 1.2)))
        last = str(int(took * 1e6)) if self.microseconds else f"{took:.3f}"
        ip, path = fill("{ip}", rng), fill(route.path, rng)
        text = f'{ip} - - [@TIME@] "{route.method} {path} HTTP/1.1" {status} {size} "-" "{rng.choice(_AGENTS)}" {last}'
        return Record(when, ACCESS, "INFO", "access", text)

    def _status(self, route: Route, when: float, rng: Random) -> str:
        failing = 0.004
        for target in (route.path, "*"):
            shares = [e.number for e in self._effects.get(target, ()) if e.what == "status" and e.holds(when)]
            failing = max([failing, *shares])
        drawn = rng.random()
        if drawn < failing:
            return rng.choice(("500", "502", "503", "503"))
        if drawn > 0.985:
            return rng.choice(("404", "404", "404", "401", "403", "400"))
        return rng.choice(_SUCCESS[route.method])

    def _boots(self, day: int) -> Iterator[Record]:
        for night, hour in self.deploys:
            if night == day:
                rng = Random(f"{self.seed} deploy {day}")
                for i, (logger, text) in enumerate(words.DEPLOY):
                    yield Record(self.at(day, hour) + 2.1 * i, APP, "INFO", logger, fill(text, rng))

    def _checks(self, start: float, end: float) -> Iterator[Record]:
        rng = Random(f"{self.seed} checks {start}")
        for index in range(int((end - start) // 150)):
            port = rng.randint(30_000, 60_000)
            text = f'10.0.0.{rng.randint(2, 6)}:{port} - "GET /health HTTP/1.1" 200'
            yield Record(start + 150 * index + rng.random(), INTERNAL, "INFO", "uvicorn.access", text)

    def _added(self, effect: Effect, start: float, end: float) -> Iterator[Record]:
        """Spread the lines of an ``add`` evenly over its time; the same ones whichever night asks."""
        template = effect.template
        if template is None or effect.end <= start or effect.start >= end:
            return
        rng = Random(f"{self.seed} added {template.key} {effect.start}")
        for _ in range(int(effect.number)):
            record = self._record(template, effect.start + rng.random() * (effect.end - effect.start), rng)
            if start <= record.when < end:
                yield record


def _draw(rng: Random, expected: float) -> int:
    """Draw from a Poisson distribution."""
    if expected > 50:
        return max(0, round(rng.gauss(expected, math.sqrt(expected))))
    bound, product, count = math.exp(-expected), rng.random(), 0
    while product > bound:
        product *= rng.random()
        count += 1
    return count
