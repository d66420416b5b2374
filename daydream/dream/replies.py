"""What a judge replied: JSON, tables, lists or prose become evaluations; whatever is in doubt stays unparsed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from daydream.contracts.dream import Tier, tier_of
from daydream.dream import replies_json
from daydream.dream.replies_json import Said
from daydream.dream.replies_numbers import Number, number_at
from daydream.dream.replies_prose import prose
from daydream.dream.replies_table import tables
from daydream.dream.replies_text import Names, shortened
from daydream.errors import ConfigError

LONGEST_REPLY = 1_000_000
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\u3000"), " ") | dict.fromkeys(
    (*map(ord, "\u2060\ufeff"), *range(0x200B, 0x2010), *range(0x2061, 0x2065)), ""
)
_SIGNS = {
    0x2212: "-",
    0x2044: "/",
    0x2215: "/",
    0xFF05: "%",
    0xFF0F: "/",
    0xFF0E: ".",
    0xFF1A: ":",
    0x2011: "-",
    0x2013: "-",
    0x2019: "'",
}
_DIGITS = {0xFF10 + digit: str(digit) for digit in range(10)}
_THOUGHT = re.compile(
    r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)|\A(?:(?!<think).)*?</think(?:ing)?>",
    re.DOTALL | re.IGNORECASE,
)
_LONELY = "a lonely 1 may count on another scale"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a judge says of one dream.

    `viability` is 0..1 and `tier` follows from it; `said_tier` is the one that was said, None where none was.
    `reason` has at most 200 characters, "" where none was given.
    """

    id: str
    viability: float
    tier: Tier
    reason: str
    said_tier: int | None = None


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A dream without an evaluation, and why."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A tier that does not fit its score: the score counts, the tier is kept to be shown."""

    id: str
    viability: float
    tier: Tier
    said_tier: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """A reply that was read. `strangers` are those it judged that were not asked about; `batches` the names of
    batches that it says it answers."""

    evaluations: tuple[Evaluation, ...]
    unparsed: tuple[Unparsed, ...]
    contradictions: tuple[Contradiction, ...]
    strangers: tuple[str, ...] = ()
    batches: frozenset[str] = frozenset()


def parse(
    text: str, ids: Iterable[str], names: Mapping[str, str] | None = None, patterns: Sequence[str] = ()
) -> Parsed:
    """Read the evaluations of these dreams from a reply; each id is in `evaluations` or in `unparsed`.

    `names` maps ids to what a dream is also called; a name that several share means none of them. `patterns` are
    further regular expressions with the groups `id` and `score`, and `tier` and `reason` if they like, tried before
    everything else. Nothing is raised for the sake of the text.

    Raises:
        ConfigError: a pattern is none.
    """
    wanted = list(dict.fromkeys(ids))
    known = _known(wanted, names or {})
    found, batches = _found(text, Names(known), patterns)
    return _settled(found, wanted, batches)


def parse_dream_evaluations(text: str) -> list[Evaluation]:
    """Read every evaluation in a text, whatever its dream is called there: by id or by name."""
    found, batches = _found(text, Names({}, anybody=True), ())
    return list(
        _settled(found, list(dict.fromkeys(each[0] for said in found for each in said)), batches).evaluations
    )


def compiled(patterns: Iterable[str]) -> list[re.Pattern[str]]:
    """Compile patterns of a person's own.

    Raises:
        ConfigError: one is no regular expression, or lacks the groups `id` and `score`.
    """
    made = []
    for pattern in patterns:
        try:
            each = re.compile(pattern, re.MULTILINE)
        except re.error as error:
            raise ConfigError(f"judge.patterns: {pattern!r} is no regular expression ({error})") from None
        if missing := {"id", "score"} - set(each.groupindex):
            raise ConfigError(f"judge.patterns: {pattern!r} lacks the group {' and '.join(sorted(missing))}")
        made.append(each)
    return made


def _known(ids: Sequence[str], names: Mapping[str, str]) -> dict[str, str]:
    called: dict[str, list[str]] = {}
    for identifier in ids:
        called.setdefault(names.get(identifier, "").strip(), []).append(identifier)
    unique = {name: bearers[0] for name, bearers in called.items() if name and len(bearers) == 1}
    return {**unique, **{identifier: identifier for identifier in ids}}


