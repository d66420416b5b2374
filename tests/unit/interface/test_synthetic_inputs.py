"""Inputs from the source of a function alone, and the type that it returns."""

from typing import Any

import pytest

from daydream import SyntheticTestGenerator
from daydream.errors import UsageError

SCALE = """
def scale(numbers: list[int], factor: int = 2, *, name: str | None = None) -> list[int]:
    if factor > 100:
        raise ValueError(factor)
    return [number * factor for number in numbers]
"""


def made(code: str, count: int = 5, seed: int = 42) -> list[dict[str, Any]]:
    return SyntheticTestGenerator(seed=seed).generate_test_inputs(code, count)


def test_the_same_seed_gives_the_same_inputs_and_another_one_others() -> None:
    assert made(SCALE, 12) == made(SCALE, 12)
    assert made(SCALE, 12) != made(SCALE, 12, seed=7)


@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_there_are_as_many_as_were_asked_for_and_all_differ(count: int) -> None:
    found = made(SCALE, count)
    assert len(found) == count
    assert len({repr(each) for each in found}) == count


def test_inputs_are_by_name_and_of_the_types_that_are_said() -> None:
    for each in made(SCALE, 20):
        assert set(each) <= {"numbers", "factor", "name"}
        assert all(type(number) is int for number in each["numbers"])
        assert type(each.get("factor", 1)) is int
        assert each.get("name") is None or type(each["name"]) is str


def test_edge_cases_come_after_normal_ones() -> None:
    edges = SyntheticTestGenerator().generate_edge_cases(SCALE)
    found = made(SCALE, 10)
    where = [each in edges for each in found]
    assert where == sorted(where)
    assert any(where)
    assert not all(where)


def test_edges_are_empty_and_beside_the_constants() -> None:
    edges = SyntheticTestGenerator().generate_edge_cases(SCALE, 40)
    assert any(each["numbers"] == [] for each in edges)
    assert {100, 101} & {each.get("factor") for each in edges}
    assert len(SyntheticTestGenerator().generate_edge_cases(SCALE, 3)) == 3


def test_a_function_without_annotations_lives_from_what_it_does() -> None:
    found = made("def f(word):\n    return word.upper().split(',')", 5)
    assert found
    assert any(type(each["word"]) is str for each in found)


def test_a_function_without_parameters_has_one_input() -> None:
    assert made("def f():\n    return 1") == [{}]


def test_a_body_takes_the_names_that_it_does_not_make() -> None:
    code = "total = 0\nfor n in numbers:\n    total += n\nscaled = [x * by for x in numbers]\nreturn total, scaled"
    for each in made(code):
        assert set(each) <= {"numbers", "by"}
        assert "numbers" in each


def test_variadic_parameters_are_filled_as_they_are_called() -> None:
    found = made("def f(*rest: int, **named: str):\n    return len(rest) + len(named)", 10)
    assert all(type(each.get("rest", [])) is list for each in found)
    assert any(each.get("rest") for each in found)


def test_what_cannot_be_made_says_why() -> None:
    with pytest.raises(UsageError, match="no inputs can be made: argument `lock`"):
        made("import threading\ndef f(lock: threading.Lock):\n    return lock")
    with pytest.raises(UsageError, match="the code cannot be called: line 1"):
        made("def f(:")
    with pytest.raises(UsageError, match="its arguments are not made of Python's own types"):
        made("import re\ndef f(found: re.Match):\n    return found.group()")
    with pytest.raises(UsageError, match="ask for at least one"):
        made(SCALE, 0)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (SCALE, "list[int]"),
        ("def f() -> 'dict[str, int]':\n    return {}", "dict[str, int]"),
        ("def f(x):\n    return [x]", "list"),
        ("def f(x):\n    if x:\n        return 1\n    return 'a'", "int | str"),
        ("def f(x):\n    if x:\n        return {}", "dict | None"),
        ("def f(x):\n    if x:\n        return 1\n    else:\n        return 2", "int"),
        ("def f(x):\n    return x.y", None),
        ("def f(x):\n    yield 1", None),
        ("def f(x):\n    return f'{x}'", "str"),
        ("def f(x):\n    return not x", "bool"),
        ("def f(x):\n    return ', '.join(x)", "str"),
        ("def f(x):\n    return len(x)", "int"),
        ("def f(len):\n    return len(1)", None),
        ("def f(x):\n    def g():\n        return 1\n    return {1, 2}", "set"),
        ("def f(x):\n    print(x)", "None"),
        ("def f(x):\n    return 1 if x else 2", "int"),
        ("def f(x):\n    try:\n        return (1,)\n    except ValueError:\n        raise", "tuple"),
        ("def f(x):\n    with x:\n        return 1.5", "float"),
    ],
)
def test_the_type_that_is_returned_is_read_and_never_guessed(code: str, expected: str | None) -> None:
    assert SyntheticTestGenerator().get_expected_output_type(code) == expected
