"""What a night spent on models: an append-only journal in which every request is booked before it is sent.

A line is the crc32 of a JSON object in eight hex digits, a space, and the object. A last line without its end was
being written when the process died, and counts as not written. Money is whole billionths.
"""

import contextlib
import fcntl
import os
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from daydream.clients.llm_limits import NANOS, Limits, Spent, readable
from daydream.errors import DaydreamError
from daydream.store import durable

Source = Literal["billed", "computed", "unknown", "maximum", "free", "nothing"]
"""Where an amount comes from: the server billed it; prices times its tokens; it named no tokens, so the maximum is
booked; nobody saw how the request ended, so the maximum is booked; the endpoint is free; the request was not served."""


class LedgerDamaged(DaydreamError):
    """What was spent tonight cannot be read, so nothing more is asked tonight."""


class Reserved(msgspec.Struct, frozen=True, tag="reserved"):
    """A request is about to be sent, and may cost at most `most`."""

    id: int
    digest: str
    endpoint: str
    model: str
    role: str
    most: int
    wall: float = 0.0


class Settled(msgspec.Struct, frozen=True, tag="settled"):
    """What became of it: `booked` counts against the budget, `cost` is what is known (None: unknown).

    `model` is who answered by its own word. `outcome` is ``answered`` or names the failure.
    """

    id: int
    outcome: str
    booked: int
    source: Source
    cost: int | None = None
    model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    wall: float = 0.0


class Stopped(msgspec.Struct, frozen=True, tag="stopped"):
    """An endpoint, or one model of it, is not asked any more tonight."""

    endpoint: str
    why: str
    model: str | None = None


_Entry = Reserved | Settled | Stopped
_DECODER = msgspec.json.Decoder(_Entry)


@dataclass(slots=True)
class Usage:
    """What one model did tonight; `cost` is None where one of its answers came without."""

    requests: int = 0
    failures: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: int | None = 0
    booked: int = 0


