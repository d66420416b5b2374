"""What a dream does on the inputs that it is to be timed with: no other answers are timed than those of its procedure."""

from dataclasses import replace

from daydream.contracts.sandbox import Limits, Unit
from daydream.dream.trials.comparison import EXACT, Different, Rules, compare
from daydream.dream.trials.differential import differential
from daydream.dream.trials.differential_types import Baseline, Behaviour, Check, Opener, Settings
from daydream.dream.trials.timing_pool import TOGETHER_MOST, Drawn

_PATIENCE_S = 5.0
_OTHER_HASHES = 1


def on_pool(
    pool: Drawn,
    units: tuple[Unit, Unit],
    base: Opener,
    dream: Opener,
    limits: Limits,
    check: Check,
    rules: Rules = EXACT,
) -> Behaviour:
    """Compare a dream with its procedure on the pool. Where they differ and the procedure does not do the same in a sandbox
    that hashes differently, nothing is decided."""
    within = replace(limits, wall_s=min(limits.wall_s, _PATIENCE_S))
    settings = Settings(limits=within, together=TOGETHER_MOST, rules=rules)
    surveyed = Baseline(unit=units[0], seen=tuple(pool.seen))
    found = differential(surveyed, base, dream, units[1], settings=settings, check=check)
    for each in found.differing:
        check()
        ours, again = (base(seed).call(units[0], each.inputs, within) for seed in (0, _OTHER_HASHES))
        if ours.answer is None or again.answer is None:
            continue
        compared = compare(ours.answer, again.answer, settings.rules)
        if isinstance(compared, Different):
            why = f"the procedure as it is does not do the same twice (at {compared.where})"
            return replace(found, verdict="undecided", reason=why, category=None)
    return found
