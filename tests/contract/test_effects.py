"""One suite for every kind of effect: staged, done once, recognised, repeated without harm, taken back."""

import dataclasses
import gzip
import hashlib
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from daydream.errors import Stopped, TryAgain
from daydream.processes import Stop
from daydream.records.change import Advance, Append, Change, Commit, Delete, DropRef, Edit, Move, Pack, SetRef
from daydream.records.effect import Effect
from daydream.store.applier import subject
from daydream.store.effects import EFFECTS, pack
from daydream.store.effects.base import Ground, Standing
from daydream.store.effects.ref import BRANCH


@dataclass
class Case:
    """One kind: the change, what the world looks like, and how a person would interfere."""

    change: Change
    look: Callable[[], object]
    interfere: Callable[[], object]


def _git(root: Path, *argv: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", *argv],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    for name in ("checkout", "logs", "state", "staged", "trash"):
        (tmp_path / name).mkdir()
    root = tmp_path / "checkout"
    _git(root, "init", "-q", "-b", "main")
    (root / "a.txt").write_text("before")
    (root / "tool.sh").write_text("#!/bin/sh\n")
    (root / "tool.sh").chmod(0o755)
    _git(root, "add", ".")
    _git(root, "commit", "-qm", "first")
    (root / "cache").mkdir()
    (root / "cache/x.pyc").write_bytes(b"x")
    return Ground(
        places={"checkout": root, "logs": tmp_path / "logs", "state": tmp_path / "state"},
        root=root,
        staged=tmp_path / "staged",
        trash=tmp_path / "trash",
        stop=Stop(),
    )


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _case(kind: str, ground: Ground) -> Case:
    root = ground.root
    file = root / "a.txt"
    match kind:
        case "edit":
            sha = hashlib.sha256(b"before").hexdigest()
            change: Change = Edit(place="checkout", path="a.txt", content=b"after", expect=sha)
            return Case(change, lambda: _read(file), lambda: file.write_text("mine"))
        case "move":
            change = Move(place="checkout", path="a.txt", target="old/b.txt")
            other = root / "old/b.txt"

            def occupy() -> None:
                other.parent.mkdir(exist_ok=True)
                other.write_text("mine")

            return Case(change, lambda: (_read(file), _read(other)), occupy)
        case "delete":
            folder = root / "cache"

            def remake() -> None:
                folder.mkdir(exist_ok=True)
                (folder / "new").write_text("mine")

            return Case(
                Delete(place="checkout", path="cache"),
                lambda: sorted(p.name for p in folder.glob("*")),
                remake,
            )
        case "append":
            change = Append(place="checkout", path="a.txt", content=b" and after")

            def write_more() -> None:
                file.write_bytes((_read(file) or b"") + b" and mine")

            return Case(change, lambda: _read(file), write_more)
        case "pack" | "advance":
            return {"pack": _pack, "advance": _advance}[kind](ground)
        case "drop":
            _git(root, "update-ref", "refs/daydream/x", "HEAD")
            change = DropRef(ref="refs/daydream/x", expect=_git(root, "rev-parse", "HEAD"))
            return Case(change, lambda: _git(root, "for-each-ref", "refs/daydream"), lambda: _other(root))
        case _:
            change = SetRef(
                ref="refs/daydream/x",
                parent="HEAD",
                files={"a.txt": b"after", "tool.sh": b"#!/bin/sh\nexit\n", "new/n.txt": b"n"},
                message="Change it",
                instant="2026-03-01T02:00:00Z",
            )
            return Case(change, lambda: _git(root, "for-each-ref", "refs/daydream"), lambda: _other(root))


LINES = b"".join(b"%d requests served\n" % number for number in range(100_000))


def _pack(ground: Ground) -> Case:
    """A rotation that nobody writes to, more than one block long."""
    rotation, archive = ground.root / "logs/app.log.3", ground.root / "logs/app.log.3.gz"
    rotation.parent.mkdir()
    rotation.write_bytes(LINES)
    rotation.chmod(0o640)
    os.utime(rotation, (1_700_000_000, 1_700_000_000))
    change = Pack(
        place="checkout",
        path="logs/app.log.3",
        target="logs/app.log.3.gz",
        sha256=hashlib.sha256(LINES).hexdigest(),
        size=len(LINES),
    )

    def look() -> object:
        names = sorted(path.name for path in rotation.parent.iterdir())
        modes = [(path.stat().st_mode, path.stat().st_mtime) for path in sorted(rotation.parent.iterdir())]
        return names, modes, _read(rotation), _read(archive)

    return Case(change, look, lambda: rotation.write_text("mine"))


def _advance(ground: Ground) -> Case:
    """A commit ahead of the branch that edits, adds and removes a file."""
    root = ground.root
    (root / "tool.sh").write_text("#!/bin/sh\nexit\n")
    (root / "a.txt").unlink()
    (root / "n.txt").write_text("n")
    _git(root, "add", "a.txt", "tool.sh", "n.txt")
    _git(root, "commit", "-qm", "second")
    second = _git(root, "rev-parse", "HEAD")
    _git(root, "reset", "-q", "--hard", "HEAD~")

    def look() -> object:
        tracked = {p: _read(root / p) for p in ("a.txt", "tool.sh", "n.txt")}
        return tracked, _git(root, "status", "--porcelain"), _git(root, "rev-parse", "HEAD")

    def commit() -> None:
        (root / "tool.sh").write_text("mine")
        _git(root, "commit", "-qam", "mine")

    return Case(Advance(commit=second, expect=_git(root, "rev-parse", "HEAD")), look, commit)


def _other(root: Path) -> None:
    """Point the ref at a commit of a person's."""
    tree = _git(root, "rev-parse", "HEAD^{tree}")
    _git(root, "update-ref", "refs/daydream/x", _git(root, "commit-tree", tree, "-m", "mine"))


def _kind(case: str) -> str:
    """The kind of effect that a case is of: a ref is set and removed by the same."""
    return "ref" if case == "drop" else case


def _staged(kind: str, case: Case, ground: Ground) -> Effect:
    change = case.change
    path, place = subject(change)
    effect = Effect(id=f"id-{kind}", kind=_kind(kind), place=place, path=path)
    return EFFECTS[_kind(kind)].stage(change, effect, ground)


@pytest.fixture(params=sorted([*EFFECTS, "drop"]))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_staging_changes_nothing_that_anyone_sees(kind: str, ground: Ground) -> None:
    case = _case(kind, ground)
    before = case.look()
    effect = _staged(kind, case, ground)

    assert case.look() == before
    assert effect.problem is None
    assert effect.reversible
    assert EFFECTS[_kind(kind)].standing(effect, ground) is Standing.NOT_STARTED


def test_an_act_is_recognised_and_may_be_repeated(kind: str, ground: Ground) -> None:
    case = _case(kind, ground)
    before = case.look()
    effect = _staged(kind, case, ground)
    EFFECTS[_kind(kind)].act(effect, ground)
    after = case.look()

    assert after != before
    assert EFFECTS[_kind(kind)].standing(effect, ground) is Standing.DONE
    if kind != "delete":  # what is in the trash is DONE and never acted on again
        EFFECTS[_kind(kind)].act(effect, ground)
        assert case.look() == after


def test_staging_again_gives_the_same_effect(kind: str, ground: Ground) -> None:
    case = _case(kind, ground)

    assert _staged(kind, case, ground) == _staged(kind, case, ground)


def test_undo_brings_back_what_was_there_and_may_be_repeated(kind: str, ground: Ground) -> None:
    case = _case(kind, ground)
    before = case.look()
    effect = _staged(kind, case, ground)
    EFFECTS[_kind(kind)].act(effect, ground)

    assert EFFECTS[_kind(kind)].undo(effect, ground)
    assert case.look() == before
    assert EFFECTS[_kind(kind)].undo(effect, ground)
    assert case.look() == before


def test_undo_leaves_alone_what_a_person_changed_since(kind: str, ground: Ground) -> None:
    case = _case(kind, ground)
    effect = _staged(kind, case, ground)
    EFFECTS[_kind(kind)].act(effect, ground)
    if kind == "move":
        ground.root.joinpath("a.txt").write_text("mine")
    else:
        case.interfere()
    now = case.look()

    assert not EFFECTS[_kind(kind)].undo(effect, ground)
    assert case.look() == now


@pytest.mark.parametrize("kind", ["edit", "move", "append", "pack", "ref", "drop", "advance"])
def test_what_a_person_changed_before_the_act_is_a_conflict(kind: str, ground: Ground) -> None:
    case = _case(kind, ground)
    effect = _staged(kind, case, ground)
    case.interfere()

    assert EFFECTS[_kind(kind)].standing(effect, ground) is Standing.CONFLICT


def test_an_append_that_was_torn_is_completed_not_repeated(ground: Ground) -> None:
    case = _case("append", ground)
    effect = _staged("append", case, ground)
    (ground.root / "a.txt").write_bytes(b"before and")

    assert EFFECTS["append"].standing(effect, ground) is Standing.PARTIAL
    EFFECTS["append"].act(effect, ground)
    assert case.look() == b"before and after"


def test_a_move_that_was_torn_is_completed(ground: Ground) -> None:
    case = _case("move", ground)
    effect = _staged("move", case, ground)
    (ground.root / "old").mkdir()
    (ground.root / "old/b.txt").hardlink_to(ground.root / "a.txt")

    assert EFFECTS["move"].standing(effect, ground) is Standing.PARTIAL
    EFFECTS["move"].act(effect, ground)
    assert case.look() == (None, b"before")


def test_what_was_packed_is_a_gzip_file_that_says_who_packed_it(ground: Ground) -> None:
    effect = _staged("pack", _pack(ground), ground)
    EFFECTS["pack"].act(effect, ground)
    archive = ground.root / "logs/app.log.3.gz"

    assert gzip.decompress(archive.read_bytes()) == LINES
    assert pack.is_packed(archive)
    assert (archive.stat().st_mode & 0o777, archive.stat().st_mtime) == (0o640, 1_700_000_000)
    (ground.root / "other.gz").write_bytes(gzip.compress(LINES))
    assert not pack.is_packed(ground.root / "other.gz")


@pytest.mark.parametrize("torn", ["half written", "two names", "both there"])
def test_a_packing_that_was_torn_is_completed(torn: str, ground: Ground) -> None:
    case = _pack(ground)
    effect = _staged("pack", case, ground)
    EFFECTS["pack"].act(effect, ground)
    after, archive = case.look(), ground.root / "logs/app.log.3.gz"
    temporary = archive.with_name(".app.log.3.gz.daydream.tmp")
    (ground.root / "logs/app.log.3").write_bytes(LINES)
    if torn == "half written":
        temporary.write_bytes(archive.read_bytes()[:1000])
        archive.unlink()
    elif torn == "two names":
        temporary.hardlink_to(archive)

    expected = Standing.NOT_STARTED if torn == "half written" else Standing.PARTIAL
    assert EFFECTS["pack"].standing(effect, ground) is expected
    EFFECTS["pack"].act(effect, ground)
    assert EFFECTS["pack"].standing(effect, ground) is Standing.DONE
    if torn != "half written":  # its time is that of the file made anew
        assert case.look() == after
    assert not temporary.exists()


def _cut(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-3])


