"""Relatives: of the repository and of further ones, read when somebody asks, with sentences for what could not be."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from daydream.contracts.dream import Procedure
from daydream.dream.related import Relatives
from tests.fakes.dream_night import context, write
from tests.fakes.dream_procedure import procedures

FETCH = "def fetch_page(client, url):\n    answer = client.request(url)\n    return Page(answer.text)\n"
OTHER = "def download_page(client, url):\n    answer = client.request(url, timeout=3)\n    return Page(answer.text)\n"


class Remembering:
    """A cache that holds what it is given."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], bytes] = {}

    def read(self, kind: str, keys: Sequence[str]) -> dict[str, bytes]:
        return {key: self.values[kind, key] for key in keys if (kind, key) in self.values}

    def write(self, kind: str, values: Mapping[str, bytes]) -> None:
        self.values |= {(kind, key): value for key, value in values.items()}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write(tmp_path / "tree", {"one/a.py": FETCH, "two/b.py": OTHER})
    return tmp_path / "tree"


def bare(*found: Procedure) -> list[Procedure]:
    return [replace(each, source=None) for each in found]


def test_relatives_come_from_the_examined_tree_as_it_was_catalogued(tree: Path, tmp_path: Path) -> None:
    fetch, download = procedures(FETCH, "one/a.py")[0], procedures(OTHER, "two/b.py")[0]
    relatives = Relatives(context(tree, tmp_path), lambda: bare(fetch, download))
    assert [each.procedure for each in relatives.of(fetch)] == [replace(download, constants={})]
    stale = replace(download, source_hash="0" * 16)
    assert Relatives(context(tree, tmp_path), lambda: bare(fetch, stale)).of(fetch) == []
    (tree / "two/b.py").unlink()
    assert Relatives(context(tree, tmp_path), lambda: bare(fetch, download)).of(fetch) == []


def test_the_catalogue_is_asked_for_once_and_only_if_needed(tree: Path, tmp_path: Path) -> None:
    asked: list[int] = []
    fetch = procedures(FETCH, "one/a.py")[0]

    def catalogued() -> list[Procedure]:
        asked.append(1)
        return bare(fetch)

    relatives = Relatives(context(tree, tmp_path), catalogued)
    assert asked == []
    relatives.of(fetch)
    relatives.of(fetch)
    assert asked == [1]


def test_further_repositories_are_projects_of_their_own(tree: Path, tmp_path: Path) -> None:
    write(
        tmp_path / "sister",
        {
            "src/net.py": OTHER,
            "tests/test_net.py": OTHER,
            ".venv/x.py": OTHER,
            "node_modules/y.py": OTHER,
            "made.py": f"# @generated\n{OTHER}",
            "short.py": "def f():\n    pass\n",
            "broken.py": "def f(:\n",
            "bytes.py": b"\xff\xfe\x00",
        },
    )
    (tmp_path / "sister/link.py").symlink_to(tree / "two/b.py")
    fetch = procedures(FETCH, "one/a.py")[0]
    relatives = Relatives(context(tree, tmp_path), list, [tmp_path / "sister"])
    found = relatives.of(fetch)
    assert [(each.procedure.path, each.project) for each in found] == [("sister:src/net.py", "sister")]
    assert found[0].procedure.source == OTHER
    assert relatives.notes == [f"3 files of {tmp_path / 'sister'} could not be read as Python."]


def test_what_is_no_folder_is_told(tree: Path, tmp_path: Path) -> None:
    relatives = Relatives(context(tree, tmp_path), list, [tmp_path / "nowhere"])
    assert relatives.of(procedures(FETCH)[0]) == []
    assert relatives.notes == [
        f"nothing was learnt from {tmp_path / 'nowhere'}: it is not a folder that can be read."
    ]


def test_a_remembered_file_gives_the_same_and_damage_is_no_trouble(tree: Path, tmp_path: Path) -> None:
    write(tmp_path / "sister", {"net.py": OTHER})
    cache = Remembering()
    ctx = replace(context(tree, tmp_path), cache=cache)
    fetch = procedures(FETCH, "one/a.py")[0]

    def asked() -> list[str]:
        matches = Relatives(ctx, list, [tmp_path / "sister"]).of(fetch)
        return [f"{each.procedure.path} {each.procedure.source_hash} {each.score}" for each in matches]

    first = asked()
    assert len(first) == len(cache.values) == 1
    assert asked() == first
    cache.values = dict.fromkeys(cache.values, b'{"not": ["procedures"')
    assert asked() == first
