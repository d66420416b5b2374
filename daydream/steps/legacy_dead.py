"""The vulture half of legacy_cleanup: dead definitions, code that is never reached, modules that Python no longer has."""

import functools
import os
import posixpath
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import msgspec

from daydream.analysis import dead_code, deprecated_code, usage
from daydream.analysis.deprecated_code import REMOVED_MODULES
from daydream.analysis.redaction import quoted
from daydream.analysis.roles import is_illustration, is_test
from daydream.contracts.context import Context
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, Failed, Outcome, Skipped
from daydream.steps import legacy_memory, legacy_tree, memory

DEAD, ONLY_TESTS = "legacy.dead_code", "legacy.only_tests"
UNREACHABLE, REMOVED = "legacy.unreachable", "legacy.removed_module"
VERSIONS = {DEAD: 2, ONLY_TESTS: 2, UNREACHABLE: 2, REMOVED: 3}
LOWEST_PYTHON = (3, 9)
_DOUBTFUL = 0.4
_HEAD = 12
_MOST_WORKERS, _SHARE = 4, 100
_KEPT = re.compile(
    r"DeprecationWarning|\bdeprecated\b|\bby hand\b|\bmanually\b|\bfor debug|\bdebugging\b|\bused? by\b.*\b(outside|plugins?|external)|"
    r"#\s*(noqa|pragma|vulture|pylint:\s*disable=unused)|backwards?[- ]compat",
    re.IGNORECASE,
)
_SETUPTOOLS = re.compile(r"\s*(import|from)\s+(setuptools|pkg_resources)\b")
_REQUIREMENTS = re.compile(r"(?:^|/)[\w.-]*(?:requirements|constraints)[\w./-]*\Z", re.IGNORECASE)
_CHILD = Path(usage.__file__).with_name("vulture_child.py")


def search(ctx: Context) -> Outcome:
    """Let vulture read every source, then keep what nothing in the whole tree names."""
    spec = find_spec("vulture")
    if spec is None or spec.origin is None:
        return Skipped(reason="vulture is not installed; install it beside daydream (pip install vulture)")
    folder = Path(spec.origin).parent.parent
    memo = memory.of_tree(
        ctx, "legacy vulture", [memory.code(folder / "vulture"), *map(_told, _pythons(ctx))]
    )
    former = memo.recall()
    if former is not None:
        return former
    reading = legacy_tree.Reading(ctx)
    files, left_out = legacy_tree.sources(ctx, reading)
    asked = _ask(ctx, files, folder)
    if isinstance(asked, str):
        return Failed(error=asked)
    outcome = _judged(ctx, asked, files, left_out, reading)
    if reading.complete and asked.sure and not asked.note:
        memo.keep(outcome)
    return outcome


def _judged(
    ctx: Context, asked: "_Asked", files: list[str], left_out: int, reading: legacy_tree.Reading
) -> Done:
    answer = asked.answer
    named = [c for c in answer.candidates if c.kind in dead_code.DEFINITIONS]
    counted = legacy_memory.tally(ctx, reading, dead_code.watched(named))
    dead = [c for c in named if dead_code.is_dead(c, counted) and _is_of_module(reading, c)]
    parts = legacy_memory.fragments(ctx, reading, dead_code.parts_of(c.name for c in dead))
    settings = legacy_tree.settings(ctx, reading)
    packages = {posixpath.dirname(path) for path in files if path.endswith("/__init__.py")}
    published = legacy_tree.published(files, settings)
    judge = dead_code.Judge(answer.classes, published=published, packages=packages)
    kept = {c for c in dead if _is_kept(reading, c)}
    definitions = list(_definitions(_judge_all(dead, judge, parts, kept)))
    unreachable = list(_unreachable(reading, answer.candidates))
    removed = list(_removed(answer.imports, files, _Lenders(reading, settings, _requirements(ctx, reading))))
    facts = {
        "dead_definitions": sum(1 for f in definitions if f.rule == DEAD),
        "only_tests": sum(1 for f in definitions if f.rule == ONLY_TESTS),
        "unreachable": len(unreachable),
        "removed_modules": len(removed),
        "unused_names": sum(1 for c in named if not c.only_tests and c.kind != "variable"),
        "unparsed": len(answer.unread) + left_out,
        "notes": [asked.note] if asked.note else [],
    }
    unread = {path for path, _ in answer.unread}
    subjects = tuple(path for path in files if path not in unread)
    examined = Examined(rules=VERSIONS, subjects=subjects, everything=not unread and not left_out)
    return Done(findings=(*definitions, *unreachable, *removed), examined=(examined,), facts=facts)


