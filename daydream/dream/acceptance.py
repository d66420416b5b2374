"""Which candidates become dreams: those that compile, change something, are new, keep their signature, and do not look at who calls them."""

import ast
import difflib
import re
import warnings
from collections import Counter
from collections.abc import Iterable

from daydream.analysis.source import Definition, NotParsed, digest, function_tree, normal_form, signature
from daydream.contracts.dream import Candidate, Dream, Kind, Procedure

_WATCHING = frozenset(
    ["_getframe", "currentframe", "_current_frames", "f_back", "f_globals", "tb_frame", "settrace", "setprofile", "modules", "meta_path", "_getframemodulename", "atexit", "ctypes", "gc", "__builtins__", "builtins", "get_objects", "get_referrers"]
)  # fmt: skip
"""Names by which code sees who calls it, or changes what others see: with them it could be another one in a trial than later."""
_HUNK = re.compile(r"^@@ -(\d+)(,\d+)? \+(\d+)(,\d+)? @@")


Kept = tuple[Candidate, str]


class Checker:
    """Checks the candidates of one procedure: keeps those that pass with their variant hashes, counts why
    others did not.

    Raises:
        NotParsed: the procedure's source is not one function, which is a bug of whoever catalogued it.
    """

    def __init__(self, procedure: Procedure, known: Iterable[str]) -> None:
        source = procedure.source or ""
        node, _ = function_tree(source)
        self.kept: list[Kept] = []
        self.rejected: Counter[str] = Counter()
        self._signature = signature(node)
        self._sort = type(node)
        self._watching = _watching(node)
        self._name = node.name
        self._base = digest(normal_form(node))
        self._known = set(known)

    def offer(self, candidate: Candidate) -> None:
        """Keep the candidate, or count why not."""
        reason, variant_hash = self._checked(candidate)
        if reason:
            self.rejected[reason] += 1
            return
        self._known.add(variant_hash)
        self.kept.append((candidate, variant_hash))

    def _checked(self, candidate: Candidate) -> tuple[str, str]:
        try:
            node, added = function_tree(candidate.code)
            _compile(candidate.code, node if added else None)
            variant_hash = digest(normal_form(node))
        except NotParsed:
            return "does_not_compile", ""
        if variant_hash == self._base:
            return "no_op", ""
        if not _watching(node) <= self._watching:
            return "watches", ""
        if variant_hash in self._known:
            return "duplicate", ""
        same = node.name == self._name and type(node) is self._sort
        if not same or (signature(node) != self._signature) != candidate.changes_default:
            return "signature", ""
        return "", variant_hash


def _watching(node: Definition) -> set[str]:
    """The names of `_WATCHING` that a function writes, as names, attributes, imports or texts."""
    found: set[str] = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            found.add(each.id)
        elif isinstance(each, ast.Attribute):
            found.add(each.attr)
        elif isinstance(each, ast.alias):
            found.update(each.name.split("."))
        elif isinstance(each, ast.ImportFrom):
            found.update((each.module or "").split("."))
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            found.add(each.value)
    return found & _WATCHING


def _compile(code: str, indented: Definition | None) -> None:
    """Compile the whole lines of one function below something that it may stand in."""
    text = code
    if indented is not None:
        # Names that a nested function rebinds outside itself have to be bound there.
        outer = {name for each in ast.walk(indented) if isinstance(each, ast.Nonlocal) for name in each.names}
        text = f"def enclosing({', '.join(sorted(outer - {'__class__'}))}):\n{code}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<dream>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        msg = f"it does not compile ({error})"
        raise NotParsed(msg) from error


def dream_of(
    procedure: Procedure, kind: Kind, candidate: Candidate, variant_hash: str, generated_at: str
) -> Dream:
    """Return the dream that an accepted candidate is; its id follows from what it varies and how."""
    identity = "\x1f".join((*map(str, procedure.key), procedure.source_hash, variant_hash))
    return Dream(
        id=digest(identity),
        base_path=procedure.path,
        base_qualname=procedure.qualname,
        base_occurrence=procedure.occurrence,
        base_source_hash=procedure.source_hash,
        dream_type=kind.key,
        name=candidate.name,
        code=candidate.code,
        diff=diff(procedure, candidate.code),
        transform_id=candidate.transform_id,
        reasoning=candidate.reasoning,
        generated_description=candidate.description,
        assumption=candidate.assumption,
        details=candidate.details,
        variant_hash=variant_hash,
        model_used=candidate.details.get("model"),
        model_requested=candidate.details.get("asked"),
        created_by=f"{kind.key}@{kind.version}",
        generated_at=generated_at,
    )


def diff(procedure: Procedure, code: str) -> str:
    """Write the change as a unified diff with the line numbers of the file."""
    old = (procedure.source or "").splitlines(keepends=True)
    lines = difflib.unified_diff(
        old, code.splitlines(keepends=True), f"a/{procedure.path}", f"b/{procedure.path}"
    )
    shift = procedure.first_line - 1

    def moved(match: re.Match[str]) -> str:
        before, after = int(match[1]) + shift, int(match[3]) + shift
        return f"@@ -{before}{match[2] or ''} +{after}{match[4] or ''} @@"

    return "".join(_HUNK.sub(moved, line) for line in lines)
