"""`dream.catalogue`: every procedure of the examined commit, with what can be counted about it.

Batches of files are parsed; a file whose content is that of the last complete catalogue is copied from it.
Then the tests are searched for the procedures' names, and the whole is compared with the last one.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from daydream.analysis.source import (
    PARSER,
    VERSION,
    Function,
    NotParsed,
    is_generated,
    parse,
)
from daydream.config.model import Config
from daydream.contracts.context import Context
from daydream.contracts.dream import Procedure
from daydream.contracts.step import Step
from daydream.dream.comparison import compare, is_test
from daydream.dream.history import MAX_COMMITS, last_changes
from daydream.dream.reading import MAX_BYTES, NotRead, read
from daydream.git import GitError
from daydream.records.outcome import Done, Outcome, Row, Skipped
from daydream.records.repository import SourceFile
from daydream.records.section import SectionData, SubStepResult
from daydream.store import dream_rows
from daydream.store.dream_rows import CataloguedFile, procedure_row, record_row
from daydream.store.dreams import DreamStore
from daydream.store.json_text import json_text

_READER = f"{PARSER} catalogue {VERSION}"
_BATCH_FILES = 100
_BATCH_BYTES = 1_000_000
_TEST_BATCH_FILES = 400
_TEST_BATCH_BYTES = 5_000_000
_NAMED = 5
_FEW = 8
_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")


def make(config: Config) -> Step:
    """Bind the step; it has no options."""
    del config
    return Catalogue()


class Catalogue:
    """See the module."""

    def __init__(self) -> None:
        self._batches: tuple[str, dict[str, list[SourceFile]]] | None = None
        self._words: dict[str, list[str]] = {}
        self._search: tuple[str, _Search] | None = None

    def plan(self, ctx: Context) -> Sequence[str]:
        """History first, then files, then tests, then the comparison that needs them all."""
        history = ["history"] if ctx.examination.commit is not None else []
        return [*history, *self._batched(ctx), "compare"]

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Return the rows of one batch."""
        del cursor
        with DreamStore.open(ctx.state / "dreams.db", read_only=True) as store:
            if sub_step == "history":
                return _history(ctx, store)
            if sub_step == "compare":
                return compare(ctx, store, self._words_of(ctx.run, store))
            files = self._batched(ctx).get(sub_step, [])
            if sub_step.startswith("tests"):
                return _tests(ctx, files, self._searched(ctx, store))
            return _files(ctx, store, files)

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Add up the batches."""
        return section(results)

    def _batched(self, ctx: Context) -> dict[str, list[SourceFile]]:
        if self._batches is None or self._batches[0] != ctx.run:
            python = sorted(
                (each for each in ctx.files if each.path.endswith(".py")), key=lambda each: each.path
            )
            tests = [each for each in python if is_test(each.path)]
            of_tests = {each.path for each in tests}
            sources = [each for each in python if each.path not in of_tests]
            batches = _batches("files", sources, _BATCH_FILES, _BATCH_BYTES)
            batches |= _batches("tests", tests, _TEST_BATCH_FILES, _TEST_BATCH_BYTES)
            self._batches = (ctx.run, batches)
        return self._batches[1]

    def _words_of(self, run: str, store: DreamStore) -> list[str]:
        # Asked for only once all files are done, so it cannot change under a later batch of tests.
        if run not in self._words:
            self._words[run] = dream_rows.mentioned_words(store, run)
        return self._words[run]

    def _searched(self, ctx: Context, store: DreamStore) -> "_Search":
        if self._search is None or self._search[0] != ctx.run:
            before = dream_rows.last_snapshot(store, before=ctx.run)
            words = self._words_of(ctx.run, store)
            former = self._words_of(before.run, store) if before else []
            known = dream_rows.test_mentions(store, before.run) if before else {}
            self._search = (ctx.run, _Search(words, former, known))
        return self._search[1]


class _Search:
    """What is looked for in tests: `wanted` are all words, `added` those that the last catalogue did not look
    for, which are all that may be new in a test that is as it was; `known` is what was found then."""

    def __init__(
        self, words: Sequence[str], former: Sequence[str], known: Mapping[str, tuple[str, list[str]]]
    ) -> None:
        self.listed = frozenset(words)
        self.wanted = {word.encode("utf-8", "replace") for word in words}
        self.added = self.wanted.difference(word.encode("utf-8", "replace") for word in former)
        self.known = known


def _batches(name: str, files: Sequence[SourceFile], most: int, size: int) -> dict[str, list[SourceFile]]:
    batches: list[list[SourceFile]] = []
    total = 0
    for each in files:
        if not batches or len(batches[-1]) >= most or total + each.size > size:
            batches.append([])
            total = 0
        batches[-1].append(each)
        total += each.size
    return {f"{name}-{number:04}": batch for number, batch in enumerate(batches, start=1)}


def _history(ctx: Context, store: DreamStore) -> Outcome:
    paths = [path for path in ctx.paths(".py") if not is_test(path)]
    before = dream_rows.last_snapshot(store, before=ctx.run)
    if before is not None and before.commit == ctx.examination.commit:
        known = dream_rows.file_history(store, before.run)
        found = {path: known[path] for path in paths if path in known}
    else:
        try:
            found = last_changes(ctx, paths)
        except GitError as error:
            return Skipped(reason=f"when files last changed is not known: {error}")
    rows = tuple(Row("file_history", {"path": path, "last_change": found[path]}) for path in sorted(found))
    return Done(facts={"dated": len(found), "undated": len(paths) - len(found)}, rows=rows)


def _files(ctx: Context, store: DreamStore, files: Sequence[SourceFile]) -> Outcome:
    before = dream_rows.last_snapshot(store, before=ctx.run)
    known = dream_rows.catalogued_files(store, before.run) if before else {}
    rows: list[Row] = []
    listed: list[CataloguedFile] = []
    copied: list[str] = []
    for number, file in enumerate(files, start=1):
        ctx.check()
        ctx.progress(file.path, number, len(files))
        former = known.get(file.path)
        # What could not be read may have been the disk's fault, so that is tried again.
        if former and former.blob == file.blob and former.parser == _READER and former.status != "not_read":
            listed.append(former)
            copied += [file.path] if former.status == "read" else []
            continue
        status, reason, found = _examined(ctx, file)
        listed.append(CataloguedFile(file.path, file.blob, status, reason, _READER))
        rows += found
    procedures = len(rows)
    if before and copied:
        again, count = dream_rows.copied_procedures(store, before.run, copied)
        rows += again
        procedures += count
    facts = _file_facts(listed, len(copied), procedures)
    return Done(facts=facts, rows=(*rows, *(record_row("catalogue_files", each) for each in listed)))


def _examined(ctx: Context, file: SourceFile) -> tuple[str, str | None, list[Row]]:
    try:
        data = read(ctx.tree, file.path)
        if is_generated(data):
            return "generated", None, []
        functions = parse(data).functions
    except NotRead as error:
        return "not_read", str(error), []
    except NotParsed as error:
        return "not_parsed", str(error), []
    return "read", None, [procedure_row(procedure_of(file, each), each.mention) for each in functions]


def procedure_of(file: SourceFile, function: Function) -> Procedure:
    """Return the procedure that a function of an examined file is."""
    return Procedure(
        path=file.path,
        qualname=function.qualname,
        occurrence=function.occurrence,
        source_hash=function.source_hash,
        blob=file.blob,
        first_line=function.first_line,
        last_line=function.last_line,
        signature=function.signature,
        summary=function.summary,
        complexity=function.complexity,
        side_effects=function.side_effects,
        is_async=function.is_async,
        decorators=function.decorators,
    )


def _file_facts(listed: Sequence[CataloguedFile], copied: int, procedures: int) -> dict[str, Any]:
    def left_out(status: str) -> list[str]:
        return [f"{each.path} ({each.reason})" for each in listed if each.status == status]

    return {
        "files": len(listed),
        "copied": copied,
        "procedures": procedures,
        "generated": sum(each.status == "generated" for each in listed),
        "not_parsed": len(left_out("not_parsed")),
        "not_parsed_named": left_out("not_parsed")[:_NAMED],
        "not_read": len(left_out("not_read")),
        "not_read_named": left_out("not_read")[:_NAMED],
    }


def _tests(ctx: Context, files: Sequence[SourceFile], search: _Search) -> Outcome:
    """Search tests for the words."""
    rows: list[Row] = []
    unread: list[str] = []
    for number, file in enumerate(files, start=1):
        ctx.check()
        ctx.progress(file.path, number, len(files))
        blob, names = search.known.get(file.path, ("", []))
        same = blob == file.blob
        new = search.added if same else search.wanted
        try:
            found = _mentioned(read(ctx.tree, file.path), new) if new or not same else []
        except NotRead as error:
            # Without its blob the row says that the file was tried, and that it is to be tried again.
            unread.append(f"{file.path} ({error})")
            rows.append(Row("test_mentions", {"path": file.path, "blob": "", "names": "[]"}))
            continue
        kept = [name for name in names if name in search.listed] if same else []
        values = {"path": file.path, "blob": file.blob, "names": json_text(sorted({*kept, *found}))}
        rows.append(Row("test_mentions", values))
    facts = {
        "tests": len(rows) - len(unread),
        "tests_not_read": len(unread),
        "tests_not_read_named": unread[:_NAMED],
    }
    return Done(facts=facts, rows=tuple(rows))


def _mentioned(data: bytes, words: set[bytes]) -> list[str]:
    if len(words) <= _FEW and not any(word in data for word in words):
        return []
    return [word.decode() for word in words.intersection(_WORD.findall(data))]


def section(results: Sequence[SubStepResult]) -> SectionData:
    """Add up the batches: counts are sums, what was compared is from the comparison, None without it."""
    parts = [part for result in results for part in result.parts]
    sums = ("files", "copied", "procedures", "generated", "not_parsed", "not_read", "tests")
    compared = (
        "new",
        "changed",
        "retired",
        "unchanged",
        "not_looked_at",
        "archived",
        "restored",
        "mentioned",
    )
    facts: dict[str, Any] = {key: sum(part.get(key, 0) for part in parts) for key in sums}
    for key in compared:
        facts[key] = next((part[key] for part in parts if key in part), None)
    notes = [
        *_named(parts, "not_parsed", f"not examined: {PARSER} cannot parse"),
        *_named(parts, "not_read", f"not examined (over {MAX_BYTES:,} bytes, gone, or refused by the disk):"),
        *_named(parts, "tests_not_read", "not searched for the names of procedures:"),
    ]
    undated = sum(part.get("undated", 0) for part in parts)
    if undated:
        notes.append(
            f"{_files_are(undated)} without a known last change (the last {MAX_COMMITS:,} commits were read)."
        )
    notes += [f"{each.name} was {each.kind}: {each.reason}" for each in results if each.kind != "done"]
    return SectionData(key="catalogue", title="Catalogue", facts=facts, notes=tuple(notes))


def _named(parts: Sequence[dict[str, Any]], key: str, words: str) -> list[str]:
    count = sum(part.get(key, 0) for part in parts)
    if not count:
        return []
    named = [name for part in parts for name in part.get(f"{key}_named", [])][:_NAMED]
    more = f" and {count - len(named)} more" if count > len(named) else ""
    return [f"{_files_are(count)} {words} {', '.join(named)}{more}."]


def _files_are(count: int) -> str:
    return "1 file is" if count == 1 else f"{count:,} files are"
