"""Dependence analysis: which statements may change places, and the reason where they may not."""

import ast
import itertools
import random
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daydream.analysis.dependence import ANYTHING, WORLD, Graph, analyse
from daydream.analysis.source import parse


def graph(body: str, head: str = "", pure: tuple[str, ...] = ()) -> Graph:
    source = f"def f({head}):\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\n"
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.FunctionDef)
    return analyse(node, pure_names=pure)


def swap(body: str, head: str = "", pure: tuple[str, ...] = ()) -> str:
    """The ruling on the first two statements: "" where they may change places."""
    found = graph(body, head, pure)
    return found.may_swap(found.blocks[0][0], found.blocks[0][1]).reason


INTS = "a: int, b: int, xs: list[int], s: str, d: dict[str, int], k"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("x = a\ny = x", "RAW x"),
        ("y = x\nx = a", "WAR x"),
        ("x = a\nx = b", "WAW x"),
        ("x = a\nx += b", "RAW x"),
        ("x = a\ndel x", "WAW x"),
        ("x = (y := a)\nz = y", "RAW y"),
        ("for i in xs:\n    pass\ny = i", "RAW i"),
        ("x = [i for i in xs]\ni = a", ""),
        ("x = a\ny = [x for x in xs]", ""),
        ("x = a\ny = [z for z in xs if z > x]", "RAW x"),
        ("x = a\ny = b", ""),
        ("x = a + b\ny = len(xs)", ""),
        ("x, y = a, b\nz = a", ""),
        ("x, y = a, b\nz = y", "RAW y"),
    ],
)
def test_what_names_carry_from_one_statement_to_the_next(body: str, reason: str) -> None:
    assert swap(body, INTS) == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("xs.append(a)\ny = len(xs)", f"RAW {ANYTHING}"),
        ("y = len(xs)\nxs.append(a)", f"WAR {ANYTHING}"),
        # Two parameters may be the same list.
        ("xs.append(a)\ny = sum(zs)", f"RAW {ANYTHING}"),
        ("k.total = a\ny = k.total", f"RAW {ANYTHING}"),
        ("xs[0] = a\ny = len(xs)", f"RAW {ANYTHING}"),
        ("xs += [a]\ny = len(xs)", f"RAW {ANYTHING}"),
        ("x = a + b\nxs.append(b)", ""),
        ("y = s.upper()\nxs.append(a)", ""),
    ],
)
def test_objects_that_others_know_are_one_place(body: str, reason: str) -> None:
    assert swap(body, f"{INTS}, zs: list[int]") == reason


def test_a_container_made_here_is_a_place_of_its_own() -> None:
    found = graph("out = []\nn = len(out)\nm = len(xs)\nout.append(a)\nreturn out", INTS)
    assert found.may_swap(1, 2)
    assert found.may_swap(2, 3)
    assert {(edge.kind, edge.name) for edge in found.may_move(3, before=1).edges} == {("WAR", "out[]")}
    assert found.statements[3].uses.effect == "pure"
    assert not found.may_swap(3, 4), "the list is returned with what is in it"


@pytest.mark.parametrize(
    "leak",
    ["keep(out)", "other = out", "k.out = out", "box = [out]", "g = lambda: out", "rest = (x for x in out)"],
)
def test_a_container_that_others_get_to_know_is_no_longer_its_own(leak: str) -> None:
    found = graph(f"out = []\n{leak}\nout.append(a)\nk.act()", INTS)
    assert "out" not in found.scope.owned
    assert not found.may_swap(2, 3)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("act()\nother()", f"RAW {ANYTHING}"),
        ("act()\nx = a + b", ""),
        ("act()\nx = a // b", "effect both may fail"),
        ("xs.append(a)\nx = a // b", "effect one may fail, the other acts"),
        ("x = a // b\ny = xs[0]", "effect both may fail"),
        ("x = xs[a]\ny = xs[b]", ""),
        ("x = a // 2\ny = xs[0]", ""),
        ("x = k.size\ny = a + b", ""),
        ("x = k.size\ny = k.other", "effect both may fail"),
        ("if a:\n    z = 1\nx = z", "RAW z"),
        ("x = z\ny = a // b\nz = 1", "effect both may fail"),
        ("print(a)\nx = a", ""),
        ("x = k == a\ny = not k", "effect both may fail"),
        ("while a:\n    a -= 1\nx = b // a", "RAW a"),
    ],
)
def test_what_may_fail_or_act_stays_in_order(body: str, reason: str) -> None:
    assert swap(body, INTS) == reason


@pytest.mark.parametrize(
    ("body", "legal"),
    [
        ("x = a + b\nif not s:\n    return None", True),
        ("x = a // b\nif not s:\n    return None", False),
        ("xs.append(a)\nif not s:\n    return None", False),
        ("x = a\nif x:\n    return None", False),
        ("x = []\nif k is None:\n    raise ValueError", True),
        ("if a:\n    return 1\nif b:\n    return 2", False),
        ("x = k.size\nif not s:\n    return None", False),
        ("x = a\nyield b", True),
        ("x = 1\nreturn lambda: x", False),
    ],
)
def test_an_early_exit_passes_only_what_nobody_misses(body: str, legal: bool) -> None:
    assert (swap(body, INTS) == "") is legal


