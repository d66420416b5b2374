"""The history benchmark on a repository with a year of commits whose every removal is known."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bench.upkeep_history_fate import History, read_history
from bench.upkeep_history_git import Repository, repositories
from bench.upkeep_history_links import read_links, resolves
from bench.upkeep_history_night import Reported
from bench.upkeep_history_score import compare
from bench.upkeep_history_source import is_foreign, is_test, read_source
from bench.upkeep_history_table import share
from bench.upkeep_history_truth import read_truth, truth_of, write_truth

_CORE = '''"""The core."""

import json
import os
import re
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import decimal


def forgotten(values):
    total = 0
    for value in values:
        total += value
    return total


def only_tested():
    return re.compile("x")


def in_use(path):
    # total = os.stat(path)
    # print(total.st_size)
    return os.path.getsize(path)


def waiting():
    return 1


class Thing(dict):
    def never_called(self):
        return 1

    def old_name_of_it(self, first, second):
        joined = first + second
        doubled = joined * 2
        self[joined] = doubled
        return doubled


def will_move_away():
    return in_use("."), Thing()
'''
_LATER = '''"""The core."""

import os
import re


def in_use(path):
    return os.path.getsize(path)


def waiting():
    return 1


class Thing(dict):
    def new_name_of_it(self, first, second):
        joined = first + second
        doubled = joined * 2
        self[joined] = doubled
        return doubled
'''
_MOVED = """from pkg.core import Thing, in_use, waiting


def will_move_away():
    return in_use("."), Thing(), waiting()
"""
_README = """# It

