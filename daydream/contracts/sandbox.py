"""The contract of the sandbox: a place where code that nobody trusts runs, and what one call did there.

Values cross as encoded trees (`daydream.sandbox.guest.encoding`); nothing on this side is ever built from one. What was
expected of a call never enters. Of an `Observation` only `facts` and the failures that follow from them are
certain: the rest is what the procedure answered, and a hostile one may answer anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from daydream.errors import DaydreamError

NOT_ISOLATED = "not isolated"
"""The backend that is none, as every result, row and page names it."""
Encoded = Any
"""A tree of the encoding: JSON that was checked to be well formed."""
Category = Literal[
    "syntax", "runtime", "type", "logic", "resource", "dependency", "timeout", "validation", "infrastructure"
]
Reason = Literal[
    "syntax",  # the file does not compile with the variant in place
    "import",  # a module that it needs is not there
    "load",  # the module raises while it is imported
    "unreachable",  # the name does not lead to this definition
    "inputs",  # an argument cannot be built
    "timeout",  # the wall clock ran out
    "cpu",  # the processor time ran out
    "memory",  # the memory ran out
    "crash",  # a signal ended it
    "no answer",  # it ended without an answer
    "forbidden",  # the kernel ended it for what it asked for
    "survivors",  # it left processes behind
    "malformed",  # its answer is not one frame of the protocol
    "too large",  # its answer is over the limit or has no encoding
    "lost",  # the sandbox died, did not answer or did not start
]
CATEGORIES: dict[Reason, Category] = {
    "syntax": "syntax",
    "import": "dependency",
    "load": "runtime",
    "unreachable": "validation",
    "inputs": "validation",
    "timeout": "timeout",
    "cpu": "timeout",
    "memory": "resource",
    "crash": "runtime",
    "no answer": "runtime",
    "forbidden": "validation",
    "survivors": "validation",
    "malformed": "validation",
    "too large": "validation",
    "lost": "infrastructure",
}
_RAISED: dict[str, Category] = {
    "TypeError": "type",
    "AttributeError": "type",
    "AssertionError": "logic",
    "MemoryError": "resource",
    "RecursionError": "resource",
    "ImportError": "dependency",
    "ModuleNotFoundError": "dependency",
    "SyntaxError": "syntax",
    "IndentationError": "syntax",
    "TimeoutError": "timeout",
}


class SandboxRefused(DaydreamError):
    """A sandbox cannot be had, or did not prove itself; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one call may use: seconds on the wall (loading apart) and of the processor, bytes of memory, bytes of answer.

    `load_s` bounds the import of the module. `scratch_bytes` is the size of a writable /tmp (0: there is none);
    with one, every call gets a sandbox of its own.
    """

    wall_s: float = 30.0
    cpu_s: float = 30.0
    load_s: float = 30.0
    memory_bytes: int = 512 * 2**20
    output_bytes: int = 2**20
    scratch_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What stands in the sandbox: the exported tree `root` with its interpreter `python` (a path in the tree), tagged by
    content; the read-only export of the repository, if any, with its `import_roots` relative to it ("" is the export
    itself); folders of installed `packages`; and modules of the
    standard library that are imported once for all calls (`preload`): no others can be."""

    root: Path
    python: str
    tag: str
    repository: Path | None = None
    import_roots: tuple[str, ...] = ("",)
    packages: tuple[Path, ...] = ()
    preload: tuple[str, ...] = ()
    hash_seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Where a procedure is, and which wording of it runs.

    `module` is its import name, `path` its file relative to the export; lines count from 1 and include the
    decorators. `variant` replaces those lines, None runs the procedure as it is. With `path` None the variant is
    a whole module of its own. `occurrence` counts from 1 among definitions of the same name.
    """

    module: str
    qualname: str
    path: str | None = None
    occurrence: int = 1
    first_line: int = 1
    last_line: int = 1
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """The encoded arguments of one call; a method's first is its object. `named` are keyword arguments."""

    given: tuple[Encoded, ...] = ()
    named: tuple[tuple[str, Encoded], ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What a call wrote to a stream: the first 64 KiB as text, how many bytes in all, and their SHA-256."""

    text: str = ""
    size: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer. `detail` is a clause for a person."""

    reason: Reason
    detail: str

    @property
    def category(self) -> Category:
        """One of the eight, or infrastructure, which is never the procedure's fault."""
        return CATEGORIES[self.reason]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the kernel and the host saw, None where nobody could: how the child ended, seconds of processor and wall clock,
    the peak of its resident memory in bytes, processes that it left, kills by the memory cgroup.

    `call_cpu_s` lies between two marks of the child, so a hostile one can shrink it; `cpu_s` is the whole child's,
    and nothing that it does changes that.
    """

    backend: str
    exit_code: int | None = None
    signal: int | None = None
    wall_s: float | None = None
    cpu_s: float | None = None
    load_cpu_s: float | None = None
    call_cpu_s: float | None = None
    call_wall_s: float | None = None
    peak_bytes: int | None = None
    survivors: int | None = None
    oom_kills: int | None = None
    attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one call answered: a value or what it raised (an encoding with the tag "raised"), its arguments
    afterwards as [given, named], and what it wrote.

    `shared` are changeable things that are in its value and in its arguments, as pairs of their numbers in these trees;
    `linked` those that an earlier call of the same process had as well, as (part, number, call, part, number), where part 0
    is the arguments and 1 the value. `waited` says what its caller had to do for the value in an event loop: "awaited" (a
    coroutine), "drawn" (an asynchronous iterator) or nothing.
    """

    returned: Encoded = None
    raised: Encoded = None
    after: Encoded = None
    stdout: Written = field(default_factory=Written)
    stderr: Written = field(default_factory=Written)
    shared: tuple[tuple[int, ...], ...] = ()
    linked: tuple[tuple[int, ...], ...] = ()
    waited: str = ""

    @property
    def has_returned(self) -> bool:
        """Whether it returned; None is a value."""
        return self.raised is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one call did: exactly one of `answer` and `failure`, and the facts."""

    answer: Answer | None
    failure: Failure | None
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What many calls in one child did: their digests in order (SHA-256 of value, arguments afterwards and output), or a
    failure. `answers` are there where they were asked for. Where only some calls have one, because an argument cannot be built
    or an answer is too large, the failure is the first of these and `singly` has what there is of each call."""

    digests: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    singly: tuple[Answer | Failure, ...] = ()
    failure: Failure | None = None
    facts: Facts


TestKind = Literal["pytest", "unittest", "doctest", "script"]
TestOutcome = Literal["passed", "failed", "error", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A file of the repository to run as tests: with `unit` in place of the procedure as it is (its own tests on a variant),
    and with the calls of `watched` procedures recorded, at most `most` distinct ones each."""

    kind: TestKind
    path: str
    unit: Unit | None = None
    watched: tuple[Unit, ...] = ()
    most: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """What a job left: outcome by test, the recorded arguments by position in `watched`, how many calls were seen
    and could not be recorded, or a failure. Outcomes are the child's word."""

    outcomes: tuple[tuple[str, TestOutcome, str], ...] = ()
    recorded: tuple[tuple[Inputs, ...], ...] = ()
    seen: tuple[int, ...] = ()
    failure: Failure | None = None
    facts: Facts


class Sandbox(Protocol):
    """One lane: one call at a time. What the code inside does, down to killing everything that it can reach, is a
    result; only a sandbox that cannot be had at all is an exception (`SandboxRefused`)."""

    def call(self, unit: Unit, inputs: Inputs, limits: Limits | None = None) -> Observation:
        """Make one call in a child of its own. `limits` are for this call; what the sandbox was started with bounds its
        memory and output, and says whether there is a scratch folder."""
        ...

    def batch(
        self, unit: Unit, inputs: Sequence[Inputs], *, answers: bool = False, limits: Limits | None = None
    ) -> Batch:
        """Make many calls in one child, in order, and time all but the first together, where there are several; limits
        are those of the whole batch."""
        ...

    def harvest(self, job: Job, limits: Limits | None = None) -> Harvest:
        """Run a test file of the repository."""
        ...

    def close(self) -> None:
        """End it and whatever runs inside; more than once is fine."""
        ...


class Backend(Protocol):
    """A way to make sandboxes."""

    @property
    def key(self) -> str:
        """Its name in the configuration and in reports."""
        ...

    def open(self, ground: Ground, limits: Limits) -> Sandbox:
        """Start a sandbox.

        Raises:
            SandboxRefused: it cannot be had; the message says why and what to do.
        """
        ...

    def sweep(self) -> int:
        """Remove what killed processes of ours left behind and return how many things that was."""
        ...


def raised_category(raised: Encoded) -> Category:
    """The category of an exception that a call raised, by its class: ["raised", module, qualname, message]."""
    return _RAISED.get(raised[2], "runtime")
