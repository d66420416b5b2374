import subprocess
import sys
from pathlib import Path

import pytest

from bench.repositories_cases import git
from bench.upkeep_suites import Copy, Row, Suite, measure, outcomes, print_table, unlike
from bench.upkeep_suites_breaking import breaking_edits
from tests.fakes import verify_repositories

_SHEET = """<?xml version="1.0"?><testsuites><testsuite>
<testcase file="t.py" classname="t" name="test_a" /><testcase file="t.py" classname="t" name="test_b"><failure/></testcase>
<testcase file="t.py" classname="t" name="test_c"><skipped/></testcase><testcase file="t.py" classname="t" name="test_d"/>
<testcase file="t.py" classname="t" name="test_d"><error/></testcase></testsuite></testsuites>"""
_PRICES = '''"""Prices."""

import json


def price(amount):
    return amount / 100


def _old_rounding(value):
    return value
'''
_TILL = '''"""A till."""


def ring(bell="ring"):
    return bell


def _hidden_door(value):
    return value
'''
_TESTS = "from shop.prices import price\nfrom shop.till import ring\n\n\ndef test_price():\n    assert price(100) == 1\n\n\ndef test_ring():\n    assert ring() == 'ring'\n"


def test_every_test_has_its_outcome_and_an_error_at_its_end_counts(tmp_path: Path) -> None:
    (tmp_path / "sheet.xml").write_text(_SHEET, "utf-8")
    found = outcomes(tmp_path / "sheet.xml")
    assert found == {
        "t.py::t::test_a": "passed",
        "t.py::t::test_b": "failed",
        "t.py::t::test_c": "skipped",
        "t.py::t::test_d": "passed error",
    }
    assert outcomes(tmp_path / "absent.xml") == {}


def test_a_test_that_is_only_in_one_of_two_runs_is_another_outcome() -> None:
    one = Suite({"a": "passed", "b": "failed", "c": "passed"}, 1, 0.1)
    other = Suite({"a": "passed", "b": "passed", "d": "passed"}, 0, 0.1)
    assert unlike(one, other) == {"b", "c", "d"}
    assert unlike(one, one) == frozenset()


def test_an_edit_that_breaks_removes_one_whole_function_that_the_tests_import(tmp_path: Path) -> None:
    texts = {
        "pkg/a.py": "import functools\n\n\ndef kept():\n    return 1\n\n\n@functools.cache\ndef used():\n    return 2\n\n\nAFTER = 3\n",
        "pkg/b.py": "def twice():\n    pass\n",
        "pkg/c.py": "def twice():\n    pass\n",
        "pkg/odd.py": "def (:\n",
        "tests/test_a.py": "from pkg.a import used\nfrom pkg.b import twice\n",
    }
    for path, text in texts.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    found = list(breaking_edits(tmp_path, [*texts, "absent.py"]))
    without = b"import functools\n\n\ndef kept():\n    return 1\n\n\n\n\nAFTER = 3\n"
    assert found == [("pkg/a.py", "used", without)]


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> Row:
    files = {
        "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n',
        "shop/__init__.py": "",
        "shop/prices.py": _PRICES,
        "shop/door/__init__.py": _TILL,
        "shop/till.py": "from shop.door import ring\n\n__all__ = ['ring']\n\n\ndef sound():\n    return ring()\n",
        "shop/bell.py": "def chime():\n    return 'ring'\n",
        "tests/test_shop.py": _TESTS,
        "tests/test_bell.py": "from shop.bell import chime\n\n\ndef test_chime():\n    assert chime() == 'ring'\n",
    }
    made = verify_repositories.make(tmp_path_factory.mktemp("suites"), files)
    git(made.checkout, "init", "-q", "-b", "main")
    git(made.checkout, "add", "-A")
    git(made.checkout, "commit", "-q", "-m", "A shop")
    return measure(
        Copy(made.checkout.parent, made.checkout, made.environment / "bin" / "python"), "shop", nights=2
    )


def test_what_was_verified_leaves_every_test_as_it_was(row: Row) -> None:
    assert row.before is not None
    assert sorted(row.before.outcomes.values()) == ["passed"] * 3
    assert {one.rule for one in row.verified} >= {"legacy.dead_code", "legacy.unused_import"}
    assert len(row.verified) >= 3
    assert row.unlike == {}
    edited, ran = row.lines
    assert 0 < ran <= edited


def test_an_edit_that_breaks_is_refused_and_what_stood_beside_it_is_not(row: Row) -> None:
    assert row.breaking == ["shop/bell.py without chime"]
    assert (row.broken, row.believed) == (1, [])
    assert row.beside
    assert row.kept == row.beside


def test_the_table_says_what_was_believed_wrongly(row: Row, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = Row("other", breaking=["a.py without b"], believed=["a.py without b"])
    print_table([row, wrong])
    said = capsys.readouterr().out
    assert f"{len(row.verified)} of {len(row.verified)} leave every test's outcome as it was" in said
    assert "1 of 2 breaking edits seen to break, 1 believed" in said
    assert "| other | 0 | 0 | 0 | 0 | 0 | 0 | none to try | not measured | 0 of 1 |" in said


def test_a_clone_that_cannot_be_installed_is_not_measured_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "folder" / "empty").mkdir(parents=True)
    git(tmp_path / "folder" / "empty", "init", "-q", "-b", "main")
    argv = [sys.executable, "-m", "bench.upkeep_suites", str(tmp_path / "folder")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "empty was not measured: " in done.stdout
