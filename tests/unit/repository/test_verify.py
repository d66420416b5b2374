"""Verification on real repositories with Pythons of their own: what it believes, and what it does not."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from daydream.errors import Stopped
from daydream.processes import Stop
from daydream.repository.verify import Baseline, Trial
from daydream.repository.verify_judgement import Judgement
from daydream.repository.verify_outcomes import Sample
from daydream.repository.verify_runs import Observed, make_bed
from tests.fakes.checkouts import everything
from tests.fakes.verify_repositories import (
    MODULE,
    TEST,
    Repository,
    finder_hook,
    flat,
    make,
    src_layout,
)

HARMLESS = MODULE.replace("import os\n", "").encode()
BREAKING = MODULE.replace("one + other", "one - other").encode()
REMOVING = MODULE.partition("\n\ndef unused")[0].encode()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    more = {
        "pkg/lonely.py": "VALUE = 1\n",
        "pkg/__main__.py": "from pkg import calc\nprint(calc.add(1, 2))\n",
        "tests/test_main.py": "import os\nimport subprocess\nimport sys\n\n\ndef test_main():\n"
        "    said = subprocess.run([sys.executable, '-m', 'pkg'], capture_output=True, check=True)\n"
        "    assert said.stdout == b'3\\n'\n",
        "pkg/shy.py": "VALUE = 1\n",
        "tests/test_shy.py": "try:\n    import pkg.shy\nexcept Exception:\n    pass\n\n\ndef test_shy():\n    pass\n",
        "README.md": "words\n",
    }
    return flat(tmp_path_factory.mktemp("shared"), **more)


@pytest.fixture(scope="module")
def trial(shared: Repository) -> Iterator[Trial]:
    made = shared.trial()
    yield made
    made.close()


def sentence(trial: Trial) -> str:
    found = trial.baseline()
    trial.close()
    assert isinstance(found, str), found
    return found


def test_an_edit_that_changes_nothing_for_the_tests_is_verified_with_evidence(trial: Trial) -> None:
    evidence = trial.judge({"pkg/calc.py": HARMLESS})
    assert (evidence.verdict, evidence.reason) == ("verified", "")
    assert evidence.modules == {"pkg/calc.py": "red"}
    assert evidence.baseline is not None
    assert evidence.candidate is not None
    assert (evidence.baseline.passed, evidence.candidate.passed) == (4, 4)
    assert list(evidence.lines.values()) == [(2, 2)]
    assert evidence.command == "pytest -q"


def test_lines_that_no_test_runs_are_told(trial: Trial) -> None:
    evidence = trial.judge({"pkg/calc.py": MODULE.replace("return value", "return  value").encode()})
    assert (evidence.verdict, list(evidence.lines.values())) == ("verified", [(1, 0)])


def test_an_edit_that_breaks_the_tests_is_broken_and_names_them(trial: Trial) -> None:
    evidence = trial.judge({"pkg/calc.py": BREAKING})
    assert evidence.verdict == "broken"
    assert "tests/test_calc.py::test_add (passed, now failed)" in evidence.reason
    assert evidence.candidate is not None
    assert len(evidence.candidate.unlike) == 3


def test_an_edit_that_does_not_even_parse_is_broken(trial: Trial) -> None:
    evidence = trial.judge({"pkg/calc.py": b"def f(:\n"})
    assert evidence.verdict == "broken"


def test_a_module_that_only_a_child_process_runs_is_seen(trial: Trial) -> None:
    content = b"from pkg import calc\n\nprint(calc.add(1, 2))\n"
    evidence = trial.judge({"pkg/__main__.py": content})
    assert evidence.modules == {"pkg/__main__.py": "red"}
    assert evidence.verdict == "verified"


def test_a_module_that_no_test_imports_is_unverified(trial: Trial) -> None:
    evidence = trial.judge({"pkg/lonely.py": b"VALUE = 2\n"})
    assert (evidence.verdict, evidence.modules) == ("unverified", {"pkg/lonely.py": "not imported"})
    assert "never import pkg/lonely.py" in evidence.reason


def test_a_module_whose_errors_the_tests_swallow_is_unverified(trial: Trial) -> None:
    evidence = trial.judge({"pkg/calc.py": HARMLESS, "pkg/shy.py": b"VALUE = 2\n"})
    assert evidence.verdict == "unverified"
    assert evidence.modules == {"pkg/calc.py": "red", "pkg/shy.py": "green"}
    assert "planted in pkg/shy.py goes unnoticed" in evidence.reason


def test_a_module_that_is_removed_is_unverified(trial: Trial) -> None:
    evidence = trial.judge({"pkg/lonely.py": None})
    assert (evidence.verdict, evidence.modules) == ("unverified", {"pkg/lonely.py": "not tried"})
    assert "pkg/lonely.py is removed" in evidence.reason


def test_a_test_that_is_removed_is_another_outcome(trial: Trial) -> None:
    evidence = trial.judge(
        {"tests/test_calc.py": TEST.partition("\n\n\ndef test_negative")[0].encode() + b"\n"}
    )
    assert evidence.verdict == "broken"
    assert "test_negative (passed, now not there)" in evidence.reason


def test_documents_need_no_planted_error(trial: Trial) -> None:
    evidence = trial.judge({"README.md": b"other words\n", "docs/new.md": b"new\n"})
    assert (evidence.verdict, evidence.modules, evidence.lines) == ("verified", {}, {})


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"../x.py": b""}, "no path that could be edited"),
        ({".git/config": b""}, "no path that could be edited"),
        ({"README.md": b"words\n"}, "it changes nothing"),
        ({"pkg": b""}, "is a folder"),
        ({"README.md/x": b""}, "a symbolic link or a file"),
    ],
)
def test_what_is_no_edit_is_not_tried(trial: Trial, files: dict[str, bytes], said: str) -> None:
    evidence = trial.judge(files)
    assert evidence.verdict == "unverified"
    assert evidence.candidate is None
    assert said in evidence.reason


def test_a_command_that_does_not_look_verifies_nothing(shared: Repository, tmp_path: Path) -> None:
    blind = Repository(shared.tree, shared.checkout, shared.environment, tmp_path / "verify").trial("true")
    evidence = blind.judge({"pkg/calc.py": BREAKING})
    blind.close()
    assert (evidence.verdict, evidence.modules) == ("unverified", {"pkg/calc.py": "not imported"})
    assert "no Python that the command starts" in evidence.reason


def test_a_command_that_only_loads_and_looks_at_nothing_is_caught_by_a_planted_error(tmp_path: Path) -> None:
    lax = "try:\n    import pkg.calc\nexcept Exception:\n    pass\n"
    trial = make(tmp_path, {"pkg/__init__.py": "", "pkg/calc.py": MODULE, "lax.py": lax}).trial(
        "python lax.py"
    )
    evidence = trial.judge({"pkg/calc.py": BREAKING})
    trial.close()
    assert (evidence.verdict, evidence.modules) == ("unverified", {"pkg/calc.py": "green"})


def test_unittest_is_judged_by_its_exit_code(tmp_path: Path) -> None:
    test = "import unittest\nfrom pkg.calc import add\n\n\nclass T(unittest.TestCase):\n    def test_add(self):\n"
    test += "        self.assertEqual(add(1, 2), 3)\n"
    files = {"pkg/__init__.py": "", "pkg/calc.py": MODULE, "tests/__init__.py": "", "tests/test_a.py": test}
    trial = make(tmp_path, files).trial("python -m unittest")
    good, bad = trial.judge({"pkg/calc.py": HARMLESS}), trial.judge({"pkg/calc.py": BREAKING})
    trial.close()
    assert (good.verdict, good.modules) == ("verified", {"pkg/calc.py": "red"})
    assert good.baseline is not None
    assert good.baseline.passed is None
    assert bad.verdict == "broken"
    assert 'exit code 1 instead of 0: "FAILED (failures=1)"' in bad.reason


@pytest.mark.parametrize("layout", [src_layout, finder_hook], ids=["editable", "finder hook"])
def test_an_editable_install_of_the_users_checkout_does_not_hide_the_change(
    layout: type, tmp_path: Path
) -> None:
    repository = layout(tmp_path)
    before = everything(repository.checkout), everything(repository.environment)
    trial = repository.trial()
    good, bad = trial.judge({"src/pkg/calc.py": REMOVING}), trial.judge({"src/pkg/calc.py": BREAKING})
    trial.close()
    assert (good.verdict, good.modules) == ("verified", {"src/pkg/calc.py": "red"})
    assert bad.verdict == "broken"
    assert (everything(repository.checkout), everything(repository.environment)) == before


def test_a_hook_that_goes_before_everything_is_seen_to_lead_outside(tmp_path: Path) -> None:
    repository = finder_hook(tmp_path, leads=True)
    trial = repository.trial()
    evidence = trial.judge({"src/pkg/calc.py": BREAKING})
    trial.close()
    assert (evidence.verdict, evidence.modules) == ("unverified", {"src/pkg/calc.py": "outside"})
    assert str(repository.checkout / "src/pkg/calc.py") in evidence.reason


PRYING = """import os
import subprocess
from pathlib import Path


