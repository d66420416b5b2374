"""What a task says that can be checked: things to remove or to add, names, and issues it waits for."""

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from daydream.analysis.tasks import WORDS

Kind = Literal["removal", "addition", "mention", "issue"]
_SPAN = re.compile(r"``([^`\n]{1,120})``|`([^`\n]{1,120})`")
_NAME = re.compile(r"(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:\(\))?")
_PATH = re.compile(r"(?:[\w@.-]+/)*[\w@-][\w@.-]*\.[A-Za-z][A-Za-z0-9]{0,7}|(?:[\w@.-]+/)+(?:[\w@.-]+/?)?")
_BARE = r"(?-i:[A-Za-z_][\w.]*\(\)|[a-z]\w*_\w+|_\w+_\w+|[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+)"
_TARGET = rf"(?:``[^`\n]{{1,120}}``|`[^`\n]{{1,120}}`|{_BARE})"
_FILLER = (
    r"(?:(?:the|this|that|a|an|all|our|old|legacy|deprecated|unused|obsolete|dead|new|usages?|uses?|of|from|use"
    r"|module|function|method|class|file|script|package|dependency|option|setting|helper|shim|alias|folder)\s+){0,5}"
)
_MARKER = re.compile(rf"^(?:{'|'.join(WORDS)})\b(?:\([^()]{{0,60}}\))?\W*|^\([A-Z]\)\s+")
_TAGS = re.compile(r"(?:\s+(?:[+@]\w[\w-]*|[a-z]+:[\w-]+))+$")
_END = (
    r"(?=\s*(?:[.;,:!)]|$|\b(?:from|in|and|once|when|as|with|to|for|since|because|instead|by|which|that|it|now|here"
    r"|altogether|completely|entirely|functions?|methods?|class(?:es)?|files?|modules?|scripts?|helpers?|calls?"
    r"|imports?|hacks?|usages?)\b))"
)
_REMOVAL = re.compile(
    rf"(?:please\s+)?(?:remove|delete|drop|get rid of|retire|rip out|stop using|replace|rename|move away from|migrate (?:away )?from)"
    rf"\s+{_FILLER}(?P<targets>{_TARGET}(?:\s*(?:,|and|&)\s*{_TARGET})*){_END}",
    re.IGNORECASE,
)
_GOING = re.compile(
    rf"\b(?:once|when|after|until|as soon as)\s+{_FILLER}(?P<targets>{_TARGET}(?:\s*(?:,|and|&)\s*{_TARGET})*)\s+"
    r"(?:is|are|gets?|has been|have been|was|were)\s+(?:finally\s+)?(?:gone|removed|deleted|dropped|retired|no longer used)\b",
    re.IGNORECASE,
)
_ADDITION = re.compile(
    rf"(?:add|create|write|introduce|implement)\s+{_FILLER}(?P<targets>`[^`\n]{{1,120}}`(?:\s*(?:,|and|&)\s*`[^`\n]{{1,120}}`)*)\s*[.!]?$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"(?<![\w/&#-])(?:(?P<repo>[A-Za-z0-9][\w.-]*/[\w.-]+)?#|\bGH-)(?P<number>[1-9]\d{0,6})\b(?!-)"
    r"|\bhttps?://github\.com/(?P<urlrepo>[\w.-]+/[\w.-]+)/(?:issues|pull)/(?P<urlnumber>[1-9]\d{0,6})\b"
)
_WAITS = re.compile(
    r"\b(?:once|when|after|until|till|as soon as|blocked (?:by|on)|wait(?:s|ing)? (?:for|on)|depends on|pending"
    r"|tracked (?:in|by|at)|remove (?:with|in))\b[^.;!?()]{0,40}$",
    re.IGNORECASE,
)
_DOES = re.compile(
    r"^(?:fix|close|resolve|implement|address|finish)\s+(?:(?:issue|bug|ticket)\s+)?$", re.IGNORECASE
)
_LEADING_TAG = re.compile(rf"^(?:{'|'.join(WORDS)})?\W{{0,3}}$")
_COMMON = frozenset(
    {"self", "true", "false", "none", "main", "test", "name", "type", "data", "value", "list", "dict"}
)
_SHORTEST = 4
_MOST = 6


@dataclass(frozen=True, slots=True)
class Claim:
    """One checkable thing that a task says.

    `kind` is removal (what shall go, or is waited to go), addition, mention, or issue. `value` is a dotted name
    without parentheses, a path, or an issue as ``#12`` or ``owner/name#12``. `awaited` (issues): the task is about
    that issue or waits for it, rather than pointing to it; `tag`: it is about it, by its place alone.
    """

    kind: Kind
    value: str
    path: bool = False
    awaited: bool = False
    tag: bool = False

    @property
    def word(self) -> str:
        """The last part of a dotted name: the word that stands wherever the thing is defined or used."""
        return self.value.rpartition(".")[2]


def claims(text: str) -> tuple[Claim, ...]:
    """Read what a task's text (one line) says; at most six things and six issues, each once, in order."""
    bare = _TAGS.sub("", _MARKER.sub("", text, count=1))
    found: dict[str, Claim] = {}
    for kind, match in (
        ("removal", _REMOVAL.match(bare) or _GOING.search(bare)),
        ("addition", _ADDITION.match(bare)),
    ):
        targets = [_thing(kind, target) for target in re.findall(_TARGET, match["targets"])] if match else []
        if targets and all(targets):  # one that cannot be checked leaves the whole sentence open
            found |= {claim.value: claim for claim in targets if claim}
    if not found:
        named = (_thing("mention", match[0]) for match in _SPAN.finditer(bare))
        found = {claim.value: claim for claim in named if claim}
    things = list(found.values())[:_MOST]
    return (*things, *list(dict.fromkeys(_issues(text)))[:_MOST])


def _thing(kind: str, written: str) -> Claim | None:
    value = written.strip("`").strip()
    role: Kind = "removal" if kind == "removal" else "addition" if kind == "addition" else "mention"
    if _PATH.fullmatch(value) and ("/" in value or not _NAME.fullmatch(value) or _is_file(value)):
        return Claim(role, value.removeprefix("./").rstrip("/"), path=True)
    if not _NAME.fullmatch(value):
        return None
    value = value.removesuffix("()")
    word = value.rpartition(".")[2]
    plain = word.islower() and "_" not in word and len(word) < 6
    if len(word) < _SHORTEST or plain or word.lower() in _COMMON or keyword.iskeyword(word):
        return None
    return Claim(role, value)


def _is_file(value: str) -> bool:
    return value.endswith(
        (".py", ".md", ".rst", ".toml", ".cfg", ".yml", ".yaml", ".json", ".txt", ".sh", ".ini")
    )


def _issues(text: str) -> Iterator[Claim]:
    for match in _REFERENCE.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        repo = match["repo"] or match["urlrepo"] or ""
        number = match["number"] or match["urlnumber"]
        tag = bool(_LEADING_TAG.match(before)) or (before.endswith("(") and after in (")", ").", ""))
        waits = bool(_WAITS.search(before) or _DOES.match(_MARKER.sub("", before, count=1)))
        yield Claim("issue", f"{repo}#{number}", awaited=tag or waits, tag=tag and not waits)


def named(line: str) -> Iterator[Claim]:
    """Yield the names and paths in the code spans and link targets of a line of prose."""
    for match in _SPAN.finditer(line):
        if claim := _thing("mention", match[0]):
            yield claim
    for target in re.findall(r"\]\(([^()\s]{1,200})\)", line):
        bare = target.partition("#")[0]
        if ":" not in bare and _PATH.fullmatch(bare):
            yield Claim("mention", bare.removeprefix("./").rstrip("/"), path=True)


def mentioned(line: str) -> Iterator[Claim]:
    """Yield what a line of prose mentions: names, paths and issues."""
    if "`" in line or "](" in line:
        yield from named(line)
    if "#" in line or "/issues/" in line or "GH-" in line:
        yield from _issues(line)
