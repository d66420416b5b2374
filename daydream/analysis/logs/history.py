"""Tonight's counts beside those of past nights: rows in, rows out, and the shapes that judgement works on."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from daydream.analysis.errors.records import ErrorRecord
from daydream.analysis.logs.baseline import Night, Past, Response, Series
from daydream.analysis.logs.latency import general
from daydream.analysis.logs.ranking import BAR, RECOVERED, Flag
from daydream.analysis.logs.tally import HOUR_S, Counted, Tally, quantile
from daydream.records.outcome import Row
from daydream.store.log_rows import (
    FlagNight,
    LatencyHour,
    LogStore,
    Reading,
    StatusHour,
    TemplateNight,
    row_of,
)

KEPT_DAYS = 28
TRACE = "trace "
_T = TypeVar("_T")


@dataclass(slots=True)
class Memory:
    """What past nights knew of one log: the hours that were read, counts by template and hour, and what stood out last
    night. `texts` are each template's latest text, exceptions' groups with ``trace`` before their identity."""

    covered: set[int] = field(default_factory=set)
    hours: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    levels: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    texts: dict[str, str] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    responses: defaultdict[str, dict[int, Response]] = field(default_factory=lambda: defaultdict(dict))
    statuses: defaultdict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    flagged: dict[tuple[str, str], int] = field(default_factory=dict)
    last: Reading | None = None


def recall(store: LogStore, source: str, run: str, now: float) -> Memory:
    """Read what earlier nights, at most 28 days back, counted of a log."""
    memory, since = Memory(), now - KEPT_DAYS * 86_400.0
    readings = store.readings(source, before_run=run)
    earliest: dict[str, int] = {}
    for row in store.each_template(source, since=since, without_run=run):
        memory.hours[row.template].update(row.hours)
        memory.levels[row.template].update(row.levels)
        memory.texts[row.template] = row.text
        if row.first is not None:
            memory.first[row.template] = min(row.first, memory.first.get(row.template, row.first))
        if row.hours:
            earliest[row.run] = min(*row.hours, earliest.get(row.run, min(row.hours)))
    for latency in store.latencies(source, since=since, without_run=run):
        memory.responses[latency.route][latency.hour] = Response(latency.count, latency.p50, latency.p95)
        earliest[latency.run] = min(latency.hour, earliest.get(latency.run, latency.hour))
    for status in store.statuses(source, since=since, without_run=run):
        memory.statuses[status.digit][status.hour] += status.count
        earliest[status.run] = min(status.hour, earliest.get(status.run, status.hour))
    previous: float | None = None
    for reading in reversed(readings):
        start = earliest.get(reading.run) if previous is None else int(previous // HOUR_S)
        if start is not None:
            memory.covered.update(range(max(start, int(since // HOUR_S)), int(reading.until // HOUR_S)))
        previous = reading.until
    if readings:
        memory.last = readings[0]
        for flag in store.flags(source, readings[0].run):
            memory.flagged[flag.kind, flag.identity] = flag.since
    return memory


def shapes(
    source: str,
    tally: Tally,
    memory: Memory,
    window: tuple[float, float],
    zone: dt.tzinfo,
    origins: Mapping[str, str],
) -> tuple[Night, Past]:
    """Put tonight's counts beside the past's; what tonight's reading counted before the window is past, too.
    `origins` are the logging calls of templates, as "path:line"."""
    start, end = (int(edge // HOUR_S) for edge in window)
    hours = list(range(start, end))
    covered = set(memory.covered)
    if memory.last is None and tally.hours:
        covered.update(range(min(tally.hours), start))
    gone = tally.miner.merged()
    older: defaultdict[str, list[str]] = defaultdict(list)
    for template in memory.texts:
        older[gone.get(template, template)].append(template)
    counted = {key: (text, one, False) for key, (text, one) in tally.templates().items()}
    counted |= {
        TRACE + key: (f"{record.kind} in {_place(record)}", one, True)
        for key, (record, one) in tally.errors.items()
    }
    series: list[Series] = []
    traces: list[Series] = []
    for key in sorted({*older, *counted}):
        made = _series(key, [memory_of(memory, old) for old in older.get(key, ())], counted.get(key), start)
        made = replace(made, origin=origins.get(key))
        (traces if made.trace else series).append(made)
    responses, statuses = (
        _responses(durations(tally, memory)),
        {d: dict(h) for d, h in sorted(tally.statuses.items())},
    )
    present = dt.datetime.fromtimestamp(window[1], zone)
    offset = present.utcoffset() or dt.timedelta()
    night = Night(
        source,
        hours,
        int(offset.total_seconds()),
        series,
        traces,
        {route: _from(one, start) for route, one in responses.items()},
        {digit: _from(one, start) for digit, one in statuses.items()},
        zone_name(present),
    )
    past = Past(
        sorted(hour for hour in covered if hour < start),
        _joined(memory.responses, responses, start),
        {
            digit: _before(memory.statuses.get(digit, Counter()) + Counter(statuses.get(digit, {})), start)
            for digit in sorted({*memory.statuses, *statuses})
        },
        memory.flagged,
    )
    return night, past


def zone_name(when: dt.datetime) -> str:
    """Name the zone of an aware time: ``Europe/Berlin``, else its distance, ``UTC+01:00``."""
    return getattr(when.tzinfo, "key", None) or f"UTC{when.isoformat()[-6:]}".removesuffix("+00:00")


def memory_of(memory: Memory, template: str) -> tuple[str, Counter[int], Counter[int], float | None]:
    """A template's text, counts by hour and by level, and when it was first seen."""
    return (
        memory.texts[template],
        memory.hours[template],
        memory.levels[template],
        memory.first.get(template),
    )


