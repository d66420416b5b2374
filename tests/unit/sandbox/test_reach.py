"""Packages below a folder that others may not pass."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from daydream.contracts.sandbox import SandboxRefused
from daydream.processes import Stop
from daydream.sandbox import reach

ROOT = os.geteuid() == 0


@pytest.fixture
def site() -> Iterator[Path]:
    """Installed packages to which the way is free; to pytest's own folders it is not."""
    place = Path(tempfile.mkdtemp(prefix="daydream-tests-"))
    place.chmod(0o755)
    folder = place / "env/site-packages"
    (folder / "pack").mkdir(parents=True)
    (folder / "pack/__init__.py").write_text("x = 1")
    (folder / "pack/secretive.py").write_text("y = 2")
    (folder / "pack/secretive.py").chmod(0o600)
    (folder / "link.py").symlink_to("/etc/passwd")
    for each in (folder.parent, folder, folder / "pack"):
        each.chmod(0o755)
    (folder / "pack/__init__.py").chmod(0o644)
    yield folder
    folder.parent.chmod(0o755)
    shutil.rmtree(place)


def test_a_free_way_is_taken_as_it_is(site: Path, tmp_path: Path) -> None:
    assert reach.closed(site) is None
    assert reach.within_reach(site, tmp_path, Stop()) == site


def test_the_folder_that_is_closed_is_named(site: Path) -> None:
    site.parent.chmod(0o700)
    assert reach.closed(site) == site.parent
    site.parent.chmod(0o755)
    site.chmod(0o711)
    assert reach.closed(site) == site


@pytest.mark.skipif(ROOT, reason="for those who are not root; start the tests as an ordinary user")
def test_sandboxes_of_a_user_read_what_the_user_reads(site: Path, tmp_path: Path) -> None:
    site.parent.chmod(0o700)
    assert reach.within_reach(site, tmp_path, Stop()) == site


@pytest.mark.skipif(not ROOT, reason="only root's sandboxes are somebody else; start the tests as root")
def test_what_lies_in_a_closed_folder_is_put_on_the_shelf_once_and_anew_when_it_changes(
    site: Path, tmp_path: Path
) -> None:
    site.parent.chmod(0o700)
    found = reach.within_reach(site, tmp_path, Stop())
    assert found.is_relative_to(tmp_path)
    assert sorted(each.name for each in found.rglob("*")) == ["__init__.py", "pack", "secretive.py"]
    assert all(each.stat().st_mode & 0o004 for each in found.rglob("*"))
    assert (site / "pack/secretive.py").stat().st_mode & 0o777 == 0o600
    assert reach.within_reach(site, tmp_path, Stop()) == found
    (site / "pack/new.py").write_text("z = 3")
    assert (reach.within_reach(site, tmp_path, Stop()) / "pack/new.py").read_text() == "z = 3"
    assert sorted(each.name.partition("-")[0] for each in tmp_path.iterdir()) == ["packages", "packages"]


@pytest.mark.skipif(not ROOT, reason="only root's sandboxes are somebody else; start the tests as root")
def test_what_is_too_large_to_copy_is_refused_with_what_to_do(site: Path, tmp_path: Path) -> None:
    with (site / "pack/model.bin").open("wb") as stream:
        stream.truncate(3 * 2**30)
    site.parent.chmod(0o700)
    with pytest.raises(SandboxRefused, match=rf"chmod o\+x {site.parent}"):
        reach.within_reach(site, tmp_path, Stop())
    assert list(tmp_path.iterdir()) == []
