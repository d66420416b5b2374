"""Where tonight's dreams are tried: a backend that proved itself, what stands in its sandboxes, and lanes to borrow."""

import hashlib
import shutil
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from daydream.analysis.roles import is_test
from daydream.config.model import SandboxOptions
from daydream.contracts.context import Context
from daydream.contracts.dream import Dream, Procedure
from daydream.contracts.sandbox import (
    NOT_ISOLATED,
    Backend,
    Batch,
    Ground,
    Harvest,
    Inputs,
    Job,
    Limits,
    Observation,
    Sandbox,
    Unit,
)
from daydream.dream.reading import NotRead, read
from daydream.dream.trials.inputs_index import Index
from daydream.dream.trials.preloading import preloaded
from daydream.repository.verify_roots import import_roots, imports_of
from daydream.sandbox import SANDBOXES, rootfs
from daydream.sandbox.choosing import choose
from daydream.sandbox.precompiled import precompile

_BASE, _DREAM = "base", "dream"
_WATCHED_TOGETHER = 12
"""How many procedures one run of a test file may collect arguments for: what is recorded in one run is bounded."""
_CROWDED = 2**18
_NO_PYTHON = (
    "the repository has no Python of its own, so trials ran without its packages; make a .venv with its dependencies, "
    "or set interpreter.path"
)
_SCRATCH_BYTES = 64 * 2**20
"""What tests may write; they find an empty folder each time."""


