"""How replies of judges are read: every score and tier right, how many stay unparsed, and no wrong number.

`python -m bench.dreams_replies [--seeds N]` reads `bench/replies/*.jsonl`: one reply a line, with its truth (a score and the tier that
was said, or nothing where a careful reader takes none) and where its form comes from. The published ones keep the form of
a public transcript, parser test or page of documentation, whose address stands beside it; ids and sentences are ours.
The mutated ones are made from `forms.json` by `bench.dreams_replies_mutations`; with `--seeds` N further seeds make
replies that nobody looked at before.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.dreams_replies_mutations import replies as mutated
from bench.machine import heading
from daydream.contracts.dream import tier_of
from daydream.dream.replies import parse

FOLDER = Path(__file__).parent / "replies"
IDS = {"A": "a1b2c3d4e5f60718", "B": "0f1e2d3c4b5a6978", "C": "7b6a5c4d3e2f1a0b", "D": "c0ffee0123456789"}
MOST_UNPARSED = 0.03


def corpus() -> list[dict[str, Any]]:
    """Read all replies."""
    return [
        json.loads(line)
        for path in sorted(FOLDER.glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]


def filled(text: str) -> str:
    """Put ids where a reply names dreams."""
    for name, identifier in IDS.items():
        text = text.replace("{" + name + "}", identifier)
    return text


def outcomes(reply: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield for each dream of a reply what came of it, its letter, and what was read."""
    parsed = parse(filled(reply["text"]), [IDS[name] for name in reply["truth"]])
    read = {each.id: each for each in parsed.evaluations}
    contradicted = {each.id for each in parsed.contradictions}
    for name, truth in reply["truth"].items():
        found = read.get(IDS[name])
        if truth is None:
            yield ("refused" if found is None else "wrong"), name, str(found)
        elif found is None:
            yield "unparsed", name, next(each.why for each in parsed.unparsed if each.id == IDS[name])
        elif abs(found.viability - truth[0]) > 1e-9 or found.tier != tier_of(truth[0]):
            yield "wrong", name, str(found)
        elif found.said_tier != truth[1] or (found.id in contradicted) != (
            truth[1] not in (None, found.tier)
        ):
            yield "wrong tier", name, str(found)
        else:
            yield "right", name, str(found)


def further(seeds: int) -> Counter[str]:
    """Count what comes of replies made from other seeds."""
    return Counter(
        outcome
        for seed in range(1, seeds + 1)
        for reply in mutated(seed)
        for outcome, _, _ in outcomes(reply)
    )


def main() -> int:
    """Measure and print; the exit code is 1 where a bound is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    args = parser.parse_args()
    heading("Replies of judges")
    found = corpus()
    kinds = Counter(reply["kind"] for reply in found)
    print(f"replies: {len(found)} ({', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))})")
    print(f"sources of the published ones: {len({r['source'] for r in found if r['kind'] == 'published'})}")
    made = [json.dumps(reply, sort_keys=True) for reply in mutated()]
    kept = [json.dumps(reply, sort_keys=True) for reply in found if reply["kind"] == "mutated"]
    print(f"the mutated ones are what their seed makes: {'yes' if made == kept else 'NO'}")
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    begun = time.perf_counter()
    for reply in found:
        for outcome, name, read in outcomes(reply):
            counts[reply["kind"]][outcome] += 1
            if outcome not in ("right", "refused"):
                print(f"  {outcome}: {reply['id']} {name}: {read}")
    spent = time.perf_counter() - begun
    fresh = further(args.seeds)
    total = sum(counts.values(), Counter())
    for kind, each in [*counts.items(), ("all", total)]:
        sayable = each["right"] + each["unparsed"] + each["wrong"] + each["wrong tier"]
        print(
            f"{kind:>10}: {each['right']} right, {each['unparsed']} unparsed "
            f"({each['unparsed'] / max(1, sayable):.1%}), {each['wrong']} wrong numbers, {each['wrong tier']} wrong "
            f"tiers; {each['refused']} without a score that anybody can be sure of, all refused"
        )
    print(f"{spent / len(found) * 1e3:.2f} ms a reply")
    print(f"{args.seeds} other seeds: {', '.join(f'{count} {what}' for what, count in fresh.most_common())}")
    sayable = total["right"] + total["unparsed"]
    bad = (
        fresh["wrong"]
        or fresh["wrong tier"]
        or total["wrong"]
        or total["wrong tier"]
        or total["unparsed"] > MOST_UNPARSED * sayable
        or made != kept
    )
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
