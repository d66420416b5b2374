import os
import subprocess
import sys
from pathlib import Path

import pytest

from daydream.errors import ConfigError, DaydreamError, UsageError
from daydream.processes import Stop
from daydream.repository import places as placing
from daydream.repository.places import Places
from tests.fakes.checkouts import make

OURS = "state/*\n!state/.gitkeep\nlogs/\n"


def locate(start: Path, state: str | None = None, logs: str | None = None) -> Places:
    return placing.locate(start, state=state, logs=logs, cache=None, stop=Stop())


def night_ran(places: Places) -> None:
    head = places.state / placing.NIGHT_HEAD
    head.parent.mkdir(parents=True)
    head.write_text("{}", encoding="ascii")


def test_state_lies_in_the_git_folder_unless_something_says_otherwise(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a/b.py": "x"})
    places = locate(repo.root / "a")
    assert places.root == repo.root
    assert places.git_dir == places.common_dir == repo.root / ".git"
    assert places.state == repo.root / ".git/daydream/state"
    assert places.logs == repo.root / ".git/daydream/logs/daydream"


def test_state_lies_at_the_root_where_a_tracked_gitignore_ignores_both_places(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {".gitignore": OURS})
    places = locate(repo.root)
    assert (places.state, places.logs) == (repo.root / "state", repo.root / "logs/daydream")


@pytest.mark.parametrize("ignored", ["state/\n", "logs/daydream/\n", "state/\nlogs/*\n!logs/daydream/\n"])
def test_one_ignored_place_is_not_enough(tmp_path: Path, ignored: str) -> None:
    repo = make(tmp_path / "repo", {".gitignore": ignored})
    assert locate(repo.root).state == repo.root / ".git/daydream/state"


def test_a_gitignore_that_is_not_tracked_does_not_count(tmp_path: Path, home: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    repo.write(".gitignore", OURS)
    (home / "everywhere").write_text(OURS, encoding="ascii")
    repo.git("config", "core.excludesFile", str(home / "everywhere"))
    assert locate(repo.root).state == repo.root / ".git/daydream/state"


def test_without_git_state_lies_in_a_folder_that_ignores_itself(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    places = locate(plain)
    assert not places.has_git
    assert (places.state, places.logs) == (plain / ".daydream/state", plain / ".daydream/logs/daydream")
    assert list(plain.iterdir()) == []
    placing.create(places)
    assert (plain / ".daydream/.gitignore").read_text(encoding="utf-8").endswith("\n*\n")
    assert places.logs.is_dir()


def test_created_places_do_not_show_in_the_repository(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    placing.create(locate(repo.root))
    assert repo.git("status", "--porcelain", "--ignored") == ""


def test_places_that_the_disk_refuses_are_one_sentence(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"taken": "a file"})
    places = locate(repo.root, state="taken/state")
    with pytest.raises(DaydreamError, match=r"cannot create .*taken.*paths\.state") as raised:
        placing.create(places)
    assert raised.value.exit_code == 74


def test_a_linked_worktree_keeps_its_state_in_its_own_git_folder(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    places = locate(tmp_path / "linked")
    assert places.root == tmp_path / "linked"
    assert places.state == repo.root / ".git/worktrees/linked/daydream/state"
    assert places.common_dir == repo.root / ".git"


def test_a_submodule_is_a_root_of_its_own(tmp_path: Path) -> None:
    inner = make(tmp_path / "inner", {"a": "x"})
    repo = make(tmp_path / "repo", {"b": "x"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "sub")
    places = locate(repo.root / "sub")
    assert places.root == repo.root / "sub"
    assert places.state == repo.root / ".git/modules/sub/daydream/state"


@pytest.mark.parametrize(
    ("start", "said"),
    [("nowhere", "does not exist"), ("repo/a", "is a file"), ("bare", "bare repository"),
     ("bare/objects", "bare repository"), ("repo/.git", "inside a git folder")],
)  # fmt: skip
def test_a_start_that_is_no_checkout_is_one_sentence(tmp_path: Path, start: str, said: str) -> None:
    make(tmp_path / "repo", {"a": "x"})
    make(tmp_path / "bare", None, "--bare")
    with pytest.raises(UsageError, match=said):
        locate(tmp_path / start)


@pytest.mark.parametrize("content", ["gitdir: /nowhere/at/all\n", "nonsense\n"])
def test_a_broken_git_link_is_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / ".git").write_text(content, encoding="ascii")
    with pytest.raises(DaydreamError, match=r"is not a repository that git can read.*repair"):
        locate(tmp_path)


def test_a_git_folder_without_its_head_is_one_sentence(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    (repo.root / ".git/HEAD").unlink()
    with pytest.raises(DaydreamError, match="is not a repository that git can read"):
        locate(repo.root)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_repository_of_another_user_says_how_to_trust_it(tmp_path: Path) -> None:
    repo = make(tmp_path / "a repo", {"a": "x"})
    for place in (repo.root, repo.root / ".git"):
        os.chown(place, 65534, 65534)
    with pytest.raises(DaydreamError, match=r"another user owns it.*safe\.directory '.*a repo'$"):
        locate(repo.root)


def test_configured_places_are_taken_from_the_root(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a/b": "x"})
    places = locate(repo.root / "a", state="var/state", logs=str(tmp_path / "elsewhere"))
    assert (places.state, places.logs) == (repo.root / "var/state", tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("value", "said"), [(".", "is the repository itself"), ("../out", "leaves the repository"),
                        ("a", "is not a folder"), ("link/state", "leaves the repository")]
)  # fmt: skip
def test_configured_places_that_cannot_be_used_are_refused(tmp_path: Path, value: str, said: str) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    (repo.root / "link").symlink_to(tmp_path)
    with pytest.raises(ConfigError, match=said):
        locate(repo.root, state=value)


def test_a_configured_cache_inside_the_repository_is_refused(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    with pytest.raises(ConfigError, match=r"paths\.cache .* lies inside the repository"):
        placing.locate(repo.root, state=None, logs=None, cache="cache", stop=Stop())


def test_two_roots_of_one_name_have_two_caches(tmp_path: Path, home: Path) -> None:
    caches = {placing.cache_folder(tmp_path / side / "my repo") for side in ("a", "b")}
    assert len(caches) == 2
    assert {cache.parent for cache in caches} == {home / "cache/daydream"}
    assert all(cache.name.startswith("my-repo-") for cache in caches)


def test_a_relative_xdg_cache_home_is_ignored(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert placing.cache_folder(tmp_path).parent == home / ".cache/daydream"


def test_a_reader_finds_nothing_before_the_first_night(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    assert placing.find(repo.root, state=None, logs=None) is None


@pytest.mark.parametrize(
    "kind", ["git", "ignored", "linked", "submodule", "plain", "configured", "state only"]
)
def test_a_reader_finds_what_the_night_located(tmp_path: Path, kind: str) -> None:
    state = "var/state" if kind in ("configured", "state only") else None
    logs = "var/logs" if kind == "configured" else None
    root = tmp_path / "repo"
    if kind == "plain":
        (root / "deep").mkdir(parents=True)
        start = root
    else:
        repo = make(root, {"deep/a": "x", **({".gitignore": OURS} if kind == "ignored" else {})})
        start = root / "deep"
        if kind == "linked":
            repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
            start = tmp_path / "linked/deep"
        if kind == "submodule":
            outer = make(tmp_path / "outer", {"b": "x"})
            outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(root), "sub")
            start = outer.root / "sub/deep"
    located = locate(start, state, logs)
    night_ran(located)
    assert placing.find(start, state=state, logs=logs) == located


def test_a_reader_is_told_when_the_start_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        placing.find(tmp_path / "nowhere", state=None, logs=None)


def test_a_reader_starts_no_process_and_loads_nothing_heavy(tmp_path: Path) -> None:
    repo = make(tmp_path / "repo", {"a": "x"})
    night_ran(locate(repo.root))
    program = (
        "import sys; from pathlib import Path; before = set(sys.modules); from daydream.repository.places import find;"
        f"assert find(Path({str(repo.root)!r}), state=None, logs=None);"
        "print(sorted({'subprocess', 'msgspec', 'pydantic', 'pathspec', 'tempfile'} & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
