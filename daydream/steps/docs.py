"""`docs`: links, examples, names and interfaces of the documentation, against the tree and its history."""

import functools
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeGuard

from daydream.analysis.doc_memory import recall, remember
from daydream.config.model import Config, DocsOptions
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.records.outcome import Done, Failed, Outcome, Skipped
from daydream.records.section import SectionData, SubStepResult
from daydream.steps import memory

if TYPE_CHECKING:
    from daydream.analysis.doc_links import Library
    from daydream.steps.docs_names import Past

# What reads pages is imported where it is needed: a night without changes reads none.
_BATCH_FILES = 50
_BATCH_BYTES = 400_000
_DUTIES = ("links", "examples", "names")
_BATCHES = "docs batches"
_PARSERS = ("markdown-it-py", "pathspec", "PyYAML", "ruff")
_ASKING = ("deprecated", "endpoints", "settings")


class Docs:
    """The step; it holds parsed pages only as a cache that can be built again at any time."""

    def __init__(self, options: DocsOptions) -> None:
        self._options = options
        self._ctx: Context | None = None
        self._library: Library | None = None
        self._groups: list[list[str]] | None = None
        self._past: Past | str | None = None
        self._key: str | None = None

    def plan(self, ctx: Context) -> Sequence[str]:
        """Batch by batch: links, examples, names; then what concerns all pages at once."""
        batches = [f"{duty}:{n:03}" for n in range(len(self._grouped(ctx))) for duty in _DUTIES]
        return [*batches, "interface", *(["external"] if self._options.external else [])]

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Do one duty on one batch; only asking other hosts takes several parts."""
        groups = self._grouped(ctx)
        everything = [path for group in groups for path in group]
        if sub_step == "external" and self._options.external:
            from daydream.steps import docs_external

            nights = self._options.external_nights
            return docs_external.external(ctx, self._open(ctx), everything, nights, cursor)
        duty, _, number = sub_step.partition(":")
        if sub_step != "interface" and (
            duty not in _DUTIES or not number.isdecimal() or int(number) >= len(groups)
        ):
            return Failed(error=f"the sub-step {sub_step!r} of docs belongs to another plan")
        memo = memory.Memo(ctx, f"docs {sub_step}", self._key)
        former = memo.recall()
        if former is not None:
            return former
        library = self._open(ctx)
        unsure = library.unsure
        batch = everything if sub_step == "interface" else groups[int(number)]
        outcome = self._done(ctx, library, duty, batch, whole=len(groups) == 1)
        if library.unsure == unsure and not library.shelf.lost and _follows(outcome, duty, batch):
            memo.keep(outcome)
        return outcome

    def _done(
        self, ctx: Context, library: "Library", duty: str, batch: Sequence[str], *, whole: bool
    ) -> Outcome:
        from daydream.steps import docs_examples, docs_interface, docs_links

        if duty == "interface":
            return docs_interface.interface(ctx, library, batch)
        if duty == "links":
            return docs_links.links(ctx, library, batch, whole)
        if duty == "examples":
            return docs_examples.parsed(ctx, library, batch, whole)
        return self._names(ctx, library, batch, whole)

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Add up the counts; what no sub-step measured is None."""
        sums: Counter[str] = Counter()
        measured = set()
        for part in (part for result in results for part in result.parts):
            for key, value in part.items():
                if isinstance(value, int):
                    sums[key] += value
                    measured.add(key)
        facts = {key: sums[key] if key in measured else None for key in _FACTS}
        return SectionData(key="docs", title="Documentation", facts=facts, notes=tuple(_notes(results, sums)))

    def _grouped(self, ctx: Context) -> list[list[str]]:
        """The pages in batches, which are remembered too: without changes no page is looked for."""
        if self._ctx is not ctx:
            self._ctx, self._library, self._groups, self._past = ctx, None, None, None
            self._key = _key(ctx, self._options.exclude)
        if self._groups is None and self._key is not None:
            self._groups = recall(ctx.cache, _BATCHES, self._key, list[list[str]])
        if self._groups is None:
            library = self._open(ctx)
            self._groups = _batches(library)
            if self._key is not None and not library.shelf.lost:
                remember(ctx.cache, _BATCHES, self._key, self._groups)
        return self._groups

    def _open(self, ctx: Context) -> "Library":
        from daydream.analysis.doc_links import Library

        if self._library is None:
            self._library = Library(ctx, self._options.exclude)
        return self._library

    def _names(self, ctx: Context, library: "Library", batch: Sequence[str], whole: bool) -> Outcome:
        from daydream.steps import docs_names

        if self._past is None:
            self._past = docs_names.past(ctx, library)
        if isinstance(self._past, str):
            return Skipped(reason=self._past)
        return docs_names.stale_names(ctx, library, self._past, batch, whole)


