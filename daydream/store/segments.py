"""Append-only segments: lines that count only as far as the head says, each with its own crc32."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from daydream.errors import StateDamaged
from daydream.records.head import Segment
from daydream.records.journal import Entry, Line
from daydream.store.durable import make_folder, reported, write_at
from daydream.store.heads import crc_text

_encoder = msgspec.json.Encoder()
_line = msgspec.json.Decoder(Line)
_entry = msgspec.json.Decoder(Entry)


def encode_line(seq: int, entry: Entry) -> bytes:
    """Encode a journal entry as its line, without the newline."""
    raw = _encoder.encode(entry)
    return b'{"seq":%d,"crc":"%s","entry":%s}' % (seq, crc_text(raw).encode(), raw)


def decode_line(data: bytes) -> tuple[int, Entry]:
    """Decode a journal line.

    Raises:
        StateDamaged: it is not a line, or its crc does not hold.
    """
    try:
        line = _line.decode(data)
        if crc_text(bytes(line.entry)) != line.crc:
            msg = "a journal line fails its check sum"
            raise StateDamaged(msg)
        return line.seq, _entry.decode(line.entry)
    except msgspec.MsgspecError as error:
        msg = f"a journal line cannot be read: {error}"
        raise StateDamaged(msg) from error


def append(path: Path, segment: Segment, data: bytes, lines: int) -> Segment:
    """Write lines behind the committed part, durably, and return the longer segment.

    The head that holds the returned segment commits them; bytes of an earlier, uncommitted try are
    overwritten.
    """
    with reported(path, "writing"):
        make_folder(path.parent)
        write_at(path, segment.length, data)
    return Segment(
        length=segment.length + len(data),
        crc=zlib.crc32(data, segment.crc),
        count=segment.count + lines,
    )


def read(path: Path, segment: Segment, start: int = 0) -> bytes:
    """Return the committed bytes from `start` on; checked against the crc when read from 0.

    Raises:
        StateDamaged: the file is shorter than committed, or its check sum does not hold.
    """
    if not segment.length:
        return b""
    data = b""
    if path.exists():
        with reported(path, "reading"), path.open("rb") as handle:
            handle.seek(start)
            data = handle.read(segment.length - start)
    if len(data) < segment.length - start or (start == 0 and zlib.crc32(data) != segment.crc):
        msg = f"{path} is damaged: it does not hold the {segment.length} bytes that were committed"
        raise StateDamaged(msg)
    return data


def names(path: Path, segment: Segment, at: int) -> Iterator[tuple[str, int]]:
    """Yield the names of a plan from byte `at` on, each with the byte where the next one begins."""
    position = at
    decode = msgspec.json.Decoder(str).decode
    if at >= segment.length:
        return
    with reported(path, "reading"), path.open("rb") as handle:
        handle.seek(at)
        while position < segment.length:
            line = handle.readline()
            position += len(line)
            try:
                yield decode(line), position
            except msgspec.MsgspecError as error:
                msg = f"{path} is damaged at byte {position - len(line)}: {error}"
                raise StateDamaged(msg) from error
