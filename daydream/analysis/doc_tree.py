"""The documentation in the workbench: which files are pages, what stands where, and the pages parsed once."""

import functools
import os
import re
import stat
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import msgspec

from daydream.analysis import rst_source
from daydream.analysis.links import Kind
from daydream.analysis.markdown import Document, parse
from daydream.analysis.rst_source import RstPage
from daydream.contracts.cache import Cache, Forgetful
from daydream.records.repository import SourceFile

PAGE_LIMIT = 2_000_000
MARKDOWN = (".md", ".markdown")
RST = (".rst",)
_RST_LIKE = (*RST, ".txt", ".inc")
_KEPT_BYTES = 16_000_000
_VERSION = 2
_NOT_PAGES = re.compile(
    r"(?:^|/)(?:fixtures?|testdata|test_data|test-data|snapshots?|__snapshots__|mdtest|golden|cassettes|testcases"
    r"|node_modules|site-packages|ISSUE_TEMPLATE|PULL_REQUEST_TEMPLATE)(?:/|$)"
    r"|(?:^|/)(?:tests?|testing)/(?!(?:.*/)?README\.(?:md|rst)$)|TEMPLATE[^/]*\.\w+$|(?:^|/)(?:pull_request|issue|pr)_template\.\w+$|[{}]"
)
Page = Document | RstPage
_P = TypeVar("_P", Document, RstPage)


def pages(files: Iterable[SourceFile], exclude: Sequence[str], endings: tuple[str, ...]) -> list[SourceFile]:
    """Pick the documentation among the examined files, in path order.

    Texts that are test data or templates are not documentation; `exclude` are gitignore patterns.
    """
    from pathspec import PathSpec

    spec = PathSpec.from_lines("gitignore", exclude)
    chosen = [f for f in files if f.path.lower().endswith(endings) and not _NOT_PAGES.search(f.path)]
    return sorted((f for f in chosen if not spec.match_file(f.path)), key=lambda f: f.path)


@functools.cache
def _parser_version() -> str:
    return version("markdown-it-py")


