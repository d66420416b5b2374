"""Arguments: what a relative passes to the same callee and the procedure leaves out."""

import ast
import re
from collections.abc import Collection, Iterator

from daydream.contracts.dream import Procedure
from daydream.dream.kinds.conditional_variant_signature import dotted
from daydream.dream.kinds.conditional_variant_text import Edit, Text
from daydream.dream.kinds.cross_project_synthesis_lesson import Gap, Lesson, Rule, calls, handlers, lesson

# How many positional arguments a call may have without giving this one already; None: it cannot be positional.
_CAREFUL: dict[str, int | None] = {
    "allow_redirects": None,
    "check": None,
    "daemon": None,
    "default": None,
    "encoding": 0,
    "ensure_ascii": None,
    "errors": 0,
    "exc_info": None,
    "exist_ok": 1,
    "flags": None,
    "follow_symlinks": None,
    "ignore_errors": 1,
    "indent": None,
    "maxsplit": 1,
    "missing_ok": 0,
    "newline": 2,
    "parents": 1,
    "separators": None,
    "sort_keys": None,
    "stacklevel": 2,
    "strict": None,
    "text": None,
    "timeout": 0,
    "usedforsecurity": None,
}
_POSITIONAL = {
    ("open", "encoding"): 3,
    ("open", "errors"): 4,
    ("open", "newline"): 5,
    ("create_connection", "timeout"): 1,
    ("urlopen", "timeout"): 2,
    ("put", "timeout"): 2,
    ("get", "timeout"): 1,
    ("post", "timeout"): 2,
    ("request", "timeout"): 2,
    ("write_text", "encoding"): 1,
    ("run", "timeout"): 1,
    ("check_output", "timeout"): 1,
    ("communicate", "timeout"): 1,
}
_BUILDS = re.compile(
    r"add|partial|create|make|build|option|argument|field|column|dict|update|setdefault|format|get_?attr|print"
)
_SAME_EVERYWHERE = frozenset(
    ["read_text", "write_text", "mkdir", "unlink", "encode", "decode", "communicate"]
)


def _callee(call: ast.Call) -> str:
    """Name whom a call goes to: a function with its module, a method with what it is called on, as far as that says
    which one it is; else nothing."""
    if isinstance(call.func, ast.Name):
        return call.func.id
    if not isinstance(call.func, ast.Attribute):
        return ""
    if call.func.attr in _SAME_EVERYWHERE:
        return f".{call.func.attr}"
    on = dotted(call.func.value).rpartition(".")[2]
    return "" if on in ("", "self", "cls", "super") else f"{on}.{call.func.attr}"


def _keywords(text: Text) -> Iterator[Lesson]:
    for call in calls(text):
        callee = _callee(call)
        for each in call.keywords if callee else ():
            if (
                _worth_taking(each, callee)
                and _plain(each.value)
                and each.value.lineno == each.value.end_lineno
            ):
                value = f"{each.arg}={text.segment(each.value)}"
                # What is not known can only be added where as many are given by position.
                count = "" if each.arg in _CAREFUL else len(call.args)
                key = f"argument:{callee}:{each.arg}:{count}"
                found = lesson(text, key, each.value, value, [each.value])
                if not found.names & text.bound:
                    yield Lesson(
                        found.key, f"{dotted(call.func)}(..., {value})", found.line, value, found.names
                    )


def _worth_taking(given: ast.keyword, callee: str) -> bool:
    """Whether an argument is one of those that make calls careful, or a switch of a function that is not a class."""
    if given.arg in _CAREFUL:
        return True
    switch = isinstance(given.value, ast.Constant) and isinstance(given.value.value, bool)
    name = callee.rpartition(".")[2]
    return switch and given.arg is not None and name.islower() and not _BUILDS.match(name)


def _plain(node: ast.expr) -> bool:
    """Whether a value is a constant, or named like one. None would be no more than the default."""
    if isinstance(node, ast.Constant):
        return node.value is not None
    return isinstance(node, ast.Name | ast.Attribute) and dotted(node).rpartition(".")[2].isupper()


def _missing(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    del procedure
    known: dict[str, list[tuple[str, str]]] = {}
    for key in sorted(each for each in taught if each.startswith("argument:")):
        _, callee, name, count = key.split(":")
        known.setdefault(callee, []).append((name, count))
    for call in calls(text) if known else ():
        callee = _callee(call)
        given = {each.arg for each in call.keywords}
        if None in given or any(isinstance(each, ast.Starred) for each in call.args):
            continue
        for name, count in known.get(callee, ()):
            if (
                name not in given
                and _has_room(call, callee, name, count)
                and not _out_of_place(text, call, callee, name)
            ):
                yield _gap(text, call, (callee, name, count))


def _has_room(call: ast.Call, callee: str, name: str, count: str) -> bool:
    """Whether an argument is not given by its position already."""
    if count:
        return len(call.args) == int(count)
    most = _POSITIONAL.get((callee.rpartition(".")[2], name), _CAREFUL[name])
    return most is None or len(call.args) <= most


def _out_of_place(text: Text, call: ast.Call, callee: str, name: str) -> bool:
    """Whether an argument means nothing to this call: a default elsewhere than for an extreme, an exception where
    none is being handled."""
    if name == "default":
        extreme = callee in ("min", "max")
        # Of several values one is the extreme; only one thing to go through can be empty.
        return len(call.args) != 1 if extreme else callee not in ("json.dumps", "json.dump")
    if name == "exc_info":
        return not any(call in list(ast.walk(handler)) for _, handler in handlers(text))
    return _binary(call, callee, name)


def _binary(call: ast.Call, callee: str, name: str) -> bool:
    """Whether a file is opened for bytes, or in a mode that is not written here, and text has no say."""
    if callee.rpartition(".")[2] != "open" or name not in ("encoding", "errors", "newline"):
        return False
    modes = [
        *call.args[: 2 if callee == "open" else 1],
        *(each.value for each in call.keywords if each.arg == "mode"),
    ]
    texts = [each.value for each in modes if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    unknown = callee == "open" and len(call.args) > 1 and not isinstance(call.args[1], ast.Constant)
    return unknown or any("b" in each for each in texts[-1:])


def _gap(text: Text, call: ast.Call, which: tuple[str, str, str]) -> Gap:
    callee, name, count = which

    def fill(found: Lesson) -> list[Edit] | None:
        given: list[ast.expr] = [*call.args, *(each.value for each in call.keywords)]
        if not given:
            row, column = text.end(call)
            return [Edit((row, column - 1), (row, column - 1), found.value)]
        at = max(text.end(each) for each in given)
        after = text.lines[at[0]][at[1] :].lstrip()
        # A lone generator, or a value in brackets of its own, would need more than a comma.
        if isinstance(given[-1], ast.GeneratorExp) or not after.startswith((",", ")")):
            return None
        return [Edit(at, at, f", {found.value}")]

    shown = callee.lstrip(".")
    return Gap(
        f"argument:{callee}:{name}:{count}",
        "argument",
        f"{shown}() is given {name}",
        f"what {shown}() does without {name} is right",
        fill,
    )


ARGUMENTS = (Rule(_keywords, _missing),)
