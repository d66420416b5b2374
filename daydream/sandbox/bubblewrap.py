"""Sandboxes by bubblewrap: namespaces, a read-only tree, nothing of the host's but the kernel."""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from daydream.contracts.sandbox import Ground, Limits, Sandbox, SandboxRefused
from daydream.sandbox import canaries, cgroup
from daydream.sandbox.command import environment, guest_command
from daydream.sandbox.frames import Lost, Transport
from daydream.sandbox.pipes import Piped
from daydream.sandbox.rootfs import SANDBOX_ID
from daydream.sandbox.supervisor import REPOSITORY, Lane

_INSIDE_ID = "65534"
_EXTRA_BYTES = 256 * 2**20


class Bubblewrap:
    """The backend. `program` is bwrap's name or path; `check` is called now and then while a sandbox works, and may raise."""

    key = "bubblewrap"

    def __init__(self, program: str = "bwrap", *, check: Callable[[], None] = lambda: None) -> None:
        self.program = program
        self.check = check
        self._proved: set[tuple[str, int]] = set()
        self._lock = threading.Lock()

    def open(self, ground: Ground, limits: Limits) -> Sandbox:
        """Start a sandbox, after this tree has proved itself once.

        Raises:
            SandboxRefused: bwrap is not there, may not do its work, or let a canary through.
        """
        found = shutil.which(self.program)
        if found is None:
            msg = "bubblewrap is not installed; on Debian and Ubuntu: apt-get install bubblewrap"
            raise SandboxRefused(msg)
        with self._lock:
            if (ground.tag, os.geteuid()) not in self._proved:
                canaries.prove(self.key, lambda limits: _lane(found, ground, limits, self.check), _advice)
                self._proved.add((ground.tag, os.geteuid()))
        lane = _lane(found, ground, limits, self.check)
        try:
            lane.warm()
        except Lost as lost:
            raise SandboxRefused(canaries.no_start(self.key, str(lost), _advice)) from None
        return lane

    def sweep(self) -> int:
        """Remove the control groups of killed processes; their sandboxes died with them."""
        return cgroup.sweep()


def _lane(program: str, ground: Ground, limits: Limits, check: Callable[[], None]) -> Lane:
    return Lane(Bubblewrap.key, ground, limits, lambda: _start(program, ground, limits, check))


def _start(program: str, ground: Ground, limits: Limits, check: Callable[[], None]) -> Transport:
    group = cgroup.make(limits.memory_bytes + limits.scratch_bytes + _EXTRA_BYTES)
    argv = [program, *flags(ground, limits), "--", *guest_command(ground.python)]
    try:
        process = _as_nobody(argv)
    except (OSError, subprocess.SubprocessError) as error:
        if group:
            group.remove()
        raise Lost(f"{error}") from None
    return _Held(process, group, check)


class _Held(Piped):
    """A sandbox that enters its control group before anything untrusted is inside: when it first asks for work."""

    held = False

    def receive(self, size: int, deadline: float) -> bytes:
        got = super().receive(size, deadline)
        if self.group and not self.held:
            self.held = True
            try:
                self.group.hold(self.process.pid)
            except OSError as error:
                raise Lost(f"its control group refuses it: {error.strerror}") from None
        return got


def _as_nobody(argv: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Started by root, bubblewrap would leave root's rights over the kernel's settings to what it runs: so it never is."""
    pipe = subprocess.PIPE
    if os.geteuid() != 0:
        return subprocess.Popen(argv, cwd="/", env={}, process_group=0, stdin=pipe, stdout=pipe, stderr=pipe)
    return subprocess.Popen(
        argv,
        cwd="/",
        env={},
        process_group=0,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        user=SANDBOX_ID,
        group=SANDBOX_ID,
        extra_groups=[],
    )


def flags(ground: Ground, limits: Limits) -> list[str]:
    """What bubblewrap is told; the order of mounts matters."""
    told = [
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
    ]
    for name, value in environment(ground.hash_seed).items():
        told += ["--setenv", name, value]
    told += ["--cap-drop", "ALL", "--ro-bind", str(ground.root), "/", "--proc", "/proc"]
    told += ["--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"]
    for source, target in mounts(ground):
        told += ["--ro-bind", str(source), target]
    if limits.scratch_bytes:
        told += ["--size", str(limits.scratch_bytes), "--tmpfs", "/tmp"]  # noqa: S108 - the guest's own
    told += ["--remount-ro", "/dev", "--remount-ro", "/", "--uid", _INSIDE_ID, "--gid", _INSIDE_ID]
    return [*told, "--hostname", "daydream", "--chdir", "/", "--as-pid-1"]


def mounts(ground: Ground) -> list[tuple[Path, str]]:
    """What is put into the tree, read-only: the repository and the installed packages."""
    found = [(ground.repository, REPOSITORY)] if ground.repository else []
    return [*found, *((each, f"/site/{index}") for index, each in enumerate(ground.packages))]


def _advice(words: str) -> str:
    if "namespace" in words or "uid map" in words or "Permission denied" in words:
        return (
            "This system does not let its users make namespaces; allow it (kernel.unprivileged_userns_clone=1, "
            "on Ubuntu an AppArmor profile for bwrap) or configure the docker sandbox"
        )
    return "Configure the docker sandbox, or none: then no dream is tried"
