"""Dead functions, classes, methods and constants, and functions that only their own tests use."""

import ast
import random
from collections.abc import Callable
from pathlib import PurePosixPath

from bench.upkeep_plants_ground import Ground, Node, after_imports, put_between
from bench.upkeep_plants_imports import absent
from bench.upkeep_plants_sheet import NoPlace, Sheet, indented, marked

_BODIES = (
    (
        "def {name}({a}, {b}=None):",
        '    """Return the {a} that are not {b}."""',
        "    found = []",
        "    for entry in {a}:",
        "        if entry and entry != {b}:",
        "            found.append(entry)",
        "    return found",
    ),
    (
        "def {name}({a}):",
        "    if not {a}:",
        "        return None",
        "    first, _, rest = str({a}).partition('-')",
        "    return rest or first",
    ),
    (
        "def {name}({a}, {b}=10):",
        '    """Count the {a}, at most {b}."""',
        "    total = 0",
        "    for entry in {a}:",
        "        total += len(str(entry))",
        "        if total > {b}:",
        "            break",
        "    return total",
    ),
    ("def {name}({a}, {b}):", "    return sorted(set({a}) & set({b}))"),
    (
        "def {name}({a}):",
        '    """Join {a} line by line.',
        "",
        "    Empty ones are left out.",
        '    """',
        "    parts = [str(part).strip() for part in {a}]",
        '    return "\\n".join(part for part in parts if part)',
    ),
    (
        "def {name}({a}, *, {b}=False):",
        "    try:",
        "        value = int({a})",
        "    except (TypeError, ValueError):",
        "        return None",
        "    return -value if {b} else value",
    ),
)
_METHODS = (
    (
        "def {name}(self, {a}):",
        '    """Return {a} as text."""',
        "    return str({a}) if {a} is not None else ''",
    ),
    ("def {name}(self):", "    return type(self).__name__.lower()"),
    ("def {name}(self, {a}, {b}=0):", "    if not {a}:", "        return {b}", "    return len({a}) + {b}"),
)


def function_lines(ground: Ground, sheet: Sheet, name: str) -> list[str]:
    """A function: a copy of a short one of the module under another name, or one of ours."""
    short = [
        node
        for node in sheet.before.body
        if isinstance(node, ast.FunctionDef)
        and not node.decorator_list
        and 3 <= (node.end_lineno or 0) - node.lineno <= 25
    ]
    if short and ground.rng.random() < 0.4:
        node = ground.rng.choice(short)
        lines = ground.texts[sheet.path].split("\n")[node.lineno - 1 : node.end_lineno]
        if lines[0].startswith(f"def {node.name}(") and "global " not in "\n".join(lines):
            return [lines[0].replace(f"def {node.name}(", f"def {name}(", 1), *lines[1:]]
    return filled(ground, ground.rng.choice(_BODIES), name)


def filled(ground: Ground, lines: tuple[str, ...], name: str) -> list[str]:
    """One of our bodies with words of the repository."""
    first, second = ground.words.parameters(ground.rng)
    return [line.format(name=name, a=first, b=second) for line in lines]


def _public(ground: Ground, shown: str) -> dict[str, object]:
    """A public name of a library is a promise: it may be reported, not removed."""
    if shown == "private" or not ground.is_library():
        return {"removable": True}
    return {"removable": False, "why": "public name of a library"}


def _function(ground: Ground, shown: str) -> None:
    def put(sheet: Sheet) -> None:
        name = ("_" if shown == "private" else "") + ground.words.function(ground.rng)
        plant = ground.plant("dead-function", shown, sheet.path, name=name, **_public(ground, shown))
        put_between(sheet, ground.rng, marked(function_lines(ground, sheet, name), plant))

    ground.try_each(ground.some_modules(), put)


def private_function(ground: Ground) -> None:
    """Two private functions in two modules."""
    for _ in range(2):
        _function(ground, "private")


def public_function(ground: Ground) -> None:
    """A public function."""
    _function(ground, "public")


def decorated(ground: Ground) -> None:
    """Functions under decorators that register nothing."""
    for variant, module, decorator in (
        ("cached", "functools", "lru_cache(maxsize=64)"),
        ("context-manager", "contextlib", "contextmanager"),
    ):

        def put(
            sheet: Sheet, variant: str = variant, module: str = module, decorator: str = decorator
        ) -> None:
            name = f"_{ground.words.function(ground.rng)}"
            plant = ground.plant("dead-function", variant, sheet.path, name=name, removable=True)
            body = [f"def {name}({(word := ground.words.noun(ground.rng))}_of):"]
            body += [f"    yield {word}_of"] if module == "contextlib" else [f"    return len({word}_of)"]
            put_between(sheet, ground.rng, marked([f"@{module}.{decorator}", *body], plant))
            sheet.insert(after_imports(sheet), [f"import {module}"])

        ground.try_each([sheet for sheet in ground.some_modules() if absent(sheet, module)], put)


