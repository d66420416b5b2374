"""What time has passed by: old syntax, gates for old versions, compat modules, expired notes, half migrations."""

import ast
import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from bench.upkeep_plants_ground import Ground, after_imports, function_head, put_between
from bench.upkeep_plants_imports import absent
from bench.upkeep_plants_sheet import Block, NoPlace, Sheet, indented, marked


def _needs(ground: Ground, minor: int) -> None:
    if ground.minimum is None:
        msg = "the packaging metadata does not state the oldest Python"
        raise NoPlace(msg)
    if ground.minimum < (3, minor):
        msg = f"the repository still runs on Python 3.{ground.minimum[1]}"
        raise NoPlace(msg)


def _carried(
    ground: Ground, variant: str, head: Sequence[str], body: Callable[[str], Block], **facts: object
) -> None:
    """Plant old syntax in a new function that code in use calls; `{plant}` lines are made by `body`."""

    def put(sheet: Sheet) -> None:
        name = ground.words.function(ground.rng)
        plant = ground.plant("deprecated-syntax", variant, sheet.path, **facts)
        lines = [
            (one[0].replace("NAME", name), one[1]) if isinstance(one, tuple) else one.replace("NAME", name)
            for one in body(plant)
        ]
        put_between(sheet, ground.rng, lines)
        for line in head:
            old = "typing" in line
            mark = ground.plant("deprecated-syntax", "typing-import", sheet.path, **facts) if old else ""
            sheet.insert(after_imports(sheet), [(line, mark) if old else line])
        ground.call(sheet, f"{name}(None)")

    words = {line.split()[-1] for line in head}
    ground.try_each(ground.some_modules(lambda sheet: all(absent(sheet, word) for word in words)), put)


def old_typing(ground: Ground) -> None:
    """typing.List and typing.Optional where the language has its own."""
    _needs(ground, 9)
    _carried(
        ground,
        "typing-list",
        ["from typing import List"],
        lambda plant: [("def NAME(values: List[str]) -> int:", plant), "    return len(values or ())"],
        name="List",
        removable=True,
    )
    _needs(ground, 10)
    _carried(
        ground,
        "optional",
        ["from typing import Optional"],
        lambda plant: [("def NAME(value: Optional[str]) -> str:", plant), '    return value or ""'],
        name="Optional",
        removable=True,
    )


def old_classes(ground: Ground) -> None:
    """`class A(object)` and `super(A, self)`."""
    kind = ground.words.kind(ground.rng)
    _carried(
        ground,
        "object-base",
        [],
        lambda plant: [
            "def NAME(value):",
            (f"    class {kind}(object):", plant),
            "        seen = value",
            "",
            f"    return {kind}().seen",
        ],
        name=kind,
        removable=True,
    )
    other = ground.words.kind(ground.rng)
    _carried(
        ground,
        "super-arguments",
        [],
        lambda plant: [
            f"class {other}(dict):",
            "    def __init__(self, *args):",
            (f"        super({other}, self).__init__(*args)", plant),
            "",
            "",
            "def NAME(value):",
            f"    return {other}({{1: value}})",
        ],
        name="super",
        removable=True,
    )


def old_calls(ground: Ground) -> None:
    """`%` for text, and the clock without a zone."""
    _carried(
        ground,
        "percent-format",
        [],
        lambda plant: ["def NAME(value):", ('    return "%s: %s" % (type(value).__name__, value)', plant)],
        why="a matter of taste",
    )
    _carried(
        ground,
        "utcnow",
        ["import datetime"],
        lambda plant: ["def NAME(value):", ("    return value or datetime.datetime.utcnow().year", plant)],
        name="utcnow",
        why="the replacement gives another kind of value",
    )


def future_import(ground: Ground) -> None:
    """`from __future__ import print_function`."""

    def put(sheet: Sheet) -> None:
        tree = sheet.tree()
        at = (tree.body[0].end_lineno or 0) if ast.get_docstring(tree) is not None else _behind_hashes(sheet)
        plant = ground.plant(
            "deprecated-syntax", "future-import", sheet.path, name="print_function", removable=True
        )
        sheet.insert(at, [("from __future__ import print_function", plant)])

    ground.try_each(ground.some_modules(lambda sheet: absent(sheet, "__future__")), put)


def _behind_hashes(sheet: Sheet) -> int:
    """The index behind a shebang, an encoding and whatever else is said before the first line of code."""
    return next((number for number, line in enumerate(sheet.lines) if not line.startswith("#")), 0)


def six(ground: Ground) -> None:
    """six, where the repository depends on it."""
    if not any(
        re.search(r"^\s*(import six|from six )", text, re.MULTILINE) for text in ground.texts.values()
    ):
        msg = "the repository does not use six"
        raise NoPlace(msg)
    _carried(
        ground,
        "six",
        ["import six"],
        lambda plant: ["def NAME(value):", ("    return isinstance(value, six.string_types)", plant)],
        name="six",
        removable=False,
    )


