"""Replies of judges made from forms: a form says where ids, scores, tiers and reasons stand, chance how they are written.

Every reply comes with its truth, which is known because it was put there. `python -m bench.dreams_replies_mutations`
writes `bench/replies/mutated.jsonl` anew; it is the same for the same seed.
"""

import json
import random
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "replies"
SEED = 20261121
OF_EACH = 6
REASONS = (
    "halving it is safe",
    "two tests cover it",
    "the order does not matter here",
    "callers rely on the default of 0.5",
    "it saves 3 of 4 queries",
    "a timeout of 30 is long enough",
    "it hides an error",
    "95% of its calls are repeated",
    "the guard costs nothing",
)
NUMBERED = re.compile(r"<([A-D]):([a-z]+)>")
Truth = dict[str, list[Any] | None]


def tier_of(score: Fraction) -> int:
    """The rule that a judge is told."""
    return 1 if score >= Fraction(6, 10) else 2 if score >= Fraction(3, 10) else 3


def ways(score: Fraction) -> list[str]:
    """Every way to write a score that leaves no doubt."""
    hundredths = int(score * 100)
    found = [
        f"0.{hundredths:02}",
        f".{hundredths:02}",
        f"{hundredths}%",
        f"{hundredths} %",
        f"{hundredths} percent",
    ]
    found += [f"0.{hundredths:02}0", f"{hundredths}/100", f"0.{hundredths:02}/1.0"]
    if hundredths % 10 == 0:
        found += [
            f"0.{hundredths // 10}",
            f"{hundredths // 10}/10",
            f"{hundredths // 10} out of 10",
            f"{hundredths // 10} / 10",
        ]
    if hundredths % 5 == 0:
        found += [f"{hundredths // 5}/20", f"{hundredths / 10:g}/10", f"{hundredths / 10:g} out of 10"]
    return found


def doubtful(score: Fraction) -> list[str]:
    """Ways to write something near a score that must not be taken for it."""
    tenths = float(score)
    return [
        f"{tenths:.2f}-{tenths + 0.1:.2f}",
        f"> {tenths:.2f}",
        f"below {tenths:.2f}",
        f"{tenths:.2f} if the cache is warm",
        f"{int(score * 100) + 2}",
        f"-{tenths:.2f}",
        f"{tenths:.2f} -> {tenths / 2:.2f}",
        "high",
        f"{tenths:.2f} to {tenths + 0.05:.2f}",
        "n/a",
        f"{int(score * 100) + 120}%",
    ]


def replies(seed: int = SEED) -> Iterator[dict[str, Any]]:
    """Yield replies with their truth, `OF_EACH` of every form."""
    chance = random.Random(seed)
    forms = json.loads((FOLDER / "forms.json").read_text("utf-8"))
    for number, form in enumerate(forms, start=1):
        for variant in range(OF_EACH):
            text, truth = filled(form, chance, doubt=variant == OF_EACH - 1 and not form.get("fixed"))
            text, changes = around(text, form, chance)
            yield {
                "id": f"form-{number:02}-{variant + 1}",
                "kind": "mutated",
                "source": f"form {number}: {form['name']}; {', '.join(changes) or 'as it is'}",
                "text": text,
                "truth": truth,
            }


WRITERS: dict[str, Callable[[Fraction], str]] = {
    "number": lambda score: f"{float(score):.2f}",
    "ten": lambda score: f"{float(score * 10):g}",
    "pct": lambda score: f"{float(score * 100):g}",
    "comma": lambda score: f"{float(score):.2f}".replace(".", ","),
    "none": lambda _: "",
}


def filled(form: dict[str, Any], chance: random.Random, *, doubt: bool) -> tuple[str, Truth]:
    """Put ids, scores, tiers and reasons into a form; with `doubt` one of the scores must not be read."""
    names = sorted({match[1] for match in NUMBERED.finditer(form["text"])})
    scores = drawn(names, chance)
    spoilt = chance.choice(names) if doubt else None
    style = chance.randrange(100)
    tiers = {name: tier_of(score) for name, score in scores.items()}
    contradicted = chance.choice(names) if chance.random() < 0.15 and "tier" in form["text"] else None
    if contradicted:
        tiers[contradicted] = tiers[contradicted] % 3 + 1

    def value(match: re.Match[str]) -> str:
        name, what = match[1], match[2]
        known = {"id": "{" + name + "}", "tier": str(tiers[name])}
        if what in known:
            return known[what]
        if what == "reason":
            return chance.choice(REASONS)
        if what in WRITERS:
            return WRITERS[what](scores[name])
        listed = ways(scores[name])
        said = chance.choice(doubtful(scores[name])) if name == spoilt else listed[style % len(listed)]
        return json.dumps(said) if what == "text" else said

    text = NUMBERED.sub(value, form["text"])
    truth: Truth = {}
    for name in names:
        said = tiers[name] if f"<{name}:tier>" in form["text"] else None
        truth[name] = None if name == spoilt or form.get("refused") else [round(float(scores[name]), 4), said]
    return text, truth


def drawn(names: list[str], chance: random.Random) -> dict[str, Fraction]:
    """Draw a score for each dream: hundredths, or twentieths, which can be written in more ways."""
    scores = {name: Fraction(chance.randrange(2, 98), 100) for name in names}
    if chance.random() < 0.5:
        scores = {name: Fraction(min(19, max(1, round(score * 20))), 20) for name, score in scores.items()}
    return scores


def around(text: str, form: dict[str, Any], chance: random.Random) -> tuple[str, list[str]]:
    """Change what must not matter: what is said before and after, line ends, blanks, marks around ids."""
    changes = []
    for name, change in AROUND.items():
        if chance.random() < 0.25 and name not in form.get("not", ()):
            text = change(text)
            changes.append(name)
    return text, changes


AROUND: dict[str, Callable[[str], str]] = {
    "greeting": lambda text: f"Sure! Here is what I think of the dreams.\n\n{text}",
    "farewell": lambda text: f"{text}\n\nLet me know if you want me to look at more of them.",
    "thought": lambda text: (
        f"<think>\n{{A}} looks like viability 0.11 to me, {{B}} maybe 9/10.\n</think>\n{text}"
    ),
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
    "hard blanks": lambda text: text.replace(": ", ":\u00a0"),
    "byte order mark": lambda text: f"\ufeff{text}",
    "backticks": lambda text: re.sub(r"(?<![\"'`*\w{])\{([A-D])\}(?![\"'`*\w}])", r"`{\1}`", text),
    "average": lambda text: f"{text}\n\nAverage viability: 0.51",
    "threshold": lambda text: f"Everything from a viability threshold of 0.6 on counts as viable.\n\n{text}",
}


def main() -> None:
    """Write the file."""
    lines = [json.dumps(reply, ensure_ascii=False) for reply in replies()]
    (FOLDER / "mutated.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines)} replies")


if __name__ == "__main__":
    main()
