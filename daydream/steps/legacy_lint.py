"""The ruff half of legacy_cleanup: unused imports and variables, redefinitions, switched-off code, deprecated syntax."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from daydream.analysis import (
    commented_code,
    deprecated_code,
    lint_policy,
    python_floor,
    ruff_report,
    unused_imports,
)
from daydream.analysis.redaction import quoted
from daydream.analysis.roles import is_illustration, is_settings, is_test
from daydream.contracts.context import Context
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, Failed, More, Outcome, Skipped
from daydream.steps import legacy_memory, legacy_tree

IMPORT, VARIABLE = "legacy.unused_import", "legacy.unused_variable"
REDEFINED, COMMENTED, DEPRECATED = "legacy.redefined", "legacy.commented_code", "legacy.deprecated"
VERSIONS = {IMPORT: 1, VARIABLE: 1, REDEFINED: 1, COMMENTED: 1, DEPRECATED: 1}
BATCH = 3000

_NAME = re.compile(r"`([^`]+)`")
_FROM_LINE = re.compile(r"from line (\d+)")
_LOCALS = re.compile(r"\b(locals|vars)\(\)")
_QUIET = re.compile(r"pylint:\s*disable=.*(unused-import|W0611)|noinspection|pyflakes:ignore", re.IGNORECASE)

Places = list[tuple[str, ruff_report.Violation]]


class Sources:
    """Lines of the files that a part looks at again, read once."""

    def __init__(self, reading: legacy_tree.Reading) -> None:
        self._reading = reading
        self._lines: dict[str, list[str]] = {}

    def lines(self, path: str) -> list[str]:
        """Return the lines of a file."""
        if path not in self._lines:
            content = self._reading.content(path, legacy_tree.LARGEST_SOURCE) or b""
            self._lines[path] = content.decode("utf-8", "replace").splitlines()
        return self._lines[path]

    def line(self, path: str, row: int) -> str:
        """Return one line, counted from 1; empty if there is none."""
        lines = self.lines(path)
        return lines[row - 1] if 0 < row <= len(lines) else ""


def lint(ctx: Context, cursor: str | None) -> Outcome:
    """Lint the next batch; the cursor is the number of files done, with ``-`` behind it once one of
    them could not be read."""
    memo = legacy_memory.Memo(ctx, "ruff", [ruff_report.version(), str(cursor)])
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
    examined = (Examined(rules=VERSIONS, subjects=read, everything=last and not unclean),)
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
    kind = f"ruff {legacy_memory.digest(text, str(version), *ruff_report.argv((), floor))}"
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
            keys[path] = legacy_memory.digest(path, blobs[path], str(depth))
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
    src = Sources(reading)
    imports = list(_imports(ctx, src, reading, by_code.get("F401", [])))
    variables = list(_variables(src, by_code.get("F841", [])))
    redefined = list(_redefined(src, by_code.get("F811", [])))
    commented = list(_commented(src, by_code.get("ERA001", [])))
    old = list(_deprecated(src, by_code.get("old", [])))
    facts: dict[str, object] = {
        "unused_imports": len(imports),
        "unused_variables": len(variables),
        "redefinitions": len(redefined),
        "commented_blocks": len(commented),
        "deprecated_patterns": len(by_code.get("old", [])),
    }
    return (*imports, *variables, *redefined, *commented, *old), facts


def _imports(ctx: Context, src: Sources, reading: legacy_tree.Reading, places: Places) -> Iterator[Finding]:
    rows: list[tuple[unused_imports.Import, int]] = []
    for path, violation in places:
        line = src.line(path, violation.location.row)
        entry = unused_imports.read(path, line, violation.message)
        if entry is not None and not _is_quiet(src, path, violation.location.row):
            rows.append((entry, violation.location.row))
    used = legacy_memory.taken_elsewhere(ctx, reading, [entry for entry, _ in rows])
    seen: Counter[tuple[str, str]] = Counter()
    own = {part for path in ctx.paths(".py") for part in path.split("/")[:-1]}  # imported for its effects
    for entry, row in rows:
        if entry in used:
            continue
        number = _number(seen, entry.path, entry.target)
        yield Finding(
            rule=IMPORT,
            rule_version=VERSIONS[IMPORT],
            severity="low",
            subject=entry.path,
            identity=f"{entry.target}#{number}",
            message=f"`{entry.target}` is imported and not used, neither here nor by a module that takes it from here.",
            line=row,
            worth=0.3 if entry.target in own else _import_worth(src, entry, row),
            action=f"Remove the import of `{entry.target}`.",
        )


def _is_quiet(src: Sources, path: str, row: int) -> bool:
    """Whether a person told another linter that the import is meant, on its line or on the statement's first."""
    first = row
    while first > 1 and not src.line(path, first).lstrip().startswith(("import ", "from ")):
        first -= 1
    return any(_QUIET.search(src.line(path, line)) for line in (first, row))


def _import_worth(src: Sources, entry: unused_imports.Import, row: int) -> float:
    """Judge an unused import: in a test it may be a fixture that is asked for by name, a doctest sees the
    names of its module, and a plain import inside a function, or of a module within a package, may be
    there for its effects."""
    line = src.line(entry.path, row)
    if line.lstrip().startswith("import ") and (line[:1].isspace() or "." in entry.target):
        return 0.3
    name = re.compile(rf"\b{re.escape(entry.bound)}\b")
    mentions = [text.lstrip() for text in src.lines(entry.path) if name.search(text)]
    if any(text.startswith((">>>", "...")) for text in mentions):
        return 0.3
    if is_illustration(entry.path) or is_settings(entry.path) or "compat" in entry.path:
        return 0.4
    if is_test(entry.path):
        return 0.4 if len(mentions) > 1 or entry.path.endswith("conftest.py") else 0.55
    return 0.65


