"""Trees that construct an object of one of the repository's classes."""

import ast
import copy
import random
import re
from typing import Any, Protocol

from daydream.contracts.sandbox import Inputs
from daydream.dream.trials.annotations import Hint, Reader
from daydream.dream.trials.call_sites import call_sites
from daydream.dream.trials.call_sites_literals import class_value
from daydream.dream.trials.inputs_contracts import guards, violates
from daydream.dream.trials.inputs_fields import Field, fields, lineage, making, members, written
from daydream.dream.trials.inputs_guess import guesses
from daydream.dream.trials.inputs_index import Index, Place, Scope
from daydream.dream.trials.inputs_standard import NO_ARGUMENTS, ONE_ARGUMENT, is_exception
from daydream.dream.trials.inputs_states import attributes
from daydream.dream.trials.inputs_target import Parameter, Target, parameters
from daydream.dream.trials.mutation import edited

_OPTIONAL = 0.25
_FILES = 10
_NESTED = 4
_TRIES = 12
_SEEN = 12
_AS_SEEN = 0.6
_OTHER_STATE = 0.6
_OTHER_VALUE = 0.7


class CannotBuild(Exception):
    """No value of a type can be handed over; the message is a clause that says why."""


class Draws(Protocol):
    """What building an object needs of the one who draws."""

    rng: random.Random
    index: Index
    reader: Reader
    building: list[str]

    def value(self, hint: Hint, depth: int = 0, name: str = "") -> Any:
        """Draw a value of a type."""
        ...


def build(draws: Draws, dotted: str, depth: int) -> Any:
    """The tree of an object of a class.

    Raises:
        CannotBuild: why there is none.
    """
    place = draws.index.find(dotted)
    if place is None:
        msg = f"`{dotted}` is not found"
        raise CannotBuild(msg)
    if place.dotted in draws.building or len(draws.building) >= _NESTED:
        msg = f"`{place.qualname}` needs an object that needs another without end"
        raise CannotBuild(msg)
    draws.building.append(place.dotted)
    try:
        if isinstance(place.node, ast.ClassDef):
            return _of_class(draws, place, depth)
        if isinstance(place.node, ast.Call):
            return _of_call(draws, place, place.node, depth)
    finally:
        draws.building.pop()
    msg = f"`{place.qualname}` is not written as a class"
    raise CannotBuild(msg)


def _of_class(draws: Draws, place: Place, depth: int) -> Any:
    how = making(draws.index, place)
    module, qualname = place.scope.module, place.qualname
    if "<locals>" in qualname or not module:
        msg = f"`{qualname}` cannot be imported"
        raise CannotBuild(msg)
    if how == "enum":
        return _member(draws, place)
    if how == "protocol":
        return _protocol(draws, place)
    if how == "plain":
        return _plain(draws, place, depth)
    found = fields(draws.index, place, draws.reader)
    if how == "named tuple":
        return ["namedtuple", module, qualname, [draws.value(each.hint, depth + 1, each.name) for each in found]]  # fmt: skip
    pairs = _given(draws, found, depth)
    return ["dict", pairs] if how == "typed dict" else ["new", module, qualname, [], pairs]


def _member(draws: Draws, place: Place) -> Any:
    names = members(draws.index, place)
    if not names:
        msg = f"`{place.qualname}` has no members that are written out"
        raise CannotBuild(msg)
    return ["enum", place.scope.module, place.qualname, draws.rng.choice(names)]


def _given(draws: Draws, found: list[Field], depth: int) -> list[list[Any]]:
    pairs: list[list[Any]] = []
    for each in found:
        if each.must:
            pairs.append([each.name, draws.value(each.hint, depth + 1, each.name)])
        elif draws.rng.random() < _OPTIONAL:
            try:
                pairs.append([each.name, draws.value(each.hint, depth + 1, each.name)])
            except CannotBuild:
                continue
    return pairs


def _protocol(draws: Draws, place: Place) -> Any:
    """A protocol of which the offered callables are."""
    node = place.node
    body = node.body if isinstance(node, ast.ClassDef) else []
    names = [each.name for each in body if isinstance(each, ast.FunctionDef)]
    if names == ["__call__"]:
        return draws.value(Hint("callable"))
    msg = f"`{place.qualname}` is a protocol, and what fulfils it is not known"
    raise CannotBuild(msg)


def _plain(draws: Draws, place: Place, depth: int) -> Any:
    abstract = _abstract(draws.index, place)
    if abstract:
        for child in _children(draws.index, place):
            if not _abstract(draws.index, child) and child.dotted not in draws.building:
                return build(draws, child.dotted, depth)
        msg = f"`{place.qualname}` is abstract (`{abstract}`) and no class of the repository completes it"
        raise CannotBuild(msg)
    seen = observed(draws.index, place)
    if seen and draws.rng.random() < _AS_SEEN:
        return copy.deepcopy(draws.rng.choice(seen))
    module, qualname = place.scope.module, place.qualname
    try:
        given, named = _constructor(draws, place, depth)
    except CannotBuild:
        made = _alternative(draws, place, depth)
        if made is None:
            raise
        return made
    if not given and not named and draws.rng.random() < _OTHER_STATE:
        return _state(draws, place, depth) or ["new", module, qualname, given, named]
    return ["new", module, qualname, given, named]


