"""Advance: fast-forward the checkout's branch to a commit, files, index and ref, where nothing is in the way.

git writes files first and the branch last; what a killed git leaves in between is mended from the two
commits alone, and only where a file is exactly what one of them says.
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace as with_fields

from daydream.errors import TryAgain
from daydream.git import attempt, git
from daydream.records.change import Advance, Change
from daydream.records.effect import Effect
from daydream.store.effects.base import Ground, Standing
from daydream.store.effects.ref import BRANCH

_LOCK_WAIT_S = 1.0
_BUSY = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "BISECT_LOG": "a bisection",
}


def obstacle(ground: Ground, expect: str | None = None) -> str | None:
    """Say why the checkout cannot be moved forward now, or None. `expect` is the commit it should be at."""
    if attempt(ground.root, "symbolic-ref", "-q", "HEAD", stop=ground.stop).returncode != 0:
        return "HEAD is detached; switch to a branch first"
    if _git(ground, "symbolic-ref", "HEAD") == BRANCH:
        return "the branch of the proposals itself is checked out; switch to the one that shall get it"
    if (ground.root / _git(ground, "rev-parse", "--git-path", "index.lock")).exists():
        return "a git is at work in this checkout (index.lock); let it finish first"
    git_dir = ground.root / _git(ground, "rev-parse", "--git-dir")
    for name, what in _BUSY.items():
        if (git_dir / name).exists():
            return f"{what} is in progress; finish it first"
    if _git(ground, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=none"):
        return "the checkout has uncommitted changes; commit or stash them first"
    if expect is not None and _head(ground) != expect:
        return "the branch has moved since; the next night looks at it again"
    return None


def stage(change: Change, effect: Effect, ground: Ground) -> Effect:
    """Note where the branch is and where it goes; a checkout that is not clean is a problem."""
    assert isinstance(change, Advance)  # noqa: S101 -- the registry maps kinds to changes
    problem = obstacle(ground, change.expect)
    if problem is not None:
        return with_fields(effect, problem=problem)
    before, branch = _head(ground), _git(ground, "symbolic-ref", "HEAD")
    after = _git(ground, "rev-parse", "--verify", f"{change.commit}^{{commit}}")
    if attempt(ground.root, "merge-base", "--is-ancestor", before, after, stop=ground.stop).returncode != 0:
        return with_fields(effect, problem="it is no fast-forward of the branch")
    hidden = _in_the_way(before, after, ground)
    if hidden is not None:
        return with_fields(
            effect, problem=f"{hidden} is in the way, and git does not track it; move it first"
        )
    return with_fields(effect, path=branch, before=before, after=after, reversible=True)


def standing(effect: Effect, ground: Ground) -> Standing:
    """Compare the branch with its two commits; what a killed git left half written is PARTIAL."""
    if (
        attempt(ground.root, "symbolic-ref", "-q", "HEAD", stop=ground.stop).stdout.decode().strip()
        != effect.path
    ):
        return Standing.CONFLICT
    now = _head(ground)
    if now == effect.after:
        return Standing.DONE
    if now != effect.before:
        return Standing.CONFLICT
    if any(lock.exists() for lock in _locks(effect, ground)) or _dirty(ground):
        return Standing.PARTIAL if _is_ours(effect, ground) else Standing.CONFLICT
    return Standing.NOT_STARTED


def act(effect: Effect, ground: Ground) -> None:
    """Move branch, index and files; first mend what an earlier try left.

    Raises:
        TryAgain: a living git holds the checkout.
        ValueError: a person changed it meanwhile.
    """
    _unlock(effect, ground)
    if _head(ground) == effect.after:
        return
    if _dirty(ground):
        if not _is_ours(effect, ground):
            msg = "the checkout was changed meanwhile"
            raise ValueError(msg)
        _mend(effect, ground)
    # Said in full, because a branch may have merge options of its own.
    how = ("--ff-only", "--no-squash", "--commit", "--no-overwrite-ignore", "--no-stat", "-q")
    _git(ground, "merge", *how, effect.after or "")


def undo(effect: Effect, ground: Ground) -> bool:
    """Move the branch back, unless it or a file of the change was touched since."""
    before, after = effect.before or "", effect.after or ""
    if _head(ground) == before:
        return True
    if _head(ground) != after or obstacle(ground) is not None:
        return False
    _git(ground, "reset", "--keep", "-q", before)
    return True


def _is_ours(effect: Effect, ground: Ground) -> bool:
    """Whether every file that is not as committed is one of the change's, and holds what one of its commits says."""
    before, after = (
        _entries(effect.before or "", effect, ground),
        _entries(effect.after or "", effect, ground),
    )
    dirty = _git(ground, "diff", "--name-only", "-z", "HEAD").split("\0")
    for path in filter(None, dirty):
        if path not in before and path not in after:
            return False
    return all(_now(path, ground) in (before.get(path), after.get(path)) for path in {*before, *after})


