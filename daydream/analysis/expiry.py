"""Conditions that a task names itself ("remove in 3.0", "until 2026-01-31", "once we drop Python 3.9")."""

import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Version = tuple[int, ...]
_ACT = (
    r"\b(?:remov(?:e[ds]?|ing|al)|drop(?:ped|s|ping)?|delet(?:e[ds]?|ing)|get rid of|clean(?:ed)? ?up|clear out"
    r"|kill|retire|re-?enable|disable|switch|simplify|replace|revert)\b"
)
_NUMBER = r"v?(?P<number>\d{1,4}(?:\.\d{1,4}){0,2})(?!\.?\w)"
_DOTTED = r"v?(?P<number>\d{1,4}(?:\.\d{1,4}){1,2})(?!\.?\w)"
_OWN = rf"(?:(?:the|version|release|v\.?)\s+|(?P<name>[A-Za-z][A-Za-z_-]+)\s*)?{_DOTTED}"
_HISTORY = (
    r"(?!\b(?:bugs?|compat\w*|introduced|added|since|because|present|broken|fixed|deprecated|behaviou?rs?|until"
    r"|was|were|fail\w*|support\w*|seen|changed|released|from|when|once|if)\b)"
)
_RELEASE = re.compile(
    rf"{_ACT}(?:{_HISTORY}[^.,;:()]){{0,60}}?\b(?P<when>in|by|after)\s+{_OWN}", re.IGNORECASE
)
_RELEASE_NEAR = re.compile(rf"{_ACT}(?:\s+(?:this|it|me|that))?\s+(?:with|for|at)\s+{_OWN}", re.IGNORECASE)
_RELEASE_BARE = re.compile(rf"{_ACT}\s+{_DOTTED}\s*(?:\)|$)", re.IGNORECASE)
_RELEASE_FIRST = re.compile(rf"\W(?:in|as of)\s+{_OWN},?\s+(?:we (?:can|should)\s+)?{_ACT}", re.IGNORECASE)
_TAGGED = re.compile(rf"^\W*\w+\(\s*{_OWN}\s*\)", re.IGNORECASE)
_DAY = r"(?P<day>\d{4}-\d{2}-\d{2})\b"
_DATED = (
    re.compile(rf"{_ACT}[^;]{{0,60}}?\b(?:after|by|before|on)\s+{_DAY}", re.IGNORECASE),
    re.compile(rf"\b(?:until|expires?(?: on)?|deadline:?|due(?: on| by)?:?)\s+{_DAY}", re.IGNORECASE),
    re.compile(rf"^\W*\w+\(\s*{_DAY}\s*\)"),
)
_DEADLINE = re.compile(
    rf"(?:\b(?:deadline|due(?: on| by)?|by|before|until):?\s*|\bdue:){_DAY}", re.IGNORECASE
)
_IF = r"\b(?:when|once|after|until|as soon as|if|upon)\b"
_THING = (
    r"(?:(?P<name>[A-Za-z][A-Za-z_.-]*)(?:\s+(?:versions?|dependency|support))*\s*)?"
    rf"(?P<sign><=|>=|<|>)?\s*{_NUMBER}"
)
_ENDS = r"(?:drop(?:ped|s|ping)?\b|remov(?:e[ds]?|ing)\b|no longer support(?:ed|s|ing)?|stops? supporting|end of life (?:for|of))"
_SHE_ENDS = r"(?:drops|removes|no longer supports|stops?)\b"
_NO_MORE = r"(?:dropped|removed|eol|end[- ]of[- ]life|unsupported|(?:no longer|not) supported)\b"
_DROPPED = (
    re.compile(
        rf"{_IF}[^.;:]{{0,30}}?\b(?:(?P<who>[\w-]+)\s+(?={_SHE_ENDS}))?{_ENDS}(?:\s+support)?(?:\s+for)?(?:\s+managing)?\s+{_THING}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_IF}[^.;:]{{0,15}}?\b{_THING}(?:\s+support)?\s+(?:is|are|gets|has been|becomes|reaches)\s+{_NO_MORE}",
        re.IGNORECASE,
    ),
)
_REQUIRED = (
    re.compile(
        rf"{_IF}[^.;:]{{0,30}}?\b(?:minimum|min|requir(?:e[sd]?|ing)|only support(?:s|ing)?)\s+(?:supported\s+)?"
        r"(?P<name>[A-Za-z][A-Za-z_.-]*)(?:\s+(?:versions?|dependency|requirement))*\s*"
        rf"(?:is|to|becomes)?\s*(?P<sign>>=)?\s*{_NUMBER}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_IF}[^.;:]{{0,15}}?\b{_THING}\+?\s+(?:is|becomes)\s+(?:the\s+|our\s+)?(?:minimum|required|oldest)\b",
        re.IGNORECASE,
    ),
    re.compile(rf"{_IF}\s+(?P<name>python)\s*(?P<sign>>=)\s*{_NUMBER}", re.IGNORECASE),
)
_ASSIGNED = re.compile(
    r"""^(?:__version__|VERSION)(?:\s*:\s*\w+)?\s*=\s*["']([^"'\n]{1,60})["']""", re.MULTILINE
)
_SETUP_NEEDS = re.compile(r"""\bpython_requires\s*=\s*["']?([^"'\n]{1,60})""")
_NEEDED = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;]*)")
_FLOOR = re.compile(r"(?:>=|~=|==|\^)\s*v?(\d{1,6}(?:\.\d{1,6})*)")
_PYTHONS = {(2, 6), (2, 7), *((3, minor) for minor in range(5, 30))}
_WE = ("we", "project", "package", "library", "when", "once", "after")
_ALIASES = {"py": "python", "pytorch": "torch", "sklearn": "scikit-learn", "cpython": "python"}


