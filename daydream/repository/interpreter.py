"""The repository's own Python: which one, and why this one and not another."""

import base64
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from daydream.errors import ConfigError
from daydream.git import attempt
from daydream.processes import Stop, run
from daydream.records.repository import Interpreter
from daydream.repository.places import Places

_TIMEOUT_S = 10.0
_ASK = "import sys; print('%d.%d' % sys.version_info[:2])"
_VERSION = re.compile(r"(?m)^version(?:_info)?\s*=\s*(\d+)\.(\d+)")
_TEST_ENVIRONMENT = re.compile(r"py\d*.*|tests?([-_].*)?|default")
_BIGGEST = 2**16
_MOST_PACKAGES = 2000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A Python that was considered. `version` is None where it was not chosen; `why` is a clause in either case."""

    path: str
    version: tuple[int, int] | None
    why: str

    @property
    def usable(self) -> bool:
        """Whether it could serve; the first usable candidate does."""
        return self.version is not None


def find(places: Places, configured: str | None, env: Mapping[str, str], stop: Stop) -> Interpreter | None:
    """Choose the repository's Python; None where there is none that can be trusted.

    Raises:
        ConfigError: the configured one does not work.
    """
    for candidate in _considered(places, configured, env, stop):
        if candidate.version is not None:
            return Interpreter(path=candidate.path, version=candidate.version, why=candidate.why)
        if configured is not None:
            msg = f'interpreter.path = "{configured}" {candidate.why}'
            raise ConfigError(msg)
    return None


def candidates(
    places: Places, configured: str | None, env: Mapping[str, str], stop: Stop
) -> tuple[Candidate, ...]:
    """Every Python that was considered, in order of preference; the first usable one is chosen."""
    return tuple(_considered(places, configured, env, stop))


def _considered(
    places: Places, configured: str | None, env: Mapping[str, str], stop: Stop
) -> Iterator[Candidate]:
    """Candidates in order. Only a configured Python is ever run, to ask its version without its
    site; for one that was found, what its pyvenv.cfg says has to do."""
    if configured is not None:
        yield _asked(places.root, configured, stop)
        return
    active = env.get("VIRTUAL_ENV", "")
    if active:
        yield _active(places, Path(active), stop)
    inside = list(_inside(places.root))
    tracked = _tracked(places, [place for place, _ in inside], stop)
    for place, why in inside:
        if place in tracked:
            yield _refused(place, tracked[place])
        else:
            yield _environment(place, why)
    pdm = places.root / ".pdm-python"
    if pdm.is_file():
        yield _pointed_to_by_pdm(places, pdm, stop)
    for place, why in _elsewhere(places.root, env):
        yield _environment(place, why)


def _inside(root: Path) -> Iterator[tuple[Path, str]]:
    """Environments in the root, by the names that tools give them."""
    for name in (".venv", "venv"):
        if os.path.lexists(root / name):
            yield root / name, f"the {name} folder of the repository"
    for tool, folder in (("hatch", ".hatch"), ("tox", ".tox"), ("nox", ".nox")):
        names = [p.name for p in _children(root / folder) if _TEST_ENVIRONMENT.fullmatch(p.name)]
        for name in sorted(names, key=_newest_first):
            yield root / folder / name, f"the environment {name} of {tool}"


def _newest_first(name: str) -> tuple[int, list[int], str]:
    digits = re.match(r"py(?:thon)?-?(\d)\.?(\d*)", name)
    numbers = [-int(one or 0) for one in digits.groups()] if digits else []
    return (0 if numbers else 1, numbers, name)


def _elsewhere(root: Path, env: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Environments that poetry, hatch and pipenv keep in the user's folders under a name made from the root."""
    home = Path(env.get("HOME") or Path.home())
    mac = sys.platform == "darwin"
    cache = Path(env.get("XDG_CACHE_HOME") or home / ".cache")
    data = Path(env.get("XDG_DATA_HOME") or home / ".local" / "share")
    support = home / "Library" / "Application Support" if mac else data
    hashed = base64.urlsafe_b64encode(hashlib.sha256(os.fsencode(root)).digest()).decode()[:8]
    poetry = Path(env.get("POETRY_CACHE_DIR") or (home / "Library/Caches" if mac else cache) / "pypoetry")
    poetry = Path(env.get("POETRY_VIRTUALENVS_PATH") or poetry / "virtualenvs")
    ours = [place for place in _children(poetry) if f"-{hashed}-py" in place.name]
    for place in sorted(ours, key=lambda place: _newest_first(place.name.rpartition("-")[2])):
        yield place, "the environment that poetry keeps for this folder"
    for project in _children(support / "hatch" / "env" / "virtual"):
        for place in _children(project / hashed):
            if place.name == project.name or _TEST_ENVIRONMENT.fullmatch(place.name):
                yield place, "the environment that hatch keeps for this folder"
    for place in _children(Path(env.get("WORKON_HOME") or data / "virtualenvs")):
        if _project_of(place) == root:
            yield place, "the environment that pipenv keeps for this folder"


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(place for place in folder.iterdir() if place.is_dir())
    except OSError:
        return []


