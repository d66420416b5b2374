"""Nights in real processes: what is remembered saves time and changes nothing."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Place
from tests.fakes import checkouts

MORE: dict[str, str | bytes] = {
    "small/shapes.py": (
        "import json\nfrom os import sep, path\n\n\nclass Shape:\n    def _spare(self):\n        return 1\n"
        "        print(2)\n\n\ndef area(side):\n    unused = side\n    return side * side\n"
    ),
    "small/taker.py": "from small.shapes import sep\n\nprint(sep)\n\n# total = sep(1)\n# if total:\n#     print(total)\n",
    "small/broken.py": "def f(:\n",
    "small/latin.py": b"# \xe4\nx = 1\n",
    "tests/test_shapes.py": "from small.shapes import area\n\n\ndef test_area():\n    assert area(2) == 4\n",
}


def cache(place: Place) -> Path:
    (found,) = place.home.glob(".cache/daydream/*/analysis.db")
    return found


def found(place: Place) -> list[dict[str, Any]]:
    told = ("id", "rule", "subject", "identity", "message", "line", "worth", "evidence")
    rows = [{key: row.get(key) for key in told} for row in place.data("findings")["findings"]]
    return sorted(rows, key=lambda row: str(row["id"]))


def section(place: Place) -> str:
    """The report's page on legacy code: its numbers."""
    page = place.report()
    return page[page.index("Legacy Code Cleanup") :].partition("\n## ")[0]


def cold(place: Place) -> list[dict[str, Any]]:
    """What a night finds that knows nothing of any other."""
    shutil.rmtree(place.root / ".git/daydream")
    shutil.rmtree(place.home / ".cache")
    place.daydream("run")
    return found(place)


@pytest.fixture
def rich(small: Place, checkout: checkouts.Checkout) -> Place:
    for path, content in MORE.items():
        checkout.write(path, content)
    checkout.commit()
    return small


def test_night_after_night_finds_what_a_night_without_memory_finds(
    rich: Place, checkout: checkouts.Checkout
) -> None:
    rich.daydream("run")
    first = found(rich)
    rich.daydream("run")
    assert found(rich) == first
    checkout.write(
        "small/shapes.py", "import json\n\n\ndef area(side):\n    return side\n\n\ndef _new(): 1\n"
    )
    checkout.write("small/second.py", "import small.shapes as s\n\ns.json.loads('1')\n")
    checkout.write("README.md", "Call `_orphan` by hand.\n")
    checkout.git("rm", "-q", "small/taker.py", "small/broken.py")
    checkout.commit()
    rich.daydream("run")
    warm, told = found(rich), section(rich)
    assert warm != first
    assert cold(rich) == warm
    assert section(rich) == told


def remembered(place: Place) -> list[tuple[str, str, int]]:
    connection = sqlite3.connect(cache(place))
    sql = (
        "SELECT name, key, entries.rowid FROM entries JOIN kinds ON kinds.id = kind "
        "WHERE name LIKE 'legacy %' OR name LIKE 'vulture %' OR name LIKE 'ruff %' OR name LIKE 'words %'"
    )
    rows = sorted(connection.execute(sql).fetchall())
    connection.close()
    return rows


def test_a_second_night_looks_at_no_file_again(rich: Place) -> None:
    rich.daydream("run")
    before = remembered(rich)
    rich.daydream("run")
    assert len(before) > 10
    assert remembered(rich) == before


def test_what_was_remembered_wrongly_damaged_or_not_at_all_changes_nothing(rich: Place) -> None:
    rich.daydream("run")
    first = found(rich)
    cache(rich).write_bytes(b"damage" * 5000)
    rich.daydream("run")
    assert found(rich) == first
    with sqlite3.connect(cache(rich)) as connection:
        assert connection.execute("UPDATE entries SET value = x'00'").rowcount > 0
    connection.close()
    rich.daydream("run")
    assert found(rich) == first
    cache(rich).unlink()
    cache_folder = next(rich.home.glob(".cache/daydream/*"))
    (cache_folder / "analysis.db").mkdir()
    rich.daydream("run")
    assert found(rich) == first


def test_a_peek_leaves_no_memory(rich: Place) -> None:
    rich.daydream("peek")
    assert not list(rich.home.rglob("analysis.db*"))
