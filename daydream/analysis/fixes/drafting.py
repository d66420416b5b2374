"""From findings to a draft: file by file, each edit checked before it is kept."""

from collections.abc import Callable, Sequence

from daydream.analysis.fixes import lint, orphans, style
from daydream.analysis.fixes.page import Left, Page, compiles, open_page
from daydream.analysis.fixes.tree import Tree
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft
from daydream.records.night import Known

Work = Callable[[Tree, Page, Known], Page]
"""Settle one finding in a page and return the page that comes out; raises Left where it cannot."""


def by_file(ctx: Context, findings: Sequence[Known], work: Work) -> Draft:
    """Settle the findings one by one, from the last occurrence to the first, so that the numbers in
    their identities hold while lines disappear."""
    tree = Tree(ctx)
    files: dict[str, bytes | None] = {}
    fixed: list[str] = []
    left: dict[str, str] = {}
    for path in sorted({known.subject for known in findings}):
        own = sorted((k for k in findings if k.subject == path), key=_order, reverse=True)
        try:
            page = open_page(ctx, path)
        except Left as reason:
            left.update({known.id: str(reason) for known in own})
            continue
        after, reasons = _page(tree, page, own, work)
        fixed += [known.id for known in own if known.id not in reasons]
        left.update(reasons)
        if after.text != page.text:
            files[path] = after.to_bytes()
    return Draft(files, tuple(sorted(fixed)), dict(sorted(left.items())))


def _page(tree: Tree, page: Page, findings: Sequence[Known], work: Work) -> tuple[Page, dict[str, str]]:
    """Settle the findings of one file; those that are left are tried again while others are settled, for
    one may stand in the way of another."""
    waiting, reasons, first = list(findings), dict[str, str](), dict[str, str]()
    while waiting:
        before = page
        reasons = {}
        for known in waiting:
            tree.ctx.check()
            try:
                page = settled(tree, page, known, work)
            except Left as reason:
                reasons[known.id] = first.setdefault(known.id, str(reason))
            except RecursionError:
                reasons[known.id] = "its expressions are nested too deeply"
        waiting = [known for known in waiting if known.id in reasons] if page is not before else []
    return page, reasons


def settled(tree: Tree, page: Page, known: Known, work: Work) -> Page:
    """Settle one finding, and check what came out.

    Raises:
        Left: it cannot be settled, or the outcome would not hold.
    """
    return checked(tree, page, work(tree, page, known))


def checked(tree: Tree, before: Page, after: Page) -> Page:
    """Put a changed text in the file's own style, and check that it compiles, that ruff has nothing new to
    say of it, and that nothing stays behind which only what went had used.

    Raises:
        Left: it does not.
    """
    if after.text == before.text:
        msg = "there is nothing to do"
        raise Left(msg)
    if not compiles(after):
        msg = "what would come out does not compile"
        raise Left(msg)
    said = lint.new_errors(tree, before, after)
    if said:
        msg = f"something else would break or be unused ({said[0].partition(' ')[2]})"
        raise Left(msg)
    behind = orphans.left_behind(tree, before, after)
    if behind:
        msg = f"`{behind[0]}` would stay, and nothing else uses it"
        raise Left(msg)
    return style.in_style(tree, before, after)


def _order(known: Known) -> tuple[int, str, str]:
    number = known.identity.rpartition("#")[2]
    return (int(number) if number.isdigit() else 0, known.identity, known.id)


def nth(identity: str) -> tuple[str, int]:
    """Read an identity as what it names and which occurrence, from 1.

    Raises:
        Left: it has another form.
    """
    name, _, number = identity.rpartition("#")
    if not name or not number.isdigit() or int(number) < 1:
        msg = "its identity is of an unknown form"
        raise Left(msg)
    return name, int(number)
