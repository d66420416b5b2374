"""Passwords in sentences, with no sign before them: ``password swordfish was rejected``, ``changed from a to b``.

What is usually said of a password is a closed list of words; only another word in the place of a password is hidden.
Nothing behind an unbounded repeat can fail in any pattern, so none is slow on any input.
"""

import re

from daydream.analysis.redaction_shapes import SECRET

_WHAT = r"(?:pass[ _-]?(?:word|phrase|code)|passwd|pwd)"
# Parts and deeds of a password, and what holds it.
_ABOUT = (
    r"(?:re)?set(?:s|ting|ter)?|chang(?:e|es|ed|ing|er)|updat(?:e|es|ed|ing)|rotat(?:e|ed|ion)|check(?:s|ed|er|ing)?|auth(?:entication|enticated"
    r"|enticator)?|hash(?:es|ed|er|ers|ing)?|fields?|files?|forms?|polic(?:y|ies)|prompts?|managers?|stores?|stored|storage|requests?|requested"
    r"|recovery|recovered|verif(?:y|ied|ier|ication)|valid|validat(?:e|ed|ion|or|ors)|expir(?:y|es|ed|ing|ation)|length|strength|entr(?:y|ies)|attempts?"
    r"|logins?|links?|e?mails?|tokens?|database|db|mismatch(?:ed|es)?|history|encryption|encrypted|lookups?|providers?|services?|backends?|plugins?"
    r"|modules?|options?|parameters?|arguments?|values?|inputs?|callbacks?|functions?|methods?|based|protect(?:ed|ion)|quality|guess(?:es|ing)?|tr(?:y|ies)"
    r"|failures?|failed|fails|errors?|incorrect|invalid|wrong|missing|required|needed|not|is|was|were|has|had|have|will|must|may|can|cannot|should|does|did"
    r"|for|from|of|to|in|on|at|by|with|and|or|nor|but|if|when|while|until|than|as|that|which|the|a|an|this|his|her|its|their|your|our|my|no|only|too|yet|again"
    r"|accepted|rejected|refused|denied|given|used|entered|sent|received|provided|supplied|specified|found|unknown|empty|blank|none|null|nil|true|false|yes|default"
    r"|never|being|been|be|less|free|complexity|generat(?:e|ed|ion|or)|rules?|keys?|access|dialogs?|page|screen|vault|agent|cache|cracking|settings|type|format|max|min"
    r"|comply|contains?|matche?s?|grant|grants|flow|method|server|reuse|spray(?:ing)?|disabled|enabled|change-?form|reset-?form|aging|hint|hints|string|text"
)
_THING = rf"(?!(?:{_ABOUT})(?![\w-]))[^\s\"'()\[\]{{}}<>,;:=|]{{2,64}}"
_WHOSE = r"(?:\s(?:for|of)\s(?:user\s)?[\w.@-]{1,60})?"
_SAID = r"(?:is|was|were|has|for|rejected|refused|denied|accepted|failed|wrong|incorrect|invalid|not|set|entered|used|leaked)"
_JUDGED = re.compile(rf"(\b{_WHAT}\s{{1,4}}){_THING}(?=\s{{1,4}}{_SAID}(?!\w))", re.IGNORECASE)
_WITH = re.compile(
    rf"(\b(?:with|using)\s{{1,4}}(?:(?:the|a|new|old|this|wrong)\s{{1,4}})?{_WHAT}\s{{1,4}}){_THING}",
    re.IGNORECASE,
)
_TURNED = re.compile(
    rf"(\b{_WHAT}{_WHOSE}\s{{1,4}}(?:(?:is|was|has\sbeen)\s{{1,4}})?(?:set|reset|changed|updated|rotated)\s{{1,4}})"
    rf"(?:(from\s{{1,4}}){_THING}(\s{{1,4}}))?(to\s{{1,4}}){_THING}",
    re.IGNORECASE,
)
_LED = re.compile(rf"(\b{_WHAT}\s{{0,4}}(?:->|→)\s{{1,4}}){_THING}", re.IGNORECASE)
_DIGITS = re.compile(
    rf"(\b(?:{_WHAT}|pin(?:[ -]code)?|one-time[ -]code)\s{{1,4}})\d{{4,12}}(?![\w/:-]|\.\d)", re.IGNORECASE
)
_PHRASE = re.compile(
    rf"(\b(?:pass|seed)[ _-]?phrase\s{{1,4}}(?:is|was)\s{{1,4}}(?:\[secret\]\s)?)(?!(?:{_ABOUT})\s)(?:[a-z]{{2,20}}\s){{2,24}}[a-z]{{2,20}}",
    re.IGNORECASE,
)
_HELD = re.compile(rf"(\b{_WHAT}\s{{0,4}}\()(?=[^\s\d()]{{0,40}}\d)[^\s()\[\]]{{4,64}}(?=\))", re.IGNORECASE)


def without_spoken(text: str) -> str:
    """Hide the passwords of sentences; the sentences stay."""
    for pattern in (_JUDGED, _WITH, _LED, _DIGITS, _PHRASE, _HELD):
        text = pattern.sub(rf"\1{SECRET}", text)
    return _TURNED.sub(_both, text)


def _both(match: re.Match[str]) -> str:
    before = f"{match[2]}{SECRET}{match[3]}" if match[2] else ""
    return f"{match[1]}{before}{match[4]}{SECRET}"
