"""Parameter exploration: other values for the numbers and options that a procedure takes for granted.

Only literals under a name that says what they are (timeout, retries, batch size ...) are touched, at their
place in the text, so that layout and comments stay. Types are kept: an int stays an int.
"""

import ast
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from daydream.analysis.source import Definition, NotParsed, function_tree, own_nodes
from daydream.contracts.dream import Candidate, Policy, Procedure

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LITERAL = re.compile(r"[1-9]|\bTrue\b|\bFalse\b")
_TIMES = frozenset(
    [
        "timeout",
        "timeouts",
        "delay",
        "delays",
        "backoff",
        "interval",
        "intervals",
        "ttl",
        "wait",
        "expiry",
        "expires",
        "sleep",
    ]
)
_COUNTS = frozenset(
    [
        "retry",
        "retries",
        "attempts",
        "tries",
        "limit",
        "limits",
        "batch",
        "chunk",
        "chunks",
        "chunksize",
        "cache",
        "maxsize",
        "workers",
        "threads",
        "concurrency",
        "pool",
        "buffer",
        "bufsize",
        "maxlen",
        "depth",
        "max",
        "min",
        "size",
        "iterations",
        "samples",
        "window",
        "capacity",
    ]
)
_LEVELS = frozenset(
    [
        "threshold",
        "thresholds",
        "tolerance",
        "tol",
        "atol",
        "rtol",
        "epsilon",
        "eps",
        "ratio",
        "cutoff",
        "fraction",
    ]
)
_OTHER_MEANING = frozenset(
    [
        "length",
        "digits",
        "font",
        "width",
        "height",
        "port",
        "version",
        "year",
        "month",
        "day",
        "hour",
        "date",
        "column",
        "row",
        "indent",
        "index",
        "position",
        "pos",
        "offset",
        "tab",
        "age",
        "id",
        "status",
        "code",
        "level",
        "bits",
        "bytes",
        "byte",
        "header",
        "dtype",
        "line",
        "point",
        "x",
        "y",
        "py",
    ]
)
_OPTIONS = frozenset(
    [
        "use",
        "enable",
        "enabled",
        "cache",
        "cached",
        "lazy",
        "eager",
        "copy",
        "parallel",
        "stream",
        "streaming",
        "buffered",
        "compress",
        "prefetch",
        "reuse",
        "inplace",
        "fast",
        "dedupe",
        "keepalive",
    ]
)
_GRID = (0.5, 2.0, 0.2, 5.0)
_LEARNED_FROM = 20
_LARGEST_S = 86_400


@dataclass(frozen=True, slots=True)
class Site:
    """A literal that may have another value: what it sets, where it stands in the procedure's text.

    `line` counts from 0; `start` and `end` are columns in UTF-8 bytes.
    """

    role: str
    name: str
    value: float
    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ParameterExploration:
    """See the module."""

    key: str = "parameter_exploration"
    version: int = 1

    def propose(
        self, procedure: Procedure, related: Sequence[Procedure], policy: Policy, rng: random.Random
    ) -> Sequence[Candidate]:
        """Propose one value at a time, first one for each literal, then the next."""
        del policy
        if procedure.source is None:
            return []
        found = list(sites(procedure.source, procedure.constants))
        if not found:
            return []
        rng.shuffle(found)
        learned = _learned({site.name for site in found}, related)
        columns = [
            [_candidate(procedure.source, each, value, seen) for value, seen in _values(each, learned)]
            for each in found
        ]
        return [each for row in zip_longest(*columns) for each in row if each is not None]


def sites(source: str, constants: Mapping[str, float]) -> Iterator[Site]:
    """Find the literals of a procedure that may be varied, in the order of the text."""
    # Most procedures hold no such literal, and looking at the text is much cheaper than parsing it.
    if not _LITERAL.search(source) and not any(name in source for name in constants):
        return
    try:
        node, added = function_tree(source)
    except NotParsed:
        return
    found = [*_defaults(node), *_inside(node, constants)]
    for role, name, value, place in sorted(found, key=lambda each: (each[3].lineno, each[3].col_offset)):
        if (
            _explorable(role, name, value)
            and place.end_col_offset is not None
            and place.lineno == place.end_lineno
        ):
            yield Site(role, name, value, place.lineno - 1 - added, place.col_offset, place.end_col_offset)


_Found = tuple[str, str, float, ast.expr]


def _defaults(node: Definition) -> Iterator[_Found]:
    spec = node.args
    positional = [*spec.posonlyargs, *spec.args]
    given = spec.defaults
    for parameter, default in zip(positional[len(positional) - len(given) :], given, strict=True):
        yield from _literal("default", parameter.arg, default)
    for parameter, keyword_default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
        if keyword_default is not None:
            yield from _literal("option", parameter.arg, keyword_default)