def test_environment():
    assert not [name for name in os.environ if "SECRET" in name or "AWS" in name or "SSH" in name]
    assert Path.home() != Path({home!r})
    assert Path.home().is_dir() and os.access(Path.home(), os.W_OK)
    assert not list(Path.home().glob(".ssh"))
    assert os.environ["TERM"] == "dumb" and os.environ["LC_ALL"] == "C.UTF-8"
    assert os.environ["VIRTUAL_ENV"] == {environment!r}


def test_leaves_traces():
    places = [Path("trace"), Path("../trace"), Path("../../trace"), Path.home() / "trace"]
    places += [Path(os.environ["TMPDIR"]) / "trace", Path("locked/trace")]
    assert not [place for place in places if place.exists()]
    assert Path("README.md").read_text() == "words\\n"
    Path("locked").mkdir()
    for place in places:
        place.write_text("x")
    Path("README.md").write_text("WORDS\\n")
    Path("pkg/calc.py").unlink()
    Path("locked").chmod(0)


def test_git():
    status = subprocess.run(["git", "status", "--porcelain", "--", "pkg"], capture_output=True, text=True)
    assert (status.returncode, status.stdout) == (0, "" if Path("pkg/calc.py").exists() else " D pkg/calc.py\\n")
    subprocess.run(["git", "commit", "--allow-empty", "-qm", "a commit of the tests"], check=True)
    count = subprocess.run(["git", "rev-list", "--count", "HEAD"], capture_output=True, text=True)
    assert count.stdout == "2\\n"