def _tracked(places: Places, inside: list[Path], stop: Stop) -> dict[Path, str]:
    """Those of `inside` that nobody made on this machine, and why they are not trusted."""
    if not inside:
        return {}
    if not places.has_git:
        why = "without git nobody can tell whether it came with the files; set interpreter.path to use it"
        return dict.fromkeys(inside, why)
    names = [place.relative_to(places.root).as_posix() for place in inside]
    left = attempt(places.root, "ls-files", "-z", "--", *names, stop=stop)
    paths = [os.fsdecode(path) for path in left.stdout.split(b"\0") if path]
    why = "it is committed to the repository, and a program that came with the files is not run"
    return {
        place: why
        for place, name in zip(inside, names, strict=True)
        if left.returncode != 0 or any(path == name or path.startswith(name + "/") for path in paths)
    }


def _active(places: Places, place: Path, stop: Stop) -> Candidate:
    """The activated environment, if something ties it to the repository."""
    if place.resolve().is_relative_to(places.root):
        tracked = _tracked(places, [places.root / place.resolve().relative_to(places.root)], stop)
        if tracked:
            return _refused(place, next(iter(tracked.values())))
        return _environment(place, "the active environment, inside the repository")
    if _project_of(place) == places.root or _has_installed(place, places.root):
        return _environment(place, "the active environment, made for this repository")
    return _refused(
        place, "it is active, but nothing ties it to this repository; set interpreter.path to use it"
    )


def _pointed_to_by_pdm(places: Places, pointer: Path, stop: Stop) -> Candidate:
    text = _read(pointer).strip()
    if not text.startswith("/"):
        return _refused(pointer, "it does not name an absolute path")
    if _tracked(places, [pointer], stop):
        return _refused(Path(text), "the .pdm-python that names it came with the files")
    return _environment(Path(text).parent.parent, "the one that .pdm-python names")


def _environment(place: Path, why: str) -> Candidate:
    """A virtual environment, described by its pyvenv.cfg; nothing of it is run."""
    python = place / "bin" / "python"
    version = _VERSION.search(_read(place / "pyvenv.cfg"))
    if not place.is_dir():
        return _refused(python, "its folder is gone")
    if version is None:
        return _refused(python, "it has no pyvenv.cfg that says its version; set interpreter.path to use it")
    if not os.access(python, os.X_OK):
        return _refused(python, "it leads to a Python that is gone or cannot be run; make it anew")
    return Candidate(str(python), (int(version[1]), int(version[2])), why)


def _asked(root: Path, configured: str, stop: Stop) -> Candidate:
    """The configured Python, asked for its version in isolation: no site, no code of the repository."""
    path = Path(os.path.normpath(root / Path(configured).expanduser()))
    try:
        left = run(
            [str(path), "-I", "-S", "-c", _ASK],
            cwd=Path("/"),
            env={},
            stop=stop,
            timeout_s=_TIMEOUT_S,
            nice=False,
        )
    except OSError as error:
        return _refused(path, f"cannot be run ({error.strerror}); name a Python's executable")
    said = re.fullmatch(rb"(\d+)\.(\d+)\s*", left.stdout)
    if said is None or left.returncode != 0:
        return _refused(path, "does not answer as a Python does; name a Python's executable")
    return Candidate(str(path), (int(said[1]), int(said[2])), "configured as interpreter.path")


def _refused(path: Path, why: str) -> Candidate:
    return Candidate(str(path), None, why)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_BIGGEST).decode("utf-8", "replace")
    except OSError:
        return ""


def _project_of(place: Path) -> Path | None:
    """The project that pipenv or virtualenvwrapper noted in an environment."""
    text = _read(place / ".project").strip()
    return Path(text) if text else None


def _has_installed(place: Path, root: Path) -> bool:
    """Whether the environment holds an editable install of the root."""
    from urllib.parse import unquote, urlsplit

    found = sorted(place.glob("lib/python*/site-packages/*.dist-info/direct_url.json"))[:_MOST_PACKAGES]
    for record in found:
        try:
            noted = json.loads(_read(record))
            editable = noted["dir_info"]["editable"] is True
            folder = Path(unquote(urlsplit(noted["url"]).path))
        except (ValueError, KeyError, TypeError):
            continue
        if editable and folder == root:
            return True
    return False
