"""What proves a task done, a plan outdated, or a list finished: on real repositories."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from daydream.config.model import TaskOptions
from tests.fakes.task_night import OLD, RECENT, Memory, Night, Repository, context

MIDDLE = "2026-06-01T12:00:00Z"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    root = tmp_path / "shop"
    root.mkdir()
    return Repository(root)


def told(night: Night, rule: str) -> list[tuple[str, str]]:
    return [(f.subject, f.message) for f in night.of(rule)]


def evolved(
    repository: Repository,
    before: Mapping[str, str],
    after: Mapping[str, str],
    message: str = "later",
    gone: tuple[str, ...] = (),
) -> Night:
    repository.commit(before)
    return Night(context(repository.root, repository.commit(after, MIDDLE, message, gone)))


CODE = "def old_charge(x):\n    return x\n\n\ndef pay(x):\n    return old_charge(x)\n"
NEW_CODE = "def pay(x):\n    return x\n"


@pytest.mark.parametrize(
    "task",
    [
        "# TODO: remove `old_charge`\n",
        "# TODO: remove old_charge once nobody calls it\n",
        "# FIXME: replace `old_charge()` with `pay()`\n",
        "# TODO: once `old_charge` is removed, simplify this\n",
        "# TODO: get rid of the old_charge() function\n",
    ],
)
def test_what_a_task_wanted_gone_is_gone(repository: Repository, task: str) -> None:
    night = evolved(repository, {"a.py": CODE, "b.py": task}, {"a.py": NEW_CODE})
    [found] = night.of("task.done")
    assert (found.subject, found.worth) == ("b.py", 0.75)
    assert "(old_charge stood at a.py:1 when it was written and is gone)" in found.message
    assert night.section.facts["proven"] == 1


@pytest.mark.parametrize(
    ("task", "after"),
    [
        ("# TODO: remove `old_charge`\n", {"a.py": CODE + "\n"}),
        ("# TODO: remove `old_charge`\n", {"a.py": NEW_CODE, "c.js": "old_charge()\n"}),
        ("# TODO: remove `old_charge` and `pay_more`\n", {"a.py": NEW_CODE}),
        ("# TODO: remove `never_there`\n", {"a.py": NEW_CODE}),
        ("# TODO: remove the charge\n", {"a.py": NEW_CODE}),
        ("# TODO: remove `old_charge` in `x y z` too\n", {"a.py": CODE + "z = 1\n"}),
        ('x = "# TODO: remove `old_charge`"\n', {"a.py": NEW_CODE}),
    ],
)
def test_what_is_not_proven_stays_open(repository: Repository, task: str, after: dict[str, str]) -> None:
    night = evolved(repository, {"a.py": CODE, "b.py": task}, after)
    assert night.of("task.done") == night.of("task.moot") == []


def test_records_of_the_past_do_not_keep_a_name_alive(repository: Repository) -> None:
    after = {"a.py": NEW_CODE, "CHANGES.rst": "removed old_charge\n"}
    night = evolved(repository, {"a.py": CODE, "b.py": "# TODO: remove old_charge\n"}, after)
    assert len(night.of("task.done")) == 1


def test_a_removed_file_and_an_added_one(repository: Repository) -> None:
    boxes = "- [ ] delete `tools/old.sh`\n- [ ] Add `docs/usage.md`.\n- [ ] add `docs/more.md`\n- [ ] create `tools/run.sh`\n"
    before = {"TODO.md": boxes, "tools/old.sh": "x\n", "tools/run.sh": "y\n"}
    night = evolved(repository, before, {"docs/usage.md": "# Usage\n"}, gone=("tools/old.sh",))
    assert [f.line for f in night.of("task.done")] == [1, 2]
    assert night.of("task.done")[1].message == (
        "an open task is done by the evidence (docs/usage.md is there and was not when it was written): "
        "Add `docs/usage.md`."
    )


def test_a_task_that_names_only_what_is_gone_is_moot(repository: Repository) -> None:
    night = evolved(
        repository, {"a.py": CODE, "b.py": "# TODO: make `old_charge` faster\n"}, {"a.py": NEW_CODE}
    )
    [found] = night.of("task.moot")
    assert (found.worth, night.of("task.done")) == (0.55, [])
    assert "names only what is gone (old_charge was defined at a.py:1 when it was written)" in found.message


@pytest.mark.parametrize(
    ("task", "message", "proven"),
    [
        ("# TODO(#12): round\n", "Fix rounding\n\nFixes #12", True),
        ("# TODO: remove when #12 is fixed\n", "closes: #12", True),
        ("# TODO: see #12\n", "Fixes #12", False),
        ("# TODO(#12): round\n", "Fixes #123", False),
        ("# TODO(#12): round\n", "Fixes other/repo#12", False),
        ("# TODO(#12): round\n", "About #12", False),
    ],
)
def test_a_commit_may_close_the_issue_of_a_task(
    repository: Repository, task: str, message: str, proven: bool
) -> None:
    night = evolved(repository, {"a.py": task}, {"b.py": "x = 1\n"}, message)
    assert bool(night.of("task.done")) == proven
    if proven:
        assert "of 2026-06-01 closes #12)" in night.of("task.done")[0].message


def test_a_commit_from_before_the_task_proves_nothing(repository: Repository) -> None:
    repository.commit({"a.py": "x = 1\n"}, OLD, "Fixes #12")
    night = evolved(repository, {}, {"a.py": "x = 1  # TODO(#12): the rest\n"}, "More, fixes #12")
    assert night.of("task.done") == []


def test_a_commit_may_carry_the_title_of_a_box(repository: Repository) -> None:
    before = {"TODO.md": "- [ ] Add retries to the client\n- [ ] Add retries\n"}
    night = evolved(repository, before, {"a.py": "x = 1\n"}, "feat(net): add retries to the client (#7)")
    [found] = night.of("task.done")
    assert (found.line, "carries its title" in found.message) == (1, True)


def test_a_moved_task_keeps_its_age_and_its_identity(repository: Repository) -> None:
    function = "def pay_everybody(x):\n    # TODO: round this to whole cents some day\n    return x\n"
    before = repository.commit({"a.py": "import os\n\n\n" + function, "b.py": "import re\n"})
    then = Night(context(repository.root, before))
    after = repository.commit({"a.py": "import os\n", "b.py": "import re\n\n\n" + function}, RECENT)
    now = Night(context(repository.root, after))
    [first], [second] = then.of("task.stale"), now.of("task.stale")
    assert first.identity == second.identity
    assert (first.subject, second.subject) == ("a.py", "b.py")
    assert (
        first.message == second.message == "open since 2026-01-10: TODO: round this to whole cents some day"
    )
    assert "written in a.py" in second.evidence


def test_stale_comes_in_two_stages_and_ends_with_activity(repository: Repository) -> None:
    options = TaskOptions(stale_days=120)
    repository.commit({"TODO.md": "- [ ] first thing\n- [ ] second thing\n"})
    middle = "- [ ] first thing\n- [ ] second thing here\n- [ ] third thing\n"
    night = Night(context(repository.root, repository.commit({"TODO.md": middle}, MIDDLE)), options=options)
    assert [(f.line, "closing proposed" in f.evidence) for f in night.of("task.stale")] == [
        (1, True),
        (2, False),
        (3, False),
    ]
    assert (night.section.facts["stale"], night.section.facts["closing"]) == (3, 1)
    touched = middle.replace("first thing", "first thing, soon")
    night = Night(context(repository.root, repository.commit({"TODO.md": touched}, RECENT)), options=options)
    assert [f.line for f in night.of("task.stale")] == [2, 3]


@pytest.mark.parametrize(
    "line",
    [
        "- [ ] pay @ann",
        "- [ ] the epic",
        "- [ ] blocked by legal",
        "- [ ] x (milestone 3)",
        "## Roadmap\n- [ ] fly",
    ],
)
def test_some_words_keep_a_task_from_being_stale(repository: Repository, line: str) -> None:
    night = Night(
        context(repository.root, repository.commit({"TODO.md": f"{line}\n- [ ] plain\n## X\n- [ ] y\n"}))
    )
    assert night.section.facts["exempt"] >= 1
    assert not [f for f in night.of("task.stale") if line.rpartition("] ")[2] in f.message]


def test_a_priority_shows_its_terms(repository: Repository) -> None:
    files = {
        "TODO.md": "- [ ] P1 crash in `pay_now`, due 2026-11-25\n- [ ] plain\n",
        "docs/a.md": "call `pay_now`\n",
        "b.py": "# FIXME: critical, see `pay_now`\n",
    }
    night = Night(context(repository.root, repository.commit(files, RECENT)))
    first, second = night.of("task.priority")
    assert (first.subject, first.worth, first.severity) == ("TODO.md", 0.5, "medium")
    assert first.evidence == (
        "priority 19.1 = stated +6 (P1) due +9.1 (2026-11-25) severe +3 (crash) mentions +1 (2); not measured: errors"
    )
    assert (second.subject, second.worth) == ("b.py", 0.3)


PLAN = """\
---
status: in progress
updated: 2026-01-01
---
# Plan
The work happens in `shop/pay.py` and [cart](../../shop/cart.py), around `old_charge`.
Later `shop/gone.py` will be removed.
```
shop/fenced.py
```
- [x] look at `shop/seen.py`
- [ ] measure `shop/none.py`
"""


def test_an_outdated_plan_is_pointed_out_with_what_changed(repository: Repository) -> None:
    body = "".join(f"line_{n} = {n}\n" for n in range(30))
    before = {
        "docs/plans/pay.md": PLAN,
        "shop/pay.py": CODE,
        "shop/cart.py": body,
        "shop/gone.py": "x = 1\n",
        "shop/seen.py": "y = 1\n",
        "docs/plans/done.md": PLAN.replace("in progress", "done"),
    }
    after = {"shop/pay.py": NEW_CODE, "shop/basket.py": body}
    night = evolved(repository, before, after, gone=("shop/cart.py", "shop/gone.py", "shop/seen.py"))
    [found] = night.of("task.outdated_plan")
    assert (found.subject, found.worth, found.magnitude) == ("docs/plans/pay.md", 0.6, 2.0)
    assert found.message == (
        "a plan last changed on 2026-01-10, says 'in progress' names what is no longer there: "
        "../../shop/cart.py is now shop/basket.py; old_charge, defined in shop/pay.py then, is gone"
    )
    assert found.evidence == "1 of the files it names changed since"
    assert (night.section.facts["plans"], night.section.facts["plans_outdated"]) == (1, 1)


def test_a_plan_that_holds_is_not_pointed_out(repository: Repository) -> None:
    before = {"docs/plans/pay.md": PLAN, "shop/pay.py": CODE, "shop/cart.py": "x = 1\n"}
    night = evolved(repository, before, {"shop/pay.py": CODE + "x = 2\n"})
    assert night.of("task.outdated_plan") == []
    assert "docs/plans/pay.md" in night.subjects("task.outdated_plan")


def test_what_was_removed_is_told_with_its_commit_and_the_rest_is_counted(repository: Repository) -> None:
    named = [f"docs/plans/m{n}.py" for n in range(6)]
    text = "# P\n- [x] begun\n- [ ] go on\n" + "".join(f"Look at `m{n}.py`.\n" for n in range(6))
    before = {"docs/plans/p.md": text, **dict.fromkeys(named, "x = 1\n")}
    night = evolved(repository, before, {}, gone=tuple(named))
    by = repository.git("rev-parse", "--short", "HEAD")
    [found] = night.of("task.outdated_plan")
    assert f"m0.py was removed in {by}; m1.py was removed in {by}" in found.message
    assert found.message.endswith("and 2 more")
    assert (found.magnitude, found.worth, found.evidence) == (6.0, 0.6, "")


def test_a_plan_that_was_never_touched_since_it_was_written_is_not_printed(repository: Repository) -> None:
    night = evolved(repository, {"plans/p.md": "- [ ] a\nsee `b/c.py`\n", "b/c.py": ""}, {}, gone=("b/c.py",))
    assert [f.worth for f in night.of("task.outdated_plan")] == [0.35]


def test_where_git_does_not_answer_nothing_is_proven_and_nothing_is_claimed(repository: Repository) -> None:
    repository.commit({"a.py": "# TODO: remove `old_charge`\n", "TODO.md": "- [x] a\n- [ ] use `a/b.py`\n"})
    night = Night(context(repository.root, "1" * 40))
    assert night.subjects("task.done") == night.subjects("task.outdated_plan") == set()
    assert (night.section.facts["proven"], night.section.facts["stale"]) == (None, None)
    assert "1 plans were not compared with the tree." in night.section.notes
    assert "For 2 tasks nobody could tell whether they are done" in " ".join(night.section.notes)


def test_what_was_written_before_the_history_at_hand_proves_nothing(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"a.py": CODE, "b.py": "# TODO: remove `old_charge`\n"})
    repository.commit({"c.py": ""}, MIDDLE)
    repository.commit({"a.py": NEW_CODE}, MIDDLE)
    shallow = tmp_path / "shallow"
    repository.git("clone", "-q", "--depth=2", repository.root.as_uri(), str(shallow))
    night = Night(context(shallow, repository.git("rev-parse", "HEAD"), shallow=True))
    assert night.of("task.done") == []
    assert "b.py" not in night.subjects("task.done")


def test_done_sections_archives_and_todo_txt(repository: Repository) -> None:
    files = {
        "TODO.md": "# Open\n- [ ] one\n## Done\n- [x] a\n- [x] b\n- [x] c\n",
        "docs/plans/archive/x.md": "- [ ] never done\n- [x] a\n- [x] b\n- [x] c\n",
        "todo.txt": "x 2026-01-02 a\nx 2026-01-03 b\nx 2026-01-04 c\n(A) 2026-01-05 call +shop @ann\n",
        "notes/todo.txt": "Ideas\n=====\n- something\n",
    }
    night = Night(context(repository.root, repository.commit(files)))
    assert [(f.subject, f.message) for f in night.of("task.done_not_archived")] == [
        ("todo.txt", "3 tasks are done, 1 open")
    ]
    assert (night.section.facts["open"], night.section.facts["done"]) == (2, 9)
    assert night.section.facts["priorities"] == 1


def test_a_second_night_reads_and_asks_nothing_and_says_the_same(repository: Repository) -> None:
    files = {f"m{n}.py": f"# TODO: thing {n} in `name_{n}`\n" for n in range(5)}
    files |= {"TODO.md": "- [ ] P1 one\n- [x] a\n- [x] b\n- [x] c\n", "README.md": "`name_1`\n"}
    commit = repository.commit(files)
    memory = Memory()
    first = Night(context(repository.root, commit, cache=memory))
    held = dict(memory.held)
    memory.missed.clear()
    second = Night(context(repository.root, commit, cache=memory))
    assert (second.outcomes, memory.missed) == (first.outcomes, [])
    later = repository.commit({"m0.py": "x = 1\n# TODO: thing 0 in `name_0`\n", "n.py": "y = 1\n"}, RECENT)
    memory.missed.clear()
    warm = Night(context(repository.root, later, cache=memory))
    assert warm.outcomes == Night(context(repository.root, later)).outcomes
    assert len([key for key in memory.missed if key.startswith("task.blame")]) == 1
    assert len([key for key in memory.missed if key.startswith("task.items")]) == 2
    assert held.items() - memory.held.items() == set() or memory.held.keys() >= held.keys()


def test_a_blame_that_history_overtook_is_asked_again(repository: Repository) -> None:
    task = "# TODO: one thing\n"
    memory = Memory()
    Night(context(repository.root, repository.commit({"a.py": task}), cache=memory))
    repository.commit({"a.py": "x = 1\n"}, MIDDLE)
    back = repository.commit({"a.py": task}, RECENT)
    warm, cold = Night(context(repository.root, back, cache=memory)), Night(context(repository.root, back))
    assert warm.outcomes == cold.outcomes
    assert warm.section.facts["stale"] == 0


def test_a_damaged_memory_changes_nothing(repository: Repository) -> None:
    commit = repository.commit({"a.py": "# TODO: one in `some_name`\n", "README.md": "`some_name`\n"})
    memory = Memory()
    first = Night(context(repository.root, commit, cache=memory))
    memory.held = {key: b"\xc1nothing" for key in memory.held if "references" not in key[0]}
    assert Night(context(repository.root, commit, cache=memory)).outcomes == first.outcomes
