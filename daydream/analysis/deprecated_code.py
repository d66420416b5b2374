"""What is deprecated, and how much it matters: what the next Python refuses, and what is only old style."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from daydream.analysis.roles import is_illustration, is_test

_REMOVED_IN: Mapping[tuple[int, int], str] = {
    (3, 9): "dummy_threading",
    (3, 10): "formatter parser symbol",
    (3, 11): "binhex",
    (3, 12): "asynchat asyncore distutils imp smtpd",
    (3, 13): "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev "
    "pipes sndhdr spwd sunau telnetlib uu xdrlib",
}
REMOVED_MODULES: Mapping[str, tuple[int, int]] = {
    module: version for version, modules in _REMOVED_IN.items() for module in modules.split()
}

_BREAKING: Mapping[str, tuple[float, str]] = {
    "UP005": (0.75, "was removed in Python 3.12"),
    "W605": (0.7, "is a SyntaxWarning since Python 3.12 and will be an error"),
    "UP036": (0.75, "one of its branches is for a Python no longer supported here"),
    "DTZ003": (0.6, "is deprecated since Python 3.12"),
    "DTZ004": (0.6, "is deprecated since Python 3.12"),
}
_COLLECTIONS = re.compile(r"^\s*from\s+collections\s+import\b")
OLD_STYLE = 0.2
VERSION_CHECK = "UP036"
_VERSION = re.compile(r"\bversion_info\b|\bhexversion\b|\bPY_?\d")
_SETUPTOOLS = re.compile(r"setuptools\b(?![-_])", re.IGNORECASE)
_INSTALL = re.compile(r"install_requires\s*=\s*(\[[^\]]*\]|[^\n]*(?:\n[ \t]+[^\n]*)*)")
_SAYS = re.compile(
    r"^(print|exit|quit|(sys\.)?exit|os\._exit|sys\.std(err|out)\.write|warnings\.warn|warn)$|"
    r"(^|\.)(log\w*|echo|secho|fail|die|abort|error|critical|fatal|warning)$"
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A deprecated pattern in one file: ruff's code, how often, the first line, why, and its worth."""

    path: str
    code: str
    line: int
    count: int
    message: str
    why: str
    worth: float


@dataclass(frozen=True, slots=True)
class Use:
    """One place where something deprecated stands, with its line of source; `guard`: a check that only refuses;
    `gated`: it stands under a question for Python's version."""

    path: str
    code: str
    line: int
    message: str
    source: str
    guard: bool = False
    gated: bool = False


def requires_setuptools(path: str, text: str) -> bool:
    """Whether a packaging file requires setuptools at run time, not only to build."""
    name = path.rpartition("/")[2]
    if name == "pyproject.toml":
        try:
            project = tomllib.loads(text).get("project", {})
        except tomllib.TOMLDecodeError:
            return False
        listed = project.get("dependencies", ()) if isinstance(project, dict) else ()
        return any(_SETUPTOOLS.match(str(one)) for one in listed if isinstance(listed, list))
    if name in {"setup.py", "setup.cfg"}:
        return any(
            _SETUPTOOLS.match(one.strip(" \t'\""))
            for block in _INSTALL.findall(text)
            for one in re.split(r"[\n,\[\]]", block)
        )
    return False


def is_guard(tree: ast.Module, row: int) -> bool:
    """Whether the version check at a line does nothing but refuse a Python, or warn of it."""
    checks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and node.lineno == row]
    branches = [branch for node in checks for branch in (node.body, node.orelse) if branch]
    return any(all(_refuses(statement) for statement in branch) for branch in branches)


def is_gated(tree: ast.Module, row: int) -> bool:
    """Whether the line `row` (from 1) stands in a branch of an `if` that asks for Python's version."""
    return any(
        isinstance(node, ast.If | ast.IfExp)
        and _VERSION.search(ast.unparse(node.test))
        and node.lineno <= row <= (node.end_lineno or node.lineno)
        for node in ast.walk(tree)
    )


def _refuses(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Raise):
        return True
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and bool(_SAYS.search(ast.unparse(call.func)))


def each_check(found: Iterable["Use"]) -> Iterator[list["Use"]]:
    """Keep places of one code apart where each is a decision of its own, together where they are a habit."""
    listed = sorted(found, key=lambda use: use.line)
    if listed and listed[0].code == VERSION_CHECK:
        yield from ([use] for use in listed)
    elif listed:
        yield listed


def patterns(uses: Iterable[Use]) -> list[Pattern]:
    """Put the places together by file, code and weight."""
    groups: dict[tuple[str, str, float, str], list[Use]] = {}
    for use in uses:
        groups.setdefault((use.path, use.code, *_weight(use)), []).append(use)
    found = []
    for (path, code, worth, why), together in sorted(
        groups.items(), key=lambda g: (*g[0][:2], -g[0][2], g[0][3])
    ):
        for members in each_check(together):
            first = members[0]
            found.append(Pattern(path, code, first.line, len(members), first.message, why, worth))
    return found


def _weight(use: Use) -> tuple[float, str]:
    if use.code == "UP035" and _COLLECTIONS.match(use.source) and "collections.abc" in use.message:
        return 0.8, "was removed in Python 3.10"
    worth, why = _BREAKING.get(use.code, (OLD_STYLE, ""))
    if use.gated and use.code != VERSION_CHECK:
        return OLD_STYLE, ""  # older Pythons take that way, newer ones another
    if why and (is_illustration(use.path) or (is_test(use.path) and use.code.startswith("DTZ"))):
        worth = 0.4
    if use.code == VERSION_CHECK and (use.guard or use.path.rpartition("/")[2] == "setup.py"):
        worth = 0.4  # refuses older Pythons with a sentence, for those who start or install it all the same
    return worth, why
