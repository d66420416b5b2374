"""Whether what the dependence analysis permits changes nothing, and how much of what is possible it permits.

`python -m bench.dreams_legality [FOLDER ...]`: functions are generated from a seed (`--functions`), and taken from the standard
library and, where folders are given, from the Python files in them (only functions that the catalogue calls pure). Of each, every
pair of neighbouring statements is swapped, every statement moved that may move, every hoist and every dream of the kind
`constraint_relaxation` made; base and variant run in a child process on typed random inputs, and value (with its type and identity),
exception (type and wording), arguments afterwards and output are compared. The exit code is 1 where anything differs
that the analysis calls legal, or where the numbers asked for are not reached.
"""

import argparse
import importlib
import json
import random
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.dreams_legality_cases import Case, generated, of_folders, standard_library
from bench.dreams_legality_observe import LATE_S, observe, value
from bench.dreams_legality_programs import prelude
from bench.machine import heading

WANTED = 2_000
SHARE = 0.5
INPUTS = 60
MEMORY = 2_000_000_000
TIME_S = 120
BATCH = 40
LEAST_RUNS = 3


def main() -> None:
    """Generate, run, count and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--functions", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", action="store_true")
    args = parser.parse_args()
    if args.child:
        child()
        return
    heading("Dreams: legality")
    written = list(generated(args.functions, args.seed))
    real = [*standard_library(), *of_folders(args.folders)]
    tables = [("generated", _run(written)), ("real", _run(real))]
    sys.exit(_print(tables))


def child() -> None:
    """Run cases from standard input; print one line of JSON for each."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for line in sys.stdin:
        print(json.dumps(_examined(Case(**json.loads(line)))), flush=True)


def _examined(case: Case) -> dict[str, Any]:
    """Run the base and its variants; for each variant how it did."""
    log: list[Any] = []
    marks: list[int] = []
    names = _names(case, log, marks)
    base = _compiled(case, case.source, names)
    if base is None:
        return {"runs": 0, "results": []}
    rng = random.Random(case.seed)
    inputs: list[list[Any]] = []
    seen: list[tuple[Any, ...]] = []
    for _ in range(INPUTS * 4):
        arguments = [value(each, rng) for each in case.types]
        shown = observe(base, arguments, log)
        # A function that answers differently each time says nothing.
        if shown[0] == "endless" or shown != observe(base, arguments, log):
            continue
        fails = shown[0] == "raise"
        if not fails or sum(each[0] == "raise" for each in seen) < INPUTS // 2:
            inputs.append(arguments)
            seen.append(shown)
        if len(inputs) >= INPUTS:
            break
    values = sum(each[0] == "value" for each in seen)
    if values < LEAST_RUNS:
        return {"runs": 0, "results": []}
    reached = [_reached(case, text, names, marks, inputs, log) for text in case.between]
    results = []
    for what, legal, source in case.variants:
        function = _compiled(case, source, names)
        same = function is not None
        for arguments, shown in zip(inputs, seen, strict=True):
            if function is None or not _does_the_same(function, arguments, shown, log):
                same = False
                break
        between = reached.pop(0) if what == "swap" else len(inputs)
        results.append((what, legal, same, between))
    return {"runs": len(inputs), "results": results}


def _does_the_same(function: Any, arguments: list[Any], shown: tuple[Any, ...], log: list[Any]) -> bool:
    found = observe(function, arguments, log)
    # Threads take longer to start than most of these functions run; what does not end at all ends here too.
    return (found if found[0] != "endless" else observe(function, arguments, log, LATE_S)) == shown


def _names(case: Case, log: list[Any], marks: list[int]) -> dict[str, Any]:
    names: dict[str, Any] = {"LOG": log, "MARK": lambda: marks.append(1), "__name__": "bench"}
    if case.module:
        names |= vars(importlib.import_module(case.module))
        names["MARK"] = lambda: marks.append(1)
        return names
    exec(prelude(), names)
    try:
        exec(case.extra, names)
    except Exception as error:  # noqa: BLE001 (what the rest of a file does without its imports is not examined)
        names["WHY"] = str(error)
    return names


def _compiled(case: Case, source: str, names: dict[str, Any]) -> Any:
    try:
        exec(compile(source, "<case>", "exec"), names)
    except (SyntaxError, NameError, TypeError, AttributeError):
        return None
    return names[case.name]


