"""Constraint relaxation: what each rewrite makes of a procedure, and what it leaves alone."""

import importlib.util
import json
import random
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from daydream.analysis.source import parse
from daydream.contracts.dream import Candidate, Policy, Procedure
from daydream.dream.acceptance import Checker
from daydream.dream.catalogue import procedure_of
from daydream.dream.kinds.constraint_relaxation import ConstraintRelaxation
from daydream.records.repository import SourceFile

KIND = ConstraintRelaxation()
FILE = SourceFile("a.py", "0", 0)


def procedures(text: str) -> list[Procedure]:
    module = parse(textwrap.dedent(text).encode())
    return [
        replace(procedure_of(FILE, each), source=module.source(each.first_line, each.last_line))
        for each in module.functions
    ]


def proposed(text: str) -> dict[str, list[Candidate]]:
    """The candidates of the last function of a text, by transform; the others are its neighbours."""
    *related, base = procedures(text)
    found: dict[str, list[Candidate]] = {}
    checker = Checker(base, ())
    for each in KIND.propose(base, related, Policy(5), random.Random(1)):
        checker.offer(each)
        found.setdefault(each.details["transform"], []).append(each)
    assert not checker.rejected
    return found


def variant(text: str, transform: str) -> str:
    (candidate,) = proposed(text)[transform]
    assert candidate.transform_id == f"constraint_relaxation.{transform}@1"
    return candidate.code


def test_a_guard_moves_before_work_that_only_the_rest_needs_with_its_comment() -> None:
    source = """\
        def f(xs: list[int], s: str):
            seen = sorted(xs)  # work
            # nothing to do
            if not s:
                return None

            return seen, s
    """
    assert variant(source, "guard_first") == textwrap.dedent("""\
        def f(xs: list[int], s: str):
            # nothing to do
            if not s:
                return None
            seen = sorted(xs)  # work

            return seen, s
    """)


@pytest.mark.parametrize(
    "work",
    ["seen = list(k)", "seen = xs[0]", "s = s.strip()", "xs.append(1)", "seen = act(xs)", "seen = 1"],
)
def test_a_guard_stays_behind_what_may_fail_act_or_decide_it(work: str) -> None:
    source = (
        f"def f(xs: list[int], s: str, k):\n    {work}\n    if not s:\n        return None\n    return xs\n"
    )
    assert "guard_first" not in proposed(source)


def test_work_moves_down_behind_exits_that_need_something_else_first() -> None:
    source = """\
        def f(k):
            out = []
            rows = k.load()
            if not rows:
                return None
            for row in rows:
                out.append(row)
                k.seen(row)
            return out
    """
    assert "            out = []\n            for row" in textwrap.indent(
        variant(source, "work_later"), " " * 8
    )


def test_what_cannot_fail_is_done_after_what_may() -> None:
    source = """\
        def f(k):
            out = []
            rows = k.load()
            for row in rows:
                out.append(row)
            return out
    """
    assert variant(source, "risk_first").index("rows = k.load()") < variant(source, "risk_first").index(
        "out = []"
    )
    caught = source.replace("rows = k.load()", "rows = k.load(out)")
    assert "risk_first" not in proposed(caught)


def test_what_may_fail_stays_where_somebody_would_see_the_difference() -> None:
    source = """\
        def f(k):
            try:
                out = []
                rows = k.load()
                out.append(rows)
            except OSError:
                return out
            return out
    """
    assert "risk_first" not in proposed(source)


def test_the_cheaper_of_two_harmless_tests_is_asked_first() -> None:
    source = "def f(s: str, strict: bool):\n    if s.strip().startswith('a') and strict:\n        return 1\n"
    assert "if strict and s.strip().startswith('a'):" in variant(source, "cheap_test_first")
    assert not proposed(source.replace("s.strip().startswith('a')", "k(s)"))
    assert not proposed(source.replace("if s", "return s").replace(":\n        return 1", ""))


def test_a_question_for_the_type_stays_before_what_relies_on_it() -> None:
    source = "def f(n: int, k: int):\n    if not isinstance(n, (int, float)) or {0} < 0:\n        return 1\n"
    assert "cheap_test_first" in proposed(source.format("k"))
    assert "cheap_test_first" not in proposed(source.format("n"))


