"""What models say, as candidates: found in whatever shape, fitted to where it would stand, and never believed."""

import ast
import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from daydream.analysis.redaction import quoted
from daydream.analysis.source import Definition, NotParsed, function_tree, normal_form
from daydream.clients.llm import Reply, Unfit
from daydream.clients.llm_payloads import objects
from daydream.contracts.dream import Candidate, Procedure
from daydream.dream.ensemble_prompts import PLACEHOLDERS, Hidden

REASONS = (
    "not_one_function",
    "other_name",
    "decorators",
    "redacted",
    "too_long",
    "repeated",
    "surplus",
    "malformed",
)
_FENCED = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n(.*?)^[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)
_TIMES_LONGER = 4
_AND_LONGER = 4000
_MOST_BLOCKS = 40
NOT_SAID = "The model did not say which."

VARIANTS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["variants"],
    "properties": {
        "variants": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "code", "assumption", "reasoning"],
                "properties": {
                    name: {"type": "string"} for name in ("name", "code", "assumption", "reasoning")
                },
            },
        }
    },
}


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant as a model worded it."""

    name: str
    code: str
    assumption: str = ""
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Variants:
    """The variants of a reply, and how many entries of it are none."""

    found: tuple[Variant, ...]
    malformed: int = 0


def variants_of(text: str) -> Variants:
    """Read the variants of a reply: JSON of the form that was asked for, whole or cut off, or fenced functions.

    Raises:
        Unfit: there is none, and it does not say so either.
    """
    entries: list[Any] = []
    for value in objects(text):
        listed = value.get("variants") if isinstance(value, dict) else value
        if isinstance(listed, list):
            if isinstance(value, dict) or any(isinstance(each, dict) and "code" in each for each in listed):
                return _variants(listed)
        elif isinstance(value, dict) and "code" in value:
            entries.append(value)
    if entries:
        return _variants(entries)
    fenced = [found[2] for found in _FENCED.finditer(text)][:_MOST_BLOCKS]
    functions = tuple(
        Variant("", code) for code in fenced if re.search(r"^\s*(async\s+)?def\s", code, re.MULTILINE)
    )
    if functions:
        return Variants(functions)
    msg = 'it holds no JSON object with a list "variants"'
    raise Unfit(msg)


def _variants(entries: Sequence[Any]) -> Variants:
    found = []
    for entry in entries:
        table = entry if isinstance(entry, dict) else {}
        code = table.get("code")
        if isinstance(code, str) and code.strip():
            said = (table.get(name) for name in ("name", "assumption", "reasoning"))
            name, assumption, reasoning = (each if isinstance(each, str) else "" for each in said)
            found.append(Variant(name, code, assumption, reasoning))
    return Variants(tuple(found), len(entries) - len(found))


class Fitting:
    """Turns variants of one procedure into candidates; counts those that are none by reason."""

    def __init__(self, procedure: Procedure, sent: Hidden, role: str, *, may_grow: bool) -> None:
        self.rejected: Counter[str] = Counter()
        self._base = procedure.source or ""
        self._node, added = function_tree(self._base)
        before = self._base.split("\n")[: self._node.lineno - 1 - added]
        self._decorators = "".join(f"{line}\n" for line in before)
        self._sent, self._role, self._may_grow = sent, role, may_grow
        self._seen: set[str] = set()

    def candidates(self, reply: Reply[Variants], most: int) -> list[Candidate]:
        """Return at most `most` candidates, in the model's order."""
        self.rejected["malformed"] += reply.value.malformed
        found: list[Candidate] = []
        for variant in reply.value.found:
            if len(found) == most:
                self.rejected["surplus"] += 1
                continue
            try:
                code, grown = self._fitted(variant.code)
            except _Rejected as rejected:
                self.rejected[rejected.reason] += 1
                continue
            found.append(self._candidate(variant, code, reply, grown=grown))
        return found

    def _fitted(self, code: str) -> tuple[str, bool]:
        """Return code as it would stand in the file, and whether it has parameters more.

        Raises:
            _Rejected: with the reason.
        """
        code = self._sent.restored(_unfenced(code))
        if len(code) > _TIMES_LONGER * len(self._base) + _AND_LONGER:
            raise _Rejected("too_long")
        if any(mark in code and mark not in self._base for mark in PLACEHOLDERS):
            raise _Rejected("redacted")
        code = self._indented(_without_outer_space(code))
        try:
            node, _ = function_tree(code)
            if self._node.decorator_list and not node.decorator_list:
                code = self._decorators + code
                node, _ = function_tree(code)
            form = normal_form(node)
        except NotParsed:
            raise _Rejected("not_one_function") from None
        if node.name != self._node.name:
            raise _Rejected("other_name")
        if _decorators(node) != _decorators(self._node):
            raise _Rejected("decorators")
        if form in self._seen:
            raise _Rejected("repeated")
        self._seen.add(form)
        return code, self._may_grow and _only_grown(self._node, node)

    def _indented(self, code: str) -> str:
        """Indent code as the procedure is; lines inside strings stay where that changes what they say."""
        wanted = re.match(r"[ \t]*", self._base)
        margin = wanted[0] if wanted else ""
        bare = textwrap.dedent(code)
        first = re.match(r"[ \t]*", code)
        if first and first[0] == margin:
            return code
        if not margin:
            return bare
        plain = textwrap.indent(bare, margin)
        return plain if _same(bare, plain) else _indented_between_strings(bare, margin)

    def _candidate(self, variant: Variant, code: str, reply: Reply[Variants], *, grown: bool) -> Candidate:
        name = quoted(variant.name, 60) or "unnamed"
        reasoning = quoted(variant.reasoning, 400) or "The model gave none."
        return Candidate(
            name=name,
            code=code,
            transform_id=f"model:{self._role}/1",
            assumption=quoted(variant.assumption, 300) or NOT_SAID,
            reasoning=reasoning,
            description=f"{name}, as {quoted(reply.model, 80)} imagined it",
            details={
                "model": reply.model,
                "asked": reply.asked,
                "role": self._role,
                "requests": reply.requests,
                "prompt_tokens": reply.prompt_tokens,
                "completion_tokens": reply.completion_tokens,
                "reply_cost": reply.cost,
                "repaired": reply.repaired,
            },
            changes_default=grown,
        )


