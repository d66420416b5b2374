"""Process 1 where there is no sandbox around it: the same guest as an ordinary process of this machine.

What the kernel takes from each child it takes here too: system calls, processor time, memory. What a sandbox adds is missing: files
of this machine can be read, and written where its user may.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from . import loader, seccomp, server

_PR_SET_PDEATHSIG = 1
_REPOSITORY, _SITE = loader.REPOSITORY, "/site/"


class Bare(server.Server):
    """Knows where what the host names really lies, and leaves the number of processes alone: that limit would count all that the
    user runs."""

    repository = ""
    sites: tuple[str, ...] = ()

    def head(self) -> Any:
        said = super().head()
        said["paths"] = [self.real(each) for each in said["paths"]]
        if "limits" in said:
            said["limits"]["processes"] = 0
        return said

    def real(self, path: str) -> str:
        """A path of the sandbox as one of this machine."""
        if path.startswith(_SITE):
            return self.sites[int(path.removeprefix(_SITE))]
        return self.repository + path.removeprefix(_REPOSITORY)


def _die_with_parent() -> None:
    seccomp.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def main() -> None:
    """Serve until the host is gone. Arguments: its owner's mark, the repository's export ("" for none), folders of packages."""
    _owner, Bare.repository, *sites = sys.argv[1:]
    Bare.sites = tuple(sites)
    loader.REPOSITORY = Bare.repository
    host = os.getppid()
    _die_with_parent()
    if os.getppid() != host:
        os._exit(0)
    os.register_at_fork(after_in_child=_die_with_parent)
    # Whatever asks to end everything must never be heard here: everything is all that the user runs.
    seccomp.spare_others()
    server.main(Bare)
