"""Where a stack frame lies in the repository: which file, and which of its lines today."""

import difflib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from daydream.analysis.errors.records import StackFrame

_LIBRARIES = {"site-packages", "dist-packages"}
_LONGEST = 20_000
_DEEPEST = 40


def locator(paths: Collection[str]) -> Callable[[str], str | None]:
    """Map paths in stack frames to examined files by their longest common ending of at least two parts,
    or by the bare name of a file at the root that no other file shares.

    An ending that two files share maps to nothing, nor does a library's file.
    """
    endings: dict[str, str | None] = {}
    names = Counter(path.rpartition("/")[2] for path in paths)
    for path in sorted(paths):
        parts = path.split("/")
        for size in range(2, len(parts) + 1):
            ending = "/".join(parts[-size:])
            endings[ending] = None if ending in endings else path
        if len(parts) == 1 and names[path] == 1:
            endings[path] = path

    def locate(path: str) -> str | None:
        parts = path.replace("\\", "/").split("/")
        if any(part in _LIBRARIES or part.startswith("python3") for part in parts):
            return None
        sizes = range(min(len(parts), _DEEPEST), 0, -1)
        ending = next((e for size in sizes if (e := "/".join(parts[-size:])) in endings), None)
        return endings[ending] if ending is not None else None

    return locate


@dataclass(frozen=True, slots=True)
class Place:
    """A frame's line in the tree under examination.

    `line` is None where the line was changed since; `text` is the line as it failed. `then` is its number in the
    release that failed, or that of today where nobody knows the release. `source` is the text of the file in which
    it stands: of today, or of the release where it stands no more.
    """

    path: str
    line: int | None
    text: str
    then: int
    source: str

    @property
    def failing(self) -> int:
        """The number of the line within `source`."""
        return self.then if self.line is None else self.line


def place(frame: StackFrame, now: str, then: str | None) -> Place | None:
    """Find a frame's line in today's text of its file.

    `then` is the file's text at the commit of the release that failed, None where that is not known: the reported
    line counts only if its reported text stands there, or stands once in the whole file; a frame without text is
    taken at its word. None: the frame is no file of the tree, or its line is not in the file.
    """
    if frame.path is None or frame.line is None or frame.line < 1:
        return None
    if then is not None:
        old = then.split("\n")
        if frame.line > len(old) or not _agrees(old[frame.line - 1], frame.text):
            return place(frame, now, None)
        line = moved(old, now.split("\n"), frame.line)
        return Place(frame.path, line, old[frame.line - 1].strip(), frame.line, then if line is None else now)
    lines = now.split("\n")
    if frame.line <= len(lines) and _agrees(lines[frame.line - 1], frame.text):
        return Place(frame.path, frame.line, lines[frame.line - 1].strip(), frame.line, now)
    same = [
        number for number, line in enumerate(lines, 1) if frame.text and " ".join(line.split()) == frame.text
    ]
    if len(same) == 1:
        return Place(frame.path, same[0], frame.text, same[0], now)
    return None


def moved(old: Sequence[str], new: Sequence[str], line: int) -> int | None:
    """Return where line number `line` of `old` stands in `new`; None where it was changed or is gone."""
    if line <= len(new) and list(old[:line]) == list(new[:line]):
        return line
    if max(len(old), len(new)) > _LONGEST:
        return None
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for block in matcher.get_matching_blocks():
        if block.a < line <= block.a + block.size:
            return block.b + line - block.a
    return None


def _agrees(line: str, text: str) -> bool:
    """Tell whether a line is the one that was reported; a report that gives no text cannot disagree, nor can one
    from which something was redacted or cut."""
    return not text or "[secret]" in text or text.endswith("…") or " ".join(line.split()) == text
