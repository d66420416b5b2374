import ast
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from bench import upkeep_plants_lookalikes as lookalikes
from bench.repositories_cases import git
from bench.upkeep_plants import plant
from bench.upkeep_plants_sheet import NoPlace, Sheet
from bench.upkeep_plants_truth import Plant, Truth, read_truth, truth_path
from bench.upkeep_truth import Finding, Night, Tally, add_up, concerns, seeds

_MODULE = '''"""Shelves, part {n}."""

import os
import logging

logger = logging.getLogger(__name__)


def read_shelf_{n}(path, limit=10):
    """Read a shelf."""
    entries = os.listdir(path)
    if len(entries) > limit:
        entries = entries[:limit]
    else:
        logger.info("few entries: %s", len(entries))
    found = []
    for entry in sorted(entries):
        name = entry.strip()
        if name:
            found.append(name.lower())
    total = sum(len(name) for name in found)
    logger.debug("read %s", total)
    return found


def write_shelf_{n}(path, entries):
    text = "\\n".join(entries)
    size = len(text)
    with open(path, "w") as handle:
        handle.write(text)
    return size


def merge_shelf_labels_{n}(labels, others):
    merged = list(labels)
    for label in others:
        if label not in merged:
            merged.append(label)
    return merged


class Shelf{n}:
    """A shelf."""

    def __init__(self, path):
        self.path = path
        self.entries = read_shelf_{n}(path)

    def store_entries(self):
        labels = merge_shelf_labels_{n}(self.entries, [])
        return write_shelf_{n}(self.path, labels)
'''
_PROJECT = '[project]\nname = "shelves"\nversion = "3.2.0"\nrequires-python = ">=3.11"\n\n[project.scripts]\nshelves = "shelves.main:run"\n'


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("source") / "shelves"
    texts = {f"shelves/part{n}.py": _MODULE.format(n=n) for n in range(6)}
    imports = "".join(
        f"from shelves.part{n} import Shelf{n}, read_shelf_{n}, write_shelf_{n}\n" for n in range(6)
    )
    uses = "".join(
        f"    Shelf{n}('.').store_entries(), read_shelf_{n}('.'), write_shelf_{n}('.', [])\n"
        for n in range(6)
    )
    texts |= {
        "shelves/__init__.py": '"""Shelves."""\n',
        "shelves/main.py": f"{imports}\n\ndef run():\n{uses}",
        "tests/test_shelves.py": "from shelves.part0 import read_shelf_0\n\n\ndef test_reads():\n    assert read_shelf_0\n",
        "docs/index.md": "# Shelves\n\nHow they are read.\n\n## Reading\n\nCall it.\n",
        "pyproject.toml": _PROJECT,
    }
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Shelves")
    return root


