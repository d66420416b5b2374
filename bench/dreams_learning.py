"""Does learning pay? Nights that learn from their trials beside nights that do not, with the same budget.

`python -m bench.dreams_learning REPOSITORY ... [--python FILE] [--outcomes FOLDER] [--nights 12] [--seeds 5]
[--dreams 24] [--trials 8]`

For each repository and seed two stores begin empty. In each arm a night catalogues, dreams at most `--dreams`, judges by rules, tries at
most `--trials` and draws lessons, by the night's own steps; the arms differ in `dream.learn` alone. A seed is the number of the run, from which
everything drawn by lot follows.

Every outcome is of a real trial: inputs, baseline, dream and cost in bubblewrap. A dream is the same dream whichever arm or seed tries it, so
it is run when first it is chosen, and that outcome stands for each time that it is chosen (common random numbers); `--outcomes` keeps them,
and `--outcomes` of a run before repeats its figures without running anything. Against a real night: the inputs on which earlier dreams of a procedure
differed are not handed on, gains are not weighed across a night, and `--python` names an interpreter whose environment may lack pytest: then
the repository's own tests are not run, which takes most of a trial's time.

Compared over all nights but the first, in which nothing is known and both arms do the same, and over their first half, since a small repository
runs out of dreams that pass: dreams that pass per trial (undecided and not
exercisable ones count as trials that came to nothing), passes among decided, passes and gains a night. Intervals: 95 %, bootstrap over seeds within each
repository (Efron 1979), nights of a seed kept together. Seeds share outcomes and repositories: the interval is about lots, not about other repositories.
"""

import argparse
import dataclasses
import datetime as dt
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bench.machine import heading
from daydream import clock
from daydream.config.model import Config, DreamOptions, SandboxOptions, TrialOptions
from daydream.contracts.dream import Dream
from daydream.dream import catalogue, generate, judge, tighten, trial
from daydream.dream.kinds import KINDS
from daydream.dream.trials.effectiveness_types import Plan
from daydream.dream.trials.laboratory import Laboratory
from daydream.dream.trials.noise import noise_floor
from daydream.dream.trials.trying import Found, Untried, tried
from daydream.records.repository import Interpreter
from daydream.store import dream_rows, trial_rows
from daydream.store.dreams import DreamStore
from daydream.store.trial_rows import TrialRun, trial_run_row
from tests.fakes.dream_night import STARTED_AT, Night, context, store_of

SEED = 20261121
RESAMPLES = 4000
ARMS = (False, True)
OUTCOMES = ("behaviour_preserving", "behaviour_changing", "failing", "undecided")


class Came(NamedTuple):
    """What one night came to."""

    dreams: int
    tier_1: int
    tried: int
    passed: int
    differed: int
    undecided: int
    unexercised: int
    measured: int
    gained: int
    skipped: int


class Truth:
    """What came of running a dream, by its id: run once, really, in the sandbox, and kept in a file."""

    def __init__(
        self, file: Path, tree: Path, scratch: Path, python: str | None, options: TrialOptions
    ) -> None:
        self._file, self._options = file, options
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        self._known: dict[str, dict[str, Any]] = {each["id"]: each for each in map(json.loads, lines)}
        self._laboratory: tuple[Laboratory, float | None] | None = None
        ctx = context(tree, scratch / "state", "outcomes")
        interpreter = Interpreter(path=python, version=sys.version_info[:2], why="") if python else None
        examination = msgspec.structs.replace(ctx.examination, interpreter=interpreter)
        self._ctx = dataclasses.replace(ctx, scratch=scratch / "verify", examination=examination)
        self.ran, self.seconds = 0, 0.0

    def of(self, store: DreamStore, run: str, dream: Dream) -> Found | Untried:
        """Return what came of a dream."""
        entry = self._known.get(dream.id)
        if entry is None:
            begun = time.monotonic()
            entry = {"id": dream.id, "transform": dream.transform_id, **self._run(store, run, dream)}
            self.ran, self.seconds = self.ran + 1, self.seconds + time.monotonic() - begun
            self._known[dream.id] = entry
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
        return Untried(entry["why"]) if "why" in entry else Found(entry["columns"])

    def close(self) -> None:
        """End its sandboxes."""
        if self._laboratory is not None:
            self._laboratory[0].close()

    def _run(self, store: DreamStore, run: str, dream: Dream) -> dict[str, Any]:
        laboratory, floor = self._opened()
        there = dream_rows.procedures(store, run, [dream.base_path])
        (procedure,) = (each for each in there if each.key == dream.base)
        found = tried(self._ctx, laboratory, procedure, dream, [], floor, self._options, SEED)
        return {"why": found.why} if isinstance(found, Untried) else {"columns": dict(found.columns)}

    def _opened(self) -> tuple[Laboratory, float | None]:
        if self._laboratory is None:
            laboratory = Laboratory(self._ctx, SandboxOptions(order=("bubblewrap",)))
            plan = Plan(cpu_s=self._options.compare, seed=SEED)
            floor = noise_floor(laboratory.base_lane(0), plan=plan, check=self._ctx.check)
            self._laboratory = laboratory, floor.ratio if floor.measured else None
        return self._laboratory


