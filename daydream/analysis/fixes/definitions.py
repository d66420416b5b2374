"""`legacy.dead_code`: taking out a definition that nothing names, with what only it needed."""

import ast
import posixpath
import re
from collections.abc import Collection, Iterator, Sequence

from daydream.analysis import words
from daydream.analysis.fixes import cuts
from daydream.analysis.fixes.drafting import by_file, nth
from daydream.analysis.fixes.effects import PLAIN_BASES, PLAIN_DECORATORS, is_pure, last_name
from daydream.analysis.fixes.imports import without_what_became_unused
from daydream.analysis.fixes.page import Left, Page, open_page
from daydream.analysis.fixes.tree import Census, Tree
from daydream.analysis.roles import is_illustration, is_migration, is_public, is_settings
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft
from daydream.records.night import Known

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
Function = ast.FunctionDef | ast.AsyncFunctionDef
_HOLDERS = (ast.Module, ast.ClassDef)

_HOOK = re.compile(
    r"^_*test|^Test|^_*(visit|depart|leave|do|handle|on|pytest|setup|teardown|setUp|tearDown|repr|ipython|p|t)(_|[A-Z])"
    r"|^_[a-z]\w*_$|^__|^(setUp|tearDown|setup|teardown|load_tests|main|run)$"
)
_CALLBACK = re.compile(r"(^|_)(error|err|errback|callback|cb|handler|hook|listener)$")
_BEHAVE = re.compile(r"^(before|after)_(all|feature|rule|scenario|step|tag)$|^use_")
_LOOKS_UP = re.compile(
    r"(?<![\w.])((exec|eval)\s*\(|(globals|locals|vars|dir)\s*\(\s*\))|\bgetmembers\b|^def __getattr__\b|\bsys\.modules\b",
    re.MULTILINE,
)
_LOOKS_INTO = re.compile(r"(?<![\w.])(vars|dir|getattr|hasattr)\s*\(\s*\w+(\)|\s*,\s*[^\"'\s])|\b__dict__\b")
_KEEPS = re.compile(
    r"noqa|pragma|pickle|backward|compat|public|api\b|do not remove|don't remove|keep|hook|plugin",
    re.IGNORECASE,
)


def fix(ctx: Context, findings: Sequence[Known]) -> Draft:
    """Take out dead definitions."""
    census = Tree(ctx).census(wanted(ctx, {known.subject for known in findings}))

    def settle(tree: Tree, page: Page, known: Known) -> Page:
        named, _ = nth(known.identity)
        return taken_out(tree, census, page, find(page, named))

    return by_file(ctx, findings, settle)


def wanted(ctx: Context, paths: Collection[str]) -> set[str]:
    """The words to count: every name that these files define, and what is left where a program composes it."""
    found: set[str] = set()
    for path in sorted(paths):
        try:
            page = open_page(ctx, path)
        except Left:
            continue
        for _, node in definitions(page):
            name = name_of(node)
            found.update((name, name.strip("_"), *words.pieces(name), *_spellings(name)))
    return found


def definitions(page: Page) -> Iterator[tuple[str, Definition]]:
    """Every definition of a file with its dotted name, assignments to one name at the top of the file or of
    a class included."""
    waiting: list[tuple[ast.AST, str]] = [(page.tree, "")]
    while waiting:
        node, prefix = waiting.pop()
        for child in ast.iter_child_nodes(node):
            below = prefix
            if isinstance(child, Function | ast.ClassDef):
                yield f"{prefix}{child.name}", child
                below = f"{prefix}{child.name}."
            elif (
                isinstance(child, ast.Assign | ast.AnnAssign)
                and isinstance(node, _HOLDERS)
                and name_of(child)
            ):
                yield f"{prefix}{name_of(child)}", child
            if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
                waiting.append((child, below))


def name_of(node: Definition) -> str:
    """The name that a definition binds; empty for an assignment to anything but one name."""
    if isinstance(node, Function | ast.ClassDef):
        return node.name
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""


def find(page: Page, named: str) -> Definition:
    """Find a definition again, by its kind and dotted name.

    Raises:
        Left: there is none, or more than one.
    """
    kind, _, qualname = named.partition(" ")
    callables = kind in {"function", "method", "property"}
    found = [
        node
        for name, node in definitions(page)
        if name == qualname
        and (isinstance(node, Function) if callables else isinstance(node, ast.ClassDef) == (kind == "class"))
    ]
    if len(found) != 1:
        msg = "it is no longer there" if not found else "it is defined more than once"
        raise Left(msg)
    return found[0]


def taken_out(tree: Tree, census: Census, page: Page, node: Definition) -> Page:
    """Take out a definition that nothing names, and what nothing needs without it.

    Raises:
        Left: something may name it.
    """
    name = name_of(node)
    check_removable(tree, page, node)
    if outside(census, page, name) or count(page, name) != 1:
        msg = "its name occurs elsewhere"
        raise Left(msg)
    check_not_composed(census, page, node)
    after = page.with_text(cuts.without(page, [node]))
    return without_what_became_unused(tree, page, without_helpers(tree, census, page, after, node))


def outside(census: Census, page: Page, name: str) -> int:
    """How often the tree holds a word outside of a file."""
    return census.total(name) - census.counts[name][page.path]


def count(page: Page, name: str) -> int:
    """How often a file holds a word."""
    return words.split(page.text.encode("utf-8", "surrogatepass")).count(name.encode())


