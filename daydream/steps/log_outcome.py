"""What a log that was read to its end comes to: what stands out, findings, facts, and rows for the nights to come."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from daydream.analysis.errors.records import ErrorRecord
from daydream.analysis.logs.baseline import LEAST_NIGHTS
from daydream.analysis.logs.callsites import Index, Site
from daydream.analysis.logs.heads import ERROR, WARNING
from daydream.analysis.logs.history import TRACE, Memory, rows, shapes, zone_name
from daydream.analysis.logs.judgement import compared_with, judge
from daydream.analysis.logs.ranking import BAR, RECOVERED, Flag
from daydream.analysis.logs.suggestions import Line, Suggestion, suggestions
from daydream.analysis.logs.suggestions_source import Fault, of_fault, without_traceback
from daydream.analysis.logs.tally import HOUR_S, LEVEL_NAMES, Counted, Tally, storms
from daydream.analysis.redaction import one_line
from daydream.contracts.context import Context
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, Facts
from daydream.steps.advice_logs import advisable
from daydream.steps.log_findings import (
    JUDGED,
    OWN,
    RECURRING,
    exception,
    flagged,
    level_spike,
    recurring,
    suggested,
)
from daydream.steps.log_reading import Reading
from daydream.steps.log_told import entries
from daydream.store.log_rows import Position
from daydream.store.log_rows import Reading as ReadingRow

_MOST_FINDINGS = 100
_OF_REQUESTS = ("log.latency", "log.status_share")
_SAID = 0.3
_REST_S = 12 * 3600.0
_ORIGINS = 2_000


@dataclass(slots=True)
class Told:
    """Everything that is said of one log tonight."""

    subject: str
    tally: Tally
    memory: Memory
    start: int
    zone: dt.tzinfo
    flags: list[Flag] = field(default_factory=list)
    judged: bool = False
    sites: dict[str, Site] = field(default_factory=dict)
    advice: dict[str, Suggestion] = field(default_factory=dict)


def outcome(ctx: Context, subject: str, reading: Reading, index: Index) -> Done:
    """Judge what was counted beside past nights, and put it into words."""
    tally, memory, window = reading.scan.tally, reading.memory, reading.window
    told = Told(subject, tally, memory, int(window.start // HOUR_S), ctx.zone)
    told.sites = _sites(ctx, tally, index)
    night, past = shapes(
        subject,
        tally,
        memory,
        (window.start, window.end),
        ctx.zone,
        {k: _at(s) for k, s in told.sites.items()},
    )
    told.flags = judge(night, past, check=ctx.check)
    told.judged = compared_with(night, past) >= LEAST_NIGHTS
    told.advice = {**dict(_of_errors(ctx, told)), **_advice(told)}
    row = ReadingRow(
        source=subject,
        started_at=window.start,
        until=window.end,
        bytes=reading.scan.bytes,
        records=tally.seen,
        undated=tally.undated,
        future=tally.future,
        positions=tuple(Position(*end) for end in reading.positions()),  # type: ignore[arg-type]
    )
    found, rules = _findings(told)
    if memory.last is not None and window.end - memory.last.until < _REST_S:
        rules = {
            rule: version for rule, version in rules.items() if rule in JUDGED
        }  # too little is new to miss anything
    if not tally.statuses:
        rules = {rule: version for rule, version in rules.items() if rule not in _OF_REQUESTS}
    facts = _facts(ctx, told, reading)
    facts["advisable"] = advisable(found, tally, told.advice, told.sites)
    return Done(
        findings=tuple(found),
        examined=(Examined(rules=rules, subjects=(subject,)),),
        facts=facts,
        rows=tuple(rows(subject, tally, row, told.flags, memory, {k: _at(s) for k, s in told.sites.items()})),
    )


def _at(site: Site) -> str:
    return f"{site.path}:{site.line}"


def _sites(ctx: Context, tally: Tally, index: Index) -> dict[str, Site]:
    """The logging call of each template, the gravest and the most frequent first, as far as there is one."""
    found: dict[str, Site] = {}
    ordered = sorted(
        tally.templates().items(), key=lambda item: (-item[1][1].level, -item[1][1].count, item[0])
    )
    for key, (text, one) in ordered[:_ORIGINS]:
        ctx.check()
        site = index.find(text, one.level or None, None, one.examples)
        if site is not None:
            found[key] = site
    return found


def _advice(told: Told) -> dict[str, Suggestion]:
    """What would mend a template, the weightiest suggestion of each."""
    total = sum(one.tonight for _, one in told.tally.templates().values())
    found = dict(storms(told.tally.templates()))
    for key, (text, one) in told.tally.templates().items():
        if not one.tonight:
            continue
        line = Line(
            text,
            one.level,
            one.tonight,
            {hour: count for hour, count in one.hours.items() if hour >= told.start},
            tuple(one.examples),
            nights=_nights(told, key),
            share=(one.tonight / total,) if total else (),
            site=told.sites.get(key),
        )
        said = sorted(suggestions(line), key=lambda s: -s.weight.worth)
        if said and (key not in found or said[0].weight.worth > found[key].weight.worth):
            found[key] = said[0]
    return found


def _nights(told: Told, key: str) -> tuple[int, ...]:
    """How often a template came on each of the last fourteen nights that were read, the oldest first."""
    counts: Counter[int] = Counter()
    for hour, count in told.memory.hours.get(key, Counter()).items():
        counts[(told.start - 1 - hour) // 24] += count
    read = {(told.start - 1 - hour) // 24 for hour in told.memory.covered if hour < told.start}
    return tuple(counts[night] for night in range(13, -1, -1) if night in read)


def _of_errors(ctx: Context, told: Told) -> Iterator[tuple[str, Suggestion]]:
    """What the source says to tonight's exceptions, and to errors that are logged without theirs."""
    examined = set(ctx.paths(".py"))

    def source(path: str) -> str | None:
        try:
            return (ctx.tree / path).read_text("utf-8") if path in examined else None
        except (OSError, ValueError):
            return None

    for key, (record, one) in told.tally.errors.items():
        ctx.check()
        frames = [(frame.path, frame.line) for frame in record.own if frame.path and frame.line is not None]
        if one.tonight and frames:
            begins = record.frames[0].path is not None
            fault = Fault(record.kind, one.tonight, one.level, frames, begins)
            yield from ((f"trace {key}", said) for said in of_fault(fault, source)[:1])
    for key, site in told.sites.items():
        tonight = told.tally.templates()[key][1].tonight
        said = without_traceback(site, tonight, source) if tonight else None
        if said is not None:
            yield key, said


