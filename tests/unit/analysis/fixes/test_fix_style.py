"""An edit keeps the style of its project: its linter says nothing new, a formatted file stays formatted."""

from pathlib import Path

import pytest

from tests.fakes.fix_world import Case

MINE = '[project]\nrequires-python = ">=3.10"\n\n[tool.ruff.lint]\nselect = [{rules}]\n'
TRIED = "try:\n    from collections.abc import Mapping\nexcept ImportError:\n    from collections import Mapping\n"
UNUSED, DEAD, OLD = "legacy.unused_import", "legacy.dead_code", "legacy.deprecated"


def project(*rules: str) -> dict[str, str]:
    return {"pyproject.toml": MINE.format(rules=", ".join(f'"{rule}"' for rule in rules))}


@pytest.mark.parametrize("others", [project("I"), {"setup.py": "setup(python_requires='>=3.8')\n"}])
def test_imports_that_were_in_order_are_in_order_again(tmp_path: Path, others: dict[str, str]) -> None:
    before = f"from collections import OrderedDict\n\n{TRIED}import functools\n\n# why\nMapping, OrderedDict, functools\n"
    after = "import functools\nfrom collections import OrderedDict\nfrom collections.abc import Mapping\n\n# why\nMapping, OrderedDict, functools\n"
    assert Case(tmp_path, OLD).fixed("UP035!", before, others) == after


def test_imports_that_were_in_no_order_stay_in_none(tmp_path: Path) -> None:
    before = f"import re\nimport functools\n\n{TRIED}import ast\n\nMapping, re, functools, ast\n"
    after = "import re\nimport functools\n\nfrom collections.abc import Mapping\nimport ast\n\nMapping, re, functools, ast\n"
    assert (
        Case(tmp_path, OLD).fixed("UP035!", before, {"setup.py": "setup(python_requires='>=3.8')\n"}) == after
    )


def test_what_the_projects_own_rules_would_object_to_is_left(tmp_path: Path) -> None:
    source = "def _gone():\n    return 1\n"
    assert "object" in Case(tmp_path, DEAD).left(
        "function f._gone#1",
        "def f(a):\n    def _gone():\n        return a\n\n    return 1\n",
        project("ARG"),
    )
    assert Case(tmp_path, DEAD).fixed("function _gone#1", source, project("ARG")) == ""


def test_what_the_projects_rules_said_before_is_not_held_against_an_edit(tmp_path: Path) -> None:
    source = "import json\n\n\ndef f(a):\n    return 1\n"
    assert Case(tmp_path, UNUSED).fixed("json#1", source, project("ARG", "D")) == "def f(a):\n    return 1\n"


def test_the_nearest_configuration_counts(tmp_path: Path) -> None:
    source = "def f(a):\n    def _gone():\n        return a\n\n    return 1\n"
    near = {**project("ARG"), "pkg/ruff.toml": 'lint.select = ["E"]\n'}
    case = Case(tmp_path, DEAD)
    assert case.fixed("function f._gone#1", source, near, "pkg/a.py") == "def f(a):\n    return 1\n"


@pytest.mark.parametrize(
    "settings",
    ['[tool.ruff]\nrequired-version = "==0.0.1"\n', "[tool.ruff]\nno-such-setting = 1\n", "[tool.ruff\n"],
)
def test_a_configuration_that_ruff_does_not_read_asks_for_nothing(tmp_path: Path, settings: str) -> None:
    source = "import json\n\nx = 1\n"
    assert Case(tmp_path, UNUSED).fixed("json#1", source, {"pyproject.toml": settings}) == "x = 1\n"


def test_a_configuration_that_lets_ruff_edit_is_still_only_asked(tmp_path: Path) -> None:
    settings = {"ruff.toml": 'fix = true\nunsafe-fixes = true\nlint.select = ["ARG", "F"]\n'}
    source = "def f(a):\n    def _gone():\n        return a\n\n    return 1\n"
    assert "object" in Case(tmp_path, DEAD).left("function f._gone#1", source, settings)


@pytest.mark.parametrize(
    ("others", "after"),
    [
        # as black would have it: the list fits in one line once the branch is moved out
        ({}, "x = f(\n    aaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbb, cccccccccccccccccccc\n)\n"),
        ({"black": "100"}, "x = f(aaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbb, cccccccccccccccccccc)\n"),
    ],
)
def test_a_formatted_file_stays_formatted(tmp_path: Path, others: dict[str, str], after: str) -> None:
    width = int(others.get("black", "70"))
    settings = f'[project]\nrequires-python = ">=3.10"\n\n[tool.black]\nline-length = {width}\n'
    branch = f"{after}".replace("\n", "\n    ").rstrip(" ")
    source = f"import sys\n\nif sys.version_info >= (3, 8):\n    {branch}"
    made = Case(tmp_path, OLD).fixed("UP036!", source, {"pyproject.toml": settings})
    assert made == after


def test_a_call_that_fits_into_its_line_again_is_put_there_only_in_a_formatted_file(tmp_path: Path) -> None:
    call = "x = f(\n        aaaaaaaaaaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbbbbbb, cccccccccccccccc\n    )\n"
    settings = {"pyproject.toml": '[project]\nrequires-python = ">=3.10"\n\n[tool.black]\n'}
    source = f"import sys\n\nif sys.version_info >= (3, 8):\n    {call}"
    inline = "x = f(aaaaaaaaaaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbbbbbb, cccccccccccccccc)\n"
    assert Case(tmp_path, OLD).fixed("UP036!", source, settings) == inline
    odd = source + "y = 'odd'\n"
    kept = call.replace("\n    ", "\n") + "y = 'odd'\n"
    assert Case(tmp_path, OLD).fixed("UP036!", odd, settings) == kept
