"""Proposals on disk: one file each below `proposals/`, and the inbox of people's answers beside the nights."""

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from daydream.errors import StateDamaged
from daydream.records.proposal import DREAM, Proposal, Status
from daydream.store.durable import make_folder, reported, sync_folder, write_all

FOLDER = "proposals"
ANSWERS = "answers.jsonl"
OPEN: tuple[Status, ...] = ("open", "unverified", "frozen")
_proposal = msgspec.json.Decoder(Proposal)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A person's answer to a proposal; of several for one `id` the last counts.

    `status` is accepted or rejected; `reason` one of `records.proposal.REASONS` with the person's own words
    behind it; `night` the date it was given on; `commit` what an acceptance became.
    """

    id: str
    status: Status
    night: str
    reason: str = ""
    commit: str | None = None


_answer = msgspec.json.Decoder(Answer)


def path_of(identifier: str) -> str:
    """A proposal's file, relative to the state folder."""
    return f"{FOLDER}/{identifier}.json"


def of_dreams(proposals: Mapping[str, Proposal]) -> dict[str, Proposal]:
    """Those that are dreams, which were tried in the sandbox only."""
    return {one: proposal for one, proposal in proposals.items() if proposal.rule == DREAM}


def of_findings(proposals: Mapping[str, Proposal]) -> dict[str, Proposal]:
    """Those that settle findings, and are tried with the repository's own command."""
    return {one: proposal for one, proposal in proposals.items() if proposal.rule != DREAM}


def encode(proposal: Proposal) -> bytes:
    """Write a proposal as its file."""
    return msgspec.json.format(msgspec.json.encode(proposal), indent=1) + b"\n"


def read_all(state: Path) -> dict[str, Proposal]:
    """Read every proposal of a state folder by id, with the people's answers applied.

    Raises:
        StateDamaged: a file is none of ours.
        StateUnreadable: the disk refused.
    """
    found: dict[str, Proposal] = {}
    for path in sorted((state / FOLDER).glob("[0-9a-f]*.json")):
        with reported(path, "reading"):
            data = path.read_bytes()
        try:
            proposal = _proposal.decode(data)
        except msgspec.MsgspecError as error:
            msg = f"{path} is no proposal: {error}; move it away and the next night makes it anew"
            raise StateDamaged(msg) from error
        found[proposal.id] = proposal
    return answered(found, read_answers(state / "night" / "inbox"))


def answered(proposals: Mapping[str, Proposal], answers: Iterable[Answer]) -> dict[str, Proposal]:
    """Apply answers; one to a proposal that is no longer known says nothing."""
    result = dict(proposals)
    for answer in answers:
        proposal = result.get(answer.id)
        if proposal is not None:
            result[answer.id] = replace(
                proposal, status=answer.status, answered=answer.night, reason=answer.reason
            )
    return result


def read_answers(inbox: Path) -> Sequence[Answer]:
    """Read the answers in order; a line torn by a crash is passed over."""
    path = inbox / ANSWERS
    if not path.exists():
        return ()
    with reported(path, "reading"):
        lines = path.read_bytes().splitlines()
    found = []
    for line in lines:
        with contextlib.suppress(msgspec.MsgspecError):
            found.append(_answer.decode(line))
    return found


def append_answer(inbox: Path, answer: Answer) -> None:
    """Add one line to the inbox, durable when this returns.

    Raises:
        TryAgain: no space is left.
        StateUnreadable: the disk refused.
    """
    path = inbox / ANSWERS
    with reported(path, "writing"):
        make_folder(inbox)
        created = not path.exists()
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(handle).st_size
            gap = b"" if size == 0 or os.pread(handle, 1, size - 1) == b"\n" else b"\n"
            write_all(handle, gap + msgspec.json.encode(answer) + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        if created:
            sync_folder(inbox)
