"""fsync-class and lock calls per sub-step, counted with strace on effect-free sub-steps with small records.

`python -m bench.syscalls [--sub-steps N]`; needs strace.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from bench.machine import heading

_NIGHT = """
import os, sys
from pathlib import Path
from tests.fakes.night import ScriptedStep, SmallNight
names = [f"file {n:06d}" for n in range(int(sys.argv[2]))]
def script(ctx, name, cursor):
    if name in (names[0], names[-1]):
        os.access("/marker", os.F_OK)
    from daydream.records.outcome import Done
    return Done()
SmallNight(Path(sys.argv[1]), {"docs": ScriptedStep(names=names, script=script)}).go()
"""
_SYNC = ("fsync", "fdatasync", "sync_file_range", "syncfs", "msync")
_LOCK = ("flock", "fcntl")


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sub-steps", type=int, default=2000)
    args = parser.parse_args()
    heading("System calls per sub-step")
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "log"
        traced = f"trace={','.join((*_SYNC, *_LOCK, 'access', 'faccessat', 'faccessat2', 'rename', 'write'))}"
        command = ["strace", "-f", "-qq", "-o", str(log), "-e", traced]
        command += [sys.executable, "-c", _NIGHT, f"{scratch}/night", str(args.sub_steps)]
        subprocess.run(command, check=True)
        text = log.read_text()
    between = text.split('"/marker"')[1]
    counts = Counter(re.findall(r"^\d+\s+(\w+)\(", between, re.MULTILINE))
    steps = args.sub_steps - 1
    syncs, locks = (
        sum(counts[name] for name in _SYNC),
        len(re.findall(r"flock\(|F_SETLK|F_OFD_SETLK", between)),
    )
    print(f"between the first and the last of {args.sub_steps} sub-steps:")
    print(
        f"  fsync-class calls per sub-step: {syncs / steps:.4f} (2 + 1/{1 / max(syncs / steps - 2, 1e-9):.1f})"
    )
    print(f"  renames per sub-step: {counts['rename'] / steps:.4f}; writes: {counts['write'] / steps:.4f}")
    print(f"  lock calls: {locks}")


if __name__ == "__main__":
    main()
