"""One Markdown file as data: its links, anchors, fenced code and code spans, with their lines."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
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
_ROLE = re.compile(r"\{(doc|ref|numref|download)\}\Z")
_FILE_DIRECTIVE = re.compile(r"\{(include|literalinclude|image|figure)\}\s+(\S.*)\Z")
_TITLED = re.compile(r".*<([^<>]+)>\Z", re.DOTALL)
_EXTERNAL = re.compile(r"\{[^{}\n]*(?<![\w-])\.external(?![\w-])[^{}\n]*\}")
_OPTIONS = re.compile(r"\A(?:---[ \t]*\n(?:.*\n)*?---[ \t]*(?:\n|\Z)|(?:[ \t]*:[\w-]+:.*(?:\n|\Z))+)")


@dataclass(frozen=True, slots=True)
class Link:
    """A link or an image; `target` as written but for character references, `line` counted from 1.

    `elsewhere` says that an attribute (``{.external}``) declares it an address, whatever it looks like.
    """

    target: str
    line: int
    image: bool = False
    html: bool = False
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """What a MyST role or directive points to (``{doc}`x` ``, ``{include} x``), under its name in reStructuredText."""

    kind: Literal["doc", "ref", "toctree", "download", "include", "literalinclude", "image"]
    target: str
    line: int
    glob: bool = False


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

    `roles` are what MyST would follow beside the links. `anchors` are GitHub's, plus every explicit id (`written` are those that stand in the text); `loose` are their reductions; `inserts` says that
    other text is put into the page when it is built, so that its anchors are not all known.
    """

    links: list[Link] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
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
            found.fences.append(Fence(token.info.strip(), _body(token), line, before))
            found.roles += _directive(token.info.strip(), token.content, line)
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


def _body(token: "Token") -> str:
    """The content of a fence; the options of a MyST directive are not part of it."""
    info = token.info.strip()
    return (
        _OPTIONS.sub("", token.content)
        if info.startswith("{") and not info.startswith("{.")
        else token.content
    )


def _directive(info: str, body: str, line: int) -> Iterator[Role]:
    """What a fence that is a MyST directive points to."""
    if match := _FILE_DIRECTIVE.match(info):
        name = "image" if match[1] == "figure" else match[1]
        yield Role(name, match[2].strip(), line)  # type: ignore[arg-type]
    if info != "{toctree}":
        return
    options = _OPTIONS.match(body)
    shift = options[0].count("\n") if options else 0
    entries = body.split("\n")[shift:]
    for offset, text in enumerate(entries, line + 1 + shift):
        entry = text.strip()
        if entry and not entry.startswith("#"):
            titled = _TITLED.match(entry)
            target = titled[1].strip() if titled else entry
            yield Role("toctree", target, offset, glob=bool(options and "glob" in options[0]))


def _role(before: str, content: str, line: int) -> Role | None:
    """The role that code is the argument of, by the text that ends before it."""
    match = _ROLE.search(before)
    if match is None:
        return None
    titled = _TITLED.match(content.strip())
    target = " ".join((titled[1] if titled else content).split())
    kind = "ref" if match[1] == "numref" else match[1]
    return Role(kind, target, line)  # type: ignore[arg-type]


def _inline(token: "Token", line: int, found: Document, headings: str) -> None:
    said, opened, closed = "", -1, -1
    for child in token.children or []:
        if child.type == "text" and closed >= 0 and _EXTERNAL.match(child.content):
            found.links[closed] = replace(found.links[closed], elsewhere=True)
        opened = len(found.links) if child.type == "link_open" else opened
        closed = opened if child.type == "link_close" else -1
        role = _role(said, child.content, line) if child.type == "code_inline" else None
        said = child.content if child.type == "text" else ""
        if role is not None:
            found.roles.append(role)
        elif child.type == "link_open":
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
