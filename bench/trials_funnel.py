"""The funnel of local dreams on real repositories: catalogued, exercisable, dreamt, tier 1, tried, preserved, gained.

`python -m bench.trials_funnel CLONE ... --work FOLDER [--minutes 25]`: clones of the repositories of
`bench/trials_funnel_filter.py` at their commits, each with its packages in `.venv` if it needs some; each has its part of the minutes. Every function that passes
the filter is dreamt of by all kinds without a model, judged by rules, and its dreams are tried by the night's own step in a
sandbox: of each function the `--each` most viable of tier 1, and `--others` of tier 2 by lot. What ruff makes of the same
functions goes through the same trials. A run that is out of minutes is gone on with by the same command.

`--oracle` then puts every dream that was called preserving into a clone and runs the repository's whole suite (see
`bench/trials_funnel_oracle.py`). The exit code is 1 where it refutes one. `--gains` prints each gain with its change.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.machine import heading
from bench.trials_funnel_oracle import checked
from bench.trials_funnel_peer import Ruff, rewritten, to_be_tried
from bench.trials_funnel_statistics import geometric_mean
from bench.trials_funnel_world import Key, Place
from daydream.analysis.source import NotParsed
from daydream.config.model import TrialOptions
from daydream.contracts.dream import Dream
from daydream.dream.trials.inputs import inputs_for
from daydream.dream.trials.inputs_index import Index
from daydream.repository.verify_roots import import_roots
from daydream.store.trial_rows import Trial

OUTCOMES = ("behaviour_preserving", "behaviour_changing", "failing", "undecided")
PEER = "ruff"


class Funnel(NamedTuple):
    """One repository's counts of functions (`catalogued` to `tier_1`) and of dreams (from `dreams` on)."""

    name: str
    catalogued: int
    passing: int
    exercisable: int
    dreamt: int
    tier_1: int
    dreams: int
    tried: int
    uncalled: int
    outcomes: Mapping[str, int]
    timed: int
    gained: int
    slower: int
    ratios: Sequence[float]
    best: Mapping[tuple[str, Key], float]


