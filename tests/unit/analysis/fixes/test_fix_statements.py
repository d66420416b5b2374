"""Variables, repeated definitions, commented code, unreachable code, deprecated forms, removed modules."""

from hashlib import sha256
from pathlib import Path

import pytest

from daydream.analysis.python_versions import decided
from tests.fakes.fix_world import Case

PROJECT = {"pyproject.toml": '[project]\nrequires-python = ">=3.8"\n'}


def case(root: Path, rule: str) -> Case:
    return Case(root, f"legacy.{rule}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f():\n    x = 1\n    return 2\n", "def f():\n    return 2\n"),
        ("def f():\n    x: int = 1\n", "def f():\n    pass\n"),
        ("def f(a):\n    y = a\n    x = [y, {'k': y}]\n    return 2\n", "def f(a):\n    return 2\n"),
        ("import json\n\ndef f():\n    x = json\n    return 2\n", "def f():\n    return 2\n"),
        ("def f():\n    x = len('a')\n    return 2\n", "def f():\n    return 2\n"),
        (
            "def f():\n    try:\n        g()\n    except E as x:\n        pass\n",
            "def f():\n    try:\n        g()\n    except E:\n        pass\n",
        ),
    ],
)
def test_a_variable_goes_whose_value_does_nothing(tmp_path: Path, before: str, after: str) -> None:
    assert case(tmp_path, "unused_variable").fixed("x#1", before) == after


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    x = g()\n",
        "def f(a):\n    x = a.b\n",
        "def f():\n    x = [g()]\n",
        "def f(a):\n    x = a[0]\n",
        "def f(a):\n    x = f'{a}'\n",
        "def f():\n    x = 1\n    return locals()\n",
        "def f():\n    (x, y) = 1, 2\n    return y\n",
        "def f():\n    with g() as x:\n        pass\n",
        "def f():\n    # the sum of both\n    x = 1\n    return 2\n",
        "def f():\n    x = 1; return 2\n",
        "def f():\n    x = y = 1\n    return y\n",
        "def f():\n    x = 1\n    return x\n",
    ],
)
def test_a_variable_whose_value_may_matter_is_left(tmp_path: Path, source: str) -> None:
    assert case(tmp_path, "unused_variable").left("x#1", source)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def x():\n    return 1\n\n\ndef x():\n    return 1\n", "def x():\n    return 1\n"),
        ("import x\nimport os\nimport x\n\nx, os\n", "import x\nimport os\n\nx, os\n"),
        ("from m import x\nfrom m import x, y\n\nx, y\n", "from m import x\nfrom m import y\n\nx, y\n"),
    ],
)
def test_of_two_definitions_that_say_the_same_one_goes(tmp_path: Path, before: str, after: str) -> None:
    assert case(tmp_path, "redefined").fixed("x#1", before) == after


@pytest.mark.parametrize(
    "source",
    [
        "def x():\n    return 1\n\n\ndef x():\n    return 2\n",
        "from m import x\nfrom n import x\n\nx\n",
        "@d\ndef x():\n    return 1\n\n\n@d\ndef x():\n    return 1\n",
        "import x\n\n\ndef x():\n    return 1\n",
        "def x():\n    return 1\n",
    ],
)
def test_of_two_definitions_that_differ_a_person_chooses(tmp_path: Path, source: str) -> None:
    assert case(tmp_path, "redefined").left("x#1", source)


def digest(text: str) -> str:
    return sha256(" ".join(text.split()).encode()).hexdigest()[:12] + "#1"


OFF = "    # for item in things:\n    #     item.close()\n    # things.clear()\n"
CODE = "for item in things: item.close() things.clear()"


def test_a_whole_block_of_commented_code_goes(tmp_path: Path) -> None:
    before = f"def f(things):\n    a()\n\n{OFF}\n    b()\n"
    assert (
        case(tmp_path, "commented_code").fixed(digest(CODE), before) == "def f(things):\n    a()\n\n    b()\n"
    )


@pytest.mark.parametrize(
    "source",
    [
        f"def f(things):\n    a()\n    # This waits for a new server.\n{OFF}\n    b()\n",
        f"def f(things):\n    a()\n    # TODO(me): why?\n\n{OFF}\n    b()\n",
        f"x = [\n    1,\n{OFF}\n    2,\n]\n",
        f'def f(things):\n    """\n{OFF}\n    """\n',
        "x = 1\n",
    ],
)
def test_a_block_with_prose_around_it_is_left(tmp_path: Path, source: str) -> None:
    assert case(tmp_path, "commented_code").left(digest(CODE), source)


