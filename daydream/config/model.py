"""Every option, with its type, its default and who may set it. docs/configuration.md is tested against it."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Mode = Literal["report", "propose", "apply"]
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _seconds(value: Any) -> Any:
    """Read ``"90s"``, ``"10m"``, ``"2h"``, ``"3d"`` as seconds; leave anything else to the type check."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", value) if isinstance(value, str) else None
    return float(match[1]) * _UNITS[match[2]] if match else value


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]


class Options(BaseModel):
    """Common settings of every table: unknown keys are refused, values are fixed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NightOptions(Options):
    """The night as a whole."""

    mode: Mode = "report"
    zone: str = "local"
    budget: Seconds = 3600.0
    budget_terminal: Seconds = 600.0
    max_age: Seconds = 172800.0
    dreams: bool = True


class PathOptions(Options):
    """Where runtime data lives; relative to the repository's root. None: decided as in docs."""

    state: str | None = None
    logs: str | None = None
    cache: str | None = None


class FileOptions(Options):
    """What is not examined, as gitignore patterns."""

    exclude: tuple[str, ...] = ()


class InterpreterOptions(Options):
    """The repository's own Python; None: found as `doctor` explains."""

    path: str | None = None


class LegacyOptions(Options):
    """`legacy_cleanup`."""

    caches_unused_days: int = Field(default=14, ge=1)
    ignore: tuple[str, ...] = ()


class CleanOptions(Options):
    """Untracked folders that may be moved to the trash even outside `apply`."""

    artefacts: tuple[str, ...] = ()


class LogOptions(Options):
    """`log_review`: globs relative to the root, or absolute; empty means discovery.

    `archive` names rotations that may be packed in every mode; archives are deleted after so many days, None: never.
    """

    sources: tuple[str, ...] = ()
    discover: bool = True
    archive: tuple[str, ...] = ()
    archive_after_days: int = Field(default=1, ge=1)
    archive_keep_days: int | None = Field(default=None, ge=1)
    redact_emails: bool = True
    redact_addresses: bool = True


class SentryOptions(Options):
    """`sentry_query`: nothing is asked until organization is set by a person; an export is read without asking."""

    base_url: str = "https://sentry.io"
    region_url: str | None = None
    organization: str | None = None
    projects: tuple[str, ...] = ()
    environment: str | None = None
    export: str | None = None
    budget: int = Field(default=60, ge=1)
    token_env: str = "DAYDREAM_SENTRY_TOKEN"  # noqa: S105 -- the name of a variable, not a token
    timeout: Seconds = 20.0


class TaskOptions(Options):
    """`task_cleanup`."""

    files: tuple[str, ...] = (
        "TODO*",
        "TASKS*",
        "**/TODO.md",
        "**/TASKS.md",
        "docs/plans/**/*.md",
        "plans/**/*.md",
    )
    stale_days: int = Field(default=90, ge=1)
    github: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")
    github_url: str = "https://api.github.com"
    github_token_env: str = "DAYDREAM_GITHUB_TOKEN"  # noqa: S105 -- the name of a variable, not a token


class DocsOptions(Options):
    """`docs`: extra patterns that are not documentation; whether links to other hosts are asked for."""

    exclude: tuple[str, ...] = ()
    external: bool = False
    external_nights: int = Field(default=3, ge=2)


class VerifyOptions(Options):
    """How a change is tried: the repository's own test command, confirmed once by a person.

    `confirmed` is the sha256 of the command as it was confirmed.
    """

    command: str | None = None
    confirmed: str | None = None
    budget: Seconds = 1200.0


class ProposalOptions(Options):
    """How many proposals a person has to look at."""

    per_night: int = Field(default=3, ge=0)
    open: int = Field(default=8, ge=0)


class ReportOptions(Options):
    """`report`."""

    keep_days: int = Field(default=90, ge=1)


class DreamOptions(Options):
    """The dream half."""

    per_procedure: int = Field(default=5, ge=0)
    per_night: int = Field(default=100, ge=0)


class Config(Options):
    """All of it."""

    night: NightOptions = NightOptions()
    paths: PathOptions = PathOptions()
    files: FileOptions = FileOptions()
    interpreter: InterpreterOptions = InterpreterOptions()
    legacy: LegacyOptions = LegacyOptions()
    clean: CleanOptions = CleanOptions()
    logs: LogOptions = LogOptions()
    sentry: SentryOptions = SentryOptions()
    tasks: TaskOptions = TaskOptions()
    docs: DocsOptions = DocsOptions()
    verify: VerifyOptions = VerifyOptions()
    proposals: ProposalOptions = ProposalOptions()
    report: ReportOptions = ReportOptions()
    dream: DreamOptions = DreamOptions()
