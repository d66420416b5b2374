"""The findings' memory: one immutable snapshot file per run, a pure function of the one before it."""

import datetime as dt
import re
import zlib
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from daydream.errors import StateDamaged, StateNewer
from daydream.records.finding import Examined, Finding, fingerprint
from daydream.records.night import Known, Standing
from daydream.store.durable import reported
from daydream.store.suppressions import Suppression, append_suppression, by_id, read_suppressions

__all__ = [
    "Snapshot",
    "Suppression",
    "append_suppression",
    "classify",
    "decode",
    "encode",
    "latest",
    "order",
    "read",
    "read_suppressions",
    "snapshots",
]

SCHEMA = 1
SUFFIX = ".jsonl"
FORGET_DAYS = 90
_WORSE_BY = 3
_SEVERITIES = {"low": 0, "medium": 1, "high": 2}
_NOT_A_PATH = re.compile(r"[a-z][a-z0-9_+-]*:")

Key = tuple[str, str, str]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What was known when a run ended: `night` is its date, `commit` what it examined (None without git)."""

    run: str
    night: str
    commit: str | None
    findings: tuple[Known, ...] = ()


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a snapshot file; `crc32` covers every byte after it."""

    schema: int
    run: str
    night: str
    commit: str | None
    count: int
    crc32: str


class _Schema(msgspec.Struct, frozen=True):
    """The only field that every schema, older or newer, is known to have."""

    schema: int


def encode(snapshot: Snapshot) -> bytes:
    """Write a snapshot as JSON lines: a header, then one `Known` per line."""
    body = b"".join(msgspec.json.encode(known) + b"\n" for known in snapshot.findings)
    header = _Header(
        schema=SCHEMA,
        run=snapshot.run,
        night=snapshot.night,
        commit=snapshot.commit,
        count=len(snapshot.findings),
        crc32=f"{zlib.crc32(body):08x}",
    )
    return msgspec.json.encode(header) + b"\n" + body


def decode(data: bytes, name: str) -> Snapshot:
    """Read what `encode` wrote; `name` is used in messages.

    Raises:
        StateDamaged: the bytes fail their check.
        StateNewer: a newer daydream wrote them.
    """
    first, _, body = data.partition(b"\n")
    schema = _parse(first, _Schema, name).schema
    if schema > SCHEMA:
        msg = f"{name} has schema {schema}, this daydream reads up to {SCHEMA}: update daydream"
        raise StateNewer(msg)
    header = _parse(first, _Header, name)
    if header.crc32 != f"{zlib.crc32(body):08x}":
        raise _damaged(name, "its crc32 does not match")
    decoder = msgspec.json.Decoder(Known)
    try:
        findings = tuple(decoder.decode(line) for line in body.splitlines())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(name, str(error)) from error
    if len(findings) != header.count:
        raise _damaged(name, f"it holds {len(findings)} findings, not {header.count}")
    return Snapshot(run=header.run, night=header.night, commit=header.commit, findings=findings)


def _parse(line: bytes, kind: type[Any], name: str) -> Any:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(name, "its first line is not a header") from error


def _damaged(name: str, why: str) -> StateDamaged:
    return StateDamaged(
        f"the findings' memory {name} is damaged: {why}; move it aside and start again: "
        "the snapshot before it is used then"
    )


def read(path: Path) -> Snapshot:
    """Read a snapshot file.

    Raises:
        StateDamaged: it fails its check.
        StateNewer: a newer daydream wrote it.
        StateUnreadable: the disk refused.
    """
    with reported(path, "reading"):
        data = path.read_bytes()
    return decode(data, str(path))