def test_what_is_the_same_in_every_round_is_done_before_the_loop() -> None:
    source = """\
        def f(xs: list[int], s: str):
            out = []
            for x in xs:
                # how long
                n = len(s) + 1
                out.append(x * n)
                out.append(len(s))
            return out
    """
    found = proposed(source)
    assert "    len_s = len(s)\n    for x in xs:" in found["hoist_value"][0].code
    assert found["hoist_value"][0].code.count("len_s") == 3
    assert "    out_append = out.append\n    for x in xs:" in found["hoist_method"][0].code
    assert "    n = len(s) + 1\n    for x in xs:\n        # how long\n" in found["hoist_statement"][0].code


@pytest.mark.parametrize(
    "loop",
    [
        "for x in xs:\n        xs.pop()\n        n += len(xs)",
        "for x in xs:\n        out = []\n        out.append(x)\n        n += 1",
        "for s in xs:\n        n += len(s)",
        "for x in xs:\n        n += sum([len(s) for s in x])",
        "for x in xs:\n        n += len(k)",
    ],
)
def test_what_differs_from_round_to_round_stays_in_the_loop(loop: str) -> None:
    source = f"def f(xs: list[str], s: str, k):\n    n = 0\n    {loop}\n    return n\n"
    assert not {"hoist_value", "hoist_method", "hoist_statement"} & set(proposed(source))


def test_work_that_one_branch_uses_is_done_there() -> None:
    source = "def f(xs: list[int], s: str):\n    n = sorted(xs)\n    if s:\n        return n\n    return s\n"
    assert (
        variant(source, "sink")
        == "def f(xs: list[int], s: str):\n    if s:\n        n = sorted(xs)\n        return n\n    return s\n"
    )
    assert "sink" not in proposed(source.replace("return s\n", "return n\n"))


def test_a_branch_returns_what_it_decides() -> None:
    source = """\
        def f(x):
            if x.small():
                r = x.a  # small
            elif x.large():
                x.note()
                r = (x.b)
            else:
                r = None
            return r
    """
    code = variant(source, "return_in_branch")
    assert "return x.a  # small" in code
    assert "return (x.b)" in code
    assert "return None" in code
    assert "r =" not in code
    assert "return r" not in code


def test_a_search_returns_what_it_finds() -> None:
    source = """\
        def f(xs, k):
            r = None
            for x in xs:
                if k(x):
                    r = x
                    break
            return r
    """
    code = variant(source, "return_in_round")
    assert "            return x\n    return r\n" in code
    assert "break" not in code


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    try:\n        if x():\n            r = 1\n        else:\n            r = 2\n        return r\n    finally:\n        print(r)\n",
        "def f(x):\n    if x():\n        r = 1\n    g = lambda: r\n    return r\n",
        "def f(x):\n    def g():\n        return r\n    if x(g):\n        r = 1\n    return r\n",
    ],
)
def test_a_result_that_somebody_else_looks_at_is_kept(source: str) -> None:
    assert not {"return_in_branch", "return_in_block"} & set(proposed(source))


def test_a_search_that_only_sets_a_flag_stops() -> None:
    source = """\
        def f(xs: list[int], n: int):
            found = False
            for x in xs:
                if x > n:
                    found = True
            return found
    """
    assert "            found = True\n            break\n" in variant(source, "break_when_found")
    for change in (("x > n", "n // x"), ("= True", "= x"), (": list[int]", ""), ("return found", "return x")):
        assert "break_when_found" not in proposed(source.replace(*change))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("any([x > 1 for x in xs])", "any(x > 1 for x in xs)"),
        ("set([x for x in xs])", "{x for x in xs}"),
        ("sum([k(x) for x in xs])", ""),
        ("any([k(x) for x in xs])", ""),
        ("any([n // x for x in xs])", ""),
        ("sorted([k(x) for x in xs])", "sorted(k(x) for x in xs)"),
        ("sorted([k(x) for x in xs], key=k)", "sorted((k(x) for x in xs), key=k)"),
        ("', '.join([k(x) for x in xs])", "', '.join(k(x) for x in xs)"),
        ("', '.join([next(x) for x in xs])", ""),
        ("', '.join([(y := x) for x in xs])", ""),
    ],
)
def test_a_list_that_is_used_up_at_once_need_not_be_made(text: str, expected: str) -> None:
    found = proposed(f"def f(xs: list[int], n: int, k):\n    return {text}\n").get("lazy_elements", [])
    assert [each.code.partition("return ")[2].strip() for each in found] == [expected] * bool(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sorted(list(k))", "sorted(k)"),
        ("set(sorted(xs))", "set(xs)"),
        ("set(sorted(k))", ""),
        ("sum(sorted(fs))", ""),
        ("n in d.keys()", "n in d"),
        ("n in k.keys()", ""),
        ("n in list(xs)", "n in xs"),
        ("k in list(xs)", ""),
        ("list(sorted(k))", "sorted(k)"),
        ("len(list(d))", "len(d)"),
        ("n in (1, 2, 3)", "n in {1, 2, 3}"),
        ("n in (1, 2)", ""),
        ("k in (1, 2, 3)", ""),
    ],
)
def test_a_copy_or_an_order_that_makes_no_difference_is_left_out(text: str, expected: str) -> None:
    source = f"def f(xs: list[int], fs: list[float], d: dict[int, int], n: int, k):\n    return {text}\n"
    found = [
        one
        for name in ("no_copy", "no_sorting", "set_of_constants")
        for one in proposed(source).get(name, [])
    ]
    assert [each.code.partition("return ")[2].strip() for each in found] == [expected] * bool(expected)


