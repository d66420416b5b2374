"""A text that is edited line by line and remembers which lines belong to which plant."""

import ast
from collections.abc import Iterable, Sequence

Block = Sequence[str | tuple[str, str]]
"""Lines to insert; a pair of text and plant id marks a line as part of that plant."""

_SUPPORT = "+"


class NoPlace(Exception):
    """A plant found no place in this repository; the message says why."""


class Sheet:
    """A file under the pen. Lines are without their ends; the text ends with one newline.

    `before` is the file as it was.
    """

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self._lines: list[tuple[str, str]] = [(line, "") for line in text.split("\n")]
        if self._lines and self._lines[-1][0] == "":
            self._lines.pop()
        self.before = self.tree() if path.endswith(".py") else ast.Module([], [])

    @property
    def lines(self) -> list[str]:
        """The text, line by line."""
        return [text for text, _ in self._lines]

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(f"{line}\n" for line in self.lines)

    def copied(self) -> list[tuple[str, str]]:
        """The text as it is now, for `restore`."""
        return list(self._lines)

    def restore(self, lines: list[tuple[str, str]]) -> None:
        """Go back to an earlier text."""
        self._lines = list(lines)

    def tree(self) -> ast.Module:
        """The text as Python; raises SyntaxError."""
        return ast.parse(self.text)

    def insert(self, at: int, block: Block) -> None:
        """Insert before the line with index `at`; a Python file that would not parse afterwards stays as it is.

        Raises:
            NoPlace: the block does not fit there.
        """
        before = list(self._lines)
        self._lines[at:at] = [(one, _SUPPORT) if isinstance(one, str) else one for one in block]
        if not self.path.endswith(".py"):
            return
        try:
            compile(self.text, self.path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            self._lines = before
            msg = f"{self.path} would not parse: {error}"
            raise NoPlace(msg) from error

    def append(self, block: Block) -> None:
        """Insert at the end."""
        self.insert(len(self._lines), block)

    def is_own(self, line: int) -> bool:
        """Whether a line (from 1) was there before: nothing is planted in a plant."""
        return self._lines[line - 1][1] == ""

    def span(self, plant: str) -> tuple[int, int] | None:
        """First and last line (from 1) of a plant, None where it is not in this text."""
        marked = [number for number, (_, mark) in enumerate(self._lines, start=1) if mark == plant]
        return (marked[0], marked[-1]) if marked else None


def marked(lines: Iterable[str], plant: str) -> list[tuple[str, str]]:
    """Mark every line as part of a plant."""
    return [(line, plant) for line in lines]


def indented(lines: Iterable[str], by: int) -> list[str]:
    """Indent lines that are not empty."""
    return [f"{' ' * by}{line}" if line else "" for line in lines]
