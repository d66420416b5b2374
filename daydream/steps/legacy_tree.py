"""What legacy_cleanup reads of the tree: its Python sources, its texts, its packaging and lint settings."""

import os
import posixpath
import stat
from collections.abc import Mapping, Sequence

from daydream.analysis import lint_policy, python_floor
from daydream.analysis.roles import is_illustration, is_test, is_test_data
from daydream.contracts.context import Context
from daydream.records.repository import SourceFile

LARGEST_SOURCE = 2_000_000
LARGEST_TEXT = 1_000_000
_NO_TEXT = frozenset(
    (".po", ".mo", ".pot", ".svg", ".csv", ".tsv", ".geojson", ".lock", ".map", ".ttf", ".woff", ".woff2")
) | frozenset(
    (".png", ".jpg", ".jpeg", ".gif", ".ico", ".pdf", ".gz", ".zip", ".whl", ".mmdb", ".tif", ".xz")
)
_PUBLISHES = {"pyproject.toml": ("[project]", "[tool.poetry]"), "setup.cfg": ("[metadata]",)}


def read(ctx: Context, path: str, most: int) -> bytes | None:
    """Read a regular file of the tree, at most `most` bytes long; None if it is no such file."""
    try:
        handle = os.open(ctx.tree / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(file.fileno())
        return file.read() if stat.S_ISREG(state.st_mode) and state.st_size <= most else None


class Reading:
    """Reads examined files, and keeps in mind whether each of them could be read."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self.complete = True

    def content(self, path: str, most: int) -> bytes | None:
        """Read a file as `read` does; a file that is listed with at most `most` bytes should be there."""
        self._ctx.check()
        content = read(self._ctx, path, most)
        self.complete = self.complete and content is not None
        return content


def sources(ctx: Context, reading: Reading) -> tuple[list[str], int]:
    """Return the examined Python files in order, and how many are left out: too large, no regular
    file, or not named in UTF-8. Inputs of tests are no sources and are not counted. One that is not
    where it should be makes the `reading` incomplete."""
    kept, left_out = [], 0
    for file in ctx.files:
        if not file.path.endswith(".py") or is_test_data(file.path):
            continue
        if file.size <= LARGEST_SOURCE and _is_plain(ctx, file.path):
            kept.append(file.path)
        else:
            left_out += 1
            if file.size <= LARGEST_SOURCE:
                reading.complete = False
    return sorted(kept), left_out


def _is_plain(ctx: Context, path: str) -> bool:
    try:
        path.encode()
        return stat.S_ISREG(os.lstat(ctx.tree / path).st_mode)
    except (OSError, ValueError):
        return False


def text_files(ctx: Context) -> list[SourceFile]:
    """Return every text of the program that may name something, examined or not, by path."""
    return sorted(
        (
            file
            for file in (*ctx.files, *ctx.unexamined)
            if file.size <= LARGEST_TEXT and posixpath.splitext(file.path)[1].lower() not in _NO_TEXT
        ),
        key=lambda file: file.path,
    )


def settings(ctx: Context, reading: Reading) -> dict[str, str]:
    """Read the packaging and lint configuration files, and other TOML at the root (they may be extended)."""
    names = {*lint_policy.FILES, *python_floor.FILES}
    found = {}
    for path in ctx.paths():
        folder, name = posixpath.split(path)
        if name in names or (not folder and name.endswith(".toml")):
            content = reading.content(path, LARGEST_TEXT)
            if content is not None:
                found[path] = content.decode("utf-8", "replace")
    return found


def published(files: Sequence[str], configuration: Mapping[str, str]) -> list[str]:
    """Return the folders that are packaged for others, so that public names below may have users outside; the
    root is an empty text. Packaging files of tests and of examples publish nothing."""
    found = {path for path in files if posixpath.basename(path) == "setup.py"}
    for path, text in configuration.items():
        marks = _PUBLISHES.get(posixpath.basename(path), ())
        if any(mark in text for mark in marks):
            found.add(path)
    return sorted({posixpath.dirname(path) for path in found if not (is_test(path) or is_illustration(path))})


def environment(ctx: Context) -> dict[str, str]:
    """Return the little that a child needs: nothing that would change what it says."""
    kept = {name: ctx.env[name] for name in ("HOME", "TMPDIR", "SYSTEMROOT") if name in ctx.env}
    return {"PATH": ctx.env.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", **kept}
