"""Undo: take one executed change back, unless somebody changed its target since."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from daydream import clock
from daydream.app.views import places_of
from daydream.contracts.use_cases import RunResult
from daydream.errors import DaydreamError, UsageError
from daydream.processes import Stop
from daydream.records.effect import Effect
from daydream.records.head import Head
from daydream.records.journal import EffectEnded
from daydream.repository.places import Places
from daydream.store import checkpoint, durable, heads
from daydream.store.applier import read_effects
from daydream.store.effects import EFFECTS
from daydream.store.effects.base import Ground
from daydream.store.lock import RunLock
from daydream.store.runs import known


class _Undone(msgspec.Struct):
    id: str


def undo(root: Path, config_file: Path | None, effect_id: str) -> RunResult:
    """Take an effect back under the night's lock; doing it twice changes nothing the second time.

    Raises:
        UsageError: there is no such effect, or it cannot be undone.
        TryAgain: a night is running.
        DaydreamError: the target was changed since; it is left alone.
    """
    places = places_of(root, config_file)
    with RunLock(places.state / "night"):
        head, ended = _find(places, effect_id)
        if ended.status != "done" or not ended.reversible:
            why = (
                f"it is {ended.status}"
                if ended.status != "done"
                else f"a {ended.kind} of daydream's own file stays"
            )
            msg = f"effect {ended.id} cannot be undone: {why}"
            raise UsageError(msg)
        if ended.id in undone(places):
            line = f"it was undone before: {ended.kind} {ended.path}"
            return RunResult(lines=(line,), data={"id": ended.id, "undone": True})
        effect = next(e for e in _effects(places, head) if e.id == ended.id)
        ground = _ground(places, head)
        try:
            taken_back = EFFECTS[effect.kind].undo(effect, ground)
        except (OSError, ValueError) as error:
            msg = f"cannot undo {effect.kind} {effect.path}: {error}"
            raise DaydreamError(msg) from error
        if not taken_back:
            why = (
                "its trash was emptied or the name is in use again"
                if effect.kind == "delete"
                else "it was changed since"
            )
            msg = f"the {effect.kind} of {effect.path} cannot be taken back: {why}; nothing was touched"
            raise DaydreamError(msg)
        _note(places, effect)
    return RunResult(lines=(f"undone: {effect.kind} {effect.path}",), data={"id": effect.id, "undone": True})


def _find(places: Places, effect_id: str) -> tuple[Head, EffectEnded]:
    found = [pair for pair in _ended(places) if effect_id and pair[1].id.startswith(effect_id)]
    if len({ended.id for _, ended in found}) != 1:
        trouble = "no effect has" if not found else "several effects begin with"
        msg = f"{trouble} the id {effect_id!r}; `daydream show RUN` lists a run's effects"
        raise UsageError(msg)
    return found[-1]


def _ended(places: Places) -> Iterator[tuple[Head, EffectEnded]]:
    folder = places.state / "night"
    for _, head in known(folder):
        if head is None:
            continue
        for _, entry in checkpoint.entries(folder, head):
            if isinstance(entry, EffectEnded):
                yield head, entry


def _effects(places: Places, head: Head) -> Iterator[Effect]:
    path = heads.run_folder(places.state / "night", head.run) / "effects.jsonl"
    yield from (effect for effect, _ in read_effects(path, head.segments["effects"]))


def _ground(places: Places, head: Head) -> Ground:
    run = heads.run_folder(places.state / "night", head.run)
    return Ground(
        places={"logs": places.logs, "state": places.state, "checkout": places.root},
        root=places.root,
        staged=run / "staged",
        trash=run / "trash",
        stop=Stop(),
    )


def undone(places: Places) -> frozenset[str]:
    """The ids of effects that were taken back."""
    path = places.state / "night" / "undone.jsonl"
    lines = path.read_bytes().splitlines() if path.exists() else []
    return frozenset(_id_of(line) for line in lines)


def _id_of(line: bytes) -> str:
    try:
        return msgspec.json.decode(line, type=_Undone).id
    except msgspec.MsgspecError:
        return ""


def _note(places: Places, effect: Effect) -> None:
    """Keep a line about it, for whoever wonders later."""
    path = places.state / "night" / "undone.jsonl"
    size = path.stat().st_size if path.exists() else 0
    line = {"id": effect.id, "path": effect.path, "at": clock.to_text(clock.now()), "pid": os.getpid()}
    with durable.reported(path, "writing"):
        durable.write_at(path, size, msgspec.json.encode(line) + b"\n")
