"""What is kept of a trial for whoever replays it: which inputs it was made on, and nothing that looks like a secret."""

import ast
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from daydream.contracts.dream import Procedure
from daydream.contracts.sandbox import Inputs
from daydream.dream.trials.differential_types import Seen
from daydream.dream.trials.withholding import looks_secret

MOST_BYTES = 64 * 1024
"""Of the inputs of one trial, as JSON; the others are made again from the seed."""


def digest(inputs: Sequence[Inputs]) -> str:
    """A hash of inputs in their order: 16 hex digits. Two trials of one digest were made on the same inputs."""
    total = hashlib.sha256()
    for each in inputs:
        total.update(_json(asdict(each)) + b"\n")
    return total.hexdigest()[:16]


def kept(procedure: Procedure, seen: Sequence[Seen]) -> dict[str, Any]:
    """The inputs of a trial as data, in order and at most 64 KiB; `withheld` counts those that look as if they held a secret,
    an address or a number of a person, `left_out` those for which there was no room."""
    names = names_of(procedure)
    found: list[dict[str, Any]] = []
    withheld = left_out = size = 0
    for each in seen:
        data = {"origin": each.origin, **asdict(each.inputs)}
        if looks_secret(each.inputs, names):
            withheld += 1
            continue
        length = len(_json(data))
        if size + length > MOST_BYTES:
            left_out += 1
            continue
        size += length
        found.append(data)
    return {"kept": found, "withheld": withheld, "left_out": left_out}


def _json(data: Any) -> bytes:
    """JSON that holds any text, half a pair of surrogates too."""
    return json.dumps(data, separators=(",", ":")).encode("ascii")


def names_of(procedure: Procedure) -> list[str]:
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
