"""The bridges of legacy_cleanup: what still stands for Pythons, modules and functions that were left behind."""

import ast
import posixpath
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from daydream.analysis import bridges, deprecated_calls, python_floor, source
from daydream.analysis.redaction import quoted
from daydream.analysis.roles import is_illustration, is_migration, is_public, is_test
from daydream.analysis.ruff_report import LOWEST_TARGET
from daydream.contracts.context import Context
from daydream.records.finding import Examined, Finding
from daydream.records.outcome import Done, Outcome
from daydream.steps import legacy_tree, memory

GATE, COMPAT = "legacy.version_gate", "legacy.compat_module"
HALF, CALL = "legacy.half_migration", "legacy.deprecated_call"
VERSIONS = {GATE: 1, COMPAT: 1, HALF: 1, CALL: 1}
LARGEST = 500_000

_OF_INTEREST = re.compile(
    rb"version_info|hexversion|\bPY[23]\b|ImportError|ModuleNotFoundError|[Dd]eprecat|RemovedIn"
)
_DECIDES = re.compile(rb"version_info|hexversion|\bPY[23]\b|ImportError|ModuleNotFoundError")
_COMPAT_NAME = re.compile(r"compat|six|py_?[23]", re.IGNORECASE)
_OLD = re.compile(
    r"(?:(?:old|legacy|deprecated|obsolete)_(\w+)|(\w+?)_(?:old|legacy|deprecated|obsolete|bak|backup))"
)
_NUMBERED = re.compile(r"(\w*?)_?v(\d+)")
_SAID = re.compile(
    r"deprecat|legacy|obsolete|superseded|replaced by|\bold\b|\buse\b.*\binstead", re.IGNORECASE
)
_SHOWN = 3


class Facts(msgspec.Struct, frozen=True):
    """What one file says: decisions that never change, whether it is a mere bridge, what it marks deprecated."""

    gates: tuple[bridges.Gate, ...] = ()
    shim: bridges.Shim | None = None
    deprecated: tuple[deprecated_calls.Deprecated, ...] = ()
    unread: bool = False


_FACTS = msgspec.json.Decoder(Facts)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the rules look at: the files, the lowest Python, and who is packaged for others."""

    ctx: Context
    reading: legacy_tree.Reading
    files: Sequence[str]
    floor: tuple[python_floor.Version, str] | None
    published: tuple[str, ...]

    def text(self, path: str) -> bytes:
        """The content of a file; empty if it cannot be read."""
        return self.reading.content(path, legacy_tree.LARGEST_SOURCE) or b""

    def tree(self, path: str) -> ast.Module | None:
        """The file's tree; None where this Python has none, or it is too large."""
        content = self.text(path)
        try:
            return source.tree_of(source.decode(content)) if len(content) <= LARGEST else None
        except source.NotParsed:
            return None

    def is_promised(self, path: str) -> bool:
        """Whether people outside may import the file."""
        return path.startswith(self.published) and is_public(path)


def look(ctx: Context) -> Outcome:
    """Look for bridges in every source."""
    memo = memory.of_tree(ctx, "legacy bridges", [sys.version])
    former = memo.recall()
    if former is not None:
        return former
    reading = legacy_tree.Reading(ctx)
    files, left_out = legacy_tree.sources(ctx, reading)
    settings = legacy_tree.settings(ctx, reading)
    published = tuple(f"{f}/" if f else "" for f in legacy_tree.published(files, settings))
    ground = Ground(ctx, reading, files, python_floor.declared(settings), published)
    facts = _facts(ground)
    groups = {
        "version_gates": list(_gates(ground, facts)) if ground.floor else None,
        "compat_modules": list(_shims(ground, facts)) if ground.floor else None,
        "half_migrations": list(_halves(ground)),
        "deprecated_calls": list(_deprecated(ground, facts)),
    }
    unread = {path for path in files if facts[path].unread}
    measured = {rule: VERSIONS[rule] for rule in VERSIONS if ground.floor or rule in (HALF, CALL)}
    examined = Examined(
        rules=measured,
        subjects=tuple(path for path in files if path not in unread),
        everything=not unread and not left_out,
    )
    counts = {key: None if found is None else len(found) for key, found in groups.items()}
    findings = tuple(finding for found in groups.values() for finding in found or ())
    done = Done(findings=findings, examined=(examined,), facts=counts)
    if reading.complete:
        memo.keep(done)
    return done


