"""The page itself: its shape, its caps, and that no foreign text gets a meaning in it."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from markdown_it import MarkdownIt

from daydream.records.night import EffectLine, Known, NightFacts, StepLine
from daydream.records.repository import Examination
from daydream.records.section import SectionData
from daydream.report import resources
from daydream.report.compose import compose
from daydream.report.first_screen import first_screen
from daydream.report.plain import plain
from daydream.report.render import RenderFailed, markdown
from tests.fakes.report_facts import DUTIES, facts, known, source, steps
from tests.unit.report.test_report_escape import HOSTILE

GOLDEN = Path(__file__).parents[2] / "fixtures" / "report"
HEADINGS = ["Legacy Code Cleanup", "Log Analysis", "Sentry Review", "Task Management", "Documentation"]


def full() -> NightFacts:
    """A night in which a bit of everything happened."""
    found = [
        known(1, severity="high", rule="docs.link", subject="docs/a.md", message="`b.md` does not exist"),
        *(known(n, worth=0.5 + n / 100) for n in range(2, 12)),
        known(20, standing="worse", rule="log.recurring", subject="log:app.log", line=None, magnitude=40.0),
        known(30, standing="gone", first_night="2026-10-02"),
        *(known(n, standing="still") for n in range(40, 45)),
        known(50, standing="not_looked_at", rule="sentry.issue", subject="sentry:web"),
        known(60, suppress_reason="vendored"),
        known(61, worth=0.2),
    ]
    return facts(
        found,
        steps=steps(
            sentry_query=("skipped", "no Sentry configured: set [sentry] organization"),
            docs=("partial", "1 of 9 sub-steps did not fit"),
        ),
        sections=tuple(
            SectionData(
                key=key,
                title=title,
                facts={"files": 12, "links": None if key == "docs" else 34, "names": ["a_b", "<i>"]},
                notes=("Two files could not be read.",) if key == "docs" else (),
            )
            for key, title in DUTIES.items()
        ),
        effects=(EffectLine(id="1", kind="move", path="old.log", status="conflict", detail="edited since"),),
        cut=("1 of Verdicts",),
        quarantined=("maintain.docs: examples-2",),
        resumed=2,
    )


def quiet() -> NightFacts:
    return facts(
        [known(n, standing="still") for n in range(37)],
        steps=steps(sentry_query=("skipped", "no Sentry configured: set [sentry] organization")),
    )


def page(night: NightFacts) -> str:
    return markdown(compose(night), source)


def headings(text: str) -> list[str]:
    return [line[3:] for line in text.splitlines() if line.startswith("## ")]


@pytest.mark.parametrize(("name", "night"), [("full", full()), ("quiet", quiet())])
def test_the_page_is_the_golden_one(name: str, night: NightFacts) -> None:
    assert page(night) == (GOLDEN / f"{name}.md").read_text(encoding="utf-8")


def test_a_full_page_has_its_parts_in_order() -> None:
    text = page(full())
    assert text.startswith("# Daydream Report - 2026-11-21\n\n## Summary\n")
    expected = [
        "Summary",
        "New",
        "Worse",
        "Gone",
        *HEADINGS,
        "Dreams",
        "Skipped and Failed",
        "Action Required",
    ]
    assert headings(text) == expected
    assert "- Steps completed: 4/6\n" in text
    assert "- Duration: 4 min 12 s\n" in text
    assert "- Resumed: 2 times\n" in text


def test_a_quiet_night_is_short_and_needs_nobody() -> None:
    text = page(quiet())
    assert text.count("\n") < 30
    assert headings(text) == ["Summary", *HEADINGS, "Dreams", "Skipped and Failed", "Action Required"]
    assert text.endswith("## Action Required\nNothing needs you.\n")
    assert "0000000000" not in text


def test_a_night_without_any_finding_is_quiet() -> None:
    text = page(facts())
    assert text.count("\n") < 30
    assert "- Issues found: 0 (0 new, 0 worse, 0 known before)" in text
    assert "Skipped and Failed" not in text


def test_the_worst_quiet_night_still_is_short() -> None:
    why = "a reason of some length that says what to do " * 3
    ended = {key: ("skipped", f"{key} {why}") for key in DUTIES if key != "report"}
    ended |= {key: ("skipped", f"{key} {why}") for key in ("catalogue", "generate")}
    notes = tuple(f"note {n}" for n in range(9))
    sections = tuple(
        SectionData(key=k, title=t, facts={"files": 1, "links": 2, "names": list("abcdef")}, notes=notes)
        for k, t in DUTIES.items()
    )
    night = facts(
        [known(n, standing="not_looked_at") for n in range(9)],
        steps=steps(**ended),
        sections=sections,
        cut=("3 of Documentation", "2 of Verdicts"),
        examination=Examination(commit=None, branch=None, notes=notes),
        resumed=3,
    )
    assert compose(night).quiet
    assert page(night).count("\n") < 30


def crowded(**changes: object) -> NightFacts:
    """As much of everything as there can be."""
    standings = ("new", "worse", "gone", "still", "not_looked_at")
    found = [
        known(n, standing=standings[n % 5], rule=f"legacy.{n % 40}", message="m " * 200, action="a " * 200)
        for n in range(5000)
    ]
    long = [f"line {n}" for n in range(60)]
    return facts(
        found,
        steps=steps(
            docs=("failed", "x" * 999), log_review=("partial", "y" * 999), catalogue=("failed", "z" * 999)
        ),
        sections=tuple(
            SectionData(key=k, title=t, facts={"files": 1, "links": 2, "names": long}, notes=tuple(long))
            for k, t in DUTIES.items()
        ),
        effects=tuple(
            EffectLine(id=str(n), kind="edit", path=f"{n}", status=("conflict", "failed", "unknown")[n % 3])
            for n in range(99)
        ),
        cut=tuple(f"{n} of Step {n}" for n in range(99)),
        quarantined=tuple(f"q{n}" for n in range(99)),
        resumed=9,
        **changes,
    )


@pytest.mark.parametrize("first_night", [True, False])
def test_the_fullest_page_keeps_its_caps(first_night: bool) -> None:
    text = page(crowded(first_night=first_night))
    lines = text.splitlines()
    assert len(lines) <= 120
    assert max(len(line) for line in lines) < 700
    assert any(line.startswith("3. ") for line in lines[:25])
    action = lines[lines.index("## Action Required") :]
    assert [line[:2] for line in action if line[:1].isdigit() and line[1] == "."] == [
        f"{n}." for n in range(1, 8)
    ]


def test_a_first_night_shows_the_most_useful_and_counts_the_rest() -> None:
    found = [known(n, rule=f"legacy.{n % 9}") for n in range(300)]
    text = page(facts(found, first_night=True))
    assert "First night: 300 found, the most useful 15 below.\n" in text
    assert "- and 285 more: `daydream findings --new`" in text


def test_only_the_duration_and_resumed_lines_differ_after_an_interruption() -> None:
    for night in (full(), quiet(), crowded(), facts()):
        calm = page(facts_like(night, 0, 10.0)).splitlines()
        shaken = page(facts_like(night, 3, None)).splitlines()
        kept = [line for line in shaken if not line.startswith(("- Duration: ", "- Resumed: "))]
        assert kept == [line for line in calm if not line.startswith("- Duration: ")]
        assert "- Duration: not measured" in shaken


def facts_like(night: NightFacts, resumed: int, duration_s: float | None) -> NightFacts:

    return msgspec.structs.replace(night, resumed=resumed, duration_s=duration_s)


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_changes_neither_the_parts_nor_the_means_of_a_page(text: str) -> None:
    def night(foreign: str) -> NightFacts:
        found: list[Known] = [
            known(1, message=foreign, subject=foreign, action=foreign, rule=f"docs.{foreign}"),
            known(2, message=foreign, standing="gone"),
        ]
        sections = [
            SectionData(
                key=k,
                title=t,
                facts={"files": foreign, "links": foreign, "names": [foreign]},
                notes=(foreign,),
            )
            for k, t in DUTIES.items()
        ]
        return facts(
            found,
            steps=steps(docs=("partial", foreign)),
            sections=tuple(sections),
            effects=(EffectLine(id="1", kind="edit", path=foreign, status="failed", detail=foreign),),
            quarantined=(foreign,),
            cut=(foreign,),
            examination=Examination(commit=foreign, branch=foreign, excluded={foreign: 1}, notes=(foreign,)),
        )

    written = page(night(text))
    assert written.count("\n") <= 120
    assert headings(written) == headings(page(night("harmless words")))
    for kind, content in meant(written):
        assert kind in {"text", "text_special", "code_inline", "softbreak"}
        assert kind == "code_inline" or "://" not in content
    assert written.replace("\n", "").isprintable()
    assert plain(night(text)).replace("\n", "").isprintable()
    assert all(
        kind in {"text", "text_special", "code_inline", "softbreak"} for kind, _ in meant(plain(night(text)))
    )
    screen = first_screen(compose(night(text)))
    assert screen.replace("\n", "").isprintable()
    assert screen.count("\n") <= 25


def meant(text: str) -> list[tuple[str, str]]:
    """What a Markdown reader makes of the page; blocks of code, HTML and quotations are refused here."""
    parsed = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    refused = {"html_block", "code_block", "fence", "blockquote_open", "table_open", "hr"}
    assert not refused & {token.type for token in parsed}
    return [(child.type, child.content) for token in parsed for child in token.children or ()]


def test_a_value_that_is_not_known_is_printed_as_not_measured() -> None:
    assert "- 12 files, not measured links. Still open: 0; new: 1." in page(full())


def test_a_note_that_a_section_shows_already_is_not_repeated() -> None:
    section = SectionData(
        key="docs", title="D", facts={"files": 1, "links": 2, "names": ["said once"]}, notes=("said once",)
    )
    assert page(facts([known(1)], sections=(section,))).count("said once") == 1


@pytest.mark.parametrize(
    "template",
    [
        None,
        "{{ section.facts.nothing_of_that_name }}",
        "{% if %}",
        "{{ section.facts.files + 'x' }}",
        "{{ 1 // 0 }}",
        "{{ section.facts.names[3] }}",
        "{{ section|no_such_filter }}",
    ],
)
def test_a_missing_or_wrong_template_is_one_sentence(template: str | None) -> None:
    def broken(name: str) -> str | None:
        return template if name == "sections/docs.md.j2" else source(name)

    with pytest.raises(RenderFailed, match="templates do not render"):
        markdown(compose(full()), broken)


def test_the_plain_report_says_the_same_without_templates() -> None:
    text = plain(full(), "the template is gone")
    assert text.startswith("# Daydream Report - 2026-11-21\n")
    assert "- Steps completed: 4/6\n" in text
    assert "- This is the plain form of the report: the template is gone\n" in text
    assert "- in part (1 of 9 sub-steps did not fit). Still open: 0; new: 1.\n" in text
    assert "links: not measured" in text
    assert [h for h in headings(text) if h in HEADINGS] == HEADINGS
    assert "1. `old.log` was left alone: edited since `daydream show 2026-11-21.1`" in text
    assert plain(quiet()).endswith("Nothing needs you.\n")
    assert len(plain(crowded()).splitlines()) <= 120


def test_the_first_screen_fits_a_terminal_and_names_the_commands() -> None:
    screen = first_screen(compose(crowded()))
    assert screen.count("\n") <= 25
    assert "Steps completed: " in screen
    assert "   daydream show 2026-11-21.1\n" in screen
    assert first_screen(compose(quiet())).splitlines()[-1] == "Needs you: nothing"


@pytest.mark.parametrize("key", [key for key in DUTIES if key != "report"])
def test_every_step_has_a_section_template(key: str) -> None:
    assert resources.text(f"sections/{key}.md.j2")


def test_templates_are_found_by_name_only_below_their_folder() -> None:
    assert resources.text("report.md.j2")
    assert resources.text("sections/no_such.md.j2") is None
    assert resources.text("../pyproject.toml") is None
    assert resources.text("/etc/passwd") is None


def test_the_dream_line_is_one_line_of_counts() -> None:
    sections = (
        SectionData(key="catalogue", title="Catalogue", facts={"procedures": 5, "new": 1, "changed": None}),
        SectionData(key="generate", title="Dreams", facts={"dreams": 7, "varied": 2}),
        SectionData(
            key="judge",
            title="Verdicts",
            facts={"judged": 7, "tiers": {"1": 1, "2": 2, "3": 4}, "evaluator": "rule-based"},
        ),
        SectionData(key="later", title="Later", facts={"trials": 3, "dear_things": 4, "text": "x"}),
    )
    lines = [*steps()[:2], *(dream_line(key) for key in ("judge", "later")), *steps()[2:]]
    text = page(facts([known(1)], sections=sections, steps=tuple(lines)))
    assert (
        "- 5 procedures in the catalogue (new: 1, changed: not measured); dreams: 7, of procedures: 2; "
        "judged: 7 (by: rule-based; viable: 1, speculative: 2, archive: 4); Later: 3 trials, 4 dear things\n"
    ) in text


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            {
                "new": [{"about": "k.o@1", "why": "8 of 8 fail of logic (81% to 100%)", "then": "left out"}]
                * 2
            },
            "- learned: `k.o@1`: left out, because 8 of 8 fail of logic (81% to 100%); and 1 more: `daydream dream patterns`\n",
        ),
        ({"ended": ["k.o@1"]}, "- no longer minded: `k.o@1`: `daydream dream patterns`\n"),
        ({}, ""),
    ],
)
def test_what_was_learnt_is_one_line_and_only_when_something_changed(said: dict[str, Any], line: str) -> None:
    sections = (
        SectionData(key="generate", title="Dreams", facts={"dreams": 7, "varied": 2, "skipped": 4}),
        SectionData(key="tighten", title="Learning", facts={"new": [], "ended": [], "lessons": 3, **said}),
    )
    lines = [*steps()[:2], dream_line("tighten"), *steps()[2:]]
    text = page(facts([known(1)], sections=sections, steps=tuple(lines)))
    assert "- dreams: 7, of procedures: 2, left out by lessons: 4\n" in text
    assert line in text
    assert ("patterns" in text) == bool(line)


def dream_line(key: str) -> StepLine:
    return StepLine(key=key, group="dream", title=key, status="done")
