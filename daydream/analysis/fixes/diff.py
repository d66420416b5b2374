"""A draft as a unified diff that `git apply` takes."""

import difflib
import os
import re
from pathlib import Path

from daydream.contracts.fix import Draft
from daydream.errors import DaydreamError

_LINE = re.compile(rb"[^\n]*\n|[^\n]+\Z")
_ODD = re.compile(r'[\x00-\x1f"\\\x7f]|[^\x00-\x7f]')


def unified(tree: Path, draft: Draft) -> str:
    """Write a draft as one unified diff against the tree, paths in order, with ``a/`` and ``b/``.

    Bytes that are not UTF-8 become surrogate escapes: encode with ``surrogateescape`` to get them back.
    A link, or a file that cannot be read, raises DaydreamError.
    """
    return "".join(_of_file(tree, path, draft.files[path]) for path in sorted(draft.files))


def _of_file(tree: Path, path: str, content: bytes | None) -> str:
    before = _read(tree / path)
    if before == content:
        return ""
    a, b = _named(f"a/{path}"), _named(f"b/{path}")
    head = [f"diff --git {a} {b}\n"]
    if before is None:
        head.append("new file mode 100644\n")
    elif content is None:
        head.append(f"deleted file mode {_mode(tree / path)}\n")
    old, new = _lines(before), _lines(content)
    hunks = list(
        difflib.unified_diff(
            old, new, "/dev/null" if before is None else a, "/dev/null" if content is None else b
        )
    )
    ended = [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in hunks]
    return "".join([*head, *ended])


def _read(path: Path) -> bytes | None:
    """The file's bytes; None where there is none."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        msg = f"{path.name} cannot be read for a difference ({error.strerror}); see its mode, and that it is no link"
        raise DaydreamError(msg) from error
    with os.fdopen(handle, "rb") as file:
        return file.read()


def _mode(path: Path) -> str:
    return "100755" if path.stat().st_mode & 0o100 else "100644"


def _lines(content: bytes | None) -> list[str]:
    return [line.decode("utf-8", "surrogateescape") for line in _LINE.findall(content or b"")]


def _named(path: str) -> str:
    """Write a path as git does: in quotes where it holds anything odd."""
    if not _ODD.search(path):
        return path
    raw = path.encode("utf-8", "surrogateescape")
    return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03o}" for b in raw) + '"'
