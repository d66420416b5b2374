"""Proposals as a person meets them: the list, one in full, yes and no."""

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from daydream import clock
from daydream.app.views import head_of, places_of
from daydream.contracts.results import RunResult
from daydream.errors import UsageError
from daydream.propose import dream_words
from daydream.propose.dream_evidence import path_of as evidence_of
from daydream.propose.message import sentences
from daydream.records.proposal import REASONS, Proposal
from daydream.repository.places import Places
from daydream.store.proposals import OPEN, Answer, append_answer, read_all

NONE = "nothing waits for an answer"
_SETUP = (
    '`daydream init --tests "python -m pytest -q" --write` confirms the command that changes are tried with'
)
_OLD_DAYS = 30


def listing(root: Path, config_file: Path | None) -> RunResult:
    """List what waits for an answer, the verified first; those unanswered for 30 days are one line.

    Raises:
        StateDamaged: a proposal cannot be read.
    """
    places = places_of(root, config_file)
    known = read_all(places.state)
    waiting = _waiting(known.values())
    data = {"proposals": [_data(proposal) for proposal in waiting]}
    today = _today(places)
    old = [p for p in waiting if _age(p, today) > _OLD_DAYS]
    lines = [_line(p) for p in waiting if p not in old]
    if old:
        lines.append(f"unanswered for more than {_OLD_DAYS} days: {', '.join(p.id for p in old)}")
    return RunResult(lines=tuple(lines or ([NONE] if known else [NONE, _SETUP])), data=data)


def show(root: Path, config_file: Path | None, proposal_id: str) -> RunResult:
    """Show a proposal: why it is believed, its difference, and how to answer.

    Raises:
        UsageError: no proposal has this id.
    """
    places = places_of(root, config_file)
    proposal = one(places, proposal_id)
    lines = [
        f"{proposal.id}  {proposal.title} ({proposal.status}, since {proposal.first_night})",
        *(f"  {text}" for text in (sentences(proposal.evidence) if proposal.evidence else ())),
        *_of_dream(places, proposal),
        *([f"  {proposal.reason}"] if proposal.reason and not proposal.evidence else []),
        "",
        *_text(proposal).splitlines(),
        "",
        *_answers(proposal),
    ]
    return RunResult(lines=tuple(lines), data=_data(proposal) | {"patch": _text(proposal)})


def reject(root: Path, config_file: Path | None, proposal_id: str, reason: str) -> RunResult:
    """Note a no; what the proposal settles is not offered again.

    Raises:
        UsageError: no proposal has this id, it was answered, or the reason is none of ours.
    """
    places = places_of(root, config_file)
    proposal = one(places, proposal_id)
    kind, _, words = reason.partition(":")
    if kind.strip() not in REASONS:
        msg = f"--reason {reason!r}: say {', '.join(REASONS[:-1])} or {REASONS[-1]}, and more behind a colon if you like"
        raise UsageError(msg)
    if proposal.status not in OPEN:
        msg = f"{proposal.id} is {proposal.status} already"
        raise UsageError(msg)
    said = kind.strip() + (f": {words.strip()[:300]}" if words.strip() else "")
    answer = Answer(id=proposal.id, status="rejected", night=_today(places), reason=said)
    append_answer(places.state / "night" / "inbox", answer)
    line = f"{proposal.id} is rejected ({said}); what it settles is not offered again"
    return RunResult(lines=(line,), data={"id": proposal.id, "status": "rejected", "reason": said})


def one(places: Places, proposal_id: str) -> Proposal:
    """Find a proposal by its id, or as many of its first digits as are needed.

    Raises:
        UsageError: there is none, or more than one.
    """
    matches = [p for p in read_all(places.state).values() if proposal_id and p.id.startswith(proposal_id)]
    if len(matches) != 1:
        trouble = "no proposal has" if not matches else f"{len(matches)} proposals begin with"
        msg = f"{trouble} the id {proposal_id!r}; `daydream proposals` lists them"
        raise UsageError(msg)
    return matches[0]


def _waiting(proposals: Iterable[Proposal]) -> list[Proposal]:
    return sorted(
        (p for p in proposals if p.status in OPEN),
        key=lambda p: (p.status != "open", -p.worth, p.first_night, p.id),
    )


def _today(places: Places) -> str:
    return clock.local_date(clock.now(), clock.zone(head_of(places).zone)).isoformat()


def _age(proposal: Proposal, today: str) -> int:
    return (dt.date.fromisoformat(today) - dt.date.fromisoformat(proposal.first_night)).days


def _line(proposal: Proposal) -> str:
    files = f"{len(proposal.paths)} file{'s' if len(proposal.paths) != 1 else ''}"
    verified = (
        "verified" if proposal.trial is None else "sandboxed" if proposal.trial.isolated else "unisolated"
    )
    status = verified if proposal.status == "open" else proposal.status
    why = f"; {proposal.reason}" if proposal.reason else ""
    return f"{proposal.id}  {status:<10} {proposal.title} ({files}, since {proposal.first_night}{why})"


def _of_dream(places: Places, proposal: Proposal) -> Iterator[str]:
    """Why a dream is believed, and where its evidence lies."""
    if proposal.trial is None:
        return
    yield from (f"  {text}" for text in dream_words.sentences(proposal.trial))
    evidence = places.state / evidence_of(proposal.id)
    if evidence.is_file():
        yield f"  inputs, environment and figures: {evidence}"
    yield f"  to see it again: {dream_words.replay(proposal.trial.dream)}"


def _answers(proposal: Proposal) -> Iterator[str]:
    if proposal.status == "open":
        yield f"yes: daydream proposals accept {proposal.id}"
    elif proposal.status in OPEN:
        yield f"by hand: daydream proposals show --patch {proposal.id} | git apply"
    if proposal.status in OPEN:
        yield f"no:  daydream proposals reject {proposal.id} --reason {'|'.join(REASONS)}"


def patch(root: Path, config_file: Path | None, proposal_id: str) -> bytes:
    """The difference alone, byte for byte as `git apply` takes it.

    Raises:
        UsageError: no proposal has this id.
    """
    return one(places_of(root, config_file), proposal_id).patch


def _text(proposal: Proposal) -> str:
    return proposal.patch.decode("utf-8", "replace")


def _data(proposal: Proposal) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.to_builtins(proposal)
    data.pop("patch", None)
    return data
