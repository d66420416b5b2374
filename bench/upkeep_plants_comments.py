"""Commented-out code of one to twenty lines, and comments that are none."""

import ast
from collections.abc import Callable, Iterator

from bench.upkeep_plants_ground import Ground, between, function_head, functions
from bench.upkeep_plants_sheet import NoPlace, Sheet, indented, marked

_SIZES = {"one-line": (1, 1), "short": (2, 3), "long": (4, 9), "very-long": (10, 20)}


def _runs(ground: Ground, path: str, fewest: int, most: int) -> Iterator[list[str]]:
    """Whole statements of a module as it was that stand one after the other and take so many lines, without their indent."""
    sheet = Sheet(path, ground.texts[path])
    for node in functions(sheet):
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        for first in range(len(body)):
            for last in range(first, len(body)):
                lines = sheet.lines[body[first].lineno - 1 : body[last].end_lineno]
                if fewest <= len(lines) <= most and _whole(lines, body[first].col_offset):
                    yield [line[body[first].col_offset :] for line in lines]


def _whole(lines: list[str], by: int) -> bool:
    """Code without comments or strings over several lines, and more than a bare name, return or docstring."""
    text = "\n".join(lines)
    if "#" in text or '"""' in text or "'''" in text or any(line and line[:by].strip() for line in lines):
        return False
    if not any(sign in text for sign in ("(", " = ", "[")) or lines[0].lstrip().startswith(("@", '"', "'")):
        return False
    try:
        ast.parse("\n".join(line[by:] for line in lines))
    except SyntaxError:
        return False
    return True


def _code(ground: Ground, fewest: int, most: int, *, nested: bool = False) -> list[str]:
    """Code of some module of the repository."""
    for sheet in ground.some_modules()[:60]:
        runs = [
            run
            for run in _runs(ground, sheet.path, fewest, most)
            if not nested or any(line.startswith("        ") for line in run)
        ]
        if runs:
            return ground.rng.choice(runs)
    msg = f"no code of {fewest} to {most} lines to comment out"
    raise NoPlace(msg)


def _commented(lines: list[str], by: int) -> list[str]:
    return indented([f"# {line}".rstrip() for line in lines], by)


def blocks(ground: Ground) -> None:
    """Blocks of four sizes at the head of functions and between definitions."""
    for variant, (fewest, most) in _SIZES.items():
        code = _code(ground, fewest, most)

        def put(sheet: Sheet, variant: str = variant, code: list[str] = code) -> None:
            plant = ground.plant("commented-code", variant, sheet.path, removable=len(code) > 1)
            if ground.rng.random() < 0.6:
                at, by = function_head(sheet, ground.rng)
                sheet.insert(at, marked(_commented(code, by), plant))
            else:
                sheet.insert(between(sheet, ground.rng), ["", "", *marked(_commented(code, 0), plant)])

        ground.try_each(ground.some_modules(), put)


def after_else(ground: Ground) -> None:
    """A block behind an else."""
    code = _code(ground, 2, 6)

    def put(sheet: Sheet) -> None:
        places = [
            (node.orelse[0].lineno - 1, node.orelse[0].col_offset)
            for node in ast.walk(sheet.tree())
            if isinstance(node, ast.If)
            and node.orelse
            and sheet.lines[node.orelse[0].lineno - 2].strip() == "else:"
        ]
        if not places:
            msg = f"{sheet.path} has no else"
            raise NoPlace(msg)
        at, by = ground.rng.choice(places)
        plant = ground.plant("commented-code", "after-else", sheet.path, removable=True)
        sheet.insert(at, marked(_commented(code, by), plant))

    ground.try_each(ground.some_modules(), put)


def nested(ground: Ground) -> None:
    """A block with bodies within bodies."""
    code = _code(ground, 3, 14, nested=True)

    def put(sheet: Sheet) -> None:
        at, by = function_head(sheet, ground.rng)
        plant = ground.plant("commented-code", "indented-bodies", sheet.path, removable=True)
        sheet.insert(at, marked(_commented(code, by), plant))

    ground.try_each(ground.some_modules(), put)


def _prose(ground: Ground, variant: str, lines: Callable[[str, str], list[str]]) -> None:
    def put(sheet: Sheet) -> None:
        first, second = ground.words.parameters(ground.rng)
        at, by = function_head(sheet, ground.rng)
        plant = ground.plant("commented-code", variant, sheet.path, alive=True, why="prose for people")
        sheet.insert(at, marked(indented(lines(first, second), by), plant))

    ground.try_each(ground.some_modules(), put)


def prose(ground: Ground) -> None:
    """Comments that people wrote for people, some with code in them."""
    _prose(
        ground,
        "prose",
        lambda a, b: [
            f"# if the {a} are empty: the {b} decide,",
            "# for they were there before. return early then",
        ],
    )
    _prose(
        ground,
        "prose-with-call",
        lambda a, b: [
            f"# {a}() has looked at the {b} already, see there;",
            f"# {a} = None means that nobody asked.",
        ],
    )
    _prose(
        ground,
        "example",
        lambda a, b: ["# For example:", "#", f"#     >>> read({a}, {b})", f"#     ['{a}', '{b}']"],
    )
    _prose(ground, "shape", lambda a, b: [f"# {a}: {{name: ({b}, count)}}, sorted by name"])
    _prose(ground, "directive", lambda _a, _b: ["# fmt: off", "# fmt: on"])


PLANTERS: dict[str, Callable[[Ground], None]] = {
    "commented-code/blocks": blocks,
    "commented-code/after-else": after_else,
    "commented-code/indented-bodies": nested,
    "commented-code/prose (alive)": prose,
}