def main() -> int:
    """Try, count and print; the exit code is 1 where an accepted dream is refuted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--each", type=int, default=5, help="dreams of tier 1 to try of a function")
    parser.add_argument("--others", type=int, default=30, help="dreams of tier 2 to try of a repository")
    parser.add_argument(
        "--compare", type=float, default=5.0, help="processor seconds for a comparison of cost"
    )
    parser.add_argument("--preview", action="store_true", help="let ruff use its preview rules too")
    parser.add_argument("--oracle", action="store_true")
    parser.add_argument("--gains", action="store_true", help="print each gain with its change")
    args = parser.parse_args()
    heading("The funnel of local dreams")
    options = TrialOptions(per_night=10_000, compare=args.compare)
    ours, peers = [], []
    for repository in args.repositories:
        begun = time.monotonic()
        place, peer = _places(repository.resolve(), args.work, preview=args.preview)
        minutes = args.minutes / len(args.repositories)
        for each, others, share in ((peer, 0, 0.3), (place, args.others, 1.0)):
            until = begun + 60 * share * minutes
            each.tried(
                options, args.each, others, until, lambda line: print(line, file=sys.stderr, flush=True)
            )
        ours.append(place)
        peers.append(peer)
    told([_funnel(each) for each in ours], "local dreams")
    told([_funnel(each) for each in peers], "ruff --fix --unsafe-fixes" + " --preview" * args.preview)
    if args.gains:
        for each in (*ours, *peers):
            _gains(each)
    return int(_oracle([*ours, *peers])) if args.oracle else 0


def _places(repository: Path, work: Path, *, preview: bool) -> tuple[Place, Place]:
    """The nights of a repository and those of its peer, dreamt and judged."""
    place = Place(repository, work)
    place.dreamt()
    peer = Place(repository, work, f"{PEER}-preview" if preview else PEER)
    peer.dreamt((Ruff(rewritten(peer.tree, preview=preview)),), to_be_tried)
    return place, peer


def _funnel(place: Place) -> Funnel:
    dreams, trials = place.dreams(), place.trials()
    first = [each for each in dreams.values() if each.tier == 1]
    ran = {each.id: trials[each.id] for each in first if each.id in trials}
    gained = {name: each for name, each in ran.items() if each.effect == "gained"}
    uncalled = place.unexercised()
    best: dict[tuple[str, Key], float] = {}
    for name, each in gained.items():
        at = (place.name, dreams[name].base)
        best[at] = max(best.get(at, 0.0), each.effectiveness or 0.0)
    return Funnel(
        name=place.name,
        catalogued=place.catalogued(),
        passing=len(place.passing),
        exercisable=_exercisable(place),
        dreamt=len({each.base for each in dreams.values()}),
        tier_1=len({each.base for each in first}),
        dreams=len(first),
        tried=len(ran),
        uncalled=sum(each.base in uncalled for each in first),
        outcomes=Counter(each.outcome for each in ran.values()),
        timed=sum(each.effect in ("gained", "not_shown", "slower") for each in ran.values()),
        gained=len(gained),
        slower=sum(each.effect == "slower" for each in ran.values()),
        ratios=[each.effectiveness for each in gained.values() if each.effectiveness],
        best=best,
    )


def _exercisable(place: Place) -> int:
    """How many functions that pass get calls from their source alone."""
    sources = {}
    for path in sorted(place.tree.rglob("*.py")):
        try:
            sources[path.relative_to(place.tree).as_posix()] = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue
    index = Index(sources, import_roots(place.tree, list(sources)))
    count = 0
    for procedure in place.procedures().values():
        try:
            plan = inputs_for(procedure, sources[procedure.path], (), index, 1, 20)
        except NotParsed:
            continue
        count += plan.not_exercisable is None
    return count


def told(funnels: Sequence[Funnel], who: str) -> None:
    """Print the funnel of each repository, and of all together."""
    print(f"\n### {who}\n")
    print(
        "| | catalogued | pass the filter | exercisable | dreamt of | with tier 1 | its dreams | no call | tried "
        "| preserved | changing | failing | undecided | cost compared | gained | slower | geometric mean of gains |"
    )
    print("|" + "---|" * 17)
    for each in [*funnels, _together(funnels)]:
        kept, changing, failing, undecided = (each.outcomes.get(name, 0) for name in OUTCOMES)
        numbers = (
            each.catalogued,
            each.passing,
            each.exercisable,
            each.dreamt,
            each.tier_1,
            each.dreams,
            each.uncalled,
        )
        tried = (each.tried, kept, changing, failing, undecided, each.timed, each.gained, each.slower)
        print(
            f"| {each.name} | "
            + " | ".join(f"{n:,}" for n in (*numbers, *tried))
            + f" | {_mean(each.ratios, each.timed)} |"
        )
    everything = _together(funnels)
    print(
        f"\nthe best of each function that gains ({len(everything.best)}): {_mean(list(everything.best.values()), everything.timed)}"
    )


def _mean(ratios: Sequence[float], timed: int) -> str:
    return str(geometric_mean(ratios) or ("none gained" if timed else "not measured"))


def _together(funnels: Sequence[Funnel]) -> Funnel:
    outcomes: Counter[str] = Counter()
    best: dict[tuple[str, Key], float] = {}
    for each in funnels:
        outcomes.update(each.outcomes)
        best |= each.best
    sums = {
        name: sum(getattr(each, name) for each in funnels)
        for name in Funnel._fields
        if name not in ("name", "outcomes", "ratios", "best")
    }
    ratios = [ratio for each in funnels for ratio in each.ratios]
    return Funnel(name="together", outcomes=outcomes, ratios=ratios, best=best, **sums)


def _gains(place: Place) -> None:
    """Print each gain with its interval and its change."""
    dreams = place.dreams()
    for name, each in sorted(place.trials().items()):
        if each.effect == "gained" and name in dreams:
            _shown(place, dreams[name], each)


def _shown(place: Place, dream: Dream, trial: Trial) -> None:
    print(
        f"\n{place.state.name} {place.name} {dream.base_path}:{dream.base_qualname} {dream.transform_id} "
        f"{trial.effectiveness:.3f} ({trial.effect_low:.3f} to {trial.effect_high:.3f}), floor {trial.noise_floor:.3f}, "
        f"{dict(trial.counts)}"
    )
    print(dream.diff)


def _oracle(places: Sequence[Place]) -> bool:
    """Ask the suites and print; whether a dream was refuted."""
    wrong = 0
    print("\n### The whole suites, with accepted dreams in place\n")
    for place in places:
        found = checked(place)
        wrong += len(found.wrong)
        about = f"; {found.about}" if found.about else ""
        print(
            f"- {place.name}, {place.state.name}: {found.dreams} accepted, {found.tests:,} tests, {len(found.wrong)} refuted{about}"
        )
        for name, test in found.wrong:
            print(f"  REFUTED {name} by {test}")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
