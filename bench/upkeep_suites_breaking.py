"""Edits that break a repository's tests, and what verification makes of them among others."""

import ast
import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from daydream.processes import Stop
from daydream.records.proposal import Evidence
from daydream.records.repository import Interpreter, SourceFile
from daydream.repository.verify import Command, Found, Trial, bisect

Files = Mapping[str, bytes | None]
_LONGEST_S = 3600.0
_NOT_TESTED = {"examples", "example", "docs", "bench", "benchmarks", "scripts"}


def sift(
    base: Path, tree: Path, python: Path, env: Mapping[str, str], tests: str, groups: Sequence[Files]
) -> Found:
    """Which groups of edits of the tree verification believes; what it makes lies below `base`."""
    paths = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    trial = Trial(
        tree=tree,
        folder=base / "trial",
        commit="0" * 40,
        files=[SourceFile(path.relative_to(tree).as_posix(), "", 0) for path in paths],
        interpreter=Interpreter(path=str(python), version=_version(python), why="the benchmark's"),
        command=Command(tests),
        env=env,
        stop=Stop(),
        deadline_s=_LONGEST_S,
    )

    def judge(some: Sequence[Files]) -> Evidence:
        return trial.judge({path: content for files in some for path, content in files.items()})

    try:
        return bisect(groups, judge)
    finally:
        trial.close()


def _version(python: Path) -> tuple[int, int]:
    said = subprocess.run(
        [str(python), "-c", "import json, sys; print(json.dumps(sys.version_info[:2]))"],
        check=True,
        capture_output=True,
    )
    major, minor = json.loads(said.stdout)
    return major, minor


def breaking_edits(tree: Path, paths: Sequence[str]) -> Iterator[tuple[str, str, bytes]]:
    """Path, name and new content: one function removed which the tests import by its name, at most one of a module."""
    tested = sorted(path for path in paths if path.split("/")[0] not in _NOT_TESTED)
    modules = {path: text for path in tested if (text := _python(tree / path)) is not None}
    tests = {path for path in modules if "test" in path}
    wanted = {
        alias.name
        for path in tests
        for node in ast.walk(ast.parse(modules[path]))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    defined = Counter(
        node.name for path in modules.keys() - tests for node in _functions(ast.parse(modules[path]))
    )
    for path in sorted(modules.keys() - tests):
        for node in _functions(ast.parse(modules[path])):
            if node.name in wanted and defined[node.name] == 1:
                yield path, node.name, _without(modules[path], node)
                break


def _python(file: Path) -> str | None:
    """A module's text; None where it is none that can be read."""
    if file.suffix != ".py" or file.is_symlink() or not file.is_file():
        return None
    try:
        text = file.read_bytes().decode("utf-8")
        ast.parse(text)
    except (UnicodeDecodeError, SyntaxError, ValueError):
        return None
    return text


def _functions(module: ast.Module) -> list[ast.FunctionDef]:
    return [node for node in module.body if isinstance(node, ast.FunctionDef)]


def _without(text: str, node: ast.FunctionDef) -> bytes:
    lines = text.split("\n")
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    return "\n".join(lines[: first - 1] + lines[node.end_lineno :]).encode()
