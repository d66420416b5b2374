"""What servers that speak as OpenAI's do send: completions in all their shapes, and failures in all of theirs.

Whatever is missing, null or of another shape is read as unknown; nothing here raises for what a server said.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from daydream.analysis.redaction import quoted

_THOUGHT = re.compile(r"<(think|thinking|thought)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_OPEN_THOUGHT = re.compile(r"<(?:think|thinking|thought)>.*\Z", re.DOTALL | re.IGNORECASE)
_ENDED_THOUGHT = re.compile(r"\A.*?</(?:think|thinking|thought)>", re.DOTALL | re.IGNORECASE)
_START = re.compile(r"\{\s{0,99}[\"}]|\[\s{0,99}[{\]]")
_MOST_STARTS = 400
MOST_CONTENT = 400_000

Scope = Literal["endpoint", "model", "question", "shape"]
"""Whom a failure concerns: the whole endpoint or one model for the rest of the night, this question alone, or the way in
which structured output was asked for."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model answered. `text` is without its thoughts; `cost` is in the server's money, None unknown.

    `model` is who answered by the server's word. `refusal` and `cut` tell of answers that are none, or end early.
    """

    text: str
    model: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: float | None
    refusal: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no answer. `retry`: it may be better in a moment, after `wait` seconds if it says so."""

    outcome: str
    sentence: str
    scope: Scope
    retry: bool = False
    wait: float | None = None
    cost: float | None = None


def completion_of(payload: Any) -> Completion | None:
    """Read the first choice of a completion; None: there is none."""
    choice = _first(_table(payload).get("choices"))
    if choice is None:
        return None
    message = _table(choice.get("message"))
    usage = _table(_table(payload).get("usage"))
    text = without_thoughts(_text(message.get("content")))
    if not text.strip():
        # Servers that do not part thought and answer well leave the answer at the end of the thoughts.
        text = without_thoughts(_text(message.get("reasoning_content")) or _text(message.get("reasoning")))
    reason = choice.get("finish_reason")
    return Completion(
        text=text[:MOST_CONTENT].strip(),
        model=_name(_table(payload).get("model")),
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        cost=cost_of(payload),
        refusal=bool(_text(message.get("refusal")).strip()) or reason in ("content_filter", "refusal"),
        cut=reason == "length",
    )


def error_of(payload: Any) -> dict[str, Any] | None:
    """Find the error inside an answer, whatever its status; None: it holds none."""
    table = _table(payload)
    error = table.get("error")
    if error:
        return error if isinstance(error, dict) else {"message": str(error)}
    choice = _first(table.get("choices"))
    if choice is None:
        return None
    if inner := choice.get("error"):
        return inner if isinstance(inner, dict) else {"message": str(inner)}
    return {"message": "the answer ended with an error"} if choice.get("finish_reason") == "error" else None


def cost_of(payload: Any) -> float | None:
    """Return what the server says that it billed; None: it does not say."""
    return _amount(_table(_table(payload).get("usage")).get("cost"))


_TYPES: dict[str, tuple[str, Scope, bool]] = {
    "rate_limit_exceeded": ("rate_limited", "question", True),
    "provider_overloaded": ("overloaded", "question", True),
    "provider_unavailable": ("server_error", "question", True),
    "timeout": ("server_error", "question", True),
    "server": ("server_error", "question", True),
    "unmapped": ("server_error", "question", True),
    "payment_required": ("no_money", "endpoint", False),
    "authentication": ("no_access", "endpoint", False),
    "permission_denied": ("refused", "question", False),
    "content_policy_violation": ("refused", "question", False),
    "refusal": ("refused", "question", False),
    "context_length_exceeded": ("too_large", "question", False),
    "max_tokens_exceeded": ("too_large", "question", False),
    "payload_too_large": ("too_large", "question", False),
    "not_found": ("no_model", "model", False),
    "invalid_request": ("bad_request", "shape", False),
    "unprocessable": ("bad_request", "shape", False),
}
_STATUSES: dict[int, str] = {
    400: "invalid_request",
    401: "authentication",
    402: "payment_required",
    403: "permission_denied",
    404: "not_found",
    408: "timeout",
    413: "payload_too_large",
    422: "unprocessable",
    429: "rate_limit_exceeded",
    503: "provider_overloaded",
    529: "provider_overloaded",
}
_AVAILABILITY: dict[str, str] = {
    "model_not_found": "not_found",
    "model_deprecated": "not_found",
    "free_variant_ended": "not_found",
    "region_restricted": "not_found",
    "privacy_restricted": "not_found",
    "no_endpoints": "invalid_request",
    "constraint_filtered": "invalid_request",
}
_CODES: dict[str, str] = {
    "insufficient_quota": "payment_required",
    "billing_hard_limit_reached": "payment_required",
    "billing_error": "payment_required",
    "invalid_api_key": "authentication",
    "model_not_found": "not_found",
    "context_length_exceeded": "context_length_exceeded",
    "exceed_context_size_error": "context_length_exceeded",
    "content_filter": "content_policy_violation",
    "overloaded_error": "provider_overloaded",
}
_TOO_LONG = re.compile(r"context (?:length|size|window)|too many tokens", re.IGNORECASE)
_MENDS = {
    "no_money": "no more is asked of it tonight; look at the balance and the limit of the key",
    "no_access": "no more is asked of it tonight; look at the key",
    "no_model": "this model is not asked any more tonight; look at its name",
}


