"""Dead code: the definition goes with its comment and with what only it needed; what a framework may call stays."""

from pathlib import Path

import pytest

from tests.fakes.fix_world import Case

RULE = "legacy.dead_code"


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path, RULE)


KEPT = "def kept():\n    return 1\n"


@pytest.mark.parametrize(
    ("identity", "before", "after"),
    [
        ("function _gone#1", f"{KEPT}\n\ndef _gone():\n    pass\n\n\nkept()\n", f"{KEPT}\n\nkept()\n"),
        ("function _gone#1", f"{KEPT}\n\ndef _gone():\n    pass\n", KEPT),
        ("function _gone#1", f"def _gone():\n    pass\n\n\n{KEPT}", KEPT),
        ("function _gone#1", f"{KEPT}\n\n# Of no use.\n# At all.\ndef _gone():\n    pass\n", KEPT),
        (
            "function _gone#1",
            f"{KEPT}\n\n# ---- section ----\ndef _gone():\n    pass\n\n\nx = 1\n",
            f"{KEPT}\n\n# ---- section ----\n\n\nx = 1\n",
        ),
        (
            "function _gone#1",
            f"{KEPT}\n\n# section\n\ndef _gone():\n    pass\n\n\nx = 1\n",
            f"{KEPT}\n\n# section\n\n\nx = 1\n",
        ),
        (
            "class _Gone#1",
            f"class _Gone(Exception):\n    x = 1\n\n    def f(self):\n        pass\n\n\n{KEPT}",
            KEPT,
        ),
        ("method A._gone#1", "class A:\n    def _gone(self):\n        pass\n", "class A:\n    pass\n"),
        (
            "method A._gone#1",
            "class A:\n    x = 1\n\n    @staticmethod\n    def _gone():\n        pass\n\n    def f(self):\n        pass\n",
            "class A:\n    x = 1\n\n    def f(self):\n        pass\n",
        ),
        (
            "function f._gone#1",
            "def f():\n    def _gone():\n        pass\n\n    return 1\n",
            "def f():\n\n    return 1\n",
        ),
        (
            "function _gone#1",
            "import json\nimport os\n\n\ndef _gone():\n    json.dumps(_helper(_LIMIT))\n\n\n_LIMIT = 5\n\n\ndef _helper(n):\n    return _helper(n - 1)\n\n\nos.sep\n",
            "import os\n\n\nos.sep\n",
        ),
        ("variable _GONE#1", "import re\n\n_GONE = re.compile('x')\nx = 1\n", "x = 1\n"),
    ],
)
def test_a_dead_definition_goes_with_what_only_it_needed(
    case: Case, identity: str, before: str, after: str
) -> None:
    made = case.fixed(identity, before)
    assert made == after or made == after.replace("def f():\n\n    return", "def f():\n    return")


@pytest.mark.parametrize(
    ("identity", "source", "why"),
    [
        ("function _gone#1", "@app.route('/')\ndef _gone():\n    pass\n", "decorator"),
        ("class _Gone#1", "class _Gone(Base):\n    pass\n", "inherits"),
        ("class _Gone#1", "class _Gone(metaclass=M):\n    pass\n", "inherits"),
        ("method A._gone#1", "class A(Thread):\n    def _gone(self):\n        pass\n", "inherits"),
        ("method A.gone#1", "class A:\n    def gone(self):\n        pass\n", "expect an object"),
        ("function pytest_gone#1", "def pytest_gone():\n    pass\n", "framework"),
        ("method A._on_gone#1", "class A:\n    def _on_gone(self):\n        pass\n", "framework"),
        (
            "function f.walk_error#1",
            "def f(x):\n    def walk_error(err):\n        log(err)\n\n    return x\n",
            "called back",
        ),
        ("function _gone#1", "if x:\n    def _gone():\n        pass\n", "condition"),
        ("function _gone#1", "def _gone():\n    pass\n\nglobals()[name]()\n", "at run time"),
        ("function _gone#1", "def _gone():  # kept for pickles\n    pass\n", "comment"),
        ("function _gone#1", "def _gone():\n    pass\n\nx = '_gone'\n", "elsewhere"),
        ("function _gone#1", "x = 1\n", "no longer there"),
        ("function _gone#1", "def _gone(): pass\ndef _gone(): pass\n", "more than once"),
        ("function _gone_it#1", "def _gone_it():\n    pass\n\nx = f'_gone_{y}'\n", "composed"),
        ("variable _GONE#1", "_GONE = start()\n", "effect"),
        ("nonsense", "x = 1\n", "unknown form"),
    ],
)
def test_what_somebody_may_use_without_naming_it_is_left(
    case: Case, identity: str, source: str, why: str
) -> None:
    assert why in case.left(identity, source)


