"""Unused imports: which are taken out, how, and for whose sake one is left."""

from pathlib import Path

import pytest

from tests.fakes.fix_world import Case

RULE = "legacy.unused_import"


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path, RULE)


@pytest.mark.parametrize(
    ("identity", "before", "after"),
    [
        ("json#1", "import json\nimport os\n\nos.sep\n", "import os\n\nos.sep\n"),
        (
            "json#1",
            '"""Doc."""\n\nimport json\n\n\ndef f():\n    pass\n',
            '"""Doc."""\n\n\ndef f():\n    pass\n',
        ),
        ("json#1", "import json, os\n\nos.sep\n", "import os\n\nos.sep\n"),
        ("json#1", "import os, json  # both\n\nos.sep\n", "import os  # both\n\nos.sep\n"),
        ("os.path#1", "from os import path, sep\n\nsep\n", "from os import sep\n\nsep\n"),
        ("os.path#1", "from os import sep, path as p\n\nsep\n", "from os import sep\n\nsep\n"),
        ("os.path#1", "from os import sep, \\\n    path\n\nsep\n", "from os import sep\n\nsep\n"),
        (
            "os.path#1",
            "from os import (\n    linesep,  # one\n    path,  # two\n    sep,  # three\n)\n\nsep, linesep\n",
            "from os import (\n    linesep,  # one\n    sep,  # three\n)\n\nsep, linesep\n",
        ),
        (
            "os.path#1",
            "from os import (\n    sep,\n    path\n)\n\nsep\n",
            "from os import (\n    sep,\n)\n\nsep\n",
        ),
        (
            "os.path#1",
            "from os import (sep,\n    path, linesep)\n\nsep, linesep\n",
            "from os import (sep,\n    linesep)\n\nsep, linesep\n",
        ),
        (
            "json#1",
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import json\n\nTYPE_CHECKING\n",
            "from typing import TYPE_CHECKING\n\nTYPE_CHECKING\n",
        ),
        ("json#1", "# What follows is needed not.\n\n# data\nimport json\n\nx = 1\n", None),
        ("json#1", "import os\n\n# data\nimport json\n\nos.sep\n", "import os\n\nos.sep\n"),
        (
            "json#1",
            "import os\n# data\nimport json\nimport re\n\nos.sep, re\n",
            "import os\n# data\nimport re\n\nos.sep, re\n",
        ),
        ("json#2", "import json\n\n\ndef f():\n    import json\n    return 1\n", None),
    ],
)
def test_an_unused_name_is_taken_out_and_nothing_else(
    case: Case, identity: str, before: str, after: str | None
) -> None:
    if after is None:
        after = before.replace("# data\nimport json\n\n", "").replace("    import json\n", "")
    assert case.fixed(identity, before) == after


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import json  # kept for its side effects\n", "a comment says"),
        ("# needed by the loader\nimport json\n", "a comment says"),
        ("# for its side effects,\n# which are many\nimport json\n", "a comment says"),
        ('def f():\n    """Try."""\n    import json\n', "nothing but import"),
        ("import json  # pylint: disable=unused-import\n", "a comment says"),
        ("try:\n    import json\nexcept ImportError:\n    raise\n", "succeeds"),
        ("import contextlib\nwith contextlib.suppress(ImportError):\n    import json\n", "is tried"),
        ("import sys\nif sys.platform == 'x':\n    import json\n", "depends on a condition"),
        ("import json\nx = 'json.dumps(1)'\n", "a string names it"),
        ('import json\ndef f():\n    """Say.\n\n    >>> json.dumps(1)\n    """\n', "a doctest"),
        ("import json\nx = []  # type: list[json.JSONDecoder]\n", "a type comment"),
        ("import json\ndef f(x):\n    return eval(x)\n", "at run time"),
        ("import json\ndef __getattr__(name):\n    return 1\n", "at run time"),
        ("import json; x = 1\n", "shares a line"),
        ("import json\njson\n", "no longer"),
        ("x = 1\n", "no longer"),
    ],
)
def test_an_import_that_something_in_the_file_may_need_is_left(case: Case, source: str, why: str) -> None:
    assert why in case.left("json#1", source)


def test_the_word_for_a_format_is_no_use_of_a_module(case: Case) -> None:
    assert case.fixed("json#1", "import json\n\nx = 'json'\n") == "x = 'json'\n"


def test_a_text_of_many_lines_may_be_code(case: Case) -> None:
    assert "a string names it" in case.left("json#1", 'import json\n\nx = """\njson.dumps(1)\n"""\n')


def test_a_submodule_stays_imported(case: Case) -> None:
    assert "submodule" in case.left("logging.handlers#1", "import logging.handlers\n")


@pytest.mark.parametrize(
    "other",
    [
        {"b.py": "from a import json\n"},
        {"b.py": "from .a import (\n    json,\n)\n"},
        {"b.py": "import a\na.json.dumps(1)\n"},
        {"b.py": "import a as q\nq.json\n"},
        {"b.py": "from a import *\njson.dumps(1)\n"},
        {"tests/test_b.py": "patch('a.json.dumps')\n"},
        {"docs/b.md": "Use `a.json`.\n"},
    ],
)
def test_an_import_that_another_file_takes_from_here_is_left(case: Case, other: dict[str, str]) -> None:
    assert "another file takes" in case.left("json#1", "import json\n", other)


@pytest.mark.parametrize(
    "path", ["pkg/__init__.py", "tests/conftest.py", "docs/conf.py", "examples/a.py", "pkg/compat.py"]
)
def test_files_that_offer_names_are_left(case: Case, path: str) -> None:
    assert case.left("json#1", "import json\n", subject=path)


