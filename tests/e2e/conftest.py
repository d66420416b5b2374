"""A small real repository and a way to start daydream on it as its user would."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import checkouts

FILES: dict[str, str | bytes] = {
    "pyproject.toml": '[project]\nname = "small"\nversion = "1.0"\nrequires-python = ">=3.11"\n',
    "small/__init__.py": "",
    "small/core.py": (
        "import os\n\n\ndef fetch(url, timeout=30):\n    return url, timeout\n\n\n"
        "def _orphan(value):\n    return value + 1\n"
    ),
    "tests/test_core.py": "from small.core import fetch\n\n\ndef test_fetch():\n    assert fetch('x') == ('x', 30)\n",
    "README.md": "# Small\n\nSee [the guide](docs/guide.md) and [core](small/core.py).\n",
    "TODO.md": "# To do\n\n- [ ] one\n- [x] two\n",
}


@dataclass
class Place:
    """A repository with its own home: nothing of the machine's user is seen or touched."""

    root: Path
    home: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
        return {
            **kept,
            "HOME": str(self.home),
            "TZ": "UTC",
            "COLUMNS": "200",
            "DAYDREAM_NIGHT_ZONE": "Etc/GMT+12",
            "DAYDREAM_TRIALS_PER_NIGHT": "0",
            **self.extra,
        }

    def next_day(self) -> None:
        """Go where it is already tomorrow: two zones 26 hours apart never share a date."""
        self.extra["DAYDREAM_NIGHT_ZONE"] = "Pacific/Kiritimati"

    def start(self, *words: str) -> subprocess.Popen[str]:
        argv = [sys.executable, "-m", "daydream", "--root", str(self.root), *words]
        return subprocess.Popen(
            argv, env=self.env, cwd=self.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def daydream(self, *words: str) -> subprocess.CompletedProcess[str]:
        child = self.start(*words)
        out, err = child.communicate(timeout=120)
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(words, child.returncode, out, err)

    def data(self, *words: str) -> dict[str, Any]:
        done = self.daydream(*words, "--json")
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def configure(self, text: str) -> None:
        folder = self.home / ".config/daydream"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_text(text)

    @property
    def state(self) -> Path:
        return self.root / ".git/daydream/state/night"

    def report(self) -> str:
        return (self.root / ".git/daydream/logs/daydream/latest.md").read_text()


@pytest.fixture
def small(tmp_path: Path) -> Place:
    checkouts.make(tmp_path / "small", FILES)
    return Place(tmp_path / "small", tmp_path / "home")


@pytest.fixture
def plain(tmp_path: Path) -> Place:
    root = tmp_path / "plain"
    for name, content in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(content))
    return Place(root, tmp_path / "home")


@pytest.fixture
def checkout(small: Place) -> checkouts.Checkout:
    return checkouts.Checkout(small.root)


Snapshot = Callable[[], dict[str, object]]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(exist_ok=True)
