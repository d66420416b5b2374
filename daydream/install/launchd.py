"""A property list for launchd, the scheduler of macOS."""

from daydream.install.job import Job
from daydream.install.template import fill


def render(job: Job) -> dict[str, str]:
    """Return the property list by its file name."""
    values = {"job": job, "label": job.name, "command": job.argv()}
    return {f"{job.name}.plist": fill("launchd.plist.j2", values, {})}
