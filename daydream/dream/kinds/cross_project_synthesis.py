"""Cross-project synthesis: what a related procedure does better, done here in the same way.

A lesson is taken over only where it was seen in a relative and a gap for it is seen here; the names it needs
must mean the same in both places. Where nothing fits, nothing is proposed.
"""

import functools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from daydream.analysis.similarity import project_of
from daydream.contracts.dream import Candidate, Policy, Procedure
from daydream.dream.kinds.conditional_variant_text import Text, comparable, parsed
from daydream.dream.kinds.cross_project_synthesis_arguments import ARGUMENTS
from daydream.dream.kinds.cross_project_synthesis_collections import COLLECTIONS
from daydream.dream.kinds.cross_project_synthesis_entry import ENTRY
from daydream.dream.kinds.cross_project_synthesis_errors import ERRORS
from daydream.dream.kinds.cross_project_synthesis_guards import GUARDS
from daydream.dream.kinds.cross_project_synthesis_lesson import Gap, Lesson, Rule, in_scope
from daydream.dream.kinds.cross_project_synthesis_lookups import LOOKUPS
from daydream.dream.kinds.cross_project_synthesis_loops import LOOPS
from daydream.dream.kinds.cross_project_synthesis_outcomes import OUTCOMES
from daydream.dream.kinds.cross_project_synthesis_resources import RESOURCES
from daydream.dream.kinds.cross_project_synthesis_state import STATE

_RULES: tuple[Rule, ...] = (
    *GUARDS,
    *OUTCOMES,
    *STATE,
    *ENTRY,
    *ERRORS,
    *ARGUMENTS,
    *RESOURCES,
    *LOOPS,
    *COLLECTIONS,
    *LOOKUPS,
)
_RELATIVES = 96


@dataclass(frozen=True, slots=True)
class CrossProjectSynthesis:
    """See the module."""

    key: str = "cross_project_synthesis"
    version: int = 2

    def propose(
        self, procedure: Procedure, related: Sequence[Procedure], policy: Policy, rng: random.Random
    ) -> Sequence[Candidate]:
        """Propose one lesson at a time, first one of each sort, from the nearest relative that teaches it."""
        text = parsed(procedure.source) if related else None
        if text is None or not text.body or not text.alone(text.body[0]):
            return []
        taught = _taught(procedure, related[:_RELATIVES])
        columns: dict[str, list[Candidate]] = {}
        seen: set[str] = set()
        gaps = [
            gap for rule in _RULES for gap in rule.gaps(text, procedure, taught.keys()) if gap.key in taught
        ]
        for gap in rng.sample(gaps, len(gaps)):
            if len(columns.get(gap.transform, ())) >= policy.per_procedure:
                continue
            candidate = _filled(gap, text, procedure, taught[gap.key])
            if candidate is not None and candidate.code not in seen:
                seen.add(candidate.code)
                columns.setdefault(gap.transform, []).append(candidate)
        rows = zip_longest(*(columns[transform] for transform in sorted(columns)))
        found = [each for row in rows for each in row if each is not None]
        return found[: 2 * policy.per_procedure] if found and comparable(text) else []


_Taught = tuple[Procedure, Lesson]


def _taught(base: Procedure, related: Sequence[Procedure]) -> Mapping[str, Sequence[_Taught]]:
    """Collect what the relatives teach, by what it applies to, the nearest first."""
    found: dict[str, list[_Taught]] = {}
    for relative in related:
        if relative.source is not None and relative.source != base.source:
            for each in _lessons(relative.source):
                found.setdefault(each.key, []).append((relative, each))
    return found


def _filled(gap: Gap, text: Text, base: Procedure, taught: Sequence[_Taught]) -> Candidate | None:
    for relative, lesson in taught:
        if gap.same_class and not _of_one_class(base, relative):
            continue
        edits = gap.fill(lesson) if in_scope(lesson.names, text, base, relative) else None
        code = text.edited(edits) if edits else None
        if code is not None:
            return _candidate(gap, lesson, code, relative)
    return None


def _of_one_class(one: Procedure, other: Procedure) -> bool:
    of_one, of_other = one.qualname.rpartition(".")[0], other.qualname.rpartition(".")[0]
    return bool(of_one) and (one.path, of_one) == (other.path, of_other)


@functools.lru_cache(maxsize=2**15)
def _lessons(source: str) -> Sequence[Lesson]:
    """Return what a procedure teaches; each relative is read once a night."""
    text = parsed(source)
    return () if text is None else [each for rule in _RULES for each in rule.lessons(text)]


def _candidate(gap: Gap, lesson: Lesson, code: str, relative: Procedure) -> Candidate:
    where = f"{relative.path}:{relative.qualname}"
    return Candidate(
        name=f"{gap.better}, as in {relative.qualname}",
        code=code,
        transform_id=f"cross_project_synthesis.{gap.transform}@1",
        assumption=f"{gap.assumption}, which {where} does not take for granted",
        reasoning=f"{where} is related and writes `{lesson.shown}`",
        description=f"{gap.better}, taken over from {where}",
        details={
            "relative": where,
            "project": project_of(relative.path),
            "line": relative.first_line + lesson.line,
            "shown": lesson.shown,
        },
    )