def test_a_loop_that_fills_a_new_list_becomes_a_comprehension() -> None:
    source = """\
        def f(xs, k):
            out: list[str] = []
            # in order
            for x, y in xs:
                if not x or y:
                    continue
                out.append((k(x), y))
            return out
    """
    assert variant(source, "comprehension") == textwrap.dedent("""\
        def f(xs, k):
            # in order
            out: list[str] = [(k(x), y) for x, y in xs if not (not x or y)]
            return out
    """)


@pytest.mark.parametrize(
    ("start", "body", "expected"),
    [
        ("{}", "out[x] = k(x)", "{x: k(x) for x in xs}"),
        ("set()", "out.add(k(x))", "{k(x) for x in xs}"),
        ("[]", "out.append(x if x else k)", "[(x if x else k) for x in xs]"),
        ("{}", "out[k(x)] = k.other(x)", ""),
        ("[]", "out.append(len(out))", ""),
        ("[]", "out.append(lambda: x)", ""),
        ("[]", "out.append(super().a)", ""),
        ("[]", "out.add(x)", ""),
        ("k()", "out.append(x)", ""),
    ],
)
def test_what_a_loop_puts_in_decides_which_comprehension(start: str, body: str, expected: str) -> None:
    source = f"def f(xs, k):\n    out = {start}\n    for x in xs:\n        {body}\n    return out\n"
    found = proposed(source).get("comprehension", [])
    assert [f"    out = {expected}\n" in each.code for each in found] == [True] * bool(expected)


@pytest.mark.parametrize(
    "source",
    [
        "def f(xs):\n    out = []\n    for x in xs:\n        out.append(x)\n    return out, x\n",
        "def f(xs):\n    out = []\n    for x in xs:\n        out.append(x)  # why\n    return out\n",
        "def f(xs):\n    out = []\n    xs.use(out)\n    for x in xs:\n        out.append(x)\n    return out\n",
        "def f(xs):\n    try:\n        out = []\n        for x in xs:\n            out.append(x)\n    except E:\n        return out\n",
    ],
)
def test_a_loop_that_somebody_could_tell_from_a_comprehension_stays(source: str) -> None:
    assert "comprehension" not in proposed(source)


def test_items_stored_directly_after_a_display_go_into_it() -> None:
    source = "def f(k):\n    d = {'a': k}\n    d['b'] = k()\n    d[k] = 2\n    return d\n"
    assert "    d = {'a': k, 'b': k(), k: 2}\n    return d\n" in variant(source, "display")
    assert "display" not in proposed(source.replace("k()", "k(d)"))
    long = "def f(k):\n    rows = []\n" + "".join(
        f"    rows.append(k.name_{n}_that_is_long)\n" for n in range(4)
    )
    assert "    rows = [\n        k.name_0_that_is_long,\n" in variant(long, "display")
    assert "        k.name_3_that_is_long,\n    ]\n" in variant(long, "display")


