"""The ground of a night: the pinned commit in the workbench, the list of files, the examination."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from daydream.config.model import Config
from daydream.errors import DaydreamError
from daydream.processes import Stop
from daydream.records.repository import Examination, SourceFile
from daydream.repository import checkout, files, interpreter, snapshot, workbench
from daydream.repository.places import Places

_WORDS = {
    "missing": "Files whose content is not in this clone",
    "name": "Files whose names cannot be shown or written everywhere",
    "disk": "Files whose names the disk of the cache folder does not take",
    "lfs": "Files stored in Git LFS",
    "encrypted": "Files stored encrypted",
    "large": "Files larger than 8 MiB",
    "limit": "Files beyond what a snapshot holds",
    "unreadable": "Files that cannot be read",
    "vanished": "Files that vanished while they were read",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a night reads (`tree`), what it examines (`files`), what it says of both, and what else belongs to the program
    (`unexamined`)."""

    tree: Path
    files: tuple[SourceFile, ...]
    examination: Examination
    unexamined: tuple[SourceFile, ...] = ()


def prepare(
    places: Places,
    config: Config,
    stop: Stop,
    *,
    commit: str | None = None,
    resumed: bool = False,
    env: Mapping[str, str] | None = None,
) -> Ground:
    """Pin HEAD, or take the `commit` a resumed night was started on, and bring the workbench to it.

    Without git the snapshot is taken; a `resumed` night keeps the one it was started on. Nothing in
    the repository is written. `env` is where the active environment is looked up (default: the process's).

    Raises:
        TryAgain: no space left.
        StateUnreadable: the cache folder cannot be written.
        ConfigError: the configuration names something that does not work.
        DaydreamError: the repository cannot be read, or the commit or the snapshot is gone.
    """
    where = os.environ if env is None else env
    if not places.has_git:
        kept = snapshot.retake(places) if resumed else snapshot.take(places, stop)
        if kept is None:
            msg = "the snapshot this night was started on is gone; start a new night with run --fresh"
            raise DaydreamError(msg)
        return _of_snapshot(places, config, kept, where, stop)
    head = _head(places.root, commit, stop)
    if resumed and commit is None:
        head = replace(head, commit=None)  # the night was begun before the first commit
    checked_out = workbench.update(places, head.commit, stop)
    return _of_commit(places, config, head, checked_out, where, stop)


@contextmanager
def peek_ground(
    places: Places,
    config: Config,
    stop: Stop,
    *,
    env: Mapping[str, str] | None = None,
    commit: str | None = None,
) -> Iterator[Ground]:
    """The same ground in a temporary folder, gone afterwards; neither repository nor cache is written. `commit` is
    looked at instead of HEAD.

    Raises: as `prepare`.
    """
    where = os.environ if env is None else env
    # ignore_cleanup_errors: what a peek found stands, whatever is left in the temporary folder.
    with tempfile.TemporaryDirectory(prefix="daydream-peek-", ignore_cleanup_errors=True) as name:
        target = Path(name).resolve()
        if not places.has_git:
            yield _of_snapshot(places, config, snapshot.export(places, target, stop), where, stop)
        else:
            head = _head(places.root, commit, stop)
            checked_out = workbench.export(places, head.commit, target, stop)
            yield _of_commit(places, config, head, checked_out, where, stop)


def _head(root: Path, commit: str | None, stop: Stop) -> checkout.Head:
    head = checkout.head(root, stop)
    if commit is None or commit == head.commit:
        return head
    if not checkout.has_commit(root, commit, stop):
        msg = f"commit {commit[:12]}, on which this night was started, is gone; start a new night with run --fresh"
        raise DaydreamError(msg)
    return checkout.Head(commit, head.branch, head.shallow)


def _of_commit(
    places: Places,
    config: Config,
    head: checkout.Head,
    checked_out: workbench.CheckedOut,
    env: Mapping[str, str],
    stop: Stop,
) -> Ground:
    own = own_paths(places)
    listing = files.examined(checked_out, exclude=config.files.exclude, own=own, stop=stop)
    work = checkout.uncommitted(places.root, stop)
    examination = Examination(
        commit=head.commit,
        branch=head.branch and head.branch.encode("utf-8", "backslashreplace").decode(),
        shallow=head.shallow,
        files=len(listing.files),
        dirty=work.dirty,
        untracked=work.untracked,
        excluded=listing.excluded,
        interpreter=interpreter.find(places, config.interpreter.path, env, stop),
        notes=(*_standing(head, work), *_left_out(listing)),
    )
    return Ground(checked_out.tree, listing.files, examination, listing.unexamined)


def _of_snapshot(
    places: Places, config: Config, taken: snapshot.Snapshot, env: Mapping[str, str], stop: Stop
) -> Ground:
    listing = files.examined_without_git(
        taken.tree,
        taken.files,
        taken.left_out,
        exclude=config.files.exclude,
        own=own_paths(places),
        stop=stop,
    )
    without = "There is no git here, so a copy of the files was examined and nothing can be proposed."
    examination = Examination(
        commit=None,
        branch=None,
        git=False,
        files=len(listing.files),
        excluded=listing.excluded,
        interpreter=interpreter.find(places, config.interpreter.path, env, stop),
        notes=(without, *_left_out(listing)),
    )
    return Ground(taken.tree, listing.files, examination, listing.unexamined)


def own_paths(places: Places) -> tuple[str, ...]:
    """What daydream writes below the root, as POSIX paths."""
    inside = (place for place in (places.state, places.logs) if place.is_relative_to(places.root))
    return tuple(sorted(place.relative_to(places.root).as_posix() for place in inside))


def _standing(head: checkout.Head, work: checkout.Uncommitted) -> Iterator[str]:
    if head.commit is None:
        yield "There is no commit yet, so there was nothing to examine; commit something first."
    elif head.branch is None:
        yield "HEAD is detached: no branch is checked out."
    if head.shallow:
        yield "The clone is shallow, so ages and renames are known only as far back as it reaches; git fetch --unshallow completes it."
    if work.unknown is not None:
        yield f"Uncommitted and untracked paths were not measured ({work.unknown})."


def _left_out(listing: files.Listing) -> Iterator[str]:
    yield from listing.notes
    submodules = listing.excluded.get("submodule", 0)
    if submodules:
        one = submodules == 1
        yield f"{submodules} submodule{' was' if one else 's were'} not examined; start daydream in {'it' if one else 'each'} for that."
    for reason, words in _WORDS.items():
        count = listing.excluded.get(reason, 0)
        if count:
            yield f"{words}, not examined: {count}."
    if not listing.files and any(listing.excluded.values()):
        yield "Everything in the repository is left out (see the counts), so there was nothing to examine."