def observed(index: Index, place: Place) -> list[Any]:
    """Objects of a class, or where there are none of classes below it, as the repository's own code makes them: what
    a constructor demands of texts and numbers, no annotation says."""
    return place.scope.kept(("observed", place.qualname), lambda: _observed(index, place))


def _observed(index: Index, place: Place) -> list[Any]:
    found: list[Any] = []
    for each in (place, *_children(index, place)):
        made = next((one for one, _ in lineage(index, each) if one and f"{one.qualname}.__init__" in one.scope.functions), None)  # fmt: skip
        if made is None or _abstract(index, each):
            continue
        node = made.scope.functions[f"{made.qualname}.__init__"]
        target = Target(each.scope, f"{each.qualname}.__init__", node, tuple(parameters(node))[1:], "blank", each.qualname, index)  # fmt: skip
        found += [
            [
                "new",
                each.scope.module,
                each.qualname,
                list(seen.given[1:]),
                [list(pair) for pair in seen.named],
            ]
            for seen in call_sites(target, index, _SEEN)
            if len(seen.given) > 1 or seen.named
        ]
        if found:
            break
    return found


def _state(draws: Draws, place: Place, depth: int) -> Any | None:
    """The object with other values in its attributes, None where one of them cannot be given a value."""
    made: list[list[Any]] = []
    for name, hint, literal in attributes(draws.index, place, draws.reader):
        drawn: list[Any] = []
        if hint.kind not in ("unknown", "any") and draws.rng.random() < _OTHER_VALUE:
            try:
                drawn = [draws.value(hint, depth + 1, name)]
            except CannotBuild:
                drawn = []
        elif literal and hint.kind == "unknown" and draws.rng.random() < _OTHER_VALUE / 2:
            drawn = [edited(copy.deepcopy(literal[0]), draws.rng)]
        if not drawn and not literal:
            return None
        made.append([name, (drawn or literal)[0]])
    return ["object", place.scope.module, place.qualname, made] if made else None


def _constructor(draws: Draws, place: Place, depth: int) -> tuple[list[Any], list[list[Any]]]:
    for each, outer in lineage(draws.index, place):
        if each is None:
            if outer in NO_ARGUMENTS:
                continue
            if is_exception(outer):
                return [draws.value(Hint("str"), depth + 1)], []
            if outer in ONE_ARGUMENT:
                return [draws.value(Hint(ONE_ARGUMENT[outer]), depth + 1)], []
            msg = f"`{place.qualname}` extends {_called(outer)}, which is not of this repository"
            raise CannotBuild(msg)
        for name in ("__init__", "__new__"):
            if f"{each.qualname}.{name}" in each.scope.functions:
                return _accepted(draws, each.scope, f"{each.qualname}.{name}", depth)
    return [], []


def _called(outer: str) -> str:
    return "something that is computed" if outer == "?" else f"`{outer}`"


def _accepted(draws: Draws, scope: Scope, qualname: str, depth: int) -> tuple[list[Any], list[list[Any]]]:
    """Arguments that the constructor's own leading checks let pass, as far as that can be told."""
    target = _target(draws, scope, qualname)
    demands = scope.kept(("guards", qualname), lambda: guards(target))
    given, named = _arguments(draws, scope, qualname, depth)
    for _ in range(_TRIES if demands else 0):
        if not violates(target, demands, Inputs((None, *given), tuple((name, tree) for name, tree in named))):
            break
        given, named = _arguments(draws, scope, qualname, depth)
    return given, named


def _target(draws: Draws, scope: Scope, qualname: str) -> Target:
    node = scope.functions[qualname]
    every = tuple(parameters(node))[1:]
    return Target(scope, qualname, node, every, "blank", qualname.rpartition(".")[0], draws.index)


def _arguments(draws: Draws, scope: Scope, qualname: str, depth: int) -> tuple[list[Any], list[list[Any]]]:
    """Arguments for a function of a class, those without a default and now and then one with."""
    target = _target(draws, scope, qualname)
    given: list[Any] = []
    named: list[list[Any]] = []
    for each in target.parameters:
        if each.way in ("variadic", "keywords"):
            continue
        if each.must:
            tree = _argument(draws, each, target, depth)
            if each.way == "keyword only":
                named.append([each.name, tree])
            else:
                given.append(tree)
        elif each.way != "positional only" and draws.rng.random() < _OPTIONAL / 2:
            try:
                named.append([each.name, _argument(draws, each, target, depth)])
            except CannotBuild:
                continue
    return given, named


