"""What a page says of its own program: commands that are run, options given, variables set, keys configured."""

import re
import shlex
import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from typing import Any, Literal

from daydream.analysis.markdown import Document, Fence
from daydream.analysis.rst_source import RstPage
from daydream.analysis.symbols import speaks_of_the_past, words_of

Kind = Literal["command", "option", "variable", "key", "module"]
_SHELLS = {
    "sh",
    "bash",
    "shell",
    "console",
    "zsh",
    "shell-session",
    "shellsession",
    "terminal",
    "text",
    "",
    "ansi",
    "pycon",
}
_PLAIN = {"sh", "bash", "shell", "zsh"}
_PROMPT = re.compile(r"^\s*(?:\([\w.-]+\)\s*)?[$%#]\s+")
_OPTION = re.compile(r"(--[A-Za-z][\w-]*[A-Za-z0-9])(?:=.*)?\Z", re.DOTALL)
_COMMAND = re.compile(r"[a-z][a-z0-9]*(?:[-_:][a-z0-9]+)*\Z")
_VARIABLE = re.compile(r"\$?\{?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\}?(?:=.*)?\Z", re.DOTALL)
_EXPORTED = re.compile(
    r"(?:^|[;&|\s])(?:export\s+|set\s+|setx\s+|-e\s+|--env[= ])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)="
)
_LITERAL = re.compile(r"(?<!`)``([^`\n]+)``(?!`)")
_CUTS = {"|", "||", "&&", ";", "&", ">", ">>", "<", "--", "2>", "2>&1"}
_WRAPPERS = re.compile(
    r"^(?:sudo|time|uvx?|poetry|pipenv|pdm|hatch|env|run|python3?|-m|winpty|command|exec|nohup)\Z"
)
_SCRIPTS = re.compile(r"console_scripts[\"']?\s*[:=\]]?\s*(?:=\s*)?\[?(?P<body>[^\]]*)")


@dataclass(frozen=True, slots=True)
class Claim:
    """Something a page says exists: its kind, the name, the text as written, its line."""

    kind: Kind
    name: str
    text: str
    line: int


def programs(texts: Mapping[str, str], mains: Iterable[str]) -> frozenset[str]:
    """The programs that the repository installs, from its metadata by path, and its packages that `python -m` runs."""
    found = {path.rsplit("/", 2)[-2] for path in mains if "/" in path}
    for path, text in texts.items():
        if path.endswith(".toml"):
            found |= _toml_scripts(text)
        elif path.endswith(".cfg"):
            found |= _cfg_scripts(text)
        else:
            for body in _SCRIPTS.finditer(text):
                found.update(re.findall(r"[\"']\s*([\w.-]+)\s*=", body["body"]))
    return frozenset(found)


def _toml_scripts(text: str) -> set[str]:
    try:
        data: Any = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return set()
    places = (("project", "scripts"), ("tool", "poetry", "scripts"), ("tool", "flit", "scripts"))
    found: set[str] = set()
    for place in places:
        table = data
        for part in place:
            table = table.get(part) if isinstance(table, dict) else None
        found |= set(table) if isinstance(table, dict) else set()
    return found


def _cfg_scripts(text: str) -> set[str]:
    parser = ConfigParser(strict=False, interpolation=None)
    try:
        parser.read_string(text)
        lines = parser.get("options.entry_points", "console_scripts", fallback="").splitlines()
    except ConfigError:
        return set()
    return {line.partition("=")[0].strip() for line in lines if "=" in line}


def claims(
    page: Document | RstPage, own: Container[str], tables: Container[str], roots: Container[str]
) -> Iterator[Claim]:
    """Everything a page claims of its own program, passages that speak of the past aside.

    `own` are the names of its programs, `tables` the names of its tables in configuration files, `roots` its
    top-level packages.
    """
    for fence in page.fences:
        if not speaks_of_the_past(fence.before):
            yield from _fenced(fence, own, tables, roots)
    for text, line, block in spans(page):
        if speaks_of_the_past(block):
            continue
        words = text.split()
        if len(words) > 1 and words[0] in own:
            yield from _invocation(words, line, text, own)
        if (match := _VARIABLE.match(text)) and match[1]:
            yield Claim("variable", match[1], text, line)
        name = text.split("(")[0].strip("~!.")
        if (
            "." in name
            and name.split(".")[0] in roots
            and (words_of(name) or re.fullmatch(r"[a-z_][\w.]*", name))
        ):
            yield Claim("module", name, text, line)


