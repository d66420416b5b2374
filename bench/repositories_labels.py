"""How useful the pages are: what was printed on a first night, drawn by a fixed seed and labelled by hand.

`python -m bench.repositories_labels draw REPORT.json NAME` prints what the draw holds and bench/labels/NAME.jsonl does
not, as lines to label. `python -m bench.repositories_labels share` counts the labels. `... check REPORT.json NAME` does
both for the findings of one report. Labels: act (a maintainer would change something), useful (right and worth knowing),
noise (wrong, or right and of no use).
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from bench.machine import here
from daydream.report.document import ReportDoc

SEED = 20261121
MOST = 40
LABELS = ("act", "useful", "noise")
_FOLDER = here() / "bench" / "labels"


class Label(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One judged finding. `on_page`: it stood on the page itself, not only in the JSON twin."""

    id: str
    rule: str
    subject: str
    line: int | None
    message: str
    on_page: bool
    label: str
    reason: str


def main() -> None:
    """Draw, or count."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("draw", "check", "share"))
    parser.add_argument("report", type=Path, nargs="?")
    parser.add_argument("name", nargs="?")
    args = parser.parse_args()
    if args.what == "share":
        _print_shares({path.stem: read(path.stem) for path in sorted(_FOLDER.glob("*.jsonl"))})
        return
    if args.report is None or args.name is None:
        parser.error(f"{args.what} needs a report's JSON twin and a name")
    drawn = draw(args.report)
    known = {label.id: label for label in read(args.name)}
    missing = [label for label in drawn if label.id not in known]
    for label in missing:
        print(msgspec.json.encode(label).decode())
    if args.what == "check":
        _print_shares({args.name: [known[label.id] for label in drawn if label.id in known]})
        sys.exit(bool(missing))


def draw(twin: Path) -> list[Label]:
    """Draw at most forty of what the report printed, page and twin together, without a label."""
    doc = msgspec.json.decode(twin.read_bytes(), type=ReportDoc)
    found: dict[str, Label] = {}
    for listing in (doc.new, doc.worse):
        for number, item in enumerate(listing.items):
            subject, _, line = item.where.rpartition(":")
            has_line = subject != "" and line.isdigit()
            found[item.id] = Label(
                id=item.id,
                rule=item.rule,
                subject=subject if has_line else item.where,
                line=int(line) if has_line else None,
                message=item.message,
                on_page=number < listing.shown,
                label="",
                reason="",
            )
    needed = {need.command.rpartition(" ")[2] for need in doc.needs if "findings show" in need.command}
    found = {
        name: msgspec.structs.replace(label, on_page=label.on_page or name in needed)
        for name, label in found.items()
    }
    names = sorted(found)
    chosen = random.Random(SEED).sample(names, min(MOST, len(names)))
    return [found[name] for name in sorted(chosen, key=lambda name: (found[name].rule, found[name].subject))]


def read(name: str) -> list[Label]:
    """Read the labels of one repository.

    Raises:
        ValueError: a label is none of the three, or gives no reason.
    """
    path = _FOLDER / f"{name}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    labels = [msgspec.json.decode(line, type=Label) for line in lines]
    for label in labels:
        if label.label not in LABELS or not label.reason:
            msg = f"{path.name}: {label.id} is not labelled with a reason"
            raise ValueError(msg)
    return labels


def _print_shares(labels: dict[str, list[Label]]) -> None:
    print("| labelled | act | useful | noise | noise share | noise on the page itself |")
    print("|---|---|---|---|---|---|")
    everything = [label for some in labels.values() for label in some]
    for name, some in (*labels.items(), ("all", everything)):
        print(_row(name, some))
    print("\n| rule | act | useful | noise | noise share | noise on the page itself |")
    print("|---|---|---|---|---|---|")
    for rule in sorted({label.rule for label in everything}):
        print(_row(rule, [label for label in everything if label.rule == rule]))


def _row(name: str, labels: Iterable[Label]) -> str:
    some = list(labels)
    counts = Counter(label.label for label in some)
    page = [label for label in some if label.on_page]
    wrong = sum(label.label == "noise" for label in page)
    share = f"{counts['noise'] / len(some):.0%}" if some else "-"
    numbers = " | ".join(str(counts[label]) for label in LABELS)
    return f"| {name} ({len(some)}) | {numbers} | {share} | {wrong} of {len(page)} |"


if __name__ == "__main__":
    main()
