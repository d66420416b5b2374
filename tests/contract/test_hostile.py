"""Every hostile program on every backend, started by root and by an ordinary user: what it tried is looked for outside."""

import importlib.metadata
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import daydream
from daydream.contracts.sandbox import Ground
from tests.contract.hostile.forging import BUSY_S, CLOCKS
from tests.contract.hostile.matrix import PROGRAMS
from tests.contract.hostile.program import Program
from tests.fakes.bubblewrap import why_not

SOMEBODY = 54321
ROOT = os.geteuid() == 0
STARTS = [("bubblewrap", "root"), ("bubblewrap", "user"), ("docker", "root"), ("docker", "user")]
# The engine runs as root whoever asks it, so that who asked changes little; the whole matrix takes half a minute there.
EVERY = {("docker", "user"): 4}
CLIENTS = ("docker", "requests", "urllib3", "certifi", "idna", "charset-normalizer")
PATIENCE_S = 600


@pytest.fixture(scope="module")
def stage(open_folder: Path) -> Path:
    """What the matrix imports, where anybody can read it."""
    place = open_folder / "stage"
    package = Path(daydream.__file__).parent
    for part in ("errors.py", "processes.py", "__init__.py", "contracts", "sandbox"):
        copy(package / part, place / "daydream" / part)
    copy(Path(__file__).parent / "hostile", place / "tests/contract/hostile")
    for name in CLIENTS:
        for file in importlib.metadata.files(name) or ():
            if ".." not in file.parts:
                copy(Path(str(file.locate())), place / file)
    for folder, _, files in os.walk(place):
        Path(folder).chmod(0o755)
        for name in files:
            (Path(folder) / name).chmod(0o644)
    return place


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)


def started(backend: str, who: str, stage: Path, ground: Ground, address: str) -> Any:
    """Run the matrix as somebody, in the exported interpreter, which anybody may use."""
    written = stage / "ground.json"
    written.write_text(json.dumps({"root": str(ground.root), "python": ground.python, "tag": ground.tag}))
    python = f"{ground.root}{ground.python}"
    env = {
        "PYTHONPATH": str(stage),
        "PATH": os.environ["PATH"],
        "LD_LIBRARY_PATH": f"{ground.root}/python/lib",
    }
    drop: dict[str, Any] = (
        {"user": SOMEBODY, "group": SOMEBODY, "extra_groups": []} if ROOT and who == "user" else {}
    )
    done = subprocess.run(
        [python, "-S", "-m", "tests.contract.hostile.matrix", backend, str(written), address, str(EVERY.get((backend, who), 1))],
        env=env, cwd=stage, capture_output=True, timeout=PATIENCE_S, check=False, **drop,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module", params=STARTS, ids="-as-".join)
def results(request: pytest.FixtureRequest, stage: Path, ground: Ground) -> Any:
    backend, who = request.param
    if who == "root" and not ROOT:
        pytest.skip("these tests were started by an ordinary user; start them as root to have this too")
    found = "-"
    if backend == "docker":
        found = request.getfixturevalue("engine_address")
        Path(found.removeprefix("unix://")).chmod(0o666)
    elif why := why_not():
        pytest.skip(why)
    return started(backend, who, stage, ground, found)


def rows(results: Any) -> Iterator[tuple[Program, dict[str, Any]]]:
    by_name = {each["name"]: each for each in results["rows"]}
    for program in PROGRAMS:
        if program.name in by_name:
            yield program, by_name[program.name]


def test_there_are_more_than_a_hundred_programs_and_each_has_a_name_of_its_own() -> None:
    assert len({each.name for each in PROGRAMS}) == len(PROGRAMS) > 100


def test_nothing_gets_out(results: Any) -> None:
    assert results["visits"] == 0
    assert results["core_pattern"]
    assert results["untouched"]
    assert 0 not in results["uids"]


def test_no_secret_and_no_answer_of_another_is_found(results: Any) -> None:
    assert [program.name for program, row in rows(results) if row["leaks"]] == []


def test_nobody_survives(results: Any) -> None:
    assert results["left"] == []
    assert [program.name for program, row in rows(results) if row["facts"]["survivors"]] == []


def test_the_next_call_is_always_answered_truly_and_at_once(results: Any) -> None:
    assert [program.name for program, row in rows(results) if not row["controls"]] == []


def test_what_the_kernel_or_the_clock_saw_is_always_named_rightly(results: Any) -> None:
    wrong = {
        p.name: (row["came"], row["detail"])
        for p, row in rows(results)
        if p.kernel and row["came"] not in p.expects
    }
    assert wrong == {}


def test_the_category_is_right(results: Any) -> None:
    wrong = {p.name: (row["came"], row["detail"]) for p, row in rows(results) if row["came"] not in p.expects}
    assert len(wrong) <= len(results["rows"]) * 0.05, wrong


def test_no_lie_becomes_a_value(results: Any) -> None:
    wrong = {
        program.name: row["returned"]
        for program, row in rows(results)
        if program.returns is not None and row["came"] == "returned" and row["returned"] != program.returns
    }
    assert wrong == {}


def test_no_lie_shortens_what_the_kernel_measured(results: Any) -> None:
    by_name = {each["name"]: each["facts"]["cpu_s"] for each in results["rows"]}
    asked = [each.name for each in CLOCKS if each.name in by_name]
    assert asked
    assert {name: by_name[name] for name in asked if by_name[name] < BUSY_S} == {}
