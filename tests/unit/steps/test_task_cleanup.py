"""`task_cleanup` from the plan to the section, on real repositories."""

import datetime as dt
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from daydream.config.model import Config, TaskOptions
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.errors import OutOfBudget
from daydream.processes import Stop
from daydream.records.finding import Finding
from daydream.records.outcome import Done, More, Outcome
from daydream.records.repository import Examination, SourceFile
from daydream.records.section import SectionData, SubStepResult
from daydream.steps import task_cleanup

STARTED = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)
OLD, RECENT = "2026-01-10T12:00:00Z", "2026-11-18T12:00:00Z"


class Repository:
    """A real repository whose commits have chosen dates."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "-q", "-b", "main")

    def git(self, *argv: str, date: str = OLD) -> str:
        given = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "GIT_CONFIG_GLOBAL": os.devnull}
        names = {
            f"GIT_{who}_{what}": "x@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        left = subprocess.run(
            ["git", *argv],
            cwd=self.root,
            env={**os.environ, **given, **names},
            capture_output=True,
            text=True,
            check=True,
        )
        return left.stdout.strip()

    def commit(self, files: Mapping[str, str | bytes], date: str = OLD) -> str:
        for path, content in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x", date=date)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    root = tmp_path / "shop"
    root.mkdir()
    return Repository(root)


def context(root: Path, commit: str | None, *, shallow: bool = False, stop: Stop | None = None) -> Context:
    names = sorted(
        p.relative_to(root).as_posix() for p in root.rglob("*") if not p.is_dir() or p.is_symlink()
    )
    names = [name for name in names if not name.startswith(".git/")]
    return Context(
        root=root,
        tree=root,
        state=root,
        logs=root,
        files=tuple(SourceFile(name, "0", (root / name).lstat().st_size) for name in names),
        examination=Examination(commit=commit, branch="main", shallow=shallow),
        started_at=STARTED,
        zone=dt.UTC,
        date="2026-11-21",
        run="r",
        mode="report",
        first_night=False,
        stop=stop or Stop(),
        env={},
        progress=lambda *_: None,
        night=lambda: pytest.fail("not needed"),
    )


class Night:
    """One pass over all sub-steps, each by `makes` of its own if asked, through the journal's format."""

    def __init__(self, ctx: Context, *, fresh: bool = False, options: TaskOptions | None = None) -> None:
        def make() -> Step:
            return task_cleanup.make(Config(tasks=options or TaskOptions()))

        step = make()
        self.outcomes: list[Done | More] = []
        self.plan = list(step.plan(ctx))
        results = []
        for name in self.plan:
            parts, cursor = [], None
            while True:
                given = (make() if fresh else step).run(ctx, name, cursor)
                outcome = msgspec.json.decode(msgspec.json.encode(given), type=Outcome)
                assert isinstance(outcome, Done | More)
                self.outcomes.append(outcome)
                parts.append(outcome.facts)
                if isinstance(outcome, Done):
                    break
                cursor = outcome.cursor
            results.append(SubStepResult(name=name, kind="done", parts=tuple(parts)))
        self.section: SectionData = step.section(results)

    @property
    def findings(self) -> list[Finding]:
        return [finding for outcome in self.outcomes for finding in outcome.findings]

    def of(self, rule: str) -> list[Finding]:
        return [finding for finding in self.findings if finding.rule == rule]

    def subjects(self, rule: str) -> set[str]:
        return {s for o in self.outcomes for e in o.examined if rule in e.rules for s in e.subjects}


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
            "unmeasured": 0,
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
    files: dict[str, str | bytes] = {f"m{n:03}.py": "# TODO: x\n" for n in range(task_cleanup.MOST_BLAMED)}
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
    assert whole.plan == ["files:1", "files:2", "ages"]
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
