"""`legacy_cleanup`: code that nothing uses, code that was switched off, old syntax, caches left behind."""

import datetime as dt
import fnmatch
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from daydream.analysis import caches
from daydream.analysis.redaction import quoted
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.errors import DaydreamError, OutOfBudget, Stopped
from daydream.git import attempt
from daydream.records.change import Delete
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, More, Outcome, Skipped
from daydream.records.section import SectionData, SubStepResult
from daydream.steps import legacy_bridges, legacy_dead, legacy_lint, legacy_lint_findings

if TYPE_CHECKING:
    from daydream.config.model import Config

CACHES = "legacy.unused_caches"
VERSIONS = {**legacy_lint_findings.VERSIONS, **legacy_dead.VERSIONS, **legacy_bridges.VERSIONS, CACHES: 1}
SUB_STEPS = ("ruff", "vulture", "bridges", "caches")
WORTH_BYTES = 10_000_000
_SHOWN = 5
_SUMMED = (
    *("commented_blocks", "dead_definitions", "unreachable", "only_tests", "redefinitions"),
    *("unused_imports", "unused_variables", "unused_names", "deprecated_patterns", "removed_modules"),
    *("version_gates", "compat_modules", "half_migrations", "deprecated_calls"),
    *("files", "unread", "caches", "cache_bytes"),
)


def make(config: "Config") -> Step:
    """Bind the options."""
    return LegacyCleanup(
        ignore=config.legacy.ignore,
        unused_days=config.legacy.caches_unused_days,
        artefacts=frozenset(config.clean.artefacts),
    )


class LegacyCleanup:
    """The step: ruff, vulture, bridges, and a look at the checkout's untracked caches."""

    def __init__(self, ignore: Sequence[str], unused_days: int, artefacts: frozenset[str]) -> None:
        self._ignore = tuple(ignore)
        self._days = unused_days
        self._artefacts = artefacts

    def plan(self, ctx: Context) -> Sequence[str]:  # noqa: ARG002 -- the contract's
        """Name the looks; each is one child process or one walk."""
        return SUB_STEPS

    def run(self, ctx: Context, sub_step: str, cursor: str | None) -> Outcome:
        """Take one of the looks."""
        if sub_step == "ruff":
            return self._heard(legacy_lint.lint(ctx, cursor))
        if sub_step == "vulture":
            return self._heard(legacy_dead.search(ctx))
        if sub_step == "bridges":
            return self._heard(legacy_bridges.look(ctx))
        return self._heard(self._caches(ctx))

    def section(self, results: Sequence[SubStepResult]) -> SectionData:
        """Add up the counts; what was not measured, or not completely, is None."""
        parts = [part for result in results if result.kind == "done" for part in result.parts]
        facts: dict[str, Any] = {key: _sum(parts, key) for key in _SUMMED}
        blocks, dead, unreachable = facts["commented_blocks"], facts["dead_definitions"], facts["unreachable"]
        measured = blocks is not None and dead is not None
        facts["dead_blocks"] = blocks + dead + unreachable if measured else None
        notes = [str(note) for part in parts for note in part.get("notes", ())]
        unread = facts["unread"]
        if unread:
            were = (
                "files could not be read as Python and were"
                if unread > 1
                else "file could not be read as Python and was"
            )
            notes.append(f"{unread} {were} not examined.")
        return SectionData(
            key="legacy_cleanup", title="Legacy Code Cleanup", facts=facts, notes=tuple(dict.fromkeys(notes))
        )

    def _heard(self, outcome: Outcome) -> Outcome:
        """Leave out what the configuration says not to report."""
        if not self._ignore or not isinstance(outcome, Done | More):
            return outcome
        kept = tuple(f for f in outcome.findings if not self._is_ignored(f))
        return msgspec.structs.replace(outcome, findings=kept)

    def _is_ignored(self, finding: Finding) -> bool:
        named = finding.identity.rpartition("#")[0] or finding.identity
        texts = (finding.rule, finding.subject, named, named.rpartition(" ")[2].rpartition(".")[2])
        return any(fnmatch.fnmatchcase(text, pattern) for text in texts for pattern in self._ignore)

    def _caches(self, ctx: Context) -> Outcome:
        """Look for untracked caches and orphan bytecode in the user's checkout."""
        names = caches.FOLDERS | self._artefacts
        ignored = _ignored(ctx)
        if isinstance(ignored, str):
            if not self._artefacts:
                return Skipped(reason=f"{ignored}; name folders that may go in clean.artefacts")
            paths = caches.named(ctx.root, self._artefacts, ctx.check)
        else:
            paths = caches.wanted(ignored, names)
        before = (ctx.started_at - dt.timedelta(days=self._days)).timestamp()
        found = caches.measure(ctx.root, paths, before, ctx.check)
        cleaned = [
            c for c in found if c.name in self._artefacts or (ctx.mode == "apply" and not ctx.first_night)
        ]
        size = sum(c.size for c in found)
        return Done(
            findings=(_finding(found, size, self._days),) if found else (),
            examined=(Examined(rules={CACHES: VERSIONS[CACHES]}, subjects=("checkout",), everything=True),),
            facts={"caches": len(found), "cache_bytes": size},
            changes=tuple(Delete(place="checkout", path=c.path) for c in cleaned),
        )


def _ignored(ctx: Context) -> list[str] | str:
    """List what git ignores in the checkout; a text says why git cannot tell."""
    try:
        left = attempt(
            ctx.root,
            *("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"),
            stop=ctx.stop,
        )
    except (Stopped, OutOfBudget):
        raise
    except DaydreamError:
        return "without git nothing tells caches from work"
    if left.returncode != 0:
        outside = b"not a git repository" in left.stderr
        why = "this is not a git checkout" if outside else f"git does not answer ({quoted(left.last_words)})"
        return f"{why}, so nothing tells caches from work"
    listed = (path.decode("utf-8", "ignore") for path in left.stdout.split(b"\0") if path)
    return [
        path for path in listed if os.path.lexists(ctx.root / path)
    ]  # names that are no text are left alone


def _finding(found: Sequence[caches.Cache], size: int, days: int) -> Finding:
    largest = sorted(found, key=lambda c: (-c.size, c.path))[:_SHOWN]
    more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    count = f"{len(found)} untracked caches and orphans" if len(found) > 1 else "1 untracked cache or orphan"
    return Finding(
        rule=CACHES,
        rule_version=VERSIONS[CACHES],
        severity="low",
        subject="checkout",
        identity="caches",
        message=f"{count} unused for {days} days ({_in_bytes(size)}).",
        evidence=", ".join(f"{c.path} ({_in_bytes(c.size)})" for c in largest) + more,
        worth=0.5 if size >= WORTH_BYTES else 0.3,
        action="Run `daydream run --mode apply`, or name the folders in clean.artefacts.",
        magnitude=float(size),
    )


def _in_bytes(size: int) -> str:
    amount, unit = float(size), "B"
    for larger in ("kB", "MB", "GB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if unit != "B" else f"{size} B"


def _sum(parts: Sequence[dict[str, Any]], key: str) -> int | None:
    """Add a count over the parts that have it; None if none has, or one could not measure it."""
    values = [part[key] for part in parts if key in part]
    return None if not values or None in values else sum(values)
