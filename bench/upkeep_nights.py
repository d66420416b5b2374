"""Thirty nights of proposals with a commit every day: names in git, worktrees, disk.

`python -m bench.upkeep_nights [--nights 30]`. Every day a person commits a new module with an unused function and an
unused import, every third day accepts one proposal, every fourth rejects one.
"""

import argparse
import datetime as dt
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.machine import heading
from daydream import app, clock
from daydream.contracts.use_cases import RunRequest
from tests.e2e.test_proposals import Shop, _begin

_MODULE = '"""Module {n}."""\nimport json\n\n\ndef shown_{n}(value):\n    return value + {n}\n\n\ndef _left_{n}(value):\n    return value\n'
_TEST = "from shop.day{n} import shown_{n}\n\n\ndef test_{n}():\n    assert shown_{n}(1) == 1 + {n}\n"


def main() -> None:
    """Do the nights; exit 1 where names or the disk grow."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--nights", type=int, default=30)
    args = parser.parse_args()
    heading("Thirty nights of proposals")
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as scratch:
        shop = _begin(Path(scratch))
        os.environ |= {k: v for k, v in shop.place.env.items() if k.startswith(("DAYDREAM_", "HOME", "XDG_"))}
        os.environ["DAYDREAM_NIGHT_ZONE"] = "UTC"
        wrong, sizes = [], []
        for number in range(1, args.nights + 1):
            _commit(shop, number)
            _night(shop.place.root, number)
            names = shop.checkout.git("branch", "-a", "--format=%(refname:short)").split()
            trees = shop.checkout.git("worktree", "list").count("\n") + 1
            waiting = shop.waiting()
            sizes.append(_size(shop))
            if len(names) > 2 or trees != 1:
                wrong.append(f"night {number}: branches {names}, {trees} worktrees")
            print(f"night {number}: {len(waiting)} wait, {len(names)} branches, {sizes[-1]}", flush=True)
            verified = [str(one["id"]) for one in waiting if one["status"] == "open"]
            if number % 3 == 0 and verified:
                shop.run("proposals", "accept", verified[0])
            elif number % 4 == 0 and verified:
                shop.run("proposals", "reject", verified[-1], "--reason", "style")
        print(json.dumps({"first": sizes[0], "last": sizes[-1]}))
    print("\n".join(wrong) or "at most one new name, no worktree")
    sys.exit(bool(wrong))


def _commit(shop: Shop, n: int) -> None:
    shop.checkout.write(f"shop/day{n}.py", _MODULE.format(n=n))
    shop.checkout.write(f"tests/test_day{n}.py", _TEST.format(n=n))
    shop.checkout.commit(f"feat: day {n}")


def _night(root: Path, n: int) -> None:
    """A night at 02:00 UTC, n days after the first."""
    begun = time.monotonic()
    instant = dt.datetime.combine(dt.date(2026, 12, 1) + dt.timedelta(days=n), dt.time(2), tzinfo=dt.UTC)
    clock.now = lambda: instant + dt.timedelta(seconds=time.monotonic() - begun)
    app.run(RunRequest(root=root))


def _size(shop: Shop) -> dict[str, float]:
    """MB of daydream's state and logs, of the rest of .git, and of the cache."""
    git = shop.place.root / ".git"
    own, cache = _bytes(git / "daydream"), _bytes(shop.place.home / ".cache")
    return {"state": own, "git": round(_bytes(git) - own, 2), "cache": cache}


def _bytes(folder: Path) -> float:
    return round(sum(p.lstat().st_size for p in folder.rglob("*") if not p.is_dir()) / 1e6, 2)


if __name__ == "__main__":
    main()
