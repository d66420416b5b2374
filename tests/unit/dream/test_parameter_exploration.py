"""Parameter exploration: which literals, which other values, and what stays untouched."""

import random
from collections.abc import Mapping

import pytest

from daydream.contracts.dream import Candidate, Policy, Procedure
from daydream.dream.acceptance import Checker, diff
from daydream.dream.kinds.parameter_exploration import ParameterExploration, sites


def procedure(source: str, constants: Mapping[str, float] | None = None, qualname: str = "f") -> Procedure:
    return Procedure(
        path="a.py",
        qualname=qualname,
        occurrence=1,
        source_hash="h",
        blob="b",
        first_line=41,
        last_line=50,
        signature="()",
        summary="",
        complexity=1,
        side_effects="unknown",
        is_async=False,
        source=source,
        constants=constants or {},
    )


def proposed(
    source: str, constants: Mapping[str, float] | None = None, related: tuple[Procedure, ...] = ()
) -> list[Candidate]:
    base = procedure(source, constants)
    return list(ParameterExploration().propose(base, related, Policy(5), random.Random(1)))


def values(source: str, constants: Mapping[str, float] | None = None) -> list[object]:
    return sorted(each.details["to"] for each in proposed(source, constants))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f():\n    get(timeout=30)\n", [6, 15, 60, 150]),
        ("def f():\n    get(timeout=0.5)\n", [0.1, 0.25, 1.0, 2.5]),
        ("def f(retries=3):\n    pass\n", [1, 2, 6, 15]),
        ("def f():\n    workers = 1\n", [2, 5]),
        ("def f():\n    batch_size: int = 8\n", [2, 4, 16, 40]),
        ("def f():\n    time.sleep(2)\n", [1, 4, 10]),
        ("def f():\n    close(a, tolerance=0.5)\n", [0.1, 0.25, 1.0]),
        ("@lru_cache(maxsize=128)\ndef f():\n    pass\n", [26, 64, 256, 640]),
        ("def f(*, use_cache=True):\n    pass\n", [False]),
        ("class_ = 1\n", []),
    ],
)
def test_values_keep_their_type_and_their_range(source: str, expected: list[object]) -> None:
    found = values(source)
    assert found == expected
    assert [type(each) for each in found] == [type(each) for each in expected]


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    get(name=30, max_length=200, port=8080)\n",
        "def f():\n    get(timeout=None, limit=0, max_tries=-1, size='3')\n",
        "def f():\n    get(use_cache=True)\n",
        "def f(is_open=True, dry_run=False):\n    pass\n",
        "def f(*, verify=True):\n    pass\n",
        "def f():\n    def inner(timeout=3):\n        retries = 4\n",
        "def f():\n    x = timeout + 3\n",
    ],
)
def test_what_means_something_else_is_left_alone(source: str) -> None:
    assert proposed(source) == []


def test_only_the_literal_changes_and_layout_and_comments_stay() -> None:
    source = (
        "    def f(self):  # été\n"
        '        text = """\nno indent\n"""\n'
        "        return s('é', max_size=1_000_000,   # why\n"
        "                 timeout = 10)\n"
    )
    codes = {each.name: each.code for each in proposed(source)}
    assert codes["max_size 1000000 -> 500000"] == source.replace("1_000_000", "500_000")
    assert codes["timeout 10 -> 5"] == source.replace("10)", "5)")


def test_a_module_constant_is_varied_in_this_procedure_only() -> None:
    source = "def f():\n    return get(RETRY_LIMIT)\n"
    found = proposed(source, {"RETRY_LIMIT": 4_000, "OTHER": 7})
    assert found[0].code == "def f():\n    return get(2000)\n"
    assert {each.transform_id for each in found} == {"parameter_exploration.constant@1"}
    shadowed = "def f(RETRY_LIMIT):\n    return get(RETRY_LIMIT)\n"
    assert proposed(shadowed, {"RETRY_LIMIT": 4}) == []


def test_values_of_the_same_name_nearby_come_first() -> None:
    other = procedure("def g():\n    get(timeout=7)\n", qualname="g")
    found = proposed("def f():\n    get(timeout=30)\n", related=(other,))
    assert found[0].details == {"parameter": "timeout", "from": 30, "to": 7, "seen_in": "g"}
    assert found[0].reasoning.startswith("g uses 7")


def test_several_literals_take_turns() -> None:
    found = proposed("def f(timeout=30, retries=3):\n    pass\n")
    assert {each.details["parameter"] for each in found[:2]} == {"timeout", "retries"}


def test_a_changed_default_says_so_and_an_argument_keeps_the_signature() -> None:
    by_role = {
        each.transform_id: each.changes_default for each in proposed("def f(limit=5):\n    g(limit=9)\n")
    }
    assert by_role == {"parameter_exploration.default@1": True, "parameter_exploration.keyword@1": False}


def test_source_that_does_not_parse_has_no_sites() -> None:
    assert list(sites("def f(timeout=3:\n", {})) == []
    assert list(sites("timeout = 3\n", {})) == []


def candidate(code: str, *, changes_default: bool = False) -> Candidate:
    return Candidate(
        name="n",
        code=code,
        transform_id="t@1",
        assumption="a",
        reasoning="r",
        description="d",
        changes_default=changes_default,
    )


BASE = "def f(a, b=1):\n    return a + b\n"


