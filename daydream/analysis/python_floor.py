"""The lowest Python a repository says it runs on, read from its packaging files."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from daydream.analysis.roles import is_illustration, is_test

Version = tuple[int, int]
FILES = ("pyproject.toml", "setup.cfg", "setup.py", "ruff.toml", ".ruff.toml")

_BOUND = re.compile(r"(>=|~=|===?|\^|>)\s*(\d+)(?:\.(\d+|\*))?")
_SETUP = re.compile(r"python_requires\s*=\s*[\"']?([^\"'\n#]+)")
_CLASSIFIER = re.compile(r"Programming Language :: Python :: (\d)\.(\d+)")
_TARGET = re.compile(r"py(\d)(\d+)")


def lower_bound(specifier: str) -> Version | None:
    """Read the lower bound of a version specifier such as ``>=3.9,<4``, ``^3.10`` or ``~=3.8``."""
    lowest = []
    for alternative in specifier.split("||"):
        bounds = [
            (int(major), int(minor) if minor.isdigit() else 0)
            for _, major, minor in _BOUND.findall(alternative)
        ]
        if bounds:
            lowest.append(max(bounds))
    return min(lowest, default=None)


def declared(texts: Mapping[str, str]) -> tuple[Version, str] | None:
    """Return the lowest declared Python and the file that says so; None where nothing says so.

    `texts` maps paths of packaging files to their content. With several projects in one
    repository the lowest counts; files of tests and examples do not.
    """
    found = []
    for path in sorted(texts, key=lambda p: (p.count("/"), p)):
        if not (is_test(path) or is_illustration(path)):
            version = _of_file(path, texts[path])
            if version is not None:
                found.append((version, path))
    return min(found, key=lambda f: f[0], default=None)


def _of_file(path: str, text: str) -> Version | None:
    name = path.rpartition("/")[2]
    if not name.endswith(".toml"):
        match = _SETUP.search(text)
        bound = lower_bound(match[1]) if match else None
        return bound or _of_classifiers(text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    if name != "pyproject.toml":
        return _of_target(data.get("target-version"))
    project, tool = _table(data, "project"), _table(data, "tool")
    candidates = [
        lower_bound(str(project.get("requires-python", ""))),
        lower_bound(str(_table(_table(tool, "poetry"), "dependencies").get("python", ""))),
        _of_target(_table(tool, "ruff").get("target-version")),
        _of_classifiers(text),
    ]
    return next((version for version in candidates if version is not None), None)


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _of_target(value: Any) -> Version | None:
    match = _TARGET.fullmatch(value) if isinstance(value, str) else None
    return (int(match[1]), int(match[2])) if match else None


def _of_classifiers(text: str) -> Version | None:
    return min(((int(a), int(b)) for a, b in _CLASSIFIER.findall(text)), default=None)
