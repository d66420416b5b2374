"""Changes: acts as data. A step returns them; the one applier executes, reconciles and undoes them."""

from typing import Literal

import msgspec

Place = Literal["logs", "state", "checkout", "machine"]
"""Where a path is relative to; in `machine` it is absolute, and only what a person named is allowed."""


class Edit(msgspec.Struct, frozen=True, kw_only=True, tag="edit"):
    """Replace (or create) a file's content. `expect` is the sha256 it must have now; None: no file there;
    "any": whatever is there (only for files that daydream itself owns)."""

    place: Place
    path: str
    content: bytes
    expect: str | None = "any"


class Move(msgspec.Struct, frozen=True, kw_only=True, tag="move"):
    """Move a file within a place; the target must not exist."""

    place: Place
    path: str
    target: str


class Delete(msgspec.Struct, frozen=True, kw_only=True, tag="delete"):
    """Move a file or folder to the trash, from where `undo` brings it back."""

    place: Place
    path: str


class Append(msgspec.Struct, frozen=True, kw_only=True, tag="append"):
    """Add bytes at the end of a file, once, however often the act is repeated."""

    place: Place
    path: str
    content: bytes


class Pack(msgspec.Struct, frozen=True, kw_only=True, tag="pack"):
    """Compress a file that nobody writes to any more into `target` beside it, and remove it once the packed copy
    is on the disk and was read back. `sha256` and `size` (bytes) are those of the file's content; `undo`
    unpacks it again."""

    place: Place
    path: str
    target: str
    sha256: str
    size: int


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit to be made: `files` maps repository paths to content, None to remove."""

    files: dict[str, bytes | None]
    message: str


class SetRef(msgspec.Struct, frozen=True, kw_only=True, tag="ref", omit_defaults=True):
    """Point a git ref below `refs/daydream/`, or the branch `daydream/proposals`, at new commits: `parent`
    plus `files`, then each of `then` on top of the one before.

    `instant` dates the commits, so that their ids are known before the ref moves. `expect` is the id the ref
    must have now; None: there must be none; "any": whatever it is.
    """

    ref: str
    parent: str
    files: dict[str, bytes | None]
    message: str
    instant: str
    then: tuple[Commit, ...] = ()
    expect: str | None = "any"


class DropRef(msgspec.Struct, frozen=True, kw_only=True, tag="drop"):
    """Remove a git ref of daydream's own; `undo` sets it again while git still has the commit."""

    ref: str
    expect: str | None = "any"


class Advance(msgspec.Struct, frozen=True, kw_only=True, tag="advance"):
    """Fast-forward the checkout's branch, its index and its files to a commit, where the checkout is clean.

    `expect` is the commit the branch must be at; None: wherever it is an ancestor.
    """

    commit: str
    expect: str | None = None


Change = Edit | Move | Delete | Append | Pack | SetRef | DropRef | Advance