def test_what_the_next_round_or_the_end_of_a_loop_sees_stays_on_its_side_of_an_exit() -> None:
    found = graph("n = 0\nfor x in xs:\n    n = x\n    if a:\n        break\nreturn n", INTS)
    loop = found.blocks[1]
    assert found.may_swap(loop[0], loop[1]).reason == "control break"
    kept = graph("for x in xs:\n    n = x + 1\n    if a:\n        continue\n    s += str(n)\nreturn s", INTS)
    inner = kept.blocks[1]
    assert kept.may_swap(inner[0], inner[1])


def test_what_a_handler_reads_stays_before_what_may_fail() -> None:
    body = "try:\n    n = a\n    m = xs[0]\nexcept IndexError:\n    return n\nreturn m"
    found = graph(f"n = 0\n{body}", INTS)
    guarded = next(block for block in found.blocks if found.statements[block[0]].guarded)
    assert found.may_swap(guarded[0], guarded[1]).reason == "control n"
    unread = graph(body.replace("return n", "return a"), INTS)
    guarded = next(block for block in unread.blocks if unread.statements[block[0]].guarded)
    assert unread.may_swap(guarded[0], guarded[1])


@pytest.mark.parametrize(
    ("body", "effect"),
    [
        ("return a + len(xs)", "reads"),
        ("return a + b", "pure"),
        ("out = []\nfor x in xs:\n    out.append(x)\nreturn out", "reads"),
        ("return k.size", "reads"),
        ("xs.append(a)", "writes"),
        ("k.size = a", "writes"),
        ("k += a", "writes"),
        ("global counter\ncounter = a", "writes"),
        ("return act(a)", "unknown"),
        ("yield a", "unknown"),
        ("with k:\n    pass", "unknown"),
        ("import os", "unknown"),
        ("return eval(s)", "unknown"),
        ("return sorted(xs, key=k)", "unknown"),
        ("return sorted(xs, key=len)", "reads"),
    ],
)
def test_the_effect_of_a_function(body: str, effect: str) -> None:
    assert graph(body, INTS).effect == effect


def test_pure_functions_of_the_module_read_and_may_fail_but_change_nothing() -> None:
    assert swap("x = act(a)\ny = b", INTS, ("act",)) == ""
    assert swap("x = act(a)\ny = act(b)", INTS, ("act",)) == "effect both may fail"
    assert swap("x = act(a)\nxs.append(b)", INTS, ("act",)).startswith("WAR")
    assert swap("act = k\nx = act(a)", INTS, ("act",)) == "RAW act"


def test_going_through_something_unknown_may_use_it_up() -> None:
    assert "any object" in swap("x = list(k)\ny = list(z)", f"{INTS}, z")
    assert swap("x = list(xs)\ny = list(d)", INTS) == ""


def test_names_that_a_nested_function_shares_belong_to_whatever_is_called() -> None:
    body = "n = 0\ndef g():\n    nonlocal n\n    n += 1\nact(g)\nm = n\ng()"
    found = graph(body, INTS)
    block = found.blocks[0]
    assert not found.may_swap(block[3], block[4])
    assert not found.may_swap(block[2], block[3])
    assert found.shapes["n"].name == "?"


def test_a_function_that_shows_all_its_locals_allows_nothing() -> None:
    assert swap("x = 1\ny = 2\nreturn locals()") == "effect locals()"


def test_nothing_moves_before_a_docstring_and_nothing_out_of_dead_code() -> None:
    assert swap('"""Say."""\nx = 1') == "control the docstring"
    assert swap("return 1\nx = y").startswith("control")


def test_reads_of_the_clock_and_of_files_are_of_the_world() -> None:
    found = graph("x = os.path.exists(s)\nact()", INTS)
    assert found.statements[0].uses.reads >= {WORLD}
    assert not found.may_swap(0, 1)


def test_statements_are_independent_when_no_edge_joins_any_two() -> None:
    found = graph("x = a + 1\ny = b + 1\nz = x + y\nw = len(xs)", INTS)
    assert found.independent([0, 1, 3])
    assert {edge.name for edge in found.independent([0, 1, 2]).edges} == {"x", "y"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("for i in xs:\n    n = a * 2\n    m += n", ""),
        ("for i in xs:\n    n = i * 2\n    m += n", "RAW i"),
        ("for i in xs:\n    n = a // b\n    m += n", "control it may fail (ZeroDivisionError)"),
        ("for i in xs:\n    n = a * 2\n    m += n\nreturn n", "control n"),
        ("for i in xs:\n    n = []\n    k.append(n)", "effect a new object in every round"),
        ("for i in xs:\n    n = len(xs)\n    xs.append(n)", "RAW any object"),
        ("for i in xs:\n    act(a)\n    n = 1", "effect any object"),
        ("while m < a:\n    n = b + 1\n    m += n", ""),
        ("while n < a:\n    n = b + 1\n    m += n", "WAR n"),
    ],
)
def test_what_may_be_done_once_before_a_loop(body: str, reason: str) -> None:
    found = graph(f"m = 0\n{body}", INTS)
    loop = found.statements[found.blocks[0][1]]
    first = next(each.index for each in found.statements if each.parent == loop.index)
    ruling = found.hoistable(first, loop.index)
    if reason:
        assert reason in {f"{edge.kind} {edge.name}" for edge in ruling.edges}
    else:
        assert ruling


