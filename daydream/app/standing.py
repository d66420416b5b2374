"""Where the night stands. Works on plain data and loads next to nothing: people ask for it often."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from daydream.config.sources import raw_paths
from daydream.contracts.results import RunResult
from daydream.errors import TryAgain
from daydream.repository.places import find, state_folders
from daydream.store.glance import glance
from daydream.store.held import BUSY, is_held

NEVER = "no night was ever started here; `daydream run` starts one, `daydream peek` takes a first look"


def status(root: Path, config_file: Path | None) -> RunResult:
    """Say where the night stands; the JSON carries current_step, step_started_at, step_progress,
    completed_steps and daily_report beside our own words.

    Raises:
        StateDamaged, StateNewer: the state cannot be read.
    """
    state, logs, cache = raw_paths(root, config_file, os.environ)
    places = find(root, state=state, logs=logs, cache=cache)
    head = _head(places.state / "night") if places else None
    if places is None or head is None:
        return RunResult(lines=(NEVER,), data={"status": "never", "completed_steps": []})
    states: Mapping[str, dict[str, Any]] = head.get("states", {})
    here = states.get(head["position"], {})
    failed = bool(head.get("effects_failed")) or any(count.get("failed") for count in states.values())
    report = places.logs / f"report_{head['night']}.md"
    closed = head.get("closed")
    data: dict[str, Any] = {
        "status": _condition(closed, failed, is_held(places.state / "night")),
        "run": head["run"],
        "night": head["night"],
        "mode": head["mode"],
        "position": head["position"],
        "current_step": None if closed else head["position"].partition(".")[2],
        "step_started_at": head.get("entered_at") or None,
        "step_progress": {"done": here.get("ended", 0), "total": here.get("planned")},
        "completed_steps": [name for name, count in states.items() if _completed(count)],
        "daily_report": str(report) if report.is_file() else None,
        "started_at": head["started_at"],
        "failed": failed,
        "resumed": head.get("resumed", 0),
        "closed": closed,
    }
    return RunResult(lines=tuple(_lines(data)), data=data)


def refuse_while_running(root: Path, config_file: Path | None) -> None:
    """Turn a second start away at a glance, before anything is loaded; the lock itself decides the rest.

    Raises:
        TryAgain: another daydream works here.
    """
    state, _, _ = raw_paths(root, config_file, os.environ)
    if any(is_held(folder / "night") for folder in state_folders(root, state=state)):
        raise TryAgain(BUSY)


def _head(folder: Path) -> dict[str, Any] | None:
    """The head as plain data; what is not sound at a glance is read in full, or said to be damaged."""
    head = glance(folder)
    if head is not None:
        return head
    from msgspec import json

    from daydream.store.heads import read_head

    whole = read_head(folder)
    return None if whole is None else dict(json.decode(json.encode(whole)))


def _completed(count: Mapping[str, Any]) -> bool:
    """Whether a state did what it is for: not left out, not skipped as a whole, nothing failed."""
    ended = count.get("ended", 0)
    looked = count.get("planned") is not None and (ended > count.get("skipped", 0) or not ended)
    return bool(count.get("closed")) and looked and not count.get("failed")


def _condition(closed: str | None, failed: bool, held: bool | None) -> str:
    if closed is not None:
        return f"{closed}, with failures" if failed else closed
    if held is None:
        return "unfinished"
    return "running" if held else "interrupted"


def _lines(data: dict[str, Any]) -> Iterator[str]:
    yield f"night of {data['night']} (run {data['run']}, {data['mode']} mode): {data['status']}"
    if data["closed"] is None:
        done, total = data["step_progress"]["done"], data["step_progress"]["total"]
        of = f"{done} of {total} sub-steps" if total is not None else "not planned yet"
        yield f"at {data['position']}: {of}; {len(data['completed_steps'])} states done"
    if data["status"] == "interrupted":
        yield "`daydream run` continues it"
    if data["daily_report"]:
        yield f"report: {data['daily_report']}"
