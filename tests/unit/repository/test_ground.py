import contextlib
import os
import shutil
from pathlib import Path

import pytest

from daydream.config.model import Config, FileOptions, PathOptions
from daydream.errors import DaydreamError
from daydream.processes import Stop
from daydream.repository import places as placing
from daydream.repository import workbench
from daydream.repository.ground import Ground, peek_ground, prepare
from daydream.repository.places import Places
from tests.fakes.checkouts import Checkout, everything, make


def located(root: Path) -> Places:
    return placing.locate(root, state=None, logs=None, cache=None, stop=Stop())


def ground_of(root: Path, config: Config | None = None) -> Ground:
    return prepare(located(root), config or Config(), Stop(), env={})


def paths(ground: Ground) -> list[str]:
    return [file.path for file in ground.files]


def hostile(tmp_path: Path) -> tuple[Checkout, Path]:
    """A checkout whose settings would run programs, convert files and hide some, in the middle of work."""
    marker = tmp_path / "marker"
    inner = make(tmp_path / "inner", {"a": "x"})
    repo = make(tmp_path / "repo", {"pkg/a.py": "x = 1\r\n", "data.bin": "pointer", "hidden/c.py": "z"})
    repo.write(".gitattributes", "*.bin filter=evil -text\n*.py text eol=crlf\n")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "sub")
    (repo.root / "loop").symlink_to("loop")
    repo.commit()
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    script = f"#!/bin/sh\ntouch '{marker}'\ncat\n"
    for name in ("post-checkout", "post-index-change", "fsmonitor-watchman"):
        repo.write(f".git/hooks/{name}", script).chmod(0o755)
    tool = repo.write("../tool", script)
    tool.chmod(0o755)
    for key in (
        "filter.evil.smudge",
        "filter.evil.clean",
        "filter.evil.process",
        "core.fsmonitor",
        "diff.external",
    ):
        repo.git("config", key, str(tool))
        Checkout(repo.root / "sub").git("config", key, str(tool))
    for key in ("filter.evil.required", "core.autocrlf", "core.untrackedCache", "core.splitIndex"):
        repo.git("config", key, "true")
    repo.write("pkg/a.py", "x = 'not committed'\r\n")
    repo.write("data.bin", "changed")
    repo.write("sub/a", "changed inside")
    repo.write("untracked/new.py")
    repo.write("lone.py")
    marker.unlink(missing_ok=True)
    return repo, marker


def facts(repo: Checkout) -> list[str]:
    asked = (
        ["rev-parse", "HEAD"],
        ["for-each-ref"],
        ["worktree", "list"],
        ["ls-files", "-s"],
        ["stash", "list"],
    )
    return [repo.git(*argv) for argv in asked]


def test_a_night_and_a_peek_leave_no_trace_in_the_repository_and_run_nothing(tmp_path: Path) -> None:
    repo, marker = hostile(tmp_path)
    said, before = facts(repo), everything(repo.root)
    marker.unlink(missing_ok=True)
    ground_of(repo.root)
    ground = ground_of(repo.root)
    workbench.sweep(located(repo.root).cache.parent, Stop())
    with peek_ground(located(repo.root), Config(), Stop(), env={}) as peeked:
        assert peeked.files == ground.files
    assert not marker.exists()
    assert everything(repo.root) == before
    assert facts(repo) == said
    assert paths(ground) == [".gitattributes", ".gitmodules", "data.bin", "hidden/c.py", "pkg/a.py"]
    assert (ground.tree / "data.bin").read_bytes() == b"pointer"
    assert (ground.tree / "pkg/a.py").read_bytes() == b"x = 1\n"
    assert ground.examination.excluded == {"submodule": 1, "symlink": 1}
    with contextlib.suppress(AssertionError):
        repo.git("status")
    assert marker.exists(), "the traps of this test do not work"


def test_uncommitted_work_is_counted_and_not_read(tmp_path: Path) -> None:
    repo, _marker = hostile(tmp_path)
    examination = ground_of(repo.root).examination
    assert (examination.dirty, examination.untracked) == (2, 2)
    assert examination.notes == ("1 submodule was not examined; start daydream in it for that.",)


