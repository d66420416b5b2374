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
    "legacy.version_gate": (
        "the condition, or whether the import succeeds, is the same on every Python from the lowest one declared; "
        "as true as that declaration"
    ),
    "legacy.compat_module": (
        "each of its names is, on every Python declared, something of the standard library or a built-in; "
        "users outside the repository are not seen"
    ),
    "legacy.half_migration": (
        "the module's name says that it is old, the new one stands beside it, and its own head or its definitions agree"
    ),
    "legacy.deprecated_call": (
        "the function warns of its deprecation whenever it is called, its message names another, "
        "and the call is to it: imported from its module, or by a method's name that nothing else bears"
    ),
    "legacy.unused_caches": "git ignores them, nothing tracks them, and their files' times say that nobody used them",
}
LOGS = {
    "log.recurring_error": "the same message at ERROR or above at least three times inside the window, counted",
    "log.exception": "tracebacks of one exception type through the same functions of the repository, counted",
    "log.level_spike": "one hour's errors lie far outside the other hours of the same log (robust z and Poisson)",
    "log.suggestion": (
        "a fixed rule on the log's own numbers and, where it names a line, on the source at that line; it says nothing where "
        "hours, nights or code do not suffice, what past nights always had is not printed again (secrets aside), and whether the "
        "remedy fits is for a person"
    ),
    "log.new_error": (
        "no record of past nights has this template or exception; a deploy that rewords a message makes it new, and what differs from a known one in a word is held back"
    ),
    "log.burst": (
        "more within one to three hours than in any of at least five past nights, or far more than ever at that time of day"
    ),
    "log.rate": (
        "outside the range of past nights, of nights of its kind, and of all at equal traffic; a change that somebody wanted looks the same"
    ),
    "log.error_share": (
        "all known errors together against past nights, without those that stand out by themselves"
    ),
    "log.drift": ("three nights in a row above the weeks before, measured against how much else was logged"),
    "log.repeat": ("it came one to four times on each past night and ten times as often tonight"),
    "log.level_change": (
        "the same template at a higher level than nearly all its former records; the code may mean it"
    ),
    "log.silence": (
        "records came in these hours on six of seven past nights, and tonight's hours were read; a service that was switched off on purpose looks the same"
    ),
    "log.missing": (
        "it came in the same hours of six of seven past nights, and these hours were read tonight"
    ),
    "log.latency": ("hours in a row slower than the slowest of any past night, with enough requests"),
    "log.status_share": ("a share of 5xx three times that of the worst hours of nine past nights in ten"),
}
SENTRY = {
    "sentry.issue": "Sentry's own grouping and counts, read page by page; gone only when the list was read to its end; the line is that "
    "of the release's commit where it names one, a change is called suspect only within 14 days before the first sight, and a fix is "
    "called clear only where the source line shows the cause"
}
TASKS = {
    "task.expired": "the comment names a date, a version or a Python, and metadata or the calendar say that it has come",
    "task.stale": "git blame of the line is older than tasks.stale_days; age says nothing of worth, so it is not printed",
    "task.done_not_archived": "ticked boxes that still stand in the list, counted",
    "task.done": (
        "it wanted something gone that stood when it was written and stands in no file of the commit now, "
        "wanted something that is there now and was not then, or a later commit says that it closes its issue "
        "or carries its title"
    ),
    "task.moot": (
        "every name it quotes was defined in the commit that wrote it and stands nowhere now but in tasks and change logs"
    ),
    "task.issue_closed": (
        "GitHub says that the issue it is about or waits for was closed, or the pull request merged, "
        "after the line was written"
    ),
    "task.issue_done": (
        "a commit on this branch, made after the issue was opened, says that it closes it, "
        "and GitHub shows it open and not as reopened"
    ),
    "task.issue_stale": (
        "GitHub's last change, a bot's included, is older than tasks.stale_days, "
        "and no milestone, assignee or label exempts it; not printed"
    ),
    "task.outdated_plan": (
        "a file or definition that it names was there at its last commit and is not now; "
        "sentences that plan to change it are left out"
    ),
    "task.priority": "a sum whose terms are shown; printed only where somebody stated the urgency in a list lately",
}
DOCS = {
    "docs.broken_link": "the target is in no place where any rule of the site's generator would look for it",
    "docs.broken_anchor": "the page is there and none of its headings or explicit ids makes this anchor",
    "docs.example_does_not_parse": (
        "the block says what language it is, no reading of it as a fragment, an excerpt or a program's output parses, "
        "and a missing comma counts only where one or two commas mend it"
    ),
    "docs.broken_external_link": "404, 410 or no such host in several nights running; what could not tell counts neither way",
    "docs.stale_usage": (
        "an earlier commit offered the command, option, variable, module or key, and today nothing but prose says it"
    ),
    "docs.stale_endpoint": (
        "at least two, and half, of the page's addresses are routes of the code; "
        "this one is like none, or answers to other methods"
    ),
    "docs.missing_endpoint": (
        "the page lists nearly all routes of this file, and no page lists this one; it may be internal"
    ),
    "docs.stale_setting": (
        "an earlier commit said the variable, and today nothing but prose and examples does; another program may read it"
    ),
    "docs.missing_setting": (
        "the code reads it without a default, and the example sets five others that the code reads; "
        "the platform may set it"
    ),
    "docs.deprecation_not_said": (
        "the code deprecates exactly this definition, and the section about it has no word of it"
    ),
    "docs.generated_block_edited": "cog's own checksum, recomputed",
    "docs.stale_name": (
        "the package defined the name in an earlier commit, and today no examined code says the word at all; "
        "a module that takes all names from an outside package, makes them up or lies in a submodule is left alone"
    ),
}