@pytest.mark.parametrize(
    ("identity", "before", "after"),
    [
        (
            "b()#1",
            "def f():\n    a()\n    return 1\n    b()\n    c()\n\n\nx = 1\n",
            "def f():\n    a()\n    return 1\n\n\nx = 1\n",
        ),
        (
            "b()#1",
            "import os\n\ndef f():\n    a()\n    raise E\n\n    b()\n    os.sep\n",
            "def f():\n    a()\n    raise E\n",
        ),
        (
            "b()#2",
            "def f():\n    return 1\n    b()\n\n\ndef g():\n    a()\n    return 1\n    b()\n",
            "def f():\n    return 1\n    b()\n\n\ndef g():\n    a()\n    return 1\n",
        ),
        # said twice
        ("return 1#1", "def f():\n    return 1\n    return 1\n", "def f():\n    return 1\n"),
        # a jump that would end its function or its loop anyway
        ("b()#1", "def f():\n    a()\n    return\n    b()\n", "def f():\n    a()\n"),
        (
            "b()#1",
            "def f():\n    if x:\n        a()\n        return\n        b()\n",
            "def f():\n    if x:\n        a()\n",
        ),
        (
            "b()#1",
            "def f():\n    if x:\n        a()\n        return\n        b()\n    c()\n",
            "def f():\n    if x:\n        a()\n        return\n    c()\n",
        ),
        (
            "b()#1",
            "for i in x:\n    a()\n    continue\n    b()\n",
            "for i in x:\n    a()\n",
        ),
        (
            "b()#1",
            "def f():\n    for i in x:\n        a()\n        return\n        b()\n",
            "def f():\n    for i in x:\n        a()\n        return\n",
        ),
        ("if False:#1", "a()\nif False:\n    b()\nc()\n", "a()\nc()\n"),
        (
            "if False:#1",
            "if False:\n    b()\nelse:\n    x = '''\n  y\n'''\n    c(1,\n      2)\n",
            "x = '''\n  y\n'''\nc(1,\n  2)\n",
        ),
        ("if 0:#1", "def f():\n    if 0:\n        b()\n", "def f():\n    pass\n"),
    ],
)
def test_what_is_never_reached_goes(tmp_path: Path, identity: str, before: str, after: str) -> None:
    made = case(tmp_path, "unreachable").fixed(identity, before)
    assert made in {after, after.replace("c(1,\n  2)", "c(1,\n      2)")}


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    return\n    yield\n",
        "def f():\n    b = yield\n    return\n    global b\n",
        "def f():\n    print(x)\n    return\n    x = 1\n",
        "def f():\n    return 1\n",
    ],
)
def test_what_is_never_reached_and_yet_means_something_is_left(tmp_path: Path, source: str) -> None:
    line = source.splitlines()[-1].strip()
    assert case(tmp_path, "unreachable").left(f"{line}#1", source)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("def f():\n    return\n    b()\n", "switch"),
        ('def f():\n    """Say."""\n    raise E\n    b()\n', "switch"),
        ("def f():\n    if x:\n        return\n        b()\n    return 1\n", "switch"),
        ("def f():\n    a()\n    # disabled for now\n    return\n    b()\n", "why it is not reached"),
        ("def f():\n    a()\n    return  # as agreed\n    b()\n", "comment"),
        ("def f():\n    a()\n    return 1\n    # of another kind\n    b()\n", "comment"),
        ("def f():\n    a()\n    return 1\n    b()\n    c()  # then\n", "comment"),
        ("def f():\n    a()\n    return 1\n    b()\n\n    # and so on\n\nx = 1\n", "comment"),
        ("def f():\n    a()\n    # All done.\n    return\n    b()\n", "comment"),
        ("def f():\n    a()\n    return 1\n    b()\n    return 2\n", "otherwise"),
        ("def f():\n    a()\n    raise E\n    b()\n    return\n", "otherwise"),
        ("def f():\n    a()\n    return 1\n    b()\n    if x:\n        raise E\n", "otherwise"),
    ],
)
def test_what_is_never_reached_but_may_be_meant_to_be_is_left(tmp_path: Path, source: str, why: str) -> None:
    assert why in case(tmp_path, "unreachable").left("b()#1", source)


def test_a_branch_that_is_off_and_explained_is_left(tmp_path: Path) -> None:
    source = "a()\nif False:\n    # slower\n    b()\nc()\n"
    assert "comment" in case(tmp_path, "unreachable").left("if False:#1", source)


