"""Live look-alikes of real frameworks: bench/lookalikes/, each made into a package of its own.

A look-alike is one section of a file there, listed in index.jsonl with the names that look dead, why they are alive, and
a permalink to public code of that shape. They are packed into as few repositories as it takes that none mentions a name
of another: what looks dead must be judged by itself.
"""

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import msgspec

from bench.machine import here
from bench.repositories_cases import git

FOLDER = here() / "bench" / "lookalikes"
_SEED = 20261121
_MARK = "# lookalike: "


class LookAlike(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the index. `looks` is what it is taken for: import, symbol, variable or comment; a comment has a
    `text` instead of `names`. `path` is where it stands in its package; `files` are the other files it needs."""

    id: str
    framework: str
    file: str
    path: str
    looks: str
    why: str
    permalink: str
    names: tuple[str, ...]
    text: str = ""
    requires: tuple[str, ...] = ()
    files: dict[str, str] = {}


def read_index() -> list[LookAlike]:
    """Every look-alike, sorted by id."""
    lines = (FOLDER / "index.jsonl").read_text(encoding="utf-8").splitlines()
    return sorted((msgspec.json.decode(line, type=LookAlike) for line in lines), key=lambda one: one.id)


def half(name: str, index: Sequence[LookAlike]) -> list[LookAlike]:
    """The half to tune on, or the one held out, drawn by a fixed seed over the ids."""
    ids = sorted(one.id for one in index)
    random.Random(_SEED).shuffle(ids)
    chosen = set(ids[: len(ids) // 2] if name == "tune" else ids[len(ids) // 2 :])
    return [one for one in index if one.id in chosen]


def sections() -> dict[str, str]:
    """The text of every section, by id."""
    found: dict[str, str] = {}
    for file in sorted(FOLDER.glob("*.py")):
        name = ""
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith(_MARK):
                name = line.removeprefix(_MARK)
                assert name not in found, name
            elif name:
                found[name] = found.get(name, "") + line + "\n"
    return {name: text.strip("\n") + "\n" for name, text in found.items()}


def texts(one: LookAlike, section: str) -> dict[str, str]:
    """Every file of a look-alike's package by path, with the `__init__.py` that it takes."""
    package = one.path.split("/")[0]
    found = {one.path: section, **one.files}
    for path in tuple(found):
        for parent in PurePosixPath(path).parents:
            if (
                parent.parts
                and parent.parts[0] == package
                and parent.name not in ("templates", "docs", "rules")
            ):
                found.setdefault((parent / "__init__.py").as_posix(), "")
    return found


def bundles(some: Sequence[LookAlike]) -> list[list[LookAlike]]:
    """Pack them so that no look-alike mentions a name of another in its bundle, and no file is wanted twice."""
    written = sections()
    words = {one.id: set(re.findall(r"\w+", " ".join(texts(one, written[one.id]).values()))) for one in some}
    packed: list[list[LookAlike]] = []
    for one in some:
        for bundle in packed:
            if not any(_clash(one, other, words) for other in bundle):
                bundle.append(one)
                break
        else:
            packed.append([one])
    return packed


def _clash(one: LookAlike, other: LookAlike, words: dict[str, set[str]]) -> bool:
    names = bool(set(one.names) & words[other.id] or set(other.names) & words[one.id])
    return names or bool(set(one.files) & set(other.files))


def build(root: Path, bundle: Sequence[LookAlike]) -> None:
    """Make a repository of one bundle, with the packaging metadata of its frameworks."""
    written = sections()
    needs = sorted({need for one in bundle for need in one.requires})
    head = f'[project]\nname = "desk"\nversion = "3.1.0"\nrequires-python = ">=3.10"\ndependencies = {json.dumps(needs)}\n\n'
    found = {"README.md": "# desk\n\nA lending desk.\n", "pyproject.toml": head}
    for one in bundle:
        for path, text in texts(one, written[one.id]).items():
            found[path] = found.get(path, "") + text if path == "pyproject.toml" else text
    for path, text in found.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A", "-f")
    git(root, "commit", "-q", "--no-verify", "-m", "Open the desk")


def comment_lines(one: LookAlike, section: str) -> range:
    """The lines (from 1) of the comment block that holds a look-alike's text."""
    lines = section.splitlines()
    at = next(number for number, line in enumerate(lines) if one.text in line)
    first = last = at
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    while last + 1 < len(lines) and lines[last + 1].lstrip().startswith("#"):
        last += 1
    return range(first + 1, last + 2)