def test_one_test_asks_several() -> None:
    source = "def f(x, s: str):\n    if isinstance(x, int) or isinstance(x, str) or s.startswith('a') or s.startswith('b'):\n        return 1\n"
    (found,) = proposed(source)["tests_together"]
    assert "isinstance(x, (int, str)) or s.startswith('a')" in found.code
    assert "return s in ('a', 'b')" in variant(
        "def f(s: str):\n    return s == 'a' or s == 'b'\n", "tests_together"
    )
    assert "tests_together" not in proposed("def f(s):\n    return s == 'a' or s == 'b'\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = kw['a'] if 'a' in kw else None", "x = kw.get('a')"),
        ("x = kw['a'] if 'a' in kw else 3", "x = kw.get('a', 3)"),
        ("x = kw['a'] if 'a' in kw else k()", ""),
        ("x = k['a'] if 'a' in k else 3", ""),
        ("if 'a' in kw:\n        x = kw.pop('a')\n    else:\n        x = None", "x = kw.pop('a', None)"),
        ("if 'a' in kw:\n        x = kw['b']\n    else:\n        x = None", ""),
    ],
)
def test_two_look_ups_become_one_where_it_is_a_dict(text: str, expected: str) -> None:
    found = proposed(f"def f(k, **kw):\n    {text}\n    return x\n").get("lookup_once", [])
    assert [f"    {expected}\n" in each.code for each in found] == [True] * bool(expected)


def test_a_text_built_in_a_loop_is_joined_after_it() -> None:
    source = "def f(xs, n: int):\n    s = ''\n    for x in xs:\n        s += f'{n}, '\n    return s\n"
    assert variant(source, "join_once") == (
        "def f(xs, n: int):\n    s_parts = []\n    for x in xs:\n        s_parts.append(f'{n}, ')\n"
        '    s = "".join(s_parts)\n    return s\n'
    )
    assert "join_once" not in proposed(source.replace("f'{n}, '", "x"))
    assert "join_once" not in proposed(source.replace("+= f'{n}, '", "+= s.strip()"))


def test_a_call_made_twice_is_made_once_unless_something_comes_between() -> None:
    source = "def f(xs: list[int], k):\n    if len(xs) > 1:\n        return len(xs)\n    return 0\n"
    assert "    len_xs = len(xs)\n    if len_xs > 1:\n        return len_xs\n" in variant(source, "call_once")
    assert "call_once" not in proposed(source.replace("        return", "        k()\n        return"))


def test_an_attribute_is_read_once_until_something_is_called() -> None:
    source = """\
        def f(self, k):
            if self.a is not None and self.a > 1:
                k(self.a)
                return self.a
            return 0
    """
    code = variant(source, "attribute_once")
    assert "    a = self.a\n    if a is not None and a > 1:\n        k(a)\n        return self.a\n" in code


def test_an_attribute_of_a_name_in_an_f_string_stays_where_its_place_is_not_known() -> None:
    source = "def f(self):\n    if self.a:\n        return f'''\n{self.a}'''\n    return self.a\n"
    for each in proposed(source).get("attribute_once", []):
        assert compile(each.code, "a", "exec").co_filename == "a"


def test_pure_functions_of_the_module_run_side_by_side_with_errors_in_the_old_order() -> None:
    source = """\
        def half(n: int):
            if n % 2:
                raise ValueError(n)
            return n // 2

        def f(a: int, b: int):
            x = half(a)
            y = half(b)
            return x + y
    """
    code = variant(source, "parallel")
    assert "    x = x_future.result()\n    y = y_future.result()\n    return x + y\n" in code
    names: dict[str, object] = {}
    exec(f"{textwrap.dedent(source)}\n{code}", names)
    assert names["f"](4, 6) == 5  # type: ignore[operator]
    with pytest.raises(ValueError, match="3"):
        names["f"](3, 5)  # type: ignore[operator]
    assert "parallel" not in proposed(source.replace("half(b)", "half(x)"))
    assert "parallel" not in proposed(source.replace("raise ValueError(n)", "print(n)"))


def test_files_are_looked_up_side_by_side() -> None:
    source = "def f(paths: list[str]):\n    found = [os.path.exists(p) for p in paths]\n    return found\n"
    assert "found = list(pool.map(os.path.exists, paths))" in variant(source, "parallel_map")


def test_a_function_that_is_decorated_or_defined_twice_is_not_taken_for_pure() -> None:
    source = "@k\ndef half(n: int):\n    return n\n\ndef f(a: int):\n    x = half(a)\n    y = half(a)\n    return x, y\n"
    assert "parallel" not in proposed(source)


def test_layout_after_brackets_quotes_and_wide_characters_stays_exact() -> None:
    source = "def f(xs: list[int]):\n    name = 'größe 日本'; n = any([x > 1 for x in xs])  # ü\n    return name, n\n"
    assert variant(source, "lazy_elements") == source.replace("[x > 1 for x in xs]", "x > 1 for x in xs")


