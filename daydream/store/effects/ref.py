"""Ref: point `refs/daydream/...` at a commit whose id is known before the ref moves (compare-and-swap)."""

import os
import time
from pathlib import Path

from msgspec.structs import replace as with_fields

from daydream.git import GitError, attempt, git
from daydream.records.change import Change, SetRef
from daydream.records.effect import Effect
from daydream.store.effects.base import Ground, Standing

_OURS = "refs/daydream/"
_LOCK_WAIT_S = 1.0


def stage(change: Change, effect: Effect, ground: Ground) -> Effect:
    """Write blobs, tree and commit (objects that nothing refers to yet) and note the ref's value now."""
    assert isinstance(change, SetRef)  # noqa: S101 -- the registry maps kinds to changes
    if not change.ref.startswith(_OURS):
        return with_fields(effect, problem=f"{change.ref} is not below {_OURS}")
    commit = _commit(change, effect, ground)
    return with_fields(effect, before=_value(change.ref, ground), after=commit, reversible=True)


def _commit(change: SetRef, effect: Effect, ground: Ground) -> str:
    # A git that was killed leaves its lock behind, and one that outlived its night may still write.
    for leftover in ground.staged.glob(f"{effect.id}.*index*"):
        leftover.unlink(missing_ok=True)
    index = ground.staged / f"{effect.id}.{os.getpid()}.index"
    env = {"GIT_INDEX_FILE": str(index)}
    parent = _git(ground, "rev-parse", "--verify", f"{change.parent}^{{commit}}")
    _git(ground, "read-tree", parent, env=env)
    modes = _modes(change, ground)
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
        for part, value in (("NAME", "daydream"), ("EMAIL", "daydream@localhost"), ("DATE", change.instant))
    }
    message = f"{change.message.rstrip()}\n\nDaydream-Effect: {effect.id}\n"
    return _git(ground, "commit-tree", tree, "-p", parent, env=who, stdin=message.encode())


def _modes(change: SetRef, ground: Ground) -> dict[str, str]:
    """The modes that edited files have in the parent, so that an executable stays one."""
    listing = git(
        ground.root, "ls-tree", "-z", "-r", change.parent, "--", *sorted(change.files), stop=ground.stop
    )
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
    new = effect.after or ""
    if _value(effect.path, ground) == new:
        return
    _swap(ground, effect.path, new, effect.before or _none(new))


def undo(effect: Effect, ground: Ground) -> bool:
    """Move the ref back, unless somebody moved it since."""
    now = _value(effect.path, ground)
    if now == effect.before:
        return True
    if now != effect.after:
        return False
    if effect.before is None:
        _git(ground, "update-ref", "-d", effect.path, now or "")
    else:
        _swap(ground, effect.path, effect.before, now or "")
    return True


def _swap(ground: Ground, ref: str, new: str, old: str) -> None:
    try:
        _git(ground, "update-ref", ref, new, old)
    except GitError:
        # A git that was killed leaves its lock behind. Below refs/daydream/ only the holder of the run's
        # lock writes, and that is this process: once a living git had its time, the lock is nobody's.
        lock = _lock_file(ground, ref)
        until = time.monotonic() + _LOCK_WAIT_S
        while lock.exists() and time.monotonic() < until:
            time.sleep(0.05)
        if not lock.exists() and _value(ref, ground) != (None if old == _none(old) else old):
            raise
        lock.unlink(missing_ok=True)
        _git(ground, "update-ref", ref, new, old)


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
