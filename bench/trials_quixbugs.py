"""How many real one-line bugs a trial tells from the mended program, its test cases withheld.

`python -m bench.trials_quixbugs FOLDER`: FOLDER is a checkout of github.com/jkoppel/QuixBugs. The correct program is the procedure, the
one with the bug its dream; found is what comes out as changing behaviour or failing. Of the shipped cases the generator sees
the arguments of the first, never what it answers: nothing in these programs says what they take (no annotation, no
docstring, no test), and in a repository there would be at least one call. `--examples 0` withholds that too. The programs on
graphs, whose cases are programs and not data, see none and are counted apart.
"""

import argparse
import contextlib
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.machine import heading
from bench.trials_wrong import SEED, SETTINGS, surveyed, tried, wilson
from bench.trials_wrong_lanes import Lanes
from daydream.analysis.source import parse
from daydream.config.model import TrialOptions
from daydream.contracts.sandbox import Inputs, Unit
from daydream.dream.catalogue import procedure_of
from daydream.dream.trials.differential_types import Behaviour
from daydream.dream.trials.inputs import inputs_for
from daydream.dream.trials.inputs_further import shared_out
from daydream.dream.trials.inputs_index import Index
from daydream.records.repository import SourceFile
from daydream.sandbox.guest.encoding import encode

_FOUND = ("behaviour_changing", "failing")


def main() -> None:
    """Try and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--examples", type=int, default=1, choices=(0, 1, 2))
    parser.add_argument("--inputs", type=int, default=TrialOptions().inputs)
    parser.add_argument("--only", nargs="*")
    args = parser.parse_args()
    os.nice(5)
    correct, wrong = args.folder / "correct_python_programs", args.folder / "python_programs"
    if not correct.is_dir() or not (args.folder / "json_testcases").is_dir():
        raise SystemExit(
            f"{args.folder} is no checkout of github.com/jkoppel/QuixBugs (MIT); get one and give its folder"
        )
    heading("Trials: QuixBugs")
    names = sorted(each.stem for each in wrong.glob("*.py") if not each.stem.endswith("_test"))
    names = [each for each in names if each != "node" and (not args.only or each in args.only)]
    sources = {f"{name}.py": (correct / f"{name}.py").read_text() for name in (*names, "node")}
    print("| program | cases | inputs | verdict | told by |\n|---|---|---|---|---|")
    tally: Counter[tuple[str, bool]] = Counter()
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp", prefix="daydream-")))
        lanes = stack.enter_context(contextlib.closing(Lanes(place, sources)))
        for name in names:
            cases = args.folder / "json_testcases" / f"{name}.json"
            seen = _examples(cases, args.examples) if cases.is_file() else []
            count, behaviour = _tried(
                name, sources, (wrong / f"{name}.py").read_text(), seen, lanes, args.inputs
            )
            kind = "data" if cases.is_file() else "graph"
            tally[kind, behaviour is not None and behaviour.verdict in _FOUND] += 1
            print(f"| {name} | {kind} | {count} | {_line(behaviour)} |", flush=True)
    for kind in ("data", "graph"):
        found = tally[kind, True]
        print(f"\n{kind}: found {wilson(found, found + tally[kind, False])}")
    print(f"\n{time.monotonic() - started:.0f} s")


def _examples(cases: Path, most: int) -> list[Inputs]:
    """The arguments of the first cases."""
    lines = cases.read_text().splitlines()[:most]
    given = [json.loads(line)[0] for line in lines if line.strip()]
    return [
        Inputs(tuple(encode(each) for each in (row if isinstance(row, list) else [row]))) for row in given
    ]


def _tried(
    name: str, sources: dict[str, str], buggy: str, seen: Sequence[Inputs], lanes: Lanes, most: int
) -> tuple[int, Behaviour | None]:
    path = f"{name}.py"
    source = sources[path]
    function = next(each for each in parse(source.encode()).functions if each.qualname == name)
    procedure = procedure_of(SourceFile(path, "", len(source)), function)
    unit = Unit(
        module=name, qualname=name, path=path, first_line=function.first_line, last_line=function.last_line
    )
    plan = inputs_for(
        procedure, source, seen, Index(sources), SEED, shared_out(most, SETTINGS.further_rounds)[0]
    )
    if not plan.inputs:
        return 0, None
    baseline = surveyed(lanes, unit, source, plan, most)
    return len(baseline.seen), tried(baseline, lanes, _only(buggy, name))


def _only(source: str, name: str) -> str:
    """The text of one function of a module."""
    function = next(each for each in parse(source.encode()).functions if each.qualname == name)
    return "\n".join(source.splitlines()[function.first_line - 1 : function.last_line]) + "\n"


def _line(behaviour: Behaviour | None) -> str:
    if behaviour is None:
        return "not exercisable | "
    told = behaviour.differing[0] if behaviour.differing else None
    what = f"{_short(told.inputs)}: {told.base[:60]} / {told.dream[:60]}" if told else behaviour.reason
    return f"{behaviour.verdict} | {what.replace('|', '¦')}"


def _short(inputs: Inputs) -> str:
    return json.dumps([list(inputs.given), list(inputs.named)])[:110]


if __name__ == "__main__":
    main()
