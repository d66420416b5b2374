"""Accepting a proposal: its change on the user's own branch, by the same staged, recognised, reversible act as a night's."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from daydream import clock
from daydream.app.proposals import one
from daydream.app.views import head_of, places_of
from daydream.contracts.results import RunResult
from daydream.errors import DaydreamError, StateDamaged, TryAgain, UsageError
from daydream.git import attempt, git
from daydream.processes import Stop
from daydream.propose.style import restyled
from daydream.records.change import Advance
from daydream.records.effect import Effect
from daydream.records.proposal import Proposal
from daydream.repository.places import Places
from daydream.store import durable
from daydream.store.effects import advance
from daydream.store.effects.base import Ground, Standing
from daydream.store.lock import RunLock
from daydream.store.proposals import OPEN, Answer, append_answer, read_all

_INTENT = "proposals/accepting.intent"
_BACK = "to take it back: git reset --keep HEAD~ (before you push), or git revert HEAD"
_SIGNING = ("GNUPGHOME", "GPG_TTY", "SSH_AUTH_SOCK")


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """What is being accepted: durable before the checkout is touched, gone when the answer is noted."""

    proposal: str
    effect: Effect


def accept(root: Path, config_file: Path | None, proposal_id: str) -> RunResult:
    """Put a verified proposal on the current branch, as a commit by daydream that the person commits.

    An acceptance that was killed is finished first. Nothing is touched when anything is in the way.

    Raises:
        UsageError: no such proposal, it was answered, or it is only a patch.
        TryAgain: a night is running.
        DaydreamError: the checkout is in use, the change no longer applies, or git refused (a signature).
    """
    places = places_of(root, config_file)
    if not places.has_git:
        raise UsageError("without git there is no branch to put a change on")
    with RunLock(places.state / "night"):
        ground = _ground(places)
        finished = _finish(places, ground)
        proposal = one(places, proposal_id)
        if finished == proposal.id:
            return _said(proposal, "accepted: the acceptance that was interrupted is finished", _BACK)
        first = (
            f"first, the acceptance of {finished} was finished, which had been interrupted"
            if finished
            else ""
        )
        _refuse(proposal)
        _compare(proposal, ground)
        target = _picked(proposal, ground)
        if target is None:
            _answer(places, proposal.id, None)
            return _said(proposal, "your branch has this change already; noted as accepted", first)
        identifier = hashlib.sha256(f"{proposal.id}\x1f{target}".encode()).hexdigest()[:16]
        effect = advance.stage(
            Advance(commit=target), Effect(id=identifier, kind="advance", path="HEAD"), ground
        )
        if effect.problem is not None:
            raise DaydreamError(f"{proposal.id} was not accepted: {effect.problem}")
        _note(places, Intent(proposal=proposal.id, effect=effect))
        _finish(places, ground)
    how = f"accepted: {effect.path.removeprefix('refs/heads/')} is at {target[:12]} now"
    return _said(proposal, how, _BACK, first)


def _refuse(proposal: Proposal) -> None:
    if proposal.status not in OPEN:
        why = f" ({proposal.reason})" if proposal.status == "closed" and proposal.reason else ""
        msg = f"{proposal.id} is {proposal.status} already{why}"
        raise UsageError(msg)
    if proposal.ref is None:
        why = proposal.reason or "it was not verified"
        msg = f"{proposal.id} is a patch only ({why}); `daydream proposals show --patch {proposal.id} | git apply` takes it"
        raise UsageError(msg)


def _compare(proposal: Proposal, ground: Ground) -> None:
    """Refuse a branch on which the change was never tried: one with commits beside those it was verified with."""
    problem = advance.obstacle(ground)
    if problem is not None:
        raise DaydreamError(f"{proposal.id} was not accepted: {problem}")
    if attempt(
        ground.root, "merge-base", "--is-ancestor", proposal.base, "HEAD", stop=ground.stop
    ).returncode:
        base = proposal.base[:12]
        msg = (
            f"{proposal.id} was made for {base}, which is no part of this branch (another branch, or amended)"
        )
        raise DaydreamError(f"{msg}; the next night looks at this one")
    shown = "--format=%ae %(trailers:key=Daydream-Id,valueonly,separator=%x2C)"
    rows = git(ground.root, "log", shown, f"{proposal.base}..HEAD", stop=ground.stop).decode(
        "utf-8", "replace"
    )
    for row in rows.splitlines():
        who, _, identifier = row.partition(" ")
        if who != "daydream@localhost" or identifier.strip() not in proposal.together:
            msg = f"{proposal.id} was not tried on what your branch holds since {proposal.base[:12]}"
            way = f"the next night tries it there; untried it is git cherry-pick {proposal.ref}"
            raise DaydreamError(f"{msg}; {way}")


def _finish(places: Places, ground: Ground) -> str | None:
    """Finish what an earlier acceptance began; return the id of its proposal."""
    path = places.state / _INTENT
    if not path.exists():
        return None
    try:
        intent = msgspec.json.decode(path.read_bytes(), type=Intent)
    except msgspec.MsgspecError as error:
        msg = f"{path} is damaged: {error}; see `git log`, then remove it"
        raise StateDamaged(msg) from error
    standing = advance.standing(intent.effect, ground)
    answered = read_all(places.state).get(intent.proposal)
    if standing is Standing.NOT_STARTED and answered is not None and answered.status == "rejected":
        path.unlink()
        return None
    if standing is Standing.CONFLICT:
        path.unlink()
        msg = f"the checkout was changed while {intent.proposal} was accepted; nothing was touched, accept it again"
        raise TryAgain(msg)
    try:
        advance.act(intent.effect, ground)
        if advance.standing(intent.effect, ground) is not Standing.DONE:
            raise DaydreamError(f"{intent.proposal} was not accepted: git did not move the branch")
    except (ValueError, OSError) as error:
        path.unlink(missing_ok=True)
        msg = f"{intent.proposal} was not accepted: {error}"
        raise DaydreamError(msg) from error
    except DaydreamError:
        # What git refused is over; what it left half done is finished by the next try.
        if advance.standing(intent.effect, ground) is Standing.NOT_STARTED:
            path.unlink(missing_ok=True)
        raise
    _answer(places, intent.proposal, intent.effect.after)
    path.unlink()
    return intent.proposal


def _picked(proposal: Proposal, ground: Ground) -> str | None:
    """Make the commit: the proposal's change on top of HEAD. None where HEAD has it already."""
    commit = _git(ground, "rev-parse", "--verify", f"{proposal.ref}^{{commit}}")
    merged = attempt(
        ground.root, "merge-tree", "--write-tree", "--no-messages", "HEAD", commit, stop=ground.stop
    )
    if merged.returncode != 0:
        msg = f"{proposal.id} no longer applies to this branch; the next night makes it anew or closes it"
        raise DaydreamError(msg)
    tree = merged.stdout.decode().split()[0]
    if tree == _git(ground, "rev-parse", "HEAD^{tree}"):
        return None
    return _committed(tree, commit, ground)


