"""What is known: findings from the last report's memory, and silencing one."""

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec

from daydream import clock
from daydream.app.registry import NIGHT
from daydream.app.views import head_of, places_of
from daydream.contracts.use_cases import RunResult
from daydream.errors import UsageError
from daydream.records.night import Known
from daydream.report.rank import printable, rank, suppressed
from daydream.repository.places import Places
from daydream.store import findings as memory
from daydream.store.proposals import of_dreams, read_all
from daydream.store.suppressions import Suppression, append_suppression, by_id, read_suppressions


def findings(root: Path, config_file: Path | None, new_only: bool) -> RunResult:
    """List what is known and not gone, most worth acting on first."""
    snapshot = _snapshot(root, config_file)
    wanted = [k for k in snapshot.findings if k.standing != "gone" and (k.standing == "new" or not new_only)]
    rows = sorted(wanted, key=rank)
    asked = _asked_to_be_silent(root, config_file)
    good = printable(rows, "new", "worse", "still", "not_looked_at")
    rest = [known for known in rows if known not in good]
    lines = [_line(known, asked) for known in good]
    lines += [f"counted in the report, not printed there: {len(rest)}"] if rest else []
    lines += [_line(known, asked) for known in rest]
    none = "nothing is new" if new_only else "nothing is known"
    data = {"night": snapshot.night, "findings": [msgspec.to_builtins(known) for known in rows]}
    return RunResult(lines=tuple(lines or [none]), data=data)


def _asked_to_be_silent(root: Path, config_file: Path | None) -> frozenset[str]:
    """The findings that a person silenced and whose silence begins with the next night."""
    places = places_of(root, config_file)
    wishes, _ = read_suppressions(places.state / "night" / "inbox")
    today = clock.local_date(clock.now(), clock.zone(head_of(places).zone)).isoformat()
    return frozenset(
        known
        for known, wish in by_id(wishes).items()
        if wish.until is None or today <= wish.until.isoformat()
    )


def show_finding(root: Path, config_file: Path | None, finding_id: str) -> RunResult:
    """Show one finding with its history and where its rule is explained.

    Raises:
        UsageError: no finding has this id.
    """
    known = _one(root, config_file, finding_id)
    where = f"{known.subject}:{known.line}" if known.line else known.subject
    seen = f"first seen {known.first_night}, last {known.last_night}; standing: {known.standing.replace('_', ' ')}"
    lines = [
        f"{known.id}  {known.severity}  {known.rule} (version {known.rule_version})",
        f"  {where}",
        f"  {known.message}",
        *([f"  do: {known.action}"] if known.action else []),
        *([f"  evidence: {known.evidence}"] if known.evidence else []),
        f"  {seen}",
        f"  worth: {known.worth:.2f} (findings below 0.50 are counted, not printed)",
        *([f"  trusted because: {reason}"] if (reason := _trust(known.rule)) else []),
        *([f"  silent until {known.suppressed_until}"] if known.suppressed_until else []),
    ]
    data: dict[str, Any] = {"finding": msgspec.to_builtins(known), "trust": _trust(known.rule)}
    return RunResult(lines=tuple(lines), data=data)


def suppress(
    root: Path, config_file: Path | None, finding_id: str, days: int | None, reason: str | None
) -> RunResult:
    """Silence one finding, or one proposed dream, from the next night on; for good unless days are given, 0 to hear of it
    again.

    Raises:
        UsageError: no finding and no proposed dream has this id, or the days are negative.
    """
    if days is not None and days < 0:
        msg = f"--days {days}: give a number of days, or 0 to hear of it again"
        raise UsageError(msg)
    places = places_of(root, config_file)
    try:
        identifier = _one(root, config_file, finding_id).id
    except UsageError:
        dream = _dream(places, finding_id)
        if dream is None:
            raise
        identifier = dream
    today = clock.local_date(clock.now(), clock.zone(head_of(places).zone))
    until = today + dt.timedelta(days=days or -1) if days is not None else None
    wish = Suppression(id=identifier, until=until, reason=reason or "", at=clock.to_text(clock.now()))
    append_suppression(places.state / "night" / "inbox", wish)
    how = "is no longer silent" if days == 0 else f"is silent {f'until {until}' if until else 'for good'}"
    line = f"{identifier} {how}, from the next night on"
    return RunResult(lines=(line,), data={"id": identifier, "until": until.isoformat() if until else None})


def _snapshot(root: Path, config_file: Path | None) -> memory.Snapshot:
    places = places_of(root, config_file)
    newest = memory.latest(places.state / "night" / "findings")
    if newest is None:
        msg = "no night has finished here yet; `daydream run` finishes one"
        raise UsageError(msg)
    return memory.read(newest)


def _one(root: Path, config_file: Path | None, finding_id: str) -> Known:
    matches = [k for k in _snapshot(root, config_file).findings if finding_id and k.id.startswith(finding_id)]
    if len(matches) != 1:
        trouble = "no finding has" if not matches else f"{len(matches)} findings begin with"
        msg = f"{trouble} the id {finding_id!r}; `daydream findings` lists them"
        raise UsageError(msg)
    return matches[0]


def _dream(places: Places, identifier: str) -> str | None:
    """The id of the proposed dream that is meant, by its own or its proposal's; None where it is none."""
    known = of_dreams(read_all(places.state)).values()
    ids = {
        p.findings[0]
        for p in known
        if identifier and (p.id.startswith(identifier) or p.findings[0].startswith(identifier))
    }
    return ids.pop() if len(ids) == 1 else None


def _line(known: Known, asked: frozenset[str]) -> str:
    where = f"{known.subject}:{known.line}" if known.line else known.subject
    mark = (
        " (silent)" if suppressed(known) else " (silent from the next night on)" if known.id in asked else ""
    )
    return f"{known.id}  {known.standing:<5} {known.severity:<6} {where}  {known.message}{mark}"


def _trust(rule: str) -> str | None:
    """Why a rule is trusted, in its step's words; None where the step says nothing of it."""
    return next((spec.rules[rule] for spec in NIGHT if rule in spec.rules), None)
