"""What the page says of dreams that were tried: each once, with the command that takes it where it is proposed."""

from typing import Any, Literal

from daydream.records.night import NightFacts, StepLine
from daydream.records.section import SectionData
from daydream.report.compose import compose
from daydream.report.first_screen import first_screen
from daydream.report.render import markdown
from tests.fakes import report_facts

GAIN: dict[str, Any] = {
    "dream": "aa11",
    "name": "a set",
    "procedure": "pkg/a.py:f",
    "effectiveness": 1.8,
    "low": 1.6,
    "high": 2.0,
    "mended": 0,
}
MEND = {**GAIN, "dream": "bb22", "effectiveness": None, "low": None, "high": None, "mended": 1}
TITLE = "Speed up pkg.a.f: 1.8 times (1.6 to 2.0)"
PROPOSED = {
    "id": "0123456789ab",
    "dream": "aa11",
    "title": TITLE,
    "status": "open",
    "first_night": "2026-11-21",
}


def night(
    gains: list[dict[str, Any]],
    proposed: dict[str, Any] | None,
    *notes: str,
    status: Literal["done", "partial", "skipped"] = "done",
    reason: str = "",
) -> NightFacts:
    base = report_facts.facts()
    lines = [StepLine(key="trial", group="dream", title="Trials", status=status, reason=reason)]
    trial = {"tried": 5, "outcomes": {}, "gains": gains, "gained": len(gains)}
    sections = [SectionData(key="trial", title="Trials", facts=trial, notes=notes)]
    if proposed is not None:
        lines.append(StepLine(key="dreams", group="propose", title="Dreams as proposals", status="done"))
        sections.append(SectionData(key="dreams", title="Dreams as proposals", facts=proposed))
    return report_facts.facts(steps=(*base.steps, *lines), sections=(*base.sections, *sections))


def part(facts: NightFacts) -> list[str]:
    """The lines of the page's part on dreams."""
    page = markdown(compose(facts), report_facts.source)
    return [line for line in page.partition("## Dreams\n")[2].partition("\n## ")[0].splitlines() if line]


def test_a_dream_that_is_proposed_is_told_with_the_command_that_takes_it() -> None:
    facts = night([GAIN], {"proposals": [PROPOSED], "closed": {}})
    first, told = part(facts)
    assert first.endswith("; waiting for your answer: 1 (`daydream proposals`)")
    assert told == (
        "- `pkg/a.py:f` does the same for less: a set, 1.80 times cheaper (1.60 to 2.00): "
        "`daydream dream apply 0123456789ab`"
    )
    (need,) = compose(facts).needs
    assert need.command == "daydream dream apply 0123456789ab"
    assert need.what == f"{TITLE}: a dream that was tried in the sandbox only, and waits for your answer"
    assert need.command in first_screen(compose(facts))


def test_what_waits_since_an_earlier_night_is_counted_and_needs_nobody_again() -> None:
    facts = night([], {"proposals": [{**PROPOSED, "first_night": "2026-11-20"}], "closed": {"x": "why"}})
    (line,) = part(facts)
    assert line.endswith("; waiting for your answer: 1 (`daydream proposals`), closed tonight: 1")
    assert compose(facts).needs == ()


def test_a_dream_that_is_not_proposed_is_told_with_the_command_that_shows_it() -> None:
    assert part(night([GAIN], None))[1].endswith("`daydream dream show aa11`")


def test_a_test_that_passes_now_is_told() -> None:
    assert part(night([MEND], None))[1] == (
        "- `pkg/a.py:f` passes 1 of your tests that fails now: a set: `daydream dream show bb22`"
    )
    two = part(night([{**MEND, "mended": 2}], None))[1]
    assert "passes 2 of your tests that fail now" in two


INSTEAD = (
    "Another sandbox was used, because bubblewrap is not installed; on Debian: apt-get install bubblewrap."
)


def test_what_is_to_be_said_of_the_trials_stands_in_one_line_before_the_gains() -> None:
    lines = part(night([GAIN], None, INSTEAD, "The repository has no Python."))
    assert lines[1] == f"- {INSTEAD} The repository has no Python."
    assert lines[2].startswith("- `pkg/a.py:f` does the same for less")


def test_why_trials_ended_early_is_told_once() -> None:
    facts = night(
        [], None, "A part of the trials was skipped: it is gone.", status="partial", reason="it is gone"
    )
    assert len(part(facts)) == 1
    assert "Trials: in part: it is gone" in markdown(compose(facts), report_facts.source)


def test_why_no_sandbox_can_be_had_is_told_to_its_end() -> None:
    ways = "bubblewrap cannot start a sandbox: " + "why " * 60 + "and no Docker engine answers; start it"
    assert f"Trials: skipped: {ways}\n" in markdown(
        compose(night([], None, status="skipped", reason=ways)), report_facts.source
    )
