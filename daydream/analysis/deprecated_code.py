"""What is deprecated, and how much it matters: what the next Python refuses, and what is only old style."""

import re
from collections.abc import Iterable, Mapping
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
    """One place where something deprecated stands, with its line of source."""

    path: str
    code: str
    line: int
    message: str
    source: str


def patterns(uses: Iterable[Use]) -> list[Pattern]:
    """Put the places together by file, code and weight."""
    groups: dict[tuple[str, str, float, str], list[Use]] = {}
    for use in uses:
        groups.setdefault((use.path, use.code, *_weight(use)), []).append(use)
    found = []
    for (path, code, worth, why), members in sorted(groups.items(), key=lambda g: g[0]):
        first = min(members, key=lambda u: u.line)
        found.append(Pattern(path, code, first.line, len(members), first.message, why, worth))
    return found


def _weight(use: Use) -> tuple[float, str]:
    if use.code == "UP035" and _COLLECTIONS.match(use.source) and "collections.abc" in use.message:
        return 0.8, "was removed in Python 3.10"
    worth, why = _BREAKING.get(use.code, (OLD_STYLE, ""))
    if why and (is_illustration(use.path) or (is_test(use.path) and use.code.startswith("DTZ"))):
        worth = 0.4
    if use.code == "UP036" and use.path.rpartition("/")[2] == "setup.py":
        worth = 0.4  # refuses older Pythons with a sentence, for installers that ignore the metadata
    return worth, why
