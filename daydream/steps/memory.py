"""What a step remembers of a part of its work from night to night, and by which key.

A key is a digest of everything that the outcome follows from: contents, paths, options, versions of tools and
the text of our own code. So nothing is ever out of date, and nothing needs to be thrown away. Where a part of
that is not known, nothing is remembered.
"""

import functools
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

import daydream
from daydream.contracts.context import Context
from daydream.records.outcome import Done, More, Skipped
from daydream.records.repository import SourceFile

Remembered = Done | More | Skipped
_OUTCOME: msgspec.json.Decoder[Remembered] = msgspec.json.Decoder(Remembered)


def digest(*parts: str | bytes) -> str:
    """Hash a sequence of texts; no two sequences share a digest."""
    sha = sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode("utf-8", "surrogateescape")
        sha.update(b"%d:" % len(raw))
        sha.update(raw)
    return sha.hexdigest()[:40]


@functools.cache
def code(folder: Path | None = None) -> str | None:
    """Hash every Python source below a folder, by default all of daydream's; None where it cannot be read."""
    top = folder or Path(daydream.__file__).parent
    try:
        found = sorted(top.rglob("*.py"))
        return digest(*(part for path in found for part in (str(path.relative_to(top)), path.read_bytes())))
    except OSError:
        return None


def tree(ctx: Context) -> str | None:
    """Hash the files of the program, paths and contents; None where a content has no id."""
    return of_files((*ctx.files, *ctx.unexamined))


def of_files(files: Iterable[SourceFile]) -> str | None:
    """Hash some examined files, paths and contents; None where a content has no id."""
    lines = []
    for file in files:
        if not file.blob:
            return None
        lines.append(f"{file.path}\0{file.blob}\0{file.size}")
    return digest("\n".join(lines))


def key(*parts: str | None) -> str | None:
    """Make a key of everything that an outcome follows from; None where a part of it is not known."""
    known = [part for part in parts if part is not None]
    return digest(*known) if len(known) == len(parts) else None


class Memo:
    """The outcome of a part of a step: a night on which nothing changed that it follows from asks only here.

    `kind` names the part, `key` is as the function above makes it; without one nothing is remembered.
    """

    def __init__(self, ctx: Context, kind: str, key: str | None) -> None:
        self._ctx = ctx
        self._kind = kind
        self._key = key

    def recall(self) -> Remembered | None:
        """Return the outcome, if this very part was worked on before."""
        if self._key is None:
            return None
        raw = self._ctx.cache.read(self._kind, [self._key]).get(self._key)
        try:
            return None if raw is None else _OUTCOME.decode(raw)
        except ValueError:
            return None

    def keep(self, outcome: Remembered) -> None:
        """Remember an outcome that nothing but the key led to."""
        if self._key is not None:
            self._ctx.cache.write(self._kind, {self._key: msgspec.json.encode(outcome)})


def of_tree(ctx: Context, kind: str, known: Sequence[str | None]) -> Memo:
    """The outcome of a part for the tree as a whole; `known` is whatever it depends on beside the tree and our
    code, None where that is not known."""
    return Memo(ctx, kind, key(tree(ctx), code(), *known))
