"""The ruff half of legacy_cleanup: unused imports and variables, redefinitions, switched-off code, deprecated syntax."""

import posixpath
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from daydream.analysis import (
    lint_policy,
    python_floor,
    ruff_report,
)
from daydream.analysis.redaction import quoted
from daydream.contracts.context import Context
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, Failed, More, Outcome, Skipped
from daydream.steps import legacy_lint_findings, legacy_tree, memory

BATCH = 3000

Places = list[tuple[str, ruff_report.Violation]]


def lint(ctx: Context, cursor: str | None) -> Outcome:
    """Lint the next batch; the cursor is the number of files done, with ``-`` behind it once one of
    them could not be read."""
    memo = memory.of_tree(ctx, "legacy ruff", [ruff_report.version(), sys.version, str(cursor)])
    former = memo.recall()
    if former is not None:
        return former
    reading = legacy_tree.Reading(ctx)
    outcome = _linted(ctx, cursor, reading)
    if isinstance(outcome, Done | More) and reading.complete:
        memo.keep(outcome)
    return outcome


def _linted(ctx: Context, cursor: str | None, reading: legacy_tree.Reading) -> Outcome:
    files, left_out = legacy_tree.sources(ctx, reading)
    start = int((cursor or "0").rstrip("-"))
    batch = files[start : start + BATCH]
    settings = legacy_tree.settings(ctx, reading)
    policy = lint_policy.read(settings)
    floor = python_floor.declared(settings)
    report = _asked(ctx, batch, floor[0] if floor else None, reading)
    if not isinstance(report, ruff_report.Report):
        return report
    kept = [(path, v) for path, v in report.violations if v.code and not policy.excuses(path, v.code)]
    findings, facts = _judge(ctx, kept, reading)
    unclean = (cursor or "").endswith("-") or bool(report.unread) or bool(left_out)
    last = start + BATCH >= len(files)
    facts |= {"files": len(batch), "unread": len(report.unread) + (left_out if last else 0)}
    notes = list(policy.notes) if start == 0 else []
    if floor is None or floor[0] < ruff_report.LOWEST_TARGET:
        facts["deprecated_patterns"] = None
        notes += _no_floor(floor) if start == 0 else []
    facts["notes"] = notes
    read = tuple(path for path in batch if path not in report.unread)
    examined = (
        Examined(rules=legacy_lint_findings.VERSIONS, subjects=read, everything=last and not unclean),
    )
    if last:
        return Done(findings=findings, examined=examined, facts=facts)
    following = f"{start + BATCH}{'-' if unclean else ''}"
    return More(cursor=following, findings=findings, examined=examined, facts=facts)


def _no_floor(floor: tuple[python_floor.Version, str] | None) -> list[str]:
    if floor is None:
        return [
            "Deprecated syntax is not measured: no packaging file says which Python is the lowest (requires-python)."
        ]
    (major, minor), path = floor
    return [
        f"Deprecated syntax is not measured: {path} supports Python {major}.{minor}, and the rules begin at 3.7."
    ]


_Answers = msgspec.json.Decoder(ruff_report.Answer)


def _asked(
    ctx: Context, batch: Sequence[str], floor: python_floor.Version | None, reading: legacy_tree.Reading
) -> ruff_report.Report | Skipped | Failed:
    """Put together what is remembered of the files and what ruff says of the others."""
    version, text = ruff_report.version(), Path(ruff_report.__file__).read_bytes()
    kind = f"ruff {memory.digest(text, str(version), *ruff_report.argv((), floor))}"
    keys = _keys(ctx, batch) if version else {}
    known = ctx.cache.read(kind, list(keys.values())) if keys else {}
    answers = {path: a for path in batch if (a := _answer(known.get(keys.get(path, ""), b""))) is not None}
    missing = [path for path in batch if path not in answers]
    report = _ask(ctx, missing, floor)
    if not isinstance(report, ruff_report.Report):
        return report
    fresh = ruff_report.by_file(report, missing)
    for path in report.unread:
        # what we can read and ruff cannot, it never will: then the content is at fault, and not the disk
        if reading.content(path, legacy_tree.LARGEST_SOURCE) is None:
            keys.pop(path, None)
    kept = {keys[path]: msgspec.json.encode(answer) for path, answer in fresh.items() if path in keys}
    ctx.cache.write(kind, kept)
    return ruff_report.joined(answers | fresh)


def _keys(ctx: Context, batch: Sequence[str]) -> dict[str, str]:
    """What ruff's answer is remembered by: a file's content, its path, and how deep in a package it lies,
    which tells ruff what its relative imports mean."""
    blobs = {file.path: file.blob for file in ctx.files}
    packages: dict[str, bool] = {}
    keys = {}
    for path in batch:
        folder, depth = posixpath.dirname(path), 0
        while folder and packages.setdefault(folder, (ctx.tree / folder / "__init__.py").is_file()):
            folder, depth = posixpath.dirname(folder), depth + 1
        if blobs[path]:
            keys[path] = memory.digest(path, blobs[path], str(depth))
    return keys


def _answer(raw: bytes) -> ruff_report.Answer | None:
    try:
        return _Answers.decode(raw) if raw else None
    except ValueError:
        return None


def _ask(
    ctx: Context, batch: Sequence[str], floor: python_floor.Version | None
) -> ruff_report.Report | Skipped | Failed:
    """Run ruff over the files, and read its report."""
    if not batch:
        return ruff_report.Report((), ())
    try:
        left = ctx.child(ruff_report.argv(batch, floor), env=legacy_tree.environment(ctx))
    except (FileNotFoundError, PermissionError) as error:
        return Skipped(reason=f"ruff cannot be started ({quoted(str(error))}); see that PATH is set")
    if b"No module named ruff" in left.stderr:
        return Skipped(reason="ruff is not installed; install it beside daydream (pip install ruff)")
    if left.timed_out:
        return Failed(error="ruff did not finish within 10 minutes")
    if left.returncode != 0:
        return Failed(error=f"ruff ended with exit code {left.returncode}: {quoted(left.last_words)}")
    try:
        return ruff_report.read(left.stdout, left.stderr, ctx.tree)
    except ValueError:
        return Failed(
            error="ruff's answer is not the JSON that daydream knows; install the version of its lock file"
        )


def _judge(
    ctx: Context, kept: Places, reading: legacy_tree.Reading
) -> tuple[tuple[Finding, ...], dict[str, object]]:
    by_code: dict[str, Places] = {}
    for path, violation in kept:
        code = violation.code or ""
        by_code.setdefault(code if code in {"F401", "F811", "F841", "ERA001"} else "old", []).append(
            (path, violation)
        )
    src = legacy_lint_findings.Sources(reading)
    imports = list(legacy_lint_findings.imports(ctx, src, reading, by_code.get("F401", [])))
    variables = list(legacy_lint_findings.variables(src, by_code.get("F841", [])))
    redefined = list(legacy_lint_findings.redefined(src, by_code.get("F811", [])))
    commented = list(legacy_lint_findings.commented(src, by_code.get("ERA001", [])))
    old = list(legacy_lint_findings.deprecated(src, by_code.get("old", [])))
    facts: dict[str, object] = {
        "unused_imports": len(imports),
        "unused_variables": len(variables),
        "redefinitions": len(redefined),
        "commented_blocks": len(commented),
        "deprecated_patterns": len(by_code.get("old", [])),
    }
    return (*imports, *variables, *redefined, *commented, *old), facts
