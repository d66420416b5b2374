"""Inputs that look like a secret: they are tried, and neither stored nor shown."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from daydream.analysis.redaction import ADDRESS, EMAIL, EVERYTHING, NUMBER, SECRET, redact
from daydream.contracts.sandbox import Inputs
from daydream.dream.trials.inputs_pool import TEXTS, WORDS
from daydream.sandbox.guest.grammar import GRAMMAR

_LONGEST = 20_000
_SHORTEST = 4
_NAMED = re.compile(
    r"pass(?:word|wd|phrase)|secret|(?:access|auth|refresh|session|api|bearer)_?(?:token|key)|credential|private_?key|authorization",
    re.IGNORECASE,
)
_MARKS = (SECRET, EMAIL, ADDRESS, NUMBER)
_OWN = frozenset((*WORDS, *(text for _, texts in TEXTS for text in texts)))
"""Texts that daydream itself made up."""


def looks_secret(inputs: Inputs, names: Sequence[str] = ()) -> bool:
    """Whether an argument holds what redaction would hide, or a text under a name that says it is a secret; `names` are those of
    the parameters by position. What daydream made up itself is none."""
    known = [*names, *[""] * len(inputs.given)]
    named = [[name, each] for name, each in zip(known, inputs.given, strict=False)] + [
        [name, tree] for name, tree in inputs.named
    ]
    return any(_is_secret(name, text) for name, text in _texts(named))


def _is_secret(name: str, text: str) -> bool:
    if text in _OWN or len(text) < _SHORTEST:
        return False
    if len(text) > _LONGEST:
        return len(set(text)) > _SHORTEST  # too long to be looked at, and not one character again and again
    return bool(name and (_NAMED.search(name) or _hides(f'{name} = "{text}"'))) or _hides(text)


def _hides(text: str) -> bool:
    hidden = redact(text, EVERYTHING)
    return hidden != text and any(hidden.count(mark) > text.count(mark) for mark in _MARKS)


def _texts(pairs: list[list[Any]]) -> Iterator[tuple[str, str]]:
    """The texts in named values, each with the name that it goes by."""
    for name, tree in pairs:
        yield from _of_tree(name if isinstance(name, str) else "", tree)


def _of_tree(name: str, tree: Any) -> Iterator[tuple[str, str]]:
    if type(tree) is str:
        yield name, tree
    if type(tree) is not list:
        return
    for part, kind in zip(tree[1:], GRAMMAR[tree[0]], strict=False):
        if kind.rstrip("?") == "text" and tree[0] not in _TEXTUAL:
            continue  # numbers, dates and names
        yield from _PARTS.get(kind.rstrip("?"), _nothing)(name, part)


def _nothing(_name: str, _part: Any) -> Iterator[tuple[str, str]]:
    yield from ()


def _values(name: str, part: Any) -> Iterator[tuple[str, str]]:
    for each in part:
        yield from _of_tree(name, each)


def _pairs(name: str, part: Any) -> Iterator[tuple[str, str]]:
    for key, value in part:
        yield from _of_tree("", key)
        yield from _of_tree(key if type(key) is str else name, value)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return text


_TEXTUAL = frozenset(("path", "raised", "pattern"))
_PARTS: dict[str, Callable[[str, Any], Iterator[tuple[str, str]]]] = {
    "base64": lambda name, part: iter([(name, _decoded(part))]),
    "text": lambda name, part: iter([(name, part)]),
    "value": _of_tree,
    "values": _values,
    "pairs": _pairs,
    "attributes": lambda _name, part: _texts(part),
}
