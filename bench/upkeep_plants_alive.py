"""What looks dead and is alive: reached by a string, by packaging metadata, by a decorator, by a template, by pytest."""

from collections.abc import Callable
from pathlib import PurePosixPath

from bench.upkeep_plants_ground import Ground, put_between
from bench.upkeep_plants_sheet import Block, NoPlace, Sheet, marked
from bench.upkeep_plants_symbols import function_lines


def _enter(ground: Ground, variant: str, path: str, name: str, why: str, kind: str = "dead-function") -> str:
    return ground.plant(kind, variant, path, name=name, alive=True, why=why)


def by_getattr(ground: Ground) -> None:
    """Methods that are called through a name put together at run time."""

    def put(sheet: Sheet) -> None:
        words, rng = ground.words, ground.rng
        kind, prefix, runner = words.kind(rng), words.variable(rng), words.function(rng)
        lines: list[str | tuple[str, str]] = [f"class {kind}:"]
        actions = sorted({words.variable(rng) for _ in range(2)})
        for action in actions:
            name = f"{prefix}_{action}"
            plant = _enter(ground, "getattr", sheet.path, name, "called through getattr", "dead-method")
            lines += [
                *marked([f"    def {name}(self, value):", f"        return [value, {len(name)}]"], plant),
                "",
            ]
        lines += [
            "    def __call__(self, action, value):",
            f'        return getattr(self, f"{prefix}_{{action}}")(value)',
        ]
        put_between(
            sheet,
            rng,
            [*lines, "", "", f"def {runner}(action, value):", f"    return {kind}()(action, value)"],
        )
        ground.call(sheet, f'{runner}("{actions[0]}", 0)')

    ground.try_each(ground.some_modules(), put)


def by_string(ground: Ground) -> None:
    """A function that is taken from its module by a whole name in a string."""

    def put(sheet: Sheet) -> None:
        name, finder = ground.words.function(ground.rng), ground.words.function(ground.rng)
        plant = _enter(
            ground, "string", sheet.path, name, "its name stands in a string that getattr is given"
        )
        put_between(sheet, ground.rng, marked(function_lines(ground, sheet, name), plant))
        body = [
            "    import importlib",
            "",
            f'    return getattr(importlib.import_module(__name__), "{name}")',
        ]
        put_between(sheet, ground.rng, [f"def {finder}():", *body])
        ground.call(sheet, f"{finder}()")

    ground.try_each(ground.some_modules(), put)


def by_entry_point(ground: Ground) -> None:
    """A function that only pyproject.toml names."""
    if "[project]" not in ground.texts.get("pyproject.toml", ""):
        msg = "pyproject.toml has no [project]"
        raise NoPlace(msg)

    def put(sheet: Sheet) -> None:
        name, group = ground.words.function(ground.rng), ground.words.variable(ground.rng)
        plant = _enter(ground, "entry-point", sheet.path, name, "an entry point of pyproject.toml")
        put_between(sheet, ground.rng, marked(function_lines(ground, sheet, name), plant))
        target = f"{ground.dotted(sheet.path)}:{name}"
        ground.sheet("pyproject.toml").append(
            ["", f'[project.entry-points."{group}"]', f'default = "{target}"']
        )

    ground.try_each(ground.some_modules(), put)


def by_all(ground: Ground) -> None:
    """A function of a new module that lists it in `__all__`."""

    def put(sheet: Sheet) -> None:
        name = ground.words.function(ground.rng)
        folder = PurePosixPath(sheet.path).parent
        new = ground.sheet((folder / f"{ground.words.variable(ground.rng)}.py").as_posix())
        plant = _enter(ground, "dunder-all", new.path, name, "listed in __all__")
        body = marked(
            [f"def {name}(value, other):", "    return [one for one in value if one in other]"], plant
        )
        new.append(['"""What is common to two lists."""', "", f'__all__ = ["{name}"]', "", "", *body])

    ground.try_each(ground.some_modules(), put)


def by_reexport(ground: Ground) -> None:
    """A function that the package re-exports: alive where it is made, and so is the import."""

    def put(sheet: Sheet) -> None:
        face = (PurePosixPath(sheet.path).parent / "__init__.py").as_posix()
        if not ground.texts.get(face, "").endswith("\n") or "\r" in ground.texts[face]:
            msg = f"{face} is empty or of another kind"
            raise NoPlace(msg)
        name = ground.words.function(ground.rng)
        plant = _enter(ground, "re-export", sheet.path, name, "imported by the package for others")
        put_between(sheet, ground.rng, marked(function_lines(ground, sheet, name), plant))
        imported = _enter(ground, "re-export", face, name, "the package's face", "unused-import")
        line = f"from .{PurePosixPath(sheet.path).stem} import {name} as {name}"
        ground.sheet(face).append([(line, imported)])

    ground.try_each(ground.some_modules(), put)


