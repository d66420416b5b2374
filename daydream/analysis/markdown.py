"""One Markdown file as data: its links, anchors, fenced code and code spans, with their lines."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Any, Literal

from daydream.analysis.anchors import github, loose, slug, split_explicit_id

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_MARKS = re.compile(r"[\[<`{]")
_TAG = re.compile(r"<[a-zA-Z][^<>]{0,4000}>")
_ATTRIBUTE = re.compile(r"""\b(id|name|href|src)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\r?\n.*?^\1[ \t]*$", re.DOTALL | re.MULTILINE)
_CONTAINER = re.compile(r"^([ \t]*)(?:!!!|\?\?\?\+?|===\+?!?)\s+\S")
_TARGET = re.compile(r"^[ \t]*\(([^()\s]+)\)=[ \t]*$", re.MULTILINE)
_LABEL = re.compile(r"^[ \t]*:(?:name|label):[ \t]*(\S+)", re.MULTILINE)
_ATTRIBUTE_LIST = re.compile(r"\{:?[^{}\n#]{0,200}#([\w.:-]{1,200})[^{}\n]{0,200}\}")
_INSERTS = re.compile(
    r"^[ \t]*(?:--8<--|\{!|\{\*|:::[ \t]*\w|<[A-Z])|\{%|\{\{|^[ \t]*:{3,}[ \t]*\{(?:include|eval-rst)",
    re.MULTILINE,
)
_INSERTING = re.compile(
    r"\{(?:include|eval-rst|auto\w+|glossary|argparse|click|literalinclude|program-output)"
)
_CODE_SPAN = re.compile(r"`[^`\n]*`")


@dataclass(frozen=True, slots=True)
class Link:
    """A link or an image; `target` as written but for character references, `line` counted from 1."""

    target: str
    line: int
    image: bool = False
    html: bool = False


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: the info string after the fence, the code, and the text just before it."""

    info: str
    code: str
    line: int
    before: str


@dataclass(frozen=True, slots=True)
class Span:
    """Inline code, the text of the block it stands in and the headings above it."""

    text: str
    line: int
    block: str
    headings: str


@dataclass(slots=True)
class Document:
    """What a Markdown file holds.

    `anchors` are GitHub's, plus every explicit id (`written` are those that stand in the text); `loose` are their reductions; `inserts` says that
    other text is put into the page when it is built, so that its anchors are not all known.
    """

    links: list[Link] = field(default_factory=list)
    fences: list[Fence] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    explicit: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    anchors: frozenset[str] = frozenset()
    loose: frozenset[str] = frozenset()
    inserts: bool = False


@functools.cache
def _parser(part: Literal["blocks", "heading", "text"]) -> "MarkdownIt":
    """Blocks alone, or the inline rules that matter: emphasis shapes a heading's name, but no link."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    if part == "blocks":
        return parser.disable(["inline", "text_join"])
    return parser if part == "heading" else parser.disable("emphasis")


def parse(text: str) -> Document:
    """Read one Markdown text (CommonMark and tables); front matter is left out, lines stay right."""
    text = _without_front_matter(text)
    found = Document()
    found.written.update(_TARGET.findall(text), _LABEL.findall(text))
    trail: list[tuple[int, str]] = []
    before = ""
    level = 0
    references: dict[str, Any] = {}
    for token in _parser("blocks").parse(_flattened(text), references):
        line = token.map[0] + 1 if token.map else 1
        if token.type == "heading_open":
            level = int(token.tag[1:])
        elif token.type == "inline":
            found.inserts |= bool(_INSERTS.search(_CODE_SPAN.sub("", token.content)))
            if level or _MARKS.search(token.content):
                parser = _parser("heading" if level else "text")
                token.children = []
                parser.inline.parse(token.content, parser, references, token.children)
                _inline(token, line, found, " / ".join(title for _, title in trail))
            if level:
                title = _heading(token, found)
                trail = [*(item for item in trail if item[0] < level), (level, title)]
                level = 0
            before = token.content
        elif token.type == "fence":
            found.fences.append(Fence(token.info.strip(), token.content, line, before))
            found.written.update(_LABEL.findall(token.content))
            found.inserts |= bool(_INSERTING.match(token.info.strip()))
        elif token.type == "html_block":
            _html(token.content, line, found)
            found.inserts |= bool(_INSERTS.search(token.content))
    found.explicit |= found.written
    found.anchors = frozenset(github(found.headings)) | found.explicit
    found.loose = frozenset(loose(name) for name in (*found.headings, *found.explicit))
    return found


def _without_front_matter(text: str) -> str:
    match = _FRONT_MATTER.match(text)
    return "\n" * match[0].count("\n") + text[match.end() :] if match else text


def _flattened(text: str) -> str:
    """Take the content of indented admonitions and tabs (``!!! note``) out of its indentation, where
    CommonMark would see code; the number of lines stays the same."""
    if not re.search(r"^[ \t]*(?:!!!|\?\?\?|===)", text, re.MULTILINE):
        return text
    depths: list[int] = []
    out = []
    for line in text.split("\n"):
        indent = len(line) - len(line.lstrip(" "))
        while depths and line.strip() and indent < depths[-1]:
            depths.pop()
        if container := _CONTAINER.match(line):
            depths.append(len(container[1]) + 4)
            out.append("")
        else:
            out.append(line[4 * len(depths) :] if line.strip() else line)
    return "\n".join(out)


def _inline(token: "Token", line: int, found: Document, headings: str) -> None:
    for child in token.children or []:
        if child.type == "link_open":
            found.links.append(Link(str(child.attrs.get("href", "")), line))
        elif child.type == "image":
            found.links.append(Link(str(child.attrs.get("src", "")), line, image=True))
        elif child.type == "code_inline":
            found.spans.append(Span(child.content, line, token.content, headings))
        elif child.type == "html_inline":
            _html(child.content, line, found)
        elif child.type in {"softbreak", "hardbreak"}:
            line += 1
    found.written.update(_ATTRIBUTE_LIST.findall(token.content))


def _heading(token: "Token", found: Document) -> str:
    """Record a heading by the text a reader sees; return that text."""
    shown = "".join(_visible(token.children or []))
    title, explicit = split_explicit_id(shown)
    found.headings.append(title)
    found.explicit.add(slug(title.strip()))
    if explicit:
        found.written.add(explicit)
        found.explicit.add(slug(shown))  # GitHub does not read attribute lists
    return title


def _visible(children: "list[Token]") -> Iterator[str]:
    for child in children:
        if child.type in {"text", "text_special", "code_inline"}:
            yield child.content
        elif child.type == "softbreak":
            yield " "


def _html(html: str, line: int, found: Document) -> None:
    html = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), html)
    for tag in _TAG.finditer(html):
        at = line + html.count("\n", 0, tag.start())
        name = re.split(r"[\s/>]", tag[0][1:], maxsplit=1)[0].lower()
        for key, raw in _ATTRIBUTE.findall(tag[0]):
            value = unescape(raw.strip("\"'"))
            if key.lower() in {"id", "name"}:
                found.written.add(value)
            elif (name, key.lower()) in {("a", "href"), ("img", "src")}:
                found.links.append(Link(value, at, image=name == "img", html=True))
