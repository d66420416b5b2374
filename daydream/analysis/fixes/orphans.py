"""What would stay behind an edit although only what went had used it."""

import ast
import posixpath
import re
from collections import Counter
from collections.abc import Iterator

from daydream.analysis.fixes.page import Page
from daydream.analysis.fixes.tree import Tree

_WORD = re.compile(r"[^\W\d]\w*")
_COLLECTED = re.compile(r"test|Test")
_DOTS = re.compile(r"__\w+__")
_ANYWHERE = frozenset({"__init__", "__main__", "conftest"})
_Scoped = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def left_behind(tree: Tree, before: Page, after: Page) -> list[str]:
    """The functions, classes and constants of the file that something used before and nothing uses after, sorted.

    A public method is none of them: others may expect an object that has it.
    """
    defined = _defined(after)
    if not defined:
        return []
    old, new = _unused(before, _defined(before), texts=False), _unused(after, defined, texts=True)
    fresh = sorted(name for name in new & _defined(before).keys() if name not in old)
    return [name for name in fresh if not _is_used_elsewhere(tree, after.path, name, defined[name])]


def _defined(page: Page) -> dict[str, list[ast.AST]]:
    """What a file defines by name: functions and classes, private methods, names that are bound at its top."""
    found: dict[str, list[ast.AST]] = {}
    for node in ast.walk(page.tree):
        if isinstance(node, _Scoped):
            method = isinstance(page.parents[node], ast.ClassDef)
            if not (method and not node.name.startswith("_")) and not _is_collected(node):
                found.setdefault(node.name, []).append(node)
    for node in _at_top(page.tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.setdefault(node.id, []).append(node)
    return {name: nodes for name, nodes in found.items() if not _DOTS.fullmatch(name)}


def _is_collected(node: _Scoped) -> bool:
    """Whether a test runner finds a definition without being told its name."""
    inside = node.body if isinstance(node, ast.ClassDef) else []
    names = (each.name for each in inside if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    return any(_COLLECTED.match(name) for name in (node.name, *names))


def _at_top(module: ast.Module) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [
            each
            for each in ast.iter_child_nodes(node)
            if not isinstance(each, _Scoped | ast.Lambda | ast.GeneratorExp)
        ]


def _unused(page: Page, defined: dict[str, list[ast.AST]], *, texts: bool) -> set[str]:
    """The names that nothing in the file says but their own definitions; `texts`: a text may say one."""
    said = _uses(page, page.tree, texts=texts)
    unused = set()
    for name, nodes in defined.items():
        own = (
            sum(_uses(page, node, texts=texts)[name] for node in nodes if isinstance(node, _Scoped))
            if said[name]
            else 0
        )
        if said[name] <= own:
            unused.add(name)
    return unused


def _uses(page: Page, inside: ast.AST, *, texts: bool) -> Counter[str]:
    """How often names are read, asked of an object, imported, or written in a text that is no docstring."""
    found: Counter[str] = Counter()
    for node in ast.walk(inside):
        if isinstance(node, ast.Name):
            found[node.id] += not isinstance(node.ctx, ast.Store)
        elif isinstance(node, ast.Attribute):
            found[node.attr] += 1
        elif isinstance(node, ast.alias):
            found.update(_WORD.findall(node.name))
        elif isinstance(node, ast.Global | ast.Nonlocal):
            found.update(node.names)
        elif isinstance(node, ast.arg):
            found[node.arg] += 1
        elif isinstance(node, ast.Constant) and isinstance(page.parents[node], ast.Expr):
            continue
        elif texts and isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update(_WORD.findall(node.value))
    return found


def _is_used_elsewhere(tree: Tree, path: str, name: str, nodes: list[ast.AST]) -> bool:
    """Whether another file says the name, and for a name at the top of its file also the file's."""
    stem = posixpath.basename(path).removesuffix(".py")
    local = all(isinstance(node, _Scoped) and node.col_offset > 0 for node in nodes)
    asked = [name] if local or stem in _ANYWHERE else [name, stem]
    words = [re.compile(rb"(?<!\w)%s(?!\w)" % re.escape(word.encode())) for word in asked]
    return any(
        other != path and all(word.search(content) for word in words) for other, content in tree.texts()
    )
