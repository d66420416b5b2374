"""What was planted where: the truth that a night is held against."""

from pathlib import Path

import msgspec


class Plant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One planted thing.

    `kind` is the class of defect, `variant` its shape. `first_line` to `last_line` is the whole of it in the
    committed file. `name` is empty where the thing has none. `removable`: a tool may propose the edit on its own;
    otherwise it may only say so. `alive`: it only looks like the defect, and nobody may say that it is one.
    """

    id: str
    kind: str
    variant: str
    path: str
    first_line: int
    last_line: int
    name: str = ""
    removable: bool = False
    alive: bool = False
    why: str = ""


class Truth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything planted into one copy. `base` is the commit it was planted on, `commit` the last one planted;
    `minimum` is the oldest Python the repository promises, None where it does not say; `not_planted` says why a
    class is missing."""

    source: str
    seed: int
    base: str
    commit: str
    minimum: tuple[int, int] | None
    version: str | None
    plants: tuple[Plant, ...]
    not_planted: dict[str, str] = {}


def truth_path(target: Path) -> Path:
    """Where the truth of a planted copy lies: beside the tree, never inside."""
    return target.with_name(f"{target.name}.truth.json")


def write_truth(target: Path, truth: Truth) -> Path:
    """Write it beside the tree."""
    path = truth_path(target)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(truth), indent=1))
    return path


def read_truth(target: Path) -> Truth:
    """Read what was planted into a copy."""
    return msgspec.json.decode(truth_path(target).read_bytes(), type=Truth)