def _found(text: str, names: Names, patterns: Sequence[str]) -> tuple[list[list[Said]], frozenset[str]]:
    """Read a text in every way, the surest first."""
    text = _cleaned(text)
    own = [_by_pattern(match, names.known) for each in compiled(patterns) for match in each.finditer(text)]
    from_json: list[Said] = []
    batches: set[str] = set()
    rest, place = [], 0
    for start, end, value in replies_json.values(text):
        said = list(replies_json.statements(value, names.known))
        batches |= replies_json.batches(value)
        if said:
            from_json += said
            rest.append(text[place:start])
            place = end
    rest.append(text[place:])
    from_tables, words = tables("\n\n".join(rest), names.known)
    return [own, from_json, from_tables, list(prose(words, names))], frozenset(batches)


def _by_pattern(match: re.Match[str], known: Mapping[str, str]) -> Said:
    groups = match.groupdict()
    said = (groups["score"] or "").strip()
    number = number_at(said, 0)
    if number is None or number.end != len(said):
        number = Number(0, 0, None, "its score is no number")
    name = (groups["id"] or "").strip()
    return (
        known.get(name, name),
        number,
        replies_json.tier_of_value(groups.get("tier") or None),
        groups.get("reason") or "",
    )


def _cleaned(text: str) -> str:
    """Bring a text to plain spaces, digits and signs, without what a model thought aloud."""
    text = (
        text[:LONGEST_REPLY].replace("\r\n", "\n").replace("\r", "\n").translate(_SPACES | _SIGNS | _DIGITS)
    )
    if "think" in text:
        text = _THOUGHT.sub("\n\n", text)
    return text


def _settled(found: Sequence[Sequence[Said]], wanted: Sequence[str], batches: frozenset[str]) -> Parsed:
    large = any(said[1] is not None and said[1].large for source in found for said in source)
    evaluations: list[Evaluation] = []
    unparsed: list[Unparsed] = []
    for identifier in wanted:
        said = [each for source in found if (each := _of(source, identifier)) is not None]
        settled = next((each for each in said if each[1] is not None), None)
        if settled is None:
            why = (
                "it is named without a score"
                if any(each[0] == identifier for s in found for each in s)
                else "it is not mentioned"
            )
            unparsed.append(Unparsed(identifier, why))
            continue
        reason = next((shortened(each[3]) for each in said if shortened(each[3])), "")
        made = _evaluation(identifier, settled, reason, large=large)
        (unparsed if isinstance(made, Unparsed) else evaluations).append(made)  # type: ignore[arg-type]
    contradictions = tuple(
        Contradiction(each.id, each.viability, each.tier, each.said_tier)
        for each in evaluations
        if each.said_tier is not None and each.said_tier != each.tier
    )
    strangers = {said[0] for source in found for said in source if said[1] is not None} - set(wanted)
    return Parsed(tuple(evaluations), tuple(unparsed), contradictions, tuple(sorted(strangers)), batches)


def _of(source: Sequence[Said], identifier: str) -> Said | None:
    """Add up what one way of reading says of a dream; None: nothing."""
    said = [each for each in source if each[0] == identifier and each[1] is not None]
    if not said:
        return None
    doubtful = next((each[1] for each in said if each[1] is not None and each[1].value is None), None)
    values = {each[1].value for each in said if each[1] is not None}
    number = doubtful or (said[0][1] if len(values) == 1 else Number(0, 0, None, "two scores are said of it"))
    tiers = {each[2] for each in said if each[2] is not None}
    reason = next((each[3] for each in said if each[3]), "")
    return identifier, number, tiers.pop() if len(tiers) == 1 else None, reason


def _evaluation(identifier: str, said: Said, reason: str, *, large: bool) -> Evaluation | Unparsed:
    """Check a score before anybody stores it."""
    _, number, tier, _ = said
    if number is None or number.value is None:
        return Unparsed(identifier, number.doubt if number else "it is named without a score")
    # A 1 without a scale beside an 8, or called tier 3, is more likely one of ten than all of one.
    if number.whole and number.value == 1 and (large or tier not in (None, 1)):
        return Unparsed(identifier, _LONELY)
    return Evaluation(identifier, number.value, tier_of(number.value), reason, tier)
