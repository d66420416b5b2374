"""The vulture half of legacy_cleanup: dead definitions, code that is never reached, modules that Python no longer has."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import msgspec

from daydream.analysis import dead_code, words
from daydream.analysis.deprecated_code import REMOVED_MODULES
from daydream.analysis.redaction import quoted
from daydream.analysis.roles import is_illustration, is_test
from daydream.contracts.context import Context
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, Failed, Outcome, Skipped
from daydream.steps import legacy_tree

DEAD, ONLY_TESTS = "legacy.dead_code", "legacy.only_tests"
UNREACHABLE, REMOVED = "legacy.unreachable", "legacy.removed_module"
VERSIONS = {DEAD: 1, ONLY_TESTS: 1, UNREACHABLE: 1, REMOVED: 1}
LOWEST_PYTHON = (3, 9)


def search(ctx: Context) -> Outcome:
    """Let vulture read every source, then keep what nothing in the whole tree names."""
    spec = find_spec("vulture")
    if spec is None or spec.origin is None:
        return Skipped(reason="vulture is not installed; install it beside daydream (pip install vulture)")
    files, left_out = legacy_tree.sources(ctx)
    answer, note = _ask(ctx, files, str(Path(spec.origin).parent.parent))
    if answer is None:
        return Failed(error=note)
    named = [c for c in answer.candidates if c.kind in dead_code.DEFINITIONS]
    counted = words.tally(legacy_tree.corpus(ctx), dead_code.watched(named))
    dead = [c for c in named if dead_code.is_dead(c, counted)]
    distributed = legacy_tree.is_distributed(files, legacy_tree.settings(ctx))
    definitions = list(_definitions(dead, dead_code.Judge(answer.classes, distributed=distributed)))
    unreachable = list(_unreachable(ctx, answer.candidates))
    removed = list(_removed(answer.imports, files))
    facts = {
        "dead_definitions": sum(1 for f in definitions if f.rule == DEAD),
        "only_tests": sum(1 for f in definitions if f.rule == ONLY_TESTS),
        "unreachable": len(unreachable),
        "removed_modules": len(removed),
        "unused_names": sum(1 for c in named if not c.only_tests),
        "unparsed": len(answer.unread) + left_out,
        "notes": [note] if note else [],
    }
    unread = {path for path, _ in answer.unread}
    subjects = tuple(path for path in files if path not in unread)
    examined = Examined(rules=VERSIONS, subjects=subjects, everything=not unread and not left_out)
    return Done(findings=(*definitions, *unreachable, *removed), examined=(examined,), facts=facts)


def _ask(ctx: Context, files: list[str], folder: str) -> tuple[dead_code.Answer | None, str]:
    """Run the child under the repository's Python, and under ours where that one cannot; the text is a
    note, or without an answer the reason."""
    trouble = ""
    for python in _interpreters(ctx):
        try:
            answer = _under(ctx, python, files, folder)
        except (OSError, ValueError) as error:
            answer = quoted(str(error))
        if not isinstance(answer, str):
            own = "Dead code was looked for with daydream's own Python"
            return answer, f"{own}, because the repository's could not: {trouble}." if trouble else ""
        trouble = answer
    return None, f"vulture gave no answer: {trouble}"


def _interpreters(ctx: Context) -> list[str]:
    """Return the Pythons to try: the repository's own if its syntax may differ from ours, then ours."""
    theirs = ctx.interpreter
    own = sys.version_info[:2]
    if theirs is not None and theirs.version >= LOWEST_PYTHON and theirs.version != own:
        return [theirs.path, sys.executable]
    return [sys.executable]