def _facts(ground: Ground) -> dict[str, Facts]:
    """What each file says; a file that is as it was is not read again."""
    ctx, floor = ground.ctx, ground.floor[0] if ground.floor else None
    own = {part for path in ground.files for part in path.removesuffix(".py").split("/")}
    kind = f"bridges {memory.code()} {floor} {memory.digest(sys.version, *sorted(own & _asked_for()))}"
    blobs = {file.path: file.blob for file in ctx.files}
    keys = {p: memory.digest(p, blobs[p]) for p in ground.files if blobs[p] and memory.code()}
    known = ctx.cache.read(kind, list(keys.values())) if keys else {}
    found: dict[str, Facts] = {}
    fresh: dict[str, bytes] = {}
    for path in ground.files:
        facts = _known(known.get(keys.get(path, "")))
        if facts is None:
            facts = _of_file(ground, path, floor, own)
            if path in keys and ground.reading.complete:
                fresh[keys[path]] = msgspec.json.encode(facts)
        found[path] = facts
    if fresh:
        ctx.cache.write(kind, fresh)
    return found


def _asked_for() -> set[str]:
    """The top names of the modules that a repository may have of its own."""
    return {name.partition(".")[0] for name in bridges.STANDARD}


def _known(raw: bytes | None) -> Facts | None:
    try:
        return None if raw is None else _FACTS.decode(raw)
    except ValueError:
        return None


def _of_file(ground: Ground, path: str, floor: python_floor.Version | None, own: set[str]) -> Facts:
    content = ground.text(path)
    if not _OF_INTEREST.search(content) and not _COMPAT_NAME.search(path):
        return Facts()
    tree = ground.tree(path)
    if tree is None:
        return Facts(unread=True)
    marked = tuple(deprecated_calls.marked(path, tree)) if not is_test(path) else ()
    if floor is None or not (_DECIDES.search(content) or _COMPAT_NAME.search(path)):
        return Facts(deprecated=marked)
    gates = bridges.gates(tree, floor, own, linted=floor >= LOWEST_TARGET)
    return Facts(tuple(gates), bridges.shim(path, tree, floor, own), marked)


_SAYS = {
    "condition": "`{text}` is always {outcome} on Python {floor} and newer",
    "constant": "`{text}` is always {outcome} on Python {floor} and newer",
    "skip": "`{text}` is always {outcome} on Python {floor} and newer, so the test is {skipped} skipped",
    "unless": "`{text}` is always {outcome} on Python {floor} and newer, so the test is {skipped} skipped",
    "try": "`{text}` {succeeds} on Python {floor} and newer, so {never} never runs",
}


def _gates(ground: Ground, facts: Mapping[str, Facts]) -> Iterator[Finding]:
    version, where = ground.floor or ((3, 0), "")
    for path in ground.files:
        if facts[path].shim is not None:
            continue
        seen: Counter[str] = Counter()
        for gate in facts[path].gates:
            text = quoted(gate.text)
            seen[text] += 1
            said = _SAYS[gate.kind].format(
                text=text,
                outcome="true" if gate.outcome else "false",
                floor=f"{version[0]}.{version[1]}",
                skipped="always" if gate.outcome is (gate.kind == "skip") else "never",
                succeeds="always succeeds" if gate.outcome else "never succeeds",
                never="what catches the error" if gate.outcome else "what follows it in the `try`",
            )
            offered = gate.kind == "constant" and gate.text[:1] != "_" and ground.is_promised(path)
            quiet = offered or is_illustration(path) or posixpath.basename(path) == "setup.py"
            yield _finding(
                GATE,
                path,
                f"{text}#{seen[text]}",
                f"{said} ({where}).",
                line=gate.line,
                worth=0.35 if quiet else 0.6,
                action="Keep the branch that runs, and delete the other.",
            )


