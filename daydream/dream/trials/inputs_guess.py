"""What a parameter without an annotation may take, by what speaks for it: strongest first, nothing where nothing does."""

import ast
import re
from collections import Counter
from dataclasses import replace
from typing import Any

from daydream.analysis.source import own_nodes
from daydream.dream.trials.annotations import (
    BOOL,
    BYTES,
    FLOAT,
    INT,
    NONE,
    STR,
    UNKNOWN,
    Hint,
    Reader,
    union,
    with_keys,
)
from daydream.dream.trials.call_sites import bound_once
from daydream.dream.trials.call_sites_literals import NotLiteral, Surroundings, tree_of_literal
from daydream.dream.trials.inputs_docstring import type_in_docstring
from daydream.dream.trials.inputs_index import Place
from daydream.dream.trials.inputs_names import HANDED, OFFERS, of_name
from daydream.dream.trials.inputs_target import Parameter, Target, parameters
from daydream.dream.trials.inputs_uses import Uses, uses_of

_FILES = 8
_MOST = 4
_PASSED = 6
_DEPTH = 2
_LOOPS = 4


def guesses(parameter: Parameter, target: Target, reader: Reader, depth: int = 0) -> list[Hint]:
    """What a parameter may take, the likeliest first, at most four; empty where nothing is known."""
    key = ("guesses", target.qualname, target.node.lineno, parameter.name, depth)
    return target.scope.kept(key, lambda: _guessed(parameter, target, reader, depth))


def _guessed(parameter: Parameter, target: Target, reader: Reader, depth: int) -> list[Hint]:
    around = _around(target)
    uses = uses_of(target.node, parameter.name, around)
    default = _of_default(parameter.default, around)
    strong = _strong(parameter, target, reader, uses, default)
    used = _of_uses(uses, target, around, reader)
    named = of_name(parameter.name)
    loose = [] if strong or depth else elsewhere(parameter.name, target, reader)
    if not strong and named == STR and _holds_loosely(uses):
        used.insert(0, STR)  # a text is gone through and cut like a list
    found = [*_passed(uses, target, reader, depth), *used, *loose, named]
    found = [union(*fitting) for each in found if (fitting := _fitting(each, uses.attributes))]
    known = [each for each in (*strong, *found) if each.kind not in ("unknown", "foreign", "none")]
    distinct = [each for number, each in enumerate(known) if each not in known[:number]]
    if uses.attributes and not any(_offers(each, uses.attributes) for each in distinct):
        distinct.insert(0, Hint("duck", keys=tuple(sorted(uses.attributes)), name=" ".join(sorted(uses.methods))))  # fmt: skip
    distinct = _with_items(distinct, parameter.name)
    distinct = distinct[: 1 if uses.is_called else 2 if strong else _MOST - 1]
    if distinct and (default == NONE or uses.may_be_none):
        distinct.insert(1, NONE)
    keys = tuple(uses.keys)
    return [with_keys(each, keys) for each in distinct] if keys else distinct


def _around(target: Target) -> Surroundings:
    """A procedure's module, and the names that it binds once itself."""
    key = ("bound once", target.qualname, target.node.lineno)
    names = target.scope.kept(key, lambda: bound_once(list(own_nodes(target.node))))
    return Surroundings(target.scope, target.index, names)


def with_items(hint: Hint, parameter: Parameter, target: Target, reader: Reader) -> Hint:
    """A container whose annotation says nothing of its items, with what is done with them."""
    if hint.kind == "union":
        return replace(hint, parts=tuple(with_items(each, parameter, target, reader) for each in hint.parts))
    if hint.kind not in ("list", "variadic", "set", "frozenset", "sequence", "iterable") or not _is_bare(
        hint
    ):
        return hint
    around = _around(target)
    return _filled(
        replace(hint, parts=()), uses_of(target.node, parameter.name, around), target, around, reader, 0
    )


def _is_bare(hint: Hint) -> bool:
    return not hint.parts or hint.parts[0].kind in ("unknown", "any")


def _with_items(hints: list[Hint], name: str) -> list[Hint]:
    """Lists of which nothing is known give way to those of which something is; a plural says what is in it."""
    items = of_name(name.removesuffix("s")) if name.endswith("s") else UNKNOWN
    if any(each.kind == "list" and each.parts for each in hints):
        return [each for each in hints if each.kind != "list" or each.parts]
    if items.kind not in ("str", "int", "float", "date"):
        return hints
    return [Hint("list", (items,)) if each.kind == "list" else each for each in hints]


