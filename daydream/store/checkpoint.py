"""The checkpoint: `state.json`, its generation before, and the journal behind it. One commit point: the rename."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from daydream.records.head import Attempt, Head, Segment
from daydream.records.journal import Entered, Entry
from daydream.store import durable, segments
from daydream.store.fold import fold
from daydream.store.heads import encode, run_folder
from daydream.store.lock import RunLock

_TAIL_LINES = 24
_HEAD_BYTES = 3900
_SMALL = 256 + 40
_encoder = msgspec.json.Encoder()


def entries(folder: Path, head: Head) -> Iterator[tuple[int, Entry]]:
    """Yield the run's journal in order with sequence numbers, checked.

    Raises:
        StateDamaged: the journal does not hold what was committed.
    """
    data = segments.read(
        run_folder(folder, head.run) / "journal.jsonl", head.segments.get("journal", Segment())
    )
    for line in data.splitlines():
        yield segments.decode_line(line)
    for raw in head.tail:
        yield segments.decode_line(bytes(raw))


class Checkpoint:
    """The one writer of a night's state. Every commit replaces the head, under the run's lock."""

    def __init__(self, folder: Path, lock: RunLock) -> None:
        self.folder = folder
        self.path = folder / "state.json"
        self.lock = lock
        self.head: Head | None = None
        self.recovered: str | None = None

    @property
    def current(self) -> Head:
        """The head of the run that was begun or loaded."""
        if self.head is None:
            msg = "no run was begun"
            raise LookupError(msg)
        return self.head

    @property
    def run_folder(self) -> Path:
        """The current run's folder."""
        return run_folder(self.folder, self.current.run)

    def load(self) -> Head | None:
        """Load the head, or recover it from the generation before; None where there never was one.

        Raises:
            StateDamaged: neither generation can be read.
            StateNewer: a newer daydream wrote it; nothing is touched.
        """
        from daydream.store import recovery

        self.head, self.recovered = recovery.load(self.folder)
        return self.head

    def begin(self, head: Head, *first: Entry) -> None:
        """Accept a new run: the former head is kept in its run's folder, the new one replaces it."""
        if self.head is not None:
            kept = run_folder(self.folder, self.head.run)
            with durable.reported(kept, "writing"):
                durable.make_folder(kept)
                durable.replace(kept / "head.json", encode(self.head))
        with durable.reported(self.folder, "writing"):
            durable.make_folder(run_folder(self.folder, head.run))
        self.head = replace(head, gen=self.head.gen if self.head else 0)
        self.commit(*first)
        # The generation before must be of this run too, or damage would throw us back to the last one.
        with durable.reported(self.folder, "writing"):
            self._keep_generation(self.path)
        self.commit()

    def commit(
        self, *happened: Entry, attempt: Attempt | msgspec.UnsetType | None = msgspec.UNSET, **fields: Any
    ) -> Head:
        """Append the entries, fold them in and replace the head: either all of it is on disk, or nothing.

        `attempt` and `fields` (resumed, spent_ms) are set in the same replacement. Costs two fsync
        calls, and one more whenever the tail moves to its segment.
        """
        if not self.lock.held:
            msg = "the run's lock is not held"
            raise AssertionError(msg)
        head = self.current
        tail, large = head.tail, False
        for entry in happened:
            line = segments.encode_line(head.seq + 1, entry)
            large = large or len(line) > _SMALL
            tail += (msgspec.Raw(line),)
            head = fold(head, entry)
        if attempt is not msgspec.UNSET:
            fields["attempt"] = attempt
        head = replace(head, gen=head.gen + 1, tail=tail, **fields)
        data = encode(head)
        if large or len(tail) > _TAIL_LINES or len(data) > _HEAD_BYTES:
            head = self._spill(head)
            data = encode(head)
        with durable.reported(self.path, "writing"):
            if any(isinstance(entry, Entered) for entry in happened):
                self._keep_generation(self.path)
            durable.replace(self.path, data)
        self.head = head
        return head

    def write_plan(self, names: Sequence[str]) -> tuple[int, Segment]:
        """Write a state's sub-steps to the plan segment; returns the byte of the first and the segment."""
        segment = self.current.segments.get("plan", Segment())
        data = b"".join(_encoder.encode(name) + b"\n" for name in names)
        if not names:
            return segment.length, segment
        return segment.length, segments.append(self.run_folder / "plan.jsonl", segment, data, len(names))

    def names(self, at: int) -> Iterator[tuple[str, int]]:
        """Yield the planned names from byte `at` on, each with the byte of the next."""
        segment = self.current.segments.get("plan", Segment())
        return segments.names(self.run_folder / "plan.jsonl", segment, at)

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """Yield the current run's journal."""
        return entries(self.folder, self.current)

    def _spill(self, head: Head) -> Head:
        segment = head.segments.get("journal", Segment())
        path = run_folder(self.folder, head.run) / "journal.jsonl"
        data = b"".join(bytes(raw) + b"\n" for raw in head.tail)
        longer = segments.append(path, segment, data, len(head.tail))
        return replace(head, segments={**head.segments, "journal": longer}, tail=())

    def _keep_generation(self, path: Path) -> None:
        """Keep the last generation of a state under a second name; the replacement makes it durable."""
        if not path.exists():
            return
        temporary = self.folder / ".state.prev.json.tmp"
        temporary.unlink(missing_ok=True)
        try:
            os.link(path, temporary)
        except OSError:  # a file system without hard links
            durable.write_at(temporary, 0, path.read_bytes())
        os.replace(temporary, self.folder / "state.prev.json")  # noqa: PTH105 -- atomic by contract
