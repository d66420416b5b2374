"""The command that runs a repository's tests, as a person confirmed it."""

import hashlib
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from daydream.records.repository import Interpreter

_SHELL = frozenset({"&&", "||", ";", "|", "&", ">", ">>", "<", "2>", "2>&1", "&>"})
_PYTHONS = re.compile(r"python[\d.]*|pytest|py\.test")


@dataclass(frozen=True, slots=True)
class Command:
    """A command in shell words; it is run without a shell."""

    text: str

    @property
    def sha256(self) -> str:
        """What a confirmation is bound to."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def argv(self) -> list[str]:
        """The words. Raises ValueError where a quote is not closed."""
        return shlex.split(self.text)


def confirmed(command: str | None, sha: str | None) -> Command | str:
    """The command if a person confirmed exactly this one; else why not, in a sentence."""
    if command is None or not command.strip():
        return 'no test command is configured; `daydream init --tests "python -m pytest -q" --write` confirms one'
    made = Command(command)
    problem = _problem(made)
    if problem is not None:
        return f'verify.command = "{command}" {problem}'
    if sha is None:
        return (
            f'nobody confirmed verify.command = "{command}"; `daydream init --tests` prints the lines that do'
        )
    if sha.strip().lower() != made.sha256:
        return f'verify.command is now "{command}", and another one was confirmed; `daydream init --tests` prints the lines for the new one'
    return made


def unavailable(command: Command, interpreter: Interpreter | None) -> str | None:
    """Why the command cannot be run with this Python, in a sentence; None: as far as can be seen it can."""
    if interpreter is None:
        return (
            "the repository has no Python of its own that could run its tests; "
            "make a .venv with its dependencies, or set interpreter.path"
        )
    programs = Path(interpreter.path).parent
    if not os.access(interpreter.path, os.X_OK):
        return (
            f"{interpreter.path} is gone or cannot be run; make the environment anew, or set interpreter.path"
        )
    name = command.argv[0]
    if _PYTHONS.fullmatch(name) and not os.access(programs / name, os.X_OK):
        return (
            f"{name} is not in {programs}, and that of another Python would not find the repository's "
            f"dependencies; install it there, or set interpreter.path"
        )
    return None


def _problem(command: Command) -> str | None:
    try:
        words = command.argv
    except ValueError as error:
        return f"cannot be split into words ({str(error).lower()})"
    if "\0" in command.text or not words:
        return "is no command"
    if any(word in _SHELL for word in words):
        return "needs a shell, and it is run without one; put it into a script, or write sh -c '...'"
    if re.match(r"[A-Za-z_]\w*=", words[0]):
        return f"begins with a variable; write env {words[0]} ..."
    return None
