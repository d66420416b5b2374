"""Reading and writing the head as bytes. Light: `status` needs nothing else of the store."""

import zlib
from pathlib import Path
from typing import Any

import msgspec

from daydream.errors import StateDamaged, StateNewer, StateUnreadable
from daydream.records.head import SCHEMA, Envelope, Head
from daydream.store.migrations import migrate

_encoder = msgspec.json.Encoder()


def crc_text(data: bytes, start: int = 0) -> str:
    """The crc32 of the bytes as 8 hex digits."""
    return f"{zlib.crc32(data, start):08x}"


def run_folder(folder: Path, run: str) -> Path:
    """Where a run keeps its segments and staged content."""
    return folder / "runs" / run


def encode(head: Head) -> bytes:
    """Encode a head with its check sum, as it stands in the file."""
    raw = _encoder.encode(head)
    return b'{"crc32":"%s","state":%s}\n' % (crc_text(raw).encode(), raw)


def decode(data: bytes, name: str) -> Head:
    """Decode what `encode` wrote, or what an older daydream wrote.

    Raises:
        StateDamaged: it is not a head, or its check sum does not hold.
        StateNewer: a newer daydream wrote it.
    """
    try:
        envelope = msgspec.json.decode(data, type=Envelope)
        raw = bytes(envelope.state)
        if crc_text(raw) != envelope.crc32:
            msg = f"{name} fails its check sum"
            raise StateDamaged(msg)
        plain: dict[str, Any] = msgspec.json.decode(raw, type=dict[str, Any])
        version = plain.get("schema", SCHEMA)
        if isinstance(version, int) and version > SCHEMA:
            msg = (
                f"{name} has format {version} and this daydream reads up to {SCHEMA}; use the newer daydream"
            )
            raise StateNewer(msg)
        if version != SCHEMA:
            return msgspec.convert(migrate(plain), type=Head)
        return msgspec.json.decode(raw, type=Head)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        msg = f"{name} is not a state of daydream: {error}"
        raise StateDamaged(msg) from error


def read_head(folder: Path) -> Head | None:
    """Read the head as it is, for those who only look; None where no night was ever started.

    Raises:
        StateDamaged, StateNewer: as `decode`.
    """
    path = folder / "state.json"
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        if _was_begun(folder):
            msg = f"{path} is missing although nights were recorded beside it; `daydream run` tries to recover it"
            raise StateDamaged(msg) from None
        return None
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise StateUnreadable(msg) from error
    return decode(data, str(path))


def _was_begun(folder: Path) -> bool:
    """Whether a night was committed here; a start that died before its first commit left a journal at most."""
    left = (path.name for path in (folder / "runs").glob("*/*"))
    return (folder / "state.prev.json").exists() or any(name != "journal.jsonl" for name in left)
