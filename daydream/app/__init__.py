"""The use cases, and the only place that introduces the parts to one another.

Every function imports what it needs when it is called: `status` must not pay for a night.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from daydream.contracts.results import RunResult
    from daydream.contracts.use_cases import Observer, RunRequest


def run(request: "RunRequest") -> "RunResult":
    """Do a night, or what is left of one."""
    from daydream.app import entry

    return entry.run(request)


def refuse_while_running(root: "Path", config_file: "Path | None") -> None:
    """Turn a second start away before anything is loaded."""
    from daydream.app import standing

    standing.refuse_while_running(root, config_file)


def run_every_night(request: "RunRequest", at: "dt.time") -> int:
    """Stay, and do a night at this local time of every date, until stopped."""
    from daydream.app import night

    return night.run_every_night(request, at)


def peek(
    root: "Path", config_file: "Path | None", overrides: "Mapping[str, object]", observer: "Observer | None"
) -> "RunResult":
    """Take a first look that writes nothing: the five findings most worth acting on."""
    from daydream.app import first_look

    return first_look.peek(root, config_file, overrides, observer)


def status(root: "Path", config_file: "Path | None") -> "RunResult":
    """Say where the night stands."""
    from daydream.app import standing

    return standing.status(root, config_file)


def report(root: "Path", config_file: "Path | None", date: "str | None", path_only: "bool") -> "RunResult":
    """Show a report, the latest unless a date is given."""
    from daydream.app import views

    return views.report(root, config_file, date, path_only)


def runs(root: "Path", config_file: "Path | None") -> "RunResult":
    """List the runs that are still known."""
    from daydream.app import views

    return views.runs(root, config_file)


def show(root: "Path", config_file: "Path | None", run: "str") -> "RunResult":
    """Show one run: its states, sub-steps that went wrong, and effects."""
    from daydream.app import views

    return views.show(root, config_file, run)


def fsck(root: "Path", config_file: "Path | None") -> "RunResult":
    """Check everything on disk; repairs nothing."""
    from daydream.app import checks

    return checks.fsck(root, config_file)


def findings(root: "Path", config_file: "Path | None", new_only: "bool") -> "RunResult":
    """List what is known, from the last report."""
    from daydream.app import known

    return known.findings(root, config_file, new_only)


def show_finding(root: "Path", config_file: "Path | None", finding_id: "str") -> "RunResult":
    """Show one finding with its history and why its rule is trusted."""
    from daydream.app import known

    return known.show_finding(root, config_file, finding_id)


def suppress(
    root: "Path", config_file: "Path | None", finding_id: "str", days: "int | None", reason: "str | None"
) -> "RunResult":
    """Silence one finding from the next night on."""
    from daydream.app import known

    return known.suppress(root, config_file, finding_id, days, reason)


def list_proposals(root: "Path", config_file: "Path | None") -> "RunResult":
    """List the changes that wait for an answer."""
    from daydream.app import proposals as waiting

    return waiting.listing(root, config_file)


def show_proposal(root: "Path", config_file: "Path | None", proposal_id: "str") -> "RunResult":
    """Show one proposal."""
    from daydream.app import proposals as waiting

    return waiting.show(root, config_file, proposal_id)


def patch_of(root: "Path", config_file: "Path | None", proposal_id: "str") -> bytes:
    """A proposal's difference alone, as `git apply` takes it."""
    from daydream.app import proposals as waiting

    return waiting.patch(root, config_file, proposal_id)


def accept(root: "Path", config_file: "Path | None", proposal_id: "str") -> "RunResult":
    """Put a verified change on the current branch."""
    from daydream.app import accepting

    return accepting.accept(root, config_file, proposal_id)


def reject(root: "Path", config_file: "Path | None", proposal_id: "str", reason: "str") -> "RunResult":
    """Say no to a proposal."""
    from daydream.app import proposals as waiting

    return waiting.reject(root, config_file, proposal_id, reason)


def init(root: "Path", config_file: "Path | None", write: "bool", tests: "str | None" = None) -> "RunResult":
    """Show, and on request write, a first configuration for this repository."""
    from daydream.app import setup

    return setup.init(root, config_file, write, tests)


def doctor(root: "Path", config_file: "Path | None") -> "RunResult":
    """Say what works here, and the one command that mends the rest."""
    from daydream.app import setup

    return setup.doctor(root, config_file)


def undo(root: "Path", config_file: "Path | None", effect_id: "str") -> "RunResult":
    """Take one executed change back."""
    from daydream.app import take_back

    return take_back.undo(root, config_file, effect_id)
