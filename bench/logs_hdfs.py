"""HDFS sessions as sequences of template numbers: recall on abnormal ones, false positives on normal ones held out.

`python -m bench.logs_hdfs FOLDER [--rules module]`: FOLDER holds ``hdfs_train`` (normal sessions) and
``hdfs_test_abnormal``, a session per line, as the repositories of DeepLog and logdeep publish them (data of loghub,
for research; nothing of it is part of this project). Five times a random fifth of the normal sessions is held out,
the rules learn the rest. The published normal test sessions are in neither repository, so no F1 is claimed.
"""

import argparse
import importlib
import statistics
from collections.abc import Sequence
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, Protocol, cast

from bench.machine import heading

DEFAULT = "bench.logs_sequences"
SEEDS = (1, 2, 3, 4, 5)

Sequences = Sequence[tuple[int, ...]]


class Rules(Protocol):
    """What is measured: a module of two functions."""

    def learn(self, sequences: Sequences) -> Any:
        """Learn what normal sequences are like."""
        ...

    def odd(self, model: Any, sequence: tuple[int, ...]) -> str | None:
        """Say in which way a sequence is not like what was learned; None: it is."""
        ...


def main() -> None:
    """Measure, and print a line per split."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rules", default=DEFAULT)
    args = parser.parse_args()
    heading("HDFS sessions")
    module: ModuleType = importlib.import_module(args.rules)
    normal, abnormal = read(args.folder / "hdfs_train"), read(args.folder / "hdfs_test_abnormal")
    print(f"{len(normal)} normal sessions, {len(abnormal)} abnormal\n")
    print("| split | recall | false-positive rate | held out |\n|---|---|---|---|")
    figures = [measure(cast(Rules, module), normal, abnormal, seed) for seed in SEEDS]
    for seed, (recall, wrong, held) in zip(SEEDS, figures, strict=True):
        print(f"| {seed} | {recall:.4f} | {wrong / held:.4f} ({wrong}) | {held} |")
    rate = sum(wrong for _, wrong, _ in figures) / sum(held for _, _, held in figures)
    print(f"\nmean recall {statistics.mean(f[0] for f in figures):.4f}, false-positive rate {rate:.4f}")


def read(path: Path) -> list[tuple[int, ...]]:
    """Read sessions, one a line."""
    lines = path.read_text().splitlines()
    return [tuple(map(int, line.split())) for line in lines if line.strip()]


def measure(rules: Rules, normal: Sequences, abnormal: Sequences, seed: int) -> tuple[float, int, int]:
    """Learn four fifths of the normal sessions; the share of the abnormal ones that are odd, how many of the held-out
    normal ones are, and how many were held out."""
    order = list(normal)
    Random(seed).shuffle(order)
    cut = len(order) * 4 // 5
    model = rules.learn(order[:cut])
    held = order[cut:]
    found = sum(rules.odd(model, sequence) is not None for sequence in abnormal)
    return found / len(abnormal), sum(rules.odd(model, s) is not None for s in held), len(held)


if __name__ == "__main__":
    main()
