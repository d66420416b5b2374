"""A service and a timer for a person's own systemd."""

import re
from collections.abc import Callable

from daydream.install.job import Job
from daydream.install.template import fill

_PLAIN = re.compile(r"[A-Za-z0-9_./:@+,=-]+")


def render(job: Job) -> dict[str, str]:
    """Return the two unit files by name."""
    filters: dict[str, Callable[..., str]] = {
        "word": word,
        "description": percent,
        "comment": str,
    }
    values = {
        "job": job,
        "name": job.name,
        "command": command(job.argv()),
        "missing": [str(folder) for folder in job.writable if not folder.is_dir()],
    }
    return {
        f"{job.name}.service": fill("systemd/daydream.service.j2", values, filters),
        f"{job.name}.timer": fill("systemd/daydream.timer.j2", values, filters),
    }


def command(argv: list[str]) -> str:
    """Write an ``ExecStart=`` value.

    systemd takes no quote, backslash or dollar in a program's own path, but takes them in arguments.
    """
    program, *rest = argv
    if any(sign in program for sign in "\"'\\$"):
        program, rest = "/usr/bin/env", argv
    return " ".join([word(program), *(word(text).replace("$", "$$") for text in rest)])


def word(text: str) -> str:
    """Quote one word where quotes, backslashes and ``%`` have a meaning."""
    if _PLAIN.fullmatch(text):
        return text
    return '"' + percent(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def percent(text: object) -> str:
    """Double the ``%``, which begins a specifier."""
    return str(text).replace("%", "%%")
