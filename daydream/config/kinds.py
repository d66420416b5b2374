"""What an option takes: read from the model, for messages, for variables and for the documentation."""

import math
import tomllib
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BeforeValidator, ValidationError
from pydantic.fields import FieldInfo

from daydream.config.model import Config, Options


def options() -> list[str]:
    """Name all options in the order of the model."""
    return [f"{table}.{name}" for table in Config.model_fields for name in _table(table).model_fields]


def default(key: str) -> Any:
    """Return an option's default value."""
    return _field(key).default


def expected(key: str) -> str:
    """Say in words what an option takes."""
    field = _field(key)
    if any(isinstance(part, BeforeValidator) for part in field.metadata):
        return 'a duration above 0 such as "90s", "10m", "2h" or a number of seconds'
    kinds = _kinds(field)
    if get_origin(field.annotation) is Literal:
        return "one of " + ", ".join(f'"{value}"' for value in get_args(field.annotation))
    if tuple in kinds:
        *others, last = [f'"{value}"' for value in get_args(get_args(field.annotation)[0])] or ["texts"]
        return "a list of " + (f"{', '.join(others)} and {last}" if others else last)
    if dict in kinds:
        return "tables"
    if bool in kinds:
        return "true or false"
    if int in kinds:
        bounds = (("ge", "at least"), ("le", "at most"))
        return "a whole number" + "".join(
            f", {words} {getattr(part, name)}"
            for part in field.metadata
            for name, words in bounds
            if hasattr(part, name)
        )
    return "a text"


def checked(key: str, value: object) -> Any:
    """Return the value as the model keeps it.

    Raises:
        ValueError: it is not what the option takes.
    """
    table, _, name = key.partition(".")
    plain = tuple(value) if isinstance(value, list) else value
    texts = [text for text in (plain if isinstance(plain, tuple) else (plain,)) if isinstance(text, str)]
    if any(not text.strip() or "\0" in text for text in texts):
        raise ValueError(key)
    try:
        made = getattr(_table(table).model_validate({name: plain}, strict=True), name)
    except ValidationError as error:
        raise ValueError(key) from error
    if isinstance(made, float) and not math.isfinite(made):
        raise ValueError(key)
    return made


def from_text(key: str, text: str) -> object:
    """Read a variable's text: a text option takes it as it is, a list is TOML, JSON or split at commas,
    anything else is TOML, and what is not valid TOML stays text."""
    kinds = _kinds(_field(key))
    if str in kinds and not text.startswith(('"', "'")):
        return text
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        parsed = {}
    if set(parsed) == {"value"}:
        return [parsed["value"]] if tuple in kinds and isinstance(parsed["value"], str) else parsed["value"]
    return [part.strip() for part in text.split(",")] if tuple in kinds else text


def _table(name: str) -> type[Options]:
    table = Config.model_fields[name].annotation
    if not (isinstance(table, type) and issubclass(table, Options)):
        msg = f"the model's field {name} is not a table of options"
        raise TypeError(msg)
    return table


def _field(key: str) -> FieldInfo:
    table, _, name = key.partition(".")
    return _table(table).model_fields[name]


def _kinds(field: FieldInfo) -> set[Any]:
    """The plain types an option takes, e.g. {str} for a text that may be left out."""
    annotation = field.annotation
    origin = get_origin(annotation)
    if origin is Literal:
        return {str}
    if origin in (tuple, dict):
        return {origin}
    return {kind for kind in get_args(annotation) or (annotation,) if kind is not NoneType}
