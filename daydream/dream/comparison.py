"""The end of a catalogue: which tests mention what, what is new since the last one, and which dreams fell."""

import functools
from collections.abc import Mapping, Sequence

from daydream import clock
from daydream.analysis import roles
from daydream.analysis.source import digest
from daydream.contracts.context import Context
from daydream.records.outcome import Done, Outcome, Row
from daydream.store import dream_rows
from daydream.store.dream_rows import CataloguedFile, Snapshot, event_row
from daydream.store.dreams import DreamStore
from daydream.store.json_text import json_text

_NAMED_TESTS = 3
_CHANGED = "the procedure changed"
_GONE = "the procedure is gone"
_BACK = "the procedure is again what it was"
_Key = tuple[str, str, int]

is_test = functools.lru_cache(maxsize=2**16)(roles.is_test)  # asked of every path, three times a night


def compare(ctx: Context, store: DreamStore, words: Sequence[str]) -> Outcome:
    """Close tonight's catalogue: its snapshot, the tested names, and events for dreams whose base moved."""
    files = dream_rows.catalogued_files(store, ctx.run)
    tonight = dream_rows.source_hashes(store, ctx.run)
    python = ctx.paths(".py")
    expected = {path for path in python if not is_test(path)}
    complete = expected == set(files)
    mentions = dream_rows.test_mentions(store, ctx.run)
    mentions_known = complete and set(mentions) == set(python) - expected
    before = dream_rows.last_snapshot(store, before=ctx.run)
    tested, mentioned = _tested(store, mentions, before) if mentions_known else ([], None)
    events = _events(ctx, store, _Present(files, tonight, expected))
    differences = _differences(
        dream_rows.source_hashes(store, before.run) if before else None, _Present(files, tonight, expected)
    )
    snapshot = {
        "commit_id": ctx.examination.commit,
        "files": len(files),
        "procedures": len(tonight),
        "complete": int(complete),
        "names_hash": digest("\n".join(words)),
        "mentions_known": int(mentions_known),
        "finished_at": clock.to_text(ctx.started_at),
    }
    facts = {
        **differences,
        "mentioned": mentioned,
        "archived": sum(row.values["event"] == "archived" for row in events),
        "restored": sum(row.values["event"] == "restored" for row in events),
    }
    return Done(facts=facts, rows=(*tested, *events, Row("snapshots", snapshot)))


class _Present:
    """What is known tonight about which procedures there are."""

    def __init__(
        self, files: Mapping[str, CataloguedFile], hashes: Mapping[_Key, str], expected: set[str]
    ) -> None:
        self.hashes = hashes
        self._seen = {path for path, file in files.items() if file.status in ("read", "generated")}
        self._expected = expected

    def looked_at(self, path: str) -> bool:
        """Whether tonight can say what is in this file: it was read, or it is no longer there."""
        return path in self._seen or path not in self._expected


def _differences(former: Mapping[_Key, str] | None, present: _Present) -> dict[str, int | None]:
    """Count by comparison with the last complete catalogue; all None where there is none."""
    if former is None:
        return dict.fromkeys(("new", "changed", "retired", "unchanged", "not_looked_at"))
    counts: dict[str, int | None] = {}
    common = [key for key in former if key in present.hashes]
    missing = [key for key in former if key not in present.hashes]
    same = sum(former[key] == present.hashes[key] for key in common)
    retired = sum(present.looked_at(key[0]) for key in missing)
    counts["new"] = sum(key not in former for key in present.hashes)
    counts["changed"] = len(common) - same
    counts["retired"] = retired
    counts["unchanged"] = same
    counts["not_looked_at"] = len(missing) - retired
    return counts


def _tested(
    store: DreamStore, mentions: Mapping[str, tuple[str, list[str]]], before: Snapshot | None
) -> tuple[list[Row], int]:
    """The rows of tested names, and how many names they are; without changes they are those of the catalogue before."""
    if before is not None and before.mentions_known:
        former = dream_rows.test_mentions(store, before.run)
        if {path: names for path, (_, names) in former.items()} == {
            path: names for path, (_, names) in mentions.items()
        }:
            again, count = dream_rows.copied_names(store, before.run)
            return [again], count
    rows = _named(mentions)
    return rows, len(rows)


def _named(mentions: Mapping[str, tuple[str, list[str]]]) -> list[Row]:
    paths: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for path in sorted(mentions):
        for name in mentions[path][1]:
            counts[name] = counts.get(name, 0) + 1
            named = paths.setdefault(name, [])
            if len(named) < _NAMED_TESTS:
                named.append(path)
    return [
        Row("tested_names", {"name": name, "tests": counts[name], "paths": json_text(paths[name])})
        for name in sorted(counts)
    ]


def _events(ctx: Context, store: DreamStore, present: _Present) -> list[Row]:
    """Archive dreams whose procedure is gone or reads differently; take back those that fit again."""
    at = clock.to_text(ctx.started_at)
    rows = []
    for dream_id, base, source_hash, last_event in dream_rows.bases(store):
        ctx.check()
        found = present.hashes.get(base)
        if found == source_hash:
            if last_event == "archived":
                rows.append(event_row(dream_id, "restored", _BACK, at))
        elif last_event != "archived" and present.looked_at(base[0]):
            rows.append(event_row(dream_id, "archived", _CHANGED if found else _GONE, at))
    return rows