def _findings(told: Told) -> tuple[list[Finding], dict[str, int]]:
    """The findings, and the rules that were examined."""
    rules = {**OWN, **JUDGED}
    raised = [flag for flag in told.flags if flag.kind != RECOVERED and f"log.{flag.kind}" in JUDGED]
    found = [
        flagged(
            told.subject,
            flag,
            told.advice.get(flag.template),
            told.sites.get(flag.template),
            _record(told, flag.template),
        )
        for flag in raised
    ]
    if not told.judged:
        rules = dict(OWN)
    about = {flag.template.removeprefix("trace ") for flag in raised}
    first = told.memory.last is None or not told.judged
    own = [
        recurring(told.subject, key, text, one, told.zone, first=first)
        for key, text, one in _recurring(told.tally)
    ]
    own += [
        replace(recurring(told.subject, key, text, one, told.zone, first=False), worth=_SAID)
        for key, (text, one) in told.tally.templates().items()
        if 0 < one.tonight < RECURRING and one.level >= ERROR and key in told.memory.texts
    ]
    own += [
        exception(told.subject, record, one, told.zone, first=first)
        for record, one in _ordered(told.tally)
        if one.tonight
    ]
    found += [replace(one, worth=_SAID) if one.identity in about else one for one in own]
    found += [
        suggested(
            told.subject,
            key,
            _text(told, key),
            advice,
            usual=told.judged and key in told.memory.texts,
        )
        for key, advice in sorted(told.advice.items())
        if key.removeprefix("trace ") not in about
    ]
    if len(found) > _MOST_FINDINGS:
        found = sorted(found, key=lambda one: -one.worth)[:_MOST_FINDINGS]
        rules = {rule: version for rule, version in rules.items() if rule in JUDGED}
    spikes = None if told.judged else told.tally.spikes()
    if spikes is None:
        rules.pop("log.level_spike", None)
    return [*found, *(level_spike(told.subject, spike, told.zone) for spike in spikes or ())], rules


