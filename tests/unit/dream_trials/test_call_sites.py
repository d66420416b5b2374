"""What code calls a procedure with is read where it is written out, and nowhere else."""

import ast
from typing import Any

import pytest

from daydream.analysis.source import parse
from daydream.contracts.dream import Procedure
from daydream.contracts.sandbox import Inputs
from daydream.dream.catalogue import procedure_of
from daydream.dream.trials.call_sites import call_sites
from daydream.dream.trials.call_sites_literals import NotLiteral, Surroundings, tree_of_literal
from daydream.dream.trials.doctests import examples
from daydream.dream.trials.inputs_index import Index, module_name
from daydream.dream.trials.inputs_target import Target, target_of
from daydream.records.repository import SourceFile

MODULE = '''
import enum
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

LIMIT = 3
NAMES = ["a", "b"]

class Color(enum.Enum):
    RED = 1

def f(a, b=2, *rest, **more):
    """Add.

    >>> f(1, b=3)
    4
    >>> x = [1, 2]
    >>> f(x)
    >>> f(unknown)
    """

class Box:
    """A box.

    >>> Box(4).grow(by=5)
    """
    def __init__(self, size, name="x"):
        self.size = size
    def grow(self, by):
        return self.size + by
    @classmethod
    def of(cls, text):
        return cls(int(text))
    @staticmethod
    def least(a, b):
        return min(a, b)
'''


def procedures(path: str, text: str) -> dict[str, Procedure]:
    return {
        each.qualname: procedure_of(SourceFile(path, "", 0), each) for each in parse(text.encode()).functions
    }


def target(qualname: str, **others: str) -> tuple[Target, Index]:
    sources = {"mod.py": MODULE, **{f"{name}.py": text for name, text in others.items()}}
    index = Index(sources)
    found = target_of(procedures("mod.py", MODULE)[qualname], MODULE, index)
    assert found is not None
    return found, index


def called(qualname: str, test: str) -> list[Inputs]:
    found, index = target(qualname, test_mod=test)
    return call_sites(found, index, 50)


def literal(text: str) -> Any:
    index = Index({"mod.py": MODULE})
    scope = index.scope_at("mod.py")
    assert scope is not None
    return tree_of_literal(ast.parse(text, mode="eval").body, Surroundings(scope, index))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("-3", -3),
        ("2**3 if False else 1", None),
        ("60 * 60", 3600),
        ("'ab' * 2", "abab"),
        ("[0] * 3", ["list", [0, 0, 0]]),
        ("1.5", ["float", "0x1.8000000000000p+0"]),
        ("{'a': (1, None)}", ["dict", [["a", ["tuple", [1, None]]]]]),
        ("{1, 2}", ["set", [1, 2]]),
        ("[*NAMES, 'c']", ["list", ["a", "b", "c"]]),
        ("LIMIT", 3),
        ("Color.RED", ["enum", "mod", "Color", "RED"]),
        ("date(2024, 2, 29)", ["date", "2024-02-29"]),
        ("timedelta(hours=1)", ["timedelta", 0, 3600, 0]),
        ("Decimal('1.5')", ["decimal", "1.5"]),
        ("Path('a', 'b')", ["path", "Path", "a/b"]),
        ("frozenset('ab')", ["frozenset", ["a", "b"]]),
        ("Box(1, name='y')", ["new", "mod", "Box", [1], [["name", "y"]]]),
        ("Box", ["new", "pkgutil", "resolve_name", ["mod:Box"], []]),
        ("9007199254740993", ["int", "0x20000000000001"]),
        ("b'a'", ["bytes", "YQ=="]),
        ("unknown", None),
        ("f(1)", None),
        ("open('x')", None),
        ("[0] * 10**9", None),
        ("date(2024, 2, 30)", None),
    ],
)
def test_what_is_written_out_has_a_tree_and_nothing_else(text: str, tree: Any) -> None:
    if tree is None:
        with pytest.raises(NotLiteral):
            literal(text)
    else:
        assert literal(text) == tree