def _committed(tree: str, commit: str, ground: Ground) -> str:
    """Commit a tree on HEAD: daydream is the author, the person commits (and signs, where that is set)."""
    person = _ident(ground)
    text = _git(ground, "log", "-1", "--format=%B", commit)
    subjects = _git(ground, "log", "-50", "--format=%s", "HEAD").splitlines()
    trailers = "--format=%(trailers:key=Signed-off-by,valueonly,separator=%x2C)"
    signed = git(ground.root, "log", "-50", trailers, "HEAD", stop=ground.stop).decode("utf-8", "replace")
    message = restyled(text, subjects, signed.splitlines(), person)
    date = _git(ground, "log", "-1", "--format=%ad", "--date=raw", commit)
    author = {
        "GIT_AUTHOR_NAME": "daydream",
        "GIT_AUTHOR_EMAIL": "daydream@localhost",
        "GIT_AUTHOR_DATE": date,
    }
    # The last value is our own, from the command line: what stands before it is the person's.
    said = attempt(ground.root, "config", "--type=bool", "--get-all", "commit.gpgSign", stop=ground.stop)
    sign: Sequence[str] = ("-S",) if said.stdout.split()[:-1][-1:] == [b"true"] else ()
    env = author | {name: os.environ[name] for name in _SIGNING if name in os.environ}
    argv = ("commit-tree", *sign, tree, "-p", "HEAD")
    return git(ground.root, *argv, env=env, stdin=message.encode(), stop=ground.stop).decode().strip()


def _ident(ground: Ground) -> str:
    """The person as ``Name <address>``."""
    said = attempt(ground.root, "var", "GIT_COMMITTER_IDENT", stop=ground.stop)
    if said.returncode != 0:
        msg = "git does not know who you are; set user.name and user.email, then accept again"
        raise DaydreamError(msg)
    return said.stdout.decode("utf-8", "replace").rpartition(">")[0] + ">"


def _answer(places: Places, proposal_id: str, commit: str | None) -> None:
    today = clock.local_date(clock.now(), clock.zone(head_of(places).zone)).isoformat()
    answer = Answer(id=proposal_id, status="accepted", night=today, commit=commit)
    append_answer(places.state / "night" / "inbox", answer)


def _note(places: Places, intent: Intent) -> None:
    path = places.state / _INTENT
    with durable.reported(path, "writing"):
        durable.replace(path, msgspec.json.encode(intent))


def _ground(places: Places) -> Ground:
    staged = places.state / "proposals"
    return Ground(
        places={"logs": places.logs, "state": places.state, "checkout": places.root},
        root=places.root,
        staged=staged,
        trash=staged,
        stop=Stop(),
    )


def _git(ground: Ground, *argv: str) -> str:
    return git(ground.root, *argv, stop=ground.stop).decode("utf-8", "surrogateescape").strip()


def _said(proposal: Proposal, how: str, *more: str) -> RunResult:
    lines = (f"{proposal.id} {how}", *filter(None, more))
    return RunResult(lines=lines, data={"id": proposal.id, "status": "accepted"})
