"""What a night knows about the repository it examines; pinned when the night starts."""

import msgspec


class SourceFile(msgspec.Struct, frozen=True):
    """One examined file: POSIX path below the root, content id (git blob or sha256), size in bytes."""

    path: str
    blob: str
    size: int


class Interpreter(msgspec.Struct, frozen=True, kw_only=True):
    """The repository's own Python: absolute path, version as (major, minor), and why this one."""

    path: str
    version: tuple[int, int]
    why: str


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """The commit under examination and what was left out of it, counted.

    `commit` is None before the first one, and without `git` (a content-hashed snapshot). `excluded` counts left-out files by
    reason: vendored, generated, submodule, excluded, own. `dirty` and `untracked` count paths of
    the user's checkout that nobody read; None where git could not tell.
    """

    commit: str | None
    branch: str | None
    git: bool = True
    shallow: bool = False
    files: int = 0
    dirty: int | None = 0
    untracked: int | None = 0
    excluded: dict[str, int] = {}
    interpreter: Interpreter | None = None
    notes: tuple[str, ...] = ()
