"""A command runs only as a person confirmed it, and only where its Python is."""

import hashlib
import sys
from pathlib import Path

import pytest

from daydream.records.repository import Interpreter
from daydream.repository.verify_command import Command, confirmed, unavailable


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_confirmed_command_is_given_back() -> None:
    made = confirmed("pytest -q 'a b'", sha("pytest -q 'a b'"))
    assert isinstance(made, Command)
    assert made.argv == ["pytest", "-q", "a b"]


@pytest.mark.parametrize(
    ("command", "confirmation", "said"),
    [
        (None, None, "no test command is configured"),
        ("  ", sha("  "), "no test command is configured"),
        ("pytest", None, "nobody confirmed"),
        ("pytest -x", sha("pytest"), "another one was confirmed"),
        ("pytest 'a", sha("pytest 'a"), "cannot be split into words (no closing quotation)"),
        ("ruff check && pytest", sha("ruff check && pytest"), "needs a shell"),
        ("A=1 pytest", sha("A=1 pytest"), "write env A=1"),
        ("'' \0", sha("'' \0"), "is no command"),
    ],
)
def test_anything_else_says_why_not(command: str | None, confirmation: str | None, said: str) -> None:
    problem = confirmed(command, confirmation)
    assert isinstance(problem, str)
    assert said in problem


def python(path: Path | str) -> Interpreter:
    return Interpreter(path=str(path), version=(3, 11), why="a test")


def test_without_a_python_of_the_repository_nothing_is_run(tmp_path: Path) -> None:
    assert "interpreter.path" in (unavailable(Command("pytest"), None) or "")
    assert "is gone" in (unavailable(Command("pytest"), python(tmp_path / "bin/python")) or "")


def test_a_pytest_of_another_python_is_not_taken_for_the_repositorys(tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to(sys.executable)
    assert "pytest is not in" in (unavailable(Command("pytest"), python(tmp_path / "python")) or "")
    assert unavailable(Command("python -m pytest"), python(tmp_path / "python")) is None
    assert unavailable(Command("make test"), python(tmp_path / "python")) is None
