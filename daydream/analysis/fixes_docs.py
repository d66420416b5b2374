"""Links of the documentation pointed to where their target went: the destination alone is rewritten."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from typing import TypeVar
from urllib.parse import quote

from daydream.analysis.doc_links import Broken, Library
from daydream.analysis.doc_tree import MARKDOWN
from daydream.analysis.markdown import Document, parse
from daydream.analysis.rst_source import RstPage
from daydream.analysis.rst_source import read as read_rst
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft, Fix
from daydream.records.night import Known

_INLINE = re.compile(r"\]\(\s*(?:<(?P<angle>[^<>\r\n]*)>|(?P<plain>(?:[^\s()<>\\]|\\.|\([^\s()]*\))+))")
_DEFINITION = re.compile(
    r"^[ \t>]*\[[^\]\r\n]+\]:\s*(?:<(?P<angle>[^<>\r\n]*)>|(?P<plain>[^\s<>]+))", re.MULTILINE
)
_ATTRIBUTE = re.compile(
    r"""\b(?:href|src)\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"'>]+))""", re.IGNORECASE
)
P = TypeVar("P", Document, RstPage)
_KEPT = "/#?&=:@!$'*+,;~%-._[]"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a destination stands in a text, and how it is written there."""

    start: int
    end: int
    written: str
    style: str


def mend_links(ctx: Context, findings: Sequence[Known]) -> Draft:
    """Rewrite the destinations that lead nowhere and surely meant one other target; everything else stays as it is.

    A finding is left where the link is gone or mended already, where no single target is surely meant, and where
    the destination cannot be told from the text around it.
    """
    library = Library(ctx)
    files: dict[str, bytes | None] = {}
    fixed: list[str] = []
    left: dict[str, str] = {}
    by_page: dict[str, list[Known]] = {}
    for finding in findings:
        by_page.setdefault(finding.subject, []).append(finding)
    for path, known in sorted(by_page.items()):
        ctx.check()
        text = _text(library, path)
        if text is None:
            left.update({finding.id: "the page cannot be read as UTF-8" for finding in known})
            continue
        before = text
        broken = library.survey(ctx, [path]).broken
        for finding in sorted(known, key=lambda finding: (finding.identity, finding.id)):
            text, why = _mend(text, path, [item for item in broken if _concerns(finding, item)])
            if why:
                left[finding.id] = why
            else:
                fixed.append(finding.id)
        if text != before:
            files[path] = text.encode("utf-8")
    return Draft(files=files, fixed=tuple(sorted(fixed)), left=left)


def _text(library: Library, path: str) -> str | None:
    """The page's text with its byte order mark and line ends as they are."""
    raw = library.shelf.raw(path)
    try:
        return None if raw is None else raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _concerns(finding: Known, item: Broken) -> bool:
    if finding.rule.endswith("anchor") != item.anchor:
        return False
    folder = finding.identity.endswith("/")
    return item.landed.startswith(finding.identity) if folder else finding.identity == f"{item.target}~1"


def _mend(text: str, path: str, items: Sequence[Broken]) -> tuple[str, str]:
    """The text with these links mended, or the text as it was and why."""
    if not items:
        return text, "the link is gone or leads somewhere now"
    if any(not item.better for item in items):
        return text, "no single target is surely meant"
    mended = text
    for item in {(item.kind, item.target): item for item in items}.values():
        step = _markdown(mended, item) if path.lower().endswith(MARKDOWN) else _rst(mended, item)
        if step is None:
            return text, "its destination cannot be told from the text around it"
        mended = step
    return mended, ""