def _under(ctx: Context, python: str, files: list[str], folder: str) -> dead_code.Answer | str:
    request = {
        "root": str(ctx.tree),
        "files": [[path, is_test(path)] for path in files],
        "modules": sorted(REMOVED_MODULES),
    }
    # -S: what the environment of the repository would run at start-up is not ours to run
    argv = [
        python,
        "-I",
        "-S",
        str(Path(dead_code.__file__).with_name("vulture_child.py")),
        str(os.getpid()),
        folder,
    ]
    left = ctx.child(
        argv, env=legacy_tree.environment(ctx), stdin=msgspec.json.encode(request), timeout_s=1800.0
    )
    if left.timed_out:
        return "it did not finish within 30 minutes"
    if left.returncode != 0:
        return quoted(left.last_words) or f"it ended with code {left.returncode}"
    answer = dead_code.read(left.stdout)
    return answer if answer.complete else "it ended before the last file"


def _definitions(dead: list[dead_code.Candidate], judge: dead_code.Judge) -> Iterator[Finding]:
    seen: Counter[tuple[str, str]] = Counter()
    for c in sorted(dead, key=lambda d: (d.path, d.first, d.name)):
        worth = judge.worth(c)
        if worth is None:
            continue
        name = c.qualname or c.name
        seen[c.path, name] += 1
        size = c.last - c.first + 1
        extent = f"{size} lines" if size > 1 else "1 line"
        users = (
            "is used by nothing but tests"
            if c.only_tests
            else "is used by nothing; its name occurs nowhere else"
        )
        yield Finding(
            rule=ONLY_TESTS if c.only_tests else DEAD,
            rule_version=VERSIONS[ONLY_TESTS if c.only_tests else DEAD],
            severity="low",
            subject=c.path,
            identity=f"{c.kind} {name}#{seen[c.path, name]}",
            message=f"The {c.kind} `{name}` ({extent}) {users}.",
            line=c.first,
            worth=worth,
            action=f"Delete `{name}`{' with its tests' if c.only_tests else ''}, or say who calls it.",
            magnitude=float(size),
        )


def _unreachable(ctx: Context, candidates: list[dead_code.Candidate]) -> Iterator[Finding]:
    seen: Counter[tuple[str, str]] = Counter()
    for c in candidates:
        if c.kind != "unreachable_code":
            continue
        ctx.check()
        source = legacy_tree.lines(ctx, c.path)[c.first - 1 : c.last]
        worth = dead_code.unreachable_worth(c, "\n".join(source))
        if worth is None:
            continue
        text = " ".join(source[0].split()) if source else ""
        seen[c.path, text] += 1
        yield Finding(
            rule=UNREACHABLE,
            rule_version=VERSIONS[UNREACHABLE],
            severity="low",
            subject=c.path,
            identity=f"{quoted(text)}#{seen[c.path, text]}",
            message=f"{c.message[:1].upper()}{c.message[1:]}.",
            evidence=quoted(text),
            line=c.first,
            worth=worth,
            action="Delete what is never reached, or mend the condition before it.",
            magnitude=float(c.last - c.first + 1),
        )


def _removed(imports: list[dead_code.Import], files: list[str]) -> Iterator[Finding]:
    """Report imports of modules that newer Pythons lack, unless the repository has one of that name."""
    own = {part for path in files for part in path.removesuffix(".py").split("/")}
    seen: set[tuple[str, str]] = set()
    for entry in sorted(imports, key=lambda i: (i.path, i.line)):
        if entry.module in own or (entry.path, entry.module) in seen:
            continue
        seen.add((entry.path, entry.module))
        version = ".".join(str(n) for n in REMOVED_MODULES[entry.module])
        quiet = entry.guarded or is_illustration(entry.path)
        yield Finding(
            rule=REMOVED,
            rule_version=VERSIONS[REMOVED],
            severity="low" if quiet else "high",
            subject=entry.path,
            identity=entry.module,
            message=f"`{entry.module}` is imported, which Python {version} no longer has.",
            line=entry.line,
            worth=0.3 if quiet else 0.8,
            action=f"Replace `{entry.module}` before moving to Python {version}.",
        )