def trouble_of(status: int, payload: Any, host: str, wait: float | None = None) -> Trouble:
    """Say what a failure is: by the error's own type, then by what it says of availability, then by its status.

    `wait` is what the answer asks for in its headers, in seconds.
    """
    error = error_of(payload) or {}
    metadata, availability = _table(error.get("metadata")), _table(error.get("availability"))
    kind = _kind(error, metadata, availability, status)
    outcome, scope, retry = _TYPES[kind]
    if isinstance(availability.get("retryable"), bool):
        retry = availability["retryable"]
    said = quoted(_text(error.get("message")), 120)
    code = (
        status
        if status != 200
        else error.get("code")
        if isinstance(error.get("code"), int)
        else "an error in its answer"
    )
    sentence = f"{host} answered {code}" + (f" ({said})" if said else "")
    if mend := _MENDS.get(outcome):
        sentence += f"; {mend}"
    asked = wait if wait is not None else _amount(availability.get("retry_after"))
    return Trouble(outcome, sentence, scope, retry, asked, cost_of(payload))


def _kind(
    error: Mapping[str, Any], metadata: Mapping[str, Any], availability: Mapping[str, Any], status: int
) -> str:
    named = _text(metadata.get("error_type"))
    if named in _TYPES:
        return named
    found = _AVAILABILITY.get(_text(availability.get("code")))
    if found:
        return found
    for name in ("code", "type"):
        if known := _CODES.get(_text(error.get(name))):
            return known
    if status in (400, 422) and _TOO_LONG.search(_text(error.get("message"))):
        return "context_length_exceeded"
    code = error.get("code")
    number = code if status == 200 and isinstance(code, int) else status
    if number in _STATUSES:
        return _STATUSES[number]
    # Among the rest, what the server lays upon itself may pass; a status that nobody knows does not.
    return "unmapped" if number >= 500 or number == 200 else "invalid_request"


def objects(text: str) -> Iterator[Any]:
    """Yield every JSON object or list of objects that begins in a text, outermost first: bare, fenced, between prose, and those
    that are whole inside one that was cut off."""
    decoder = json.JSONDecoder()
    place, starts = 0, 0
    while starts < _MOST_STARTS and (found := _START.search(text, place)):
        starts += 1
        try:
            value, place = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            place = found.start() + 1
            continue
        if isinstance(value, dict | list):
            yield value


def without_thoughts(text: str) -> str:
    """Take out what a model thought aloud; thoughts that never end leave nothing."""
    text = _THOUGHT.sub("", text)
    return _OPEN_THOUGHT.sub("", _ENDED_THOUGHT.sub("", text))


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(value: Any) -> dict[str, Any] | None:
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def _text(value: Any) -> str:
    """Read a text, or the texts of a list of parts."""
    if isinstance(value, list):
        parts = [part.get("text") for part in value if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _name(value: Any) -> str | None:
    text = quoted(value, 200) if isinstance(value, str) else ""
    return text or None


def _amount(value: Any) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if usable and 0 <= value < 1e6 else None


def _count(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9
    return value if whole else None