def test_asking_about_statements_that_are_not_neighbours_is_an_error() -> None:
    found = graph("x = 1\ny = 2\nz = 3\nif x:\n    y = 1")
    with pytest.raises(ValueError, match="do not follow each other"):
        found.may_swap(0, 2)
    with pytest.raises(ValueError, match="not in one block"):
        found.may_move(4, before=0)
    with pytest.raises(ValueError, match="not in the body of loop"):
        found.hoistable(1, 0)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("len(s)", "int"),
        ("s.split()", "list"),
        ("a / b", "float"),
        ("s or None", "plain"),
        ("[a, s]", "list"),
        ("k", "?"),
        ("xs[1:]", "list"),
        ("d.get(s)", "plain"),
        ("f'{a}'", "str"),
        ("xs if a else d", "builtin"),
    ],
)
def test_types_follow_from_annotations_and_literals(text: str, shape: str) -> None:
    assert graph(f"x = {text}", INTS).shapes["x"].name == shape


def test_a_parameter_that_is_annotated_but_may_be_none_is_not_taken_for_what_it_says() -> None:
    assert graph("return s.upper()", "s: str = None").shapes["s"].name == "plain"
    assert graph("x = s + 'a'\ny = s - 1", "s: str = None").may_swap(0, 1).reason == "effect both may fail"


def test_elements_put_in_later_count() -> None:
    found = graph("out = []\nout.append(k)\nn = sum(out)\nm = a // b", INTS)
    assert found.may_swap(2, 3).reason == "effect both may fail"
    known = graph("out = []\nout.append(a)\nn = sum(out)\nm = a // b", INTS)
    assert known.may_swap(2, 3)


@pytest.mark.parametrize(
    "source",
    [
        "async def f(x):\n    async for y in x:\n        await y\n    async with x as z:\n        return z\n",
        "def f(x):\n    match x:\n        case [a, *b]:\n            return a\n        case {'k': c, **d} if c:\n            return d\n        case _ as e:\n            return e\n",
        "def f(x):\n    try:\n        y = x()\n    except* ValueError as e:\n        y = e\n    else:\n        y = 1\n    finally:\n        del x\n    return y\n",
        "def f(x):\n    class C(x):\n        y = x\n    return C\n",
        "def f(*x, **y):\n    return (*x, {**y}, [*x], f'{x!r:>{y}}')\n",
        "def f(x):\n    global g\n    g, x.a, x[1], *h = x\n    assert g, h\n    del x.a, x[1], h\n",
        "def f():\n    pass\n",
    ],
)
def test_every_statement_of_the_language_is_read(source: str) -> None:
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    found = analyse(node)
    assert len(found.statements) == sum(isinstance(each, ast.stmt) for each in ast.walk(node)) - 1 - len(
        [each for one in ast.walk(node) if isinstance(one, ast.ClassDef) for each in one.body]
    )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_may_be_swapped_gives_the_same_when_it_is(seed: int) -> None:
    rng = random.Random(seed)
    lines = [_line(rng) for _ in range(6)]
    base = f"def f(a: int, b: int, xs: list[int]):\n    u = v = 1\n{''.join(f'    {line}{chr(10)}' for line in lines)}    return u, v, xs\n"
    function = parse(base.encode()).functions[0].node
    found = analyse(function)
    block = found.blocks[0]
    for one, other in itertools.pairwise(block[1:-1]):
        if found.may_swap(one, other):
            rows = base.split("\n")
            first, second = found.statements[one].node.lineno - 1, found.statements[other].node.lineno - 1
            rows[first], rows[second] = rows[second], rows[first]
            for arguments in ((0, 0, []), (1, 2, [3]), (5, 0, [1, 2]), (-1, 3, [0, 0, 7])):
                assert _ran(base, arguments) == _ran("\n".join(rows), arguments)


def _line(rng: random.Random) -> str:
    name, one, other = rng.choice("uv"), rng.choice("abuv"), rng.choice("abuv")
    return rng.choice(
        [
            f"{name} = {one} + {other}",
            f"{name} = {one} // {other}",
            f"{name} = xs[{one}]",
            f"xs.append({one})",
            f"{name} += len(xs)",
            f"a = {one} * 2",
            f"xs = xs + [{one}]",
            f"if {one} > {other}: return {name}",
        ]
    )


def _ran(source: str, arguments: tuple[int, int, list[int]]) -> object:
    names: dict[str, object] = {}
    exec(source, names)
    given = (arguments[0], arguments[1], list(arguments[2]))
    try:
        return names["f"](*given), given  # type: ignore[operator]
    except (IndexError, ZeroDivisionError, MemoryError) as error:
        return type(error), str(error), given
