import subprocess
import sys
from pathlib import Path

import pytest

from bench.repositories_cases import git
from bench.upkeep_peers import (
    KINDS,
    Column,
    Tool,
    count,
    every_tool,
    look,
    of_autoflake,
    of_ruff,
    of_vulture,
    print_tables,
    python_lines,
    run,
)
from bench.upkeep_plants_truth import Plant, Truth
from bench.upkeep_truth import Finding

_MODULE = '''"""Labels."""

import json
import os


def join_labels(labels):
    spare = 1
    return os.sep.join(labels)


def _split_labels(labels):
    return labels.split(os.sep)


def registered(labels):
    return labels
'''
_MAIN = 'from shelf.labels import join_labels\n\nprint(join_labels(["a"]))\n'
_PROJECT = (
    '[project]\nname = "shelf"\nversion = "1"\n\n[project.scripts]\nshelf = "shelf.labels:registered"\n'
)
_DIFF = """--- original/./shelf/labels.py
+++ fixed/./shelf/labels.py
@@ -3,7 +3,5 @@
{blank}
-import json
-import re
 import os
-from shelf import one, other
+from shelf import other
{blank}
@@ -20,3 +18,2 @@
     kept = 1
-    spare = call()
+    call()
     return kept
--- original/shelf/main.py
+++ fixed/shelf/main.py
@@ -1,4 +1,2 @@
-from shelf import (
-    left,
-)
 print(1)
"""


def _plant(kind: str, name: str, first: int, *, alive: bool = False, variant: str = "private") -> Plant:
    return Plant(
        id=f"{kind}/{name}",
        kind=kind,
        variant=variant,
        path="shelf/labels.py",
        first_line=first,
        last_line=first + 1,
        name=name,
        alive=alive,
    )


TRUTH = Truth(
    source="shelf",
    seed=0,
    base="",
    commit="",
    minimum=None,
    version=None,
    plants=(
        _plant("unused-import", "json", 3, variant="alone"),
        _plant("unused-variable", "spare", 8),
        _plant("dead-function", "_split_labels", 12),
        _plant("dead-function", "registered", 16, alive=True),
        _plant("stale-name", "gone", 1),
    ),
)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("peers") / "shelf"
    for path, text in {
        "pyproject.toml": _PROJECT,
        "shelf/__init__.py": "",
        "shelf/labels.py": _MODULE,
        "shelf/__main__.py": _MAIN,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Shelf")
    return root


@pytest.fixture(scope="module")
def columns(shelf: Path) -> dict[str, Column]:
    tools, missing = every_tool(shelf.parent, installing=False)
    assert missing == {"autoflake": "was not installed"}
    found: dict[str, Column] = {}
    look(shelf, TRUTH, tools, found)
    return found


def test_each_tool_is_held_against_the_same_truth(columns: dict[str, Column]) -> None:
    every = {"unused-import": 1, "unused-variable": 1, "dead-function": 1}
    names = {"unused-import": 1, "unused-variable": 1}
    assert columns["daydream, all"].found == every
    assert columns["daydream, all"].wrong == {}
    assert columns["daydream, printed"].found == every
    assert columns["vulture 60"].found == every
    assert columns["vulture 60"].wrong == {"dead-function": 1}
    assert columns["vulture 100"].found == {}
    assert columns["ruff F401, F841"].found == names
    assert all(column.seconds > 0 for column in columns.values())


def test_a_tool_answers_only_for_what_it_looks_for(columns: dict[str, Column]) -> None:
    assert columns["ruff F401, F841"].planted == {"unused-import": 1, "unused-variable": 1}
    assert columns["ruff F401, F841"].alive == {}
    assert columns["vulture 60"].planted.total() == 3
    assert columns["vulture 60"].alive == {"dead-function": 1}


def test_a_finding_about_no_plant_is_beside_them_and_one_about_another_kind_is_not() -> None:
    column = Column(KINDS)
    elsewhere = Finding("a", "legacy.", "shelf/other.py", "unused function 'spare'", 8, 1.0)
    about = Finding("b", "legacy.", "shelf/labels.py", "unused variable 'spare'", 8, 1.0)
    count(column, TRUTH, [elsewhere, about], 0.5)
    assert (column.beside, column.found.total(), column.seconds) == (1, 1, 0.5)
    assert column.missed == [
        "shelf seed 0: unused-import/json (shelf/labels.py:3)",
        "shelf seed 0: dead-function/_split_labels (shelf/labels.py:12)",
    ]


def test_what_autoflake_would_take_out_is_one_finding_a_statement() -> None:
    found = [(one.path, one.line, one.text) for one in of_autoflake(Path(), _DIFF.format(blank=" "))]
    assert found == [
        ("shelf/labels.py", 4, "import json"),
        ("shelf/labels.py", 5, "import re"),
        ("shelf/labels.py", 7, "one"),
        ("shelf/labels.py", 21, "spare"),
        ("shelf/main.py", 1, "from shelf import left"),
    ]


def test_what_the_others_print_is_read(tmp_path: Path) -> None:
    said = "pkg/a.py:3: unused import 'os' (90% confidence)\npkg/b.py: invalid syntax\n"
    assert [(one.path, one.line, one.text) for one in of_vulture(tmp_path, said)] == [
        ("pkg/a.py", 3, "unused import 'os'")
    ]
    name = tmp_path.resolve() / "pkg/a.py"
    said = (
        f'[{{"code":"F401","filename":"{name}","location":{{"row":4}},"message":"`os` imported but unused"}},'
    )
    said += f'{{"code":"invalid-syntax","filename":"{name}","location":{{"row":1}},"message":"no"}}]'
    assert [(one.path, one.line) for one in of_ruff(tmp_path, said)] == [("pkg/a.py", 4)]


def test_a_tool_that_fails_is_not_taken_for_one_that_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    failing = Tool("failing", (sys.executable, "-c", "raise SystemExit(3)"), of_vulture)
    with pytest.raises(subprocess.CalledProcessError, match="exit status 3"):
        run(failing, tmp_path / "tree")


def test_lines_are_counted_of_what_is_tracked(shelf: Path) -> None:
    (shelf / "untracked.py").write_text("x\n" * 50)
    assert python_lines(shelf) == _MODULE.count("\n") + _MAIN.count("\n")
    (shelf / "untracked.py").unlink()


def test_the_tables_name_what_could_not_be_measured(
    columns: dict[str, Column], capsys: pytest.CaptureFixture[str]
) -> None:
    missing = Column(("unused-import",), missing="could not be installed: no network")
    print_tables({**columns, "autoflake": missing}, 24)
    said = capsys.readouterr().out
    assert "| autoflake | could not be installed: no network | | | |" in said
    assert "| dead-function | 1 of 1 | 1 of 1 | 1 of 1 | 0 of 1 | not its task | not measured |" in said
    assert "| vulture 60 | 3 of 3 = 1.00 | 1 of 1 |" in said
