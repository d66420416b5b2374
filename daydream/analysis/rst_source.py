"""One reStructuredText file as data, by lines: what it points to, its labels, titles, code and described objects."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from daydream.analysis.markdown import Fence

Kind = Literal["doc", "ref", "toctree", "download", "include", "literalinclude", "image", "link"]

_DIRECTIVE = re.compile(
    r"\.\.[ \t]+(?:\|[^|\n]+\|[ \t]+)?(?P<name>[A-Za-z][\w:+.-]*?)[ \t]?::(?:[ \t]+(?P<arg>.*))?$"
)
_LABEL = re.compile(r"\.\.[ \t]+_(?!_)(?P<name>`[^`]+`|(?:\\:|[^:\n])+?):(?:[ \t]+(?P<url>\S.*))?$")
_NOTE = re.compile(r"\.\.[ \t]+\[[^\]]+\][ \t]+(?P<text>.*)$")
_ANONYMOUS = re.compile(r"(?:\.\.[ \t]+__:|__)[ \t]+(?P<url>\S.*)$")
_OPTION = re.compile(r":(?P<key>[\w-]+):[ \t]*(?P<value>.*)$")
_RULER = re.compile(r"([!-/:-@\[-`{-~])\1{2,}[ \t]*$")
_TARGETED = re.compile(r".*<(?P<target>[^<>]+)>\Z", re.DOTALL)
_ROLE = re.compile(r"(?<![\w:]):(?P<role>doc|ref|numref|download)(?<!\\):`(?P<content>[^`]+)`")
_HYPERLINK = re.compile(r"(?<![:`\w])`[^`<]*<(?P<target>[^<>`]+)>`__?(?!\w)")
_LITERAL = re.compile(r"``.+?``(?!`)", re.DOTALL)
_INLINE_TARGET = re.compile(r"(?<![\w`])_`(?P<name>[^`]+)`")
_MADE = re.compile(
    r"\{\{|\{%|^[ \t]*\.\.[ \t]+(?:jinja|datatemplate|exec|program-output|autoprogram)\b", re.MULTILINE
)
_CODE = {"code-block", "sourcecode", "code", "prompt"}
_RAW = {
    *(
        "parsed-literal",
        "raw",
        "math",
        "graphviz",
        "digraph",
        "graph",
        "mermaid",
        "uml",
        "plantuml",
        "testcode",
    ),
    *("testoutput", "testsetup", "testcleanup", "doctest", "ipython", "jinja", "csv-table", "productionlist"),
    *(
        "highlight",
        "console",
        "command-output",
        "inheritance-diagram",
        "datatemplate",
        "exec",
        "tikz",
        "plot",
    ),
}
_FILES: dict[str, Kind] = {
    "include": "include",
    "literalinclude": "literalinclude",
    "image": "image",
    "figure": "image",
}
_OBJECTS = {
    "function",
    "class",
    "method",
    "attribute",
    "data",
    "exception",
    "staticmethod",
    "classmethod",
    "option",
}


@dataclass(frozen=True, slots=True)
class Pointer:
    """Something that a page points to: how, the target as written, its line (from 1)."""

    kind: Kind
    target: str
    line: int
    glob: bool = False


@dataclass(frozen=True, slots=True)
class Described:
    """An object that the page itself describes (``.. function:: f(x)``), with the text of its description."""

    name: str
    line: int
    text: str


@dataclass(slots=True)
class RstPage:
    """What a reStructuredText file holds. `labels` are normalised; `prose` are its paragraphs with their
    lines; `made` says that something is put into the page when it is built."""

    pointers: list[Pointer] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    titles: list[str] = field(default_factory=list)
    fences: list[Fence] = field(default_factory=list)
    described: list[Described] = field(default_factory=list)
    prose: list[tuple[int, str]] = field(default_factory=list)
    made: bool = False


def label(text: str) -> str:
    """Normalise the name of a reference as docutils does: lower case, single spaces."""
    return " ".join(text.replace("\\:", ":").strip("`").split()).lower()


def read(text: str) -> RstPage:
    """Read one text; never fails, what it does not understand is prose."""
    page = RstPage(made=bool(_MADE.search(text)))
    _Reader(text, page).read()
    return page


class _Reader:
    """A pass over the lines; `_at` is the next line, from 0."""

    def __init__(self, text: str, page: RstPage) -> None:
        self._lines = [line.rstrip("\r").expandtabs(8) for line in text.split("\n")]
        self._page = page
        self._at = 0
        self._paragraph: list[str] = []
        self._begins = 1

    def read(self) -> None:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            stripped = line.strip()
            if not stripped:
                self._flush()
                self._at += 1
            elif (stripped.startswith("..") and stripped[2:3] in {"", " "}) or _ANONYMOUS.match(stripped):
                self._flush()
                self._explicit(stripped, _indent(line))
            elif stripped.startswith(">>>") and not self._paragraph:
                while self._at < len(self._lines) and self._lines[self._at].strip():
                    self._at += 1
            else:
                self._text(line, stripped)
        self._flush()

    def _text(self, line: str, stripped: str) -> None:
        if _RULER.match(stripped) and len(self._paragraph) == 1:
            self._page.titles.append(self._paragraph[0].strip())
            self._flush()
        elif not _RULER.match(stripped):
            if not self._paragraph:
                self._begins = self._at + 1
            self._paragraph.append(line)
        self._at += 1

    def _flush(self) -> None:
        """End a paragraph; one that ends with two colons is followed by a literal block."""
        if not self._paragraph:
            return
        text = "\n".join(self._paragraph)
        _inline(text, self._begins, self._page)
        self._page.prose.append((self._begins, text))
        indent = _indent(self._paragraph[-1])
        self._paragraph = []
        if text.rstrip().endswith("::"):
            self._at = self._block(self._at, indent)

    def _block(self, start: int, indent: int) -> int:
        """The line after the block of deeper lines that begins at `start`."""
        at = start
        while at < len(self._lines) and (not self._lines[at].strip() or _indent(self._lines[at]) > indent):
            at += 1
        return at

    def _explicit(self, stripped: str, indent: int) -> None:
        line = self._at + 1
        if match := _DIRECTIVE.match(stripped):
            self._directive(match["name"].rpartition(":")[2], (match["arg"] or "").strip(), indent, line)
        elif match := _LABEL.match(stripped):
            self._page.labels.add(label(match["name"]))
            self._url(match["url"], line)
            self._at += 1
        elif match := _ANONYMOUS.match(stripped):
            self._url(match["url"], line)
            self._at += 1
        elif match := _NOTE.match(stripped):
            _inline(match["text"], line, self._page)
            self._at += 1
        else:
            self._at = self._block(self._at + 1, indent)  # a comment

    def _url(self, url: str | None, line: int) -> None:
        if url and not url.rstrip().endswith("_"):
            self._page.pointers.append(Pointer("link", url.strip().strip("`<>"), line))

    def _directive(self, name: str, argument: str, indent: int, line: int) -> None:
        end = self._block(self._at + 1, indent)
        first = self._at + 1
        options: dict[str, str] = {}
        while first < end and (match := _OPTION.match(self._lines[first].strip())):
            options[match["key"]] = match["value"].strip()
            first += 1
        if options.get("name"):
            self._page.labels.add(label(options["name"]))
        body = self._lines[first:end]
        if name in _CODE or name in _RAW:
            if name in _CODE:
                self._fence(argument or ("console" if name == "prompt" else ""), body, first)
            self._at = end
        elif name == "toctree":
            self._page.pointers += _entries(body, first + 1, "glob" in options)
            self._at = end
        else:
            self._plain(name, argument, line, body, options)
            self._at = first

    def _plain(self, name: str, argument: str, line: int, body: list[str], options: dict[str, str]) -> None:
        if name in _FILES and argument:
            self._page.pointers.append(Pointer(_FILES[name], argument, line))
            if name in {"image", "figure"} and (target := options.get("target")) and not target.endswith("_"):
                self._page.pointers.append(Pointer("link", target, line))
        elif name in _OBJECTS and argument:
            described = re.split(r"[\s(=]", argument, maxsplit=1)[0]
            self._page.described.append(Described(described, line, "\n".join(body)))
        elif argument:
            _inline(argument, line, self._page)

    def _fence(self, info: str, body: list[str], line: int) -> None:
        held = [text for text in body if text.strip()]
        if not held:
            return
        depth = min(_indent(text) for text in held)
        while body and not body[0].strip():
            body, line = body[1:], line + 1
        before = self._page.prose[-1][1] if self._page.prose else ""
        code = "\n".join(text[depth:] for text in body).rstrip() + "\n"
        self._page.fences.append(Fence(info, code, line, before))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _entries(body: list[str], line: int, glob: bool) -> Iterator[Pointer]:
    for offset, text in enumerate(body):
        entry = text.strip()
        if not entry or entry.startswith((":", "..")):
            continue
        match = _TARGETED.match(entry)
        yield Pointer("toctree", match["target"].strip() if match else entry, line + offset, glob)


def _inline(text: str, line: int, page: RstPage) -> None:
    """Roles and links of a paragraph; inline literals are not text."""
    if "`" not in text:
        return
    bare = _LITERAL.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    page.labels.update(label(match["name"]) for match in _INLINE_TARGET.finditer(bare))
    for match in _ROLE.finditer(bare):
        content = match["content"].strip()
        if content.startswith("!") or "\\<" in content:
            continue
        titled = _TARGETED.match(content)
        kind: Kind = "ref" if match["role"] == "numref" else match["role"]  # type: ignore[assignment]
        target = " ".join((titled["target"] if titled else content).split())
        page.pointers.append(Pointer(kind, target, line + bare.count("\n", 0, match.start())))
    for match in _HYPERLINK.finditer(bare):
        target = re.sub(r"\s*\n\s*", "", match["target"]).strip()
        if not target.endswith("_"):
            page.pointers.append(Pointer("link", target, line + bare.count("\n", 0, match.start())))
