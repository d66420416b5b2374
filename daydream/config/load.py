"""The loader: defaults, the person's file, the repository's file, variables, flags, in this order.

Every value knows where it came from, and a repository's file can only restrict what a person allowed.
"""

import hashlib
import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daydream.config.rights import CAUTION, FLAGS, PATTERNS, RIGHTS
from daydream.config.sources import (
    Said,
    Source,
    check_keys,
    check_variables,
    person_sources,
    raw_paths,
    repository_source,
    user_file,
    variables,
)
from daydream.errors import ConfigError

if TYPE_CHECKING:
    from daydream.config.model import Config

__all__ = ["Loaded", "digest", "load", "raw_paths", "user_file"]

DEFAULT = "default"
MOST_DAYS = 36500  # the calendar ends before a date that is thousands of years away


@dataclass(frozen=True, slots=True)
class Loaded:
    """The configuration, and for each dotted key who said it: ``default``, a file, a variable, a flag."""

    config: "Config"
    origin: dict[str, str]


def load(
    root: Path, config_file: Path | None, overrides: Mapping[str, object], env: Mapping[str, str]
) -> Loaded:
    """Read and merge everything that configures a night in `root`.

    Raises:
        ConfigError: with one sentence that names the file, variable or flag, the key, what was found
            and what is expected.
    """
    from daydream.config import kinds
    from daydream.config.model import Config

    files = [_checked(source) for source in person_sources(root, config_file, env)]
    repository = _checked(repository_source(root, config_file))
    texts = {
        key: Said(kinds.from_text(key, str(said.value)), said.origin) for key, said in variables(env).items()
    }
    last = [_checked(texts), _checked(_flags(overrides))]

    merged: Source = {key: Said(kinds.default(key), DEFAULT) for key in kinds.options()}
    for source in files:
        merged.update(source)
    allowed = _merge(merged, *last)
    place = config_file or user_file(env)
    for key, said in sorted(repository.items()):
        merged[key] = _restrict(key, said, merged[key], (kinds.default(key), allowed[key].value), root, place)
    merged = _merge(merged, *last)

    check_variables(env, allowed=[str(merged["sentry.token_env"].value)])
    _check_zone(merged["night.zone"])
    _check_confirmed_by_hand(texts)
    merged["night.mode"] = _mode(merged)
    config = Config.model_validate(_tables(merged))
    return Loaded(config, {key: said.origin for key, said in merged.items()})


def _check_confirmed_by_hand(texts: Source) -> None:
    """Refuse a confirmation, or a permission to run without a sandbox, by variables: a file of the repository may set those of
    a shell.

    Raises:
        ConfigError: one of them is set.
    """
    for key in ("verify.command", "verify.confirmed"):
        if key in texts:
            msg = f"{texts[key].origin} cannot confirm a command; put {key} into your configuration file"
            raise ConfigError(f"{msg} (`daydream init --tests`)")
    if (bare := "sandbox.allow_unisolated") in texts and texts[bare].value:
        raise ConfigError(f"{texts[bare].origin} cannot allow that; put {bare} into your configuration file")


def _mode(merged: Source) -> Said:
    """What nobody chose follows from what was confirmed: with a test command, changes can be tried."""
    mode, command, said = merged["night.mode"], merged["verify.command"], merged["verify.confirmed"]
    digest = hashlib.sha256(str(command.value).encode()).hexdigest()
    confirmed = command.value is not None and said.value == digest
    return Said("propose", "verify.confirmed") if mode.origin == DEFAULT and confirmed else mode


def digest(config: "Config") -> str:
    """Hash what shapes a night's plan: 16 hex digits, equal for equal values wherever they came from."""
    values = config.model_dump(mode="json")
    shaping = {
        key: values[key.partition(".")[0]][key.partition(".")[2]]
        for key, right in RIGHTS.items()
        if right.shapes_plan
    }
    return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()[:16]


def _flags(overrides: Mapping[str, object]) -> Source:
    from daydream.config import kinds

    return {
        key: Said(
            kinds.from_text(key, value) if isinstance(value, str) else value, FLAGS.get(key, "command line")
        )
        for key, value in overrides.items()
    }


