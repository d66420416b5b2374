"""The fields of classes that a decorator or a base makes from the class body: dataclasses, attrs, pydantic, TypedDict, NamedTuple."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from daydream.dream.trials.annotations import ANY, Hint, Reader
from daydream.dream.trials.inputs_index import Index, Place, Scope

_HOPS = 20
Making = Literal["enum", "typed dict", "named tuple", "fields", "protocol", "plain"]
_FIELDED = (
    "dataclasses.dataclass", "attr.s", "attr.attrs", "attr.define", "attr.frozen", "attr.mutable", "attr.dataclass",
    "attrs.define", "attrs.frozen", "attrs.mutable", "pydantic.dataclasses.dataclass", "attr.attributes",
)  # fmt: skip
_FIELD_BASES = ("pydantic.BaseModel", "pydantic.main.BaseModel", "msgspec.Struct", "pydantic_settings.BaseSettings", "sqlmodel.SQLModel")  # fmt: skip
_TYPED = ("typing.TypedDict", "typing_extensions.TypedDict")
_NAMED = ("typing.NamedTuple", "typing_extensions.NamedTuple")
_PROTOCOL = ("typing.Protocol", "typing_extensions.Protocol")


@dataclass(frozen=True, slots=True)
class Field:
    """A field: `must` where it has no default, `name` as the constructor takes it."""

    name: str
    hint: Hint
    must: bool


def lineage(index: Index, place: Place) -> list[tuple[Place | None, str]]:
    """A class and its bases, nearest first: (place, "") for those of the repository, (None, dotted name) for others."""
    return place.scope.kept(("lineage", place.qualname), lambda: list(_lineage(index, place)))


def _lineage(index: Index, place: Place) -> Iterator[tuple[Place | None, str]]:
    stack = [place]
    seen: set[str] = set()
    for _ in range(_HOPS):
        if not stack:
            return
        current = stack.pop(0)
        node = current.node
        if current.dotted in seen or not isinstance(node, ast.ClassDef):
            continue
        seen.add(current.dotted)
        yield current, ""
        for base in node.bases:
            dotted = written(base, current.scope)
            found = index.find(dotted) if dotted else None
            if found is not None and isinstance(found.node, ast.ClassDef):
                stack.append(found)
            elif dotted not in seen:
                seen.add(dotted)
                yield None, dotted


def written(base: ast.expr, scope: Scope) -> str:
    """The dotted name of a base; `?` for one that is computed."""
    if isinstance(base, ast.Subscript):
        base = base.value
    if isinstance(base, ast.Call):
        made = scope.dotted(base.func) or ""
        return made if made.endswith(("namedtuple", "NamedTuple")) else "?"
    return scope.dotted(base) or "?"


def making(index: Index, place: Place) -> Making:
    """How objects of a class are made."""
    return place.scope.kept(("making", place.qualname), lambda: _making(index, place))


def _making(index: Index, place: Place) -> Making:
    line = lineage(index, place)
    outer = {dotted for _, dotted in line}
    if any(each.startswith("enum.") and each != "enum.EnumMeta" for each in outer):
        return "enum"
    if outer.intersection(_TYPED):
        return "typed dict"
    if outer.intersection(_NAMED) and "__new__" not in _methods(place):
        return "named tuple"
    if isinstance(place.node, ast.ClassDef) and any(written(base, place.scope) in _PROTOCOL for base in place.node.bases):  # fmt: skip
        return "protocol"
    if "__init__" in _methods(place):
        return "plain"
    if outer.intersection(_FIELD_BASES) or any(each and _is_fielded(each) for each, _ in line):
        return "fields"
    return "plain"


def _methods(place: Place) -> set[str]:
    node = place.node
    return {each.name for each in node.body if isinstance(each, ast.FunctionDef)} if isinstance(node, ast.ClassDef) else set()  # fmt: skip


def _is_fielded(place: Place) -> bool:
    node = place.node
    marks = node.decorator_list if isinstance(node, ast.ClassDef) else []
    names = [place.scope.dotted(each.func if isinstance(each, ast.Call) else each) or "" for each in marks]
    return any(name in _FIELDED or name.endswith(".dataclass") for name in names)


def members(index: Index, place: Place) -> list[str]:
    """The names of an enumeration's members, as written in the class body."""
    found: list[str] = []
    for each, _ in lineage(index, place):
        node = each.node if each else None
        for statement in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(statement, ast.Assign):
                found += [one.id for one in statement.targets if isinstance(one, ast.Name)]
    return [each for each in found if not each.startswith("_")]


