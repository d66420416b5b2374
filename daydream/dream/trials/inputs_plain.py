"""Dates, times, exact numbers, identifiers and paths, drawn from a seed, as encoded trees."""

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

_DAYS = ("2024-02-29", "1999-12-31", "2023-07-04", "2000-01-01")
_ZONES = ("", "", "+00:00", "+05:30", "-08:00")
_NAMES = ("a", "b.txt", "notes", "x.tar.gz", "c d", "é.py", ".hidden", "..", "src", "README")
_DECIMALS = ("0", "1.50", "-12345.678901", "1E+3", "0.1")


def _day(rng: random.Random) -> str:
    if rng.random() < 0.4:
        return rng.choice(_DAYS)
    return dt.date.fromordinal(rng.randint(700_000, 745_000)).isoformat()


def _hour(rng: random.Random) -> str:
    if rng.random() < 0.3:
        return rng.choice(("00:00:00", "23:59:59.999999", "12:30:00"))
    return dt.time(rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59)).isoformat()


def _path(rng: random.Random) -> str:
    parts = [rng.choice(_NAMES) for _ in range(rng.randint(1, 3))]
    return rng.choice(("", "", "/", "./")) + "/".join(parts)


def _pathlike(rng: random.Random) -> Any:
    return _path(rng) if rng.random() < 0.6 else ["path", "PosixPath", _path(rng)]


def _timedelta(rng: random.Random) -> Any:
    return ["timedelta", rng.choice((0, 0, 1, -1, rng.randint(-400, 400))), rng.choice((0, 3600, rng.randint(0, 86_399))), rng.choice((0, 0, 5))]  # fmt: skip


def _decimal(rng: random.Random) -> Any:
    return ["decimal", rng.choice((*_DECIMALS, f"{rng.randint(-9999, 9999)}.{rng.randint(0, 99):02}"))]


VALUED: dict[str, Callable[[random.Random], Any]] = {
    "date": lambda rng: ["date", _day(rng)],
    "datetime": lambda rng: ["datetime", f"{_day(rng)}T{_hour(rng)}{rng.choice(_ZONES)}"],
    "time": lambda rng: ["time", _hour(rng)],
    "timedelta": _timedelta,
    "decimal": _decimal,
    "fraction": lambda rng: ["fraction", f"{rng.randint(-30, 30)}/{rng.randint(1, 12)}"],
    "uuid": lambda rng: [
        "uuid",
        f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4{rng.getrandbits(12):03x}-8{rng.getrandbits(12):03x}-{rng.getrandbits(48):012x}",
    ],
    "path": lambda rng: ["path", "PosixPath", _path(rng)],
    "winpath": lambda rng: ["path", "PureWindowsPath", "C:\\" + _path(rng).replace("/", "\\")],
    "pathlike": _pathlike,
}
"""By the kind of an annotation."""
