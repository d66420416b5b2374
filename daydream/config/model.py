"""Every option, with its type, its default and who may set it. docs/configuration.md is tested against it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from daydream.errors import ConfigError

Mode = Literal["report", "propose", "apply"]
Strategy = Literal["light", "balanced", "deep"]
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _seconds(value: Any) -> Any:
    """Read ``"90s"``, ``"10m"``, ``"2h"``, ``"3d"`` as seconds; leave anything else to the type check."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", value) if isinstance(value, str) else None
    return float(match[1]) * _UNITS[match[2]] if match else value


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]
Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]
OURS_IN_A_REQUEST = frozenset(
    {
        "model",
        "models",
        "route",
        "messages",
        "response_format",
        "stream",
        "n",
        "max_tokens",
        "max_completion_tokens",
    }
)


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
    dreams_per_night: int = Field(default=3, ge=0)


class SandboxOptions(Options):
    """Where dreams run: the backends in the order in which they are tried, and what one call may take. `allow_unisolated`
    lets dreams run as plain processes where none of them can be had."""

    order: tuple[Literal["bubblewrap", "docker"], ...] = ("bubblewrap", "docker")
    timeout: Seconds = 30.0
    memory_mb: int = Field(default=512, ge=64, le=1_048_576)
    allow_unisolated: bool = False


class TrialOptions(Options):
    """`dream.trial`: dreams tried in a night, inputs of each, the share tried of tier 2, and processor seconds for comparing
    the cost of one."""

    per_night: int = Field(default=20, ge=0)
    inputs: int = Field(default=200, ge=10, le=10_000)
    sample_percent: int = Field(default=10, ge=0, le=50)
    compare: Seconds = 5.0


class ReportOptions(Options):
    """`report`."""

    keep_days: int = Field(default=90, ge=1)


class DreamOptions(Options):
    """The dream half. The weights are the shares of the four parts of health; what was not measured has none.

    `focus` is a glob on paths or names, or a regular expression between slashes; `profile` a file of cProfile or
    py-spy, which says where time is spent; `repositories` are folders of further projects to learn from. `learn`: what
    trials and people said of earlier dreams changes what is dreamt.
    """

    per_procedure: int = Field(default=5, ge=0)
    per_night: int = Field(default=100, ge=0)
    strategy: Strategy = "balanced"
    focus: str | None = Field(default=None, min_length=1)
    profile: str | None = Field(default=None, min_length=1)
    repositories: tuple[str, ...] = ()
    learn: bool = True
    retention_days: int = Field(default=10, ge=1)
    novelty_weight: int = Field(default=60, ge=0)
    quality_weight: int = Field(default=15, ge=0)
    leverage_weight: int = Field(default=15, ge=0)
    efficiency_weight: int = Field(default=10, ge=0)


class EndpointOptions(Options):
    """A place where models answer: ``[models.endpoints.NAME]``, in a person's own file alone.

    Asked only with `send_source` and a `budget` above 0 (money a night, in the currency of the prices), or `free`.
    `prices` are those of a million tokens in and out by model; `context` and `max_tokens` count tokens; `extra` is
    added to the body of every request.
    """

    base_url: str
    send_source: bool = False
    budget: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    free: bool = False
    key_env: str = Field(default="DAYDREAM_MODELS_KEY", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    structured: Literal["native", "json_object", "prompt"] = "native"
    context: int = Field(default=16384, ge=512)
    max_tokens: int = Field(default=3000, ge=16)
    limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: float | None = Field(default=None, ge=0, le=2)
    timeout: Seconds = 120.0
    prices: dict[str, Annotated[list[Price], Field(min_length=2, max_length=2)]] = {}
    extra: dict[str, Any] = {}

    @field_validator("extra")
    @classmethod
    def _adds_only(cls, extra: dict[str, Any]) -> dict[str, Any]:
        if taken := sorted(OURS_IN_A_REQUEST & set(extra)):
            msg = f"a table without {', '.join(taken)}, which daydream says itself"
            raise ValueError(msg)
        return extra


class ModelOptions(Options):
    """Models that dream beside the built-in operators: `default` and the roles name them in order, as
    ``endpoint/model``; nothing is asked before a person names an endpoint that may be sent source."""

    enabled: bool = True
    default: tuple[str, ...] = ()
    relax: tuple[str, ...] = ()
    synthesize: tuple[str, ...] = ()
    explore: tuple[str, ...] = ()
    match: tuple[str, ...] = ()
    judge: tuple[str, ...] = ()
    advise: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    requests: int = Field(default=60, ge=0)
    time: Seconds = 900.0
    concurrency: int = Field(default=4, ge=1)
    endpoints: dict[str, EndpointOptions] = {}

    @field_validator("endpoints", mode="before")
    @classmethod
    def _tables(cls, value: object) -> dict[str, EndpointOptions]:
        if not isinstance(value, Mapping):
            msg = "endpoints of models are tables of your own configuration file, [models.endpoints.NAME]; no variable names one"
            raise ConfigError(msg)
        return {str(name): _endpoint(str(name), table) for name, table in value.items()}


def _endpoint(name: str, table: object) -> EndpointOptions:
    """Read one endpoint, or say which key of it is wrong.

    Raises:
        ConfigError: with one sentence.
    """
    if isinstance(table, EndpointOptions):
        return table
    where = f"[models.endpoints.{name}]"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name):
        raise ConfigError(f"{where}: a name is letters, digits, - and _")
    try:
        return EndpointOptions.model_validate(table, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(EndpointOptions.model_fields)
            raise ConfigError(f'{where}: unknown key "{key}"; known are {known}') from error
        raise ConfigError(f"{where} {key}: {first['msg'].removeprefix('Value error, ')}") from error


class JudgeOptions(Options):
    """Who judges dreams. Claude and the Messages API are asked only where a person's own configuration switches them
    on, lets them have source (`send_source`) and gives a night's money (`budget_cents`, hundredths of a US dollar).

    `order` is who is asked first; rules judge what nobody else is there for. `batch` counts dreams of one question,
    `calls` questions of one night, `attempts` how often a dream is asked about before rules decide. Prices of the
    Messages API are cents for a million tokens.
    """

    order: tuple[Literal["claude", "messages", "model"], ...] = ("claude", "messages", "model")
    send_source: bool = False
    budget_cents: int = Field(default=0, ge=0)
    calls: int = Field(default=20, ge=0)
    batch: int = Field(default=10, ge=1, le=40)
    attempts: int = Field(default=4, ge=1)
    timeout: Seconds = 300.0
    patterns: tuple[str, ...] = ()
    claude: bool = False
    claude_program: str = "claude"
    claude_model: str | None = None
    claude_bare: bool = False
    claude_turns: int = Field(default=6, ge=1)
    claude_call_cents: int = Field(default=50, ge=1)
    claude_env: tuple[str, ...] = ()
    messages: bool = False
    messages_url: str = "https://api.anthropic.com"
    messages_model: str | None = None
    messages_key_env: str = "DAYDREAM_ANTHROPIC_KEY"
    messages_max_tokens: int = Field(default=4000, ge=256)
    messages_input_cents: int | None = Field(default=None, ge=0)
    messages_output_cents: int | None = Field(default=None, ge=0)


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
    models: ModelOptions = ModelOptions()
    judge: JudgeOptions = JudgeOptions()
    sandbox: SandboxOptions = SandboxOptions()
    trials: TrialOptions = TrialOptions()
