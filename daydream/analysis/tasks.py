"""Tasks as text holds them: checkboxes in lists, and TODO, FIXME, HACK and XXX in comments."""

import functools
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

WORDS = ("TODO", "FIXME", "HACK", "XXX")
LONGEST = 400
SUSPECT = re.compile(rb"\b(?:TODO|FIXME|HACK|XXX)\b")
_BOX = re.compile(r"^\s*(?:>\s*)*(?:[-*+]|\d{1,9}[.)])\s+\[([ xX])\]\s+(\S.*)$")
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"^\s*(?:[-*+]\s+|>\s*)*(`{3,}|~{3,})(.*)$")
_WORD = r"(?P<word>TODO|FIXME|HACK|XXX)"
_LEADING = re.compile(rf"^\W{{0,8}}(?:type: ignore\S*\s+\W*|noqa\S*\s+\W*)?{_WORD}\b(?!\w)")
_ANNOUNCED = re.compile(rf"\b{_WORD}(?:\([^()]{{0,60}}\))?:(?=\s)")
_COMMENT_PREFIXES = {
    "//": "js jsx mjs cjs ts tsx c h cc cpp cxx hh hpp cs go rs java kt swift scala dart php scss less proto",
    "#": "sh bash zsh fish toml yml yaml rb pl pm r tf ps1 mk cmake nix ex exs jl",
    "--": "sql lua hs elm",
    ";": "el lisp clj cljs asm",
    "<!--": "html htm xml vue svelte",
}
_PREFIX_OF = {
    "." + suffix: prefix for prefix, names in _COMMENT_PREFIXES.items() for suffix in names.split()
} | {"Makefile": "#", "Dockerfile": "#"}
_DATA = {
    *("fixtures", "fixture", "testdata", "test_data", "test-data", "golden", "goldens", "snapshots"),
    *("__snapshots__", "cassettes", "roots", "data", "samples"),
}
DONE_HEADING = re.compile(
    r"\W*(?:done|completed?|finished|archived?|closed|shipped)(?:\s+(?:tasks|items|todos?|work))?\W*",
    re.IGNORECASE,
)
_ARCHIVES = frozenset({"done", "archive", "archived", "completed", "finished"})
_URGENT = re.compile(
    r"\b(?:P[01]|urgent(?:ly)?|critical|blocker|high[- ]priority|priority:\s*high)\b|!!!|^\(A\)\s",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Item:
    """One task.

    `kind` is box, comment or line (of a todo.txt), `word` the comment's marker ("" for the others). `text` is
    one line with white space folded, a comment's continuation lines included; `line` to `last_line` count
    from 1. `identity` is stable when the item moves, also to another file: first line, nearest heading or
    definition, and an occurrence number. `archived`: it stands below a heading such as "Done".
    """

    kind: Literal["box", "comment", "line"]
    word: str
    text: str
    line: int
    done: bool
    context: str
    identity: str
    last_line: int = 0
    archived: bool = False

    @property
    def grave(self) -> bool:
        """A FIXME or a HACK, which say that something is wrong rather than missing."""
        return self.word in ("FIXME", "HACK")

    @property
    def urgent(self) -> bool:
        """A FIXME, or an open task of a list that says of itself that it is urgent."""
        return self.word == "FIXME" or (
            self.kind != "comment" and not self.done and bool(_URGENT.search(self.text))
        )


@dataclass(frozen=True, slots=True)
class _Comment:
    """A comment's text without its prefix, its line, its column and the column where its line begins."""

    text: str
    line: int
    column: int
    alone: bool
    context: str = ""


@functools.lru_cache(maxsize=2**16)  # asked of every path, several times a night
def comment_prefix(path: str) -> str | None:
    """Return how a comment begins in this file: ``"#"``, ``"//"`` ...; None where tasks are not looked for.

    Prose (Markdown, reStructuredText) and data that tests feed on are not code.
    """
    *folders, name = path.split("/")
    if _is_data(folders, name):
        return None
    if name.endswith((".py", ".pyi")):
        return "#"
    return _PREFIX_OF.get(name) or _PREFIX_OF.get("." + name.rpartition(".")[2])


def _is_data(folders: Iterable[str], name: str) -> bool:
    parts = [folder.lower() for folder in folders]
    tests = any(part in ("test", "tests", "testing") for part in parts)
    if tests and not name.endswith((".py", ".pyi")):
        return True
    return tests and not _DATA.isdisjoint(parts)


@functools.lru_cache(maxsize=2**16)
def is_archive(path: str) -> bool:
    """Tell whether a path is by its name a place for what is finished (DONE.md, docs/plans/archive/a.md)."""
    *folders, name = path.split("/")
    stem = name.partition(".")[0].lower()
    return stem in _ARCHIVES or any(folder.lower() in _ARCHIVES for folder in folders)


def boxes(text: str) -> list[Item]:
    """Read the checkboxes of a list, in order; what stands in a code fence is an example, not a task."""
    found: list[Item] = []
    headings: dict[int, str] = {}
    fence = ""
    times: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if match := _FENCE.match(line):
            fence = _toggled(fence, match)
        elif fence:
            continue
        elif match := _HEADING.match(line):
            level = len(match[1])
            headings = {k: v for k, v in headings.items() if k < level} | {level: folded(match[2])}
        elif match := _BOX.match(line):
            context = headings[max(headings)] if headings else ""
            item = folded(match[2])
            identity = identity_of("box", item, context, times)
            kept = any(DONE_HEADING.fullmatch(title) for title in headings.values())
            found.append(Item("box", "", item, number, match[1] != " ", context, identity, number, kept))
    return found


def _toggled(fence: str, match: re.Match[str]) -> str:
    """Return the fence that is open after this line; "" for none."""
    mark, rest = match[1], match[2].strip()
    if not fence:
        return "" if mark[0] == "`" and "`" in rest else mark
    return "" if mark[0] == fence[0] and len(mark) >= len(fence) and not rest else fence


def python_comments(source: bytes) -> list[Item] | None:
    """Read the tasks in a Python file's comments; None for a file that does not tokenize.

    Only comment tokens count, so that a string that speaks of TODO is no task.
    """
    if not re.search(rb"#[^\n]*\b(?:TODO|FIXME|HACK|XXX)\b", source):
        return []
    try:
        return _items(list(_python(source)))
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError, ValueError):
        return None


