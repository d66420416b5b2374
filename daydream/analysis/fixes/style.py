"""An edit in the style of its project: its own linter says nothing new, and what was laid out by a formatter still is."""

import ast
import copy
import posixpath
import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from daydream.analysis.fixes import cuts, lint
from daydream.analysis.fixes.page import Left, Page, read
from daydream.analysis.fixes.tree import Tree

UNSORTED = "I001"
_OURS = re.compile(rb"^[ \t]*\[tool\.ruff[.\]]", re.MULTILINE)
_NUMBER = re.compile(r"\d+")
_QUIET = ("--force-exclude", "--no-fix", "--no-fix-only", "--no-show-fixes")


class Style(NamedTuple):
    """The options that make ruff lint and lay out a file as its project does."""

    check: tuple[str, ...]
    layout: tuple[str, ...]


def in_style(tree: Tree, before: Page, after: Page) -> Page:
    """Return the edited page as the project's tools would have it, where the file was so before the edit.

    A file that ruff's formatter, with the project's own settings, would not have changed is laid out again;
    imports that were sorted are sorted again. A formatter or linter that does not answer for the file as it
    was asks for nothing.

    Raises:
        Left: the project's linter would say something new, or the layout cannot be kept.
    """
    style = style_of(tree, after.path)
    after = _laid_out(tree, before, after, style)
    said = _new(tree, before, after, style)
    if [entry.code for entry in said] == [UNSORTED]:
        after = _laid_out(tree, before, _sorted(before, after, said[0]), style)
        said = _new(tree, before, after, style)
    if said:
        msg = f"the project's own lint rules would object ({said[0].code}: {said[0].message})"
        raise Left(msg)
    return after


def style_of(tree: Tree, path: str) -> Style:
    """The style that the nearest configuration above a file asks for; without one of ruff's, the imports'
    order and black's line length."""
    black: dict[str, Any] = {}
    for folder in _above(path):
        for name in (".ruff.toml", "ruff.toml"):
            if _content(tree, posixpath.join(folder, name)) is not None:
                return Style((), ("--force-exclude",))
        content = _content(tree, posixpath.join(folder, "pyproject.toml")) or b""
        if _OURS.search(content):
            return Style((), ("--force-exclude",))
        black = black or _of_black(content)
    options = ["--isolated", "--line-length", str(black.get("line-length", 88))]
    if black.get("skip-string-normalization") is True:
        options += ["--config", 'format.quote-style="preserve"']
    if black.get("skip-magic-trailing-comma") is True:
        options += ["--config", "format.skip-magic-trailing-comma=true"]
    return Style(("--isolated", "--select", UNSORTED), tuple(options))


def _above(path: str) -> list[str]:
    """The folders that a file lies in, from the nearest to the top."""
    found = [posixpath.dirname(path)]
    while found[-1]:
        found.append(posixpath.dirname(found[-1]))
    return found


def _content(tree: Tree, path: str) -> bytes | None:
    try:
        return read(tree.ctx, path)
    except Left:
        return None


def _of_black(content: bytes) -> dict[str, Any]:
    try:
        tool = tomllib.loads(content.decode("utf-8", "replace")).get("tool", {})
    except tomllib.TOMLDecodeError:
        return {}
    found = tool.get("black", {}) if isinstance(tool, dict) else {}
    return found if isinstance(found, dict) else {}


def _layout(tree: Tree, page: Page, style: Style) -> str | None:
    """The text as ruff's formatter would have it; None where it does not answer."""
    key = (page.path, page.text, style.layout)
    if key not in tree.layouts:
        written = lint.ruff(tree, page, "format", style.layout)
        tree.layouts[key] = None if written is None else written.decode("utf-8", "replace")
    return tree.layouts[key]


def _laid_out(tree: Tree, before: Page, after: Page, style: Style) -> Page:
    """Lay out an edited file where it was laid out before: nothing but the place of the edit can differ.

    Raises:
        Left: the formatter would change more than white space.
    """
    if _layout(tree, before, style) != before.text:
        return after
    text = _layout(tree, after, style)
    if text == after.text:
        return after
    following = after.with_text(text or "")
    same = (
        text and ast.dump(following.tree) == ast.dump(after.tree) and _remarks(following) == _remarks(after)
    )
    if not same:
        msg = "the formatter of the project would lay it out otherwise"
        raise Left(msg)
    return following


def _remarks(page: Page) -> list[str]:
    return sorted(page.comments.values())


def _new(tree: Tree, before: Page, after: Page, style: Style) -> list[lint.Violation]:
    """What the project's linter says of the new text and did not say of the old one."""
    if style.check and not _imports(after.tree.body) - _imports(before.tree.body):
        return []
    options = (*_QUIET, *style.check)
    said = lint.ask_as(tree, before, options)
    if said is None:
        return []
    now = lint.ask_as(tree, after, options)
    if now is None:
        msg = "the project's linter no longer reads the file"
        raise Left(msg)
    known = Counter(map(_essence, said))
    fresh = []
    for entry in now:
        known[_essence(entry)] -= 1
        if known[_essence(entry)] < 0:
            fresh.append(entry)
    return fresh


def _essence(entry: lint.Violation) -> str:
    return f"{entry.code} {_NUMBER.sub('0', entry.message)}"


def _sorted(before: Page, after: Page, entry: lint.Violation) -> Page:
    """Sort the imports that the edit put out of order, by ruff's own edit.

    Raises:
        Left: more than their order would change.
    """
    offered = lint.edits(after, entry.fix) if entry.fix is not None else []
    following = after.with_text(cuts.apply(after.text, offered))
    if (
        not offered
        or _imports(ast.walk(following.tree)) != _imports(ast.walk(after.tree))
        or _without_imports(following) != _without_imports(after)
        or _remarks(following) != _remarks(after)
        or following.text == before.text
    ):
        msg = "the imports cannot be put in order by themselves"
        raise Left(msg)
    return following


def _imports(nodes: Iterable[ast.AST]) -> Counter[str]:
    """Every name that imports among these nodes import, with where it comes from."""
    found: Counter[str] = Counter()
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            origin = f"{node.level} {node.module} " if isinstance(node, ast.ImportFrom) else ""
            found.update(f"{origin}{alias.name} {alias.asname}" for alias in node.names)
    return found


def _without_imports(page: Page) -> str:
    tree = copy.deepcopy(page.tree)
    for owner in ast.walk(tree):
        for field in cuts.BODIES:
            body = getattr(owner, field, None)
            if isinstance(body, list):
                setattr(owner, field, [n for n in body if not isinstance(n, ast.Import | ast.ImportFrom)])
    return ast.dump(tree)