class Ledger:
    """The journal of one night. Its methods may be called from several threads; one process at a time has it."""

    def __init__(self, path: Path, limits: Limits, recovered: Callable[[Reserved], Settled | None]) -> None:
        """Open or begin the journal, and book what was in flight when the last process died.

        `recovered` gives what the stored answer to a request says of its price; where there is none
        the maximum is booked.

        Raises:
            LedgerDamaged: a line in its middle is not what was written, or another process has it.
            StateUnreadable, TryAgain: the disk.
        """
        self._limits = limits
        self._lock = threading.Lock()
        self._reserved: dict[int, Reserved] = {}
        self._settled: dict[int, Settled] = {}
        self._stopped: dict[tuple[str, str | None], str] = {}
        self._wall, self._asking, self._since = 0.0, 0, 0.0
        with durable.reported(path, "opening"):
            created = not path.exists()
            durable.make_folder(path.parent)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            if created:
                durable.sync_folder(path.parent)
        self._path = path
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            self._take()
            self._read()
            self._recover(recovered)
            undo.pop_all()

    def close(self) -> None:
        """Let go of the journal."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def reserve(self, digest: str, endpoint: str, model: str, role: str, most: int) -> int:
        """Book a request that may cost `most` before it is sent, durably; return its number.

        Raises:
            Spent: a budget does not allow it, or the endpoint was stopped.
        """
        with self._lock:
            self._allowed(endpoint, model, most)
            number = max(self._reserved, default=0) + 1
            entry = Reserved(number, digest, endpoint, model, role, most, round(self._wall_now(), 3))
            self._append(entry)
            self._reserved[number] = entry
            return number

    def settle(self, entry: Settled) -> None:
        """Book what became of a request, durably."""
        with self._lock:
            if entry.id in self._settled or self._handle < 0:
                return
            entry = msgspec.structs.replace(entry, wall=round(self._wall_now(), 3))
            self._append(entry)
            self._settled[entry.id] = entry

    def stop(self, endpoint: str, why: str, model: str | None = None) -> None:
        """Ask an endpoint, or one model of it, no more tonight."""
        with self._lock:
            if (endpoint, model) not in self._stopped and self._handle >= 0:
                self._append(Stopped(endpoint, why, model))
                self._stopped[(endpoint, model)] = why

    def why_stopped(self, endpoint: str, model: str | None = None) -> str | None:
        """Say why an endpoint, or this model of it, is not asked any more; None: it may be."""
        return self._stopped.get((endpoint, None)) or self._stopped.get((endpoint, model))

    @property
    def stops(self) -> tuple[str, ...]:
        """Every reason why somebody is not asked any more tonight, in order."""
        return tuple(dict.fromkeys(self._stopped.values()))

    def began(self) -> None:
        """Somebody begins to ask; the time until the last one ends counts."""
        with self._lock:
            if not self._asking:
                self._since = time.monotonic()
            self._asking += 1

    def ended(self) -> None:
        """The other end of `began`."""
        with self._lock:
            self._wall, self._asking = self._wall_now(), self._asking - 1
            self._since = time.monotonic()

    @property
    def requests(self) -> int:
        """How many requests were made tonight, whatever became of them."""
        return len(self._reserved)

    @property
    def failures(self) -> int:
        """How many of them were not answered."""
        return sum(entry.outcome != "answered" for entry in self._settled.values())

    def booked(self, endpoint: str) -> int:
        """Return what counts against an endpoint's budget, requests under way at their maximum."""
        mine = [entry for entry in self._reserved.values() if entry.endpoint == endpoint]
        return sum(done.booked if (done := self._settled.get(e.id)) else e.most for e in mine)

    def usage(self) -> dict[str, Usage]:
        """Return what each model did, by the name it answered with, or failing that by the name asked for."""
        found: dict[str, Usage] = {}
        for number, asked in sorted(self._reserved.items()):
            done = self._settled.get(number)
            each = found.setdefault((done.model if done else None) or asked.model, Usage())
            each.requests += 1
            each.failures += done is None or done.outcome != "answered"
            each.booked += asked.most if done is None else done.booked
            if done is not None:
                each.prompt_tokens += done.prompt_tokens or 0
                each.completion_tokens += done.completion_tokens or 0
            known = None if done is None else done.cost
            each.cost = None if known is None or each.cost is None else each.cost + known
        return found

    def outcomes(self) -> Counter[str]:
        """Count the requests by what became of them."""
        return Counter(entry.outcome for entry in self._settled.values())

    def _allowed(self, endpoint: str, model: str, most: int) -> None:
        if self._handle < 0:
            raise Spent("stopped", "the night's ledger is closed")
        if why := self.why_stopped(endpoint, model):
            raise Spent("stopped", why)
        if self.requests >= self._limits.requests:
            raise Spent("requests", f"tonight's {self._limits.requests} requests are made (models.requests)")
        if self._wall_now() >= self._limits.seconds:
            raise Spent("time", f"models were asked for {self._limits.seconds:.0f} s tonight (models.time)")
        limit = self._limits.money.get(endpoint, 0)
        if self.booked(endpoint) + most > limit and most:
            left = max(0, limit - self.booked(endpoint)) / NANOS
            msg = f"a request to {endpoint} may cost {most / NANOS:.4f}, and {left:.4f} of tonight's {limit / NANOS:.4f} is left"
            raise Spent("money", msg)

    def _wall_now(self) -> float:
        running = time.monotonic() - self._since if self._asking else 0.0
        return self._wall + running

    def _take(self) -> None:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            msg = f"another process books what models cost in {self._path}; wait for it"
            raise LedgerDamaged(msg) from None

    def _append(self, entry: _Entry) -> None:
        """Make one line durable; a line that did not get through is cut off again."""
        with durable.reported(self._path, "writing"):
            end = os.lseek(self._handle, 0, os.SEEK_END)
            try:
                durable.write_all(self._handle, _line(entry))
                os.fdatasync(self._handle)
            except OSError:
                os.ftruncate(self._handle, end)
                raise

    def _read(self) -> None:
        with durable.reported(self._path, "reading"):
            data = b"".join(iter(lambda: os.read(self._handle, 1 << 20), b""))
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            with durable.reported(self._path, "cutting the torn end of"):
                os.ftruncate(self._handle, whole)
        for number, entry in enumerate(self._entries(data[:whole]), start=1):
            self._fold(entry, number)

    def _entries(self, data: bytes) -> Iterator[_Entry]:
        for number, line in enumerate(data.splitlines(), start=1):
            try:
                if int(line[:8], 16) != zlib.crc32(line[9:]):
                    raise ValueError
                yield _DECODER.decode(line[9:])
            except (ValueError, msgspec.MsgspecError):
                msg = f"{self._path}:{number} is damaged, so what was spent tonight is unknown; nothing more is asked tonight"
                raise LedgerDamaged(msg) from None

    def _fold(self, entry: _Entry, number: int) -> None:
        if isinstance(entry, Reserved):
            self._reserved[entry.id] = entry
        elif isinstance(entry, Settled):
            self._settled[entry.id] = entry
        else:
            self._stopped[(entry.endpoint, entry.model)] = entry.why
            return
        if isinstance(entry, Settled) and entry.id not in self._reserved:
            msg = f"{self._path}:{number} settles a request that was never booked; nothing more is asked tonight"
            raise LedgerDamaged(msg)
        self._wall = max(self._wall, entry.wall)

    def _recover(self, recovered: Callable[[Reserved], Settled | None]) -> None:
        for number, entry in sorted(self._reserved.items()):
            if number not in self._settled:
                stored = recovered(entry)
                lost = Settled(number, "interrupted", entry.most, "maximum" if entry.most else "free")
                self.settle(lost if stored is None else msgspec.structs.replace(stored, id=number))


def _line(entry: _Entry) -> bytes:
    text = msgspec.json.encode(entry)
    return b"%08x %b\n" % (zlib.crc32(text), text)


def as_facts(usage: dict[str, Usage]) -> dict[str, Any]:
    """Return what models did as JSON data, money in the endpoint's currency; None is unknown."""
    return {
        name: {
            "requests": each.requests,
            "failures": each.failures,
            "prompt_tokens": each.prompt_tokens,
            "completion_tokens": each.completion_tokens,
            "cost": readable(each.cost),
            "booked": readable(each.booked),
        }
        for name, each in sorted(usage.items())
    }