def _strong(parameter: Parameter, target: Target, reader: Reader, uses: Uses, default: Hint) -> list[Hint]:
    """What the author says: checks of the class, the docstring, the default, what is called."""
    found = [Hint("callable")] if uses.is_called else []
    found += [reader.read(each, target.scope, target.owner) for each in uses.classes]
    found += [type_in_docstring(target, parameter.name, reader), default]
    compared = [each for each in uses.compared if each is not None]
    if compared:
        found.append(union(Hint("literal", values=tuple(compared)), *_widened(compared)))
    known = [each for each in found if each.kind not in ("unknown", "foreign", "none", "any")]
    return (
        [STR, BYTES] if known == [BYTES] and uses.classes else known
    )  # who checks for bytes takes texts too


def _holds_loosely(uses: Uses) -> bool:
    return (uses.is_indexed or uses.is_iterated) and not uses.attributes and not uses.elements


def _passed(uses: Uses, target: Target, reader: Reader, depth: int) -> list[Hint]:
    """What the functions of the repository take that a parameter is passed on to."""
    found: list[Hint] = []
    for func, argument in uses.passed[:_PASSED] if depth < _DEPTH else ():
        callee = callee_of(func, target)
        if callee is None or callee.node is target.node:
            continue
        places = [each for each in callee.parameters if each.way in ("positional only", "positional")]
        wanted: Parameter | None = None
        if isinstance(argument, int):
            wanted = places[argument] if argument < len(places) else None
        else:
            wanted = next((each for each in callee.parameters if each.name == argument), None)
        if wanted is not None:
            hint = reader.read(wanted.annotation, callee.scope, callee.owner)
            found += [hint] if hint.kind not in ("unknown", "any") else guesses(wanted, callee, reader, depth + 1)[:2]  # fmt: skip
    return found


def callee_of(func: ast.expr, target: Target) -> Target | None:
    """The function of the repository that an expression names, for a class its constructor; `self.x` counts."""
    dotted = target.scope.dotted(func)
    if isinstance(func, ast.Attribute) and getattr(func.value, "id", "") in ("self", "cls") and target.owner:
        dotted = f"{target.scope.module}.{target.owner}.{func.attr}"
    place = target.index.find(dotted) if dotted else None
    if place is not None and isinstance(place.node, ast.ClassDef):
        place = Place(place.scope, f"{place.qualname}.__init__")
    node = place.scope.functions.get(place.qualname) if place is not None else None
    if place is None or node is None:
        return None
    owner = place.qualname.rpartition(".")[0]
    static = any(getattr(each, "id", "") == "staticmethod" for each in node.decorator_list)
    every = tuple(parameters(node))
    taken = every[1:] if owner and not static else every
    return Target(place.scope, place.qualname, node, taken, "none", owner, target.index)


def spread(parameter: Parameter, target: Target, reader: Reader) -> list[tuple[str, Hint]]:
    """The keywords that `**` of a parameter may hold: what the body asks for, and the optional ones of those that it
    is handed on to."""
    uses = uses_of(target.node, parameter.name, Surroundings(target.scope, target.index))
    found = {key: of_name(key) for key in uses.keys if key.isidentifier()}
    for func in uses.spread:
        callee = callee_of(func, target)
        for each in callee.parameters if callee else ():
            if each.default is not None and each.name not in found:
                hint = reader.read(each.annotation, callee.scope, callee.owner) if callee else UNKNOWN
                if hint.kind in ("unknown", "any") and callee:
                    hint = next(iter(guesses(each, callee, reader, 1)), UNKNOWN)
                found[each.name] = hint
    taken = {each.name for each in target.parameters}
    return [(name, hint) for name, hint in found.items() if name not in taken and hint.kind != "unknown"]


def uses_keys(parameter: Parameter, target: Target) -> tuple[str, ...]:
    """The texts that a parameter is asked for as keys."""
    return tuple(uses_of(target.node, parameter.name, Surroundings(target.scope, target.index)).keys)


def _fitting(hint: Hint, attributes: set[str]) -> list[Hint]:
    return [each for each in hint.options if _offers(each, attributes)]


def _offers(hint: Hint, attributes: set[str]) -> bool:
    """Whether values of a type have these attributes, as far as that is known: a class of the repository is trusted."""
    if not attributes:
        return True
    if hint.kind == "union":
        return bool(_fitting(hint, attributes))
    offered = OFFERS.get(hint.kind)
    if offered is not None:
        return attributes <= offered
    return hint.kind in ("class", "standard", "type", "duck", "bytefile")


def of_tree(tree: Any) -> Hint:
    """The type of an encoded value, loosely: containers without their items."""
    if tree is None:
        return NONE
    if type(tree) is bool:
        return BOOL
    if type(tree) is int:
        return INT
    if type(tree) is str:
        return STR
    kind = tree[0] if type(tree) is list else "unknown"
    if kind in ("list", "set", "frozenset") and tree[1]:
        return Hint(kind, (of_tree(tree[1][0]),))
    if kind == "tuple":
        return Hint("variadic", (of_tree(tree[1][0]),) if tree[1] else ())
    if kind == "new" and tree[1] == "pkgutil":
        return Hint("type")
    if kind in ("new", "enum", "namedtuple"):
        return Hint("class", name=f"{tree[1]}.{tree[2]}")
    return Hint(kind)


