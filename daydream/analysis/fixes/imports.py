"""`legacy.unused_import`: taking one name out of an import, or the whole statement with its last name."""

import ast
import copy
import posixpath
import re
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from daydream.analysis.fixes import cuts, lint
from daydream.analysis.fixes.cuts import Edit
from daydream.analysis.fixes.drafting import by_file, nth
from daydream.analysis.fixes.effects import EFFECT_MODULES, Importing
from daydream.analysis.fixes.page import Left, Page
from daydream.analysis.fixes.tree import Tree
from daydream.analysis.roles import is_illustration, is_settings, is_test
from daydream.analysis.unused_imports import Import, used_elsewhere
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft
from daydream.records.night import Known

Statement = ast.Import | ast.ImportFrom

_MESSAGE = re.compile(r"`([^`]+)` imported but unused")
_REMARK = re.compile(
    r"noqa|noinspection|pylint:|pyflakes:|side.?effect|needed|required|regist|keep|re-?export|public|backward|compat|"
    r"monkey|patch|plugin|activate|expose|unused|not remove|n't remove",
    re.IGNORECASE,
)
_HOOK = re.compile(
    r"^(setUp|tearDown|setup_|teardown_|pytest_|load_tests|Test|test)|Tests?(Case|Base|Mixin)?$"
)
_NOT_CODE = re.compile(r"^#+\s*(https?:|type:)\S*")
_ALWAYS_LOADED = ("os.path",)
_RUNS_TEXT = re.compile(
    r"(?<![\w.])((exec|eval)\s*\(|(globals|locals|vars|dir)\s*\(\s*\))|^def __getattr__\b", re.MULTILINE
)


def fix(ctx: Context, findings: Sequence[Known]) -> Draft:
    """Take out unused imports."""
    return by_file(ctx, findings, _settle)


def _settle(tree: Tree, page: Page, known: Known) -> Page:
    target, number = nth(known.identity)
    flagged = [
        entry
        for entry in lint.ask(tree, page, "F401")
        if _named(entry.message).partition(" as ")[0] == target
    ]
    if not flagged:
        msg = "it is no longer there, or no longer unused"
        raise Left(msg)
    if number > len(flagged):
        msg = "which of the imports of that name is meant is not certain"
        raise Left(msg)
    return taken_out(tree, page, flagged[number - 1])


def taken_out(tree: Tree, page: Page, violation: lint.Violation, *, freed: bool = False) -> Page:
    """Take out the import that ruff calls unused; `freed`: it was used, and is no longer.

    Raises:
        Left: something may need it after all.
    """
    if "find_spec" in violation.message:
        msg = "the import is there to see whether it succeeds"
        raise Left(msg)
    statement, alias = _located(page, violation)
    check_needless(tree, page, statement, alias, for_its_name=freed and is_test(page.path))
    return page.with_text(without_alias(page, statement, alias))


def without_what_became_unused(tree: Tree, before: Page, after: Page) -> Page:
    """Take out the imports that nothing uses since something else was taken out.

    Raises:
        Left: one of them may be needed by others.
    """
    for _ in range(200):
        old = Counter(lint.bound_name(entry.message) for entry in lint.ask(tree, before, "F401"))
        new = lint.ask(tree, after, "F401")
        fresh = Counter(lint.bound_name(entry.message) for entry in new) - old
        following = next((entry for entry in reversed(new) if fresh[lint.bound_name(entry.message)]), None)
        if following is None:
            return after
        after = taken_out(tree, after, following, freed=True)
    return after


def _named(message: str) -> str:
    match = _MESSAGE.search(message)
    return match[1] if match else ""


def _located(page: Page, violation: lint.Violation) -> tuple[Statement, ast.alias]:
    at = page.starts[violation.location.row - 1] + violation.location.column - 1
    for node in ast.walk(page.tree):
        if isinstance(node, Statement):
            for alias in node.names:
                start, end = page.span(alias)
                if start <= at < end:
                    return node, alias
    msg = "the import is not where ruff sees it"
    raise Left(msg)


def check_needless(
    tree: Tree, page: Page, statement: Statement, alias: ast.alias, *, for_its_name: bool = False
) -> None:
    """Look for whoever may need an import that its own file does not use; `for_its_name`: it is known to
    have been made for its name and not for its effects.

    Raises:
        Left: with whoever that is.
    """
    reason = (
        _of_the_file(page)
        or _of_the_surroundings(page, statement)
        or _of_the_text(page, alias)
        or _of_comments(page, alias)
        or _of_chains(page, statement, alias)
        or _of_tests(tree, page, alias)
        or ("" if for_its_name else _of_effects(tree, page, statement, alias))
        or _of_others(tree, page, statement, alias)
        or ("" if for_its_name else _of_loaders(tree, page, statement, alias))
    )
    if reason:
        raise Left(reason)


def _of_the_file(page: Page) -> str:
    name = posixpath.basename(page.path)
    if name in {"__init__.py", "conftest.py"}:
        return f"what {name} imports is there for others"
    if is_illustration(page.path) or is_settings(page.path) or "compat" in page.path:
        return "the file shows, configures or offers names to others"
    if _RUNS_TEXT.search(page.text):
        return "the file looks names up at run time"
    return ""


