"""Fenced code examples: does the text parse as what its fence says it is?"""

import ast
import json
import re
import textwrap
import tomllib
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["ok", "broken", "unknown", "other"]

_LONGEST = 100_000
_LOOKED_AT = 20_000
_COMMAS = 2
_APART = 25
_DEEP = re.compile(r"(?:[-?:][ \t]+){30}|[\[{][^\]}]{0,20}(?:[\[{][^\]}]{0,20}){30}")
_LANGUAGES = {"python": "python", "py": "python", "python3": "python", "toml": "toml", "json": "json"} | {
    "yaml": "yaml",
    "yml": "yaml",
}
_MEANT = re.compile(
    r"\b(?:invalid|broken|before|bad|wrong|error|errors|fails?|skip|ignore|incorrect|pseudo\w*|not valid"
    r"|does(?:n't| not) (?:work|parse)|syntax|malformed|illegal|cannot|can't|disallowed|forbidden|python ?2)\b|❌|✗|✘|🚫",
    re.IGNORECASE,
)
_CONTRAST = re.compile(r"\b(?:instead of|rather than)[\s:]*\Z", re.IGNORECASE)
_TEMPLATE = re.compile(
    r"\{\{|\{%|<[A-Za-z][\w .:-]*>|--8<--|[├└│]|\{[!*]|…|\$\{?[A-Za-z_]|\{[a-z]+(?: [a-z]+)+\}"
)
_PROMPT = re.compile(
    r"^[ \t]*(?:>|\$ |% |%%|%\w|!\w|In ?\[\d*\]|\?\w|@@ )"
    r"|^[ \t]*(?:wget|curl|pip3?|uv|cd|tar|unzip|git|python3?|export|sudo|apt(?:-get)?|brew|mkdir|conda|npm|docker) [^=\n(]*$|^[-+]\s?\S|^-{3,}$|^={4,}|^[<>]{4,}",
    re.MULTILINE,
)
_SHELL = re.compile(r"^[ \t]*\$ |^[ \t]*[\w./-]+(?: [^\s=(:]+){0,9} --?[a-zA-Z][\w-]", re.MULTILINE)
_SLIPS = re.compile(
    r"unterminated|unmatched|.*(?:never closed|does not match|forgot a comma)|unindent|unexpected indent|expected ':'"
    r"|':' expected|non-default|invalid (?:non-printable )?character (?:U\+|'[\u2018-\u201d])|EOL|Missing parentheses"
)
_STRING = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_COMMA = re.compile(r".*forgot a comma")
_LEFT_OPEN = re.compile(r"unmatched|unexpected indent|unindent")
_OPENERS = {")": "f(", "]": "[", "}": "{"}
_OUTPUT = re.compile(
    r"\b(?:outputs?|prints?|printed|displays?|(?:will|should|would) (?:give|return|show) you|something (?:like|similar))\b",
    re.IGNORECASE,
)
_NAMED_CALL = re.compile(r"\s*(?:(async\s+)?def\s+)?[\w.]+[ \t]*(?=\()")
_SIGNATURE = re.compile(r"^[ \t]*(?:(?:async\s+)?def|class)\s+\w.*[^:,(\[{\s]$", re.MULTILINE)
_ELLIPSIS = re.compile(r"\.\.\.|^[ \t]*\.\.[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an example parses; `why` is the parser's word on a broken one, `sure` 0..1."""

    state: State
    why: str = ""
    sure: float = 0.0


def language(info: str) -> str | None:
    """Read the language from a fence's info string; None unless it is one that can be parsed here."""
    match = re.match(r"\{?\s*\.?(?:code-block\}\s*)?([\w+-]+)", info)
    return _LANGUAGES.get(match[1].lower()) if match else None


def judge(info: str, code: str, before: str) -> Verdict:
    """Parse a fenced block by its language; `before` says what it is about: its page and
    the text above it, which may say that it is wrong on purpose."""
    tongue = language(info)
    if tongue is None:
        return Verdict("other")
    if len(code) > _LONGEST:
        return Verdict("unknown", "too long")
    why, sure = _PARSERS[tongue](code.expandtabs(4) if tongue == "python" else code)
    if not why:
        return Verdict("ok")
    if tongue != "python" and before.rstrip().endswith(":") and _OUTPUT.search(before[-120:]):
        return Verdict("unknown", why)  # what a program printed
    code = code[:_LOOKED_AT]
    rest = info.partition(" ")[2]
    if (
        _SHELL.search(code)
        or _TEMPLATE.search(code)
        or _ELLIPSIS.search(code)
        or _CONTRAST.search(before)
        or _MEANT.search(f"{rest}\n{before[-400:]}\n{code}")
    ):
        return Verdict("unknown", why)
    return Verdict("broken", why, sure) if sure else Verdict("unknown", why)


def _python(code: str) -> tuple[str, float]:
    dedented = textwrap.dedent(code)
    first = _syntax_error(dedented)
    if first is None or not dedented.strip():
        return "", 0.0
    if _PROMPT.search(dedented) or any(_syntax_error(text) is None for text in _wrapped(dedented)):
        return "" if not _PROMPT.search(dedented) else "has prompts", 0.0
    if _LEFT_OPEN.match(first.msg) and _is_excerpt(code):
        return first.msg, 0.0
    if _is_signature(dedented) or _is_mapping(dedented) or re.search(r"nested|recursion|memory", first.msg):
        return first.msg, 0.0
    slip = _SLIPS.match(first.msg) and (not _COMMA.match(first.msg) or _is_slip(dedented, first))
    return first.msg, 0.7 if slip else 0.4


def _is_excerpt(code: str) -> bool:
    """Whether the text is the end of a call or a literal that begins above it: it begins indented, or with an
    item of a list, and what closes too much closes that."""
    first = next(line for line in code.splitlines() if line.strip())
    if not first[0].isspace() and not first.rstrip().endswith(","):
        return False
    opened = "".join(_OPENERS[sign] for sign in reversed(_closed_too_much(code)))
    return bool(opened) and _syntax_error(f"{opened}\n{code}") is None


def _closed_too_much(code: str) -> str:
    """The brackets of a text that close what is not opened in it, in order."""
    left: list[str] = []
    for sign in re.findall(r"[()\[\]{}]", re.sub(r"#.*", "", _STRING.sub("", code))):
        if sign in _OPENERS and left and left[-1] not in _OPENERS:
            left.pop()
        else:
            left.append(sign)
    return "".join(left) if all(sign in _OPENERS for sign in left) else ""


def _is_slip(code: str, error: SyntaxError) -> bool:
    """Whether something is missing where the parser misses a comma, rather than that the text is some notation."""
    line = code.split("\n")[(error.lineno or 1) - 1]
    quoted = any(
        match[0][-2] == "=" and line[match.end() : match.end() + 1].isalnum()
        for match in _STRING.finditer(line)
    )
    return quoted or _lacks_commas(code, error)


def _lacks_commas(code: str, error: SyntaxError) -> bool:
    """Whether a comma or two, where the parser misses one, make the text Python; else it is some notation."""
    for _ in range(_COMMAS):
        lines = code.split("\n")
        first, last = error.lineno or 1, min(error.end_lineno or error.lineno or 1, len(lines))
        if last - first > _APART:
            return False
        best = _place(error)
        for text in _with_comma(lines, first - 1, last):
            left = _syntax_error(text)
            if left is None:
                return True
            if _COMMA.match(left.msg) and _place(left) > best:
                code, error, best = text, left, _place(left)
    return False


def _place(error: SyntaxError) -> tuple[int, int]:
    return error.lineno or 0, error.offset or 0


def _with_comma(lines: Sequence[str], first: int, last: int) -> Iterator[str]:
    """The text with a comma at one of the gaps between the words of these lines (from 0, the end excluded)."""
    for number in range(first, last):
        for gap in re.finditer(
            r"(?<=[\w\"')\]}])(?=[ \t]*(?:#|\Z))|(?<=[\w\"')\]}])(?=[ \t]+[\w\"'(\[{])", lines[number]
        ):
            line = f"{lines[number][: gap.start()]},{lines[number][gap.start() :]}"
            yield "\n".join((*lines[:number], line, *lines[number + 1 :]))


def _is_signature(code: str) -> bool:
    """Whether the text is ``name(parameters) -> result``, as API references write it."""
    head = _NAMED_CALL.match(code)
    return head is not None and _syntax_error(f"def f{code[head.end() :].rstrip().rstrip(':')}: pass") is None


def _is_mapping(code: str) -> bool:
    """Whether the text is YAML under a wrong flag."""
    return re.match(r"[\w.-]+:(?:\s|\Z)", code) is not None and not _yaml(code)[0]


def _syntax_error(code: str) -> SyntaxError | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(
                code,
                "<example>",
                "exec",
                ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
                dont_inherit=True,
            )
        except SyntaxError as error:
            return error
        except (ValueError, RecursionError, MemoryError) as error:
            return SyntaxError(str(error) or type(error).__name__)
    return None


def _wrapped(code: str) -> Iterator[str]:
    """The ways in which a fragment may be part of a whole."""
    inner = textwrap.indent(code, "    ")
    yield f"async def f():\n{inner}"
    yield f"class C:\n{inner}"
    yield f"{code.rstrip()}\n    pass"
    yield f"{code.rstrip()}:\n    pass"
    yield f"{code.rstrip()}\ndef f(): pass"
    yield f"f({code}\n)"
    yield f"{{{code}\n}}"
    yield f"[{code}\n]"
    yield f"def f({code}\n): pass"
    yield f"if x:\n    pass\n{code}"
    yield f"try:\n    pass\n{code}"
    yield f"match x:\n{inner}"
    first, _, rest = code.partition("\n")
    yield f"{first}\n{textwrap.dedent(rest)}"
    yield _SIGNATURE.sub(r"\g<0>: pass", code)


def _toml(code: str) -> tuple[str, float]:
    try:
        tomllib.loads(code)
    except tomllib.TOMLDecodeError as error:
        why = re.sub(r" \(at .*\)$", "", str(error))
        if _is_toml(f"x = [\n{code}\n]"):
            return "", 0.0
        alternative = re.search(r"Cannot (?:overwrite|declare|mutate|redefine)|inline table|Unescaped", why)
        lines = (line.strip() for line in code.splitlines())
        first = next((line for line in lines if line and not line.startswith("#")), "")
        return why, 0.0 if alternative else 0.65 if first.startswith("[") or _is_toml(first) else 0.4
    except RecursionError:
        return "nested too deeply", 0.0
    return "", 0.0


def _is_toml(code: str) -> bool:
    try:
        tomllib.loads(code)
    except (tomllib.TOMLDecodeError, RecursionError):
        return False
    return True


def _json(code: str) -> tuple[str, float]:
    first = _json_error(code)
    if first is None or not code.strip():
        return "", 0.0
    lines = [line for line in code.splitlines() if line.strip()]
    if _json_error(f"{{{code}}}") is None or all(_json_error(line) is None for line in lines):
        return "", 0.0
    lenient = re.search(r"//|/\*|(?:^|\s)#|,\s*[\]}]|'|\bNone\b|\bTrue\b|,\s*\Z", code, re.MULTILINE)
    several = all(
        _json_error(part) is None for part in re.split(r"\n\s*\n|(?<=\})\s*\n(?=\{)", code) if part.strip()
    )
    return first, 0.0 if lenient or several or "nested" in first else 0.65


def _json_error(code: str) -> str | None:
    try:
        json.loads(code)
    except json.JSONDecodeError as error:
        return error.msg
    except RecursionError:
        return "nested too deeply"
    return None


def too_deep(code: str) -> bool:
    """Whether a YAML text is nested so deeply that the C parser, which has no guard of its own stack, may not read it."""
    return bool(_DEEP.search(code))


def _yaml(code: str) -> tuple[str, float]:
    import yaml

    if too_deep(code):
        return "nested too deeply", 0.0
    head = re.split(r"\n[ \t]*\n", code.strip(), maxsplit=1)[0]
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for _ in yaml.compose_all(textwrap.dedent(code), Loader=loader):
            pass
    except yaml.composer.ComposerError as error:
        return str(error.problem or "does not compose"), 0.0
    except yaml.MarkedYAMLError as error:
        values = head != code.strip() and _is_scalar(head, loader)
        return str(error.problem or "does not parse"), 0.0 if values else 0.6
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return str(error).partition("\n")[0] or "does not parse", 0.0
    return "", 0.0


def _is_scalar(text: str, loader: Any) -> bool:
    """Whether a text is a value without a name, so that what it begins is a list of values, one below the other."""
    import yaml

    try:
        return isinstance(yaml.compose(text, Loader=loader), yaml.ScalarNode)
    except (yaml.YAMLError, RecursionError, ValueError):
        return False


_PARSERS: dict[str, Callable[[str], tuple[str, float]]] = {
    "python": _python,
    "toml": _toml,
    "json": _json,
    "yaml": _yaml,
}
