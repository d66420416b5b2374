"""What runs beside the tests: it sees modules, lines and outcomes, and keeps out of the way."""

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from daydream.repository.verify_runs import COPIED, WITNESS, last_words
from daydream.repository.witness.daydream_outcomes import Noting, outcome_of
from daydream.repository.witness.guard import descendants
from daydream.repository.witness.sitecustomize import Edited, Witness, file_of, plan

MODULE = "import os\n\n\ndef one():\n    return 1\n\n\ndef two():\n    return 2\n"


class Stage:
    """A folder for records, one with the witness, and one with an edited module `edited`."""

    def __init__(self, base: Path) -> None:
        self.seen, self.witness, self.slot = base / "seen", base / "witness", base / "slot"
        for place in (self.seen, self.witness, self.slot):
            place.mkdir()
        for name in COPIED:
            shutil.copyfile(WITNESS / name, self.witness / name)
        (self.slot / "edited.py").write_text(MODULE)
        row = [str(self.slot / "edited.py"), "edited.py", "edited", "1 5 9"]
        (self.seen / "plan").write_text("\t".join(row) + "\n")

    def environment(self, *places: Path) -> Mapping[str, str]:
        return {
            "PATH": os.defpath,
            "PYTHONPATH": ":".join(map(str, [self.witness, *places, self.slot])),
            "DAYDREAM_WITNESS": str(self.seen),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, code: str, *places: Path) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=self.environment(*places),
            cwd=self.seen.parent,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert not done.stderr, done.stderr
        return done.stdout

    def rows(self) -> list[str]:
        """What was seen, but for the lines that say that a Python started."""
        lines = [
            line for place in sorted(self.seen.glob("seen-*")) for line in place.read_text().splitlines()
        ]
        assert any(line.startswith("python\t") for line in lines)
        return sorted(line.replace("\t", " ") for line in lines if not line.startswith("python\t"))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.mark.parametrize("name", COPIED)