def mutual(ground: Ground) -> None:
    """Two functions that call each other and nobody else: both are dead."""

    def put(sheet: Sheet) -> None:
        first, second = (f"_{ground.words.function(ground.rng)}" for _ in range(2))
        word = ground.words.parameters(ground.rng)[0]
        for name, other in ((first, second), (second, first)):
            plant = ground.plant("dead-function", "mutual", sheet.path, name=name, removable=True)
            body = [f"    if len({word}) < 2:", f"        return {word}", f"    return {other}({word}[1:])"]
            put_between(sheet, ground.rng, marked([f"def {name}({word}):", *body], plant))

    ground.try_each(ground.some_modules(), put)


def _class(ground: Ground, shown: str) -> None:
    def put(sheet: Sheet) -> None:
        name = ("_" if shown != "public" else "") + ground.words.kind(ground.rng)
        plant = ground.plant(
            "dead-class",
            shown,
            sheet.path,
            name=name,
            **_public(ground, "public" if shown == "public" else "private"),
        )
        helper, caller = (ground.words.function(ground.rng) for _ in range(2))
        word = ground.words.parameters(ground.rng)[0]
        lines = [
            f"class {name}:",
            '    """Keep what was seen."""',
            "",
            f"    def __init__(self, {word}):",
            f"        self.{word} = {word}",
        ]
        if shown == "self-used":
            lines += ["", f"    def {caller}(self):", f"        return self.{helper}() + 1"]
            lines += ["", f"    def {helper}(self):", f"        return len(self.{word})"]
        put_between(sheet, ground.rng, marked(lines, plant))

    ground.try_each(ground.some_modules(), put)


def classes(ground: Ground) -> None:
    """A private class, a public one, and one whose methods use one another."""
    for shown in ("private", "public", "self-used"):
        _class(ground, shown)


def _plain_classes(sheet: Sheet) -> list[ast.ClassDef]:
    """Classes of the module as it was, without bases, decorators or metaclass."""
    return [
        node
        for node in sheet.tree().body
        if isinstance(node, ast.ClassDef)
        and sheet.is_own(node.lineno)
        and not (node.bases or node.keywords or node.decorator_list)
        and any(isinstance(one, Node) for one in node.body)
    ]


def put_method(sheet: Sheet, rng: random.Random, lines: list[str], plant: str) -> None:
    """Insert a method at the end of a class without bases."""
    chosen = _plain_classes(sheet)
    if not chosen:
        msg = f"{sheet.path} has no class without bases"
        raise NoPlace(msg)
    node = rng.choice(chosen)
    sheet.insert(node.end_lineno or 0, ["", *marked(indented(lines, node.body[0].col_offset), plant)])


def methods(ground: Ground) -> None:
    """Methods that nobody calls."""
    for shown in ("private", "public"):

        def put(sheet: Sheet, shown: str = shown) -> None:
            name = ("_" if shown == "private" else "") + ground.words.function(ground.rng)
            plant = ground.plant("dead-method", shown, sheet.path, name=name, **_public(ground, shown))
            put_method(sheet, ground.rng, filled(ground, ground.rng.choice(_METHODS), name), plant)

        ground.try_each(ground.some_modules(lambda sheet: bool(_plain_classes(sheet))), put)


def attributes(ground: Ground) -> None:
    """Constants of a module that nobody reads."""
    for shown in ("private", "public"):

        def put(sheet: Sheet, shown: str = shown) -> None:
            name = ("_" if shown == "private" else "") + ground.words.constant(ground.rng)
            word = ground.words.noun(ground.rng)
            value = ground.rng.choice(
                (str(ground.rng.randrange(2, 900)), f'"{word}"', f'("{word}", None)', f'{{"{word}": 1}}')
            )
            plant = ground.plant("dead-attribute", shown, sheet.path, name=name, **_public(ground, shown))
            sheet.insert(after_imports(sheet), ["", (f"{name} = {value}", plant)])

        ground.try_each(ground.some_modules(), put)


def only_tests(ground: Ground) -> None:
    """A function that nobody uses but the test that was written for it."""
    folders = sorted(
        {
            PurePosixPath(path).parent.as_posix()
            for path in ground.tracked
            if PurePosixPath(path).name.startswith("test_")
        }
    )
    if not folders:
        msg = "the repository has no file test_*.py"
        raise NoPlace(msg)

    def put(sheet: Sheet) -> None:
        name = ground.words.function(ground.rng)
        plant = ground.plant(
            "only-tests", "function", sheet.path, name=name, removable=False, why="a test uses it"
        )
        put_between(sheet, ground.rng, marked(filled(ground, _BODIES[3], name), plant))
        test = ground.sheet(f"{ground.rng.choice(folders)}/test_{ground.words.variable(ground.rng)}.py")
        test.append(
            [
                f"from {ground.dotted(sheet.path)} import {name}",
                "",
                "",
                f"def test_{name}():",
                f'    assert {name}(["a", "b"], ["b"]) == ["b"]',
            ]
        )

    ground.try_each(ground.some_modules(), put)


PLANTERS: dict[str, Callable[[Ground], None]] = {
    "dead-function/private": private_function,
    "dead-function/public": public_function,
    "dead-function/decorated": decorated,
    "dead-function/mutual": mutual,
    "dead-class": classes,
    "dead-method": methods,
    "dead-attribute": attributes,
    "only-tests": only_tests,
}
