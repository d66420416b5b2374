"""What of Sentry's issues an advisor may be asked about: those that the section lists and whose stack is known."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from daydream.contracts.context import Context
from daydream.records.section import SubStepResult
from daydream.steps.advice_evidence import Item, Repository, Spot, of_exception
from daydream.store.log_rows import ErrorNight, LogStore
from daydream.store.log_schema import SCHEMA

MOST_LISTED = 7
_WORTH = 0.5
_PLACE = re.compile(r"(.+):([0-9]{1,9})")


def items(ctx: Context, results: Sequence[SubStepResult], repository: Repository) -> list[Item]:
    """Return what to ask about tonight's issues, in the order in which the section lists them.

    Raises:
        StateDamaged, StateNewer: the memory of errors.
    """
    issues: dict[str, Mapping[str, Any]] = {}
    for line in (line for result in results for part in result.parts for line in part.get("issues", ())):
        issues.setdefault(line["id"], line)
    ordered = sorted(issues.values(), key=lambda line: (-line["worth"], -(line["recent"] or 0), line["id"]))
    listed = [line for line in ordered[:MOST_LISTED] if line["worth"] >= _WORTH]
    records = _records(ctx) if listed else {}
    made = []
    for line in listed:
        ctx.check()
        record = records.get(line["error"])
        if record is None or not record.frames:
            continue
        frames = [(each.path, each.function, each.line, "") for each in record.frames]
        evidence = of_exception(repository, record.kind, frames, _spot(line["where"]))
        made.append(Item(line["id"], line["label"], "", evidence))
    return made


def _records(ctx: Context) -> dict[str, ErrorNight]:
    """Tonight's errors of Sentry as they were committed, by their identity."""
    with LogStore.open(ctx.state / SCHEMA.file, read_only=True) as store:
        rows = store.errors(since=ctx.started_at.timestamp(), without_run="")
    return {row.error: row for row in rows if row.run == ctx.run and row.source.startswith("sentry:")}


def _spot(where: str) -> Spot | None:
    """Read where a line stands today; None where only its place in a release is known."""
    found = _PLACE.fullmatch(where)
    return Spot(found[1], int(found[2])) if found else None