@dataclass(frozen=True, slots=True)
class Present:
    """What a condition is compared with.

    `name` and `version` are the project's own (`final`: a release rather than a pre-release); `floors`
    holds the oldest supported version of Python and of each dependency. What is not in here is not
    known, and nothing expires by it.
    """

    today: dt.date
    name: str = ""
    version: Version | None = None
    final: bool = True
    floors: Mapping[str, Version] = field(default_factory=dict)


def present(pyproject: str, setup: str, modules: Iterable[str], today: dt.date) -> Present:
    """Read a pyproject.toml; what it does not say, or says in a form that is not understood, is not known.

    `setup` is the text of a setup.py or setup.cfg, read for its ``python_requires`` only. Where the
    version is left to the code, `modules` are the texts of the modules that may assign
    ``__version__``; they must agree.
    """
    try:
        tables = tomllib.loads(pyproject)
    except (tomllib.TOMLDecodeError, RecursionError):
        tables = {}
    project, poetry = _table(tables, "project"), _table(_table(tables, "tool"), "poetry")
    static = project.get("version", poetry.get("version"))
    assigned = {match[1] for text in modules for match in _ASSIGNED.finditer(text)}
    version, final = _version(static if static or len(assigned) != 1 else assigned.pop())
    name = _normal(str(project.get("name", poetry.get("name", ""))))
    return Present(today, name, version, final, _floors(project, setup))


def _table(tables: dict[str, Any], key: str) -> dict[str, Any]:
    value = tables.get(key)
    return value if isinstance(value, dict) else {}


def _normal(name: str) -> str:
    name = re.sub(r"[._-]+", "-", name).strip("-").lower()
    return _ALIASES.get(name, name)


def _version(value: Any) -> tuple[Version | None, bool]:
    pre = r"[._-]?(?:alpha|beta|dev|pre|rc|a|b).*"
    match = re.fullmatch(rf"\s*v?(\d{{1,6}}(?:\.\d{{1,6}})*)({pre})?.*", str(value or ""), re.IGNORECASE)
    return (None, True) if match is None else (_numbers(match[1]), match[2] is None)


def _numbers(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))


