"""Where things are: the repository's root and git folder, and daydream's state, logs and cache for it.

`find` is for readers and is cheap: no child process, no heavy import. `locate` is for a night: it asks git.
Neither creates anything; `create` does, when a night starts.
"""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from daydream.errors import ConfigError, StateUnreadable, UsageError

if TYPE_CHECKING:
    from daydream.processes import Stop

NIGHT_HEAD = "night/state.json"
WITHOUT_GIT = ".daydream"
_LOGS = "logs/daydream"
_IGNORE_ALL = "# written by daydream: nothing here belongs to the repository\n*\n"


class Places(NamedTuple):
    """Absolute folders. None of them needs to exist but `root` and the git folders.

    `git_dir` is the git folder of this checkout (of the linked worktree or submodule, where it is
    one): state lives and dies with the checkout. `common_dir` holds the objects and refs that
    worktrees share. Both are None without git. `cache_option` is what replaces
    the user's cache folder for daydream.
    """

    root: Path
    git_dir: Path | None
    common_dir: Path | None
    state: Path
    logs: Path
    cache_option: str | None = None

    @property
    def cache(self) -> Path:
        """The user's cache folder for this root; computed when asked, as readers never are."""
        return cache_folder(self.root, self.cache_option)

    @property
    def has_git(self) -> bool:
        """Whether the root is a git checkout."""
        return self.git_dir is not None


def find(start: Path, *, state: str | None, logs: str | None, cache: str | None = None) -> Places | None:
    """Find where a night has already left its state, without asking git; None where no night ran.

    Raises:
        UsageError: `start` is not a folder.
    """
    root, git_dir = _around(start)
    common_dir = None if git_dir is None else _common_dir(git_dir)
    for base in _bases(root, git_dir, state):
        if begun(base):
            home = _logs_beside(root, base, git_dir) if logs is None else root / Path(logs).expanduser()
            return Places(root, git_dir, common_dir, base, home, cache)
    return None


def state_folders(start: Path, *, state: str | None) -> list[Path]:
    """List the folders in which a night may keep its state, without asking git; most have none.

    Raises:
        UsageError: `start` is not a folder.
    """
    return _bases(*_around(start), state)


def begun(state: Path) -> bool:
    """Whether nights were recorded in a state folder, even if its head is gone."""
    return (state / NIGHT_HEAD).is_file() or (state / "night" / "runs").is_dir()


def locate(start: Path, *, state: str | None, logs: str | None, cache: str | None, stop: "Stop") -> Places:
    """Find the repository around `start` and decide where state, logs and cache belong.

    `state` and `logs` are taken relative to the root; a relative one stays below it. `cache` replaces
    the user's cache folder for daydream and lies outside the repository. Where nights have begun
    below the git folder they stay there, whatever a .gitignore says later.

    Raises:
        UsageError: `start` is not a folder, or lies in a bare repository or inside a git folder.
        ConfigError: a configured place cannot be used.
        DaydreamError: git cannot read the repository, or refuses to.
    """
    folder = _folder(start)
    root, git_dir, common_dir = folder, None, None
    if any(_looks_like_git(place) for place in _upwards(folder)):
        from daydream.repository.checkout import toplevel  # readers never come here

        root, git_dir, common_dir = toplevel(folder, stop)
    home = (root / WITHOUT_GIT) if git_dir is None else git_dir / "daydream"
    begun_below_git = git_dir is not None and begun(home / "state")
    if git_dir is not None and not begun_below_git and (state is None or logs is None):
        from daydream.repository.checkout import ignores

        if ignores(root, (f"state/{NIGHT_HEAD}", f"{_LOGS}/report.md"), stop):
            home = root
    _outside(root, cache_folder(root, cache), cache)
    return Places(
        root=root,
        git_dir=git_dir,
        common_dir=common_dir,
        state=home / "state" if state is None else _configured(root, "state", state),
        logs=home / _LOGS if logs is None else _configured(root, "logs", logs),
        cache_option=cache,
    )


def create(places: Places) -> None:
    """Make the folders for state and logs, durably.

    Raises:
        StateUnreadable: the disk refuses.
    """
    from daydream.store.durable import sync_folder  # readers never come here

    try:
        for folder in (places.state, places.logs):
            fresh = [place for place in (folder, *folder.parents) if not place.exists()]
            folder.mkdir(parents=True, exist_ok=True)
            for place in fresh:
                sync_folder(place.parent)
        own = places.root / WITHOUT_GIT
        if own in places.state.parents and not (own / ".gitignore").exists():
            (own / ".gitignore").write_text(_IGNORE_ALL, encoding="utf-8")
    except OSError as error:
        msg = f"cannot create {error.filename}: {error.strerror}; name another folder in paths.state and paths.logs"
        raise StateUnreadable(msg) from error


