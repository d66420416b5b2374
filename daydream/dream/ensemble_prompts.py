"""What models are told of a procedure: its source with secrets taken out, the way back, and facts in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from daydream.analysis.redaction import ADDRESS, EMAIL, LONGEST, NUMBER, SECRET, redact
from daydream.contracts.dream import Procedure

PLACEHOLDERS = (SECRET, EMAIL, ADDRESS, NUMBER)
MOST_SOURCE = 24_000
_EFFECTS = {
    "pure": "It changes nothing outside itself, as far as its source shows.",
    "reads": "It reads state outside itself.",
    "writes": "It changes state outside itself.",
    "unknown": "What its calls change is not known.",
}


@dataclass(frozen=True, slots=True)
class Hidden:
    """Source as it may be sent, and the way back for lines that came through whole.

    `lines` maps a redacted line to what stood there; None where two lines look alike once redacted.
    """

    text: str
    lines: Mapping[str, str | None] = field(default_factory=dict)

    def restored(self, code: str) -> str:
        """Put back what was taken out of lines that a model left as they were."""
        if not self.lines:
            return code
        return "\n".join(self._line(line) for line in code.split("\n"))

    def _line(self, line: str) -> str:
        bare = line.strip()
        was = self.lines.get(bare)
        return line.replace(bare, was, 1) if was is not None else line


def hidden(source: str) -> Hidden:
    """Redact source, and remember its lines; source that is too long to be redacted whole becomes empty."""
    if len(source) > LONGEST:
        return Hidden("")
    text = redact(source)
    before, after = source.split("\n"), text.split("\n")
    if text == source or len(before) != len(after):
        return Hidden(text)
    lines: dict[str, str | None] = {}
    kept = {old.strip() for old, new in zip(before, after, strict=True) if old == new}
    for old, new in zip(before, after, strict=True):
        if old != new:
            known = lines.get(new.strip(), old.strip())
            lines[new.strip()] = old.strip() if known == old.strip() and new.strip() not in kept else None
    return Hidden(text, lines)


def facts_about(procedure: Procedure) -> str:
    """Say in sentences what is known of a procedure."""
    said = [_EFFECTS[procedure.side_effects]]
    if procedure.is_async:
        said.append("It is a coroutine.")
    if procedure.tests is not None:
        files = "1 test file mentions" if procedure.tests == 1 else f"{procedure.tests} test files mention"
        said.append(f"{files} it.")
    return " ".join(said)
