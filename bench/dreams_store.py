"""The dream store: its size with 1,000 dreams, and what each question costs with 10,000.

`python -m bench.dreams_store`: the dreams are functions of this Python's standard library as they are, each with its verdict
and its novelty; one in five is waiting for its trial or was tried, one in ten archived.
"""

import argparse
import ast
import dataclasses
import datetime as dt
import itertools
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.machine import heading, median, percentile
from daydream import clock
from daydream.analysis.source import digest
from daydream.contracts.dream import DREAM_TYPES, Dream, Verdict, tier_of
from daydream.records.outcome import Row
from daydream.store import dream_metrics, dream_queries, dream_rows
from daydream.store.dream_rows import Tried, dream_row, move_row, verdict_row
from daydream.store.dreams import DreamStore

_BEGUN = dt.datetime(2026, 1, 1, 2, tzinfo=dt.UTC)
_PER_NIGHT = 100
_ROUNDS = 15
_REASONS = tuple(f"+0.10 a reason of about the length that the rules give, number {n}" for n in range(5))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--dreams", type=int, default=10_000)
    args = parser.parse_args()
    heading("Dream store")
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small" / "dreams.db"
        filled(small, 1000)
        print(f"1,000 dreams: {small.stat().st_size / 2**20:.1f} MiB")
        large = Path(folder) / "large" / "dreams.db"
        seconds = filled(large, args.dreams)
        print(f"{args.dreams:,} dreams: {large.stat().st_size / 2**20:.1f} MiB, written in {seconds:.1f} s")
        with DreamStore.open(large, read_only=True) as store:
            for name, ask in questions(store).items():
                print(f"{name:>28}: {timed(ask)}")


def filled(path: Path, count: int) -> float:
    """Write so many dreams, a night of them at a time, and close the file; returns the seconds."""
    dreams = iter(list(itertools.islice(_dreams(), count)))
    begun = time.perf_counter()
    with DreamStore.open(path) as store:
        for night in itertools.count():
            batch = list(itertools.islice(dreams, _PER_NIGHT))
            if not batch:
                break
            at = clock.to_text(_BEGUN + dt.timedelta(days=night))
            for seq, rows in enumerate(_night(batch, at), start=1):
                store.commit(f"night-{night}", seq, rows)
        store.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    return time.perf_counter() - begun


def questions(store: DreamStore) -> dict[str, Callable[[], object]]:
    """What is asked, by name."""
    first = dream_queries.journal(store, limit=1)[0].dream
    return {
        "get_dream": lambda: dream_queries.get_dream(store, first.id),
        "pending_evaluation(100)": lambda: dream_queries.pending_evaluation(store),
        "journal(20)": lambda: dream_queries.journal(store, limit=20),
        "by_status(tested, 100)": lambda: dream_queries.by_status(store, "tested", 100),
        "by_tier(1, 100)": lambda: dream_queries.by_tier(store, 1, 100),
        "by_type(100)": lambda: dream_queries.by_type(store, "parameter", 100),
        "by_base_procedure": lambda: dream_queries.by_base_procedure(
            store, first.base_path, first.base_qualname
        ),
        "high_novelty(50)": lambda: dream_queries.high_novelty(store),
        "cross_project_viable(50)": lambda: dream_queries.cross_project_viable(store),
        "statistics": lambda: dream_queries.statistics(store),
        "count_by_status": lambda: dream_rows.count_by_status(store),
        "count_by_tier": lambda: dream_rows.count_by_tier(store),
        "bases": lambda: dream_rows.bases(store),
        "unscored": lambda: dream_metrics.unscored(store, 200, 0),
        "unchanged_since": lambda: dream_metrics.unchanged_since(store, "2025-01-01"),
        "transforms": lambda: dream_metrics.transforms(store),
    }


def timed(ask: Callable[[], object]) -> str:
    """Ask so many times; milliseconds."""
    taken = []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - begun) * 1e3)
    return f"median {median(taken):6.1f} ms, 95 % {percentile(taken, 0.95):6.1f} ms"


def _night(dreams: list[Dream], at: str) -> Iterator[list[Row]]:
    dreams = [dataclasses.replace(dream, generated_at=at) for dream in dreams]
    yield [dream_row(dream) for dream in dreams]
    numbered = list(enumerate(dreams))
    judged = [
        verdict_row(Verdict(dream.id, (n % 10) / 10, tier_of((n % 10) / 10), _REASONS, "rule-based"), at)
        for n, dream in numbered
    ]
    novel = [
        Row(
            "dream_scores",
            {"dream_id": d.id, "structural_novelty": n % 100 / 100, "novelty_score": n % 100 / 100, "at": at},
        )
        for n, d in numbered
    ]
    reach = [
        Row("transform_reach", {"transform_id": d.transform_id, "projects": n % 4, "at": at})
        for n, d in numbered[:20]
    ]
    yield [*judged[:90], *novel[:90], *reach]
    good = [dataclasses.replace(d, status="evaluated") for n, d in numbered[:90] if n % 10 >= 5]
    yield [move_row(dream, "pending_test", "it is viable", at) for dream in good[:20]]
    waiting = [dataclasses.replace(dream, status="pending_test") for dream in good[:15]]
    yield [move_row(dream, "tested", "tried", at, Tried("failure", "it differs")) for dream in waiting]
    yield [move_row(dream, "archived", "nothing happened to it for 10 days", at) for dream in good[20:30]]


def _dreams() -> Iterator[Dream]:
    """Functions of the standard library as dreams of themselves, over and over."""
    texts: dict[str, Any] = dict.fromkeys(
        ("reasoning", "generated_description", "assumption"),
        "a sentence of about sixty characters in all, as it were",
    )
    sources = list(itertools.islice(_functions(), 2000))
    for number in itertools.count():
        path, name, code = sources[number % len(sources)]
        diff = "\n".join(f" {line}" for line in code.splitlines()[:8])
        yield Dream(
            **texts,
            id=digest(f"{number}"),
            base_path=path,
            base_qualname=name,
            base_occurrence=1,
            base_source_hash=digest(code),
            dream_type=DREAM_TYPES[number % 4],
            name=f"{name} once more",
            code=code,
            diff=diff,
            transform_id=f"{DREAM_TYPES[number % 4]}.transform_{number % 20}@1",
            details={"from": number, "to": number + 1},
            variant_hash=digest(f"{code}{number}"),
            model_used=None,
            created_by="bench",
            generated_at="",
        )


def _functions() -> Iterator[tuple[str, str, str]]:
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        text = path.read_text("utf-8")
        lines = text.splitlines(keepends=True)
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef):
                yield f"lib/{path.name}", node.name, "".join(lines[node.lineno - 1 : node.end_lineno])


if __name__ == "__main__":
    main()
