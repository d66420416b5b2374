"""The entry for Claude Code's Stop hook: keeps a message that judges dreams for the next night, says nothing, always ends well.

It runs after every answer of a session, so that it imports the standard library alone and little of it. Nothing is
judged, stored or sent here; a message without evaluations of dreams is not kept at all.
"""

import json
import os
import sys
import time

_LARGEST_PAYLOAD = 2_000_000
_LARGEST_TEXT = 200_000
_LARGEST_FILE = 4_000_000
_INBOX = ("night", "inbox")
_PLACES = ((".git", "daydream", "state"), (".daydream", "state"), ("state",))
_HEX = frozenset("0123456789abcdef")


def main(arguments: list[str]) -> int:
    """Keep the message of the payload on standard input if it is worth it; `--state DIR` says where. Always 0."""
    try:
        if not os.environ.get("DAYDREAM_JUDGE"):
            _keep(sys.stdin.buffer.read(_LARGEST_PAYLOAD + 1), arguments)
    except (OSError, ValueError, RecursionError, MemoryError, AttributeError):
        pass  # a hook that fails would disturb somebody's session
    return 0


def judges_dreams(text: str) -> bool:
    """Tell whether a message may hold evaluations: it speaks of dreams or names one by its id, and scores them."""
    words = text.lower()
    if not any(word in words for word in ("viability", "score", "tier", "rating")):
        return False
    return "dream" in words or any(
        len(word) == 16 and _HEX.issuperset(word)
        for word in words.replace('"', " ").replace("`", " ").replace(":", " ").split()
    )


def _keep(raw: bytes, arguments: list[str]) -> None:
    if len(raw) > _LARGEST_PAYLOAD:
        return
    payload = json.loads(raw)
    text = payload.get("last_assistant_message")
    if payload.get("hook_event_name") != "Stop" or not isinstance(text, str) or not judges_dreams(text):
        return
    state = _state(arguments, payload.get("cwd"))
    if state is None:
        return
    folder = os.path.join(state, *_INBOX)  # noqa: PTH118 -- pathlib would take longer than everything else here
    os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
    name = f"dream-replies-{time.strftime('%Y-%m-%d', time.gmtime())}.jsonl"
    line = json.dumps({"text": text[:_LARGEST_TEXT], "evaluator": "session"}).encode() + b"\n"
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(os.path.join(folder, name), flags, 0o600)  # noqa: PTH118
    try:
        if os.fstat(handle).st_size + len(line) <= _LARGEST_FILE:
            os.write(handle, line)
    finally:
        os.close(handle)


def _state(arguments: list[str], cwd: object) -> str | None:
    """Return the state folder: the one that was named, else that of the repository around `cwd` where nights ran."""
    if len(arguments) == 2 and arguments[0] == "--state":
        return arguments[1] if os.path.isdir(arguments[1]) else None  # noqa: PTH112
    folder = cwd if isinstance(cwd, str) and os.path.isabs(cwd) else None  # noqa: PTH117
    while folder:
        for place in _PLACES:
            state = os.path.join(folder, *place)  # noqa: PTH118
            if os.path.isdir(os.path.join(state, "night")):  # noqa: PTH112, PTH118
                return state
        above = os.path.dirname(folder)  # noqa: PTH120
        folder = above if above != folder else None
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
