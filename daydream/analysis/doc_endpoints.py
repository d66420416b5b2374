"""Endpoints that a page lists, and whether the program answers there."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from daydream.analysis.doc_surface import Route
from daydream.analysis.examples import too_deep

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_METHOD = "(?P<method>GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)"
_PATH = r"(?P<path>/[\w/{}<>:.*$-]*)"
_FIRST = re.compile(rf"(?<![\w/-]){_METHOD}[\s`*|:_]{{1,12}}{_PATH}")
_SECOND = re.compile(rf"(?<![\w.:/}}-]){_PATH}[\s`*]{{0,6}}\|[\s`*]{{0,12}}{_METHOD}(?![\w-])")
_SAYS_METHOD = re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\b")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_GROUP = re.compile(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)|\((?:[^()]|\([^()]*\))*\)")
_PARAMETER = re.compile(r"\{[^/{}]*\}|<[^/<>]*>|:[A-Za-z_]\w*|\$\w+|\*+")
_OPENAPI = re.compile(r"(?:^|/)(?:openapi|swagger)(?:[\w.-]*)\.(?:json|ya?ml)\Z")


@dataclass(frozen=True, slots=True)
class Listed:
    """An endpoint that a page lists: method, path, line from 1."""

    method: str
    path: str
    line: int


def listed(text: str) -> list[Listed]:
    """The endpoints of a page's tables, lists and headings; what stands in code blocks is an example, not a list."""
    found: dict[tuple[str, str], Listed] = {}
    fenced = False
    if not _SAYS_METHOD.search(text):
        return []
    for number, line in enumerate(text.split("\n"), 1):
        if _FENCE.match(line):
            fenced = not fenced
        if fenced or not re.match(r"[ \t]*(?:\||[-*+#]|\d+[.)]|`)", line):
            continue
        matches = list(_FIRST.finditer(line)) or list(_SECOND.finditer(line))
        for match in matches:
            path = match["path"].rstrip(".:") or "/"
            found.setdefault((match["method"], path), Listed(match["method"], path, number))
    return list(found.values())


def segments(path: str) -> tuple[str, ...]:
    """A path's parts, parameters of any notation as ``{}``, regular expressions' anchors dropped."""
    path = path.split("?", maxsplit=1)[0] if "(?P" not in path else path
    path = _GROUP.sub("{}", path.removeprefix("^").removesuffix("$").removesuffix("/?"))
    return tuple(
        "{}" if _PARAMETER.search(part) or part == "{}" else part for part in path.split("/") if part
    )


def is_openapi(path: str) -> bool:
    """Whether a file's name says that it describes an API."""
    return bool(_OPENAPI.search(path))


def openapi(text: str, path: str) -> list[Route]:
    """The addresses of an OpenAPI description; none where it is not one."""
    data = _loaded(text, path)
    paths = data.get("paths") if isinstance(data, dict) else None
    found = []
    for address, item in paths.items() if isinstance(paths, dict) else ():
        if isinstance(address, str) and isinstance(item, dict):
            methods = tuple(sorted(str(key).upper() for key in item if str(key).upper() in METHODS))
            found.append(Route(methods, address))
    return found


def _loaded(text: str, path: str) -> object:
    import yaml

    try:
        if path.endswith(".json"):
            return json.loads(text)
        if too_deep(text):
            return None
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 -- both are safe
    except (ValueError, yaml.YAMLError, RecursionError):
        return None


class Answers:
    """Every address that the program is known to answer at.

    An address is written in parts (a router's prefix here, a route there), so a listed path is known when it ends in
    a route; a route without a word of its own counts only below a known prefix.
    """

    def __init__(self, routes: Iterable[Route], prefixes: Iterable[str]) -> None:
        self._routes = [(segments(route.path), route.methods) for route in routes]
        self._prefixes = {segments(prefix) for prefix in prefixes} - {()}

    def __len__(self) -> int:
        return len(self._routes)

    def like(self, path: str) -> bool:
        """Whether any route may be meant by a path."""
        parts = segments(path)
        return any(self._ends_in(parts, route) for route, _ in self._routes)

    def surely(self, path: str) -> bool:
        """Whether a route that has words of its own is meant."""
        parts = segments(path)
        return any(_worded(route) and self._ends_in(parts, route) for route, _ in self._routes)

    def methods(self, path: str) -> set[str]:
        """The methods of the routes that are written exactly like a path, "*" for any; empty where there is none."""
        parts = segments(path)
        same = [methods for route, methods in self._routes if route == parts and _worded(route)]
        return {name for methods in same for name in methods or ("*",)}

    def _ends_in(self, parts: Sequence[str], route: Sequence[str]) -> bool:
        if len(route) > len(parts):
            return False
        rest, tail = parts[: len(parts) - len(route)], parts[len(parts) - len(route) :]
        if not all(one == other or "{}" in (one, other) for one, other in zip(tail, route, strict=True)):
            return False
        if _worded(route) or not rest:
            return True
        return any(
            _like(rest[-len(prefix) :], prefix) for prefix in self._prefixes if len(prefix) <= len(rest)
        )


def _worded(route: Sequence[str]) -> bool:
    return any(part != "{}" for part in route)


def _like(parts: Sequence[str], prefix: Sequence[str]) -> bool:
    return all(one == other or "{}" in (one, other) for one, other in zip(parts, prefix, strict=True))


def words(path: str) -> Iterator[str]:
    """The words of a path, its parameters aside."""
    yield from (part for part in segments(path) if part != "{}" and re.search(r"[A-Za-z]", part))
