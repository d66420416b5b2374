"""Names of code in prose: which words of a document claim that something of that name exists."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

_CALL = re.compile(r"(?P<name>[A-Za-z_][\w.]*)(?P<call>\(.*\))?\Z", re.DOTALL)
_DISTINCT = re.compile(r"[a-z0-9]_[a-z0-9]|[a-z][A-Z]|[A-Z][A-Z0-9]+_[A-Z]")
_PAST = re.compile(
    r"\b(?:remov\w*|renam\w*|deprecat\w*|former\w*|previous\w*|no longer|used to|was|were|replac\w*|instead|drop\w*|old\w*"
    r"|legacy|migrat\w*|moved?|before|prior|until|versionchanged|versionremoved|versionadded|obsolete|gone|changed|superseded|since"
    r"|earlier|historical\w*|v?\d+\.\d+)\b",
    re.IGNORECASE,
)
_HISTORY = re.compile(
    r"(?:^|[/_.-])(?:change|history|news|releas|migrat|upgrad|whats?[-_]?new|announc|blog|archived?(?:/|\.)|deprecat"
    r"|backward|v\d|\d+\.\d)"
    r"|(?:^|/)(?:adr|adrs|rfcs?|[a-z]{1,3}eps?|flips?|enhancements?|decisions|proposals?|plans?|design|specs|news|roadmap|posts|_posts|todo)(?:[/.]|$)",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r":(?:py:)?(?:func|class|meth|attr|mod|data|exc|obj):`(?P<role>[^`<>]+)`|``(?P<literal>[^`\n]+)``"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in prose: the text as written, the words in it that could be definitions, its line."""

    text: str
    words: tuple[str, ...]
    line: int


def tells_history(path: str) -> bool:
    """Whether a file talks about the past by its very nature: a changelog, news, a migration guide."""
    return bool(_HISTORY.search(path))


def speaks_of_the_past(text: str) -> bool:
    """Whether a passage, its code aside, says that something was removed, renamed, or is only of some version."""
    return bool(_PAST.search(re.sub(r"`[^`]*`", "", text)))


def words_of(span: str) -> tuple[str, ...]:
    """The words of a code span that claim to be names: ``pkg.mod.func``, ``Class.method``, ``func()``, ``snake_case``.

    Empty for anything else: a plain word, a command, an expression, a path, a private or dunder name.
    """
    match = _CALL.match(span.strip().lstrip("~!"))
    if match is None or span.endswith(
        (".py", ".md", ".toml", ".yml", ".yaml", ".json", ".txt", ".cfg", ".rst")
    ):
        return ()
    parts = match["name"].rstrip(".").split(".")
    if len(parts) == 1 and not match["call"] and not _DISTINCT.search(parts[0]):
        return ()
    return tuple(part for part in parts if len(part) > 3 and not part.startswith("_"))


def mentions_in_rst(text: str) -> Iterator[Mention]:
    """Roles and literals of a reStructuredText file, in paragraphs that do not speak of the past."""
    line = 1
    for block in re.split(r"(\n[ \t]*\n)", text):
        if "`" in block and not speaks_of_the_past(block):
            for match in _ROLE.finditer(block):
                name = match["role"] or match["literal"]
                if words := words_of(name):
                    yield Mention(name, words, line + block.count("\n", 0, match.start()))
        line += block.count("\n")


def is_foreign(text: str, own: Container[str]) -> bool:
    """Whether a dotted name of three or more parts begins with a module that is none of the repository's `own`."""
    parts = text.lstrip("~!").split("(", 1)[0].split(".")
    return len(parts) > 2 and parts[0].islower() and parts[0] not in own