@pytest.mark.parametrize(
    ("identity", "before", "after"),
    [
        ("W605!", "x = '\\d'\ny = '\\n\\d'\n", "x = r'\\d'\ny = '\\n\\\\d'\n"),
        (
            "UP005!",
            "import unittest\n\n\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEquals(1, 1)\n",
            "import unittest\n\n\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(1, 1)\n",
        ),
        (
            "UP035!",
            "from collections import Mapping, deque\n",
            "from collections import deque\nfrom collections.abc import Mapping\n",
        ),
        (
            "UP035!",
            "try:\n    from collections.abc import Mapping\nexcept ImportError:\n    from collections import Mapping\n\nMapping\n",
            "from collections.abc import Mapping\n\nMapping\n",
        ),
        (
            "UP036!",
            "import sys\nimport os\n\nif sys.version_info >= (3, 8):\n    # new\n    x = '''\n  y\n'''\nelse:\n    x = 1\n\nos.sep\n",
            "import os\n\n# new\nx = '''\n  y\n'''\n\nos.sep\n",
        ),
        (
            "UP036!",
            "import sys\n\n\ndef f():\n    if sys.version_info < (3, 7):\n        return 1\n    return 2\n",
            "def f():\n    return 2\n",
        ),
        (
            "UP036!",
            "import sys\n\nif sys.version_info[0] == 2:\n    x = 1\nelse:\n    x = 2\n\nif sys.version_info < (3,):\n    y = 1\nelse:\n    y = 2\n",
            None,
        ),
    ],
)
def test_a_deprecated_form_becomes_the_present_one(
    tmp_path: Path, identity: str, before: str, after: str | None
) -> None:
    deprecated = case(tmp_path, "deprecated")
    if after is None:
        assert deprecated.left(identity, before, PROJECT)
    else:
        assert deprecated.fixed(identity, before, PROJECT) == after


def test_without_a_lowest_python_nothing_is_called_deprecated(tmp_path: Path) -> None:
    source = "from collections import Mapping\n\nMapping\n"
    assert "lowest" in case(tmp_path, "deprecated").left("UP035!", source)


def test_setup_keeps_the_sentence_for_older_pythons(tmp_path: Path) -> None:
    source = "import sys\n\nif sys.version_info < (3, 6):\n    sys.exit('no')\n"
    made = case(tmp_path, "deprecated").left("UP036!", source, PROJECT, "setup.py")
    assert "refused" in made


@pytest.mark.parametrize(
    ("identity", "source"),
    [
        ("DTZ003!", "import datetime\n\ndatetime.datetime.utcnow()\n"),
        ("UP036!", "import sys\n\nif sys.version_info >= (3, 9):\n    x = 1\n"),
        ("UP036!", "import sys\n\nif a:\n    x = 1\nelif sys.version_info >= (3, 6):\n    x = 2\n"),
        ("UP036!", "import sys\n\nif sys.version_info >= (3, 6):  # said\n    x = 1\nelse:\n    x = 2\n"),
        ("UP035!", "try:\n    f()\nexcept ImportError:\n    from collections import Mapping\n\nMapping\n"),
        ("a-b", "x = 1\n"),
        ("W605!", "x = 1\n"),
    ],
)
def test_a_deprecated_form_without_an_equal_is_left(tmp_path: Path, identity: str, source: str) -> None:
    assert case(tmp_path, "deprecated").left(identity, source, PROJECT)


@pytest.mark.parametrize(
    ("test", "outcome"),
    [
        ("sys.version_info >= (3, 8)", True),
        ("sys.version_info > (3, 8)", True),
        ("sys.version_info[:2] > (3, 8)", None),
        ("sys.version_info[:2] > (3, 7)", True),
        ("sys.version_info < (3, 8)", False),
        ("sys.version_info <= (3, 8)", False),
        ("sys.version_info >= (3, 8, 1)", None),
        ("sys.version_info[0] >= 3", True),
        ("sys.version_info[0] < 3", False),
        ("sys.version_info[:2] >= (3, 8, 0)", None),
        ("sys.version_info[1] >= 3", None),
        ("sys.version_info == (3, 8)", None),
        ("other.version_info >= (3, 8)", None),
        ("sys.version_info >= x", None),
        ("x", None),
    ],
)
def test_a_version_check_is_decided_only_where_every_supported_python_agrees(
    test: str, outcome: bool | None
) -> None:
    import ast

    assert decided(ast.parse(test, mode="eval").body, (3, 8)) is outcome


@pytest.mark.parametrize(
    ("identity", "before", "after"),
    [
        ("pipes", "from pipes import quote as q\n\nq('a')\n", "from shlex import quote as q\n\nq('a')\n"),
        ("imp", "import imp\n\nimp.reload(m)\n", "import importlib\n\nimportlib.reload(m)\n"),
    ],
)
def test_a_removed_module_gives_way_to_the_one_that_has_the_same_function(
    tmp_path: Path, identity: str, before: str, after: str
) -> None:
    assert case(tmp_path, "removed_module").fixed(identity, before) == after


