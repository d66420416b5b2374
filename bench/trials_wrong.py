"""Whether a trial takes wrong variants for the same, and the same for wrong ones.

`python -m bench.trials_wrong FOLDER [--work DIR]`: FOLDER holds HumanEvalPlus.jsonl.gz of github.com/evalplus/humanevalplus_release.
Each of the 164 reference solutions is a procedure in a module of its own, with its contract as asserts at its beginning and
the examples of its docstring, which belong to the source; there are no tests. Its variants are up to twelve mutants by the operators
of `trials_wrong_mutants` and the rewrites of `trials_wrong_rewrites`, drawn by a fixed seed before anything runs; their digest
is printed. What a variant really does is said by all inputs of the data set, run in the sandbox; the trial sees none of
them. A mutant that they do not tell from the reference is "not known wrong" and counts nowhere; a rewrite that they do tell
from it is no rewrite and counts nowhere either. The verdict is that of the night: inputs by `inputs_for`, `survey` and
`differential` in bubblewrap, with 2 s instead of 5 s of patience and without making differing cases small, which decides nothing.

Beside it: the data set's base tests alone, and hypothesis alone (`from_type` of the annotations, as many examples, compared by the same code).

What was done is kept in DIR and not done again; `--half 0` runs the half of the tasks on which the generator was made better,
`--half 1` the other, which a hash of the identity chose before the first run.
"""

import argparse
import contextlib
import hashlib
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.machine import heading
from bench.trials_wrong_lanes import LIMITS, Lanes
from bench.trials_wrong_mutants import mutants
from bench.trials_wrong_oracle import Said, answers, first_difference
from bench.trials_wrong_peers import by_annotation
from bench.trials_wrong_rewrites import rewrites
from bench.trials_wrong_tasks import Task, tasks
from daydream.analysis.source import parse
from daydream.config.model import TrialOptions
from daydream.contracts.dream import Procedure
from daydream.contracts.sandbox import Inputs, Limits, Unit
from daydream.dream.catalogue import procedure_of
from daydream.dream.trials.differential import Settings, differential, survey
from daydream.dream.trials.differential_types import Baseline, Behaviour
from daydream.dream.trials.inputs import Plan, inputs_for
from daydream.dream.trials.inputs_further import further, shared_out
from daydream.dream.trials.inputs_index import Index
from daydream.dream.trials.inputs_pool import pool_of
from daydream.dream.trials.inputs_target import target_of
from daydream.records.repository import SourceFile

SEED = 1
SETTINGS = Settings(limits=LIMITS, stop_at=1, shrink_calls=0)


@dataclass(frozen=True, slots=True)
class Result:
    """One variant. `wrong`: what the oracle says, None where it cannot; `verdict` is the trial's, `base` and `drawn` those of
    base tests and of hypothesis (None: no strategy)."""

    task: str
    half: int
    annotated: bool
    kind: str
    operator: str
    wrong: bool | None
    verdict: str
    reason: str
    base: bool
    drawn: str | None
    variant: str


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, help="where results are kept between runs")
    parser.add_argument("--half", type=int, choices=(0, 1), help="only this half of the tasks")
    parser.add_argument("--inputs", type=int, default=TrialOptions().inputs)
    parser.add_argument("--minutes", type=float, default=25.0, help="begin no further task after these")
    parser.add_argument("--no-peers", action="store_true", help="leave hypothesis out")
    parser.add_argument("--show", action="store_true", help="print each error")
    parser.add_argument("--only", nargs="*", help="only these tasks")
    args = parser.parse_args()
    os.nice(5)
    heading("Trials: wrong variants")
    chosen = [each for each in tasks(args.folder) if args.half in (None, each.half)]
    chosen = [each for each in chosen if not args.only or each.id in args.only]
    work = args.work or Path(tempfile.mkdtemp(prefix="daydream-wrong-"))
    work.mkdir(parents=True, exist_ok=True)
    variants = {each.id: _variants(each) for each in chosen}
    listed = json.dumps(variants, sort_keys=True).encode()
    (work / "variants.json").write_bytes(listed)
    total = sum(map(len, variants.values()))
    print(
        f"{len(chosen)} tasks, {total:,} variants, SHA-256 of their list {hashlib.sha256(listed).hexdigest()[:16]}; "
        f"{args.inputs} inputs; results in {work}"
    )
    results = _results(
        chosen,
        variants,
        work / f"results-{args.inputs}.jsonl",
        args.inputs,
        args.minutes,
        peers=not args.no_peers,
    )
    report(results)
    if args.show:
        _show(results)


