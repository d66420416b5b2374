"""Whether bubblewrap can be had here at all: installed, and allowed to make namespaces."""

import os
import shutil
import subprocess
from functools import cache
from typing import Any


@cache
def why_not() -> str | None:
    """Return why not, None where it can be had. What it then lets through is for the tests to see."""
    program = shutil.which("bwrap")
    if program is None:
        return "bubblewrap is not installed (on Debian: apt-get install bubblewrap)"
    drop: dict[str, Any] = {"user": 65432, "group": 65432, "extra_groups": []} if os.geteuid() == 0 else {}
    argv = [program, "--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    done = subprocess.run(argv, cwd="/", capture_output=True, check=False, **drop)
    words = " ".join(done.stderr.decode(errors="replace").split())
    return f"bubblewrap may not make namespaces here: {words}" if done.returncode else None