@pytest.mark.parametrize(
    ("identity", "source"),
    [
        ("imp", "import imp\n\nimp.find_module('m')\n"),
        ("imp", "import imp\nimport importlib\n\nimp.reload(importlib)\n"),
        ("imp", "try:\n    import imp\nexcept ImportError:\n    imp = None\n"),
        ("pipes", "from pipes import quote, Template\n"),
        ("distutils", "from distutils import log\n"),
        ("imp", "x = 1\n"),
    ],
)
def test_a_removed_module_without_an_equal_is_left(tmp_path: Path, identity: str, source: str) -> None:
    assert case(tmp_path, "removed_module").left(identity, source)


CHECK = "if sys.version_info < (3, 6):\n"


@pytest.mark.parametrize(
    "source",
    [
        f"import sys\n\n{CHECK}    raise SystemExit('too old')\n",
        f"import sys\n\n{CHECK}    print('too old')\n    sys.exit(1)\n",
        f"import sys\nimport warnings\n\n{CHECK}    text = 'too old'\n    warnings.warn(text)\n",
        "import sys\n\nif sys.version_info >= (3, 6):\n    x = 1\nelse:\n    raise RuntimeError('too old')\n",
        f"import sys\n\n{CHECK}    raise RuntimeError('too old')\nelse:\n    x = 1\n",
    ],
)
def test_a_version_check_that_refuses_old_pythons_stays(tmp_path: Path, source: str) -> None:
    assert "guards" in case(tmp_path, "deprecated").left("UP036!", source, PROJECT)


@pytest.mark.parametrize(
    "source",
    [
        "import sys\n\nif sys.version_info >= (3, 2):\n    # only available in 3.2+\n    x = 1\n",
        "import sys\n\n# Python 2 has none.\nif sys.version_info >= (3, 2):\n    x = 1\n",
        "import sys\n\nif sys.version_info >= (3, 2):\n    x = 1  # a backport\nelse:\n    x = 2\n",
        "import sys\n\nif sys.version_info < (3, 2):\n    x = 1\nelse:\n    x = 2  # newer\n",
    ],
)
def test_a_remark_on_versions_that_would_stay_keeps_the_check(tmp_path: Path, source: str) -> None:
    assert "speaks of the version" in case(tmp_path, "deprecated").left("UP036!", source, PROJECT)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "import sys\n\nif sys.version_info >= (3, 2):\n    x = 1\nelse:\n    x = 2  # Python 2\n",
            "x = 1\n",
        ),
        (
            "import sys\n\ny = 1\n\n# Python 2 has none.\nif sys.version_info < (3, 2):\n    x = 2\n\nz = 1\n",
            "y = 1\n\nz = 1\n",
        ),
    ],
)
def test_a_remark_on_versions_goes_with_the_branch_that_it_is_about(
    tmp_path: Path, before: str, after: str
) -> None:
    assert case(tmp_path, "deprecated").fixed("UP036!", before, PROJECT) == after


def test_a_comment_above_an_else_is_not_lost(tmp_path: Path) -> None:
    source = "import sys\n\nif sys.version_info < (3, 2):\n    x = 1\n# the usual\nelse:\n    x = 2\n"
    assert "comment would be lost" in case(tmp_path, "deprecated").left("UP036!", source, PROJECT)


def test_a_remark_on_versions_keeps_an_import_that_is_tried(tmp_path: Path) -> None:
    source = "# Python 2\ntry:\n    from collections.abc import Mapping\nexcept ImportError:\n    from collections import Mapping\n\nMapping\n"
    assert "speaks of the version" in case(tmp_path, "deprecated").left("UP035!", source, PROJECT)


TESTS = "import unittest\n\n\nclass T({base}):\n    def test(self):\n        self.assertEquals(1, 1)\n"


@pytest.mark.parametrize(
    ("source", "others"),
    [
        (TESTS.format(base="unittest.TestCase") + "\n    def assertEquals(self, a, b):\n        pass\n", {}),
        (TESTS.format(base="unittest.TestCase") + "\n    assertEquals = assertSame\n", {}),
        (
            TESTS.format(base="Base"),
            {"base.py": "class Base:\n    def assertEquals(self, a, b):\n        pass\n"},
        ),
    ],
)
def test_a_name_that_the_repository_defines_is_not_renamed(
    tmp_path: Path, source: str, others: dict[str, str]
) -> None:
    made = case(tmp_path, "deprecated").left("UP005!", source, {**PROJECT, **others})
    assert "defines that name itself" in made
