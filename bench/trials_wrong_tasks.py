"""HumanEval+ as procedures to be tried: each reference solution in a module of its own, its contract at its beginning."""

import ast
import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daydream.analysis.source import Definition
from daydream.contracts.sandbox import Inputs
from daydream.sandbox.guest.encoding import EncodingError, encode

FILE = "HumanEvalPlus.jsonl.gz"
WHERE = (
    f"there is no {FILE} in {{}}; get it from github.com/evalplus/humanevalplus_release "
    "(Apache 2.0) and give the folder that it lies in"
)


@dataclass(frozen=True, slots=True)
class Task:
    """One procedure: its module's text, where it begins, how many of its statements are docstring and contract (`head`),
    and the inputs of the oracle, none of which the trial sees. `half` is 0 or 1 by a hash of the identity: 1 was not looked
    at while the generator was made."""

    id: str
    name: str
    module: str
    source: str
    head: int
    annotated: bool
    base: tuple[Inputs, ...]
    plus: tuple[Inputs, ...]
    tolerance: float
    unencoded: int

    @property
    def half(self) -> int:
        """0: looked at; 1: held out."""
        return hashlib.sha256(self.id.encode()).digest()[0] % 2

    @property
    def path(self) -> str:
        """Its file."""
        return f"{self.module}.py"

    def node(self) -> Definition:
        """The procedure, parsed anew."""
        found = [each for each in ast.parse(self.source).body if isinstance(each, Definition)]
        return next(each for each in reversed(found) if each.name == self.name)


def tasks(folder: Path) -> list[Task]:
    """Read the data.

    Raises:
        SystemExit: it is not there.
    """
    path = folder / FILE
    if not path.is_file():
        raise SystemExit(WHERE.format(folder))
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [_task(json.loads(line)) for line in lines if line.strip()]


def _task(row: dict[str, Any]) -> Task:
    source = f"{row['prompt']}\n{row['contract']}\n{row['canonical_solution']}\n"
    name = row["entry_point"]
    bare = ast.parse(f"{row['prompt']}\n{row['contract']}\n    pass\n")
    head = next(each for each in reversed(bare.body) if isinstance(each, Definition) and each.name == name)
    base, lost = _inputs(row["base_input"])
    plus, more = _inputs(row["plus_input"])
    return Task(
        id=row["task_id"],
        name=name,
        module=f"task_{int(row['task_id'].rpartition('/')[2]):03}",
        source=source,
        head=len(head.body) - 1,
        annotated=bool(head.args.args) and all(each.annotation for each in head.args.args),
        base=tuple(base),
        plus=tuple(plus),
        tolerance=float(row["atol"]),
        unencoded=lost + more,
    )


def _inputs(rows: Sequence[list[Any]]) -> tuple[list[Inputs], int]:
    """The calls, and how many hold what cannot be handed over."""
    found: list[Inputs] = []
    for row in rows:
        try:
            found.append(Inputs(tuple(encode(each) for each in row)))
        except EncodingError:
            continue
    return found, len(rows) - len(found)


def written(task: Task, node: Definition) -> str:
    """A variant's text."""
    del task
    return ast.unparse(ast.fix_missing_locations(node)) + "\n"
