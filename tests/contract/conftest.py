"""What the sandbox suites share: one exported tree, one Docker engine."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from daydream.contracts.sandbox import Ground
from daydream.processes import Stop
from daydream.sandbox import rootfs
from tests.fakes.bubblewrap import why_not
from tests.fakes.engine import NoEngine, engine

_ROOM_BYTES = 4 * 2**30


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """The tree of the interpreter that runs these tests."""
    return rootfs.build(Path(sys.executable), tmp_path_factory.mktemp("cache"), Stop())


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A temporary folder that everybody may read, which pytest's are not."""
    place = Path(tempfile.mkdtemp(prefix="daydream-tests-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def engine_address() -> Iterator[str]:
    """A Docker engine of the tests' own; they are skipped, with the reason, where none can be had."""
    place = Path(tempfile.mkdtemp(prefix="daydream-tests-", dir=_quick()))
    place.chmod(0o755)
    try:
        with engine(place / "engine") as found:
            yield found
    except NoEngine as why:
        pytest.skip(f"{why}")
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _quick() -> Path | None:
    """A folder in memory, if there is one with room: an engine's thousands of files take longer to remove than to use."""
    place = Path("/dev/shm")
    if place.is_dir() and os.access(place, os.W_OK) and shutil.disk_usage(place).free > _ROOM_BYTES:
        return place
    return None


@pytest.fixture
def bwrap() -> str:
    """bubblewrap's program, or a skip that says how to get it."""
    if why := why_not():
        pytest.skip(why)
    return shutil.which("bwrap") or "bwrap"
