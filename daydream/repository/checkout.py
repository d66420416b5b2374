"""The user's checkout as git sees it. Everything here only asks; nothing takes a lock or writes."""

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from daydream.errors import DaydreamError, UsageError
from daydream.git import GitError, attempt, git
from daydream.processes import Completed, Stop

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_STATUS_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Head:
    """Where the checkout stands: `commit` is None before the first one, `branch` None when detached."""

    commit: str | None
    branch: str | None
    shallow: bool


@dataclass(frozen=True, slots=True)
class Uncommitted:
    """Paths with uncommitted changes, and untracked ones (a wholly untracked folder is one).

    `unknown` says why they could not be counted; both counts are None then.
    """

    dirty: int | None = None
    untracked: int | None = None
    unknown: str | None = None


def toplevel(folder: Path, stop: Stop) -> tuple[Path, Path | None, Path | None]:
    """Ask git for the root around `folder`, its git folder, and the one shared by worktrees.

    A bare-looking or enclosing folder that git does not recognise is a folder without git.

    Raises:
        UsageError: the folder lies in a bare repository or inside a git folder.
        DaydreamError: the repository is broken, or belongs to somebody else and git refuses it.
    """
    kind = attempt(folder, "rev-parse", "--is-inside-git-dir", "--is-bare-repository", stop=stop)
    if kind.returncode != 0:
        return _refused(folder, kind)
    inside, bare = kind.stdout.split()
    if bare == b"true":
        msg = f"{folder} is a bare repository and has no files to examine; name a checkout of it"
        raise UsageError(msg)
    if inside == b"true":
        msg = f"{folder} lies inside a git folder; name the root of the repository"
        raise UsageError(msg)
    asked = ("--show-toplevel", "--absolute-git-dir", "--git-common-dir")
    root, git_dir, common = (_path(git(folder, "rev-parse", one, stop=stop)) for one in asked)
    return root, git_dir, (folder / common).resolve()


def _path(output: bytes) -> Path:
    return Path(os.fsdecode(output.removesuffix(b"\n")))


def _refused(folder: Path, left: Completed) -> tuple[Path, None, None]:
    """Tell a folder without git from a repository that git cannot or will not read."""
    words = left.stderr.decode("utf-8", "replace")
    near = next((place for place in (folder, *folder.parents) if os.path.lexists(place / ".git")), None)
    if "dubious ownership" in words:
        owned = near or folder
        msg = (
            f"git refuses {owned} because another user owns it; if you trust it, run: "
            f"git config --global --add safe.directory {shlex.quote(str(owned))}"
        )
        raise DaydreamError(msg)
    if near is None and "not a git repository" in words:
        return folder, None, None
    reason = left.last_words or f"git ended with code {left.returncode}"
    msg = f"{(near or folder) / '.git'} is not a repository that git can read ({reason}); repair it or remove it"
    raise DaydreamError(msg)


def ignores(root: Path, paths: Sequence[str], stop: Stop) -> bool:
    """Whether every one of `paths` is ignored by a .gitignore that is itself tracked."""
    asked = "\0".join(paths).encode() + b"\0"
    left = attempt(root, "check-ignore", "-v", "-z", "--no-index", "--stdin", stop=stop, stdin=asked)
    if left.returncode != 0:
        return False
    fields = left.stdout.split(b"\0")[:-1]
    sources = {
        fields[at + 3]: os.fsdecode(fields[at])
        for at in range(0, len(fields), 4)
        if not fields[at + 2].startswith(b"!")
    }
    if any(path.encode() not in sources for path in paths):
        return False
    if not all(Path(name).name == ".gitignore" for name in sources.values()):
        return False
    files = sorted(set(sources.values()))
    return attempt(root, "ls-files", "--error-unmatch", "-z", "--", *files, stop=stop).returncode == 0


