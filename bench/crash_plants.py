"""Planted bugs: each replaces one function of the core by a plausible wrong one, and the crash test must see it."""

import datetime as dt
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from daydream import clock
from daydream.records.change import Commit
from daydream.records.effect import Effect
from daydream.records.journal import EffectEnded
from daydream.store import segments
from daydream.store.applier import Applier
from daydream.store.durable import make_folder, sync_folder, write_all
from daydream.store.effects import append, delete, edit, move, pack, ref
from daydream.store.effects.base import EffectKind, Ground, Standing

if TYPE_CHECKING:
    from bench.crash_trace import Point
    from bench.crash_world import World

_MOST_POINTS = 60


@dataclass(frozen=True, slots=True)
class Plant:
    """A planted bug: how it is planted, what it is, and the points that can show it.

    Without points it is one that kill -9 cannot show: the order of syncs in the trace must.
    """

    plant: Callable[[], None]
    what: str
    shows: "Callable[[Point], bool] | None" = None


def _instead(module: object, name: str, wrong: Callable[..., object]) -> None:
    mock.patch.object(module, name, wrong).start()


def _remembering(kind: EffectKind, act: Callable[[Effect, Ground], None]) -> None:
    """Plant an act whose outcome only this process remembers."""
    done, standing = set[str](), kind.standing

    def wrong(effect: Effect, ground: Ground) -> None:
        act(effect, ground)
        done.add(effect.id)

    def remembered(effect: Effect, ground: Ground) -> Standing:
        return Standing.DONE if effect.id in done else standing(effect, ground)

    _instead(kind, "act", wrong)
    _instead(kind, "standing", remembered)


def _write_at_end(path: Path, _offset: int, data: bytes) -> None:
    created = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        write_all(handle, data)
        os.fdatasync(handle)
    finally:
        os.close(handle)
    if created:
        sync_folder(path.parent)


def append_at_end() -> None:
    """O_APPEND, and no look at what is there already."""
    _instead(append, "write_at", _write_at_end)
    _instead(append, "standing", lambda _effect, _ground: Standing.NOT_STARTED)
    _remembering(append, append.act)


def journal_at_end() -> None:
    """O_APPEND for the night's own segments."""
    _instead(segments, "write_at", _write_at_end)


def no_sync_of(files: bool) -> Callable[[], None]:
    """No fsync of files, or none of folders."""

    def plant() -> None:
        sync = os.fsync

        def wrong(handle: int) -> None:
            if stat.S_ISDIR(os.fstat(handle).st_mode) is files:
                sync(handle)

        _instead(os, "fsync", wrong)

    return plant


def no_fdatasync() -> None:
    """No fdatasync of what is appended."""
    _instead(os, "fdatasync", lambda _handle: None)


def done_first() -> None:
    """Commit the end of an effect before it is executed."""

    def drain(self: Applier, progress: Callable[[str, int, int], None]) -> None:
        queue = self._checkpoint.current.effects
        for effect, next_at in list(self._queued(queue.at, queue.total - queue.ended)):
            now = self._checkpoint.current.effects
            progress(f"{effect.kind} {effect.path}", now.ended + 1, now.total)
            ended = EffectEnded(
                id=effect.id,
                kind=effect.kind,
                path=effect.path,
                status="done",
                next_at=next_at,
                reversible=effect.reversible,
            )
            self._checkpoint.commit(ended)
            self._execute(effect, now.attempt)

    _instead(Applier, "drain", drain)


def edit_in_place() -> None:
    """Write over the file itself."""

    def act(effect: Effect, ground: Ground) -> None:
        path = ground.path(effect.place, effect.path)
        make_folder(path.parent)
        with path.open("wb") as handle:
            handle.write(ground.content(effect.id).read_bytes())
            handle.flush()
            os.fsync(handle.fileno())
        sync_folder(path.parent)

    _instead(edit, "act", act)


def move_by_copy() -> None:
    """Copy, then remove: half done, it looks like a file that somebody made anew."""

    def act(effect: Effect, ground: Ground) -> None:
        source, target = (
            ground.path(effect.place, effect.path),
            ground.path(effect.place, effect.target or ""),
        )
        make_folder(target.parent)
        shutil.copyfile(source, target)
        sync_folder(target.parent)
        source.unlink()
        sync_folder(source.parent)

    _instead(move, "act", act)


def delete_for_good() -> None:
    """Remove without the trash: once it is gone, nothing says who did it."""

    def act(effect: Effect, ground: Ground) -> None:
        path = ground.path(effect.place, effect.path)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
        sync_folder(path.parent)

    _remembering(delete, act)


