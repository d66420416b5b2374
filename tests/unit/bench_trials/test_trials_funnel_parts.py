"""The parts of the funnel that decide its figures: the filter, the peer's rewrites, and the statistics."""

from pathlib import Path

import pytest

from bench.trials_funnel_filter import passing
from bench.trials_funnel_peer import rewritten
from bench.trials_funnel_statistics import auc, auc_interval, brier, geometric_mean, rate_difference, wilson
from tests.fakes.dream_night import write

FUNCTION = "def {0}:\n    x = 1\n    return x\n"


@pytest.mark.parametrize(
    ("path", "source", "names"),
    [
        ("a.py", FUNCTION.format("f(x)"), ["f"]),
        ("a.py", FUNCTION.format("f()"), []),
        ("a.py", "def f(x): return x\n", []),
        ("a.py", "def f(x):\n    '''Say.'''\n    raise NotImplementedError\n", []),
        ("a.py", "class A:\n    def f(self):\n        x = 1\n        return x\n", []),
        ("a.py", "class A:\n    def f(self, y):\n        x = 1\n        return x\n", ["A.f"]),
        (
            "a.py",
            "class A:\n    @staticmethod\n    def f(y):\n        x = 1\n        return x\n",
            ["A.f"],
        ),
        ("a.py", "@typing.overload\ndef f(x):\n    y = 1\n    return y\n", []),
        ("tests/test_a.py", FUNCTION.format("f(x)"), []),
        ("docs/a.py", FUNCTION.format("f(x)"), []),
        ("a.py", "def f(x):\n" + "    y = 1\n" * 60, []),
    ],
)
def test_the_filter_lets_through_what_it_says(path: str, source: str, names: list[str]) -> None:
    assert [each.qualname for each in passing(path, source.encode())] == names


def test_the_peer_rewrites_functions_and_brings_the_imports_that_they_need(tmp_path: Path) -> None:
    source = """\
def plain(xs):
    total = len(xs)
    return total


def made(xs):
    found = dict((x, 1) for x in xs)
    return found


def quiet(x):
    \"\"\"Say nothing.\"\"\"
    try:
        x.close()
    except OSError:
        pass
"""
    write(tmp_path, {"a.py": source})
    found = {name: code for (_, name, _), code in rewritten(tmp_path, preview=False).items()}
    assert sorted(found) == ["made", "quiet"]
    assert "dict(" not in found["made"]
    lines = [line.strip() for line in found["quiet"].splitlines()]
    assert lines[1:3] == ['"""Say nothing."""', "import contextlib"]


def test_the_area_is_the_share_of_pairs_in_the_right_order() -> None:
    assert auc([(0.1, False), (0.9, True)]) == 1.0
    assert auc([(0.9, False), (0.1, True)]) == 0.0
    assert auc([(0.5, False), (0.5, True)]) == 0.5
    assert auc([(0.1, False), (0.5, True), (0.5, False), (0.9, True)]) == 0.875
    assert auc([(0.5, True)]) is None
    found = auc_interval([(n / 40, n % 3 > 0) for n in range(40)], [n // 2 for n in range(40)])
    assert found is not None
    assert found.low < found.value < found.high


def test_rates_and_their_difference_have_the_published_intervals() -> None:
    # Newcombe (1998), table II: 56/70 - 48/80 = 0.20 (0.0524 to 0.3339)
    found = rate_difference([True] * 56 + [False] * 14, [True] * 48 + [False] * 32)
    assert found is not None
    assert (round(found.value, 4), round(found.low, 4), round(found.high, 4)) == (0.2, 0.0524, 0.3339)
    assert rate_difference([], [True]) is None
    assert wilson(0, 10)[0] == 0.0


def test_the_mean_of_gains_is_geometric() -> None:
    found = geometric_mean([2.0, 0.5])
    assert found is not None
    assert found.value == pytest.approx(1.0)
    assert geometric_mean([]) is None
    assert brier([(0.5, True), (1.0, True)]) == pytest.approx(0.125)
