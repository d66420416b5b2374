"""Resources and results kept: context managers, suppressed errors and caches, where a relative uses them."""

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from daydream.contracts.dream import Procedure
from daydream.dream.kinds.conditional_variant_memo import memorable
from daydream.dream.kinds.conditional_variant_signature import dotted
from daydream.dream.kinds.conditional_variant_text import Edit, Text
from daydream.dream.kinds.cross_project_synthesis_lesson import Gap, Lesson, Rule, always, lesson, named

_NEAR = 40
_CACHES = re.compile(r"(functools\.)?(lru_cache|cache)")
_CACHED_PROPERTY = re.compile(r"(functools\.)?cached_property")
_PATH_QUESTIONS = {
    "os.path.exists": "exists()",
    "os.path.isfile": "is_file()",
    "os.path.isdir": "is_dir()",
    "os.path.islink": "is_symlink()",
    "os.path.basename": "name",
    "os.path.getsize": "stat().st_size",
}


def _withs(text: Text) -> Iterator[Lesson]:
    for each in text.nodes:
        for item in each.items if isinstance(each, ast.With) else ():
            context = item.context_expr
            if isinstance(context, ast.Call):
                callee = dotted(context.func)
                yield lesson(text, f"with:{callee.rpartition('.')[2]}", context)
                if callee.rpartition(".")[2] == "suppress":
                    yield lesson(text, "suppress", context, callee, [context.func])
                    yield lesson(text, "suppress", context)
            elif dotted(context):
                yield lesson(text, "with-lock", context)


def _bare(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    del procedure, taught
    for block in text.blocks():
        for place, statement in enumerate(block):
            yield from _opened(text, statement, block[place + 1 :])
            yield from _locked(text, statement, block[place + 1 :])
            if isinstance(statement, ast.Try):
                yield from _passed_over(text, statement)


def _opened(text: Text, statement: ast.stmt, later: Sequence[ast.stmt]) -> Iterator[Gap]:
    """`f = open(...)`, work, `f.close()` in one block, and no use of `f` afterwards."""
    if (
        not isinstance(statement, ast.Assign)
        or len(statement.targets) != 1
        or not isinstance(statement.value, ast.Call)
    ):
        return
    target, callee = statement.targets[0], dotted(statement.value.func)
    if not isinstance(target, ast.Name) or not callee:
        return
    closing = next(
        (number for number, each in enumerate(later[:_NEAR]) if _is_call(each, f"{target.id}.close")), 0
    )
    between, after = later[:closing], later[closing + 1 :]
    if not between or any(named(each, target.id) for each in after) or _stored(text, target.id) != 1:
        return
    head = f"with {text.segment(statement.value)} as {target.id}:"
    gap = _wrapped(text, statement, head, between, later[closing])
    if gap is not None:
        what = f"{callee}() is closed whatever happens"
        key = f"with:{callee.rpartition('.')[2]}"
        yield Gap(key, "context_manager", what, f"nothing fails before {target.id} is closed", always(gap))


def _locked(text: Text, statement: ast.stmt, later: Sequence[ast.stmt]) -> Iterator[Gap]:
    """`lock.acquire()`, work, `lock.release()` in one block."""
    called = (
        dotted(statement.value.func)
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
        else ""
    )
    lock, _, action = called.rpartition(".")
    if action != "acquire" or not lock or not _is_call(statement, called):
        return
    releasing = next(
        (number for number, each in enumerate(later[:_NEAR]) if _is_call(each, f"{lock}.release")), 0
    )
    gap = (
        _wrapped(text, statement, f"with {lock}:", later[:releasing], later[releasing]) if releasing else None
    )
    if gap is not None:
        what = f"{lock} is released whatever happens"
        yield Gap(
            "with-lock", "context_manager", what, f"nothing fails before {lock} is released", lambda _: gap
        )


def _wrapped(
    text: Text, first: ast.stmt, head: str, between: Sequence[ast.stmt], last: ast.stmt
) -> list[Edit] | None:
    if not (text.alone(first) and text.alone(last) and text.movable(between[0], between[-1])):
        return None
    if text.start(first)[0] != text.end(first)[0] or text.start(last)[0] != text.end(last)[0]:
        return None
    row = text.start(last)[0]
    return [
        text.replaced(first, head),
        *text.indented(between[0], between[-1]),
        Edit((row, 0), (row + 1, 0), ""),
    ]


def _is_call(statement: ast.stmt, name: str) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and not call.args and not call.keywords and dotted(call.func) == name


def _stored(text: Text, name: str) -> int:
    return sum(
        isinstance(each, ast.Name) and each.id == name and not isinstance(each.ctx, ast.Load)
        for each in text.nodes
    )


def _passed_over(text: Text, tried: ast.Try) -> Iterator[Gap]:
    """`try`, one statement, `except ...: pass`."""
    handler = tried.handlers[0] if len(tried.handlers) == 1 else None
    if (
        handler is None
        or handler.type is None
        or handler.name
        or tried.orelse
        or tried.finalbody
        or len(tried.body) != 1
    ):
        return
    passed = handler.body[0]
    if (
        len(handler.body) != 1
        or not isinstance(passed, ast.Pass)
        or not text.alone(tried)
        or not text.alone(passed)
    ):
        return
    # A return value, or a jump, leaves a `with` as it leaves a `try`.
    types = [
        text.segment(each)
        for each in (handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type])
    ]
    begin, first, last = text.start(tried)[0], text.start(tried.body[0])[0], text.end(tried.body[0])[0]
    end = text.end(passed)[0]
    if first != begin + 1 or any("#" in text.lines[row] for row in range(last + 1, end + 1)):
        return

    def fill(found: Lesson) -> list[Edit] | None:
        if not found.value and "suppress" in text.bound:
            return None
        written = f"with {found.value or 'suppress'}({', '.join(types)}):"
        head = Edit(text.start(tried), (begin, len(text.lines[begin])), written)
        edits = [head, Edit((last + 1, 0), (end + 1, 0), "")]
        return (
            edits if found.value else [text.before(text.body[0], "from contextlib import suppress"), *edits]
        )

    shown = " and ".join(types)
    yield Gap(
        "suppress",
        "suppress",
        f"{shown} is passed over in one line",
        f"`try` says best that {shown} is passed over",
        fill,
    )


