"""The tree that a sandbox stands on, copied from this machine's files: an interpreter, its standard library, the shared
objects that they need, and the guest. No path in it says whose machine it was. Kept under a fingerprint, tagged by content."""

import hashlib
import os
import py_compile
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from daydream.contracts.sandbox import Ground, SandboxRefused
from daydream.processes import Stop, run
from daydream.sandbox.reach import within_reach

SANDBOX_ID = 65432
"""Who sandboxes are on this machine when root starts them: an id that nobody has."""
_GUEST = Path(__file__).parent / "guest"
_LEFT_OUT = frozenset(
    (
        "site-packages",
        "dist-packages",
        "test",
        "tests",
        "idlelib",
        "tkinter",
        "turtledemo",
        "ensurepip",
        "lib2to3",
    )
)
_FOLDERS = ("dev", "proc", "tmp", "repository", "daydream", "python/bin", "python/lib", "etc", *(f"site/{n}" for n in range(8)))  # fmt: skip
_LIBRARY = re.compile(r"^\s*(?:(\S+) => )?(/\S+) \(0x", re.MULTILINE)
_VERSION = re.compile(r"python(\d+\.\d+)")
_ZONES = Path("/usr/share/zoneinfo")
_MOST_PACKAGES_OBJECTS = 400
_TIMEOUT_S = 60.0
_LAYOUT = b"2"  # another number where a tree is laid out differently
_UNUSED_S = 30 * 86400


@dataclass(frozen=True, slots=True)
class Source:
    """An interpreter's files on this machine, found without running it."""

    program: Path
    library: Path
    version: str


def source_of(python: Path) -> Source:
    """Find the real interpreter behind `python`, which may be a virtual environment's.

    Raises:
        SandboxRefused: its files are not where an interpreter has them.
    """
    program = Path(os.path.realpath(python))
    named = _VERSION.search(program.name)
    for library in sorted(program.parent.parent.glob("lib*/python3.*/os.py")):
        version = library.parent.name.removeprefix("python")
        if named is None or named[1] == version:
            return Source(program, library.parent, version)
    msg = f"{python} leads to no interpreter with its standard library beside it; set interpreter.path to one"
    raise SandboxRefused(msg)


def shelf(cache: Path) -> Path:
    """The folder for trees: in `cache`, or where root's sandboxes, which are not root, can reach it."""
    place = cache / "sandbox" if os.geteuid() != 0 else Path("/var/cache/daydream/sandbox")
    place.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        for each in (place, place.parent):
            each.chmod(0o755)
    return place


def build(python: Path, cache: Path, stop: Stop, packages: Sequence[Path] = ()) -> Ground:
    """Return the ground for an interpreter and its installed packages, building the tree where it is not there yet.

    Raises:
        SandboxRefused: something that it needs is missing or cannot be copied.
    """
    source = source_of(python)
    place = shelf(cache) / _fingerprint(source, packages)
    inside = f"/python/bin/python{source.version}"
    try:
        if not (place / "tag").is_file():
            _make(source, packages, place, stop)
            _forget(place.parent)
        os.utime(place / "tag")
        tag = (place / "tag").read_text().strip()
        reachable = tuple(within_reach(each, place.parent, stop) for each in packages)
    except OSError as error:
        msg = f"the sandbox's tree cannot be built in {place}: {error.strerror}"
        raise SandboxRefused(msg) from None
    return Ground(root=place / "tree", python=inside, tag=tag, packages=reachable)


def export(
    source: Path, paths: Iterable[str], target: Path, finish: Callable[[], None] = lambda: None
) -> Path:
    """Copy the named files of a checkout to `target`, for the sandbox's eyes alone; links that lead elsewhere stay out.
    `finish` may add to it before it is handed over.

    Raises:
        SandboxRefused: the disk refuses.
    """
    root = source.resolve()
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in paths:
            file = source / name
            if not file.is_symlink() and file.is_file() and file.resolve().is_relative_to(root):
                copy = target / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)
        finish()
        _hand_over(target)
    except OSError as error:
        msg = f"the repository cannot be exported to {target}: {error.strerror}"
        raise SandboxRefused(msg) from None
    return target


def _hand_over(target: Path) -> None:
    """Readable by the sandbox and nobody else."""
    if os.geteuid() != 0:
        target.chmod(0o700)
        return
    for folder, _, files in os.walk(target):
        for each in (folder, *(os.path.join(folder, name) for name in files)):  # noqa: PTH118 - many
            os.chown(each, SANDBOX_ID, SANDBOX_ID)
    target.chmod(0o700)