def _bend(archive: Path) -> None:
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 1
    archive.write_bytes(data)


def _lengthen(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes() + b"more")


def _empty(archive: Path) -> None:
    archive.write_bytes(b"")


@pytest.mark.parametrize("damage", [_cut, _bend, _lengthen, _empty])
def test_an_archive_that_is_not_whole_costs_no_original(
    damage: Callable[[Path], None], ground: Ground
) -> None:
    effect = _staged("pack", _pack(ground), ground)
    EFFECTS["pack"].act(effect, ground)
    damage(ground.root / "logs/app.log.3.gz")
    rotation = ground.root / "logs/app.log.3"

    assert not EFFECTS["pack"].undo(effect, ground)
    rotation.write_bytes(LINES)
    assert EFFECTS["pack"].standing(effect, ground) is Standing.CONFLICT
    with pytest.raises(ValueError, match="is another file; left as it is"):
        EFFECTS["pack"].act(effect, ground)
    assert rotation.read_bytes() == LINES


def test_a_file_that_changed_since_it_was_staged_is_not_lost(ground: Ground) -> None:
    effect = _staged("pack", _pack(ground), ground)
    rotation = ground.root / "logs/app.log.3"
    rotation.write_bytes(LINES + b"one more\n")
    with pytest.raises(ValueError, match="is not what it shall be"):
        EFFECTS["pack"].act(effect, ground)

    assert [path.name for path in rotation.parent.iterdir()] == ["app.log.3"]
    assert rotation.read_bytes() == LINES + b"one more\n"


