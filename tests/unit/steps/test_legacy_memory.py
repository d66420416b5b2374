"""What legacy_cleanup remembers: whatever changes, it says what it would say without a memory, and asks less."""

import datetime as dt
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha1
from pathlib import Path

import pytest

from daydream.config.model import Config
from daydream.contracts.cache import Cache, Forgetful
from daydream.contracts.context import Context
from daydream.processes import Completed, Stop
from daydream.records.night import NightFacts
from daydream.records.outcome import Done, Outcome
from daydream.records.repository import Examination, Interpreter, SourceFile
from daydream.steps import legacy_dead
from daydream.steps.legacy_cleanup import make
from daydream.store.cache import AnalysisCache

FILES: dict[str, str | bytes] = {
    "pyproject.toml": '[project]\nname = "small"\nrequires-python = ">=3.10"\n',
    "small/__init__.py": "",
    "small/core.py": "import os\n\n\ndef _orphan(value):\n    return value + 1\n",
    "small/shapes.py": (
        "import json\nfrom os import sep, path\nfrom typing import List\n\n\nclass Shape:\n    def _spare(self):\n"
        "        return 1\n        print(2)\n\n\ndef area(side) -> List:\n    unused = side\n    return side * side\n"
    ),
    "small/taker.py": "from small.shapes import sep\n\nprint(sep)\n\n# total = sep(1)\n# if total:\n#     print(total)\n",
    "small/broken.py": "def f(:\n",
    "small/latin.py": b"# \xe4\nx = 1\n",
    "small/old.py": "import imp\n",
    "tests/test_shapes.py": "from small.shapes import area\n\n\ndef test_area():\n    assert area(2) == 4\n",
    "README.md": "Small.\n",
}
CHANGES: dict[str, dict[str, str | bytes | None]] = {
    "nothing": {},
    "a body": {"small/shapes.py": "def area(side):\n    return side * side\n\n\ndef _new():\n    return 1\n"},
    "an import is taken no more": {"small/taker.py": "print(1)\n"},
    "an import is taken now": {"small/second.py": "import small.shapes as s\n\ns.json.loads('1')\n"},
    "a name in a document": {"README.md": "Call `_spare` and `_orphan` by hand.\n"},
    "a file goes": {"tests/test_shapes.py": None},
    "code becomes a test": {"small/shapes.py": None, "tests/test_more.py": FILES["small/shapes.py"]},
    "a test becomes code": {"tests/test_shapes.py": None, "small/check.py": FILES["tests/test_shapes.py"]},
    "the lowest Python": {"pyproject.toml": '[project]\nname = "small"\nrequires-python = ">=3.7"\n'},
    "no lowest Python": {"pyproject.toml": None, "setup.py": "import setuptools\n"},
    "the linter's options": {"ruff.toml": '[lint]\nignore = ["F401"]\n'},
    "what was broken": {"small/broken.py": "def f():\n    import csv\n", "small/latin.py": "import csv\n"},
    "a module of a name that Python lost": {"imp.py": "x = 1\n"},
    "a package is one no more": {"small/__init__.py": None},
    "two files change places": {
        "small/core.py": FILES["small/shapes.py"],
        "small/shapes.py": FILES["small/core.py"],
    },
}


def world(root: Path, files: Mapping[str, str | bytes | None], cache: Cache) -> Context:
    """The context of a night on these files; blobs are named after their content, as git does."""
    listed = []
    for path, text in sorted(files.items()):
        if text is None:
            (root / path).unlink(missing_ok=True)
            continue
        content = text.encode() if isinstance(text, str) else text
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
        listed.append(SourceFile(path, sha1(content).hexdigest(), len(content)))
    return Context(
        root=root,
        tree=root,
        state=root / "state",
        logs=root / "logs",
        files=listed,
        examination=Examination(commit="c", branch="main"),
        started_at=dt.datetime(2026, 11, 21, 2, tzinfo=dt.UTC),
        zone=dt.UTC,
        date="2026-11-21",
        run="r",
        mode="report",
        first_night=False,
        stop=Stop(),
        env=dict(os.environ),
        progress=lambda _item, _k, _n: None,
        night=no_night,
        cache=cache,
    )


def no_night() -> NightFacts:
    msg = "this step does not look at the night"
    raise AssertionError(msg)


def looks(ctx: Context) -> list[Outcome]:
    step = make(Config())
    return [step.run(ctx, name, None) for name in ("ruff", "vulture")]


def cache(folder: Path) -> AnalysisCache:
    return AnalysisCache(folder / "cache" / "analysis.db", 739_000)


