"""What makes a scheduler start a night each day: rendered here, installed by a person."""

from daydream.install import cron, launchd, systemd
from daydream.install.job import Job, check

SCHEDULERS = {"systemd": systemd.render, "cron": cron.render, "launchd": launchd.render}


def render(kind: str, job: Job) -> dict[str, str]:
    """Return the files of one scheduler (``systemd``, ``cron``, ``launchd``): name to text.

    Raises:
        UsageError: a path cannot be written into such a file.
    """
    check(job)
    return SCHEDULERS[kind](job)
