"""What docs and task_cleanup remember: whatever changes, they say what they would say without a memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from daydream.config.model import Config, DocsOptions, TaskOptions
from daydream.contracts.cache import Cache, Forgetful
from daydream.contracts.context import Context
from daydream.contracts.step import Step
from daydream.records.outcome import Done, More, Outcome, Skipped
from daydream.steps import docs, memory, task_cleanup
from daydream.store.cache import AnalysisCache
from tests.fakes.task_night import OLD, RECENT, Repository, context

CODE = "def old_name():\n    return 1\n\n\ndef new_name():\n    return 2  # TODO: later\n"
PAGE = """# Guide

See [here](gone.md), [the other](other.md#part) and [that](#nowhere); `new_name()` after `old_name()`.

```python
x = {'a': 1 'b': 2}
```
"""
FILES: dict[str, str | bytes] = {
    "pkg/mod.py": CODE.replace("old_name", "other_name"),
    "pkg/more.py": "# FIXME: broken\nx = 1\n",
    "docs/guide.md": PAGE,
    "docs/other.md": "# Other\n\n## Part\n\nFine: [guide](guide.md#guide).\n",
    "docs/latin.md": b"# \xe4\n",
    "docs/index.rst": "Index\n=====\n\n:ref:`somewhere` and :doc:`other`.\n",
    "docs/conf.py": "extensions = []\n",
    "TODO.md": "# Now\n- [ ] #3 call `new_name`\n- [x] done\n",
}
CHANGES: dict[str, dict[str, str | bytes | None]] = {
    "nothing": {},
    "a page": {"docs/other.md": "# Other\n\nSee [nothing](nothing.md).\n"},
    "a heading that another page leads to": {"docs/other.md": "# Other\n"},
    "a page goes": {"docs/other.md": None},
    "what a link led nowhere to": {"docs/gone.md": "# Back\n"},
    "a file that is no page": {"docs/nowhere.bin": b"\0"},
    "the code": {"pkg/mod.py": CODE},
    "a label": {"docs/more.rst": ".. _somewhere:\n\nMore\n====\n"},
    "the project's rules": {"docs/conf.py": "extensions = ['sphinx.ext.intersphinx']\n"},
    "a list": {"TODO.md": "- [x] all done\n"},
    "a comment": {"pkg/more.py": "x = 1\n"},
    "a page that could not be read": {"docs/latin.md": "# Latin\n\n[x](y.md)\n"},
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    root = tmp_path / "tree"
    root.mkdir()
    repository = Repository(root)
    repository.commit({"pkg/mod.py": CODE}, "2023-01-01T00:00:00Z")
    return repository


def commit(repository: Repository, files: dict[str, str | bytes | None], date: str) -> str:
    gone = [path for path, content in files.items() if content is None]
    there = {path: content for path, content in files.items() if content is not None}
    return repository.commit(there, date, gone=gone)


def held(tmp_path: Path) -> AnalysisCache:
    return AnalysisCache(tmp_path / "cache" / "analysis.db", 739_000)


def looks(step: Step, ctx: Context) -> list[Outcome]:
    """All outcomes of a step, part by part."""
    found: list[Outcome] = []
    for name in step.plan(ctx):
        cursor: str | None = None
        while True:
            outcome = step.run(ctx, name, cursor)
            found.append(outcome)
            if not isinstance(outcome, More):
                break
            cursor = outcome.cursor
    return found


def of_docs(ctx: Context) -> list[Outcome]:
    return looks(docs.make(Config()), ctx)


def of_tasks(ctx: Context) -> list[Outcome]:
    return looks(task_cleanup.make(Config()), ctx)


STEPS: dict[str, Callable[[Context], list[Outcome]]] = {"docs": of_docs, "tasks": of_tasks}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("step", STEPS)
def test_after_any_change_the_outcome_is_that_of_a_night_without_memory(
    repository: Repository, tmp_path: Path, step: str, name: str
) -> None:
    cache = held(tmp_path)
    first = commit(repository, dict(FILES), OLD)
    STEPS[step](context(repository.root, first, cache=cache))
    changed = commit(repository, CHANGES[name], RECENT)
    warm = STEPS[step](context(repository.root, changed, cache=cache))
    again = STEPS[step](context(repository.root, changed, cache=cache))
    assert warm == again == STEPS[step](context(repository.root, changed))
    assert any(isinstance(outcome, Done | More) and outcome.findings for outcome in warm)


class Asking:
    """A cache that says what was asked of it in vain."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self.missed: set[str] = set()

    def read(self, kind: str, keys: Sequence[str]) -> dict[str, bytes]:
        found = self._cache.read(kind, keys)
        self.missed |= {kind} if len(found) < len(set(keys)) else set()
        return found

    def write(self, kind: str, values: Mapping[str, bytes]) -> None:
        self._cache.write(kind, values)


@pytest.mark.parametrize("step", STEPS)
def test_a_night_without_changes_reads_no_file(repository: Repository, tmp_path: Path, step: str) -> None:
    cache = held(tmp_path)
    fine: dict[str, str | bytes | None] = {
        path: content for path, content in FILES.items() if path != "docs/latin.md"
    }
    head = commit(repository, fine | {"docs/guide.md": "# Guide\n", "docs/index.rst": "Index\n=====\n"}, OLD)
    before = STEPS[step](context(repository.root, head, cache=cache))
    asking = Asking(cache)
    ctx = context(repository.root, head, cache=asking)
    for path in fine:
        if path != "TODO.md":  # a plan is read again for its history
            (repository.root / path).unlink()
    assert STEPS[step](ctx) == before
    assert asking.missed == set()


def test_what_git_ignores_here_is_asked_every_night(repository: Repository, tmp_path: Path) -> None:
    cache = held(tmp_path)
    head = commit(repository, dict(FILES), OLD)
    ctx = context(repository.root, head, cache=cache)
    before = of_docs(ctx)
    (repository.root / ".git/info/exclude").write_text("docs/gone.md\n")
    warm = of_docs(context(repository.root, head, cache=cache))
    assert warm != before
    assert warm == of_docs(replace(ctx, cache=Forgetful()))


@pytest.mark.parametrize("step", STEPS)
def test_a_night_on_which_a_file_was_gone_is_not_remembered(
    repository: Repository, tmp_path: Path, step: str
) -> None:
    cache = held(tmp_path)
    head = commit(repository, dict(FILES), OLD)
    ctx = context(repository.root, head, cache=cache)
    for path in ("docs/other.md", "docs/conf.py", "pkg/more.py"):
        (repository.root / path).unlink()
    torn = STEPS[step](ctx)
    repository.git("checkout", "-q", ".")
    whole = STEPS[step](context(repository.root, head, cache=cache))
    assert torn != whole
    assert whole == STEPS[step](replace(ctx, cache=Forgetful()))


def test_a_shallow_clone_that_was_deepened_is_looked_at_anew(repository: Repository, tmp_path: Path) -> None:
    cache = held(tmp_path)
    head = commit(repository, dict(FILES), RECENT)
    shallow = of_docs(context(repository.root, head, shallow=True, cache=cache))
    assert any(isinstance(outcome, Skipped) for outcome in shallow)
    whole = of_docs(context(repository.root, head, cache=cache))
    assert not any(isinstance(outcome, Skipped) for outcome in whole)
    assert whole == of_docs(context(repository.root, head))


def test_other_options_are_another_question(repository: Repository, tmp_path: Path) -> None:
    cache = held(tmp_path)
    ctx = context(repository.root, commit(repository, dict(FILES), OLD), cache=cache)
    everything = of_docs(ctx)
    config = Config(docs=DocsOptions(exclude=("docs/guide.md",)))
    assert looks(docs.make(config), ctx) == looks(docs.make(config), replace(ctx, cache=Forgetful()))
    assert looks(docs.make(config), ctx) != everything
    other = task_cleanup.make(Config(tasks=TaskOptions(files=("nothing.md",))))
    of_tasks(ctx)
    assert looks(other, ctx) == looks(other, replace(ctx, cache=Forgetful()))


class Liar:
    """A cache that answers everything, and nothing as it was written."""

    def read(self, kind: str, keys: Sequence[str]) -> dict[str, bytes]:
        return {key: b'{"no": "sense"}' for key in keys if kind}

    def write(self, kind: str, values: Mapping[str, bytes]) -> None:
        """Forget it."""


def test_what_makes_no_sense_is_not_believed(repository: Repository) -> None:
    ctx = context(repository.root, commit(repository, dict(FILES), OLD))
    memo = memory.Memo(replace(ctx, cache=Liar()), "x", "key")
    assert memo.recall() is None
    memo = memory.Memo(ctx, "x", memory.key("a", None))
    memo.keep(Done())
    assert memo.recall() is None


def test_a_key_knows_where_one_part_ends_and_the_next_begins() -> None:
    assert memory.key("ab", "c") != memory.key("a", "bc")
    assert memory.key("a", None) is None
