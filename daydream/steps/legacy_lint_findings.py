"""What ruff's places come to: findings about imports, variables, redefinitions, comments and old syntax, with their worth."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from hashlib import sha256

from daydream.analysis import commented_code, deprecated_code, ruff_report, source, unused_imports
from daydream.analysis.redaction import quoted
from daydream.analysis.roles import is_illustration, is_settings, is_test
from daydream.contracts.context import Context
from daydream.records.finding import Finding
from daydream.steps import legacy_memory, legacy_tree

IMPORT, VARIABLE = "legacy.unused_import", "legacy.unused_variable"
REDEFINED, COMMENTED, DEPRECATED = "legacy.redefined", "legacy.commented_code", "legacy.deprecated"
VERSIONS = {IMPORT: 2, VARIABLE: 2, REDEFINED: 2, COMMENTED: 1, DEPRECATED: 3}

_NAME = re.compile(r"`([^`]+)`")
_FROM_LINE = re.compile(r"from line (\d+)")
_LOCALS = re.compile(r"\b(locals|vars)\(\)")
_QUIET = re.compile(r"pylint:\s*disable=.*(unused-import|W0611)|noinspection|pyflakes:ignore", re.IGNORECASE)

_KEEPS_ALIVE = re.compile(
    r"(^|_)(guard|lock|locker|keep\w*|holder|held|hold|alive|anchor|patch(er)?|ref|handle|subscription|token|suppress\w*)$"
)
_PURE = re.compile(
    r"(staticmethod|classmethod|(functools\.)?(cache|lru_cache|wraps)|(contextlib\.)?(async)?contextmanager|"
    r"pytest\.mark\.\w+|(unittest\.)?(mock\.)?patch(\.\w+)*|(unittest\.)?(skip\w*|expectedFailure)|"
    r"(unittest\.)?mock\.\w+(\.\w+)*|(\w+\.)?inlineCallbacks|(abc\.)?abstractmethod|(\w+\.)?override_settings)\b(?!\.)"
)
Function = ast.FunctionDef | ast.AsyncFunctionDef

Places = list[tuple[str, ruff_report.Violation]]


class Sources:
    """Lines of the files that a part looks at again, read once."""

    def __init__(self, reading: legacy_tree.Reading) -> None:
        self._reading = reading
        self._lines: dict[str, list[str]] = {}
        self._trees: dict[str, ast.Module | None] = {}

    def lines(self, path: str) -> list[str]:
        """Return the lines of a file."""
        if path not in self._lines:
            content = self._reading.content(path, legacy_tree.LARGEST_SOURCE) or b""
            self._lines[path] = content.decode("utf-8", "replace").splitlines()
        return self._lines[path]

    def tree(self, path: str) -> ast.Module | None:
        """Return the file's tree; None if this Python cannot parse it."""
        if path not in self._trees:
            try:
                self._trees[path] = source.tree_of("\n".join(self.lines(path)))
            except source.NotParsed:
                self._trees[path] = None
        return self._trees[path]

    def line(self, path: str, row: int) -> str:
        """Return one line, counted from 1; empty if there is none."""
        lines = self.lines(path)
        return lines[row - 1] if 0 < row <= len(lines) else ""


def imports(ctx: Context, src: Sources, reading: legacy_tree.Reading, places: Places) -> Iterator[Finding]:
    rows: list[tuple[unused_imports.Import, int]] = []
    for path, violation in places:
        line = src.line(path, violation.location.row)
        entry = unused_imports.read(path, line, violation.message)
        if entry is not None and not _is_quiet(src, path, violation.location.row):
            rows.append((entry, violation.location.row))
    used = legacy_memory.taken_elsewhere(ctx, reading, [entry for entry, _ in rows])
    seen: Counter[tuple[str, str]] = Counter()
    own = {part for path in ctx.paths(".py") for part in path.removesuffix(".py").split("/")}
    # a package, or a module of ours inside a function, is imported for its effects
    packages = {part for path in ctx.paths(".py") for part in path.split("/")[:-1]}
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
            worth=0.3 if entry.target in packages else _import_worth(src, entry, row, own),
            action=f"Remove the import of `{entry.target}`.",
        )