def _record(told: Told, key: str) -> ErrorRecord | None:
    known = told.tally.errors.get(key.removeprefix(TRACE)) if key.startswith(TRACE) else None
    return known[0] if known is not None else None


def _text(told: Told, key: str) -> str:
    if key in told.tally.templates():
        return told.tally.templates()[key][0]
    return told.tally.errors[key.removeprefix("trace ")][0].kind


def _recurring(tally: Tally) -> list[tuple[str, str, Counted]]:
    """Templates at error or worse, tonight at least three times, the gravest and most frequent first."""
    found = [
        (key, text, one)
        for key, (text, one) in tally.templates().items()
        if one.tonight >= RECURRING and one.level >= ERROR
    ]
    return sorted(found, key=lambda each: (-each[2].level, -each[2].tonight, each[0]))


def _ordered(tally: Tally) -> list[tuple[Any, Counted]]:
    return sorted(tally.errors.values(), key=lambda pair: (-pair[1].level, -pair[1].tonight, pair[0].error))


def _facts(ctx: Context, told: Told, reading: Reading) -> Facts:
    tally, scan = told.tally, reading.scan
    bad = [one for _, one in tally.errors.values() if one.tonight and one.level >= ERROR]
    templates = {key: (text, one) for key, (text, one) in tally.templates().items() if one.tonight}
    entered, left = entries(ctx, tally, told.sites, told.flags, told.memory.first)
    printed = [flag for flag in told.flags if flag.worth >= BAR]
    return {
        "log": told.subject,
        "entries": tally.entries,
        "recurring": len(_recurring(tally)) + sum(one.tonight >= RECURRING for one in bad),
        "anomalies": sum(flag.kind != RECOVERED for flag in printed)
        if told.judged
        else len(tally.spikes() or ()),
        "exceptions": len(bad),
        "warnings": sum(one.level == WARNING and one.tonight >= RECURRING for _, one in templates.values()),
        "levels": {LEVEL_NAMES[level]: count for level, count in sorted(tally.levels.items())},
        "bytes": scan.bytes,
        "files": scan.read,
        "templates": len(templates),
        "new_templates": sum(key not in told.memory.texts for key in templates) if told.memory.last else None,
        "judged": told.judged,
        "recovered": [one_line(flag.message, 300) for flag in printed if flag.kind == RECOVERED],
        "errors": {key: one.tonight for key, (_, one) in sorted(tally.errors.items()) if one.tonight},
        "told": entered,
        "untold": left,
        "zone": zone_name(ctx.started_at.astimezone(ctx.zone)),
        "notes": _notes(told, scan.notes),
    }


def _notes(told: Told, said: Sequence[str]) -> list[str]:
    tally, subject = told.tally, told.subject
    counts: Mapping[str, int] = {
        "{} entries carry stamps from the future and are not counted: check the clock that wrote them, or zone "
        "under [night].": tally.future,
        "{} entries before the first time stamp are not counted.": tally.undated,
        "{} entries fit none of the first templates and are not grouped.": tally.overflow,
    }
    notes = [f"{subject}: {note}" for note in said]
    return notes + [f"{subject}: {text.format(count)}" for text, count in counts.items() if count]
