"""Advice on values that were not what the line expects: None, a missing key, an empty list, a zero."""

import ast
import re
from collections.abc import Callable, Iterable, Mapping

from daydream.analysis.errors.site import (
    Advice,
    Function,
    Site,
    assigned,
    called,
    definition,
    dotted,
    shown,
    within,
)

# What returns None, or nothing, where it finds nothing.
_MAY_BE_NONE = {"get", "first", "one_or_none", "scalar_one_or_none", "scalar", "fetchone", "find", "getenv"}
_MATCHERS = {"match", "search", "fullmatch"}
_CHANGERS = {"pop", "popitem", "clear", "update", "setdefault", "add", "remove", "discard"}
_ENVIRONMENT = {"os.environ", "environ"}


def attribute(message: str, site: Site | None) -> Advice | None:
    """AttributeError."""
    found = re.search(r"'([\w.]+)' object has no attribute '(\w+)'", message)
    if found is None or site is None:
        return None
    attributes = site.of(ast.Attribute)
    values = [node.value for node in attributes if node.attr == found[2]]
    if not values:
        return None
    if found[1] == "NoneType":
        return _none(site, values)
    if len({ast.dump(value) for value in values}) != 1:
        return None
    return Advice(
        "cause_only",
        f"{shown(values[0])} is a `{found[1]}` here, which has no `{found[2]}`: find where it comes from",
    )


def typed(message: str, site: Site | None) -> Advice | None:
    """TypeError."""
    if site is None:
        return None
    if "'NoneType'" in message:
        return _none(site, _used(message, site))
    missing = re.search(r"(\w+)\(\) (missing|got an unexpected|takes)", message)
    calls = site.calls(missing[1].rpartition(".")[2]) if missing else []
    if missing and len(calls) == 1:
        defined = definition(site, calls[0])
        where = f" (defined at {defined[1]}:{defined[0].lineno})" if defined else ""
        return Advice("cause_only", f"{shown(calls[0])} does not fit the parameters of `{missing[1]}`{where}")
    return None


def _used(message: str, site: Site) -> list[ast.expr]:
    """Return the expressions on the line that the message may mean."""
    if "subscriptable" in message or "item assignment" in message:
        return [node.value for node in site.of(ast.Subscript)]
    if "callable" in message:
        return [call.func for call in site.calls()]
    tests = site.of(ast.Compare)
    if "argument of type" in message:
        pairs = [pair for node in tests for pair in zip(node.comparators, node.ops, strict=True)]
        return [side for side, operator in pairs if isinstance(operator, ast.In | ast.NotIn)]
    if "iterable" in message or "unpack" in message:
        made: list[ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp] = [
            *site.of(ast.ListComp),
            *site.of(ast.SetComp),
            *site.of(ast.DictComp),
            *site.of(ast.GeneratorExp),
        ]
        loops = [part for node in made for part in node.generators]
        plain = [node.iter for node in site.of(ast.For)] + [node.iter for node in site.of(ast.AsyncFor)]
        return [*plain, *(part.iter for part in loops)]
    if "operand" in message or "supported between" in message:
        sides = [side for node in site.of(ast.BinOp) for side in (node.left, node.right)]
        sides += [side for node in tests for side in (node.left, *node.comparators)]
        return [side for side in sides if not isinstance(side, ast.Constant)]
    return []


def _none(site: Site, values: Iterable[ast.expr]) -> Advice | None:
    """Say which of the values is None; clear where the source shows how it can be, and only one can."""
    distinct = {ast.dump(value): value for value in values}
    reasons = {key: why for key, value in distinct.items() if (why := _why_none(site, value))}
    if len(reasons) == 1:
        [(key, why)] = reasons.items()
        return Advice(
            "fix_clear", f"{shown(distinct[key])} can be None here: {why}; handle that before this line"
        )
    if len(distinct) == 1:
        [value] = distinct.values()
        return Advice(
            "cause_only", f"{shown(value)} is None here: find where it comes from, or guard against it"
        )
    return None


