"""Fifty procedures of five repositories in one night without a model: how many dreams, of which kinds, and what they cost.

`python -m bench.dreams_fifty REPOSITORY REPOSITORY REPOSITORY REPOSITORY REPOSITORY`

**The rule by which the fifty are chosen**, written down before anything was measured: of each repository given, every
procedure of 8 to 60 lines (decorators included) in a tracked file that is no test and was not generated, whose name is
defined once in its file, sorted by the SHA-256 of `<name of the repository's folder> <path> <qualified name>`; the first
ten. The published figures are of the first five by name of the seven that were at hand: celery, click, django, flask,
httpx. `--from N` begins at the N-th of each instead: the kinds were improved on later ones, never on the first ten.

**A second rule**, `--by value`: of the same procedures the ten with the most ways through, which a night without a
profile, tests and history visits first; among equals in the order of the first rule. It was added after the first rule had
been measured (37 dreams of 22 procedures, many of the fifty being a docstring and one call), and before it was measured
itself. How a night is shared out among procedures was settled with its first ten in sight.

The files that hold the fifty, and no others, are laid out side by side as one tree, a folder for each repository. The
night's own steps catalogue all of it; a focus on exactly the fifty has the second step dream of these alone. Kinds may learn
from whatever else is in those files. Every night is a process of its own and begins with nothing; all have the same seed.
"""

import argparse
import concurrent.futures
import hashlib
import multiprocessing
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.machine import heading, median
from daydream.analysis.roles import is_test
from daydream.analysis.source import (
    Definition,
    Module,
    NotParsed,
    function_tree,
    is_generated,
    normal_form,
    parse,
)
from daydream.config.model import Config, DreamOptions
from daydream.contracts.dream import DREAM_TYPES, Dream
from daydream.dream import catalogue, generate
from daydream.store import dream_rows
from tests.fakes.dream_night import Night, context, store_of

EACH = 10
LEAST_LINES, MOST_LINES = 8, 60
MOST_S, LEAST_DREAMS, LARGEST_SHARE, SMALLEST_SHARE, LEAST_VARIED = 2.0, 100, 0.40, 0.15, 0.60


class Chosen(NamedTuple):
    """One of the procedures: its path in the tree, and where it stands in that file (lines from 1)."""

    path: str
    qualname: str
    first_line: int
    last_line: int
    complexity: int


class Measured(NamedTuple):
    """What one night came to; seconds of both steps together, and by step of the processor alone."""

    wall_s: float
    cpu_s: dict[str, float]
    dreams: list[Dream]
    rejected: dict[str, int]
    catalogued: int


def main() -> int:
    """Measure and print; the exit code is 1 where a limit is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--by", choices=("chance", "value"), default="chance")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--per-night", type=int, default=Config().dream.per_night)
    parser.add_argument("--strategy", default=Config().dream.strategy)
    parser.add_argument("--show", action="store_true", help="name the procedures and what was dreamt of them")
    args = parser.parse_args()
    heading("Fifty procedures, offline")
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as name:
        tree = Path(name) / "tree"
        procedures = [
            each for root in args.repositories for each in laid_out(root.resolve(), tree, args.first, args.by)
        ]
        options = DreamOptions(focus=covering(procedures), per_night=args.per_night, strategy=args.strategy)
        nights = [in_a_process(tree, Path(name) / f"state-{n}", options) for n in range(args.rounds)]
        failed = told(tree, procedures, nights)
    if args.show:
        shown(procedures, nights[0].dreams)
    return int(failed)


def laid_out(repository: Path, tree: Path, first: int, by: str) -> list[Chosen]:
    """Choose ten procedures of a repository by one of the rules above, from the `first`-th (0: the first), and copy
    their files into the tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.py"], cwd=repository, check=True, capture_output=True
    ).stdout.decode()
    found = [each for path in listed.split("\0") if path for each in _of_file(repository, path)]
    found.sort(key=lambda each: _order(repository.name, each))
    if by == "value":
        found.sort(key=lambda each: -each.complexity)
    picked = found[first : first + EACH]
    for each in picked:
        target = tree / repository.name / each.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(repository / each.path, target)
    return [each._replace(path=f"{repository.name}/{each.path}") for each in picked]


def _of_file(repository: Path, path: str) -> list[Chosen]:
    file = repository / path
    if is_test(path) or file.is_symlink() or is_generated(file.read_bytes()):
        return []
    try:
        functions = parse(file.read_bytes()).functions
    except NotParsed:
        return []
    names = Counter(each.qualname for each in functions)
    return [
        Chosen(path, each.qualname, each.first_line, each.last_line, each.complexity)
        for each in functions
        if names[each.qualname] == 1 and LEAST_LINES <= each.last_line - each.first_line + 1 <= MOST_LINES
    ]


def _order(repository: str, each: Chosen) -> str:
    return hashlib.sha256(f"{repository} {each.path} {each.qualname}".encode()).hexdigest()


def covering(procedures: Sequence[Chosen]) -> str:
    """The focus that covers these procedures and no others."""
    names = "|".join(re.escape(f"{each.path}:{each.qualname}") for each in procedures)
    return f"/^(?:{names})$/"


def in_a_process(tree: Path, state: Path, options: DreamOptions) -> Measured:
    """Do a night in a fresh process, which remembers nothing of an earlier one."""
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(night, tree, state, options).result()


