"""Ref: point a ref of daydream's own at a commit whose id is known before the ref moves, or remove it (compare-and-swap)."""

import os
import re
import time
from pathlib import Path

from msgspec.structs import replace as with_fields

from daydream.git import GitError, attempt, git
from daydream.records.change import Change, Commit, DropRef, SetRef
from daydream.records.effect import Effect
from daydream.store.effects.base import Ground, Standing

_OURS = "refs/daydream/"
BRANCH = "refs/heads/daydream/proposals"
_LOCK_WAIT_S = 1.0


def stage(change: Change, effect: Effect, ground: Ground) -> Effect:
    """Write blobs, trees and commits (objects that nothing refers to yet) and note the ref's value now."""
    assert isinstance(change, SetRef | DropRef)  # noqa: S101 -- the registry maps kinds to changes
    if not change.ref.startswith(_OURS) and change.ref != BRANCH:
        return with_fields(effect, problem=f"{change.ref} is not below {_OURS}")
    if change.ref == BRANCH and _is_checked_out(ground):
        return with_fields(effect, problem=f"{change.ref} is checked out; left alone")
    if change.ref == BRANCH and _value("refs/heads/daydream", ground) is not None:
        return with_fields(effect, problem="a branch named daydream leaves no room for daydream/proposals")
    before = _value(change.ref, ground)
    if change.expect not in ("any", before):
        return with_fields(effect, problem=f"{change.ref} was moved by somebody else; left alone")
    if isinstance(change, DropRef):
        return with_fields(effect, before=before, after=None, reversible=True)
    commit = _git(ground, "rev-parse", "--verify", f"{change.parent}^{{commit}}")
    for made in (Commit(files=change.files, message=change.message), *change.then):
        commit = _commit(made, commit, change.instant, effect, ground)
    return with_fields(effect, before=before, after=commit, reversible=True)


def _commit(change: Commit, parent: str, instant: str, effect: Effect, ground: Ground) -> str:
    # A git that was killed leaves its lock behind, and one that outlived its night may still write.
    for leftover in ground.staged.glob(f"{effect.id}.*index*"):
        leftover.unlink(missing_ok=True)
    index = ground.staged / f"{effect.id}.{os.getpid()}.index"
    env = {"GIT_INDEX_FILE": str(index)}
    _git(ground, "read-tree", parent, env=env)
    modes = _modes(change, parent, ground)
    lines = []
    for path, content in sorted(change.files.items()):
        if content is None:
            lines.append(f"0 {_none(parent)}\t{path}")
            continue
        blob = _git(ground, "hash-object", "-w", "--stdin", stdin=content)
        lines.append(f"{modes.get(path, '100644')} {blob}\t{path}")
    listing = "".join(f"{line}\0" for line in lines).encode("utf-8", "surrogateescape")
    _git(ground, "update-index", "-z", "--index-info", env=env, stdin=listing)
    tree = _git(ground, "write-tree", env=env)
    index.unlink(missing_ok=True)
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "daydream"), ("EMAIL", "daydream@localhost"), ("DATE", instant))
    }
    text = change.message.rstrip()
    gap = "\n" if re.match(r"[A-Za-z][A-Za-z-]*: ", text.rpartition("\n")[2]) else "\n\n"
    message = f"{text}{gap}Daydream-Effect: {effect.id}\n"
    return _git(ground, "commit-tree", tree, "-p", parent, env=who, stdin=message.encode())


def _modes(change: Commit, parent: str, ground: Ground) -> dict[str, str]:
    """The modes that edited files have in the parent, so that an executable stays one."""
    listing = git(ground.root, "ls-tree", "-z", "-r", parent, "--", *sorted(change.files), stop=ground.stop)
    rows = [row.split("\t", 1) for row in listing.decode("utf-8", "surrogateescape").split("\0") if row]
    return {path: meta.split()[0] for meta, path in rows}


def standing(effect: Effect, ground: Ground) -> Standing:
    """Compare the ref with its two values."""
    now = _value(effect.path, ground)
    if now == effect.after:
        return Standing.DONE
    return Standing.NOT_STARTED if now == effect.before else Standing.CONFLICT


def act(effect: Effect, ground: Ground) -> None:
    """Move the ref from its old to its new value."""
    if _value(effect.path, ground) != effect.after:
        _swap(ground, effect.path, effect.after, effect.before)


def undo(effect: Effect, ground: Ground) -> bool:
    """Move the ref back, unless somebody moved it since."""
    now = _value(effect.path, ground)
    if now == effect.before:
        return True
    if now != effect.after or (effect.path == BRANCH and _is_checked_out(ground)):
        return False
    _swap(ground, effect.path, effect.before, now)
    return True


def _is_checked_out(ground: Ground) -> bool:
    return bool(_git(ground, "for-each-ref", "--format=%(worktreepath)", BRANCH))


def _swap(ground: Ground, ref: str, new: str | None, old: str | None) -> None:
    """Move a ref from its old to its new value; None is no ref."""
    argv = ("-d", ref, old or "") if new is None else (ref, new, old or _none(new))
    try:
        _git(ground, "update-ref", *argv)
    except GitError:
        # A git that was killed leaves its lock behind. To these refs only the holder of the run's lock
        # writes, and that is this process: once a living git had its time, the lock is nobody's.
        lock = _lock_file(ground, ref)
        until = time.monotonic() + _LOCK_WAIT_S
        while lock.exists() and time.monotonic() < until:
            time.sleep(0.05)
        if not lock.exists() and _value(ref, ground) != old:
            raise
        lock.unlink(missing_ok=True)
        _git(ground, "update-ref", *argv)


def _none(like: str) -> str:
    """The id of nothing, as long as the repository's ids are."""
    return "0" * len(like)


def _lock_file(ground: Ground, ref: str) -> Path:
    common = Path(_git(ground, "rev-parse", "--git-common-dir"))
    return (ground.root / common / f"{ref}.lock").resolve()


def _value(ref: str, ground: Ground) -> str | None:
    left = attempt(ground.root, "rev-parse", "--verify", "--quiet", ref, stop=ground.stop)
    return left.stdout.decode().strip() or None if left.returncode == 0 else None


def _git(ground: Ground, *argv: str, env: dict[str, str] | None = None, stdin: bytes = b"") -> str:
    return git(ground.root, *argv, env=env, stdin=stdin, stop=ground.stop).decode().strip()
