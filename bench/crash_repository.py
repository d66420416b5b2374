"""The small repository of the crash test: something for every step to find, and targets for every kind of change."""

import datetime as dt
import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daydream.records.change import Append, Change, Delete, Edit, Move, Pack, SetRef

PRESENT = "2026-11-21T05:00:00Z"


@dataclass(frozen=True, slots=True)
class Scene:
    """Which night is measured: its run, its present, and the copy of the world it begins in."""

    run: str
    present: str
    template: str


FIRST = Scene("2026-11-21.1", "2026-11-21T02:00:00Z", "before-the-first")
SECOND = Scene("2026-11-21.2", PRESENT, "before-the-second")

_SOURCE = {
    "shop/__init__.py": '"""A shop."""\n',
    "shop/cart.py": '''"""Carts."""

import os
import json


def discount(price: float, rate: float = 0.15, steps: int = 4) -> float:
    """Take the rate off, step by step."""
    total = price
    for number in range(steps):
        if total > 100.0:
            total = total - total * rate
        elif number > 2:
            total = total - 1.5
    return total


def _never_called(items):
    return [item for item in items if item]


def dump(cart: dict[str, int]) -> str:
    """Write a cart."""
    return json.dumps(cart)
''',
    "shop/prices.py": '''"""Prices."""


def rounded(value: float, digits: int = 2) -> float:
    """Round a price."""
    factor = 10**digits
    return int(value * factor + 0.5) / factor
''',
    "tests/test_cart.py": """from shop.cart import discount, dump
from shop.prices import rounded


def test_discount():
    assert rounded(discount(200.0)) > 0
    assert dump({}) == "{}"
""",
    "README.md": "# Shop\n\nSee [the guide](docs/guide.md) and [the history](docs/history.md).\n\n```python\ndef broken(:\n```\n",
    "docs/guide.md": "# Guide\n\nSee [prices](#prices) and [carts](#no-such-heading).\n\n## Prices\n\nRound them.\n",
    "TODO.md": "# To do\n\n- [ ] ship the carts\n- [x] count the prices\n- [ ] drop the old rate\n",
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1.0"\nrequires-python = ">=3.11"\n',
    ".gitignore": "*.log\n__pycache__/\nscratch/\n",
    "settings/rates.ini": "[rates]\nnormal = 15\n",
    "settings/start.sh": "#!/bin/sh\necho start\n",
    "archive/one.txt": "one\n",
    "archive/two.txt": "two\n",
    "notes/journal.txt": "first line\n",
}
_TAXES = '''"""Taxes."""


def taxes(price: float, threshold: float = 0.75, max_retries: int = 5) -> list[float]:
    """Tax a price until it stays below the threshold."""
    steps = []
    for _ in range(max_retries):
        price = price * threshold
        steps.append(price)
    return steps
'''
_UNTRACKED = {
    "scratch/old.txt": "old\n",
    "scratch/build/a.o": "a\n",
    "scratch/build/deep/b.o": "b\n",
    "scratch/printed.txt.1": "printed\n" * 200_000,
    "scratch/printed.txt.2": "printed before\n",
}


def lines_of_a_log(hour: int = 8, minutes: int = 15) -> str:
    """A plain Python log of the hours before the night, with one error that keeps coming back."""
    start = dt.datetime(2026, 11, 20, hour, tzinfo=dt.UTC)
    lines = []
    for number in range(60):
        at = (start + dt.timedelta(minutes=minutes * number)).strftime("%Y-%m-%d %H:%M:%S,000")
        lines.append(f"{at} INFO shop.web: request {number} served in {number % 7} ms")
        if number % 3 == 0:
            lines.append(f"{at} ERROR shop.cart: cannot reach the price service, attempt {number}")
    return "\n".join(lines) + "\n"


