"""The judgement alone on the worlds' records: no files, no nights, only counts; quick enough to think with.

`python -m bench.logs_judged [--seed N] [--month] [--list]`: each day's records are grouped by the miner, counted by hour
and judged against the days before; what would be printed is scored as the nights of `logs_incidents` are.
`--month` takes worlds without incidents and says on how many mornings something is printed. The real figures are those
of `logs_incidents` and `logs_quiet`, which read files.
"""

import argparse
import datetime as dt
import statistics
import tempfile
import zoneinfo
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.logs_incidents import SEEDS_TUNE, listing, totals
from bench.logs_incidents_draw import NIGHTS, draw
from bench.logs_incidents_night import Story
from bench.logs_incidents_score import Named, score
from bench.logs_quiet import MORNINGS
from bench.logs_quiet import SEEDS as SEEDS_QUIET
from bench.logs_quiet_replay import Replay
from bench.logs_world import LEARNING, World
from bench.logs_world_templates import ACCESS
from bench.machine import heading
from daydream.analysis.logs.access import Access, accessed
from daydream.analysis.logs.baseline import Night, Past, Response, Series
from daydream.analysis.logs.heads import INFO, LEVELS
from daydream.analysis.logs.judgement import judge
from daydream.analysis.logs.latency import general
from daydream.analysis.logs.ranking import BAR, Flag
from daydream.analysis.logs.records import Reader, Record, severity_of
from daydream.analysis.logs.templates import Miner
from daydream.analysis.logs.times import Clock
from daydream.analysis.logs.traces import Trace, trace_of
from daydream.analysis.redaction import quoted, redact

Counts = dict[int, int]
_KEPT_DAYS = 28
_WORSE_BY = 3


def main() -> None:
    """Judge the days of some seeds and print what would be said."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--month", action="store_true")
    parser.add_argument("--public", type=Path, metavar="FOLDER", help="a machine's logs in each folder below")
    parser.add_argument("--year", type=int, default=2005)
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    heading("Judgement of counts")
    for folder in sorted(args.public.iterdir()) if args.public else ():
        _public(folder, args.year)
    if args.public:
        return
    for seed in args.seed or (SEEDS_QUIET if args.month else SEEDS_TUNE):
        if args.month:
            _quiet(seed)
            continue
        world, incidents = draw(seed)
        one = score(dict(enumerate(said(world, NIGHTS))), incidents)
        print("\n".join(totals({seed: one})), flush=True)
        print("\n".join(listing(seed, one)) if args.list else "", flush=True)


def _quiet(seed: int) -> None:
    world = World(seed, LEARNING + MORNINGS)
    nights = list(said(world, world.days))[LEARNING:]
    loud = [named for night in nights for named in night if named.standing != "gone"]
    print(
        f"seed {seed}: nothing on {sum(not night for night in nights)} of {len(nights)} mornings", flush=True
    )
    for named in loud:
        print(f"  {named.rule} {named.message}")


def _public(folder: Path, year: int) -> None:
    replay = Replay(folder, year)
    nights = list(replayed(replay))
    loud = [
        (n, one)
        for n, night in enumerate(nights)
        for one in night
        if one.standing != "gone" and n >= LEARNING
    ]
    told = max(1, len(nights) - LEARNING)
    print(
        f"{folder.name}: {replay.lines:,} lines, {len(nights)} nights, {len(loud)} flags, {7 * len(loud) / told:.1f} a week"
    )
    for night, named in loud:
        print(f"  night {night} {named.subject} {named.rule} {named.message}")


@dataclass(slots=True)
class Counted:
    """One template of one day."""

    text: str
    trace: bool
    first: float
    example: str
    hours: Counter[int] = field(default_factory=Counter)
    levels: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class Day:
    """One log's counts of one day."""

    templates: dict[str, Counted] = field(default_factory=dict)
    statuses: defaultdict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    responses: dict[str, dict[int, Response]] = field(default_factory=dict)


def said(world: World, days: int) -> Iterator[list[Named]]:
    """Yield what each night would print as new, worse or recovered."""
    logs = {source: Log(source) for source in world.sources}
    for day in range(days):
        records: dict[str, list[Record]] = {source: [] for source in world.sources}
        for one in world.records(day):
            # The stamp stands where a server would write it; how long it took has its unit by the world's own format.
            access = accessed(one.text.replace(" [@TIME@]", "")) if one.source == ACCESS else None
            if access is not None:
                last = one.text.rpartition(" ")[2]
                seconds = float(last) if "." in last else int(last) / 1e6
                access = msgspec.structs.replace(access, seconds=seconds)
            record = Record(one.when, LEVELS[one.level], one.text, list(one.more), access)
            records[one.source].append(record)
        yield [
            named for source, log in logs.items() for named in log.night(records[source], *_span(world, day))
        ]


