"""Proposals: verified changes that wait for a person, and what is known about each."""

from typing import Literal

import msgspec

Status = Literal["open", "unverified", "frozen", "accepted", "rejected", "closed"]
Verdict = Literal["verified", "unverified", "broken"]
ModuleProof = Literal["red", "green", "not imported", "outside", "not tried"]
DREAM = "dream"
"""The rule of proposals that are dreams."""
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


class Sandboxed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is known of a proposed dream, all of it from the sandbox.

    `dream` in the wording `source_hash` of the procedure `path`, `qualname`, `occurrence` was tried `at` an instant on `commit`
    (empty: not recorded) by `backend`, on `inputs`, of which `held_out` were kept from whoever made it, and did the `same`; likewise
    `own_tests` of the repository that pass without it. `mended` are tests that fail without it and pass with it. `ratio` is the procedure's
    processor time / the dream's, with its interval `low` to `high` from `repetitions`, `floor` what that machine could not
    tell from nothing, `call_s` seconds of one call without and with it; all None where no gain was shown.
    """

    dream: str
    name: str
    path: str
    qualname: str
    occurrence: int
    source_hash: str
    commit: str
    at: str
    backend: str
    inputs: int
    same: int
    held_out: int = 0
    own_tests: int = 0
    mended: tuple[str, ...] = ()
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    repetitions: int = 0
    call_s: tuple[float, float] | None = None

    @property
    def isolated(self) -> bool:
        """Whether it ran in a sandbox; a person may have allowed that it did not."""
        return self.backend != "not isolated"

    @property
    def wording(self) -> tuple[str, str, int, str]:
        """Which procedure, in which wording."""
        return (self.path, self.qualname, self.occurrence, self.source_hash)


class Proposal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One coherent change: one rule in one package.

    `id` is a hash of rule, package and the identities of its findings, so that the same proposal has the same id
    on every night. `base` is the commit it was made for; `ref` is where its own commit is (None: it is a
    patch only). `patch` is its unified diff, `digest` a hash of the edited files as they become. `findings` are ids; `first_night`, `last_night` are dates. `answered`
    is the date of a person's answer; `reason` says why it is no longer open, or not verified. `together` are the proposals it was
    verified with; `tried` is a hash of how it was tried: command, interpreter, time allowed.

    Of a dream (`rule` is `dream`) `findings` is its id alone, `trial` says what the sandbox showed, and `together` are other dreams of
    the same commit, each of which does the same as its procedure: nothing else verified it, `evidence` is None.
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
    trial: Sandboxed | None = None
    schema: int = 1