def gates(ground: Ground) -> None:
    """Both branches for a version that is no longer supported, in three shapes; and one that is still needed."""
    _needs(ground, 6)
    minor = (ground.minimum or (3, 6))[1]
    for variant, test, alive in (
        ("at-least", f"sys.version_info >= (3, {minor})", False),
        ("older", f"sys.version_info < (3, {max(3, minor - 1)})", False),
        ("python-2", "sys.version_info[0] == 2", False),
        ("newer", "sys.version_info >= (3, 15)", True),
    ):

        def put(sheet: Sheet, variant: str = variant, test: str = test, alive: bool = alive) -> None:
            name = ground.words.variable(ground.rng)
            plant = ground.plant(
                "version-gate", variant, sheet.path, name=name, removable=not alive, alive=alive
            )
            lines = marked([f"if {test}:", f"    {name} = str", "else:", f"    {name} = repr"], plant)
            at = after_imports(sheet)
            head = ["import sys", ""] if not re.search(r"^import sys$", sheet.text, re.MULTILINE) else [""]
            sheet.insert(at, [*head, *lines])
            ground.call(sheet, f"{name}(0)")

        ground.try_each(ground.some_modules(), put)


def compat_module(ground: Ground) -> None:
    """A module with names for Python 2, and one module that still imports from it."""

    def put(sheet: Sheet) -> None:
        folder = PurePosixPath(sheet.path).parent
        path = next(
            one
            for stem in ("compat", "_compat", "py2compat")
            if (one := (folder / f"{stem}.py").as_posix()) not in ground.texts
        )
        plant = ground.plant(
            "compat-module",
            "python-2-names",
            path,
            name=PurePosixPath(path).stem,
            why="its callers must change with it",
        )
        head = ['"""Names for Python 2 and 3."""', "", "import sys", "", "PY2 = sys.version_info[0] == 2", ""]
        rest = [
            "if PY2:",
            "    text_type = unicode  # noqa: F821",
            "    string_types = (basestring,)  # noqa: F821",
            "else:",
            "    text_type = str",
            "    string_types = (str,)",
        ]
        ground.sheet(path).append(marked([*head, *rest], plant))
        sheet.insert(
            after_imports(sheet), [f"from .{PurePosixPath(path).stem} import string_types, text_type"]
        )
        ground.call(sheet, "text_type(string_types)")

    ground.try_each(
        ground.some_modules(lambda sheet: absent(sheet, "text_type") and absent(sheet, "string_types")), put
    )


def expired_notes(ground: Ground) -> None:
    """Notes whose date or version has passed, and two whose time has not come."""
    notes = [
        ("todo-date", "# TODO(2023-01-31): drop this when the old {a} are gone", False),
        ("todo-future", "# TODO(2091-01-31): look at the {a} again", True),
    ]
    if ground.version and int(ground.version.split(".")[0]) >= 2:
        passed = f"{int(ground.version.split('.')[0]) - 1}.0"
        notes += [("remove-in", f"# Deprecated: remove in {passed}, the {{a}} do it themselves", False)]
    notes += [("remove-later", "# Deprecated: remove in 99.0, the {a} do it themselves", True)]
    for variant, text, alive in notes:

        def put(sheet: Sheet, variant: str = variant, text: str = text, alive: bool = alive) -> None:
            at, by = function_head(sheet, ground.rng)
            plant = ground.plant("expired-note", variant, sheet.path, alive=alive, why="a person decides")
            sheet.insert(at, marked(indented([text.format(a=ground.words.noun(ground.rng))], by), plant))

        ground.try_each(ground.some_modules(), put)


def half_migration(ground: Ground) -> None:
    """An old and a new module side by side; one caller is left behind."""

    def put(sheet: Sheet) -> None:
        words, rng, folder = ground.words, ground.rng, PurePosixPath(sheet.path).parent
        stem = words.variable(rng)
        names = [words.function(rng), words.function(rng)]
        old = ground.sheet((folder / f"old_{stem}.py").as_posix())
        new = ground.sheet((folder / f"{stem}.py").as_posix())
        plant = ground.plant(
            "half-migration", "old-and-new", old.path, name=f"old_{stem}", why="callers must move first"
        )
        heads = {old: f'"""Deprecated: use {stem}."""', new: f'"""Take the place of old_{stem}."""'}
        for one, title in heads.items():
            first, second = names if one is new else reversed(names)
            lines = [title, "", "", f"def {first}(value):", f"    return {second}([value])"]
            lines += ["", "", f"def {second}(value):", "    return [value]"]
            one.append(marked(lines, plant) if one is old else lines)
        sheet.insert(
            after_imports(sheet), [f"from .{stem} import {names[0]}", f"from .old_{stem} import {names[1]}"]
        )
        ground.call(sheet, f"{names[0]}({names[1]}(0))")

    ground.try_each(ground.some_modules(), put)


PLANTERS: dict[str, Callable[[Ground], None]] = {
    "deprecated-syntax/typing": old_typing,
    "deprecated-syntax/classes": old_classes,
    "deprecated-syntax/calls": old_calls,
    "deprecated-syntax/future-import": future_import,
    "deprecated-syntax/six": six,
    "version-gate": gates,
    "compat-module": compat_module,
    "expired-note": expired_notes,
    "half-migration": half_migration,
}