def test_literal_arguments_of_a_call_are_read() -> None:
    assert called("f", "from mod import f\ndef test():\n    assert f(1, b='x') == 2\n") == [
        Inputs((1,), (("b", "x"),))
    ]


def test_a_call_of_something_else_of_that_name_is_not_taken() -> None:
    assert called("f", "from other import f\nf(1)\n") == []
    assert called("f", "def f(x): ...\nf(1)\n") == []


def test_a_call_that_the_signature_refuses_is_not_taken() -> None:
    assert called("Box.least", "from mod import Box\nBox.least(1)\nBox.least(1, 2)\n") == [Inputs((1, 2))]


def test_rows_of_a_parametrised_test_become_calls() -> None:
    text = """
import pytest
from mod import f
@pytest.mark.parametrize("a, b", [(1, "x"), pytest.param(2, "y", id="two")])
@pytest.mark.parametrize("c", [True, False])
def test(a, b, c):
    assert f(a, b, c)
"""
    rows = [(a, b, c) for a, b in ((1, "x"), (2, "y")) for c in (True, False)]
    assert sorted(each.given for each in called("f", text)) == sorted(rows)


def test_loops_and_names_bound_once_are_followed() -> None:
    text = "import mod\ndef test():\n    last = 9\n    for a, b in [(1, 2), (3, 4)]:\n        mod.f(a, b, last)\n"
    assert called("f", text) == [Inputs((1, 2, 9)), Inputs((3, 4, 9))]


def test_a_name_that_is_bound_twice_or_changed_is_not_followed() -> None:
    assert called("f", "import mod\ndef test():\n    a = 1\n    a = 2\n    mod.f(a)\n") == []
    assert called("f", "import mod\ndef test():\n    a = {}\n    a['b'] = 2\n    mod.f(a)\n") == []


def test_a_method_is_called_on_an_object_that_is_made_there() -> None:
    text = "from mod import Box\ndef test():\n    box = Box(3)\n    box.grow(1)\n    other.grow(2)\n"
    assert called("Box.grow", text) == [Inputs((["new", "mod", "Box", [3], []], 1))]


def test_a_class_method_is_not_handed_its_class_and_a_constructor_is_handed_a_blank_object() -> None:
    assert called("Box.of", "from mod import Box\nBox.of('4')\n") == [Inputs(("4",))]
    blank = ["new", "mod", "Box.__new__", [["new", "pkgutil", "resolve_name", ["mod:Box"], []]], []]
    assert called("Box.__init__", "from mod import Box\nBox(4)\n") == [Inputs((blank, 4))]


def test_examples_in_docstrings_are_read() -> None:
    assert examples(*target("f"), 10) == [Inputs((1,), (("b", 3),)), Inputs((["list", [1, 2]],))]
    assert examples(*target("Box.grow"), 10) == [Inputs((["new", "mod", "Box", [4], []],), (("by", 5),))]


def test_a_file_that_does_not_parse_is_passed_over() -> None:
    found, index = target("f", test_a="f(1", test_b="import mod\nmod.f(7)\n")
    assert call_sites(found, index, 10) == [Inputs((7,))]


def test_at_most_what_is_asked_for_is_read() -> None:
    text = "import mod\n" + "".join(f"mod.f({number})\n" for number in range(100))
    found, index = target("f", test_mod=text)
    assert len(call_sites(found, index, 7)) == 7


def test_names_of_modules_follow_the_import_roots() -> None:
    assert module_name("src/pkg/__init__.py", ("src",)) == "pkg"
    assert module_name("src/pkg/mod.py", ("src",)) == "pkg.mod"
    assert module_name("tests/test_x.py", ("src",)) == "tests.test_x"
    assert module_name("my-script.py", ("",)) is None