@pytest.mark.parametrize(
    ("code", "changes_default", "reason"),
    [
        ("def f(a, b=1):\n    return a +\n", False, "does_not_compile"),
        ("def f(a, b=1):\n    nonlocal a\n", False, "does_not_compile"),
        ("def f(a, b=1):\n    '''New.'''\n    return (a + b)  # the same\n", False, "no_op"),
        ("def f(a, b=1):\n    return a  -  b\n", False, "duplicate"),
        ("def f(a, b=2):\n    return a + b\n", False, "signature"),
        ("def g(a, b=1):\n    return a * b\n", False, "signature"),
        ("def f(a, b=1):\n    import sys\n    return sys._getframe(1) and a - b + 1\n", False, "watches"),
        ("def f(a, b=1):\n    from gc import callbacks\n    return a - b + 1\n", False, "watches"),
        ("def f(a, b=1):\n    import sys\n    return getattr(sys, 'modules') and a + b\n", False, "watches"),
        ("async def f(a, b=1):\n    return a * b\n", False, "signature"),
        ("def f(a, b=1):\n    return a * b\n", True, "signature"),
    ],
)
def test_candidates_that_are_no_dreams_are_rejected_by_reason(
    code: str, changes_default: bool, reason: str
) -> None:
    checker = Checker(procedure(BASE), ())
    checker.offer(candidate("def f(a, b=1):\n    return a - b\n"))
    checker.offer(candidate(code, changes_default=changes_default))
    assert len(checker.kept) == 1
    assert dict(checker.rejected) == {reason: 1}


def test_a_variant_that_is_already_known_is_a_duplicate() -> None:
    first = Checker(procedure(BASE), ())
    first.offer(candidate("def f(a, b=1):\n    return a - b\n"))
    second = Checker(procedure(BASE), {first.kept[0][1]})
    second.offer(candidate("def f(a, b=1):\n    return a - b\n"))
    assert dict(second.rejected) == {"duplicate": 1}


def test_a_nested_function_may_rebind_names_outside_itself() -> None:
    source = "    def f(timeout=3):\n        nonlocal count\n        count = timeout\n"
    checker = Checker(procedure(source), ())
    checker.offer(candidate(source.replace("timeout=3", "timeout=6"), changes_default=True))
    assert len(checker.kept) == 1


def test_a_diff_has_the_line_numbers_of_the_file() -> None:
    text = diff(procedure(BASE), BASE.replace("b=1", "b=2"))
    assert text.splitlines()[:4] == ["--- a/a.py", "+++ b/a.py", "@@ -41,2 +41,2 @@", "-def f(a, b=1):"]


def said(source: str) -> list[str]:
    return sorted(
        each.code.split("\n")[1].strip() for each in proposed(source) if ".unsaid@" in each.transform_id
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("return list(zip(a, b))", ["return list(zip(a, b, strict=True))"]),
        (
            "warnings.warn('old', UserWarning)",
            [f"warnings.warn('old', UserWarning, stacklevel={n})" for n in (2, 3)],
        ),
        (
            "return x.decode('ascii')",
            [f"return x.decode('ascii', errors=\"{e}\")" for e in ("backslashreplace", "replace")],
        ),
        ("host = line.split(':')[0]", ["host = line.split(':', maxsplit=1)[0]"]),
        ("key, value = line.split('=')", ["key, value = line.split('=', maxsplit=1)"]),
        ("path.parent.mkdir(parents=True)", ["path.parent.mkdir(parents=True, exist_ok=True)"]),
        ("path.unlink()", ["path.unlink(missing_ok=True)"]),
        ("return max(sizes)", ["return max(sizes, default=None)"]),
    ],
)
def test_a_documented_argument_that_a_call_leaves_unsaid_is_said(line: str, expected: list[str]) -> None:
    assert said(f"def f(a, b, x, line, path, sizes):\n    {line}\n") == expected


@pytest.mark.parametrize(
    "line",
    [
        "return list(zip(a, b, strict=True)), zip(*a), zip(a)",
        "warnings.warn('old', UserWarning, 2), warnings.warn('old', **b)",
        "return x.decode(codec), x.encode('a name'), encode('ascii')",
        "return os.path.split(x)[0], x.split(',', 1)[0], x.split(',')[-1], re.split('a')[0]",
        "os.mkdir(x), sftp.mkdir(x, 7), os.unlink(x)",
        "return max(a, b), max(sizes, default=0), min(each for each in sizes)",
        "return f'{x.decode(\"ascii\")}'",
        "return print(name), open",
    ],
)
def test_what_is_said_or_is_somebody_elses_is_left_alone(line: str) -> None:
    assert said(f"def f(a, b, x, sizes, print):\n    {line}\n") == []


def test_an_argument_goes_behind_the_last_one_wherever_the_call_is_closed() -> None:
    (found,) = proposed("def f(a, b):\n    return zip(\n        a,\n        b,  # both\n    )\n")
    assert found.code == "def f(a, b):\n    return zip(\n        a,\n        b, strict=True,  # both\n    )\n"
    assert found.details == {"parameter": "strict", "call": "zip", "default": "False", "value": "True"}
    assert proposed("def f(a, b):\n    return zip(a, (b))\n") == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(x):\n    return x[:20]\n", [4, 10, 40, 100]),
        ("def f(rows):\n    return len(rows) > 100\n", [20, 50, 200, 500]),
        ("def f(self):\n    return self.load < 0.5\n", [0.1, 0.25, 1.0, 2.5]),
        ("def f(recursive=False):\n    pass\n", [True]),
        ("def f(x):\n    return x[:2], len(rows) > 3, x[20:], x == 100, x.status_code > 400\n", []),
    ],
)
def test_limits_and_switches_are_explored_and_small_numbers_are_structure(
    source: str, expected: list[object]
) -> None:
    assert values(source) == expected
