"""What one world's programs say and how often: templates, routes and deploys drawn from the pools by its seed."""

from dataclasses import dataclass, field, replace
from random import Random

from bench import logs_world_words as words

APP, WORKER, ACCESS, INTERNAL = "app.log", "worker.log", "access.log", "internal.log"


@dataclass(frozen=True, slots=True)
class Template:
    """A line that a program may log.

    `rhythm`: ``traffic`` follows the visitors (`amount` lines on a working day), ``flat`` does not (`amount` a
    day), ``every`` comes each `amount` seconds, ``daily`` at `amount` hours after midnight, ``weekly`` the same on
    one `weekday` (`repeat` lines), ``none`` only when something else makes it. From night `born` on, to night `dead`.
    """

    key: str
    source: str
    level: str
    logger: str
    text: str
    rhythm: str = "none"
    amount: float = 0.0
    repeat: int = 1
    weekday: int = 0
    sigma: float = 0.12
    born: int = -1
    dead: int = 10_000
    trace: tuple[str, ...] = ()
    fixed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the shop: its median response time (s) and its share of the requests."""

    method: str
    path: str
    median: float
    share: float


def traceback_lines(
    logger: str, kind: str, message: str, outer: str, inner: str, rng: Random
) -> tuple[str, ...]:
    """Write a traceback of two frames of the shop around one of a library; values stay as ``{kind}``."""
    module = logger.replace(".", "/")
    one, two = rng.randint(20, 90), rng.randint(91, 180)
    return (
        "Traceback (most recent call last):",
        '  File "/srv/shop/venv/lib/python3.11/site-packages/webframe/dispatch.py", line 88, in dispatch',
        "    return view(request)",
        f'  File "/srv/shop/current/{module}.py", line {one}, in {outer}',
        f"    return {inner}(request)",
        f'  File "/srv/shop/current/{module}.py", line {two}, in {inner}',
        f"    return read_{inner}(request)",
        f"{kind}: {message}" if message else kind,
    )


def crash(row: tuple[str, str, str, str, str], rng: Random, key: str) -> Template:
    """Make a template that logs an exception nobody handled."""
    logger, kind, message, outer, inner = row
    lines = traceback_lines(logger, kind, message, outer, inner, rng)
    return Template(key, APP, "ERROR", logger, f"unhandled exception in {outer}", trace=lines)


def draw_templates(rng: Random) -> list[Template]:
    """Draw what a world's programs say in ordinary times."""
    return _app(rng) + _worker(rng)


def _app(rng: Random) -> list[Template]:
    rows = rng.sample(words.APP_INFO, rng.randint(22, 32))
    phrases = [(noun, phrase) for noun in words.NOUNS for phrase in words.PHRASES]
    for noun, phrase in rng.sample(phrases, rng.randint(8, 24)):
        rows.append((f"shop.{noun.split()[0]}", phrase.replace("{noun}", noun)))
    weights = [rng.lognormvariate(0, 1.1) for _ in rows]
    found = [
        Template(f"info{i}", APP, "INFO", logger, text, "traffic", 1600 * weight / sum(weights))
        for i, ((logger, text), weight) in enumerate(zip(rows, weights, strict=True))
    ]
    needed = [row for row in words.APP_WARNING if row[1].startswith(words.NEEDED_WARNINGS)]
    others = [row for row in words.APP_WARNING if row not in needed]
    for i, (logger, text) in enumerate(needed + rng.sample(others, rng.randint(5, 9))):
        amount = rng.uniform(4, 14) if i < len(needed) else rng.uniform(2, 40)
        found.append(Template(f"warning{i}", APP, "WARNING", logger, text, "traffic", amount, sigma=0.2))
    steady = rng.choice([row for row in others if not any(t.text == row[1] for t in found)])
    found.append(Template("drifting", APP, "WARNING", *steady, "traffic", rng.uniform(70, 120), sigma=0.1))
    for i, (logger, text) in enumerate(rng.sample(words.APP_ERROR, rng.randint(5, 7))):
        amount = rng.uniform(0.5, 8)
        found.append(Template(f"error{i}", APP, "ERROR", logger, text, "traffic", amount, sigma=0.25))
    for i, row in enumerate(rng.sample(words.TRACEBACKS, rng.randint(3, 5))):
        made = replace(
            crash(row, rng, f"crash{i}"), rhythm="traffic", amount=rng.uniform(0.6, 2.5), sigma=0.3
        )
        found.append(made)
    return found


