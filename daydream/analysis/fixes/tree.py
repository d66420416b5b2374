"""What a fix asks of the whole tree: where a word occurs, which classes there are, the lowest Python."""

import posixpath
import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from daydream.analysis import python_floor, words
from daydream.analysis.fixes.page import Left, read
from daydream.analysis.python_floor import Version
from daydream.contracts.context import Context

_NO_TEXT = frozenset(
    (
        *(
            ".po",
            ".pot",
            ".mo",
            ".svg",
            ".geojson",
            ".lock",
            ".map",
            ".ttf",
            ".woff",
            ".woff2",
            ".png",
            ".jpg",
        ),
        *(".jpeg", ".gif", ".ico", ".pdf", ".gz", ".zip", ".whl", ".xz", ".tif", ".mmdb"),
    )
)
_METADATA = {
    "setup.py": re.compile(rb""),
    "setup.cfg": re.compile(rb"^\[metadata\]", re.MULTILINE),
    "pyproject.toml": re.compile(rb"^\[(project|tool\.poetry|tool\.flit\.metadata)\]", re.MULTILINE),
}
LARGEST_TEXT = 5_000_000
_CLASS = re.compile(rb"^[ \t]*class[ \t]+(\w+)[ \t]*(?:\(([^)]*)\))?[ \t]*:", re.MULTILINE)
_LOADERS = re.compile(
    rb"\b(import_module|__import__|spec_from_file_location|exec_module|load_module|load_source|walk_packages|"
    rb"iter_modules|entry_points|iter_entry_points|sys\.modules|globals)\b"
)


@dataclass(slots=True)
class Census:
    """How often each watched word occurs, by path."""

    counts: Mapping[str, Counter[str]] = field(default_factory=dict)

    def total(self, word: str) -> int:
        """All occurrences in the tree."""
        return sum(self.counts[word].values())


class Tree:
    """The files of the program, read at most once for each question, and only for those that ask; `answers` and
    `layouts` are where `lint` and `style` remember what ruff made of a text."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.answers: dict[Hashable, list[dict[str, Any]] | None] = {}
        self.layouts: dict[Hashable, str | None] = {}

    def texts(self, *suffixes: str) -> Iterator[tuple[str, bytes]]:
        """Yield path and content of every text, examined or not, paths in order."""
        others = [file.path for file in self.ctx.unexamined if not suffixes or file.path.endswith(suffixes)]
        for path in sorted([*self.ctx.paths(*suffixes), *others]):
            self.ctx.check()
            if posixpath.splitext(path)[1].lower() not in _NO_TEXT:
                try:
                    yield path, read(self.ctx, path, LARGEST_TEXT)
                except Left:
                    continue

    def census(self, wanted: Collection[str]) -> Census:
        """Count words over the whole tree; any sign but letters, digits and underscores ends a word."""
        names = {word.encode("utf-8", "surrogateescape"): word for word in wanted}
        counts: dict[str, Counter[str]] = {word: Counter() for word in wanted}
        for path, content in self.texts():
            for raw in filter(names.__contains__, words.split(content)):
                counts[names[raw]][path] += 1
        return Census(counts)

    @cached_property
    def classes(self) -> Mapping[str, frozenset[str]]:
        """Every class of the repository by name, with the last parts of its bases' names."""
        found: dict[str, frozenset[str]] = {}
        for _, content in self.texts(".py"):
            for name, bases in _CLASS.findall(content):
                parts = (base.strip().rpartition(b".")[2] for base in bases.split(b",") if base.strip())
                key = name.decode("utf-8", "replace")
                found[key] = found.get(key, frozenset()) | {part.decode("utf-8", "replace") for part in parts}
        return found

    @cached_property
    def modules(self) -> frozenset[str]:
        """The names of the repository's own modules and packages, without what is above them."""
        return frozenset(
            part for path in self.ctx.paths(".py") for part in path.removesuffix(".py").split("/")
        )

    @cached_property
    def loads_by_name(self) -> bool:
        """Whether some source imports modules by a name that it works out."""
        return any(_LOADERS.search(content) for _, content in self.texts(".py"))

    @cached_property
    def published(self) -> frozenset[str]:
        """The folders that hold the metadata of something that is packaged for others."""
        found = set()
        for path, content in self.texts("setup.py", "setup.cfg", "pyproject.toml"):
            folder, name = posixpath.split(path)
            if name in _METADATA and _METADATA[name].search(content):
                found.add(folder)
        return frozenset(found)

    def is_published(self, path: str) -> bool:
        """Whether a file lies in, or below, such a folder."""
        folder = posixpath.dirname(path)
        while folder not in self.published and folder:
            folder = posixpath.dirname(folder)
        return folder in self.published

    @cached_property
    def floor(self) -> Version | None:
        """The lowest Python that the repository declares; None where nothing says so."""
        found = {}
        for path in self.ctx.paths(*python_floor.FILES):
            if posixpath.basename(path) in python_floor.FILES:
                try:
                    found[path] = read(self.ctx, path).decode("utf-8", "replace")
                except Left:
                    continue
        declared = python_floor.declared(found)
        return declared[0] if declared else None
