"""The night: which one comes next, what it needs, and taking it to its end."""

import datetime as dt
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from daydream import clock
from daydream.app import assembly, entry, outcome
from daydream.app.registry import NIGHT, check_names, plan_digest
from daydream.config.load import digest, load
from daydream.config.model import Config
from daydream.contracts.step import StepSpec
from daydream.contracts.use_cases import RunRequest, RunResult
from daydream.errors import DaydreamError, Stopped, TryAgain
from daydream.flow.due import Abandon, Begin, Decision, NotDue, Reopen, Wish, decide, satisfied_before
from daydream.flow.signals import stopping
from daydream.processes import Stop
from daydream.records.head import Head
from daydream.records.journal import Entered, Noted, Started
from daydream.repository import places as where
from daydream.repository import workbench
from daydream.repository.ground import Ground, prepare
from daydream.repository.places import Places
from daydream.store import findings, suppressions
from daydream.store.checkpoint import Checkpoint
from daydream.store.lock import RunLock
from daydream.store.runs import cut_names, numbers, retire

_FREE_BYTES = 64 * 2**20
_TRASH_DAYS = 14


@dataclass(frozen=True, slots=True)
class Start:
    """What one start of the program works with."""

    request: RunRequest
    wish: Wish
    places: Places
    config: Config
    checkpoint: Checkpoint
    specs: Sequence[StepSpec]
    stop: Stop

    @property
    def budget_s(self) -> float:
        """Seconds that a night may take: less when a person waits for it."""
        options = self.config.night
        said = "night.budget" in self.request.overrides
        return (
            min(options.budget, options.budget_terminal)
            if self.request.terminal and not said
            else options.budget
        )


def run(request: RunRequest, specs: Sequence[StepSpec] = NIGHT) -> RunResult:
    """Do a night, or what is left of one; see docs/design/night.md for which."""
    return entry.run(request, specs)


def under_lock(
    request: RunRequest, places: Places, lock: RunLock, stop: Stop, specs: Sequence[StepSpec]
) -> RunResult:
    """What `run` does once the lock is held."""
    check_names(request.only, "--only", specs)
    check_names(request.skip, "--skip", specs)
    config = load(places.root, request.config_file, request.overrides, os.environ).config
    checkpoint = Checkpoint(places.state / "night", lock)
    checkpoint.load()
    mode = request.overrides.get("night.mode")
    wish = Wish(
        only=request.only,
        skip=request.skip,
        dreams=request.dreams and config.night.dreams,
        mode=str(mode) if mode else None,
        if_due=request.if_due,
        fresh=request.fresh,
    )
    return _nights(Start(request, wish, places, config, checkpoint, specs, stop))


def _nights(start: Start) -> RunResult:
    """Finish what is unfinished, then do tonight's where it is wanted."""
    _check_room(start.places)
    watched = start.request.observer
    if start.checkpoint.recovered and watched:
        watched.note(start.checkpoint.recovered)
    done: list[Head] = []
    while True:
        decision = _decide(start)
        if isinstance(decision, NotDue):
            return (
                outcome.not_due(decision.night)
                if not done
                else outcome.finished(start.places, done[-1], start.request)
            )
        before = done[-1] if done else None
        head = _one(start, decision)
        done.append(head)
        today = clock.local_date(clock.now(), clock.zone(head.zone)).isoformat()
        last = isinstance(decision, Begin | Reopen) or (
            head.night == today and not isinstance(decision, Abandon)
        )
        if last or before is not None:
            return outcome.finished(start.places, head, start.request)
        start = replace(start, wish=replace(start.wish, fresh=False))


def _decide(start: Start) -> Decision:
    head = start.checkpoint.head
    zone = clock.zone(start.config.night.zone)
    now = clock.now()
    return decide(
        head,
        start.wish,
        now=now,
        zone=zone,
        digest=digest(start.config),
        plan=plan_digest(start.specs),
        max_age_s=start.config.night.max_age,
        numbers=numbers(start.places.state / "night", clock.local_date(now, zone).isoformat()),
    )


def _one(start: Start, decision: Decision) -> Head:
    """Begin or take up one night and take it to its end."""
    ground = _begin(start, decision) if isinstance(decision, Begin) else _take_up(start, decision)
    if start.checkpoint.recovered:
        start.checkpoint.commit(Noted(text=f"State was damaged and recovered: {start.checkpoint.recovered}."))
        start.checkpoint.recovered = None
    runner = assembly.assemble(start, ground)
    if isinstance(decision, Abandon):
        start.checkpoint.commit(Entered(state=start.specs[-1].state, closing=decision.reason))
    if isinstance(decision, Reopen):
        runner.reopen()
    with assembly.telemetry(start.checkpoint, runner):
        head = runner.run()
    assembly.prune_dreams(start.places, head)
    return head


