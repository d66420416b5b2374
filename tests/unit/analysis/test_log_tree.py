"""A message finds the template that it fits, the one with more fixed words first."""

import random

from daydream.analysis.logs.tree import Tree, path


def grown(*templates: str) -> Tree:
    tree = Tree()
    for number, template in enumerate(templates, start=1):
        tree.add(template.split(), number)
    return tree


def test_fixed_words_names_and_variables_are_preferred_in_this_order() -> None:
    tree = grown("a <*> c", "a x=<*> c", "a x=1 c")
    assert [tree.find(text.split()) for text in ("a x=1 c", "a x=2 c", "a y c")] == [3, 2, 1]


def test_a_wrong_turn_is_taken_back() -> None:
    tree = grown("a b <*> d", "a <*> c e")
    assert tree.find(["a", "b", "c", "d"]) == 1
    assert tree.find(["a", "b", "c", "e"]) == 2
    assert tree.find(["a", "b", "c", "f"]) == 0


def test_length_counts() -> None:
    tree = grown("a <*>")
    assert tree.find(["a"]) == 0
    assert tree.find(["a", "b"]) == 1
    tree.forget(2)
    assert tree.find(["a", "b"]) == 0


def test_punctuation_around_a_variable_part_is_not_demanded() -> None:
    assert path(['tag="<*>",', "(<*>)", "x"]) == ("tag=<*>", "<*>", "x")
    assert grown('tag="<*>",').find(["tag=none"]) == 1


def test_what_is_found_is_what_comparing_with_all_finds() -> None:
    dice = random.Random(5)
    templates = sorted({" ".join(dice.choice(["a", "b", "<*>"]) for _ in range(5)) for _ in range(40)})
    tree = grown(*templates)
    for _ in range(500):
        words = [dice.choice("abc") for _ in range(5)]
        fitting = [
            number
            for number, template in enumerate(templates, start=1)
            if all(step in ("<*>", word) for step, word in zip(template.split(), words, strict=True))
        ]
        best = min(fitting, key=lambda n: [s == "<*>" for s in templates[n - 1].split()], default=0)
        assert tree.find(words) == best
