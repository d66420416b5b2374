"""Process 1 where there is no sandbox around it: the same guest as an ordinary process of this machine.

What the kernel takes from each child it takes here too: system calls, processor time, memory. What a sandbox adds is missing: files
of this machine can be read, and written where its user may.
"""

from __future__ import annotations

import os
import signal
import sys

from . import loader, seccomp, server

_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    seccomp.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def main() -> None:
    """Serve until the host is gone. Arguments: its owner's mark, the repository's export ("" for none)."""
    _owner, loader.REPOSITORY = sys.argv[1:]
    host = os.getppid()
    _die_with_parent()
    if os.getppid() != host:
        os._exit(0)
    os.register_at_fork(after_in_child=_die_with_parent)
    # Whatever asks to end everything must never be heard here: everything is all that the user runs.
    seccomp.spare_others()
    server.main()
