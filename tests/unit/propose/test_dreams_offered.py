"""Which dreams are offered, and what becomes of those that wait: the state's own decisions, on a real checkout."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from daydream.config.model import Config
from daydream.contracts.context import Context
from daydream.propose.dreams import OFFER, Dreams
from daydream.records.change import Change, Delete, DropRef, Edit, SetRef
from daydream.records.outcome import Done
from daydream.records.proposal import Proposal
from daydream.store.dream_rows import dreams_by_id
from daydream.store.proposals import Answer, append_answer, encode, path_of, read_all
from daydream.store.suppressions import Suppression, append_suppression
from tests.fakes import checkouts
from tests.fakes.dream_night import context
from tests.fakes.kept_dreams import Book
from tests.fakes.tried_dreams import again, tried

SOURCE = '''"""A module."""


def f(a):
    # as it is
    b = a + 1
    return b


def g(a):
    return a
'''
F = SOURCE[SOURCE.index("def f") : SOURCE.index("\n\ndef g")]
BETTER = F.replace("a + 1", "1 + a")
OTHER = F.replace("a + 1", "a - -1")
G = "def g(a):\n    return a or a\n"


class World:
    """A checkout, a state folder, and nights of this one state."""

    def __init__(self, base: Path) -> None:
        self.checkout = checkouts.make(
            base / "tree", {"pkg/a.py": SOURCE, "pkg/b.py": SOURCE, "c/c.py": SOURCE}
        )
        self.state = base / "state"
        self.state.mkdir()
        self.book = Book(self.state)
        self.facts: dict[str, Any] = {}

    @property
    def tree(self) -> Path:
        return self.checkout.root

    def ctx(self, mode: str = "propose") -> Context:
        commit = self.checkout.git("rev-parse", "HEAD")
        return dataclasses.replace(context(self.tree, self.state, commit=commit), mode=mode)

    def tried(self, dream_id: str, code: str, **more: Any) -> None:
        tried(self.book, self.tree, dream_id, code, **more)

    def plan(self, mode: str = "propose") -> Sequence[str]:
        return Dreams(Config()).plan(self.ctx(mode))

    def night(self, **caps: int) -> tuple[Change, ...]:
        """What a night changes; its changes are made, as the applier would."""
        options = Config().proposals.model_copy(update=caps)
        outcome = Dreams(Config().model_copy(update={"proposals": options})).run(self.ctx(), OFFER, None)
        assert isinstance(outcome, Done)
        self.facts = outcome.facts
        for change in outcome.changes:
            if isinstance(change, Edit):
                target = self.state / change.path
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(change.content)
            elif isinstance(change, SetRef):
                self.checkout.git("update-ref", change.ref, change.parent)
            elif isinstance(change, DropRef):
                self.checkout.git("update-ref", "-d", change.ref)
            elif isinstance(change, Delete):
                (self.state / change.path).unlink()
        return outcome.changes

    def open(self) -> dict[str, Proposal]:
        """The open proposals by dream."""
        return {one: p for p in read_all(self.state).values() if p.status == "open" for one in p.findings}

    def answer(self, dream_id: str, status: Any) -> None:
        (proposal,) = [p for p in read_all(self.state).values() if dream_id in p.findings]
        append_answer(self.state / "night/inbox", Answer(id=proposal.id, status=status, night="2026-11-21"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_gain_is_offered_with_its_commit_its_evidence_and_its_record(world: World) -> None:
    world.tried("d1", BETTER)
    made, evidence, record = world.night()
    assert isinstance(made, SetRef)
    assert made.files == {"pkg/a.py": SOURCE.replace("a + 1", "1 + a", 1).encode()}
    assert made.message.startswith("Speed up pkg.a.f: 1.8 times (1.6 to 2.0)\n")
    for said in (
        "2 of them held back",
        "from 40 repetitions",
        "20 µs",
        "1.020 from nothing",
        "sandbox alone (bubblewrap",
    ):
        assert said in made.message.replace("\n", " "), said
    assert "Daydream-Rule: dream\n" in made.message
    assert "Daydream-Replay: daydream dream replay d1\n" in made.message
    (proposal,) = world.open().values()
    assert (proposal.rule, proposal.findings, proposal.evidence) == ("dream", ("d1",), None)
    assert made.ref == proposal.ref == f"refs/daydream/{proposal.id}"
    assert isinstance(evidence, Edit)
    kept = json.loads(evidence.content)
    assert evidence.path == f"evidence/{proposal.id}.json"
    assert (kept["code"], kept["seed"]) == ({"base": F, "dream": BETTER}, 0)
    assert kept["effect"]["low"] == 1.6
    assert isinstance(record, Edit)
    assert record.path == path_of(proposal.id)


def test_what_ran_without_a_sandbox_is_marked_for_the_report(world: World) -> None:
    world.tried("d1", BETTER, backend="not isolated")
    made, *_ = world.night()
    assert isinstance(made, SetRef)
    assert "Daydream-Verified: not isolated: 10 inputs" in made.message
    assert [each["isolated"] for each in world.facts["proposals"]] == [False]


def test_the_same_night_gives_the_same_bytes(world: World) -> None:
    world.tried("d1", BETTER)
    world.tried("d2", G, path="pkg/b.py", qualname="g", effect_low=1.1)
    step = Dreams(Config())
    assert step.run(world.ctx(), OFFER, None) == step.run(world.ctx(), OFFER, None)


def test_a_night_without_news_changes_nothing(world: World) -> None:
    assert world.plan() == ()
    world.tried("d1", BETTER)
    world.night()
    assert world.plan() == (OFFER,)
    assert world.night() == ()
    assert [each["dream"] for each in world.facts["proposals"]] == ["d1"]


@pytest.mark.parametrize("mode", ["propose", "apply"])
def test_report_mode_offers_nothing(world: World, mode: str) -> None:
    world.tried("d1", BETTER)
    assert world.plan("report") == ()
    assert world.plan(mode) == (OFFER,)


@pytest.mark.parametrize(
    "trial",
    [
        {"effect": "not_shown"},
        {"evidence": {"weighed": None}},
        {"outcome": "failing", "effect": None},
        {"effect": "gained", "effect_low": 1.03, "effectiveness": 1.5},
    ],
    ids=["not shown", "not weighed", "failing", "small"],
)
def test_what_showed_nothing_is_not_offered(world: World, trial: dict[str, Any]) -> None:
    numbers = ("effectiveness", "effect_low", "effect_high") if trial.get("effect", 0) is None else ()
    world.tried("d1", BETTER, **trial, **dict.fromkeys(numbers))
    world.night()
    assert world.open() == {}


def test_a_test_that_passes_now_is_offered_before_any_gain(world: World) -> None:
    world.tried("d1", BETTER, effect_low=1.7)
    mended = {"mended": ["tests/test_a.py::test_f"]}
    none = dict.fromkeys(("effect", "effectiveness", "effect_low", "effect_high"))
    world.tried("d2", OTHER, outcome="behaviour_changing", evidence=mended, **none)
    made, *_ = world.night()
    assert isinstance(made, SetRef)
    assert made.message.startswith("Mend pkg.a.f: 1 failing test passes\n")
    assert "By their own word 1 of the repository's own tests" in made.message.replace("\n", " ")
    assert list(world.open()) == ["d2"]


def test_of_a_procedure_the_surest_gain_is_offered_and_one_only(world: World) -> None:
    world.tried("d1", BETTER, effect_low=1.2)
    world.tried("d2", OTHER, effect_low=1.5)
    world.night()
    assert list(world.open()) == ["d2"]


def test_no_more_than_a_person_may_be_asked_to_look_at(world: World) -> None:
    world.tried("d1", BETTER)
    world.tried("d2", BETTER, path="pkg/b.py", effect_low=1.5)
    world.tried("d3", BETTER, path="c/c.py", effect_low=1.4)
    world.night(dreams_per_night=1)
    assert list(world.open()) == ["d1"]
    assert world.facts["waiting"] == 2
    world.night(dreams_per_night=3, open=2)
    assert sorted(world.open()) == ["d1", "d2"]


def test_two_dreams_of_one_file_wait_for_one_another(world: World) -> None:
    world.tried("d1", BETTER)
    world.tried("d2", G, qualname="g", effect_low=1.5)
    world.night()
    assert list(world.open()) == ["d1"]
    assert world.facts["waiting"] == 1


def test_the_file_of_an_open_proposal_of_a_finding_is_left_to_it(world: World) -> None:
    other = Proposal(
        id="0" * 12,
        rule="legacy.dead_code",
        package="pkg",
        title="t",
        status="open",
        base="c",
        paths=("pkg/a.py",),
        first_night="2026-11-20",
        last_night="2026-11-20",
    )
    (world.state / "proposals").mkdir()
    (world.state / path_of(other.id)).write_bytes(encode(other))
    world.tried("d1", BETTER)
    world.tried("d2", BETTER, path="pkg/b.py")
    world.night()
    assert "d2" in world.open()
    assert "d1" not in world.open()
    assert read_all(world.state)[other.id] == other


def test_a_patch_that_could_not_be_verified_stands_in_no_dreams_way(world: World) -> None:
    other = Proposal(
        id="0" * 12,
        rule="legacy.unused_import",
        package="pkg",
        title="t",
        status="unverified",
        base="c",
        paths=("pkg/a.py",),
        first_night="2026-11-20",
        last_night="2026-11-20",
    )
    (world.state / "proposals").mkdir()
    (world.state / path_of(other.id)).write_bytes(encode(other))
    world.tried("d1", BETTER)
    world.night()
    assert "d1" in world.open()


def test_what_lies_beside_is_made_again_on_the_new_commit(world: World) -> None:
    world.tried("d1", BETTER)
    world.night()
    (before,) = world.open().values()
    world.checkout.write("pkg/a.py", "x = 1\n" + SOURCE)
    commit = world.checkout.commit()
    made, *_ = world.night()
    assert isinstance(made, SetRef)
    assert made.parent == commit
    assert made.files["pkg/a.py"] == ("x = 1\n" + SOURCE.replace("a + 1", "1 + a", 1)).encode()
    (after,) = world.open().values()
    assert (after.id, after.first_night, after.base) == (before.id, before.first_night, commit)


def test_another_wording_closes_it_and_leaves_nothing_behind(world: World) -> None:
    world.tried("d1", BETTER)
    world.night()
    (proposal,) = world.open().values()
    world.checkout.write("pkg/a.py", SOURCE.replace("a + 1", "a + 2"))
    world.checkout.commit()
    world.night()
    assert world.facts["closed"] == {proposal.id: "its procedure reads differently by now"}
    assert not (world.state / f"evidence/{proposal.id}.json").exists()
    assert world.checkout.git("for-each-ref", "refs/daydream") == ""
    assert world.night() == ()


def test_a_later_trial_that_shows_less_closes_it(world: World) -> None:
    world.tried("d1", BETTER)
    world.night()
    (dream,) = dreams_by_id(world.book.store, ["d1"])
    again(world.book, dream, effect="not_shown")
    world.night()
    assert list(world.facts["closed"].values()) == ["what its trial showed does not stand"]


def test_what_was_suppressed_is_closed_and_offered_when_that_ends(world: World) -> None:
    world.tried("d1", BETTER)
    world.night()
    inbox = world.state / "night/inbox"
    append_suppression(inbox, Suppression(id="d1"))
    world.night()
    assert world.open() == {}
    append_suppression(inbox, msgspec.convert({"id": "d1", "until": "2026-11-01"}, Suppression))
    world.night()
    assert list(world.open()) == ["d1"]


@pytest.mark.parametrize("answer", ["rejected", "accepted"])
def test_an_answer_holds_for_every_dream_of_that_wording(world: World, answer: str) -> None:
    world.tried("d1", BETTER)
    world.tried("d2", OTHER, effect_low=1.1)
    world.night()
    world.answer("d1", answer)
    (drop,) = [change for change in world.night() if isinstance(change, DropRef)]
    assert drop.ref.startswith("refs/daydream/")
    assert world.open() == {}
    assert world.plan() == ()


def test_three_rejections_silence_a_folder_and_no_other(world: World) -> None:
    for number in range(3):
        world.checkout.write(f"pkg/n{number}.py", SOURCE)
        world.tried(f"n{number}", BETTER, path=f"pkg/n{number}.py")
    world.checkout.commit()
    world.night()
    for number in range(3):
        world.answer(f"n{number}", "rejected")
    world.tried("d1", BETTER)
    world.tried("d3", BETTER, path="c/c.py")
    world.night()
    assert list(world.open()) == ["d3"]
    assert world.facts["silenced"] == ["pkg"]


def test_what_cannot_be_made_is_counted_with_its_reason(world: World) -> None:
    world.tried("d1", F.replace("a + 1", "a + unknown"))
    assert world.night() == ()
    (reason,) = world.facts["left"]
    assert "undefined name" in reason.lower() or "would break" in reason
