"""How many procedures of real repositories get inputs, and how many of the calls reach what the procedure is about.

`python -m bench.trials_inputs FOLDER ...`: for every module-level function and method of each repository, tests aside, a
plan is made from the source alone (nothing harvested); counted are those with at least five distinct inputs, and the reasons
of the others. Then the functions of three pure modules (of the standard library, copied into a folder of their own)
are called on their plans in a bubblewrap sandbox; counted are the calls that return or raise an exception other than
TypeError and AttributeError; `--call FOLDER ...` does the same with every fifth procedure of repositories that need no
packages.
"""

import argparse
import atexit
import os
import re
import shutil
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bench.machine import heading, median, percentile
from daydream.analysis.roles import is_test
from daydream.analysis.source import NotParsed, is_generated, parse
from daydream.contracts.dream import Procedure
from daydream.contracts.sandbox import Limits, Observation, Sandbox, Unit
from daydream.dream.catalogue import procedure_of
from daydream.dream.trials.inputs import inputs_for
from daydream.dream.trials.inputs_index import Index
from daydream.processes import Stop
from daydream.records.repository import SourceFile
from daydream.repository.verify_roots import import_roots, imports_of
from daydream.sandbox import rootfs
from daydream.sandbox.bubblewrap import Bubblewrap

MOST = 24
SEED = 1
ENOUGH = 5
PURE = ("textwrap", "colorsys", "statistics", "posixpath", "fnmatch", "bisect")
_SKIPPED = {".git", ".tox", "node_modules", "build", "dist", ".venv"}
_NAMES = re.compile(r"`[^`]*`")


def main() -> None:
    """Plan, call and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--call", nargs="*", type=Path, default=[], help="call procedures of these")
    parser.add_argument("--every", type=int, default=5, help="of these, call every n-th procedure")
    parser.add_argument("--packages", nargs="*", type=Path, default=[], help="folders of installed packages")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--modules", nargs="*", default=list(PURE))
    parser.add_argument(
        "--show", action="store_true", help="print each procedure without inputs, and each kind of failure"
    )
    args = parser.parse_args()
    heading("Trials: inputs")
    reasons: Counter[str] = Counter()
    if args.folders:
        print(
            f"| repository | procedures | >= {ENOUGH} inputs | share | median inputs | ms per procedure, p50 / p95 |"
        )
        print("|---|---|---|---|---|---|")
    for folder in args.folders:
        reasons += _planned(folder, args.seed, args.packages, show=args.show)
    for reason, count in reasons.most_common(20):
        print(f"- {count:,}: {reason}")
    for folder in args.call:
        sampled(folder, args.every, args.seed, show=args.show)
    if args.modules:
        called(args.modules, args.seed, show=args.show)


def _planned(folder: Path, seed: int, packages: Sequence[Path], *, show: bool) -> Counter[str]:
    """Print a repository's row and return why the others got too few."""
    sources = _sources(folder)
    index = Index(sources, import_roots(folder, list(sources)), installed=packages)
    reasons: Counter[str] = Counter()
    origins: Counter[str] = Counter()
    sizes: list[int] = []
    took: list[float] = []
    for procedure in _procedures(sources):
        started = time.perf_counter()
        plan = inputs_for(procedure, sources[procedure.path], (), index, seed, MOST)
        took.append((time.perf_counter() - started) * 1000)
        sizes.append(len(plan.inputs))
        origins.update(each.origin for each in plan.inputs)
        if len(plan.inputs) < ENOUGH:
            why = plan.not_exercisable or f"takes too little to make {ENOUGH} different calls"
            reasons[_NAMES.sub("...", why)] += 1
            if show:
                print(
                    f"    {procedure.path} {procedure.qualname}{procedure.signature}: {len(plan.inputs)} {why}"
                )
    enough = sum(size >= ENOUGH for size in sizes)
    print(
        f"| {folder.name} | {len(sizes):,} | {enough:,} | {enough / len(sizes):.0%} | {median(sizes):.0f} "
        f"| {median(took):.1f} / {percentile(took, 0.95):.1f} |"
    )
    print(
        f"  origins: {', '.join(f'{name} {count:,}' for name, count in origins.most_common())}",
        file=sys.stderr,
    )
    return reasons


def _sources(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - _SKIPPED)
        for name in sorted(files):
            if name.endswith(".py"):
                path = Path(top, name)
                try:
                    found[path.relative_to(folder).as_posix()] = path.read_bytes().decode("utf-8")
                except (OSError, UnicodeDecodeError):
                    continue
    return found


