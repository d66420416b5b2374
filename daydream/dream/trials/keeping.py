"""What is kept of a trial for whoever replays it: which inputs it was made on, and nothing that looks like a secret."""

import ast
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from daydream.analysis.redaction import ADDRESS, EMAIL, LONGEST, NUMBER, SECRET, redact
from daydream.contracts.dream import Procedure
from daydream.contracts.sandbox import Inputs
from daydream.dream.trials.differential_types import Seen

MOST_BYTES = 64 * 1024
"""Of the inputs of one trial, as JSON; the others are made again from the seed."""
_HIDDEN = (SECRET, EMAIL, ADDRESS, NUMBER)


def digest(inputs: Sequence[Inputs]) -> str:
    """A hash of inputs in their order: 16 hex digits. Two trials of one digest were made on the same inputs."""
    total = hashlib.sha256()
    for each in inputs:
        total.update(msgspec.json.encode(asdict(each)) + b"\n")
    return total.hexdigest()[:16]


def kept(procedure: Procedure, seen: Sequence[Seen]) -> dict[str, Any]:
    """The inputs of a trial as data, in order and at most 64 KiB; `withheld` counts those that look as if they held a secret,
    an address or a number of a person, `left_out` those for which there was no room."""
    names = _names(procedure)
    found: list[dict[str, Any]] = []
    withheld = left_out = size = 0
    for each in seen:
        data = {"origin": each.origin, **asdict(each.inputs)}
        if secret(each.inputs, names):
            withheld += 1
            continue
        length = len(msgspec.json.encode(data))
        if size + length > MOST_BYTES:
            left_out += 1
            continue
        size += length
        found.append(data)
    return {"kept": found, "withheld": withheld, "left_out": left_out}


def secret(inputs: Inputs, names: Sequence[str] = ()) -> bool:
    """Whether a text among the arguments, or in them, looks like what has to stay where it is; `names` are those of the
    parameters, for a password is known by its name."""
    given = [[name, value] for name, value in zip(names, inputs.given, strict=False)]
    trees = [*given, *inputs.given[len(given) :], *map(list, inputs.named)]
    return any(_hides(text) for text in dict.fromkeys(_texts(trees)))


def _texts(tree: Any) -> Iterator[str]:
    """Every text of a tree, and every two that stand side by side as what they may be: a name and its value."""
    stack = [tree]
    while stack:
        each = stack.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping):
            stack += [*each, *each.values()]
        elif isinstance(each, list | tuple):
            if len(each) == 2 and all(isinstance(part, str) for part in each):
                yield f'{each[0]} = "{each[1]}"'
            stack += each


def _hides(text: str) -> bool:
    if len(text) > LONGEST:
        return True
    hidden = redact(text)
    return hidden != text and any(hidden.count(mark) > text.count(mark) for mark in _HIDDEN)


def _names(procedure: Procedure) -> list[str]:
    """The names of the positional parameters, as far as the signature can be read."""
    try:
        tree = ast.parse(f"def procedure{procedure.signature}: ...")
    except SyntaxError:
        return []
    (node,) = tree.body
    arguments = (
        node.args if isinstance(node, ast.FunctionDef) else ast.arguments([], [], None, [], [], None, [])
    )
    return [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