def _checked(source: Source) -> Source:
    """Refuse unknown keys and wrong types; return the values as the model keeps them."""
    from daydream.config import kinds

    check_keys(source)
    checked: Source = {}
    for key, said in sorted(source.items()):
        try:
            checked[key] = Said(kinds.checked(key, said.value), said.origin)
        except ValueError as error:
            msg = f'{said.origin}: "{key}" is {_written(said.value)}, expected {kinds.expected(key)}'
            raise ConfigError(msg) from error
        _check_usable(key, checked[key])
    return checked


def _check_usable(key: str, said: Said) -> None:
    """Refuse what has the right type and yet no night can work with."""
    if key.endswith("_days") and isinstance(said.value, int) and said.value > MOST_DAYS:
        raise ConfigError(f'{said.origin}: "{key}" is {said.value}, expected at most {MOST_DAYS} days')
    if key not in PATTERNS:
        return
    from pathspec import GitIgnoreSpec

    for pattern in _items(said.value):
        try:
            GitIgnoreSpec.from_lines([pattern])
        except (ValueError, re.error) as error:
            msg = f'{said.origin}: "{key}" holds "{pattern}", which is no pattern in gitignore form'
            raise ConfigError(msg) from error


def _merge(base: Source, *later: Source) -> Source:
    merged = dict(base)
    for source in later:
        merged.update(source)
    return merged


def _restrict(key: str, said: Said, person: Said, allowed: tuple[Any, Any], root: Path, place: Path) -> Said:
    """Let a repository's value in as far as its right reaches.

    `allowed` are the default and what the person said by any way, flags included: the wider of the two
    is the limit, so that a person who narrows a value does not make the repository's file an error.
    """
    right = RIGHTS[key]
    where = f'a person may set it in {place} under [repositories."{root}".{key.partition(".")[0]}]'
    if right.repository == "never":
        raise ConfigError(f'{said.origin}: "{key}" is not for a repository to say; {where}')
    if right.inside:
        _check_inside(key, said, where)
    if right.repository == "set":
        return said
    if right.repository == "add":
        return _added(said, person)
    sign = 1 if right.repository == "lower" else -1
    limit = max(allowed, key=lambda value: sign * _rank(value))
    if sign * _rank(said.value) > sign * _rank(limit):
        bound = "at most" if sign > 0 else "at least"
        msg = (
            f'{said.origin}: "{key}" is {_written(said.value)}, but a repository may only {right.repository} it '
            f"({bound} {_written(limit)} here); {where}"
        )
        raise ConfigError(msg)
    return (
        said if sign * _rank(said.value) < sign * _rank(person.value) or person.origin == DEFAULT else person
    )


def _added(said: Said, person: Said) -> Said:
    """Put the repository's patterns first: in gitignore order the person's have the last word."""
    theirs, own = _items(said.value), _items(person.value)
    if not own:
        return said
    return Said((*theirs, *(item for item in own if item not in theirs)), f"{said.origin} + {person.origin}")


def _items(value: object) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ()


def _check_inside(key: str, said: Said, where: str) -> None:
    for pattern in _items(said.value):
        path = posixpath.normpath(pattern)
        if path.startswith(("/", "~", "../")) or path == ".." or ".." in pattern.split("/"):
            msg = f'{said.origin}: "{key}" names "{pattern}", which leaves the repository; {where}'
            raise ConfigError(msg)


def _rank(value: Any) -> float:
    return CAUTION[value] if isinstance(value, str) else float(value)


def _check_zone(said: Said) -> None:
    from daydream.clock import zone

    if said.value == "local":
        return
    try:
        zone(str(said.value))
    except ConfigError as error:
        raise ConfigError(f"{said.origin}: night.{error}") from error


def _tables(merged: Source) -> dict[str, dict[str, object]]:
    tables: dict[str, dict[str, object]] = {}
    for key, said in merged.items():
        table, _, name = key.partition(".")
        tables.setdefault(table, {})[name] = said.value
    return tables


def _written(value: object) -> str:
    """Show a value as a person would write it, cut where it is long."""
    if isinstance(value, dict):
        return "a table"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
