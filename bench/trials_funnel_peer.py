"""The peer of local dreams: `ruff --fix --unsafe-fixes` with PERF, C4, FURB and SIM, whose rewrites go through the same trials."""

import ast
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.trials_funnel_filter import passing
from daydream.analysis.source import function_tree, normal_form, parse
from daydream.contracts.dream import Candidate, Dream, Policy, Procedure, Verdict

RULES = "PERF,C4,FURB,SIM"
Key = tuple[str, str, int]


@dataclass(frozen=True)
class Ruff:
    """What ruff makes of each function, as a kind that proposes exactly that: all its fixes of a function at once."""

    rewritten: Mapping[Key, str]
    key: str = "constraint_relaxation"
    version: int = 1

    def propose(
        self, procedure: Procedure, related: Sequence[Procedure], policy: Policy, rng: random.Random
    ) -> Sequence[Candidate]:
        """The rewritten function, where there is one."""
        del related, policy, rng
        code = self.rewritten.get(procedure.key)
        if code is None:
            return []
        words = "what ruff makes of it"
        return [
            Candidate(
                name="ruff",
                code=code,
                transform_id="ruff.fix@1",
                assumption=words,
                reasoning=words,
                description=words,
            )
        ]


def to_be_tried(dream: Dream) -> Verdict:
    """A verdict by which every rewrite of the peer is tried."""
    return Verdict(dream.id, 1.0, 1, ("the peer's rewrites are all tried",), "peer")


def rewritten(tree: Path, *, preview: bool) -> dict[Key, str]:
    """The functions that pass the filter and that ruff changes, with their new source.

    An import that a rewrite needs and that ruff puts at the head of the file stands in the function itself here, because a
    trial replaces a function and nothing else.
    """
    found: dict[Key, str] = {}
    for path in sorted(tree.rglob("*.py")):
        inside = path.relative_to(tree).as_posix()
        data = path.read_bytes()
        functions = list(passing(inside, data))
        after = _fixed(data, preview=preview) if functions else data
        if after == data:
            continue
        old, new = parse(data), parse(after)
        places = {(each.qualname, each.occurrence): each for each in new.functions}
        added = _imports(after) - _imports(data)
        for each in functions:
            there = places.get((each.qualname, each.occurrence))
            if there is not None:
                code = new.source(there.first_line, there.last_line)
                if _differs(code, old.source(each.first_line, each.last_line)):
                    found[inside, each.qualname, each.occurrence] = _with_imports(code, added)
    return found


def _fixed(data: bytes, *, preview: bool) -> bytes:
    """A file after ruff."""
    argv = [
        str(Path(sys.executable).with_name("ruff")),
        "check",
        "--isolated",
        "--fix",
        "--unsafe-fixes",
        "-q",
        "--exit-zero",
    ]
    argv += [
        "--select",
        RULES,
        "--target-version",
        f"py3{sys.version_info.minor}",
        *(["--preview"] if preview else []),
    ]
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as name:
        file = Path(name) / "module.py"
        file.write_bytes(data)
        subprocess.run([*argv, "--no-cache", str(file)], check=True, capture_output=True)
        return file.read_bytes()


def _imports(data: bytes) -> set[str]:
    tree = ast.parse(data)
    return {ast.unparse(each) for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)}


def _differs(one: str, other: str) -> bool:
    return normal_form(function_tree(one)[0]) != normal_form(function_tree(other)[0])


def _with_imports(code: str, added: set[str]) -> str:
    """The function with those new imports in its body that bind a name which it uses."""
    node, shift = function_tree(code)
    used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    wanted = []
    for text in sorted(added):
        statement = ast.parse(text).body[0]
        names = {(each.asname or each.name).partition(".")[0] for each in getattr(statement, "names", ())}
        if names & used:
            wanted.append(text)
    if not wanted:
        return code
    documented = ast.get_docstring(node) is not None and len(node.body) > 1
    first = node.body[int(documented)]
    lines = code.split("\n")
    row = first.lineno - shift - 1
    indent = lines[row][: len(lines[row]) - len(lines[row].lstrip())]
    return "\n".join([*lines[:row], *(indent + each for each in wanted), *lines[row:]])
