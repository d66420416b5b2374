"""Taking a task's comment out of Python, when the comment is that task and nothing else."""

import io
import re
import tokenize
from collections.abc import Mapping

from daydream.analysis.tasks import WORDS, Item

_TO_A_TOOL = re.compile(
    r"\b(?:type:|noqa|pragma|pylint|mypy:|pyright|fmt:|yapf|isort:|nosec|coding[:=]|doctest)", re.IGNORECASE
)
_STARTS_WITH_TASK = re.compile(rf"#+[\s:!-]{{0,8}}(?:{'|'.join(WORDS)})\b")


def without(data: bytes, items: Mapping[str, Item]) -> tuple[bytes, dict[str, str]]:
    """Take these items' comments out of UTF-8 source; return the new source, and by key why an item was left.

    A comment goes whole or not at all: its lines, or the end of a line of code with the blanks before it.
    """
    comments = _comments(data)
    if comments is None:
        return data, dict.fromkeys(items, "its file does not tokenize")
    lines = data.splitlines(keepends=True)
    left: dict[str, str] = {}
    gone: set[int] = set()
    for key, item in sorted(items.items()):
        if why := _why_not(item, comments, lines):
            left[key] = why
            continue
        column = comments[item.line][0]
        if _alone(lines[item.line - 1]):
            gone |= set(range(item.line, item.last_line + 1))
        else:
            line = lines[item.line - 1]
            bare = line.rstrip(b"\r\n")
            lines[item.line - 1] = bare.decode()[:column].rstrip().encode() + line[len(bare) :]
    new = b"".join(_seamed(lines, gone))
    return (
        (new, left)
        if _same_code(data, new)
        else (data, dict.fromkeys(items, "the code would not stay the same"))
    )


def _comments(data: bytes) -> dict[int, tuple[int, str]] | None:
    """Return each comment's column (in characters) and text by its line; None for what does not tokenize."""
    found = {}
    try:
        for token in tokenize.tokenize(io.BytesIO(data).readline):
            if token.type == tokenize.COMMENT:
                found[token.start[0]] = token.start[1], token.string
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError, ValueError):
        return None
    return found


def _alone(line: bytes) -> bool:
    return line.lstrip().startswith(b"#")


def _why_not(item: Item, comments: Mapping[int, tuple[int, str]], lines: list[bytes]) -> str:
    """Say why a comment is more than the task; "" when it is the task alone."""
    at = comments.get(item.line)
    if at is None or not _STARTS_WITH_TASK.match(at[1]):
        return "the comment says something before the task"
    spoken = [comments[line][1] for line in range(item.line, item.last_line + 1) if line in comments]
    if any(_TO_A_TOOL.search(text) for text in spoken):
        return "the comment also speaks to a tool"
    if item.last_line - item.line >= 5:
        return "the comment is longer than what was read of it"
    if not _alone(lines[item.line - 1]):
        code = lines[item.line - 1]
        indent = len(code) - len(code.lstrip())
        below = comments.get(item.line + 1) if _is_comment_line(lines, item.line + 1) else None
        return "the comment goes on below the code" if below and below[0] > indent else ""
    around = {
        "above": comments.get(item.line - 1) if _is_comment_line(lines, item.line - 1) else None,
        "below": comments.get(item.last_line + 1) if _is_comment_line(lines, item.last_line + 1) else None,
    }
    for where, other in around.items():
        if other and other[0] == at[0] and not (where == "below" and _STARTS_WITH_TASK.match(other[1])):
            return f"the comment goes on {where} the task"
    return ""


def _is_comment_line(lines: list[bytes], number: int) -> bool:
    return 0 < number <= len(lines) and _alone(lines[number - 1])


def _seamed(lines: list[bytes], gone: set[int]) -> list[bytes]:
    """Drop lines; where that joins two runs of blank lines, the longer one stays."""
    out: list[bytes] = []
    at = 1
    while at <= len(lines):
        if at not in gone:
            out.append(lines[at - 1])
            at += 1
            continue
        while at in gone:
            at += 1
        above = _run(out[::-1])
        below = _run(lines[at - 1 :])
        if above and below:
            at += min(above, below)
    return out


def _run(lines: list[bytes]) -> int:
    count = 0
    for line in lines:
        if line.strip():
            break
        count += 1
    return count


def _same_code(old: bytes, new: bytes) -> bool:
    """Tell whether both sources have the same tokens but for comments and line numbers."""
    return _code(old) == _code(new)


def _code(data: bytes) -> list[tuple[int, str]] | None:
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER)
    try:
        tokens = tokenize.tokenize(io.BytesIO(data).readline)
        return [(t.type, t.string) for t in tokens if t.type not in skipped]
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError, ValueError):
        return None
