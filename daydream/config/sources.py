"""Where configuration is read from: files and variables as dotted keys, before anything knows types.

Loads no pydantic, so that `status` and the lock can find their folders quickly.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from daydream.config.rights import EXPANDED, RESERVED_VARIABLES, RIGHTS, TABLES, VARIABLES
from daydream.errors import ConfigError

REPOSITORY_FILE = "daydream.toml"
PYPROJECT = "pyproject.toml"
_PYPROJECT_NAME = "pyproject.toml [tool.daydream]"
_MAX_BYTES = 1 << 20
_LOOKS_LIKE_OURS = 0.9


class Said(NamedTuple):
    """One value as it was written, and who said it: a file, a variable or a flag."""

    value: object
    origin: str


Source = dict[str, Said]


def user_file(env: Mapping[str, str]) -> Path:
    """Return the place of the person's own configuration, whether it exists or not."""
    base = env.get("XDG_CONFIG_HOME", "")
    # The XDG specification wants relative values ignored.
    folder = Path(base) if base.startswith("/") else _home(env) / ".config"
    return folder / "daydream" / "config.toml"


def person_sources(root: Path, config_file: Path | None, env: Mapping[str, str]) -> list[Source]:
    """Read the person's file: its general tables, then its tables for this repository.

    Raises:
        ConfigError: the file is not valid TOML, cannot be read, or was named and does not exist.
    """
    path = config_file or user_file(env)
    if config_file is None and not path.exists():
        return []
    raw = _parse(path, str(path))
    here = _for_repository(raw.pop("repositories", {}), root, path, env)
    return [_flatten(table, str(path), env) for table in (raw, here)]


def repository_source(root: Path, config_file: Path | None) -> Source:
    """Read what the repository says: `daydream.toml`, or `[tool.daydream]` in `pyproject.toml`.

    A file that was named with `--config` speaks for the person and is left out here.

    Raises:
        ConfigError: both exist, or the file is not valid.
    """
    own, project = root / REPOSITORY_FILE, root / PYPROJECT
    table = _project_table(project, root) if not _is(project, config_file) else None
    if not _exists(own) or _is(own, config_file):
        return _flatten(table, _PYPROJECT_NAME, {}) if table is not None else {}
    if table is not None:
        msg = f"{REPOSITORY_FILE} and {_PYPROJECT_NAME} both configure daydream; keep one of them"
        raise ConfigError(msg)
    _stays_inside(own, root)
    return _flatten(_parse(own, REPOSITORY_FILE), REPOSITORY_FILE, {})


def variables(env: Mapping[str, str]) -> Source:
    """Take the options among the variables, still as text; an empty variable counts as not set."""
    return {
        key: Said(_expand(key, env[name], env, name), name)
        for name, key in VARIABLES.items()
        if env.get(name)
    }


def check_keys(source: Source) -> None:
    """Refuse keys that no option has, naming the nearest one.

    Raises:
        ConfigError: see above.
    """
    for key, said in sorted(source.items()):
        if key not in RIGHTS:
            raise ConfigError(f"{said.origin}: {_unknown(key, said.value)}")


def check_variables(env: Mapping[str, str], allowed: Iterable[str] = ()) -> None:
    """Refuse variables that look like options and are none; `allowed` are further names in use.

    Raises:
        ConfigError: see above.
    """
    for name in sorted(env):
        if name in VARIABLES or name in RESERVED_VARIABLES or name in allowed:
            continue
        ours = name.startswith(tuple(f"DAYDREAM_{table.upper()}_" for table in TABLES))
        near = _nearest(name, VARIABLES, _LOOKS_LIKE_OURS)
        if ours or (near and name.startswith("DAYDREAM_")):
            near = near or _nearest(name, VARIABLES)
            raise ConfigError(f"unknown environment variable {name}" + _did_you_mean(near))


def raw_paths(
    root: Path, config_file: Path | None, env: Mapping[str, str]
) -> tuple[str | None, str | None, str | None]:
    """Find `paths.state`, `paths.logs` and `paths.cache` as written, without loading the model.

    Raises:
        ConfigError: a file that may say so is not valid, or one of the three is not a text.
    """
    found: Source = {}
    for source in (*person_sources(root, config_file, env), variables(env)):
        found.update({key: said for key, said in source.items() if key.startswith("paths.")})
    for key, said in found.items():
        if not isinstance(said.value, str) or not said.value.strip() or "\0" in said.value:
            raise ConfigError(f'{said.origin}: "{key}" is {said.value!r}, expected a path')
    state, logs, cache = (found.get(f"paths.{name}") for name in ("state", "logs", "cache"))
    return _text(state), _text(logs), _text(cache)


def _text(said: Said | None) -> str | None:
    return None if said is None else str(said.value)