class Childless(Context):
    """A night that can start no child."""

    def child(self, *_argv: object, **_options: object) -> Completed:
        msg = "a child was started"
        raise AssertionError(msg)


def childless(ctx: Context) -> Context:
    return Childless(**{name: getattr(ctx, name) for name in Context.__dataclass_fields__})


@pytest.mark.parametrize("name", CHANGES)
def test_after_any_change_the_outcome_is_that_of_a_night_without_memory(tmp_path: Path, name: str) -> None:
    held = cache(tmp_path)
    before = looks(world(tmp_path / "tree", FILES, held))
    files = {**FILES, **CHANGES[name]}
    warm = looks(world(tmp_path / "tree", files, held))
    assert warm == looks(world(tmp_path / "tree", files, Forgetful()))
    assert (warm == before) is (name == "nothing")
    assert all(isinstance(outcome, Done) and outcome.findings for outcome in warm)


def test_a_night_without_changes_starts_no_child(tmp_path: Path) -> None:
    held = cache(tmp_path)
    before = looks(world(tmp_path / "tree", FILES, held))
    assert looks(childless(world(tmp_path / "tree", FILES, held))) == before


def test_a_change_that_is_no_code_starts_no_child(tmp_path: Path) -> None:
    held = cache(tmp_path)
    looks(world(tmp_path / "tree", FILES, held))
    files = {**FILES, "README.md": "Call `_orphan`.\n"}
    told = looks(childless(world(tmp_path / "tree", files, held)))
    assert told == looks(world(tmp_path / "tree", files, Forgetful()))


class Noting(Context):
    """A night that notes what its children were asked."""

    def child(self, argv: object, **options: object) -> Completed:
        ASKED.append(f"{argv} {options.get('stdin')!r}")
        return Context.child(self, argv, **options)  # type: ignore[arg-type]


ASKED: list[str] = []


def test_after_a_change_only_the_changed_file_is_read(tmp_path: Path) -> None:
    held = cache(tmp_path)
    looks(world(tmp_path / "tree", FILES, held))
    ctx = world(tmp_path / "tree", {**FILES, "small/core.py": "x = 1\n"}, held)
    ASKED.clear()
    looks(Noting(**{name: getattr(ctx, name) for name in Context.__dataclass_fields__}))
    assert len(ASKED) == 2
    assert all("small/core.py" in asked for asked in ASKED)
    assert not any("small/taker.py" in asked for asked in ASKED)


class Liar:
    """A cache that answers everything, and nothing as it was written."""

    def read(self, kind: str, keys: list[str]) -> dict[str, bytes]:
        return {key: b'{"no": "sense"}' for key in keys if kind}

    def write(self, kind: str, values: Mapping[str, bytes]) -> None:
        """Forget it."""


def test_what_makes_no_sense_is_found_out_anew(tmp_path: Path) -> None:
    told = looks(world(tmp_path / "tree", FILES, Liar()))  # type: ignore[arg-type]
    assert told == looks(world(tmp_path / "tree", FILES, Forgetful()))


def test_a_night_on_which_a_file_could_not_be_read_is_not_remembered(tmp_path: Path) -> None:
    held = cache(tmp_path)
    ctx = world(tmp_path / "tree", FILES, held)
    (tmp_path / "tree/small/core.py").unlink()
    (tmp_path / "tree/README.md").unlink()
    torn = looks(ctx)
    whole = looks(world(tmp_path / "tree", FILES, held))
    assert torn != whole
    assert whole == looks(world(tmp_path / "tree", FILES, Forgetful()))


def test_files_without_a_known_content_are_never_remembered(tmp_path: Path) -> None:
    held = cache(tmp_path)
    first = world(tmp_path / "tree", FILES, held)
    blank = replace(first, files=[SourceFile(file.path, "", file.size) for file in first.files])
    looks(blank)
    (tmp_path / "tree/small/core.py").write_text("x = 1\n")
    assert looks(blank) == looks(replace(blank, cache=Forgetful()))


def test_another_python_is_asked_again(tmp_path: Path) -> None:
    held = cache(tmp_path)
    before = looks(world(tmp_path / "tree", FILES, held))
    (tmp_path / "python").symlink_to(sys.executable)
    other = Interpreter(path=str(tmp_path / "python"), version=(3, sys.version_info[1] + 1), why="a test")
    ctx = world(tmp_path / "tree", FILES, held)
    ctx = replace(ctx, examination=Examination(commit="c", branch="main", interpreter=other))
    assert legacy_dead.search(ctx) == before[1]
    with pytest.raises(AssertionError, match="child"):
        legacy_dead.search(childless(replace(ctx, cache=Forgetful())))
    assert legacy_dead.search(childless(ctx)) == before[1]
