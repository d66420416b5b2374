"""Where a repository's packages begin: the folders that lead the import path while its tests run."""

import ast
import configparser
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

_BIGGEST = 2**20
_DEEPEST = 3
_MOST_PROJECTS = 50
_NOT_INSTALLED = frozenset(
    {"benchmarks", "demo", "demos", "doc", "docs", "example", "examples", "fixtures", "samples", "templates"}
    | {"test", "tests", "testing", "tutorial"}
)
_FILES = ("pyproject.toml", "setup.cfg", "setup.py")


def import_roots(tree: Path, paths: Sequence[str]) -> tuple[str, ...]:
    """Folders below `tree`, "" for itself, from which the repository's packages are imported; at least one.

    Read from the packaging files of the root and of projects below it; a `src` folder that is no package
    counts without being named, unless what lies in it would hide modules of the standard library. Projects among examples, documentation and tests are nobody's packages.
    `paths` are the examined files.
    """
    folders = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    known = set(paths)
    projects = sorted(
        {
            str(path.parent)
            for path in map(PurePosixPath, paths)
            if path.name in _FILES
            and len(path.parts) <= _DEEPEST + 1
            and not _NOT_INSTALLED.intersection(path.parts)
        },
        key=lambda project: (len(PurePosixPath(project).parts), project),
    )
    found: list[str] = []
    for project in [".", *(one for one in projects if one != ".")][:_MOST_PROJECTS]:
        named = [_below(project, root) for root in _named(tree / project)]
        roots = [root for root in named if root in folders]
        if (
            not roots
            and f"{_below(project, 'src')}/__init__.py" not in known
            and _holds_python(paths, project)
            and not _hides_standard_modules(known, _below(project, "src"))
        ):
            roots = [_below(project, "src")]
        if not roots and (project == "." or _holds_package(known, project)):
            roots = [project]
        found += [root for root in roots if root not in found]
    return tuple("" if root == "." else root for root in found)


def imports_of(path: str, roots: Sequence[str]) -> list[str]:
    """The names under which a module can be imported from the roots or from the top, e.g. ``pkg.mod``."""
    found: list[str] = []
    for root in dict.fromkeys([*roots, ""]):
        if root and not path.startswith(root + "/"):
            continue
        parts = list(PurePosixPath(path[len(root) :].lstrip("/")).with_suffix("").parts)
        if parts[-1:] == ["__init__"]:
            parts.pop()
        if parts and all(part.isidentifier() for part in parts):
            found.append(".".join(parts))
    return list(dict.fromkeys(found))


def _below(project: str, folder: str) -> str:
    return str(PurePosixPath(project) / folder)


def _holds_python(paths: Sequence[str], project: str) -> bool:
    lead = _below(project, "src") + "/"
    return any(path.startswith(lead) and path.endswith(".py") for path in paths)


def _hides_standard_modules(known: set[str], folder: str) -> bool:
    """Whether packages of a folder bear names of the standard library, so that nothing imports with it in front."""
    tops = {
        PurePosixPath(path[len(folder) + 1 :]).parts[0] for path in known if path.startswith(folder + "/")
    }
    return bool({top.removesuffix(".py") for top in tops} & sys.stdlib_module_names)


def _holds_package(known: set[str], project: str) -> bool:
    lead = project + "/"
    return any(
        path.startswith(lead) and path.endswith("/__init__.py") and path.count("/") == lead.count("/") + 1
        for path in known
    )


def _named(folder: Path) -> list[str]:
    """The folders that packaging files of a project name; "." and names that leave it are kept out."""
    named = [*_from_pyproject(folder / "pyproject.toml"), *_from_setup_cfg(folder / "setup.cfg")]
    named += _from_setup_py(folder / "setup.py")
    clean = [str(PurePosixPath(one)) for one in named if one]
    return [one for one in dict.fromkeys(clean) if not one.startswith("/") and ".." not in one.split("/")]


def _text(path: Path) -> str:
    """The file's text; nothing where it is no plain file, or too big to be one."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _BIGGEST:
            return ""
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def _table(table: object, *names: str) -> dict[str, Any]:
    for name in names:
        table = table.get(name) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]


def _from_pyproject(path: Path) -> Iterator[str]:
    try:
        tool = _table(tomllib.loads(_text(path)), "tool")
    except tomllib.TOMLDecodeError:
        return
    yield from _package_dir(_table(tool, "setuptools", "package-dir"))
    yield from _texts(_table(tool, "setuptools", "packages", "find").get("where"))
    for package in _texts(_table(tool, "hatch", "build", "targets", "wheel").get("packages")):
        yield str(PurePosixPath(package).parent)
    packages = _table(tool, "poetry").get("packages")
    for one in packages if isinstance(packages, list) else []:
        yield from _texts(_table(one).get("from"))
    yield from _texts(_table(tool, "pdm", "build").get("package-dir"))
    yield from _texts(_table(tool, "uv", "build-backend").get("module-root"))
    yield from _texts(_table(tool, "maturin").get("python-source"))


def _package_dir(mapping: Mapping[str, Any]) -> Iterator[str]:
    """From setuptools' table of packages and their folders: the root, or what a package's folder lies in."""
    for package, folder in mapping.items():
        if not isinstance(folder, str):
            continue
        parts = PurePosixPath(folder).parts
        depth = len(package.split(".")) if package else 0
        if not package or list(parts[-depth:]) == package.split("."):
            yield str(PurePosixPath(*parts[: len(parts) - depth]))


def _from_setup_cfg(path: Path) -> Iterator[str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(_text(path))
    except configparser.Error:
        return
    lines = parser.get("options", "package_dir", fallback="").splitlines()
    pairs = [line.partition("=") for line in lines if "=" in line]
    yield from _package_dir({name.strip(): folder.strip() for name, _, folder in pairs})
    yield from parser.get("options.packages.find", "where", fallback="").split()


def _from_setup_py(path: Path) -> Iterator[str]:
    """From calls in a setup.py that is only read: package_dir={...} and find_packages(where)."""
    try:
        tree = ast.parse(_text(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        named = {one.arg: _literal(one.value) for one in node.keywords if one.arg is not None}
        mapping = named.get("package_dir")
        if isinstance(mapping, dict):
            yield from _package_dir({str(name): folder for name, folder in mapping.items()})
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if called in ("find_packages", "find_namespace_packages"):
            yield from _texts(named.get("where"))
            yield from _texts([_literal(one) for one in node.args[:1]])


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
