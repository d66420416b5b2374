"""What the twin of the report holds of a log: each template and exception with its hours, its source line, its tasks."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from daydream.analysis.errors.records import ErrorRecord
from daydream.analysis.errors.tasks import Spot, Task, Tasks
from daydream.analysis.logs.callsites import Site
from daydream.analysis.logs.heads import WARNING
from daydream.analysis.logs.ranking import BAR, RECOVERED, Flag
from daydream.analysis.logs.tally import HOUR_S, LEVEL_NAMES, Counted, Tally
from daydream.analysis.redaction import one_line
from daydream.contracts.context import Context

MOST = 40
_ALL = 120
_FRAMES = 3
_LARGEST = 2**20

# Its identity, its text, its counts, and its record where it is an exception.
_Entry = tuple[str, str, Counted, ErrorRecord | None]


def entries(
    ctx: Context, tally: Tally, sites: Mapping[str, Site], flags: Sequence[Flag], firsts: Mapping[str, float]
) -> tuple[list[dict[str, Any]], int]:
    """Tell of what was logged at warning or worse tonight, and of what stands out, the gravest first; and how many more
    there are than are told. `firsts`: when each was first seen, as earlier nights know it."""
    raised = _raised(flags)
    every: list[_Entry] = [
        (key, one_line(text, 300), one, None) for key, (text, one) in tally.templates().items()
    ]
    every += [(key, _named(record), one, record) for key, (record, one) in tally.errors.items()]
    kept = [
        entry for entry in every if entry[2].tonight and (entry[2].level >= WARNING or entry[0] in raised)
    ]
    kept.sort(key=lambda entry: (entry[0] not in raised, -entry[2].level, -entry[2].tonight, entry[0]))
    tasks = _tasks(ctx)
    told = []
    for key, text, one, record in kept[:MOST]:
        ctx.check()
        site = sites.get(key) if record is None else None
        since = [when for when in (one.first, firsts.get(key if record is None else f"trace {key}")) if when]
        told.append(
            {
                "id": key,
                "text": text,
                "exception": record is not None,
                "flags": raised.get(key, []),
                **_counts(one, ctx.zone),
                "known_since": _stamp(min(since, default=None), ctx.zone),
                "origin": _origin(site, record),
                "tasks": [_task(task) for task in tasks.about(_spots(site, record))],
            }
        )
    return told, max(0, len(kept) - MOST)


def _raised(flags: Iterable[Flag]) -> dict[str, list[str]]:
    """The kinds of printed flags by template or error."""
    raised: dict[str, list[str]] = {}
    for flag in flags:
        if flag.kind != RECOVERED and flag.worth >= BAR and flag.template:
            raised.setdefault(flag.template.removeprefix("trace "), []).append(flag.kind)
    return raised


def joined(ends: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Put the entries of all logs together, those that stand out first; `untold` counts the ones without an entry, `zone` is
    that of all times."""
    logs = list(ends)
    found = [{"log": end["log"], **entry} for end in logs for entry in end["told"]]
    found.sort(
        key=lambda entry: (
            not entry["flags"],
            -_LEVELS[entry["level"]],
            -entry["count"],
            entry["log"],
            entry["id"],
        )
    )
    untold = sum(end["untold"] for end in logs) + max(0, len(found) - _ALL)
    return {"told": found[:_ALL], "untold": untold, "zone": logs[0]["zone"] if logs else None}


_LEVELS = {name: level for level, name in LEVEL_NAMES.items()}


def _counts(one: Counted, zone: dt.tzinfo) -> dict[str, Any]:
    """How often tonight, at which levels, when to the minute, and how often in each hour."""
    span = one.span or (None, None)
    low = 0 if span[0] is None else int(span[0] // HOUR_S)
    hours = {hour: count for hour, count in sorted(one.hours.items()) if span[0] is not None and hour >= low}
    return {
        "count": one.tonight,
        "level": LEVEL_NAMES[one.level],
        "levels": {LEVEL_NAMES[level]: count for level, count in sorted(one.levels_tonight.items())},
        "first": _stamp(span[0], zone),
        "last": _stamp(span[1], zone),
        "hours": {str(_stamp(float(hour * HOUR_S), zone)): count for hour, count in hours.items()},
        "examples": list(one.examples),
    }


def _stamp(seconds: float | None, zone: dt.tzinfo) -> str | None:
    """Write an instant to the minute, with its distance from UTC."""
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, zone).isoformat(timespec="minutes")


def _named(record: ErrorRecord) -> str:
    frame = (record.own or record.frames)[-1:]
    where = f" in {frame[0].function}" if frame else ""
    return one_line(
        f"{record.kind}{where}: {record.message}" if record.message else f"{record.kind}{where}", 300
    )


def _origin(site: Site | None, record: ErrorRecord | None) -> str | None:
    """The logging call, or the repository's innermost frame."""
    if site is not None:
        return f"{site.path}:{site.line}"
    own = record.own[-1:] if record is not None else ()
    return f"{own[0].path}:{own[0].line}" if own and own[0].line is not None else None


def _spots(site: Site | None, record: ErrorRecord | None) -> list[Spot]:
    if site is not None:
        return [Spot(site.path, site.line, site.function.rpartition(".")[2])]
    if record is None:
        return []
    return [
        Spot(frame.path or "", frame.line, frame.function.rpartition(".")[2], record.kind)
        for frame in reversed(record.own[-_FRAMES:])
        if frame.line is not None
    ]


def _task(task: Task) -> dict[str, Any]:
    return {"path": task.path, "line": task.line, "text": task.text}


def _tasks(ctx: Context) -> Tasks:
    paths = ctx.paths()
    known = frozenset(paths)

    def source(path: str) -> bytes | None:
        file = ctx.tree / path
        try:
            if path not in known or file.is_symlink() or file.stat().st_size > _LARGEST:
                return None
            return file.read_bytes()
        except (OSError, ValueError):
            return None

    return Tasks(source, paths)
