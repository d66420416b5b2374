"""Exchanges with models, kept by what was asked: the store that is never paid twice, and cassettes to replay.

A store holds one file for each answer, durable before anybody uses it. A cassette is one file with an exchange on
each line. Neither holds a header, and a key that a server echoes is taken out.
"""

import hashlib
import json
import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from daydream.errors import ConfigError
from daydream.store import durable

REPLAY, RECORD = "DAYDREAM_MODELS_CASSETTE", "DAYDREAM_MODELS_RECORD"
LARGEST_CASSETTE = 256 * 2**20
KEPT_DAYS = 10
_NAME = re.compile(r"[0-9a-f]{64}\.json")


class Exchange(msgspec.Struct, frozen=True):
    """A request, by its digest, and the answer: a whole one with status 200.

    `endpoint` and `model` are what was asked, `body` the JSON that came.
    """

    digest: str
    endpoint: str
    model: str
    body: str


def digest_of(url: str, body: Mapping[str, Any], number: int) -> str:
    """Hash what is asked where; `number` tells the repeats of a request apart."""
    text = json.dumps([url, body, number], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def without_key(text: str, key: str | None) -> str:
    """Take a key out of what a server said, as it is and as JSON writes it."""
    if not key:
        return text
    return text.replace(key, "[secret]").replace(json.dumps(key)[1:-1], "[secret]")


class Store:
    """Answers in a folder, one file each; a file that cannot be read counts as not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, digest: str) -> Exchange | None:
        """Return the answer to this request, or None."""
        try:
            found = msgspec.json.decode((self._folder / f"{digest}.json").read_bytes(), type=Exchange)
        except (OSError, ValueError, msgspec.MsgspecError):
            return None
        return found if found.digest == digest else None

    def put(self, exchange: Exchange) -> None:
        """Keep an answer durably: temporary file, fsync, rename, fsync of the folder.

        Raises:
            StateUnreadable, TryAgain: the disk.
        """
        path = self._folder / f"{exchange.digest}.json"
        with durable.reported(path, "writing"):
            durable.make_folder(self._folder)
            durable.replace(path, msgspec.json.encode(exchange))

    def prune(self, now: float, days: int = KEPT_DAYS) -> int:
        """Delete answers that were written more than `days` before `now` (seconds since 1970); return how many."""
        gone = 0
        if not self._folder.is_dir():
            return 0
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if _NAME.fullmatch(entry.name) and now - entry.stat().st_mtime > days * 86400:
                    Path(entry.path).unlink(missing_ok=True)
                    gone += 1
        return gone


def read_cassette(path: Path) -> dict[str, Exchange]:
    """Read recorded exchanges by digest; of two with the same one the later counts.

    Raises:
        ConfigError: it cannot be read, or a line of it is no exchange.
    """
    try:
        if not path.is_file():
            raise ConfigError(f"{REPLAY} names {path}, which is no file; record one with {RECORD}")
        if path.stat().st_size > LARGEST_CASSETTE:
            raise ConfigError(f"{REPLAY} names {path}, which is larger than {LARGEST_CASSETTE >> 20} MB")
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ConfigError(f"{REPLAY} names {path}, which cannot be read: {error.strerror}") from error
    found: dict[str, Exchange] = {}
    for number, line in enumerate(lines, start=1):
        try:
            exchange = msgspec.json.decode(line, type=Exchange)
        except (ValueError, msgspec.MsgspecError) as error:
            raise ConfigError(
                f"{path}:{number} is no recorded exchange; record the cassette again"
            ) from error
        found[exchange.digest] = exchange
    return found


class Recorder:
    """Adds exchanges to a cassette, each once, for its owner's eyes alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known = set(read_cassette(path)) if path.exists() else set()

    def add(self, exchange: Exchange) -> None:
        """Write an exchange down.

        Raises:
            StateUnreadable, TryAgain: the disk.
        """
        with self._lock, durable.reported(self._path, "recording to"):
            if exchange.digest in self._known:
                return
            self._known.add(exchange.digest)
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            try:
                durable.write_all(handle, msgspec.json.encode(exchange) + b"\n")
            finally:
                os.close(handle)