def _reached(
    case: Case, text: str, names: dict[str, Any], marks: list[int], inputs: Sequence[Any], log: list[Any]
) -> int:
    """On how many inputs the point between two statements is reached."""
    function = _compiled(case, text, names)
    count = 0
    for arguments in inputs if function is not None else ():
        marks.clear()
        observe(function, arguments, log)
        count += bool(marks)
    return count


@dataclass(slots=True)
class Table:
    """What came out: cases run, dreams by transform, those that differ, pairs."""

    cases: int = 0
    not_run: int = 0
    inputs: int = 0
    dreams: Counter[str] = field(default_factory=Counter)
    differing: list[tuple[str, Case, str]] = field(default_factory=list)
    swappable: int = 0
    permitted: int = 0
    fixed: int = 0
    unreached: int = 0


def _run(cases: Sequence[Case]) -> Table:
    table = Table()
    batches = [cases[start : start + BATCH] for start in range(0, len(cases), BATCH)]
    for batch in batches:
        for case, found in zip(batch, _answers(batch), strict=True):
            if not found["runs"]:
                table.not_run += 1
                continue
            table.cases += 1
            table.inputs += found["runs"]
            for (what, legal, same, between), (_, _, source) in zip(
                found["results"], case.variants, strict=True
            ):
                _count(table, case, (what, legal, same, between), source)
    return table


def _answers(batch: Sequence[Case]) -> list[dict[str, Any]]:
    """Run a batch in a child; where it does not come back, its cases one by one."""
    lines = "".join(json.dumps(_plain(case)) + "\n" for case in batch)
    command = [sys.executable, "-m", "bench.dreams_legality", "--child"]
    try:
        done = subprocess.run(
            command, input=lines, capture_output=True, text=True, timeout=TIME_S, check=False
        )
        found = [json.loads(line) for line in done.stdout.splitlines()]
    except subprocess.TimeoutExpired:
        found = []
    if len(found) == len(batch):
        return found
    if len(batch) == 1:
        return [{"runs": 0, "results": []}]
    return [answer for case in batch for answer in _answers([case])]


def _plain(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in Case.__slots__}


def _count(table: Table, case: Case, result: tuple[str, bool, bool, int], source: str) -> None:
    what, legal, same, between = result
    if legal:
        table.dreams[what] += 1
        if not same:
            table.differing.append((what, case, source))
    if what != "swap":
        return
    if between < LEAST_RUNS:
        table.unreached += 1
    elif same:
        table.swappable += 1
        table.permitted += legal
    else:
        table.fixed += 1


def _print(tables: Sequence[tuple[str, Table]]) -> int:
    for name, table in tables:
        for what, case, source in table.differing[:5]:
            print(f"\nDIFFERS ({name}, {what}):\n{case.source}\n--- variant\n{source}")
    print(
        "\n| functions | run | not run | inputs | legal dreams | of them differ |\n|---|---|---|---|---|---|"
    )
    for name, table in tables:
        print(
            f"| {name} | {table.cases:,} | {table.not_run:,} | {table.inputs:,} | {table.dreams.total():,} | {len(table.differing)} |"
        )
    print("\n| dream | generated | real | differ |\n|---|---|---|---|")
    for what in sorted({what for _, table in tables for what in table.dreams}):
        counts = [table.dreams[what] for _, table in tables]
        differ = sum(one == what for _, table in tables for one, _, _ in table.differing)
        print(f"| {what} | {counts[0]:,} | {counts[1]:,} | {differ} |")
    print(
        "\n| neighbouring pairs | swappable | permitted | share | not swappable | not reached |\n|---|---|---|---|---|---|"
    )
    for name, table in tables:
        share = table.permitted / table.swappable if table.swappable else 0.0
        print(
            f"| {name} | {table.swappable:,} | {table.permitted:,} | {share:.1%} | {table.fixed:,} | {table.unreached:,} |"
        )
    dreams = sum(table.dreams.total() for _, table in tables)
    differing = sum(len(table.differing) for _, table in tables)
    swappable, permitted = (sum(getattr(t, one) for _, t in tables) for one in ("swappable", "permitted"))
    enough = dreams >= WANTED and not differing and permitted >= SHARE * swappable
    print(
        f"\n{dreams:,} legal dreams, {differing} differ; {permitted / max(1, swappable):.1%} of swappable pairs permitted"
    )
    return int(not enough)


if __name__ == "__main__":
    main()