def _decorated(text: Text) -> Iterator[Lesson]:
    for each in text.node.decorator_list:
        callee = dotted(each.func if isinstance(each, ast.Call) else each)
        key = (
            "cache"
            if _CACHES.fullmatch(callee)
            else "cached-property"
            if _CACHED_PROPERTY.fullmatch(callee)
            else ""
        )
        if key:
            yield lesson(text, key, each, text.segment(each), [each])


def _computed_again(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    decorators = text.node.decorator_list
    name = procedure.qualname.rpartition(".")[2]
    if "cache" in taught and not decorators and "." not in procedure.qualname and memorable(text, procedure):

        def fill(found: Lesson) -> list[Edit] | None:
            return None if "\n" in found.value else [text.before(text.node, f"@{found.value}")]

        yield Gap(
            "cache", "cache", f"{name} remembers its results", "it is asked something else each time", fill
        )
    if "cached-property" not in taught or len(decorators) != 1 or dotted(decorators[0]) != "property":
        return
    if any(isinstance(each, ast.Call) for each in text.nodes):
        yield Gap(
            "cached-property",
            "cached_property",
            f"{name} is computed once for each object",
            f"what {name} is made of changes while the object lives",
            lambda found: [text.replaced(decorators[0], found.value)],
        )


def _paths(text: Text) -> Iterator[Lesson]:
    for each in text.nodes:
        if isinstance(each, ast.Call) and dotted(each.func) in ("Path", "pathlib.Path"):
            yield lesson(text, "pathlib", each, dotted(each.func), [each.func])
            yield lesson(text, "pathlib", each)
            return


def _os_paths(text: Text, procedure: Procedure, taught: Collection[str]) -> Iterator[Gap]:
    del procedure, taught
    found = [
        each
        for each in text.nodes
        if isinstance(each, ast.Call)
        and dotted(each.func) in _PATH_QUESTIONS
        and len(each.args) == 1
        and not each.keywords
    ]
    if not found or any(
        isinstance(each.args[0], ast.Starred) or each.lineno != each.end_lineno for each in found
    ):
        return
    # One in another would need two edits of the same text.
    outer = [
        each
        for each in found
        if not any(each is not other and each in list(ast.walk(other)) for other in found)
    ]

    def fill(taken: Lesson) -> list[Edit] | None:
        path = taken.value or "Path"
        if path.partition(".")[0] in text.bound:
            return None
        edits = [
            text.replaced(each, f"{path}({text.segment(each.args[0])}).{_PATH_QUESTIONS[dotted(each.func)]}")
            for each in outer
        ]
        return edits if taken.value else [text.before(text.body[0], "from pathlib import Path"), *edits]

    asked = ", ".join(sorted({dotted(each.func) for each in outer}))
    yield Gap(
        "pathlib",
        "pathlib",
        f"a Path answers instead of {asked}",
        f"{asked} is the plainest way to ask",
        fill,
    )


RESOURCES = (Rule(_withs, _bare), Rule(_decorated, _computed_again), Rule(_paths, _os_paths))