def test_a_file_that_a_program_writes_to_is_left_alone(ground: Ground) -> None:
    effect = _staged("pack", _pack(ground), ground)
    rotation = ground.root / "logs/app.log.3"
    with rotation.open("ab"):
        assert EFFECTS["pack"].standing(effect, ground) is Standing.CONFLICT
        with pytest.raises(ValueError, match="was written to while it was packed"):
            EFFECTS["pack"].act(effect, ground)
    assert [path.name for path in rotation.parent.iterdir()] == ["app.log.3"]
    with rotation.open("rb"):
        assert EFFECTS["pack"].standing(effect, ground) is Standing.NOT_STARTED
        EFFECTS["pack"].act(effect, ground)
    assert [path.name for path in rotation.parent.iterdir()] == ["app.log.3.gz"]


class Meddling(Stop):
    """Whoever writes one more line once the file has been read."""

    def __init__(self, path: Path, blocks: int) -> None:
        super().__init__()
        self.path, self.blocks = path, blocks

    def check(self) -> None:
        self.blocks -= 1
        if self.blocks == -1:
            with self.path.open("ab") as handle:
                handle.write(b"one more\n")


def test_a_line_that_comes_while_the_copy_is_read_back_is_not_lost(ground: Ground) -> None:
    effect = _staged("pack", _pack(ground), ground)
    rotation = ground.root / "logs/app.log.3"
    meddled = dataclasses.replace(ground, stop=Meddling(rotation, -(-len(LINES) // 2**20)))
    with pytest.raises(ValueError, match="was written to while it was packed"):
        EFFECTS["pack"].act(effect, meddled)

    assert [path.name for path in rotation.parent.iterdir()] == ["app.log.3"]
    assert rotation.read_bytes() == LINES + b"one more\n"


def test_a_packing_that_is_stopped_leaves_the_file_and_nothing_beside_it(ground: Ground) -> None:
    effect = _staged("pack", _pack(ground), ground)
    for _ in range(2):  # the second ends the grace at once
        ground.stop.request()
    with pytest.raises(Stopped):
        EFFECTS["pack"].act(effect, ground)
    assert [path.name for path in (ground.root / "logs").iterdir()] == ["app.log.3"]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: path.with_name("app.log.3.gz").touch(), "app.log.3.gz is there already"),
        (lambda path: path.with_name("second").hardlink_to(path), "has several names"),
        (
            lambda path: path.rename(path.with_name("x")).parent.joinpath(path.name).symlink_to("x"),
            "is a link",
        ),
        (lambda path: path.write_text("another"), "is not the file that was read"),
        (lambda path: _git(path.parent, "add", "-f", path.name), "git tracks logs/app.log.3"),
    ],
)
def test_what_may_not_be_packed_is_a_problem(
    spoil: Callable[[Path], object], why: str, ground: Ground
) -> None:
    case = _pack(ground)
    spoil(ground.root / "logs/app.log.3")

    assert why in str(_staged("pack", case, ground).problem)