def _take_up(start: Start, decision: Decision) -> Ground | None:
    """Come back to the commit that the run was begun on; a night that is only closed needs no ground."""
    head = start.checkpoint.current
    if head.closed is None:
        start.checkpoint.commit(resumed=head.resumed + 1)
    if isinstance(decision, Abandon) or head.closing:
        return None
    commit = assembly.started(start.checkpoint).examination.commit
    return prepare(start.places, start.config, start.stop, commit=commit, resumed=True)


def _begin(start: Start, decision: Begin) -> Ground:
    """Accept a new run: everything it depends on is pinned in its first commit."""
    places, config, checkpoint = start.places, start.config, start.checkpoint
    where.create(places)
    workbench.sweep(places.cache.parent, start.stop)
    ground = prepare(places, config, start.stop, commit=None)
    former = checkpoint.head
    zone = clock.local_zone() if config.night.zone == "local" else config.night.zone
    memory = places.state / "night" / "findings"
    previous = findings.latest(memory)
    first_night = previous is None
    inbox = places.state / "night" / "inbox"
    run_name = f"{decision.night}.{decision.number}"
    states = tuple(spec.state for spec in start.specs)
    head = Head(
        run=run_name,
        night=decision.night,
        number=decision.number,
        started_at=clock.to_text(clock.now()),
        zone=zone,
        mode="report" if first_night else config.night.mode,
        asked_mode=config.night.mode,
        partial=start.wish.partial,
        satisfied=satisfied_before(former),
        only=start.wish.only,
        skip=start.wish.skip,
        dreams=start.wish.dreams,
        config_digest=digest(config),
        plan_digest=plan_digest(start.specs),
        position=states[0],
    )
    began = Started(
        examination=ground.examination,
        # Names on disk need not be text; what is written has to be.
        repository=places.root.name.encode("utf-8", "backslashreplace").decode(),
        states=states,
        first_night=first_night,
        previous_findings=previous.name if previous else None,
        previous_commit=findings.read(previous).commit if previous else None,
        inbox_bytes=suppressions.read_suppressions(inbox, None)[1],
        first=cut_names(places.state / "night", former) if former else {},
    )
    checkpoint.begin(head, began, Entered(state=states[0]))
    date = dt.date.fromisoformat(decision.night)
    retire(
        places.state / "night",
        before=date - dt.timedelta(days=config.report.keep_days),
        trash_before=date - dt.timedelta(days=_TRASH_DAYS),
    )
    return ground


def _check_room(places: Places) -> None:
    """Refuse to begin on a disk that is as good as full.

    Raises:
        TryAgain: less than 64 MiB are free where state goes.
    """
    here = next(folder for folder in (places.state, *places.state.parents) if folder.exists())
    room = os.statvfs(here)
    free = room.f_bavail * room.f_frsize
    if free < _FREE_BYTES:
        msg = f"only {free // 2**20} MiB are free on the disk of {places.state}; free some and start again"
        raise TryAgain(msg)


def run_every_night(request: RunRequest, at: dt.time, specs: Sequence[StepSpec] = NIGHT) -> int:
    """Do tonight's night whenever `at` has passed and it is due, until stopped; returns the exit code.

    A night that fails is reported and does not end the process; a stop ends it with TryAgain's code.
    """
    stop = Stop()
    due = replace(request, if_due=True)
    watched = request.observer
    while True:
        try:
            zone = clock.zone(
                load(request.root, request.config_file, request.overrides, os.environ).config.night.zone
            )
            tonight = clock.start_on(clock.local_date(clock.now(), zone), at, zone)
            if tonight is not None and clock.now() >= tonight:
                result = run(due, specs)
                for line in result.lines if watched else ():
                    watched.note(line) if watched else None
            following = clock.next_start(clock.now(), at, zone)
            if watched:
                watched.note(f"the next night begins at {clock.to_text(following)}")
            with stopping(stop):
                _sleep_until(following, stop)
        except Stopped:
            return TryAgain.exit_code
        except DaydreamError as error:
            if watched:
                watched.note(str(error))
            with stopping(stop):
                _sleep_until(clock.now() + dt.timedelta(minutes=10), stop)


def _sleep_until(instant: dt.datetime, stop: Stop) -> None:
    """Sleep in short pieces by the wall clock, so that a suspended machine wakes to the right time.

    Raises:
        Stopped: a stop was requested.
    """
    while clock.now() < instant:
        if stop.requested:
            msg = "stopped by a signal"
            raise Stopped(msg)
        time.sleep(min(1.0, max(0.0, (instant - clock.now()).total_seconds())))
