"""How well log templates are found: 16 systems of Loghub-2k, ours beside Drain and Brain in one run.

`python -m bench.logs_grouping FOLDER [--brain FOLDER]`: the folder `data` of logparser (research use; not part of the
project), and its folder `logparser/Brain`. Settings are chosen leave-one-system-out: each system is scored with the
setting that is best on the other fifteen.
"""

import argparse
import itertools
import warnings
from pathlib import Path

from bench.logs_grouping_data import Grouped, Labelled, Score, Scores, averages, left_out, load, run, score
from bench.logs_grouping_rivals import Brain, drain
from bench.logs_hard import lines
from bench.machine import heading
from daydream.analysis.logs.templates import Miner, Settings

SEEN = {"Android", "Apache", "BGL", "Mac", "OpenSSH", "OpenStack", "Proxifier", "Spark", "Thunderbird"}


def ours(texts: list[str], settings: Settings) -> Grouped:
    """Group by the miner with room for all."""
    miner = Miner(1_000_000, settings=settings)
    numbers = [miner.add(text) for text in texts]
    return [miner.identity(number) for number in numbers], [miner.template(number) for number in numbers]


def columns(systems: dict[str, Labelled], brain: Brain | None) -> tuple[dict[str, Scores], list[str]]:
    """Score everybody; return the columns and a line on each choice of settings."""
    grid = {
        "/".join(map(str, values)): run(systems, lambda _, t, v=values: ours(t, Settings(*v)))  # type: ignore[misc]
        for values in itertools.product((4, 5, 6, 8), (2, 3), (2, 3, 4), (3, 5), (3, 4, 8))
    }
    drains = {
        f"{st}/{depth}": run(systems, lambda _, t, s=st, d=depth: drain(t, s, d))  # type: ignore[misc]
        for st, depth in itertools.product((0.4, 0.5, 0.6, 0.7), (4, 5))
    }
    result = {"ours, default": run(systems, lambda _, t: ours(t, Settings()))}
    notes = [f"{len(grid)} settings of ours, {len(drains)} of Drain"]
    choices = {"ours, LOSO": grid, "drain3, LOSO": drains}
    if brain is not None:
        choices["Brain, LOSO"] = {
            str(n): run(systems, lambda _, t, n=n: brain.generic(t, n))  # type: ignore[misc]
            for n in range(2, 8)
        }
    for name, choice in choices.items():
        result[name], won = left_out(choice)
        notes.append(f"{name}: chosen {', '.join(f'{key} {n}x' for key, n in won.most_common())}")
    ranked = sorted((averages(s)[:2] for s in grid.values()), key=sum)
    notes.append(f"all settings of ours, worst and best: GA/FGA {_two(ranked[0])}, {_two(ranked[-1])}")
    if brain is not None:
        result["Brain, no names"] = run(systems, lambda n, t: brain.own(n, t, by_name=False))
        result["Brain, published"] = run(systems, lambda n, t: brain.own(n, t, by_name=True))
    return result, notes


def mixed(systems: dict[str, Labelled]) -> Scores:
    """Score one miner with the room it has by default on all systems' messages as one log, line about."""
    rows = [
        (name, line)
        for lines in itertools.zip_longest(
            *([(n, i) for i in range(len(s.texts))] for n, s in systems.items())
        )
        for name, line in filter(None, lines)
    ]
    whole = Labelled(
        [systems[name].texts[line] for name, line in rows],
        [f"{name} {systems[name].events[line]}" for name, line in rows],
        [systems[name].templates[line] for name, line in rows],
    )
    return run({"all as one log": whole}, lambda _, t: ours(t, Settings()))


def in_nights(texts: list[str], nights: int) -> Grouped:
    """Group by the default in so many nights, each with the templates of the last alone."""
    known: list[tuple[str, str]] = []
    moved: dict[str, str] = {}
    found: list[str] = []
    for night in range(nights):
        miner = Miner(known=known)
        numbers = [
            miner.add(text)
            for text in texts[night * len(texts) // nights : (night + 1) * len(texts) // nights]
        ]
        found += [miner.identity(number) for number in numbers]
        moved |= miner.merged()
        known = miner.state()
    for place in range(len(found)):
        while found[place] in moved:
            found[place] = moved[found[place]]
    return found, None


def hard(folder: Path, count: int) -> Score:
    """Score the default on so many lines whose parameters are varied, letters too."""
    rows = list(lines(folder, count))
    texts, labels = [text for _, text in rows], [label for label, _ in rows]
    return score(Labelled(texts, labels, []), (ours(texts, Settings())[0], None))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--brain", type=Path)
    parser.add_argument("--hard", type=int, default=100_000)
    args = parser.parse_args()
    warnings.simplefilter("ignore", SyntaxWarning)
    heading("Log templates: grouping")
    brain = Brain(args.brain) if args.brain else None
    for labels in ("original", "corrected"):
        systems = load(args.folder, labels)
        result, notes = columns(systems, brain)
        print(f"### {labels} labels\n")
        _table(systems, result)
        print("\n" + "\n".join(f"- {note}" for note in notes))
        nights = averages(run(systems, lambda _, t: in_nights(t, 20)))
        print(f"- ours, default, in 20 nights: {_two(nights)}")
        for name, s in mixed(systems).items():
            _line(name, s)
    _line(f"{args.hard:,} hard lines", hard(args.folder, args.hard))


def _table(systems: dict[str, Labelled], result: dict[str, Scores]) -> None:
    print("| GA / FGA | " + " | ".join(result) + " |\n|---|" + "---|" * len(result))
    for system in systems:
        cells = (f"{scores[system].ga:.3f} / {scores[system].fga:.3f}" for scores in result.values())
        print(f"| {system} | " + " | ".join(cells) + " |")
    rows = {"average": set(systems), "looked at": SEEN & set(systems), "not looked at": set(systems) - SEEN}
    for title, chosen in rows.items():
        parts = [averages({k: v for k, v in scores.items() if k in chosen}) for scores in result.values()]
        print(f"| **{title}** ({len(chosen)}) | " + " | ".join(f"**{_two(part)}**" for part in parts) + " |")
    print("| PA / FTA | " + " | ".join(_two(averages(scores)[2:]) for scores in result.values()) + " |")
    worst = (min((s.ga, system) for system, s in scores.items()) for scores in result.values())
    print("| worst by GA | " + " | ".join(f"{system} {ga:.3f}" for ga, system in worst) + " |")


def _line(name: str, s: Score) -> None:
    print(f"- {name}: GA {s.ga:.3f}, FGA {s.fga:.3f}, {s.found} templates ({s.labelled} labelled)\n")


def _two(pair: tuple[float, ...]) -> str:
    return f"{pair[0]:.3f} / {pair[1]:.3f}"


if __name__ == "__main__":
    main()
