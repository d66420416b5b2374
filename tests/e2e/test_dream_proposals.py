"""Dreams as proposals, as their person meets them: nights, commands and git, with trials as a night leaves them."""

import datetime as dt
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from daydream import clock
from daydream.analysis.source import parse
from tests.e2e.conftest import Place
from tests.fakes import checkouts
from tests.fakes.bubblewrap import why_not
from tests.fakes.kept_dreams import Book
from tests.fakes.tried_dreams import tried

WORDS = '''"""Words."""


def known(words):
    # What is known by now.
    count = 0
    for word in words:
        if word in ["alpha", "beta", "gamma"]:
            count += 1
    return count
'''
DREAM = WORDS[WORDS.index("def known") :].replace('["alpha", "beta", "gamma"]', '{"alpha", "beta", "gamma"}')
FILES: dict[str, str | bytes] = {"pkg/__init__.py": "", "pkg/words.py": WORDS, "pkg/more/words.py": WORDS}
NIGHT = ("-q", "run", "--only", "dreams", "--mode")


@dataclass(frozen=True)
class World:
    """A repository in which dreams were tried, and its person."""

    place: Place
    checkout: checkouts.Checkout

    def run(self, *words: str, code: int = 0) -> str:
        """Start daydream; what it printed."""
        done = self.place.daydream(*words)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def refs(self) -> list[str]:
        """Every ref that is daydream's."""
        return self.checkout.git(
            "for-each-ref", "--format=%(refname)", "refs/daydream", "refs/heads/daydream"
        ).split()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two dreams that gained and one that did not, after a first night that only reports."""
    base = tmp_path_factory.mktemp("template")
    checkout = checkouts.make(base / "words", FILES)
    checkout.git("config", "user.name", "Ada")
    checkout.git("config", "user.email", "ada@example.org")
    (base / "home").mkdir()
    world = World(Place(base / "words", base / "home"), checkout)
    world.run("-q", "run", "--no-dreams")
    at = clock.to_text(clock.now() - dt.timedelta(days=1))
    book = Book(base / "words/.git/daydream/state")
    tried(book, checkout.root, "aa11", DREAM, path="pkg/words.py", qualname="known", at=at)
    tried(
        book, checkout.root, "bb22", DREAM, path="pkg/more/words.py", qualname="known", at=at, effect_low=1.3
    )
    none = {"effectiveness": None, "effect_low": None, "effect_high": None}
    slower = {"outcome": "failing", "reason": "it raises where the procedure returns", "effect": None, **none}
    other = DREAM.replace("count = 0", "count = 1")
    tried(book, checkout.root, "cc33", other, path="pkg/words.py", qualname="known", at=at, **slower)
    for name, low in (("ff66", 1.2), ("ff77", 1.01)):
        tried(book, checkout.root, name, other, path="pkg/words.py", qualname="known", at=at, effect_low=low)
    book.dream("dd44", "evaluated", base_path="pkg/words.py", generated_at=at)
    book.store.close()
    return world


@pytest.fixture
def world(template: World, tmp_path: Path) -> World:
    base = tmp_path / "words"
    shutil.copytree(template.place.root.parent, base, symlinks=True)
    return World(
        Place(base / "words", base / "home", dict(template.place.extra)), checkouts.Checkout(base / "words")
    )


def test_nothing_is_published_in_report_mode_and_nothing_of_a_dream_is_applied_in_apply_mode(
    world: World,
) -> None:
    before = world.checkout.git("rev-parse", "HEAD")
    world.run(*NIGHT, "report")
    assert world.refs() == []
    assert world.place.data("proposals")["proposals"] == []
    world.run(*NIGHT, "apply")
    assert [ref.split("/")[1] for ref in world.refs()] == ["daydream", "daydream"]
    assert "refs/heads/daydream/proposals" not in world.refs()
    assert world.checkout.git("rev-parse", "HEAD") == before
    assert world.checkout.git("status", "--porcelain") == ""


def test_a_dream_is_offered_on_the_page_and_taken_with_one_command(world: World) -> None:
    world.run(*NIGHT, "propose")
    ids = {p["findings"][0]: p["id"] for p in world.place.data("proposals")["proposals"]}
    page = world.place.report()
    title = "Speed up pkg.words.known: 1.8 times (1.6 to 2.0)"
    assert page.count(f"`daydream dream apply {ids['aa11']}`") == 2, (
        "in the summary and below Action Required"
    )
    assert title in page
    assert "waiting for your answer: 2" in page
    assert f"{ids['aa11']}  sandboxed  {title}" in world.run("proposals")
    shown = world.run("proposals", "show", ids["aa11"])
    assert "the repository's own test command was not run with it" in shown
    assert "daydream dream replay aa11" in shown
    assert f"waits for your answer: daydream dream apply {ids['aa11']}" in world.run("dream", "show", "aa11")

    world.run("dream", "apply", "aa11")
    assert world.checkout.git("log", "-1", "--format=%an %cn %s") == f"daydream Ada {title}"
    assert (world.place.root / "pkg/words.py").read_text("utf-8") == WORDS.replace("[", "{").replace("]", "}")
    world.run("dream", "apply", ids["bb22"][:6])
    assert world.checkout.git("log", "-2", "--format=%an").split() == ["daydream", "daydream"]
    assert world.checkout.git("status", "--porcelain") == ""
    assert "accepted already" in world.run("dream", "apply", "aa11", code=2)

    world.run(*NIGHT, "propose")
    assert world.refs() == []
    assert world.place.data("proposals")["proposals"] == []
    assert "is accepted" in world.run("dream", "show", "aa11")


def test_a_no_is_remembered(world: World) -> None:
    world.run(*NIGHT, "propose")
    (identifier,) = [p["id"] for p in world.place.data("proposals")["proposals"] if p["findings"] == ["aa11"]]
    world.run("proposals", "reject", identifier, "--reason", "style: we like lists")
    world.run(*NIGHT, "propose")
    assert [p["findings"] for p in world.place.data("proposals")["proposals"]] == [["bb22"]]
    assert f"proposal {identifier} is rejected: style: we like lists" in world.run("dream", "show", "aa11")


def test_a_dream_that_waits_for_another_answer_names_it(world: World) -> None:
    world.run(*NIGHT, "propose")
    (identifier,) = [p["id"] for p in world.place.data("proposals")["proposals"] if p["findings"] == ["aa11"]]
    said = world.run("dream", "apply", "ff66", code=2)
    assert f"the proposal {identifier} edits pkg/words.py too and waits for your answer" in said
    assert "its gain may be 1.01 times only, and a proposal takes 1.05" in world.run("dream", "show", "ff77")


@pytest.mark.parametrize(
    ("identifier", "why"),
    [
        ("aa11", "the last night was in report mode; `daydream run --mode propose` makes proposals"),
        ("cc33", "it fails where its procedure does not: it raises where the procedure returns"),
        ("dd44", "it was not tried yet"),
        ("ee55", "no dream has the id 'ee55'"),
        ("", "no dream has the id ''"),
    ],
)
def test_a_dream_that_is_not_proposed_says_why(world: World, identifier: str, why: str) -> None:
    before = checkouts.everything(world.place.root / "pkg")
    assert why in world.run("dream", "apply", identifier, code=2)
    assert checkouts.everything(world.place.root / "pkg") == before


MEANS = """def mean(values: list[float]) -> float:
    # Nothing has no mean.
    return sum(values) / len(values)
