"""Bytecode beside an exported repository's sources, so that each child that imports them does not compile them again."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from daydream.contracts.sandbox import Ground
from daydream.processes import Stop, run
from daydream.sandbox.command import environment

_SECONDS = 20.0
_COMPILE = """
import os, py_compile, sys, time
until = time.monotonic() + float(sys.argv[1])
for name in sys.stdin.buffer.read().split(b"\\0"):
    if not name or time.monotonic() > until:
        break
    try:
        py_compile.compile(os.fsdecode(name), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    except (py_compile.PyCompileError, OSError, ValueError, RecursionError, MemoryError, OverflowError):
        pass
"""


def precompile(ground: Ground, target: Path, paths: Iterable[str], stop: Stop) -> None:
    """Compile these files of an export, those that can be within 20 s, with the interpreter that will import them.

    Compiling runs nothing of them. What does not compile, or has no time left, stays source.

    Raises:
        Stopped, OutOfBudget: see `Stop.check`.
    """
    tree = ground.root
    # Isolated and elsewhere: nothing of the repository may be imported here.
    argv = [str(tree) + ground.python, "-I", "-S", "-B", "-W", "ignore", "-c", _COMPILE, str(_SECONDS)]
    env = {
        **environment(0),
        "PATH": f"{tree}/python/bin",
        "LD_LIBRARY_PATH": f"{tree}/python/lib",
    }
    names = b"\0".join(os.fsencode(target / path) for path in paths if (target / path).is_file())
    try:
        run(argv, cwd=Path("/"), stop=stop, env=env, stdin=names, timeout_s=_SECONDS + 10)
    except (OSError, subprocess.SubprocessError):
        return
