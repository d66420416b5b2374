"""The unified difference: git applies it, and what comes out is the draft."""

import subprocess
from pathlib import Path

import pytest

from daydream.analysis.fixes.diff import unified
from daydream.contracts.fix import Draft
from daydream.errors import DaydreamError
from tests.fakes.fix_world import write


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\nb\nc\n", b"a\nc\n"),
        (b"a\r\nb\r\nc\r\n", b"a\r\nc\r\n"),
        (b"a\nb", b"a\nb\n"),
        (b"a\nb\n", b"a\nb"),
        (b"a\nb", b"b"),
        (b"a\x0cb\n\x85c\n", b"a\x0cb\n"),
        (b"\xff\xfe\nx\n", b"\xff\xfe\n"),
        (b"a\rb\rc\n", b"a\rc\n"),
        (b"a\n", None),
        (b"a", None),
        (None, b"a\nb\n"),
        (b"a\n", b""),
    ],
)
@pytest.mark.parametrize("path", ["a.py", "pkg/mit leer/ä.py", 'q"uote.py'])
def test_git_applies_it_exactly(tmp_path: Path, before: bytes | None, after: bytes | None, path: str) -> None:
    write(tmp_path, {"other": b"", **({path: before} if before is not None else {})})
    patch = unified(tmp_path, Draft({path: after}))
    subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"],
        cwd=tmp_path,
        input=patch.encode("utf-8", "surrogateescape"),
        check=True,
        env={"PATH": "/usr/bin:/bin", "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)},
    )
    full = tmp_path / path
    assert (full.read_bytes() if full.exists() else None) == after


def test_it_names_both_sides_and_says_nothing_of_what_is_the_same(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x\n", "b.py": "y\n"})
    patch = unified(tmp_path, Draft({"b.py": b"z\n", "a.py": b"x\n"}))
    assert patch == "diff --git a/b.py b/b.py\n--- a/b.py\n+++ b/b.py\n@@ -1 +1 @@\n-y\n+z\n"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.py").symlink_to("/etc/hosts")
    with pytest.raises(DaydreamError, match=r"a\.py cannot be read"):
        unified(tmp_path, Draft({"a.py": b""}))