def order(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return the sort key of a run's name in which numbers count as numbers: run 10 follows run 9."""
    return tuple((0, int(t), "") if t.isdigit() else (1, 0, t) for t in re.findall(r"[0-9]+|[^0-9]+", name))


def snapshots(folder: Path) -> list[Path]:
    """List the snapshot files, oldest run first; a folder that does not exist has none."""
    if not folder.is_dir():
        return []
    with reported(folder, "listing"):
        found = [
            path
            for path in folder.iterdir()
            if path.suffix == SUFFIX and not path.name.startswith(".") and not path.is_symlink()
        ]
    return sorted(found, key=lambda path: order(path.stem))


def latest(folder: Path, before_run: str | None = None) -> Path | None:
    """Return the newest snapshot, or the newest of a run before `before_run`; None: there is none."""
    wanted = [p for p in snapshots(folder) if before_run is None or order(p.stem) < order(before_run)]
    return wanted[-1] if wanted else None


def classify(
    previous: Snapshot | None,
    findings: Sequence[Finding],
    examined: Sequence[Examined],
    *,
    night: str,
    present_paths: Container[str],
    renames: Mapping[str, str],
    suppressions: Sequence[Suppression],
) -> tuple[Known, ...]:
    """Compare tonight's findings with those of the night before; the result is the next memory.

    `present_paths` are the files examined tonight, `renames` maps paths of the commit before to
    tonight's. A finding keeps its id and first night as long as rule, renamed subject and identity
    match. What was not seen again is gone only where the same rule and version looked at its
    subject; see docs/report.md for the rest. Sorted by subject, rule and identity.
    """
    remembered, rest = _remembered(previous, renames)
    looked = _Looked(examined, present_paths)
    same_night = previous is not None and previous.night == night
    used = {known.id for known in (*remembered.values(), *rest)}
    seen = []
    distinct = _distinct(findings)
    moved = _moved(distinct, remembered, looked)
    for key, finding in distinct.items():
        known = _seen(finding, remembered.pop(moved.get(key, key), None), night, same_night, used)
        used.add(known.id)
        seen.append(known)
    unseen = (_unseen(old, looked, night, same_night) for old in (*remembered.values(), *rest))
    silent = by_id(suppressions)
    tonight = [_silenced(known, silent.get(known.id), night) for known in (*seen, *unseen) if known]
    return tuple(sorted(tonight, key=lambda known: (known.subject, known.rule, known.identity, known.id)))


_MOVABLE = frozenset({"task.expired", "task.stale", "task.done", "task.moot", "task.issue_closed"})


def _moved(tonight: Mapping[Key, Finding], before: Mapping[Key, Known], looked: "_Looked") -> dict[Key, Key]:
    """Tasks that went with their code to another file: the same text, once among what is new and once among
    what is gone; from tonight's key to the one before."""
    new = _by_text(key for key in tonight if key not in before)
    gone = _by_text(
        key
        for key, known in before.items()
        if key not in tonight and looked.at(known.rule, known.rule_version, known.subject)
    )
    pairs = ((new[text], gone[text]) for text in new.keys() & gone.keys())
    return {there[0]: here[0] for there, here in pairs if len(there) == len(here) == 1}


def _by_text(keys: Iterable[Key]) -> dict[tuple[str, str], list[Key]]:
    """Index the keys of tasks by rule and text."""
    index: dict[tuple[str, str], list[Key]] = {}
    for key in keys:
        if key[0] in _MOVABLE:
            index.setdefault((key[0], key[2]), []).append(key)
    return index


def _distinct(findings: Sequence[Finding]) -> dict[Key, Finding]:
    """Index findings by what identifies them; of several with the same identity the first counts."""
    index: dict[Key, Finding] = {}
    for finding in findings:
        index.setdefault((finding.rule, finding.subject, finding.identity), finding)
    return index


def _remembered(
    previous: Snapshot | None, renames: Mapping[str, str]
) -> tuple[dict[Key, Known], list[Known]]:
    """Index the night before under tonight's names; `rest` are those whose place another one took."""
    index: dict[Key, Known] = {}
    rest = []
    for known in previous.findings if previous else ():
        moved = msgspec.structs.replace(known, subject=renames.get(known.subject, known.subject))
        key = (moved.rule, moved.subject, moved.identity)
        if key in index:
            rest.append(moved)
        else:
            index[key] = moved
    return index, rest


def _seen(finding: Finding, old: Known | None, night: str, same_night: bool, used: Container[str]) -> Known:
    """Return a finding of tonight with its history."""
    return Known(
        id=old.id if old else _free_id(finding, used),
        rule=finding.rule,
        rule_version=finding.rule_version,
        severity=finding.severity,
        subject=finding.subject,
        identity=finding.identity,
        message=finding.message,
        evidence=finding.evidence,
        action=finding.action,
        line=finding.line,
        worth=finding.worth,
        magnitude=finding.magnitude,
        first_night=old.first_night if old else night,
        last_night=night,
        standing=_standing(finding, old, same_night),
        suppressed_until=old.suppressed_until if old else None,
        suppress_reason=old.suppress_reason if old else None,
    )


def _free_id(finding: Finding, used: Container[str]) -> str:
    """Return the fingerprint, or, where a renamed finding took it along, one made from it."""
    known_as, number = finding.fingerprint, 1
    while known_as in used:
        number += 1
        known_as = fingerprint(finding.rule, finding.subject, f"{finding.identity}\x1f{number}")
    return known_as


def _standing(finding: Finding, old: Known | None, same_night: bool) -> Standing:
    """Compare with the last night that looked; a second run of one night keeps what the first said."""
    if old is None or old.standing == "gone" or (same_night and "new" in (old.standing, _first(old))):
        return "new"
    return "worse" if _worse(finding, old) or (same_night and old.standing == "worse") else "still"


def _first(old: Known) -> str:
    """What a finding was before a run of the same night that did not look at it."""
    return "new" if old.standing == "not_looked_at" and old.first_night == old.last_night else ""


def _worse(finding: Finding, old: Known) -> bool:
    """Whether the same rule in the same version finds it graver, or at least twice as large and 3 more."""
    if finding.rule_version != old.rule_version:
        return False
    if _SEVERITIES[finding.severity] > _SEVERITIES[old.severity]:
        return True
    if finding.magnitude is None or old.magnitude is None:
        return False
    return finding.magnitude >= max(2 * old.magnitude, old.magnitude + _WORSE_BY)


def _unseen(old: Known, looked: "_Looked", night: str, same_night: bool) -> Known | None:
    """Return what becomes of a finding that nobody reported tonight; None: it leaves the memory."""
    if old.standing == "gone":
        return old if same_night else None
    if looked.at(old.rule, old.rule_version, old.subject):
        return msgspec.structs.replace(old, standing="gone")
    said = old.standing == "not_looked_at"
    replaced = any(looked.at(old.rule, version, old.subject) for version in looked.versions(old.rule))
    if said and (replaced or _days(old.last_night, night) > FORGET_DAYS):
        return None
    return msgspec.structs.replace(old, standing="not_looked_at")


def _days(earlier: str, later: str) -> int:
    return (dt.date.fromisoformat(later) - dt.date.fromisoformat(earlier)).days


def _silenced(known: Known, wish: Suppression | None, night: str) -> Known:
    """Apply the newest wish, or keep the one that is known, as long as it holds.

    A reason that is not None marks a suppressed finding; without a date it is so for good.
    """
    until, reason = known.suppressed_until, known.suppress_reason
    if wish is not None:
        until, reason = (wish.until.isoformat() if wish.until else None), wish.reason
    if reason is None or (until is not None and until < night):
        until = reason = None
    return msgspec.structs.replace(known, suppressed_until=until, suppress_reason=reason)


class _Looked:
    """What was looked at tonight, by rule and version."""

    def __init__(self, examined: Iterable[Examined], present_paths: Container[str]) -> None:
        self._present = present_paths
        self._subjects: dict[tuple[str, int], list[set[str]]] = {}
        self._everything: set[tuple[str, int]] = set()
        shared: dict[tuple[tuple[str, int], ...], set[str]] = {}
        for part in examined:
            rules = tuple(sorted(part.rules.items()))
            if rules not in shared:
                shared[rules] = set()
                for rule in rules:
                    self._subjects.setdefault(rule, []).append(shared[rules])
            shared[rules].update(part.subjects)
            if part.everything:
                self._everything.update(rules)
        self._reads_files: dict[tuple[str, int], bool] = {}

    def versions(self, rule: str) -> list[int]:
        """The versions of a rule that ran tonight."""
        return sorted(version for name, version in self._subjects if name == rule)

    def at(self, rule: str, version: int, subject: str) -> bool:
        """Whether this rule and version would have reported something in this subject tonight.

        A path that is not among tonight's files counts as looked at where the rule looked at any of
        them: the file was deleted or is no longer examined, and its findings went with it.
        """
        key = (rule, version)
        if key in self._everything or any(subject in s for s in self._subjects.get(key, ())):
            return True
        return self._files_rule(key) and not _NOT_A_PATH.match(subject) and subject not in self._present

    def _files_rule(self, key: tuple[str, int]) -> bool:
        if key not in self._reads_files:
            sets = self._subjects.get(key, ())
            self._reads_files[key] = any(path in self._present for s in sets for path in s)
        return self._reads_files[key]
