"""The head: where a night stands, small enough to be replaced after every sub-step."""

import msgspec

SCHEMA = 1


class Segment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The committed part of an append-only file `runs/<run>/<name>.jsonl`: bytes, their crc32, lines."""

    length: int = 0
    crc: int = 0
    count: int = 0


class StateCount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a state of the night has come to. `planned` is None until its sub-steps are named; `failed`
    includes `quarantined`; `retry` marks a state that was reopened."""

    planned: int | None = None
    ended: int = 0
    skipped: int = 0
    failed: int = 0
    cut: int = 0
    quarantined: int = 0
    findings: int = 0
    closed: bool = False
    retry: bool = False


class Attempt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The intent: what is tried next or right now, committed before the work begins.

    `kills` counts processes that died in it without progress; an orderly exit or a reboot of the
    machine does not count.
    """

    name: str
    number: int = 1
    kills: int = 0


class EffectQueue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Changes waiting for the applier: `ended` of `total` are done, the next is at byte `at` of the effects
    segment and in its `attempt`, which is committed before the act."""

    total: int = 0
    ended: int = 0
    at: int = 0
    attempt: int = 0


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The whole of `state.json`; docs/state-format.md is its specification.

    `gen` counts replacements, `seq` journal entries. `plan_at` is the byte of the next sub-step's name
    in the plan segment; `cursor` and `part` continue a long sub-step. `tail` holds journal lines that
    are not yet in their segment. `satisfied` is the last date before this run for which a whole night was done. `asked_mode` is the
    mode that was wanted; `mode` is report on a first night all the same. `closed` is how the run ended: done, abandoned, halted; None: it has not.
    `budget_ms` is what the night may spend, counted from `budget_from_ms` on (a retry has its own). `boot` and
    `clean` tell, together, whether the last process was killed. `root` is the repository; `settled` says that a
    whole night was finished here before.
    """

    schema: int = SCHEMA
    gen: int = 0
    seq: int = 0
    run: str
    night: str
    number: int
    started_at: str
    zone: str
    mode: str
    asked_mode: str = ""
    partial: bool = False
    satisfied: str = ""
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    dreams: bool = True
    config_digest: str
    plan_digest: str
    position: str
    closing: str | None = None
    closed: str | None = None
    states: dict[str, StateCount] = {}
    entered_at: str = ""
    plan_at: int = 0
    cursor: str | None = None
    part: int = 0
    attempt: Attempt | None = None
    effects: EffectQueue = EffectQueue()
    effects_failed: int = 0
    segments: dict[str, Segment] = {}
    tail: tuple[msgspec.Raw, ...] = ()
    resumed: int = 0
    reopened: int = 0
    spent_ms: int = 0
    budget_ms: int = 0
    budget_from_ms: int = 0
    boot: str = ""
    clean: bool = False
    root: str = ""
    settled: bool = False

    @property
    def failed(self) -> bool:
        """Whether something went wrong: the exit code is 1."""
        return self.effects_failed > 0 or any(s.failed for s in self.states.values())

    @property
    def retriable(self) -> bool:
        """Whether something failed that the next start on this date tries again; what is quarantined, or
        a change that could not be made, waits for the next night."""
        return any(s.failed > s.quarantined for s in self.states.values())


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is in the file: the head's bytes and their crc32 as 8 hex digits."""

    crc32: str
    state: msgspec.Raw
