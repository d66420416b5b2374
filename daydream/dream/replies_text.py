"""Words about a dream in a reply: which dream is meant, what score and tier are said, and why."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from daydream.dream.replies_numbers import Number, number_at, numbers, scale_of

LONGEST_REASON = 200
_LONGEST_LEAD = 80
_CLAUSE = 400
_LEAD = r"""(?:^[ \t>]*(?:[-*+•]\s+|\(?[0-9]{1,3}[.)]\s+|#{1,6}\s+)?[\[(*_`"'“]*|(?<![\w])dreams?[ _]+(?:id|name)?[ \t]*[:#=]?[ \t]*[*_`"'“(<]*|["'`“])"""
_SAYS = r"""(?=[*_`"'”)\]]*[ \t]*(?:[:=(|\[]|[-—→]+[ \t]|is\b|gets\b|scores\b|receives\b|has\b|$))"""
_KEYED = r"""(?<![\w])(?:dream[ _]?)?(?:id|name)["'`*]*\s*[:=>]\s*["'`*“]*"""
_OTHER = r"[A-Za-z0-9][\w.:#-]*[\w]|[A-Za-z0-9]"
_VIABILITY = r"viability(?:[ _-]?(?:score|rating))?|tragfähigkeit|machbarkeit"
_LABEL = re.compile(
    r"(?<![A-Za-z0-9äöü])(?:(?P<before>[A-Za-zäöüß]+)[ \t_-]+)?"
    rf"(?:(?P<first>{_VIABILITY})|(?P<second>scored?|scores|ratings?|rated|(?:rate|give|grade)s?[ ](?:this|it)|(?<=\[)result(?=\])|bewertung|punktzahl|wertung)|(?P<third>confidence))(?![\w])",
    re.IGNORECASE,
)
_OTHER_NUMBERS = (
    "average avg mean median minimum maximum min max threshold baseline previous former earlier "
    "original initial prior expected combined durchschnittliche mittlere "
)
_NOT_VIABILITY = frozenset(_OTHER_NUMBERS.split())
_OUR_NUMBER = (
    "overall final total my the a an its this that dream with has have gets get give gives given "
    "assign receives of and is at assigned numeric numerical i it would be verdict result perfect "
    "full high low good solid strong weak fair poor deserves earns quality d gesamt die der eine mit "
)
_STILL_SCORE = frozenset(_OUR_NUMBER.split())
_SCALE_NOTE = re.compile(r"[\s*_`\"']{0,3}[(\[]([^()\[\]\n]{1,25})[)\]]")
_GLUE = re.compile(
    r"""(?:\s|[*_`"'“”:=(\[{|,\]#]|->|→|[-—](?=\s)|\b(?:is|was|are|of|at|as|by|equals|be|stands|score|rating|value|estimate|estimated|a|an|the|i'd|say|
    quite|fairly|rather|very|pretty|high|low|moderate|medium|good|strong|weak|decent|excellent|poor|solid|limited|ist|liegt|bei|beträgt)\b)*""",
    re.IGNORECASE | re.VERBOSE,
)
_TIER_SAID = r"""(?:tier|stufe)[\s:=#*_"'`(-]*(?:is\s|of\s|ist\s)?[*_`"']*(?:[0-9]{1,3}|one|two|three|eins|zwei|drei|i{1,3})(?![\w])"""
TIER = re.compile(
    r"""(?<![\w])(?:tier|stufe)(?:[ _]number)?[\s:=#*_"'`(>|-]*(?:is\s|of\s|ist\s)?[*_`"']*([0-9]{1,3}|one|two|three|eins|zwei|drei|i{1,3})(?![\w]|[.,][0-9])"""
    r"(?![-/][0-9](?![0-9])|\s(?:to|or|oder|bis)\s(?:tier\s)?[0-9](?![0-9%]))",
    re.IGNORECASE,
)
_TIERS = {"one": 1, "two": 2, "three": 3, "eins": 1, "zwei": 2, "drei": 3, "i": 1, "ii": 2, "iii": 3}
_ATTACH = re.compile(
    rf"""(?:\s|[*_`"'“”:=)\](\[|,]|->|=>|→|[-—]+(?=\s)|—|\b(?:gets|scores|receives|is|at|rated|deserves|earns|rates|a|an|viable|ist|bekommt|erhält)\b|\b{_TIER_SAID})*""",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"""[*_`"'”]*(?:\s*$|\s*[,;|)\]](?=\s|$|[|)*])|[.:!](?=\s|$)|\s+[-—(\[]|\s*—|\s*[(\[]|\s+(?:tier|stufe|and|und|because|weil)\b|\s*\n)""",
    re.IGNORECASE,
)
_FOR = re.compile(
    r"""[*_`"'”)]*(?:\s+(?:for|to|für|an)\s+(?:the\s+)?|\s*[(\[]\s*(?:for\s+)?)(?:dream\s+)?(?:id\s*)?[*_`"'“]*$""",
    re.IGNORECASE,
)
_GIVING = re.compile(
    r"\b(?:give|gave|gives|giving|assign|assigned|award|awarded|score|rate|gebe)\b", re.IGNORECASE
)
_MEANT = re.compile(r"\b(?:i|we|one)(?:\s+would|'d)\b|\b(?:ich|wir)\s+würden?\b", re.IGNORECASE)
_HYPOTHESIS = re.compile(
    r"\b(?:if|unless|would|were|assuming|provided|wenn|falls|würde|wäre|example|instance|threshold|instead of|rather than|claims?|claimed|says|said)\b(?!-)|\be\.g\.",
    re.IGNORECASE,
)
_MAYBE = re.compile(r"\b(?:could|might|should|may|not|könnte|dürfte|nicht)\b[^,;:—(]*$", re.IGNORECASE)
_TAKEN_BACK = re.compile(
    r"\b(?:actually|correction|scratch that|make (?:that|it)|on reflection|on second thought|wait|i take (?:that|it) back|revised|sorry|doch eher)\b",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"""[ \t*_`"'“(\[:#.)-]{1,8}(?:id[ \t:=`"']{1,4})?""", re.IGNORECASE)
_ALONE = re.compile(
    r"^[\s>*_`+\-#]*(?:[0-9]*[.,]?[0-9]+)\s*(?:%|/\s*[0-9]+)?[*_`]*\s*[:,|-]?\s*$", re.MULTILINE
)
_KEY_SIGN = re.compile(r"""[\s*_`"'\]]*[:=#|]""")
SENTENCE = re.compile(r"(?<=[.!?])[\"')\]*]*\s+(?=[^\s])|\n+")
_REASON = re.compile(
    r"""\b(?:reason(?:ing|s)?|explanation|rationale|justification|because|begründung|weil)\b["'*_`]*\s*[:=-]?\s*["'*_`]*""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A place where a dream is named: `who` is its id, else what it was called and is none of ours."""

    start: int
    end: int
    who: str
    opens: bool


@dataclass(frozen=True, slots=True)
class Score:
    """A score that was found: `rank` is 0 where it is called viability, 3 where it just follows a name."""

    start: int
    number: Number
    rank: int


class Names:
    """What a dream may be called: `known` maps ids and unambiguous names to ids; None: any name counts."""

    def __init__(self, known: Mapping[str, str], *, anybody: bool = False) -> None:
        self.known = known
        self.anybody = anybody
        plain = sorted(
            (name for name in known if len(name) >= 6 and not name.isdigit() and name == known[name]), key=len
        )
        placed = sorted((name for name in known if name not in plain), key=len, reverse=True)
        ours = "|".join(r"\s+".join(map(re.escape, name.split())) for name in placed)
        lead = rf"{_LEAD}(?P<placed>{ours})(?![\w])(?!-\w)|" if ours else ""
        strong = rf"(?<![\w-])(?P<plain>{'|'.join(map(re.escape, plain))})(?![\w])(?!-\w)|" if plain else ""
        other = rf"(?:\bdream[ _]+[*_]*[\"'“`](?P<quoted>[^\"'“”`\n]{{2,80}})[\"'”`]|\bdream[ _]+[#*_`\"'“(<]*(?!(?:id|name)\b)(?P<other>{_OTHER}){_SAYS}|{_KEYED}(?P<keyed>{_OTHER})|(?<![\w-])(?P<hex>[0-9a-f]{{16}})(?![\w]))"
        self._pattern = re.compile(f"{strong}{lead}{other}", re.IGNORECASE | re.MULTILINE)
        self._lower = {" ".join(name.lower().split()): who for name, who in known.items()}

    def references(self, text: str) -> list[Reference]:
        """Find the dreams that a text names, strangers included, in order."""
        found = [self._reference(text, match) for match in self._pattern.finditer(text)]
        counted = [
            index for index in range(len(found) - 1) if self._counts(text, found[index], found[index + 1])
        ]
        for index in counted:
            one = found[index + 1]
            found[index + 1] = Reference(one.start, one.end, one.who, found[index].opens or one.opens)
        return [each for index, each in enumerate(found) if index not in counted]

    def _counts(self, text: str, one: Reference, other: Reference) -> bool:
        """Tell whether a name is but the number before the name itself: "Dream 1 (<id>)"."""
        number = one.who not in self.known and one.who.isdigit() and len(one.who) <= 3
        return number and other.who in self.known and bool(_BETWEEN.fullmatch(text[one.end : other.start]))

    def _reference(self, text: str, match: re.Match[str]) -> Reference:
        group = match.lastgroup or "hex"
        said = match[group]
        who = self._lower.get(" ".join(said.lower().split()), said)
        begun = match.start(group)
        before = text[max(text.rfind("\n", 0, begun) + 1, begun - _LONGEST_LEAD - 1) : begun]
        opens = len(before) <= _LONGEST_LEAD and bool(
            re.fullmatch(
                r"""[\s>*_`#"'“•+\[({<|-]*(?:[0-9]{1,3}[.)]\s*)?[*_`"'“\[(]*(?:(?:evaluation|verdict|bewertung)?\s*(?:of|for|von)?\s*)?(?:(?:dream|traum)[ _]?)?(?:(?:id|name)["'`*]*\s*[:=>#]?\s*)?[:#=*_`"'“(<\s]*""",
                before,
                re.IGNORECASE,
            )
        )
        return Reference(
            match.start(group), match.end(group), who, opens and self._separated(text, match.end(group))
        )

    @staticmethod
    def _separated(text: str, end: int) -> bool:
        return bool(
            re.match(
                r"""[*_`"'”)\]}>]*[ \t]*(?:[:=(|\[{<,;→]|[-—]+[ \t>]|—|$|\n|(?:gets|scores|receives|has|is|viability|score|rating|tier)\b)""",
                text[end : end + 40],
            )
        )


def tier_in(text: str) -> int | None:
    """Return the one tier that a text says; None: none, or several."""
    said = {_TIERS.get(each.lower()) or int(each) for each in TIER.findall(text)}
    return said.pop() if len(said) == 1 else None


def scores(text: str, references: Iterable[Reference]) -> list[Score]:
    """Find the numbers that are called a score, and those that just follow a dream's name, in order."""
    taken = [(each.start, each.end) for each in references]
    found = [score for match in _LABEL.finditer(text) if (score := _labelled(text, match))]
    named = {score.number.start for score in found}
    for _, end in taken:
        attached = _attached(text, end)
        if attached and attached.number.start not in named:
            found.append(attached)
    inside = [each for each in found if not any(start <= each.number.start < end for start, end in taken)]
    return sorted(inside, key=lambda each: each.number.start)


def speaks_first(text: str) -> bool:
    """Tell whether a text without a dream's name holds a score, so that scores may stand before the names."""
    return bool(scores(text, ()) or _ALONE.search(text))


def given_to(text: str, score: Score, reference: Reference) -> bool:
    """Tell whether a score stands before the dream it belongs to: "0.8 for <id>", "viability 0.8 (<id>)"."""
    return score.number.end <= reference.start and bool(
        _FOR.fullmatch(text[score.number.end : reference.start])
    )


def plain_given(text: str, references: Iterable[Reference]) -> list[Score]:
    """Find numbers without a label that are given to a dream: "I give 0.8 to <id>"."""
    found = []
    for reference in references:
        far = max(0, reference.start - _CLAUSE)
        start = max(text.rfind(sign, far, reference.start) for sign in ("\n", ". ")) + 1 or far
        if not _GIVING.search(text, start, reference.start):
            continue
        for number in numbers(text, start, reference.start):
            score = Score(number.start, number, 3)
            if number.plain and given_to(text, score, reference):
                found.append(score)
    return found


def taken_back(text: str, after: int) -> bool:
    """Tell whether a score is corrected in the words behind it."""
    word = _TAKEN_BACK.search(text, after)
    return bool(word) and any(each.plain or each.large for each in numbers(text, word.end() if word else 0))


def reason_in(text: str, start: int, end: int, references: Iterable[Reference]) -> str:
    """Return the reason that a part of a text gives, at most 200 characters; "" where it gives none."""
    part = text[start:end]
    marked = _REASON.search(part)
    if marked:
        return shortened(part[marked.end() :])
    blanked = list(text)
    for each in references:
        blanked[each.start : each.end] = " " * (each.end - each.start)
    rest = "".join(blanked)[start:end]
    last = 0
    for match in TIER.finditer(rest):
        last = max(last, match.end())
    for score in scores(rest, ()):
        last = max(last, score.number.end)
    return shortened(rest[last:]) or shortened(
        re.sub(r"(?i)\bdreams?\b\W*", "", rest[:last], count=1) if last == 0 else ""
    )


def shortened(text: str) -> str:
    """Bring a reason to one line of at most 200 characters without markup around it."""
    line = " ".join(re.sub(r"(?m)^\s*(?:[-*+•]|#+)\s+|\*\*|`|</?\w+>", " ", text).split()).strip(
        " \t,;:|-—*_\"'`()[]{}."
    )
    line = (
        line
        if len(line) <= LONGEST_REASON
        else line[: LONGEST_REASON - 1].rsplit(" ", 1)[0].rstrip(",;: ") + "…"
    )
    return line if re.search(r"[^\W\d_]{2}", line) else ""


def _labelled(text: str, match: re.Match[str]) -> Score | None:
    before = (match["before"] or "").lower()
    rank = 0 if match["first"] else 1 if match["second"] else 2
    if before in _NOT_VIABILITY or (
        rank and before and before not in _STILL_SCORE and not _opens_clause(text, match)
    ):
        return None
    place, scale = match.end(), None
    if rank == 2 and not _KEY_SIGN.match(text, place):  # "my confidence is 0.9 that it fails"
        return None
    note = _SCALE_NOTE.match(text, place)
    if note and not number_said(note[1]):
        scale, place = scale_of(note[1]), note.end()
    if text[match.start() - 1 : match.start()] == "<" and text[place : place + 1] == ">":
        place += 1
    glued = _GLUE.match(text, place)
    number = number_at(text, glued.end() if glued else place, scale)
    label = match.end("before") if before else match.start()
    if number is None or _only_supposed(text, label):
        return None
    return Score(match.start(), number, rank)


def number_said(words: str) -> bool:
    """Tell whether words in brackets are a score themselves rather than its scale."""
    said = number_at(words.strip(), 0)
    return said is not None and said.end == len(words.strip()) and words.strip()[:1] not in "/%"


def _opens_clause(text: str, match: re.Match[str]) -> bool:
    """A word before the label belongs to it ("correctness score") unless a sign ends it."""
    return text[match.end("before") : match.end("before") + 1] in ":;"


def _only_supposed(text: str, place: int) -> bool:
    far = max(0, place - _CLAUSE)
    start = max(far - 1, *(text.rfind(end, far, place) for end in ("\n", ". ", "! ", "? ", ";")))
    clause = _MEANT.sub("", text[start + 1 : place])
    return bool(_HYPOTHESIS.search(clause) or _MAYBE.search(clause))


def _attached(text: str, end: int) -> Score | None:
    glued = _ATTACH.match(text, end)
    place = glued.end() if glued else end
    number = number_at(text, place)
    if number is None or not (number.plain or number.large) or not _ENDS.match(text, number.end):
        return None
    opened = text.rfind("(", end, place)
    if opened >= 0 and text.find(")", end, place) < 0:
        inside = text[number.end : max(number.end, text.find(")", number.end))]
        if any(not tier_in(inside) or not TIER.search(inside) for _ in re.findall(r"[0-9]", inside)):
            return None
    return Score(place, number, 3)
