"""From the facts of a night to the report as data: counting, choosing and wording, nothing else."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from daydream.records.night import Known, NightFacts, StepLine
from daydream.records.repository import Examination
from daydream.records.section import SectionData
from daydream.report import proposals, sightings
from daydream.report.document import Counts, Item, Listing, Need, Part, ReportDoc
from daydream.report.escape import LONGEST, clean, clean_data, clean_path
from daydream.report.rank import BAR, choose, diverse, printable, suppressed

MOST_NEW, MOST_FIRST_NIGHT, MOST_WORSE, MOST_GONE = 8, 15, 5, 5
MOST_NEEDS, MOST_TROUBLE = 7, 50
IN_THE_TWIN = 200
REASON = 140
LONG_REASON = 560
"""For trials: each way to have a sandbox has a reason of its own, which says what mends it."""

TITLES = {
    "legacy_cleanup": "Legacy Code Cleanup",
    "log_review": "Log Analysis",
    "sentry_query": "Sentry Review",
    "task_cleanup": "Task Management",
    "docs": "Documentation",
}
_OPEN = ("new", "worse", "still", "not_looked_at")
_CUT = re.compile(r"([0-9]{1,9}) of (.+)")
_STATUS = {"partial": "in part", "skipped": "skipped", "failed": "failed", "not_run": "not run"}


def compose(facts: NightFacts) -> ReportDoc:
    """Make the report of a night; the same facts give the same report."""
    found, _ = sightings.once(facts.findings, facts.sections)
    facts = msgspec.structs.replace(facts, findings=found, sections=sightings.linked(facts.sections))
    steps = tuple(_reporting(facts.steps))
    duties = [step for step in steps if step.group == "maintain"]
    missing = [step for step in duties if step.status != "done"]
    completed = len(duties) - len(missing)
    counts = _counts(facts.findings, duties)
    new, worse, gone = (_listing(facts, standing) for standing in ("new", "worse", "gone"))
    proposed = proposals.section(facts)
    troubled = [
        *_needs_of_trouble(facts, steps),
        *proposals.needs(facts),
        *proposals.dream_needs(facts),
    ]
    candidates = printable(facts.findings, "new", "worse")
    needs = _needs(troubled, candidates)
    return ReportDoc(
        date=facts.date,
        number=facts.number,
        run=facts.run,
        repository=clean_path(facts.repository),
        mode=facts.mode,
        first_night=facts.first_night,
        started_at=facts.started_at,
        closed=None if facts.closed is None else clean(facts.closed),
        commit=facts.examination.commit,
        completed=completed,
        expected=len(duties),
        steps=steps,
        counts=counts,
        summary=tuple(_summary(facts, counts, f"{completed}/{len(duties)}", len(needs))),
        incomplete=tuple(f"{step.title}: {_ended(step)}" for step in missing),
        needs=needs,
        needs_total=len(troubled) + len(candidates),
        new=new,
        worse=worse,
        gone=gone,
        parts=tuple(_parts(facts, duties)),
        dreams=tuple(_dreams(facts)),
        trouble=tuple(_trouble(facts, steps))[:MOST_TROUBLE],
        quiet=not (needs or new.total or worse.total or gone.total),
        duration_s=facts.duration_s,
        resumed=facts.resumed,
        proposals=None if proposed is None else _section(proposed),
    )


def encode(doc: ReportDoc) -> bytes:
    """Write the JSON twin, a line per value."""
    return msgspec.json.format(msgspec.json.encode(doc), indent=1) + b"\n"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun: ``1 file``, ``2 files``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def duration(seconds: float | None) -> str:
    """Write seconds for people, e.g. ``4 min 12 s``; None is ``not measured``."""
    if seconds is None:
        return "not measured"
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {whole % 60:02} s" if minutes else f"{whole} s"


def _reporting(steps: Iterable[StepLine]) -> Iterator[StepLine]:
    """Clean the lines of the states; the report that is being read is done."""
    for step in steps:
        done = (step.group, step.key) == ("maintain", "report")
        yield msgspec.structs.replace(
            step,
            title=TITLES.get(step.key, clean(step.title, 60)),
            status="done" if done else step.status,
            reason="" if done else clean(step.reason, LONG_REASON if step.key == "trial" else REASON),
        )


def _counts(findings: Iterable[Known], duties: Iterable[StepLine]) -> Counts:
    standings: Counter[str] = Counter()
    silent = quiet = unplaced = 0
    areas = {area(step.key) for step in duties}
    for known in findings:
        if suppressed(known):
            silent += known.standing != "gone"
            continue
        standings[known.standing] += 1
        quiet += known.worth < BAR and known.standing in ("new", "worse", "still")
        unplaced += known.standing in _OPEN and area(known.rule) not in areas
    names = ("new", "worse", "still", "gone", "not_looked_at")
    return Counts(
        **{name: standings[name] for name in names}, suppressed=silent, quiet=quiet, unplaced=unplaced
    )


def _listing(facts: NightFacts, standing: Any) -> Listing:
    """Choose what stands on the page; the others follow in order, for the twin."""
    ranked = printable(facts.findings, standing)
    if facts.first_night and standing == "new":
        most, per_rule = MOST_FIRST_NIGHT, MOST_FIRST_NIGHT // 3
    else:
        most = {"new": MOST_NEW, "worse": MOST_WORSE, "gone": MOST_GONE}[standing]
        per_rule = (most + 1) // 2
    chosen = choose(ranked, most, per_rule)
    ids = {known.id for known in chosen}
    others = [known for known in ranked if known.id not in ids]
    items = tuple(_item(known) for known in (*chosen, *others)[:IN_THE_TWIN])
    return Listing(total=len(ranked), shown=len(chosen), items=items)


def _item(known: Known) -> Item:
    where = clean_path(known.subject)
    return Item(
        id=clean(known.id, 40),
        rule=clean(known.rule, 60),
        severity=known.severity,
        standing=known.standing,
        where=where if known.line is None else f"{where}:{known.line}",
        message=clean(known.message, 160),
        action=clean(known.action, 120),
        worth=known.worth,
        first_night=known.first_night,
        magnitude=known.magnitude,
    )


def _needs(troubled: Sequence[Need], candidates: Sequence[Known]) -> tuple[Need, ...]:
    """The report's own trouble first, then findings of many rules and places; equal ones share a line."""
    room = max(0, MOST_NEEDS - len(troubled))
    return (*troubled[:MOST_NEEDS], *(_need(known, more) for known, more in diverse(candidates, room)))


