"""What the package offered at an earlier commit, and offers now: each file read once, by its content."""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from daydream.analysis.doc_memory import recall, remember
from daydream.analysis.doc_surface import Route, Surface, read_surface
from daydream.contracts.context import Context
from daydream.git import GitError, attempt, git

_KIND = "docs.surface/2"
_LIMIT = 1_000_000
_CHUNK = 400
Read = Callable[[Sequence[tuple[str, str]]], Iterator[tuple[str, bytes]]]
_EVERYTHING = re.compile(
    r"^(?:[ \t]*from[ \t]+(?P<dots>\.*)(?P<name>[\w.]*)[ \t]+import[ \t]*\(?[ \t]*\*|def __getattr__\()",
    re.MULTILINE,
)
ASIDE = re.compile(
    r"(?:^|/)(?:tests?|testing|docs?|docs_src|examples?|bench\w*|\.\w+)/|^(?:scripts?|tools?|ci)/|(?:^|/)(?:test_|conftest)"
)


@dataclass(slots=True)
class Offer:
    """The surfaces of many files together; `where` maps a deprecated name to its path and the way it is marked."""

    commands: set[str] = field(default_factory=set)
    options: set[str] = field(default_factory=set)
    variables: dict[str, bool] = field(default_factory=dict)
    routes: list[tuple[str, Route]] = field(default_factory=list)
    prefixes: set[str] = field(default_factory=set)
    deprecated: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    unread: int = 0

    def add(self, path: str, surface: Surface | None) -> None:
        """Take in one file."""
        if surface is None:
            self.unread += 1
            return
        self.commands |= surface.commands
        self.options |= surface.options
        for name, needed in surface.variables.items():
            self.variables[name] = self.variables.get(name, True) and needed
        self.routes += [(path, route) for route in surface.routes]
        self.prefixes.update(surface.prefixes)
        for name, how in surface.deprecated.items():
            self.deprecated.setdefault(name, []).append((path, how))
        if "/management/commands/" in f"/{path}":
            self.commands.add(path.rpartition("/")[2].removesuffix(".py"))


def offered(ctx: Context) -> Offer:
    """What the examined package files offer."""
    files = [(f.path, f.blob) for f in ctx.files if f.size <= _LIMIT and _in_package(f.path)]

    def read(missing: Sequence[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
        for path, _ in missing:
            full = ctx.tree / path
            try:
                text = full.read_bytes() if full.is_file() and not full.is_symlink() else None
            except OSError:
                continue
            if text is not None:
                yield path, text

    return _gather(ctx, files, read)


def offered_at(ctx: Context, commit: str) -> Offer:
    """What the package's files offered at an earlier commit of the repository."""
    known = recall(ctx.cache, f"{_KIND}/all", commit, Offer)
    if known is None:
        known = _read_commit(ctx, commit)
        remember(ctx.cache, f"{_KIND}/all", commit, known)
    return known


def _read_commit(ctx: Context, commit: str) -> Offer:
    files: list[tuple[str, str]] = []
    listing = git(ctx.root, "ls-tree", "-r", "-l", "-z", "--full-tree", commit, stop=ctx.stop)
    for entry in listing.decode("utf-8", "surrogateescape").split("\0"):
        head, _, path = entry.partition("\t")
        parts = head.split()
        if _in_package(path) and parts[1] == "blob" and int(parts[3]) <= _LIMIT:
            files.append((path, parts[2]))
    return _gather(ctx, files, lambda missing: _blobs(ctx, missing))


def _in_package(path: str) -> bool:
    """Whether a file may be part of the program; a script at the root is for whoever works on it, or an installer."""
    return path.endswith(".py") and "/" in path and not ASIDE.search(path)


def _gather(ctx: Context, files: Sequence[tuple[str, str]], read: Read) -> Offer:
    offer = Offer()
    for start in range(0, len(files), _CHUNK):
        part = files[start : start + _CHUNK]
        known = _known(ctx.cache.read(_KIND, sorted({blob for _, blob in part})))
        fresh: dict[str, bytes] = {}
        texts: Mapping[str, bytes] = {}
        missing = [(path, blob) for path, blob in part if blob not in known]
        if missing:
            texts = dict(read(missing))
        for path, blob in part:
            ctx.check()
            if blob in known:
                offer.add(path, known[blob])
                continue
            surface = read_surface(texts[path]) if path in texts else None
            offer.add(path, surface)
            if surface is not None:
                fresh[blob] = msgspec.msgpack.encode(surface, order="deterministic")
        if fresh:
            ctx.cache.write(_KIND, fresh)
    return offer


def _known(values: Mapping[str, bytes]) -> dict[str, Surface]:
    found = {}
    for key, value in values.items():
        try:
            found[key] = msgspec.msgpack.decode(value, type=Surface)
        except msgspec.DecodeError:
            continue
    return found


def _blobs(ctx: Context, wanted: Sequence[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    """The contents of these paths' blobs, in one call; git answers in the order of the questions."""
    argv = ("cat-file", "--batch")
    left = attempt(ctx.root, *argv, stop=ctx.stop, stdin="".join(f"{blob}\n" for _, blob in wanted).encode())
    if left.returncode != 0:
        raise GitError(argv, left)
    at, out = 0, left.stdout
    for path, _ in wanted:
        end = out.index(b"\n", at)
        head = out[at:end].split()
        at = end + 1
        if len(head) == 3:  # else it is missing, as in a partial clone
            size = int(head[2])
            yield path, out[at : at + size]
            at += size + 1


def modules(paths: Iterable[str]) -> set[str]:
    """The dotted names of Python files and packages, as an import would write them, from any folder that may be a root."""
    found: set[str] = set()
    for path in paths:
        if path.endswith(".py") and not ASIDE.search(path):
            parts = path.removesuffix(".py").split("/")
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            parts = parts[1:] if parts[:1] in (["src"], ["lib"]) else parts
            found.update(".".join(parts[:count]) for count in range(1, len(parts) + 1))
    return found


def files(dotted: str) -> Iterator[str]:
    """The files that may be the module before the last part of a dotted name, from any folder that may be a root."""
    parent = dotted.lstrip("~!").partition("(")[0].rpartition(".")[0]
    if parent:
        for root in ("", "src/", "lib/"):
            yield from (f"{root}{parent.replace('.', '/')}{end}" for end in (".py", "/__init__.py"))


def has_foreign_names(path: str, text: Callable[[str], str | None], own: Container[str]) -> bool:
    """Whether a module takes everything from a package that is none of the `own`, itself or through another of the
    repository's modules, or makes its names up when it is asked for them."""
    seen: set[str] = set()
    todo = [path]
    while todo:
        path = todo.pop()
        source = None if path in seen else text(path)
        seen.add(path)
        for match in _EVERYTHING.finditer(source or ""):
            dots, name = match["dots"], match["name"]
            if dots is None or (not dots and name.partition(".")[0] not in own):
                return True
            folders = path.split("/")[: -len(dots)] if dots else []
            todo += files(".".join((*folders, *filter(None, (name, "*")))))
    return False


def modules_at(ctx: Context, rev: str) -> frozenset[str]:
    """The modules of an earlier commit."""
    listing = git(ctx.root, "ls-tree", "-r", "--name-only", "-z", "--full-tree", rev, stop=ctx.stop)
    return frozenset(modules(listing.decode("utf-8", "surrogateescape").split("\0")))