def ref_dated_now() -> None:
    """Date a proposal's commit by when it is made, here by how often the night was started."""
    commit: Callable[[Commit, str, str, Effect, Ground], str] = vars(ref)["_commit"]

    def wrong(change: Commit, parent: str, instant: str, effect: Effect, ground: Ground) -> str:
        starts = (ground.staged.parent / "telemetry.jsonl").read_bytes().count(b'"start"')
        moment = clock.from_text(instant) + dt.timedelta(seconds=starts)
        return commit(change, parent, clock.to_text(moment), effect, ground)

    _instead(ref, "_commit", wrong)


def ref_forgotten() -> None:
    """Take a ref that has moved for somebody else's doing."""
    standing = ref.standing

    def forgetful(effect: Effect, ground: Ground) -> Standing:
        found = standing(effect, ground)
        return Standing.CONFLICT if found is Standing.DONE else found

    _instead(ref, "standing", forgetful)
    _remembering(ref, ref.act)


def pack_original_first() -> None:
    """Take the original away while there is no packed copy yet."""
    act = pack.act

    def wrong(effect: Effect, ground: Ground) -> None:
        path = ground.path(effect.place, effect.path)
        content, mode = path.read_bytes(), path.stat().st_mode
        path.unlink()
        sync_folder(path.parent)
        path.write_bytes(content)
        path.chmod(mode)
        act(effect, ground)

    _instead(pack, "act", wrong)
    _remembering(pack, wrong)


def _of(kind: str, *stages: str) -> "Callable[[Point], bool]":
    return lambda point: point.kind == kind and point.stage in stages


def _in_checkout(point: "Point") -> bool:
    return point.path.startswith("shop/") and "/.git/" not in point.path


def _commits(point: "Point") -> bool:
    return point.kind in ("segments", "head") and point.name in ("fdatasync", "rename")


PLANTS: Mapping[str, Plant] = {
    "append-at-end": Plant(append_at_end, "append: O_APPEND", _of("append", "act", "done")),
    "journal-at-end": Plant(journal_at_end, "segments: O_APPEND", _commits),
    "no-file-fsync": Plant(no_sync_of(files=True), "no fsync before the rename"),
    "no-folder-fsync": Plant(no_sync_of(files=False), "no fsync of the folder"),
    "no-fdatasync": Plant(no_fdatasync, "no fdatasync of segments and appends"),
    "done-first": Plant(done_first, "done before the effect", _in_checkout),
    "edit-in-place": Plant(edit_in_place, "edit: no rename", _of("edit", "act")),
    "move-by-copy": Plant(move_by_copy, "move: copy and unlink", _of("move", "act")),
    "delete-for-good": Plant(delete_for_good, "delete: no trash", _of("delete", "act", "done")),
    "pack-original-first": Plant(pack_original_first, "pack: no copy before", _of("pack", "act")),
    "ref-dated-now": Plant(ref_dated_now, "ref: the present as commit date", _of("ref", "intent")),
    "ref-forgotten": Plant(ref_forgotten, "ref: own work not recognised", _of("ref", "done")),
}


def tried(world: "World", name: str) -> Iterator[tuple[str, str]]:
    """Try a planted bug; yield a point (or "trace") and what was seen there, "" for nothing."""
    from bench.crash_kill import Judge, golden

    found = golden(world, name)
    shows = PLANTS[name].shows
    if shows is None:
        yield "trace", "; ".join(found.out_of_order[:1])
        return
    judge = Judge(world, found, name)
    for point in [p for p in found.points if shows(p)][:_MOST_POINTS]:
        outcome = judge.killed(point)
        if outcome.kept:
            shutil.rmtree(outcome.kept)
        yield str(point), outcome.wrong[0] if outcome.hit and outcome.wrong else ""


def all_red(worlds: "Sequence[World]") -> bool:
    """Plant one bug after the other; tell whether the crash test sees each."""
    print("### Planted bugs\n\n| planted | seen after points | by |\n|---|---|---|")
    well = True
    for name, plant in PLANTS.items():
        count, seen, where = 0, "", ""
        for where, seen in tried(worlds[0], name):
            count += where != "trace"
            if seen:
                break
        well = well and bool(seen)
        verdict = f"{where}: {seen}"[:200] if seen else "NOT SEEN"
        print(f"| {plant.what} | {count or 'the trace alone'} | {verdict} |", flush=True)
    print()
    return well
