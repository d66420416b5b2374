"""What to do when `state.json` cannot be trusted: the generation before, plus what the journal proves.

Nothing is truncated or thrown away: the damaged file is renamed, a segment with an unproven rest is
copied aside. Sub-steps that only the damaged head knew are done again; effects are reconciled by id.
"""

import itertools
import shutil
from pathlib import Path

from msgspec.structs import replace

from daydream.errors import StateDamaged
from daydream.records.head import Head, Segment
from daydream.records.journal import Entry
from daydream.store import durable, heads, segments
from daydream.store.fold import fold


def load(folder: Path) -> tuple[Head | None, str | None]:
    """Load the head of a state folder, recovering it where that is proven safe.

    Returns the head (None where no night was ever started) and a sentence that says what was recovered.

    Raises:
        StateDamaged: neither generation holds.
        StateNewer: a newer daydream wrote it.
    """
    try:
        head = heads.read_head(folder)
        if head is None:
            return None, None
        check_lengths(folder, head)
    except StateDamaged as damage:
        return _previous(folder, damage)
    else:
        return head, None


def check_lengths(folder: Path, head: Head) -> None:
    """Check that every segment holds at least what was committed.

    Raises:
        StateDamaged: one is shorter.
    """
    for name, segment in head.segments.items():
        path = heads.run_folder(folder, head.run) / f"{name}.jsonl"
        size = path.stat().st_size if path.exists() else 0
        if size < segment.length:
            msg = f"{path} is damaged: {size} of {segment.length} committed bytes are there"
            raise StateDamaged(msg)


def _previous(folder: Path, damage: StateDamaged) -> tuple[Head, str]:
    path = folder / "state.prev.json"
    try:
        head = heads.decode(path.read_bytes(), str(path))
        check_lengths(folder, head)
        head, adopted = adopt(folder, head)
    except (OSError, StateDamaged) as error:
        why = error.strerror if isinstance(error, OSError) else error
        msg = (
            f"{damage}; the generation before, {path.name}, does not help either: {why}. Nothing was changed. "
            f"Rename {folder} to keep it for inspection; the next night then starts anew"
        )
        raise StateDamaged(msg) from damage
    kept = _set_aside(folder / "state.json")
    with durable.reported(folder, "writing"):
        durable.replace(folder / "state.json", heads.encode(head))
    where = f" (kept as {kept.name})" if kept else ""
    return head, f"{damage}{where}; went on from the generation before and {adopted} journal entries"


def adopt(folder: Path, head: Head) -> tuple[Head, int]:
    """Fold in the journal lines behind a head that prove themselves by number and check sum."""
    path = heads.run_folder(folder, head.run) / "journal.jsonl"
    segment = head.segments.get("journal", Segment())
    rest = path.read_bytes()[segment.length :] if path.exists() else b""
    expected = head.seq - len(head.tail) + 1
    adopted, taken, known = 0, b"", head.seq
    for line in rest.splitlines(keepends=True):
        entry = _proven(line, expected)
        if entry is None:
            break
        if expected > known:
            longer = fold(head, entry)
            if not _present(folder, longer):
                break
            head, adopted = longer, adopted + 1
        taken += line
        expected += 1
    if len(taken) < len(rest):
        shutil.copyfile(path, _free_name(path))
    covered = taken.count(b"\n")
    journal = Segment(
        length=segment.length + len(taken),
        crc=int(heads.crc_text(taken, segment.crc), 16),
        count=segment.count + covered,
    )
    tail = head.tail[covered:] if covered < len(head.tail) else ()
    return replace(head, segments={**head.segments, "journal": journal}, tail=tail, attempt=None), adopted


def _proven(line: bytes, expected: int) -> Entry | None:
    if not line.endswith(b"\n"):
        return None
    try:
        seq, entry = segments.decode_line(line)
    except StateDamaged:
        return None
    return entry if seq == expected else None


def _present(folder: Path, head: Head) -> bool:
    for name in ("plan", "effects"):
        segment = head.segments.get(name)
        path = heads.run_folder(folder, head.run) / f"{name}.jsonl"
        if segment and (not path.exists() or path.stat().st_size < segment.length):
            return False
    return True


def _set_aside(path: Path) -> Path | None:
    if not path.exists():
        return None
    kept = _free_name(path)
    path.rename(kept)
    return kept


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.corrupt-{n}") for n in itertools.count(1))
    return next(name for name in names if not name.exists())
