"""Where an error lies in the code: file and line today, the commit that changed it last, the owners, what may help."""

import contextlib
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from daydream.analysis.errors.advice import Advice, Code, advice
from daydream.analysis.errors.frames import Place, locator, place
from daydream.analysis.errors.history import LARGEST_FILE, Change, History
from daydream.analysis.errors.records import ErrorRecord, Locate
from daydream.analysis.errors.suspects import (
    CODEOWNERS,
    MOST_FRAMES,
    Owners,
    Suspect,
    mending,
    owners,
    suspect,
)
from daydream.contracts.context import Context


@dataclass(frozen=True, slots=True)
class Linked:
    """What the repository says of an error. `place` is the innermost frame of its own that is in a file of today;
    `at` the commit at which the release failed, "" where nobody knows it; `owners` as CODEOWNERS writes them."""

    place: Place | None = None
    at: str = ""
    suspect: Suspect | None = None
    owners: tuple[str, ...] = ()
    advice: Advice = field(default_factory=Advice)

    @property
    def where(self) -> str:
        """``shop/cart.py:14``, with the release's own line where today's is not known."""
        if self.place is None:
            return ""
        if self.place.line is not None:
            return f"{self.place.path}:{self.place.line}"
        return f"{self.place.path}:{self.place.then} as of {self.at[:12]}"


class Tree:
    """The repository of a night, as far as errors need it; every file is read once."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        paths = ctx.paths(".py")
        self.locate: Locate = locator(paths)
        self._known = frozenset(paths)
        self._texts: dict[str, str | None] = {}
        self._owners: Owners | None = None
        commit = ctx.examination.commit if ctx.examination.git else None
        shallow = ctx.examination.shallow
        self.history = History(ctx.root, commit, ctx.stop, shallow=shallow) if commit else None

    def text(self, path: str) -> str | None:
        """Return an examined file as it is today; None where it is none, is too large or is no UTF-8."""
        if path not in self._texts:
            self._texts[path] = self._read(path) if path in self._known or path in CODEOWNERS else None
        return self._texts[path]

    def linked(
        self, record: ErrorRecord, named: str | None, first: dt.datetime | None, previous: dt.datetime | None
    ) -> Linked:
        """Link an error to the code; `named` is the commit that its release names."""
        self._ctx.check()
        at = self.history.commit(named, record.release) if self.history else None
        places = self._places(record, at)
        if not places:
            return Linked(advice=advice(record.kind, record.message, None))
        blamed = None
        if self.history is not None:
            base = at or self.history.head
            known = [each for each in places if at or each.line is not None]
            blamed = suspect(self.history, base, known, first, previous)
        code = Code(places[0], self.text, self.locate)
        return Linked(
            place=places[0],
            at=at or "",
            suspect=blamed,
            owners=self.owned(places[0].path),
            advice=advice(record.kind, record.message, code),
        )

    def owned(self, path: str) -> tuple[str, ...]:
        """Return the owners of a file."""
        if self._owners is None:
            texts = {name: text for name in CODEOWNERS if (text := self.text(name)) is not None}
            self._owners = owners(texts)
        return self._owners.of(path)

    def mended(self, record: ErrorRecord, commit: str | None) -> tuple[Change, int] | None:
        """Find the commit that settled an error: the one its tracker names, else the one that last changed one of
        its functions since it was last seen; with how many did."""
        if self.history is None:
            return None
        if (known := self.history.commit(commit)) is not None:
            change = self.history.described(known)
            return (change, 1) if change else None
        since = self.history.commit(None, record.release)
        if since is None and record.last is not None:
            since = self.history.at(record.last)
        functions = [(each.path, each.function) for each in reversed(record.own) if each.path is not None]
        return mending(self.history, since, dict.fromkeys(functions)) if since else None

    def _places(self, record: ErrorRecord, at: str | None) -> Sequence[Place]:
        """Find the frames of the repository in today's files, innermost first."""
        found = []
        for frame in reversed(record.own):
            now = self.text(frame.path) if frame.path else None
            then = self.history.text(at, frame.path) if self.history and at and frame.path else None
            if now is not None and (known := place(frame, now, then)) is not None:
                found.append(known)
            if len(found) == MOST_FRAMES:
                break
        return found

    def _read(self, path: str) -> str | None:
        file = self._ctx.tree / path
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if not file.is_symlink() and file.stat().st_size <= LARGEST_FILE:
                return file.read_bytes().decode("utf-8")
        return None
