import os
import shutil
import zlib
from pathlib import Path

import pytest

from daydream.errors import DaydreamError, StateUnreadable, TryAgain
from daydream.processes import Stop
from daydream.repository import places as placing
from daydream.repository import workbench
from daydream.repository.places import Places
from tests.fakes.checkouts import Checkout, everything, make


def located(repo: Checkout) -> Places:
    return placing.locate(repo.root, state=None, logs=None, cache=None, stop=Stop())


def update(repo: Checkout, commit: str = "HEAD") -> workbench.CheckedOut:
    return workbench.update(located(repo), repo.git("rev-parse", commit), Stop())


def contents(tree: Path) -> dict[str, bytes]:
    return {
        path.relative_to(tree).as_posix(): path.read_bytes()
        for path in sorted(tree.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def test_files_come_out_byte_for_byte_whatever_attributes_and_settings_say(tmp_path: Path) -> None:
    raw: dict[str, str | bytes] = {
        "unix.txt": b"a\nb\n",
        "ident.py": b"# $Id$\n",
        "wide.ps1": "ü\n".encode(),
        "data.bin": b"version https://git-lfs.github.com/spec/v1\n",
    }
    repo = make(tmp_path / "repo", raw)
    repo.write(".gitattributes", "*.txt text eol=crlf\n*.py ident\n*.bin filter=lfs\n")
    repo.write(".git/info/attributes", "*.ps1 working-tree-encoding=UTF-16LE\n")
    repo.git("config", "core.autocrlf", "true")
    repo.git("add", ".gitattributes")
    repo.git("commit", "-q", "-m", "attributes")
    seen = contents(update(repo).tree)
    assert {path: seen[path] for path in raw} == raw


def test_unchanged_files_are_not_written_again(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"same.py": "x", "deep/same.py": "y", "other.py": "1", "gone.py": "z"})
    before = everything(update(repo).tree)
    repo.write("other.py", "2")
    (repo.root / "gone.py").unlink()
    repo.write("new.py", "n")
    repo.commit()
    checked_out = update(repo)
    after = everything(checked_out.tree)
    assert sorted(contents(checked_out.tree)) == ["deep/same.py", "new.py", "other.py", "same.py"]
    assert contents(checked_out.tree)["other.py"] == b"2"
    for path in ("same.py", "deep/same.py"):
        assert after[path] == before[path]


def test_a_second_night_on_the_same_commit_writes_nothing(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a.py": "x", "deep/b.py": "y"})
    before = everything(update(repo).tree)
    assert everything(update(repo).tree) == before


def test_where_only_times_changed_they_are_noted_and_nothing_is_written(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a.py": "x", "deep/b.py": "y"})
    checked_out = update(repo)
    for path in ("a.py", "deep/b.py"):
        os.utime(checked_out.tree / path, (1_000_000_000, 1_000_000_000))
    before = everything(checked_out.tree)
    index = checked_out.tree.parent / "workbench.git/index"
    stale = index.read_bytes()
    assert everything(update(repo).tree) == before
    assert index.read_bytes() != stale


def test_names_may_change_their_case_and_files_become_folders(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"Name.py": "x", "thing": "a file", "other/file": "in a folder"})
    update(repo)
    repo.git("mv", "Name.py", "name.py")
    repo.git("rm", "-q", "thing", "other/file")
    repo.write("thing/inside", "now a folder")
    repo.write("other", "now a file")
    repo.commit()
    checked_out = update(repo)
    assert contents(checked_out.tree) == {
        "name.py": b"x", "thing/inside": b"now a folder", "other": b"now a file"
    }  # fmt: skip


def test_a_night_may_go_back_to_an_earlier_commit(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "1"})
    repo.write("a", "2")
    repo.write("b")
    repo.commit()
    update(repo)
    assert contents(update(repo, "HEAD~1").tree) == {"a": b"1"}


def damage_edit(tree: Path) -> None:
    (tree / "pkg/a.py").write_text("y", encoding="ascii")


def damage_delete(tree: Path) -> None:
    shutil.rmtree(tree / "pkg")


def damage_add(tree: Path) -> None:
    (tree / "pkg/__pycache__").mkdir()
    (tree / "pkg/__pycache__/a.pyc").write_bytes(b"x")
    (tree / ".git").mkdir()
    (tree / ".git/HEAD").write_text("ref: refs/heads/x\n", encoding="ascii")
    (tree / "nested/.git").mkdir(parents=True)


def damage_index(tree: Path) -> None:
    (tree.parent / "workbench.git/index").write_bytes(b"DIRC nonsense")


def damage_no_index(tree: Path) -> None:
    (tree.parent / "workbench.git/index").unlink()


def damage_lock(tree: Path) -> None:
    (tree.parent / "workbench.git/index.lock").write_bytes(b"")


def damage_tree_is_a_file(tree: Path) -> None:
    shutil.rmtree(tree)
    tree.write_bytes(b"")


def damage_git_is_a_file(tree: Path) -> None:
    shutil.rmtree(tree.parent / "workbench.git")
    (tree.parent / "workbench.git").write_bytes(b"")


def damage_mode(tree: Path) -> None:
    (tree / "run.sh").chmod(0o644)


def damage_file_is_a_folder(tree: Path) -> None:
    (tree / "run.sh").unlink()
    (tree / "run.sh/inside").mkdir(parents=True)


def damage_read_only(tree: Path) -> None:
    (tree / "left/behind").mkdir(parents=True)
    (tree / "left/behind/file").write_bytes(b"")
    (tree / "left/behind").chmod(0o500)
    (tree / "left").chmod(0o500)


DAMAGE = [value for name, value in sorted(globals().items()) if name.startswith("damage_")]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_workbench_is_mended(tmp_path: Path, damage: object) -> None:
    repo = make(tmp_path / "repo", {"pkg/a.py": "x", "run.sh": "#!/bin/sh\n", "pkg/b.py": "b"})
    (repo.root / "run.sh").chmod(0o755)
    repo.commit()
    expected = contents(update(repo).tree)
    assert callable(damage)
    damage(located(repo).cache / "workbench")
    tree = update(repo).tree
    assert contents(tree) == expected
    assert (tree / "run.sh").stat().st_mode & 0o111
    assert sorted(entry.name for entry in tree.iterdir()) == ["pkg", "run.sh"]
    assert sorted(p.name for p in located(repo).cache.iterdir()) == ["root", "workbench", "workbench.git"]


@pytest.mark.parametrize("replaced", ["workbench", "workbench/pkg", "workbench.git"])
def test_nothing_is_written_through_a_link_put_in_the_way(tmp_path: Path, replaced: str) -> None:
    repo = make(tmp_path / "repo", {"pkg/a.py": "x"})
    update(repo)
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "a.py").write_bytes(b"mine")
    place = located(repo).cache / replaced
    shutil.rmtree(place)
    place.symlink_to(victim)
    assert contents(update(repo).tree) == {"pkg/a.py": b"x"}
    assert contents(victim) == {"a.py": b"mine"}


