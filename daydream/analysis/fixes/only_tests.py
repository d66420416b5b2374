"""`legacy.only_tests`: taking out a definition that tests alone use, together with those tests."""

import ast
import posixpath
import re
import sys
from collections.abc import Iterator, Sequence

from daydream.analysis.fixes import cuts, imports
from daydream.analysis.fixes.definitions import (
    Function,
    check_not_composed,
    check_removable,
    count,
    find,
    name_of,
    wanted,
    without_helpers,
)
from daydream.analysis.fixes.drafting import checked, nth
from daydream.analysis.fixes.page import Left, Page, open_page
from daydream.analysis.fixes.tree import Census, Tree
from daydream.analysis.roles import is_test
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft
from daydream.records.night import Known

_TEST_NAME = re.compile(r"^test")
_TEST_TOOLS = frozenset(
    {"pytest", "unittest", "mock", "hypothesis", "parameterized", "nose", "testtools", "ddt"}
)
_FIXTURES = frozenset(
    {"self", "cls", "tmp_path", "tmpdir", "monkeypatch", "capsys", "capfd", "caplog", "recwarn", "subtests"}
)
_SELVES = frozenset({"self", "cls"})
_OWN_METHODS = re.compile(r"^(assert|fail|subTest|skipTest|addCleanup$|id$|maxDiff$)")


def fix(ctx: Context, findings: Sequence[Known]) -> Draft:
    """Take out what only its own tests use, with those tests."""
    tree = Tree(ctx)
    census = tree.census(wanted(ctx, {known.subject for known in findings}))
    pages: dict[str, Page] = {}
    begun: dict[str, Page] = {}
    fixed, left = [], {}
    for known in sorted(findings, key=lambda k: (k.subject, k.identity, k.id)):
        ctx.check()
        try:
            changed = _settled(tree, census, pages, known)
        except Left as reason:
            left[known.id] = str(reason)
            continue
        except RecursionError:
            left[known.id] = "its expressions are nested too deeply"
            continue
        for path, page in changed.items():
            begun.setdefault(path, open_page(ctx, path))
            pages[path] = page
        fixed.append(known.id)
    files = {path: None if _is_bare(page) else page.to_bytes() for path, page in sorted(pages.items())}
    return Draft(files, tuple(sorted(fixed)), dict(sorted(left.items())))


def _settled(tree: Tree, census: Census, pages: dict[str, Page], known: Known) -> dict[str, Page]:
    """Return the pages that change."""
    page = pages.get(known.subject) or open_page(tree.ctx, known.subject)
    named, _ = nth(known.identity)
    node = find(page, named)
    name = name_of(node)
    check_removable(tree, page, node)
    check_not_composed(census, page, node)
    if count(page, name) != 1:
        msg = "its own file names it too"
        raise Left(msg)
    users = sorted(path for path in census.counts[name] if path != page.path)
    if not users:
        msg = "no test names it; it is dead code"
        raise Left(msg)
    if not all(is_test(path) and path.endswith(".py") for path in users) or is_test(page.path):
        msg = "more than tests name it, or it is a tool of the tests"
        raise Left(msg)
    changed = {}
    for path in users:
        before = pages.get(path) or open_page(tree.ctx, path)
        if count(before, name):
            changed[path] = checked(tree, before, _without_tests(tree, before, name))
    after = page.with_text(cuts.without(page, [node]))
    after = without_helpers(tree, census, page, after, node)
    after = imports.without_what_became_unused(tree, page, after)
    return {**changed, page.path: checked(tree, page, after)}


def _without_tests(tree: Tree, page: Page, name: str) -> Page:
    """Take out of a test file the tests of one name and its import.

    Raises:
        Left: a test tests something else as well, or more than tests name it.
    """
    tests = [node for node in _tests(page) if _names(node, name)]
    for test in tests:
        if not _tests_nothing_else(tree, page, test, name):
            msg = "its tests test other things as well"
            raise Left(msg)
    if not tests:
        msg = "the tests name it outside of a test"
        raise Left(msg)
    gone: list[ast.stmt] = list(tests)
    for each in page.tree.body:
        if isinstance(each, ast.ClassDef) and all(
            node in tests or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
            for node in each.body
        ):
            if tree.census([each.name]).total(each.name) != 1:
                msg = "the class of its tests is named elsewhere"
                raise Left(msg)
            gone = [node for node in gone if node not in each.body]
            gone.append(each)
    after = page.with_text(cuts.without(page, gone))
    after = _without_import(after, name)
    if count(after, name):
        msg = "the tests name it outside of its tests"
        raise Left(msg)
    return imports.without_what_became_unused(tree, page, after)


def _tests(page: Page) -> Iterator[Function]:
    for node in page.tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        yield from (each for each in inside if isinstance(each, Function) and _TEST_NAME.match(each.name))


def _names(node: ast.AST, name: str) -> bool:
    return any(
        (isinstance(each, ast.Name) and each.id == name)
        or (isinstance(each, ast.Attribute) and each.attr == name)
        for each in ast.walk(node)
    )


def _tests_nothing_else(tree: Tree, page: Page, test: Function, name: str) -> bool:
    """Whether a test uses nothing of the repository, and nothing of its file, but the one name."""
    asked = {arg.arg for arg in (*test.args.posonlyargs, *test.args.args, *test.args.kwonlyargs)}
    given = " ".join(ast.unparse(each) for each in test.decorator_list)
    if any(arg not in _FIXTURES and not re.search(rf"\b{arg}\b", given) for arg in asked):
        return False
    own = _own_names(tree, page) - {name}
    for each in ast.walk(test):
        if isinstance(each, ast.Name) and each.id in own and not _leads_to(page, each, name):
            return False
        of_self = (
            isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id in _SELVES
        )
        if of_self and isinstance(each, ast.Attribute) and not _OWN_METHODS.match(each.attr):
            return False
    return True


def _own_names(tree: Tree, page: Page) -> set[str]:
    """The names at the top of a test file that stand for something of the repository or of the file."""
    found: set[str] = set()
    for node in page.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            origin = "" if isinstance(node, ast.Import) else node.module or ""
            level = 0 if isinstance(node, ast.Import) else node.level
            for alias in node.names:
                top = (origin or alias.name).partition(".")[0]
                foreign = not level and top not in tree.modules and bool(top)
                if not (foreign or top in sys.stdlib_module_names or top in _TEST_TOOLS):
                    found.add(imports.bound_name(alias, node))
        elif isinstance(node, Function | ast.ClassDef):
            found.add(node.name)
        else:
            stored = (each for each in ast.walk(node) if isinstance(each, ast.Name))
            found.update(each.id for each in stored if isinstance(each.ctx, ast.Store))
    return found


def _leads_to(page: Page, node: ast.Name, name: str) -> bool:
    """Whether a name is the beginning of ``module.name``."""
    above: ast.AST = page.parents[node]
    while isinstance(above, ast.Attribute):
        if above.attr == name:
            return True
        above = page.parents[above]
    return False


def _without_import(page: Page, name: str) -> Page:
    for node in (each for each in ast.walk(page.tree) if isinstance(each, ast.ImportFrom)):
        for alias in node.names:
            if alias.name == name and alias.asname is None:
                return page.with_text(imports.without_alias(page, node, alias))
    return page


def _is_bare(page: Page) -> bool:
    """Whether a test file has come to hold nothing but imports."""
    named = re.fullmatch(r"test_.*\.py|.*_tests?\.py", posixpath.basename(page.path))
    return named is not None and all(
        isinstance(node, ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in page.tree.body
    )