def _fingerprint(source: Source, packages: Sequence[Path]) -> str:
    """What the tree is made from, by name, size and time; the guest's files by content."""
    seen = hashlib.sha256(_LAYOUT)
    for file in [source.program, *_standard_library(source.library), *(each for each in packages)]:
        about = file.stat()
        seen.update(f"{file}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    for file in sorted(_GUEST.glob("*.py")):
        seen.update(file.read_bytes())
    return seen.hexdigest()[:24]


def _standard_library(library: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(library):
        folders[:] = sorted(
            name for name in folders if name not in _LEFT_OUT and not name.startswith("config-")
        )
        for name in sorted(files):
            if not name.endswith(".a"):
                yield Path(folder) / name


def _make(source: Source, packages: Sequence[Path], place: Path, stop: Stop) -> None:
    """Build beside, then rename: a tree is whole or not there."""
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".building-") as name:
        work = Path(name)
        work.chmod(0o755)
        tree = work / "tree"
        for folder in _FOLDERS:
            (tree / folder).mkdir(parents=True, exist_ok=True)
        _copy(source.program, tree / f"python/bin/python{source.version}")
        (tree / "python/bin/python3").symlink_to(f"python{source.version}")
        for file in _standard_library(source.library):
            stop.check()
            _copy(file, tree / f"python/lib/python{source.version}" / file.relative_to(source.library))
        for file in sorted(_GUEST.glob("*.py")):
            _copy(file, tree / "daydream/_daydream_guest" / file.name)
            if source.version == "{}.{}".format(*sys.version_info):  # saves each start the compilation
                py_compile.compile(str(tree / "daydream/_daydream_guest" / file.name), doraise=True)
        _add_libraries(tree, packages, stop)
        if _ZONES.is_dir():
            shutil.copytree(_ZONES, tree / "usr/share/zoneinfo", dirs_exist_ok=True)
        (tree / "etc/passwd").write_text("nobody:x:65534:65534::/:/nonexistent\n")
        _open_to_all(tree)
        (work / "tag").write_text(_tag(tree))
        try:
            work.rename(place)
        except OSError:
            if not (place / "tag").is_file():
                raise
        else:
            work.mkdir()  # for the temporary folder's own clean-up


def _forget(trees: Path) -> None:
    """Remove trees that nobody has used for a month."""
    for tag in trees.glob("*/tag"):
        if time.time() - tag.stat().st_mtime > _UNUSED_S:
            shutil.rmtree(tag.parent, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _add_libraries(tree: Path, packages: Sequence[Path], stop: Stop) -> None:
    """Copy what the dynamic loader names: the loader itself to its own place, everything else to one folder."""
    objects = [*(tree / "python/bin").iterdir(), *(tree / "python/lib").rglob("*.so")]
    for each in packages:
        objects += sorted(each.rglob("*.so"))[:_MOST_PACKAGES_OBJECTS]
    try:
        left = run(["ldd", *map(str, objects)], cwd=Path("/"), stop=stop, timeout_s=_TIMEOUT_S)
    except OSError as error:
        msg = f"the sandbox's tree cannot be built: ldd cannot be run ({error.strerror})"
        raise SandboxRefused(msg) from None
    for name, path in sorted(set(_LIBRARY.findall(left.stdout.decode("utf-8", "replace")))):
        if path.startswith(str(tree)) or any(Path(path).is_relative_to(each) for each in packages):
            continue
        target = tree / f"python/lib/{Path(name).name}" if name else tree / path.lstrip("/")
        _copy(Path(os.path.realpath(path)), target)


def _open_to_all(tree: Path) -> None:
    """Everything may be read by anyone, and nothing runs as somebody else."""
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            file = Path(folder) / name
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644)
    (tree / "tmp").chmod(0o1777)  # Docker gives a scratch folder the mode of what it covers


def _tag(tree: Path) -> str:
    """The content's hash: names and bytes of every file."""
    seen = hashlib.sha256()
    for file in sorted(each for each in tree.rglob("*") if each.is_file() and each.suffix != ".pyc"):
        seen.update(f"{file.relative_to(tree)}\0".encode())
        with file.open("rb") as stream:
            seen.update(hashlib.file_digest(stream, "sha256").digest())
    return seen.hexdigest()[:24]
