"""Proposals from end to end: real nights, real tests, real git, and a person who answers."""

import json
import os
import shutil
import signal
import stat
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.conftest import Place
from tests.fakes import checkouts, verify_repositories

PRICES = '''"""Prices."""
import json


def price(amount):
    return amount / 100


def _old_rounding(value):
    return json.dumps(value)
'''
TILL = '''"""A till."""


def _hidden_door(value):
    return value


def ring():
    return "ring"
'''
TESTS = """from shop import till
from shop.prices import price


def test_price():
    assert price(100) == 1


def test_ring():
    assert till.ring() == "ring"
"""
SEARCHING = '\n\ndef test_door():\n    assert getattr(till, "".join(["_hid", "den", "_do", "or"]))(1) == 1\n'
FILES = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n',
    "shop/__init__.py": "",
    "shop/prices.py": PRICES,
    "shop/till/__init__.py": TILL,
    "tests/test_shop.py": TESTS,
}
COMMAND = "python -m pytest -q"


@dataclass(frozen=True)
class Shop:
    """A repository with tests, a Python of its own, and a person."""

    place: Place
    checkout: checkouts.Checkout

    def run(self, *words: str, code: int = 0) -> str:
        """Start daydream; what it printed."""
        done = self.place.daydream(*words)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def waiting(self) -> list[dict[str, object]]:
        """The open proposals."""
        found: list[dict[str, object]] = json.loads(self.run("--json", "proposals"))["proposals"]
        return found

    def one(self, path: str) -> str:
        """The id of the proposal that edits a file."""
        (found,) = [str(p["id"]) for p in self.waiting() if p["paths"] == [path]]
        return found


