"""Reading a file of the workbench: only regular files, only so much, and a reason otherwise."""

import os
from pathlib import Path

import pytest

from daydream.dream.reading import NotRead, read


def test_a_regular_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"x = 1\r\n")
    assert read(tmp_path, "a.py") == b"x = 1\r\n"
    assert read(tmp_path, "a.py", limit=7) == b"x = 1\r\n"


def test_everything_else_gives_a_short_reason(tmp_path: Path) -> None:
    (tmp_path / "large.py").write_bytes(b"12345678")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "link.py").symlink_to("large.py")
    os.mkfifo(tmp_path / "pipe.py")
    reasons = {
        "large.py": "it is larger than 7 bytes",
        "folder.py": "it is not a regular file",
        "pipe.py": "it is not a regular file",
        "loop.py": "it cannot be opened",
        "link.py": "it cannot be opened",
        "gone.py": "it cannot be opened",
        "large.py/x.py": "it cannot be opened",
    }
    for path, reason in reasons.items():
        with pytest.raises(NotRead, match=reason):
            read(tmp_path, path, limit=7)
