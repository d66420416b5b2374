"""Findings: something noticed, with an identity that survives line moves and renames."""

import hashlib
from typing import Literal

import msgspec

Severity = Literal["high", "medium", "low"]


class Finding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing a rule noticed.

    `subject` is what was looked at (a repository path in POSIX form, or `log:...`, `sentry:...`);
    `identity` is the rule's own stable text for the thing (a name, a normalised line, an
    occurrence number), never a line number. `worth` orders findings for print: 0..1, the rule's
    estimate that a person would act. `action` says in the imperative what would settle it.
    `magnitude` is a count that may grow (errors, bytes); a finding that doubles is worse.
    """

    rule: str
    rule_version: int
    severity: Severity
    subject: str
    identity: str
    message: str
    evidence: str = ""
    line: int | None = None
    worth: float = 0.5
    action: str = ""
    magnitude: float | None = None

    @property
    def fingerprint(self) -> str:
        """The finding's id in the night that first saw it: 16 hex digits."""
        return fingerprint(self.rule, self.subject, self.identity)


def fingerprint(rule: str, subject: str, identity: str) -> str:
    """Hash what identifies a finding; 16 hex digits."""
    text = "\x1f".join((rule, subject, identity))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


class Examined(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a sub-step looked at: these rules (key to version) on these subjects.

    `everything` says that every possible subject of those rules was looked at, so that a subject
    not named is known to be clean or gone.
    """

    rules: dict[str, int]
    subjects: tuple[str, ...] = ()
    everything: bool = False