def by_registry(ground: Ground) -> None:
    """A function that a decorator of the module enters in a table."""

    def put(sheet: Sheet) -> None:
        words, rng = ground.words, ground.rng
        table, register, name = words.constant(rng), words.function(rng), words.function(rng)
        plant = _enter(ground, "registered", sheet.path, name, "its decorator enters it in a table")
        lines: Block = [
            f"{table} = {{}}",
            "",
            "",
            f"def {register}(key):",
            "    def keep(function):",
            f"        {table}[key] = function",
            "        return function",
            "",
            "    return keep",
            "",
            "",
            *marked(
                [f'@{register}("{words.noun(rng)}")', f"def {name}(value):", "    return [value]"], plant
            ),
        ]
        put_between(sheet, rng, lines)
        ground.call(sheet, f"{table}.get(None)")

    ground.try_each(ground.some_modules(), put)


def by_template(ground: Ground) -> None:
    """A property that only a template reads."""

    def put(sheet: Sheet) -> None:
        words, rng = ground.words, ground.rng
        kind, name, render = words.kind(rng), words.variable(rng), words.function(rng)
        folder = PurePosixPath(sheet.path).parent
        page = ground.sheet((folder / "templates" / f"{words.variable(rng)}.html").as_posix())
        page.append([f"<p>{{{{ item.{name} }}}}</p>"])
        plant = _enter(ground, "template", sheet.path, name, f"{page.path} reads it", "dead-method")
        prop = marked(["    @property", f"    def {name}(self):", "        return self.value or 0"], plant)
        lines: list[str | tuple[str, str]] = [
            f"class {kind}:",
            "    def __init__(self, value):",
            "        self.value = value",
            "",
            *prop,
        ]
        put_between(
            sheet, rng, [*lines, "", "", f"def {render}(value):", f"    return {{'item': {kind}(value)}}"]
        )
        ground.call(sheet, f"{render}(0)")

    ground.try_each(ground.some_modules(), put)


def by_pytest(ground: Ground) -> None:
    """A hook in a conftest that pytest calls by its name, and a fixture that runs for every test."""
    files = [path for path in ground.tracked if PurePosixPath(path).name.startswith("test_")]
    if not files:
        msg = "the repository has no file test_*.py"
        raise NoPlace(msg)
    folder = PurePosixPath(min(files)).parent
    sheet = ground.sheet((folder / "conftest.py").as_posix())
    if "def pytest_report_header" in sheet.text or "\r" in sheet.text:
        msg = f"{sheet.path} has the hook already"
        raise NoPlace(msg)
    hook = _enter(ground, "plugin-hook", sheet.path, "pytest_report_header", "pytest calls it")
    name = ground.words.function(ground.rng)
    fixture = _enter(ground, "autouse-fixture", sheet.path, f"_{name}", "runs for every test")
    lines: Block = [
        "import pytest",
        "",
        "",
        *marked(["def pytest_report_header(config):", "    return None"], hook),
        "",
        "",
    ]
    sheet.append(
        [*lines, *marked(["@pytest.fixture(autouse=True)", f"def _{name}():", "    yield"], fixture)]
    )


def by_subclass(ground: Ground) -> None:
    """A method that the standard library calls on its subclass."""

    def put(sheet: Sheet) -> None:
        words, rng = ground.words, ground.rng
        kind, render = words.kind(rng), words.function(rng)
        plant = _enter(ground, "called-by-base", sheet.path, "default", "json calls it", "dead-method")
        body = marked(["        def default(self, o):", "            return str(o)"], plant)
        lines: list[str | tuple[str, str]] = [
            f"def {render}(value):",
            "    import json",
            "",
            f"    class {kind}(json.JSONEncoder):",
            *body,
            "",
        ]
        put_between(sheet, rng, [*lines, f"    return json.dumps(value, cls={kind})"])
        ground.call(sheet, f"{render}([])")

    ground.try_each(ground.some_modules(), put)


def fields(ground: Ground) -> None:
    """Fields of a named tuple that are read by their place."""

    def put(sheet: Sheet) -> None:
        words, rng = ground.words, ground.rng
        kind, make = words.kind(rng), words.function(rng)
        lines: list[str | tuple[str, str]] = [
            f"def {make}(row):",
            "    import typing",
            "",
            f"    class {kind}(typing.NamedTuple):",
        ]
        for name in (words.variable(rng), words.variable(rng)):
            plant = _enter(ground, "tuple-field", sheet.path, name, "read by its place", "dead-attribute")
            lines.append((f"        {name}: int", plant))
        put_between(sheet, rng, [*lines, "", f"    return tuple({kind}(*row))"])
        ground.call(sheet, f"{make}((0, 0))")

    ground.try_each(ground.some_modules(), put)


PLANTERS: dict[str, Callable[[Ground], None]] = {
    "dead-method/getattr (alive)": by_getattr,
    "dead-function/string (alive)": by_string,
    "dead-function/entry-point (alive)": by_entry_point,
    "dead-function/dunder-all (alive)": by_all,
    "dead-function/re-export (alive)": by_reexport,
    "dead-function/registered (alive)": by_registry,
    "dead-method/template (alive)": by_template,
    "dead-function/plugin-hook (alive)": by_pytest,
    "dead-method/called-by-base (alive)": by_subclass,
    "dead-attribute/tuple-field (alive)": fields,
}
