"""The door to a night: find the repository, take its lock, and only then load what a night needs.

A second start is turned away before anything heavy is imported.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from daydream import clock
from daydream.config.sources import raw_paths
from daydream.contracts.use_cases import RunRequest, RunResult
from daydream.flow.signals import stopping
from daydream.processes import Stop
from daydream.repository import places as where
from daydream.store.lock import RunLock

if TYPE_CHECKING:
    from daydream.contracts.step import StepSpec


def run(
    request: RunRequest, specs: "Sequence[StepSpec] | None" = None, stop: Stop | None = None
) -> RunResult:
    """Do a night, or what is left of one; `specs` replaces the registry's states, `stop` is one that a
    longer-lived caller looks at afterwards.

    Raises:
        TryAgain: another daydream works here, a stop was requested, or the disk is full.
        DaydreamError: as its message says.
    """
    begun = clock.monotonic()
    stop = stop or Stop()
    with stopping(stop):
        state, logs, cache = raw_paths(request.root, request.config_file, os.environ)
        places = where.locate(request.root, state=state, logs=logs, cache=cache, stop=stop)
        with RunLock(places.state / "night") as lock:
            from daydream.app import night, registry

            return night.under_lock(request, places, lock, stop, specs or registry.NIGHT, begun)