def _series(
    key: str,
    older: Sequence[tuple[str, Counter[int], Counter[int], float | None]],
    tonight: tuple[str, Counted, bool] | None,
    start: int,
) -> Series:
    hours: Counter[int] = Counter()
    levels: Counter[int] = Counter()
    for _, past_hours, past_levels, _ in older:
        hours.update(past_hours)
        levels.update(past_levels)
    firsts = [first for *_, first in older if first is not None]
    text, now, trace = tonight or (older[-1][0], Counted(), key.startswith(TRACE))
    hours.update(now.hours)
    if now.first is not None:
        firsts.append(now.first)
    levels.update(now.levels - now.levels_tonight)
    counted = _from(hours, start)
    return Series(
        key,
        text,
        now.level if tonight else max(levels, default=0),
        _before(hours, start),
        counted,
        dict(levels),
        dict(now.levels_tonight),
        min(firsts, default=None),
        trace=trace,
        example=now.examples[0] if now.examples else "",
        edges=now.span if now.tonight == sum(counted.values()) else None,
        times=sorted(when for when, _ in now.timed),
    )


def _place(record: ErrorRecord) -> str:
    frames = record.own or record.frames
    if not frames:
        return "?"
    at = f":{frames[-1].line}" if frames[-1].line is not None else ""
    return f"{frames[-1].function} ({frames[-1].path or frames[-1].reported}{at})"


def _before(hours: Mapping[int, int], start: int) -> dict[int, int]:
    return {hour: count for hour, count in sorted(hours.items()) if hour < start}


def _from(hours: Mapping[int, _T], start: int) -> dict[int, _T]:
    return {hour: one for hour, one in sorted(hours.items()) if hour >= start}


def durations(tally: Tally, memory: Memory) -> dict[tuple[str, int], Counter[int]]:
    """The histograms of tonight's requests by route and hour; routes that differ by a name or a number are one."""
    counts: Counter[str] = Counter()
    for (route, _), times in tally.times.items():
        counts[route] += sum(times.values())
    one = general(counts, memory.responses)
    found: defaultdict[tuple[str, int], Counter[int]] = defaultdict(Counter)
    for (route, hour), times in tally.times.items():
        found[one[route], hour].update(times)
    return dict(sorted(found.items()))


def _responses(times_by_hour: Mapping[tuple[str, int], Mapping[int, int]]) -> dict[str, dict[int, Response]]:
    found: defaultdict[str, dict[int, Response]] = defaultdict(dict)
    for (route, hour), times in times_by_hour.items():
        found[route][hour] = Response(sum(times.values()), quantile(times, 0.5), quantile(times, 0.95))
    return dict(found)


def _joined(
    memory: Mapping[str, Mapping[int, Response]], tonight: Mapping[str, Mapping[int, Response]], start: int
) -> dict[str, dict[int, Response]]:
    found = {route: dict(hours) for route, hours in memory.items()}
    for route, hours in tonight.items():
        found.setdefault(route, {}).update({h: one for h, one in hours.items() if h < start})
    return {route: {h: one for h, one in hours.items() if h < start} for route, hours in found.items()}


def rows(
    source: str,
    tally: Tally,
    reading: Reading,
    flags: Iterable[Flag],
    memory: Memory,
    origins: Mapping[str, str],
) -> list[Row]:
    """Return what the next nights have to know of tonight's reading."""
    found: list[Row] = [row_of(reading)]
    for key, (text, one) in tally.templates().items():
        found.append(row_of(_template(source, key, text, one, origins.get(key))))
    for key, (record, one) in sorted(tally.errors.items()):
        text = f"{record.kind} in {_place(record)}"
        found.append(row_of(_template(source, TRACE + key, text, one, None)))
    for (route, hour), times in durations(tally, memory).items():
        found.append(
            row_of(
                LatencyHour(
                    source=source,
                    route=route,
                    hour=hour,
                    count=sum(times.values()),
                    p50=quantile(times, 0.5),
                    p95=quantile(times, 0.95),
                    histogram=dict(times),
                )
            )
        )
    for digit, hours in sorted(tally.statuses.items()):
        found += [
            row_of(StatusHour(source=source, digit=digit, hour=h, count=c)) for h, c in sorted(hours.items())
        ]
    for flag in flags:
        since = memory.flagged.get(flag.key)
        if flag.kind != RECOVERED and (since is not None or flag.worth >= BAR):
            since = min(flag.hours, default=int(reading.until // HOUR_S)) if since is None else since
            found.append(
                row_of(
                    FlagNight(
                        source=source,
                        kind=flag.kind,
                        identity=flag.identity,
                        since=since,
                        magnitude=flag.magnitude,
                    )
                )
            )
    return found


def _template(source: str, key: str, text: str, one: Counted, origin: str | None) -> TemplateNight:
    return TemplateNight(
        source=source,
        template=key,
        text=text,
        level=one.level,
        count=one.count,
        first=one.first,
        last=one.last,
        hours=dict(one.hours),
        levels=dict(one.levels),
        examples=tuple(one.examples),
        origin=origin,
    )
