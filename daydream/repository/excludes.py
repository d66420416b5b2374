"""What the repository's own configuration of its linters says not to look at; Python files only.

Honoured, from the root's files: ruff's `exclude`, `extend-exclude` and `lint.exclude`; flake8's
`exclude` and `extend-exclude`; black's `extend-exclude` and `force-exclude`. Not honoured: mypy's and
coverage's, as "not typed" and "not measured" do not mean "not ours".
"""

import configparser
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daydream.processes import Stop, run

_BLACK_TIMEOUT_S = 2.0
_BIGGEST_CONFIG = 2**20
# A regular expression of the repository can take for ever; so it runs where it can be ended.
_BLACK = """
import os, re, sys
data = sys.stdin.buffer.read().split(b"\\0")
paths = [os.fsdecode(one) for one in data[1:]]
text = data[0].decode("utf-8")
sought = re.compile(text, re.VERBOSE if "\\n" in text else 0).search
found = [path for path in paths if sought("/" + path)]
sys.stdout.buffer.write(b"\\0".join(map(os.fsencode, found)))
"""


@dataclass(frozen=True, slots=True)
class ToolExcludes:
    """`globs` in gitignore form; `regexes` of black; `notes` about files that could not be read."""

    globs: tuple[str, ...]
    regexes: tuple[str, ...]
    notes: tuple[str, ...]


def read(tree: Path, present: frozenset[str]) -> ToolExcludes:
    """Read the excludes from the configuration files in the root of `tree` that are among `present`."""
    globs: list[str] = []
    regexes: list[str] = []
    notes: list[str] = []
    for name in ("pyproject.toml", "ruff.toml", ".ruff.toml"):
        if name in present:
            try:
                table = tomllib.loads(_text(tree / name))
            except (OSError, ValueError):
                notes.append(f"{name} cannot be read as TOML, so its excludes were not honoured.")
                continue
            tools = _table(table, "tool") if name == "pyproject.toml" else {"ruff": table}
            globs += _ruff(_table(tools, "ruff"))
            regexes += _black(_table(tools, "black"))
    for name in (".flake8", "setup.cfg", "tox.ini"):
        if name in present:
            globs += _flake8(tree / name)
    return ToolExcludes(tuple(dict.fromkeys(globs)), tuple(dict.fromkeys(regexes)), tuple(notes))


def matched_by_black(
    regexes: Sequence[str], paths: Sequence[str], tree: Path, stop: Stop
) -> tuple[frozenset[str], tuple[str, ...]]:
    """The paths that black's expressions exclude, and a note for each expression that could not be used."""
    found: set[str] = set()
    notes: list[str] = []
    for regex in regexes:
        data = "\0".join((regex.replace("\0", ""), *paths)).encode()
        argv = [sys.executable, "-I", "-S", "-c", _BLACK]
        left = run(argv, cwd=tree, env={}, stdin=data, stop=stop, timeout_s=_BLACK_TIMEOUT_S, nice=False)
        if left.returncode != 0:
            notes.append("An exclude expression of black could not be used, so it was not honoured.")
        else:
            found.update(left.stdout.decode().split("\0"))
    return frozenset(found), tuple(notes)


def _text(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(_BIGGEST_CONFIG).decode("utf-8-sig")


def _table(table: dict[str, Any], name: str) -> dict[str, Any]:
    found = table.get(name)
    return found if isinstance(found, dict) else {}


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _ruff(table: dict[str, Any]) -> list[str]:
    lint = _table(table, "lint")
    listed = (table.get("exclude"), table.get("extend-exclude"), lint.get("exclude"))
    return [glob for value in listed for one in _texts(value) if (glob := _glob(one))]


def _black(table: dict[str, Any]) -> list[str]:
    listed = (table.get("extend-exclude"), table.get("force-exclude"))
    return [one for one in listed if isinstance(one, str) and one.strip()]


def _flake8(path: Path) -> list[str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(_text(path))
        values = [parser.get("flake8", key, fallback="") for key in ("exclude", "extend-exclude")]
    except (OSError, ValueError, configparser.Error):
        return []
    lines = (line.partition("#")[0] for value in values for line in value.splitlines())
    return [glob for line in lines for one in line.split(",") if (glob := _glob(one))]


def _glob(pattern: str) -> str:
    """A linter's pattern in gitignore form; "" for one that would mean everything or outside."""
    plain = pattern.strip().removeprefix("./").rstrip("/")
    if not plain or plain.startswith(("/", "..", "~")) or not plain.strip("*./"):
        return ""
    return "\\" + plain if plain[0] in "!#" else plain
