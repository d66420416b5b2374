"""Dreams that were tried, without a sandbox: rows as a night of trials leaves them."""

from pathlib import Path
from typing import Any

from daydream.analysis.source import parse
from daydream.contracts.dream import Dream
from daydream.store.trial_rows import Trial, trial_row
from tests.fakes.kept_dreams import AT, Book


def tried(
    book: Book,
    tree: Path,
    dream_id: str,
    code: str,
    *,
    path: str = "pkg/a.py",
    qualname: str = "f",
    at: str = AT,
    **trial: Any,
) -> Dream:
    """Keep a dream of a procedure as it stands in `tree`, with a trial that it gained in unless told otherwise."""
    function = next(each for each in parse((tree / path).read_bytes()).functions if each.qualname == qualname)
    dream = book.dream(
        dream_id,
        "tested",
        base_path=path,
        base_qualname=qualname,
        base_source_hash=function.source_hash,
        code=code,
        generated_at=at,
    )
    again(book, dream, at=at, **trial)
    return dream


def again(book: Book, dream: Dream, *, at: str = AT, **trial: Any) -> None:
    """Add a trial of a dream."""
    evidence: dict[str, Any] = {
        "commit": "c" * 40,
        "options": {"inputs": 10, "compare": 1.0, "memory": 2**29, "timeout": 30.0},
        "own_tests": 2,
        "weighed": 3,
        "effect": {"repetitions": 40, "per_call_s": [2e-5, 1e-5], "reason": "the interval lies above"},
        "inputs": {"count": 10, "digest": "0" * 16, "kept": [], "withheld": 0, "left_out": 0},
    }
    rest = {
        "outcome": "behaviour_preserving",
        "reason": "the same on 10 inputs",
        "effect": "gained",
        "effectiveness": 1.8,
        "effect_low": 1.6,
        "effect_high": 2.0,
        "noise_floor": 1.02,
        "backend": "bubblewrap",
        "counts": {"asked": 10, "same": 10, "held_out": 2},
    }
    evidence |= trial.pop("evidence", {})
    evidence = {name: value for name, value in evidence.items() if value is not None}
    book.add(trial_row(Trial(dream_id=dream.id, at=at, evidence=evidence, **{**rest, **trial})))
