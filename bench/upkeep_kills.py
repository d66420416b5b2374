"""kill -9 inside proposing, verifying, publishing and accepting: the rerun ends as if nothing had happened.

`python -m bench.upkeep_kills [--kills 30] [--accepts 40] [--seed 5] [--mode apply]`. A small repository with tests: nights are killed,
whole process group, at instants spread over their duration; acceptances at every N-th mutating system call of daydream
and of its git children (strace). Each is followed by plain reruns and compared with an undisturbed one: proposals with
their evidence, the branch's trees and subjects, refs, checkout, locks.
"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.machine import heading
from tests.e2e.test_proposals import Shop, _begin
from tests.fakes import checkouts

_MOST_RERUNS = 4
_CALLS = "rename,renameat,renameat2,unlink,unlinkat,link,linkat,fsync,fdatasync,ftruncate,pwrite64,mkdir"


def main() -> None:
    """Kill and compare; exit 1 where anything differs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--accepts", type=int, default=40)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument(
        "--mode", choices=("propose", "apply"), default="propose", help="of the killed nights"
    )
    args = parser.parse_args()
    heading("Kills inside proposing and accepting")
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as scratch:
        base = Path(scratch)
        (base / "template").mkdir()
        shop = _begin(base / "template")
        wrong = _nights(shop, base, args.kills, args.seed, args.mode)
        shop.run("-q", "run", "--no-dreams")
        wrong += _accepts(shop, base, args.accepts)
    print("\n" + ("\n".join(wrong) or "no differences"))
    sys.exit(bool(wrong))


def _copy(shop: Shop, target: Path) -> Shop:
    source = shop.place.root.parent
    shutil.copytree(source, target, symlinks=True)
    root = target / shop.place.root.name
    config = target / "home/.config/daydream/config.toml"
    config.write_text(config.read_text("utf-8").replace(str(shop.place.root), str(root)), "utf-8")
    extra = shop.place.extra | {"DAYDREAM_INTERPRETER_PATH": str(target / "environment/bin/python")}
    place = type(shop.place)(root, target / "home", extra)
    return Shop(place, checkouts.Checkout(root))


def _look(shop: Shop) -> dict[str, Any]:
    """What a proposing night leaves, without what tells the time of day."""
    git = shop.checkout.git
    waiting = json.loads(shop.run("--json", "proposals"))["proposals"]
    for one in waiting:
        one.pop("tried", None)  # the copy's own Python is part of it
        one.pop("evidence", None) if one.get("evidence") is None else one["evidence"].pop("flaky", None)
    refs = git("for-each-ref", "--format=%(refname) %(tree)").splitlines()
    return {
        "proposals": waiting,
        "refs": refs,
        "branch": git("log", "--format=%T %s", "--all", "--not", "main").splitlines(),
        "trees": [git("rev-parse", f"{line.split()[0]}^{{tree}}") for line in refs],
        "status": git("status", "--porcelain"),
        "main": git("log", "--format=%T %s %an", "main"),
        "locks": [str(path) for path in (shop.place.root / ".git").rglob("*.lock")],
        "worktrees": git("worktree", "list").count("\n"),
    }


def _nights(shop: Shop, base: Path, kills: int, seed: int, mode: str) -> list[str]:
    golden = _copy(shop, base / "golden")
    begun = time.monotonic()
    golden.run("-q", "run", "--no-dreams", "--mode", mode)
    length = time.monotonic() - begun
    wanted, wrong, where = _look(golden), [], Counter[str]()
    rng = random.Random(seed)
    for number in range(kills):
        one = _copy(shop, base / f"night-{number}")
        child = one.place.start("-q", "run", "--no-dreams", "--mode", mode)
        time.sleep(0.4 + (length - 0.4) * (number + rng.random()) / kills)
        child.send_signal(signal.SIGKILL)
        child.wait()
        where[_position(one)] += 1
        wrong += _compared(
            one, ("-q", "run", "--no-dreams", "--mode", mode, "--if-due"), wanted, f"night killed at {number}"
        )
        shutil.rmtree(base / f"night-{number}")
    print(f"nights: {kills} kills over {length:.1f} s, in {dict(where)}; {len(wrong)} different")
    return wrong


def _accepts(shop: Shop, base: Path, most: int) -> list[str]:
    golden = _copy(shop, base / "accepted")
    identifier = golden.one("shop/prices.py")
    golden.run("proposals", "accept", identifier)
    wanted, wrong, hit = _look(golden), [], 0
    for number in range(1, most + 1):
        one = _copy(shop, base / f"accept-{number}")
        argv = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={_CALLS}"]
        argv += ["-e", f"inject={_CALLS}:signal=KILL:when={number}"]
        argv += [
            sys.executable,
            "-m",
            "daydream",
            "--root",
            str(one.place.root),
            "proposals",
            "accept",
            identifier,
        ]
        done = subprocess.run(
            argv, env=one.place.env | {"PYTHONPATH": str(Path.cwd())}, capture_output=True, check=False
        )
        hit += done.returncode != 0
        wrong += _compared(
            one, ("proposals", "accept", identifier), wanted, f"acceptance killed at call {number}"
        )
        shutil.rmtree(base / f"accept-{number}")
    print(f"acceptances: {most} tries, {hit} of them killed; {len(wrong)} different")
    return wrong


def _position(shop: Shop) -> str:
    head = shop.place.state / "state.json"
    return str(json.loads(head.read_bytes())["state"]["position"]) if head.exists() else "before"


def _compared(shop: Shop, words: tuple[str, ...], wanted: dict[str, Any], what: str) -> list[str]:
    done = shop.place.daydream(*words)
    for _ in range(_MOST_RERUNS):
        if done.returncode == 0 or "accepted already" in done.stderr:
            break
        done = shop.place.daydream(*words)
    else:
        return [f"{what}: the rerun ends with {done.returncode}: {done.stderr.strip()}"]
    seen = _look(shop)
    return [
        f"{what}: {key} is {seen[key]!s:.200}, not {wanted[key]!s:.200}"
        for key in wanted
        if seen[key] != wanted[key]
    ]


if __name__ == "__main__":
    main()
