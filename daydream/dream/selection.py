"""Which procedures are dreamt about first: those worth it, each in its turn, where a focus says so these alone.

Value is the mean of what is known, by weight: share of a profile's time, complexity, tests, recent change. What
is not known is left out of the mean, never counted as 0.
"""

import datetime as dt
import fnmatch
import json
import marshal
import math
import random
import re
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daydream.contracts.dream import Procedure
from daydream.errors import UsageError

Key = tuple[str, str, int]
WEIGHTS: Mapping[str, float] = {"hot": 0.4, "complex": 0.25, "tested": 0.2, "recent": 0.15}
_COMPLEX = 20
_HALF_LIFE_DAYS = 90
_HOT = 0.1
_LARGEST = 256 * 2**20
_ROOTS = ("src/", "lib/", "python/")


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known about procedures beyond the catalogue: `hot` is the share of a profile's time by procedure (None:
    no profile was given), `today` the date from which ages are counted."""

    today: dt.date
    hot: Mapping[Key, float] | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """How much it is worth to dream about a procedure, 0..1, and of what that is made (None: not known)."""

    total: float
    terms: Mapping[str, float | None] = field(default_factory=dict)


class Focus:
    """A glob (`pkg/*.py`, `Client.*`), or a regular expression between slashes (`/fetch_\\w+/`), on path, qualified name,
    or both as `path:name`; a glob that names a folder or the last part of a name is enough.

    Raises:
        UsageError: the regular expression is not one.
    """

    def __init__(self, written: str) -> None:
        self.written = written
        self._pattern = None
        if len(written) > 2 and written.startswith("/") and written.endswith("/"):
            try:
                self._pattern = re.compile(written[1:-1])
            except re.error as error:
                msg = f"--focus {written} is not a regular expression ({error}); without the slashes it is a glob"
                raise UsageError(msg) from error

    def covers(self, key: Key) -> bool:
        """Tell whether a procedure is one of those looked for."""
        path, qualname, _ = key
        if self._pattern is not None:
            return self._pattern.search(f"{path}:{qualname}") is not None
        names = (path, qualname, f"{path}:{qualname}", qualname.rpartition(".")[2])
        glob = self.written.removesuffix("/")
        return any(fnmatch.fnmatchcase(name, glob) for name in names) or fnmatch.fnmatchcase(
            path, f"{glob}/*"
        )


def value_of(procedure: Procedure, signals: Signals) -> Value:
    """Return what a procedure is worth, with its terms."""
    terms: dict[str, float | None] = {
        "hot": None if signals.hot is None else _heat(signals.hot.get(procedure.key, 0.0)),
        "complex": round(min(1.0, math.log(max(1, procedure.complexity)) / math.log(_COMPLEX)), 3),
        "tested": None if procedure.tests is None else float(procedure.tests > 0),
        "recent": _recency(procedure.last_change, signals.today),
    }
    known = {name: term for name, term in terms.items() if term is not None}
    weight = math.fsum(WEIGHTS[name] for name in known)
    total = math.fsum(WEIGHTS[name] * term for name, term in known.items()) / weight
    return Value(round(total, 3), terms)


def order(
    procedures: Sequence[Procedure],
    signals: Signals,
    visits: Mapping[Key, int],
    focus: Focus | None,
    rng: random.Random,
    totals: MutableMapping[Key, float] | None = None,
) -> list[Key]:
    """Order the procedures of tonight: those visited least often first, so that each gets its turn; among these the
    most valuable first; among equals by chance.

    `visits` are how often a procedure was asked about in this wording on earlier nights (0 where it is not in
    there). The order is the same for the same arguments and seed. `totals` remembers values for who asks again about the
    same catalogue.
    """
    known = {} if totals is None else totals
    chosen = sorted(each.key for each in procedures if focus is None or focus.covers(each.key))
    rng.shuffle(chosen)
    for each in procedures:
        if each.key not in known:
            known[each.key] = value_of(each, signals).total
    return sorted(chosen, key=lambda key: (visits.get(key, 0), -known[key]))


def _heat(share: float) -> float:
    """From a tenth of all time on, more makes no difference; one in a thousand is half as hot as that."""
    return round(min(1.0, math.log1p(share * 1000) / math.log1p(_HOT * 1000)), 3)


def _recency(last_change: str | None, today: dt.date) -> float | None:
    if last_change is None:
        return None
    days = max(0, (today - dt.date.fromisoformat(last_change)).days)
    return round(math.exp2(-days / _HALF_LIFE_DAYS), 3)


@dataclass(frozen=True, slots=True)
class _Spent:
    """Time in one function, in whatever unit the profile has, and of which of its callers that was."""

    file: str
    line: int
    name: str
    own: float
    by_caller: Mapping[tuple[str, int, str], float]


def hot_from(profile: Path, procedures: Iterable[Procedure]) -> dict[Key, float]:
    """Read how the time of a profile is shared among procedures: their own, and that of code outside the repository
    which they called.

    Understood are dumps of cProfile (`python -m cProfile -o FILE`, `pstats`) and speedscope's JSON
    (`py-spy record -f speedscope -o FILE`). Functions are found by file and name, and by the nearest line where
    a file has several of one name.

    Raises:
        UsageError: it cannot be read, or is neither; the message says what to do.
    """
    try:
        if profile.stat().st_size > _LARGEST:
            msg = f"the profile {profile} is larger than {_LARGEST >> 20} MB: record a shorter one"
            raise UsageError(msg)
        data = profile.read_bytes()
    except OSError as error:
        msg = f"the profile {profile} cannot be read ({error.strerror}): check --profile"
        raise UsageError(msg) from error
    places = _Places(procedures)
    try:
        found = (
            _speedscope(json.loads(data), places)
            if data[:1] in b"{[" and _is_text(data)
            else _pstats(data, places)
        )
    except _NotUnderstood as error:
        msg = f"the profile {profile} is neither a dump of cProfile nor speedscope's JSON ({error}): record it again"
        raise UsageError(msg) from error
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        EOFError,
        RecursionError,
        MemoryError,
    ) as error:
        msg = f"the profile {profile} is damaged or incomplete ({type(error).__name__}): record it again"
        raise UsageError(msg) from error
    total = math.fsum(found.values())
    return {key: share / total for key, share in found.items() if share > 0 and key is not None}


class _NotUnderstood(Exception):
    """The file is something else."""


_Found = dict[Key | None, float]


def _add(found: _Found, key: Key | None, spent: float) -> None:
    if not math.isfinite(spent) or spent < 0:
        msg = "it holds a time that is none"
        raise _NotUnderstood(msg)
    found[key] = found.get(key, 0.0) + spent


class _Places:
    """Procedures by where a profile says that time was spent."""

    def __init__(self, procedures: Iterable[Procedure]) -> None:
        self._by_place: dict[tuple[str, str], list[Procedure]] = {}
        for each in procedures:
            shipped = next(
                (each.path.removeprefix(root) for root in _ROOTS if each.path.startswith(root)), each.path
            )
            for path in {each.path, shipped}:
                self._by_place.setdefault((path, each.qualname.rpartition(".")[2]), []).append(each)

    def key(self, file: str, line: int, name: str) -> Key | None:
        """Return the procedure at a place; None outside the repository."""
        parts = file.replace("\\", "/").split("/")
        name = name.rpartition(".")[2]
        for first in range(len(parts)):
            found = self._by_place.get(("/".join(parts[first:]), name))
            if found:
                return min(found, key=lambda each: (_distance(each, line), each.key)).key
        return None


def _distance(procedure: Procedure, line: int) -> int:
    inside = procedure.first_line <= line <= procedure.last_line
    return 0 if inside else min(abs(procedure.first_line - line), abs(procedure.last_line - line))


def _is_text(data: bytes) -> bool:
    return b"\x00" not in data[:4096]


def _pstats(data: bytes, places: _Places) -> _Found:
    """Share out a dump of cProfile: {(file, line, name): (calls, primitive, own, cumulative, {caller: (...)})}."""
    if data[:1] not in (b"{", b"\xfb"):
        msg = "it begins with something else"
        raise _NotUnderstood(msg)
    stats: Any = marshal.loads(data)  # noqa: S302 -- named by the user's own configuration; it builds data, and runs nothing
    if not isinstance(stats, dict):
        msg = "it holds no table"
        raise _NotUnderstood(msg)
    found: _Found = {}
    for (file, line, name), (_, _, own, _, callers) in stats.items():
        spent = _Spent(
            str(file),
            int(line),
            str(name),
            float(own),
            {who: float(part[2]) for who, part in callers.items()},
        )
        key = places.key(spent.file, spent.line, spent.name)
        if key is not None:
            _add(found, key, spent.own)
            continue
        left = spent.own
        for (caller_file, caller_line, caller_name), part in spent.by_caller.items():
            caller = places.key(str(caller_file), int(caller_line), str(caller_name))
            if caller is not None:
                _add(found, caller, part)
                left -= part
        _add(found, None, max(0.0, left))
    return found


def _speedscope(document: Any, places: _Places) -> _Found:
    """Share out speedscope's JSON: each moment belongs to the innermost procedure on the stack."""
    if not isinstance(document, dict) or "profiles" not in document or "shared" not in document:
        msg = "it is JSON without profiles"
        raise _NotUnderstood(msg)
    frames = [
        places.key(str(each.get("file") or ""), int(each.get("line") or 0), str(each["name"]))
        for each in document["shared"]["frames"]
    ]
    found: _Found = {}
    for profile in document["profiles"]:
        for stack, weight in _moments(profile):
            key = next((frames[number] for number in reversed(stack) if frames[number] is not None), None)
            _add(found, key, float(weight))
    return found


def _moments(profile: Mapping[str, Any]) -> Iterable[tuple[Sequence[int], float]]:
    if profile["type"] == "sampled":
        yield from zip(profile["samples"], profile["weights"], strict=True)
        return
    stack: list[int] = []
    before = float(profile["startValue"])
    for event in profile["events"]:
        yield tuple(stack), float(event["at"]) - before
        before = float(event["at"])
        if event["type"] == "O":
            stack.append(event["frame"])
        else:
            stack.pop()
