"""Blocks of a page that a program writes (`cog`): how many, and which were edited by hand since."""

import base64
import re
from dataclasses import dataclass
from hashlib import md5

_END = re.compile(
    r"\[\[\[end\]\]\](?: *\((?:checksum: (?P<hex>[a-f0-9]{32})|sum: (?P<short>[A-Za-z0-9+/]{10}))\))?"
)


@dataclass(frozen=True, slots=True)
class Block:
    """A generated block: the line of its end marker, from 1; `stale` is None where it carries no checksum."""

    line: int
    stale: bool | None


def blocks(text: str) -> list[Block]:
    """Find the blocks and compare each output with the checksum that `cog` left beside it; nothing is run."""
    if "[[[cog" not in text:
        return []
    found: list[Block] = []
    output: list[str] | None = None
    inside = False
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        end = _END.search(line)
        if end and output is not None:
            found.append(Block(number, _stale(end, output)))
            output, inside = None, False
        elif inside and "]]]" in line:
            inside, output = False, []
        elif output is not None:
            output.append(line)
        elif "[[[cog" in line:
            inside = True
            if "]]]" in line.partition("[[[cog")[2]:
                inside, output = False, []
    return found


def _stale(end: re.Match[str], output: list[str]) -> bool | None:
    if end["hex"] is None and end["short"] is None:
        return None
    digest = md5("".join(output).encode(), usedforsecurity=False)
    short = base64.b64encode(digest.digest()).decode("ascii")[:10]
    return (digest.hexdigest() != end["hex"]) if end["hex"] else short != end["short"]