@pytest.mark.parametrize(
    ("module", "importer", "fixed"),
    [
        ("def thing():\n    pass\n", "from pkg.b import thing\n", True),
        ("REGISTRY = {}\nregister(1)\n\ndef thing():\n    pass\n", "from pkg.b import thing\n", False),
        ("import pkg.c\n\ndef thing():\n    pass\n", "from pkg.b import thing\n", False),
        ("class thing(models.Model):\n    pass\n", "from pkg.b import thing\n", False),
        ("@app.route('/')\ndef thing():\n    pass\n", "from pkg.b import thing\n", False),
        ("register(1)\n\ndef thing():\n    pass\n", "from pkg.b import thing, other\n\nother\n", True),
        (
            "register(1)\n\ndef thing():\n    pass\n",
            "from pkg.b import thing\nx = 1\nfrom pkg.b import other\n\nother\n",
            False,
        ),
    ],
)
def test_a_module_of_the_repository_whose_import_does_something_stays_imported(
    case: Case, module: str, importer: str, fixed: bool
) -> None:
    others = {"pkg/b.py": module, "pkg/c.py": "print(1)\n", "pkg/__init__.py": ""}
    made = case.draft("pkg.b.thing#1", importer, others, "pkg/a.py")
    assert bool(made.fixed) is fixed


def test_the_name_that_a_loader_asks_of_a_module_is_left(case: Case) -> None:
    loader = "import importlib\nengine = importlib.import_module(name)\nengine.traits()\n"
    others = {"pkg/bing.py": "def traits():\n    pass\n", "pkg/loader.py": loader}
    assert "loaded by name" in case.left(
        "pkg.bing.traits#1", "from pkg.bing import traits\n", others, "pkg/images.py"
    )


@pytest.mark.parametrize(
    "source",
    [
        "from helpers import client\n\ndef test_a(client):\n    pass\n",
        "from helpers import TestBase\n",
        "from helpers import auto\n",
    ],
)
def test_what_a_test_runner_finds_by_name_is_left(case: Case, source: str) -> None:
    name = source.split()[3]
    helpers = "import pytest\n\n@pytest.fixture(autouse=True)\ndef auto():\n    pass\n"
    assert case.left(f"helpers.{name}#1", source, {"helpers.py": helpers}, "tests/test_a.py")


def test_of_two_findings_in_one_statement_each_is_judged_alone(tmp_path: Path) -> None:
    from tests.fakes.fix_world import draft, known, write

    write(tmp_path, {"a.py": "from os import path, sep, linesep\n\nlinesep\n", "b.py": "from a import sep\n"})
    made = draft(tmp_path, [known(RULE, "os.path#1"), known(RULE, "os.sep#1")])
    assert made.files == {"a.py": b"from os import sep, linesep\n\nlinesep\n"}
    assert [*made.left.values()] == ["another file takes the name from here"]


@pytest.mark.parametrize(
    "comment",
    ["#watch(a, b)", "    # watch(a)", "## x = watch.now", "# @watch", "#return watch[0]", "#f = watch"],
)
def test_an_import_that_code_in_a_comment_uses_is_left(tmp_path: Path, comment: str) -> None:
    source = f"from m import watch\n\n\ndef f():\n    pass\n{comment}\n"
    assert "code in a comment" in Case(tmp_path, RULE).left("m.watch#1", source)


@pytest.mark.parametrize("comment", ["# We watch it (a file).", "# watch", "# stopwatch(a)", "# to.watch(a)"])
def test_prose_in_a_comment_does_not_keep_an_import(tmp_path: Path, comment: str) -> None:
    source = f"from m import watch\n\nx = 1\n{comment}\n"
    assert Case(tmp_path, RULE).fixed("m.watch#1", source) == f"x = 1\n{comment}\n"


@pytest.mark.parametrize(
    ("identity", "imports", "use"),
    [
        ("a.b.C#1", "import a\nfrom a.b import C\n", "a.b.D()"),
        ("a.b#1", "import a\nfrom a import b\n", "a.b.D()"),
    ],
)
def test_an_import_that_loads_the_submodule_which_the_file_reaches_is_left(
    tmp_path: Path, identity: str, imports: str, use: str
) -> None:
    assert "loads it" in Case(tmp_path, RULE).left(identity, f"{imports}\n{use}\n")


@pytest.mark.parametrize(
    ("imports", "rest", "use"),
    [
        ("import a\nimport a.b\nfrom a.b import C\n", "import a\nimport a.b\n", "a.b.D()"),
        ("import a.b.e\nfrom a.b import C\n", "import a.b.e\n", "a.b.D()"),
        ("import a\nfrom a.b import C\nfrom a.b import D\n", "import a\nfrom a.b import D\n", "a.b.D(D)"),
        ("import a\nfrom a.b import C\n", "import a\n", "a.bc.D()"),
    ],
)
def test_a_submodule_that_another_import_loads_keeps_none(
    tmp_path: Path, imports: str, rest: str, use: str
) -> None:
    assert Case(tmp_path, RULE).fixed("a.b.C#1", f"{imports}\n{use}\n") == f"{rest}\n{use}\n"


def test_a_part_of_the_standard_library_that_is_always_loaded_keeps_no_import(tmp_path: Path) -> None:
    source = "import os\nfrom os.path import join\n\nos.path.sep\n"
    assert Case(tmp_path, RULE).fixed("os.path.join#1", source) == "import os\n\nos.path.sep\n"


def test_two_forms_of_an_import_of_which_one_succeeds_are_one_thing(tmp_path: Path) -> None:
    source = "try:\n    from a.b import C, D\nexcept ImportError:\n    from a import C, E\n"
    assert "succeeds" in Case(tmp_path, RULE).left("a.b.D#1", source)
    assert "tried" in Case(tmp_path, RULE).left("a.E#1", source)
