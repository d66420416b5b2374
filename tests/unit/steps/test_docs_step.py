"""The step `docs` on real repositories: what it finds, what it leaves alone, and what it says it could not see."""

import datetime as dt
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import jinja2
import msgspec
import pytest

from daydream.config.model import Config, DocsOptions
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.errors import OutOfBudget
from daydream.processes import Stop
from daydream.records.finding import Finding
from daydream.records.night import NightFacts
from daydream.records.outcome import Done, Failed, Outcome, Skipped
from daydream.records.repository import Examination, SourceFile
from daydream.records.section import SectionData, SubStepResult
from daydream.steps.docs import make

NOW = dt.datetime(2026, 3, 1, 2, 0, tzinfo=dt.UTC)
PAGE = """# Guide

See [here](gone.md), [there](gone.md) and [that](#nowhere), but [fine](guide.md#guide).

```python
x = {'a': 1 'b': 2}
```

Call `pkg.old_name()` first, then `new_name()`.
"""


def no_night() -> NightFacts:
    raise AssertionError


def git(tree: Path, *argv: str, date: str = "2026-02-01T00:00:00Z") -> str:
    env = {
        **os.environ,
        "GIT_COMMITTER_DATE": date,
        "GIT_AUTHOR_DATE": date,
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }
    who = ("-c", "user.name=n", "-c", "user.email=e@x.test")
    return subprocess.run(
        ["git", *who, *argv], cwd=tree, env=env, check=True, capture_output=True, text=True
    ).stdout.strip()


def write(tree: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def commit(tree: Path, files: dict[str, str], date: str) -> None:
    if not (tree / ".git").exists():
        git(tree, "init", "-q")
    write(tree, files)
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "change", date=date)


def context(tree: Path, *, shallow: bool = False, stop: Stop | None = None) -> Context:
    has_git = (tree / ".git").exists()
    names = (
        git(tree, "ls-files", "-z").split("\0")
        if has_git
        else [str(p.relative_to(tree)) for p in tree.rglob("*") if p.is_file()]
    )
    files = [SourceFile(name, "0", (tree / name).lstat().st_size) for name in sorted(names) if name]
    head = git(tree, "rev-parse", "HEAD") if has_git else None
    return Context(
        root=tree,
        tree=tree,
        state=tree,
        logs=tree,
        files=files,
        examination=Examination(commit=head, branch="main", shallow=shallow, files=len(files)),
        started_at=NOW,
        zone=dt.UTC,
        date="2026-03-01",
        run="r1",
        mode="report",
        first_night=False,
        stop=stop or Stop(),
        env={},
        progress=lambda _text, _done, _all: None,
        night=no_night,
    )


def outcomes(ctx: Context, step: Step | None = None) -> dict[str, Outcome]:
    step = step or make(Config())
    return {name: step.run(ctx, name, None) for name in step.plan(ctx)}


def found(ctx: Context, step: Step | None = None) -> list[Finding]:
    return [
        f for outcome in outcomes(ctx, step).values() if isinstance(outcome, Done) for f in outcome.findings
    ]


def results(left: dict[str, Outcome]) -> Iterator[SubStepResult]:
    for name, outcome in left.items():
        if isinstance(outcome, Done):
            yield SubStepResult(name=name, kind="done", parts=(outcome.facts,))
        else:
            assert isinstance(outcome, Skipped)
            yield SubStepResult(name=name, kind="skipped", reason=outcome.reason)


def section(ctx: Context) -> SectionData:
    return make(Config()).section(list(results(outcomes(ctx))))


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    code = "def old_name():\n    return 1\n\n\ndef new_name():\n    return 2\n"
    commit(tmp_path, {"pkg/mod.py": code}, "2024-01-01T00:00:00Z")
    files = {
        "pkg/mod.py": code.replace("old_name", "other_name"),
        "docs/guide.md": PAGE,
        "README.md": "# R\n",
    }
    commit(tmp_path, files, "2026-02-01T00:00:00Z")
    return tmp_path


def test_one_finding_of_every_rule_on_a_page_with_one_defect_of_each(repo: Path) -> None:
    findings = found(context(repo))
    assert sorted((f.rule, f.identity.split(":")[0], f.line) for f in findings) == [
        ("docs.broken_anchor", "#nowhere~1", 3),
        ("docs.broken_link", "gone.md~1", 3),
        ("docs.example_does_not_parse", "python", 5),
        ("docs.stale_name", "old_name", 9),
    ]
    assert {f.subject for f in findings} == {"docs/guide.md"}
    assert all(f.worth >= 0.5 and f.message and f.action for f in findings)


def test_a_link_repeated_in_a_page_is_one_finding_that_counts(repo: Path) -> None:
    link = next(f for f in found(context(repo)) if f.rule == "docs.broken_link")
    assert (link.magnitude, link.evidence) == (2.0, "2 times in this page")


