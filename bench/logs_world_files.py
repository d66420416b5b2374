"""How a world's records become files: line formats, daily rotation by renaming or by copying."""

import datetime as dt
import gzip
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

KEPT = 7


@dataclass(frozen=True, slots=True)
class Record:
    """One thing a program logged: seconds since 1970 (UTC), the log's name, level, logger, message,
    the lines that follow it (a traceback)."""

    when: float
    source: str
    level: str
    logger: str
    text: str
    more: tuple[str, ...] = ()


Format = Callable[[Record, dt.tzinfo], str]


def _local(record: Record, zone: dt.tzinfo) -> str:
    local = dt.datetime.fromtimestamp(record.when, zone)
    return f"{local:%Y-%m-%d %H:%M:%S},{local.microsecond // 1000:03}"


def _utc(record: Record) -> str:
    instant = dt.datetime.fromtimestamp(record.when, dt.UTC)
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03}Z"


def _lines(first: str, record: Record) -> str:
    return "\n".join((first, *record.more)) + "\n"


def _plain(record: Record, zone: dt.tzinfo) -> str:
    return _lines(f"{_local(record, zone)} {record.level} {record.logger} {record.text}", record)


def _dashes(record: Record, zone: dt.tzinfo) -> str:
    return _lines(f"{_local(record, zone)} - {record.logger} - {record.level} - {record.text}", record)


def _brackets(record: Record, zone: dt.tzinfo) -> str:
    return _lines(f"{_local(record, zone)} [{record.level}] {record.logger}: {record.text}", record)


def _json(record: Record, _zone: dt.tzinfo) -> str:
    fields = {
        "event": record.text,
        "level": record.level.lower(),
        "logger": record.logger,
        "timestamp": _utc(record),
    }
    if record.more:
        fields["exception"] = "\n".join(record.more)
    return json.dumps(fields) + "\n"


def _logfmt(record: Record, _zone: dt.tzinfo) -> str:
    text = record.text.replace('"', "'")
    return f'time={_utc(record)} level={record.level.lower()} logger={record.logger} msg="{text}"\n'


def _raw(record: Record, zone: dt.tzinfo) -> str:
    local = dt.datetime.fromtimestamp(record.when, zone)
    return record.text.replace("@TIME@", f"{local:%d/%b/%Y:%H:%M:%S %z}") + "\n"


FORMATS: dict[str, Format] = {
    "plain": _plain,
    "dashes": _dashes,
    "brackets": _brackets,
    "json": _json,
    "logfmt": _logfmt,
    "raw": _raw,
}


def append(path: Path, texts: Sequence[str], when: float) -> None:
    """Append to a log; its time of change becomes `when`."""
    with path.open("a", encoding="utf-8") as handle:
        handle.writelines(texts)
    os.utime(path, (when, when))


def rotate(path: Path, when: float, *, copying: bool) -> None:
    """Rotate as logrotate does with ``rotate 7``, ``delaycompress``, ``notifempty``: the log becomes ``.1``,
    what was ``.1`` is packed into ``.2.gz``; with `copying` the log is copied and cut (``copytruncate``)."""
    if not path.exists() or not path.stat().st_size:
        return
    _numbered(path, KEPT).unlink(missing_ok=True)
    for number in range(KEPT - 1, 1, -1):
        if _numbered(path, number).exists():
            _numbered(path, number).rename(_numbered(path, number + 1))
    first = path.with_name(f"{path.name}.1")
    if first.exists():
        _pack(first, _numbered(path, 2))
    if copying:
        shutil.copy2(path, first)
        os.truncate(path, 0)
    else:
        path.rename(first)
        path.touch()
    os.utime(path, (when, when))


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}.gz")


def _pack(plain: Path, packed: Path) -> None:
    about = plain.stat()
    with packed.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as handle:
        handle.write(plain.read_bytes())
    os.utime(packed, (about.st_mtime, about.st_mtime))
    plain.unlink()