def night(tree: Path, state: Path, truth: Truth, config: Config, number: int, seed: int) -> Came:
    """Do one night of an arm."""
    day = STARTED_AT + dt.timedelta(days=number)
    date = day.date().isoformat()
    ctx = dataclasses.replace(context(tree, state, f"{date}.{seed}"), started_at=day, date=date)
    going = Night(ctx)
    going.run(catalogue.make(config))
    generated = going.run(generate.Generate(config, KINDS))
    going.run(judge.make(config))
    facts = _trials(going, truth, config)
    going.run(tighten.make(config))
    with store_of(ctx) as store:
        made = store.rows("SELECT COUNT(*), SUM(tier = 1) FROM dream_procedures WHERE run = ?", (ctx.run,))[0]
    outcomes = [each.get("outcome") for each in facts]
    effects = [each.get("effect") for each in facts]
    return Came(
        dreams=made[0],
        tier_1=made[1] or 0,
        tried=len(facts),
        passed=outcomes.count(OUTCOMES[0]),
        differed=outcomes.count(OUTCOMES[1]) + outcomes.count(OUTCOMES[2]),
        undecided=outcomes.count(OUTCOMES[3]),
        unexercised=outcomes.count(None),
        measured=sum(each in ("gained", "slower", "not_shown") for each in effects),
        gained=effects.count("gained"),
        skipped=generated.facts["skipped"],
    )


def _trials(going: Night, truth: Truth, config: Config) -> list[dict[str, Any]]:
    """Choose as `dream.trial` does, and commit what it would; the outcomes are those of real trials."""
    ctx = going.ctx
    names = trial.make(config).plan(ctx)
    chosen = [each.removeprefix("trial-") for each in names if each.startswith("trial-")]
    at = clock.to_text(ctx.started_at)
    ran = TrialRun("bubblewrap", "", None, at)
    facts: list[dict[str, Any]] = []
    with store_of(ctx) as store:
        going.seq += 1
        store.commit(ctx.run, going.seq, [trial_run_row(ran)])
        for dream in dream_rows.dreams_by_id(store, chosen):
            if trial_rows.why_unexercised(store, dream) is not None:
                facts.append({})
                continue
            done = trial.outcome_of(dream, truth.of(store, ctx.run, dream), ran, at, SEED)
            going.seq += 1
            store.commit(ctx.run, going.seq, done.rows)
            facts.append(dict(done.facts))
    return facts


Runs = dict[tuple[str, int, bool], list[Came]]
"""The nights of each arm, by repository and seed."""


def main() -> int:
    """Do the nights and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--python")
    parser.add_argument("--outcomes", type=Path)
    parser.add_argument("--nights", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--dreams", type=int, default=24)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--inputs", type=int, default=20)
    parser.add_argument("--compare", type=float, default=3.0)
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    heading("Nights that learn beside nights that do not")
    runs: Runs = {}
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as name:
        for repository in args.repositories:
            _repository(repository, Path(name), args, runs)
    for each in args.repositories:
        _told(each.name, {key: nights for key, nights in runs.items() if key[0] == each.name})
    if len(args.repositories) > 1:
        _told("all", runs)
    return 0


def _repository(repository: Path, folder: Path, args: argparse.Namespace, runs: Runs) -> None:
    tree = _exported(repository, folder)
    kept = args.outcomes or folder
    kept.mkdir(parents=True, exist_ok=True)
    trials = TrialOptions(per_night=args.trials, inputs=args.inputs, compare=args.compare)
    truth = Truth(
        kept / f"{repository.name}.jsonl", tree, folder / f"{repository.name}-scratch", args.python, trials
    )
    begun = time.monotonic()
    for seed in range(1, args.seeds + 1):
        for learn in ARMS:
            dreams = DreamOptions(per_night=args.dreams, learn=learn)
            config = Config(dream=dreams, trials=trials)
            state = folder / f"{repository.name}-{seed}-{learn}"
            nights = [night(tree, state, truth, config, number, seed) for number in range(args.nights)]
            runs[repository.name, seed, learn] = nights
            if args.verbose:
                for number, each in enumerate(nights, start=1):
                    print(f"{repository.name} seed {seed} learn {learn} night {number}: {each}", flush=True)
            shutil.rmtree(state)
    truth.close()
    print(
        f"{repository.name}: {truth.ran} dreams run in {truth.seconds:.0f} s, {time.monotonic() - begun:.0f} s in all",
        flush=True,
    )


def _exported(repository: Path, folder: Path) -> Path:
    """The files of a repository's commit, or of a folder without git."""
    tree = folder / repository.name
    if not (repository / ".git").exists():
        shutil.copytree(repository, tree)
        return tree
    tree.mkdir()
    packed = subprocess.run(["git", "archive", "HEAD"], cwd=repository, check=True, capture_output=True)
    subprocess.run(["tar", "x"], cwd=tree, input=packed.stdout, check=True)
    return tree


