"""Counts by hour with faults put in, and a judge of them: how many of its flags are right, how many faults it sees.

`python -m bench.logs_faults [--judge module:function] [--seed N] [--list]`. No files, no templates: more than two
hundred series of a seed, each the hours of up to 28 days and a night's 24 more, with a label. What is no fault is
what logs ordinarily do: office hours, weekends, noise, weekly jobs, deploys, a busy day, hours nobody read.
"""

import argparse
import importlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from bench.logs_faults_series import KINDS, Series, series
from bench.machine import heading

SEEDS = (101, 102, 103)
DEFAULT = "daydream.analysis.logs.judgement:judge_series"


class Judge(Protocol):
    """What is measured. `history` and `tonight` map epoch hours (seconds since 1970 // 3600) to counts above zero;
    `covered` are all hours that were read, in order, the night's 24 last: one that is in it and in no mapping had no
    line, one that is not in it is unknown. `level` is the lines' (10 debug .. 50 critical). None: nothing stands out;
    anything else is a flag."""

    def __call__(
        self, history: Mapping[int, int], tonight: Mapping[int, int], covered: Sequence[int], level: int
    ) -> object | None:
        """Judge one series."""
        ...


def main() -> None:
    """Judge the series of some seeds, and print precision and recall by kind."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--judge", default=DEFAULT)
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--list", action="store_true", help="name every wrong answer")
    args = parser.parse_args()
    heading("Injected faults in hourly counts")
    judge = load(args.judge)
    every = [one for seed in args.seed or SEEDS for one in series(seed)]
    flags = [judge(one.history, one.tonight, one.covered, one.level) for one in every]
    print("\n".join(report(every, [flag is not None for flag in flags])))
    for one, flag in zip(every, flags, strict=True) if args.list else ():
        if (flag is not None) != one.is_fault:
            print(f"  {one.kind} {one.name}: tonight {sum(one.tonight.values())}; said: {flag}")


def load(name: str) -> Judge:
    """Import ``module:function``."""
    module, _, function = name.partition(":")
    return cast(Judge, getattr(importlib.import_module(module), function))


def report(every: Sequence[Series], flagged: Sequence[bool]) -> list[str]:
    """Precision and recall over all series, and the share of each kind that was flagged."""
    pairs = list(zip(every, flagged, strict=True))
    right = sum(one.is_fault and flag for one, flag in pairs)
    faults, flags = sum(one.is_fault for one in every), sum(flagged)
    lines = ["| series | is a fault | flagged | of |", "|---|---|---|---|"]
    counts = Counter(one.kind for one in every)
    told = Counter(one.kind for one, flag in pairs if flag)
    for key, (_, fault) in KINDS.items():
        lines.append(
            f"| {key.replace('_', ' ')} | {'yes' if fault else 'no'} | {told[key]} | {counts[key]} |"
        )
    precision = f"{right / flags:.3f}" if flags else "not measured (no flags)"
    return [
        *lines,
        "",
        f"{len(every)} series, {faults} faults: precision {precision}, recall {right / faults:.3f}",
    ]


if __name__ == "__main__":
    main()