class _Rejected(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _decorators(node: Definition) -> list[str]:
    return [ast.dump(each) for each in node.decorator_list]


def _unfenced(code: str) -> str:
    found = _FENCED.search(code.strip("\n") + "\n")
    return found[2] if found else code


def _without_outer_space(code: str) -> str:
    lines = code.replace("\r\n", "\n").split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    return "\n".join(lines) + "\n"


def _same(one: str, other: str) -> bool:
    try:
        return normal_form(function_tree(one)[0]) == normal_form(function_tree(other)[0])
    except NotParsed:
        return False


def _indented_between_strings(code: str, margin: str) -> str:
    inside = set(_lines_inside_strings(code))
    return "\n".join(
        line if number in inside or not line.strip() else margin + line
        for number, line in enumerate(code.split("\n"), start=1)
    )


def _lines_inside_strings(code: str) -> Iterator[int]:
    """Yield the lines that begin inside a string of several lines."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        text = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        if text or isinstance(node, ast.JoinedStr):
            yield from range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)  # type: ignore[attr-defined]


def _only_grown(base: Definition, node: Definition) -> bool:
    """Tell whether a function has the parameters of another and further keyword-only ones with defaults."""
    added = len(node.args.kwonlyargs) - len(base.args.kwonlyargs)
    if added <= 0:
        return False
    names = {each.arg for each in base.args.kwonlyargs}
    kept = [
        (arg, default)
        for arg, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        if arg.arg in names or default is None
    ]
    without = ast.arguments(
        posonlyargs=node.args.posonlyargs,
        args=node.args.args,
        vararg=node.args.vararg,
        kwonlyargs=[arg for arg, _ in kept],
        kw_defaults=[default for _, default in kept],
        kwarg=node.args.kwarg,
        defaults=node.args.defaults,
    )
    returns = [ast.dump(each.returns) if each.returns else "" for each in (base, node)]
    return ast.dump(without) == ast.dump(base.args) and returns[0] == returns[1]
