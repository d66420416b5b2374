"""What every cache keeps to: a miss is always right, and nothing but what was written is ever read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from daydream.contracts.cache import Cache, Forgetful
from daydream.store.cache import AnalysisCache

Make = Callable[[Path], Cache]
PER_CACHE = pytest.mark.parametrize(
    "make",
    [
        lambda _: Forgetful(),
        lambda folder: AnalysisCache(folder / "analysis.db", 739_000),
        lambda folder: AnalysisCache(folder / "a file" / "analysis.db", 739_000),
        lambda folder: AnalysisCache(folder / "analysis.db", 739_000, limit=2**16),
    ],
    ids=["forgetful", "on disk", "refused by the disk", "with little room"],
)


@PER_CACHE
def test_it_returns_what_was_written_last_or_nothing(tmp_path: Path, make: Make) -> None:
    (tmp_path / "a file").write_text("")
    cache = make(tmp_path)
    for night in range(5):
        values = {f"key {n}": bytes([night, n]) * (n * 40) for n in range(200)}
        cache.write("kind 1", values)
        found = cache.read("kind 1", [*values, "unknown"])
        assert found.items() <= values.items()


@PER_CACHE
def test_kinds_do_not_see_one_another(tmp_path: Path, make: Make) -> None:
    (tmp_path / "a file").write_text("")
    cache = make(tmp_path)
    cache.write("kind 1", {"a": b"1"})
    assert cache.read("kind 2", ["a"]) == {}
    assert cache.read("kind", ["a"]) == {}


@PER_CACHE
def test_no_keys_and_no_values_are_no_trouble(tmp_path: Path, make: Make) -> None:
    (tmp_path / "a file").write_text("")
    cache = make(tmp_path)
    cache.write("kind 1", {})
    assert cache.read("kind 1", []) == {}
    assert cache.read("never written", ["a"]) == {}


@PER_CACHE
def test_any_bytes_and_any_names_are_values_and_keys(tmp_path: Path, make: Make) -> None:
    (tmp_path / "a file").write_text("")
    cache = make(tmp_path)
    values = {"": b"", "ä\n'\"": bytes(range(256)) * 100, "x" * 5000: b"\0"}
    cache.write("a 'kind'", values)
    assert cache.read("a 'kind'", list(values)).items() <= values.items()
