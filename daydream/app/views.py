"""Looking at nights: reports and runs. Nothing here writes or locks."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daydream.app.standing import NEVER
from daydream.config.sources import raw_paths
from daydream.contracts.results import RunResult
from daydream.errors import UsageError
from daydream.repository.places import Places, find
from daydream.store.heads import read_head

if TYPE_CHECKING:
    from daydream.flow.facts import Trace
    from daydream.records.head import Head

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def places_of(root: Path, config_file: Path | None) -> Places:
    """Where daydream's data of a repository lies.

    Raises:
        UsageError: no night was ever started there.
    """
    state, logs, cache = raw_paths(root, config_file, os.environ)
    places = find(root, state=state, logs=logs, cache=cache)
    if places is None:
        raise UsageError(NEVER)
    return places


def head_of(places: Places) -> "Head":
    """The head of the current run.

    Raises:
        UsageError: no night was ever started there.
        StateDamaged, StateNewer: it cannot be read.
    """
    head = read_head(places.state / "night")
    if head is None:
        raise UsageError(NEVER)
    return head


def report(root: Path, config_file: Path | None, date: str | None, path_only: bool) -> RunResult:
    """Show a report, the latest unless a date is given.

    Raises:
        UsageError: there is none.
    """
    places = places_of(root, config_file)
    name = f"report_{date}.md" if date else "latest.md"
    path = places.logs / name
    if date and not date.replace("-", "").isdigit():
        msg = f"--date {date!r} is not a date; write it as 2026-11-21"
        raise UsageError(msg)
    if not path.is_file():
        there = sorted(p.stem.removeprefix("report_") for p in places.logs.glob("report_*.md"))
        known = f"; there are {', '.join(there[-5:])}" if there else ""
        msg = f"there is no report {date or 'yet'} in {places.logs}{known}"
        raise UsageError(msg)
    twin = path.with_suffix(".json")
    data: dict[str, Any] = {"path": str(path)}
    if twin.is_file() and not path_only:
        import json

        try:
            data["report"] = json.loads(twin.read_bytes())
        except ValueError:  # somebody edited it; the page itself is there
            data["report"] = None
    text = path.read_text("utf-8", "replace")
    # A terminal renders no Markdown, so what protects foreign text there would only be copied along.
    lines = (str(path),) if path_only else tuple(_ESCAPED.sub(r"\1", text).splitlines())
    return RunResult(lines=lines, report=path, data=data)


def runs(root: Path, config_file: Path | None) -> RunResult:
    """List the runs that are still known, oldest first."""
    from daydream.store.runs import known

    places = places_of(root, config_file)
    rows = []
    for name, head in known(places.state / "night"):
        how = "unreadable" if head is None else head.closed or "unfinished"
        findings = sum(s.findings for s in head.states.values()) if head else None
        rows.append(
            {
                "run": name,
                "closed": how,
                "failed": head.failed if head else None,
                "mode": head.mode if head else None,
                "findings": findings,
                "resumed": head.resumed if head else None,
                "started_at": head.started_at if head else None,
            }
        )
    lines = [
        f"{row['run']}  {row['closed']}{' with failures' if row['failed'] else ''}  {row['mode'] or '?'}  "
        f"{'not measured' if row['findings'] is None else row['findings']} findings"
        for row in rows
    ]
    return RunResult(lines=tuple(lines), data={"runs": rows})


def show(root: Path, config_file: Path | None, run: str) -> RunResult:
    """Show one run: its states, the sub-steps that did not end well, its effects.

    Raises:
        UsageError: there is no such run.
        StateDamaged: its journal cannot be read.
    """
    from daydream.app.take_back import undone
    from daydream.flow.facts import trace
    from daydream.store.checkpoint import entries
    from daydream.store.runs import known

    places = places_of(root, config_file)
    folder = places.state / "night"
    head = dict(known(folder)).get(run)
    if head is None:
        msg = f"there is no readable run {run!r}; `daydream runs` lists them"
        raise UsageError(msg)
    journal = trace(entries(folder, head))
    trouble = [
        {"state": state, "sub_step": name, "kind": t.kind, "reason": t.reason}
        for state, traces in journal.states.items()
        for name, t in traces.items()
        if t.kind in ("failed", "skipped")
    ]
    taken_back = undone(places)
    effects = [
        {
            "id": e.id,
            "kind": e.kind,
            "path": e.path,
            "status": "undone" if e.id in taken_back else e.status,
            "detail": e.detail,
        }
        for e in journal.effects.values()
    ]
    data = {
        "run": run,
        "closed": head.closed,
        "states": _states(head),
        "trouble": trouble,
        "effects": effects,
    }
    return RunResult(lines=tuple(_show_lines(head, journal, trouble, effects)), data=data)


def _states(head: "Head") -> dict[str, dict[str, Any]]:
    return {
        name: {
            "planned": s.planned,
            "ended": s.ended,
            "skipped": s.skipped,
            "failed": s.failed,
            "cut": s.cut,
            "findings": s.findings,
        }
        for name, s in head.states.items()
    }


def _show_lines(
    head: "Head", journal: "Trace", trouble: list[dict[str, str]], effects: list[dict[str, str]]
) -> Iterator[str]:
    yield f"run {head.run}: {head.closed or 'unfinished'}, {head.mode} mode, begun {head.started_at}"
    for name, count in head.states.items():
        planned = "not planned" if count.planned is None else f"{count.ended}/{count.planned} sub-steps"
        why = journal.closed.get(name, "")
        yield f"  {name}: {planned}, {count.findings} findings{f' (skipped: {why})' if why else ''}"
    for row in trouble:
        yield f"  {row['kind']}: {row['state']} {row['sub_step']}: {row['reason']}"
    for row in effects:
        yield f"  effect {row['id']} {row['kind']} {row['path']}: {row['status']} {row['detail']}".rstrip()