def _of_default(node: ast.expr | None, around: Surroundings) -> Hint:
    if node is None:
        return UNKNOWN
    if isinstance(node, ast.Lambda):
        return Hint("callable")
    try:
        tree = tree_of_literal(node, around)
    except NotLiteral:
        return UNKNOWN
    hint = of_tree(tree)
    return UNKNOWN if hint.kind == "class" and around.index.find(hint.name) is None else hint


def _of_uses(uses: Uses, target: Target, around: Surroundings, reader: Reader, depth: int = 0) -> list[Hint]:
    found: list[Hint] = []
    if uses.attributes:
        fitting = [kind for kind, names in OFFERS.items() if uses.attributes <= names]
        fitting = [each for each in fitting if each != "bytes" or "str" not in fitting]
        found += [_filled(Hint(kind), uses, target, around, reader, depth) for kind in fitting[:2]]
    if uses.keys and "str" not in uses.attributes:
        found.append(Hint("dict"))
    found += [HANDED[each] for each in sorted(uses.handed) if each in HANDED]
    if uses.is_text or (uses.members and all(type(each) is str for each in uses.members)):
        found.append(STR)
    if uses.is_number:
        found.append(union(INT, FLOAT))
    if uses.is_iterated or uses.is_indexed:
        found.append(_filled(Hint("list"), uses, target, around, reader, depth))
    return found


def _widened(values: list[Any]) -> list[Hint]:
    """The types of the values that something is compared with: it may be another value of these."""
    kinds = [of_tree(each) for each in values]
    return [each for number, each in enumerate(kinds) if each not in kinds[:number] and each.kind in ("int", "float", "str", "bytes")]  # fmt: skip


def _filled(hint: Hint, uses: Uses, target: Target, around: Surroundings, reader: Reader, depth: int) -> Hint:
    """A list with the type of its items, by what is done with them."""
    if hint.kind not in ("list", "variadic", "set", "frozenset", "sequence", "iterable") or depth > 1:
        return hint
    found: tuple[Hint, ...] = ()
    for names in list(dict.fromkeys(uses.elements))[:_LOOPS]:
        parts = tuple(_of_item(name, target, around, reader, depth) for name in names)
        if not found or (any(each.kind != "unknown" for each in parts) and all(each.kind == "unknown" for each in found)):  # fmt: skip
            found = parts
    if not found:
        fitting = [kind for kind, names in OFFERS.items() if uses.inner <= names]
        return replace(hint, parts=(Hint(fitting[0]),)) if uses.inner and fitting else hint
    if any(each.kind == "unknown" for each in found):
        found = tuple(each if each.kind != "unknown" else union(INT, STR) for each in found)
    return replace(hint, parts=found if len(found) == 1 else (Hint("tuple", found),))


def _of_item(name: str, target: Target, around: Surroundings, reader: Reader, depth: int) -> Hint:
    """What a loop's variable stands for: what its class is checked for, what it is compared with and used as; its name."""
    uses = uses_of(target.node, name, around)
    said = [reader.read(each, target.scope, target.owner) for each in uses.classes]
    said = [each for each in said if each.kind not in ("unknown", "foreign", "any")]
    compared = [each for each in uses.compared if each is not None]
    if compared:
        said.append(union(Hint("literal", values=tuple(compared)), *_widened(compared)))
    if said:
        return union(*said)
    return (_of_uses(uses, target, around, reader, depth + 1) or [of_name(name)])[0]


def elsewhere(name: str, target: Target, reader: Reader) -> list[Hint]:
    """What annotated functions of the repository take under the same name, the commonest two."""
    index = target.index
    kept = index.memory.get(f"elsewhere {name}")
    if isinstance(kept, list):
        return kept
    count: Counter[str] = Counter()
    hints: dict[str, Hint] = {}
    for path in (
        index.matching(name, rf"[(,\s]{re.escape(name)}\s*:\s*[\"'A-Za-z]", _FILES) if len(name) > 1 else ()
    ):
        scope = index.scope_at(path)
        for qualname, node in scope.functions.items() if scope else ():
            for each in parameters(node):
                if scope is None or each.name != name or each.annotation is None:
                    continue
                hint = reader.read(each.annotation, scope, qualname.rpartition(".")[0])
                if hint.kind not in ("unknown", "any", "foreign", "var"):
                    count[repr(hint)] += 1
                    hints[repr(hint)] = hint
    found = [hints[each] for each, _ in count.most_common(2)]
    index.memory[f"elsewhere {name}"] = found
    return found