def spans(page: Document | RstPage) -> Iterator[tuple[str, int, str]]:
    """The code in prose: its text, its line, the passage that it stands in."""
    if isinstance(page, Document):
        yield from ((span.text, span.line, f"{span.block} {span.headings}") for span in page.spans)
        return
    for line, text in page.prose:
        for match in _LITERAL.finditer(text):
            yield match[1].strip(), line + text.count("\n", 0, match.start()), text
        for match in re.finditer(r":(?:py:)?mod:`[~!]?([\w.]+)`", text):
            yield match[1], line + text.count("\n", 0, match.start()), text


def _fenced(
    fence: Fence, own: Container[str], tables: Container[str], roots: Container[str]
) -> Iterator[Claim]:
    match = re.match(r"\{?\s*\.?([\w+-]*)", fence.info)
    tongue = (match[1] if match else "").lower()
    if tongue in _SHELLS:
        for line, text in _commands(fence, tongue):
            yield from (Claim("variable", name, name, line) for name in _EXPORTED.findall(text))
            yield from _invocation(_words(text), line, text, own)
            yield from (Claim("module", name, text, line) for name in _started(_words(text), roots))
    elif tongue == "toml":
        yield from _keys(fence, tables)


def _commands(fence: Fence, tongue: str) -> Iterator[tuple[int, str]]:
    """The lines that are typed: after a prompt, or all of a script; continued lines joined."""
    prompted = any(_PROMPT.match(line) for line in fence.code.splitlines())
    whole, start = "", 0
    for offset, raw in enumerate(fence.code.split("\n")):
        line = raw.rstrip()
        if not whole:
            if not (
                _PROMPT.match(line) if prompted else tongue in _PLAIN or tongue in {"console", "terminal"}
            ):
                continue
            line, start = _PROMPT.sub("", line), offset
        whole = f"{whole} {line.strip()}".strip()
        if whole.endswith("\\"):
            whole = whole[:-1].rstrip()
        else:
            yield fence.line + 1 + start, whole
            whole = ""
    if whole:
        yield fence.line + 1 + start, whole


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def _invocation(words: list[str], line: int, text: str, own: Container[str]) -> Iterator[Claim]:
    """The command and options of each of the program's runs in one line; what follows a pipe is another's."""
    rest = list(words)
    while rest:
        part, rest = _until_cut(rest)
        while part and (
            "=" in part[0].partition("-")[0] or (_WRAPPERS.match(part[0]) and part[0] not in own)
        ):
            part = part[1:]
        if not part or part[0].rpartition("/")[2] not in own:
            continue
        first = True
        for word in part[1:]:
            if match := _OPTION.match(word):
                yield Claim("option", match[1], text, line)
                first = first and "=" in word
            elif word.startswith("-"):
                first = False
            elif first and _COMMAND.match(word):
                yield Claim("command", word, text, line)
                first = False
            else:
                first = False


def _started(words: list[str], roots: Container[str]) -> Iterator[str]:
    """The modules of the repository that ``python -m`` is told to run."""
    for before, flag, name in zip(words, words[1:], words[2:], strict=False):
        own = "." in name and name.split(".")[0] in roots and re.fullmatch(r"[A-Za-z_][\w.]*", name)
        if flag == "-m" and own and before.rpartition("/")[2].startswith(("python", "py")):
            yield name


def _until_cut(words: list[str]) -> tuple[list[str], list[str]]:
    for at, word in enumerate(words):
        if word in _CUTS:
            return words[:at], [] if word == "--" else words[at + 1 :]
        if word.endswith(";"):
            return [*words[:at], word[:-1]], words[at + 1 :]
    return words, []


def _keys(fence: Fence, tables: Container[str]) -> Iterator[Claim]:
    """The keys of the program's own table in an example of `pyproject.toml`."""
    try:
        data: Any = tomllib.loads(fence.code)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    tools = data.get("tool")
    for name, table in sorted(tools.items()) if isinstance(tools, dict) else ():
        if name in tables and isinstance(table, dict):
            for key in table:
                at = next(
                    (
                        n
                        for n, line in enumerate(fence.code.split("\n"))
                        if re.match(rf"\s*[\[\"'\w.-]*{re.escape(key)}", line)
                    ),
                    0,
                )
                yield Claim("key", key, f"[tool.{name}] {key}", fence.line + at + 1)
