"""The documentation in the workbench: which files are pages, what stands where, and the pages parsed."""

import os
import re
import stat
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path

from daydream.analysis.links import Kind
from daydream.analysis.markdown import Document, parse
from daydream.records.repository import SourceFile

PAGE_LIMIT = 2_000_000
_KEPT_BYTES = 16_000_000
_NOT_PAGES = re.compile(
    r"(?:^|/)(?:fixtures?|testdata|test_data|test-data|snapshots?|__snapshots__|mdtest|golden|cassettes|testcases"
    r"|node_modules|site-packages|ISSUE_TEMPLATE|PULL_REQUEST_TEMPLATE)(?:/|$)"
    r"|(?:^|/)(?:tests?|testing)/(?!(?:.*/)?README\.(?:md|rst)$)|TEMPLATE[^/]*\.\w+$|(?:^|/)(?:pull_request|issue|pr)_template\.\w+$|[{}]"
)


def pages(files: Iterable[SourceFile], exclude: Sequence[str], endings: tuple[str, ...]) -> list[SourceFile]:
    """Pick the documentation among the examined files, in path order.

    Texts that are test data or templates are not documentation; `exclude` are gitignore patterns.
    """
    from pathspec import PathSpec

    spec = PathSpec.from_lines("gitignore", exclude)
    chosen = [f for f in files if f.path.lower().endswith(endings) and not _NOT_PAGES.search(f.path)]
    return sorted((f for f in chosen if not spec.match_file(f.path)), key=lambda f: f.path)


class Shelf:
    """The tree as pages need it: what stands at a path, and Markdown parsed once while memory allows."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self._inside = os.path.realpath(tree)
        self._folders: dict[str, dict[str, Kind]] = {}
        self._pages: OrderedDict[str, tuple[Document | None, int]] = OrderedDict()
        self._bytes = 0

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
            except OSError:
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

    def text(self, path: str) -> str | None:
        """Read a page; None where it is gone, too large, not UTF-8, or a link that leaves the tree."""
        full = self.tree / path
        try:
            if not self._stays(str(full)) or not full.is_file() or full.stat().st_size > PAGE_LIMIT:
                return None
            return full.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError, ValueError):
            return None

    def document(self, path: str) -> Document | None:
        """Parse a Markdown page, or take it from the shelf; None where it cannot be read or is no Markdown."""
        if not path.lower().endswith((".md", ".markdown")):
            return None
        if path in self._pages:
            self._pages.move_to_end(path)
            return self._pages[path][0]
        text = self.text(path)
        document = None if text is None else parse(text.replace("\r\n", "\n"))
        self._pages[path] = (document, len(text or ""))
        self._bytes += len(text or "")
        while self._bytes > _KEPT_BYTES and len(self._pages) > 1:
            self._bytes -= self._pages.popitem(last=False)[1][1]
        return document
