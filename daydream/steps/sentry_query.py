"""`sentry_query`: what Sentry saw since the last night, asked with GET and nothing else, or read from an export."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.records.finding import Examined
from daydream.records.outcome import Done, Failed, More, Outcome, Skipped
from daydream.records.section import SectionData, SubStepResult
from daydream.steps import advice_sentry
from daydream.steps.advice import advised
from daydream.steps.sentry_findings import RULES
from daydream.steps.sentry_listing import Listing, Question, memory, questions
from daydream.steps.sentry_records import noted, released
from daydream.steps.sentry_section import section
from daydream.steps.sentry_telling import Teller, ranked

if TYPE_CHECKING:
    from daydream.clients.sentry import Access
    from daydream.config.model import Config, SentryOptions

STATE = "maintain.sentry_query"
MOST_PAGES = 10
EXPORT = "export"
_PREFIX, _LOOK, _OVER = "issues:", "look:", "over"
_BEHIND_S, _AHEAD_S = 600.0, 3 * 86_400.0  # a night that was interrupted may be two days old when it asks


def make(config: "Config") -> Step:
    """Bind the options."""
    return advised(SentryQuery(config.sentry), config, STATE, advice_sentry.items)


@dataclass(slots=True)
class _Standing:
    """A sub-step in progress, kept between its parts; rebuilt from their facts when it is not at hand."""

    run: str
    name: str
    cursor: str | None
    listing: Listing
    teller: Teller


class SentryQuery:
    """One sub-step per configured project, or one for all, and one for an export.

    A sub-step lists page after page, then asks for the latest event of the issues most worth it, one each, then
    what became of those that are no longer listed. Each answer is a part of its own.
    """

    def __init__(self, options: "SentryOptions") -> None:
        self._options = options
        self._standing: _Standing | None = None

    def plan(self, ctx: Context) -> Sequence[str]:  # noqa: ARG002 -- the contract's signature
        """Name one sub-step per project."""
        export = [EXPORT] if self._options.export else []
        if export and not self._options.organization:
            return export
        named = [f"{_PREFIX}{name[:100]}" for name in sorted(set(self._options.projects))]
        return export + (named or [f"{_PREFIX}*"])

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Ask one question; without a configured organisation and a token nothing is asked at all."""
        if sub_step == EXPORT:
            from daydream.steps.sentry_offline import read_export

            return read_export(ctx, self._options.export or "", claim=not self._options.organization)
        token = ctx.env.get(self._options.token_env, "").strip()
        if reason := self._unconfigured(token):
            return Skipped(reason=reason)
        from daydream.clients.sentry import Access

        standing = self._stand(ctx, sub_step, cursor)
        access = Access(self._options, token, ctx.check)
        if cursor is None or not cursor.startswith((_LOOK, _OVER)):
            outcome = self._page(ctx, access, standing, cursor)
        elif cursor == _OVER:
            return _over(standing.listing)
        else:
            outcome = self._look(access, standing, int(cursor.removeprefix(_LOOK)))
        if isinstance(outcome, More):
            standing.listing.add(outcome.facts)
            standing.cursor = outcome.cursor
            self._standing = standing
        return outcome

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Count each issue once, also where two pages or projects named it; null where nobody looked."""
        return section(results, MOST_PAGES)

    def _unconfigured(self, token: str) -> str | None:
        if self._options.organization and token:
            return None
        name = self._options.token_env
        missing = {
            (False, False): f"set [sentry] organization in your user configuration and export {name}",
            (False, True): "set [sentry] organization in your user configuration",
            (True, False): f"export {name}",
        }[bool(self._options.organization), bool(token)]
        return f"no Sentry configured: {missing}"

    def _stand(self, ctx: Context, sub_step: str, cursor: str | None) -> _Standing:
        kept, self._standing = self._standing, None
        if kept is not None and (kept.run, kept.name, kept.cursor) == (ctx.run, sub_step, cursor):
            return kept
        listing = Listing()
        if cursor is not None:
            for result in ctx.results(STATE):
                for part in result.parts if result.name == sub_step else ():
                    listing.add(part)
        source = f"sentry:{sub_step.removeprefix(_PREFIX)}"
        return _Standing(ctx.run, sub_step, cursor, listing, Teller(ctx, source, memory(ctx, source)))

    def _page(self, ctx: Context, access: "Access", standing: _Standing, cursor: str | None) -> Outcome:
        """List one page."""
        from daydream.clients.sentry import SentryBroken, SentrySilent, issues

        number, _, place = (cursor or "1 ").partition(" ")
        name = standing.name.removeprefix(_PREFIX)
        hours = standing.teller.known.hours(ctx.started_at.timestamp())
        try:
            page = issues(access, None if name == "*" else name, hours, place or None)
        except (SentrySilent, SentryBroken) as why:
            broken = isinstance(why, SentryBroken)
            if cursor is None:
                return Failed(error=str(why)) if broken else Skipped(reason=str(why))
            return More(cursor=f"{_LOOK}0", facts={"broken": [str(why), broken]})
        facts: dict[str, Any] = {
            "page": msgspec.to_builtins([noted(issue) for issue in page.issues]),
            "unreadable": page.unreadable,
            "bytes": page.bytes,
            "now": None,
        }
        if page.now and (note := _clock_note((page.now - ctx.started_at).total_seconds())):
            facts["now"] = page.now.timestamp()
            facts["notes"] = [note]
        most = min(MOST_PAGES, self._options.budget)
        if page.cursor and int(number) < most:
            return More(cursor=f"{int(number) + 1} {page.cursor}", facts=facts)
        facts["cut"] = page.cursor is not None
        return More(cursor=f"{_LOOK}0", facts=facts)

    def _look(self, access: "Access", standing: _Standing, index: int) -> Outcome:
        """Ask the next question about what was listed; when none is left, tell of everything else."""
        from daydream.clients.sentry import SentryBroken, SentrySilent

        listing, teller = standing.listing, standing.teller
        asked = questions(listing, teller.known, ranked(listing, teller), self._options.budget)
        if index >= len(asked):
            return self._end(standing, asked, ())
        try:
            outcome = _answered(access, standing, asked[index])
        except (SentrySilent, SentryBroken) as why:
            left = sum(1 for what, _ in asked[index:] if what == "event")
            note = f"{left} issues were listed without their stack: {why}"
            return self._end(standing, asked[:index], (note,))
        return More(cursor=f"{_LOOK}{index + 1}", **outcome)

    def _end(self, standing: _Standing, asked: Sequence[Question], notes: Sequence[str]) -> Outcome:
        listing, teller = standing.listing, standing.teller
        told = {identity for what, identity in asked if what == "event"}
        rest = [issue for issue in listing.issues.values() if issue.id not in told]
        facts, findings, rows = teller.rest(listing, rest)
        facts["notes"] = [*notes, *facts.get("notes", ())]
        if listing.broken is not None:
            return More(cursor=_OVER, findings=findings, facts=facts, rows=rows)
        examined = (self._examined(standing.name),) if listing.whole else ()
        return Done(findings=findings, facts=facts, rows=rows, examined=examined)

    def _examined(self, sub_step: str) -> Examined:
        """Claim a project only when its list was read to the end: then what is not in it is gone."""
        name = sub_step.removeprefix(_PREFIX)
        if name == "*" and not self._options.export:
            return Examined(rules=RULES, everything=True)
        return Examined(rules=RULES, subjects=(f"sentry:{name}",))


def _clock_note(ahead: float) -> str:
    """Say that Sentry's clock, so many seconds after the night's beginning, cannot be right, or ours cannot."""
    if -_BEHIND_S <= ahead <= _AHEAD_S:
        return ""
    way = "ahead of" if ahead > 0 else "behind"
    return f"Sentry's clock is {abs(ahead) / 3600:.0f} hours {way} this machine's: ages are told by Sentry's."


def _over(listing: Listing) -> Outcome:
    """End a sub-step whose list broke off; what was read is told already."""
    sentence, broken = listing.broken or ("the list of issues broke off", True)
    return Failed(error=sentence) if broken else Skipped(reason=sentence)


def _answered(access: "Access", standing: _Standing, question: Question) -> Mapping[str, Any]:
    """Ask a question and return what its part holds."""
    from daydream.clients.sentry import issue, latest_event, releases

    what, identity = question
    listing, teller = standing.listing, standing.teller
    if what == "releases":
        found = releases(access, identity or None) or ()
        kept = [made for each in found if (made := released(each)) is not None]
        return {"facts": {"releases": msgspec.to_builtins(kept)}}
    if what == "event":
        facts, finding, row = teller.event(listing, listing.issues[identity], latest_event(access, identity))
        return {"facts": facts, "findings": (finding,), "rows": (row,)}
    gone = issue(access, identity)
    facts, rows = teller.gone(identity, noted(gone) if gone is not None else None)
    return {"facts": facts, "rows": rows}