def git(root: Path, *argv: str, at: str = "2026-02-01T10:00:00Z") -> str:
    """Run git with a fixed person and instant."""
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"), ("DATE", at))
    }
    env = {"PATH": os.environ["PATH"], "HOME": str(root.parent / "home"), **who}
    left = subprocess.run(["git", *argv], cwd=root, env=env, check=True, capture_output=True, text=True)
    return left.stdout


def build(root: Path) -> None:
    """Write and commit the repository as the first night finds it."""
    root.mkdir(parents=True)
    _write(root, _SOURCE)
    (root / "settings/start.sh").chmod(0o755)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Open the shop")
    git(root, "update-ref", "refs/daydream/alpha", "HEAD")
    _write(root, {**_UNTRACKED, "logs/app.log": lines_of_a_log()})


def move_on(root: Path) -> None:
    """What happens between the nights: a file is renamed, one comes, a finding is mended, another made, and the log is
    rotated and goes on."""
    (root / "logs/app.log").rename(root / "logs/app.log.1")
    _write(root, {"logs/app.log": lines_of_a_log(23, 1)})
    git(root, "mv", "shop/prices.py", "shop/pricing.py")
    _write(
        root,
        {
            "shop/taxes.py": _TAXES,
            "docs/guide.md": "# Guide\n\nSee [prices](#prices) and [taxes](taxes.md).\n\n## Prices\n\nRound.\n",
            "tests/test_cart.py": _SOURCE["tests/test_cart.py"].replace("shop.prices", "shop.pricing"),
        },
    )
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Price anew", at="2026-11-20T18:00:00Z")


def changes(sub_step: str, cursor: str | None) -> tuple[Change, ...]:
    """At least two changes of the kind that the sub-step is named after."""
    listed: dict[tuple[str, str | None], tuple[Change, ...]] = {
        ("edit", None): (
            _edit("settings/rates.ini", "[rates]\nnormal = 12\n"),
            _edit("settings/new/taxes.ini", "[taxes]\nnormal = 19\n"),
            _edit("settings/start.sh", "#!/bin/sh\necho start the shop\n"),
        ),
        ("move", None): (
            Move(place="checkout", path="archive/one.txt", target="archive/2026/first/one.txt"),
            Move(place="checkout", path="archive/two.txt", target="archive/2026/two.txt"),
        ),
        ("delete", None): (
            Delete(place="checkout", path="scratch/old.txt"),
            Delete(place="checkout", path="scratch/build"),
        ),
        ("append", None): (
            Append(place="checkout", path="notes/journal.txt", content=b"second line\n"),
            Append(place="checkout", path="notes/journal.txt", content=b"third line\n"),
        ),
        ("append", "more"): (
            Append(place="checkout", path="notes/new/journal.txt", content=b"a first line\n"),
        ),
        ("pack", None): (_pack("scratch/printed.txt.1"), _pack("scratch/printed.txt.2")),
        ("ref", None): (
            _ref(
                "refs/daydream/alpha",
                {"settings/rates.ini": b"[rates]\nnormal = 11\n", "archive/one.txt": None},
            ),
            _ref("refs/daydream/proposals/beta", {"settings/start.sh": b"#!/bin/sh\necho stop\n"}),
        ),
    }
    return listed[sub_step, cursor]


def _edit(path: str, content: str) -> Edit:
    before = _SOURCE.get(path)
    expect = hashlib.sha256(before.encode()).hexdigest() if before is not None else None
    return Edit(place="checkout", path=path, content=content.encode(), expect=expect)


def _pack(path: str) -> Pack:
    content = _UNTRACKED[path].encode()
    sha = hashlib.sha256(content).hexdigest()
    return Pack(place="checkout", path=path, target=f"{path}.gz", sha256=sha, size=len(content))


def _ref(name: str, files: dict[str, Any]) -> SetRef:
    return SetRef(ref=name, parent="HEAD", files=files, message="Propose it", instant=PRESENT)


def _write(root: Path, files: dict[str, str]) -> None:
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