def test_outside_the_checkout_a_file_is_named_absolutely_and_without_links(
    ground: Ground, tmp_path: Path
) -> None:
    folder = tmp_path / "var/log"
    folder.mkdir(parents=True)
    (tmp_path / "logs-link").symlink_to(folder)
    (folder / "app.log.1").write_bytes(LINES)
    change = Pack(
        place="machine",
        path=str(folder / "app.log.1"),
        target=str(folder / "app.log.1.gz"),
        sha256=hashlib.sha256(LINES).hexdigest(),
        size=len(LINES),
    )
    effect = EFFECTS["pack"].stage(
        change, Effect(id="i", kind="pack", place="machine", path=change.path), ground
    )
    EFFECTS["pack"].act(effect, ground)

    assert EFFECTS["pack"].standing(effect, ground) is Standing.DONE
    assert [path.name for path in folder.iterdir()] == ["app.log.1.gz"]
    for path in ("var/log/app.log.1", str(tmp_path / "logs-link/app.log.1"), f"{folder}/../log/app.log.1"):
        with pytest.raises(ValueError, match="is not absolute, or leads through a link"):
            ground.path("machine", path)


def test_a_ref_is_set_although_a_killed_git_left_its_lock(ground: Ground) -> None:
    case = _case("ref", ground)
    effect = _staged("ref", case, ground)
    lock = ground.root / ".git/refs/daydream/x.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    EFFECTS["ref"].act(effect, ground)

    assert EFFECTS["ref"].standing(effect, ground) is Standing.DONE
    assert not lock.exists()