def _results(
    chosen: Sequence[Task],
    variants: Mapping[str, list[tuple[str, str, str]]],
    kept: Path,
    most: int,
    minutes: float,
    *,
    peers: bool,
) -> list[Result]:
    """What was kept, and what is done now."""
    done = _kept(kept)
    known = _known(kept.parent)
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp", prefix="daydream-")))
        lanes = stack.enter_context(
            contextlib.closing(Lanes(place, {each.path: each.source for each in chosen}))
        )
        deadline = time.monotonic() + minutes * 60
        for task in chosen:
            if task.id in done:
                continue
            if time.monotonic() > deadline:
                print("the time is over; the same command goes on", file=sys.stderr)
                break
            found = done[task.id] = run(task, variants[task.id], lanes, most, known, peers=peers)
            with kept.open("a") as file:
                file.write(json.dumps([task.id, [_plain(each) for each in found]]) + "\n")
            print(f"{task.id}: {len(found)}", file=sys.stderr, flush=True)
    return [each for task in chosen for each in done.get(task.id, [])]


def report(results: Sequence[Result]) -> None:
    """Print both halves, then all by operator and by class of task."""
    for half in (0, 1):
        some = [each for each in results if each.half == half]
        if some:
            table(f"half {half}" + (" (held out)" if half else " (looked at)"), some)
    if len({each.half for each in results}) > 1:
        table("all", results)
    by("operator", results, lambda each: each.operator)
    by("annotations", results, lambda each: "annotated" if each.annotated else "without annotations")


def _variants(task: Task) -> list[tuple[str, str, str]]:
    found = [("mutant", *each) for each in mutants(task)]
    return [*found, *(("rewrite", *each) for each in rewrites(task))]


def _plain(result: Result) -> list[Any]:
    return [getattr(result, name) for name in Result.__dataclass_fields__]


def _kept(path: Path) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for line in path.read_text().splitlines() if path.is_file() else ():
        try:
            task, rows = json.loads(line)
        except ValueError:  # cut off in the middle of a line
            continue
        found[task] = [Result(*row) for row in rows]
    return found


def _known(work: Path) -> dict[str, tuple[bool, bool]]:
    """What the oracle and the base tests said of each variant in earlier runs: neither depends on the trial."""
    found: dict[str, tuple[bool, bool]] = {}
    for path in sorted(work.glob("results-*.jsonl")):
        for rows in _kept(path).values():
            found |= {each.variant: (bool(each.wrong), each.base) for each in rows}
    return found


def planned(source: str, path: str, name: str, most: int) -> tuple[Unit, Plan]:
    """The procedure as the catalogue has it, and its plan; its module is the whole repository."""
    procedure = _procedure(source, path, name)
    unit = Unit(
        module=path.removesuffix(".py"),
        qualname=name,
        path=path,
        occurrence=procedure.occurrence,
        first_line=procedure.first_line,
        last_line=procedure.last_line,
    )
    within = shared_out(most, SETTINGS.further_rounds)[0]
    return unit, inputs_for(procedure, source, (), Index({path: source}), SEED, within)


def _procedure(source: str, path: str, name: str) -> Procedure:
    function = next(each for each in reversed(parse(source.encode()).functions) if each.qualname == name)
    return procedure_of(SourceFile(path, "", len(source)), function)


