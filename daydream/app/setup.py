"""Setting up: `init` shows a configuration for what is here, `doctor` says what works and what would mend the rest."""

import hashlib
import json
import os
import shlex
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from daydream.analysis.redaction import redact
from daydream.config.load import load, raw_paths, user_file
from daydream.config.model import Config
from daydream.contracts.use_cases import RunResult
from daydream.errors import DaydreamError, StateDamaged, StateNewer, StateUnreadable, UsageError
from daydream.processes import Stop
from daydream.repository import interpreter
from daydream.repository import places as where
from daydream.repository.places import Places

_FOUND_KEYS = ("SENTRY_AUTH_TOKEN", "SENTRY_DSN", "OPENROUTER_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY")


class Check(NamedTuple):
    """One line of `doctor`: what was looked at, ok / off / trouble, what is so, and what would mend it."""

    what: str
    state: str
    found: str
    mend: str = ""


def init(root: Path, config_file: Path | None, write: bool, tests: str | None = None) -> RunResult:
    """Show a first configuration for this repository; with `write`, add it to the person's own file.

    With `tests`, a command line, only the table that confirms it as the way to try changes.

    Raises:
        UsageError: the file already speaks of this repository.
        DaydreamError: the file cannot be written.
    """
    stop = Stop()
    places = _places(root, config_file, stop)
    config = load(places.root, config_file, {}, os.environ).config
    path = config_file or user_file(os.environ)
    lines_of = _proposed(places, config, stop) if tests is None else _confirmed(places, tests)
    text = "\n".join(lines_of) + "\n"
    data: dict[str, Any] = {"file": str(path), "text": text, "written": write}
    if not write:
        lines = (f"# would be added to {path} (--write does it):", *text.splitlines())
        return RunResult(lines=lines, data=data)
    former = path.read_text("utf-8") if path.exists() else ""
    if tests is not None:
        _check_room_for(text, former, path)
    elif f'"{places.root}"' in former:
        msg = f"{path} already speaks of {places.root}; edit it there"
        raise UsageError(msg)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as handle:
            handle.write(("\n" if former else "") + text)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise DaydreamError(msg) from error
    following = (
        "`daydream run` starts the first night" if tests is None else "the next night tries changes with it"
    )
    return RunResult(lines=(f"written: {path}", following), data=data)


def _check_room_for(text: str, former: str, path: Path) -> None:
    """Refuse to break a file that speaks of every repository.

    Raises:
        UsageError: the lines cannot simply be added.
    """
    try:
        tomllib.loads(former + "\n" + text)
    except tomllib.TOMLDecodeError as error:
        lines = text.strip().replace("\n", " | ")
        msg = f"{path} cannot take these lines as they are ({error}); put them there by hand: {lines}"
        raise UsageError(msg) from error


def _confirmed(places: Places, tests: str) -> Iterator[str]:
    """The table that says how changes are tried: the command and the hash of what was confirmed.

    Raises:
        UsageError: it is no command line.
    """
    try:
        words = shlex.split(tests)
    except ValueError as error:
        raise UsageError(f"--tests {tests!r} is no command line: {error}") from error
    if not words:
        raise UsageError('--tests is empty; give a command such as "python -m pytest -q"')
    yield f"[repositories.{json.dumps(str(places.root), ensure_ascii=False)}.verify]"
    yield f"command = {json.dumps(tests, ensure_ascii=False)}"
    yield f'confirmed = "{hashlib.sha256(tests.encode()).hexdigest()}"'