def test_a_ref_keeps_modes_and_leaves_index_and_checkout_alone(ground: Ground) -> None:
    case = _case("ref", ground)
    index = (ground.root / ".git/index").read_bytes()
    effect = _staged("ref", case, ground)
    EFFECTS["ref"].act(effect, ground)
    modes = _git(ground.root, "ls-tree", "-r", "refs/daydream/x")

    assert "100755" in next(line for line in modes.splitlines() if line.endswith("tool.sh"))
    assert (ground.root / ".git/index").read_bytes() == index
    assert (ground.root / "a.txt").read_text() == "before"


def test_a_ref_outside_our_own_names_is_refused(ground: Ground) -> None:
    change = SetRef(
        ref="refs/heads/main", parent="HEAD", files={}, message="no", instant="2026-03-01T02:00:00Z"
    )
    effect = EFFECTS["ref"].stage(change, Effect(id="i", kind="ref", path=change.ref), ground)

    assert effect.problem == "refs/heads/main is not below refs/daydream/"


def _set(ref: str, **more: object) -> SetRef:
    fields = {"parent": "HEAD", "files": {"a.txt": b"1"}, "message": "One", "instant": "2026-03-01T02:00:00Z"}
    return SetRef(ref=ref, **{**fields, **more})  # type: ignore[arg-type]


def _done(change: SetRef, ground: Ground) -> Effect:
    effect = EFFECTS["ref"].stage(change, Effect(id="i", kind="ref", path=change.ref), ground)
    if effect.problem is None:
        EFFECTS["ref"].act(effect, ground)
    return effect


def test_commits_are_stacked_on_the_branch_in_their_order(ground: Ground) -> None:
    change = _set(BRANCH, then=(Commit(files={"a.txt": b"2", "tool.sh": None}, message="Two"),), expect=None)
    _done(change, ground)

    assert _git(ground.root, "log", "--format=%s", BRANCH).splitlines() == ["Two", "One", "first"]
    assert _git(ground.root, "ls-tree", "--name-only", BRANCH) == "a.txt"
    assert _git(ground.root, "show", f"{BRANCH}:a.txt") == "2"


def test_a_ref_that_is_not_what_was_expected_is_left_alone(ground: Ground) -> None:
    _other(ground.root)
    for expect in (None, "0" * 40):
        effect = _done(_set("refs/daydream/x", expect=expect), ground)
        assert effect.problem == "refs/daydream/x was moved by somebody else; left alone"
    assert _git(ground.root, "log", "-1", "--format=%s", "refs/daydream/x") == "mine"


def test_undo_leaves_a_branch_alone_that_is_checked_out(ground: Ground) -> None:
    effect = _done(_set(BRANCH), ground)
    _git(ground.root, "switch", "-q", "--force", "daydream/proposals")

    assert not EFFECTS["ref"].undo(effect, ground)
    assert _git(ground.root, "rev-parse", "HEAD") == effect.after


def test_a_branch_of_half_our_name_is_no_error(ground: Ground) -> None:
    _git(ground.root, "branch", "daydream")

    assert "leaves no room" in str(_done(_set(BRANCH), ground).problem)


def test_a_branch_that_is_checked_out_is_left_alone(ground: Ground) -> None:
    _git(ground.root, "switch", "-qc", "daydream/proposals")

    assert _done(_set(BRANCH), ground).problem == f"{BRANCH} is checked out; left alone"


