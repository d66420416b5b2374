"""Guards: what a relative checks about an argument of the same name, or of the same type, before it works with it."""

import ast
import builtins
import textwrap
from collections.abc import Collection, Iterator, Mapping

from daydream.contracts.dream import Procedure
from daydream.dream.kinds.conditional_variant_text import Edit, Text
from daydream.dream.kinds.cross_project_synthesis_lesson import Gap, Lesson, Rule, lesson

_LEADING = 6
_QUESTIONS = frozenset(["isinstance", "issubclass", "len", "callable", "hasattr", "type"])
_PLAIN_TYPES = frozenset(
    ["str", "int", "float", "bool", "bytes", "object", "Any", "None", "dict", "list", "tuple", "set"]
)
_ANY_OF = ("None", "Optional", "Any", "object")


def _parameters(text: Text) -> dict[str, str | None]:
    """Return the parameters with the text of their annotations, without `self` and `cls`."""
    spec = text.node.args
    given = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]
    return {
        each.arg: None if each.annotation is None else " ".join(text.segment(each.annotation).split())
        for each in given
        if each.arg not in ("self", "cls")
    }


def _lessons(text: Text) -> Iterator[Lesson]:
    parameters = _parameters(text)
    for statement in text.body[:_LEADING]:
        test = statement.test if isinstance(statement, ast.If | ast.Assert) else None
        if test is None or not is_guard(statement) or refuses_what_is_there(statement):
            continue
        if not text.movable(statement):
            continue
        asked = {each.id for each in ast.walk(test) if isinstance(each, ast.Name)} & parameters.keys()
        used = {each.id for each in ast.walk(statement) if isinstance(each, ast.Name)} & text.bound
        if len(asked) != 1 or used != asked or not asks_itself(test):
            continue
        name = asked.pop()
        if not _rebinds_only(statement, name):
            continue
        taken = cut(text, statement)
        found = lesson(text, f"guard:{name}", statement, taken, [statement])
        needed = found.names - {name}
        yield Lesson(found.key, found.shown, found.line, taken, needed)
        annotation = parameters[name]
        if annotation is not None and annotation not in _PLAIN_TYPES:
            yield Lesson(
                f"guard-of:{annotation}", found.shown, found.line, opened(text, statement, name), needed
            )


def is_guard(statement: ast.stmt) -> bool:
    """Whether a statement leaves early, or puts an argument right, where a condition holds."""
    if isinstance(statement, ast.Assert):
        return True
    if not isinstance(statement, ast.If) or statement.orelse or len(statement.body) != 1:
        return False
    done = statement.body[0]
    if isinstance(done, ast.Return):
        return done.value is None or isinstance(done.value, ast.Constant | ast.Name) or _empty(done.value)
    return isinstance(done, ast.Raise | ast.Assign)


def _empty(node: ast.expr) -> bool:
    return (isinstance(node, ast.List | ast.Tuple) and not node.elts) or (
        isinstance(node, ast.Dict) and not node.keys
    )


def refuses_what_is_there(statement: ast.stmt) -> bool:
    """Whether a guard raises because something was given, which says what is not supported, not what is wrong."""
    if not isinstance(statement, ast.If) or not isinstance(statement.body[0], ast.Raise):
        return False
    given = isinstance(statement.test, ast.Name | ast.Attribute)
    compared = statement.test.ops[0] if isinstance(statement.test, ast.Compare) else None
    return given or isinstance(compared, ast.IsNot)


def asks_itself(test: ast.expr) -> bool:
    """Whether a condition asks about the argument itself, not about what it holds or others know."""
    for each in ast.walk(test):
        if isinstance(each, ast.Attribute | ast.Subscript | ast.Await | ast.NamedExpr | ast.Lambda):
            return False
        if isinstance(each, ast.Call) and not (
            isinstance(each.func, ast.Name) and each.func.id in _QUESTIONS
        ):
            return False
    return True


def _rebinds_only(statement: ast.stmt, name: str) -> bool:
    stored = [
        each for each in ast.walk(statement) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    ]
    written = [
        each
        for each in ast.walk(statement)
        if isinstance(each, ast.Attribute | ast.Subscript) and isinstance(each.ctx, ast.Store)
    ]
    return not written and all(each.id == name for each in stored)


def cut(text: Text, statement: ast.stmt) -> str:
    first, last = text.start(statement)[0], text.end(statement)[0]
    return textwrap.dedent("\n".join(text.lines[first : last + 1]))