def _proposed(places: Places, config: Config, stop: Stop) -> Iterator[str]:
    """The lines for one repository: what was detected is set or explained, what costs or leaves is commented."""
    table = f"repositories.{json.dumps(str(places.root), ensure_ascii=False)}"
    yield f"[{table}.night]"
    yield 'mode = "report"  # "apply" also cleans untracked caches'
    yield ""
    yield f"[{table}.interpreter]"
    found = interpreter.find(places, config.interpreter.path, os.environ, stop)
    if found is not None:
        yield f"# found by itself: {found.path} ({found.version[0]}.{found.version[1]}, {found.why})"
    yield '# path = ".venv/bin/python"'
    yield ""
    yield "# to have changes tried by your tests and proposed:"
    yield '#   daydream init --tests "python -m pytest -q" --write'
    yield ""
    yield f"[{table}.logs]"
    yield from _logs(places, stop)
    yield '# sources = ["/var/log/myapp/*.log"]  # beside what is found below the root'
    yield ""
    yield f"[{table}.sentry]"
    yield '# organization = "my-org"  # then GET requests go to base_url with the token in DAYDREAM_SENTRY_TOKEN'
    yield '# projects = ["my-project"]'
    yield ""
    yield "# models that dream, off until you name one: source of procedures, without secrets, would be sent to"
    yield "# base_url/chat/completions, for at most budget a night; the key is DAYDREAM_MODELS_KEY (docs/models.md):"
    yield f"# [{table}.models]"
    yield '# default = ["router/qwen/qwen-2.5-coder-32b-instruct"]'
    yield "# exclude = []  # gitignore patterns of what is never sent"
    yield f"# [{table}.models.endpoints.router]"
    yield '# base_url = "https://openrouter.ai/api/v1"'
    yield "# send_source = true"
    yield "# budget = 0.50"


def _logs(places: Places, stop: Stop) -> Iterator[str]:
    """What log discovery would read, as comments."""
    from daydream.analysis.logs.sources import discover

    found = discover(places.root, (places.state, places.logs), (), stop.check).logs
    shown = ", ".join(str(path.relative_to(places.root)) for path in sorted(found)[:5])
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    yield f"# found by itself: {shown}{more}" if found else "# no log was found below the root"


def doctor(root: Path, config_file: Path | None) -> RunResult:
    """Check what a night needs and what it could use; the exit code is 1 where something it needs is missing."""
    checks = list(_checks(root, config_file, Stop()))
    lines = [f"{c.state:<8} {c.what}: {c.found}{f'; {c.mend}' if c.mend else ''}" for c in checks]
    failed = any(check.state == "trouble" for check in checks)
    data = {"checks": [check._asdict() for check in checks]}
    return RunResult(exit_code=int(failed), lines=tuple(lines), data=data)


def _checks(root: Path, config_file: Path | None, stop: Stop) -> Iterator[Check]:
    yield Check("python", "ok", f"{sys.version_info.major}.{sys.version_info.minor} at {sys.executable}")
    yield _git()
    try:
        places = _places(root, config_file, stop)
        config = load(places.root, config_file, {}, os.environ).config
    except DaydreamError as error:
        yield Check("repository", "trouble", str(error))
        return
    kind = "a git checkout" if places.has_git else "no git: a snapshot is examined, in report mode"
    yield Check("repository", "ok", f"{places.root} ({kind})")
    yield _state(places)
    yield from _interpreters(places, config, stop)
    yield from _programs()
    yield _verify(config)
    yield _sentry(config)
    yield from _models(config, places)
    yield _sandbox(config)
    named = {endpoint.key_env for endpoint in config.models.endpoints.values()}
    for name in _FOUND_KEYS:
        if os.environ.get(name) and name not in named:
            yield Check(
                name,
                "off",
                "available in the environment, not used: only your own configuration switches it on",
            )


def _git() -> Check:
    path = shutil.which("git")
    if path is None:
        return Check("git", "trouble", "not on PATH", "install git")
    return Check("git", "ok", path)


