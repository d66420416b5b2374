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
from daydream.errors import (
    ConfigError,
    DaydreamError,
    StateDamaged,
    StateNewer,
    Stopped,
    TryAgain,
    UsageError,
)
from daydream.flow.due import (
    Abandon,
    Begin,
    Decision,
    NotDue,
    Reopen,
    Wish,
    decide,
    satisfied_before,
    settled_before,
)
from daydream.flow.recording import boot_id
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
_AGAIN = dt.timedelta(minutes=10)


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
    begun: float

    @property
    def budget_s(self) -> float:
        """Seconds that a night may take: less when a person waits for it."""
        options = self.config.night
        if self.request.terminal and not self.said_budget:
            return min(options.budget, options.budget_terminal)
        return options.budget

    @property
    def said_budget(self) -> bool:
        """Whether this command line names a budget: it then replaces the one that the night began with."""
        return "night.budget" in self.request.overrides


def run(request: RunRequest, specs: Sequence[StepSpec] = NIGHT) -> RunResult:
    """Do a night, or what is left of one; see docs/design/night.md for which."""
    return entry.run(request, specs)


def under_lock(
    request: RunRequest, places: Places, lock: RunLock, stop: Stop, specs: Sequence[StepSpec], begun: float
) -> RunResult:
    """What `run` does once the lock is held."""
    check_names(request.only, "--only", specs)
    check_names(request.skip, "--skip", specs)
    config = load(places.root, request.config_file, request.overrides, os.environ).config
    checkpoint = Checkpoint(places.state / "night", lock)
    checkpoint.load()
    _check_owner(places, checkpoint)
    mode = request.overrides.get("night.mode")
    wish = Wish(
        only=request.only,
        skip=request.skip,
        dreams=request.dreams and config.night.dreams,
        mode=str(mode) if mode else None,
        if_due=request.if_due,
        fresh=request.fresh,
    )
    return _nights(Start(request, wish, places, config, checkpoint, specs, stop, begun))


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
            break
        done.append(_one(start, decision))
        if isinstance(decision, Begin | Reopen) or not _goes_on(start, decision, done[-1]):
            break
        start = replace(start, wish=replace(start.wish, fresh=False))
    if not done:
        return outcome.not_due(start.checkpoint.current.satisfied or start.checkpoint.current.night)
    return outcome.finished(start.places, done, start.request)


def _goes_on(start: Start, decision: Decision, head: Head) -> bool:
    """Whether tonight's night still follows one that was only finished or closed."""
    today = clock.local_date(clock.now(), clock.zone(head.zone)).isoformat()
    scheduled_whole = start.wish.if_due and head.partial
    return isinstance(decision, Abandon) or head.night != today or scheduled_whole


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
        head = runner.run(resumed=not isinstance(decision, Begin))
    assembly.prune_stores(start.places, head)
    return head


def _take_up(start: Start, decision: Decision) -> Ground | None:
    """Come back to the commit that the run was begun on; a night that is only closed needs no ground."""
    if isinstance(decision, Abandon) or start.checkpoint.current.closing:
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
    first_night = not settled_before(former)
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
        satisfied=satisfied_before(former, decision.night),
        settled=settled_before(former),
        root=_text(places.root),
        budget_ms=round(start.budget_s * 1000),
        boot=boot_id(),
        only=start.wish.only,
        skip=start.wish.skip,
        dreams=start.wish.dreams,
        config_digest=digest(config),
        plan_digest=plan_digest(start.specs),
        position=states[0],
    )
    began = Started(
        examination=ground.examination,
        repository=_text(places.root.name),
        states=states,
        first_night=first_night,
        previous_findings=previous.name if previous else None,
        previous_commit=findings.read(previous).commit if previous else None,
        inbox_bytes=suppressions.read_suppressions(inbox, None)[1],
        first=_first(start, former),
    )
    checkpoint.begin(head, began, Entered(state=states[0]))
    # One start with a clock that was ahead must not retire what is young by every other measure.
    date = dt.date.fromisoformat(min(decision.night, former.night if former else decision.night))
    retire(
        places.state / "night",
        before=date - dt.timedelta(days=config.report.keep_days),
        trash_before=date - dt.timedelta(days=_TRASH_DAYS),
    )
    return ground


def _first(start: Start, former: Head | None) -> dict[str, tuple[str, ...]]:
    """What the run before left for this one; a journal that is damaged leaves nothing, and that is said."""
    if former is None:
        return {}
    try:
        return cut_names(start.places.state / "night", former)
    except StateDamaged as error:
        if start.request.observer:
            start.request.observer.note(f"{error}; what the night before did not come to is not known")
        return {}


def _text(name: object) -> str:
    """A name on disk as text: it need not be text itself, but what is written has to be."""
    return str(name).encode("utf-8", "backslashreplace").decode()


def _check_owner(places: Places, checkpoint: Checkpoint) -> None:
    """Refuse state that belongs to another repository; one that was moved together with its state is welcome.

    Raises:
        ConfigError: `paths.state` names a folder that another repository uses.
    """
    head = checkpoint.head
    own = [place for place in (places.root, places.git_dir) if place is not None]
    if head is None or not head.root or any(places.state.is_relative_to(place) for place in own):
        return
    if head.root != _text(places.root):
        msg = (
            f"{places.state} holds the nights of {head.root}; "
            "give each repository a paths.state of its own, below its own table in your configuration"
        )
        raise ConfigError(msg)


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

    A night that fails, a full disk or another daydream are told, and the next date is waited for.

    Raises:
        UsageError, StateDamaged, StateNewer: what no later night would mend.
    """
    stop, due = Stop(), replace(request, if_due=True)
    with stopping(stop):
        try:
            while True:
                _sleep_until(_tonight(due, at, specs, stop), stop)
        except Stopped:
            return TryAgain.exit_code


def _tonight(request: RunRequest, at: dt.time, specs: Sequence[StepSpec], stop: Stop) -> dt.datetime:
    """Do tonight's night if its time has come, and say when to look again."""
    watched = request.observer or assembly.Silent()
    zone = clock.zone(
        load(request.root, request.config_file, request.overrides, os.environ).config.night.zone
    )
    begins = clock.start_on(clock.local_date(clock.now(), zone), at, zone)
    if begins is not None and clock.now() >= begins:
        try:
            for line in entry.run(request, specs, stop).lines:
                watched.note(line)
        except (UsageError, StateDamaged, StateNewer, Stopped):
            raise
        except DaydreamError as error:
            watched.note(str(error))
            return clock.now() + _AGAIN
    following = clock.next_start(clock.now(), at, zone)
    watched.note(f"the next night begins at {clock.to_text(following)}")
    return following


def _sleep_until(instant: dt.datetime, stop: Stop) -> None:
    """Sleep in short pieces by the wall clock, so that a suspended machine wakes to the right time.

    Raises:
        Stopped: a stop was requested.
    """
    while True:
        if stop.requested:
            msg = "stopped by a signal"
            raise Stopped(msg)
        if clock.now() >= instant:
            return
        time.sleep(min(1.0, max(0.0, (instant - clock.now()).total_seconds())))
