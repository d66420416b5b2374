"""What verification remembers between nights: how the tests come out without any change, and what a planted
error in a module showed. Only time is lost when it is lost."""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from daydream.records.proposal import ModuleProof
from daydream.repository.verify_outcomes import Sample

_KEPT = 4
_BIGGEST = 256 * 2**20


class Memory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Runs without a change, in order, and proofs by path and content of the planted module."""

    samples: tuple[Sample, ...] = ()
    proofs: dict[str, ModuleProof] = {}


def key_of(parts: Mapping[str, object]) -> str:
    """The name of everything that the tests' outcome may depend on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def proof_key(path: str, content: bytes) -> str:
    """The name of one module in one wording."""
    return f"{hashlib.sha256(content).hexdigest()} {path}"


def read(folder: Path, key: str) -> Memory:
    """What is remembered under a key; nothing where the file is gone or damaged."""
    place = folder / f"{key}.json"
    try:
        if place.stat().st_size > _BIGGEST:
            return Memory()
        return msgspec.json.decode(place.read_bytes(), type=Memory)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Memory()


def write(folder: Path, key: str, memory: Memory) -> None:
    """Remember, and forget the oldest of what is more than a few; the disk may refuse, which costs time only."""
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = folder / f"{key}.new"
        fresh.write_bytes(msgspec.json.encode(memory))
        fresh.replace(folder / f"{key}.json")
        for place in _oldest_first(folder)[:-_KEPT]:
            place.unlink()


def _oldest_first(folder: Path) -> Sequence[Path]:
    found = [(place.stat().st_mtime_ns, os.fsencode(place.name), place) for place in folder.glob("*.json")]
    return [place for _, _, place in sorted(found)]