def _variables(src: Sources, places: Places) -> Iterator[Finding]:
    seen: Counter[tuple[str, str]] = Counter()
    for path, violation in places:
        name = _named(violation.message)
        line = src.line(path, violation.location.row).strip()
        plain = bool(re.match(rf"{re.escape(name)}\s*(:[^=]+)?=", line))
        quiet = is_test(path) or is_illustration(path) or not plain or _is_looked_at(src, path, violation)
        yield Finding(
            rule=VARIABLE,
            rule_version=VERSIONS[VARIABLE],
            severity="low",
            subject=path,
            identity=f"{name}#{_number(seen, path, name)}",
            message=f"The local variable `{name}` is assigned and never used.",
            evidence=quoted(line),
            line=violation.location.row,
            worth=0.35 if quiet else 0.6,
            action=f"Remove `{name}`, or use it where it was meant to be used.",
        )


def _is_looked_at(src: Sources, path: str, violation: ruff_report.Violation) -> bool:
    """Whether a variable may be read without its name: by ``locals()``, or by people in a demonstration."""
    lines = src.lines(path)
    shown = any(text.startswith("if __name__") for text in lines[: violation.location.row])
    return shown or any(_LOCALS.search(text) for text in lines)


def _redefined(src: Sources, places: Places) -> Iterator[Finding]:
    seen: Counter[tuple[str, str]] = Counter()
    for path, violation in places:
        name = _named(violation.message)
        line = src.line(path, violation.location.row)
        number = _FROM_LINE.search(violation.message)
        earlier = int(number[1]) if number else 0
        definition = re.compile(rf"\s*(async\s+)?(def|class)\s+{re.escape(name)}\b")
        sure = bool(definition.match(line) and definition.match(src.line(path, earlier)))
        decorated = src.line(path, earlier - 1).lstrip().startswith("@")
        lost = "the earlier test never runs" if name.startswith("test") else "the earlier one is never used"
        yield Finding(
            rule=REDEFINED,
            rule_version=VERSIONS[REDEFINED],
            severity="medium" if sure and not decorated else "low",
            subject=path,
            identity=f"{name}#{_number(seen, path, name)}",
            message=f"`{name}` is defined a second time; {lost} (line {earlier})."
            if earlier
            else violation.message,
            evidence=quoted(line),
            line=violation.location.row,
            worth=0.85 if sure and not decorated else 0.35,
            action=f"Rename one of the two `{name}`, or delete the one that is not meant.",
        )


def _commented(src: Sources, places: Places) -> Iterator[Finding]:
    flagged: dict[str, list[int]] = {}
    for path, violation in places:
        flagged.setdefault(path, []).append(violation.location.row)
    for path in sorted(flagged):
        seen: Counter[tuple[str, str]] = Counter()
        for block in commented_code.blocks(src.lines(path), flagged[path]):
            digest = sha256(" ".join(block.text.split()).encode("utf-8", "replace")).hexdigest()[:12]
            extent = f"{block.size} lines" if block.size > 1 else "1 line"
            yield Finding(
                rule=COMMENTED,
                rule_version=VERSIONS[COMMENTED],
                severity="low",
                subject=path,
                identity=f"{digest}#{_number(seen, path, digest)}",
                message=f"{extent} of code, commented out.",
                evidence=quoted(block.text.strip().splitlines()[0]),
                line=block.first,
                worth=_block_worth(path, block, src.lines(path)),
                action="Delete the block (git keeps it), or switch it on again.",
                magnitude=float(block.size),
            )


def _block_worth(path: str, block: commented_code.Block, lines: Sequence[str]) -> float:
    if (
        not block.whole
        or commented_code.is_entry_of_list(lines, block)
        or is_illustration(path)
        or is_settings(path)
    ):
        return 0.3
    # Of the blocks that were labelled, maintainers would have acted on one in fourteen: never printed.
    return 0.35 if block.size == 1 or is_test(path) or commented_code.is_data(block.text) else 0.45


def _deprecated(src: Sources, places: Places) -> Iterator[Finding]:
    uses = [
        deprecated_code.Use(path, v.code or "", v.location.row, v.message, src.line(path, v.location.row))
        for path, v in places
    ]
    for pattern in deprecated_code.patterns(uses):
        times = f"{pattern.count} times, first: " if pattern.count > 1 else ""
        why = f" ({pattern.why})" if pattern.why else ""
        yield Finding(
            rule=DEPRECATED,
            rule_version=VERSIONS[DEPRECATED],
            severity="medium" if pattern.why else "low",
            subject=pattern.path,
            identity=f"{pattern.code}{'!' if pattern.why else ''}",
            message=f"{pattern.code}, {times}{quoted(pattern.message)}{why}",
            evidence=quoted(src.line(pattern.path, pattern.line)),
            line=pattern.line,
            worth=pattern.worth,
            action=f"Run `ruff check --select {pattern.code} --fix {pattern.path}` and read the difference.",
            magnitude=float(pattern.count),
        )


def _named(message: str) -> str:
    match = _NAME.search(message)
    return match[1] if match else ""


def _number(seen: Counter[tuple[str, str]], path: str, name: str) -> int:
    """Count the occurrences of a name in a file, from 1."""
    seen[path, name] += 1
    return seen[path, name]
