"""`dream replay`: a trial once more, on the commit that it was made on; nothing is kept of it."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daydream import clock
from daydream.analysis.fixes.page import Left, decode, read
from daydream.analysis.fixes.rewording import find
from daydream.app.applying import dream_and_trial
from daydream.app.assembly import Silent
from daydream.app.views import places_of
from daydream.config.load import load
from daydream.config.model import Config
from daydream.contracts.context import Context
from daydream.contracts.dream import Dream, Procedure
from daydream.contracts.results import RunResult
from daydream.errors import UsageError
from daydream.flow.signals import stopping
from daydream.processes import Stop
from daydream.records.night import NightFacts
from daydream.repository.checkout import has_commit
from daydream.repository.ground import Ground, peek_ground
from daydream.repository.places import Places
from daydream.store import trial_rows
from daydream.store.dreams import DreamStore
from daydream.store.measuring import measuring
from daydream.store.trial_rows import Trial

if TYPE_CHECKING:
    from daydream.dream.trials.laboratory import Laboratory
    from daydream.dream.trials.trying import Found, Untried

_WORDS = {
    "behaviour_preserving": "does the same as its procedure",
    "behaviour_changing": "does something else than its procedure",
    "failing": "fails",
    "undecided": "cannot be decided",
}

_INTERVAL = ("effectiveness", "effect_low", "effect_high")


def replay(root: Path, config_file: Path | None, identifier: str) -> RunResult:
    """Try a dream again with the same seed and options; exit code 0 where the verdict stands, 1 where it does not.

    The verdict stands where the same inputs lead to the same outcome, and what was a gain is one again.

    Raises:
        UsageError: there is no such dream, or no trial of it that can be made again.
        SandboxRefused: no sandbox can be had; the message says what to do.
    """
    places = places_of(root, config_file)
    kept, trial = dream_and_trial(places, identifier)
    dream = kept.dream
    if trial is None:
        msg = f"{dream.id} was not tried yet, so there is nothing to see again"
        raise UsageError(msg)
    commit = trial.evidence.get("commit")
    if not isinstance(commit, str) or "options" not in trial.evidence:
        msg = f"the trial of {dream.id} did not note on which commit it was made, so it cannot be made again"
        raise UsageError(msg)
    stop = Stop()
    if not (places.has_git and has_commit(places.root, commit, stop)):
        msg = f"commit {commit[:12]}, on which {dream.id} was tried, is not in this clone any more, so its trial cannot be made again"
        raise UsageError(msg)
    config = _as_it_was(load(places.root, config_file, {}, os.environ).config, trial)
    with stopping(stop), peek_ground(places, config, stop, commit=commit) as ground:
        again, floor = _tried(places, config, ground, stop, dream, trial)
    return _told(dream, trial, again, floor)


def _as_it_was(config: Config, trial: Trial) -> Config:
    """The options of the trial, the backend that it was made in first."""
    options = trial.evidence["options"]
    order = tuple(sorted(config.sandbox.order, key=lambda each: each != trial.backend))
    sandbox = {"order": order, "timeout": options["timeout"], "memory_mb": options["memory"] // 2**20}
    trials = {"inputs": options["inputs"], "compare": options["compare"]}
    return config.model_copy(
        update={
            "sandbox": config.sandbox.model_copy(update=sandbox),
            "trials": config.trials.model_copy(update=trials),
        }
    )


def _tried(
    places: Places, config: Config, ground: Ground, stop: Stop, dream: Dream, trial: Trial
) -> "tuple[Found | Untried, float | None]":
    """Measure the machine's noise, then try the dream as a night does."""
    from daydream.dream.trial import inputs_of
    from daydream.dream.trials.effectiveness_types import Plan
    from daydream.dream.trials.noise import noise_floor
    from daydream.dream.trials.trying import tried

    ctx = _context(places, ground, stop)
    procedure = _procedure(ctx, dream, trial)
    with DreamStore.open(places.state / DreamStore.schema.file, read_only=True) as store:
        earlier = [inputs_of(each) for each in trial_rows.counterexamples_before(store, dream)]
    with _laboratory(ctx, config) as laboratory:
        plan = Plan(cpu_s=config.trials.compare, seed=trial.seed)
        floor = None
        with measuring(laboratory.beside, ctx.check) as busy:
            if busy is None:
                measured = noise_floor(laboratory.base_lane(0), plan=plan, check=ctx.check)
                floor = measured.ratio if measured.measured else None
        found = tried(ctx, laboratory, procedure, dream, earlier, floor, config.trials, trial.seed)
    return found, floor


@contextmanager
def _laboratory(ctx: Context, config: Config) -> "Iterator[Laboratory]":
    """Open a laboratory, and leave nothing of it behind but the interpreter's tree, which nights use too."""
    from daydream.dream.trials.laboratory import Laboratory

    laboratory = Laboratory(ctx, config.sandbox)
    try:
        yield laboratory
    finally:
        laboratory.close()
        export = laboratory.ground.repository
        if export is not None:
            shutil.rmtree(export, ignore_errors=True)
            export.with_name(f"{export.name}.state").unlink(missing_ok=True)


