"""Trying dreams between nights: in a run of its own, one dream at a time, and never in a night's way.

The night's lock is held only while the examined commit is brought out and while rows are stored, each a moment: a night that starts
meanwhile is not turned away. What was being tried then is dropped, for the ground may no longer be what it was, and waits for its turn.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from daydream import clock
from daydream.app.assembly import Silent
from daydream.app.views import places_of
from daydream.config.load import load
from daydream.config.model import Config
from daydream.contracts.context import Context
from daydream.contracts.dream import Dream
from daydream.contracts.sandbox import SandboxRefused
from daydream.contracts.use_cases import Observer
from daydream.dream import trial
from daydream.errors import TryAgain, UsageError
from daydream.processes import Stop
from daydream.records.outcome import Done, Outcome, Skipped
from daydream.repository.ground import prepare
from daydream.repository.places import Places
from daydream.store import dream_queries, dream_rows, trial_rows
from daydream.store.dreams import DreamStore
from daydream.store.heads import read_head
from daydream.store.lock import RunLock
from daydream.store.trial_rows import Trial

_NIGHT = "a night was started meanwhile and goes first; what was being tried is tried again later"
_UNFINISHED = "a night was begun and not finished, and goes first; `daydream run` finishes it"
_TIER = 1


@dataclass(frozen=True, slots=True)
class TriedDream:
    """What became of one dream: its trial, or why there is none."""

    dream_id: str
    trial: Trial | None
    why: str = ""

    @property
    def passed(self) -> bool | None:
        """Whether it does the same as its procedure; None where that was not decided."""
        if self.trial is None or self.trial.outcome == "undecided":
            return None
        return self.trial.outcome == "behaviour_preserving"


@dataclass(slots=True)
class Tryout:
    """Tries the dreams that a repository's nights have stored. `inputs` is the least number of inputs of each; a night's
    own number counts where it is larger.

    Raises:
        UsageError: no night was ever started there.
    """

    root: Path
    config_file: Path | None = None
    inputs: int = 0
    stop: Stop = field(default_factory=Stop)
    observer: Observer = field(default_factory=Silent)

    def waiting(self, limit: int | None = None) -> list[str]:
        """The ids of the dreams of tier 1 that wait for a trial, the most viable first.

        Raises:
            UsageError: the limit is below 1, or no night was ever started there.
        """
        if limit is not None and limit < 1:
            msg = f"limit {limit}: give a number of dreams from 1 on"
            raise UsageError(msg)
        with self.store(self.places()) as store:
            return [each.id for each in trial_rows.waiting(store, _TIER)][:limit]

    def dream(self, beginning: str) -> Dream:
        """The dream with this id, or with the only one that begins so.

        Raises:
            UsageError: there is none, or more than one.
        """
        with self.store(self.places()) as store:
            found = dream_queries.beginning_with(store, beginning, 2) if beginning else []
        if len(found) != 1:
            trouble = "no dream has" if not found else "more than one dream begins with"
            msg = f"{trouble} the id {beginning!r}; `daydream dream journal` lists them"
            raise UsageError(msg)
        return found[0].dream

    def one(self, beginning: str) -> TriedDream:
        """Try one dream that waits; of one that was tried, tell what is stored.

        Raises:
            UsageError: there is no such dream, or it is none that is tried.
            TryAgain, SandboxRefused: as `run`.
        """
        dream = self.dream(beginning)
        known = self.trial_of(dream.id)
        if known is not None:
            return TriedDream(dream.id, known, "it was tried before")
        if dream.status not in ("evaluated", "pending_test") or dream.tier != _TIER:
            tier = "not judged" if dream.tier is None else f"of tier {dream.tier}"
            msg = f"{dream.id} is {tier} and stands at {dream.status}; tried are judged dreams of tier {_TIER} alone"
            raise UsageError(msg)
        (found,) = self.run([dream.id])
        return found

    def trial_of(self, dream_id: str) -> Trial | None:
        """The trial of a dream that is stored."""
        with self.store(self.places()) as store:
            return trial_rows.last_trial(store, dream_id)

    def run(self, dreams: Sequence[str]) -> Iterator[TriedDream]:
        """Try dreams that wait, one after the other; each is stored before it is told.

        Raises:
            TryAgain: a night works here, or another test does; what was told is stored.
            SandboxRefused: no sandbox can be had.
        """
        if not dreams:
            return
        places = self.places()
        with RunLock(places.state / "test"), self._opened(places) as (ctx, step, head):
            store = _Storing(places, ctx.run, head)
            first, *tries, last = trial.sub_steps(dreams)
            done = step.run(ctx, first, None)
            if isinstance(done, Skipped):
                raise SandboxRefused(done.reason)
            store(done)
            for number, (dream_id, name) in enumerate(zip(dreams, tries, strict=True), start=1):
                self.observer.progress(dream_id, number, len(dreams))
                done = step.run(ctx, name, None)
                store(done)
                yield self._told(places, ctx.run, dream_id, done)
            store(step.run(ctx, last, None))

    def config(self, places: Places) -> Config:
        """The configuration of a night here."""
        return load(places.root, self.config_file, {}, os.environ).config

    @contextmanager
    def _opened(self, places: Places) -> Iterator[tuple[Context, trial.TrialStep, bytes]]:
        """The ground of the last catalogue, the sandbox on it, and the night's head that they belong to."""
        config = self.config(places)
        inputs = max(self.inputs, config.trials.inputs)
        config = config.model_copy(update={"trials": config.trials.model_copy(update={"inputs": inputs})})
        step = trial.TrialStep(config)
        with closing(step):
            with self.ground(places, config) as ctx:
                head = _head(places)
                step.open(ctx)
            yield ctx, step, head

    @contextmanager
    def ground(self, places: Places, config: Config) -> Iterator[Context]:
        """The world of a test, on the commit that was catalogued last, with the night's lock held.

        Raises:
            TryAgain: a night works here, or one is unfinished.
            UsageError: nothing was catalogued yet.
        """
        with RunLock(places.state / "night"):
            head = read_head(places.state / "night")
            if head is not None and head.closed is None:
                raise TryAgain(_UNFINISHED)
            yield self._context(places, config)

    def _context(self, places: Places, config: Config) -> Context:
        with self.store(places) as store:
            latest = dream_rows.last_snapshot(store)
        if latest is None:
            msg = "nothing was catalogued here yet; `daydream dream run` dreams first"
            raise UsageError(msg)
        ground = prepare(places, config, self.stop, commit=latest.commit, resumed=True)
        now = clock.now()
        zone = clock.zone(config.night.zone)
        return Context(
            root=places.root,
            tree=ground.tree,
            state=places.state,
            logs=places.logs,
            files=ground.files,
            examination=ground.examination,
            started_at=now,
            zone=zone,
            date=clock.local_date(now, zone).isoformat(),
            run=f"test-{clock.to_text(now)}-{os.getpid()}",
            mode="report",
            first_night=False,
            stop=self.stop,
            env=os.environ,
            progress=self.observer.progress,
            night=_no_night,
            scratch=places.cache / "verify",
            unexamined=ground.unexamined,
        )

    def places(self) -> Places:
        return places_of(self.root, self.config_file)

    def store(self, places: Places) -> DreamStore:
        return DreamStore.open(places.state / DreamStore.schema.file, read_only=True)

    def _told(self, places: Places, run: str, dream_id: str, done: Outcome) -> TriedDream:
        if isinstance(done, Skipped):
            return TriedDream(dream_id, None, done.reason)
        with self.store(places) as store:
            found = next(
                (each for each in trial_rows.trials(store, run=run) if each.dream_id == dream_id), None
            )
        why = done.facts.get("unexercised", "") if isinstance(done, Done) and found is None else ""
        return TriedDream(dream_id, found, str(why))


class _Storing:
    """Stores rows under the night's lock, as long as no night was there since."""

    def __init__(self, places: Places, run: str, head: bytes) -> None:
        self.places = places
        self.run = run
        self.head = head
        self.seq = 0

    def __call__(self, done: Outcome) -> None:
        if not isinstance(done, Done):
            return
        self.seq += 1
        with RunLock(self.places.state / "night"):
            if _head(self.places) != self.head:
                raise TryAgain(_NIGHT)
            with DreamStore.open(self.places.state / DreamStore.schema.file) as store:
                store.commit(self.run, self.seq, done.rows)


def _head(places: Places) -> bytes:
    """What the night's head reads now."""
    try:
        return (places.state / "night" / "state.json").read_bytes()
    except FileNotFoundError:
        return b""


def _no_night() -> NoReturn:
    msg = "there is no night to tell of"
    raise LookupError(msg)
