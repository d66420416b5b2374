"""The world of the crash test: a folder where nights are started, killed, copied, and looked at."""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from bench import crash_repository as repository
from bench.machine import here
from daydream.records.head import Head
from daydream.records.journal import EffectEnded, Ended, Entry, Progressed
from daydream.store import heads
from daydream.store.checkpoint import entries
from tests.fakes.sentry_server import TOKEN, FakeSentry, entry, serving

KILLED = 137
_CONFIG = """[night]
mode = "apply"
zone = "UTC"
[logs]
archive = ["scratch/*.txt.*"]
[sentry]
base_url = "{url}"
organization = "acme"
projects = ["web"]
"""
_TELEMETRY = ("duration_s", "resumed", "summary")


class Broken(Exception):
    """The world is not as the crash test needs it; the message says where."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a process left: exit code (137: killed) and what it said."""

    exit_code: int
    said: str


@dataclass
class World:
    """One worker's folder. `work` is where nights run, always at the same path; `scene` says which night."""

    base: Path
    sentry: FakeSentry
    scene: repository.Scene = repository.SECOND

    @property
    def work(self) -> Path:
        """The folder that is copied for every point."""
        return self.base / "work"

    @property
    def root(self) -> Path:
        """The user's checkout."""
        return self.work / "shop"

    @property
    def night(self) -> Path:
        """The night's state."""
        return self.root / ".git" / "daydream" / "state" / "night"

    @property
    def logs(self) -> Path:
        """The night's reports."""
        return self.root / ".git" / "daydream" / "logs" / "daydream"

    @property
    def calls(self) -> Path:
        """Which sub-steps really ran; outside of `work`."""
        return self.base / "calls.txt"

    def build(self) -> None:
        """Make the repository and do its first night; keep a copy from before each night."""
        shutil.rmtree(self.work, ignore_errors=True)
        repository.build(self.root)
        config = self.work / "config" / "daydream" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(_CONFIG.format(url=self.sentry.url), encoding="utf-8")
        (self.work / "home").mkdir()
        self.keep(repository.FIRST.template)
        self.scene = repository.FIRST
        left = self.start()
        if left.exit_code != 0:
            msg = f"the first night ended with {left.exit_code}: {left.said}"
            raise Broken(msg)
        repository.move_on(self.root)
        self.keep(repository.SECOND.template)
        self.scene = repository.SECOND

    def keep(self, name: str) -> None:
        """Copy the work folder aside."""
        shutil.rmtree(self.base / name, ignore_errors=True)
        _copy(self.work, self.base / name)

    def take(self, name: str | None = None) -> None:
        """Make the work folder a fresh copy of one kept: of the scene's beginning, unless named."""
        shutil.rmtree(self.work, ignore_errors=True)
        _copy(self.base / (name or self.scene.template), self.work)
        self.forget()

    def forget(self) -> None:
        """Begin to count calls and requests anew."""
        self.calls.write_text("", encoding="utf-8")
        self.sentry.requests.clear()

    def start(
        self,
        tracer: Sequence[str] = (),
        plant: str | None = None,
        if_due: bool = False,
        first_on_path: Path | None = None,
    ) -> Left:
        """Start a night once, perhaps under a tracer, and wait for its end."""
        chosen = [*(["--plant", plant] if plant else []), *(["--if-due"] if if_due else [])]
        command = [
            *tracer,
            sys.executable,
            "-m",
            "bench.crash_night",
            self.root,
            self.scene.present,
            self.calls,
            *chosen,
        ]
        left = subprocess.run(
            list(map(str, command)),
            cwd=here(),
            env=self.environment(first_on_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        code = left.returncode
        return Left(128 - code if code < 0 else code, left.stdout.decode("utf-8", "replace").strip())

    def environment(self, first_on_path: Path | None) -> dict[str, str]:
        """The environment of a night: nothing of the person's own."""
        return {
            "PATH": f"{first_on_path}:{os.environ['PATH']}" if first_on_path else os.environ["PATH"],
            "HOME": str(self.work / "home"),
            "XDG_CACHE_HOME": str(self.work / "cache"),
            "XDG_CONFIG_HOME": str(self.work / "config"),
            "TZ": "UTC",
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "DAYDREAM_SENTRY_TOKEN": TOKEN,
            # What is measured is never the same twice.
            "DAYDREAM_TRIALS_PER_NIGHT": "0",
        }

    def head(self) -> Head | None:
        """The head as it stands on the disk."""
        return heads.read_head(self.night)

    def journal(self) -> list[Entry]:
        """The journal of the measured run as it is committed; empty where that has not begun."""
        head = self.head()
        if head is None or head.run != self.scene.run:
            return []
        return [happened for _, happened in entries(self.night, head)]

    def asked(self) -> list[str]:
        """The pages that were asked of Sentry, by cursor; "" is the first."""
        return [query.get("cursor", "") for query in self.sentry.queries]

    def called(self) -> list[tuple[str, str, str]]:
        """The calls of sub-steps: state, name, cursor."""
        lines = self.calls.read_text(encoding="utf-8").splitlines()
        return [(*line.split("\t", 2),) for line in lines]  # type: ignore[misc]


@contextmanager
def opened(base: Path) -> Iterator[World]:
    """A world with its Sentry, which answers the same to every night."""
    base.mkdir(parents=True, exist_ok=True)
    issues = {"web": [entry(number, firstSeen="2026-11-20T20:00:00Z") for number in range(1, 4)]}
    with serving(issues=issues, page_size=2) as sentry:
        world = World(base, sentry)
        world.build()
        yield world


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", "--", str(source), str(target)], check=True)


def committed_calls(journal: Sequence[Entry]) -> list[tuple[str, str, str]]:
    """The calls whose outcome a journal holds."""
    calls, cursors = [], dict[tuple[str, str], str]()
    for happened in journal:
        if isinstance(happened, Ended | Progressed):
            key = (happened.state, happened.name)
            calls.append((*key, cursors.get(key, "")))
            cursors[key] = happened.cursor if isinstance(happened, Progressed) else ""
    return calls


def observed(world: World) -> dict[str, Any]:
    """Everything that a kill must not change, as plain data: area to name to content."""
    effects = [e for e in world.journal() if isinstance(e, EffectEnded)]
    head = world.head()
    return {
        "report": {path.name: _page(path) for path in sorted(world.logs.glob("*.md"))},
        "twin": {path.name: _twin(path) for path in sorted(world.logs.glob("*.json"))},
        "logs folder": {"names": sorted(path.name for path in world.logs.iterdir())},
        "checkout": _tree(world.root, ".git"),
        "refs": {"all": repository.git(world.root, "for-each-ref").splitlines()},
        "index": {"sha256": _sha(world.root / ".git" / "index")},
        "findings": _tree(world.night / "findings"),
        "trash": _tree(world.night / "runs" / world.scene.run / "trash"),
        "effects": {e.id: [e.kind, e.path, e.status, e.detail] for e in effects},
        "journal": {str(n): _entry(e) for n, e in enumerate(world.journal())},
        "dreams": _rows(world.night.parent / "dreams.db"),
        "memory of logs": _rows(world.night.parent / "logs.db"),
        "end": {"closed": head.closed if head else None, "failed": head.failed if head else None},
    }


def _entry(happened: Entry) -> dict[str, Any]:
    """An entry; without what depends on the report's Duration and Resumed lines."""
    plain: dict[str, Any] = msgspec.to_builtins(happened)
    if plain.get("state") == "maintain.report":
        plain.pop("effects", None)
        plain.get("facts", {}).pop("lines", None)
    return plain


def _page(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith(("- Duration:", "- Resumed:"))]


def _twin(path: Path) -> dict[str, Any]:
    twin = json.loads(path.read_bytes())
    lines = [line for line in twin["summary"] if not line.startswith(("Duration:", "Resumed:"))]
    return {**{key: value for key, value in twin.items() if key not in _TELEMETRY}, "summary": lines}


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _tree(folder: Path, without: str = "") -> dict[str, str]:
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if without and name.split("/")[0] == without:
            continue
        found[name] = "folder" if path.is_dir() else f"{path.stat().st_mode & 0o7777:o} {_sha(path)}"
    return found


def _rows(path: Path) -> dict[str, Any]:
    """Every table's rows, without the numbers that SQLite counts up (its own first column), and without the disk's numbers of
    files, which every copy of the world has for itself."""
    if not path.exists():
        return {}
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        listed = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        tables = {name: "AUTOINCREMENT" in sql for name, sql in connection.execute(listed)}
        return {
            name: sorted(
                (
                    [_without_inodes(cell) if name == "log_readings" else cell for cell in row][
                        1 if counted else 0 :
                    ]
                    for row in connection.execute(f'SELECT * FROM "{name}"')
                ),
                key=repr,
            )
            for name, counted in sorted(tables.items())
        }
    finally:
        connection.close()


def _without_inodes(cell: object) -> object:
    return re.sub(r"\[\d+,\d+,", "[0,0,", cell) if isinstance(cell, str) else cell


def differences(golden: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Where two observations differ, one line each."""
    found = []
    for area, names in golden.items():
        for name in sorted(names.keys() | now[area].keys()):
            wanted, got = names.get(name), now[area].get(name)
            if wanted != got:
                found.append(f"{area}: {name}: {_short(wanted, got)}")
    return found


def _short(wanted: object, got: object) -> str:
    if isinstance(wanted, list) and isinstance(got, list):
        wanted, got = [x for x in wanted if x not in got], [x for x in got if x not in wanted]
    return f"{json.dumps(wanted)[:300]} became {json.dumps(got)[:300]}"
