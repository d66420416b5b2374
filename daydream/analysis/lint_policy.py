"""What a repository's own lint configuration says it does not want to hear.

ruff itself runs without that configuration: one that extends a missing file, names an unknown rule or
asks for another version would stop it. What matters of it, the ignores, is read here.
"""

import configparser
import fnmatch
import posixpath
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

RUFF_FILES = (".ruff.toml", "ruff.toml", "pyproject.toml")
FLAKE8_FILES = (".flake8", "setup.cfg", "tox.ini")
FILES = (*RUFF_FILES, *FLAKE8_FILES)
_LONGEST_CHAIN = 5


@dataclass(frozen=True, slots=True)
class Rules:
    """The ignores of one configuration file; patterns are relative to `folder`."""

    folder: str
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    per_file: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def excuse(self, path: str, code: str) -> bool:
        """Whether this configuration ignores the code in the file."""
        below = path[len(self.folder) :].lstrip("/") if self.folder else path
        if _prefixed(code, self.ignore) or any(_matches(below, p, folders=True) for p in self.exclude):
            return True
        return any(
            _prefixed(code, codes) and _matches(below, p.removeprefix("!")) != p.startswith("!")
            for p, codes in self.per_file
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """All lint configuration of a repository: ruff's by folder (the nearest counts), flake8's at the root."""

    by_folder: Mapping[str, Rules] = field(default_factory=dict)
    flake8: Rules = Rules("")
    notes: tuple[str, ...] = ()

    def excuses(self, path: str, code: str) -> bool:
        """Whether the repository ignores the code in the file."""
        if self.flake8.excuse(path, code):
            return True
        folder = posixpath.dirname(path)
        while folder not in self.by_folder and folder:
            folder = posixpath.dirname(folder)
        nearest = self.by_folder.get(folder)
        return nearest is not None and nearest.excuse(path, code)


def read(texts: Mapping[str, str]) -> Policy:
    """Read the policy from configuration files, given as path to content; others are passed over."""
    by_folder: dict[str, Rules] = {}
    notes: list[str] = []
    for name in RUFF_FILES:  # in ruff's order: the first of a folder counts
        for path in sorted(p for p in texts if posixpath.basename(p) == name):
            folder = posixpath.dirname(path)
            table = None if folder in by_folder else _ruff_table(path, texts, notes)
            if table is not None:
                by_folder[folder] = _ruff_rules(folder, table)
    flake8 = [_flake8_rules(texts[name]) for name in FLAKE8_FILES if name in texts]
    merged = Rules(
        "",
        tuple(c for r in flake8 for c in r.ignore),
        tuple(c for r in flake8 for c in r.exclude),
        tuple(c for r in flake8 for c in r.per_file),
    )
    return Policy(by_folder, merged, tuple(notes))


def _ruff_table(path: str, texts: Mapping[str, str], notes: list[str]) -> dict[str, Any] | None:
    """Return ruff's settings of a file with those it extends below them, or None if it has none."""
    chain: list[dict[str, Any]] = []
    seen = path
    for _ in range(_LONGEST_CHAIN):
        try:
            data = tomllib.loads(texts[seen])
        except tomllib.TOMLDecodeError:
            notes.append(f"{seen} is not valid TOML; the lint rules that it ignores are not known.")
            break
        table = _dict(_dict(data, "tool"), "ruff") if posixpath.basename(seen) == "pyproject.toml" else data
        if not table:
            break
        chain.append(table)
        target = table.get("extend")
        if not isinstance(target, str):
            break
        following = posixpath.normpath(posixpath.join(posixpath.dirname(seen), target))
        if following not in texts:
            notes.append(f"{seen} extends {target}, which is not among the examined files.")
            break
        seen = following
    return _merged(chain) if chain else None


def _merged(chain: list[dict[str, Any]]) -> dict[str, Any]:
    """Lay tables over one another, the first on top; `lint` sub-tables and the top level are one."""
    result: dict[str, Any] = {}
    for table in reversed(chain):
        result.update(table)
        result.update(_dict(table, "lint"))
    return result


def _ruff_rules(folder: str, table: dict[str, Any]) -> Rules:
    per_file = {**_dict(table, "per-file-ignores"), **_dict(table, "extend-per-file-ignores")}
    return Rules(
        folder,
        (*_texts(table.get("ignore")), *_texts(table.get("extend-ignore"))),
        (*_texts(table.get("exclude")), *_texts(table.get("extend-exclude"))),
        tuple((pattern, tuple(_texts(codes))) for pattern, codes in per_file.items()),
    )


def _flake8_rules(text: str) -> Rules:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return Rules("")
    if not parser.has_section("flake8"):
        return Rules("")
    options = {key.replace("_", "-"): value for key, value in parser.items("flake8")}
    listed = {
        key: tuple(_words(options.get(key, "")))
        for key in ("ignore", "extend-ignore", "exclude", "extend-exclude")
    }
    per_file = []
    for entry in re.sub(r"([:,])\s+", r"\1", options.get("per-file-ignores", "")).split():
        pattern, _, codes = entry.rpartition(":")
        per_file.append((pattern, tuple(_words(codes))))
    return Rules(
        "",
        listed["ignore"] + listed["extend-ignore"],
        listed["exclude"] + listed["extend-exclude"],
        tuple(per_file),
    )


def _dict(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _words(text: str) -> list[str]:
    lines = (line.partition("#")[0] for line in text.splitlines())
    return [word for line in lines for word in line.replace(",", " ").split()]


def _prefixed(code: str, prefixes: Iterable[str]) -> bool:
    return any(prefix == "ALL" or (prefix and code.startswith(prefix)) for prefix in prefixes)


def _matches(path: str, pattern: str, *, folders: bool = False) -> bool:
    """Match as ruff does: a pattern names a base name or a path; an excluded folder excludes what is below."""
    if not pattern:
        return False
    pattern = pattern.removeprefix("./").rstrip("/")
    candidates = [path]
    if folders:
        parts = path.split("/")
        candidates += ["/".join(parts[:n]) for n in range(1, len(parts))]
    shapes = {pattern, pattern.replace("**/", "")}
    return any(
        fnmatch.fnmatchcase(text, shape)
        for candidate in candidates
        for text in (candidate, posixpath.basename(candidate))
        for shape in shapes
    )