def _inside(node: Definition, constants: Mapping[str, float]) -> Iterator[_Found]:
    local = {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}
    body = list(own_nodes(node))
    local |= {each.id for each in body if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)}
    for each in [*(part for call in node.decorator_list for part in ast.walk(call)), *body]:
        if isinstance(each, ast.Call):
            yield from _call(each)
        elif isinstance(each, ast.Assign | ast.AnnAssign) and each.value is not None:
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            for name in (_name(target) for target in targets[:1]):
                yield from _literal("assigned", name, each.value)
        elif isinstance(each, ast.Name) and each.id in constants and each.id not in local:
            yield ("constant", each.id, constants[each.id], each)


def _call(node: ast.Call) -> Iterator[_Found]:
    for keyword in node.keywords:
        if keyword.arg:
            yield from _literal("keyword", keyword.arg, keyword.value)
    if _name(node.func) == "sleep" and len(node.args) == 1:
        yield from _literal("keyword", "sleep", node.args[0])


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _literal(role: str, name: str, node: ast.expr) -> Iterator[_Found]:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield (role, name, node.value, node)


def _words(name: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(name)}


def _explorable(role: str, name: str, value: float) -> bool:
    words = _words(name)
    if isinstance(value, bool):
        # Elsewhere a bool may be data, or guard safety; a keyword-only default is an option by its place.
        return role == "option" and bool(words & _OPTIONS)
    known = words & (_TIMES | _COUNTS | _LEVELS)
    return bool(known) and not words & _OTHER_MEANING and 0 < value < 1e12


def _values(site: Site, learned: Mapping[str, Mapping[float, str]]) -> list[tuple[float, str]]:
    """Return other values with the procedure that uses them ("" for the grid), nearest first."""
    if isinstance(site.value, bool):
        return [(not site.value, "")]
    whole = isinstance(site.value, int)
    seen = learned.get(site.name, {})
    values = {value: where for value, where in seen.items() if isinstance(value, int) == whole}
    for factor in _GRID:
        values.setdefault(_scaled(site, factor), "")
    return [(value, where) for value, where in values.items() if value != site.value]


def _scaled(site: Site, factor: float) -> float:
    """Scale on a log grid: counts stay whole and at least 1, fractions at most 1, times below a day."""
    value = site.value * factor
    words = _words(site.name)
    if words & _LEVELS and site.value <= 1:
        value = min(value, 1.0)
    if words & _TIMES and site.value <= _LARGEST_S:
        value = min(value, float(_LARGEST_S))
    return max(1, round(value)) if isinstance(site.value, int) else float(f"{value:.3g}")


def _learned(names: set[str], related: Sequence[Procedure]) -> dict[str, dict[float, str]]:
    """Collect the values that related procedures give to literals of the same name."""
    values: dict[str, dict[float, str]] = {}
    for other in related[:_LEARNED_FROM]:
        for site in sites(other.source or "", {}):
            if site.name in names and not isinstance(site.value, bool):
                values.setdefault(site.name, {}).setdefault(site.value, other.qualname)
    return values


def _candidate(source: str, site: Site, value: float, seen_in: str) -> Candidate:
    lines = source.split("\n")
    line = lines[site.line].encode()
    old = line[site.start : site.end].decode()
    new = f"{value:_}" if site.role != "constant" and "_" in old and isinstance(value, int) else repr(value)
    lines[site.line] = (line[: site.start] + new.encode() + line[site.end :]).decode()
    shown = f"{site.name} {site.value!r}"
    role = "default" if site.role == "option" else site.role
    how = f"{seen_in} uses {value!r}" if seen_in else _how(site.value, value)
    return Candidate(
        name=f"{shown} -> {value!r}",
        code="\n".join(lines),
        transform_id=f"parameter_exploration.{role}@1",
        assumption=f"{shown} is the right value here",
        reasoning=f"{how}; nothing in the source says that {site.value!r} was measured",
        description=f"the {_ROLES[role]} {site.name} is {value!r} instead of {site.value!r}",
        details={"parameter": site.name, "from": site.value, "to": value, "seen_in": seen_in or None},
        changes_default=role == "default",
    )


_ROLES = {
    "default": "default of the parameter",
    "keyword": "argument",
    "assigned": "assigned value",
    "constant": "module constant, here only,",
}


def _how(old: float, new: float) -> str:
    if isinstance(old, bool):
        return "the option the other way round"
    return f"{new / old:.3g} times the value"