def _state(places: Places) -> Check:
    from daydream.store.heads import read_head

    existing = next(folder for folder in (places.state, *places.state.parents) if folder.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        return Check(
            "state", "trouble", f"{existing} cannot be written", "set paths.state in your configuration"
        )
    room = os.statvfs(existing)
    free = f"{room.f_bavail * room.f_frsize / 2**30:.1f} GiB free"
    try:
        head = read_head(places.state / "night")
    except (StateDamaged, StateNewer, StateUnreadable) as error:
        return Check("state", "trouble", str(error), "`daydream fsck` says more")
    night = f"last night {head.night}, {head.closed or 'unfinished'}" if head else "no night yet"
    return Check("state", "ok", f"{places.state} ({night}; {free})")


def _interpreters(places: Places, config: Config, stop: Stop) -> Iterator[Check]:
    chosen = False
    for candidate in interpreter.candidates(places, config.interpreter.path, os.environ, stop):
        state = "ok" if candidate.usable and not chosen else "off"
        version = f" {candidate.version[0]}.{candidate.version[1]}" if candidate.version else ""
        yield Check("interpreter", state, f"{candidate.path}{version}: {candidate.why}")
        chosen = chosen or candidate.usable
    if not chosen:
        found = "the repository has none that was found: daydream's own parses the source, and dreams are tried without the repository's packages"
        yield Check("interpreter", "off", found)


def _programs() -> Iterator[Check]:
    from importlib.metadata import PackageNotFoundError, version

    for name in ("ruff", "vulture"):
        try:
            yield Check(name, "ok", version(name))
        except PackageNotFoundError:
            yield Check(name, "trouble", "not installed", f"{sys.executable} -m pip install {name}")


def _verify(config: Config) -> Check:
    from daydream.repository.verify_command import Command, confirmed

    found = confirmed(config.verify.command, config.verify.confirmed)
    if isinstance(found, Command):
        return Check("tests", "ok", f"changes are tried with: {redact(found.text)}")
    return Check("tests", "off" if config.verify.command is None else "trouble", redact(found))


def _sentry(config: Config) -> Check:
    options = config.sentry
    if options.organization is None and options.export is not None:
        return Check("sentry", "ok", f"reads {options.export}; nothing is asked")
    if options.organization is None:
        mend = "set sentry.organization in your configuration to switch it on"
        return Check("sentry", "off", "nothing is asked", mend)
    if not os.environ.get(options.token_env):
        return Check(
            "sentry", "trouble", f"{options.token_env} is not set", f"export {options.token_env}=..."
        )
    return Check("sentry", "ok", f"{options.base_url}, organization {options.organization}")


def _models(config: Config, places: Places) -> Iterator[Check]:
    """Who would be asked, and who is merely there; asks nobody and starts nothing."""
    from daydream.clients.llm_gate import gate, replayed_from

    mend = "docs/models.md says how to name an endpoint"
    if not config.models.enabled:
        yield Check("models", "off", "models.enabled is false", "")
    elif not config.models.endpoints:
        yield Check("models", "off", "no endpoint is named, nothing is asked and no source is sent", mend)
    else:
        found = gate(config.models, os.environ, places.root, replay=replayed_from(os.environ) is not None)
        names = {member.name: member.endpoint for members in found.members.values() for member in members}
        for name, endpoint in names.items():
            money = config.models.endpoints[endpoint.name].budget
            cost = f"at most {money:g} a night" if money else "free"
            yield Check("models", "ok", f"{name} is asked and sent source at {endpoint.base_url}, {cost}")
        for why in found.off:
            yield Check("models", "off", redact(why), mend)
    for program in ("claude", "ollama"):
        if shutil.which(program):
            said = "available on PATH, not used: only your own configuration switches it on"
            yield Check(program, "off", said)


def _sandbox(config: Config) -> Check:
    """What dreams could be tried in; whether it holds is proved by the night that first uses it."""
    if not config.trials.per_night:
        return Check("sandbox", "off", "trials.per_night is 0, no dream is tried")
    socket = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    there = {
        "bubblewrap": shutil.which("bwrap"),
        "docker": socket if not socket.startswith("/") or Path(socket).exists() else None,
    }
    bare = config.sandbox.allow_unisolated
    for key in config.sandbox.order:
        if there[key] is not None:
            otherwise = "; should none hold, dreams run not isolated" if bare else ""
            said = f"{key} at {there[key]}; it proves itself before a dream is tried{otherwise}"
            return Check("sandbox", "ok", said)
    if bare:
        said = "none is here, so dreams run not isolated, as sandbox.allow_unisolated says"
        return Check("sandbox", "ok", said, "apt-get install bubblewrap")
    return Check("sandbox", "off", "none is here, so no dream is tried", "apt-get install bubblewrap")


def _places(root: Path, config_file: Path | None, stop: Stop) -> Places:
    state, logs, cache = raw_paths(root, config_file, os.environ)
    return where.locate(root, state=state, logs=logs, cache=cache, stop=stop)
