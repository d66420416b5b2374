"""The applier: the only one that executes changes. Intent (committed), idempotent act, done (committed)."""

import contextlib
import functools
import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from daydream.errors import DaydreamError, OutOfBudget, StateDamaged, Stopped
from daydream.git import GitError
from daydream.records.change import (
    Advance,
    Append,
    Change,
    Delete,
    DropRef,
    Edit,
    Move,
    Pack,
    Place,
    SetRef,
)
from daydream.records.effect import Effect
from daydream.records.head import Segment
from daydream.records.journal import EffectEnded
from daydream.store import segments
from daydream.store.checkpoint import Checkpoint
from daydream.store.durable import FULL, make_folder, reported
from daydream.store.effects import EFFECTS
from daydream.store.effects.base import Ground, Standing

OWN_PLACES = ("logs", "state")
"""The places that hold nothing but daydream's own files."""

_MAX_KILLS = 3
_KINDS = {
    Edit: "edit",
    Move: "move",
    Delete: "delete",
    Append: "append",
    Pack: "pack",
    SetRef: "ref",
    DropRef: "ref",
    Advance: "advance",
}
_decode = msgspec.json.Decoder(Effect).decode


def effect_id(run: str, state: str, name: str, part: int, number: int, change: Change) -> str:
    """The id of a change: the same whenever the same sub-step of the same run returns the same change again.

    What a file of daydream's own shall hold may tell the time (a report does), so it is no part of the id.
    """
    where = "\x1f".join((run, state, name, str(part), str(number), ""))
    what = replace(change, content=b"") if _own(change) else change
    return hashlib.sha256(where.encode() + msgspec.json.encode(what)).hexdigest()[:16]


def _own(change: Change) -> bool:
    return isinstance(change, Edit) and change.expect == "any"


def subject(change: Change) -> tuple[str, Place | None]:
    """What a change is about: a path and its place, or a ref, or the commit the checkout goes to."""
    if isinstance(change, SetRef | DropRef):
        return change.ref, None
    if isinstance(change, Advance):
        return change.commit, None
    return change.path, change.place