def _markdown(text: str, item: Broken) -> str | None:
    def only_links(before: Document, after: Document) -> int | None:
        """How many links differ, all of them ours; None where anything else does."""
        same = (before.fences, [s.text for s in before.spans], before.headings) == (
            after.fences,
            [s.text for s in after.spans],
            after.headings,
        )
        if not same or len(before.links) != len(after.links):
            return None
        pairs = [(one, other) for one, other in zip(before.links, after.links, strict=True) if one != other]
        ours = all(one.target == item.target and other.target != item.target for one, other in pairs)
        return len(pairs) if ours else None

    def count(document: Document) -> int:
        return sum(1 for link in document.links if link.target == item.target)

    return _replaced(text, list(_places(text, item.target)), item, parse, only_links, count)


def _rst(text: str, item: Broken) -> str | None:
    def only_links(before: RstPage, after: RstPage) -> int | None:
        if len(before.pointers) != len(after.pointers) or (before.labels, before.titles) != (
            after.labels,
            after.titles,
        ):
            return None
        pairs = [
            (one, other) for one, other in zip(before.pointers, after.pointers, strict=True) if one != other
        ]
        ours = all(one.target == item.target and other.kind == one.kind for one, other in pairs)
        return len(pairs) if ours and before.fences == after.fences else None

    def count(page: RstPage) -> int:
        return sum(1 for pointer in page.pointers if pointer.target == item.target)

    pattern = re.compile(rf"(?<![^\s<`:]){re.escape(item.target)}(?![^\s>`])")
    places = [_Place(match.start(), match.end(), item.target, "rst") for match in pattern.finditer(text)]
    return _replaced(text, places, item, read_rst, only_links, count)


def _replaced(
    text: str,
    places: Sequence[_Place],
    item: Broken,
    read: Callable[[str], P],
    differ: Callable[[P, P], int | None],
    count: Callable[[P], int],
) -> str | None:
    """Try each place alone, keep those that are the link and nothing else, and see that none is left."""
    before = read(_plain(text))
    edits = [(place, _destination(place, item)) for place in places]
    good = [edit for edit in edits if differ(before, read(_plain(_edited(text, [edit]))))]
    result = _edited(text, good)
    after = read(_plain(result))
    return result if good and differ(before, after) and not count(after) else None


def _plain(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _edited(text: str, edits: Sequence[tuple[_Place, str]]) -> str:
    for place, new in sorted(edits, key=lambda edit: -edit[0].start):
        text = text[: place.start] + new + text[place.end :]
    return text


def _places(text: str, target: str) -> Iterator[_Place]:
    """Where a Markdown text may hold this destination, in whatever way it is written."""
    from markdown_it.common.normalize_url import normalizeLink
    from markdown_it.common.utils import unescapeAll

    for pattern in (_INLINE, _DEFINITION):
        for match in pattern.finditer(text):
            style = "angle" if match["angle"] is not None else "plain"
            if normalizeLink(unescapeAll(match[style])) == target:
                yield _Place(match.start(style), match.end(style), match[style], style)
    for match in _ATTRIBUTE.finditer(text):
        style = next(name for name in ("double", "single", "bare") if match[name] is not None)
        if unescape(match[style]) == target:
            yield _Place(match.start(style), match.end(style), match[style], style)


def _destination(place: _Place, item: Broken) -> str:
    """The better target in the way in which the old one is written: what stays the same stays byte for byte."""
    if place.style == "rst":
        return item.better
    path, _, anchor = item.better.partition("#")
    old_path = re.split(r"[?#]", place.written, maxsplit=1)[0]
    if item.anchor:
        return f"{place.written.partition('#')[0]}#{_written(anchor, place)}"
    return _written(path.partition("?")[0], place) + place.written[len(old_path) :]


def _written(text: str, place: _Place) -> str:
    if place.style == "angle":
        return text.replace("<", "%3C").replace(">", "%3E")
    if text.isascii() or "%" in place.written:
        return quote(text, safe=_KEPT)
    return re.sub(r"[\s()<>\"]", lambda match: quote(match[0]), text)


DOC_FIXES: dict[str, Fix] = {"docs.broken_link": mend_links, "docs.broken_anchor": mend_links}
