"""`docs`: links, examples, names and interfaces of the documentation, against the tree and its history."""

from collections import Counter
from collections.abc import Iterator, Sequence

from daydream.analysis.doc_links import Library
from daydream.config.model import Config, DocsOptions
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.records.outcome import Failed, Outcome, Skipped
from daydream.records.section import SectionData, SubStepResult
from daydream.steps import docs_examples, docs_external, docs_interface, docs_links, docs_names
from daydream.steps.docs_names import Past, past

VERSIONS = {
    **docs_links.VERSIONS,
    **docs_examples.VERSIONS,
    **docs_names.VERSIONS,
    **docs_interface.VERSIONS,
    **docs_external.VERSIONS,
}
_BATCH_FILES = 50
_BATCH_BYTES = 400_000
_DUTIES = ("links", "examples", "names")


class Docs:
    """The step; it holds parsed pages only as a cache that can be built again at any time."""

    def __init__(self, options: DocsOptions) -> None:
        self._options = options
        self._library: Library | None = None
        self._groups: list[list[str]] = []
        self._past: Past | str | None = None

    def plan(self, ctx: Context) -> Sequence[str]:
        """Batch by batch: links, examples, names; then what concerns all pages at once."""
        self._open(ctx)
        batches = [f"{duty}:{n:03}" for n in range(len(self._groups)) for duty in _DUTIES]
        return [*batches, "interface", *(["external"] if self._options.external else [])]

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Do one duty on one batch; only asking other hosts takes several parts."""
        library = self._open(ctx)
        everything = [path for group in self._groups for path in group]
        if sub_step == "interface":
            return docs_interface.interface(ctx, library, everything)
        if sub_step == "external" and self._options.external:
            return docs_external.external(ctx, library, everything, self._options.external_nights, cursor)
        duty, _, number = sub_step.partition(":")
        if duty not in _DUTIES or not number.isdecimal() or int(number) >= len(self._groups):
            return Failed(error=f"the sub-step {sub_step!r} of docs belongs to another plan")
        batch, whole = self._groups[int(number)], len(self._groups) == 1
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

    def _open(self, ctx: Context) -> Library:
        if self._library is None or self._library.shelf.tree != ctx.tree:
            self._library = Library(ctx, self._options.exclude)
            self._groups = _batches(self._library)
            self._past = None
        return self._library

    def _names(self, ctx: Context, library: Library, batch: Sequence[str], whole: bool) -> Outcome:
        if self._past is None:
            self._past = past(ctx, library)
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


def _batches(library: Library) -> list[list[str]]:
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
        limits = (
            f"a host is asked at most {docs_external.PER_HOST} times, all at most {docs_external.PER_NIGHT}"
        )
        yield f"{sums['not_asked']} external links were not asked for tonight: {limits} times; their turn comes."
    if sums["external_failing"]:
        yield f"{sums['external_failing']} external links failed tonight; a link is called broken only after several nights."