def test_what_runs_in_the_repositorys_python_is_standard_and_can_be_read_by_old_ones(name: str) -> None:
    tree = ast.parse((WITNESS / name).read_bytes(), feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= sys.stdlib_module_names


def test_the_module_and_the_lines_that_ran_are_seen(stage: Stage) -> None:
    stage.run("import edited; edited.one()")
    assert stage.rows() == ["inside edited.py", "line edited.py 1", "line edited.py 5"]


def test_threads_and_children_that_end_without_a_farewell_are_seen(stage: Stage) -> None:
    stage.run(
        "import edited, os, threading\n"
        "thread = threading.Thread(target=edited.one); thread.start(); thread.join()\n"
        "if os.fork() == 0:\n    edited.two(); os._exit(0)\n"
        "os.wait()"
    )
    assert stage.rows()[-2:] == ["line edited.py 5", "line edited.py 9"]


def test_a_child_process_is_seen_and_one_that_ignores_its_environment_is_not(stage: Stage) -> None:
    stage.run("import subprocess, sys; subprocess.run([sys.executable, '-c', 'import edited'], check=True)")
    assert "inside edited.py" in stage.rows()
    for place in stage.seen.glob("seen-*"):
        place.unlink()
    code = f"import sys; sys.path.append({str(stage.slot)!r}); import edited"
    stage.run(f"import subprocess, sys; subprocess.run([sys.executable, '-I', '-c', {code!r}], check=True)")
    assert stage.rows() == []


def test_a_module_of_the_same_name_from_elsewhere_is_seen_to_be_outside(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/edited.py").write_text(MODULE)
    stage.run("import edited", tmp_path / "other")
    assert stage.rows() == [f"outside edited.py {tmp_path}/other/edited.py"]


def test_a_script_of_the_same_file_name_is_another_matter(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/edited.py").write_text(MODULE)
    stage.run("import runpy; runpy.run_path('other/edited.py')")
    assert stage.rows() == []


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="sys.monitoring lets several measure at once")
@pytest.mark.parametrize("when", ["before", "after"])
def test_where_somebody_else_traces_lines_it_says_so(stage: Stage, when: str) -> None:
    trace = "import sys; sys.settrace(lambda *_: None)"
    stage.run(f"{trace}; import edited" if when == "before" else f"import edited; {trace}")
    assert "unwatched" in stage.rows()


def test_the_sitecustomize_that_it_hides_runs_too(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "custom").mkdir()
    (tmp_path / "custom/sitecustomize.py").write_text(
        "import sys\nsys.path.append('/added')\nHIDDEN = True\n"
    )
    code = "import sitecustomize, sys; print(sitecustomize.HIDDEN, '/added' in sys.path)"
    assert stage.run(code, tmp_path / "custom") == "True True\n"


def test_without_a_plan_a_python_starts_as_ever(stage: Stage) -> None:
    (stage.seen / "plan").unlink()
    assert stage.run("import edited; print(edited.one())") == "1\n"
    (stage.seen / "plan").write_text("no plan\n")
    assert stage.run("import edited; print(edited.one())") == "1\n"


def test_it_loads_no_module_that_the_tests_may_want_to_be_first(stage: Stage) -> None:
    code = "import sys; print(*sorted({'json', 'threading', 'pathlib', 'typing'} & set(sys.modules)))"
    assert stage.run(code) == "\n"


def test_a_witness_that_cannot_write_disturbs_nobody(tmp_path: Path) -> None:
    edited = Edited(str(tmp_path / "m.py"), "m.py", ["m"], {1})
    witness = Witness(str(tmp_path / "absent"), [edited])
    witness.audit("exec", (compile("x = 1", edited.path, "exec"),))
    witness.audit("open", ("x",))
    assert edited.inside
    assert witness.find("m.py\0") is None
    sys.settrace(None)


def test_a_plan_is_read_and_a_module_that_is_not_loaded_has_no_file(tmp_path: Path) -> None:
    (tmp_path / "plan").write_text("/a/b.py\tb.py\tb a.b\t1 2\n")
    (one,) = plan(str(tmp_path))
    assert (one.path, one.name, one.imports, one.unseen) == ("/a/b.py", "b.py", ["b", "a.b"], {1, 2})
    assert file_of("no.such.module") is None
    assert file_of("json") == json.__file__


TESTS = """
import os, subprocess, sys
import pytest

@pytest.fixture
def bad_start():
    raise ValueError

@pytest.fixture
def bad_end():
    yield
    raise ValueError

def test_good(): pass
def test_fails(): assert 0
def test_start(bad_start): pass
def test_end(bad_end): pass
@pytest.mark.skip
def test_skipped(): pass
@pytest.mark.xfail
def test_expected(): assert 0
@pytest.mark.xfail
def test_unexpected(): pass
def test_inner(tmp_path):
    (tmp_path / "test_within.py").write_text("def test_within(): pass")
    subprocess.run([sys.executable, "-m", "pytest", "-q", str(tmp_path)], check=True)
"""


def outcomes(stage: Stage, expected: list[str] | None = None) -> tuple[dict[str, str], dict[str, int]]:
    if expected is not None:
        (stage.seen / "expected").write_text(json.dumps(expected))
    environment = {**stage.environment(), "PYTEST_ADDOPTS": "-p daydream_outcomes -p no:cacheprovider"}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, "-m", "pytest", "-q", "--continue-on-collection-errors", "-c", os.devnull, "."]
    subprocess.run(command, cwd=stage.slot, env=environment, capture_output=True, check=False, timeout=60)
    (place,) = stage.seen.glob("outcomes-*")
    rows = [json.loads(line) for line in place.read_text().splitlines()]
    seen = {row["test"].rpartition("::")[2]: row["outcome"] for row in rows if "test" in row}
    return seen, rows[-1]


def test_pytest_is_asked_for_every_outcome(stage: Stage) -> None:
    (stage.slot / "test_all.py").write_text(TESTS)
    (stage.slot / "test_broken.py").write_text("import nowhere\n")
    (stage.slot / "test_none.py").write_text("import pytest\npytest.skip('no', allow_module_level=True)\n")
    seen, end = outcomes(stage)
    assert seen == {
        "test_good": "passed",
        "test_fails": "failed",
        "test_start": "error",
        "test_end": "error",
        "test_skipped": "skipped",
        "test_expected": "xfailed",
        "test_unexpected": "xpassed",
        "test_inner": "passed",
        "test_broken.py": "error",
        "test_none.py": "skipped",
    }
    assert end == {"ended": 1, "collected": 8}


def test_the_first_unexpected_failure_ends_the_session_where_that_is_asked(stage: Stage) -> None:
    (stage.slot / "test_a.py").write_text(
        "def test_1(): assert 0\ndef test_2(): assert 0\ndef test_3(): pass\n"
    )
    seen, _ = outcomes(stage, ["test_a.py::test_1"])
    assert list(seen) == ["test_1", "test_2"]


def test_notes_that_cannot_be_written_are_lost_quietly(tmp_path: Path) -> None:
    noting = Noting(str(tmp_path / "absent"))
    noting.note({"test": "a"})
    assert noting.expected is None
    assert not (tmp_path / "absent").exists()
    report = type("Report", (), {"outcome": "rerun", "when": "call"})
    assert outcome_of(report) is None


def guard(limit: int, seconds: float, *command: str) -> tuple[dict[str, object], bytes]:
    words = [sys.executable, "-I", "-S", str(WITNESS / "guard.py"), str(limit), str(seconds), *command]
    done = subprocess.run(words, capture_output=True, check=True, timeout=60)
    head, _, tail = done.stdout.partition(b"\n")
    return json.loads(head), tail


def test_a_flood_of_words_is_cut_to_its_end() -> None:
    said, tail = guard(1000, 30, sys.executable, "-c", "print('x' * 10_000_000); print('the end')")
    assert said["exit"] == 0
    assert len(tail) == 1000
    assert last_words(tail + b"=====\n") == "the end"


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (b"E   ImportError: no\n1 error in 0.1s\n", "ImportError: no"),
        (b"ERROR: not found: a.py\n\nno tests ran\n", "ERROR: not found: a.py"),
        (b"", ""),
        (b"\xff\x1b[31mred\n", "\ufffd [31mred"),
    ],
)
def test_of_what_was_said_the_line_that_says_most_is_shown(output: bytes, said: str) -> None:
    assert last_words(output) == said


