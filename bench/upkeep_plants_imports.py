"""Unused imports and variables of every shape."""

import ast
import importlib
import re
from collections.abc import Callable

from bench.upkeep_plants_ground import Ground, after_imports, function_head, put_between
from bench.upkeep_plants_sheet import NoPlace, Sheet, indented, marked

_QUIET = (
    "bisect",
    "calendar",
    "collections",
    "contextlib",
    "copy",
    "dataclasses",
    "datetime",
    "fnmatch",
    "functools",
    "glob",
    "hashlib",
    "heapq",
    "html",
    "io",
    "itertools",
    "json",
    "math",
    "mimetypes",
    "operator",
    "pathlib",
    "pprint",
    "random",
    "re",
    "shlex",
    "shutil",
    "string",
    "tempfile",
    "textwrap",
    "time",
    "types",
    "typing",
    "uuid",
    "zipfile",
)
_MORE = {
    "collections": ("Counter", "OrderedDict", "defaultdict", "deque"),
    "itertools": ("chain", "groupby", "islice", "repeat"),
    "functools": ("lru_cache", "partial", "reduce", "wraps"),
    "pathlib": ("Path", "PurePath", "PurePosixPath"),
    "datetime": ("date", "datetime", "timedelta", "timezone"),
    "typing": ("Any", "Callable", "Iterable", "NamedTuple"),
    "operator": ("attrgetter", "itemgetter", "methodcaller"),
    "urllib.parse": ("quote", "urljoin", "urlsplit", "unquote"),
    "os.path": ("basename", "dirname", "splitext", "normpath"),
    "textwrap": ("dedent", "indent", "shorten"),
}


def absent(sheet: Sheet, name: str) -> bool:
    """Whether a word occurs nowhere in a text."""
    return not re.search(rf"\b{name}\b", sheet.text)


def _module(ground: Ground, sheet: Sheet) -> str:
    """A standard module that this one does not mention."""
    names = [name for name in _QUIET if absent(sheet, name)]
    if not names:
        msg = f"{sheet.path} mentions every module"
        raise NoPlace(msg)
    return ground.rng.choice(names)


def _members(ground: Ground, sheet: Sheet, count: int) -> tuple[str, list[str]]:
    """Members of a standard module that this one does not mention."""
    fitting = {name: [one for one in some if absent(sheet, one)] for name, some in _MORE.items()}
    names = sorted(name for name, some in fitting.items() if len(some) >= count)
    if not names:
        msg = f"{sheet.path} mentions every name"
        raise NoPlace(msg)
    name = ground.rng.choice(names)
    chosen = ground.rng.sample(fitting[name], count)
    assert all(hasattr(importlib.import_module(name), one) for one in chosen)
    return name, sorted(chosen)


def _planted(ground: Ground, sheet: Sheet, variant: str, name: str) -> str:
    return ground.plant("unused-import", variant, sheet.path, name=name, removable=True)


def module_level(ground: Ground) -> None:
    """`import json` that nobody needs."""

    def put(sheet: Sheet) -> None:
        name = _module(ground, sheet)
        at = after_imports(sheet)
        sheet.insert(at, [(f"import {name}", _planted(ground, sheet, "module", name))])

    ground.try_each(ground.some_modules(), put)


def in_function(ground: Ground) -> None:
    """The same inside a function."""

    def put(sheet: Sheet) -> None:
        name = _module(ground, sheet)
        at, by = function_head(sheet, ground.rng)
        plant = _planted(ground, sheet, "in-function", name)
        sheet.insert(at, marked(indented([f"import {name}"], by), plant))

    ground.try_each(ground.some_modules(), put)


def one_of_two(ground: Ground) -> None:
    """`from x import a, b` where b is used."""

    def put(sheet: Sheet) -> None:
        module, (unused, used) = _members(ground, sheet, 2)
        at = after_imports(sheet)
        first, second = sorted((unused, used))
        plant = _planted(ground, sheet, "from-one-of-two", unused)
        sheet.insert(at, [(f"from {module} import {first}, {second}", plant)])
        ground.call(sheet, f"assert {used}")

    ground.try_each(ground.some_modules(), put)


def aliased(ground: Ground) -> None:
    """`import json as something`."""

    def put(sheet: Sheet) -> None:
        module, alias = _module(ground, sheet), ground.words.variable(ground.rng)
        at = after_imports(sheet)
        sheet.insert(at, [(f"import {module} as {alias}", _planted(ground, sheet, "aliased", alias))])

    ground.try_each(ground.some_modules(), put)


def multi_line(ground: Ground) -> None:
    """Three names in parentheses, none of them used: one plant each."""

    def put(sheet: Sheet) -> None:
        module, names = _members(ground, sheet, 3)
        at = after_imports(sheet)
        plants = [_planted(ground, sheet, "multi-line", name) for name in names]
        body = [(f"    {name},", plant) for name, plant in zip(names, plants, strict=True)]
        sheet.insert(at, [f"from {module} import (", *body, ")"])

    ground.try_each(ground.some_modules(), put)


