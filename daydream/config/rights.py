"""Who may say what: one line per option. A test holds this table against the model, both ways."""

from typing import Literal, NamedTuple

RepositoryMay = Literal["set", "add", "lower", "raise", "never"]
"""What a repository file may do with an option; a person may set every option.

set: choose freely. add: add to the person's list. lower, raise: only a smaller, only a larger value
than the person allows. never: leave it alone.
"""


class Right(NamedTuple):
    """One line of the table.

    `shapes_plan`: a night begun with one value cannot go on with another. `inside`: a repository file
    may name only relative paths that stay below the root.
    """

    repository: RepositoryMay
    shapes_plan: bool
    inside: bool = False


RIGHTS: dict[str, Right] = {
    "night.mode": Right("lower", shapes_plan=False),
    "night.zone": Right("never", shapes_plan=False),
    "night.budget": Right("lower", shapes_plan=False),
    "night.budget_terminal": Right("lower", shapes_plan=False),
    "night.max_age": Right("never", shapes_plan=False),
    "night.dreams": Right("lower", shapes_plan=False),
    "paths.state": Right("never", shapes_plan=False),
    "paths.logs": Right("never", shapes_plan=False),
    "paths.cache": Right("never", shapes_plan=False),
    "files.exclude": Right("add", shapes_plan=True),
    "interpreter.path": Right("never", shapes_plan=True),
    "legacy.caches_unused_days": Right("raise", shapes_plan=True),
    "legacy.ignore": Right("add", shapes_plan=True),
    "clean.artefacts": Right("never", shapes_plan=True),
    "logs.sources": Right("add", shapes_plan=True, inside=True),
    "logs.discover": Right("lower", shapes_plan=True),
    "logs.archive": Right("never", shapes_plan=True),
    "logs.archive_after_days": Right("never", shapes_plan=True),
    "logs.archive_keep_days": Right("never", shapes_plan=True),
    "logs.redact_emails": Right("never", shapes_plan=True),
    "logs.redact_addresses": Right("never", shapes_plan=True),
    "sentry.base_url": Right("never", shapes_plan=True),
    "sentry.region_url": Right("never", shapes_plan=True),
    "sentry.organization": Right("never", shapes_plan=True),
    "sentry.projects": Right("never", shapes_plan=True),
    "sentry.environment": Right("never", shapes_plan=True),
    "sentry.export": Right("never", shapes_plan=True),
    "sentry.budget": Right("never", shapes_plan=False),
    "sentry.token_env": Right("never", shapes_plan=False),
    "sentry.timeout": Right("never", shapes_plan=False),
    "tasks.files": Right("set", shapes_plan=True, inside=True),
    "tasks.stale_days": Right("set", shapes_plan=True),
    "tasks.github": Right("never", shapes_plan=True),
    "tasks.github_url": Right("never", shapes_plan=True),
    "tasks.github_token_env": Right("never", shapes_plan=False),
    "docs.exclude": Right("add", shapes_plan=True),
    "docs.external": Right("never", shapes_plan=True),
    "docs.external_nights": Right("raise", shapes_plan=False),
    "verify.command": Right("never", shapes_plan=True),
    "verify.confirmed": Right("never", shapes_plan=True),
    "verify.budget": Right("lower", shapes_plan=False),
    "proposals.per_night": Right("lower", shapes_plan=False),
    "proposals.open": Right("lower", shapes_plan=False),
    "proposals.dreams_per_night": Right("lower", shapes_plan=False),
    "report.keep_days": Right("raise", shapes_plan=False),
    "dream.per_procedure": Right("lower", shapes_plan=True),
    "dream.per_night": Right("lower", shapes_plan=True),
    "dream.strategy": Right("never", shapes_plan=True),
    "dream.focus": Right("never", shapes_plan=True),
    "dream.profile": Right("never", shapes_plan=True),
    "dream.repositories": Right("never", shapes_plan=True),
    "dream.learn": Right("lower", shapes_plan=True),
    "dream.retention_days": Right("raise", shapes_plan=False),
    "dream.novelty_weight": Right("set", shapes_plan=False),
    "dream.quality_weight": Right("set", shapes_plan=False),
    "dream.leverage_weight": Right("set", shapes_plan=False),
    "dream.efficiency_weight": Right("set", shapes_plan=False),
    "models.enabled": Right("lower", shapes_plan=True),
    "models.default": Right("never", shapes_plan=True),
    "models.relax": Right("never", shapes_plan=True),
    "models.synthesize": Right("never", shapes_plan=True),
    "models.explore": Right("never", shapes_plan=True),
    "models.match": Right("never", shapes_plan=True),
    "models.judge": Right("never", shapes_plan=True),
    "models.advise": Right("never", shapes_plan=True),
    "models.exclude": Right("add", shapes_plan=True),
    "models.requests": Right("lower", shapes_plan=False),
    "models.time": Right("lower", shapes_plan=False),
    "models.concurrency": Right("lower", shapes_plan=False),
    "models.endpoints": Right("never", shapes_plan=True),
    "sandbox.order": Right("never", shapes_plan=True),
    "sandbox.timeout": Right("lower", shapes_plan=False),
    "sandbox.memory_mb": Right("lower", shapes_plan=False),
    "sandbox.allow_unisolated": Right("never", shapes_plan=True),
    "trials.per_night": Right("lower", shapes_plan=True),
    "trials.inputs": Right("lower", shapes_plan=True),
    "trials.sample_percent": Right("never", shapes_plan=True),
    "trials.compare": Right("lower", shapes_plan=False),
    "judge.order": Right("never", shapes_plan=True),
    "judge.send_source": Right("lower", shapes_plan=True),
    "judge.budget_cents": Right("lower", shapes_plan=False),
    "judge.calls": Right("lower", shapes_plan=True),
    "judge.batch": Right("never", shapes_plan=True),
    "judge.attempts": Right("never", shapes_plan=True),
    "judge.timeout": Right("never", shapes_plan=False),
    "judge.patterns": Right("never", shapes_plan=True),
    "judge.claude": Right("lower", shapes_plan=True),
    "judge.claude_program": Right("never", shapes_plan=True),
    "judge.claude_model": Right("never", shapes_plan=True),
    "judge.claude_bare": Right("never", shapes_plan=True),
    "judge.claude_turns": Right("lower", shapes_plan=False),
    "judge.claude_call_cents": Right("lower", shapes_plan=False),
    "judge.claude_env": Right("never", shapes_plan=False),
    "judge.messages": Right("lower", shapes_plan=True),
    "judge.messages_url": Right("never", shapes_plan=True),
    "judge.messages_model": Right("never", shapes_plan=True),
    "judge.messages_key_env": Right("never", shapes_plan=False),
    "judge.messages_max_tokens": Right("never", shapes_plan=False),
    "judge.messages_input_cents": Right("never", shapes_plan=False),
    "judge.messages_output_cents": Right("never", shapes_plan=False),
}