class Laboratory:
    """One night's. Close it at the end; opening tries the backends in the order that a person gave.

    `refused` says of each backend before the one that is used why it is not; `about` says what could not be had.
    """

    def __init__(
        self,
        ctx: Context,
        options: SandboxOptions,
        backends: Mapping[str, Callable[[], Backend]] = SANDBOXES,
    ) -> None:
        """Build the ground and open the first lane.

        Raises:
            SandboxRefused: none of the backends can be had; the message has a sentence for each.
        """
        self.limits = Limits(
            wall_s=options.timeout, cpu_s=options.timeout, memory_bytes=options.memory_mb * 2**20
        )
        self.about: tuple[str, ...] = ()
        self.refused: tuple[str, ...] = ()
        self._lanes: dict[tuple[str, int], Sandbox] = {}
        self._expected: dict[str, list[Unit]] = {}
        self._watched: dict[tuple[str, Unit, int], Harvest] = {}
        self._plain: dict[Job, Harvest] = {}
        # A night that its budget cuts never comes to the sub-step that closes them.
        weakref.finalize(self, _end, self._lanes)
        self._ctx = ctx
        self._cache = ctx.scratch.parent if ctx.scratch is not None else ctx.state
        self._paths = sorted({each.path for each in (*ctx.files, *ctx.unexamined)})
        self.roots = import_roots(ctx.tree, [each.path for each in ctx.files])
        sources = self._sources()
        ground = self._ground()
        packages = _importable(ground.packages)
        self.index = Index(sources, self.roots, packages, ground.packages)
        self.ground = replace(ground, preload=preloaded(sources, self.roots, ground.packages, packages))
        self.backend = self._first(options, backends)
        self.backend.sweep()

    def close(self) -> None:
        """End all lanes."""
        _end(self._lanes)

    @property
    def beside(self) -> Path:
        """The folder of the caches of all repositories."""
        return self._cache.parent

    def environment(self) -> dict[str, Any]:
        """What stands in the sandboxes, for whoever wants the same: the interpreter's version, and the installed packages with theirs."""
        return {
            "python": self.ground.python.rpartition("python")[2],
            "packages": _installed(self.ground.packages),
        }

    def base_lane(self, seed: int) -> Sandbox:
        """Lend a lane for procedures as they are, whose interpreter hashes with this seed."""
        return self._lent(_BASE, seed)

    def dream_lane(self, seed: int) -> Sandbox:
        """Lend a lane for dreams: what a procedure answered never was in it."""
        return self._lent(_DREAM, seed)

    def expect(self, procedures: Sequence[Procedure]) -> None:
        """Say which procedures' turn will come: a test file that mentions several of them is run once for all."""
        for procedure in procedures:
            unit = self.unit(procedure)
            if unit is not None:
                for path in procedure.test_paths:
                    self._expected.setdefault(path, []).append(unit)

    def harvest(self, job: Job, wall_s: float, *, fresh: bool = False) -> Harvest:
        """Run a file of the repository's own tests in a sandbox with room to write, which is of no further use.

        What a file did without a dream is remembered for the next one, unless a `fresh` run is wanted; so are the
        arguments of a procedure.
        """
        if job.unit is not None or len(job.watched) > 1:
            return self._run(job, wall_s)
        if job.watched:
            wanted = (job.path, job.watched[0], job.most)
            return self._watched.get(wanted) or self._watch(job, wall_s)
        known = None if fresh else self._plain.get(job)
        if known is None:
            known = self._run(job, wall_s)
            if not _lost(known):
                self._plain[job] = known
        return known

    def _watch(self, job: Job, wall_s: float) -> Harvest:
        """Run a test file once for the procedure whose turn it is and for others that it mentions."""
        others = [
            each
            for each in dict.fromkeys(self._expected.get(job.path, ()))
            if each != job.watched[0] and (job.path, each, job.most) not in self._watched
        ]
        watched = (*job.watched, *others[: _WATCHED_TOGETHER - 1])
        found = self._run(replace(job, watched=watched), wall_s)
        if len(watched) > 1 and len(str(found.recorded)) > _CROWDED:
            # They may have taken one another's room, and what is recorded must not depend on the company.
            watched, found = job.watched, self._run(job, wall_s)
        each_alone = [
            replace(found, recorded=found.recorded[n : n + 1], seen=found.seen[n : n + 1])
            for n in range(len(watched))
        ]
        if not _lost(found):
            names = ((job.path, each, job.most) for each in watched)
            self._watched.update(zip(names, each_alone, strict=True))
        return each_alone[0]

    def _run(self, job: Job, wall_s: float) -> Harvest:
        key = ("tests of a dream" if job.unit is not None else "tests", 0)
        limits = replace(self.limits, wall_s=wall_s, cpu_s=wall_s, scratch_bytes=_SCRATCH_BYTES)
        if key not in self._lanes:
            self._lanes[key] = self.backend.open(self.ground, limits)
        return self._lanes[key].harvest(job, limits)

    def unit(self, procedure: Procedure, dream: Dream | None = None) -> Unit | None:
        """Where a procedure is, in its own wording or in a dream's; None where its file has no import name."""
        names = imports_of(procedure.path, self.roots)
        if not names:
            return None
        return Unit(
            module=names[0],
            qualname=procedure.qualname,
            path=procedure.path,
            occurrence=procedure.occurrence,
            first_line=procedure.first_line,
            last_line=procedure.last_line,
            variant=dream.code if dream is not None else None,
        )

    def _lent(self, role: str, seed: int) -> Sandbox:
        if (role, seed) not in self._lanes:
            self._lanes[role, seed] = self.backend.open(replace(self.ground, hash_seed=seed), self.limits)
        return Lent(self._lanes[role, seed])

    def _first(self, options: SandboxOptions, backends: Mapping[str, Callable[[], Backend]]) -> Backend:
        chosen = choose(
            options.order,
            self.ground,
            self.limits,
            allow_unisolated=options.allow_unisolated,
            backends=backends,
        )
        self._lanes[_BASE, 0] = chosen.lane
        self.refused = chosen.refused
        if chosen.backend.key == NOT_ISOLATED:
            self._marker.unlink(missing_ok=True)  # what is not isolated may have written there
        return chosen.backend

    def _ground(self) -> Ground:
        interpreter = self._ctx.interpreter
        python = Path(interpreter.path) if interpreter is not None else Path(sys.executable)
        packages: list[Path] = []
        if interpreter is None:
            self.about = (_NO_PYTHON,)
        else:
            packages = _site_packages(python)
        ground = rootfs.build(python, self._cache, self._ctx.stop, packages)
        return replace(ground, repository=self._exported(self._cache, ground), import_roots=self.roots)

    def _exported(self, cache: Path, ground: Ground) -> Path:
        """The examined commit for the sandbox's eyes, made anew when the commit or the list of files changed."""
        name = hashlib.sha256(str(self._ctx.root).encode()).hexdigest()[:16]
        place = rootfs.shelf(cache) / "exports" / name
        files = "".join(f"{each.path}\0{each.blob}\n" for each in (*self._ctx.files, *self._ctx.unexamined))
        state = hashlib.sha256(f"{ground.tag}\n{files}".encode("utf-8", "surrogatepass")).hexdigest()
        self._marker = marker = place.with_name(f"{name}.state")
        if not (place.is_dir() and marker.is_file() and marker.read_text() == state):
            marker.unlink(missing_ok=True)
            shutil.rmtree(place, ignore_errors=True)
            place.parent.mkdir(parents=True, exist_ok=True)
            sources = [path for path in self._paths if path.endswith(".py") and not is_test(path)]
            compiling = partial(precompile, ground, place, sources, self._ctx.stop)
            rootfs.export(self._ctx.tree, self._paths, place, compiling)
            marker.write_text(state)
        return place

    def _sources(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for file in self._ctx.files:
            if file.path.endswith(".py"):
                self._ctx.check()
                try:
                    found[file.path] = read(self._ctx.tree, file.path).decode("utf-8")
                except (NotRead, UnicodeDecodeError):
                    continue
        return found


@dataclass(frozen=True, slots=True)
class Lent:
    """A lane that goes back when it is closed."""

    lane: Sandbox

    def call(self, unit: Unit, inputs: Inputs, limits: Limits | None = None) -> Observation:
        return self.lane.call(unit, inputs, limits)

    def batch(
        self, unit: Unit, inputs: Sequence[Inputs], *, answers: bool = False, limits: Limits | None = None
    ) -> Batch:
        return self.lane.batch(unit, inputs, answers=answers, limits=limits)

    def harvest(self, job: Job, limits: Limits | None = None) -> Harvest:
        return self.lane.harvest(job, limits)

    def close(self) -> None:
        """Give it back."""


def _lost(harvest: Harvest) -> bool:
    """Whether the sandbox lost a run, which says nothing about the file."""
    return harvest.failure is not None and harvest.failure.category == "infrastructure"


def _end(lanes: dict[tuple[str, int], Sandbox]) -> None:
    for lane in lanes.values():
        lane.close()
    lanes.clear()


def _site_packages(python: Path) -> list[Path]:
    """The folders of an environment's installed packages, found beside its interpreter."""
    return sorted(python.parent.parent.glob("lib*/python3*/site-packages"))[:2]


def _installed(folders: Sequence[Path]) -> list[str]:
    """The installed packages as ``name version``, sorted."""
    records = (
        each.name.removesuffix(".dist-info") for folder in folders for each in folder.glob("*.dist-info")
    )
    return sorted({name.replace("-", " ", 1) for name in records})


def _importable(folders: Sequence[Path]) -> frozenset[str]:
    names: set[str] = set()
    for folder in folders:
        for each in folder.glob("*"):
            if each.is_dir() and "-" not in each.name:
                names.add(each.name)
            elif each.suffix in (".py", ".so"):
                names.add(each.name.partition(".")[0])
    return frozenset(names)
