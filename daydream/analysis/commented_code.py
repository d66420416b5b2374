"""Which comments are code that was switched off: whole blocks that parse, and are neither prose nor example."""

import ast
import re
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_COMPOUND = re.compile(
    r"(if|elif|for|while|with|except|def|class|match|case|async)\b.*[\w)\]}\"'].*:$|(else|try|finally|except):$"
)
_EXAMPLE = re.compile(
    r"\b(e\.g\.?|i\.e\.?|examples?|for instance|such as|like|usage|equivalent|same as|similar to|means|"
    r"becomes?|instead of|would|looks?|returns?|yields?|produces?|results?|generates?|expands?|translates?|"
    r"reference|commented|output|input|format|syntax|pattern|grammar|pseudo|see|uncomment|note|if you|you can|optional|default)\b|->|=>|^\s*>>>",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^\s*(type:|noqa|pragma|fmt:|isort:|pylint:|mypy:|ruff:|flake8:|pyright:|nosec|copyright|licen[cs]e|spdx|"
    r"-\*-|!|vim?:|coding[:=]|in\[|cell|%%|region|endregion|http)",
    re.IGNORECASE,
)
_PROSE_CALL = re.compile(r"[A-Za-z_]\w* \(")
_SWITCHED_OFF = re.compile(
    r"\b(todo|fixme|xxx|disabled?|temporar\w+|removed?|broken|not used|unused|old|debug)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of commented-out code: first and last line, its text without the comment signs, and
    whether nothing but code stands in its comment."""

    first: int
    last: int
    text: str
    whole: bool

    @property
    def size(self) -> int:
        """Lines of code; empty ones do not count."""
        return sum(1 for line in self.text.splitlines() if line.strip())


def blocks(lines: Sequence[str], flagged: Iterable[int]) -> list[Block]:
    """Group flagged lines (counted from 1) into blocks, keeping those that are certainly code."""
    marked = sorted(n for n in set(flagged) if n <= len(lines) and _is_comment(lines[n - 1]))
    found: list[Block] = []
    done = 0
    for line in marked:
        if line <= done:
            continue
        first, last = _section(lines, line, marked)
        inside = [n for n in marked if first <= n <= last]
        found += _of_paragraph(lines, first, last, inside)
        done = last
    return found


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _paragraph(lines: Sequence[str], line: int) -> tuple[int, int]:
    """Return the first and last line of the comment around a line: same column, no gap."""
    column = _column(lines[line - 1])
    first = last = line
    while first > 1 and _is_comment(lines[first - 2]) and _column(lines[first - 2]) == column:
        first -= 1
    while last < len(lines) and _is_comment(lines[last]) and _column(lines[last]) == column:
        last += 1
    return first, last


def _section(lines: Sequence[str], line: int, marked: Sequence[int]) -> tuple[int, int]:
    """Return the paragraph around a line together with those that follow an empty line and hold code too."""
    first, last = _paragraph(lines, line)
    while last + 2 <= len(lines) and not lines[last].strip() and _is_comment(lines[last + 1]):
        start, end = _paragraph(lines, last + 2)
        if _column(lines[start - 1]) != _column(lines[first - 1]) or not any(
            start <= n <= end for n in marked
        ):
            break
        last = end
    return first, last


def is_entry_of_list(lines: Sequence[str], block: Block) -> bool:
    """Whether a block is an entry left out of a list of like statements, which shows what there could be."""
    before = lines[block.first - 2] if block.first > 1 else ""
    after = lines[block.last] if block.last < len(lines) else ""
    code = [line.strip() for line in block.text.splitlines() if line.strip()]
    return any(
        _shape(mine) is not None and _shape(mine) == _shape(theirs.strip())
        for mine, theirs in ((code[0], before), (code[-1], after))
    )


def _shape(line: str) -> tuple[bool, str] | None:
    """Return what a statement calls or indexes, and whether it assigns the result."""
    match = re.match(r"([\w.\[\]'\"]+\s*=\s*)?([\w.]+)[\[(]", line)
    return (match[1] is not None, match[2]) if match else None


def _column(line: str) -> int:
    return len(line) - len(line.lstrip())


def _of_paragraph(lines: Sequence[str], first: int, last: int, inside: Sequence[int]) -> Iterator[Block]:
    header = [_uncommented(lines[n - 1 : n]) for n in range(first, inside[0])]
    above = _paragraph(lines, first - 2) if first > 2 and _is_comment(lines[first - 3]) else (0, 0)
    if any(_EXAMPLE.search(line) for line in lines[above[0] - 1 : above[1]] if above[0]):
        return
    announced = header and header[-1].rstrip().endswith(":") and not _COMPOUND.match(header[-1].strip())
    if announced or any(_EXAMPLE.search(line) for line in header):
        return
    for start, end in ((first, last), (inside[0], last), (inside[0], inside[-1])):
        text = _uncommented(lines[start - 1 : end])
        if is_code(text):
            disabled = all(not line.strip() or _SWITCHED_OFF.search(line) for line in header)
            yield Block(start, end, text, end == last and (start == first or disabled))
            return
    for start, end in _runs(inside):
        text = _uncommented(lines[start - 1 : end])
        if is_code(text):
            yield Block(start, end, text, whole=False)


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = previous = numbers[0]
    for number in [*numbers[1:], numbers[-1] + 2]:
        if number != previous + 1:
            yield start, previous
            start = number
        previous = number


def _uncommented(lines: Sequence[str]) -> str:
    return textwrap.dedent("\n".join(line.lstrip()[1:] for line in lines))  # an empty line stays one


def is_code(text: str) -> bool:
    """Whether a text parses as Python and does something: no prose, bare names, tuples, annotations."""
    remarks = [line.partition("#")[2] for line in text.splitlines() if "#" in line]
    if any(_LABEL.match(line) for line in text.splitlines()) or any(_EXAMPLE.search(r) for r in remarks):
        return False
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if _PROSE_CALL.match(first):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(tree.body) and all(_acts(node) for node in tree.body)


def is_data(text: str) -> bool:
    """Whether commented-out code is nothing but values that were written down: a list beside the one in use."""
    try:
        body = ast.parse(text).body
        values = [node.value for node in body if isinstance(node, ast.Assign)]
        for value in values:
            ast.literal_eval(value)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return False
    return len(values) == len(body)


def _acts(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call | ast.Await) and not _is_remark(node.value)
    if isinstance(node, ast.AnnAssign | ast.Return):
        return node.value is not None
    if isinstance(node, ast.Raise):
        return node.exc is not None
    return not isinstance(node, ast.Pass | ast.Break | ast.Continue)


def _is_remark(node: ast.expr) -> bool:
    """Whether a call is a remark such as ``TODO(name)``."""
    function = node.func if isinstance(node, ast.Call) else None
    return isinstance(function, ast.Name) and function.id in {"TODO", "FIXME", "XXX", "NOTE", "HACK"}
