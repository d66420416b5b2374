"""Why each rule is trusted, and how far: what `findings show` tells of a rule, one sentence each."""

LEGACY = {
    "legacy.unused_import": (
        "ruff resolves the file's scopes and no other examined module takes the name from here; "
        "names composed at run time and users outside the repository are not seen"
    ),
    "legacy.unused_variable": (
        "ruff sees every use inside the function; the call on the right side may still be wanted for its effect"
    ),
    "legacy.redefined": "ruff sees that the first definition cannot be reached by its name; a decorator may keep it",
    "legacy.commented_code": (
        "the whole comment parses as Python and does something, and nothing near it calls it an example"
    ),
    "legacy.deprecated": "ruff's rules for the lowest Python that the repository declares; as true as that declaration",
    "legacy.removed_module": "the standard library's own list of what a newer Python no longer has",
    "legacy.dead_code": (
        "vulture finds no use, and the name occurs nowhere else in any examined text, code or not; "
        "a name composed at run time leaves pieces, which are looked for"
    ),
    "legacy.only_tests": "the same search as for dead code finds the name in tests alone; most such names are meant for tests, so it is counted and not printed",
    "legacy.unreachable": "control flow alone: nothing reaches the line",
    "legacy.unused_caches": "git ignores them, nothing tracks them, and their files' times say that nobody used them",
}
LOGS = {
    "log.recurring_error": "the same message at ERROR or above at least three times inside the window, counted",
    "log.exception": "tracebacks of one exception type with the same innermost frame in the repository, counted",
    "log.level_spike": "one hour's errors lie far outside the other hours of the same log (robust z and Poisson)",
}
SENTRY = {
    "sentry.issue": "Sentry's own grouping and counts, read page by page; gone only when the list was read to its end"
}
TASKS = {
    "task.expired": "the comment names a date, a version or a Python, and metadata or the calendar say that it has come",
    "task.stale": "git blame of the line is older than tasks.stale_days; age says nothing of worth, so it is not printed",
    "task.done_not_archived": "ticked boxes that still stand in the list, counted",
}
DOCS = {
    "docs.broken_link": "the target is in no place where any rule of the site's generator would look for it",
    "docs.broken_anchor": "the page is there and none of its headings or explicit ids makes this anchor",
    "docs.example_does_not_parse": "the block says what language it is, and no reading of it as a fragment parses",
    "docs.stale_name": (
        "the package defined the name in an earlier commit, and today no examined code says the word at all"
    ),
}