def _argument(draws: Draws, parameter: Parameter, target: Target, depth: int) -> Any:
    hint = draws.reader.read(parameter.annotation, target.scope, target.owner)
    hints = [hint] if hint.kind not in ("unknown", "any") else guesses(parameter, target, draws.reader)
    if not hints and hint.kind == "any":
        hints = [hint]
    why = f"nothing says what its argument `{parameter.name}` takes"
    for each in hints:
        try:
            return draws.value(each, depth + 1, parameter.name)
        except CannotBuild as error:
            why = str(error)
    msg = f"`{target.owner}` cannot be made: {why}"
    raise CannotBuild(msg)


def _alternative(draws: Draws, place: Place, depth: int) -> Any | None:
    """An object from a class method that says it returns one, such as `from_text`."""
    node = place.node
    for each in node.body if isinstance(node, ast.ClassDef) else ():
        if not isinstance(each, ast.FunctionDef) or each.returns is None:
            continue
        marks = [getattr(one, "id", "") for one in each.decorator_list]
        said = ast.unparse(each.returns).strip("'\"").rpartition(".")[2]
        if marks != ["classmethod"] or said not in (place.qualname.rpartition(".")[2], "Self"):
            continue
        try:
            given, named = _arguments(draws, place.scope, f"{place.qualname}.{each.name}", depth)
        except CannotBuild:
            continue
        return ["new", place.scope.module, f"{place.qualname}.{each.name}", given, named]
    return None


def _abstract(index: Index, place: Place) -> str:
    """The name of a method that a class leaves to its children, "" where there is none."""
    return place.scope.kept(("abstract", place.qualname), lambda: _unfinished(index, place))


def _unfinished(index: Index, place: Place) -> str:
    done: set[str] = set()
    for each, _ in lineage(index, place):
        node = each.node if each else None
        for one in node.body if isinstance(node, ast.ClassDef) else ():
            if not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                done |= {name.id for name in ast.walk(one) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}  # fmt: skip
                continue
            marks = {getattr(mark, "id", getattr(mark, "attr", "")) for mark in one.decorator_list}
            if any(mark.startswith("abstract") for mark in marks) and one.name not in done:
                return one.name
            done.add(one.name)
    return ""


def _children(index: Index, place: Place) -> list[Place]:
    """Classes of the repository that name a class as their base."""
    name = place.qualname.rpartition(".")[2]
    kept = index.memory.get(f"children {place.dotted}")
    if isinstance(kept, list):
        return kept
    found: list[Place] = []
    for path in index.matching(name, rf"class\s+\w+\s*\([^)]*\b{re.escape(name)}\b", _FILES):
        scope = index.scope_at(path)
        for qualname, node in scope.classes.items() if scope else ():
            bases = [written(base, scope) for base in node.bases] if scope else []
            leads = [index.find(base) for base in bases if base]
            if scope and any(each and each.dotted == place.dotted for each in leads):
                found.append(Place(scope, qualname))
    index.memory[f"children {place.dotted}"] = found
    return found


def _of_call(draws: Draws, place: Place, node: ast.Call, depth: int) -> Any:
    """Classes made by a call: named tuples, enumerations, typed dictionaries."""
    made = place.scope.dotted(node.func) or ""
    inside = node.args[1] if len(node.args) > 1 else None
    module, qualname = place.scope.module, place.qualname
    names = _names(inside)
    if made.startswith("enum.") and names:
        return ["enum", module, qualname, draws.rng.choice(names)]
    if made.endswith("TypedDict") and isinstance(inside, ast.Dict):
        hints = [draws.reader.read(each, place.scope) for each in inside.values]
        return ["dict", [[name, draws.value(hint, depth + 1, name)] for name, hint in zip(names, hints, strict=False)]]  # fmt: skip
    if made.endswith(("namedtuple", "NamedTuple")) and names:
        hints = [Hint("unknown")] * len(names)
        if isinstance(inside, ast.List | ast.Tuple) and all(isinstance(each, ast.Tuple) for each in inside.elts):  # fmt: skip
            hints = [draws.reader.read(each.elts[1], place.scope) for each in inside.elts if isinstance(each, ast.Tuple)]  # fmt: skip
        return ["namedtuple", module, qualname, [draws.value(hint, depth + 1, name) for name, hint in zip(names, hints, strict=True)]]  # fmt: skip
    msg = f"`{qualname}` is made by a call that is not understood"
    raise CannotBuild(msg)


def _names(node: ast.expr | None) -> list[str]:
    """`"a b"`, `["a", "b"]`, `[("a", int)]`, `{"a": int}`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.replace(",", " ").split()
    items: list[ast.expr | None] = []
    if isinstance(node, ast.Dict):
        items = list(node.keys)
    elif isinstance(node, ast.List | ast.Tuple):
        items = [each.elts[0] if isinstance(each, ast.Tuple) and each.elts else each for each in node.elts]
    return [each.value for each in items if isinstance(each, ast.Constant) and isinstance(each.value, str)]


__all__ = ["CannotBuild", "Draws", "build", "class_value"]
