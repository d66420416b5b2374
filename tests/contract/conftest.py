"""What the sandbox suites share: one exported tree, one Docker engine."""

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
def engine_address(open_folder: Path) -> Iterator[str]:
    """A Docker engine of the tests' own; they are skipped, with the reason, where none can be had."""
    try:
        with engine(open_folder / "engine") as found:
            yield found
    except NoEngine as why:
        pytest.skip(f"{why}")


@pytest.fixture
def bwrap() -> str:
    """bubblewrap's program, or a skip that says how to get it."""
    if why := why_not():
        pytest.skip(why)
    return shutil.which("bwrap") or "bwrap"