def _mend(effect: Effect, ground: Ground) -> None:
    """Bring the files of the change back to what the first commit says, index included."""
    before = _entries(effect.before or "", effect, ground)
    gone = [path for path in _entries(effect.after or "", effect, ground) if path not in before]
    for path in gone:
        (ground.root / path).unlink(missing_ok=True)
    _git(ground, "update-index", "-z", "--force-remove", "--stdin", stdin=_listed(gone))
    if before:
        source = f"--source={effect.before}"
        options = ("--staged", "--worktree", "--pathspec-from-file=-", "--pathspec-file-nul")
        argv = ("--literal-pathspecs", "restore", source, *options)
        git(ground.root, *argv, stdin=_listed(before), stop=ground.stop)


def _listed(paths: Iterable[str]) -> bytes:
    return "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")


def _entries(commit: str, effect: Effect, ground: Ground) -> dict[str, str]:
    """The blobs that a commit has at the paths in which the two commits differ."""
    changed = _git(
        ground, "diff", "--name-only", "--no-renames", "-z", effect.before or "", effect.after or ""
    )
    wanted = set(filter(None, changed.split("\0")))
    rows = _git(ground, "ls-tree", "-r", "-z", commit).split("\0")
    pairs = (row.split("\t", 1) for row in rows if row)
    return {path: meta.split()[2] for meta, path in pairs if path in wanted}


def _now(path: str, ground: Ground) -> str | None:
    """The blob that the file would be now; None where there is none."""
    file = ground.root / path
    if file.is_symlink():
        target = os.fsencode(file.readlink())
        return _git(ground, "hash-object", "--stdin", "--no-filters", stdin=target)
    return _git(ground, "hash-object", "--", path) if file.is_file() else None


def _dirty(ground: Ground) -> bool:
    return bool(_git(ground, "status", "--porcelain", "--untracked-files=no"))


def _locks(effect: Effect, ground: Ground) -> list[Path]:
    """The locks that git takes while it moves a branch forward."""
    names = ("index.lock", "HEAD.lock", "ORIG_HEAD.lock", f"{effect.path}.lock")
    return [ground.root / _git(ground, "rev-parse", "--git-path", name) for name in names]


def _unlock(effect: Effect, ground: Ground) -> None:
    """Remove the locks that a killed git of ours left: there was none when the change was staged.

    Raises:
        TryAgain: a living git works in this repository, so they may be its own.
    """
    locks = _locks(effect, ground)
    until = time.monotonic() + _LOCK_WAIT_S
    while any(lock.exists() for lock in locks) and time.monotonic() < until:
        time.sleep(0.05)
    held = [lock for lock in locks if lock.exists()]
    if held and _git_at_work(ground.root):
        msg = f"a git is at work in this checkout ({held[0].name}); let it finish and start again"
        raise TryAgain(msg)
    for lock in held:
        lock.unlink(missing_ok=True)


def _git_at_work(root: Path) -> bool:
    """Whether a git runs in this checkout, as far as /proc tells; where it does not tell, yes."""
    if not Path("/proc/self/comm").exists():
        return True
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name = (process / "comm").read_text("ascii", "replace").strip()
            if name.startswith("git") and (process / "cwd").readlink().is_relative_to(root):
                return True
        except OSError:
            continue  # it ended, or belongs to somebody else
    return False


def _in_the_way(before: str, after: str, ground: Ground) -> str | None:
    """A file that git does not track where the change adds one."""
    added = _git(ground, "diff", "--name-only", "--no-renames", "--diff-filter=A", "-z", before, after)
    for path in filter(None, added.split("\0")):
        parts = [Path(path), *Path(path).parents][:-1]
        if os.path.lexists(ground.root / path) or any((ground.root / p).is_file() for p in parts[1:]):
            return path
    return None


def _head(ground: Ground) -> str:
    return _git(ground, "rev-parse", "HEAD")


def _git(ground: Ground, *argv: str, stdin: bytes = b"") -> str:
    return (
        git(ground.root, *argv, stdin=stdin, stop=ground.stop).decode("utf-8", "surrogateescape").strip("\n")
    )