def _procedures(sources: dict[str, str]) -> Iterator[Procedure]:
    """Functions and methods outside tests that a trial could reach by name."""
    for path, text in sources.items():
        data = text.encode("utf-8")
        if is_test(path) or path.startswith(("t/", "docs/", "examples/")) or is_generated(data):
            continue
        try:
            functions = parse(data).functions
        except NotParsed:
            continue
        for each in functions:
            if "<locals>" not in each.qualname:
                yield procedure_of(SourceFile(path, "", len(data)), each)


def called(modules: Sequence[str], seed: int, *, show: bool) -> None:
    """Call the functions of pure modules on their plans and print how the calls went."""
    _table()
    with tempfile.TemporaryDirectory(prefix="daydream-") as scratch:
        folder = Path(scratch) / "repository"
        folder.mkdir()
        for name in modules:
            shutil.copy(Path(sysconfig.get_path("stdlib"), f"{name}.py"), folder / f"pure_{name}.py")
        sources = _sources(folder)
        lane = _lane(folder, sources, ("",))
        index = Index(sources, ("",))
        try:
            for path in sources:
                chosen = list(_procedures({path: index.sources[path]}))
                _row(path.removeprefix("pure_"), chosen, index, lane, seed, show=show)
        finally:
            lane.close()


def sampled(folder: Path, every: int, seed: int, *, show: bool) -> None:
    """Call a part of a repository's procedures on their plans and print how the calls went."""
    _table()
    sources = _sources(folder)
    roots = import_roots(folder, list(sources))
    lane = _lane(folder, sources, roots)
    try:
        chosen = list(_procedures(sources))[::every]
        _row(folder.name, chosen, Index(sources, roots), lane, seed, show=show)
    finally:
        lane.close()


def _table() -> None:
    print(
        "\n| where | procedures | exercisable | calls | useful | share | cannot be built |\n|---|---|---|---|---|---|---|"
    )


def _lane(folder: Path, sources: dict[str, str], roots: Sequence[str]) -> Sandbox:
    scratch = Path(tempfile.mkdtemp(prefix="daydream-"))
    ground = rootfs.build(Path(sys.executable).resolve(), scratch, Stop())
    exported = rootfs.export(folder, list(sources), scratch / "exported")
    scratch.chmod(0o755)
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    limits = Limits(wall_s=3.0, cpu_s=3.0)
    return Bubblewrap().open(replace(ground, repository=exported, import_roots=tuple(roots)), limits)


def _row(
    name: str, chosen: Sequence[Procedure], index: Index, lane: Sandbox, seed: int, *, show: bool
) -> None:
    plans = [(each, inputs_for(each, index.sources[each.path], (), index, seed, MOST)) for each in chosen]
    kinds: Counter[str] = Counter()
    total = 0
    for procedure, plan in plans:
        module = imports_of(procedure.path, index.roots)[0]
        unit = Unit(
            module=module,
            qualname=procedure.qualname,
            path=procedure.path,
            first_line=procedure.first_line,
            last_line=procedure.last_line,
        )
        for each in plan.inputs:
            total += 1
            kinds[f"{_what(lane.call(unit, each.inputs))} ({procedure.qualname}, {each.origin})"] += 1
    ran = sum(bool(plan.inputs) for _, plan in plans)
    useful = sum(count for kind, count in kinds.items() if kind.startswith("useful"))
    unbuilt = sum(count for kind, count in kinds.items() if kind.startswith("inputs:"))
    share = f"{useful / total:.0%}" if total else "not measured"
    print(f"| {name} | {len(chosen)} | {ran} | {total:,} | {useful:,} | {share} | {unbuilt:,} |", flush=True)
    failed = [(kind, count) for kind, count in kinds.most_common() if not kind.startswith("useful")]
    for kind, count in failed[: 40 if show else 0]:
        print(f"    {count} {kind}")


def _what(seen: Observation) -> str:
    """`useful`, or what went wrong."""
    if seen.answer is None:
        return f"{seen.failure.reason}: {seen.failure.detail}" if seen.failure else "nothing"
    if seen.answer.raised is not None and seen.answer.raised[2] in ("TypeError", "AttributeError"):
        return f"{seen.answer.raised[2]}: {seen.answer.raised[3][:90]}"
    return "useful"


if __name__ == "__main__":
    main()
