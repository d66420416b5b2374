"""No sandbox: the same guest as a plain process of this machine, for a person who would rather have that than no trial.

Kept are what the kernel takes from each child (system calls, so no process, no network, no signal to others; memory, processor time,
size of files) and the deadline outside. Not kept is what a sandbox hides: what runs can read every file that its user can read, and
write where that user may. Used only where a person allowed it and no sandbox can be had; whatever it does is labelled.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from daydream.contracts.sandbox import NOT_ISOLATED, Ground, Limits, Sandbox, SandboxRefused
from daydream.sandbox import canaries, cgroup, owner
from daydream.sandbox.cgroup import Group
from daydream.sandbox.command import environment
from daydream.sandbox.frames import Lost, Transport
from daydream.sandbox.pipes import Piped
from daydream.sandbox.rootfs import SANDBOX_ID
from daydream.sandbox.supervisor import Lane, View

GIVEN_UP = frozenset(("files", "settings", "writing"))
"""The canaries that would not hold: this is no sandbox."""
_EXTRA_BYTES = 256 * 2**20
_SCRATCH = "daydream-scratch-"
_GUEST = b"_daydream_guest.bare"
_ADVICE = "Install bubblewrap or configure the docker sandbox"


class Unisolated:
    """The backend that is none; `check` is called now and then while it works, and may raise."""

    key = NOT_ISOLATED

    def __init__(self, *, check: Callable[[], None] = lambda: None) -> None:
        self.check = check
        self._proved: set[tuple[str, int]] = set()
        self._lock = threading.Lock()

    def open(self, ground: Ground, limits: Limits) -> Sandbox:
        """Start the guest, after what it still promises has been proved once for this tree.

        Raises:
            SandboxRefused: it does not start, or not even that holds.
        """
        with self._lock:
            if (ground.tag, os.geteuid()) not in self._proved:
                canaries.prove(
                    self.key, lambda asked: _lane(ground, asked, self.check), _advice, spared=GIVEN_UP
                )
                self._proved.add((ground.tag, os.geteuid()))
        lane = _lane(ground, limits, self.check)
        try:
            lane.warm()
        except Lost as lost:
            msg = f"dreams cannot be run without isolation either: {lost}. {_ADVICE}"
            raise SandboxRefused(msg) from None
        return lane

    def sweep(self) -> int:
        """End guests and remove scratch folders whose owner is dead; how many things that was."""
        return cgroup.sweep() + sum(map(_ended, _guests())) + sum(map(_removed, _scratches()))


def _lane(ground: Ground, limits: Limits, check: Callable[[], None]) -> Lane:
    # The number of processes stays as it is: that limit would count all that the user runs.
    view = View(str(ground.repository or ""), tuple(map(str, ground.packages)), processes=0)
    return Lane(NOT_ISOLATED, ground, limits, lambda: _start(ground, limits, check), view)


def _start(ground: Ground, limits: Limits, check: Callable[[], None]) -> Transport:
    group = cgroup.make(limits.memory_bytes + limits.scratch_bytes + _EXTRA_BYTES)
    scratch = _scratch() if limits.scratch_bytes else None
    try:
        process = _process(ground, scratch)
        held = _Bare(process, group, check, scratch)
        if group:
            group.hold(process.pid)
    except (OSError, subprocess.SubprocessError) as error:
        if group:
            group.remove()
        raise Lost(f"{error}") from None
    return held


class _Bare(Piped):
    """The guest's process group; it ends as a whole."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        group: Group | None,
        check: Callable[[], None],
        scratch: Path | None,
    ) -> None:
        super().__init__(process, group, check)
        self.scratch = scratch

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        super().close()
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)


def _process(ground: Ground, scratch: Path | None) -> "subprocess.Popen[bytes]":
    """Start the guest on the tree's interpreter; as somebody without rights where we are root."""
    tree = ground.root
    start = f"import sys; sys.path[:1] = [{str(tree / 'daydream')!r}]; from _daydream_guest.bare import main; main()"
    argv = [str(tree) + ground.python, "-S", "-s", "-B", "-c", start, owner.token() or ""]
    argv += [str(ground.repository or "")]
    env = {
        **environment(ground.hash_seed),
        "PATH": f"{tree}/python/bin",
        "LD_LIBRARY_PATH": f"{tree}/python/lib",
    }
    if scratch is not None:
        env["TMPDIR"] = str(scratch)
    pipe = subprocess.PIPE
    if os.geteuid() != 0:
        return subprocess.Popen(argv, cwd="/", env=env, process_group=0, stdin=pipe, stdout=pipe, stderr=pipe)
    return subprocess.Popen(
        argv,
        cwd="/",
        env=env,
        process_group=0,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        user=SANDBOX_ID,
        group=SANDBOX_ID,
        extra_groups=[],
    )


def _scratch() -> Path:
    place = Path(tempfile.mkdtemp(prefix=f"{_SCRATCH}{owner.token()}."))
    if os.geteuid() == 0:
        os.chown(place, SANDBOX_ID, SANDBOX_ID)
    return place


def _scratches() -> list[Path]:
    """Scratch folders of dead owners."""
    found = Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*")
    return [each for each in found if owner.is_gone(each.name.removeprefix(_SCRATCH).rpartition(".")[0])]


def _removed(scratch: Path) -> bool:
    shutil.rmtree(scratch, ignore_errors=True)
    return not scratch.exists()


def _guests() -> list[int]:
    """Guests of dead owners, by process id."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = file.read_bytes().split(b"\0")
            if len(words) > 6 and _GUEST in words[5] and owner.is_gone(words[6].decode("ascii", "replace")):
                found.append(int(file.parent.name))
    return found


def _ended(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _advice(_words: str) -> str:
    return _ADVICE