def _procedure(ctx: Context, dream: Dream, trial: Trial) -> Procedure:
    """The procedure as it stands in the commit.

    Raises:
        UsageError: it does not stand there in the wording that was tried.
    """
    try:
        data = read(ctx, dream.base_path)
        function = find(decode(dream.base_path, data), dream.base_qualname, dream.base_occurrence)
    except Left as error:
        msg = f"{dream.base_path}:{dream.base_qualname} cannot be read in that commit: {error}"
        raise UsageError(msg) from error
    if function.source_hash != dream.base_source_hash:
        msg = f"{dream.base_path}:{dream.base_qualname} has another wording in that commit than the one that was tried"
        raise UsageError(msg)
    return Procedure(
        path=dream.base_path,
        qualname=dream.base_qualname,
        occurrence=dream.base_occurrence,
        source_hash=function.source_hash,
        blob=next((file.blob for file in ctx.files if file.path == dream.base_path), ""),
        first_line=function.first_line,
        last_line=function.last_line,
        signature=function.signature,
        summary=function.summary,
        complexity=function.complexity,
        side_effects=function.side_effects,
        is_async=function.is_async,
        decorators=function.decorators,
        test_paths=tuple(trial.evidence.get("test_paths", ())),
    )


def _context(places: Places, ground: Ground, stop: Stop) -> Context:
    """A night's context on a folder of its own, so that a night under way is not disturbed."""
    now = clock.now()

    def nothing() -> NightFacts:
        msg = "a replay has no report"
        raise LookupError(msg)

    return Context(
        root=ground.tree,
        tree=ground.tree,
        state=places.state,
        logs=places.logs,
        files=ground.files,
        unexamined=ground.unexamined,
        examination=ground.examination,
        started_at=now,
        zone=clock.zone("local"),
        date=clock.local_date(now, clock.zone("local")).isoformat(),
        run="replay",
        mode="report",
        first_night=False,
        stop=stop,
        env=os.environ,
        progress=Silent().progress,
        night=nothing,
        scratch=places.cache / "verify",
    )


def _told(dream: Dream, trial: Trial, again: "Found | Untried", floor: float | None) -> RunResult:
    from daydream.dream.trials.trying import Untried

    head = f"{dream.id}  {dream.base_path}:{dream.base_qualname}  {dream.name}"
    if isinstance(again, Untried):
        gone = (head, f"  it cannot be tried any more: {again.why}", "  the verdict does not stand")
        return RunResult(exit_code=1, lines=gone, data={"id": dream.id, "stands": False, "why": again.why})
    now = again.columns
    same_inputs = now["evidence"]["inputs"]["digest"] == trial.evidence["inputs"]["digest"]
    same_outcome = now["outcome"] == trial.outcome
    gained = trial.effect != "gained" or now.get("effect") == "gained"
    stands = same_inputs and same_outcome and gained
    lines = (
        head,
        f"  {_inputs(trial, now, same_inputs)}",
        f"  then: it {_WORDS[trial.outcome]}{_cost([getattr(trial, name) for name in _INTERVAL], trial.noise_floor)}",
        f"  now:  it {_WORDS[now['outcome']]}{_cost([now.get(name) for name in _INTERVAL], floor)}",
        *(f"  now:  {why}" for why in _why(now, same=same_outcome)),
        f"  the verdict {'stands' if stands else 'does not stand'}{'' if gained else ': the gain was not shown again'}",
    )
    data = {
        "id": dream.id,
        "stands": stands,
        "same_inputs": same_inputs,
        "noise_floor": floor,
        "now": dict(now),
    }
    return RunResult(exit_code=0 if stands else 1, lines=lines, data=data)


def _why(now: Mapping[str, Any], *, same: bool) -> Iterator[str]:
    """Why it came out otherwise, and why there is no figure."""
    if not same:
        yield now["reason"]
    if now.get("effect") is not None and now.get("effectiveness") is None:
        yield f"cost not measured: {now['evidence']['effect']['reason']}"


def _inputs(trial: Trial, now: Any, same: bool) -> str:
    before, count = trial.evidence["inputs"]["count"], now["evidence"]["inputs"]["count"]
    if same:
        return f"the same {count} inputs as on {trial.at[:10]}"
    return f"not the same inputs: {count} now, {before} on {trial.at[:10]}; what the tests call it with may be another thing each time"


def _cost(interval: Sequence[float | None], floor: float | None) -> str:
    ratio, low, high = interval
    if ratio is None:
        return ""
    return f", {ratio:.3f} times cheaper ({low:.3f} to {high:.3f}; this machine cannot tell {floor:.3f} from nothing)"