def _finding(
    rule: str,
    path: str,
    identity: str,
    message: str,
    *,
    line: int,
    worth: float,
    action: str,
    evidence: str = "",
) -> Finding:
    return Finding(
        rule=rule,
        rule_version=VERSIONS[rule],
        severity="low",
        subject=path,
        identity=identity,
        message=message,
        evidence=evidence,
        line=line,
        worth=worth,
        action=action,
    )


def _importers(ground: Ground, path: str) -> list[str]:
    """Return the files that import a module, by the last part of its name."""
    stem = posixpath.basename(path).removesuffix(".py")
    stem = posixpath.basename(posixpath.dirname(path)) if stem == "__init__" else stem
    word = re.escape(stem.encode())
    form = re.compile(
        rb"^[ \t]*(from[ \t]+[\w.]*\b" + word + rb"[ \t]+import|import[ \t]+[\w., \t]*\b" + word + rb"\b|"
        rb"from[ \t]+[\w.]+[ \t]+import[ \t]+(\([^)]*|[^\n]*)\b" + word + rb"\b)",
        re.MULTILINE,
    )
    return [other for other in ground.files if other != path and form.search(ground.text(other))]


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more


def _shims(ground: Ground, facts: Mapping[str, Facts]) -> Iterator[Finding]:
    version, where = ground.floor or ((3, 0), "")
    for path in ground.files:
        shim = facts[path].shim
        if shim is None or is_illustration(path):
            continue
        users = _importers(ground, path)
        who = f"{len(users)} files import it: {_listed(users)}" if users else "no file imports it"
        stem = posixpath.basename(path).removesuffix(".py")
        yield _finding(
            COMPAT,
            path,
            "module",
            f"`{stem}` holds only names that Python {version[0]}.{version[1]} and newer have anyway ({where}); {who}.",
            line=1,
            worth=0.45 if ground.is_promised(path) else 0.6,
            action="Use the names themselves where it is imported, then delete it.",
            evidence=", ".join(shim.names[:8]),
        )


def _halves(ground: Ground) -> Iterator[Finding]:
    """Report old modules that stand beside the new one of their name, and who still imports the old one."""
    stems = {path.removesuffix(".py").removesuffix("/__init__"): path for path in ground.files}
    for stem, path in sorted(stems.items()):
        if is_test(path) or is_illustration(path) or is_migration(path):
            continue
        new = _successor(stem, stems)
        tree = ground.tree(path) if new is not None else None
        if new is None or tree is None:
            continue
        sure = _is_marked(stem) and (_says_so(ground, path, tree) or _is_alike(tree, ground.tree(stems[new])))
        if not sure and not _is_alike(tree, ground.tree(stems[new])):
            continue
        users = _importers(ground, path)
        who = (
            f"{len(users)} {'files import' if len(users) > 1 else 'file imports'} the old one: {_listed(users)}"
            if users
            else "nothing imports the old one"
        )
        old, name = posixpath.basename(stem), posixpath.basename(new)
        yield _finding(
            HALF,
            path,
            f"{old} beside {name}",
            f"`{old}` stands beside `{name}`; {who}.",
            line=1,
            worth=0.45 if sure else 0.3,  # a name is not enough to print it: nobody has labelled any yet
            action=f"Move the callers to `{name}`, then delete `{old}`.",
        )


def _is_marked(stem: str) -> bool:
    return _OLD.fullmatch(posixpath.basename(stem)) is not None