def test_a_half_written_workbench_is_completed(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {f"f{n}.py": str(n) for n in range(30)})
    expected = contents(update(repo).tree)
    cache = located(repo).cache
    for number in range(15):
        (cache / f"workbench/f{number}.py").write_bytes(b"")
    (cache / "workbench.trash").mkdir()
    (cache / "workbench.git/index.lock").write_bytes(b"half")
    assert contents(update(repo).tree) == expected
    assert not (cache / "workbench.trash").exists()


def test_odd_names_are_left_out_and_counted(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a.py": "x", "ü.py": "y", "two words.py": "z"})
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"odd")
    names = [b"caf\xe9.py", b"new\nline.py", b"x" * 300 + b".py", "\u202egnp.py".encode()]
    lines = b"".join(b"100644 blob " + blob.encode() + b"\t" + name + b"\0" for name in names)
    before = repo.git("ls-tree", "-z", "HEAD").encode()
    tree = before.rstrip(b"\0") + b"\0" + lines
    made = repo.git("mktree", "-z", stdin=tree)
    commit = repo.git("commit-tree", made, "-m", "odd")
    checked_out = workbench.update(located(repo), commit, Stop())
    assert checked_out.left_out == {"name": 4}
    assert sorted(contents(checked_out.tree)) == ["a.py", "two words.py", "ü.py"]


def forged(repo: Checkout, *lines: str) -> str:
    """A commit that git itself would not make: its tree object is written as it is."""
    raw = b""
    for line in lines:
        mode, blob, name = line.split(" ", 2)
        raw += f"{mode} {name}\0".encode() + bytes.fromhex(blob)
    tree = repo.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw)
    return repo.git("commit-tree", tree, "-m", "forged")


