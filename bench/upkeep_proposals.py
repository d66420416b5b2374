"""Proposals to be judged by people who did not write the rules: drawn from nights on real repositories.

`python -m bench.upkeep_proposals draw FOLDER OUT [--only A,B] [--count 30]` does one report night and one night in `propose`
mode with wide caps on a scratch copy of each repository below FOLDER (no test command, so every change stays a patch), draws
patches by a fixed seed, evenly over the repositories, and writes each to OUT with a line in OUT/index.jsonl to be judged: `merge` true
or false, `reason`. `... share FILE` counts the judgements.
"""

import argparse
import base64
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from bench.machine import heading

SEED = 20261121
_CAPS = {
    "DAYDREAM_PROPOSALS_PER_NIGHT": "60",
    "DAYDREAM_PROPOSALS_OPEN": "60",
    "DAYDREAM_NIGHT_BUDGET": "30m",
}


def main() -> None:
    """Draw, or count."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("draw", "share"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--only", default="")
    parser.add_argument("--count", type=int, default=30)
    args = parser.parse_args()
    if args.what == "share":
        _share(args.folder)
        return
    heading("Proposals to judge")
    if args.out is None:
        parser.error("draw needs a folder to write to")
    wanted = (
        args.only.split(",") if args.only else sorted(p.name for p in args.folder.iterdir() if p.is_dir())
    )
    found = {name: _proposals(args.folder / name) for name in wanted}
    _draw(found, args.out, args.count)


def _proposals(source: Path) -> list[dict[str, object]]:
    """The patches that nights on a copy of the repository come to."""
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as scratch:
        root = Path(scratch) / source.name
        shutil.copytree(source, root, symlinks=True)
        shutil.rmtree(root / ".git/daydream", ignore_errors=True)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
        env = {**kept, "HOME": f"{scratch}/home", **_CAPS}
        for zone, mode in (("Etc/GMT+12", "report"), ("Pacific/Kiritimati", "propose")):
            words = ("-q", "run", "--no-dreams", "--mode", mode)
            subprocess.run(
                [sys.executable, "-m", "daydream", "--root", str(root), *words],
                env={**env, "DAYDREAM_NIGHT_ZONE": zone},
                check=True,
                stdout=subprocess.DEVNULL,
            )
        folder = root / ".git/daydream/state/proposals"
        made = [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]
    print(f"{source.name}: {len(made)} {dict(Counter(str(one['rule']) for one in made))}", flush=True)
    return made


def _draw(found: dict[str, list[dict[str, object]]], out: Path, count: int) -> None:
    out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(SEED)
    piles = {name: rng.sample(made, len(made)) for name, made in sorted(found.items()) if made}
    lines: list[str] = []
    while len(lines) < count and any(piles.values()):
        for name in [name for name, pile in piles.items() if pile][: count - len(lines)]:
            one = piles[name].pop()
            file = out / f"{name}-{one['id']}.patch"
            file.write_bytes(base64.b64decode(str(one["patch"])))
            said = {key: one[key] for key in ("id", "rule", "title")}
            lines.append(
                json.dumps({"repository": name, **said, "patch": file.name, "merge": None, "reason": ""})
            )
    (out / "index.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} drawn from {len(found)} repositories")


def _share(index: Path) -> None:
    rows = [json.loads(line) for line in index.read_text("utf-8").splitlines()]
    merged = sum(row["merge"] is True for row in rows)
    print(f"{merged} of {len(rows)} would be merged = {100 * merged / len(rows):.0f} %")
    for rule, total in sorted(Counter(row["rule"] for row in rows).items()):
        print(f"  {rule}: {sum(row['merge'] is True for row in rows if row['rule'] == rule)} of {total}")


if __name__ == "__main__":
    main()
