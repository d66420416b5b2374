"""Twenty kinds of incident: what each does to a world's logs, and what a finding must say to have named it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from bench import logs_world_words as words
from bench.logs_world import Effect, World
from bench.logs_world_templates import ACCESS, APP, WORKER, Route, Template, crash
from bench.logs_world_values import UPSTREAMS, VALUES, statics

_HOUR = 3600.0
_COMPARED = r"\b(?:usual|usually|normal|normally|typical|expected|than|rate|share|shift|median)\b"
ERRORS = r"\berrors?\b.{0,120}?\b(usual|usually|rate|share|than|normal|shift|typical|times|range)\b"
_WARNINGS = r"\bwarnings?\b.{0,120}?\b(usual|usually|rate|share|than|normal|shift|typical|times|range)\b"
_SILENT = (
    r"silen|nothing|no (?:new |more )?(?:records?|entries|entry|lines?|requests?)|quiet|stopped|missing|absent"
    r"|did not|empty|fell|fewer|without|usually|last (?:record|entry|line)"
)
_SLOW = r"p95|p50|p99|latenc|slow|respon|took|median|\bms\b|\bs\b|seconds"


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that went wrong and must be named.

    It shows in `source` from night `first`; a finding of the nights `first`..`day` whose subject, message or evidence
    matches `pattern` names it on its day, one of the nights after `day` to `until` late. Until then nothing that
    matches `pattern`, or `also` with the log's name, is a false alarm. `gone`: what must be told is that it ended.
    `active` is the last night whose 24 hours hold something of it.
    """

    kind: str
    source: str
    first: int
    day: int
    active: int
    until: int
    pattern: str
    what: str
    also: str = ""
    gone: bool = False

    @property
    def id(self) -> str:
        """Its kind and its day."""
        return f"{self.kind}@{self.day}"