def cache_folder(root: Path, configured: str | None = None) -> Path:
    """The cache folder for one root: named after it and after a hash of its absolute path."""
    import hashlib

    if configured is not None:
        base = root / Path(configured).expanduser()
    else:
        given = os.environ.get("XDG_CACHE_HOME", "")
        base = (Path(given) if given.startswith("/") else _home() / ".cache") / "daydream"
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", root.name)[:40].strip("-.") or "root"
    return base / f"{name}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:12]}"


def _home() -> Path:
    """The user's home folder.

    Raises:
        UsageError: the environment names none, or a relative one.
    """
    try:
        home = Path.home()
    except RuntimeError:
        home = Path()
    if not home.is_absolute():
        msg = "HOME is not an absolute path, so there is no place for the workbench; set HOME or paths.cache"
        raise UsageError(msg)
    return home


def _folder(start: Path) -> Path:
    try:
        folder = start.expanduser().resolve(strict=True)
        if not folder.is_dir():
            msg = f"{start} is a file; name the folder of a repository"
            raise UsageError(msg)
        os.scandir(folder).close()
    except FileNotFoundError as error:
        msg = f"{start} does not exist; name the folder of a repository"
        raise UsageError(msg) from error
    except PermissionError as error:
        msg = f"{start} cannot be read: permission denied"
        raise UsageError(msg) from error
    except (OSError, RuntimeError) as error:
        msg = f"{start} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise UsageError(msg) from error
    return folder


def _upwards(folder: Path) -> list[Path]:
    """The folder and its parents on the same file system, where git would look too."""
    device = folder.stat().st_dev
    return [place for place in (folder, *folder.parents) if place.stat().st_dev == device]


def _looks_like_git(folder: Path) -> bool:
    bare = all((folder / name).exists() for name in ("HEAD", "objects", "refs"))
    return bare or os.path.lexists(folder / ".git")


def _git_dir_of(folder: Path) -> Path | None:
    """Read what `folder/.git` is or points to; None where it is neither a git folder nor a link to one."""
    entry = folder / ".git"
    try:
        if entry.is_dir():
            return entry if (entry / "HEAD").exists() else None
        text = entry.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    target = folder / text.removeprefix("gitdir:").strip()
    return target.resolve() if text.startswith("gitdir:") and (target / "HEAD").exists() else None


def _common_dir(git_dir: Path) -> Path:
    try:
        text = (git_dir / "commondir").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return git_dir
    return (git_dir / text.strip()).resolve()


def _around(start: Path) -> tuple[Path, Path | None]:
    """The root around `start` and its git folder, as far as the names tell."""
    root = _folder(start)
    for folder in _upwards(root):
        git_dir = _git_dir_of(folder)
        if git_dir is not None:
            return folder, git_dir
    return root, None


def _bases(root: Path, git_dir: Path | None, state: str | None) -> list[Path]:
    if state is not None:
        return [root / Path(state).expanduser()]
    below_git = [] if git_dir is None else [git_dir / "daydream" / "state"]
    return [*below_git, root / "state", root / WITHOUT_GIT / "state"]


def _logs_beside(root: Path, state: Path, git_dir: Path | None) -> Path:
    """Where the logs of a night lie whose state was found at `state`."""
    if state.name == "state" and state.parent in (root, root / WITHOUT_GIT):
        return state.parent / _LOGS
    if git_dir is not None and state.is_relative_to(git_dir):
        return state.parent / _LOGS
    usual = (root / WITHOUT_GIT if git_dir is None else git_dir / "daydream") / _LOGS
    return root / _LOGS if not usual.is_dir() and (root / _LOGS).is_dir() else usual


def _configured(root: Path, name: str, value: str) -> Path:
    given = Path(value).expanduser()
    place = Path(os.path.normpath(root / given))
    problem = None
    if place == root or place in root.parents:
        problem = "is the repository itself; name a folder of its own"
    elif not given.is_absolute() and not place.resolve().is_relative_to(root):
        problem = "leaves the repository; give an absolute path if that is meant"
    elif place.exists() and not place.is_dir():
        problem = "is not a folder"
    if problem is not None:
        msg = f'paths.{name} = "{value}" {problem}'
        raise ConfigError(msg)
    return place


def _outside(root: Path, place: Path, configured: str | None) -> None:
    if configured is not None and place.resolve().is_relative_to(root):
        msg = f'paths.cache = "{configured}" lies inside the repository; name a folder outside it'
        raise ConfigError(msg)
