"""What every scheduler has to be told about a repository's nights."""

import datetime as dt
import hashlib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from daydream.errors import UsageError
from daydream.processes import Stop, run

_LATER = dt.timedelta(hours=2)
_SPREAD_S = 600
_DAY_S = 86400
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 -- only compared with
_USUAL_PATH = ("/usr/local/bin", "/usr/bin", "/bin")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One repository's nights.

    `at` is a time of day on the machine's clock, or in `zone` (an IANA name) where the configuration
    has one. `environment` replaces what schedulers leave out. `writable` are the folders a night
    writes to besides the usual cache folder, which `own_cache` stands for. `hard_stop_s` ends a night
    that ran away. `extra` are global options for the command line.
    """

    root: Path
    at: dt.time
    python: str
    environment: Mapping[str, str] = field(default_factory=dict)
    writable: tuple[Path, ...] = ()
    own_cache: bool = True
    zone: str | None = None
    hard_stop_s: int = 7800
    extra: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """One line for people."""
        return f"daydream: a night each day at {self.at:%H:%M} for {self.root} ({self.name})"

    @property
    def name(self) -> str:
        """A name that two repositories never share, made of letters, digits and hyphens."""
        slug = re.sub(r"[^a-z0-9]+", "-", self.root.name.lower()).strip("-")[:40] or "root"
        return f"daydream-{slug}-{hashlib.sha256(os.fsencode(self.root)).hexdigest()[:8]}"

    @property
    def times(self) -> tuple[dt.time, ...]:
        """When to start: `at`, and two hours later where that is still the same date.

        A clock that is put forward may skip `at`; the second start then makes the night. On any other
        date it finds the night done and ends at once.
        """
        first = dt.datetime.combine(dt.date.min, self.at)
        later = first + _LATER
        return (
            (self.at,)
            if (later + dt.timedelta(seconds=_SPREAD_S)).date() > first.date()
            else (self.at, later.time())
        )

    @property
    def delay_s(self) -> int:
        """By how many seconds a start may be spread without leaving its date."""
        last = self.times[-1]
        return max(0, min(_SPREAD_S, _DAY_S - last.hour * 3600 - last.minute * 60 - 120))

    @property
    def private_tmp(self) -> bool:
        """Whether a night can do without the machine's temporary folders: nothing it needs lies there."""
        needed = (self.root, Path(self.python), *self.writable)
        return not any(path.is_relative_to(place) for path in needed for place in _TEMPORARY)

    def argv(self, *before: str) -> list[str]:
        """The command; `before` are further global options.

        ``-P`` keeps the working folder off the import path: it may be the repository itself.
        """
        options = [*self.extra, *before]
        return [self.python, "-P", "-m", "daydream", *options, "--root", str(self.root), "run", "--if-due"]

    def texts(self) -> list[str]:
        """Everything that ends up in a file, for checking and escaping."""
        return [*self.argv(), *self.environment.values(), *(str(path) for path in self.writable)]


def check(job: Job) -> None:
    """Refuse what no scheduler's file can hold.

    Raises:
        UsageError: a path has control characters or is not valid text.
    """
    for text in job.texts():
        if _CONTROL.search(text):
            raise UsageError(f"{text!r} has characters that no scheduler's file can hold; rename that folder")


def job(root: Path, config_file: Path | None, at: dt.time, env: Mapping[str, str]) -> Job:
    """Gather what this machine and the configuration say about the nights of `root`.

    Raises:
        DaydreamError: the configuration or the repository cannot be used, or a scheduler would not
            find this daydream.
    """
    from daydream.config.load import load
    from daydream.repository.places import locate
    from daydream.steps.log_archive import folders as archive_folders

    config = load(root, config_file, {}, env).config
    stop = Stop()
    paths = config.paths
    places = locate(root, state=paths.state, logs=paths.logs, cache=paths.cache, stop=stop)
    python = _python(stop)
    own_cache = paths.cache is None and not env.get("XDG_CACHE_HOME", "").startswith("/")
    folders = [places.git_dir, places.common_dir, places.state, places.logs]
    if config.night.mode == "apply" or config.clean.artefacts or not places.has_git:
        folders.append(places.root)
    folders += archive_folders(config.logs.archive, places.root)
    if not own_cache:
        folders.append(places.cache.parent)
    return Job(
        root=places.root,
        at=at,
        python=python,
        environment=_environment(python, env),
        writable=_outermost([folder for folder in folders if folder is not None]),
        own_cache=own_cache,
        zone=None if config.night.zone == "local" else config.night.zone,
        hard_stop_s=int(2 * config.night.budget) + _SPREAD_S,
        extra=() if config_file is None else ("--config", str(config_file)),
    )


def _python(stop: Stop) -> str:
    """Return this interpreter, once it has shown that it finds daydream without our working folder."""
    if not sys.executable:
        raise UsageError("this Python does not know its own path; start daydream with an absolute path to it")
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    probe = run(
        [sys.executable, "-P", "-c", "import daydream"], cwd=Path("/"), stop=stop, env=clean, timeout_s=60
    )
    if probe.returncode != 0:
        package = Path(__file__).resolve().parents[2]
        msg = f"{sys.executable} finds daydream only from {package}; install it there: {sys.executable} -m pip install {package}"
        raise UsageError(msg)
    return sys.executable


def _environment(python: str, env: Mapping[str, str]) -> dict[str, str]:
    """Schedulers start with almost nothing: git must be found, and the person's own folders."""
    given = [part for part in env.get("PATH", "").split(os.pathsep) if part.startswith("/")]
    tools = [folder for folder in given if (Path(folder) / "git").exists()][:1]
    folders = dict.fromkeys([str(Path(python).parent), *tools, *_USUAL_PATH])
    kept = {
        name: env[name] for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME") if env.get(name, "").startswith("/")
    }
    return {"PATH": os.pathsep.join(folders), **kept}


def _outermost(folders: list[Path]) -> tuple[Path, ...]:
    """Leave out folders that lie in another one of the list; sorted."""
    unique = sorted(set(folders))
    return tuple(one for one in unique if not any(other in one.parents for other in unique))
