"""`dream journal`, `show`, `stats`, `health` and `run`: what they say, and that looking touches nothing."""

import dataclasses
import datetime as dt
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from daydream.cli.main import main
from daydream.dream.health import Measured, measure
from daydream.records.outcome import Row
from daydream.store import dream_queries
from daydream.store.dream_metrics import metrics_row
from daydream.store.dream_rows import Tried
from daydream.store.lock import RunLock
from daydream.store.trial_rows import Behaved, Trial, trial_row
from tests.fakes.checkouts import Checkout
from tests.fakes.kept_dreams import Book, judged, novelty, reach

WEIGHTS = {"novelty": 60, "quality": 15, "leverage": 15, "efficiency": 10}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that has dreams, though no night ran: its state is where nights would have it."""
    for name in [name for name in os.environ if name.startswith("DAYDREAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DAYDREAM_TRIALS_PER_NIGHT", "0")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home/.config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home/.cache"))
    root = tmp_path / "root"
    root.mkdir()
    Checkout(root).git("init", "--quiet")
    (state(root) / "night").mkdir(parents=True)
    (state(root) / "night/state.json").write_text("{}", "utf-8")
    return root


def state(root: Path) -> Path:
    return root / ".git/daydream/state"


def book(root: Path, run: str = "2026-11-20.1") -> Book:
    return Book(state(root), run)


def dreams(root: Path) -> None:
    with (kept := book(root)).store:
        kept.dream("aa11", "evaluated", tier=2, generated_at="2026-11-01T02:00:00Z", name="timeout 30 -> 60")
        kept.dream(
            "bb22",
            "pending_test",
            dream_type="conditional_variant",
            diff="--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n",
        )
        kept.move("bb22", "tested", Tried("failure", "it hangs", 0.5))
        kept.dream("bb33")
        kept.add(judged("aa11", 0.9, "claude", said_tier=2, evaluator_model="real-1"), novelty("aa11", 0.75))
        kept.add(reach("parameter_exploration.default@1", 1))


def said(capsys: pytest.CaptureFixture[str], root: Path, *words: str, code: int = 0) -> str:
    capsys.readouterr()
    assert main(["--root", str(root), "dream", *words]) == code
    done = capsys.readouterr()
    return done.out if code == 0 else done.err


def told(capsys: pytest.CaptureFixture[str], root: Path, *words: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(said(capsys, root, *words, "--json"))
    return data


def test_the_journal_lists_the_newest_first(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dreams(place)
    lines = said(capsys, place, "journal").splitlines()
    assert [line.split()[0] for line in lines] == ["bb22", "bb33", "aa11"]
    assert "tier 1, 0.90" in lines[2]
    assert "pkg/a.py::f  timeout 30 -> 60 (parameter_exploration)" in lines[2]
    assert "pending_evaluation  not judged" in lines[1]
    assert said(capsys, place, "journal", "--limit", "1").splitlines()[-1] == "1 of 3 dreams"
    assert len(said(capsys, place, "journal", "--limit", "9" * 30).splitlines()) == 3


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (("--tier", "1"), ["bb22", "aa11"]),
        (("--tier", "3"), []),
        (("--since", "2026-11-02"), ["bb22", "bb33"]),
        (("--status", "tested"), ["bb22"]),
        (("--type", "conditional"), ["bb22"]),
        (("--limit", "2", "--tier", "1", "--since", "2026-10-01"), ["bb22", "aa11"]),
    ],
)
def test_the_journal_is_narrowed_by_what_is_said(
    place: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], ids: list[str]
) -> None:
    dreams(place)
    found = told(capsys, place, "journal", *words)
    assert [each["id"] for each in found["dreams"]] == ids
    assert found["total"] == 3
    if not ids:
        assert said(capsys, place, "journal", *words) == "no dream is like that\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("journal", "--limit", "0"), "--limit 0: give a number of dreams from 1 on"),
        (("journal", "--since", "yesterday"), '--since "yesterday" is not a date'),
        (("journal", "--type", "nightmare"), "there is no dream type 'nightmare'"),
        (("show", "zz"), "no dream has the id 'zz'"),
        (("show", "bb"), "more than one dream begins with the id 'bb'"),
        (("show", ""), "no dream has the id ''"),
        (("show", "\udcff"), "no dream has the id"),
        (("show", "a\0"), "no dream has the id"),
        (("nonsense",), "invalid choice"),
        ((), "required"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(
    place: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    dreams(place)
    assert sentence in said(capsys, place, *words, code=2)


def test_one_dream_is_shown_in_full(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dreams(place)
    text = said(capsys, place, "show", "aa")
    for words in (
        "aa11  evaluated  pkg/a.py::f  timeout 30 -> 60",
        "takes no longer for granted: text",
        "tier 1, viability 0.90; novelty 0.75; transform at work in 1 project",
        "rule-based: 0.40, tier 2",
        "claude (real-1): 0.90, tier 1; said tier 2, the viability counts",
        "      claude thinks so",
        "dreamt: parameter_exploration@1",
    ):
        assert words in text
    text = said(capsys, place, "show", "bb22")
    assert "(failure: it hangs)" in text
    assert text.endswith("--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n")
    text = said(capsys, place, "show", "bb33")
    assert "nobody judged it yet; novelty not measured" in text
    assert "verdicts: none yet" in text


def test_a_shown_dream_is_whole_as_json(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dreams(place)
    data = told(capsys, place, "show", "bb22")
    assert data["dream"]["code"].startswith("def f")
    assert (data["dream"]["test_outcome"], data["dream"]["novelty"]) == ("failure", None)
    assert [each["what"] for each in data["history"]] == ["dreamt", "judged", "pending_test", "tested"]
    assert data["verdicts"][0]["reasons"] == ["rule-based thinks so"]


def test_texts_of_others_do_not_reach_the_terminal_as_control_characters(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (kept := book(place)).store:
        kept.dream("a", name="\x1b[31mred", diff="\x1b]0;title\x07\n")
    assert "\x1b" not in said(capsys, place, "journal") + said(capsys, place, "show", "a")


def test_an_archived_dream_says_why(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (kept := book(place)).store:
        kept.dream("a", "archived")
    assert "archived 2026-11-20T02:00:00Z: wanted" in said(capsys, place, "show", "a")


def test_stats_count(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dreams(place)
    with (kept := book(place, "other")).store:
        kinds = (
            "constraint_relaxation",
            "cross_project_synthesis",
            "parameter_exploration",
            "conditional_variant",
        )
        values = {**{f"{kind}_count": 1 for kind in kinds}, "duration_seconds": None}
        rest = {"total_dreams_generated": 4, "timestamp": "2026-11-20T02:00:00Z", "strategy": "deep"}
        usage = {"model_usage": '{"real-1": {"requests": 4}}'}
        kept.add(Row("dream_generation_runs", {**values, **rest, **usage}))
    text = said(capsys, place, "stats")
    for words in (
        "dreams: 3",
        "by status: evaluated: 1, pending_evaluation: 1, tested: 1",
        "by tier: 1: 2",
        "highly novel (0.70 or more): 1",
        "trials of tier 1 that succeeded: 0% of 1",
        "last generation: 2026-11-20T02:00:00Z, 4 dreams",
        "models: real-1",
    ):
        assert words in text
    data = told(capsys, place, "stats")
    assert data["by_tier"] == {"1": 2}
    assert data["last_generation"]["strategy"] == "deep"


def healthy_night(root: Path, number: int, **counts: Any) -> None:
    with (kept := book(root, f"night-{number}")).store:
        statistics = dataclasses.replace(dream_queries.statistics(kept.store), **counts)
        at = dt.datetime(2026, 11, number, 2, tzinfo=dt.UTC)
        found = measure(
            Measured(statistics=statistics, projects=1, seconds=None, runs=()), WEIGHTS, "run", at
        )
        kept.add(metrics_row(found))


def test_health_says_what_it_is_why_and_where_it_goes(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dreams(place)
    for number in (1, 2, 3):
        healthy_night(place, number, average_novelty=0.5 + number / 10)
    text = said(capsys, place, "health")
    for words in (
        "needs improvement: 0.5",
        "measured 2026-11-03T02:00:00Z, 3 dreams",
        "novelty    0.59 (weight 60, gives 0.47): average 0.80, 1 highly novel",
        "leverage   not measured (weight 15): the catalogue holds only one project",
        "efficiency not measured (weight 10): no generation",
        "leverage, efficiency: insufficient data; the others share the weight",
        "trend: improving, +0.0560 a day over 3 nights of the last 30 days",
    ):
        assert words in text, words
    data = told(capsys, place, "health")
    assert list(data) == [
        *("status", "compound_score", "components", "missing", "dream_counts", "performance", "efficiency"),
        *("trend", "judges", "timestamp"),
    ]
    assert data["components"]["leverage"] == {"value": None, "weighted": None, "configured_weight": 15}
    assert data["trend"]["n"] == 3


def test_health_of_one_night_has_no_trend(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dreams(place)
    healthy_night(place, 1, tier_1_success_rate=None)
    text = said(capsys, place, "health")
    assert "trend: insufficient data, 1 comparable night of the last 30 days" in text
    assert "no dream of tier 1 was tried" in text


def test_health_says_whether_a_judge_can_tell(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    healthy_night(place, 1)
    with (kept := book(place, "2026-11-21.1")).store:
        for number in range(30):
            name = f"{number:04}"
            kept.dream(name, "tested", tier=1 if number % 2 else 2)
            outcome: Behaved = "failing" if number % 2 else "behaviour_preserving"
            kept.add(trial_row(Trial(dream_id=name, outcome=outcome, reason="so", at="2026-11-20T02:00:00Z")))
    text = said(capsys, place, "health")
    assert "rule-based: 15 of 30 dreams that were tried pass" in text
    assert "no better than the base rate of its kinds in 30 trials" in text
    [judge] = told(capsys, place, "health")["judges"]
    assert (judge["evaluator"], judge["decided"], judge["beats"]) == ("rule-based", 30, False)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("journal", "no night has dreamt here yet"),
        ("stats", "no night has dreamt"),
        ("health", "no night has measured"),
    ],
)
def test_where_nothing_was_dreamt_it_says_so(
    place: Path, capsys: pytest.CaptureFixture[str], command: str, sentence: str
) -> None:
    assert said(capsys, place, command).startswith(sentence)
    told(capsys, place, command)
    assert not (state(place) / "dreams.db").exists()


@pytest.mark.parametrize("command", ["journal", "stats", "health", "show aa11"])
def test_looking_creates_and_locks_nothing_even_while_a_night_runs(
    place: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    dreams(place)
    healthy_night(place, 1)
    before = snapshot(place.parent)
    said(capsys, place, *command.split())
    assert snapshot(place.parent) == before
    with RunLock(state(place) / "night"):
        said(capsys, place, *command.split())


def snapshot(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("command", ["journal", "stats", "health", "show a"])
def test_a_damaged_database_is_one_sentence(
    place: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (state(place) / "dreams.db").write_bytes(b"no database" * 1000)
    assert "is damaged" in said(capsys, place, *command.split(), code=70)


def test_where_no_night_ever_was_it_says_how_to_begin(
    tmp_path: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "no night was ever started here" in said(capsys, empty, "journal", code=2)


def test_a_night_of_dreams_alone_dreams_and_scores(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "pkg").mkdir()
    source = "def fetch(url, timeout=30):\n    retries = 3\n    return url, timeout, retries\n"
    (place / "pkg/a.py").write_text(source, "utf-8")
    Checkout(place).git("add", ".")
    Checkout(place).git("commit", "--quiet", "--message", "x")
    shutil.rmtree(state(place))
    said(capsys, place, "run", "--strategy", "light")
    assert told(capsys, place, "journal")["dreams"]
    assert told(capsys, place, "health")["dream_counts"]["total"] > 0
    head = json.loads((state(place) / "night/state.json").read_text("utf-8"))["state"]
    assert head["partial"] is True
    assert "planned" not in head["states"]["maintain.docs"]
