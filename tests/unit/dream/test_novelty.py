"""Novelty: what a change brings that neither the procedure nor an earlier dream had."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daydream.analysis.source import NotParsed
from daydream.dream.novelty import novelty_score, project_of, structural_novelty

BASE = '''def fetch(url, timeout=30, retries=3):
    """Fetch."""
    session = open_session(timeout=timeout)
    for attempt in range(retries):
        try:
            reply = session.get(url)
        except OSError as error:
            log.warning("failed %s", error)
            continue
        if reply.ok:
            return reply.body
    items = [line.strip() for line in reply.text.splitlines()]
    total = 0
    for item in items:
        total += len(item)
    return total
'''
TWEAK = BASE.replace("timeout=30", "timeout=60")
GUARD = BASE.replace("    session =", "    if not url:\n        return None\n    session =")
OTHER_GUARD = BASE.replace("    session =", "    if not url:\n        return 0\n    session =")
REWRITE = "def fetch(url, timeout=30, retries=3):\n    return asyncio.run(gather(url, *others))\n"


def novelty(code: str, *earlier: str) -> float:
    return structural_novelty(code, BASE, earlier)


def test_the_procedure_itself_is_not_new_whatever_its_layout_comments_and_docstring() -> None:
    assert novelty(BASE) == 0
    assert novelty(BASE.replace('    """Fetch."""\n', "    # fetches\n")) == 0
    assert novelty(re.sub(r"^", "    ", BASE, flags=re.MULTILINE)) == 0


def test_a_dream_that_was_dreamt_before_is_not_new() -> None:
    assert novelty(GUARD, TWEAK, GUARD) == 0


def test_what_has_nothing_in_common_with_its_procedure_is_as_new_as_can_be() -> None:
    assert structural_novelty("def g(*rest): yield", "def f(a, b): raise KeyError(a)\n", ()) == 1


def test_a_value_is_less_new_than_a_guard_and_that_less_than_a_rewriting() -> None:
    assert 0 < novelty(TWEAK) < 0.3 < novelty(GUARD) < 0.7 < novelty(REWRITE) < 1


def test_the_same_idea_again_is_less_new() -> None:
    assert 0 < novelty(OTHER_GUARD, GUARD) < novelty(OTHER_GUARD) / 2
    assert novelty(OTHER_GUARD, TWEAK) == novelty(OTHER_GUARD)


def test_a_guard_is_as_new_in_a_long_function_as_in_a_short_one() -> None:
    tail = "".join(f"    step_{n} = prepare(items, {n})\n" for n in range(300)) + "    return total\n"
    longer = structural_novelty(
        GUARD.replace("    return total\n", tail), BASE.replace("    return total\n", tail), ()
    )
    assert longer == pytest.approx(novelty(GUARD), abs=0.02)


def test_moving_removing_and_nesting_statements_is_a_little_new() -> None:
    moved = BASE.replace("    total = 0\n", "").replace("    items =", "    total = 0\n    items =")
    removed = BASE.replace('            log.warning("failed %s", error)\n', "")
    nested = "def f():\n    if a:\n        b()\n        c()\n"
    assert 0 < novelty(moved) < 0.3
    assert 0 < novelty(removed) < 0.3
    assert 0 < structural_novelty("def f():\n    if a:\n        b()\n    c()\n", nested, ()) < 0.5


def test_what_does_not_parse_is_refused_unless_it_is_an_earlier_dream() -> None:
    with pytest.raises(NotParsed):
        novelty("def fetch(:\n")
    with pytest.raises(NotParsed):
        structural_novelty(BASE, "x = 1\n", ())
    assert novelty(GUARD, "def fetch(:\n") == novelty(GUARD)


@pytest.mark.parametrize(
    "code",
    [
        "async def f(a, /, b=1, *c, d, **e) -> int:\n    async with a as x, b: await c\n",
        "def f():\n    match x:\n        case [1, *_] if y: return\n        case {'a': None}: pass\n",
        "@cached\ndef f():\n    global g\n    class C:\n        def m(self): nonlocal_ = lambda q: q\n",
        "def f():\n    try:\n        pass\n    except* OSError:\n        raise\n    else:\n        x: int\n    finally:\n        del x\n",
        "def f():\n    from a import b as c\n    while True: yield (y := f'{x!r:>{w}}')\n    else: assert 0j, b'' and ...\n",
        "def f():\n    return " + "+".join(["1"] * 900) + "\n",
    ],
)
def test_every_statement_of_the_language_has_a_place(code: str) -> None:
    assert structural_novelty(code, code, ()) == 0
    assert 0 < structural_novelty(code, BASE, ()) <= 1


SOURCES = [
    f"{ast.get_source_segment(text, node)}\n"
    for path in ("clock.py", "processes.py")
    for text in [(Path(__file__).parents[3] / "daydream" / path).read_text("utf-8")]
    for node in ast.parse(text).body
    if isinstance(node, ast.FunctionDef)
]
FUNCTIONS = st.sampled_from(SOURCES)


@given(code=FUNCTIONS, base=FUNCTIONS, earlier=st.lists(FUNCTIONS, max_size=3), more=FUNCTIONS)
def test_novelty_is_a_share_and_falls_with_every_earlier_dream(
    code: str, base: str, earlier: list[str], more: str
) -> None:
    value = structural_novelty(code, base, earlier)
    assert 0 <= value <= 1
    assert structural_novelty(code, base, [*earlier, more]) <= value
    assert structural_novelty(code, base, [*earlier, code]) == 0


def test_behaviour_counts_half_once_it_was_seen() -> None:
    assert novelty_score(0.4, None) == 0.4
    assert novelty_score(0.4, 0.8) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("path", "project"),
    [
        ("setup.py", "."),
        ("pkg/a.py", "pkg"),
        ("pkg/sub/a.py", "pkg"),
        ("src/pkg/a.py", "pkg"),
        ("packages/one/src/one/a.py", "one"),
        ("src/a.py", "."),
    ],
)
def test_a_file_belongs_to_its_topmost_package(path: str, project: str) -> None:
    assert project_of(path) == project
