"""A home of its own for every test, so that no setting of this machine plays a part."""

from pathlib import Path

import pytest

from daydream.processes import Stop


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home folder, empty, with the cache folder inside."""
    place = tmp_path / "home"
    place.mkdir()
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    return place


@pytest.fixture
def stop() -> Stop:
    """A stop that nobody requested."""
    return Stop()
