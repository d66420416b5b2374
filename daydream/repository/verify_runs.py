"""One run of the confirmed command in the slot, and what its witness saw."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from daydream.processes import Stop, run
from daydream.records.repository import Interpreter
from daydream.repository.verify_outcomes import worst
from daydream.repository.workbench import remove

WITNESS = Path(__file__).with_name("witness")
COPIED = ("sitecustomize.py", "daydream_outcomes.py")
_FOLDER = "DAYDREAM_WITNESS"
_INHERITED = frozenset({"LANG", "LANGUAGE", "TZ", "PATH"})
_SAID_BYTES = 65536
_MOST_RECORDED = 64 * 2**20
_LONGEST_TAIL = 200
_GUARD_MARGIN_S = 10.0
_FOR_TOX = ";".join(f"testenv.pass_env+={name}" for name in ("PYTHONPATH", "PYTEST_ADDOPTS", _FOLDER))
_TEMPORARY_PREFIX = "daydream-tests-"
_GIT_IDENTITY = "[user]\n\tname = daydream\n\temail = daydream@localhost\n[init]\n\tdefaultBranch = main\n"


@dataclass(frozen=True, slots=True)
class Watched:
    """What the witness is asked about one edited module: import names and lines."""

    imports: Sequence[str] = ()
    lines: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Observed:
    """What a run came to.

    `exit_code` is None if it was ended for taking too long; `refused` says why it could not be started.
    `outcomes` are by test, None where no pytest told. `pythons` counts the processes that had a witness.
    `inside` are edited modules that were loaded from the slot, `outside` maps others to the file that was
    loaded in their place. `lines` are the lines that ran, by module, of those that were watched;
    `unwatched` says that somebody else's measuring kept the witness from seeing lines.
    """

    exit_code: int | None
    refused: str | None = None
    seconds: float = 0.0
    tail: str = ""
    outcomes: Mapping[str, str] | None = None
    pythons: int = 0
    inside: frozenset[str] = frozenset()
    outside: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, frozenset[int]] = field(default_factory=dict)
    unwatched: bool = False


@dataclass(frozen=True, slots=True)
class Bed:
    """Where runs happen: our folder in the cache, the checkout, and a short-named folder for HOME and TMPDIR."""

    folder: Path
    checkout: Path
    temporary: Path

    @property
    def witness(self) -> Path:
        """The folder that leads the import path."""
        return self.folder / "witness"

    @property
    def seen(self) -> Path:
        """Where witnesses leave their records."""
        return self.folder / "seen"

    def prepare(self, watched: Mapping[str, Watched], expected: Sequence[str] | None) -> None:
        """Make everything around the checkout as if nothing had ever run; raises OSError."""
        for place in (self.witness, self.seen, self.temporary / "home", self.temporary / "tmp"):
            remove(place)
            place.mkdir(mode=0o700, parents=True)
        for name in COPIED:
            shutil.copyfile(WITNESS / name, self.witness / name)
        (self.temporary / "home" / ".gitconfig").write_text(_GIT_IDENTITY, "ascii")
        root = os.path.realpath(self.checkout)
        rows = [
            "\t".join(
                [os.path.join(root, path), path, " ".join(one.imports), " ".join(map(str, one.lines))]  # noqa: PTH118
            )
            for path, one in sorted(watched.items())
        ]
        (self.seen / "plan").write_bytes(
            "".join(row + "\n" for row in rows).encode("utf-8", "surrogateescape")
        )
        if expected is not None:
            (self.seen / "expected").write_text(json.dumps(expected), "ascii")

    def environment(
        self, given: Mapping[str, str], interpreter: Interpreter, roots: Sequence[str]
    ) -> dict[str, str]:
        """The whole environment of a run: an allow-list of what was given, and what makes it see the slot."""
        programs = Path(interpreter.path).parent
        kept = {name: value for name, value in given.items() if name in _INHERITED or name.startswith("LC_")}
        places = [
            str(programs),
            *(one for one in given.get("PATH", os.defpath).split(":") if one.startswith("/")),
        ]
        environment = {
            **kept,
            "PATH": ":".join(dict.fromkeys(places)),
            "TERM": "dumb",
            "HOME": str(self.temporary / "home"),
            "TMPDIR": str(self.temporary / "tmp"),
            "PYTHONPATH": ":".join([str(self.witness), *(str(self.checkout / root) for root in roots)]),
            # Nothing is written beside the modules of an environment that lies in the user's checkout, and no
            # bytecode outlives the content that it was made of: it is believed by time and size.
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTEST_ADDOPTS": "-p daydream_outcomes",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "TOX_OVERRIDE": _FOR_TOX,
            "TOX_WORK_DIR": str(self.folder / "tox"),
            _FOLDER: str(self.seen),
        }
        home = programs.parent
        if (home / "pyvenv.cfg").is_file():
            environment["VIRTUAL_ENV"] = str(home)
            # uv would otherwise make an environment of its own, or change the user's.
            environment |= {"UV_PROJECT_ENVIRONMENT": str(home), "UV_NO_SYNC": "1", "UV_OFFLINE": "1"}
        return environment

    def execute(
        self, argv: Sequence[str], environment: Mapping[str, str], seconds: float, stop: Stop
    ) -> Observed:
        """Run the command for at most so many seconds and read what was recorded.

        Raises:
            Stopped, OutOfBudget: as `Stop.check`.
        """
        guard = [sys.executable, "-I", "-S", str(WITNESS / "guard.py"), str(_SAID_BYTES), f"{seconds:.1f}"]
        left = run(
            [*guard, *argv],
            cwd=self.checkout,
            stop=stop,
            env=environment,
            timeout_s=seconds + _GUARD_MARGIN_S,
        )
        head, _, tail = left.stdout.partition(b"\n")
        try:
            said = json.loads(head)
        except ValueError:
            said = {
                "exit": None,
                "error": None if left.timed_out else "its guard was killed",
                "seconds": seconds,
            }
        observed = Observed(
            exit_code=said["exit"],
            refused=said["error"],
            seconds=float(said["seconds"]),
            tail=last_words(tail),
        )
        return _with_records(observed, self.seen)


def is_given(name: str) -> bool:
    """Whether a variable of the user's environment reaches the tests."""
    return name in _INHERITED or name.startswith("LC_")


