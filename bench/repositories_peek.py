"""A first look that writes nothing: `python -m bench.repositories_peek REPOSITORY` (Django's source, say).

Peeks at a scratch copy, three times by default: seconds, and whether every byte, time and inode, .git included, is as it was.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.machine import heading, here
from bench.repositories_cases import copy
from bench.repositories_world import everything

_LIMIT_S = 60.0


def main() -> None:
    """Peek and compare; exit 1 where it took too long or something changed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("repository", type=Path)
    parser.add_argument("--times", type=int, default=3)
    args = parser.parse_args()
    heading("A first look")
    wrong = False
    with tempfile.TemporaryDirectory(prefix="daydream-bench-") as scratch:
        root, home = Path(scratch) / args.repository.name, Path(scratch) / "home"
        copy(args.repository, root)
        home.mkdir()
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(_made(Path(scratch) / "tmp"))}
        for _ in range(args.times):
            wrong |= _peek(root, home, env)
    sys.exit(wrong)


def _peek(root: Path, home: Path, env: dict[str, str]) -> bool:
    """Look once; say how long it took and what differs afterwards."""
    before = everything(root)
    begun = time.perf_counter()
    argv = [sys.executable, "-m", "daydream", "--root", str(root), "peek"]
    done = subprocess.run(argv, env=env, cwd=here(), capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    after = everything(root)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    left = sorted(path.name for path in (*home.rglob("*"), *Path(env["TMPDIR"]).rglob("*")))
    print(
        f"exit {done.returncode} in {seconds:.1f} s; {len(before)} paths, "
        f"{'identical' if not changed else 'changed: ' + ', '.join(changed[:10])}; "
        f"left in the home and in the folder for temporary files: {', '.join(left[:5]) or 'nothing'}"
    )
    print("".join(f"    {line}\n" for line in done.stdout.splitlines()))
    return done.returncode != 0 or bool(changed) or bool(left) or seconds > _LIMIT_S


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
