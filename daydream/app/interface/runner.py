"""`DreamTestRunner`: try the dreams of a repository between its nights, and tell what trials have taught."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from daydream.app import dreams, trials
from daydream.app.continuous import INTERVAL_S, as_data, keep_testing, summary
from daydream.app.edge_cases import edge_cases
from daydream.app.tryout import Tryout
from daydream.errors import UsageError
from daydream.store import trial_rows


class DreamTestRunner:
    """Tries dreams as a night does, on the commit that the last night catalogued, and stores what comes of it.

    `tests_per_dream` is the least number of inputs that a dream is tried on; `trials.inputs` of the configuration counts where it is
    larger, so that no trial says less than a night's. A night is never kept waiting: while one works, trying raises TryAgain.

    Raises:
        UsageError: `tests_per_dream` is below 1.
    """

    def __init__(
        self, root: Path | str = ".", tests_per_dream: int = 5, *, config_file: Path | None = None
    ) -> None:
        if tests_per_dream < 1:
            msg = f"tests_per_dream {tests_per_dream}: give at least one"
            raise UsageError(msg)
        self.root = Path(root).absolute()
        self.config_file = config_file
        self.tests_per_dream = tests_per_dream

    def _testing(self) -> Tryout:
        return Tryout(self.root, self.config_file, self.tests_per_dream)

    def test_tier1_dreams(self, limit: int | None = None) -> dict[str, Any]:
        """Try the dreams of tier 1 that wait, at most `limit`, the most viable first.

        Returns `tested_dreams` (those that were decided), `dreams_passed`, `dreams_failed`, `pass_rate` (None where none was decided),
        `undecided`, `not_tried`, `gained`, and `results`, one mapping a dream.

        Raises:
            TryAgain: a night works here; what was tried is stored.
            SandboxRefused: no sandbox can be had.
            UsageError: no night was ever started there.
        """
        tryout = self._testing()
        return summary(list(tryout.run(tryout.waiting(limit))))

    def test_dream(self, dream_id: str) -> dict[str, Any]:
        """Try one dream that waits (its id, or as many of its first digits as are needed); of one that was tried, return what is
        stored: `dream_id`, `passed`, `why` and `trial`.

        Raises:
            UsageError: there is no such dream, or it is none that is tried.
            TryAgain, SandboxRefused: as `test_tier1_dreams`.
        """
        return as_data(self._testing().one(dream_id))

    def test_edge_cases(self, dream_id: str, most: int = 20) -> dict[str, Any]:
        """Call a dream and its procedure at the edges alone, and store nothing: `cases`, and how many of them are the `same`,
        `different` and `undecided`.

        Raises: as `test_dream`.
        """
        cases = edge_cases(self._testing(), dream_id, most)
        counts = {True: "same", False: "different", None: "undecided"}
        told = {name: sum(each["same"] is key for each in cases) for key, name in counts.items()}
        return {**told, "cases": cases}

    def generate_learning_report(self) -> str:
        """What trials have taught here, as text: how many passed, what dreams failed of, and how each transform fares.

        Raises:
            UsageError: no night was ever started there.
        """
        return "\n".join(self._report()) + "\n"

    def _report(self) -> Iterator[str]:
        tryout = self._testing()
        with tryout.store(tryout.places()) as store:
            found = trial_rows.trials(store)
        counts = dreams.stats(self.root, self.config_file).data
        rate = counts["tier_1_success_rate"]
        yield "What trials have taught"
        yield f"  dreams: {counts['total']}, tried: {len(found)}"
        yield f"  trials of tier 1 that succeeded: {'not measured' if rate is None else f'{rate:.0%}'}"
        yield f"  gains: {sum(each.effect == 'gained' for each in found)}"
        yield "What dreams failed of"
        yield from (f"  {line}" for line in trials.failures(self.root, self.config_file).lines)
        yield "How transforms fare"
        yield from (f"  {line}" for line in trials.patterns(self.root, self.config_file).lines)

    def run_continuous_testing(
        self, interval: float = INTERVAL_S, max_iterations: int | None = None
    ) -> dict[str, Any]:
        """Do `test_tier1_dreams` every `interval` seconds, `max_iterations` times or until SIGTERM or Ctrl-C.

        A night that works here is waited for. Returns the sum of all rounds as `test_tier1_dreams` does, with `iterations` and whether it
        was `stopped`.

        Raises:
            UsageError: a number that makes no sense, or no night was ever started there.
            SandboxRefused: no sandbox can be had.
        """
        if not interval > 0 or (max_iterations is not None and max_iterations < 1):
            msg = f"interval {interval}, max_iterations {max_iterations}: give seconds above 0, and at least one round"
            raise UsageError(msg)
        kept = keep_testing(self._testing(), interval_s=interval, times=max_iterations)
        return {**summary(kept.tested), "iterations": kept.rounds, "stopped": kept.stopped}