def _is_quiet(src: Sources, path: str, row: int) -> bool:
    """Whether a person told another linter that the import is meant, on its line or on the statement's first."""
    first = row
    while first > 1 and not src.line(path, first).lstrip().startswith(("import ", "from ")):
        first -= 1
    return any(_QUIET.search(src.line(path, line)) for line in (first, row))


def _import_worth(src: Sources, entry: unused_imports.Import, row: int, own: AbstractSet[str]) -> float:
    """Judge an unused import: in a test it may be a fixture that is asked for by name, a doctest sees the
    names of its module, and a module imported inside a function, or a plain import of a module within a
    package, may be there for its effects. `own` are the names of the repository's modules and folders."""
    line = src.line(entry.path, row)
    if line.lstrip().startswith("import ") and (line[:1].isspace() or "." in entry.target):
        return 0.3
    if _is_for_effect(src, entry.path, row, near=entry.target.rpartition(".")[2] in own):
        return 0.3
    lines = src.lines(entry.path)
    if (
        unused_imports.is_meant(line)
        or unused_imports.is_python_2(lines)
        or unused_imports.is_spoken_of(entry, lines)
    ):
        return 0.35
    name = re.compile(rf"\b{re.escape(entry.bound)}\b")
    mentions = [text.lstrip() for text in src.lines(entry.path) if name.search(text)]
    if any(text.startswith((">>>", "...")) for text in mentions):
        return 0.3
    if is_illustration(entry.path) or is_settings(entry.path) or "compat" in entry.path:
        return 0.4
    if is_test(entry.path):
        return 0.4 if len(mentions) > 1 or entry.path.endswith("conftest.py") else 0.55
    return 0.65


def _is_for_effect(src: Sources, path: str, row: int, *, near: bool) -> bool:
    """Whether an import stands in a function that does nothing but import, or takes a neighbour by a dot; `near`:
    it may be one of the repository's."""
    tree = src.tree(path)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, Function) and any(
            one.lineno <= row <= (one.end_lineno or 0) for one in node.body
        ):
            dotted = re.match(r"\s*from\s+\.+\s+import\b", src.line(path, row))
            others = [one for one in node.body if not isinstance(one, ast.Import | ast.ImportFrom)]
            return (near and bool(dotted)) or all(
                isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) for one in others
            )
    return False


def variables(src: Sources, places: Places) -> Iterator[Finding]:
    seen: Counter[tuple[str, str]] = Counter()
    for path, violation in places:
        name = _named(violation.message)
        line = src.line(path, violation.location.row).strip()
        plain = bool(re.match(rf"{re.escape(name)}\s*(:[^=]+)?=", line))
        quiet = is_test(path) or is_illustration(path) or not plain or _is_looked_at(src, path, violation)
        quiet = quiet or _is_for_people(src, path, violation.location.row, name)
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


def _is_for_people(src: Sources, path: str, row: int, name: str) -> bool:
    """Whether an assignment tells a reader what a value is, or keeps an object alive: the last call of a
    function, a name with a block of comments, a guard."""
    if _KEEPS_ALIVE.search(name):
        return True
    tree = src.tree(path)
    functions = (
        node
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, Function) and node.body[-1].lineno == row
    )
    if any(isinstance(getattr(node.body[-1], "value", None), ast.Call) for node in functions):
        return True
    end = next(
        (
            n.end_lineno or row
            for n in (ast.walk(tree) if tree else ())
            if isinstance(n, ast.Assign) and n.lineno == row
        ),
        row,
    )
    around = (
        [src.line(path, n).strip() for n in (row - 2, row - 1)],
        [src.line(path, n).strip() for n in (end + 1, end + 2)],
    )
    return any(all(line.startswith("#") for line in lines) for lines in around)