@pytest.mark.parametrize(
    "source",
    [
        "def f(xs: list[int]):\n    n = len(xs)\n    if len(xs):\n        return locals()\n    return len(xs)\n",
        "def f():\n    pass\n",
        "def f(x): return x\n",
        "async def f(x):\n    return await x\n",
        "def f(x):\n    yield x\n",
    ],
)
def test_nothing_is_proposed_where_nothing_is_known_or_taken_for_granted(source: str) -> None:
    assert proposed(source) == {}


def test_source_that_does_not_parse_or_is_missing_gets_no_candidate() -> None:
    (base,) = procedures("def f(x):\n    return x\n")
    for source in (
        None,
        "def f(:\n",
        "x = 1\n",
        "def f(x):\n    return " + "(" * 300 + "x" + ")" * 300 + "\n",
    ):
        assert list(KIND.propose(replace(base, source=source), [], Policy(5), random.Random(1))) == []


def test_on_the_standard_library_every_candidate_is_kept_and_says_what_it_is() -> None:
    found = 0
    for name in ("asyncio.base_events", "difflib", "http.client", "subprocess", "argparse"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        corpus = procedures(Path(spec.origin).read_text(encoding="utf-8"))
        for each in corpus:
            candidates = KIND.propose(each, corpus[:20], Policy(5), random.Random(3))
            checker = Checker(each, ())
            for candidate in candidates:
                checker.offer(candidate)
                assert candidate.transform_id.startswith("constraint_relaxation.")
                assert all((candidate.name, candidate.assumption, candidate.reasoning, candidate.description))
                assert json.loads(json.dumps(candidate.details)) == candidate.details
            assert not checker.rejected
            found += bool(candidates)
    assert found >= 60


@pytest.mark.parametrize(
    ("call", "direct"),
    [
        ("list(k(x) for x in xs)", "[k(x) for x in xs]"),
        ("list((x for x in xs if x))", "[x for x in xs if x]"),
        ("list([x for x in xs])", "[x for x in xs]"),
        ("set(k(x) for x in xs)", "{k(x) for x in xs}"),
        ("set((1, 2, s))", "{1, 2, s}"),
        ("dict((x, k(x)) for x in xs)", "{x: k(x) for x in xs}"),
        ("dict([(s, k(x)) for x in xs])", "{s: k(x) for x in xs}"),
        ("dict(one=k, two=(1, 2))", '{"one": k, "two": (1, 2)}'),
        ("dict()", "{}"),
        ("list()", "[]"),
    ],
)
def test_what_a_call_makes_is_made_directly(call: str, direct: str) -> None:
    source = f"def f(xs: list[int], s: str, k):\n    made = {call}\n    return made\n"
    assert f"made = {direct}\n" in variant(source, "made_directly")


@pytest.mark.parametrize(
    "call",
    [
        "set([k(x) for x in xs])",  # its items are all there before the first is hashed
        "dict([(k(x), x) for x in xs])",
        "dict(k(x) for x in xs)",
        "dict(**k)",
        "dict(one=(y := 1))",
        "set((k, 1))",
        "set(())",
        "set()",
        "set(xs)",
        "list(xs)",
        "list(next(k) for x in xs)",  # a StopIteration would end the generator with another error
        "list(xs for xs in k if (y := xs))",
    ],
)
def test_what_would_be_made_otherwise_stays_a_call(call: str) -> None:
    assert "made_directly" not in proposed(f"def f(xs: list[int], s: str, k):\n    return {call}\n")
    shadowed = "def f(xs: list[int], list, k):\n    return list(x for x in xs)\n"
    assert "made_directly" not in proposed(shadowed)


@pytest.mark.parametrize(
    ("call", "gathered"),
    [
        ("', '.join(str(x) for x in xs)", "', '.join([str(x) for x in xs])"),
        ("s.join((str(x) for x in xs))", "s.join([str(x) for x in xs])"),
        ("sorted((k(x) for x in xs), key=len)", "sorted([k(x) for x in xs], key=len)"),
        ("sorted(k(x) for x in xs)", "sorted([k(x) for x in xs])"),
        ("tuple(k(x) for x in xs)", "tuple([k(x) for x in xs])"),
        ("k.join(str(x) for x in xs)", None),
        ("sum(x for x in xs)", None),
        ("any(k(x) for x in xs)", None),
    ],
)
def test_what_a_call_gathers_anyway_is_gathered_at_once(call: str, gathered: str | None) -> None:
    source = f"def f(xs: list[int], s: str, k):\n    return {call}\n"
    if gathered is None:
        assert "gathered_at_once" not in proposed(source)
    else:
        assert f"return {gathered}\n" in variant(source, "gathered_at_once")
