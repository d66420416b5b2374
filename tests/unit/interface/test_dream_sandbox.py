"""Running functions from Python: what comes of honest, clumsy and unfit ones, and what is counted."""

import dataclasses
import datetime as dt
import decimal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from daydream import DreamResult, DreamSandbox
from daydream.app.interface.expected import expectation, unlike
from daydream.app.interface.values import NotPlain, inputs_by_name, tree_of_value, value_of, values_by_name
from daydream.app.interface.written import Unfit, written
from daydream.contracts.sandbox import NOT_ISOLATED, SandboxRefused
from daydream.errors import UsageError
from daydream.sandbox.guest.encoding import encode
from tests.fakes.bubblewrap import why_not
from tests.fakes.waiting_dreams import settle

SCALE = """
def scale(numbers: list[int], factor: int = 2) -> list[int]:
    print("scaling")
    return [number * factor for number in numbers]
"""


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        settle(patch, place)
        yield place


@pytest.fixture(scope="module")
def box(home: Path) -> Iterator[DreamSandbox]:
    if why := why_not():
        pytest.skip(why)
    with DreamSandbox(timeout=5, root=home) as sandbox:
        yield sandbox


def test_a_function_is_called_with_arguments_by_name(box: DreamSandbox) -> None:
    found = box.execute_dream("d", SCALE, {"numbers": [1, 2], "factor": 3}, "list[int]")
    assert (found.success, found.output, found.error, found.error_category) == (True, [3, 6], None, None)
    assert (found.dream_id, found.output_text, found.stdout) == ("d", "[3, 6]", "scaling\n")
    assert (found.backend, found.isolated) == ("bubblewrap", True)
    assert found.execution_time_ms is not None
    assert found.execution_time_ms > 0