def night(tree: Path, state: Path, options: DreamOptions) -> Measured:
    """Do the first two steps of a night, committing as a night does."""
    config = Config(dream=options)
    doing = Night(context(tree, state))
    steps = {"catalogue": catalogue.make(config), "generate": generate.make(config)}
    begun, cpu_s, facts = time.perf_counter(), {}, {}
    for name, step in steps.items():
        before = time.process_time()
        facts[name] = doing.run(step).facts
        cpu_s[name] = time.process_time() - before
    wall_s = time.perf_counter() - begun
    with store_of(doing.ctx) as store:
        dreams = dream_rows.dreams(store)
    return Measured(wall_s, cpu_s, dreams, facts["generate"]["rejected"], facts["catalogue"]["procedures"])


def told(tree: Path, procedures: Sequence[Chosen], nights: Sequence[Measured]) -> bool:
    """Print what the nights came to; tell whether a limit is broken."""
    dreams = nights[0].dreams
    by_base = {(each.path, each.qualname): each for each in procedures}
    modules = {each.path: parse((tree / each.path).read_bytes()) for each in procedures}
    faults = Counter(
        fault
        for dream in dreams
        for fault in [fault_of(dream, by_base[dream.base[:2]], modules[dream.base_path])]
        if fault
    )
    kinds = Counter(dream.dream_type for dream in dreams)
    varied = {dream.base[:2] for dream in dreams}
    forms = [(dream.base, normal_form(function_tree(dream.code)[0])) for dream in dreams]
    total = len(dreams)
    shares = {kind: kinds[kind] / total if total else 0.0 for kind in DREAM_TYPES}
    wall = median([each.wall_s for each in nights])
    cpu = {step: median([each.cpu_s[step] for each in nights]) for step in nights[0].cpu_s}
    same = all(each.dreams == dreams for each in nights)
    seconds = f"catalogue {cpu['catalogue']:.2f} s + generate {cpu['generate']:.2f} s of processor time"
    print(f"{len(procedures)} procedures in {len(modules)} files of {nights[0].catalogued:,} procedures\n")
    checks = [
        ("catalogue + generate", f"{wall:.2f} s (median of {len(nights)}; {seconds})", wall <= MOST_S),
        (
            "distinct dreams that could stand",
            f"{total - faults.total()}",
            total - faults.total() >= LEAST_DREAMS,
        ),
        ("dreams that could not", f"{dict(faults) or 0}", not faults),
        ("duplicates by normalised tree", f"{total - len(set(forms))}", len(set(forms)) == total),
        (
            "procedures with a dream",
            f"{len(varied)} of {len(procedures)} ({len(varied) / len(procedures):.0%})",
            len(varied) >= LEAST_VARIED * len(procedures),
        ),
        ("the same each time", f"{same}", same),
    ]
    checks += [
        (kind, f"{kinds[kind]} ({share:.0%})", SMALLEST_SHARE <= share <= LARGEST_SHARE)
        for kind, share in shares.items()
    ]
    for name, figure, fine in checks:
        print(f"{name:>32}: {figure}{'' if fine else '   SHORT'}")
    print(f"{'candidates turned away':>32}: {nights[0].rejected}")
    return not all(fine for _, _, fine in checks)


def fault_of(dream: Dream, base: Chosen, module: Module) -> str:
    """Say why a dream could not stand in its procedure's place; "" where it could.

    It has to compile there, differ in more than layout, and answer every call that its procedure answers: the same name,
    every parameter where it was; new ones only by keyword and with a default.
    """
    lines = list(module.lines)
    lines[base.first_line - 1 : base.last_line] = dream.code.removesuffix("\n").split("\n")
    try:
        compile("\n".join(lines), base.path, "exec", dont_inherit=True)
        node, _ = function_tree(dream.code)
    except (SyntaxError, NotParsed) as error:
        return f"it does not compile: {error}"
    former, _ = function_tree(module.source(base.first_line, base.last_line))
    if normal_form(node) == normal_form(former):
        return "no-op"
    if type(node) is not type(former) or node.name != former.name:
        return "another function"
    now, then = _parameters(node), _parameters(former)
    kept = [each for each in now if each in then]
    added = [sort for name, sort in now if (name, sort) not in then]
    return "" if kept == then and set(added) <= {"option"} else "other parameters"


def _parameters(node: Definition) -> list[tuple[str, str]]:
    """Names with their sorts; those with a default are `optional` by place and `option` by keyword alone."""
    spec = node.args
    positional = [*spec.posonlyargs, *spec.args]
    needed = len(positional) - len(spec.defaults)
    found = [(each.arg, "needed" if n < needed else "optional") for n, each in enumerate(positional)]
    found += [(each.arg, "rest") for each in (spec.vararg, spec.kwarg) if each]
    by_keyword = zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
    return found + [(each.arg, "option" if default else "keyword") for each, default in by_keyword]


def shown(procedures: Sequence[Chosen], dreams: Sequence[Dream]) -> None:
    """Name the procedures, each with its dreams by kind."""
    print()
    for each in procedures:
        mine = [dream for dream in dreams if dream.base[:2] == (each.path, each.qualname)]
        print(f"{each.path}:{each.qualname} ({each.last_line - each.first_line + 1} lines)")
        for dream in mine:
            print(f"    {dream.transform_id}: {dream.name}")


if __name__ == "__main__":
    sys.exit(main())
