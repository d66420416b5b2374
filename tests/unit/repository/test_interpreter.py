import base64
import hashlib
import json
import os
import sys
from pathlib import Path

import pytest

from daydream.errors import ConfigError
from daydream.processes import Stop
from daydream.records.repository import Interpreter
from daydream.repository import interpreter
from daydream.repository import places as placing
from tests.fakes.checkouts import Checkout, make

THIS = (sys.version_info.major, sys.version_info.minor)


@pytest.fixture
def repo(tmp_path: Path) -> Checkout:
    return make(tmp_path / "repo", {"a.py": "x", ".gitignore": ".venv\nvenv\n.tox\n.nox\n.hatch\n"})


def environment(place: Path, version: str = "version = 3.12.4", python: str | None = None) -> Path:
    """An environment whose Python, were it run, would leave a trace."""
    (place / "bin").mkdir(parents=True)
    (place / "pyvenv.cfg").write_text(f"home = /usr/bin\n{version}\n", encoding="ascii")
    trap = place / "bin/python"
    if python is None:
        trap.write_text(f"#!/bin/sh\ntouch '{place}/RUN'\n", encoding="ascii")
        trap.chmod(0o755)
    else:
        trap.symlink_to(python)
    return trap


def find(root: Path, configured: str | None = None, env: dict[str, str] | None = None) -> Interpreter | None:
    places = placing.locate(root, state=None, logs=None, cache=None, stop=Stop())
    found = interpreter.find(places, configured, env or {}, Stop())
    listed = interpreter.candidates(places, configured, env or {}, Stop())
    usable = [one for one in listed if one.usable]
    assert (found.path if found else None) == (usable[0].path if usable else None)
    return found


def reasons(root: Path, env: dict[str, str] | None = None) -> list[str]:
    places = placing.locate(root, state=None, logs=None, cache=None, stop=Stop())
    return [one.why for one in interpreter.candidates(places, None, env or {}, Stop())]


def test_there_may_be_none(repo: Checkout) -> None:
    assert find(repo.root) is None


def test_the_venv_of_the_repository_is_described_without_being_run(repo: Checkout) -> None:
    python = environment(repo.root / ".venv")
    assert find(repo.root) == Interpreter(
        path=str(python), version=(3, 12), why="the .venv folder of the repository"
    )
    assert not (repo.root / ".venv/RUN").exists()


def test_both_spellings_of_the_version_are_read(repo: Checkout) -> None:
    environment(repo.root / "venv", "version_info = 3.13.0.final.0")
    found = find(repo.root)
    assert found is not None
    assert found.version == (3, 13)


def test_a_committed_environment_is_not_trusted(repo: Checkout) -> None:
    environment(repo.root / ".venv")
    repo.git("add", "-f", ".venv/bin/python")
    assert find(repo.root) is None
    assert reasons(repo.root) == [
        "it is committed to the repository, and a program that came with the files is not run"
    ]