def opened(text: Text, statement: ast.stmt, name: str) -> str:
    """Cut a statement with `{}` in the place of a name, braces doubled."""
    lines = [line.replace("{", "{{").replace("}", "}}") for line in text.lines]
    at = [text.start(each) for each in ast.walk(statement) if isinstance(each, ast.Name) and each.id == name]
    for row, column in sorted(at, reverse=True):
        shift = sum(text.lines[row][:column].count(brace) for brace in "{}")
        line = lines[row]
        lines[row] = line[: column + shift] + "{0}" + line[column + shift + len(name) :]
    first, last = text.start(statement)[0], text.end(statement)[0]
    return textwrap.dedent("\n".join(lines[first : last + 1]))


def _gaps(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    del procedure
    parameters = _parameters(text)
    keys = {f"guard:{name}" for name in parameters} | {f"guard-of:{each}" for each in parameters.values()}
    if keys.isdisjoint(taught):
        return
    asked = asked_about(text)
    for name, annotation in parameters.items():
        if name in asked or not _used(text, name):
            continue
        yield _gap(text, name, annotation, f"guard:{name}")
        if annotation is not None and annotation not in _PLAIN_TYPES:
            yield _gap(text, name, annotation, f"guard-of:{annotation}")


def asked_about(text: Text) -> set[str]:
    """Return the names about which the function asks something already."""
    found: set[str] = set()
    for each in text.nodes:
        if isinstance(each, ast.If | ast.IfExp | ast.Assert | ast.While):
            found |= {inner.id for inner in ast.walk(each.test) if isinstance(inner, ast.Name)}
        elif isinstance(each, ast.BoolOp | ast.Compare):
            found |= {inner.id for inner in ast.walk(each) if isinstance(inner, ast.Name)}
        elif isinstance(each, ast.Match):
            found |= {inner.id for inner in ast.walk(each.subject) if isinstance(inner, ast.Name)}
    return found


def _used(text: Text, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for each in text.nodes)


def _gap(text: Text, name: str, annotation: str | None, key: str) -> Gap:
    def fill(found: Lesson) -> list[Edit] | None:
        written = found.value.format(name) if key.startswith("guard-of:") else found.value
        if not _fits(text, ast.parse(written).body[0], annotation):
            return None
        return [text.before(text.body[0], *restepped(text, written))]

    return Gap(
        key=key,
        transform="guard",
        better=f"{name} is checked first",
        assumption=f"{name} is always fit to work with",
        fill=fill,
    )


def restepped(text: Text, written: str) -> list[str]:
    """Indent transplanted lines by the steps of the function that they come to."""
    lines = written.split("\n")
    depths = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
    step = min((depth for depth in depths if depth), default=0)
    old = lines[1][:step] if step else ""
    return [text.unit + line[step:] if old and line.startswith(old) else line for line in lines]


def _fits(text: Text, guard: ast.stmt, annotation: str | None) -> bool:
    """Tell whether a guard asks what its argument's type leaves open, and returns what the function returns."""
    about_none = isinstance(guard, ast.If | ast.Assert) and _about_none(guard.test)
    if about_none and annotation is not None and not any(each in annotation for each in _ANY_OF):
        return False
    if isinstance(guard, ast.If) and isinstance(guard.body[0], ast.Assign) and annotation is not None:
        # A conversion is of use only where the type leaves more than one thing open.
        return any(each in annotation for each in ("|", "Union", *_ANY_OF))
    if not isinstance(guard, ast.If) or not isinstance(guard.body[0], ast.Return):
        return True
    return returns_like(text, guard.body[0].value)


def _about_none(test: ast.expr) -> bool:
    return any(isinstance(each, ast.Constant) and each.value is None for each in ast.walk(test))


def returns_like(text: Text, value: ast.expr | None) -> bool:
    returned = [each.value for each in text.nodes if isinstance(each, ast.Return)]
    given = [each for each in returned if each is not None]
    generates = any(isinstance(each, ast.Yield | ast.YieldFrom) for each in text.nodes)
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        written = "" if text.node.returns is None else text.segment(text.node.returns)
        maybe = not written or any(each in written for each in (*_ANY_OF, "Iterator", "Generator"))
        return value is None if generates else (not given or maybe)
    if generates or not given:
        return False
    return any(_sort(each) == _sort(value) for each in given)


_SORTS: Mapping[type[ast.expr], str] = {
    ast.List: "list",
    ast.ListComp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Tuple: "tuple",
    ast.Compare: "bool",
    ast.JoinedStr: "str",
}


def _sort(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return type(node.value).__name__
    if isinstance(node, ast.Name):
        return f"name {node.id}"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and hasattr(builtins, node.func.id):
        return node.func.id
    return _SORTS.get(type(node), f"node {type(node).__name__}")


GUARDS = (Rule(_lessons, _gaps),)