def test_links_of_a_page_into_one_missing_folder_are_one_finding_that_counts(repo: Path) -> None:
    page = "".join(f"[x](../away/p{n}.md) [y](../pkg/q{n}.md)\n" for n in range(4))
    commit(repo, {"docs/list.md": page}, "2026-02-02T00:00:00Z")
    links = {f.identity: f for f in found(context(repo)) if f.subject == "docs/list.md"}
    assert sorted(links) == ["../pkg/q0.md~1", "../pkg/q1.md~1", "../pkg/q2.md~1", "../pkg/q3.md~1", "away/"]
    assert (links["away/"].magnitude, links["away/"].line) == (4.0, 1)


def test_the_evidence_of_a_stale_name_says_where_it_was(repo: Path) -> None:
    name = next(f for f in found(context(repo)) if f.rule == "docs.stale_name")
    first = git(repo, "rev-list", "--max-parents=0", "HEAD")[:8]
    assert name.evidence == f"pkg/mod.py defined it on 2024-01-01 ({first})"


@pytest.mark.parametrize(
    "change",
    [
        {"pkg/other.py": "# old_name is still said here\n"},
        {"pkg/config.toml": "entry = 'old_name'\n"},
        {"docs/guide.md": "# Guide\n\n`pkg.old_name()` was renamed.\n"},
        {"docs/guide.md": "# Migrating\n\n`pkg.old_name()`\n"},
    ],
)
def test_a_name_that_something_still_says_or_that_is_told_as_past_is_not_stale(
    repo: Path, change: dict[str, str]
) -> None:
    commit(repo, change, "2026-02-02T00:00:00Z")
    assert [f for f in found(context(repo)) if f.rule == "docs.stale_name"] == []


def test_changelogs_may_name_what_is_gone_and_their_links_are_not_printed(repo: Path) -> None:
    git(repo, "mv", "docs/guide.md", "CHANGELOG.md")
    commit(repo, {}, "2026-02-02T00:00:00Z")
    findings = found(context(repo))
    assert "docs.stale_name" not in {f.rule for f in findings}
    assert [f.worth < 0.5 for f in findings if f.rule == "docs.broken_link"] == [True, True]


def test_rst_pages_are_read_for_names(repo: Path) -> None:
    commit(repo, {"docs/api.rst": "Use :func:`pkg.old_name` here.\n"}, "2026-02-02T00:00:00Z")
    assert ("docs/api.rst", 1) in {
        (f.subject, f.line) for f in found(context(repo)) if f.rule == "docs.stale_name"
    }


def test_findings_keep_their_identity_when_lines_move(repo: Path) -> None:
    before = {f.fingerprint for f in found(context(repo))}
    commit(repo, {"docs/guide.md": "Some words first.\n\n\n" + PAGE}, "2026-02-02T00:00:00Z")
    assert {f.fingerprint for f in found(context(repo))} == before


def test_the_same_commit_gives_the_same_outcome_also_from_a_fresh_step(repo: Path) -> None:
    ctx = context(repo)
    step = make(Config())
    whole = outcomes(ctx, step)
    for name in reversed(list(step.plan(ctx))):
        assert msgspec.json.encode(make(Config()).run(ctx, name, None)) == msgspec.json.encode(whole[name])


def test_a_target_that_git_ignores_is_generated_and_not_broken(repo: Path) -> None:
    commit(repo, {".gitignore": "gone.md\n"}, "2026-02-02T00:00:00Z")
    done = outcomes(context(repo))["links:000"]
    assert isinstance(done, Done)
    assert [f.rule for f in done.findings] == ["docs.broken_anchor"]
    assert done.facts["unknown_links"] == 2


def test_excluded_patterns_and_test_data_are_not_looked_at(repo: Path) -> None:
    extra = {"tests/fixtures/a.md": PAGE, "tests/a.md": PAGE, "vendor/b.md": PAGE}
    commit(repo, extra, "2026-02-02T00:00:00Z")
    config = Config(docs=DocsOptions(exclude=("vendor/", "docs/**")))
    assert found(context(repo), make(config)) == []


def test_examined_names_the_pages_that_were_read_and_only_those(repo: Path) -> None:
    (repo / "bad.md").write_bytes(b"\xff\xfe [x](gone.md)")
    (repo / "empty.md").write_bytes(b"")
    (repo / "loop.md").symlink_to("loop.md")
    (repo / "out.md").symlink_to("/etc/hostname")
    commit(repo, {"vanishing.md": "[x](gone.md)\n", "huge.md": "x" * 2_000_001}, "2026-02-02T00:00:00Z")
    ctx = context(repo)
    (repo / "vanishing.md").unlink()
    done = [outcome for outcome in outcomes(ctx).values() if isinstance(outcome, Done)]
    assert {e.subjects for outcome in done for e in outcome.examined if e.subjects} == {
        ("README.md", "docs/guide.md", "empty.md")
    }
    assert not any(e.everything for outcome in done for e in outcome.examined)
    assert section(ctx).facts["unread"] == 5
    assert any("5 pages could not be read" in note for note in section(ctx).notes)


