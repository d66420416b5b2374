"""Hard log lines in any number: real messages whose parameters are varied, in letters too.

`python -m bench.logs_hard FOLDER COUNT OUTPUT [--seed N]`: the folder `data` of logparser (research use; not part of the
project). A parameter is what a line has where its labelled template has ``<*>``; each letter and digit of it is replaced by
another of its kind. Lines that do not fit their template stay as they are.
"""

import argparse
import random
import re
import string
from collections.abc import Iterator
from pathlib import Path

from bench.logs_grouping_data import load

_TABLES = 997
_ALPHABETS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)


def lines(folder: Path, count: int, seed: int = 7) -> Iterator[tuple[str, str]]:
    """Yield so many (label, line), those of all systems in random order, again and again with other parameters."""
    dice = random.Random(seed)
    tables = [_table(dice) for _ in range(_TABLES)]
    parts = [
        (f"{name} {event}", _parts(text, template))
        for name, system in load(folder).items()
        for text, event, template in zip(system.texts, system.events, system.templates, strict=True)
    ]
    done = 0
    while done < count:
        dice.shuffle(parts)
        for label, part in parts[: count - done]:
            varied = (
                text.translate(tables[int(dice.random() * _TABLES)]) if place % 2 else text
                for place, text in enumerate(part)
            )
            yield label, "".join(varied).replace("\n", " ")
        done += len(parts)


def write(folder: Path, count: int, path: Path, seed: int = 7) -> None:
    """Write so many lines to a file."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for _, line in lines(folder, count, seed))


def main() -> None:
    """Write a file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("output", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    write(args.folder, args.count, args.output, args.seed)


def _parts(text: str, template: str) -> list[str]:
    """Split a line into fixed texts and parameters, in turns."""
    found = re.fullmatch(
        "(.*?)".join(f"({re.escape(fixed)})" for fixed in template.split("<*>")), text, re.DOTALL
    )
    return list(found.groups()) if found else [text]


def _table(dice: random.Random) -> dict[int, int]:
    table: dict[int, int] = {}
    for alphabet in _ALPHABETS:
        table |= str.maketrans(alphabet, "".join(dice.sample(alphabet, len(alphabet))))
    return table


if __name__ == "__main__":
    main()