def _span(story: Story, day: int) -> tuple[range, int]:
    """The hours of a night's day, and the local time's distance from UTC."""
    start, end = (int(story.night(d).timestamp() // 3600) for d in (day - 1, day))
    offset = story.night(day).astimezone(_zone(story.zone_name)).utcoffset()
    assert offset is not None
    return range(start, end), int(offset.total_seconds())


def _zone(name: str) -> dt.tzinfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        found = dt.datetime.strptime(name, "%z").tzinfo
        assert found is not None
        return found


def replayed(replay: Replay) -> Iterator[list[Named]]:
    """Yield what each night would print of a machine's logs."""
    zone = _zone(replay.zone_name)
    logs: dict[str, Log] = {}
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as scratch:
        folder = Path(scratch)
        for day in range(replay.days):
            replay.write_day(folder, day)
            found = []
            for path in sorted(folder.iterdir()):
                reader = Reader(Clock(zone, replay.night(day)))
                lines = path.read_text(errors="replace").splitlines()
                path.write_text("")
                log = logs.setdefault(path.name, Log(path.name))
                found += log.night([*reader.feed(lines), *reader.end()], *_span(replay, day))
            yield found


class Log:
    """What is remembered of one log from night to night."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._miner = Miner()
        self._past: list[tuple[range, Day]] = []
        self._flagged: dict[tuple[str, str], int] = {}
        self._standing: dict[tuple[str, str], Flag] = {}

    def night(self, records: list[Record], hours: range, offset: int) -> list[Named]:
        """Count and judge one more day."""
        day = self._count(records, hours)
        night, past = self._shapes(day, hours, offset)
        flags = judge(night, past)
        self._past = [*self._past[-_KEPT_DAYS + 1 :], (hours, day)]
        return [
            self._named(flag, standing) for flag, standing in self._told(flags, hours) if flag.worth >= BAR
        ]

    def _told(self, flags: list[Flag], hours: range) -> list[tuple[Flag, str]]:
        before = self._standing
        now = {flag.key: flag for flag in flags if flag.kind != "recovered"}
        self._flagged = {
            key: self._flagged.get(key, hours[0])
            for key, flag in now.items()
            if key in self._flagged or flag.worth >= BAR
        }
        self._standing = now
        told = [(flag, "gone") for flag in flags if flag.kind == "recovered"]
        for key, flag in now.items():
            old = before.get(key)
            worse = old is not None and flag.magnitude >= max(2 * old.magnitude, old.magnitude + _WORSE_BY)
            if old is None or worse or old.worth < BAR <= flag.worth:
                told.append((flag, "new" if old is None else "worse"))
        return told

    def _named(self, flag: Flag, standing: str) -> Named:
        return Named(f"log.{flag.kind}", f"log:logs/{self._name}", flag.message, flag.evidence, standing)

    def _count(self, records: list[Record], hours: range) -> Day:
        day = Day()
        kept: list[tuple[str | int, Record, Trace | None]] = []
        times: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        for record in records:
            if record.when is None or int(record.when // 3600) not in hours:
                continue
            if record.access is not None:
                _count_access(day, times, record.access, int(record.when // 3600))
                continue
            trace = trace_of(record) if record.more else None
            key = self._miner.add(redact(record.text)) if trace is None else _group(trace)
            kept.append((key, record, trace))
        for key, record, trace in kept:
            if key == 0 or record.when is None:
                continue
            identity = self._miner.identity(key) if isinstance(key, int) else key
            text = self._miner.template(key) if isinstance(key, int) else key
            one = day.templates.setdefault(
                identity, Counted(text, trace is not None, record.when, quoted(record.text))
            )
            one.hours[int(record.when // 3600)] += 1
            one.levels[severity_of(record, trace)] += 1
        self._add_responses(day, times)
        return day

    def _add_responses(self, day: Day, times: Mapping[tuple[str, int], list[float]]) -> None:
        counts: Counter[str] = Counter()
        for (route, _), took in times.items():
            counts[route] += len(took)
        routes = general(counts, {route for _, past in self._past for route in past.responses})
        together: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        for (route, hour), took in times.items():
            together[routes[route], hour] += took
        for (route, hour), took in sorted(together.items()):
            took.sort()
            p95 = took[min(len(took) - 1, int(0.95 * len(took)))]
            day.responses.setdefault(route, {})[hour] = Response(len(took), statistics.median(took), p95)

    def _shapes(self, day: Day, hours: range, offset: int) -> tuple[Night, Past]:
        gone = self._miner.merged()
        older: defaultdict[str, list[Counted]] = defaultdict(list)
        for _, past in self._past:
            for identity, one in past.templates.items():
                older[gone.get(identity, identity)].append(one)
        series: list[Series] = []
        traces: list[Series] = []
        for identity in sorted(older.keys() | day.templates.keys()):
            made = _series(identity, older[identity], day.templates.get(identity))
            (traces if made.trace else series).append(made)
        covered = [hour for span, _ in self._past for hour in span]
        days = [past for _, past in self._past]
        night = Night(self._name, hours, offset, series, traces, day.responses, day.statuses)
        return night, Past(
            covered,
            _responses(days),
            {digit: _sum(d.statuses[digit] for d in days) for digit in (2, 3, 4, 5)},
            self._flagged,
        )


def _series(identity: str, older: list[Counted], tonight: Counted | None) -> Series:
    every = [*older, *([tonight] if tonight else [])]
    levels = [level for one in every for level in one.levels]
    return Series(
        identity,
        every[-1].text,
        max(tonight.levels) if tonight else max(levels, default=INFO),
        _sum(one.hours for one in older),
        tonight.hours if tonight else {},
        _sum(one.levels for one in older),
        tonight.levels if tonight else {},
        min(one.first for one in every),
        trace=every[-1].trace,
        example=tonight.example if tonight else every[-1].example,
    )


def _sum(counts: Iterable[Mapping[int, int]]) -> Counts:
    total: Counter[int] = Counter()
    for one in counts:
        total.update(one)
    return dict(total)


def _responses(days: list[Day]) -> dict[str, dict[int, Response]]:
    found: defaultdict[str, dict[int, Response]] = defaultdict(dict)
    for day in days:
        for route, hours in day.responses.items():
            found[route].update(hours)
    return dict(found)


def _group(trace: Trace) -> str:
    frame = trace.frames[-1]
    return f"{trace.kind} in {frame.function}"


def _count_access(
    day: Day, times: defaultdict[tuple[str, int], list[float]], access: Access, hour: int
) -> None:
    day.statuses[access.status // 100][hour] += 1
    if access.seconds is not None and access.route is not None:
        times[f"{access.method} {access.route}", hour].append(access.seconds)


if __name__ == "__main__":
    main()