def _begin(base: Path, tests: str = TESTS, command: str = COMMAND) -> Shop:
    """Start a shop whose first night is over and whose test command is confirmed."""
    made = verify_repositories.make(base, FILES | {"tests/test_shop.py": tests})
    checkout = checkouts.make(made.checkout)
    checkout.git("config", "user.name", "Ada")
    checkout.git("config", "user.email", "ada@example.org")
    checkout.commit("feat: a shop")
    home = base / "home"
    home.mkdir(exist_ok=True)
    python = str(made.environment / "bin" / "python")
    shop = Shop(Place(made.checkout, home, {"DAYDREAM_INTERPRETER_PATH": python}), checkout)
    shop.run("-q", "run", "--no-dreams")
    shop.place.next_day()
    shop.run("init", "--tests", command, "--write")
    return shop


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop in which one night has proposed."""
    shop = _begin(tmp_path_factory.mktemp("template"))
    before = checkouts.everything(shop.place.root)
    shop.run("-q", "run", "--no-dreams")
    after = checkouts.everything(shop.place.root)
    outside = [path for path in {*before, *after} if path.split("/")[0] not in (".git", ".")]
    assert outside
    assert {path: before.get(path) for path in outside} == {path: after.get(path) for path in outside}
    return shop


@pytest.fixture
def shop(template: Shop, tmp_path: Path) -> Shop:
    """A copy of it, to be answered."""
    base = tmp_path / "shop"
    shutil.copytree(template.place.root.parent, base, symlinks=True)
    python = str(base / "environment" / "bin" / "python")
    extra = template.place.extra | {"DAYDREAM_INTERPRETER_PATH": python}
    root = base / template.place.root.name
    old, config = str(template.place.root), base / "home/.config/daydream/config.toml"
    config.write_text(config.read_text("utf-8").replace(old, str(root)), "utf-8")
    return Shop(Place(root, base / "home", extra), checkouts.Checkout(root))


def test_what_is_verified_waits_on_one_branch_and_convinces_by_itself(shop: Shop) -> None:
    found = shop.waiting()
    assert sorted((p["rule"], p["status"], *p["paths"]) for p in found) == [  # type: ignore[misc]
        ("legacy.dead_code", "open", "shop/prices.py"),
        ("legacy.dead_code", "open", "shop/till/__init__.py"),
    ]
    branches = shop.checkout.git("branch", "-a", "--format=%(refname:short)").split()
    assert branches == ["daydream/proposals", "main"]
    assert shop.checkout.git("rev-parse", "daydream/proposals~2") == shop.checkout.git("rev-parse", "main")
    text = shop.checkout.git("log", "-1", "--format=%(trailers:only)", "daydream/proposals")
    assert [line.partition(":")[0] for line in text.splitlines()] == [
        *("Daydream-Id", "Daydream-Rule", "Daydream-Verified", "Daydream-Undo", "Daydream-Effect"),
    ]
    assert "2 passed (with 1 other" in text
    assert "_old_rounding" not in shop.checkout.git("show", "daydream/proposals:shop/prices.py")
    assert "## Proposals" in shop.place.report()


def test_a_proposal_shows_why_it_is_believed(shop: Shop) -> None:
    shown = shop.run("proposals", "show", shop.one("shop/prices.py")[:6])
    assert "Tests before: 2 passed; with the change: 2 passed." in shown
    assert "An error planted in shop/prices.py turned them red" in shown
    assert "-def _old_rounding(value):" in shown
    patch = shop.place.daydream("proposals", "show", "--patch", shop.one("shop/prices.py")).stdout
    shop.checkout.git("apply", "--check", stdin=patch.encode())


def test_yes_puts_it_on_the_branch_as_the_persons_commit(shop: Shop) -> None:
    identifier = shop.one("shop/prices.py")
    said = shop.run("proposals", "accept", identifier)
    assert "main is at" in said
    assert shop.checkout.git("log", "-1", "--format=%an %cn %s") == (
        "daydream Ada refactor: remove code that nothing uses in shop"
    )
    assert shop.checkout.git("status", "--porcelain") == ""
    assert "_old_rounding" not in (shop.place.root / "shop/prices.py").read_text("utf-8")
    assert "accepted already" in shop.run("proposals", "accept", identifier, code=2)
    shop.run("-q", "run", "--no-dreams")
    assert [p["paths"] for p in shop.waiting()] == [["shop/till/__init__.py"]]
    assert shop.checkout.git("rev-parse", "daydream/proposals~1") == shop.checkout.git("rev-parse", "main")


def test_both_may_be_accepted_because_they_were_tried_together(shop: Shop) -> None:
    for path in ("shop/prices.py", "shop/till/__init__.py"):
        shop.run("proposals", "accept", shop.one(path))
    assert shop.checkout.git("log", "--format=%an").split("\n")[:2] == ["daydream", "daydream"]
    assert shop.waiting() == []


def test_what_was_removed_and_came_back_is_offered_again(shop: Shop) -> None:
    shop.checkout.write(
        "shop/prices.py", PRICES.replace("_old_rounding", "_rounding").replace("def _r", "def r")
    )
    shop.checkout.commit("fix: use it")
    shop.run("-q", "run", "--no-dreams")
    assert [p["paths"] for p in shop.waiting()] == [["shop/till/__init__.py"]]
    shop.checkout.git("revert", "--no-edit", "HEAD")
    shop.run("-q", "run", "--no-dreams")
    assert len(shop.waiting()) == 2


def test_a_missing_ref_is_made_again(shop: Shop) -> None:
    identifier = shop.one("shop/prices.py")
    shop.checkout.git("update-ref", "-d", f"refs/daydream/{identifier}")
    shop.run("-q", "run", "--no-dreams")
    assert shop.checkout.git("rev-parse", "--verify", f"refs/daydream/{identifier}")


def test_an_answer_in_the_middle_of_a_night_counts(shop: Shop) -> None:
    shop.checkout.write("shop/new.py", "NEW = 1\n")
    base = shop.checkout.commit("feat: something new")
    identifier = shop.one("shop/prices.py")
    night = shop.place.start("-q", "run", "--no-dreams", "--mode", "apply")
    journal = shop.place.state / "state.json"
    while b'"propose.upkeep"' not in journal.read_bytes().partition(b'"states"')[0]:
        time.sleep(0.01)
    shop.run("proposals", "reject", identifier, "--reason", "risky")
    night.communicate(timeout=120)
    assert "_old_rounding" in (shop.place.root / "shop/prices.py").read_text("utf-8")
    assert shop.checkout.git("merge-base", "--is-ancestor", base, "main") == ""
    assert identifier not in {str(p["id"]) for p in shop.waiting()}


def test_variables_confirm_no_command(shop: Shop) -> None:
    extra = {"DAYDREAM_VERIFY_COMMAND": "true", "DAYDREAM_VERIFY_CONFIRMED": "0" * 64}
    place = Place(shop.place.root, shop.place.home, shop.place.extra | extra)
    done = place.daydream("run")
    assert done.returncode == 2
    assert "DAYDREAM_VERIFY_COMMAND cannot confirm a command" in done.stderr


def test_a_confirmation_breaks_no_configuration(shop: Shop) -> None:
    said = shop.run("init", "--tests", "tox", "--write", code=2)
    assert "put them there by hand" in said
    assert len(shop.waiting()) == 2


def test_secrets_of_the_command_stay_with_the_person(tmp_path: Path) -> None:
    shop = _begin(tmp_path, command=f"env DATABASE_URL=postgres://me:hunter2secret@host/db {COMMAND}")
    shop.run("-q", "run", "--no-dreams")
    assert len(shop.waiting()) == 2
    told = shop.checkout.git("log", "--all", "--format=%B") + shop.place.report()
    folder = shop.place.root / ".git/daydream"
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert "hunter2secret" not in told
    assert b"hunter2secret" not in kept


def test_no_is_remembered(shop: Shop) -> None:
    for path in ("shop/prices.py", "shop/till/__init__.py"):
        shop.run("proposals", "reject", shop.one(path), "--reason", "wrong: the till of the old shop")
    shop.run("-q", "run", "--no-dreams")
    assert shop.waiting() == []
    assert shop.checkout.git("for-each-ref", "refs/daydream", "refs/heads/daydream") == ""


def test_a_night_without_news_tries_nothing_and_changes_no_ref(shop: Shop) -> None:
    before = shop.checkout.git("for-each-ref")
    shop.run("-q", "run", "--no-dreams")
    journal = next((shop.place.root / ".git/daydream/state/night/runs").glob("*.2/journal.jsonl"))
    tried = [json.loads(line)["entry"] for line in journal.read_text("utf-8").splitlines()]
    assert [e["facts"] for e in tried if e.get("name") == "try"] == [{"tried": 0}]
    assert shop.checkout.git("for-each-ref") == before
    assert len(shop.waiting()) == 2


def test_a_commit_of_a_person_freezes_the_branch(shop: Shop) -> None:
    shop.checkout.git("switch", "-q", "daydream/proposals")
    shop.checkout.write("mine.txt")
    mine = shop.checkout.commit("mine")
    shop.checkout.git("switch", "-q", "main")
    shop.checkout.write("shop/new.py", "NEW = 1\n")
    shop.checkout.commit("feat: something new")
    shop.run("-q", "run", "--no-dreams")
    assert shop.checkout.git("rev-parse", "daydream/proposals") == mine
    assert "holds a commit of yours" in shop.place.report()
    main = shop.checkout.git("rev-parse", "main")
    for proposal in shop.waiting():
        assert shop.checkout.git("rev-parse", f"{proposal['ref']}~1") == main, "made anew for the new commit"


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        ("dirty", "the checkout has uncommitted changes"),
        ("detached", "HEAD is detached"),
        ("moved", "was not tried on what your branch holds since"),
        ("other", "which is no part of this branch"),
        ("lock", "a git is at work in this checkout"),
        ("proposals", "the branch of the proposals itself is checked out"),
    ],
)
def test_what_is_in_the_way_is_said_and_nothing_is_touched(shop: Shop, spoil: str, why: str) -> None:
    identifier = shop.one("shop/prices.py")
    if spoil == "dirty":
        shop.checkout.write("shop/prices.py", "mine = 1\n")
    elif spoil == "detached":
        shop.checkout.git("switch", "-q", "--detach")
    elif spoil == "moved":
        shop.checkout.write("shop/new.py", "from shop.prices import _old_rounding as old\n")
        shop.checkout.commit("feat: use the old rounding again")
    elif spoil == "lock":
        shop.checkout.write(".git/index.lock")
    elif spoil == "proposals":
        shop.checkout.git("switch", "-q", "daydream/proposals")
    else:
        shop.checkout.git("switch", "-q", "--orphan", "other")
        shop.checkout.write("a.txt")
        shop.checkout.commit("another history")
    before = checkouts.everything(shop.place.root / "shop"), shop.checkout.git("rev-parse", "HEAD")
    assert why in shop.run("proposals", "accept", identifier, code=1)
    assert (checkouts.everything(shop.place.root / "shop"), shop.checkout.git("rev-parse", "HEAD")) == before


@pytest.mark.parametrize("after", [False, True], ids=["before git moves it", "after git moved it"])
def test_an_acceptance_that_was_killed_is_finished(shop: Shop, tmp_path: Path, after: bool) -> None:
    identifier, real = shop.one("shop/prices.py"), shutil.which("git")
    script = tmp_path / "bin" / "git"
    script.parent.mkdir()
    act = f'"{real}" "$@"; ' if after else ""
    script.write_text(
        f'#!/bin/sh\ncase " $* " in *" merge --ff-only "*) {act}kill -{signal.SIGKILL.value} $PPID;; esac\n'
        f'exec "{real}" "$@"\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    place = Place(
        shop.place.root,
        shop.place.home,
        shop.place.extra | {"PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}"},
    )
    assert place.daydream("proposals", "accept", identifier).returncode == -signal.SIGKILL
    shop.run("proposals", "accept", identifier)
    assert shop.checkout.git("log", "--format=%an", "-2").split("\n") == ["daydream", "A Person"]
    assert shop.checkout.git("status", "--porcelain") == ""
    assert [p["paths"] for p in shop.waiting()] == [["shop/till/__init__.py"]]
    assert list((shop.place.root / ".git").rglob("*.lock")) == []


def test_what_breaks_the_tests_is_not_proposed(tmp_path: Path) -> None:
    shop = _begin(tmp_path, tests=TESTS + SEARCHING)
    shop.run("-q", "run", "--no-dreams")
    assert [p["paths"] for p in shop.waiting()] == [["shop/prices.py"]]
    shop.run("-q", "run", "--no-dreams")
    assert [p["paths"] for p in shop.waiting()] == [["shop/prices.py"]], "and not tried again"


def test_a_command_that_sees_no_change_verifies_nothing(tmp_path: Path) -> None:
    shop = _begin(tmp_path, command="python -c 1")
    shop.run("-q", "run", "--no-dreams")
    assert {str(p["status"]) for p in shop.waiting()} == {"unverified"}
    assert shop.checkout.git("for-each-ref", "refs/daydream", "refs/heads/daydream") == ""
    identifier = str(shop.waiting()[0]["id"])
    assert "is a patch only" in shop.run("proposals", "accept", identifier, code=2)


def test_apply_moves_a_clean_checkout_and_undo_moves_it_back(shop: Shop) -> None:
    base = shop.checkout.git("rev-parse", "main")
    shop.checkout.write("shop/new.py", "NEW = 1\n")
    base = shop.checkout.commit("feat: something new")
    shop.run("-q", "run", "--no-dreams", "--mode", "apply")
    assert shop.checkout.git("rev-parse", "main~2") == base
    assert shop.checkout.git("status", "--porcelain") == ""
    assert "_old_rounding" not in (shop.place.root / "shop/prices.py").read_text("utf-8")
    run = json.loads(shop.run("--json", "runs"))["runs"][-1]["run"]
    effects = json.loads(shop.run("--json", "show", run))["effects"]
    (moved,) = [effect["id"] for effect in effects if effect["kind"] == "advance"]
    shop.run("undo", moved)
    assert shop.checkout.git("rev-parse", "main") == base
    assert shop.checkout.git("status", "--porcelain") == ""