def check_not_composed(census: Census, page: Page, node: Definition) -> None:
    """See that no program may compose the name at run time.

    Raises:
        Left: the pieces for it are there.
    """
    name = name_of(node)
    if any(census.total(piece) for piece in words.pieces(name)):
        msg = "its name may be composed at run time"
        raise Left(msg)
    if any(census.total(spelling) for spelling in _spellings(name)):
        msg = "its name stands elsewhere in another spelling, from which a program may compose it"
        raise Left(msg)
    in_class = isinstance(page.parents[node], ast.ClassDef)
    if in_class and name.startswith("_") and census.total(name.strip("_")):
        msg = "its name may be composed of a word and an underscore"
        raise Left(msg)


_TELLING = 3


def _spellings(name: str) -> set[str]:
    """A name in capitals and in camel case: what ``"_" + kind.name.lower()`` leaves behind."""
    bare = name.strip("_")
    if len(bare) < _TELLING:
        return set()
    if bare != bare.lower():
        return {bare.lower()} - {bare}
    return {bare.upper(), "".join(part.capitalize() for part in bare.split("_"))} - {bare}


def check_removable(tree: Tree, page: Page, node: Definition) -> None:
    """Look for whoever may use a definition without naming it.

    Raises:
        Left: with whoever that is.
    """
    reason = _of_the_file(tree, page, node) or _of_the_name(page, node) or _of_the_node(tree, page, node)
    if reason:
        raise Left(reason)


def _of_the_file(tree: Tree, page: Page, node: Definition) -> str:
    path, base = page.path, posixpath.basename(page.path)
    if is_migration(path) or is_settings(path) or is_illustration(path):
        return "the file is a migration, a setting or an illustration"
    if base == "conftest.py":
        return "pytest may ask for it"
    if _LOOKS_UP.search(page.text):
        return "the file looks names up at run time"
    if isinstance(page.parents[node], ast.ClassDef) and _LOOKS_INTO.search(page.text):
        return "the file looks attributes up at run time"
    local = any(isinstance(each, Function) for each in cuts.around(page, node))
    own = any(name.startswith("_") for name in (name_of(node), *_class_names(page, node)))
    if not (own or local) and is_public(path) and tree.is_published(path) and "/test/" not in f"/{path}":
        return "people outside may import it from the package"
    return ""


def _of_the_name(page: Page, node: Definition) -> str:
    name = name_of(node)
    behave = posixpath.basename(page.path) == "environment.py" and _BEHAVE.search(name)
    if _HOOK.search(name) or behave:
        return "a framework may call it by its name"
    if isinstance(node, Function) and _CALLBACK.search(name):
        return "by its name it is called back, and where it was handed over may have been lost"
    rows = cuts.rows_of(page, node)
    head = [page.line(row).partition("#")[2] for row in range(rows[0], node.lineno + 2)]
    if any(_KEEPS.search(text) for text in head):
        return "a comment says what it is kept for"
    return ""


def _of_the_node(tree: Tree, page: Page, node: Definition) -> str:
    decorators = getattr(node, "decorator_list", ())
    if not all(
        last_name(each) in PLAIN_DECORATORS - {"overload", "abstractmethod", "override"}
        for each in decorators
    ):
        return "its decorator may register it"
    if isinstance(node, ast.ClassDef) and (node.keywords or not are_ours(tree, node.bases)):
        return "what inherits may be registered by inheriting"
    owner = page.parents[node]
    if isinstance(owner, ast.ClassDef) and (
        owner.keywords or owner.decorator_list or not are_ours(tree, owner.bases)
    ):
        return "what its class inherits from may call it"
    if isinstance(owner, ast.ClassDef) and any(last_name(base) not in PLAIN_BASES for base in owner.bases):
        return "its class extends another: it may be a hook whose caller was lost"
    if isinstance(owner, ast.ClassDef) and not name_of(node).startswith("_"):
        return "somebody else may expect an object that has it"
    if any(isinstance(each, ast.If | ast.Try | ast.With) for each in cuts.around(page, node)):
        return "it is defined under a condition"
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return _of_assignment(page, node)
    return ""


def _of_assignment(page: Page, node: ast.Assign | ast.AnnAssign) -> str:
    if not name_of(node).startswith("_"):
        return "people outside may read it"
    if node.value is not None and not is_pure(node.value, calls=True):
        return "working out its value may have an effect"
    owner = page.parents[node]
    return "its class may read its own attributes" if isinstance(owner, ast.ClassDef) and owner.bases else ""


def are_ours(tree: Tree, bases: Sequence[ast.expr]) -> bool:
    """Whether all ancestors are classes of the repository, or plain ones that call nothing by name."""
    waiting = [last_name(base) for base in bases]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name in PLAIN_BASES:
            continue
        if name not in tree.classes or name in tree.classes[name]:
            return False
        seen.add(name)
        waiting += tree.classes[name]
    return True


def _class_names(page: Page, node: ast.AST) -> list[str]:
    return [each.name for each in cuts.around(page, node) if isinstance(each, ast.ClassDef)]


def without_helpers(tree: Tree, census: Census, before: Page, after: Page, gone: ast.AST) -> Page:
    """Take out the definitions of the file that only what is gone named, and that nobody outside can know."""
    lost = {
        each.id if isinstance(each, ast.Name) else each.attr
        for each in ast.walk(gone)
        if isinstance(each, ast.Name | ast.Attribute)
    }
    hidden = not is_public(before.path)
    for name in sorted(n for n in lost if (hidden or n.startswith("_")) and not n.startswith("__")):
        found = [node for _, node in definitions(after) if name_of(node) == name]
        if len(found) != 1 or name not in census.counts or outside(census, before, name):
            continue
        try:
            check_removable(tree, after, found[0])
            check_not_composed(census, after, found[0])
            following = after.with_text(cuts.without(after, [found[0]]))
        except Left:
            continue
        if count(following, name) == 0:
            after = without_helpers(tree, census, before, following, found[0])
    return after
