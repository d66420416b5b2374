"""Calls that a docstring writes in its prose, and types that examples show."""

from typing import Any

from daydream.analysis.source import parse
from daydream.dream.catalogue import procedure_of
from daydream.dream.trials.doctests import examples
from daydream.dream.trials.inputs import inputs_for
from daydream.dream.trials.inputs_index import Index
from daydream.dream.trials.inputs_observed import of_values, seen_types
from daydream.dream.trials.inputs_target import Target, target_of
from daydream.records.repository import SourceFile
from daydream.sandbox.guest.encoding import decode, encode


def target(source: str) -> tuple[Target, Index]:
    index = Index({"m.py": source})
    function = parse(source.encode()).functions[-1]
    found = target_of(procedure_of(SourceFile("m.py", "", len(source)), function), source, index)
    assert found is not None
    return found, index


def calls(source: str) -> list[tuple[Any, ...]]:
    made, index = target(source)
    found = examples(made, index, 20)
    return [(*(decode(each) for each in one.given), *((name, decode(tree)) for name, tree in one.named)) for one in found]  # fmt: skip


def test_a_call_in_the_prose_is_an_example() -> None:
    source = '''
def add(left, right):
    """Add.

    add(1, 2) == 3; for texts add("a)",
    "b") gives "a)b", and add(right=[2], left=[1]) joins. Not re.add(7, 8), nor add(x, 1), nor add(5).
    """
'''
    assert calls(source)[:3] == [(1, 2), ("a)", "b"), (("right", [2]), ("left", [1]))]
    assert all(7 not in each and 5 not in each for each in calls(source))


def test_arguments_by_name_that_come_together_are_an_example() -> None:
    source = '''
def area(grid, limit):
    """For grid = [[1, 2],
    [3, 4]] and limit = -1 it is 0.
    Example 2: grid: [[5]] limit is 7

    Args:
        grid: rows of numbers
        limit: 3 or so
    """
'''
    assert calls(source)[:2] == [([[1, 2], [3, 4]], -1), ([[5]], 7)]


def test_a_single_parameter_may_be_called_the_input() -> None:
    source = '''
def shout(text):
    """Louder.

    Input: "abc"
    Output: "ABC"
    """
'''
    assert calls(source) == [("abc",)]


def test_prose_without_examples_has_none() -> None:
    source = '''
def shout(text, much):
    """Makes the text (any text) louder; see shout() and `text`: (( unclosed, 'quoted

    text: what to shout (a str
    """
'''
    assert calls(source) == []


def test_an_example_says_what_a_parameter_without_annotation_takes() -> None:
    source = '''
def pick(thing, other):
    """pick([("a", 1), ("b", 2)], 5) is 1."""
    return thing
'''
    made, index = target(source)
    types = seen_types(made, examples(made, index, 5))
    assert types["thing"].kind == "list"
    assert [each.kind for each in types["thing"].parts[0].parts] == ["str", "int"]
    assert types["other"].kind == "int"
    function = parse(source.encode()).functions[-1]
    plan = inputs_for(procedure_of(SourceFile("m.py", "", 1), function), source, (), index, 1, 60)
    drawn = [decode(each.inputs.given[0]) for each in plan.inputs if each.origin == "inferred"]
    assert drawn
    pairs = [pair for each in drawn if isinstance(each, list) for pair in each]
    assert sum(isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs) > len(pairs) / 2  # fmt: skip


def test_values_of_several_types_are_a_union_and_tuples_of_different_lengths_have_one() -> None:
    assert {each.kind for each in of_values([1, "a", None]).options} == {"int", "str", "none"}
    assert of_values([encode((1,)), encode((1, 2))]).kind == "variadic"
    assert of_values([encode({"a": 1.5})]).parts[1].kind == "float"
    assert of_values([encode(object())]).kind == "unknown"
    assert of_values([]).kind == "unknown"


def test_a_container_without_items_in_its_annotation_gets_those_that_its_examples_show() -> None:
    source = '''
def middle(l: list):
    """
    >>> middle(["a", "b"])
    """
    return l[len(l) // 2]
'''
    _, index = target(source)
    function = parse(source.encode()).functions[-1]
    plan = inputs_for(procedure_of(SourceFile("m.py", "", 1), function), source, (), index, 1, 60)
    items = [item for each in plan.inputs if each.origin == "typed" for item in decode(each.inputs.given[0])]
    assert items
    assert all(isinstance(each, str) for each in items)
