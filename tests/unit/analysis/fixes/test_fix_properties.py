"""What holds for every module: only what was meant goes, the rest keeps its lines, and twice is once."""

import ast
import itertools
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daydream.analysis.fixes import cuts
from daydream.analysis.fixes.page import Left, Page, compiles, decode
from tests.fakes.fix_world import draft, known, write

STATEMENTS = (
    "x = 1",
    "call(\n{i}    1,\n{i})  # why",
    "# a remark",
    "# ----- banner -----",
    "# Helper functions of the banner",
    "text = '''\n\n  # not a comment\n\n'''",
    "import a_module",
    "from b import (\n{i}    c,  # one\n{i}    d,\n{i})",
    "é = 'ü'  # ö",
    "pass",
    "y = 1; z = 2",
    "\f",
)
BLOCKS = (
    "def f_{n}(a):",
    "@decorated\n{i}class C_{n}:",
    "if x:",
    "if TYPE_CHECKING:",
    "for i in x:",
    "try:",
    "async def g_{n}():",
)
TAILS = {"try:": "except E:\n{i}{t}pass"}


@st.composite
def body(draw: st.DrawFn, indent: str, tab: str, depth: int) -> list[str]:
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        lines += [""] * draw(st.integers(0, 2))
        if depth and draw(st.booleans()):
            head = draw(st.sampled_from(BLOCKS))
            number = draw(st.integers(0, 99))
            lines += [indent + head.format(i=indent, n=number)]
            lines += draw(body(indent + tab, tab, depth - 1))
            if head in TAILS:
                lines += [indent + TAILS[head].format(i=indent, t=tab)]
        else:
            statement = draw(st.sampled_from(STATEMENTS)).format(i=indent)
            lines += [statement if statement == "\f" else indent + statement]
    return [*lines, f"{indent}last = 1"]


@st.composite
def modules(draw: st.DrawFn) -> Page:
    tab = draw(st.sampled_from(["    ", "\t", "  "]))
    text = "\n".join(draw(body("", tab, 2)))
    rows = text.split("\n")
    ends = draw(st.sampled_from([["\n"], ["\r\n"], ["\n", "\r\n"]]))
    joined = "".join(row + end for row, end in zip(rows[:-1], itertools.cycle(ends), strict=False)) + rows[-1]
    data = (joined + draw(st.sampled_from(["", ends[0]]))).encode()
    return decode("a.py", draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + data)


def statements(page: Page) -> list[ast.stmt]:
    return [
        node
        for node in ast.walk(page.tree)
        if isinstance(node, ast.stmt) and not isinstance(page.parents[node], ast.ExceptHandler)
    ]


def is_subsequence(short: Sequence[str], long: Sequence[str]) -> bool:
    remaining = iter(long)
    return all(line in remaining for line in short)


def longest_gap(page: Page) -> int:
    blank = (page.is_blank(row) for row in range(1, len(page.lines) + 1))
    return max((len(list(run)) for is_blank, run in itertools.groupby(blank) if is_blank), default=0)


def taken_out(page: Page, chosen: Sequence[ast.stmt]) -> tuple[Page | None, str]:
    try:
        return page.with_text(cuts.without(page, chosen)), ""
    except Left as reason:
        return None, str(reason)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(modules(), st.data())
def test_taking_statements_out_leaves_every_other_line_as_it_was(page: Page, data: st.DataObject) -> None:
    pool = statements(page)
    chosen = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3, unique_by=id))
    after, reason = taken_out(page, chosen)
    if after is None:
        assert "shares a line" in reason
        return
    assert compiles(after) or not compiles(page)
    kept = [line for line in after.lines if line.strip() != "pass"]
    assert is_subsequence(kept, page.lines)
    assert longest_gap(after) <= longest_gap(page)
    assert decode("a.py", after.to_bytes()) == after
    remarks = {line for line in page.lines if "banner" in line}
    inside = any(hasattr(node, "body") for node in chosen)
    assert inside or remarks <= set(after.lines)


NAMES = ("alpha", "beta", "gamma", "delta")


@st.composite
def programs(draw: st.DrawFn) -> tuple[str, set[str], set[str]]:
    """A program, the names that it imports and does not use, and its dead functions."""
    used = draw(st.sets(st.sampled_from(NAMES)))
    style = draw(st.sampled_from(["from mod import {n}", "lines", "one"]))
    if style == "lines":
        head = "from mod import (\n" + "".join(f"    {n},\n" for n in NAMES) + ")\n"
    elif style == "one":
        head = f"from mod import {', '.join(NAMES)}\n"
    else:
        head = "".join(style.format(n=n) + "\n" for n in NAMES)
    dead = draw(st.sets(st.sampled_from(["_one", "_two", "_three"]), min_size=1))
    parts = [head]
    for name in ("_one", "_two", "_three"):
        comment = draw(st.sampled_from(["", "# a remark\n", "# ======\n"]))
        parts.append(f"\n\n{comment}def {name}():\n    return 'ä'\n")
    parts.append(
        "\n\n"
        + "".join(f"{n}\n" for n in sorted(used))
        + "".join(f"print({n}())\n" for n in sorted({"_one", "_two", "_three"} - dead))
    )
    parts.append("x = 1\n")
    text = "".join(parts)
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))), set(NAMES) - used, dead


@settings(max_examples=6, deadline=None)
@given(programs())
def test_every_unused_import_and_dead_function_goes_and_a_second_time_changes_nothing(
    program: tuple[str, set[str], set[str]],
) -> None:
    text, unused, dead = program
    by_module = "from mod" in text
    with TemporaryDirectory() as folder:
        root = write(Path(folder), {"a.py": text})
        of_imports = [
            known("legacy.unused_import", f"{'mod.' if by_module else ''}{name}#1") for name in sorted(unused)
        ]
        of_dead = [known("legacy.dead_code", f"function {name}#1") for name in sorted(dead)]
        for findings in filter(None, (of_imports, of_dead)):
            made = draft(root, findings)
            assert made.left == {}
            assert made == draft(root, findings)
            write(root, {path: content for path, content in made.files.items() if content is not None})
            assert draft(root, findings).files == {}
        result = (root / "a.py").read_bytes().decode()
    tree = ast.parse(result)
    imported = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert imported == set(NAMES) - unused
    assert defined == {"_one", "_two", "_three"} - dead
    assert ("\r\n" in result) == ("\r\n" in text)
    assert result.count("# ======") == text.count("# ======")
    assert "\n\n\n\n" not in result.replace("\r", "")