def test_all_pages_of_a_readable_tree_are_everything(repo: Path) -> None:
    done = [outcome for outcome in outcomes(context(repo)).values() if isinstance(outcome, Done)]
    assert all(e.everything for outcome in done for e in outcome.examined)


def test_a_target_behind_a_link_out_of_the_tree_or_in_a_submodule_is_unknown(repo: Path) -> None:
    (repo / "etc").symlink_to("/etc")
    commit(repo, {"a.md": "[x](etc/passwd) [y](etc/none) [z](sub/none.md)\n"}, "2026-02-02T00:00:00Z")
    (repo / "sub").mkdir()
    assert [f for f in found(context(repo)) if f.subject == "a.md"] == []


def test_syntax_newer_than_this_python_is_not_called_broken(repo: Path) -> None:
    page = "```python\ndef f[T](x: T) -> T:\n    return x\n\ntry:\n    f(1)\nexcept A, B:\n    pass\n```\n"
    commit(repo, {"a.md": page}, "2026-02-02T00:00:00Z")
    assert [f for f in found(context(repo)) if f.subject == "a.md"] == []


@pytest.mark.parametrize(("shallow", "word"), [(True, "shallow"), (False, "shorter than 30 days")])
def test_names_are_skipped_with_the_reason_when_there_is_no_history(
    tmp_path: Path, shallow: bool, word: str
) -> None:
    commit(tmp_path, {"a.md": "`old_name`\n"}, "2026-02-01T00:00:00Z")
    left = outcomes(context(tmp_path, shallow=shallow))
    assert isinstance(left["names:000"], Skipped)
    assert word in left["names:000"].reason
    data = section(context(tmp_path, shallow=shallow))
    assert data.facts["stale_names"] is None
    assert any(word in note for note in data.notes)


def test_a_tree_without_git_is_read_but_its_names_are_not(tmp_path: Path) -> None:
    write(tmp_path, {"docs/guide.md": PAGE})
    left = outcomes(context(tmp_path))
    assert isinstance(left["names:000"], Skipped)
    assert {f.rule for f in found(context(tmp_path))} == {
        "docs.broken_anchor",
        "docs.broken_link",
        "docs.example_does_not_parse",
    }


def test_a_repository_without_pages_counts_zero(tmp_path: Path) -> None:
    commit(tmp_path, {"a.py": "x = 1\n"}, "2026-02-01T00:00:00Z")
    facts = section(context(tmp_path)).facts
    assert (facts["files"], facts["links"], facts["examples"]) == (0, 0, 0)


def test_what_no_sub_step_measured_is_null() -> None:
    facts = make(Config()).section([]).facts
    assert facts["files"] is None
    assert set(facts.values()) == {None}


def test_many_pages_are_planned_in_batches_that_cover_each_once(tmp_path: Path) -> None:
    pages = {f"docs/p{n:03}.md": f"# P\n\n[next](p{n + 1:03}.md)\n" for n in range(120)}
    commit(tmp_path, pages, "2026-02-01T00:00:00Z")
    ctx = context(tmp_path)
    left = outcomes(ctx)
    batches = [f"{duty}:{n:03}" for n in range(3) for duty in ("links", "examples", "names")]
    assert list(left) == [*batches, "interface"]  # what concerns all pages at once comes last
    seen: Sequence[str] = [
        s
        for name, o in left.items()
        if isinstance(o, Done) and name.startswith("links")
        for e in o.examined
        for s in e.subjects
    ]
    assert sorted(seen) == sorted(pages)
    assert [f.identity for f in found(ctx)] == ["p120.md~1"]


def test_a_sub_step_of_another_plan_fails_with_a_sentence(repo: Path) -> None:
    left = make(Config()).run(context(repo), "links:099", None)
    assert isinstance(left, Failed)
    assert "another plan" in left.error


def test_a_stop_is_heeded(repo: Path) -> None:
    with pytest.raises(OutOfBudget):
        make(Config()).run(context(repo, stop=Stop(deadline=0.0)), "links:000", None)


def test_the_section_renders_its_counts_in_at_most_six_lines(repo: Path) -> None:
    source = Path(__file__).parents[3] / "templates/sections/docs.md.j2"
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=True)
    template = environment.from_string(source.read_text(encoding="utf-8"))
    lines = template.render(section=section(context(repo))).strip().splitlines()
    assert lines[0] == "- 2 files checked, 4 links verified"
    assert lines[1].startswith("- Broken links: 2; broken anchors: 1")
    assert len(lines) <= 6
