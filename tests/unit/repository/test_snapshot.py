import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from daydream.errors import StateUnreadable
from daydream.processes import Stop
from daydream.repository import places as placing
from daydream.repository import snapshot
from daydream.repository.places import Places
from tests.fakes.checkouts import everything


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    root = tmp_path / "plain"
    (root / "pkg").mkdir(parents=True)
    (root / "pkg/a.py").write_bytes(b"x = 1\r\n")
    (root / "empty").write_bytes(b"")
    return root


def located(root: Path) -> Places:
    return placing.locate(root, state=None, logs=None, cache=None, stop=Stop())


def take(root: Path) -> snapshot.Snapshot:
    return snapshot.take(located(root), Stop())


def paths(taken: snapshot.Snapshot) -> list[str]:
    return [file.path for file in taken.files]


def test_files_are_copied_and_hashed(plain: Path) -> None:
    taken = take(plain)
    assert paths(taken) == ["empty", "pkg/a.py"]
    assert taken.files[1].blob == hashlib.sha256(b"x = 1\r\n").hexdigest()
    assert [file.size for file in taken.files] == [0, 7]
    assert (taken.tree / "pkg/a.py").read_bytes() == b"x = 1\r\n"
    assert taken.left_out == {}


def test_only_what_differs_is_copied_again(plain: Path) -> None:
    (plain / "gone.py").write_bytes(b"")
    (plain / "deep/er").mkdir(parents=True)
    (plain / "deep/er/b.py").write_bytes(b"b")
    (plain / "turns").write_bytes(b"a file")
    before = everything(take(plain).tree)
    (plain / "gone.py").unlink()
    (plain / "deep/er/b.py").unlink()
    (plain / "turns").unlink()
    (plain / "turns").mkdir()
    (plain / "turns/inside").write_bytes(b"a folder")
    (plain / "pkg/a.py").write_bytes(b"x = 2\r\n")
    taken = take(plain)
    after = everything(taken.tree)
    assert paths(taken) == ["empty", "pkg/a.py", "turns/inside"]
    assert sorted(after) == [".", "empty", "pkg", "pkg/a.py", "turns", "turns/inside"]
    assert after["empty"] == before["empty"]
    assert after["pkg/a.py"][3] == b"x = 2\r\n"


def test_what_is_no_source_is_left_out_and_counted(plain: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_bytes(b"secret")
    (plain / "link.py").symlink_to(tmp_path / "outside.py")
    (plain / "loop").symlink_to(plain)
    os.mkfifo(plain / "pipe")
    (plain / "huge.bin").write_bytes(b"")
    os.truncate(plain / "huge.bin", 9 * 2**20)
    Path(plain, "caf\udce9.py").write_bytes(b"")
    for folder in (".venv", "node_modules", "__pycache__", ".git-less/x.egg-info", ".hg"):
        (plain / folder).mkdir(parents=True)
        (plain / folder / "a.py").write_bytes(b"")
    for marker in ("pyvenv.cfg", "CACHEDIR.TAG"):
        (plain / marker[:3]).mkdir()
        (plain / marker[:3] / marker).write_bytes(b"")
    placing.create(located(plain))
    taken = take(plain)
    assert paths(taken) == ["empty", "pkg/a.py"]
    assert taken.left_out == {"folder": 7, "large": 1, "name": 1, "own": 1, "special": 1, "symlink": 2}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_cannot_be_read_is_counted(plain: Path) -> None:
    (plain / "pkg/a.py").chmod(0)
    assert take(plain).left_out == {"unreadable": 1}


@pytest.mark.parametrize("damage", ["edited", "removed", "linked", "listing", "tree"])
def test_a_damaged_snapshot_is_mended_and_not_taken_for_whole(
    plain: Path, tmp_path: Path, damage: str
) -> None:
    taken = take(plain)
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "a.py").write_bytes(b"mine")
    if damage == "edited":
        (taken.tree / "pkg/a.py").write_bytes(b"x = 9\r\n")
    elif damage == "listing":
        (taken.tree.parent / "snapshot.json").write_text('{"files": {"a": 3}}', encoding="ascii")
    else:
        (taken.tree / "pkg/a.py").unlink()
    if damage == "linked":
        (taken.tree / "pkg").rmdir()
        (taken.tree / "pkg").symlink_to(victim)
    if damage == "tree":
        for file in taken.tree.rglob("*"):
            if file.is_file():
                file.unlink()
        (taken.tree / "pkg").rmdir()
        taken.tree.rmdir()
        taken.tree.symlink_to(victim)
    assert snapshot.retake(located(plain)) is None
    again = take(plain)
    assert again == taken
    assert (again.tree / "pkg/a.py").read_bytes() == b"x = 1\r\n"
    assert (victim / "a.py").read_bytes() == b"mine"
    assert snapshot.retake(located(plain)) == taken


def test_an_export_leaves_the_cache_alone(plain: Path, tmp_path: Path, home: Path) -> None:
    before = everything(plain)
    taken = snapshot.export(located(plain), tmp_path / "target", Stop())
    assert paths(taken) == ["empty", "pkg/a.py"]
    assert everything(plain) == before
    assert list(home.iterdir()) == []


def test_a_cache_folder_that_cannot_be_written_is_one_sentence(plain: Path, home: Path) -> None:
    (home / "cache").write_bytes(b"")
    with pytest.raises(StateUnreadable, match=r"cannot be written .*paths\.cache"):
        take(plain)


class Meddling(Stop):
    """A stop at whose nth look something vanishes, as it may while a night reads."""

    def __init__(self, looks: int, vanish: Callable[[], None]) -> None:
        super().__init__()
        self.left = looks
        self.vanish = vanish

    def check(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.vanish()


@pytest.mark.parametrize("looks", [2, 3])
def test_what_vanishes_meanwhile_is_counted(plain: Path, looks: int) -> None:
    def vanish() -> None:
        shutil.rmtree(plain / "pkg")
        (plain / "empty").unlink()

    taken = snapshot.take(located(plain), Meddling(looks, vanish))
    expected = {2: ([], {"vanished": 2}), 3: (["empty"], {"vanished": 1})}
    assert (paths(taken), taken.left_out) == expected[looks]


def test_what_goes_beyond_the_limit_is_counted(plain: Path) -> None:
    taken = snapshot.take(located(plain), Stop(), most_bytes=6)
    assert (paths(taken), taken.left_out) == (["empty"], {"limit": 1})
