"""Our own crashes: the traceback goes to a file, and to Sentry only where a person named a DSN for it."""

import os
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from daydream import __version__

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

DSN_VARIABLE = "DAYDREAM_SENTRY_DSN"
_FLUSH_S = 2.0
_FRAME_KEYS = {"function", "module", "lineno", "in_app"}


def write(error: BaseException, folder: Path | None) -> Path | None:
    """Write the traceback into `folder`, or a temporary one; return the file, or None if no disk took it."""
    text = "".join(traceback.format_exception(error))
    for place in (folder, Path(tempfile.gettempdir())):
        if place is None:
            continue
        try:
            number, name = tempfile.mkstemp(prefix="daydream-crash-", suffix=".txt", dir=place)
            with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"daydream {__version__}\n{text}")
        except OSError:
            continue
        return Path(name)
    return None


def send(error: BaseException, dsn: str) -> str | None:
    """Send the type and the stack, nothing else; return why that failed, or None."""
    import sentry_sdk
    from sentry_sdk.utils import BadDsn

    try:
        client = sentry_sdk.Client(
            dsn=dsn,
            release=f"daydream@{__version__}",
            environment="production",
            before_send=_bare,
            default_integrations=False,
            auto_enabling_integrations=False,
            auto_session_tracking=False,
            send_client_reports=False,
            send_default_pii=False,
            include_local_variables=False,
            include_source_context=False,
            max_breadcrumbs=0,
            server_name="",
            debug=False,
            spotlight=False,
        )
    except BadDsn as bad:
        return f"{DSN_VARIABLE} is not a DSN: {bad}"
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        scope.capture_exception(error)
    client.close(timeout=_FLUSH_S)
    return None


def _bare(event: "Event", _hint: "Hint") -> "Event":
    """Keep what a stack says about our own code.

    The message of an exception may quote a person's source, and paths name their folders.
    """
    kept: Event = {
        "event_id": event["event_id"],
        "timestamp": event["timestamp"],
        "platform": "python",
        "level": "fatal",
        "release": event.get("release", ""),
    }
    values = event.get("exception", {}).get("values", [])
    kept["exception"] = {
        "values": [
            {
                "type": value.get("type"),
                "module": value.get("module"),
                "stacktrace": {"frames": [_frame(frame) for frame in _frames(value)]},
            }
            for value in values
        ]
    }
    return kept


def _frames(value: dict[str, object]) -> list[dict[str, object]]:
    stack = value.get("stacktrace")
    frames = stack.get("frames") if isinstance(stack, dict) else None
    return frames if isinstance(frames, list) else []


def _frame(frame: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in frame.items() if key in _FRAME_KEYS}
