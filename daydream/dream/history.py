"""When each file last changed, from one bounded pass over the recent history."""

import datetime as dt
from collections.abc import Collection

from daydream.contracts.context import Context
from daydream.git import git

MAX_COMMITS = 2000


def last_changes(ctx: Context, paths: Collection[str]) -> dict[str, str]:
    """Return the UTC date of the last commit to each of these paths, where the pass meets one.

    Files that none of the last 2,000 commits touched are left out: unknown. So are those of a shallow
    clone's oldest commits, which only seem to add everything.

    Raises:
        GitError: git refused to list the history.
    """
    commit = ctx.examination.commit
    if commit is None:
        return {}
    argv = [
        "log",
        f"--max-count={MAX_COMMITS}",
        "--format=%x01%ct %P",
        "--name-only",
        "-z",
        "--no-renames",
        commit,
    ]
    listed = git(ctx.root, *argv, "--", stop=ctx.stop).decode("utf-8", "surrogateescape")
    wanted = set(paths)
    found: dict[str, str] = {}
    for entry in listed.split("\x01")[1:]:
        ctx.check()
        head, _, names = entry.partition("\x00")
        seconds, _, parents = head.strip().partition(" ")
        if ctx.examination.shallow and not parents:
            continue
        date = dt.datetime.fromtimestamp(int(seconds), dt.UTC).date().isoformat()
        for name in names.split("\x00"):
            path = name.lstrip("\n")
            if path in wanted:
                found[path] = max(date, found.get(path, date))
    return found
