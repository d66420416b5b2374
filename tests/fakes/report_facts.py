"""Facts of made-up nights for the tests of the report and of the findings' memory."""

from collections.abc import Iterable
from typing import Any

import msgspec

from daydream.records.finding import Finding
from daydream.records.night import Known, NightFacts, StepLine
from daydream.records.repository import Examination
from daydream.records.section import SectionData
from daydream.report import resources

DUTIES = {
    "legacy_cleanup": "Legacy Code Cleanup",
    "log_review": "Log Analysis",
    "sentry_query": "Sentry Review",
    "task_cleanup": "Task Management",
    "docs": "Documentation",
    "report": "Report",
}
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SECTION = """- {{ section.facts.files }} files, {{ section.facts.links }} links
{% for name in section.facts.names %}
- {{ name }}
{% endfor %}
"""


def source(name: str) -> str | None:
    """The real page with a section template of the test's own."""
    if name.startswith("sections/") and name != "sections/dream.md.j2":
        return SECTION
    return resources.text(name)


def known(number: int, **changes: Any) -> Known:
    """A finding that would be printed; its id is its number."""
    made = Known(
        id=f"{number:016x}",
        rule="legacy.unused_import",
        rule_version=1,
        severity="medium",
        subject=f"src/pkg/module_{number}.py",
        identity=f"name_{number}",
        message=f"`name_{number}` is imported and never used",
        action="Remove the import.",
        line=number + 1,
        worth=0.8,
        first_night="2026-11-21",
        last_night="2026-11-21",
        standing="new",
    )
    return msgspec.structs.replace(made, **changes)


def finding(subject: str, identity: str, **changes: Any) -> Finding:
    """A finding of a rule that looks at files."""
    made = Finding(
        rule="docs.link",
        rule_version=1,
        severity="medium",
        subject=subject,
        identity=identity,
        message=f"{identity} leads nowhere",
        worth=0.8,
    )
    return msgspec.structs.replace(made, **changes)


def steps(**status: tuple[str, str]) -> tuple[StepLine, ...]:
    """The lines of a whole night; all done but for those named, e.g. ``docs=("failed", "why")``."""
    dreams = [
        StepLine(key=k, group="dream", title=k.title(), status="done") for k in ("catalogue", "generate")
    ]
    duties = [
        StepLine(key=k, group="maintain", title=t, status="not_run" if k == "report" else "done")
        for k, t in DUTIES.items()
    ]
    return tuple(
        msgspec.structs.replace(line, status=status[line.key][0], reason=status[line.key][1])
        if line.key in status
        else line
        for line in (*dreams, *duties)
    )


def facts(findings: Iterable[Known] = (), **changes: Any) -> NightFacts:
    """An ordinary night in which everything went well."""
    sections = [
        SectionData(key=key, title=title, facts={"files": 12, "links": 34, "names": []})
        for key, title in DUTIES.items()
        if key != "report"
    ]
    sections.append(
        SectionData(key="catalogue", title="Catalogue", facts={"procedures": 812, "new": 3, "changed": 2})
    )
    sections.append(SectionData(key="generate", title="Dreams", facts={"dreams": 40, "varied": 9}))
    made = NightFacts(
        date="2026-11-21",
        number=1,
        run="2026-11-21.1",
        repository="/home/somebody/project",
        mode="report",
        first_night=False,
        started_at="2026-11-21T02:00:00Z",
        examination=Examination(
            commit=COMMIT, branch="main", files=812, dirty=3, excluded={"vendored": 120, "generated": 4}
        ),
        steps=steps(),
        sections=tuple(sections),
        findings=tuple(findings),
        duration_s=252.4,
    )
    return msgspec.structs.replace(made, **changes)