def fields(index: Index, place: Place, reader: Reader) -> list[Field]:
    """The fields of a class through its bases in the repository, first base first; a later one of the same name counts."""
    return place.scope.kept(("fields", place.qualname), lambda: _fields(index, place, reader))


def _fields(index: Index, place: Place, reader: Reader) -> list[Field]:
    found: dict[str, Field] = {}
    line = [each for each, _ in lineage(index, place) if each is not None]
    for each in reversed(line):
        node = each.node
        for statement in node.body if isinstance(node, ast.ClassDef) else ():
            made = _field(statement, each, reader)
            if made is not None:
                found[made[0]] = made[1]
            elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                found.pop(statement.target.id, None)
    return list(found.values())


def _field(statement: ast.stmt, place: Place, reader: Reader) -> tuple[str, Field] | None:
    """The field of one statement, None where it makes none that the constructor takes."""
    scope = place.scope
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        name, value = statement.target.id, statement.value
        base = (
            statement.annotation.value
            if isinstance(statement.annotation, ast.Subscript)
            else statement.annotation
        )
        written = scope.dotted(base) or ""
        if written.endswith((".ClassVar", ".KW_ONLY")) or name == "model_config":
            return None
        hint = reader.read(statement.annotation, scope, place.qualname)
        optional = written.endswith(".NotRequired") or not (_total(place) or written.endswith(".Required"))
    elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
        target = statement.targets[0]
        if not isinstance(target, ast.Name) or (scope.dotted(statement.value.func) or "") not in ("attr.ib", "attr.attrib", "attrs.field"):  # fmt: skip
            return None
        name, value, optional = target.id, statement.value, False
        kind = _keyword(value, "type")
        hint = reader.read(kind, scope, place.qualname) if kind is not None else ANY
    else:
        return None
    called = value if isinstance(value, ast.Call) else None
    if called is not None and _is_false(_keyword(called, "init")):
        return None
    alias = _keyword(called, "alias") if called is not None else None
    taken = alias.value if isinstance(alias, ast.Constant) and isinstance(alias.value, str) else name
    if (scope.dotted(called.func) if called else "") in ("attr.ib", "attr.attrib", "attrs.field"):
        taken = taken.lstrip("_")
    return name, Field(taken, hint, not optional and not _has_default(value))


def _total(place: Place) -> bool:
    node = place.node
    keywords = node.keywords if isinstance(node, ast.ClassDef) else []
    return not any(each.arg == "total" and _is_false(each.value) for each in keywords)


def _has_default(value: ast.expr | None) -> bool:
    if value is None:
        return False
    if not isinstance(value, ast.Call):
        return not (isinstance(value, ast.Constant) and value.value is ...)
    name = getattr(value.func, "id", getattr(value.func, "attr", ""))
    if name not in ("field", "Field", "ib", "attrib", "PrivateAttr"):
        return True
    if any(each.arg in ("default", "default_factory", "factory") for each in value.keywords):
        return True
    return bool(value.args) and not (isinstance(value.args[0], ast.Constant) and value.args[0].value is ...)


def _keyword(call: ast.expr | None, name: str) -> ast.expr | None:
    keywords = call.keywords if isinstance(call, ast.Call) else []
    return next((each.value for each in keywords if each.arg == name), None)


def _is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False