TABLES = frozenset(key.partition(".")[0] for key in RIGHTS)

CAUTION = {"report": 0, "propose": 1, "apply": 2}
"""The modes from the most cautious on, so that "lower" means for them what it means for numbers."""

EXPANDED = frozenset(
    {
        "paths.state",
        "paths.logs",
        "paths.cache",
        "interpreter.path",
        "sentry.export",
        "dream.profile",
        "dream.repositories",
    }
)
"""Options in which a leading ``~`` means the person's home folder."""

PATTERNS = frozenset({"files.exclude", "legacy.ignore", "tasks.files", "docs.exclude", "models.exclude"})
"""Options that hold gitignore patterns."""

RESERVED_VARIABLES = frozenset(
    {
        "DAYDREAM_SENTRY_DSN",
        "DAYDREAM_SENTRY_TOKEN",
        "DAYDREAM_GITHUB_TOKEN",
        "DAYDREAM_ANTHROPIC_KEY",
        "DAYDREAM_MODELS_KEY",
        "DAYDREAM_MODELS_CASSETTE",
        "DAYDREAM_MODELS_RECORD",
    }
)
"""Variables with our prefix that are no options: where crashes go, the tokens for Sentry's and GitHub's API and the key
for models, and where exchanges with models are replayed from and recorded to."""

FLAGS = {
    "night.mode": "--mode",
    "night.budget": "--budget",
    "night.budget_terminal": "--budget",
    "night.dreams": "--no-dreams",
    "dream.strategy": "--strategy",
    "dream.focus": "--focus",
}
"""The flag that sets an option, for saying where a value came from."""


def variable(key: str) -> str:
    """Return the environment variable of an option: ``DAYDREAM_NIGHT_MODE`` for ``night.mode``."""
    return "DAYDREAM_" + key.replace(".", "_").upper()


VARIABLES = {variable(key): key for key in RIGHTS}
