"""fsck: check everything on disk by reading it; repairs nothing."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from daydream.app.assembly import STORES
from daydream.app.views import places_of
from daydream.contracts.use_cases import RunResult
from daydream.errors import DaydreamError, StateDamaged, StateNewer, StateUnreadable
from daydream.records.head import Head, Segment
from daydream.repository.places import Places
from daydream.store import checkpoint, durable, findings, heads, segments
from daydream.store.applier import read_effects
from daydream.store.recovery import check_lengths
from daydream.store.rows import RowStore

_TROUBLE = (StateDamaged, StateNewer, StateUnreadable)


def fsck(root: Path, config_file: Path | None) -> RunResult:
    """Check heads, journals, plans, effects, findings and the stores of rows.

    The exit code is 0 where all holds, 70 where something is damaged, 74 where it
    cannot be read, 78 where something is newer.
    """
    places = places_of(root, config_file)
    lines, code = [], 0
    for what, trouble in _checks(places):
        lines.append(f"{'damaged' if trouble else 'sound'}: {what}{f': {trouble}' if trouble else ''}")
        if trouble is not None:
            code = max(code, trouble.exit_code)
    return RunResult(exit_code=code, lines=tuple(lines), data={"sound": code == 0, "checks": lines})


def _checks(places: Places) -> Iterator[tuple[str, DaydreamError | None]]:
    folder = places.state / "night"
    for name in ("state.json", "state.prev.json"):
        path = folder / name
        if path.exists():
            yield str(path), _head_trouble(path)
        elif name == "state.json":
            yield str(path), StateDamaged("it is missing although nights were recorded beside it")
    for path in sorted(folder.glob("runs/*/")):
        yield str(path), _run_trouble(folder, path.name)
    for path in findings.snapshots(folder / "findings"):
        yield str(path), _trouble_of(path)
    for kind in STORES:
        path = places.state / kind.schema.file
        if path.exists():
            yield str(path), _store_trouble(kind, path)


def _head_trouble(path: Path) -> DaydreamError | None:
    try:
        with durable.reported(path, "reading"):
            data = path.read_bytes()
        heads.decode(data, str(path))
    except _TROUBLE as error:
        return error
    return None


def _run_trouble(folder: Path, run: str) -> DaydreamError | None:
    """Check a run's journal, plan and effects against its head; without one, line by line."""
    base = heads.run_folder(folder, run)
    try:
        head = _head(folder, run)
        if head is None:
            for line in _lines(base / "journal.jsonl"):
                segments.decode_line(line)
            return None
        check_lengths(folder, head)
        for _ in checkpoint.entries(folder, head):
            pass
        plan = head.segments.get("plan", Segment())
        segments.read(base / "plan.jsonl", plan)
        for _ in segments.names(base / "plan.jsonl", plan, 0):
            pass
        for _ in read_effects(base / "effects.jsonl", head.segments.get("effects", Segment())):
            pass
    except _TROUBLE as error:
        return error
    return None


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []


def _head(folder: Path, run: str) -> Head | None:
    """A run's last head, wherever it is; None where only a damaged one knew of it."""
    with contextlib.suppress(*_TROUBLE):
        current = heads.read_head(folder)
        if current is not None and current.run == run:
            return current
    path = heads.run_folder(folder, run) / "head.json"
    return heads.decode(path.read_bytes(), str(path)) if path.exists() else None


def _trouble_of(path: Path) -> DaydreamError | None:
    try:
        findings.read(path)
    except _TROUBLE as error:
        return error
    return None


def _store_trouble(kind: type[RowStore], path: Path) -> DaydreamError | None:
    try:
        with kind.open(path, read_only=True) as store:
            problems = store.problems()
    except _TROUBLE as error:
        return error
    return StateDamaged("; ".join(problems)) if problems else None
