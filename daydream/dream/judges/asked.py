"""A judge who is asked: a batch of dreams becomes one question with ids and a mark, its reply verdicts."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from daydream.analysis.redaction import quoted, redact
from daydream.clients.claude_reply import NoAnswer
from daydream.contracts.dream import Case, Verdict
from daydream.dream.judges.opinion import Ask, Opinion, Reply
from daydream.dream.replies import Evaluation, Parsed, parse
from daydream.report import resources

_TEMPLATE = "prompts/verdicts.j2"
_LONGEST_DIFF = 12_000
_LONGEST_SOURCE = 12_000
_CUT = "\n[cut here]\n"


class _Shown(TypedDict):
    id: str
    about: str
    source: str
    diff: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A judge behind a question and its answer.

    `run` is the night's, so that no two nights ask alike; `sendable` says whether source of a file may leave the
    machine; `patterns` are a person's own for reading replies.
    """

    evaluator: str
    ask: Ask
    run: str
    sendable: Callable[[str], bool] = lambda _: True
    patterns: tuple[str, ...] = ()

    def may_see(self, case: Case) -> bool:
        """Whether the dream's procedure may leave the machine."""
        return self.sendable(case.dream.base_path)

    def judge(self, batch: Sequence[Case]) -> Sequence[Verdict]:
        """Judge every case.

        Raises:
            NoAnswer: nobody answered, or not on every case.
        """
        opinion = self.opinion(batch)
        if opinion.missing:
            msg = f"{self.evaluator} left out {len(opinion.missing)} of {len(batch)} dreams"
            raise NoAnswer(msg, cost_usd=opinion.cost_usd)
        return opinion.verdicts

    def opinion(self, batch: Sequence[Case]) -> Opinion:
        """Ask about these cases; whatever the reply does not say beyond doubt is missing.

        Raises:
            NoAnswer: nobody answered, or another question.
        """
        if not batch:
            return Opinion(verdicts=())
        prompt, mark = question(batch, self.run)
        ids = [case.dream.id for case in batch]
        reply = self.ask(prompt, schema(ids, mark))
        parsed = self._parsed(reply, batch)
        if parsed.batches and mark not in parsed.batches:
            msg = f"{self.evaluator} answered another question than it was asked"
            raise NoAnswer(msg, cost_usd=reply.cost_usd)
        share = None if reply.cost_usd is None else reply.cost_usd / len(batch)
        return Opinion(
            verdicts=tuple(verdict(each, self.evaluator, reply.model, share) for each in parsed.evaluations),
            missing={each.id: each.why for each in parsed.unparsed},
            asked=True,
            model=reply.model,
            cost_usd=reply.cost_usd,
            cost_source=reply.cost_source,
            strangers=len(parsed.strangers),
        )

    def _parsed(self, reply: Reply, batch: Sequence[Case]) -> Parsed:
        names = {case.dream.id: case.dream.name for case in batch}
        text = reply.text if reply.structured is None else json.dumps(reply.structured)
        return parse(text, list(names), names, self.patterns)


def question(batch: Sequence[Case], run: str) -> tuple[str, str]:
    """Return the question about a batch and the mark of it, which is drawn from all its texts: no text can hold it."""
    import jinja2

    cases = [_shown(case) for case in batch]
    texts = "\x1f".join((run, *(value for case in cases for value in map(str, case.values()))))
    mark = hashlib.sha256(texts.encode("utf-8", "surrogatepass")).hexdigest()[:20]
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 -- plain text for a model; data stands between marks
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    template = resources.text(_TEMPLATE)
    if template is None:
        raise FileNotFoundError(_TEMPLATE)
    return environment.from_string(template).render(cases=cases, batch=mark), mark


def schema(ids: Sequence[str], mark: str) -> dict[str, Any]:
    """Return the JSON schema of a reply about these ids."""
    properties = {
        "id": {"type": "string", "enum": list(ids)},
        "viability": {"type": "number"},
        "tier": {"type": "integer", "enum": [1, 2, 3]},
        "reasoning": {"type": "string"},
    }
    evaluation = {**_closed(properties)}
    whole = {
        "batch": {"type": "string", "enum": [mark]},
        "evaluations": {"type": "array", "items": evaluation},
    }
    return _closed(whole)


def verdict(each: Evaluation, evaluator: str, model: str | None, cost_usd: float | None) -> Verdict:
    """Turn an evaluation into a verdict; a tier that contradicts its score is kept and said."""
    reasons = [quoted(each.reason)] if each.reason else ["it gave no reason"]
    contradicted = each.said_tier if each.said_tier != each.tier else None
    if contradicted is not None:
        reasons.append(f"it called it tier {contradicted}, which contradicts its score; the score counts")
    return Verdict(
        each.id,
        each.viability,
        each.tier,
        tuple(reasons),
        evaluator,
        evaluator_model=model,
        said_tier={1: 1, 2: 2, 3: 3}.get(contradicted or 0),  # type: ignore[arg-type]
        cost_usd=cost_usd,
    )


def _closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _shown(case: Case) -> _Shown:
    dream, procedure = case.dream, case.procedure
    about = [
        f"{dream.dream_type} of {dream.base_path}::{dream.base_qualname}: {dream.generated_description}",
        f"It takes leave of this assumption: {dream.assumption}",
    ]
    if procedure is not None:
        tests = "not measured" if procedure.tests is None else str(procedure.tests)
        about.append(
            f"Side effects: {procedure.side_effects}; ways through: {procedure.complexity}; tests that name it: {tests}"
        )
    source = procedure.source if procedure is not None else None
    return {
        "id": dream.id,
        "about": redact("\n".join(about)),
        "source": _limited(redact(source), _LONGEST_SOURCE) if source else "",
        "diff": _limited(redact(dream.diff), _LONGEST_DIFF),
    }


def _limited(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + _CUT