class Applier:
    """Stages, executes and reconciles the changes of one run.

    `refuse` gives the reason why a change is not allowed in this night, or None.
    """

    def __init__(
        self, checkpoint: Checkpoint, ground: Ground, refuse: Callable[[Change], str | None]
    ) -> None:
        self._checkpoint = checkpoint
        self._ground = ground
        self._refuse = refuse

    def stage(self, state: str, name: str, part: int, changes: Sequence[Change]) -> Segment | None:
        """Make changes ready and write them behind the effects segment; the caller commits it."""
        if not changes:
            return None
        with reported(self._ground.staged, "writing"):
            make_folder(self._ground.staged)
        lines, lengths = [], dict[str, int]()
        for number, change in enumerate(changes):
            effect = self._stage(state, name, part, number, change, lengths)
            lines.append(msgspec.json.encode(effect) + b"\n")
        head = self._checkpoint.current
        segment = head.segments.get("effects", Segment())
        return segments.append(self._path, segment, b"".join(lines), len(lines))

    def _stage(
        self, state: str, name: str, part: int, number: int, change: Change, lengths: dict[str, int]
    ) -> Effect:
        kind = _KINDS[type(change)]
        path, place = subject(change)
        run = self._checkpoint.current.run
        known = self._known.get(effect_id(run, state, name, part, number, change))
        if known is not None and not _own(change):
            if isinstance(change, Append):
                lengths[path] = lengths.get(path, 0) + len(change.content)
            return known
        effect = Effect(
            id=effect_id(run, state, name, part, number, change), kind=kind, place=place, path=path
        )
        reason = self._refuse(change)
        if reason is not None:
            return replace(effect, problem=reason)
        if isinstance(change, Append):
            effect = replace(effect, offset=lengths.get(path, 0))
            lengths[path] = lengths.get(path, 0) + len(change.content)
        try:
            return self._staged(kind, change, effect)
        except (OSError, ValueError, GitError) as error:
            with reported(self._ground.staged, "staging a change in"):
                if isinstance(error, OSError) and place in OWN_PLACES:
                    raise
            return replace(effect, problem=str(error))

    def _staged(self, kind: str, change: Change, effect: Effect) -> Effect:
        """Stage a change; a git that died is started again, since staging may be repeated."""
        for _ in range(_MAX_KILLS - 1):
            with contextlib.suppress(GitError):
                return EFFECTS[kind].stage(change, effect, self._ground)
        return EFFECTS[kind].stage(change, effect, self._ground)

    def drain(self, progress: Callable[[str, int, int], None]) -> None:
        """Execute what is queued, one committed change after the other.

        Raises:
            TryAgain, StateUnreadable: daydream's own files cannot be written.
        """
        queue = self._checkpoint.current.effects
        for effect, next_at in self._queued(queue.at, queue.total - queue.ended):
            now = self._checkpoint.current.effects
            progress(f"{effect.kind} {effect.path}", now.ended + 1, now.total)
            status, detail = self._execute(effect, now.attempt)
            ended = EffectEnded(
                id=effect.id,
                kind=effect.kind,
                path=effect.path,
                status=status,
                detail=detail,
                next_at=next_at,
                reversible=effect.reversible,
            )
            with self._ground.stop.shield():
                self._checkpoint.commit(ended)

    def _execute(self, effect: Effect, attempt: int) -> tuple[str, str]:
        if effect.problem is not None:
            return "conflict", effect.problem
        if attempt > _MAX_KILLS:
            return "failed", f"it ended the process {_MAX_KILLS} times; not tried again"
        kind = EFFECTS[effect.kind]
        try:
            standing = kind.standing(effect, self._ground)
            if standing is Standing.CONFLICT:
                return "conflict", "changed by somebody else meanwhile; left alone"
            if standing is not Standing.DONE:
                kind.act(effect, self._ground)
                standing = kind.standing(effect, self._ground)
        except (Stopped, OutOfBudget):
            raise  # what was begun is recognised and finished when the night goes on
        except (OSError, ValueError, DaydreamError) as error:
            own = effect.place in OWN_PLACES
            if isinstance(error, OSError) and (own or error.errno in FULL):
                with reported(Path(effect.path), "writing"):
                    raise
            return "failed", str(error)
        return ("done", "") if standing is Standing.DONE else ("failed", "it did not hold")

    @functools.cached_property
    def _known(self) -> dict[str, Effect]:
        """What this run staged before, committed or not: what may have been done is recognised by the state of
        the world that was noted then, never by a new look at it."""
        lines = self._path.read_bytes().splitlines() if self._path.exists() else []
        found: dict[str, Effect] = {}
        for line in lines:
            with contextlib.suppress(msgspec.MsgspecError):
                effect = _decode(line)
                if effect.problem is None:
                    found.setdefault(effect.id, effect)
        return found

    @property
    def _path(self) -> Path:
        return self._checkpoint.run_folder / "effects.jsonl"

    def _queued(self, at: int, count: int) -> Iterator[tuple[Effect, int]]:
        if count <= 0:
            return
        yield from read_effects(self._path, self._checkpoint.current.segments["effects"], at, count)


def read_effects(
    path: Path, segment: Segment, at: int = 0, count: int | None = None
) -> Iterator[tuple[Effect, int]]:
    """Yield staged effects from byte `at`, each with the byte where the next begins.

    Raises:
        StateDamaged: a line cannot be read.
    """
    data = segments.read(path, segment, at)
    for line in data.splitlines(keepends=True)[:count]:
        at += len(line)
        try:
            yield _decode(line), at
        except msgspec.MsgspecError as error:
            msg = f"{path} is damaged before byte {at}: {error}"
            raise StateDamaged(msg) from error