def test_the_examination_says_which_commit_and_branch(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a.py": "x"})
    examination = ground_of(repo.root).examination
    assert (examination.commit, examination.branch) == (repo.git("rev-parse", "HEAD"), "main")
    assert (examination.files, examination.dirty, examination.untracked) == (1, 0, 0)
    assert examination.notes == ()


def test_a_resumed_night_stays_on_its_commit(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a.py": "1"})
    first = ground_of(repo.root)
    repo.write("a.py", "2")
    repo.commit()
    again = prepare(located(repo.root), Config(), Stop(), commit=first.examination.commit, env={})
    assert again.files == first.files
    assert (again.tree / "a.py").read_text(encoding="ascii") == "1"
    assert paths(ground_of(repo.root)) == ["a.py"]
    assert (first.tree / "a.py").read_text(encoding="ascii") == "2"


@pytest.mark.parametrize("commit", ["0" * 40, "main", "--all"])
def test_a_commit_that_is_gone_is_one_sentence(tmp_path: Path, commit: str) -> None:
    repo = make(tmp_path / "repo", {"a.py": "1"})
    with pytest.raises(DaydreamError, match="is gone; start a new night"):
        prepare(located(repo.root), Config(), Stop(), commit=commit, env={})


def test_before_the_first_commit_there_is_nothing_to_examine(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo")
    repo.write("a.py")
    ground = ground_of(repo.root)
    assert ground.files == ()
    assert list(ground.tree.iterdir()) == []
    assert ground.examination.commit is None
    assert ground.examination.branch == "main"
    assert ground.examination.untracked == 1
    assert ground.examination.notes == (
        "There is no commit yet, so there was nothing to examine; commit something first.",
    )


def test_shallow_and_detached_are_said(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a.py": "1"})
    repo.commit("second")
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.root}", str(tmp_path / "shallow"))
    Checkout(tmp_path / "shallow").git("checkout", "-q", "--detach")
    examination = ground_of(tmp_path / "shallow").examination
    assert examination.shallow
    assert examination.branch is None
    assert [note.partition(":")[0].partition(",")[0] for note in examination.notes] == [
        "HEAD is detached", "The clone is shallow"
    ]  # fmt: skip


def test_a_head_that_leads_nowhere_is_one_sentence(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a.py": "1"})
    repo.write(".git/refs/heads/main", "0123456789012345678901234567890123456789\n")
    with pytest.raises(DaydreamError, match=r"points to 01234.* that git cannot read; run git fsck"):
        ground_of(repo.root)
    repo.write(".git/refs/heads/main", "nonsense\n")
    with pytest.raises(DaydreamError, match="points to something that git cannot read"):
        ground_of(repo.root)


def test_a_damaged_index_of_the_user_is_said_and_not_counted(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a.py": "1"})
    repo.write(".git/index", b"nonsense")
    ground = ground_of(repo.root)
    assert paths(ground) == ["a.py"]
    assert [note for note in ground.examination.notes if "were not measured (git status:" in note]


def test_what_daydream_wrote_is_not_examined(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"var/state/x.json": "{}", "var/logs/report.md": "r", "a.py": "x"})
    repo.write("docs/report_2026-11-20.md", "# Daydream Report - 2026-11-20\n")
    repo.write("docs/report_2026-11-21.md", "# Quarterly report\n")
    repo.write(".daydream/state/old.json", "{}")
    repo.commit()
    options = PathOptions(state="var/state", logs="var/logs")
    places = placing.locate(repo.root, state=options.state, logs=options.logs, cache=None, stop=Stop())
    ground = prepare(places, Config(paths=options), Stop(), env={})
    assert paths(ground) == ["a.py", "docs/report_2026-11-21.md"]
    assert ground.examination.excluded == {"own": 4}


def test_configured_excludes_are_honoured_and_counted(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a.py": "x", "data/b.py": "x", "data/keep.py": "x"})
    config = Config(files=FileOptions(exclude=("data/*", "!data/keep.py")))
    ground = ground_of(repo.root, config)
    assert paths(ground) == ["a.py", "data/keep.py"]
    assert ground.examination.excluded == {"excluded": 1}


def test_everything_excluded_is_said(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"vendor/a.py": "x"})
    assert "Everything in the repository is left out" in ground_of(repo.root).examination.notes[0]


def test_the_night_goes_on_without_git(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    (plain / "pkg").mkdir(parents=True)
    (plain / "pkg/a.py").write_text("x = 1\n", encoding="ascii")
    before = everything(plain)
    ground = ground_of(plain)
    assert paths(ground) == ["pkg/a.py"]
    assert ground.examination.commit is None
    assert ground.examination.notes[0].startswith("There is no git here")
    (plain / "pkg/a.py").write_text("x = 2\n", encoding="ascii")
    resumed = prepare(located(plain), Config(), Stop(), resumed=True, env={})
    assert resumed.files == ground.files
    assert (resumed.tree / "pkg/a.py").read_text(encoding="ascii") == "x = 1\n"
    (plain / "pkg/a.py").write_text("x = 1\n", encoding="ascii")
    assert everything(plain).keys() == before.keys()
    with peek_ground(located(plain), Config(), Stop(), env={}) as peeked:
        assert paths(peeked) == ["pkg/a.py"]
        assert peeked.tree != ground.tree
    assert not peeked.tree.exists()
    shutil.rmtree(ground.tree)
    with pytest.raises(DaydreamError, match="snapshot this night was started on is gone"):
        prepare(located(plain), Config(), Stop(), resumed=True, env={})


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_repository_is_examined(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a.py": "x"})
    for place in (repo.root, repo.root / ".git"):
        place.chmod(0o500)
    assert paths(ground_of(repo.root)) == ["a.py"]