@pytest.mark.parametrize("path", ["b.py", "conf.yaml", "docs/b.rst", "setup.cfg", "t.html"])
def test_a_name_that_any_other_text_says_is_left(case: Case, path: str) -> None:
    assert "elsewhere" in case.left("function _gone#1", "def _gone():\n    pass\n", {path: "x = a:_gone\n"})


def test_a_public_name_of_a_package_is_left_and_of_a_script_is_not(case: Case) -> None:
    source = "def gone():\n    pass\n\n\nx = 1\n"
    assert "people outside" in case.left("function gone#1", source, {"sub/setup.py": ""}, "sub/pkg/a.py")
    source = source.replace("gone", "lost")
    assert case.fixed("function lost#1", source, subject="scripts/a.py") == "x = 1\n"


def test_behave_calls_its_hooks_by_name(case: Case) -> None:
    source = "def before_all(context):\n    pass\n"
    assert "framework" in case.left("function before_all#1", source, subject="features/environment.py")


def test_a_helper_that_is_named_elsewhere_stays(case: Case) -> None:
    source = "def _gone():\n    _helper()\n\n\ndef _helper():\n    pass\n"
    others = {"b.py": "from a import _helper\n"}
    assert case.fixed("function _gone#1", source, others) == "def _helper():\n    pass\n"


def test_when_an_import_that_only_it_used_is_taken_by_others_all_is_left(case: Case) -> None:
    source = "import json\n\n\ndef _gone():\n    json.dumps(1)\n"
    assert "another file" in case.left("function _gone#1", source, {"b.py": "from a import json\n"})


def test_in_a_test_file_an_import_goes_with_its_only_user_whatever_it_does(case: Case) -> None:
    others = {"pkg/b.py": "register(1)\n\ndef thing():\n    pass\n"}
    source = "from pkg.b import thing\n\n\ndef _gone():\n    thing()\n\n\nx = 1\n"
    assert case.fixed("function _gone#1", source, others, "tests/test_c.py") == "x = 1\n"
    assert "effects" in case.left("function _lost#1", source.replace("_gone", "_lost"), others, "pkg/c.py")


TESTED = "import json\n\n\ndef _gone():\n    return json\n\n\ndef kept():\n    return 1\n"


@pytest.fixture
def tested(tmp_path: Path) -> Case:
    return Case(tmp_path, "legacy.only_tests")


def test_a_function_goes_with_the_tests_that_test_nothing_else(tested: Case) -> None:
    test = (
        "import pytest\nfrom a import _gone, kept\n\n\ndef test_gone():\n    assert _gone()\n\n\n"
        "@pytest.mark.parametrize('x', [1])\ndef test_more(x):\n    assert _gone() == x\n\n\ndef test_kept():\n    assert kept()\n"
    )
    made = tested.draft("function _gone#1", TESTED, {"tests/test_a.py": test})
    assert made.left == {}
    assert made.files == {
        "a.py": b"def kept():\n    return 1\n",
        "tests/test_a.py": b"from a import kept\n\n\ndef test_kept():\n    assert kept()\n",
    }


def test_a_test_file_that_held_nothing_else_goes_as_a_whole(tested: Case) -> None:
    test = "import unittest\nimport a\n\n\nclass T(unittest.TestCase):\n    def test_gone(self):\n        self.assertTrue(a._gone())\n"
    made = tested.draft("function _gone#1", TESTED, {"tests/test_a.py": test})
    assert made.files["tests/test_a.py"] is None


