"""Models that dream beside the operators: asked for variants of procedures, answered or not, and always accounted for.

Whatever a model says is text by a stranger: it is parsed, compiled and compared by `acceptance`, shown to a person, and
run by nobody here.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from daydream.analysis.redaction import quoted
from daydream.clients.llm_gate import gate, recorded_to, replayed_from
from daydream.clients.llm_limits import Role
from daydream.config.model import Config
from daydream.contracts.context import Context
from daydream.contracts.dream import Candidate, Procedure
from daydream.dream.ensemble_prompts import MOST_SOURCE, Hidden, facts_about, hidden
from daydream.errors import ConfigError
from daydream.report.prompts import rendered

if TYPE_CHECKING:
    from daydream.clients.llm import Client, NotAnswered, Question, Reply

_T = TypeVar("_T")
VERSION = 1
MOST_RELATED = 4
FOLDER = "models"


@dataclass(frozen=True, slots=True)
class Part:
    """What a kind asks for: whom, by which template, and whether the function may get parameters more."""

    role: Role
    template: str
    may_grow: bool = False


PARTS: Mapping[str, Part] = {
    "constraint_relaxation": Part("relax", "relax.j2"),
    "cross_project_synthesis": Part("synthesize", "synthesize.j2"),
    "parameter_exploration": Part("explore", "explore.j2"),
    "conditional_variant": Part("relax", "conditional.j2", may_grow=True),
}


@dataclass(frozen=True, slots=True)
class Work:
    """A procedure that models are asked about, with others to learn from; all with their source."""

    procedure: Procedure
    related: Sequence[Procedure] = ()


@dataclass(frozen=True, slots=True)
class Imagined:
    """What came of one procedure.

    `asked`: it was answered, or will never be (`why` says why not), so that it need not come again in this wording;
    otherwise it comes again. `counts` says why variants of the answer are no candidates.
    """

    candidates: tuple[Candidate, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    asked: bool = True
    why: str | None = None
    spent: bool = False


class Ensemble:
    """The models of one night. One for a night: it holds the night's ledger; close it at the end."""

    def __init__(self, client: "Client", exclude: Sequence[str], per_reply: int, off: Sequence[str]) -> None:
        from pathspec import GitIgnoreSpec

        self._client, self._per_reply, self._off = client, per_reply, tuple(off)
        self._excluded = GitIgnoreSpec.from_lines(exclude)
        self._unanswered: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()

    def close(self) -> None:
        """Let go of the ledger."""
        self._client.close()

    def can(self, role: Role) -> bool:
        """Whether a model is configured for a role."""
        return bool(self._client.members(role))

    def may_send(self, path: str) -> bool:
        """Whether source of this file may leave the machine; of another repository's (`name:path`) both ways to write it
        are looked at."""
        return not any(self._excluded.match_file(each) for each in {path, path.rpartition(":")[2]})

    def may_show(self, related: Procedure) -> bool:
        """Whether a related procedure may be shown beside the one that is asked about."""
        short = bool(related.source) and len(related.source or "") <= MOST_SOURCE // MOST_RELATED
        return short and self.may_send(related.path)

    def imagine(self, kind: str, work: Sequence[Work], check: Callable[[], None]) -> list[Imagined]:
        """Ask for variants of each procedure; results in the same order.

        `check` is called about twenty times a second; what it raises ends the asking, and no paid answer is lost.
        """
        from daydream.clients.llm import NotAnswered
        from daydream.dream.ensemble_replies import Fitting, Variants

        part = PARTS[kind]
        asked: dict[int, tuple[Hidden, Question[Variants]]] = {}
        results: dict[int, Imagined] = {}
        for place, each in enumerate(work):
            check()
            made = self._question(part, each)
            if isinstance(made, str):
                self._counts["not_sent"] += 1
                results[place] = Imagined(asked=self.may_send(each.procedure.path), why=made)
            else:
                asked[place] = made
        replies = self.ask([question for _, question in asked.values()], check)
        for (place, (sent, _)), reply in zip(asked.items(), replies, strict=True):
            if isinstance(reply, NotAnswered):
                results[place] = self._missed(reply)
                continue
            fitting = Fitting(work[place].procedure, sent, part.role, may_grow=part.may_grow)
            found = fitting.candidates(reply, self._per_reply)
            self._counts.update(fitting.rejected)
            self._counts["candidates"] += len(found)
            self._counts["repaired"] += reply.repaired
            results[place] = Imagined(tuple(found), {k: n for k, n in fitting.rejected.items() if n})
        return [results[place] for place in range(len(work))]

    def ask(
        self, questions: "Sequence[Question[_T]]", check: Callable[[], None]
    ) -> "list[Reply[_T] | NotAnswered]":
        """Ask anything; replies in order. Who failed on the way is counted."""
        from daydream.clients.llm import NotAnswered

        replies = self._client.ask_all(questions, check) if questions else []
        for reply in replies:
            missed = isinstance(reply, NotAnswered)
            self._counts["unanswered" if missed else "answered"] += 1
            reasons = reply.reasons if isinstance(reply, NotAnswered) else reply.before
            self._unanswered.update(outcome for outcome, _ in reasons)
        return replies

    @property
    def reused(self) -> int:
        """How many answers were found again instead of asked for; more where a night was interrupted."""
        return self._client.reused

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person has to know: endpoints that are not asked, and why asking ended."""
        return tuple(dict.fromkeys((*self._off, *(quoted(why, 300) for why in self._client.ledger.stops))))

    def facts(self) -> dict[str, Any]:
        """Return what was asked tonight so far, by whom it was answered, for how much, and what went wrong."""
        from daydream.clients.llm_ledger import as_facts

        ledger = self._client.ledger
        usage = ledger.usage()
        return {
            "requests": ledger.requests,
            "failed_requests": ledger.failures,
            "models": as_facts(usage),
            "outcomes": dict(sorted(ledger.outcomes().items())),
            "troubles": dict(sorted(self._unanswered.items())),
            "counts": {name: n for name, n in sorted(self._counts.items()) if n},
        }

    def _question(self, part: Part, work: Work) -> "tuple[Hidden, Question[Any]] | str":
        """Make the question, or say why none may be asked."""
        from daydream.clients.llm import Question
        from daydream.dream.ensemble_replies import VARIANTS, variants_of

        base = work.procedure
        if not self.may_send(base.path):
            return f"{base.path} is excluded from what models see (models.exclude)"
        source = base.source or ""
        if len(source) > MOST_SOURCE:
            return f"{base.qualname} is longer than {MOST_SOURCE:,} characters"
        sent = hidden(source)
        related = [hidden(each.source or "").text for each in work.related if self.may_show(each)][
            :MOST_RELATED
        ]
        if part.template == "synthesize.j2" and not related:
            return f"{base.qualname} has no related procedure to learn from"
        prompt = rendered(
            part.template,
            [sent.text, *related],
            {
                "source": sent.text,
                "related": related,
                "path": quoted(base.path, 200),
                "name": base.qualname.rpartition(".")[2],
                "facts": facts_about(base),
                "most": self._per_reply,
                "signature_may_grow": part.may_grow,
            },
        )
        return sent, Question(part.role, prompt.system, prompt.user, "variants", VARIANTS, variants_of)

    def _missed(self, reply: "NotAnswered") -> Imagined:
        """A question that every model refused, or could not hold, or answered with nothing usable, is not asked again."""
        for_good = {"refused", "too_large", "unusable", "empty"}
        outcomes = {outcome for outcome, _ in reply.reasons}
        return Imagined(
            asked=bool(outcomes) and outcomes <= for_good, why=quoted(str(reply), 300), spent=reply.spent
        )


def kinds_of(config: Config, ctx: Context) -> tuple[str, ...]:
    """Name the kinds that models may dream of; none where a person named no model. Asks nobody."""
    found = gate(config.models, ctx.env, ctx.root, replay=bool(replayed_from(ctx.env)))
    return tuple(kind for kind, part in PARTS.items() if found.members.get(part.role))


def opened(config: Config, ctx: Context, per_reply: int = 3) -> tuple[Ensemble | None, tuple[str, ...]]:
    """Open the ensemble of a night, or say why there is none: nothing where nothing was configured.

    Raises:
        StateUnreadable, TryAgain: the disk.
    """
    try:
        replay, record = replayed_from(ctx.env), recorded_to(ctx.env)
        found = gate(config.models, ctx.env, ctx.root, replay=replay is not None)
        if not found.open:
            return None, found.off
        from daydream.clients.llm import Client, Places
        from daydream.clients.llm_ledger import LedgerDamaged

        try:
            client = Client(found, Places(ctx.state / FOLDER, ctx.date, replay, record))
        except LedgerDamaged as error:
            return None, (*found.off, str(error))
    except ConfigError as error:
        return None, (str(error),)
    return Ensemble(client, config.models.exclude, per_reply, found.off), found.off