def _parse(path: Path, name: str) -> dict[str, object]:
    """Read a TOML file whole, or say in one sentence why not."""
    import tomllib

    try:
        text = _read(path, name).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name} is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"^(.*) \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        what = found[1] if found else str(error)
        line = found[2] if found and found[2] else str(text.count("\n") + 1)
        raise ConfigError(f"{name}:{line}: not valid TOML: {what}") from error
    except RecursionError as error:
        raise ConfigError(f"{name} is nested too deeply to be read") from error


def _read(path: Path, name: str) -> bytes:
    try:
        # Opening a pipe would wait for a writer that never comes.
        if path.exists() and not path.is_file():
            raise ConfigError(f"{name} is not a file")
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigError(f"{name} does not exist; name an existing file with --config") from error
    except OSError as error:
        raise ConfigError(f"{name} cannot be read: {error.strerror}") from error
    if len(data) > _MAX_BYTES:
        raise ConfigError(f"{name} is larger than 1 MiB, which no configuration needs")
    return data


def _project_table(path: Path, root: Path) -> dict[str, object] | None:
    """Return `[tool.daydream]`, or None where the project's file does not speak of us.

    A file that is broken is the repository's own trouble unless it configures daydream.
    """
    if not _exists(path):
        return None
    try:
        raw = _parse(path, PYPROJECT)
    except ConfigError:
        if path.is_file() and os.access(path, os.R_OK) and b"tool.daydream" in _head(path):
            raise
        return None
    tool = raw.get("tool")
    table = tool.get("daydream") if isinstance(tool, dict) else None
    if table is None:
        return None
    _stays_inside(path, root)
    if not isinstance(table, dict):
        raise ConfigError("pyproject.toml: tool.daydream is not a table")
    return table


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MAX_BYTES)


def _for_repository(raw: object, root: Path, path: Path, env: Mapping[str, str]) -> dict[str, object]:
    """Pick the tables for this root out of ``[repositories."/absolute/root"]``."""
    if not isinstance(raw, dict):
        raise ConfigError(f'{path}: "repositories" is not a table; write [repositories."{root}".night]')
    chosen: dict[str, object] = {}
    for name, table in raw.items():
        place = _tilde(name, env)
        if not place.startswith("/"):
            raise ConfigError(f'{path}: repositories."{name}" is not an absolute path')
        if not isinstance(table, dict):
            raise ConfigError(f'{path}: repositories."{name}" is not a table')
        if os.path.realpath(place) == os.path.realpath(root):
            chosen.update(table)
    return chosen


def _flatten(raw: Mapping[str, object], origin: str, env: Mapping[str, str]) -> Source:
    """Turn tables into dotted keys; what is no table keeps its plain key and is refused later."""
    flat: Source = {}
    for table, content in raw.items():
        if not isinstance(content, dict):
            flat[table] = Said(content, origin)
            continue
        for key, value in content.items():
            dotted = f"{table}.{key}"
            flat[dotted] = Said(_expand(dotted, value, env, origin), origin)
        if not content and table not in TABLES:
            flat[table] = Said(content, origin)
    return flat


def _expand(key: str, value: object, env: Mapping[str, str], origin: str) -> object:
    if key in EXPANDED and isinstance(value, list):
        return [_expand(key, each, env, origin) for each in value]
    if key not in EXPANDED or not isinstance(value, str):
        return value
    text = _tilde(value, env)
    if text.startswith("~"):
        raise ConfigError(f'{origin}: "{key}" is "{value}"; only "~/" is expanded, write an absolute path')
    return text


def _tilde(text: str, env: Mapping[str, str]) -> str:
    return str(_home(env)) + text[1:] if text == "~" or text.startswith("~/") else text


def _home(env: Mapping[str, str]) -> Path:
    if env.get("HOME"):
        return Path(env["HOME"])
    try:
        return Path.home()
    except RuntimeError as error:
        raise ConfigError("HOME is not set and this user has no home folder; set HOME") from error


def _exists(path: Path) -> bool:
    return os.path.lexists(path)


def _is(path: Path, other: Path | None) -> bool:
    return other is not None and os.path.realpath(path) == os.path.realpath(other)


def _stays_inside(path: Path, root: Path) -> None:
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
        raise ConfigError(f"{path.name} is a link to a file outside the repository; it is not read")


def _unknown(key: str, value: object) -> str:
    if key in TABLES:
        return f'"{key}" is a table; write [{key}] and its options below'
    named_alike = sorted(option for option in RIGHTS if option.partition(".")[2] == key)
    near = named_alike[0] if named_alike else _nearest(key, RIGHTS)
    what = "table" if isinstance(value, dict) and "." not in key else "key"
    return f'unknown {what} "{key}"' + _did_you_mean(f'"{near}"' if near else None)


def _nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    import difflib

    return next(iter(difflib.get_close_matches(name, list(known), 1, cutoff)), None)


def _did_you_mean(near: str | None) -> str:
    return f"; did you mean {near}?" if near else "; docs/configuration.md lists them all"