def in_try(ground: Ground) -> None:
    """Imported in a try whose except does nothing, and never used: removable by a person who knows why it stood there."""

    def put(sheet: Sheet) -> None:
        name = _module(ground, sheet)
        at = after_imports(sheet)
        plant = ground.plant("unused-import", "in-try", sheet.path, name=name, removable=False)
        sheet.insert(at, ["", "try:", (f"    import {name}", plant), "except ImportError:", "    pass"])

    ground.try_each(ground.some_modules(), put)


def variable(ground: Ground) -> None:
    """Local variables that are bound once and never read: a literal, a copy of a parameter."""
    for variant in ("literal", "expression"):

        def put(sheet: Sheet, variant: str = variant) -> None:
            name = ground.words.variable(ground.rng)
            value = ground.rng.choice(("0", "[]", "None", '""', "{}"))
            at, by = function_head(
                sheet, ground.rng, lambda node: variant == "literal" or bool(_parameter(node))
            )
            if variant == "expression":
                value = f"[{_parameter_at(sheet, at)}]"
            plant = ground.plant("unused-variable", variant, sheet.path, name=name, removable=True)
            sheet.insert(at, marked(indented([f"{name} = {value}"], by), plant))

        ground.try_each(ground.some_modules(), put)


def _parameter(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    names = [one.arg for one in (*node.args.args, *node.args.kwonlyargs)]
    return names[-1] if names else ""


def _parameter_at(sheet: Sheet, at: int) -> str:
    """A parameter of the innermost function around a line."""
    around = [
        node
        for node in ast.walk(sheet.tree())
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.lineno <= at < (node.end_lineno or 0)
    ]
    return _parameter(max(around, key=lambda node: node.lineno))


def alive_type_checking(ground: Ground) -> None:
    """Imported for type checkers, used in an annotation that is a string."""

    def put(sheet: Sheet) -> None:
        module, (name,) = _members(ground, sheet, 1)
        function, word = ground.words.function(ground.rng), ground.words.parameters(ground.rng)[0]
        at = after_imports(sheet)
        plant = ground.plant(
            "unused-import",
            "type-checking",
            sheet.path,
            name=name,
            alive=True,
            why="used in a string annotation",
        )
        sheet.insert(
            at, ["import typing", "", "if typing.TYPE_CHECKING:", (f"    from {module} import {name}", plant)]
        )
        put_between(
            sheet, ground.rng, [f'def {function}({word}: "{name}") -> str:', f"    return str({word})"]
        )
        ground.call(sheet, f"{function}(None)  # type: ignore")

    untyped = [
        sheet
        for sheet in ground.some_modules()
        if not re.search(r"^import typing$", sheet.text, re.MULTILINE)
    ]
    ground.try_each(untyped, put)


def alive_doctest(ground: Ground) -> None:
    """Imported for the examples of a docstring only."""

    def put(sheet: Sheet) -> None:
        name, function = _module(ground, sheet), ground.words.function(ground.rng)
        at = after_imports(sheet)
        plant = ground.plant(
            "unused-import",
            "doctest",
            sheet.path,
            name=name,
            alive=True,
            why="the docstring's example uses it",
        )
        sheet.insert(at, [(f"import {name}", plant)])
        body = [
            '    """Give back what it is.',
            "",
            f"    >>> {function}({name}.__name__)",
            f"    '{name}'",
            '    """',
        ]
        put_between(sheet, ground.rng, [f"def {function}(word):", *body, "    return word"])
        ground.call(sheet, f"{function}(0)")

    ground.try_each(ground.some_modules(), put)


def alive_side_effect(ground: Ground) -> None:
    """Imported for what the import does."""

    def put(sheet: Sheet) -> None:
        at = after_imports(sheet)
        plant = ground.plant(
            "unused-import",
            "side-effect",
            sheet.path,
            name="readline",
            alive=True,
            why="importing it changes input()",
        )
        sheet.insert(at, ["", "try:", ("    import readline", plant), "except ImportError:", "    pass"])

    ground.try_each(ground.some_modules(lambda sheet: absent(sheet, "readline")), put)


def alive_taken(ground: Ground) -> None:
    """Imported here and taken from here by another module."""

    def put(sheet: Sheet) -> None:
        module, (name,) = _members(ground, sheet, 1)
        others = [one for one in ground.some_modules() if one is not sheet and absent(one, name)]
        if not others:
            msg = f"every other module mentions {name}"
            raise NoPlace(msg)
        why = f"{others[0].path} takes it from here"
        plant = ground.plant("unused-import", "taken", sheet.path, name=name, alive=True, why=why)
        at, by = function_head(others[0], ground.rng)
        sheet.insert(after_imports(sheet), [(f"from {module} import {name}", plant)])
        lines = [f"from {ground.dotted(sheet.path)} import {name}", "", f"assert {name}"]
        others[0].insert(at, indented(lines, by))

    ground.try_each(ground.some_modules(), put)


PLANTERS: dict[str, Callable[[Ground], None]] = {
    "unused-import/module": module_level,
    "unused-import/in-function": in_function,
    "unused-import/from-one-of-two": one_of_two,
    "unused-import/aliased": aliased,
    "unused-import/multi-line": multi_line,
    "unused-import/in-try": in_try,
    "unused-variable": variable,
    "unused-import/type-checking (alive)": alive_type_checking,
    "unused-import/doctest (alive)": alive_doctest,
    "unused-import/side-effect (alive)": alive_side_effect,
    "unused-import/taken (alive)": alive_taken,
}