def _why_none(site: Site, value: ast.expr, depth: int = 2) -> str:
    """Say how the source lets a value be None; "" where it does not."""
    if isinstance(value, ast.Await):
        return _why_none(site, value.value, depth)
    if isinstance(value, ast.Call):
        return _call_none(site, value)
    if not isinstance(value, ast.Name) or depth == 0:
        return ""
    for given, line in assigned(site, value.id)[:1]:
        if isinstance(given, ast.Constant) and given.value is None:
            return f"it is set to None at line {line}"
        return _why_none(site, given, depth - 1)
    if site.function is not None and _defaults_to_none(site.function, value.id):
        return f"it is a parameter of `{site.function.name}` whose default is None"
    return ""


def _call_none(site: Site, call: ast.Call) -> str:
    """Say how what is called returns None: a function of the repository by its text, others by their names."""
    name = called(call)
    if (defined := definition(site, call)) is not None:
        function, path = defined
        where = returns_none(function)
        return f"`{function.name}` ({path}:{function.lineno}) {where}" if where else ""
    if not isinstance(call.func, ast.Attribute):
        return ""
    if name in _MATCHERS and dotted(call.func).startswith("re."):
        return f"{shown(call)} is None where nothing matches"
    defaulted = name in ("get", "getenv") and len(call.args) > 1
    return f"{shown(call)} is None where there is nothing" if name in _MAY_BE_NONE and not defaulted else ""


def returns_none(function: Function) -> str:
    """Say how a function that returns a value returns None as well; "" where it does not, or returns nothing at all."""
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in within(function)):
        return ""
    returns = [node for node in within(function) if isinstance(node, ast.Return)]
    empty = [node for node in returns if node.value is None or _is_none(node.value)]
    if len(empty) == len(returns):
        return ""
    if empty:
        return f"returns None at line {min(node.lineno for node in empty)}"
    return "" if _ends(function.body) else "ends without a return on some path"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _ends(body: list[ast.stmt]) -> bool:
    """Tell whether a block surely does not run off its end."""
    match body[-1]:
        case ast.Return() | ast.Raise() | ast.Continue() | ast.Break():
            return True
        case ast.If(body=yes, orelse=no):
            return bool(no) and _ends(yes) and _ends(no)
        case ast.With(body=inner) | ast.AsyncWith(body=inner):
            return _ends(inner)
        case ast.Try(body=inner, handlers=handlers, orelse=other, finalbody=final):
            ended = _ends(other or inner) and all(_ends(handler.body) for handler in handlers)
            return ended or bool(final and _ends(final))
        case ast.While(test=ast.Constant(value=True)):
            return True
        case ast.Match():
            return True  # whether its cases are all there are is not looked at
    return False


def _defaults_to_none(function: Function, name: str) -> bool:
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs = list(zip(reversed(plain), reversed(arguments.defaults), strict=False))
    pairs += [
        (arg, default)
        for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is not None
    ]
    return any(arg.arg == name and _is_none(default) for arg, default in pairs)


def key(message: str, site: Site | None) -> Advice | None:
    """KeyError: clear where the line reads that very key, and nothing around it asks whether it is there."""
    if site is None:
        return None
    reads = [node for node in site.of(ast.Subscript) if isinstance(node.ctx, ast.Load)]
    same = [
        node
        for node in reads
        if isinstance(node.slice, ast.Constant) and repr(node.slice.value) == message.strip()
    ]
    if len({ast.dump(node) for node in same}) == 1:
        node = same[0]
        if dotted(node.value) in _ENVIRONMENT:
            return Advice(
                "fix_clear",
                f"the environment lacks the variable that {shown(node)} reads: set it where this runs, or give a default",
            )
        return Advice(
            "fix_clear",
            f"{shown(node)} is read without asking whether the key is there: use .get(), or check it where the data comes in",
        )
    if len(reads) == 1:
        return Advice(
            "cause_only", f"the key of {shown(reads[0])} is not there: check it where the data comes in"
        )
    return None


def index(message: str, site: Site | None) -> Advice | None:
    """IndexError: clear where the line takes the first or last of something."""
    if site is None:
        return None
    reads = [node for node in site.of(ast.Subscript) if not isinstance(node.slice, ast.Slice)]
    ends = [node for node in reads if ast.unparse(node.slice) in ("0", "-1")]
    pops = [call for call in site.calls("pop") if isinstance(call.func, ast.Attribute)]
    if "pop from" in message and len(pops) == 1:
        return Advice("fix_clear", f"{shown(pops[0])} when there is nothing left: ask before taking")
    if len(reads) == 1 and len(ends) == 1:
        return Advice(
            "fix_clear", f"{shown(ends[0])} when {shown(ends[0].value)} is empty: handle the empty case"
        )
    if len(reads) == 1:
        return Advice("cause_only", f"{shown(reads[0])} lies beyond the end: check the length first")
    return None