def _successor(stem: str, stems: Mapping[str, str]) -> str | None:
    """Return the module that stands in the same folder and has the name without what says that it is old."""
    folder, name = posixpath.split(stem)
    old, numbered = _OLD.fullmatch(name), _NUMBERED.fullmatch(name)
    wanted = []
    if old:
        wanted = [old[1] or old[2]]
    elif numbered:
        wanted = [f"{numbered[1]}{join}v{int(numbered[2]) + 1}" for join in ("_", "")]
    found = [posixpath.join(folder, one) for one in wanted]
    return next((one for one in found if one in stems and one != stem), None)


def _says_so(ground: Ground, path: str, tree: ast.Module) -> bool:
    """Whether the top of an old module says that it is one."""
    head = ground.text(path)[:400].decode("utf-8", "replace")
    comments = "\n".join(line for line in head.splitlines() if line.startswith("#"))
    return bool(_SAID.search((ast.get_docstring(tree) or "")[:400] + "\n" + comments))


def _is_alike(old: ast.Module, new: ast.Module | None) -> bool:
    """Whether most of what the old one defines is defined by the new one too."""
    mine, theirs = _defined(old), _defined(new) if new else set()
    return len(mine) > 1 and 2 * len(mine & theirs) > len(mine)


def _defined(tree: ast.Module) -> set[str]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name for node in tree.body if isinstance(node, kinds)}


def _deprecated(ground: Ground, facts: Mapping[str, Facts]) -> Iterator[Finding]:
    """Report calls of what the repository itself marks deprecated."""
    marked = [one for path in ground.files for one in facts[path].deprecated]
    if not marked:
        return
    texts = {path: ground.text(path) for path in ground.files}
    defined = deprecated_calls.definitions(list(texts.values()))
    wanted = [one for one in marked if not one.is_method or (defined[one.name] == 1 and _is_rare(one.name))]
    words = re.compile(
        rb"\b(" + b"|".join(sorted({re.escape(one.name.encode()) for one in wanted})) + rb")[ \t]*\("
    )
    found: list[tuple[str, deprecated_calls.Deprecated, deprecated_calls.Call]] = []
    for path in ground.files if wanted else ():
        if not (is_test(path) or is_illustration(path)) and words.search(texts[path]):
            tree = ground.tree(path)
            found += [(path, *one) for one in (deprecated_calls.calls(path, tree, wanted) if tree else ())]
    yield from _calls(found)


def _calls(
    found: Sequence[tuple[str, deprecated_calls.Deprecated, deprecated_calls.Call]],
) -> Iterator[Finding]:
    # what the replacement itself calls is how things work within, whatever outsiders are told
    inner = {one for _, one, call in found if call.qualname.rpartition(".")[2] == _last(one.replacement)}
    seen: Counter[tuple[str, str]] = Counter()
    for path, one, call in found:
        identity = f"{one.qualname} in {call.qualname or 'module'}"
        seen[path, identity] += 1
        instead = f": use `{one.replacement}`" if one.replacement else ""
        yield _finding(
            CALL,
            path,
            f"{identity}#{seen[path, identity]}",
            f"`{one.qualname}` is called, which {one.path} marks deprecated{instead}.",
            line=call.line,
            worth=0.45 if one.replacement and one not in inner and not call.quiet else 0.4,
            action=f"Call `{one.replacement}` instead."
            if one.replacement
            else "Read its warning for what to call.",
        )


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def _is_rare(name: str) -> bool:
    """Whether a method's name is not one that objects of the standard library have as well."""
    common = (str, bytes, list, dict, set, int, float, tuple)
    return len(name) > 3 and not any(hasattr(kind, name) for kind in common) and name not in _COMMON


_COMMON: Iterable[str] = frozenset(
    """
    accept acquire add bind cancel close commit connect connection create cursor debug delete done download error
    execute exists fetch filter find flush get info load lock match next notify open parse path post put read register
    release remove render request reset resolve run save search send set setup shutdown start stop submit terminate
    update url validate wait warning write
    """.split()  # noqa: SIM905 -- a list of words is read as words
)