def surveyed(lanes: Lanes, unit: Unit, source: str, plan: Plan, most: int) -> Baseline:
    """The reference on its plan, and on what its answers lead to."""
    more = shared_out(most, SETTINGS.further_rounds)[1]
    target = target_of(
        _procedure(source, str(unit.path), unit.qualname), source, Index({str(unit.path): source})
    )
    constants = pool_of(target).ints if target is not None else ()
    return survey(
        lanes.base,
        unit,
        plan.shown,
        held_out=plan.held_out,
        further=lambda seen: further(seen, more, SEED, constants=constants),
        settings=SETTINGS,
    )


def tried(baseline: Baseline, lanes: Lanes, text: str) -> Behaviour:
    """One variant's verdict."""
    return differential(baseline, lanes.base, lanes.dream, variant(baseline.unit, text), settings=SETTINGS)


def variant(unit: Unit, text: str) -> Unit:
    """The same procedure in another wording."""
    return Unit(
        module=unit.module,
        qualname=unit.qualname,
        path=unit.path,
        occurrence=unit.occurrence,
        first_line=unit.first_line,
        last_line=unit.last_line,
        variant=text,
    )


def run(
    task: Task,
    variants: Sequence[tuple[str, str, str]],
    lanes: Lanes,
    most: int,
    known: Mapping[str, tuple[bool, bool]],
    *,
    peers: bool = True,
) -> list[Result]:
    """Try all variants of a task, each beside the oracle and the others; `known` is what the oracle said before."""
    unit, plan = planned(task.source, task.path, task.name, most)
    baseline = surveyed(lanes, unit, task.source, plan, most) if plan.inputs else None
    drawn = by_annotation(task, most) if peers else ()
    drawn_baseline = survey(lanes.base, unit, drawn, settings=SETTINGS) if drawn else None
    inputs = (*task.base, *task.plus)
    expected, limits = (
        ([], LIMITS) if all(text in known for *_, text in variants) else _expected(lanes, unit, inputs)
    )
    found: list[Result] = []
    for kind, operator, text in variants:
        wrong, base = (
            known[text]
            if text in known
            else _oracle(task, lanes, variant(unit, text), inputs, expected, limits, strict=kind == "rewrite")
        )
        behaviour = tried(baseline, lanes, text) if baseline is not None else None
        beside = tried(drawn_baseline, lanes, text) if drawn_baseline is not None else None
        found.append(
            Result(
                task=task.id,
                half=task.half,
                annotated=task.annotated,
                kind=kind,
                operator=operator,
                wrong=wrong,
                verdict=behaviour.verdict if behaviour else "undecided",
                reason=behaviour.reason if behaviour else plan.not_exercisable or "",
                base=base,
                drawn=beside.verdict if beside else None,
                variant=text,
            )
        )
    return found


def _expected(lanes: Lanes, unit: Unit, inputs: Sequence[Inputs]) -> tuple[list[Said], Limits]:
    """What the reference does with all inputs, and how long many calls of a variant may take."""
    started = time.monotonic()
    expected = answers(lanes.base(0), unit, inputs, Limits(wall_s=20.0, cpu_s=20.0))
    patience = min(20.0, 2.0 + 20 * (time.monotonic() - started) / max(1, len(inputs)) * 100)
    return expected, Limits(wall_s=patience, cpu_s=patience)


def _oracle(
    task: Task, lanes: Lanes, unit: Unit, inputs: Sequence[Inputs], expected: Sequence[Said], limits: Limits, *, strict: bool
) -> tuple[bool, bool]:  # fmt: skip
    """Whether a variant is known to be another function, and whether the base tests alone take it for the same."""
    few = len(task.base)
    lane = lanes.dream(7)
    at = first_difference(lane, unit, inputs[:few], expected[:few], limits, task.tolerance, strict=strict)
    if at is not None:
        return True, False
    at = first_difference(lane, unit, inputs[few:], expected[few:], limits, task.tolerance, strict=strict)
    return at is not None, True