class _Asked(msgspec.Struct, frozen=True):
    """What all files together came to; `sure`: it would again, and `note` says what did not go as it should."""

    answer: dead_code.Answer
    sure: bool
    note: str = ""


def _ask(ctx: Context, files: list[str], folder: Path) -> _Asked | str:
    """Ask the repository's Python, and ours where that one cannot; a text says why there is no answer."""
    trouble = ""
    for python in _pythons(ctx):
        try:
            asked = _under(ctx, python, files, folder)
        except (OSError, ValueError) as error:
            asked = quoted(str(error))
        if not isinstance(asked, str):
            own = "Dead code was looked for with daydream's own Python"
            note = f"{own}, because the repository's could not: {trouble}." if trouble else ""
            return msgspec.structs.replace(asked, note=note)
        trouble = asked
    return f"vulture gave no answer: {trouble}"


def _pythons(ctx: Context) -> list[str]:
    """Return the Pythons to try: the repository's own if its syntax may differ from ours, then ours."""
    theirs = ctx.interpreter
    own = sys.version_info[:2]
    if theirs is not None and theirs.version >= LOWEST_PYTHON and theirs.version != own:
        return [theirs.path, sys.executable]
    return [sys.executable]


@functools.cache
def _told(python: str) -> str | None:
    """Say which Python that is, so that another in its place is another; None where the disk does not say."""
    if python == sys.executable:
        return sys.version
    try:
        state = Path(python).stat()
    except OSError:
        return None
    return f"{python} {state.st_size} {state.st_mtime_ns}"


def _under(ctx: Context, python: str, files: list[str], folder: Path) -> _Asked | str:
    """Put together what is remembered of the files and what the child says of the others."""
    version = [_told(python), memory.code(folder / "vulture"), *sorted(REMOVED_MODULES)]
    remembers = None not in version
    kind = f"vulture {memory.digest(_CHILD.read_bytes(), *(v for v in version if v is not None))}"
    keys = _keys(ctx, files) if remembers else {}
    known = ctx.cache.read(kind, [*keys.values(), "lists"]) if keys else {}
    found = {
        path: facts for path in files if (facts := _facts(known.get(keys.get(path, ""), b""))) is not None
    }
    lists = _lists(known.get("lists", b""))
    missing = [path for path in files if path not in found]
    if missing or lists is None:
        told = _child(ctx, python, missing, folder)
        if isinstance(told, str):
            return told
        lists, fresh = told.whitelists, {}
        for raw in told.files:
            facts = usage.facts(raw)
            found[facts.path] = facts
            if facts.sure and facts.path in keys:
                fresh[keys[facts.path]] = raw
        if keys:
            ctx.cache.write(kind, {**fresh, "lists": msgspec.json.encode(lists)})
    answer = usage.merge([found[path] for path in files], lists, {path for path in files if is_test(path)})
    return _Asked(answer, all(each.sure for each in found.values()))


def _keys(ctx: Context, files: Sequence[str]) -> dict[str, str]:
    """What each file's facts are remembered by: its content and its name, which tells tests from code."""
    blobs = {file.path: file.blob for file in ctx.files}
    return {path: memory.digest(path, blobs[path]) for path in files if blobs[path]}


def _facts(raw: bytes) -> usage.FileFacts | None:
    try:
        return usage.facts(raw) if raw else None
    except ValueError:
        return None