def test_without_git_nothing_inside_is_trusted(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    environment(plain / ".venv")
    assert find(plain) is None
    assert "without git nobody can tell" in reasons(plain)[0]


def test_a_dangling_environment_says_so(repo: Checkout) -> None:
    environment(repo.root / ".venv", python="/nowhere/python3")
    (repo.root / "venv").mkdir()
    assert find(repo.root) is None
    assert reasons(repo.root) == [
        "it leads to a Python that is gone or cannot be run; make it anew",
        "it has no pyvenv.cfg that says its version; set interpreter.path to use it",
    ]


def test_the_configured_one_is_asked_and_wins(repo: Checkout) -> None:
    environment(repo.root / ".venv")
    found = find(repo.root, sys.executable)
    assert found == Interpreter(path=sys.executable, version=THIS, why="configured as interpreter.path")


def test_a_configured_one_may_be_relative_to_the_root(repo: Checkout) -> None:
    environment(repo.root / "envs/x", python=sys.executable)
    found = find(repo.root, "envs/x/bin/python")
    assert found is not None
    assert (found.path, found.version) == (str(repo.root / "envs/x/bin/python"), THIS)


def test_asking_the_configured_one_runs_no_code_of_its_site(repo: Checkout, tmp_path: Path) -> None:
    environment(repo.root / "x", f"version = {THIS[0]}.{THIS[1]}", python=sys.executable)
    site = repo.root / f"x/lib/python{THIS[0]}.{THIS[1]}/site-packages"
    site.mkdir(parents=True)
    code = f"open({str(tmp_path / 'RUN')!r}, 'w')\n"
    (site / "sitecustomize.py").write_text(code, encoding="ascii")
    (site / "x.pth").write_text(f"import sys; {code}", encoding="ascii")
    (repo.root / "sys.py").write_text(code, encoding="ascii")
    assert find(repo.root, "x/bin/python") is not None
    assert not (tmp_path / "RUN").exists()


@pytest.mark.parametrize(
    ("configured", "said"),
    [("/nowhere/python", "cannot be run"), ("/bin/true", "does not answer as a Python"),
     ("a.py", "cannot be run"), (".", "cannot be run")],
)  # fmt: skip
def test_a_configured_one_that_does_not_work_is_refused(repo: Checkout, configured: str, said: str) -> None:
    places = placing.locate(repo.root, state=None, logs=None, cache=None, stop=Stop())
    with pytest.raises(ConfigError, match=f'interpreter.path = "{configured}" {said}'):
        interpreter.find(places, configured, {}, Stop())
    assert [one.usable for one in interpreter.candidates(places, configured, {}, Stop())] == [False]


def test_an_active_environment_needs_a_tie_to_the_repository(repo: Checkout, tmp_path: Path) -> None:
    active = tmp_path / "active"
    python = environment(active)
    env = {"VIRTUAL_ENV": str(active), "HOME": str(tmp_path)}
    assert find(repo.root, env=env) is None
    assert "nothing ties it to this repository" in reasons(repo.root, env)[0]
    record = active / "lib/python3.12/site-packages/thing-1.dist-info/direct_url.json"
    record.parent.mkdir(parents=True)
    for noted in ("[]", "{", json.dumps({"url": "file:///other", "dir_info": {"editable": True}})):
        record.write_text(noted, encoding="ascii")
        assert find(repo.root, env=env) is None
    record.write_text(
        json.dumps({"url": repo.root.as_uri(), "dir_info": {"editable": True}}), encoding="ascii"
    )
    found = find(repo.root, env=env)
    assert found is not None
    assert (found.path, found.why) == (str(python), "the active environment, made for this repository")


def test_an_active_environment_inside_the_repository_is_used_unless_committed(repo: Checkout) -> None:
    environment(repo.root / "env")
    env = {"VIRTUAL_ENV": str(repo.root / "env"), "HOME": "/nowhere"}
    assert find(repo.root, env=env) is not None
    repo.git("add", "-f", "env")
    assert find(repo.root, env=env) is None


def test_pdm_names_one_unless_the_name_is_committed(repo: Checkout, tmp_path: Path) -> None:
    python = environment(tmp_path / "pdm-env")
    repo.write(".pdm-python", f"{python}\n")
    found = find(repo.root)
    assert found is not None
    assert found.path == str(python)
    repo.git("add", ".pdm-python")
    assert find(repo.root) is None
    assert reasons(repo.root) == ["the .pdm-python that names it came with the files"]


def test_environments_of_tox_and_nox_are_taken_newest_first_and_never_a_linters(repo: Checkout) -> None:
    for name in (".tox/lint", ".tox/py39", ".tox/py312", ".tox/py3", ".nox/tests"):
        environment(repo.root / name)
    found = find(repo.root)
    assert found is not None
    assert found.path == str(repo.root / ".tox/py312/bin/python")
    assert len(reasons(repo.root)) == 4


@pytest.mark.parametrize("tool", ["poetry", "hatch", "pipenv"])
@pytest.mark.skipif(sys.platform == "darwin", reason="the tools keep them elsewhere there")
def test_environments_that_tools_keep_elsewhere_are_found_by_the_root(
    repo: Checkout, tmp_path: Path, tool: str
) -> None:
    home = tmp_path / "someone"
    hashed = base64.urlsafe_b64encode(hashlib.sha256(os.fsencode(repo.root)).digest()).decode()[:8]
    folder = {
        "poetry": f".cache/pypoetry/virtualenvs/repo-{hashed}-py3.12",
        "hatch": f".local/share/hatch/env/virtual/repo/{hashed}/repo",
        "pipenv": ".local/share/virtualenvs/repo-xyz",
    }[tool]
    python = environment(home / folder)
    (home / folder / ".project").write_text(str(repo.root), encoding="utf-8")
    environment(home / folder.replace("repo-", "other-").replace(hashed, "12345678"))
    found = find(repo.root, env={"HOME": str(home)})
    assert found is not None
    assert (found.path, found.why) == (str(python), f"the environment that {tool} keeps for this folder")
