"""Sandboxes of a benchmark over a folder of modules."""

import sys
from dataclasses import replace
from pathlib import Path

from daydream.contracts.sandbox import Limits, Sandbox
from daydream.dream.trials.laboratory import Lent
from daydream.processes import Stop
from daydream.sandbox import rootfs
from daydream.sandbox.bubblewrap import Bubblewrap

LIMITS = Limits(wall_s=2.0, cpu_s=2.0)


class Lanes:
    """Sandboxes over one folder of modules, by their hash seed; opened when asked for, ended together."""

    def __init__(self, place: Path, sources: dict[str, str]) -> None:
        exported = place / "exported"
        exported.mkdir()
        for name, text in sources.items():
            (exported / name).write_text(text)
        place.chmod(0o755)
        ground = rootfs.build(Path(sys.executable).resolve(), place, Stop())
        self._ground = replace(ground, repository=exported)
        self._open: dict[tuple[str, int], Sandbox] = {}

    def base(self, seed: int) -> Sandbox:
        """For references."""
        return self._lane("base", seed)

    def dream(self, seed: int) -> Sandbox:
        """For variants."""
        return self._lane("dream", seed)

    def close(self) -> None:
        """End them."""
        for each in self._open.values():
            each.close()

    def _lane(self, role: str, seed: int) -> Sandbox:
        if (role, seed) not in self._open:
            self._open[role, seed] = Bubblewrap().open(replace(self._ground, hash_seed=seed), LIMITS)
        return Lent(self._open[role, seed])