class Shelf:
    """The tree as pages need it: what stands at a path, and pages parsed once, ever, while a cache lasts."""

    def __init__(self, tree: Path, files: Iterable[SourceFile] = (), cache: Cache | None = None) -> None:
        self.tree = tree
        self._cache = cache or Forgetful()
        self._blobs = {file.path: file.blob for file in files if file.blob}
        self._inside = os.path.realpath(tree)
        self._folders: dict[str, dict[str, Kind]] = {}
        self._pages: OrderedDict[str, tuple[Page | None, int]] = OrderedDict()
        self._bytes = 0
        self.lost = 0  # how often an examined file was not there

    def kind(self, path: str) -> Kind:
        """Tell what stands at a normalised POSIX path: case counts, nothing outside the tree is looked at.

        "unknown" is what lies beyond the tree, in a submodule (an empty folder here) or behind a
        link that leaves the tree.
        """
        if path in {"", "."}:
            return "folder"
        parts = path.split("/")
        if parts[0] in {"..", ".git", ""}:
            return "unknown"
        for count in range(len(parts)):
            entries = self._entries("/".join(parts[:count]))
            if not entries:
                return "unknown"
            kind = entries.get(parts[count], "absent")
            if kind != "folder" or count == len(parts) - 1:
                return kind if count == len(parts) - 1 or kind != "file" else "absent"
        return "absent"

    def _entries(self, folder: str) -> dict[str, Kind]:
        if folder not in self._folders:
            try:
                with os.scandir(self.tree / folder) as found:
                    self._folders[folder] = {entry.name: self._entry(entry) for entry in found}
            except (OSError, ValueError):
                self._folders[folder] = {}
        return self._folders[folder]

    def _entry(self, entry: "os.DirEntry[str]") -> Kind:
        if entry.is_symlink() and not self._stays(entry.path):
            return "unknown"
        try:
            mode = entry.stat().st_mode
        except OSError:
            return "unknown"
        return "folder" if stat.S_ISDIR(mode) else "file"

    def _stays(self, path: str) -> bool:
        real = os.path.realpath(path)
        return real == self._inside or real.startswith(self._inside + os.sep)

    def blob(self, path: str) -> str:
        """The id of a page's content; empty for what is not examined."""
        return self._blobs.get(path, "")

    def _there(self, path: str) -> bool:
        full = self.tree / path
        try:
            return self._stays(str(full)) and full.is_file() and full.stat().st_size <= PAGE_LIMIT
        except (OSError, ValueError):
            return False

    def raw(self, path: str) -> bytes | None:
        """Read a page's bytes; None where it is gone, too large, or a link that leaves the tree."""
        try:
            if self._there(path):
                return (self.tree / path).read_bytes()
        except OSError:
            self.lost += 1
            return None
        self.lost += path in self._blobs and not (self.tree / path).is_file()
        return None

    def text(self, path: str) -> str | None:
        """Read a page; None also where it is not UTF-8."""
        raw = self.raw(path)
        try:
            return None if raw is None else raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            return None

    def document(self, path: str) -> Document | None:
        """Parse a Markdown page, or take it from the shelf; None where it cannot be read or is no Markdown."""
        return self._page(path, Document, parse) if path.lower().endswith(MARKDOWN) else None

    def rst(self, path: str) -> RstPage | None:
        """The same for reStructuredText; text files count when something includes or lists them."""
        return (
            self._page(path, RstPage, rst_source.read)
            if path.lower().endswith((*RST, ".txt", ".inc"))
            else None
        )

    def readable(self, path: str) -> Page | None:
        """The page, whichever of the two it is written in."""
        return self.document(path) or self.rst(path)

    def warm(self, paths: Sequence[str]) -> None:
        """Fetch what the cache remembers of these pages at once, and parse and remember the rest."""
        self._fill([path for path in paths if path.lower().endswith(MARKDOWN)], Document, parse)
        self._fill([path for path in paths if path.lower().endswith(_RST_LIKE)], RstPage, rst_source.read)

    def _fill(self, paths: Sequence[str], shape: type[_P], read: Callable[[str], _P]) -> None:
        """Put pages of one kind on the shelf: from the cache, else parsed and remembered."""
        wanted = [path for path in paths if path not in self._pages]
        keys = [self._blobs[path] for path in wanted if path in self._blobs]
        kind = f"docs.{shape.__name__}/{_VERSION}/{_parser_version()}"
        known = self._cache.read(kind, keys) if keys else {}
        fresh: dict[str, bytes] = {}
        for path in wanted:
            blob = self._blobs.get(path, "")
            page = self._stored(known.get(blob), path, shape)
            if page is None and (text := self.text(path)) is not None:
                page = read(text.replace("\r\n", "\n"))
                if blob:
                    fresh[blob] = msgspec.msgpack.encode(page, order="deterministic")
            self._keep(path, page)
        if fresh:
            self._cache.write(kind, fresh)

    def _page(self, path: str, shape: type[_P], read: Callable[[str], _P]) -> _P | None:
        if path not in self._pages:
            self._fill([path], shape, read)
        self._pages.move_to_end(path)
        page = self._pages[path][0]
        return page if isinstance(page, shape) else None

    def _stored(self, value: bytes | None, path: str, shape: type[_P]) -> _P | None:
        """What was remembered, if the file can still be read: a page that vanished was not looked at."""
        if value is None or not self._there(path):
            return None
        try:
            return msgspec.msgpack.decode(value, type=shape)
        except (msgspec.DecodeError, RecursionError):
            return None

    def _keep(self, path: str, page: Page | None) -> None:
        try:
            size = (self.tree / path).lstat().st_size
        except (OSError, ValueError):
            size = 0
        self._pages[path] = (page, size)
        self._bytes += size
        while self._bytes > _KEPT_BYTES and len(self._pages) > 1:
            self._bytes -= self._pages.popitem(last=False)[1][1]
