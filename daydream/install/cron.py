"""A line for a person's crontab."""

import shlex

from daydream.install.job import Job
from daydream.install.template import fill


def render(job: Job) -> dict[str, str]:
    """Return the lines to add with ``crontab -e``.

    The variables stand in the command, where they concern no other line of the crontab. ``-q`` keeps
    cron from sending a mail about a night that went well.
    """
    variables = [f"{key}={shlex.quote(value)}" for key, value in job.environment.items()]
    command = " ".join([*variables, "nice", "-n", "10", shlex.join(job.argv("-q"))])
    values = {
        "job": job,
        "minute": job.at.minute,
        "hours": ",".join(str(time.hour) for time in job.times),
        # cron turns a bare percent sign into a line break, quoted or not.
        "command": command.replace("%", r"\%"),
    }
    return {"crontab": fill("cron.j2", values, {"comment": str})}
