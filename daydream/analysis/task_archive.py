"""Moving what is done out of a list: which lines go, where they go, and every other byte as it was."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from daydream.analysis.tasks import DONE_HEADING, folded

_BOX = re.compile(r"^([ \t]*)([-*+]|\d{1,9}[.)])([ \t]+)\[([ xX])\][ \t]+\S")
_BULLET = re.compile(r"^([ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"^\s*(?:[-*+]\s+|>\s*)*(`{3,}|~{3,})")
_DATED = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


@dataclass(slots=True)
class _Entry:
    """A top-level box with everything below it: lines `start` to `end` (from 0, end exclusive)."""

    start: int
    end: int
    done: bool
    context: str
    whole: bool = True


@dataclass(slots=True)
class _Page:
    """A list cut into lines; `done` is where its section for what is done ends, None without one."""

    lines: list[str]
    entries: list[_Entry] = field(default_factory=list)
    headings: list[tuple[int, int, str]] = field(default_factory=list)
    done: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """The list without what is done, the lines that were taken out under their headings, and how many boxes."""

    text: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    boxes: int


def archived(text: str, days: Mapping[int, str]) -> str | None:
    """Move finished boxes to the list's own section for what is done, which is made at its end if need be.

    `days` says by line (from 1) when a box was ticked; a box whose text names no date gets it in brackets.
    A box goes only together with everything below it, and only when all of that is done. None: nothing to move.
    """
    page = _page(text)
    moved = _taken(page, days)
    if not moved.groups:
        return None
    end = _ending(text)
    kept = _page(moved.text)
    block = _block(moved.groups, end, min(_usual_level(page) + 1, 6))
    if kept.done is not None:
        return _inserted(kept, block, end)
    mark = "#" * _usual_level(page)
    body = moved.text.rstrip("\r\n")
    return (
        f"{body}{end}{end}{mark} Done{end}{end}{block}" if body.strip() else f"{mark} Done{end}{end}{block}"
    )


def carried(text: str, archive: str, days: Mapping[int, str]) -> tuple[str, str] | None:
    """Move finished boxes to the end of an archive file; return both files' new texts, None: nothing to move."""
    moved = _taken(_page(text), days)
    if not moved.groups:
        return None
    end = _ending(archive) if archive.strip() else _ending(text)
    body = archive.rstrip("\r\n")
    last = body.rsplit("\n", 1)[-1]
    gap = end if _BULLET.match(last) and len(moved.groups) == 1 else end * 2
    return moved.text, (f"{body}{gap}" if body else "") + _block(moved.groups, end, 2)


def _page(text: str) -> _Page:
    page = _Page(text.splitlines(keepends=True))
    fence = ""
    trail: dict[int, str] = {}
    current: _Entry | None = None
    for at, line in enumerate(page.lines):
        bare = line.rstrip("\r\n")
        if match := _FENCE.match(bare):
            fence = "" if fence and bare.strip().startswith(fence) else fence or match[1]
            current = _extended(current, at, bare)
            continue
        heading = None if fence else _HEADING.match(bare)
        if heading:
            level = len(heading[1])
            trail = {k: v for k, v in trail.items() if k < level} | {level: folded(heading[2])}
            page.headings.append((level, at, trail[level]))
            current = None
        elif (
            not fence
            and (box := _BOX.match(bare))
            and (current is None or not _inside(page.lines, current, bare))
        ):
            kept = any(DONE_HEADING.fullmatch(title) for title in trail.values())
            current = _Entry(at, at + 1, box[4] != " " and not kept, trail[max(trail)] if trail else "")
            current.whole = not box[1] and not kept
            page.entries.append(current)
        else:
            current = _extended(current, at, bare)
            if current and not fence and (box := _BOX.match(bare)) and box[4] == " ":
                current.done = False
    page.done = _done_section(page)
    return page


def _inside(lines: Sequence[str], entry: _Entry, line: str) -> bool:
    """Whether a line is indented below an entry's own marker."""
    own = len(lines[entry.start]) - len(lines[entry.start].lstrip(" \t"))
    return len(line) - len(line.lstrip(" \t")) > own


def _extended(entry: _Entry | None, at: int, line: str) -> _Entry | None:
    """Let an entry go on over indented lines; blank lines belong to it only when more of it follows."""
    if entry is None:
        return None
    if not line.strip():
        return entry
    lazy = at == entry.end and not _BULLET.match(line) and not line.startswith(("#", "|", ">"))
    if line[:1] in (" ", "\t") or lazy:
        entry.end = at + 1
        return entry
    return None


def _done_section(page: _Page) -> tuple[int, int] | None:
    """Return the lines (from 0) of the first section that is by its heading for what is done."""
    for number, (level, at, title) in enumerate(page.headings):
        if DONE_HEADING.fullmatch(title):
            after = (start for deep, start, _ in page.headings[number + 1 :] if deep <= level)
            return at, next(after, len(page.lines))
    return None


def _taken(page: _Page, days: Mapping[int, str]) -> Moved:
    groups: dict[str, list[str]] = {}
    out: list[str] = []
    at = boxes = 0
    for entry in page.entries:
        if not (entry.done and entry.whole):
            continue
        out += page.lines[at : entry.start]
        at = entry.end
        while out and not out[-1].strip() and at < len(page.lines) and not page.lines[at].strip():
            at += 1  # one blank line is enough at the seam
        taken = [line.rstrip("\r\n") for line in page.lines[entry.start : entry.end]]
        day = days.get(entry.start + 1, "")
        if day and not _DATED.search(taken[0]):
            taken[0] = f"{taken[0].rstrip()} ({day})"
        groups.setdefault(entry.context, []).extend(taken)
        boxes += sum(bool(_BOX.match(line)) for line in taken)
    out += page.lines[at:]
    return Moved("".join(out), tuple((name, tuple(lines)) for name, lines in groups.items()), boxes)


def _block(groups: Sequence[tuple[str, Sequence[str]]], end: str, level: int) -> str:
    """Write what was taken out; where it came from several sections, each keeps its name."""
    if len(groups) == 1:
        return "".join(f"{line}{end}" for line in groups[0][1])
    mark = "#" * level
    parts = [
        (f"{mark} {name}{end}{end}" if name else "") + "".join(f"{x}{end}" for x in lines)
        for name, lines in groups
    ]
    return end.join(parts)


def _inserted(page: _Page, block: str, end: str) -> str:
    """Put a block at the end of the section for what is done."""
    at, stop = page.done or (0, 0)
    body = list(page.lines[at:stop])
    tail = []
    while body and not body[-1].strip():
        tail.append(body.pop())
    if not body[-1].endswith(("\n", "\r")):
        body[-1] += end
    listed = bool(_BULLET.match(body[-1])) or body[-1][:1] in (" ", "\t")
    gap = "" if listed and not block.startswith("#") else end
    rest = page.lines[stop:]
    return "".join([*page.lines[:at], *body, gap, block, *(tail or ([end] if rest else [])), *rest])


def _usual_level(page: _Page) -> int:
    levels = [level for level, _, _ in page.headings]
    return min((level for level in levels if level > 1), default=2)


def _ending(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