@pytest.mark.parametrize("until", ["files", "index", "locks"])
def test_an_advance_that_was_killed_half_way_is_finished(until: str, ground: Ground) -> None:
    case = _advance(ground)
    effect = _staged("advance", case, ground)
    root, after = ground.root, str(effect.after)
    (root / "a.txt").unlink()
    (root / "n.txt").write_text("n")
    if until != "files":
        _git(root, "read-tree", after)
    if until == "locks":
        for name in ("index.lock", "HEAD.lock", "refs/heads/main.lock"):
            (root / ".git" / name).touch()

    assert EFFECTS["advance"].standing(effect, ground) is Standing.PARTIAL
    EFFECTS["advance"].act(effect, ground)
    assert EFFECTS["advance"].standing(effect, ground) is Standing.DONE
    assert _git(root, "status", "--porcelain") == "?? cache/"
    assert list((root / ".git").rglob("*.lock")) == []


def test_an_advance_leaves_a_living_gits_lock_alone(ground: Ground) -> None:
    case = _advance(ground)
    effect = _staged("advance", case, ground)
    lock = ground.root / ".git/index.lock"
    lock.touch()
    held = subprocess.Popen(["git", "cat-file", "--batch"], cwd=ground.root, stdin=subprocess.PIPE)
    with held, pytest.raises(TryAgain, match="a git is at work"):
        EFFECTS["advance"].act(effect, ground)
    assert lock.exists()


@pytest.mark.parametrize("ignored", [False, True])
def test_an_advance_does_not_overwrite_what_git_does_not_track(ignored: bool, ground: Ground) -> None:
    case = _advance(ground)
    (ground.root / "n.txt").write_text("mine")
    if ignored:
        (ground.root / ".git/info/exclude").write_text("n.txt\n")

    assert "n.txt is in the way" in str(_staged("advance", case, ground).problem)


def test_an_advance_moves_the_branch_whatever_its_merge_options(ground: Ground) -> None:
    case = _advance(ground)
    _git(ground.root, "config", "branch.main.mergeOptions", "--squash")
    effect = _staged("advance", case, ground)
    EFFECTS["advance"].act(effect, ground)

    assert EFFECTS["advance"].standing(effect, ground) is Standing.DONE


def test_an_advance_leaves_a_persons_edit_alone(ground: Ground) -> None:
    case = _advance(ground)
    effect = _staged("advance", case, ground)
    (ground.root / "tool.sh").write_text("mine")

    assert EFFECTS["advance"].standing(effect, ground) is Standing.CONFLICT
    with pytest.raises(ValueError, match="changed meanwhile"):
        EFFECTS["advance"].act(effect, ground)
    assert (ground.root / "tool.sh").read_text() == "mine"


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda root: _git(root, "checkout", "-q", "--detach"), "HEAD is detached"),
        (lambda root: (root / "a.txt").write_text("mine"), "uncommitted changes"),
        (lambda root: _git(root, "commit", "-q", "--allow-empty", "-m", "mine"), "has moved since"),
        (lambda root: (root / ".git/index.lock").touch(), "a git is at work"),
        (lambda root: _git(root, "switch", "-qc", "daydream/proposals"), "itself is checked out"),
        (lambda root: (root / ".git/MERGE_HEAD").write_text("0" * 40), "a merge is in progress"),
    ],
)
def test_a_checkout_that_is_in_use_is_not_moved(
    spoil: Callable[[Path], object], why: str, ground: Ground
) -> None:
    case = _advance(ground)
    spoil(ground.root)

    assert why in str(_staged("advance", case, ground).problem)


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "link/inside"])
def test_no_path_leaves_its_place(path: str, ground: Ground, tmp_path: Path) -> None:
    (ground.root / "link").symlink_to(tmp_path)

    with pytest.raises(ValueError, match="leaves the checkout folder"):
        ground.path("checkout", path)


def test_what_is_not_there_is_a_problem_not_an_error(ground: Ground) -> None:
    changes: dict[str, Change] = {
        "delete": Delete(place="checkout", path="nothing"),
        "move": Move(place="checkout", path="nothing", target="x"),
        "pack": Pack(place="checkout", path="nothing", target="nothing.gz", sha256="0", size=1),
    }
    for kind, change in changes.items():
        blank = Effect(id="i", kind=kind, place="checkout", path="nothing")
        assert EFFECTS[_kind(kind)].stage(change, blank, ground).problem == "nothing is not there"
