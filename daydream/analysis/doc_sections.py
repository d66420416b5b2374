"""Sections of a page that describe one object of the code, by their heading or directive."""

import re
from collections.abc import Callable, Iterator, Sequence

from daydream.analysis.markdown import Document
from daydream.analysis.rst_source import Described, RstPage

_HEADING = re.compile(r"(?P<level>#{1,6})\s+(?P<title>.*?)\s*#*\s*\Z")
_NAMED = re.compile(
    r"(?:class|def|function|method|async)?\s*`?(?P<name>[A-Za-z_][\w.]*)(?P<call>\(.*\))?`?\s*(?:\{.*\})?\Z"
)
_RULER = re.compile(r"([=~^\"'+*#-])\1{2,}[ \t\r]*$")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")


def described(page: Document | RstPage, text: str, wanted: Callable[[str], bool]) -> Iterator[Described]:
    """The objects of wanted names that a page describes in sections of their own."""
    if isinstance(page, RstPage):
        lines = text.split("\n")
        yield from (
            Described(item.name, item.line, _section(lines, item.line))
            for item in page.described
            if wanted(item.name)
        )
        return
    current: list[tuple[int, str, int, list[str]]] = []
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        fenced ^= bool(_FENCE.match(line))
        heading = None if fenced else _HEADING.match(line)
        if heading:
            level = len(heading["level"])
            while current and current[-1][0] >= level:
                yield _closed(current.pop())
            if (name := _name(heading["title"])) and wanted(name):
                current.append((level, name, number, []))
        for _, _, _, body in current:
            body.append(line)
    while current:
        yield _closed(current.pop())


def _section(lines: Sequence[str], line: int) -> str:
    """The text around a directive, from the title above it to the one below."""
    rulers = [number for number, text in enumerate(lines, 1) if _RULER.match(text)]
    first = max((number for number in rulers if number < line), default=1)
    last = min((number for number in rulers if number > line), default=len(lines) + 1)
    return "\n".join(lines[first - 1 : last])


def _closed(item: tuple[int, str, int, list[str]]) -> Described:
    return Described(item[1], item[2], "\n".join(item[3]))


def _name(title: str) -> str:
    """The name that a heading is, or nothing for a heading in words."""
    match = _NAMED.match(title)
    if match is None:
        return ""
    code = "`" in title or match["call"] or "." in match["name"].strip(".") or "_" in match["name"]
    return match["name"].strip(".") if code else ""
