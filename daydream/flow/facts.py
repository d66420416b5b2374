"""From the journal to `NightFacts`: what the report is rendered from, whatever was interrupted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from daydream.contracts.step import StepSpec
from daydream.records.finding import Examined, Finding
from daydream.records.head import Head
from daydream.records.journal import (
    Cut,
    EffectEnded,
    Ended,
    Entry,
    Noted,
    Planned,
    Progressed,
    Started,
    StateClosed,
)
from daydream.records.night import EffectLine, Known, NightFacts, StepLine
from daydream.records.outcome import Facts
from daydream.records.section import SectionData, SubStepResult

Classify = Callable[[Sequence[Finding], Sequence[Examined]], tuple[Known, ...]]
Section = Callable[[StepSpec, Sequence[SubStepResult]], SectionData]


@dataclass(slots=True)
class SubStepTrace:
    """What the journal holds of one sub-step; a retry begins it anew."""

    kind: str = ""
    reason: str = ""
    quarantined: bool = False
    facts: list[Facts] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    examined: list[Examined] = field(default_factory=list)

    def add(self, entry: Ended | Progressed) -> None:
        """Take in one part."""
        self.facts.append(entry.facts)
        self.findings.extend(entry.findings)
        self.examined.extend(entry.examined)


@dataclass(slots=True)
class Trace:
    """A run's journal, added up per state and sub-step in plan order."""

    started: Started | None = None
    states: dict[str, dict[str, SubStepTrace]] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    cut: dict[str, Cut] = field(default_factory=dict)
    effects: dict[str, EffectLine] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def take(self, entry: Entry) -> None:
        """Take in the next entry."""
        match entry:
            case Started():
                self.started = entry
            case Progressed():
                self._open(entry.state, entry.name).add(entry)
            case Ended():
                trace = self._open(entry.state, entry.name)
                trace.add(entry)
                trace.kind, trace.reason, trace.quarantined = entry.kind, entry.reason, entry.quarantined
                trace.examined = trace.examined if entry.kind == "done" else []
            case Planned():
                self.states.setdefault(entry.state, {}).pop("plan", None)
            case Cut():
                self.cut[entry.state] = entry
                for name in [n for n, t in self.states.get(entry.state, {}).items() if not t.kind]:
                    self._cut_short(entry.state, name)
            case StateClosed():
                self.closed[entry.state] = entry.skipped
            case Noted():
                self.notes.append(entry.text)
            case EffectEnded():
                self.effects[entry.id] = EffectLine(
                    id=entry.id, kind=entry.kind, path=entry.path, status=entry.status, detail=entry.detail
                )
            case _:
                pass

    def failed(self, state: str) -> list[str]:
        """The sub-steps of a state that failed and may be tried again."""
        traces = self.states.get(state, {})
        return [name for name, trace in traces.items() if trace.kind == "failed" and not trace.quarantined]

    def _open(self, state: str, name: str) -> SubStepTrace:
        traces = self.states.setdefault(state, {})
        if name not in traces or traces[name].kind:
            traces[name] = SubStepTrace()
        return traces[name]

    def _cut_short(self, state: str, name: str) -> None:
        """A sub-step that was cut in the middle keeps the parts it has, but examined nothing whole."""
        trace = self.states[state][name]
        trace.kind, trace.reason, trace.examined = "skipped", "out of budget", []


def trace(entries: Iterable[tuple[int, Entry]]) -> Trace:
    """Add up a journal."""
    result = Trace()
    for _, entry in entries:
        result.take(entry)
    return result


def assemble(
    head: Head,
    journal: Trace,
    specs: Sequence[StepSpec],
    *,
    section: Section,
    classify: Classify,
    duration_s: float | None,
) -> NightFacts:
    """Put together what the report needs; pure but for the given functions."""
    started = journal.started
    if started is None:
        msg = "the journal has no beginning"
        raise LookupError(msg)
    every = [t for traces in journal.states.values() for t in traces.values()]
    findings = [f for t in every for f in t.findings]
    examined = [e for t in every if t.kind == "done" for e in t.examined]
    return NightFacts(
        date=head.night,
        number=head.number,
        run=head.run,
        repository=started.repository,
        mode=head.mode,
        first_night=started.first_night,
        started_at=head.started_at,
        examination=replace(started.examination, notes=(*started.examination.notes, *journal.notes)),
        steps=tuple(_line(spec, head, journal) for spec in specs),
        sections=tuple(
            section(spec, results(journal, spec.state)) for spec in specs if spec.state != specs[-1].state
        ),
        findings=classify(findings, examined),
        effects=tuple(journal.effects.values()),
        cut=tuple(f"{cut.count} of {spec.title}" for spec in specs if (cut := journal.cut.get(spec.state))),
        quarantined=tuple(
            f"{state}: {name}"
            for state, traces in journal.states.items()
            for name, t in traces.items()
            if t.quarantined
        ),
        duration_s=duration_s,
        resumed=head.resumed,
        closed=head.closing,
    )


def results(journal: Trace, state: str) -> tuple[SubStepResult, ...]:
    """A state's sub-steps as its step sees them."""
    traces: Mapping[str, SubStepTrace] = journal.states.get(state, {})
    return tuple(
        SubStepResult(name=name, kind=t.kind or "skipped", parts=tuple(t.facts), reason=t.reason)
        for name, t in traces.items()
    )


def _line(spec: StepSpec, head: Head, journal: Trace) -> StepLine:
    status, reason = _status(spec, head, journal)
    return StepLine(key=spec.key, group=spec.group, title=spec.title, status=status, reason=reason)  # type: ignore[arg-type]


def _status(spec: StepSpec, head: Head, journal: Trace) -> tuple[str, str]:
    if spec.state == head.position:
        return "done", ""
    if spec.state not in journal.closed:
        return "not_run", head.closing or ""
    if journal.closed[spec.state]:
        return "skipped", journal.closed[spec.state]
    traces = list(journal.states.get(spec.state, {}).values())
    failed = [t.reason for t in traces if t.kind == "failed"]
    skipped = [t.reason for t in traces if t.kind == "skipped"]
    cut = journal.cut.get(spec.state)
    if failed:
        return ("failed" if len(failed) == len(traces) else "partial"), failed[0]
    if cut is not None:
        return "partial", f"out of budget: {cut.count} sub-steps come first next night"
    if skipped and len(skipped) == len(traces):
        return "skipped", skipped[0]
    return "done", ""