def _worker(rng: Random) -> list[Template]:
    found = []
    rows = rng.sample(words.WORKER_INFO, rng.randint(7, len(words.WORKER_INFO)))
    weights = [rng.lognormvariate(0, 0.8) for _ in rows]
    for i, ((logger, text), weight) in enumerate(zip(rows, weights, strict=True)):
        rhythm = rng.choice(("traffic", "flat"))
        amount = 500 * weight / sum(weights)
        found.append(Template(f"worker{i}", WORKER, "INFO", logger, text, rhythm, amount))
    for level, pool in (("WARNING", words.WORKER_WARNING), ("ERROR", words.WORKER_ERROR)):
        for logger, text in rng.sample(pool, rng.randint(2, 3)):
            key = f"worker-{level.lower()}{len(found)}"
            amount = rng.uniform(0.5, 3)
            found.append(Template(key, WORKER, level, logger, text, "flat", amount, sigma=0.25))
    for i, (logger, text) in enumerate(rng.sample(words.HEARTBEATS, 2)):
        found.append(Template(f"beat{i}", WORKER, "INFO", logger, text, "every", rng.choice((300, 600, 900))))
    for i, (logger, begins, ends) in enumerate(rng.sample(words.JOBS, rng.randint(4, 6))):
        hour = rng.choice((0.5, 3.25, 4.0, 5.5, 6.75, 12.0, 20.5, 22.25)) + rng.randint(0, 9) / 60
        found.append(Template(f"job{i}-begins", WORKER, "INFO", logger, begins, "daily", hour))
        found.append(
            Template(f"job{i}-ends", WORKER, "INFO", logger, ends, "daily", hour + rng.uniform(0.02, 0.2))
        )
    day, hour = rng.randint(0, 6), rng.uniform(3, 23)
    for i, (logger, text) in enumerate(rng.sample(words.WEEKLY, rng.randint(2, 4))):
        many = rng.choice((1, 12, 40, 150))
        found.append(Template(f"weekly{i}", WORKER, "INFO", logger, text, "weekly", hour, many, day))
    for level, seldom in (("INFO", words.RARE_INFO), ("WARNING", words.RARE_WARNING)):
        for logger, text in rng.sample(seldom, rng.randint(2, 4)):
            source = WORKER if logger.startswith("worker") else APP
            found.append(Template(f"rare{len(found)}", source, level, logger, text, "flat", 1 / 7, sigma=0.3))
    return found


def draw_routes(rng: Random) -> list[Route]:
    """Draw the routes that a world's visitors use."""
    rows = rng.sample(words.ROUTES, rng.randint(9, 13))
    return [Route(m, p, median * rng.uniform(0.6, 1.6), share) for m, p, median, share in rows]


def draw_deploys(rng: Random, weekdays: list[int], templates: list[Template]) -> list[tuple[int, float]]:
    """Draw three or four deploys, (night, hour of the working day before it), at least one while learning; each
    later one renames one or two INFO lines of the shop in place and adds one or two."""
    nights = [night for night in range(1, len(weekdays)) if weekdays[night] in (1, 2, 3, 4, 5)]
    early = [night for night in nights if night < 7]
    chosen = sorted({rng.choice(early), *rng.sample([n for n in nights if n >= 7], rng.randint(2, 3))})
    deploys = [(night, rng.uniform(10, 16)) for night in chosen]
    phrases = [
        (noun, phrase)
        for noun in words.NOUNS
        for phrase in words.PHRASES
        if not any(t.text == phrase.replace("{noun}", noun) for t in templates)
    ]
    for night, _ in deploys[1:]:
        for _ in range(rng.randint(1, 2)):
            living = [
                i
                for i, t in enumerate(templates)
                if t.key.startswith("info") and t.dead > 1000 and t.amount < 60
            ]
            index = rng.choice(living)
            old = templates[index]
            templates[index] = replace(old, dead=night)
            text = old.text.replace(" ", " now ", 1) if rng.random() < 0.5 else f"done: {old.text}"
            templates.append(replace(old, key=f"{old.key}-renamed{night}", text=text, born=night))
        for noun, phrase in rng.sample(phrases, rng.randint(1, 2)):
            phrases.remove((noun, phrase))
            text = phrase.replace("{noun}", noun)
            key, logger = f"info-{night}-{noun}", f"shop.{noun.split()[0]}"
            amount = rng.uniform(3, 60)
            templates.append(Template(key, APP, "INFO", logger, text, "traffic", amount, born=night))
    return deploys