Figure = Callable[[Sequence[Came]], float]
FIGURES: dict[str, Figure] = {
    "passes per trial": lambda nights: _ratio(sum(n.passed for n in nights), sum(n.tried for n in nights)),
    "passes per decided trial": lambda nights: _ratio(
        sum(n.passed for n in nights), sum(n.passed + n.differed for n in nights)
    ),
    "decided per trial": lambda nights: _ratio(
        sum(n.passed + n.differed for n in nights), sum(n.tried for n in nights)
    ),
    "passes a night": lambda nights: sum(n.passed for n in nights) / len(nights),
    "gains a night": lambda nights: sum(n.gained for n in nights) / len(nights),
    "gains per trial": lambda nights: _ratio(sum(n.gained for n in nights), sum(n.tried for n in nights)),
}


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _told(name: str, runs: Runs) -> None:
    print(
        f"\n### {name}\n\n| arm | dreams | tier 1 | tried | passed | differed or failed | undecided | not exercisable | gained |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for learn in ARMS:
        nights = [each for key, arm in runs.items() if key[2] is learn for each in arm[1:]]
        per = {field: sum(getattr(each, field) for each in nights) / len(nights) for field in Came._fields}
        print(
            f"| {'learning' if learn else 'not learning'} | "
            + " | ".join(
                f"{per[field]:.2f}"
                for field in (
                    "dreams",
                    "tier_1",
                    "tried",
                    "passed",
                    "differed",
                    "undecided",
                    "unexercised",
                    "gained",
                )
            )
            + " |"
        )
    keys = sorted({key[:2] for key in runs})
    last = len(next(iter(runs.values())))
    for until in ((last + 1) // 2, last):
        print(
            f"\n| nights 2 to {until} | not learning | learning | difference | 95 % |\n|---|---|---|---|---|"
        )
        for title, figure in FIGURES.items():
            off, on = (figure(_nights(runs, keys, learn, until)) for learn in ARMS)
            low, high = _interval(runs, keys, figure, until)
            print(f"| {title} | {off:.3f} | {on:.3f} | {on - off:+.3f} | {low:+.3f} to {high:+.3f} |")
    print(
        "\npasses by night, all seeds: "
        + "; ".join(
            f"{number}: {_by_night(runs, number, False)} / {_by_night(runs, number, True)}"
            for number in range(1, len(next(iter(runs.values()))) + 1)
        )
    )


def _by_night(runs: Runs, number: int, learn: bool) -> int:
    return sum(arm[number - 1].passed for key, arm in runs.items() if key[2] is learn)


def _nights(runs: Runs, keys: Sequence[tuple[str, int]], learn: bool, until: int) -> list[Came]:
    return [each for key in keys for each in runs[*key, learn][1:until]]


def _interval(runs: Runs, keys: Sequence[tuple[str, int]], figure: Figure, until: int) -> tuple[float, float]:
    """Where the difference lies: seeds drawn with replacement within each repository, both arms of a seed together."""
    rng = random.Random(SEED)
    names = sorted({key[0] for key in keys})
    found = []
    for _ in range(RESAMPLES):
        drawn = [
            each
            for name in names
            for each in rng.choices([key for key in keys if key[0] == name], k=len(keys) // len(names))
        ]
        found.append(figure(_nights(runs, drawn, True, until)) - figure(_nights(runs, drawn, False, until)))
    found.sort()
    return found[int(0.025 * RESAMPLES)], found[int(0.975 * RESAMPLES)]


if __name__ == "__main__":
    sys.exit(main())
