"""What generation works on: tonight's catalogue in the order of its worth, its sources, and who resembles whom."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from daydream.analysis.source import Module, NotParsed, decode, digest, parse
from daydream.config.model import DreamOptions
from daydream.contracts.context import Context
from daydream.contracts.dream import Procedure
from daydream.dream.learning.allocation import Learned
from daydream.dream.reading import NotRead, read
from daydream.dream.related import Relatives
from daydream.dream.selection import Focus, Key, Signals, hot_from, order
from daydream.errors import UsageError
from daydream.store import dream_rows
from daydream.store.dreams import DreamStore

_RELATED = 20
_UNKNOWN = 0.1
"""What a procedure is worth at least, so that those of no value are put in an order too."""
# What a name that a module's top level binds to a number or a bool looks like, and whatever might be one.
_CONSTANT = re.compile(r"(?m)^[^\W\d]\w*[^\S\n]*(?::[^\n]*)?=[^\S\n]*(?:[\d.(\\]|True\b|False\b)|;")


class Tonight:
    """One run's catalogue. `notes` are sentences about what could not be looked at, for a person."""

    def __init__(self, ctx: Context, options: DreamOptions, store: DreamStore) -> None:
        """Read the catalogue; files are read when somebody asks for them."""
        self.run = ctx.run
        self.procedures = dream_rows.procedures(store, ctx.run)
        self.known = {each.key: each for each in self.procedures}
        self.relatives = Relatives(
            ctx, lambda: self.procedures, [ctx.root / each for each in options.repositories]
        )
        self._own_notes: list[str] = []
        self._ctx = ctx
        self._focus = Focus(options.focus) if options.focus else None
        self._signals = Signals(ctx.started_at.date(), self._hot(options.profile))
        self._totals: dict[Key, float] = {}
        self._by_path: dict[str, list[Procedure]] = {}
        for each in sorted(self.procedures, key=lambda each: (each.path, each.first_line)):
            self._by_path.setdefault(each.path, []).append(each)
        self._read: dict[str, list[Procedure]] = {}
        if self._focus is not None and self.procedures and not any(map(self._focus.covers, self.known)):
            self._own_notes.append(
                f"{self._focus.written} covers none of {len(self.procedures):,} procedures; look at dream.focus or --focus"
            )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person has to know so far."""
        return (*self._own_notes, *self.relatives.notes)

    def ordered(
        self,
        store: DreamStore,
        kind: tuple[str, int],
        per_procedure: int,
        dream_type: str = "",
        known: Learned | None = None,
    ) -> list[Key]:
        """Order the procedures of which a kind (its name and version) has something left to dream of its type; the same for
        every part of a run. `known` is what earlier nights taught."""
        self._ctx.check()
        skipping = known is not None and known.skips(dream_type)
        visits = dict(dream_rows.unfinished(store, self.run, kind, per_procedure, skipping=skipping))
        rng = random.Random(f"{self.run} {kind[0]}")  # noqa: S311 -- reproducible on purpose
        found = order(
            [self.known[key] for key in visits], self._signals, visits, self._focus, rng, self._totals
        )
        return found if known is None else self._by_promise(found, visits, dream_type, known)

    def _by_promise(
        self, ordered: Sequence[Key], visits: Mapping[Key, int], dream_type: str, known: Learned
    ) -> list[Key]:
        """Put those off of which trials decide nothing; among the others the turns stay, and in a turn a value counts as
        far as a trial is likely to decide anything."""
        ranks: dict[Key, tuple[bool, int, float]] = {}
        for key in ordered:
            self._ctx.check()
            late, likely = known.place(key, dream_type)
            ranks[key] = (late, visits[key], -likely * (_UNKNOWN + self._totals[key]))
        return sorted(ordered, key=lambda key: ranks[key])

    def with_source(self, procedure: Procedure) -> tuple[Procedure | None, list[Procedure]]:
        """Add the source of a procedure, and return those before and after it in its file; None: not as catalogued."""
        around = self._of_file(procedure.path)
        for place, each in enumerate(around):
            if each.key == procedure.key:
                before = around[max(0, place - _RELATED // 2) : place]
                return each, [*before, *around[place + 1 : place + 1 + _RELATED // 2]]
        return None, []

    def alike(self, base: Procedure) -> list[Procedure]:
        """Return those that resemble a procedure with its source, the nearest first."""
        return [found.procedure for found in self.relatives.of(base)]

    def _of_file(self, path: str) -> Sequence[Procedure]:
        """Return the procedures of a file that read as they were catalogued, with their sources."""
        if path not in self._read:
            try:
                module = _module(read(self._ctx.tree, path))
            except (NotRead, NotParsed):
                module = Module((), (), {})
            self._read[path] = [
                replace(each, source=source, constants=module.constants)
                for each in self._by_path[path]
                if digest(source := module.source(each.first_line, each.last_line)) == each.source_hash
            ]
        return self._read[path]

    def _hot(self, profile: str | None) -> dict[Key, float] | None:
        if profile is None:
            return None
        try:
            hot = hot_from(self._ctx.root / profile, self.procedures)
        except UsageError as error:
            self._own_notes.append(f"{error}; procedures were chosen without it")
            return None
        if not hot:
            self._own_notes.append(f"the profile {profile} names no procedure of this repository")
            return None
        return hot


def _module(data: bytes) -> Module:
    """Return the lines and constants of a file that was parsed before; parsing is dear, and few files hold a constant."""
    text = decode(data)
    return parse(data, describe=False) if _CONSTANT.search(text) else Module(tuple(text.split("\n")), (), {})