def head(root: Path, stop: Stop) -> Head:
    """Read HEAD.

    Raises:
        DaydreamError: HEAD names a commit that is not there.
    """
    shallow = git(root, "rev-parse", "--is-shallow-repository", stop=stop).strip() == b"true"
    symbolic = attempt(root, "symbolic-ref", "-q", "HEAD", stop=stop)
    ref = os.fsdecode(symbolic.stdout.strip()) if symbolic.returncode == 0 else None
    branch = None if ref is None else ref.removeprefix("refs/heads/")
    found = attempt(root, "rev-parse", "--verify", "-q", "HEAD^{commit}", stop=stop)
    if found.returncode == 0:
        return Head(found.stdout.decode().strip(), branch, shallow)
    named = attempt(root, "rev-parse", "--verify", "-q", "HEAD", stop=stop)
    listed = attempt(root, "for-each-ref", ref, stop=stop) if ref is not None else named
    if named.returncode == 0 or ref is None or listed.stdout or listed.stderr:
        what = named.stdout.decode().strip() or branch or "something"
        msg = f"HEAD of {root} points to {what} that git cannot read; run git fsck there"
        raise DaydreamError(msg)
    return Head(None, branch, shallow)


def has_commit(root: Path, commit: str, stop: Stop) -> bool:
    """Whether `commit` is a full commit id that this repository has."""
    if not _COMMIT.fullmatch(commit):
        return False
    return attempt(root, "cat-file", "-e", f"{commit}^{{commit}}", stop=stop).returncode == 0


def uncommitted(root: Path, stop: Stop) -> Uncommitted:
    """Count the paths of the checkout that the pinned commit does not show.

    Filters of the user's configuration are not run and submodules are not entered, as both would
    run programs that nobody confirmed.
    """
    left = attempt(
        root,
        "status",
        "--porcelain=v2",
        "-z",
        "--untracked-files=normal",
        "--ignore-submodules=dirty",
        "--no-renames",
        stop=stop,
        env=without_filters(root, stop),
        timeout_s=_STATUS_TIMEOUT_S,
    )
    if left.timed_out or left.returncode != 0:
        words = "took too long" if left.timed_out else left.last_words
        return Uncommitted(unknown=f"git status: {words or left.returncode}")
    kinds = [entry[:1] for entry in left.stdout.split(b"\0") if entry]
    return Uncommitted(sum(kind in (b"1", b"2", b"u") for kind in kinds), kinds.count(b"?"))


def without_filters(root: Path, stop: Stop) -> dict[str, str]:
    """Settings, as an environment for git, under which no filter of the configuration runs a program."""
    pattern = r"^filter\..*\.(smudge|clean|process)$"
    left = attempt(root, "config", "-z", "--name-only", "--get-regexp", pattern, stop=stop)
    names = {os.fsdecode(key).rpartition(".")[0] for key in left.stdout.split(b"\0") if key}
    pairs = [
        (f"{name}.{key}", value)
        for name in sorted(names)
        for key, value in (("smudge", ""), ("clean", ""), ("process", ""), ("required", "false"))
    ]
    env = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for number, (key, value) in enumerate(pairs):
        env[f"GIT_CONFIG_KEY_{number}"] = key
        env[f"GIT_CONFIG_VALUE_{number}"] = value
    return env


def renames(root: Path, old: str, new: str, stop: Stop) -> dict[str, str]:
    """Files that moved between two commits: old path to new path; empty when either is unknown.

    Where file contents are missing (a partial clone), only unchanged files are recognised.

    Raises:
        GitError: git cannot compare the two.
    """
    if old == new or not (has_commit(root, old, stop) and has_commit(root, new, stop)):
        return {}
    command = ("diff-tree", "-r", "-z", "--no-ext-diff", "--name-status", "--diff-filter=R")
    left = attempt(root, *command, "-M", old, new, stop=stop)
    if left.returncode != 0:
        left = attempt(root, *command, "-M100%", old, new, stop=stop)
    if left.returncode != 0:
        raise GitError(command, left)
    fields = left.stdout.split(b"\0")[:-1]
    pairs = ((fields[at + 1], fields[at + 2]) for at in range(0, len(fields), 3))
    return {before: after for before, after in map(_both, pairs) if before and after}


def _both(pair: tuple[bytes, bytes]) -> tuple[str, str]:
    """Decode two paths; a name that is not UTF-8 gives "", as such files are not examined."""
    try:
        return pair[0].decode(), pair[1].decode()
    except UnicodeDecodeError:
        return "", ""