@pytest.mark.parametrize("name", [".git", ".GIT", "git~1", ".git ", "..", ".git::$INDEX_ALLOCATION"])
def test_a_forged_commit_cannot_write_where_git_would_not(tmp_path: Path, name: str) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"evil")
    inner = repo.git("hash-object", "-t", "tree", "-w", "--stdin", stdin=b"100644 x\0" + bytes.fromhex(blob))
    commit = forged(repo, f"40000 {inner} {name}", f"100644 {blob} fine.py")
    checked_out = workbench.update(located(repo), commit, Stop())
    assert contents(checked_out.tree) == {"fine.py": b"evil"}
    assert checked_out.left_out == {"name": 1}


def test_a_forged_commit_cannot_write_through_its_own_link(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    victim = tmp_path / "victim"
    victim.mkdir()
    link = repo.git("hash-object", "-w", "--stdin", stdin=os.fsencode(victim))
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"evil")
    inner = repo.git("hash-object", "-t", "tree", "-w", "--stdin", stdin=b"100644 x\0" + bytes.fromhex(blob))
    commit = forged(repo, f"120000 {link} d", f"40000 {inner} d")
    checked_out = workbench.update(located(repo), commit, Stop())
    assert list(victim.iterdir()) == []
    assert [entry.path for entry in checked_out.written] == [b"d"]


def test_links_are_kept_as_links_and_loops_do_not_matter(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    (repo.root / "loop").symlink_to("loop")
    (repo.root / "up").symlink_to("..")
    repo.commit()
    tree = update(repo).tree
    assert (tree / "loop").readlink() == Path("loop")
    assert (tree / "up").is_symlink()


def test_submodules_are_left_out_and_counted(tmp_path: Path) -> None:
    inner = make(tmp_path / "inner", {"a": "x"})
    repo = make(tmp_path / "repo", {"b": "x"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "sub")
    repo.commit()
    checked_out = update(repo)
    assert checked_out.left_out == {"submodule": 1}
    assert sorted(contents(checked_out.tree)) == [".gitmodules", "b"]


def test_a_sparse_checkout_hides_nothing(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"shown/a": "x", "hidden/b": "y"})
    repo.git("sparse-checkout", "set", "shown")
    assert not (repo.root / "hidden/b").exists()
    assert sorted(contents(update(repo).tree)) == ["hidden/b", "shown/a"]


@pytest.mark.parametrize("init", [(), ("--object-format=sha256",)])
def test_both_kinds_of_object_ids_work(tmp_path: Path, init: tuple[str, ...]) -> None:
    repo = make(tmp_path / "repo", None, *init)
    repo.write("a", "1")
    repo.write("b", "1")
    repo.commit()
    update(repo)
    repo.git("rm", "-q", "b")
    repo.commit()
    assert contents(update(repo).tree) == {"a": b"1"}


def test_linked_worktrees_shallow_clones_and_odd_folder_names_work(tmp_path: Path) -> None:
    repo = make(tmp_path / 'a "quoted" \\ repo', {"a": "x"})
    repo.write("a", "y")
    repo.commit()
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.root}", str(tmp_path / "shallow"))
    for root in (repo.root, tmp_path / "linked", tmp_path / "shallow"):
        assert contents(update(Checkout(root)).tree) == {"a": b"y"}


def object_path(repo: Checkout, what: str) -> Path:
    name = repo.git("rev-parse", what)
    return repo.root / ".git/objects" / name[:2] / name[2:]


def test_missing_contents_are_counted_and_the_rest_is_there(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "here", "b": "not here"})
    object_path(repo, "HEAD:b").unlink()
    checked_out = update(repo)
    assert contents(checked_out.tree) == {"a": b"here"}
    assert checked_out.left_out == {"missing": 1}


def test_a_partial_clone_fetches_nothing(tmp_path: Path) -> None:
    origin = make(tmp_path / "origin", {"shown/a": "x", "hidden/b": "yy"})
    origin.git("config", "uploadpack.allowFilter", "true")
    origin.git(
        "clone", "-q", "--filter=blob:none", "--sparse", f"file://{origin.root}", str(tmp_path / "partial")
    )
    partial = Checkout(tmp_path / "partial")
    before = everything(partial.root)
    checked_out = update(partial)
    assert checked_out.left_out == {"missing": 2}
    assert everything(partial.root) == before


