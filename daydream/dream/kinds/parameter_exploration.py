"""Parameter exploration: other values for the numbers and options that a procedure takes for granted.

Touched are literals under a name that says what they are (timeout, retries, batch size ...), limits that something is
compared with or cut at, switches among the defaults, and documented arguments that a call leaves unsaid; each at its
place in the text, so that layout and comments stay. Types are kept: an int stays an int.
"""

import ast
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeGuard

from daydream.analysis.source import Definition, NotParsed, function_tree, own_nodes
from daydream.contracts.dream import Candidate, Policy, Procedure
from daydream.dream.kinds.parameter_exploration_unsaid import Unsaid, may_be_unsaid, unsaid
from daydream.dream.kinds.parameter_exploration_words import COUNTS, GUARDS, LEVELS, OTHER_MEANING, TIMES

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LITERAL = re.compile(r"[1-9]|\bTrue\b|\bFalse\b")
_LEAST_LIMIT = 8
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
    version: int = 2

    def propose(
        self, procedure: Procedure, related: Sequence[Procedure], policy: Policy, rng: random.Random
    ) -> Sequence[Candidate]:
        """Propose one value at a time, first one for each literal, then the next."""
        del policy
        if procedure.source is None:
            return []
        source = procedure.source
        read = _read(source, procedure.constants)
        if read is None:
            return []
        found = list(_sites(*read, procedure.constants))
        silent = list(unsaid(source, *read))
        rng.shuffle(found)
        rng.shuffle(silent)
        learned = _learned({site.name for site in found}, related) if found else {}
        columns = [
            [_candidate(source, each, value, seen) for value, seen in _values(each, learned)]
            for each in found
        ]
        columns += [[_said(source, each, value) for value in each.argument.values] for each in silent]
        return [each for row in zip_longest(*columns) for each in row if each is not None]


def sites(source: str, constants: Mapping[str, float]) -> Iterator[Site]:
    """Find the literals of a procedure that may be varied, in the order of the text."""
    read = _read(source, constants)
    if read is not None:
        yield from _sites(*read, constants)


def _read(source: str, constants: Mapping[str, float]) -> tuple[Definition, int] | None:
    """Parse a procedure, None where it does not parse or can hold nothing of interest."""
    # Most procedures hold no such literal, and looking at the text is much cheaper than parsing it.
    if (
        not _LITERAL.search(source)
        and not may_be_unsaid(source)
        and not any(name in source for name in constants)
    ):
        return None
    try:
        return function_tree(source)
    except NotParsed:
        return None


def _sites(node: Definition, added: int, constants: Mapping[str, float]) -> Iterator[Site]:
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
        elif isinstance(each, ast.Compare | ast.Slice):
            yield from _limit(each)
        elif isinstance(each, ast.Name) and each.id in constants and each.id not in local:
            yield ("constant", each.id, constants[each.id], each)


def _call(node: ast.Call) -> Iterator[_Found]:
    for keyword in node.keywords:
        if keyword.arg:
            yield from _literal("keyword", keyword.arg, keyword.value)
    if _name(node.func) == "sleep" and len(node.args) == 1:
        yield from _literal("keyword", "sleep", node.args[0])


def _limit(node: ast.Compare | ast.Slice) -> Iterator[_Found]:
    """A number that something is compared with, or at which it is cut off; small ones are about structure."""
    if isinstance(node, ast.Slice):
        bound = node.upper if node.lower is None else None
        if bound is not None and node.step is None:
            yield from _large("cut", "cut", bound)
    elif len(node.ops) == 1 and isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE):
        measured = node.left.args[0] if _is_len(node.left) and node.left.args else node.left
        name = _name(measured)
        if name:
            yield from _large("threshold", name, node.comparators[0])


def _is_len(node: ast.expr) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and _name(node.func) == "len"


def _large(role: str, name: str, node: ast.expr) -> Iterator[_Found]:
    for each in _literal(role, name, node):
        small = isinstance(each[2], int) and each[2] < _LEAST_LIMIT
        if not small:
            yield each


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
        # Elsewhere a bool may be data; a default is an option by its place.
        return role in ("option", "default") and not words & GUARDS
    if role in ("cut", "threshold"):
        return not words & OTHER_MEANING and 0 < value < 1e12
    known = words & (TIMES | COUNTS | LEVELS)
    return bool(known) and not words & OTHER_MEANING and 0 < value < 1e12


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
    if words & LEVELS and site.value <= 1:
        value = min(value, 1.0)
    if words & TIMES and site.value <= _LARGEST_S:
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


def _said(source: str, found: Unsaid, value: str) -> Candidate:
    lines = source.split("\n")
    line = lines[found.line].encode("utf-8", "surrogatepass")
    said = f"{'' if found.first else ', '}{found.argument.name}={value}"
    lines[found.line] = (line[: found.column] + said.encode() + line[found.column :]).decode(
        "utf-8", "surrogatepass"
    )
    argument = found.argument
    return Candidate(
        name=f"{found.callee}() is given {argument.name}={value}",
        code="\n".join(lines),
        transform_id="parameter_exploration.unsaid@1",
        assumption=f"the default of {argument.name}, {argument.default}, is right for {found.callee}()",
        reasoning=f"{found.callee}() takes {argument.name}, and nothing says that {argument.default} was chosen",
        description=f"{found.callee}() is given {argument.name}={value}; left unsaid it is {argument.default}",
        details={
            "parameter": argument.name,
            "call": found.callee,
            "default": argument.default,
            "value": value,
        },
    )


_ROLES = {
    "cut": "limit at the",
    "threshold": "limit of",
    "default": "default of the parameter",
    "keyword": "argument",
    "assigned": "assigned value",
    "constant": "module constant, here only,",
}


def _how(old: float, new: float) -> str:
    if isinstance(old, bool):
        return "the option the other way round"
    return f"{new / old:.3g} times the value"