@pytest.mark.parametrize(
    "test",
    [
        "from a import _gone, kept\n\ndef test_a():\n    assert _gone() is kept()\n",
        "from a import _gone\n\ndef helper():\n    return _gone()\n\ndef test_a():\n    assert helper()\n",
        "from a import _gone\n\ndef test_a(client):\n    assert client.get(_gone())\n",
        "from a import _gone\n\nCASES = [_gone]\n\ndef test_a():\n    assert _gone()\n",
        "import a\n\nclass TestA:\n    def test_a(self):\n        self.client(a._gone())\n",
        "def test_a():\n    check('a._gone')\n",
    ],
)
def test_a_function_whose_tests_test_other_things_is_left(tested: Case, test: str) -> None:
    assert tested.left("function _gone#1", TESTED, {"tests/test_a.py": test})


def test_a_function_that_code_uses_as_well_is_left(tested: Case) -> None:
    others = {
        "tests/test_a.py": "from a import _gone\n\ndef test_a():\n    assert _gone()\n",
        "b.py": "a._gone()\n",
    }
    assert "more than tests" in tested.left("function _gone#1", TESTED, others)


USER = "def _gone():\n    return {used}\n\n\n"


@pytest.mark.parametrize(
    ("helper", "used", "others"),
    [
        ("class Helper:\n    code = 204\n", "Helper()", {"b.py": "class Helper:\n    pass\n"}),
        ("_TABLE = build()\n", "_TABLE", {}),
        ("FIRST, SECOND = 1, 2\n", "FIRST", {}),
        ("@registered\ndef _helper():\n    pass\n", "_helper()", {}),
        ("def helper():\n    return helper()\n", "helper()", {"setup.py": "setup()\n"}),
    ],
)
def test_what_would_leave_something_unused_behind_is_left(
    case: Case, helper: str, used: str, others: dict[str, str]
) -> None:
    source = f"{helper}\n\n{USER.format(used=used)}x = 1\n"
    assert "would stay" in case.left("function _gone#1", source, others, "pkg/mod.py")


@pytest.mark.parametrize(
    ("rest", "others"),
    [
        ("helper()\n", {}),
        ("__all__ = ['helper']\n", {}),
        ("x = 1\n", {"pkg/user.py": "from pkg.mod import helper\n\nhelper()\n"}),
    ],
)
def test_what_others_use_too_stays_while_the_dead_one_goes(
    case: Case, rest: str, others: dict[str, str]
) -> None:
    helper = "def helper():\n    return 1\n\n\n"
    source = f"{helper}{USER.format(used='helper()')}{rest}"
    assert case.fixed("function _gone#1", source, others, "pkg/mod.py") == f"{helper}{rest}"


def test_a_class_of_tests_needs_nobody_to_name_it(case: Case) -> None:
    tests = "class Paths(TestCase):\n    def test_it(self):\n        pass\n"
    source = f"{tests}\n\ndef _gone():\n    return Paths\n"
    assert case.fixed("function _gone#1", source, {}, "tests/test_a.py") == tests


def test_helpers_of_helpers_go_to_the_last(case: Case) -> None:
    source = "_A = 1\n\n\nclass _B:\n    a = _A\n\n\ndef _c():\n    return _B\n\n\ndef _gone():\n    return _c()\n\n\nx = 1\n"
    assert case.fixed("function _gone#1", source) == "x = 1\n"


@pytest.mark.parametrize(
    ("base", "others"),
    [("Base", {"base.py": "class Base:\n    pass\n"}), ("Base", {}), ("pkg.Base", {})],
)
def test_a_method_of_a_class_that_extends_another_may_be_a_lost_hook(
    case: Case, base: str, others: dict[str, str]
) -> None:
    source = f"class A({base}):\n    def _gone(self):\n        pass\n"
    reason = case.left("method A._gone#1", source, others)
    assert ("lost" in reason) == bool(others)
    assert "inherits" in reason or "extends" in reason


def test_a_method_of_a_plain_class_goes(case: Case) -> None:
    source = "class A(Exception):\n    x = 1\n\n    def _gone(self):\n        pass\n"
    assert case.fixed("method A._gone#1", source) == "class A(Exception):\n    x = 1\n"


def test_a_name_that_stands_elsewhere_in_another_spelling_is_left(case: Case) -> None:
    text = (
        "import enum\n\n\nclass Kind(enum.Enum):\n    OLD_ROUNDING = 1\n\n\nclass Till:\n"
        "    def _old_rounding(self):\n        return 1\n\n    def ring(self, kind):\n"
        "        return getattr(self, '_' + kind.name.lower())()\n"
    )
    assert "another spelling" in case.left("method Till._old_rounding#1", text)
