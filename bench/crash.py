"""kill -9 at every mutating system call of a small night, each followed by a plain start.

`python -m bench.crash [--points N] [--jobs N] [--seed N] [--depth 2] [--errors ENOSPC,EIO] [--only KIND]
[--no-plants] [--plants] [--folder DIR]`

A point is good when the start after the kill ends with 0 and says nothing, when the journal goes on where it
was, nothing that was committed is done or asked again, and everything the night leaves (reports, checkout,
refs, findings, effects, trash, rows) is what an undisturbed night leaves. Needs strace and ptrace.
"""

import argparse
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path

from bench.crash_children import Children
from bench.crash_kill import Golden, Judge, Outcome, golden
from bench.crash_night import KINDS
from bench.crash_repository import FIRST
from bench.crash_trace import Point
from bench.crash_world import Broken, World, opened
from bench.machine import heading

_SHOWN, _WIDTH = 4, 250
_WORKBENCH_POINTS = 20
_FIRST_POINTS = 160
_STAGES = ("intent", "act", "done")
_STORES = ("dream store", "memory of logs")


def why_not() -> str | None:
    """Why this machine cannot run the test, or None."""
    if shutil.which("strace") is None:
        return "strace is not installed; on Debian: apt-get install strace"
    tried = subprocess.run(
        ["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False
    )
    return f"strace may not trace here: {tried.stderr.strip()}" if tried.returncode else None


def sample(points: Sequence[Point], count: int | None, seed: int) -> list[Point]:
    """Draw points: one per kind, then one per kind and stage as far as they go, the rest at random, in the night's order."""
    if count is None or count >= len(points):
        return list(points)
    shuffled = random.Random(seed).sample(list(points), len(points))
    first: dict[tuple[str, str], Point] = {}
    for point in shuffled:
        if point.kind in KINDS:
            first.setdefault((point.kind, point.stage), point)
    kinds = {point.kind: point for point in reversed(first.values())}
    chosen = [*dict.fromkeys([*kinds.values(), *first.values()])][:count]
    rest = [point for point in shuffled if point not in chosen]
    chosen += rest[: count - len(chosen)]
    order = {point: place for place, point in enumerate(points)}
    return sorted(chosen, key=order.__getitem__)


Try = Callable[[Judge, Point], Outcome]


def try_all(judges: Sequence[Judge], points: Sequence[Point], attempt: Try) -> Iterator[Outcome]:
    """Try points on all judges at once; yields outcomes as they come."""
    free = queue.SimpleQueue[Judge]()
    for judge in judges:
        free.put(judge)

    def one(point: Point) -> Outcome:
        judge = free.get()
        try:
            return attempt(judge, point)
        finally:
            free.put(judge)

    with ThreadPoolExecutor(len(judges)) as pool:
        tries = [pool.submit(one, point) for point in points]
        try:
            for done in as_completed(tries):
                yield done.result()
        finally:
            for waiting in tries:
                waiting.cancel()


def table(outcomes: Sequence[Outcome]) -> str:
    """Points and differences per kind of effect, and for the rest of the night."""
    rows = ["| points at | intent | act | done | in all | different |", "|---|---|---|---|---|---|"]
    there = {o.point.kind for o in outcomes}
    kinds = [*(kind for kind in KINDS if kind in there), *sorted(there - set(KINDS))]
    for kind in kinds:
        mine = [o for o in outcomes if o.point.kind == kind and o.hit]
        stages = Counter(o.point.stage for o in mine)
        shown = [str(stages[stage]) if kind in KINDS else "-" for stage in _STAGES]
        rows.append(f"| {kind} | {' | '.join(shown)} | {len(mine)} | {sum(bool(o.wrong) for o in mine)} |")
    hit = [o for o in outcomes if o.hit]
    rows.append(f"| **all** | | | | **{len(hit)}** | **{sum(bool(o.wrong) for o in hit)}** |")
    return "\n".join(rows)


def campaign(title: str, judges: Sequence[Judge], points: Sequence[Point], attempt: Try) -> bool:
    """Try points, print the table and what differs; tell whether all is well."""
    begun = time.perf_counter()
    outcomes = []
    for outcome in try_all(judges, points, attempt):
        outcomes.append(outcome)
        if len(outcomes) % 100 == 0:
            print(f"{len(outcomes)} of {len(points)} points", file=sys.stderr, flush=True)
        if outcome.wrong:
            wrong = [line[:_WIDTH] for line in outcome.wrong[:_SHOWN]]
            print(f"DIFFERENT {outcome.point}: {len(outcome.wrong)}", *wrong, sep="\n    ", flush=True)
            if outcome.kept:
                print(f"    kept in {outcome.kept}", flush=True)
    seconds = time.perf_counter() - begun
    missed = sum(not o.hit for o in outcomes)
    print(f"\n### {title}\n\n{table(outcomes)}\n")
    print(
        f"{seconds:.0f} s, {seconds / max(1, len(outcomes)):.2f} s per point with {len(judges)} jobs; not reached: {missed}\n"
    )
    return not any(o.wrong for o in outcomes)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.crash")
    parser.add_argument("--points", type=int, help="a seeded sample instead of every point")
    parser.add_argument("--only", help="only points of this kind")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--depth", type=int, choices=(1, 2), default=1)
    parser.add_argument("--errors", default="", help="let calls fail with these instead of killing")
    parser.add_argument("--plants", action="store_true", help="only the planted bugs")
    parser.add_argument("--no-plants", action="store_true", help="leave the planted bugs out")
    parser.add_argument("--folder", type=Path, help="where to work; kept afterwards")
    return parser.parse_args(argv)


def _with_git(judges: Sequence[Judge], args: argparse.Namespace) -> bool:
    every = [p for p in Children(judges[0].world).points() if args.only in (None, p.kind)]
    refs = [p for p in every if p.kind == "ref"]
    rest = sample([p for p in every if p.kind != "ref"], _WORKBENCH_POINTS, args.seed)
    points = sample([*refs, *rest], args.points, args.seed)
    return campaign("kill -9 of a git child and the night", judges, points, Judge.killed_with_git)


def _fails(judges: Sequence[Judge], points: Sequence[Point], error: str) -> bool:
    return campaign(f"{error} once", judges, points, lambda judge, point: judge.failing(point, error))


def _kills(judges: Sequence[Judge], args: argparse.Namespace) -> bool:
    every = [p for p in judges[0].golden.points if args.only in (None, p.kind)]
    points = sample(every, args.points, args.seed)
    if args.errors:
        return not [error for error in args.errors.split(",") if not _fails(judges, points, error)]
    if args.depth == 2:
        return campaign("kill -9, twice", judges, points, lambda j, p: j.killed_twice(p, args.seed))
    well = campaign("kill -9", judges, points, Judge.killed)
    return _with_git(judges, args) and well


def _ordered(found: Golden) -> bool:
    print(f"order of syncs: {len(found.out_of_order)} problems in {len(found.points)} mutating calls")
    for problem in found.out_of_order:
        print(f"    {problem}")
    return not found.out_of_order


def beginning(points: Sequence[Point], count: int, seed: int) -> list[Point]:
    """What only a first night does, until its first state and in stores that are new, and some more."""
    first = [p for p in points if p.stage == "start" or p.kind in _STORES]
    rest = [p for p in points if p not in first]
    return sample(first, None if count >= len(first) else count, seed) + sample(rest, count // 4, seed)


def _nights(worlds: Sequence[World], args: argparse.Namespace) -> bool:
    """The whole of a second night in `apply`, then what is special about a first night."""
    judges = [Judge(world, golden(world)) for world in worlds]
    print(f"an undisturbed night: {judges[0].golden.seconds:.1f} s")
    well = _ordered(judges[0].golden)
    well = _kills(judges, args) and well
    if args.errors or args.depth == 2 or args.only:
        return well
    judges = [Judge(world, golden(world, scene=FIRST)) for world in worlds]
    well = _ordered(judges[0].golden) and well
    points = beginning(judges[0].golden.points, args.points or _FIRST_POINTS, args.seed)
    return campaign("kill -9 in the first night of a repository", judges, points, Judge.killed) and well


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 where anything differs or a planted bug stays unseen."""
    args = _arguments(argv)
    if reason := why_not():
        print(reason)
        return 1
    heading("kill -9 at every mutating system call")
    base = args.folder or Path(tempfile.mkdtemp(prefix="daydream-crash-"))
    well = True
    try:
        with ExitStack() as stack:
            worlds = [stack.enter_context(opened(base / f"w{number}")) for number in range(args.jobs)]
            if not args.plants:
                well = _nights(worlds, args)
            if args.plants or not (args.no_plants or args.errors or args.depth == 2):
                from bench.crash_plants import all_red

                well = all_red(worlds) and well
    except Broken as why:
        print(why)
        return 1
    if well and not args.folder:
        shutil.rmtree(base)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
