"""Dreams, verdicts and events for a store, with whatever a test does not care about filled in."""

from pathlib import Path
from typing import Any

from daydream.contracts.dream import Dream, Status, Tier, Verdict, tier_of
from daydream.records.outcome import Row
from daydream.store.dream_rows import Tried, dream_row, event_row, move_row, verdict_row
from daydream.store.dreams import DreamStore

AT = "2026-11-20T02:00:00Z"


def a_dream(dream_id: str, **said: Any) -> Dream:
    """A parameter dream of `f` in pkg/a.py."""
    texts = dict.fromkeys(("name", "diff", "reasoning", "generated_description", "assumption"), "text")
    rest = {
        "base_path": "pkg/a.py",
        "base_qualname": "f",
        "base_occurrence": 1,
        "base_source_hash": "h",
        "dream_type": "parameter_exploration",
        "code": "def f():\n    return 1\n",
        "transform_id": "parameter_exploration.default@1",
        "details": {},
        "variant_hash": dream_id,
        "model_used": None,
        "created_by": "parameter_exploration@1",
        "generated_at": AT,
    }
    return Dream(id=dream_id, **{**texts, **rest, **said})


def judged(dream_id: str, viability: float, evaluator: str = "rule-based", at: str = AT, **said: Any) -> Row:
    """The row of a verdict."""
    reasons = (f"{evaluator} thinks so",)
    return verdict_row(Verdict(dream_id, viability, tier_of(viability), reasons, evaluator, **said), at)


def novelty(dream_id: str, value: float) -> Row:
    """The row of a novelty."""
    values = {"structural_novelty": value, "behaviour_novelty": None, "novelty_score": value, "at": AT}
    return Row("dream_scores", {"dream_id": dream_id, **values})


def reach(transform: str, projects: int) -> Row:
    """The row of how many projects a transform serves."""
    return Row("transform_reach", {"transform_id": transform, "projects": projects, "at": AT})


class Book:
    """A store that is written row by row."""

    def __init__(self, folder: Path, run: str = "2026-11-20.1") -> None:
        self.store = DreamStore.open(folder / "dreams.db")
        self.run = run
        self._seq = 0

    def add(self, *rows: Row) -> None:
        """Commit rows as a sub-step of their own."""
        self._seq += 1
        self.store.commit(self.run, self._seq, rows)

    def dream(
        self, dream_id: str, status: Status = "pending_evaluation", *, tier: Tier = 1, **said: Any
    ) -> Dream:
        """Keep a dream and take it where it is wanted, by legal moves alone."""
        dream = a_dream(dream_id, **said)
        self.add(dream_row(dream))
        if status == "pending_evaluation":
            return dream
        self.add(judged(dream_id, {1: 0.8, 2: 0.4, 3: 0.1}[tier]))
        if status in ("pending_test", "tested"):
            self.move(dream_id, "pending_test")
        if status == "tested":
            self.move(dream_id, "tested", Tried("success"))
        if status == "archived" and tier != 3:
            self.move(dream_id, "archived")
        return dream

    def status(self, dream_id: str) -> Status:
        """Where a dream stands."""
        found = self.store.rows("SELECT status FROM dream_procedures WHERE id = ?", (dream_id,))
        status: Status = found[0][0]
        return status

    def move(self, dream_id: str, to: Status, tried: Tried | None = None) -> None:
        """Move a dream from where it is."""
        self.add(move_row(a_dream(dream_id, status=self.status(dream_id)), to, "wanted", AT, tried))

    def happen(self, dream_id: str, event: str) -> None:
        """Add an event as it is, legal or not."""
        self.add(event_row(dream_id, event, "wanted", AT))