@dataclass(slots=True)
class Scene:
    """A world without trouble, the generator that draws the trouble, and what is taken already."""

    world: World
    rng: Random
    used: set[str] = field(default_factory=set)

    def fresh(self, pool: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
        """Draw a row of a pool that nothing else uses."""
        row = self.rng.choice([row for row in pool if row[1] not in self.used])
        self.used.add(row[1])
        return row

    def known(self, keys: Iterable[str]) -> Template:
        """Draw one of the world's own templates that no other incident touches and no deploy renames."""
        there = [self.world.by_key[key] for key in keys if key not in self.used]
        chosen = self.rng.choice([t for t in there if t.dead > self.world.days and t.born < 0])
        self.used.add(chosen.key)
        return chosen

    def keys(self, beginning: str, low: float = 0, high: float = 1e9) -> list[str]:
        """The keys of templates by how they begin and how often they come."""
        return [
            t.key for t in self.world.templates if t.key.startswith(beginning) and low <= t.amount <= high
        ]

    def warning(self, beginning: str) -> Template:
        """The world's warning whose text begins like this."""
        return next(t for t in self.world.templates if t.level == "WARNING" and t.text.startswith(beginning))

    def span(self, night: int, low: float, high: float, hours: tuple[float, float]) -> tuple[float, float]:
        """Draw a time of so many hours that begins between two hours of the day before a night."""
        start = self.world.at(night, self.rng.uniform(low, high))
        return start, start + self.rng.uniform(*hours) * _HOUR


Built = tuple[Incident, list[Effect]]
Build = Callable[[Scene, int], Built]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: `nights` from its first line to the night that must name it; `working` asks for a working day,
    `alone` for a night on which nothing else begins, because its naming is told by words, not by a template."""

    key: str
    build: Build
    nights: int = 1
    working: bool = False
    alone: bool = False


def naming(template: Template, others: Iterable[Template]) -> str:
    """Return a pattern that tells a template from all others: any fragment of two words or more of its fixed text,
    or its exception, that none of the others has; else its whole text with room for the values."""
    texts = ["\n".join((other.text, *other.trace)) for other in others if other.key != template.key]
    raised = [template.trace[-1].partition(":")[0]] if template.trace else []
    candidates = raised or [part for part in statics(template.text) if len(part) >= 8 and " " in part]
    own = [part for part in candidates if not any(part in text for text in texts)]
    if own:
        return "|".join(re.escape(part).replace(r"\ ", r"\s+") for part in own)
    return ".{0,80}?".join(re.escape(part).replace(r"\ ", r"\s+") for part in statics(template.text))


def _add(template: Template, number: float, start: float, end: float) -> Effect:
    return Effect("add", "", start, end, number, template)


def _named(scene: Scene, template: Template) -> str:
    return naming(template, scene.world.templates)


def _once(kind: str, night: int, template: Template, pattern: str, what: str, also: str = "") -> Incident:
    """An incident that is over before the night that must name it."""
    return Incident(kind, template.source, night, night, night, night + 2, pattern, what, also)


def _new_error_template(scene: Scene, key: str) -> Template:
    logger, text = scene.fresh(words.NEW_ERRORS)
    return Template(key, APP, "ERROR", logger, text)


def new_error(scene: Scene, night: int) -> Built:
    """An error that was never logged before, for one to four days."""
    template = _new_error_template(scene, f"new-error{night}")
    last = min(night + scene.rng.randint(0, 3), scene.world.days - 1)
    effects = []
    for day in range(night, last + 1):
        start, end = scene.span(day, 8, 14, (2, 9))
        effects.append(_add(template, scene.rng.randint(3, 40), start, end))
    pattern, what = _named(scene, template), f"new error: {template.text}"
    return Incident("new_error", APP, night, night, last, last + 2, pattern, what, ERRORS), effects


def new_traceback(scene: Scene, night: int) -> Built:
    """An exception type that was never seen."""
    logger, kind, message, outer, inner = scene.fresh(words.NEW_TRACEBACKS)
    template = crash((logger, kind, message, outer, inner), scene.rng, f"new-crash{night}")
    start, end = scene.span(night, 9, 15, (1, 8))
    what = f"{kind} in {inner}"
    incident = _once("new_traceback", night, template, _named(scene, template), what, ERRORS)
    return incident, [_add(template, scene.rng.randint(1, 15), start, end)]


def exception_burst(scene: Scene, night: int) -> Built:
    """A known exception, many times within an hour or two."""
    template = scene.known(scene.keys("crash"))
    start, end = scene.span(night, 8, 21, (0.7, 2))
    what = f"burst of {template.trace[-1]}"
    incident = _once("exception_burst", night, template, _named(scene, template), what, ERRORS)
    return incident, [_add(template, scene.rng.randint(25, 80), start, end)]


def error_shift(scene: Scene, night: int) -> Built:
    """Every known error three times as often, for a day; that it is compared with what is usual must be said."""
    errors = [t for t in scene.world.templates if t.source == APP and t.level == "ERROR"]
    start, end = scene.world.at(night, 2), scene.world.at(night, 26)
    each = "|".join(_named(scene, t) for t in errors)
    pattern = rf"\berrors?\b.{{0,120}}?{_COMPARED}|(?=.*{_COMPARED})(?=.*(?:{each}))"
    incident = _once("error_shift", night, errors[0], pattern, "three times the errors", each)
    return incident, [Effect("scale", t.key, start, end, 3.0) for t in errors]


def warning_burst(scene: Scene, night: int) -> Built:
    """A known warning, hundreds of times within a few hours."""
    needed = {scene.warning(text.partition("{")[0]).key for text in words.NEEDED_WARNINGS}
    template = scene.known(key for key in scene.keys("warning") if key not in needed)
    start, end = scene.span(night, 7, 20, (1, 3))
    what = f"burst of {template.text}"
    incident = _once("warning_burst", night, template, _named(scene, template), what, _WARNINGS)
    return incident, [_add(template, scene.rng.randint(150, 400), start, end)]


def heartbeat_silence(scene: Scene, night: int) -> Built:
    """A line that comes every few minutes stays away for most of a day."""
    template = scene.known(scene.keys("beat"))
    start, end = scene.span(night, 4, 10, (9, 15))
    what = f"silence of {template.text}"
    incident = _once("heartbeat_silence", night, template, _named(scene, template), what)
    return incident, [Effect("mute", template.key, start, end)]


def log_silence(scene: Scene, night: int) -> Built:
    """A whole log stops; in half of the cases only the next morning ends it."""
    source = scene.rng.choice((WORKER, ACCESS))
    start = scene.world.at(night, scene.rng.uniform(4, 9))
    end, last = scene.world.at(night, scene.rng.uniform(20, 24)), night
    if scene.rng.random() < 0.5 and night + 1 < scene.world.days:
        end, last = scene.world.at(night + 1, 9), night + 1
    pattern = rf"(?=.*{re.escape(source)})(?=.*(?:{_SILENT}))"
    what = f"{source} says nothing"
    incident = Incident("log_silence", source, night, night, last, last + 2, pattern, what, r".")
    return incident, [Effect("mute", source, start, end)]


def _static(route: Route) -> str:
    path = re.split(r"[{?]", route.path)[0]
    return re.escape(path) + ("" if "{" in route.path and "?" not in route.path else r"(?![\w/])")


def latency_shift(scene: Scene, night: int) -> Built:
    """One route answers three times as slowly for some working hours."""
    route = scene.rng.choice([r for r in scene.world.routes if r.share >= 5 and r.path != "/"])
    start, end = scene.span(night, 9, 11, (5, 8))
    pattern = rf"(?=.*{_static(route)})(?=.*(?:{_SLOW}))"
    what = f"{route.path} three times as slow"
    incident = Incident("latency_shift", ACCESS, night, night, night, night + 2, pattern, what, _SLOW)
    return incident, [Effect("slow", route.path, start, end, 3.0)]


def failing_share(scene: Scene, night: int) -> Built:
    """Six to fifteen percent of the answers are 5xx for some working hours."""
    start, end = scene.span(night, 8, 12, (3, 8))
    pattern = rf"(?=.*{re.escape(ACCESS)})(?=.*(?:5xx|\b50\d\b|server errors?))"
    what = "answers with status 5xx"
    incident = Incident(
        "failing_share", ACCESS, night, night, night, night + 2, pattern, what, r"status|error|fail"
    )
    return incident, [Effect("status", "*", start, end, scene.rng.uniform(0.06, 0.15))]


def retry_storm(scene: Scene, night: int) -> Built:
    """Hundreds of retries of one upstream within an hour."""
    known = scene.warning("retrying call")
    template = replace(known, fixed={"upstream": scene.rng.choice(UPSTREAMS)})
    start, end = scene.span(night, 6, 22, (0.5, 1.2))
    incident = _once("retry_storm", night, known, _named(scene, known), "retry storm", _WARNINGS)
    return incident, [_add(template, scene.rng.randint(300, 900), start, end)]


def auth_failures(scene: Scene, night: int) -> Built:
    """One address fails to log in again and again."""
    known = scene.warning("login failed for")
    address = VALUES["ip"](scene.rng)
    start, end = scene.span(night, 3, 23, (0.3, 0.7))
    pattern = rf"{_named(scene, known)}|{re.escape(address)}"
    incident = _once("auth_failures", night, known, pattern, f"failed logins from {address}", _WARNINGS)
    return incident, [_add(replace(known, fixed={"ip": address}), scene.rng.randint(80, 300), start, end)]


def slow_drift(scene: Scene, night: int) -> Built:
    """A warning comes a little more often each day, twice as often on the fifth, and stays there for two days."""
    template = scene.world.by_key["drifting"]
    last = min(night + 6, scene.world.days - 1)
    effects = []
    for day in range(night, last + 1):
        factor = 2.0 ** (min(day - night + 1, 5) / 5)
        start, end = scene.world.night(day - 1).timestamp(), scene.world.night(day).timestamp()
        effects.append(Effect("scale", template.key, start, end, factor))
    pattern, what = _named(scene, template), f"twice as often after five days: {template.text}"
    return Incident("slow_drift", APP, night, night + 4, last, last + 2, pattern, what, _WARNINGS), effects


def _job(scene: Scene) -> tuple[Template, Template]:
    begins = scene.known(key for key in scene.keys("job") if key.endswith("-begins"))
    return begins, scene.world.by_key[begins.key.replace("-begins", "-ends")]


def _job_named(scene: Scene, job: tuple[Template, Template]) -> str:
    return "|".join(_named(scene, template) for template in job)


def job_missing(scene: Scene, night: int) -> Built:
    """A job that runs every day did not."""
    job = _job(scene)
    start, end = scene.world.night(night - 1).timestamp(), scene.world.night(night).timestamp()
    incident = _once("job_missing", night, job[0], _job_named(scene, job), f"did not run: {job[0].text}")
    return incident, [Effect("mute", template.key, start, end) for template in job]


def job_repeated(scene: Scene, night: int) -> Built:
    """A job that runs once a day ran fifty times."""
    job = _job(scene)
    start, end = scene.world.at(night, 7), scene.world.at(night, 24)
    incident = _once("job_repeated", night, job[0], _job_named(scene, job), f"ran 50 times: {job[0].text}")
    return incident, [_add(template, 49, start, end) for template in job]


def disk_full(scene: Scene, night: int) -> Built:
    """There is no room left on a disk."""
    logger, text = scene.fresh(words.DISK_FULL)
    source = WORKER if logger.startswith("worker") else APP
    template = Template(f"disk{night}", source, "ERROR", logger, text)
    start, end = scene.span(night, 3, 22, (0.5, 3))
    incident = _once(
        "disk_full", night, template, rf"No\s+space\s+left|Errno 28|{_named(scene, template)}", text, ERRORS
    )
    return incident, [_add(template, scene.rng.randint(8, 60), start, end)]


def memory_rising(scene: Scene, night: int) -> Built:
    """Warnings about memory come ever more often during a day."""
    template = scene.warning("memory use at")
    start = scene.world.at(night, scene.rng.uniform(7, 12))
    effects = [
        _add(template, number, start + i * 3 * _HOUR, start + (i + 1) * 3 * _HOUR)
        for i, number in enumerate((12, 30, scene.rng.randint(60, 110)))
    ]
    return _once(
        "memory_rising", night, template, _named(scene, template), "memory warnings rise", _WARNINGS
    ), effects


def bad_deploy(scene: Scene, night: int) -> Built:
    """A deploy brings a new error; the next day it is rolled back."""
    template = _new_error_template(scene, f"deployed-error{night}")
    start = scene.world.at(night, scene.rng.uniform(10, 16))
    last = min(night + 1, scene.world.days - 1)
    back = scene.world.at(night + 1, 11.5)
    effects = [_add(template, scene.rng.randint(20, 90), start + 60, back)]
    for instant in (start, back):
        for i, (logger, text) in enumerate(words.DEPLOY):
            boot = Template(f"boot{night}-{i}", APP, "INFO", logger, text)
            effects.append(_add(boot, 1, instant + 2 * i, instant + 2 * i + 1))
    pattern, what = _named(scene, template), f"after a deploy: {template.text}"
    return Incident("bad_deploy", APP, night, night, last, last + 2, pattern, what, ERRORS), effects


def recovery(scene: Scene, night: int) -> Built:
    """A new error comes for three days and then no more; that it is gone must be told."""
    template = _new_error_template(scene, f"passing-error{night}")
    effects = []
    for day, (low, high) in enumerate(((9, 23), (4, 24), (4, 20))):
        start, end = scene.world.at(night + day, low), scene.world.at(night + day, high)
        effects.append(_add(template, scene.rng.randint(8, 30), start, end))
    pattern, what = _named(scene, template), f"gone after three days: {template.text}"
    last = night + 2
    return Incident(
        "recovery", APP, night, night + 3, last, night + 5, pattern, what, ERRORS, gone=True
    ), effects


def level_change(scene: Scene, night: int) -> Built:
    """What was an INFO line is logged as ERROR for two days."""
    template = scene.known(scene.keys("info", 15, 80))
    last = min(night + 2, scene.world.days - 1)
    start, end = scene.world.at(night, scene.rng.uniform(9, 12)), scene.world.at(night + 2, 14)
    effects = [Effect("level", template.key, start, end, level="ERROR")]
    pattern, what = _named(scene, template), f"now an error: {template.text}"
    return Incident("level_change", APP, night, night, last, last + 2, pattern, what, ERRORS), effects


def upstream_timeouts(scene: Scene, night: int) -> Built:
    """Calls to one upstream time out for an hour or more."""
    known = scene.warning("upstream ")
    upstream = scene.rng.choice(UPSTREAMS)
    start, end = scene.span(night, 7, 20, (1, 3))
    incident = _once(
        "upstream_timeouts", night, known, _named(scene, known), f"timeouts of {upstream}", _WARNINGS
    )
    return incident, [
        _add(replace(known, fixed={"upstream": upstream}), scene.rng.randint(40, 120), start, end)
    ]


KINDS = (
    Kind("new_error", new_error),
    Kind("new_traceback", new_traceback),
    Kind("exception_burst", exception_burst),
    Kind("error_shift", error_shift, working=True, alone=True),
    Kind("warning_burst", warning_burst),
    Kind("heartbeat_silence", heartbeat_silence),
    Kind("log_silence", log_silence, working=True, alone=True),
    Kind("latency_shift", latency_shift, working=True, alone=True),
    Kind("failing_share", failing_share, working=True, alone=True),
    Kind("retry_storm", retry_storm),
    Kind("auth_failures", auth_failures),
    Kind("slow_drift", slow_drift, nights=5, working=True),
    Kind("job_missing", job_missing),
    Kind("job_repeated", job_repeated),
    Kind("disk_full", disk_full),
    Kind("memory_rising", memory_rising),
    Kind("bad_deploy", bad_deploy, working=True),
    Kind("recovery", recovery, nights=4, working=True),
    Kind("level_change", level_change, working=True),
    Kind("upstream_timeouts", upstream_timeouts),
)