def _lists(raw: bytes) -> list[usage.Whitelist] | None:
    try:
        return msgspec.json.decode(raw, type=list[usage.Whitelist]) if raw else None
    except ValueError:
        return None


def _child(ctx: Context, python: str, files: list[str], folder: Path) -> usage.Told | str:
    request = {
        "root": str(ctx.tree),
        "files": files,
        "modules": sorted(REMOVED_MODULES),
        "whitelists": True,
        "workers": min(_MOST_WORKERS, len(files) // _SHARE + 1, os.cpu_count() or 1),
    }
    # -S: what the environment of the repository would run at start-up is not ours to run
    argv = [python, "-I", "-S", str(_CHILD), str(os.getpid()), str(folder)]
    left = ctx.child(
        argv, env=legacy_tree.environment(ctx), stdin=msgspec.json.encode(request), timeout_s=1800.0
    )
    if left.timed_out:
        return "it did not finish within 30 minutes"
    if left.returncode != 0:
        return quoted(left.last_words) or f"it ended with code {left.returncode}"
    told = usage.read(left.stdout)
    return told if told.complete and len(told.files) == len(files) else "it ended before the last file"


def _is_of_module(reading: legacy_tree.Reading, c: dead_code.Candidate) -> bool:
    """Whether a variable is one of a module: those of functions are ruff's, and those of classes may be fields."""
    if c.kind != "variable":
        return True
    content = reading.content(c.path, legacy_tree.LARGEST_SOURCE) or b""
    lines = content.decode("utf-8", "replace").splitlines()
    line = lines[c.first - 1] if c.first <= len(lines) else ""
    return bool(re.match(rf"{re.escape(c.name)}\s*(:[^=]+)?=(?!=)", line))


def _is_kept(reading: legacy_tree.Reading, c: dead_code.Candidate) -> bool:
    """Whether the head of a definition says why it is there all the same: outsiders are being warned, or a
    person starts it by hand."""
    content = reading.content(c.path, legacy_tree.LARGEST_SOURCE) or b""
    lines = content.decode("utf-8", "replace").splitlines()[
        max(0, c.first - 2) : min(c.last, c.first + _HEAD)
    ]
    return any(_KEPT.search(line) for line in lines)


def _judge_all(
    dead: Sequence[dead_code.Candidate],
    judge: dead_code.Judge,
    parts: set[str],
    kept: set[dead_code.Candidate],
) -> Iterator[tuple[dead_code.Candidate, float]]:
    """Yield what to mention, with its worth; what goes with the class or function around it is not said again."""
    around: list[tuple[dead_code.Candidate, float]] = []
    worths = _worths(dead, judge, parts, kept)
    for c in sorted(worths, key=lambda d: (d.path, d.first, -d.last, d.name)):
        worth = worths[c]
        around = [(a, w) for a, w in around if a.path == c.path and a.last >= c.last]
        if not any(w >= worth for _, w in around):
            yield c, worth
        around.append((c, worth))


def _worths(
    dead: Sequence[dead_code.Candidate],
    judge: dead_code.Judge,
    parts: set[str],
    kept: set[dead_code.Candidate],
) -> dict[dead_code.Candidate, float]:
    """Judge each by itself, then hold what others use to these: it is worth no more than they are, and lives
    if one of them does."""
    worths: dict[dead_code.Candidate, float] = {}
    for c in dead:
        worth = None if dead_code.is_composed(c, parts) else judge.worth(c)
        if worth is not None:
            doubtful = c in kept or dead_code.may_be_composed(c, parts)
            worths[c] = min(worth, _DOUBTFUL) if doubtful else worth
    held = [c for c in worths if c.within]
    changed = True
    while changed:
        changed = False
        by_name = {(c.path, c.name): worth for c, worth in worths.items()}
        for c in held:
            least = min((by_name.get((c.path, name), 0.0) for name in c.within), default=1.0)
            if c in worths and least < worths[c]:
                changed = True
                worths[c] = least
                if not least:
                    del worths[c]
    return worths


def _definitions(judged: Iterable[tuple[dead_code.Candidate, float]]) -> Iterator[Finding]:
    seen: Counter[tuple[str, str]] = Counter()
    for c, worth in judged:
        name = c.qualname or c.name
        seen[c.path, name] += 1
        size = c.last - c.first + 1
        extent = f"{size} lines" if size > 1 else "1 line"
        users = "is used by nothing but tests" if c.only_tests else "is used by nothing; " + _where(c)
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


def _where(c: dead_code.Candidate) -> str:
    """Say where the name of something dead occurs."""
    return "only itself, or what is as unused, calls it" if c.again else "its name occurs nowhere else"


def _unreachable(reading: legacy_tree.Reading, candidates: list[dead_code.Candidate]) -> Iterator[Finding]:
    seen: Counter[tuple[str, str]] = Counter()
    for c in candidates:
        if c.kind != "unreachable_code":
            continue
        content = reading.content(c.path, legacy_tree.LARGEST_SOURCE) or b""
        lines = content.decode("utf-8", "replace").splitlines()
        source = lines[c.first - 1 : c.last]
        code = (line for line in reversed(lines[: c.first - 1]) if line.strip() and line.lstrip()[:1] != "#")
        worth = dead_code.unreachable_worth(c, "\n".join(source), next(code, ""))
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


class _Lenders:
    """Says whether a package that has a copy of a removed module is sure to be there."""

    def __init__(self, reading: legacy_tree.Reading, settings: Mapping[str, str], required: str) -> None:
        self._reading, self._required = reading, "\n".join((required, *settings.values()))
        self._declared = any(deprecated_code.requires_setuptools(path, settings[path]) for path in settings)

    def of(self, entry: dead_code.Import) -> str:
        """Return who lends an import its module, "" for nobody: setuptools, required at run time or imported
        before, has distutils; others are packages that are named after what they bring back."""
        if entry.module != "distutils":
            wanted = rf"(?<![\w-])(?:(?:standard-|legacy-|py){entry.module}(?![\w-])|{entry.module}-\w[\w-]*)"
            named = re.search(wanted, self._required, re.IGNORECASE)
            return named[0] if named else ""
        content = self._reading.content(entry.path, legacy_tree.LARGEST_SOURCE) or b""
        before = content.decode("utf-8", "replace").splitlines()[: entry.line - 1]
        return "setuptools" if self._declared or any(_SETUPTOOLS.match(line) for line in before) else ""


def _requirements(ctx: Context, reading: legacy_tree.Reading) -> str:
    """The texts of the files that list what is to be installed."""
    paths = [path for path in ctx.paths(".txt", ".in") if _REQUIREMENTS.search(path)]
    texts = (reading.content(path, legacy_tree.LARGEST_TEXT) or b"" for path in paths)
    return b"\n".join(texts).decode("utf-8", "replace")


def _removed(imports: list[dead_code.Import], files: list[str], lenders: _Lenders) -> Iterator[Finding]:
    """Report imports of modules that newer Pythons lack, unless the repository has one of that name."""
    own = {part for path in files for part in path.removesuffix(".py").split("/")}
    seen: set[tuple[str, str]] = set()
    for entry in sorted(imports, key=lambda i: (i.path, i.line)):
        if entry.module in own or (entry.path, entry.module) in seen:
            continue
        seen.add((entry.path, entry.module))
        version = ".".join(str(n) for n in REMOVED_MODULES[entry.module])
        lent = lenders.of(entry)
        quiet = entry.guarded or lent or is_illustration(entry.path)
        tried = " in a `try` or an `if`" if entry.guarded else ""
        copy = f"; {lent} lends its copy for now" if lent else ""
        yield Finding(
            rule=REMOVED,
            rule_version=VERSIONS[REMOVED],
            severity="low" if quiet else "high",
            subject=entry.path,
            identity=entry.module,
            message=f"`{entry.module}` is imported{tried}, which Python {version} no longer has{copy}.",
            line=entry.line,
            worth=0.4 if lent and not entry.guarded else 0.3 if quiet else 0.8,
            action=f"Replace `{entry.module}` before moving to Python {version}.",
        )
