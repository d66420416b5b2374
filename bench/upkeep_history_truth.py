"""What maintainers took away between two commits, as rows: the truth that findings are held against.

A file of truth is JSON Lines. Its first line is the repository with its counts; a row is one removed thing with its
`class`, `path`, `name`, `lines` at the base, its `stratum` and `why` it is a candidate: `unreferenced` (nothing said
its name), `tests` (only tests did), `unused` (an import), `code` (a comment block), `broken` (a link). The removed
symbols that something referenced are counted in the head.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.upkeep_history_fate import History, import_used
from bench.upkeep_history_git import Repository
from bench.upkeep_history_links import resolves
from bench.upkeep_history_source import Unit, is_test

FOLDER = Path(__file__).parent / "history" / "truth"
Row = dict[str, Any]


def truth_of(repository: Repository, history: History) -> list[Row]:
    """The head and the rows of one repository."""
    counts: Counter[str] = Counter()
    rows = [*_symbols(history, counts), *_imports(history, counts)]
    rows += [*_blocks(history, counts), *_links(history, counts)]
    rows.sort(key=lambda row: (row["class"], row["why"], row["path"], row.get("lines", [])))
    counts["files that this Python cannot parse"] = len(history.base.unread)
    head = {"repository": repository.name, "base": repository.base, "later": repository.later}
    return [{**head, "counts": dict(sorted(counts.items()))}, *rows]


def write_truth(name: str, rows: Iterable[Row], folder: Path = FOLDER) -> Path:
    """Write one repository's file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.jsonl"
    text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    return path


def read_truth(repository: Repository, folder: Path = FOLDER) -> list[Row]:
    """Read one repository's rows without the head; exits where they belong to other commits or to none."""
    path = folder / f"{repository.name}.jsonl"
    if not path.is_file():
        raise SystemExit(
            f"there is no truth of {repository.name}: python -m bench.upkeep_history truth FOLDER"
        )
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    head, *rows = [json.loads(line) for line in text.splitlines()]
    if (head["base"], head["later"]) != (repository.base, repository.later):
        raise SystemExit(f"{path} is of other commits than the list names")
    return rows


def _symbols(history: History, counts: Counter[str]) -> Iterator[Row]:
    rows: list[Row] = []
    for unit in _all(history, "symbols", counts):
        fate = history.symbol(unit)
        counts[f"symbol {fate}"] += 1
        if fate != "removed":
            continue
        why = _why(history, unit)
        counts[f"symbol removed: {why}"] += 1
        known = any((row["path"], row["name"]) == (unit.path, unit.name) for row in rows)
        if why in {"unreferenced", "tests"} and not known:
            rows.append(_row(unit, why))
    outermost = [row for row in rows if not any(_encloses(other, row) for other in rows)]
    counts["symbol removed: inside another such"] = len(rows) - len(outermost)
    kept = [row for row in outermost if row["stratum"] != "collected"]
    counts["symbol removed: collected by a test runner"] = len(outermost) - len(kept)
    yield from kept


def _why(history: History, unit: Unit) -> str:
    own = {unit.path: history.base.spans(unit.path, unit.name)}
    others = history.base.elsewhere(unit.word, own)
    if not others:
        later = history.later.elsewhere(unit.word, {})
        return "said later" if any(path.endswith(".py") for path in later) else "unreferenced"
    return "tests" if not is_test(unit.path) and all(map(is_test, others)) else "referenced"


def _encloses(outer: Row, inner: Row) -> bool:
    within = str(inner["name"]).startswith(f"{outer['name']}.")
    return within and bool(outer["path"] == inner["path"])


def _imports(history: History, counts: Counter[str]) -> Iterator[Row]:
    for unit in _all(history, "imports", counts):
        fate = history.imported(unit)
        counts[f"import {fate}"] += 1
        if fate == "removed" and not import_used(history.base, unit):
            yield _row(unit, "unused")


def _blocks(history: History, counts: Counter[str]) -> Iterator[Row]:
    for unit in _all(history, "blocks", counts):
        fate = history.block(unit)
        counts[f"comment {fate}"] += 1
        if fate == "removed":
            yield _row(unit, "code")


def _links(history: History, counts: Counter[str]) -> Iterator[Row]:
    for path, links in history.base.links.items():
        if path in history.base.foreign:
            counts["link vendored or generated"] += len(links)
            continue
        for unit in links:
            there = resolves(history.base.tree, path, unit.name)
            fate = history.link(unit)
            counts[f"link {fate}"] += 1
            if there is None:
                counts["link out of the tree"] += 1
            if there is False:
                counts["link broken"] += 1
            if there is False and fate in {"removed", "repaired"}:
                yield _row(unit, "broken")


def _all(history: History, part: str, counts: Counter[str]) -> Iterator[Unit]:
    """The units of every file that is the repository's own; the others are counted."""
    for path, source in history.base.sources.items():
        units: tuple[Unit, ...] = getattr(source, part)
        if path in history.base.foreign:
            for unit in units:
                counts[f"{unit.kind} vendored or generated"] += 1
        else:
            yield from units


def _row(unit: Unit, why: str) -> Row:
    place = {"path": unit.path, "name": unit.name, "lines": [unit.first, unit.last]}
    return {"class": unit.kind, "why": why, "stratum": unit.stratum, **place}
