"""What a finished `run` tells: the first screen on a terminal, else one line, and the report's path."""

from collections.abc import Sequence

from daydream.contracts.use_cases import RunRequest, RunResult
from daydream.records.head import Head
from daydream.repository.places import Places


def not_due(night: str) -> RunResult:
    """The answer to `--if-due` when the night is done."""
    line = f"the night of {night} is done; nothing is due"
    return RunResult(lines=(line,), data={"due": False, "night": night})


def finished(places: Places, done: Sequence[Head], request: RunRequest) -> RunResult:
    """The answer after one or two nights: exit code 1 where a step failed in any of them, 0 otherwise."""
    head = done[-1]
    report = places.logs / f"report_{head.night}.md"
    data = {
        "run": head.run,
        "night": head.night,
        "mode": head.mode,
        "closed": head.closed,
        "failed": head.failed,
        "resumed": head.resumed,
        "report": str(report),
    }
    lines = [*(_first_screen(places, head) if request.terminal else ()), str(report)]
    return RunResult(
        exit_code=int(any(night.failed for night in done)), lines=tuple(lines), report=report, data=data
    )


def _first_screen(places: Places, head: Head) -> tuple[str, ...]:
    import msgspec

    from daydream.report.document import ReportDoc
    from daydream.report.first_screen import first_screen

    twin = places.logs / f"report_{head.night}.json"
    if not twin.is_file():
        return ()
    return (*first_screen(msgspec.json.decode(twin.read_bytes(), type=ReportDoc)).splitlines(), "")
