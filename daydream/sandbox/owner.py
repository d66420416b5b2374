"""Whose a thing is: the process that made it, told apart from any other that ever has its number."""

import os
from pathlib import Path

_PROC = Path("/proc")


def token(pid: int | None = None) -> str | None:
    """`<pid>-<start time in ticks>-<boot>` of a living process; None where it is gone or the system does not say."""
    number = os.getpid() if pid is None else pid
    try:
        stat = (_PROC / str(number) / "stat").read_text(encoding="ascii", errors="replace")
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    if fields[0] == "Z":
        return None
    return f"{number}-{fields[19]}-{boot[:8]}"


def is_gone(mark: str) -> bool:
    """Whether the owner that a mark names is certainly dead. A mark that is not ours is nobody's to remove."""
    pid, _, rest = mark.partition("-")
    if not pid.isdigit() or "-" not in rest or token() is None:
        return False
    return token(int(pid)) != mark
