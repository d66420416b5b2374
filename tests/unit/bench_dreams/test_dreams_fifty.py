"""The benchmark of fifty procedures: which it chooses, and what it does not let pass as a dream."""

import subprocess
from pathlib import Path

import pytest

from bench.dreams_fifty import Chosen, covering, fault_of, laid_out
from daydream.analysis.source import parse
from daydream.dream.selection import Focus
from tests.fakes.dream_night import write
from tests.fakes.kept_dreams import a_dream

LONG = "def {0}(a, *, b=1):\n" + "    a += 1\n" * 8 + "    return a\n\n\n"


def test_it_chooses_ten_by_the_rule_and_copies_their_files_alone(tmp_path: Path) -> None:
    repository = tmp_path / "shop"
    files = {f"pkg/m{n}.py": LONG.format(f"f{n}") for n in range(14)}
    short = {"pkg/short.py": "def s(a):\n    return a\n", "pkg/twice.py": LONG.format("t") * 2}
    write(repository, {**files, **short, "tests/test_m.py": LONG.format("test_m"), "pkg/bad.py": "def"})
    for argv in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *argv], cwd=repository, check=True)
    found = laid_out(repository, tmp_path / "tree", 0, "chance")
    assert found == laid_out(repository, tmp_path / "tree", 0, "chance")
    assert len(found) == 10
    assert {each.path for each in found} < {f"shop/{path}" for path in files}
    copied = {path.relative_to(tmp_path / "tree").as_posix() for path in (tmp_path / "tree").rglob("*.py")}
    assert copied == {each.path for each in found}
    rest = laid_out(repository, tmp_path / "rest", 10, "chance")
    assert len({*found, *rest}) == 14
    focus = Focus(covering(found))
    assert [each for each in (*found, *rest) if focus.covers((each.path, each.qualname, 1))] == found


SOURCE = "def f(a, *, b=1):\n    return a + b\n"


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("def f(a, *, b=1):\n    return b + a\n", ""),
        ("def f(a, *, b=2):\n    return a + b\n", ""),
        ("def f(a, *, b=1, c=None):\n    return a + b\n", ""),
        ("def f(a, *, b=1):\n    '''Says more.'''\n    return a  +  b\n", "no-op"),
        ("def g(a, *, b=1):\n    return b + a\n", "another function"),
        ("async def f(a, *, b=1):\n    return b + a\n", "another function"),
        ("def f(a, *, b=1, c):\n    return a + b + c\n", "other parameters"),
        ("def f(a, c=0, *, b=1):\n    return a + b\n", "other parameters"),
        ("def f(*, b=1):\n    return b\n", "other parameters"),
        ("def f(a, *, b):\n    return a + b\n", "other parameters"),
    ],
)
def test_what_could_not_stand_in_its_procedures_place_is_a_fault(code: str, fault: str) -> None:
    base = Chosen("a.py", "f", 1, 2, 1)
    assert fault_of(a_dream("d", code=code), base, parse(SOURCE.encode())) == fault


def test_code_that_does_not_compile_is_a_fault() -> None:
    found = fault_of(
        a_dream("d", code="def f(a, *, b=1):\n    return a +\n"),
        Chosen("a.py", "f", 1, 2, 1),
        parse(SOURCE.encode()),
    )
    assert found.startswith("it does not compile")
