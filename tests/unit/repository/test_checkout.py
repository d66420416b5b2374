from pathlib import Path

import pytest

from daydream.processes import Stop
from daydream.repository.checkout import Uncommitted, renames, uncommitted, without_filters
from tests.fakes.checkouts import Checkout, make


def test_changes_are_counted_by_path(tmp_path: Path) -> None:
    repo = make(
        tmp_path / "repo", {"edited": "x", "staged": "x", "deleted": "x", "old name": "x" * 99, "same": "x"}
    )
    repo.write("edited", "y")
    repo.write("staged", "y")
    repo.git("add", "staged")
    (repo.root / "deleted").unlink()
    repo.write("new/one")
    repo.write("new/two")
    repo.write("lone")
    repo.write(".gitignore", "ignored\n")
    repo.write("ignored")
    assert uncommitted(repo.root, Stop()) == Uncommitted(dirty=3, untracked=3)


def test_conflicts_count_as_dirty(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    repo.git("checkout", "-q", "-b", "other")
    repo.write("a", "y")
    repo.commit()
    repo.git("checkout", "-q", "main")
    repo.write("a", "z")
    repo.commit()
    with pytest.raises(AssertionError):
        repo.git("merge", "-q", "other")
    assert uncommitted(repo.root, Stop()) == Uncommitted(dirty=1, untracked=0)


def test_every_filter_of_the_configuration_is_silenced_also_included_and_oddly_named_ones(
    tmp_path: Path, home: Path
) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    repo.git("config", "filter.a = b.clean", "true")
    (home / "more").write_text('[filter "lfs"]\n\tprocess = git-lfs\n\trequired = true\n', encoding="ascii")
    (home / ".gitconfig").write_text(f"[include]\n\tpath = {home}/more\n", encoding="ascii")
    env = without_filters(repo.root, Stop())
    pairs = {
        env[f"GIT_CONFIG_KEY_{number}"]: env[f"GIT_CONFIG_VALUE_{number}"]
        for number in range(int(env["GIT_CONFIG_COUNT"]))
    }
    assert pairs == {
        f"filter.{name}.{key}": "false" if key == "required" else ""
        for name in ("a = b", "lfs")
        for key in ("smudge", "clean", "process", "required")
    }


def history(tmp_path: Path) -> tuple[Checkout, str, str]:
    text = "".join(f"line {number}\n" for number in range(40))
    repo = make(tmp_path / "repo", {"pkg/a.py": text, "Name.py": text[::-1], "stays.py": "s"})
    old = repo.git("rev-parse", "HEAD")
    repo.git("mv", "Name.py", "name.py")
    repo.git("mv", "pkg", "package")
    repo.write("package/a.py", text + "one more\n")
    return repo, old, repo.commit()


def test_renames_are_followed_also_when_edited_or_only_the_case_changes(tmp_path: Path) -> None:
    repo, old, new = history(tmp_path)
    assert renames(repo.root, old, new, Stop()) == {"Name.py": "name.py", "pkg/a.py": "package/a.py"}
    assert renames(repo.root, new, new, Stop()) == {}


@pytest.mark.parametrize("old", ["0" * 40, "HEAD", "--output=evil", ""])
def test_nothing_is_known_of_renames_since_a_commit_that_is_not_known(tmp_path: Path, old: str) -> None:
    repo, _old, new = history(tmp_path)
    assert renames(repo.root, old, new, Stop()) == {}
    assert not (repo.root / "evil").exists()


def test_renames_of_unchanged_files_are_known_where_contents_are_missing(tmp_path: Path) -> None:
    repo, old, new = history(tmp_path)
    blob = repo.git("rev-parse", f"{old}:pkg/a.py")
    (repo.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert renames(repo.root, old, new, Stop()) == {"Name.py": "name.py"}


def test_renames_of_names_that_are_not_utf_8_are_left_out(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo")
    Path(repo.root, "caf\udce9.py").write_bytes(b"x" * 99)
    old = repo.commit()
    Path(repo.root, "caf\udce9.py").rename(repo.root / "cafe.py")
    new = repo.commit()
    assert renames(repo.root, old, new, Stop()) == {}
