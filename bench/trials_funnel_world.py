"""A repository's funnel as the night makes it: catalogued, dreamt of, judged and tried, in a folder that later runs go on in."""

import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from bench.trials_funnel_filter import passing
from daydream.config.model import Config, DreamOptions, TrialOptions
from daydream.contracts.context import Context
from daydream.contracts.dream import Dream, Kind, Procedure, Verdict
from daydream.dream import catalogue, generate, judge, trial
from daydream.dream.kinds import KINDS
from daydream.records.repository import Interpreter
from daydream.store import dream_rows, trial_rows
from daydream.store.dreams import DreamStore
from tests.fakes.dream_night import Night, context

EVERYTHING = 1_000_000
Key = tuple[str, str, int]


class Place:
    """What is known of one repository: its clone, the state of its nights, and which functions count."""

    def __init__(self, repository: Path, work: Path, name: str = "night") -> None:
        """Clone the repository into the folder `work`, unless it is there.

        `name` keeps several funnels of one repository apart; its environment is what lies in `.venv` beside its source.
        """
        self.name = repository.name
        self.folder = work / repository.name
        self.tree = self.folder / "tree"
        if not self.tree.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            part = self.folder / "tree.part"
            shutil.rmtree(part, ignore_errors=True)
            subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(repository), str(part)], check=True)
            part.rename(self.tree)
        self.state = self.folder / name
        self.state.mkdir(exist_ok=True)
        self.python = repository / ".venv" / "bin" / "python"
        self.passing = self._passing()

    def _passing(self) -> set[Key]:
        found: set[Key] = set()
        for path in sorted(self.tree.rglob("*.py")):
            inside = path.relative_to(self.tree).as_posix()
            found |= {(inside, each.qualname, each.occurrence) for each in passing(inside, path.read_bytes())}
        return found

    def context(self, run: str) -> Context:
        """What a night is given, with the repository's own interpreter where it has one."""
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=self.tree, check=True, capture_output=True, text=True
        ).stdout.strip()
        ctx = context(self.tree, self.state, run, commit)
        scratch = self.folder / "scratch" / "night"
        scratch.mkdir(parents=True, exist_ok=True)
        own = Interpreter(path=str(self.python), version=sys.version_info[:2], why="the benchmark's")
        examination = msgspec.structs.replace(
            ctx.examination, interpreter=own if self.python.exists() else None
        )
        return replace(ctx, scratch=scratch, examination=examination)

    def store(self) -> DreamStore:
        """What its nights left."""
        return DreamStore.open(self.state / "dreams.db")

    def dreamt(
        self, kinds: Sequence[Kind] = KINDS, verdict: Callable[[Dream], Verdict] | None = None
    ) -> None:
        """Catalogue, dream of every function that passes night after night until nothing is left to dream, and judge by
        rules, or by `verdict`; once."""
        done = self.state / "dreamt"
        if done.exists():
            return
        config = Config(dream=DreamOptions(per_night=EVERYTHING, strategy="deep", focus=self._focus()))
        known = -1
        while known < (known := self._night(config, kinds, verdict)):
            pass
        done.touch()

    def _night(
        self, config: Config, kinds: Sequence[Kind], verdict: Callable[[Dream], Verdict] | None
    ) -> int:
        """A night without trials; how many dreams there are after it."""
        run = f"dreaming-{len(list(self.state.glob('dreaming-*'))) + 1:02}"
        (self.state / run).touch()
        night = Night(self.context(run))
        night.run(catalogue.make(config))
        night.run(generate.Generate(config, kinds))
        if verdict is None:
            night.run(judge.make(config))
        else:
            with self.store() as store:
                waits = dream_rows.dreams(store, status="pending_evaluation")
                rows = [dream_rows.verdict_row(verdict(each), "2026-11-21T02:00:00Z") for each in waits]
                store.commit(run, night.seq + 1, rows)
        with self.store() as store:
            return len(dream_rows.dreams(store))

    def _focus(self) -> str:
        names = sorted({f"{path}:{name}" for path, name, _ in self.passing})
        return f"/^(?:{'|'.join(map(re.escape, names))})$/"

    def procedures(self) -> dict[Key, Procedure]:
        """What the catalogue knows of the functions that pass."""
        return {each.key: each for each in self._catalogue() if each.key in self.passing}

    def catalogued(self) -> int:
        """How many procedures the catalogue holds."""
        return len(self._catalogue())

    def _catalogue(self) -> list[Procedure]:
        with self.store() as store:
            latest = dream_rows.last_snapshot(store)
            return dream_rows.procedures(store, latest.run) if latest else []

    def dreams(self) -> dict[str, Dream]:
        """All dreams, by id, with what the judge made of them."""
        with self.store() as store:
            return {each.id: each for each in dream_rows.dreams(store) if each.base in self.passing}

    def trials(self) -> dict[str, trial_rows.Trial]:
        """All trials, by dream."""
        with self.store() as store:
            return {each.dream_id: each for each in trial_rows.trials(store)}

    def unexercised(self) -> Mapping[Key, str]:
        """The functions that a trial found no call for, and why."""
        with self.store() as store:
            found = store.rows("SELECT base_path, base_qualname, base_occurrence, reason FROM unexercised")
            return {(row[0], row[1], row[2]): row[3] for row in found}

    def waiting(self, each: int, others: int) -> list[Dream]:
        """What is to be tried: of each procedure at most `each` dreams of tier 1, and `others` of the rest by lot, which
        are spread among them."""
        turns: dict[Key, int] = {}
        tried = self.trials()
        everything = sorted(self.dreams().values(), key=lambda dream: (-(dream.viability or 0.0), dream.id))
        first = []
        for dream in everything:
            if dream.tier == 1:
                turns[dream.base] = turns.get(dream.base, 0) + 1
                if turns[dream.base] <= each:
                    first.append((turns[dream.base], dream))
        rng = random.Random(f"{self.name} others")
        rest = [dream for dream in everything if dream.tier == 2]
        second = rng.sample(rest, min(others, len(rest)))
        chosen = [dream for _, dream in sorted(first, key=lambda pair: pair[0])] + second
        # Whoever is cut by time has tried the same mixture as whoever is not.
        rng.shuffle(chosen)
        unexercised = self.unexercised()
        return [dream for dream in chosen if dream.id not in tried and dream.base not in unexercised]

    def tried(
        self, options: TrialOptions, each: int, others: int, until: float, say: Callable[[str], None]
    ) -> bool:
        """Try what waits until the monotonic instant `until`, a new night of trials; whether nothing is left."""
        waits = self.waiting(each, others)
        if not waits or time.monotonic() > until:
            return not waits
        run = f"trials-{len(list(self.state.glob('trials-*'))) + 1:02}"
        (self.state / run).touch()
        night = Night(self.context(run))
        config = Config(trials=options)
        step = trial.TrialStep(config)
        try:
            night.sub_step(step, "sandbox")
            for number, dream in enumerate(waits, start=1):
                if time.monotonic() > until:
                    say(f"{self.name}: {len(waits) - number + 1} dreams wait for another run")
                    return False
                if dream.base in self.unexercised():
                    continue
                begun = time.monotonic()
                result = night.sub_step(step, f"trial-{dream.id}")
                outcome = next(
                    (part.get("outcome", part.get("unexercised")) for part in result.parts), result.reason
                )
                say(
                    f"{self.name} {number}/{len(waits)} {time.monotonic() - begun:.1f} s {dream.transform_id} {outcome}"
                )
        finally:
            night.sub_step(step, "across")
            step.close()
        return True