def _need(known: Known, more: int) -> Need:
    item = _item(known)
    return Need(
        what=item.message,
        where=item.where,
        action=item.action,
        command=f"daydream findings show {item.id}",
        severity=item.severity,
        more=more,
    )


def _needs_of_trouble(facts: NightFacts, steps: Sequence[StepLine]) -> Iterator[Need]:
    """Name what only a person can mend, one entry per kind of trouble."""
    show = _show(facts)
    if facts.closed is not None:
        yield Need(what=f"The night was closed: {clean(facts.closed)}", where="", action="", command=show)
    failed = [step for step in steps if step.status == "failed"]
    for step in failed[:2]:
        what = f"{step.title} failed: {step.reason or 'no reason was recorded'}"
        yield Need(
            what=what, where="", action="A run on the same date tries it again.", command="daydream run"
        )
    if len(failed) > 2:
        names = ", ".join(step.title for step in failed[2:])
        yield Need(what=f"Failed too: {clean(names)}", where="", action="", command=show)
    sayings = {
        "conflict": "was left alone",
        "failed": "could not be changed",
        "unknown": "may or may not have been changed: look at it",
    }
    for status, saying in sayings.items():
        hit = [effect for effect in facts.effects if effect.status == status]
        if hit:
            others = f" ({len(hit) - 1} more)" if len(hit) > 1 else ""
            why = f": {clean(hit[0].detail, 100)}" if hit[0].detail else ""
            yield Need(what=saying + why + others, where=clean_path(hit[0].path), action="", command=show)
    if facts.quarantined:
        more = f" ({len(facts.quarantined) - 1} more)" if len(facts.quarantined) > 1 else ""
        what = f"ended the process three times and was left out{more}"
        yield Need(what=what, where=clean(facts.quarantined[0], 100), action="", command=show)


def _show(facts: NightFacts) -> str:
    return f"daydream show {clean(facts.run, 60)}"


def _summary(facts: NightFacts, counts: Counts, steps: str, shown: int) -> Iterator[str]:
    yield f"Steps completed: {steps}"
    yield f"Duration: {duration(facts.duration_s)}"
    yield f"Issues found: {counts.found} ({_news(facts, counts)})"
    if facts.resumed:
        yield f"Resumed: {counted(facts.resumed, 'time')}"
    if facts.closed is not None:
        yield f"Closed early: {clean(facts.closed)}"
    first = facts.first_night and facts.mode == "report"
    changed = sum(effect.status == "done" for effect in facts.effects)
    yield (
        f"Mode: {clean(facts.mode, 20)}"
        + (", as on every first night in a repository" if first else "")
        + (f"; {counted(changed, 'change')} made (`{_show(facts)}`)" if changed else "")
    )
    yield f"{_examined(facts.examination)}; not examined: {_left_out(facts.examination)}"
    if aside := _aside(counts):
        yield f"Also: {aside}"
    if shown == 0:
        yield "Needs you: nothing"
    else:
        yield f"Needs you: {counted(shown, 'thing')}" + (", the first three:" if shown > 3 else ":")


def _news(facts: NightFacts, counts: Counts) -> str:
    if facts.first_night:
        return f"{counts.new} new, all of them on a first night" if counts.new else "0 new"
    return f"{counts.new} new, {counts.worse} worse, {counts.still} known before"


def _examined(examination: Examination) -> str:
    files = counted(examination.files, "file")
    if examination.commit is None:
        how = "nothing, there is no commit yet" if examination.git else f"{files} as they were, without git"
        return f"Examined: {how}"
    branch = f" on `{clean(examination.branch, 60)}`" if examination.branch else ""
    shallow = ", a shallow clone" if examination.shallow else ""
    return f"Examined: {files} of commit `{clean(examination.commit[:12])}`{branch}{shallow}"