"""
GUARDED = MEANS.replace("    # Nothing has no mean.\n", "    if not values:\n        return 0.0\n")
TESTS = """from means import mean


def test_mean():
    assert mean([1.0, 3.0]) == 2.0


def test_mean_of_nothing():
    assert mean([]) == 0.0
"""


def test_a_dream_that_a_failing_test_passes_with_is_tried_proposed_and_taken(tmp_path: Path) -> None:
    if why := why_not():
        pytest.skip(why)
    checkout = checkouts.make(tmp_path / "means", {"means.py": MEANS, "tests/test_means.py": TESTS})
    checkout.git("config", "user.name", "Ada")
    checkout.git("config", "user.email", "ada@example.org")
    trials = {
        "DAYDREAM_TRIALS_PER_NIGHT": "1",
        "DAYDREAM_TRIALS_COMPARE": "0.1",
        "DAYDREAM_TRIALS_INPUTS": "20",
    }
    rest = {"DAYDREAM_SANDBOX_ORDER": "bubblewrap", "DAYDREAM_INTERPRETER_PATH": sys.executable}
    world = World(Place(tmp_path / "means", tmp_path / "home", trials | rest), checkout)
    state = tmp_path / "means/.git/daydream/state"
    state.mkdir(parents=True)
    (function,) = parse(MEANS.encode()).functions
    book = Book(state)
    now = clock.to_text(clock.now())
    place: dict[str, Any] = {"base_path": "means.py", "base_qualname": "mean"}
    place["base_source_hash"] = function.source_hash
    book.dream("ff99", "evaluated", code=GUARDED, generated_at=now, **place)
    book.store.close()
    world.run("-q", "run")
    assert "passes 1 of your tests that fails now" in world.place.report()
    assert "does something else" in world.run("dream", "trials"), "which is what the trial says"
    world.run(*NIGHT, "propose")
    world.run("dream", "apply", "ff99")
    assert checkout.git("log", "-1", "--format=%s") == "Mend means.mean: 1 failing test passes"
    kept = MEANS.replace("    # Nothing", "    if not values:\n        return 0.0\n    # Nothing")
    assert (world.place.root / "means.py").read_text("utf-8") == kept, (
        "with the comment that the dream had dropped"
    )


def test_what_cannot_be_tried_again_says_why(world: World) -> None:
    assert "was not tried yet" in world.run("dream", "replay", "dd44", code=2)
    gone = world.run("dream", "replay", "aa11", code=2)
    assert "commit cccccccccccc, on which aa11 was tried, is not in this clone" in gone