def test_a_result_is_a_mapping_of_its_fields(box: DreamSandbox) -> None:
    found = box.execute_dream("d", SCALE, {"numbers": [1]})
    assert isinstance(found, Mapping)
    assert {
        "success",
        "execution_time_ms",
        "output",
        "error",
        "error_category",
        "dream_id",
        "isolated",
    } <= set(found)
    assert dict(found)["output"] == found["output"] == [2]
    assert len(found) == len(list(found))
    with pytest.raises(KeyError):
        found["no such field"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.success = False  # type: ignore[misc]


@pytest.mark.parametrize(
    ("code", "given", "category", "says"),
    [
        ("def f(:\n    return 1", {}, "syntax", "line 1"),
        ("def f(x):\n    return x.y", {"x": 1}, "type", "AttributeError: 'int' object has no attribute 'y'"),
        ("def f(x):\n    return x + 'a'", {"x": 1}, "type", "TypeError"),
        ("def f(x):\n    return {}[x]", {"x": 1}, "runtime", "KeyError: 1"),
        ("def f():\n    assert False, 'never'", {}, "logic", "AssertionError: never"),
        ("def f():\n    import nothing_there", {}, "dependency", "nothing_there"),
        ("import nothing_there\ndef f():\n    return 1", {}, "dependency", "nothing_there"),
        ("def f():\n    return bytearray(2**32)", {}, "resource", "memory"),
        ("def f(n):\n    return f(n + 1)", {"n": 0}, "resource", "RecursionError"),
        ("def f():\n    import os\n    os._exit(0)", {}, "runtime", "without an answer"),
        ("def f():\n    import os\n    os.fork()", {}, "validation", "system call"),
        ("def f():\n    return 'x' * 2**23", {}, "validation", "characters"),
        ("raise ValueError('at import')\ndef f():\n    return 1", {}, "runtime", "at import"),
    ],
)
def test_each_failure_has_its_category(
    box: DreamSandbox, code: str, given: dict[str, Any], category: str, says: str
) -> None:
    found = box.execute_dream("d", code, given)
    assert (found.success, found.error_category) == (False, category), found.error
    assert says in (found.error or "")
    assert found.output is None


def test_what_never_ends_is_ended(home: Path) -> None:
    if why := why_not():
        pytest.skip(why)
    with DreamSandbox(timeout=0.3, root=home) as sandbox:
        found = sandbox.execute_dream("d", "def f():\n    while True: pass")
    assert (found.success, found.error_category) == (False, "timeout")
    assert found.execution_time_ms is not None
    assert found.execution_time_ms >= 300


@pytest.mark.parametrize(
    ("code", "given", "says"),
    [
        (SCALE, {}, "argument numbers is missing"),
        (SCALE, {"numbers": [], "more": 1}, "it takes no argument more"),
        (SCALE, {"numbers": [lambda: 1]}, "argument numbers cannot be handed over: it holds a function"),
        ("def f(*rest):\n    return rest", {"rest": 3}, "argument rest takes a list of values"),
        ("def f(**named):\n    return named", {"named": [1]}, "argument named takes a mapping"),
        ("class A:\n    pass", {}, "a class and no function"),
        ("x = 1", {}, "no function"),
        ("", {}, "no function"),
    ],
)
def test_what_cannot_even_be_called_is_a_validation_failure_and_runs_nothing(
    home: Path, code: str, given: dict[str, Any], says: str
) -> None:
    sandbox = DreamSandbox(root=home)
    found = sandbox.execute_dream("d", code, given)
    assert (found.success, found.error_category) == (False, "validation")
    assert says in (found.error or "")
    assert (found.execution_time_ms, found.backend, found.isolated) == (None, None, None)


@pytest.mark.parametrize(
    ("code", "given", "output"),
    [
        ("    def f(x):\n        return x + 1\n", {"x": 1}, 2),
        ("def f(self_made):\n        return self_made\n", {"self_made": [1]}, [1]),
        ("```python\ndef f(x):\n    return -x\n```\n", {"x": 1}, -1),
        ("\ufeffdef f(x):\r\n    return x\r\n", {"x": "a"}, "a"),
        ("def helper(x):\n    return x * 2\n\ndef f(x):\n    return helper(x) + 1\n", {"x": 3}, 7),
        ("a + b", {"a": 1, "b": 2}, 3),
        ("total = 0\nfor n in numbers:\n    total += n\nreturn total", {"numbers": [1, 2]}, 3),
        ("    x = a\n    return x", {"a": 4}, 4),
        ("import math\nmath.floor(x)", {"x": 2.5}, 2),
        ('text = """a\n  b"""\nreturn text', {}, "a\n  b"),
        ('    def f():\n        return """a\n    b"""\n', {}, "a\n    b"),
        ("    def helper():\n        return 1\n\n    def f():\n        return helper()\n", {}, 1),
        ("async def f(x):\n    return x", {"x": 1}, 1),
        ("def f(a, /, b=2, *rest, c, d=4, **more):\n    return [a, b, rest, c, d, more]",
         {"a": 1, "rest": (8, 9), "b": 3, "c": 5, "more": {"e": 6}}, [1, 3, (8, 9), 5, 4, {"e": 6}]),
        ("def f(a=1, b=2):\n    return a - b", {"b": 5}, -4),
        ("def f(**named):\n    return named", {"x": 1}, {"x": 1}),
    ],
)  # fmt: skip
def test_code_is_taken_as_people_write_it(
    box: DreamSandbox, code: str, given: dict[str, Any], output: Any
) -> None:
    found = box.execute_dream("d", code, given)
    assert (found.success, found.output) == (True, output), found.error


@pytest.mark.parametrize(
    "value",
    [
        None, True, 7, 2**80, -1.5, "tëxt", b"bytes", [1, [2]], (1, "a"), {"a": {1: None}}, {1, 2}, frozenset({3}),
        dt.date(2026, 3, 1), dt.timedelta(days=1), decimal.Decimal("1.5"), complex(1, 2),
    ],
    ids=repr,
)  # fmt: skip
def test_plain_values_go_in_and_come_out(box: DreamSandbox, value: Any) -> None:
    found = box.execute_dream("d", "def f(value):\n    return value", {"value": value})
    assert found.success
    assert found.output == value
    assert type(found.output) is type(value)


def test_what_is_no_plain_value_is_shown_and_not_built(box: DreamSandbox) -> None:
    code = "class Box:\n    def __init__(self):\n        self.side = 3\ndef f():\n    return Box()"
    found = box.execute_dream("d", code, {}, "Box")
    assert found.success
    assert found.output is None
    assert "Box" in (found.output_text or "")


@pytest.mark.parametrize(
    ("expected", "says"),
    [
        ("list[str]", "item 0 of the answer is a value of type int, and str was expected"),
        ("dict", "the answer is a value of type list, and dict was expected"),
        (int, "and int was expected"),
        (list[bool], "item 0 of the answer is a value of type int, and bool was expected"),
        ({"a": int}, "and dict was expected"),
        (None, ""),
        (list, ""),
        ("list[int] | None", ""),
        ("Sequence[float]", ""),
        ("json", ""),
    ],
)
def test_the_type_of_the_answer_is_looked_at(box: DreamSandbox, expected: Any, says: str) -> None:
    found = box.execute_dream("d", SCALE, {"numbers": [1]}, expected)
    assert found.success is not bool(says)
    assert found.error_category == ("validation" if says else None)
    assert says in (found.error or "")
    assert found.output == [2], "what it answered is told all the same"


def test_a_type_that_is_none_is_refused_before_anything_runs(home: Path) -> None:
    sandbox = DreamSandbox(root=home)
    with pytest.raises(UsageError, match="is no type; write it as an annotation"):
        sandbox.execute_dream("d", SCALE, {"numbers": []}, "list[")
    assert sandbox.get_test_statistics()["total_tests"] == 0


def test_failures_are_counted_by_category_with_an_example(home: Path) -> None:
    sandbox = DreamSandbox(root=home)
    for number in range(2):
        sandbox.execute_dream(f"bad-{number}", "def f(:", {})
    sandbox.execute_dream("unfit", SCALE, {})
    found = sandbox.get_failure_patterns()
    assert list(found) == ["syntax", "validation"]
    assert (found["syntax"]["count"], found["syntax"]["frequency"]) == (2, pytest.approx(2 / 3))
    assert found["syntax"]["example"]["dream_id"] == "bad-1"
    assert found["validation"]["example"]["error"] == "argument numbers is missing"


def test_statistics_say_nothing_where_nothing_ran(home: Path) -> None:
    found = DreamSandbox(root=home).get_test_statistics()
    assert (found["total_tests"], found["pass_rate"], found["average_execution_time_ms"]) == (0, None, None)


def test_statistics_add_up(box: DreamSandbox, home: Path) -> None:
    if why := why_not():
        pytest.skip(why)
    with DreamSandbox(timeout=5, root=home) as sandbox:
        sandbox.execute_dream("a", SCALE, {"numbers": [1]})
        sandbox.execute_dream("a", SCALE, {"numbers": [1]}, "str")
        sandbox.execute_dream("b", SCALE, {})
        found = sandbox.get_test_statistics()
    assert (found["total_tests"], found["passed"], found["failed"], found["dreams"]) == (3, 1, 2, 2)
    assert found["pass_rate"] == pytest.approx(1 / 3)
    assert found["failures_by_category"] == {"validation": 2}
    assert found["average_execution_time_ms"] > 0


def test_calls_leave_nothing_to_each_other(box: DreamSandbox) -> None:
    code = "seen = []\ndef f():\n    seen.append(1)\n    return len(seen)"
    assert [box.execute_dream("d", code).output for _ in range(2)] == [1, 1]


def test_nothing_of_this_machine_is_seen(box: DreamSandbox, home: Path) -> None:
    code = f"def f():\n    import os\n    return [os.path.exists({str(home)!r}), 'DAYDREAM_TRIALS_INPUTS' in os.environ]"
    assert box.execute_dream("d", code).output == [False, False]


def test_a_closed_sandbox_starts_again(home: Path) -> None:
    if why := why_not():
        pytest.skip(why)
    sandbox = DreamSandbox(timeout=5, root=home)
    first = sandbox.execute_dream("d", "def f():\n    return 1")
    sandbox.close()
    sandbox.close()
    assert (first.output, sandbox.execute_dream("d", "def f():\n    return 2").output) == (1, 2)
    sandbox.close()


def test_without_a_sandbox_nothing_runs_and_it_says_what_to_do(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAYDREAM_SANDBOX_ORDER", "docker")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    sandbox = DreamSandbox(root=home)
    with pytest.raises(SandboxRefused, match=r"no Docker engine answers at unix:///nowhere"):
        sandbox.execute_dream("d", SCALE, {"numbers": []})
    assert sandbox.get_test_statistics()["total_tests"] == 0


def test_without_a_sandbox_it_runs_where_a_person_allows_it_and_says_so(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAYDREAM_SANDBOX_ORDER")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    own = tmp_path / "config.toml"
    own.write_text('[sandbox]\norder = ["docker"]\nallow_unisolated = true\n')
    with DreamSandbox(timeout=5, root=home, config_file=own) as sandbox:
        found = sandbox.execute_dream("d", SCALE, {"numbers": [4]})
    assert (found.output, found.backend, found.isolated) == ([8], NOT_ISOLATED, False)


@pytest.mark.parametrize(
    ("timeout", "memory_mb"),
    [(1, 10**14), (0, 512), (-1, 512), (float("nan"), 512), (30, 1), (10**9, 512), ("30", 512), (30, None)],
)
def test_limits_that_make_no_sense_are_refused(timeout: Any, memory_mb: Any) -> None:
    with pytest.raises(UsageError, match=r"timeout .* and memory_mb .*: give (numbers|seconds)"):
        DreamSandbox(timeout, memory_mb=memory_mb)


def test_packages_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        DreamSandbox(packages=[tmp_path / "gone"])


@pytest.mark.parametrize(
    ("value", "expected", "fits"),
    [
        (1, "float", True), (True, "int", True), (1, "bool", False), (None, "None", True), (None, "Optional[int]", True),
        ("a", "Literal['a', 'b']", True), ("c", "Literal['a', 'b']", False), (True, "Literal[1]", False),
        ((1, "a"), "tuple[int, str]", True), ((1, "a"), "tuple[int, ...]", False), ((1,), "tuple[int, str]", False),
        ((), "tuple[int, ...]", True), ({"a": 1}, "dict[str, int]", True), ({"a": "b"}, "dict[str, int]", False),
        ({1: "b"}, "Mapping[str, str]", False), ({1, 2}, "set[int]", True), ({1, 2}, "set[str]", False),
        ([[1], [2.5]], "list[list[float]]", True), ([{"a": [1]}], "list[dict[str, list[int]]]", True),
        ([1, "a", None], "list[int | str | None]", True), ([1, b""], "json", False), ({"a": [1, None]}, "json", True),
        ({1: 2}, "json", False), (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "datetime.date", True), (dt.date(2026, 1, 1), "datetime", False),
        (decimal.Decimal(1), "Decimal", True), (Path("a"), "pathlib.Path", True), (..., "Any", True),
        ([1], "Annotated[list[int], 'x']", True), ([1], "'list[int]'", True), ("a", "Sequence", True), (3, "Iterable", False),
        ({"a": 1, "b": [1]}, {"a": "int", "b": list[int]}, True), ({"a": 1}, {"a": None}, True), ({}, {"a": "int"}, False),
        ({"a": {"b": "x"}}, {"a": {"b": int}}, False),
    ],
    ids=repr,
)  # fmt: skip
def test_types_are_read_as_annotations(value: Any, expected: Any, fits: bool) -> None:
    assert (unlike(encode(value), expectation(expected)) is None) is fits


def test_what_holds_itself_is_looked_at_and_is_no_json() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    assert unlike(encode(loop), expectation("list")) is None
    assert "holds itself" in (unlike(encode(loop), expectation("list[json]")) or "") or unlike(
        encode(loop), expectation("json")
    )
    twice = [[1]] * 2
    assert unlike(encode(twice), expectation("list[list[int]]")) is None
    assert unlike(encode(twice), expectation("list[list[str]]")) is not None


@pytest.mark.parametrize(
    "tree",
    [
        ["object", "os", "stat_result", []],
        ["new", "os", "system", ["true"], []],
        ["enum", "http", "HTTPStatus", "OK"],
        ["list", [["dict", [["a", ["function", "compare"]]]]]],
        ["fraction", "1/3"],
        ["pattern", "(a+)+$", 0],
        ["set", list(range(10_001))],
        ["path", "WindowsPath", "a"],
    ],
    ids=lambda tree: str(tree[0]),
)
def test_nothing_is_built_but_python_s_own_plain_values(tree: Any) -> None:
    with pytest.raises(NotPlain):
        value_of(tree)


def test_arguments_by_name_and_back() -> None:
    what = written("def f(a, /, b, *rest, c=1, **more):\n    return a")
    values = {"a": 1, "b": 2, "rest": [3, 4], "c": 5, "more": {"d": 6}}
    inputs = inputs_by_name(what.parameters, values)
    assert inputs.given == (1, 2, 3, 4)
    assert dict(inputs.named) == {"c": 5, "d": 6}
    assert values_by_name(what.parameters, inputs) == values


def test_an_argument_that_is_too_large_is_unfit() -> None:
    with pytest.raises(Unfit, match="argument text cannot be handed over"):
        tree_of_value("text", "x" * 10**6)


def test_a_result_is_told_from_another_run_of_the_same() -> None:
    first, second = (DreamResult(dream_id="d", success=True, output=[1]) for _ in range(2))
    assert first == second
    assert len({first, second}) == 2


@pytest.mark.parametrize(("code", "given"), [(None, {}), ("def f(x): return x", [1])])
def test_what_is_no_code_and_what_are_no_arguments_is_refused(code: Any, given: Any) -> None:
    with DreamSandbox() as sandbox, pytest.raises(UsageError, match="give the code as a text"):
        sandbox.execute_dream("d", code, given)
