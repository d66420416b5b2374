"""A mutated call differs, keeps its types, and stays well formed; a grown one has exactly the size that was asked for."""

import itertools
import random
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daydream.contracts.sandbox import Inputs
from daydream.dream.trials.inputs_sizes import families, grown
from daydream.dream.trials.mutation import edited, mutated, related, relative
from daydream.sandbox.guest.encoding import check, decode, encode

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.binary(max_size=20)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=4), inner, max_size=4)
        | st.tuples(inner, inner)
    ),
    max_leaves=12,
)


def kinds(value: Any) -> Any:
    """The type of a value, of a tuple with its places."""
    return tuple(kinds(each) for each in value) if type(value) is tuple else type(value)


@settings(max_examples=150, deadline=None)
@given(VALUES, st.integers(0, 2**32))
def test_a_mutation_is_well_formed_and_keeps_the_type(value: Any, seed: int) -> None:
    made = mutated(Inputs((encode(value),)), random.Random(seed))
    if made is not None:
        check(made.given[0])
        assert kinds(decode(made.given[0])) == kinds(value)


def test_the_same_seed_gives_the_same_mutations_and_the_original_stays() -> None:
    inputs = Inputs((["list", [1, "a", ["dict", [["k", 2]]]]],), (("b", 3),))
    before = repr(inputs)
    made = [mutated(inputs, random.Random(seed)) for seed in range(30)]
    assert made == [mutated(inputs, random.Random(seed)) for seed in range(30)]
    assert repr(inputs) == before
    assert len({repr(each) for each in made}) > 15


def test_the_object_of_a_method_stays() -> None:
    box = ["new", "mod", "Box", [4], []]
    made = [mutated(Inputs((box, 1)), random.Random(seed), receiver=True) for seed in range(20)]
    assert all(each is not None and each.given[0] == box for each in made)


def test_names_of_classes_and_members_stay() -> None:
    trees = [["enum", "mod", "Color", "RED"], ["new", "pkgutil", "resolve_name", ["mod:Box"], []]]
    assert mutated(Inputs(tuple(trees)), random.Random(1)) is None


def test_what_an_object_is_made_from_may_change() -> None:
    made = {repr(mutated(Inputs((["new", "mod", "Box", [4], [["name", "x"]]],)), random.Random(seed))) for seed in range(20)}  # fmt: skip
    assert len(made) > 5


def test_values_that_refer_to_one_another_stay() -> None:
    assert mutated(Inputs((["list", [["list", [1]], ["ref", 1]]],)), random.Random(1)) is None


def test_nothing_to_change_is_said() -> None:
    assert mutated(Inputs((None,)), random.Random(1)) is None
    assert mutated(Inputs(), random.Random(1)) is None


@pytest.mark.parametrize("tree", [["float", "nan"], ["float", "inf"], ["float", (1e308).hex()], ["int", hex(2**70)], 2**53 - 1, ["timedelta", 1, 2, 3], ["list", []], ""])  # fmt: skip
def test_values_at_the_edge_can_be_edited(tree: Any) -> None:
    for seed in range(20):
        check(edited(tree, random.Random(seed)))


@pytest.mark.parametrize("size", [1, 2, 16, 300])
@pytest.mark.parametrize(
    "value",
    [[3, 1], ("a", "b"), "abc", b"xy", {1, 2}, {"a": 1, "b": [2]}, frozenset({"q"}), [{"a": 1}], {(1, 2): 3}],
)
def test_a_grown_argument_has_exactly_that_size(value: Any, size: int) -> None:
    made = grown(Inputs((encode(value),)), 0, size, 1)
    assert made is not None
    decoded = decode(made.given[0])
    assert len(decoded) == size
    assert type(decoded) is type(value)
    assert made == grown(Inputs((encode(value),)), 0, size, 1)


def test_a_family_grows_in_one_argument_alone() -> None:
    inputs = Inputs((["new", "mod", "Box", [["list", [1]]], []], ["list", [1, 2]], 7), (("text", "ab"),))
    found = families(inputs, 1, (4, 8), receiver=True)
    assert [each.argument for each in found] == [1, "text"]
    assert [size for size, _ in found[0].members] == [4, 8]
    for _, member in found[0].members:
        assert (member.given[0], member.given[2], member.named) == (inputs.given[0], 7, inputs.named)


def test_what_has_no_size_or_is_empty_has_no_family() -> None:
    assert families(Inputs((1, None, ["list", []], "", ["float", "nan"])), 1) == []


def test_a_size_that_does_not_fit_is_left_out() -> None:
    [family] = families(Inputs((["list", ["x" * 5000]],)), 1, (10, 1000))
    assert [size for size, _ in family.members] == [10]


def test_values_of_one_type_change_places_wherever_they_stand() -> None:
    grid = encode([[1, 2], [3, 4]])
    made = [mutated(Inputs((grid,)), random.Random(seed)) for seed in range(200)]
    found = [decode(each.given[0]) for each in made if each is not None]
    moved = [
        rows for rows in found if rows != [[1, 2], [3, 4]] and sorted(itertools.chain(*rows)) == [1, 2, 3, 4]
    ]
    assert any(sorted(map(len, rows)) == [2, 2] and {*rows[0]} != {1, 2} for rows in moved)


def test_an_argument_takes_over_what_another_holds() -> None:
    call = Inputs(("needle", encode(["one", "two"]), 77, encode([1, 2])))
    made = [mutated(call, random.Random(seed)) for seed in range(300)]
    texts = {decode(each.given[0]) for each in made if each is not None}
    numbers = [number for each in made if each is not None for number in decode(each.given[3])]
    assert {"one", "two"} & texts
    assert {76, 77, 78} & set(numbers)


def test_numbers_of_the_code_turn_up_as_arguments_and_inside_texts() -> None:
    call = Inputs(("2024-02-10", 5))
    made = [mutated(call, random.Random(seed), constants=(8765,)) for seed in range(300)]
    texts = [each.given[0] for each in made if each is not None]
    assert any("8765" in text or "8764" in text for text in texts)
    assert {8764, 8765, 8766} & {each.given[1] for each in made if each is not None}
    assert not any("8765" in str(mutated(call, random.Random(seed))) for seed in range(100))


def test_a_text_keeps_the_kinds_of_its_characters_often_and_its_numbers_their_width() -> None:
    made = [mutated(Inputs(("a7-B",)), random.Random(seed)) for seed in range(200)]
    shapes = [each.given[0] for each in made if each is not None]
    assert sum(re.fullmatch(r"[a-z]\d-[A-Z]", each) is not None for each in shapes) > 30
    dates = [mutated(Inputs(("03-09",)), random.Random(seed)) for seed in range(200)]
    assert {"04-09", "02-09", "03-08", "03-10"} & {each.given[0] for each in dates if each is not None}


def test_related_arguments_are_the_same_a_part_or_near() -> None:
    rng = random.Random(1)
    made = {relative("abcdef", rng) for _ in range(100)}
    assert "abcdef" in made
    assert any(each in "abcdef" and 0 < len(each) < 6 for each in made)
    assert related("a", "b")
    assert related(encode([1]), encode(["a"]))
    assert not any(related(one, two) for one, two in (("a", 1), (True, False), (None, None)))
