"""What a proposal says of itself: the message of its commit, and its evidence in sentences."""

from collections.abc import Iterator, Sequence

from daydream.propose.groups import title
from daydream.records.night import Known
from daydream.records.proposal import Evidence, Ran
from daydream.report.escape import clean

_WIDTH = 100
_LISTED = 12


def message(
    identifier: str, rule: str, package: str, findings: Sequence[Known], evidence: Evidence, others: int
) -> str:
    """The commit's message: what, why it is believed, and trailers that `git show` alone can be judged by."""
    lines = [title(rule, package), ""]
    for finding in findings[:_LISTED]:
        where = f"{finding.subject}:{finding.line}" if finding.line else finding.subject
        lines.append(f"- {clean(where, _WIDTH)}: {clean(finding.message, 2 * _WIDTH)}")
    if len(findings) > _LISTED:
        lines.append(f"- and {len(findings) - _LISTED} more of the same rule")
    lines += ["", *sentences(evidence), ""]
    number = f"{others} other proposal{'s' if others > 1 else ''}"
    together = f" (with {number} of the same night)" if others else ""
    lines += [
        f"Daydream-Id: {identifier}",
        f"Daydream-Rule: {rule}",
        f"Daydream-Verified: {clean(evidence.command, _WIDTH)}: {counts(evidence.candidate)}{together}",
        "Daydream-Undo: git revert <this commit>",
    ]
    return "\n".join(lines)


def sentences(evidence: Evidence) -> Iterator[str]:
    """Why the change is believed, or why not, a sentence each."""
    if evidence.reason:
        yield evidence.reason[0].upper() + evidence.reason[1:].rstrip(".") + "."
    if evidence.baseline is not None and evidence.candidate is not None:
        yield f"Tests before: {counts(evidence.baseline)}; with the change: {counts(evidence.candidate)}."
    proven = sorted(path for path, proof in evidence.modules.items() if proof == "red")
    if proven:
        yield f"An error planted in {_some(proven)} turned them red, so they do run what was edited."
    if evidence.lines:
        edited, executed = (sum(pair[n] for pair in evidence.lines.values()) for n in (0, 1))
        yield f"They executed {executed} of the {edited} lines that are edited or stand next to what is removed."
    if evidence.flaky:
        yield f"Not counted, because they come out differently without any change: {_some(evidence.flaky)}."


def counts(ran: Ran | None) -> str:
    """What a run of the tests came to, in words."""
    if ran is None:
        return "not measured"
    parts = [(ran.passed, "passed"), (ran.failed, "failed"), (ran.skipped, "skipped")]
    said = ", ".join(f"{number} {what}" for number, what in parts if number)
    if said:
        return said
    return "ended for taking too long" if ran.exit_code is None else f"exit code {ran.exit_code}"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(clean(name, _WIDTH) for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