def test_a_command_is_ended_when_its_time_is_over() -> None:
    said, _ = guard(1000, 0.3, sys.executable, "-c", "import time; print('on', flush=True); time.sleep(600)")
    assert (said["exit"], said["late"]) == (None, True)
    said, _ = guard(1000, 0.3, "/bin/sh", "-c", "exec >/dev/null 2>&1; sleep 600")
    assert (said["exit"], said["late"]) == (None, True)


def test_what_holds_the_output_open_after_the_end_is_not_waited_for() -> None:
    said, tail = guard(1000, 30, "/bin/sh", "-c", "sleep 600 & echo done; exit 3")
    assert (said["exit"], said["late"], tail) == (3, False, b"done\n")


def test_a_program_that_is_not_there_is_said_to_be() -> None:
    said, _ = guard(1000, 30, "/no/such/program")
    assert said["error"] == "No such file or directory"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only /proc tells who is whose child")
def test_when_the_one_who_asked_is_killed_the_command_ends_too(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    words = [sys.executable, "-I", "-S", str(WITNESS / "guard.py"), "1000", "600"]
    words += ["/bin/sh", "-c", f"echo $$ > {note}; sleep 600"]
    asking = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess; subprocess.run({words!r}, stdout=subprocess.DEVNULL)"]
    )
    while not (note.exists() and note.read_text().strip()):
        time.sleep(0.02)
    pid = int(note.read_text())
    asking.kill()
    asking.wait()
    until = time.monotonic() + 30
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(pid)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def test_descendants_are_found_through_generations() -> None:
    if not Path("/proc/self/stat").exists():
        assert descendants(os.getpid()) == []
        return
    with subprocess.Popen(["/bin/sh", "-c", "sleep 600; :"], stdin=subprocess.PIPE) as child:
        while not descendants(child.pid):
            time.sleep(0.01)
        below = descendants(child.pid)
        assert set(below) < set(descendants(os.getpid()))
        for pid in [child.pid, *below]:
            os.kill(pid, 9)
