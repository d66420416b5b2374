"""GitHub's part of `task_cleanup`, asked from a server with state."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina

from daydream.config.model import TaskOptions
from daydream.records.outcome import Skipped
from daydream.steps import task_cleanup
from tests.fakes.github_server import TOKEN, FakeGitHub, Reply, entry, serving
from tests.fakes.task_night import OLD, RECENT, Night, Repository, context

MIDDLE = "2026-06-01T12:00:00Z"
LONG_AGO, LATELY = "2026-01-15T08:00:00Z", "2026-11-20T08:00:00Z"


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    root = tmp_path / "shop"
    root.mkdir()
    return Repository(root)


@pytest.fixture
def server() -> Iterator[FakeGitHub]:
    with serving() as held:
        yield held


def night(repository: Repository, commit: str | None, server: FakeGitHub) -> Night:
    options = TaskOptions(github="acme/shop", github_url=server.url)
    return Night(context(repository.root, commit, env={"DAYDREAM_GITHUB_TOKEN": TOKEN}), options=options)


def test_nothing_is_asked_where_it_is_not_configured(repository: Repository, server: FakeGitHub) -> None:
    commit = repository.commit({"a.py": "# TODO(#1): x\n"})
    plain = Night(context(repository.root, commit, env={"DAYDREAM_GITHUB_TOKEN": TOKEN}))
    assert not [name for name in plain.plan if name.startswith("github")]
    assert not {"issues", "closed_issues"} & set(plain.section.facts)
    assert server.requests == []


def test_open_issues_are_stale_in_two_stages_and_some_are_exempt(
    repository: Repository, server: FakeGitHub
) -> None:
    server.entries = [
        entry(1, updated_at=LATELY),
        entry(2, updated_at="2026-08-10T08:00:00Z"),
        entry(3, updated_at=LONG_AGO, title="Crash on `pay` @everyone"),
        entry(4, updated_at=LONG_AGO, milestone={"title": "2.0"}),
        entry(5, updated_at=LONG_AGO, assignees=[{"login": "ann"}]),
        entry(6, updated_at=LONG_AGO, labels=[{"name": "roadmap"}]),
        entry(7, updated_at=LONG_AGO, pull_request={}),
    ]
    server.page_size = 3
    found = night(repository, repository.commit({"a.py": "x = 1\n"}), server)
    stale = found.of("task.issue_stale")
    assert [(f.subject, f.identity, f.message.partition(":")[0]) for f in stale] == [
        ("github:acme/shop", "2", "#2 last change 102 days ago"),
        ("github:acme/shop", "3", "#3 last change 309 days ago, closing proposed"),
    ]
    assert all(f.worth < 0.5 for f in stale)
    assert "severe +3 (crash)" in stale[1].evidence
    assert {
        k: found.section.facts[k] for k in ("issues", "issues_stale", "issues_closing", "issues_exempt")
    } == {
        "issues": 6,
        "issues_stale": 2,
        "issues_closing": 1,
        "issues_exempt": 3,
    }
    assert found.subjects("task.issue_stale") == {"github:acme/shop"}


def test_an_open_issue_that_a_commit_closes_is_named(repository: Repository, server: FakeGitHub) -> None:
    server.entries = [entry(4), entry(5), entry(6, state_reason="reopened"), entry(7, created_at=LATELY)]
    repository.commit({"a.py": "x = 1\n"})
    commit = repository.commit(
        {"a.py": "x = 2\n"}, MIDDLE, "Pay\n\nFixes #4, see #5, fixes #6, closes #7, fixes #44"
    )
    found = night(repository, commit, server)
    [done] = found.of("task.issue_done")
    assert (done.identity, done.worth) == ("4", 0.6)
    assert f"commit {commit[:9]} of 2026-06-01 says that it closes it" in done.message
    assert found.section.facts["issues_done"] == 1


def test_a_task_whose_issue_was_closed_since_is_named(repository: Repository, server: FakeGitHub) -> None:
    closed = {"state": "closed", "closed_at": "2026-05-01T00:00:00Z"}
    server.entries = [
        entry(1, **closed),
        entry(2),
        entry(3, state="closed", closed_at="2025-12-01T00:00:00Z"),
        entry(4, state_reason="not_planned", **closed),
        entry(5, pull_request={"merged_at": "2026-05-02T00:00:00Z"}, **closed),
        entry(6, pull_request={"merged_at": None}, **closed),
    ]
    lines = [
        "# TODO(#1): one",
        "# TODO(#2): open",
        "# TODO(#3): closed before it was written",
        "# TODO: remove once https://github.com/Acme/Shop/issues/4 is fixed",
        "# TODO: remove when #5 is merged",
        "# TODO: remove when #6 is merged",
        "# TODO(#5): written in a pull request",
        "# TODO: see #1",
        "# TODO: wait for other/repo#1",
        "# TODO: remove after #1 and when #2 is done",
    ]
    repository.commit({"a.py": "\n\n".join(lines) + "\n"})
    found = night(repository, repository.commit({"b.py": "x\n"}, MIDDLE, "Fixes #1 and fixes #2"), server)
    assert [
        (f.line, f.message.partition("evidence (")[2].partition(")")[0])
        for f in found.of("task.issue_closed")
    ] == [
        (1, "#1 was closed on 2026-05-01"),
        (7, "Acme/Shop#4 was closed as not planned on 2026-05-01"),
        (9, "#5 was merged on 2026-05-02"),
    ]
    assert found.of("task.done") == []
    asked = [path for path in server.paths if path.rpartition("/")[2].isdigit()]
    assert [path.rpartition("/")[2] for path in asked] == ["1", "2", "3", "4", "5", "6"]


def test_an_issue_that_may_not_be_seen_leaves_its_file_not_looked_at(
    repository: Repository, server: FakeGitHub
) -> None:
    commit = repository.commit({"a.py": "# TODO(#99): x\n", "b.py": "# TODO: y\n"})
    found = night(repository, commit, server)
    assert found.subjects("task.issue_closed") == {"b.py"}
    assert found.section.facts["closed_issues"] == 0


def test_a_failing_github_costs_its_own_part_only(repository: Repository, server: FakeGitHub) -> None:
    server.script = [Reply(401), Reply(401)]
    found = night(repository, repository.commit({"a.py": "# TODO(#1): x\n"}), server)
    assert (found.section.facts["issues"], found.section.facts["closed_issues"]) == (None, None)
    assert found.section.facts["stale"] == 1
    assert found.section.notes == (
        "127.0.0.1 does not accept the token in DAYDREAM_GITHUB_TOKEN; make a new one that may read issues",
    )
    assert found.subjects("task.issue_closed") == found.subjects("task.issue_stale") == set()


def test_a_broken_github_fails_its_sub_step(repository: Repository, server: FakeGitHub) -> None:
    server.script = [Reply(500)] * 6
    found = night(repository, repository.commit({"a.py": "# TODO(#1): x\n"}, OLD), server)
    assert found.section.facts["issues"] is None
    assert found.section.facts["markers"] == 1


def test_a_list_that_was_not_read_to_its_end_claims_nothing(
    repository: Repository, server: FakeGitHub
) -> None:
    server.page_size = 1
    server.entries = [entry(n) for n in range(1, 13)]
    found = night(repository, repository.commit({"a.py": "x = 1\n"}, RECENT), server)
    assert found.section.facts["issues"] == 10
    assert "GitHub has more open issues than the 10 oldest pages that were read." in found.section.notes
    assert found.subjects("task.issue_stale") == set()


def test_without_history_closed_issues_prove_nothing(tmp_path: Path, server: FakeGitHub) -> None:
    (tmp_path / "a.py").write_text("# TODO(#1): x\n")
    options = TaskOptions(github="acme/shop", github_url=server.url)
    step = task_cleanup.TaskCleanup(options)
    outcome = step.run(context(tmp_path, None), "github:referenced", None)
    assert isinstance(outcome, Skipped)
    assert "without git" in outcome.reason
