"""A night on the base commit of a repository, in a scratch clone that knows nothing of what came later."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from bench.machine import here
from daydream.report.document import ReportDoc

STEPS = ("legacy_cleanup", "docs")


@dataclass(frozen=True, slots=True)
class Reported:
    """What a night said: its findings as `findings --json` prints them, and why a step's answer is not whole."""

    findings: tuple[dict[str, Any], ...]
    incomplete: tuple[str, ...]


def night(git_dir: Path, commit: str, scratch: Path) -> Reported:
    """Check the commit out below `scratch`, do a night there, and read what it found; exits where it fails."""
    root, home = scratch / "repository", scratch / "home"
    _check_out(git_dir, commit, root)
    home.mkdir()
    report = Path(_daydream(root, home, "run", "--no-dreams", "--budget", "2h").splitlines()[-1])
    said = json.loads(_daydream(root, home, "--json", "findings"))
    doc = msgspec.json.decode(report.with_suffix(".json").read_bytes(), type=ReportDoc)
    wrong = [line for line in doc.steps if line.key in STEPS and line.status != "done"]
    return Reported(
        findings=tuple(one for one in said["findings"] if one["standing"] != "gone"),
        incomplete=tuple(f"{line.key} is {line.status}: {line.reason}" for line in wrong),
    )


def _check_out(git_dir: Path, commit: str, root: Path) -> None:
    """Borrow the mirror's objects, but none of its refs: history ends with the commit."""
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / ".git/objects/info/alternates").write_text(f"{git_dir / 'objects'}\n", encoding="utf-8")
    for args in (
        ("symbolic-ref", "HEAD", "refs/heads/main"),
        ("update-ref", "refs/heads/main", commit),
        ("-c", "core.hooksPath=/dev/null", "reset", "-q", "--hard"),
    ):
        subprocess.run(["git", "-C", str(root), *args], check=True)


def _daydream(root: Path, home: Path, *args: str) -> str:
    env = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    env |= {"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    argv = [sys.executable, "-m", "daydream", "--root", str(root), *args]
    done = subprocess.run(argv, env=env, cwd=here(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"daydream {args[0]} ended with exit {done.returncode}: {done.stderr[-600:]}")
    return done.stdout