# --- tables -------------------------------------------------------------------------------------------------------------


def wilson(count: int, total: int) -> str:
    """A share with its 95 % interval (Wilson)."""
    if not total:
        return "none"
    z = 1.96
    share = count / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return f"{count} of {total} = {share:.1%} ({max(0.0, middle - half):.1%} to {middle + half:.1%})"


def table(title: str, results: Sequence[Result]) -> None:
    """Accepted, rejected, undecided, beside the others."""
    wrong = [each for each in results if each.kind == "mutant" and each.wrong]
    same = [each for each in results if each.kind == "rewrite" and each.wrong is False]
    apart = sum(each.kind == "mutant" and not each.wrong for each in results)
    told = sum(each.kind == "rewrite" and bool(each.wrong) for each in results)
    drawn = [each for each in wrong if each.drawn is not None]
    drawn_same = [each for each in same if each.drawn is not None]
    print(f"\n### {title}: {len(wrong):,} mutants known wrong ({apart} not known wrong, apart), {len(same)} equal rewrites ({told} that are not, apart)\n")  # fmt: skip
    print(
        "| | wrong variants accepted | equal ones rejected | undecided, wrong ones | undecided, equal ones |"
    )
    print("|---|---|---|---|---|")
    _line("trial", [each.verdict for each in wrong], [each.verdict for each in same])
    print(f"| base tests alone | {wilson(sum(each.base for each in wrong), len(wrong))} | | | |")
    _line(
        "hypothesis alone, where annotated",
        [str(each.drawn) for each in drawn],
        [str(each.drawn) for each in drawn_same],
    )
    there = [each for each in wrong if each.annotated]
    _line(
        "the trial there", [each.verdict for each in there], [each.verdict for each in same if each.annotated]
    )


def _line(name: str, wrong: Sequence[str], same: Sequence[str]) -> None:
    accepted = sum(each == "behaviour_preserving" for each in wrong)
    rejected = sum(each != "behaviour_preserving" for each in same)
    cells = [
        wilson(accepted, len(wrong)),
        wilson(rejected, len(same)),
        wilson(sum(each == "undecided" for each in wrong), len(wrong)),
        wilson(sum(each == "undecided" for each in same), len(same)),
    ]
    print(f"| {name} | {' | '.join(cells)} |")


def by(title: str, results: Sequence[Result], key: Callable[[Result], str]) -> None:
    """The same, class by class, the trial alone."""
    print(
        f"\n| {title} | accepted, undecided of wrong | rejected (undecided among them) of equal |\n|---|---|---|"
    )
    for name in sorted({key(each) for each in results}):
        some = [each for each in results if key(each) == name]
        wrong = [each.verdict for each in some if each.kind == "mutant" and each.wrong]
        same = [each.verdict for each in some if each.kind == "rewrite" and each.wrong is False]
        left = f"{sum(each == 'behaviour_preserving' for each in wrong)}, {sum(each == 'undecided' for each in wrong)} of {len(wrong)}"
        right = f"{sum(each != 'behaviour_preserving' for each in same)} ({sum(each == 'undecided' for each in same)}) of {len(same)}"
        print(f"| {name} | {left} | {right} |")


def _show(results: Sequence[Result]) -> None:
    for each in _errors(results):
        print(f"\n--- {each.task} {each.kind} {each.operator}: {each.verdict}, {each.reason}\n{each.variant}")


def _errors(results: Sequence[Result]) -> Iterator[Result]:
    for each in results:
        if each.kind == "mutant" and each.wrong and each.verdict in ("behaviour_preserving", "undecided"):
            yield each
        if each.kind == "rewrite" and each.wrong is False and each.verdict != "behaviour_preserving":
            yield each


if __name__ == "__main__":
    main()
