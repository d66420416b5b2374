"""`propose.upkeep`: tonight's findings as changes, tried with the repository's own tests, kept where a person finds them."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from daydream.analysis.redaction import redact
from daydream.contracts.context import Context
from daydream.contracts.fix import Draft, Fix
from daydream.contracts.step import Step
from daydream.git import attempt
from daydream.propose.choosing import choose, digest, draft_again
from daydream.propose.groups import Group
from daydream.propose.measured import PROPOSED
from daydream.records.change import Advance
from daydream.records.outcome import Done, More, Outcome, Skipped
from daydream.records.section import SectionData, SubStepResult
from daydream.store.effects.ref import BRANCH
from daydream.store.proposals import OPEN, of_dreams, of_findings, read_all

if TYPE_CHECKING:
    from daydream.config.model import Config
    from daydream.repository import verify, verify_search

STATE = "propose.upkeep"
_OWN_BRANCH = "daydream/proposals"
CHOOSE, TRY, PUBLISH, APPLY = "choose", "try", "publish", "apply"
Drafts = list[tuple[Group, Draft]]


def make(config: "Config") -> Step:
    """Bind the options and the fixes of rules that may propose."""
    return Upkeep(config, _fixes)


def _fixes() -> dict[str, Fix]:
    from daydream.analysis.fixes import FIXES
    from daydream.analysis.fixes_docs import DOC_FIXES
    from daydream.analysis.fixes_tasks import TASK_FIXES

    every = {**FIXES, **DOC_FIXES, **TASK_FIXES}
    return {rule: fix for rule, fix in every.items() if rule in PROPOSED}


class Upkeep:
    """Choose what is worth a change, try it, publish what stood the test; in `apply`, move the checkout forward."""

    def __init__(self, config: "Config", fixes: Callable[[], Mapping[str, Fix]]) -> None:
        self._verify = config.verify
        self._caps = config.proposals
        self._fixes = fixes
        self._trial: verify.Trial | None = None

    def plan(self, ctx: Context) -> Sequence[str]:
        """Nothing in report mode, without a commit to build on, or while the proposals themselves are checked out."""
        if ctx.mode == "report" or ctx.examination.commit is None or ctx.examination.branch == _OWN_BRANCH:
            return ()
        return (CHOOSE, TRY, PUBLISH, *((APPLY,) if ctx.mode == "apply" else ()))

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Do one of the four."""
        if sub_step == CHOOSE:
            return self._choose(ctx)
        if sub_step == TRY:
            return self._try(ctx, cursor)
        if sub_step == PUBLISH:
            return self._publish(ctx)
        if not _facts(ctx, PUBLISH).get("branch"):
            return Skipped(reason="nothing was verified that the checkout could be moved to")
        signs = attempt(ctx.root, "config", "--type=bool", "--get-all", "commit.gpgSign", stop=ctx.stop)
        if b"true" in signs.stdout.split()[:-1]:  # the last value is our own
            return Skipped(
                reason="commit.gpgSign is set and a night cannot sign; accept the proposals one by one"
            )
        return Done(changes=(Advance(commit=BRANCH, expect=ctx.examination.commit),))

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """What waits for an answer, what was closed, and why nothing could be verified."""
        facts: dict[str, Any] = {}
        for result in results:
            facts |= result.parts[-1] if result.parts else {}
        shown = ("proposals", "closed", "left", "waiting", "why", "frozen", "silenced")
        return SectionData(key="upkeep", title="Proposals", facts={k: facts[k] for k in shown if k in facts})

    def _choose(self, ctx: Context) -> Outcome:
        from daydream.propose import publishing  # the fixes behind it are loaded on nights that propose

        every = read_all(ctx.state)
        proposals = of_findings(every)
        choice = choose(
            ctx,
            ctx.night().findings,
            proposals,
            self._fixes(),
            per_night=self._caps.per_night,
            most_open=self._caps.open,
            others={path for p in of_dreams(every).values() if p.status in OPEN for path in p.paths},
        )
        commit = ctx.examination.commit
        ids = {g.id for g, _ in choice.chosen}
        refs = publishing.refs(ctx).keys()
        stale = any(p.id in refs and p.id not in ids for p in proposals.values() if p.status not in OPEN)
        as_it_was = not stale and all(
            g.known is not None
            and g.known.base == commit
            and g.known.digest == digest(draft)
            and (g.id in refs if g.known.status == "open" else g.known.tried == self._how(ctx))
            for g, draft in choice.chosen
        )
        chosen = [
            {"id": g.id, "rule": g.rule, "package": g.package, "findings": [f.id for f in g.findings]}
            for g, _ in choice.chosen
        ]
        return Done(
            facts={
                "chosen": chosen,
                "nothing_new": as_it_was,
                "closed": choice.closed,
                "left": dict(sorted(choice.left.items())),
                "waiting": choice.waiting,
                "untouched": list(choice.untouched),
            }
        )

    def _again(self, ctx: Context) -> Drafts:
        chosen = _facts(ctx, CHOOSE).get("chosen", [])
        return draft_again(ctx, chosen, ctx.night().findings, read_all(ctx.state), self._fixes())

    def _try(self, ctx: Context, cursor: str | None) -> Outcome:
        """One question of the search a part; each answer is committed before the next run begins."""
        from daydream.repository import verify, verify_search

        if _facts(ctx, CHOOSE).get("nothing_new", True):
            return Done(facts={"tried": 0})
        command = verify.confirmed(self._verify.command, self._verify.confirmed)
        if isinstance(command, str):
            return Done(facts={"tried": 0, "why": redact(command)})
        drafts = self._again(ctx)
        search = verify_search.from_text(cursor) if cursor else verify_search.start(len(drafts))
        asked = verify_search.question(search)
        if asked is None:
            return self._tried(ctx, drafts, search)
        trial = self._trial = self._trial or self._open(ctx, command)
        reason = trial.baseline()
        if isinstance(reason, str):
            return self._close(Done(facts={"tried": 0, "why": redact(reason)}))
        files = {path: content for n in asked for path, content in drafts[n][1].files.items()}
        judged = trial.judge(files)
        evidence = replace(judged, command=redact(judged.command), reason=redact(judged.reason))
        answered = verify_search.answer(search, evidence.verdict)
        facts = {"asked": [drafts[n][0].id for n in asked], "evidence": msgspec.to_builtins(evidence)}
        return More(cursor=verify_search.to_text(answered), facts=facts)

    def _open(self, ctx: Context, command: "verify.Command") -> "verify.Trial":
        from daydream.repository import verify

        assert ctx.scratch is not None  # noqa: S101 -- a night always has one; a peek makes no proposals
        return verify.Trial(
            tree=ctx.tree,
            folder=ctx.scratch,
            commit=str(ctx.examination.commit),
            files=(*ctx.files, *ctx.unexamined),
            interpreter=ctx.interpreter,
            command=command,
            env=ctx.env,
            stop=ctx.stop,
            deadline_s=self._verify.budget,
        )

    def _tried(self, ctx: Context, drafts: Drafts, search: "verify_search.Search") -> Outcome:
        from daydream.repository import verify_search

        found = verify_search.found(search)
        ids = [group.id for group, _ in drafts]
        parts = next((r.parts for r in ctx.results(STATE) if r.name == TRY), ())
        facts = {
            "tried": len(ids),
            "together": [ids[n] for n in found.together],
            "apart": [ids[n] for n in found.apart],
            "broken": [ids[n] for n in found.broken],
            "unverified": [ids[n] for n in found.unverified],
            "evidence_of": _evidence(parts, [ids[n] for n in found.together], drafts),
        }
        return self._close(Done(facts=facts))

    def _close(self, outcome: Outcome) -> Outcome:
        if self._trial is not None:
            self._trial.close()
            self._trial = None
        return outcome

    def _publish(self, ctx: Context) -> Outcome:
        from daydream.propose import publishing

        chosen, tried = _facts(ctx, CHOOSE), _facts(ctx, TRY)
        if not chosen:
            return Skipped(reason="nothing was chosen")
        if not chosen["nothing_new"] and "together" not in tried and "why" not in tried:
            return Skipped(reason="there was no time to try what was chosen; the next night does")
        return publishing.publish(ctx, self._again(ctx), chosen, tried, self._how(ctx))

    def _how(self, ctx: Context) -> str:
        """A hash of how changes are tried tonight."""
        python = ctx.interpreter.path if ctx.interpreter else ""
        text = "\x1f".join(
            (str(self._verify.command), str(self._verify.confirmed), python, str(self._verify.budget))
        )
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _facts(ctx: Context, name: str) -> Mapping[str, Any]:
    """The facts of an earlier sub-step of tonight; of one in parts, those of the last."""
    return next((r.parts[-1] for r in ctx.results(STATE) if r.name == name and r.parts), {})


def _evidence(parts: Sequence[Mapping[str, Any]], together: Sequence[str], drafts: Drafts) -> dict[str, Any]:
    """The evidence that counts for each group: of the set it was verified in, as far as it speaks of the
    group's own files, else of its own last trial."""
    result: dict[str, Any] = {}
    for part in parts:
        for one in part.get("asked", ()):
            verified = part["evidence"]["verdict"] == "verified"
            counts = verified and set(part["asked"]) <= set(together)
            if counts if one in together else part["asked"] == [one]:
                result[one] = part["evidence"]
    own = {group.id: draft.files.keys() for group, draft in drafts}
    return {one: _of_files(result[one], files) for one, files in own.items() if one in result}


def _of_files(evidence: Mapping[str, Any], files: Collection[str]) -> dict[str, Any]:
    """The part of a set's evidence that is about these files."""
    lines = {path: pair for path, pair in evidence.get("lines", {}).items() if path in files}
    modules = {path: proof for path, proof in evidence.get("modules", {}).items() if path in files}
    return {**evidence, "modules": modules, "lines": lines}