def _floors(project: dict[str, Any], setup: str) -> dict[str, Version]:
    """Return the lower bound of everything required; of several for one name, the lowest."""
    lists = [project.get("dependencies"), *_table(project, "optional-dependencies").values()]
    needs = [need for given in lists if isinstance(given, list) for need in given if isinstance(need, str)]
    older = match[1] if (match := _SETUP_NEEDS.search(setup)) else ""
    needs.append(f"python {project.get('requires-python', older)}")
    floors: dict[str, Version] = {}
    for need in filter(None, map(_NEEDED.match, needs)):
        bounds = [_numbers(number) for number in _FLOOR.findall(need[2])]
        name, floor = _normal(need[1]), max(bounds, default=())
        floors[name] = min(floors.get(name, floor), floor)
    return {name: floor for name, floor in floors.items() if floor}


def deadline(text: str) -> dt.date | None:
    """Return the day by which a task says that it is due ("by 2026-12-01", "due:2026-12-01"), or None."""
    match = _DEADLINE.search(text)
    try:
        return dt.date.fromisoformat(match["day"]) if match else None
    except ValueError:
        return None


def expired(text: str, now: Present) -> str | None:
    """Return why the condition named in `text` has come, as a clause; None: it has not, or nobody can tell."""
    return _by_date(text, now.today) or _by_floor(text, now) or _by_version(text, now)


def _by_date(text: str, today: dt.date) -> str | None:
    for pattern in _DATED:
        if match := pattern.search(text):
            try:
                passed = dt.date.fromisoformat(match["day"]) < today
            except ValueError:
                return None
            return f"{match['day']} has passed" if passed else None
    return None


def _by_floor(text: str, now: Present) -> str | None:
    for patterns, required in ((_REQUIRED, True), (_DROPPED, False)):
        for match in filter(None, (pattern.search(text) for pattern in patterns)):
            name, named = _thing(match, now)
            floor = now.floors.get(name)
            if floor is None or _somebody_else(match, now):
                continue
            if _reached(floor, named, inclusive=required or match["sign"] == "<"):
                title = "Python" if name == "python" else name
                return f"the project now needs {title} {'.'.join(map(str, floor))}"
    return None


def _somebody_else(match: re.Match[str], now: Present) -> bool:
    """Tell "once pylibssh drops Python 3.8" from "once we drop": what others support is not known here."""
    who = match.groupdict().get("who")
    return bool(who) and _normal(str(who)) not in (now.name, *_WE)


def _thing(match: re.Match[str], now: Present) -> tuple[str, Version]:
    """Return what is meant and its version: ``PY312`` is Python 3.12, and so is a bare 3.12 as a rule."""
    name, named = _normal(match["name"] or ""), _numbers(match["number"])
    bare = not name or name in ("for", "support", "than")
    if bare and len(named) == 2 and named[0] == 3 and (now.version is None or now.version[0] != 3):
        name = "python"
    if name == "python" and len(named) == 1 and 30 <= named[0] < 400:
        digits = str(named[0])
        named = (3, int(digits[1:]))
    return name, named


def _reached(floor: Version, named: Version, *, inclusive: bool) -> bool:
    length = max(len(floor), len(named))
    if inclusive:
        return floor + (0,) * (length - len(floor)) >= named + (0,) * (length - len(named))
    return floor[: len(named)] > named


def _by_version(text: str, now: Present) -> str | None:
    """Compare with the project's own version; a number that reads like a Python version proves nothing."""
    patterns = (_RELEASE, _RELEASE_NEAR, _RELEASE_BARE, _RELEASE_FIRST)
    match = _TAGGED.match(text) or next(filter(None, (pattern.search(text) for pattern in patterns)), None)
    if match is None or now.version is None:
        return None
    groups = match.groupdict()
    if groups.get("name") and _normal(groups["name"]) != now.name:
        return None
    named = _numbers(match["number"])
    reached = now.version[: len(named)]
    like_python = now.version[0] != named[0] and named[:2] in _PYTHONS
    later = (groups.get("when") or "").lower() == "after" or not now.final
    if like_python or (reached == named and later):
        return None
    return f"the project is at {'.'.join(map(str, now.version))}" if reached >= named else None