def redefined(src: Sources, places: Places) -> Iterator[Finding]:
    seen: Counter[tuple[str, str]] = Counter()
    for path, violation in places:
        name = _named(violation.message)
        line = src.line(path, violation.location.row)
        number = _FROM_LINE.search(violation.message)
        earlier = int(number[1]) if number else 0
        definition = re.compile(rf"\s*(async\s+)?(def|class)\s+{re.escape(name)}\b")
        sure = bool(definition.match(line) and definition.match(src.line(path, earlier)))
        decorated = _is_decorated(src, path, earlier)
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


def _is_decorated(src: Sources, path: str, row: int) -> bool:
    """Whether the definition at a line bears a decorator that may have kept it: any that is not known to
    give back what it got."""
    tree = src.tree(path)
    if tree is None:
        return True
    found = (n for n in ast.walk(tree) if isinstance(n, Function | ast.ClassDef) and n.lineno == row)
    return any(not _PURE.match(ast.unparse(one)) for node in found for one in node.decorator_list)


def commented(src: Sources, places: Places) -> Iterator[Finding]:
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


def deprecated(src: Sources, places: Places) -> Iterator[Finding]:
    uses = [
        deprecated_code.Use(
            path,
            v.code or "",
            v.location.row,
            v.message,
            src.line(path, v.location.row),
            guard=v.code == deprecated_code.VERSION_CHECK and _is_guard(src, path, v.location.row),
            gated=(v.code or "").startswith("DTZ") and _is_gated(src, path, v.location.row),
        )
        for path, v in places
    ]
    seen: Counter[tuple[str, str]] = Counter()
    for pattern in deprecated_code.patterns(uses):
        times = f"{pattern.count} times, first: " if pattern.count > 1 else ""
        why = f" ({pattern.why})" if pattern.why else ""
        yield Finding(
            rule=DEPRECATED,
            rule_version=VERSIONS[DEPRECATED],
            severity="medium" if pattern.why else "low",
            subject=pattern.path,
            identity=_told(seen, pattern),
            message=f"{pattern.code}, {times}{quoted(pattern.message)}{why}",
            evidence=quoted(src.line(pattern.path, pattern.line)),
            line=pattern.line,
            worth=pattern.worth,
            action=f"Run `ruff check --select {pattern.code} --fix {pattern.path}` and read the difference.",
            magnitude=float(pattern.count),
        )


_BY_AN_OLDER = re.compile(r"\bpython ?2(\.\d)?\b|\bpy2\b", re.IGNORECASE)
_HEAD = 15


def _is_gated(src: Sources, path: str, row: int) -> bool:
    tree = src.tree(path)
    return tree is not None and deprecated_code.is_gated(tree, row)


def _is_guard(src: Sources, path: str, row: int) -> bool:
    """Whether a version check has a purpose: it refuses, or its file says that an older Python runs it too."""
    if any(_BY_AN_OLDER.search(line) for line in src.lines(path)[:_HEAD]):
        return True
    tree = src.tree(path)
    return tree is not None and deprecated_code.is_guard(tree, row)


def _told(seen: Counter[tuple[str, str]], pattern: deprecated_code.Pattern) -> str:
    """Name a pattern: its code, a mark where it breaks, and from the second on its number in the file."""
    name = f"{pattern.code}{'!' if pattern.why else ''}"
    number = _number(seen, pattern.path, name)
    return name if number == 1 else f"{name}#{number}"


def _named(message: str) -> str:
    match = _NAME.search(message)
    return match[1] if match else ""


def _number(seen: Counter[tuple[str, str]], path: str, name: str) -> int:
    """Count the occurrences of a name in a file, from 1."""
    seen[path, name] += 1
    return seen[path, name]
