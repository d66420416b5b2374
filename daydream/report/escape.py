"""Foreign text for one line: cleaned once, then escaped for Markdown so that it stays text."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

LONGEST = 200
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
_LINKED = re.compile(r"\S*(?:://|www\.|@)\S*", re.IGNORECASE)
_START = re.compile(r"(?:[-+=#>]|\d{1,9}(?=[.)]))")
_SPECIAL = re.compile(r"[\\`*\[\]<|~$]|&(?=[#A-Za-z])|(?<![^\W_])_|_(?![^\W_])")
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}


def clean(text: str, longest: int = LONGEST) -> str:
    """Make one line of printable characters, at most `longest` of them.

    Terminal sequences go, white space of any kind becomes one space, other invisible characters
    (control, direction, surrogates) become U+FFFD.
    """
    line = " ".join(_ANSI.sub("", text[: 20 * longest]).split())
    if not line.isprintable():
        line = "".join("\ufffd" if unicodedata.category(c) in _INVISIBLE else c for c in line)
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def clean_path(text: str, longest: int = 100) -> str:
    """Clean a path; a long one keeps its end, which says more."""
    line = clean(text, 10 * longest)
    return line if len(line) <= longest else "…" + line[1 - longest :]


def clean_data(value: Any) -> Any:
    """Clean every text inside JSON data, keys too."""
    if isinstance(value, str):
        return clean(value, 2 * LONGEST)
    if isinstance(value, Mapping):
        return {clean(str(key)): clean_data(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [clean_data(item) for item in value]
    return value


def code(text: str) -> str:
    """Write cleaned text as a code span, whatever backticks it contains; empty text as nothing."""
    if not text:
        return ""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{space}{text}{space}{fence}"


def escape(text: str) -> str:
    """Escape cleaned text for Markdown: no emphasis, HTML, image, link or list comes of it.

    Pairs of single backticks stay code spans. What a renderer would turn into a link by itself (an
    address, a name with @) becomes a code span.
    """
    parts = text.split("`")
    spans = len(parts) % 2 == 1 and all(part.strip() for part in parts[1::2])
    if not spans:
        return _start(_plain(text), text)
    written = [code(part) if number % 2 else _plain(part) for number, part in enumerate(parts)]
    return _start("".join(written), text)


def _start(written: str, text: str) -> str:
    """Take the meaning from a first character that would begin a list, a heading or a quotation."""
    match = _START.match(text)
    if not match or not written.startswith(match[0]):
        return written
    end = match.end() if match[0].isdigit() else 0
    return f"{written[:end]}\\{written[end:]}"


def _plain(text: str) -> str:
    written, end = [], 0
    for match in _LINKED.finditer(text):
        written += [_SPECIAL.sub(_backslash, text[end : match.start()]), code(match[0])]
        end = match.end()
    return "".join([*written, _SPECIAL.sub(_backslash, text[end:])])


def _backslash(match: re.Match[str]) -> str:
    return "\\" + match[0]