def test_a_missing_folder_of_the_commit_is_one_sentence(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"deep/a": "x"})
    object_path(repo, "HEAD:deep").unlink()
    with pytest.raises(DaydreamError, match=r"cannot be read whole.*git fsck"):
        update(repo)


def test_no_commit_empties_the_workbench(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    update(repo)
    assert contents(workbench.update(located(repo), None, Stop()).tree) == {}


def test_a_cache_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, home: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    (home / "cache").write_bytes(b"a file")
    with pytest.raises(StateUnreadable, match=r"cannot be written .*paths\.cache"):
        update(repo)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_asks_to_try_again(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    places = located(repo)
    places.cache.mkdir(parents=True)
    (places.cache / workbench.OWNER).symlink_to("/dev/full")
    with pytest.raises(TryAgain, match="no space left"):
        workbench.update(places, repo.git("rev-parse", "HEAD"), Stop())


def test_an_export_is_the_same_and_writes_nowhere_else(tmp_path: Path, home: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "x", "deep/b": "y"})
    before = everything(repo.root)
    target = tmp_path / "target"
    target.mkdir()
    checked_out = workbench.export(located(repo), repo.git("rev-parse", "HEAD"), target, Stop())
    assert contents(checked_out.tree) == {"a": b"x", "deep/b": b"y"}
    assert everything(repo.root) == before
    assert list(home.iterdir()) == []


def test_the_sweep_removes_only_workbenches_whose_repository_is_gone(tmp_path: Path) -> None:
    kept, gone = make(tmp_path / "kept", {"a": "x"}), make(tmp_path / "gone", {"a": "x"})
    for repo in (kept, gone):
        update(repo)
    cache, lost = located(kept).cache, located(gone).cache
    foreign = cache.parent / "not-ours"
    foreign.mkdir()
    (foreign / "root").write_bytes(b"/nowhere")
    (cache.parent / "linked").symlink_to(lost)
    (lost / "workbench/locked").mkdir(mode=0o500)
    shutil.rmtree(gone.root)
    assert workbench.sweep(cache.parent, Stop()) == (str(gone.root),)
    assert sorted(p.name for p in cache.parent.iterdir()) == sorted([cache.name, "linked", "not-ours"])
    assert workbench.sweep(cache.parent / "nowhere", Stop()) == ()


def fake_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a git on PATH that runs `script` when a tree is written, and is the real one otherwise."""
    real = shutil.which("git")
    folder = tmp_path / "bin"
    folder.mkdir()
    program = f'#!/bin/sh\ncase " $* " in *" checkout-index "*)\n{script}\n;; esac\nexec {real} "$@"\n'
    (folder / "git").write_text(program, encoding="utf-8")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("REAL_GIT", str(real))
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("words", "kind"),
    [("No space left on device", TryAgain), ("Disk quota exceeded", TryAgain),
     ("Read-only file system", StateUnreadable), ("Input/output error", StateUnreadable)],
)  # fmt: skip
def test_trouble_with_the_disk_while_writing_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, kind: type[DaydreamError]
) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    fake_git(tmp_path, monkeypatch, f"echo 'error: unable to create file a: {words}' >&2; exit 128")
    with pytest.raises(kind, match=r"workbench.*paths\.cache"):
        update(repo)


def test_a_name_that_the_disk_refuses_is_counted_and_the_rest_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = make(tmp_path / "repo", {"a": "x", "bad": "y", "deep/c": "z"})
    refuse = (
        f"if {shutil.which('git')} ls-files --error-unmatch bad >/dev/null 2>&1; then\n"
        f"{shutil.which('git')} checkout-index -f -u a; echo 'error: unable to create file bad: File name too long' >&2\n"
        "exit 1; fi"
    )
    fake_git(tmp_path, monkeypatch, refuse)
    for _night in range(2):
        checked_out = update(repo)
        assert checked_out.left_out == {"disk": 2}
        assert contents(checked_out.tree) == {"a": b"x"}


def test_a_commit_larger_than_the_disk_asks_to_try_again_before_writing(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    name = "ab" * 20
    huge = repo.root / ".git/objects" / name[:2] / name[2:]
    huge.parent.mkdir(exist_ok=True)
    huge.write_bytes(zlib.compress(b"blob 999999999999999\0"))
    commit = forged(repo, f"100644 {name} huge")
    with pytest.raises(TryAgain, match=r"needs \d+ MiB and .* MiB left"):
        workbench.update(located(repo), commit, Stop())
