"""Which way to have a sandbox is taken: the first of the user's order that proves itself, and never another one silently."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from daydream.contracts.sandbox import Backend, Ground, Limits, Sandbox, SandboxRefused
from daydream.sandbox import SANDBOXES
from daydream.sandbox.unisolated import Unisolated


@dataclass(frozen=True, slots=True)
class Chosen:
    """A backend with its first lane. `refused` has a sentence for each one before it."""

    backend: Backend
    lane: Sandbox
    refused: tuple[str, ...]


def choose(
    order: Sequence[str],
    ground: Ground,
    limits: Limits,
    *,
    allow_unisolated: bool = False,
    backends: Mapping[str, Callable[[], Backend]] = SANDBOXES,
) -> Chosen:
    """Open a lane of the first backend that can be had; without isolation only where that is allowed and all of them refuse.

    Raises:
        SandboxRefused: none can be had; the message has a sentence for each.
    """
    refused: list[str] = []
    tried = [(key, backends[key]) for key in order]
    if allow_unisolated:
        tried.append((Unisolated.key, Unisolated))
    for key, make in tried:
        backend = make()
        try:
            return Chosen(backend, backend.open(ground, limits), tuple(refused))
        except SandboxRefused as error:
            why = str(error)
            refused.append(why if key in why.lower() else f"{key}: {why}")
    raise SandboxRefused("; ".join(refused) or "sandbox.order names no backend")