See [the guide](docs/guide.md), [the notes](docs/notes.md), [a label](some_label), [out](https://example.org)
and [the page](docs/page/), [its source](docs/page.md).

```
[not a link](nowhere.md)
```
"""
_TEST = "from pkg.core import only_tested\n\n\ndef test_it():\n    assert only_tested()\n"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Path]:
    """Thirteen monthly commits; the first is the base, the last the later one."""
    root = tmp_path_factory.mktemp("year") / "tiny"
    _git(root.parent, "init", "-q", "tiny")
    _write(root, "pkg/core.py", _CORE)
    _write(root, "pkg/__init__.py", "from pkg.core import in_use\n")
    _write(root, "pkg/gone.py", "def nobody():\n    return 2\n")
    _write(
        root,
        "pkg/old_place.py",
        "import sys\n\n\n" + "def stays(x):\n    return x + 1\n\n\nVALUE = stays(1)\n" * 3,
    )
    _write(root, "pkg/_vendor/lib.py", "def vendored_and_dead():\n    return 1\n")
    _write(root, "tests/test_core.py", _TEST)
    _write(root, "README.md", _README)
    _write(root, "docs/page.md", "# Page\n")
    _commit(root, 1)
    for month in range(2, 13):
        _write(root, "CHANGES.txt", f"month {month}\n")
        _commit(root, month)
    _write(root, "pkg/core.py", _LATER)
    _write(root, "pkg/moved.py", _MOVED)
    _git(root, "mv", "pkg/old_place.py", "pkg/new_place.py")
    text = (root / "pkg/new_place.py").read_text(encoding="utf-8")
    _write(root, "pkg/new_place.py", text.replace("import sys\n", ""))
    _git(root, "rm", "-q", "pkg/gone.py", "pkg/_vendor/lib.py", "tests/test_core.py")
    _write(root, "docs/notes.md", "# Notes\n")
    _write(root, "README.md", _README.replace("[the guide](docs/guide.md), ", ""))
    _commit(root, 13)
    base, later = _git(root, "rev-parse", "HEAD~12", "HEAD").split()
    return Repository("tiny", "https://example.org/someone/tiny", "library", base, later), root.parent


@pytest.fixture(scope="module")
def history(repository: tuple[Repository, Path]) -> History:
    one, folder = repository
    git_dir = one.mirror(folder)
    assert git_dir == folder / "tiny" / ".git"
    return read_history(one, git_dir)


@pytest.fixture(scope="module")
def rows(repository: tuple[Repository, Path], history: History) -> list[dict[str, Any]]:
    return truth_of(repository[0], history)


def test_truth_holds_what_was_removed_although_nothing_said_its_name(rows: list[dict[str, Any]]) -> None:
    symbols = {(row["name"], row["why"], row["stratum"]) for row in rows[1:] if row["class"] == "symbol"}
    assert symbols == {
        ("forgotten", "unreferenced", "plain"),
        ("Thing.never_called", "unreferenced", "derived"),
        ("only_tested", "tests", "plain"),
    }


def test_truth_knows_where_a_removed_thing_stood(rows: list[dict[str, Any]]) -> None:
    (row,) = [row for row in rows[1:] if row.get("name") == "forgotten"]
    assert (row["path"], row["lines"]) == ("pkg/core.py", [13, 17])


def test_removed_imports_blocks_and_links_are_told_apart_from_used_ones(rows: list[dict[str, Any]]) -> None:
    others = {
        (row["class"], row["path"], row["name"], row["stratum"])
        for row in rows[1:]
        if row["class"] != "symbol"
    }
    assert others == {
        ("import", "pkg/core.py", "json", "plain"),
        ("import", "pkg/core.py", "OrderedDict", "plain"),
        ("import", "pkg/core.py", "decimal", "guarded"),
        ("import", "pkg/old_place.py", "sys", "plain"),
        ("comment", "pkg/core.py", "total = os.stat(path)", "plain"),
        ("link", "README.md", "docs/guide.md", "plain"),
        ("link", "README.md", "docs/notes.md", "plain"),
    }


def test_whole_files_and_foreign_code_are_counted_apart(rows: list[dict[str, Any]]) -> None:
    counts = rows[0]["counts"]
    assert counts["symbol file removed"] == 2
    assert counts["symbol vendored or generated"] == 1
    assert counts["symbol moved"] == 1
    assert counts["symbol renamed"] == 1


def test_truth_is_the_same_after_writing_and_belongs_to_its_commits(
    repository: tuple[Repository, Path], rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    one, _ = repository
    write_truth(one.name, rows, tmp_path)
    assert read_truth(one, tmp_path) == rows[1:]
    with pytest.raises(SystemExit, match="other commits"):
        read_truth(Repository(one.name, one.url, one.kind, one.later, one.later), tmp_path)


@pytest.mark.parametrize(
    ("rule", "path", "line", "identity", "fate"),
    [
        ("legacy.dead_code", "pkg/core.py", 13, "function forgotten#1", "removed"),
        ("legacy.dead_code", "pkg/core.py", 30, "function waiting#1", "in use"),
        ("legacy.dead_code", "pkg/core.py", 24, "function in_use#1", "in use"),
        ("legacy.dead_code", "pkg/core.py", 45, "function will_move_away#1", "still there"),
        ("legacy.dead_code", "pkg/gone.py", 1, "function nobody#1", "file removed"),
        ("legacy.dead_code", "pkg/core.py", 14, "variable total#1", "removed"),
        ("legacy.dead_code", "nowhere.py", 1, "function x#1", "not placed"),
        ("legacy.only_tests", "pkg/core.py", 20, "function only_tested#1", "removed"),
        ("legacy.dead_code", "pkg/core.py", 20, "function only_tested#1", "removed with users"),
        ("legacy.unused_import", "pkg/core.py", 7, "typing.TYPE_CHECKING#1", "removed with users"),
        ("docs.broken_link", "docs/page.md", 1, "library/re~1", "removed"),
        ("legacy.unused_import", "pkg/core.py", 3, "json", "removed"),
        ("legacy.unused_import", "pkg/core.py", 5, "re", "still there"),
        ("legacy.unused_import", "pkg/core.py", 4, "os", "in use"),
        ("legacy.commented_code", "pkg/core.py", 25, "total", "removed"),
        ("docs.broken_link", "README.md", 3, "docs/notes.md~1", "removed"),
        ("docs.broken_link", "README.md", 4, "docs/page/~1", "still there"),
        ("docs.broken_link", "README.md", 4, "docs/page.md~1", "in use"),
    ],
)
def test_a_finding_meets_the_fate_of_its_subject(
    history: History, rule: str, path: str, line: int, identity: str, fate: str
) -> None:
    finding = {"rule": rule, "subject": path, "line": line, "identity": identity, "worth": 0.8}
    scored = compare("tiny", Reported((finding,), ()), history, [])
    judged = [one for score in scored.scores for one in score.judged]
    assert [one.fate for one in judged] == [fate]
    assert judged[0].why or fate != "in use"


def test_recall_counts_rows_that_a_finding_covers(history: History, rows: list[dict[str, Any]]) -> None:
    findings = (
        {
            "rule": "legacy.dead_code",
            "subject": "pkg/core.py",
            "line": 34,
            "identity": "class Thing#1",
            "worth": 0.4,
        },
        {"rule": "legacy.deprecated", "subject": "pkg/core.py", "line": 1, "identity": "UP035", "worth": 0.2},
    )
    scored = compare("tiny", Reported(findings, ("docs is partial: no time",)), history, rows[1:])
    (dead,) = [score for score in scored.scores if score.name == "dead code"]
    assert {row["name"]: worth for row, worth in dead.truth} == {"forgotten": None, "Thing.never_called": 0.4}
    assert scored.other == {"legacy.deprecated": 1}
    assert scored.incomplete == ("docs is partial: no time",)


@pytest.mark.parametrize(
    ("comment", "is_block"),
    [
        ("# x = 1\n# print(x)\n", True),
        ("# if x:\n#     y()\n", True),
        ("# note: this\n# todo: that\n", False),
        ("# one\n# two\n", False),
        ("# print(x)\n", False),
        ("# We print(x) here,\n# and go on.\n", False),
        ("x = 1  # y = 2\nz = 1  # f(y)\n", False),
    ],
)
def test_a_block_is_a_whole_run_of_comments_that_is_code(comment: str, is_block: bool) -> None:
    source = read_source("a.py", comment.encode())
    assert source is not None
    assert bool(source.blocks) is is_block


def test_what_python_cannot_parse_is_unread() -> None:
    assert read_source("a.py", b"def broken(:\n") is None
    assert read_source("a.py", b"# coding: nonsense\n") is None


def test_tests_and_foreign_files_are_known_by_their_names() -> None:
    assert is_test("src/unittests/x.py")
    assert is_test("pkg/test_x.py")
    assert not is_test("pkg/contest.py")
    assert is_foreign("pkg/_vendor/x.py", "")
    assert is_foreign("pkg/x_pb2.py", "")
    assert is_foreign("pkg/x.py", "# Generated by protoc. DO NOT EDIT\n")
    assert not is_foreign("pkg/x.py", "import os\n")


def test_links_are_judged_by_the_tree_with_the_benefit_of_the_doubt(history: History) -> None:
    assert [one.name for one in read_links("a.md", "[x](b.md) ![y](c.png) [z](/d.md) [m](mailto:x)\n")] == [
        "b.md",
        "c.png",
    ]
    tree = history.base.tree
    assert resolves(tree, "README.md", "docs/page.html") is True
    assert resolves(tree, "docs/page.md", "docs/page.md") is True
    assert resolves(tree, "README.md", "docs/guide.md#part") is False
    assert resolves(tree, "README.md", "../elsewhere.md") is None
    assert resolves(tree, "README.md", "some_label") is None


def test_the_fixed_list_names_whole_commits_of_many_repositories() -> None:
    listed = repositories()
    assert len(listed) >= 12
    assert len({one.name for one in listed}) == len(listed)
    assert all(len(one.base) == len(one.later) == 40 for one in listed)
    assert {one.kind for one in listed} == {"library", "application", "framework"}


def test_a_share_of_nothing_is_not_measured() -> None:
    assert share(0, 0) == "not measured"
    assert share(19, 20) == "19 of 20 = 0.95 (0.76 to 0.99)"


def _write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _commit(root: Path, month: int) -> None:
    date = f"{2024 + month // 13}-{(month - 1) % 12 + 1:02}-01T00:00:00Z"
    _git(root, "add", "-A")
    _git(root, "commit", "-q", "-m", f"Month {month}", date=date)


def _git(root: Path, *args: str, date: str = "2024-01-01T00:00:00Z") -> str:
    who = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "n"), ("EMAIL", "n@example.org"), ("DATE", date))
    }
    argv = ["git", "-c", "commit.gpgsign=false", *args]
    done = subprocess.run(
        argv, cwd=root, env={**os.environ, **who}, capture_output=True, text=True, check=True
    )
    return done.stdout