_FACTS = (
    *("files", "unread", "links", "unknown_links", "external_links", "broken_links", "broken_anchors"),
    *("examples", "unknown_examples", "broken_examples", "names", "stale_names"),
    *(
        "endpoints",
        "stale_endpoints",
        "deprecated",
        "unmarked",
        "settings",
        "stale_settings",
        "generated_blocks",
    ),
    *("asked", "answered", "external_unknown", "external_failing", "external_broken"),
)


def make(config: Config) -> Step:
    """Bind the step to its options."""
    return Docs(config.docs)


@functools.cache
def _parsers() -> str:
    return " ".join((sys.version, *map(version, _PARSERS)))


def _key(ctx: Context, exclude: Sequence[str]) -> str | None:
    """Everything that what is said of a page follows from: files that are not examined, and earlier commits, too.
    A commit stands for them; without one there is nothing that does."""
    history = "shallow" if ctx.examination.shallow else "whole"
    known = (ctx.examination.commit, history, memory.tree(ctx), memory.code(), _parsers())
    return memory.key(*known, "\0".join(exclude))


def _follows(outcome: Outcome, duty: str, batch: Sequence[str]) -> TypeGuard[Done | Skipped]:
    """Whether an outcome follows from the key alone: every page was read, or the history is too short. What git did
    not answer counts as an answer about the interface, so that is remembered only where nothing had to be asked."""
    if isinstance(outcome, Skipped):
        return True
    if not isinstance(outcome, Done) or {p for each in outcome.examined for p in each.subjects} != set(batch):
        return False
    return duty != "interface" or not any(outcome.facts[key] for key in _ASKING)


def _batches(library: "Library") -> list[list[str]]:
    """The pages in groups of bounded number and size, in path order; one empty group without any."""
    groups: list[list[str]] = [[]]
    size = 0
    for file in library.pages:
        if groups[-1] and (len(groups[-1]) >= _BATCH_FILES or size + file.size > _BATCH_BYTES):
            groups.append([])
            size = 0
        groups[-1].append(file.path)
        size += file.size
    return groups


def _notes(results: Sequence[SubStepResult], sums: Counter[str]) -> Iterator[str]:
    for reason in sorted({result.reason for result in results if result.kind != "done" and result.reason}):
        names = [result.name for result in results if result.reason == reason and result.kind != "done"]
        yield f"Not looked at ({', '.join(names[:3])}{' and more' if len(names) > 3 else ''}): {reason}"
    if sums["unread"]:
        yield f"{sums['unread']} pages could not be read (not UTF-8, larger than 2 MB, or a link that leaves the tree)."
    if sums["stale_blocks"]:
        yield f"{sums['stale_blocks']} generated blocks were edited by hand after they were generated."
    if sums["lost_history"]:
        yield "What earlier nights saw of external links could not be read; the count of nights begins anew."
    if sums["not_asked"]:
        from daydream.steps import docs_external

        limits = (
            f"a host is asked at most {docs_external.PER_HOST} times, all at most {docs_external.PER_NIGHT}"
        )
        yield f"{sums['not_asked']} external links were not asked for tonight: {limits} times; their turn comes."
    if sums["external_failing"]:
        yield f"{sums['external_failing']} external links failed tonight; a link is called broken only after several nights."