"""


def test_tests_see_no_secret_and_every_run_finds_the_place_clean(tmp_path: Path, home: Path) -> None:
    plain = make(tmp_path, {})
    source = PRYING.format(home=str(home), environment=str(plain.environment))
    files = {"README.md": "words\n", "pkg/__init__.py": "", "pkg/calc.py": MODULE, "tests/test_a.py": TEST}
    for path, content in {**files, "tests/test_pry.py": source}.items():
        (plain.tree / path).parent.mkdir(parents=True, exist_ok=True)
        (plain.tree / path).write_text(content, "utf-8")
    secrets = {"MY_SECRET": "x", "AWS_ACCESS_KEY_ID": "x", "SSH_AUTH_SOCK": "x", "LC_ALL": "C.UTF-8"}
    secrets["PATH"] = os.environ["PATH"]
    repository = Repository(plain.tree, plain.checkout, plain.environment, plain.folder, secrets)
    before = everything(plain.tree)
    trial = repository.trial("pytest -q -p no:cacheprovider")
    evidence = trial.judge({"pkg/calc.py": HARMLESS})
    trial.close()
    assert evidence.baseline is not None
    assert (evidence.verdict, evidence.baseline.failed) == ("verified", 0), evidence
    assert everything(plain.tree) == before
    assert sorted(place.name for place in plain.folder.iterdir()) == ["remembered"]


def counting(counter: Path, rest: str) -> str:
    """A test module that counts its runs in a file outside, as `n`."""
    return (
        "from pathlib import Path\n\nfrom pkg.calc import add\n\n"
        f"counter = Path({str(counter)!r})\nn = len(counter.read_text()) if counter.exists() else 0\n"
        f"counter.write_text('x' * (n + 1))\n\n\ndef test_add():\n    assert add(1, 2) == 3\n\n\n{rest}"
    )


def test_a_flaky_test_is_named_and_left_out_of_the_comparison(tmp_path: Path) -> None:
    rest = "def test_moody():\n    assert n % 2 == 0\n"
    repository = flat(tmp_path, **{"tests/test_moody.py": counting(tmp_path / "counter", rest)})
    trial = repository.trial()
    baseline, evidence = trial.baseline(), trial.judge({"pkg/calc.py": HARMLESS})
    trial.close()
    assert isinstance(baseline, Baseline)
    assert len(baseline.samples) == 3
    assert evidence.verdict == "verified"
    assert evidence.flaky == ("tests/test_moody.py::test_moody",)


def test_what_fails_in_one_of_two_runs_with_the_change_is_neither_believed_nor_condemned(
    tmp_path: Path,
) -> None:
    rest = "def test_rarely():\n    assert n != 2\n"  # the third run: the first with the change
    repository = flat(tmp_path, **{"tests/test_rarely.py": counting(tmp_path / "counter", rest)})
    trial = repository.trial()
    evidence = trial.judge({"pkg/calc.py": HARMLESS})
    trial.close()
    assert evidence.verdict == "unverified"
    assert evidence.reason.startswith("in one of two runs with the change 1 test comes out differently")


def test_the_same_failure_before_and_after_is_the_same_outcome(tmp_path: Path) -> None:
    repository = flat(tmp_path, **{"tests/test_red.py": "def test_red():\n    assert False\n"})
    trial = repository.trial()
    good, bad = trial.judge({"pkg/calc.py": HARMLESS}), trial.judge({"pkg/calc.py": BREAKING})
    trial.close()
    assert (good.verdict, good.modules) == ("verified", {"pkg/calc.py": "red"})
    assert good.baseline is not None
    assert (good.baseline.failed, good.baseline.exit_code) == (1, 1)
    assert bad.verdict == "broken"


@pytest.mark.parametrize(
    ("files", "command", "said"),
    [
        (
            {"tests/test_a.py": "def test_a():\n    assert 0\n"},
            "pytest",
            "all 1 tests fail before any change",
        ),
        (
            {"tests/test_a.py": "import nowhere\n"},
            "pytest",
            "cannot even be begun before any change (exit code 2)",
        ),
        ({"a.py": ""}, "pytest", "finds no tests"),
        ({"a.py": "raise SystemExit(3)\n"}, "python a.py", "fails before any change (exit code 3)"),
        ({"a.py": ""}, "./absent", "cannot be started (No such file or directory)"),
    ],
)
def test_tests_that_fail_without_a_change_verify_nothing(
    tmp_path: Path, files: dict[str, str], command: str, said: str
) -> None:
    assert said in sentence(make(tmp_path, files).trial(command))


def test_tests_that_hang_are_ended_with_the_budget(tmp_path: Path) -> None:
    hanging = make(tmp_path, {"a.py": "import time\nprint('on', flush=True)\ntime.sleep(600)\n"})
    assert "had not ended after 1 s" in sentence(hanging.trial("python a.py", seconds=1.5))


def test_tests_that_are_too_slow_for_the_budget_are_not_begun_again(tmp_path: Path) -> None:
    slow = make(tmp_path, {"a.py": "import time\ntime.sleep(2)\n"})
    assert "too little to verify a change tonight" in sentence(slow.trial("python a.py", seconds=5))


def test_a_change_that_hangs_until_the_budget_is_over_is_unverified(tmp_path: Path) -> None:
    repository = make(tmp_path, {"a.py": ""})
    assert isinstance(repository.trial("python a.py").baseline(), Baseline)
    trial = repository.trial("python a.py", seconds=3)
    evidence = trial.judge({"a.py": b"import time\ntime.sleep(600)\n"})
    trial.close()
    assert (evidence.verdict, evidence.candidate is not None) == ("unverified", True)
    assert "verify.budget" in evidence.reason


def test_a_change_that_takes_many_times_as_long_is_broken(trial: Trial) -> None:
    tests = trial._tests()
    assert not isinstance(tests, str)
    baseline = trial.baseline()
    assert isinstance(baseline, Baseline)
    judgement = Judgement(
        tests, "pytest", [Sample(exit_code=0, seconds=10.0)], baseline.ran, (), {}, lambda *_: None
    )
    assert judgement._ended(Observed(None, seconds=90.0)) == (
        "broken",
        "with the change the tests had not ended after 90 s; without it they take 10 s",
    )
    assert judgement._ended(Observed(None, refused="no memory")) == (
        "unverified",
        "the command could not be started with the change (no memory)",
    )


def test_a_second_night_runs_nothing_again_that_it_knows(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    check = counting(counter, "test_add()\n")
    made = make(tmp_path, {"pkg/__init__.py": "", "pkg/calc.py": MODULE, "check.py": check})
    given = {"HOME": "/home/x", "TMPDIR": "/tmp", "TERM": "xterm", "PYTHONPATH": "/x"}
    repository = Repository(made.tree, made.checkout, made.environment, made.folder, given)
    first = repository.trial("python check.py")
    assert first.judge({"pkg/calc.py": HARMLESS}).verdict == "verified"
    first.close()
    counted = len(counter.read_text())
    second = repository.trial("python check.py")
    baseline = second.baseline()
    assert isinstance(baseline, Baseline)
    assert baseline.remembered
    assert len(counter.read_text()) == counted
    assert second.judge({"pkg/calc.py": HARMLESS}).modules == {"pkg/calc.py": "red"}
    assert len(counter.read_text()) == counted + 1
    second.close()
    (repository.site / "other-2.dist-info").mkdir()
    third = repository.trial("python check.py")
    baseline = third.baseline()
    third.close()
    assert isinstance(baseline, Baseline)
    assert not baseline.remembered


def test_a_damaged_memory_is_forgotten(tmp_path: Path) -> None:
    repository = make(tmp_path, {"a.py": ""})
    for _ in range(2):
        trial = repository.trial("python a.py")
        found = trial.baseline()
        trial.close()
        assert isinstance(found, Baseline)
        assert not found.remembered
        (note,) = (repository.folder / "remembered").iterdir()
        note.write_bytes(b"{")


def test_what_a_killed_night_left_is_removed_by_the_next(tmp_path: Path) -> None:
    repository = make(tmp_path, {"a.py": ""})
    repository.folder.mkdir()
    left = make_bed(repository.folder, repository.folder / "x").temporary
    (repository.folder / "slot/a/b/checkout/old").mkdir(parents=True)
    trial = repository.trial("python a.py")
    assert isinstance(trial.baseline(), Baseline)
    assert not left.exists()
    assert not (repository.folder / "slot/a/b/checkout/old").exists()
    trial.close()


def test_nothing_that_the_tests_started_outlives_them(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = "import subprocess\nfrom pathlib import Path\n"
    code += "child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
    code += f"Path({str(note)!r}).write_text(str(child.pid))\n"
    trial = make(tmp_path, {"a.py": code}).trial("python a.py")
    assert isinstance(trial.baseline(), Baseline)
    trial.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


def test_a_stop_ends_the_tests_at_once(tmp_path: Path) -> None:
    stop = Stop()
    trial = make(tmp_path, {"a.py": "import time\ntime.sleep(600)\n"}).trial("python a.py", stop=stop)
    stop.request()
    stop.request()
    with pytest.raises(Stopped):
        trial.baseline()
    trial.close()


def test_a_repository_without_a_python_says_what_to_do(tmp_path: Path) -> None:
    repository = make(tmp_path, {"a.py": ""})
    (repository.environment / "bin/python").unlink()
    assert "interpreter.path" in sentence(repository.trial("python a.py"))


def test_a_python_that_does_not_answer_says_so(tmp_path: Path) -> None:
    repository = make(tmp_path, {"a.py": ""})
    (repository.environment / "bin/python").unlink()
    (repository.environment / "bin/python").symlink_to("/bin/false")
    assert "does not answer as a Python does" in sentence(repository.trial("true"))


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed; install it to try uv run")
def test_uv_runs_the_environment_as_it_is_and_sees_the_change(tmp_path: Path) -> None:
    made = src_layout(tmp_path)
    repository = Repository(
        made.tree, made.checkout, made.environment, made.folder, {"PATH": os.environ["PATH"]}
    )
    before = everything(made.environment)
    trial = repository.trial("uv run pytest -q")
    good, bad = trial.judge({"src/pkg/calc.py": HARMLESS}), trial.judge({"src/pkg/calc.py": BREAKING})
    trial.close()
    assert (good.verdict, bad.verdict) == ("verified", "broken")
    assert everything(made.environment) == before


@pytest.mark.skipif(shutil.which("tox") is None, reason="tox is not installed; install it to try tox")
def test_tox_in_an_environment_of_its_own_sees_the_change(tmp_path: Path) -> None:
    ini = "[tox]\nenvlist = py\nskipsdist = true\n[testenv]\ncommands = python tests/check.py\n"
    check = "from pkg.calc import add\nassert add(1, 2) == 3\n"
    made = src_layout(tmp_path, **{"tox.ini": ini, "tests/check.py": check})
    repository = Repository(
        made.tree, made.checkout, made.environment, made.folder, {"PATH": os.environ["PATH"]}
    )
    trial = repository.trial("tox -q")
    good, bad = trial.judge({"src/pkg/calc.py": HARMLESS}), trial.judge({"src/pkg/calc.py": BREAKING})
    trial.close()
    assert (good.verdict, bad.verdict) == ("verified", "broken")
