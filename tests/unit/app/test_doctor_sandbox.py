"""What `doctor` says of sandboxes."""

from pathlib import Path

import pytest

from daydream.app.setup import doctor
from tests.fakes import checkouts


def said(root: Path) -> dict[str, str]:
    found: dict[str, str] = next(
        each for each in doctor(root, None).data["checks"] if each["what"] == "sandbox"
    )
    return found


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("DAYDREAM_TRIALS_PER_NIGHT", "5")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    checkouts.make(tmp_path / "root", {"a.py": "x = 1\n"})
    return tmp_path / "root"


def test_one_that_is_there_is_named_and_promises_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = root.parent / "bin"
    programs.mkdir()
    (programs / "bwrap").write_text("#!/bin/sh\n")
    (programs / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    assert said(root)["state"] == "ok"
    assert "proves itself before" in said(root)["found"]


def test_where_none_is_there_or_wanted_it_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYDREAM_SANDBOX_ORDER", "docker")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{root}/none.sock")
    assert (said(root)["state"], said(root)["mend"]) == ("off", "apt-get install bubblewrap")
    own = root.parent / ".config/daydream"
    own.mkdir(parents=True)
    (own / "config.toml").write_text("[sandbox]\nallow_unisolated = true\n")
    assert "dreams run not isolated" in said(root)["found"]
    assert said(root)["mend"] == "apt-get install bubblewrap"
    monkeypatch.setenv("DAYDREAM_TRIALS_PER_NIGHT", "0")
    assert "no dream is tried" in said(root)["found"]
