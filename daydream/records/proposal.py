"""Proposals: verified changes that wait for a person, and what is known about each."""

from typing import Literal

import msgspec

Status = Literal["open", "unverified", "frozen", "accepted", "rejected", "closed"]
Verdict = Literal["verified", "unverified", "broken"]
ModuleProof = Literal["red", "green", "not imported", "outside", "not tried"]
REASONS = ("wrong", "not-worth-it", "style", "risky")


class Ran(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one run of the tests came to.

    `exit_code` is None when it was ended for taking too long. The counts are None where the command does
    not tell them; `unlike` are tests whose outcome is another than the baseline's, at most ten.
    """

    exit_code: int | None
    passed: int | None = None
    failed: int | None = None
    skipped: int | None = None
    unlike: tuple[str, ...] = ()


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Why a change is believed, or not.

    `verified`: the tests come out the same, they ran the edited modules from the workbench, and a planted
    error in each of them turned the outcome red. `broken`: the outcome changed. `unverified`: neither can be
    said; `reason` is a sentence for every verdict but `verified`. `modules` maps each edited Python module to
    what the planted error showed. `lines` maps it to how many lines of the change stand in the new code (or
    border on removed ones), and how many of them the tests ran; a module without it was not measured.
    """

    verdict: Verdict
    command: str
    reason: str = ""
    baseline: Ran | None = None
    candidate: Ran | None = None
    flaky: tuple[str, ...] = ()
    modules: dict[str, ModuleProof] = {}
    lines: dict[str, tuple[int, int]] = {}


class Proposal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One coherent change: one rule in one package.

    `id` is a hash of rule, package and the identities of its findings, so that the same proposal has the same id
    on every night. `base` is the commit it was made for; `ref` is where its own commit is (None: it is a
    patch only). `patch` is its unified diff, `digest` a hash of the edited files as they become. `findings` are ids; `first_night`, `last_night` are dates. `answered`
    is the date of a person's answer; `reason` says why it is no longer open, or not verified. `together` are the proposals it was
    verified with; `tried` is a hash of how it was tried: command, interpreter, time allowed.
    """

    id: str
    rule: str
    package: str
    title: str
    status: Status
    base: str
    ref: str | None = None
    paths: tuple[str, ...] = ()
    patch: bytes = b""
    digest: str = ""
    findings: tuple[str, ...] = ()
    worth: float = 0.5
    evidence: Evidence | None = None
    first_night: str
    last_night: str
    answered: str | None = None
    reason: str = ""
    together: tuple[str, ...] = ()
    tried: str = ""
    schema: int = 1