def _left_out(examination: Examination) -> str:
    """Count what nobody read, by reason."""
    counted = ((examination.dirty, "uncommitted"), (examination.untracked, "untracked"))
    said = [
        f"{'an unknown number of' if number is None else number} {reason}"
        for number, reason in counted
        if number != 0
    ]
    said += [
        f"{number} {clean(reason, 30)}"
        for reason, number in sorted(examination.excluded.items())
        if number and reason != "own"
    ]
    return ", ".join(said) or "nothing"


def _aside(counts: Counts) -> str:
    """Count what is known but is no news."""
    parts = (
        (counts.quiet, "too small or too uncertain to print"),
        (counts.gone, "gone"),
        (counts.not_looked_at, "not looked at tonight"),
        (counts.suppressed, "suppressed"),
        (counts.unplaced, "of rules without a section here"),
    )
    return ", ".join(f"{number} {words}" for number, words in parts if number)


def _ended(step: StepLine) -> str:
    return f"{_STATUS[step.status]}: {step.reason}" if step.reason else _STATUS[step.status]


def _trouble(facts: NightFacts, steps: Sequence[StepLine]) -> Iterator[str]:
    """Say what was skipped, failed, cut or left out; states with the same reason share a line."""
    ended: dict[str, list[str]] = {}
    for step in sorted((s for s in steps if s.status != "done"), key=lambda s: s.status != "failed"):
        ended.setdefault(_ended(step), []).append(step.title)
    for words, titles in ended.items():
        yield f"{', '.join(titles)}: {words}"
    yield from map(clean, facts.examination.notes)
    yield from _cut(facts.cut, steps)
    if facts.quarantined:
        yield f"Left out after ending the process three times: {_some(facts.quarantined)}"
    for status in ("conflict", "failed", "unknown"):
        hit = [effect for effect in facts.effects if effect.status == status]
        if hit:
            detail = f" ({clean(hit[0].detail, 100)})" if hit[0].detail else ""
            yield f"Changes with the outcome `{status}`: {_some([e.path for e in hit])}{detail}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"`{clean_path(names[0])}`{more}"


def _cut(cut: Sequence[str], steps: Iterable[StepLine]) -> Iterator[str]:
    """Say what did not fit, e.g. ``12 of Documentation``, unless the step's own reason says it."""
    said = {step.title for step in steps if "out of budget" in step.reason}
    for entry in cut:
        match = _CUT.fullmatch(entry)
        if match is None:
            yield clean(entry)
        elif clean(match[2], 60) not in said:
            number = int(match[1])
            verb = "come" if number > 1 else "comes"
            yield f"{clean(match[2], 60)}: {counted(number, 'sub-step')} did not fit and {verb} first tomorrow"


def area(name: str) -> str:
    """Return what ties a rule to its step: the first word of both, without a plural's s."""
    return re.split("[._]", name, maxsplit=1)[0].removesuffix("s")


def _parts(facts: NightFacts, duties: Sequence[StepLine]) -> Iterator[Part]:
    """The steps' places in the report, in the order of the night."""
    sections = {section.key: section for section in facts.sections}
    known: dict[str, Counter[str]] = {}
    for finding in facts.findings:
        if finding.standing in _OPEN and not suppressed(finding):
            known.setdefault(area(finding.rule), Counter())[finding.standing] += 1
    for step in duties:
        if step.key == "report":
            continue
        mine = known.get(area(step.key), Counter())
        looked = step.status in ("done", "partial")
        yield Part(
            key=step.key,
            title=step.title,
            status=_STATUS.get(step.status, step.status),
            reason=step.reason,
            still_open=mine.total() - mine["new"],
            new=mine["new"],
            data=_section(sections[step.key]) if looked and step.key in sections else None,
        )


def _section(section: SectionData, longest: int = LONGEST) -> SectionData:
    return SectionData(
        key=section.key,
        title=clean(section.title, 60),
        facts=clean_data(section.facts),
        notes=tuple(clean(note, longest) for note in section.notes),
    )


def _dreams(facts: NightFacts) -> Iterator[SectionData]:
    """The sections of the dream half, and last what of it waits for an answer; a gain that does says so.

    A note that repeats why a state ended early is left to the part that tells of those.
    """
    ended = {
        step.key: step.reason
        for step in facts.steps
        if step.group == "dream" and step.status in ("done", "partial")
    }
    sections = {section.key: section for section in facts.sections}
    offered = proposals.offered(facts)
    for key, reason in ended.items():
        if key not in sections:
            continue
        section = sections[key]
        gains = [proposals.with_command(gain, offered) for gain in section.facts.get("gains", ())]
        more = {"gains": gains} if gains else {}
        notes = tuple(note for note in section.notes if not (reason and reason in note))
        told = msgspec.structs.replace(section, facts={**section.facts, **more}, notes=notes)
        yield _section(told, 2 * LONGEST)
    if offered or proposals.closed(facts):
        yield _section(sections[proposals.DREAMS])
