"""The bridges of `legacy_cleanup` on real files: what is reported, with which worth, and what is remembered of it."""

import datetime as dt
import os
from hashlib import sha1
from pathlib import Path

import pytest

from daydream.config.model import Config
from daydream.contracts.cache import Cache, Forgetful
from daydream.contracts.context import Context
from daydream.processes import Stop
from daydream.records.finding import Finding
from daydream.records.night import NightFacts
from daydream.records.outcome import Done
from daydream.records.repository import Examination, SourceFile
from daydream.steps.legacy_cleanup import make
from daydream.store.cache import AnalysisCache

APPLICATION = {"setup.cfg": "[options]\npython_requires = >=3.10\n"}
LIBRARY = {"pyproject.toml": '[project]\nname = "x"\nrequires-python = ">=3.10"\n'}
COMPAT = "import sys\n\nPY2 = sys.version_info[0] == 2\nif PY2:\n    text = unicode\nelse:\n    text = str\n"
OLD = '"""Deprecated: use desk."""\n\n\ndef lend(x):\n    return x\n'
SHOP = (
    "import warnings\n\n\ndef old_price(x):\n    warnings.warn('use new_price instead', DeprecationWarning)\n"
    "    return x\n\n\ndef new_price(x):\n    return x\n"
)


def no_night() -> NightFacts:
    msg = "this step does not look at the night"
    raise AssertionError(msg)


def world(root: Path, files: dict[str, str], cache: Cache | None = None) -> Context:
    listed = []
    for path, text in sorted(files.items()):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
        listed.append(SourceFile(path, sha1(text.encode()).hexdigest(), len(text.encode())))
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
        cache=cache or Forgetful(),
    )


def look(root: Path, files: dict[str, str], cache: Cache | None = None) -> Done:
    done = make(Config()).run(world(root, files, cache), "bridges", None)
    assert isinstance(done, Done)
    return done


def of(done: Done, rule: str) -> list[Finding]:
    return [finding for finding in done.findings if finding.rule == f"legacy.{rule}"]


def test_a_gate_names_its_outcome_and_who_says_the_lowest_python(tmp_path: Path) -> None:
    text = "import sys\n\nx = str if sys.version_info >= (3, 8) else bytes\n"
    (finding,) = look(tmp_path, {**LIBRARY, "pkg/a.py": text}).findings
    assert (finding.rule, finding.line, finding.worth >= 0.5) == ("legacy.version_gate", 3, True)
    assert "always true on Python 3.10 and newer (pyproject.toml)" in finding.message


def test_a_public_constant_of_a_library_is_not_printed(tmp_path: Path) -> None:
    text = "import sys\n\nNEW = sys.version_info >= (3, 8)\n"
    for packaging, printed in ((LIBRARY, False), (APPLICATION, True)):
        (finding,) = look(tmp_path / str(printed), {**packaging, "pkg/a.py": text}).findings
        assert (finding.worth >= 0.5) is printed


def test_without_a_lowest_python_gates_are_not_measured(tmp_path: Path) -> None:
    done = look(tmp_path, {"pkg/compat.py": COMPAT})
    assert done.facts["version_gates"] is None
    assert done.facts["half_migrations"] == 0
    assert "legacy.version_gate" not in done.examined[0].rules


def test_a_mere_bridge_is_reported_once_with_its_importers(tmp_path: Path) -> None:
    files = {
        **APPLICATION,
        "pkg/compat.py": COMPAT,
        "pkg/a.py": "from .compat import text\n\ntext(1)\n",
        "pkg/b.py": "from pkg import compat\n\ncompat.text(1)\n",
    }
    (finding,) = look(tmp_path, files).findings
    assert (finding.rule, finding.subject) == ("legacy.compat_module", "pkg/compat.py")
    assert "2 files import it: pkg/a.py, pkg/b.py" in finding.message
    assert finding.worth >= 0.5


def test_an_old_module_beside_the_new_one_is_reported_with_its_callers(tmp_path: Path) -> None:
    files = {
        **APPLICATION,
        "pkg/old_desk.py": OLD,
        "pkg/desk.py": "def lend(x):\n    return x\n",
        "pkg/a.py": "from .old_desk import lend\n",
        "pkg/old_town.py": OLD,
        "pkg/scan_v1.py": "def a():\n    pass\n\n\ndef b():\n    pass\n",
        "pkg/scan_v2.py": "def a():\n    pass\n\n\ndef b():\n    pass\n",
    }
    found = {f.subject: f for f in of(look(tmp_path, files), "half_migration")}
    assert sorted(found) == ["pkg/old_desk.py", "pkg/scan_v1.py"]
    assert "1 file imports the old one: pkg/a.py" in found["pkg/old_desk.py"].message
    assert 0.5 > found["pkg/old_desk.py"].worth > found["pkg/scan_v1.py"].worth, (
        "versions may live side by side"
    )


def test_a_call_of_what_the_repository_deprecates_names_the_replacement(tmp_path: Path) -> None:
    call = "from pkg.shop import old_price\n\n\ndef total():\n    return old_price(1)\n"
    files = {"pkg/shop.py": SHOP, "pkg/a.py": call, "tests/test_a.py": call}
    (finding,) = of(look(tmp_path, files), "deprecated_call")
    assert (finding.subject, finding.identity) == ("pkg/a.py", "old_price in total#1")
    assert "use `new_price`" in finding.message
    assert 0.4 < finding.worth < 0.5, "counted, and printed once people have judged such findings"


def test_a_replacement_that_calls_the_deprecated_itself_is_no_reason_to_move(tmp_path: Path) -> None:
    shop = SHOP.replace("def new_price(x):\n    return x\n", "def new_price(x):\n    return old_price(x)\n")
    files = {"pkg/shop.py": shop, "pkg/a.py": "from pkg.shop import old_price\n\nold_price(1)\n"}
    assert {f.worth for f in of(look(tmp_path, files), "deprecated_call")} == {0.4}


def test_a_file_that_is_no_python_is_not_examined(tmp_path: Path) -> None:
    done = look(
        tmp_path, {**LIBRARY, "pkg/a.py": "import sys\nif sys.version_info >= (3, 8\n", "pkg/b.py": ""}
    )
    assert done.examined[0].subjects == ("pkg/b.py",)
    assert not done.examined[0].everything


FILES = {
    **APPLICATION,
    "pkg/compat.py": COMPAT,
    "pkg/shop.py": SHOP,
    "pkg/old_desk.py": OLD,
    "pkg/desk.py": "def lend(x):\n    return x\n",
    "pkg/a.py": "from pkg.shop import old_price\n\nold_price(1)\ntry:\n    import queue\nexcept ImportError:\n    pass\n",
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"setup.cfg": "[options]\npython_requires = >=2.7\n"},
        {"pkg/a.py": "import pkg.compat, pkg.old_desk\n"},
        {"pkg/shop.py": "def old_price(x):\n    return x\n"},
        {"pkg/desk.py": ""},
        {"pkg/queue.py": ""},
        {"setup.py": "import setuptools\n"},
    ],
)
def test_what_is_remembered_is_what_would_be_found(tmp_path: Path, change: dict[str, str]) -> None:
    cache = AnalysisCache(tmp_path / "cache" / "analysis.db", 739_000)
    root = tmp_path / "repo"
    assert look(root, FILES, cache).findings == look(root, FILES, cache).findings != ()
    assert look(root, {**FILES, **change}, cache) == look(root, {**FILES, **change})