@pytest.fixture(scope="module")
def planted(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    target = tmp_path_factory.mktemp("planted") / "copy"
    return target, plant(source, target, 4)


def _lines(root: Path, one: Plant) -> str:
    lines = (root / one.path).read_text(encoding="utf-8").split("\n")
    return "\n".join(lines[one.first_line - 1 : one.last_line])


def _whole_tree(root: Path) -> dict[str, str]:
    names = git(root, "ls-files", "-z").split("\0")
    return {name: (root / name).read_text(encoding="utf-8") for name in names if name}


def test_every_class_is_planted_and_what_is_not_says_why(planted: tuple[Path, Truth]) -> None:
    _, truth = planted
    kinds = {one.kind for one in truth.plants if not one.alive}
    assert len(kinds) >= 24
    assert truth.not_planted == {"deprecated-syntax/six": "the repository does not use six"}
    assert {one.kind for one in truth.plants if one.alive} >= {
        "dead-function",
        "dead-method",
        "unused-import",
        "commented-code",
    }


def test_the_truth_lies_beside_the_tree_and_everything_is_committed(planted: tuple[Path, Truth]) -> None:
    target, truth = planted
    assert read_truth(target) == truth
    assert truth_path(target).parent == target.parent
    assert git(target, "status", "--porcelain") == ""
    assert git(target, "rev-parse", "HEAD").strip() == truth.commit
    assert git(target, "rev-parse", "HEAD~2").strip() == truth.base
    assert "2023" in git(target, "log", "-1", "--format=%ad")


def test_lines_named_by_the_truth_hold_the_plant(planted: tuple[Path, Truth]) -> None:
    target, truth = planted
    for one in truth.plants:
        text = _lines(target, one)
        assert text.strip(), one.id
        if one.kind.startswith(("dead-", "unused-", "only-tests")) or one.kind == "stale-name":
            assert re.search(rf"\b{re.escape(one.name)}\b", text), one.id


def test_planted_modules_still_compile_and_import(planted: tuple[Path, Truth]) -> None:
    target, _ = planted
    for path, text in _whole_tree(target).items():
        if path.endswith(".py"):
            compile(text, path, "exec", dont_inherit=True)
    calls = "import shelves.main; from shelves.part0 import merge_shelf_labels_0 as m; assert m([1], [2]) == [1, 2]"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", calls], cwd=target, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_dead_name_is_mentioned_nowhere_but_in_what_is_dead(planted: tuple[Path, Truth]) -> None:
    target, truth = planted
    dead: dict[str, list[Plant]] = defaultdict(list)
    for one in truth.plants:
        if one.kind in ("dead-function", "dead-class", "dead-method", "dead-attribute") and not one.alive:
            dead[one.name].append(one)
    own = {
        (one.path, number)
        for some in dead.values()
        for one in some
        for number in range(one.first_line, one.last_line + 1)
    }
    for path, text in _whole_tree(target).items():
        for number, line in enumerate(text.split("\n"), start=1):
            used = set(re.findall(r"\w+", line)) & dead.keys()
            assert not used or (path, number) in own, (path, number, line)


def test_what_is_alive_is_mentioned_outside_its_own_lines(planted: tuple[Path, Truth]) -> None:
    target, truth = planted
    tree = _whole_tree(target)
    for one in truth.plants:
        if (
            one.alive
            and one.kind == "dead-function"
            and one.variant in ("string", "entry-point", "dunder-all", "re-export")
        ):
            assert sum(len(re.findall(rf"\b{one.name}\b", text)) for text in tree.values()) >= 2, one.id


def test_what_documents_name_was_there_once(planted: tuple[Path, Truth]) -> None:
    target, truth = planted
    gone = [
        one
        for one in truth.plants
        if one.kind in ("stale-name", "stale-variable", "task-symbol-gone") and not one.alive
    ]
    assert gone
    for one in gone:
        before = subprocess.run(
            ["git", "-C", str(target), "grep", "-lw", one.name, "HEAD~1", "--", "*.py"],
            capture_output=True,
            check=False,
        )
        assert before.stdout, one.id
        code = [
            path
            for path, text in _whole_tree(target).items()
            if path.endswith(".py") and re.search(rf"def {one.name}\b", text)
        ]
        assert code == []


def test_commented_code_is_code_and_prose_is_not(planted: tuple[Path, Truth]) -> None:
    target, truth = planted
    for one in truth.plants:
        if one.kind == "commented-code" and not one.alive:
            lines = [
                line.strip().removeprefix("#").removeprefix(" ") for line in _lines(target, one).split("\n")
            ]
            assert ast.parse("\n".join(lines)).body, one.id
    sizes = [
        one.last_line - one.first_line + 1
        for one in truth.plants
        if one.kind == "commented-code" and not one.alive
    ]
    assert min(sizes) == 1
    assert max(sizes) >= 10


def test_the_same_seed_gives_the_same_commit_and_another_one_other_places(
    source: Path, planted: tuple[Path, Truth], tmp_path: Path
) -> None:
    _, truth = planted
    assert plant(source, tmp_path / "again", 4) == truth
    other = plant(source, tmp_path / "other", 5)
    assert {(one.path, one.first_line, one.name) for one in other.plants} != {
        (one.path, one.first_line, one.name) for one in truth.plants
    }


def test_an_insertion_that_would_not_parse_changes_nothing() -> None:
    sheet = Sheet("a.py", "x = 1\n")
    with pytest.raises(NoPlace, match="would not parse"):
        sheet.insert(1, ["def broken("])
    assert sheet.text == "x = 1\n"


def test_the_list_of_lookalikes_is_whole() -> None:
    index, written = lookalikes.read_index(), lookalikes.sections()
    assert len(index) >= 75
    assert {one.id for one in index} == set(written)
    assert len({one.framework for one in index}) >= 30
    for one in index:
        assert re.fullmatch(
            r"https://github\.com/[\w.-]+/[\w.-]+/blob/[0-9a-f]{40}/\S+#L\d+", one.permalink
        ), one.id
        whole = " ".join((*lookalikes.texts(one, written[one.id]).values(), *one.files))
        for name in one.names:
            assert name in whole, (one.id, name)
        assert one.text in whole


def test_the_halves_share_nothing_and_leave_nothing_out() -> None:
    index = lookalikes.read_index()
    tune, held_out = (lookalikes.half(name, index) for name in ("tune", "held-out"))
    assert sorted(one.id for one in (*tune, *held_out)) == [one.id for one in index]
    assert abs(len(tune) - len(held_out)) <= 1
    assert seeds(3, "tune") == [0, 2, 4]
    assert seeds(3, "held-out") == [1, 3, 5]


def test_no_lookalike_mentions_a_name_of_another_in_its_repository(tmp_path: Path) -> None:
    packed = lookalikes.bundles(lookalikes.read_index())
    written = lookalikes.sections()
    for bundle in packed:
        for one in bundle:
            for other in bundle:
                words = set(re.findall(r"\w+", " ".join(lookalikes.texts(other, written[other.id]).values())))
                assert one is other or not words & set(one.names), (one.id, other.id)
    lookalikes.build(tmp_path, packed[0])
    for path, text in _whole_tree(tmp_path).items():
        if path.endswith(".py"):
            compile(text, path, "exec", dont_inherit=True)


def _plant(**facts: object) -> Plant:
    known = {
        "id": "p",
        "kind": "dead-function",
        "variant": "private",
        "path": "a.py",
        "first_line": 10,
        "last_line": 14,
        "name": "_left_over",
    }
    return Plant(**{**known, **facts})  # type: ignore[arg-type]


def _finding(**facts: object) -> Finding:
    known = {
        "id": "f",
        "rule": "legacy.anything",
        "path": "a.py",
        "text": "function _left_over#1",
        "line": 10,
        "worth": 0.8,
    }
    return Finding(**{**known, **facts})  # type: ignore[arg-type]


def test_a_finding_concerns_a_plant_by_path_and_name_or_lines() -> None:
    assert concerns(_plant(), _finding())
    assert not concerns(_plant(), _finding(path="b.py"))
    assert not concerns(_plant(), _finding(text="function _left_over_there#1"))
    assert not concerns(_plant(), _finding(line=400))
    assert not concerns(_plant(), _finding(rule="docs.anything"))
    assert concerns(_plant(kind="commented-code", name=""), _finding(text="1 line", line=12))
    assert not concerns(_plant(kind="commented-code", name=""), _finding(text="1 line", line=15))
    assert concerns(
        _plant(kind="done-task", name="Say it"), _finding(rule="task.done", text="3 ticked", line=None)
    )


def test_that_something_is_old_is_another_thing_than_that_it_is_done_or_gone() -> None:
    gone = _plant(kind="task-symbol-gone", name="read_it")
    assert not concerns(gone, _finding(rule="task.stale", text="open since 2023: make read_it() faster"))
    assert concerns(gone, _finding(rule="task.gone", text="read_it is gone"))


def test_a_night_that_finds_nothing_is_counted() -> None:
    truth = Truth(
        source="s",
        seed=0,
        base="",
        commit="",
        minimum=None,
        version=None,
        plants=(_plant(), _plant(id="q", name="kept", alive=True)),
    )
    tallies: dict[str, Tally] = defaultdict(Tally)
    assert add_up(truth, Night([], None), tallies) == set()
    assert (
        tallies["dead-function"].planted,
        tallies["dead-function"].found,
        tallies["dead-function"].alive,
    ) == (1, 0, 1)
    wrong = [_finding(), _finding(id="g", text="function kept#1", worth=0.3)]
    assert add_up(truth, Night(wrong, {"f"}), tallies) == {"f", "g"}
    tally = tallies["dead-function"]
    assert (tally.planted, tally.found, tally.over_bar, tally.wrong, tally.wrong_over_bar) == (2, 1, 1, 1, 0)