def unbound(message: str, site: Site | None) -> Advice | None:
    """UnboundLocalError: clear where every assignment before the line is conditional."""
    found = re.search(r"variable '(\w+)'", message)
    if found is None or site is None or site.function is None:
        return None
    name = found[1]
    for block in within(site.function):
        if (
            not isinstance(block, ast.If | ast.For | ast.While | ast.Try | ast.With)
            or block.lineno > site.line
        ):
            continue
        stores = [
            node
            for node in ast.walk(block)
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        ]
        if stores and not _always(site.function, name, site.line):
            word = type(block).__name__.lower()
            return Advice(
                "fix_clear",
                f"`{name}` is assigned only inside the `{word}` at line {block.lineno}: give it a value before",
            )
    return None


def _always(function: Function, name: str, before: int) -> bool:
    """Tell whether a name is assigned at the top of the function's body before a line."""
    plain = [
        node
        for node in function.body
        if node.lineno < before and isinstance(node, ast.Assign | ast.AnnAssign)
    ]
    return any(
        isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
        for node in plain
        for n in ast.walk(node)
    )


def division(_message: str, site: Site | None) -> Advice | None:
    """ZeroDivisionError: clear where the line divides once."""
    if site is None:
        return None
    sums = [node for node in site.of(ast.BinOp) if isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod)]
    divisors = [node.right for node in sums if not isinstance(node.right, ast.Constant)]
    if len({ast.dump(node) for node in divisors}) == 1:
        return Advice("fix_clear", f"{shown(divisors[0])} is 0 here: say what the result is then")
    return None


def changed(message: str, site: Site | None) -> Advice | None:
    """RuntimeError: a dictionary or set that changes while a loop goes over it."""
    if "during iteration" not in message or site is None:
        return None
    loops = site.of(ast.For)
    for loop in loops:
        base = (
            loop.iter.func.value
            if isinstance(loop.iter, ast.Call) and isinstance(loop.iter.func, ast.Attribute)
            else loop.iter
        )
        if any(_changes(node, ast.dump(base)) for node in ast.walk(loop)):
            return Advice(
                "fix_clear",
                f"the loop over {shown(loop.iter)} changes {shown(base)}: go over list({ast.unparse(loop.iter)})",
            )
    return Advice("cause_only", "something is added or removed while a loop goes over it: go over a copy")


def _changes(node: ast.AST, base: str) -> bool:
    match node:
        case ast.Subscript(value=value, ctx=ast.Store() | ast.Del()):
            return _same(value, base)
        case ast.Call(func=ast.Attribute(value=value, attr=attr)):
            return attr in _CHANGERS and _same(value, base)
    return False


def _same(value: ast.expr, base: str) -> bool:
    return ast.dump(value) == base


def stopped(_message: str, site: Site | None) -> Advice | None:
    """StopIteration: next() without a default."""
    calls = [call for call in site.calls("next") if len(call.args) == 1] if site else []
    if len(calls) == 1:
        return Advice(
            "fix_clear", f"{shown(calls[0])} has no default: give one, or handle that nothing is left"
        )
    return None


def value(message: str, site: Site | None) -> Advice | None:
    """ValueError: a text that is no number, a sequence of another length."""
    if site is None:
        return None
    if "invalid literal for int()" in message or "could not convert string to float" in message:
        calls = site.calls("int", "float")
        if len(calls) == 1:
            return Advice(
                "cause_only",
                f"{shown(calls[0])} gets a text that is no number: check it where the data comes in",
            )
    if "unpack" in message:
        return Advice(
            "cause_only", "the line unpacks another number of values than it gets: check the length first"
        )
    return None


RULES: Mapping[str, Callable[[str, Site | None], Advice | None]] = {
    "AttributeError": attribute,
    "IndexError": index,
    "KeyError": key,
    "RuntimeError": changed,
    "StopIteration": stopped,
    "TypeError": typed,
    "UnboundLocalError": unbound,
    "ValueError": value,
    "ZeroDivisionError": division,
}
