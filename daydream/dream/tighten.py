"""`dream.tighten`: what tonight's trials and people's answers teach, kept as lessons that the next night minds.

It weighs all that is known by now, and adds a row for each lesson that is new, has newer evidence, or is over.
"""

from collections.abc import Sequence

from daydream import clock
from daydream.config.model import Config
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.dream.learning.evidence import evidence
from daydream.dream.learning.lessons import changes, derived
from daydream.dream.learning.telling import EFFECTS, condition, happened, section
from daydream.records.outcome import Done, Outcome
from daydream.records.section import SectionData, SubStepResult
from daydream.store import learning_rows
from daydream.store.dreams import DreamStore
from daydream.store.learning_rows import Lesson, lesson_row


def make(config: Config) -> Step:
    """Bind the step to whether anything is to be learnt."""
    return Tighten(wanted=config.dream.learn)


class Tighten:
    """See the module."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted

    def plan(self, ctx: Context) -> Sequence[str]:
        """One sub-step; nothing where nothing was ever tried or answered."""
        if not self._wanted:
            return []
        with DreamStore.open(ctx.state / "dreams.db", read_only=True) as store:
            return ["lessons"] if evidence(store, ctx.date) or learning_rows.lessons(store) else []

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Draw the lessons."""
        del sub_step, cursor
        ctx.check()
        at = clock.to_text(ctx.started_at)
        with DreamStore.open(ctx.state / "dreams.db", read_only=True) as store:
            known = evidence(store, ctx.date)
            before = [each for each in learning_rows.lessons(store) if each.standing != "ended"]
        now = derived(known, at)
        rows = changes(before, now, known, at)
        facts = {
            "lessons": len(now),
            "new": [_told(each) for each in rows if each.standing == "new"],
            "ended": [condition(each) for each in rows if each.standing == "ended"],
        }
        return Done(facts=facts, rows=tuple(lesson_row(each) for each in rows))

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Say what changed."""
        return section(results)


def _told(lesson: Lesson) -> dict[str, str]:
    return {"about": condition(lesson), "why": happened(lesson), "then": EFFECTS[lesson.effect]}
