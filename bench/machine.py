"""What machine printed a figure, and medians; shared by the benchmarks."""

import os
import platform
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path


def machine() -> str:
    """One line: cores, kernel, Python, load, and the file system of the folder for temporary files."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, load {load:.1f}"
    )


def median(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share (0..1) of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def here() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[1]


def heading(title: str) -> None:
    """Print a benchmark's title and machine."""
    print(f"## {title}\n\n{machine()}\ncommand: python {' '.join(sys.orig_argv[1:])}\n")