def _of_the_surroundings(page: Page, statement: Statement) -> str:
    rows = range(statement.lineno, cuts.last_row(statement) + 1)
    above = statement.lineno - 1
    remarks = [page.line(row).partition("#")[2] for row in rows]
    while page.is_comment(above):
        remarks.append(page.line(above))
        above -= 1
    if any(_REMARK.search(text) for text in remarks):
        return "a comment says what the import is there for"
    function = page.parents[statement]
    block = [one for one in getattr(function, "body", ()) if not _is_text(one)]
    if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and all(
        isinstance(one, Statement) for one in block
    ):
        return "the function does nothing but import"
    for node in cuts.around(page, statement):
        if isinstance(node, ast.Try | ast.With | ast.AsyncWith):
            return "the import is tried, not just made"
        if isinstance(node, ast.If) and not cuts.is_type_checking(node.test):
            return "the import depends on a condition"
    return ""


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def bound_name(alias: ast.alias, statement: Statement) -> str:
    """The name that an import binds."""
    if alias.asname:
        return alias.asname
    return alias.name.partition(".")[0] if isinstance(statement, ast.Import) else alias.name


def _of_the_text(page: Page, alias: ast.alias) -> str:
    name = alias.asname or alias.name.partition(".")[0]
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    for node in ast.walk(page.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and word.search(node.value):
            if _is_docstring(page, node):
                if any(
                    word.search(row)
                    for row in node.value.splitlines()
                    if row.lstrip().startswith((">>>", "..."))
                ):
                    return "a doctest uses the name"
            elif "\n" in node.value or _is_expression_with(node.value, name):
                return "a string names it"
    if any("type:" in row and word.search(row.partition("#")[2]) for row in page.lines if "#" in row):
        return "a type comment names it"
    return ""


def _of_comments(page: Page, alias: ast.alias) -> str:
    """Code that was put into a comment, and waits there with its import."""
    name = re.escape(alias.asname or alias.name.partition(".")[0])
    as_code = re.compile(rf"(?<![\w.]){name}(\(|\.\w|\[)|@{name}\b|=[ \t]*{name}\b")
    if any(as_code.search(_NOT_CODE.sub("", text)) for text in page.comments.values()):
        return "code in a comment uses the name"
    return ""


def _of_chains(page: Page, statement: Statement, alias: ast.alias) -> str:
    """A submodule that is reached through its package, and that only this import loads."""
    if not isinstance(statement, ast.ImportFrom) or statement.level or statement.module is None:
        return ""
    module = statement.module
    given = {f"{module}.{alias.name}"} | ({module} if "." in module and len(statement.names) == 1 else set())
    loaded: set[str] = set(_ALWAYS_LOADED)
    for node in (each for each in ast.walk(page.tree) if each is not statement):
        if isinstance(node, ast.Import):
            loaded.update(each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            loaded.update((node.module, *(f"{node.module}.{each.name}" for each in node.names)))
    waiting = {dotted for dotted in given if not any(f"{each}.".startswith(f"{dotted}.") for each in loaded)}
    chains = {ast.unparse(node) for node in ast.walk(page.tree) if isinstance(node, ast.Attribute)}
    if any(f"{chain}.".startswith(f"{dotted}.") for chain in chains for dotted in waiting):
        return "the file reaches a submodule through its package, and this import loads it"
    return ""


def _is_docstring(page: Page, node: ast.Constant) -> bool:
    return isinstance(page.parents[node], ast.Expr)


def _is_expression_with(text: str, name: str) -> bool:
    try:
        parsed = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    if isinstance(parsed.body, ast.Name) and name in sys.stdlib_module_names:
        return False  # a word such as "json", which is no way to reach the module
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(parsed))


def _of_tests(tree: Tree, page: Page, alias: ast.alias) -> str:
    if not (is_test(page.path) or "/test/" in f"/{page.path}"):
        return ""
    name = alias.asname or alias.name
    if _HOOK.search(name):
        return "a test runner may collect it by its name"
    if any(isinstance(node, ast.arg) and node.arg == name for node in ast.walk(page.tree)):
        return "a parameter asks for it by name, as for a fixture"
    fixture = re.compile(rb"@[\w.]*fixture\b[^@]*?\bdef\s+" + re.escape(alias.name.encode()) + rb"\b")
    if any(fixture.search(content) for _, content in tree.texts(".py")):
        return "it is a fixture"
    return ""


def _of_effects(tree: Tree, page: Page, statement: Statement, alias: ast.alias) -> str:
    if any(isinstance(node, ast.If) for node in cuts.around(page, statement)):
        return ""  # TYPE_CHECKING, which is never true when the program runs
    importing = Importing(tree)
    inside = page.indent(statement.lineno) != "" and isinstance(statement, ast.Import)
    if isinstance(statement, ast.ImportFrom):
        module, level = statement.module or "", statement.level
        found = importing.find(f"{module}.{alias.name}", page.path, level) or importing.find(
            module, page.path, level
        )
        dotted = module
    else:
        dotted, level = alias.name, 0
        found = importing.find(dotted)
    top = dotted.partition(".")[0]
    if isinstance(statement, ast.Import) and "." in dotted:
        return "importing a submodule makes it known to others as well"
    if top in sys.stdlib_module_names and level == 0:
        return "importing it has effects" if top in EFFECT_MODULES else ""
    if inside or top in EFFECT_MODULES:
        return "importing it may have effects"
    if found is not None:
        again = _is_imported_again(page, importing, found, alias)
        return (
            ""
            if again or importing.is_quiet(found)
            else "importing that module of the repository may have effects"
        )
    if isinstance(statement, ast.Import):  # people who want a name of it write `from`
        return "importing a package of others as a whole may be for its effects"
    return "importing it may have effects" if level else ""


def _is_imported_again(page: Page, importing: Importing, found: str, alias: ast.alias) -> bool:
    """Whether another import at the top of the file loads the same module anyway, earlier or with
    nothing but imports between."""
    passed = False
    for node in page.tree.body:
        if not isinstance(node, Statement):
            if passed:
                return False
            continue
        for other in node.names:
            if other is alias:
                passed = True
            elif found in _loaded(page, importing, node, other):
                return True
    return False


def _loaded(page: Page, importing: Importing, node: Statement, alias: ast.alias) -> list[str | None]:
    if isinstance(node, ast.Import):
        return [importing.find(alias.name)]
    module = node.module or ""
    return [
        importing.find(module, page.path, node.level),
        importing.find(f"{module}.{alias.name}", page.path, node.level),
    ]


def _of_others(tree: Tree, page: Page, statement: Statement, alias: ast.alias) -> str:
    name = bound_name(alias, statement)
    origin = (statement.module or "") if isinstance(statement, ast.ImportFrom) else alias.name
    entry = Import(
        page.path, name, f"{origin}.{alias.name}" if isinstance(statement, ast.ImportFrom) else origin
    )
    if used_elsewhere([entry], tree.texts()):
        return "another file takes the name from here"
    return ""


def _of_loaders(tree: Tree, page: Page, statement: Statement, alias: ast.alias) -> str:
    name = bound_name(alias, statement)
    origin = (statement.module or "") if isinstance(statement, ast.ImportFrom) else alias.name
    stdlib = origin.partition(".")[0] in sys.stdlib_module_names and not getattr(statement, "level", 0)
    never_run = any(isinstance(node, ast.If) for node in cuts.around(page, statement))
    if isinstance(statement, ast.Import) or stdlib or never_run or not tree.loads_by_name:
        return ""
    asked = re.compile(
        rb"(\w+|[)\]])\s*\.\s*%(name)s\b|[\"']%(name)s[\"']" % {b"name": re.escape(name.encode())}
    )
    own = {b"", origin.rpartition(".")[2].encode()}
    for path, content in tree.texts(".py"):
        if path != page.path and any(match[1] not in own for match in asked.finditer(content)):
            return "modules are loaded by name here, and the name is asked of one"
    return ""


def without_alias(page: Page, statement: Statement, alias: ast.alias) -> str:
    """Return the text without one name of an import.

    Raises:
        Left: it cannot be told apart from its neighbours.
    """
    if len(statement.names) == 1:
        alone = _is_whole_paragraph(page, statement)
        return cuts.without(page, [statement], comments=alone)
    text = cuts.apply(page.text, [_cut(page, statement, statement.names.index(alias))])
    memo: dict[int, Any] = {}
    expected = copy.deepcopy(page.tree, memo)
    memo[id(statement)].names.remove(memo[id(alias)])
    if ast.dump(page.with_text(text).tree) != ast.dump(expected):
        msg = "the name cannot be taken out of its list cleanly"
        raise Left(msg)
    return text


def _is_whole_paragraph(page: Page, statement: Statement) -> bool:
    """Whether nothing follows directly that the comment above a statement may speak of too."""
    last = cuts.last_row(statement) + 1
    return last > len(page.lines) or page.is_blank(last)


def _cut(page: Page, statement: Statement, index: int) -> Edit:
    start, end = page.span(statement.names[index])
    first, last = statement.names[index].lineno, statement.names[index].end_lineno or 0
    before = page.text[page.starts[first - 1] : start]
    behind = page.text[end : page.starts[last]]
    continued = first > 1 and page.line(first - 1).endswith("\\")
    if (
        not before.strip()
        and not continued
        and re.fullmatch(r"[ \t]*,?[ \t]*(#[^\r\n]*)?(\r\n|\r|\n)", behind)
    ):
        return Edit(page.starts[first - 1], page.starts[last], "")
    previous = page.span(statement.names[index - 1])[1] if index else None
    following = page.span(statement.names[index + 1])[0] if index + 1 < len(statement.names) else None
    options = [Edit(start, following, "")] if following is not None else []
    options += [Edit(previous, end, "")] if previous is not None else []
    for unwanted in ("\r\n#", "#"):
        for option in options:
            if not any(sign in page.text[option.start : option.end] for sign in unwanted):
                return option
    msg = "a comment stands between the names"
    raise Left(msg)
