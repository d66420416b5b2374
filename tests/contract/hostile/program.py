"""What a hostile program is, and what must come of it."""

from dataclasses import dataclass, field, replace
from typing import Any

from daydream.contracts.sandbox import Limits

QUICK = Limits(wall_s=0.4, cpu_s=2.0, load_s=0.6, memory_bytes=256 * 2**20, output_bytes=2**18)
KERNEL = frozenset(("timeout", "cpu", "memory", "crash", "forbidden", "survivors"))


@dataclass(frozen=True, slots=True)
class Program:
    """A module with a function `f(told)`. `expects` names the reasons of failure that are right, or "returned" and
    "raised:<class>" for answers; `text` must be in what it answers, if given. `slow` ones need no more than their own limits."""

    name: str
    expects: tuple[str, ...]
    source: str
    limits: Limits = field(default=QUICK)
    returns: object = None

    @property
    def kernel(self) -> bool:
        """Whether what it does is known from the kernel or the clock and not from its words."""
        return set(self.expects) <= KERNEL


def function(name: str, expects: str, body: str, limits: Limits = QUICK, returns: object = None) -> Program:
    """A program from the body of its function; `told` is what the host tells every program."""
    lines = "\n".join(f"    {line}" for line in body.strip("\n").splitlines())
    return Program(name, tuple(expects.split("|")), f"def f(told):\n{lines}\n", limits, returns)


def module(name: str, expects: str, source: str, limits: Limits = QUICK) -> Program:
    """A program as a whole module."""
    return Program(name, tuple(expects.split("|")), source.lstrip("\n"), limits)


def with_limits(**more: Any) -> Limits:
    """The quick limits, changed."""
    return replace(QUICK, **more)
