"""`task_cleanup` from the plan to the section, on real repositories."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from daydream.config.model import Config, TaskOptions
from daydream.errors import OutOfBudget
from daydream.processes import Stop
from daydream.records.section import SectionData, SubStepResult
from daydream.steps import task_cleanup
from daydream.steps.task_section import MOST_BLAMED
from tests.fakes.task_night import OLD, RECENT, Night, Repository, context


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    root = tmp_path / "shop"
    root.mkdir()
    return Repository(root)


def test_counts_boxes_and_comments_and_dates_them_by_git(repository: Repository) -> None:
    repository.commit(
        {
            "TODO.md": "# Now\n- [ ] old one\n- [x] done\n- [ ] P1 pay\n",
            "shop/cart.py": '# TODO: old\nx = "# TODO: no"\n',
            "README.md": "- [ ] not a task list\n\nTODO: prose\n",
        }
    )
    new = "# TODO: old\n# FIXME: new\nx = 1\n"
    night = Night(context(repository.root, repository.commit({"shop/cart.py": new}, RECENT)))
    assert night.section == SectionData(
        key="task_cleanup",
        title="Task Management",
        facts={
            "closed": 1,
            "priorities": 2,
            "open": 2,
            "done": 1,
            "markers": 2,
            "expired": 0,
            "lists": 1,
            "files": 2,
            "stale": 3,
            "closing": 3,
            "exempt": 0,
            "unmeasured": 0,
            "proven": 0,
            "moot": 0,
            "plans": 1,
            "plans_outdated": 0,
        },
    )
    assert [(f.subject, f.line, f.message) for f in night.of("task.stale")] == [
        ("TODO.md", 2, "open since 2026-01-10: old one"),
        ("TODO.md", 4, "open since 2026-01-10: P1 pay"),
        ("shop/cart.py", 1, "open since 2026-01-10: TODO: old"),
    ]
    assert all(f.worth < 0.5 for f in night.of("task.stale"))
    assert night.subjects("task.stale") == {"TODO.md", "shop/cart.py"}


def test_stale_begins_after_the_configured_days(repository: Repository) -> None:
    ctx = context(repository.root, repository.commit({"TODO": "- [ ] x\n"}, "2026-11-11T02:00:00Z"))
    assert Night(ctx, options=TaskOptions(stale_days=10)).section.facts["stale"] == 0
    assert Night(ctx, options=TaskOptions(stale_days=9)).section.facts["stale"] == 1


def test_an_expired_task_is_printed_once_and_not_as_stale_too(repository: Repository) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "shop"\nversion = "2.1"\nrequires-python = ">=3.10"\n',
        "shop/a.py": "def pay():\n    # TODO: remove in 2.0\n    pass\n",
        "shop/b.py": "# TODO: remove in 3.0\n",
        "shop/_vendor/c.py": "# TODO: remove in 2.0\n",
    }
    night = Night(context(repository.root, repository.commit(files)))
    [found] = night.of("task.expired")
    assert (found.subject, found.worth, found.evidence) == ("shop/a.py", 0.8, "pay")
    assert (
        found.message == "a task names a condition that has come (the project is at 2.1): TODO: remove in 2.0"
    )
    assert [f.subject for f in night.of("task.stale")] == ["shop/_vendor/c.py", "shop/b.py"]
    assert night.section.facts["expired"] == 1
    assert night.section.facts["priorities"] == 1


def test_the_version_may_stand_in_the_package(repository: Repository) -> None:
    files = {
        "setup.cfg": "[options]\npython_requires = >=3.9\n",
        "shop/__init__.py": '__version__ = "5.0"\n',
        "shop/a.py": "# TODO: remove in 4.0\nx = 1\n# TODO: remove once Python 3.8 is dropped\n",
    }
    night = Night(context(repository.root, repository.commit(files)))
    assert [f.line for f in night.of("task.expired")] == [1, 3]


@pytest.mark.parametrize(
    ("text", "ticked_on", "worth", "message"),
    [
        ("- [x] a\n- [x] b\n- [x] c\n", OLD, 0.5, "3 boxes are ticked, none open"),
        ("- [x] a\n- [x] b\n- [x] c\n", RECENT, 0.2, "3 boxes are ticked, none open"),
        ("- [x] a\n- [x] b\n- [x] c\n- [ ] d\n", OLD, 0.2, "3 boxes are ticked, 1 open"),
    ],
)
def test_only_a_finished_list_that_has_settled_is_worth_printing(
    repository: Repository, text: str, ticked_on: str, worth: float, message: str
) -> None:
    night = Night(context(repository.root, repository.commit({"docs/plans/one.md": text}, ticked_on)))
    [found] = night.of("task.done_not_archived")
    assert (found.worth, found.message, found.magnitude) == (worth, message, 3.0)


def test_two_ticked_boxes_are_no_finding(repository: Repository) -> None:
    night = Night(context(repository.root, repository.commit({"TODO.md": "- [x] a\n- [x] b\n"})))
    assert night.findings == []


def test_without_git_ages_are_not_measured(tmp_path: Path) -> None:
    (tmp_path / "TODO.md").write_text("- [ ] a\n- [x] b\n- [x] c\n- [x] d\n")
    night = Night(context(tmp_path, None))
    assert (night.section.facts["open"], night.section.facts["stale"]) == (1, None)
    assert night.section.notes == ("The ages of 1 open tasks are not measured: there is no git history.",)
    assert (night.section.facts["proven"], night.section.facts["plans"]) == (None, None)
    assert [(f.rule, f.worth) for f in night.findings] == [("task.done_not_archived", 0.2)]


def test_ages_at_the_boundary_of_a_shallow_repository_are_not_measured(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"TODO.md": "- [ ] old\n"})
    repository.commit({"x.py": "pass\n"})
    repository.commit({"TODO.md": "- [ ] old\n- [ ] newer\n"}, RECENT)
    subprocess.run(
        ["git", "clone", "-q", "--depth=2", repository.root.as_uri(), str(tmp_path / "shallow")],
        check=True,
        capture_output=True,
    )
    night = Night(context(tmp_path / "shallow", repository.git("rev-parse", "HEAD"), shallow=True))
    assert (night.section.facts["stale"], night.section.facts["unmeasured"]) == (0, 1)
    assert "older than the history at hand" in night.section.notes[0]


def test_ages_are_of_the_pinned_commit_and_not_of_uncommitted_work(repository: Repository) -> None:
    commit = repository.commit({"a.py": "# TODO: one\n"})
    ctx = context(repository.root, commit)
    repository.commit({"a.py": "x = 1\n\n# TODO: one\n"}, RECENT)
    (repository.root / "a.py").write_text("# TODO: one\n")
    assert Night(ctx).section.facts["stale"] == 1


def test_looks_through_commits_that_blame_shall_ignore(repository: Repository) -> None:
    repository.commit({"a.py": "# TODO:  one\n"})
    mass = repository.commit({"a.py": "# TODO: one\n"}, RECENT)
    plain = Night(context(repository.root, mass))
    commit = repository.commit({".git-blame-ignore-revs": f"# formatting\n{mass}\n"}, RECENT)
    seen = Night(context(repository.root, commit))
    commit = repository.commit({".git-blame-ignore-revs": "not a commit\n"}, RECENT)
    damaged = Night(context(repository.root, commit))
    assert [n.section.facts["stale"] for n in (plain, seen, damaged)] == [0, 1, 0]
    assert damaged.section.facts["unmeasured"] == 0


def test_a_file_that_git_cannot_blame_is_not_measured(repository: Repository) -> None:
    commit = repository.commit({"a.py": "x = 1\n"})
    (repository.root / "b.py").write_text("# TODO: unknown to git\n")
    night = Night(context(repository.root, commit))
    assert (night.section.facts["stale"], night.section.facts["unmeasured"]) == (None, 1)
    assert "git blame failed for 1 files." in night.section.notes


def test_asks_git_for_a_bounded_number_of_files_lists_and_graves_first(repository: Repository) -> None:
    files: dict[str, str | bytes] = {f"m{n:03}.py": "# TODO: x\n" for n in range(MOST_BLAMED)}
    files |= {"z.py": "# FIXME: y\n", "TODO.md": "- [ ] z\n"}
    night = Night(context(repository.root, repository.commit(files)))
    assert (night.section.facts["stale"], night.section.facts["unmeasured"]) == (60, 2)
    assert "beyond the 60 files" in night.section.notes[0]
    assert [f.subject for f in night.of("task.stale")][:2] == ["TODO.md", "z.py"]
    assert "m059.py" not in night.subjects("task.stale")


def test_bad_input_is_counted_and_harms_nothing(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("# TODO: remove after 2020-01-01\n")
    (repository.root / "link.py").symlink_to(tmp_path / "outside.py")
    (repository.root / "loop.py").symlink_to("loop.py")
    commit = repository.commit(
        {
            "empty.py": "",
            "odd.py": "# TODO: x\nx = (\n",
            "large.py": b"# TODO: x\n" * 200_000,
            "binary.js": b"// TODO: x\n\0\0",
            "gone.py": "# TODO: x\n",
            "latin.sh": "# TODO: gr\u00fcn\n".encode("latin-1"),
            "TODO": b"\xef\xbb\xbf- [ ] with a mark\r\n",
        }
    )
    ctx = context(repository.root, commit)
    (repository.root / "gone.py").unlink()
    night = Night(ctx)
    assert night.section.notes == (
        "Files not searched for tasks: 1 over 1 MB, 1 unreadable, 1 binary, 1 not tokenizable as Python.",
    )
    assert night.of("task.expired") == []
    assert {f.subject for f in night.findings} == {"TODO", "latin.sh"}
    assert night.subjects("task.expired") == {"TODO", "empty.py", "latin.sh"}


def test_findings_keep_their_identity_when_lines_move(repository: Repository) -> None:
    before = Night(
        context(repository.root, repository.commit({"a.py": "def f():\n    # TODO: x\n    pass\n"}))
    )
    moved = "import os\n\n\ndef f():\n    y = 1\n    # TODO: x\n    pass\n"
    after = Night(context(repository.root, repository.commit({"a.py": moved})))
    assert [f.fingerprint for f in before.findings] == [f.fingerprint for f in after.findings]
    assert len(before.findings) == 1


def test_secrets_in_tasks_reach_no_finding(repository: Repository) -> None:
    secret = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"
    night = Night(context(repository.root, repository.commit({"a.py": f"# TODO: rotate {secret}\n"})))
    assert secret.encode() not in msgspec.json.encode(night.findings)
    assert len(night.findings) == 1


def test_a_night_taken_up_again_comes_to_the_same(repository: Repository) -> None:
    files: dict[str, str | bytes] = {f"d{n}/m.py": f"# TODO: {n}\n" for n in range(255)}
    ctx = context(repository.root, repository.commit(files))
    whole, pieces = Night(ctx), Night(ctx, fresh=True)
    assert whole.plan == ["files:1", "files:2", "evidence", "plans", "ages"]
    assert whole.outcomes == pieces.outcomes
    assert whole.section == pieces.section


def test_a_repository_without_tasks_has_none(repository: Repository) -> None:
    night = Night(context(repository.root, repository.commit({"a.py": "x = 1\n"})))
    assert (night.section.facts["open"], night.section.facts["stale"], night.section.notes) == (0, 0, ())
    assert night.subjects("task.stale") == night.subjects("task.expired") == {"a.py"}


@pytest.mark.parametrize("results", [(), (SubStepResult(name="files:1", kind="skipped", reason="No time."),)])
def test_what_nobody_looked_at_is_null(results: Sequence[SubStepResult]) -> None:
    section = task_cleanup.make(Config()).section(results)
    assert set(section.facts.values()) == {None}
    assert section.notes == tuple(result.reason for result in results)


def test_looks_at_the_budget_while_it_reads(repository: Repository) -> None:
    stop = Stop(deadline=0.0)
    ctx = context(repository.root, repository.commit({"a.py": "# TODO: x\n"}), stop=stop)
    with pytest.raises(OutOfBudget):
        Night(ctx)