def make_bed(folder: Path, checkout: Path) -> Bed:
    """Make a bed; its temporary folder is noted first, so that it is found again after a kill.

    The system's place for such folders is used as its name is short: sockets have names of at most 107 bytes.

    Raises:
        OSError: the disk refuses.
    """
    clear(folder)
    temporary = Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX))
    (folder / "temporary").write_bytes(os.fsencode(temporary))
    return Bed(folder, checkout, temporary)


def clear(folder: Path) -> None:
    """Remove what a bed left, also one that was never cleared; raises OSError."""
    note = folder / "temporary"
    if note.is_file():
        place = Path(os.fsdecode(note.read_bytes()))
        ours = place.name.startswith(_TEMPORARY_PREFIX) and place.is_dir() and not place.is_symlink()
        if ours and place.stat().st_uid == os.getuid():
            remove(place)
        note.unlink()
    for name in ("witness", "seen", "tox"):
        remove(folder / name)


def last_words(output: bytes) -> str:
    """The line that says most, for a sentence: the last error that pytest shows, else the last line with words."""
    lines = output.decode("utf-8", "replace").splitlines()
    errors = [line[1:].strip() for line in lines if line.startswith("E  ")]
    errors = errors or [line for line in lines if line.startswith("ERROR: ")]
    words = [line.strip(" =-_\t") for line in lines]
    said = [line for line in (errors or words) if any(letter.isalnum() for letter in line)]
    clean = "".join(letter if letter.isprintable() else " " for letter in (said or [""])[-1])
    return clean[:_LONGEST_TAIL]


def _with_records(observed: Observed, seen: Path) -> Observed:
    try:
        noted = [_outcome(row) for row in _rows(seen, "outcomes-")]
        rows = [row.decode("utf-8", "surrogateescape").split("\t") for row in _rows(seen, "seen-")]
    except ValueError as error:
        return replace(observed, exit_code=None, refused=str(error))
    lines: dict[str, set[int]] = {}
    for words in rows:
        if words[0] == "line" and len(words) == 3 and words[2].isdigit():
            lines.setdefault(words[1], set()).add(int(words[2]))
    told = [one for one in noted if one is not None]
    return replace(
        observed,
        outcomes=worst(one for one in told if one[0]) if told else None,
        pythons=sum(1 for words in rows if words[0] == "python"),
        inside=frozenset(words[1] for words in rows if words[0] == "inside" and len(words) == 2),
        outside={words[1]: words[2] for words in sorted(rows) if words[0] == "outside" and len(words) == 3},
        lines={name: frozenset(numbers) for name, numbers in lines.items()},
        unwatched=any(words[0] == "unwatched" for words in rows),
    )


def _outcome(row: bytes) -> tuple[str, str] | None:
    """A test and its outcome; an empty name for the end of a session; None for a torn line."""
    try:
        noted = json.loads(row)
        return ("", "") if "ended" in noted else (str(noted["test"]), str(noted["outcome"]))
    except (ValueError, KeyError, TypeError):
        return None


def _rows(seen: Path, prefix: str) -> Iterator[bytes]:
    """Lines of the records, in the order of their names; a torn last line is left out.

    Raises:
        OSError: the disk refuses.
        ValueError: there are more than any test suite writes.
    """
    total = 0
    for place in sorted(seen.glob(prefix + "*")):
        if place.is_symlink() or not place.is_file():
            continue
        total += place.stat().st_size
        if total > _MOST_RECORDED:
            msg = f"its tests left more than {_MOST_RECORDED // 2**20} MiB of records"
            raise ValueError(msg)
        yield from place.read_bytes().split(b"\n")[:-1]