def _python(source: bytes) -> Iterator[_Comment]:
    scopes: list[tuple[int, str]] = []
    begins, naming = True, False
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        indent = len(token.line) - len(token.line.lstrip())
        if token.type == tokenize.COMMENT:
            context = ".".join(name for at, name in scopes if at < indent)
            alone = token.start[1] == indent
            yield _Comment(token.string.lstrip("#"), token.start[0], token.start[1], alone, context)
        elif token.type == tokenize.NEWLINE:
            begins = True
        elif naming:
            scopes.append((indent, token.string))
            naming = False
        elif begins and token.type in (tokenize.NAME, tokenize.OP):
            scopes = [scope for scope in scopes if scope[0] < indent]
            begins, naming = token.string == "async", token.string in ("def", "class")


def other_comments(text: str, prefix: str) -> list[Item]:
    """Read the tasks in comments that fill their line, in any language whose comments begin so."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.lstrip()
        if stripped.startswith(prefix):
            body = stripped[len(prefix) :].lstrip(prefix).removesuffix("-->").rstrip()
            found.append(_Comment(body, number, len(line) - len(stripped), alone=True))
    return _items(found)


def _items(comments: list[_Comment]) -> list[Item]:
    found = []
    times: Counter[str] = Counter()
    for index, comment in enumerate(comments):
        match = _LEADING.match(comment.text) or _ANNOUNCED.search(comment.text)
        if match is None:
            continue
        first = folded(comment.text[match.start("word") :])
        more = list(_continuation(comments, index))
        text = folded(" ".join([first, *more]))[:LONGEST]
        identity = identity_of("comment", first, comment.context, times)
        last = comment.line + len(more)
        found.append(
            Item("comment", match["word"], text, comment.line, False, comment.context, identity, last)
        )
    return found


def _continuation(comments: list[_Comment], index: int) -> Iterator[str]:
    """Yield the lines that carry a comment on: directly below, same column, without a marker of their own."""
    first = comments[index]
    for offset, after in enumerate(comments[index + 1 : index + 6], 1):
        marked = _LEADING.match(after.text) or not after.text.strip()
        if not (first.alone and after.alone) or marked:
            return
        if (after.line, after.column) != (first.line + offset, first.column):
            return
        yield after.text


def folded(text: str) -> str:
    """Fold white space and cut to the longest length that is kept."""
    return " ".join(text.split())[:LONGEST]


def identity_of(kind: str, text: str, context: str, times: Counter[str]) -> str:
    """Build an item's identity; `times` counts the same item's earlier occurrences in its file."""
    key = f"{kind}\x1f{context[:200]}\x1f{text[:200].casefold()}"
    times[key] += 1
    return f"{key}\x1f{times[key]}".replace("\x1f", "|")
