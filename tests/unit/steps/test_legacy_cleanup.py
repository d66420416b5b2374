"""`legacy_cleanup` on real repositories, with the real ruff, vulture and git."""

import dataclasses
import datetime as dt
import os
import sys
from pathlib import Path

import pytest

from daydream.analysis import ruff_report
from daydream.config.model import CleanOptions, Config, LegacyOptions
from daydream.contracts.context import Context
from daydream.errors import OutOfBudget
from daydream.processes import Stop
from daydream.records.change import Delete
from daydream.records.finding import Finding
from daydream.records.night import NightFacts
from daydream.records.outcome import Done, Failed, More, Outcome, Skipped
from daydream.records.repository import Examination, Interpreter, SourceFile
from daydream.records.section import SectionData, SubStepResult
from daydream.steps import legacy_lint
from daydream.steps.legacy_cleanup import SUB_STEPS, VERSIONS, make
from tests.fakes.checkouts import Checkout, everything
from tests.fakes.checkouts import make as checkout

NOW = dt.datetime(2026, 11, 21, 2, tzinfo=dt.UTC)
DAY = 86_400
PROJECT = '[project]\nname = "x"\nrequires-python = ">=3.10"\n'


def no_night() -> NightFacts:
    msg = "this step does not look at the night"
    raise AssertionError(msg)


def world(
    root: Path, mode: str = "report", interpreter: Interpreter | None = None, stop: Stop | None = None
) -> Context:
    """The context of a night whose workbench is the checkout itself."""
    files = [
        SourceFile(path.relative_to(root).as_posix(), "", path.lstat().st_size)
        for path in sorted(root.rglob("*"))
        if ".git" not in path.parts and (path.is_symlink() or path.is_file())
    ]
    return Context(
        root=root,
        tree=root,
        state=root / "state",
        logs=root / "logs",
        files=files,
        examination=Examination(commit="c", branch="main", interpreter=interpreter),
        started_at=NOW,
        zone=dt.UTC,
        date="2026-11-21",
        run="r",
        mode=mode,
        first_night=False,
        stop=stop or Stop(),
        env=dict(os.environ),
        progress=lambda _item, _k, _n: None,
        night=no_night,
    )


def project(root: Path, files: dict[str, str | bytes]) -> Context:
    checkout(root, {"pyproject.toml": PROJECT, **files})
    return world(root)


def outcome(ctx: Context, sub_step: str, config: Config | None = None) -> Outcome:
    return make(config or Config()).run(ctx, sub_step, None)


def done(ctx: Context, sub_step: str, config: Config | None = None) -> Done:
    result = outcome(ctx, sub_step, config)
    assert isinstance(result, Done), result
    return result


def of_rule(result: Done | More, rule: str) -> list[Finding]:
    return [finding for finding in result.findings if finding.rule == f"legacy.{rule}"]


def printed(findings: list[Finding]) -> list[tuple[str, int | None]]:
    return [(finding.subject, finding.line) for finding in findings if finding.worth >= 0.5]


def age(path: Path, days: float) -> None:
    then = NOW.timestamp() - days * DAY
    for entry in [path, *path.rglob("*")] if path.is_dir() else [path]:
        os.utime(entry, (then, then))


def section(ctx: Context, config: Config | None = None) -> SectionData:
    step = make(config or Config())
    results = []
    for name in step.plan(ctx):
        result = step.run(ctx, name, None)
        if isinstance(result, Done):
            results.append(SubStepResult(name=name, kind="done", parts=(result.facts,)))
        else:
            assert isinstance(result, Skipped | Failed)
            reason = result.reason if isinstance(result, Skipped) else result.error
            results.append(SubStepResult(name=name, kind="skipped", reason=reason))
    return step.section(results)


def test_an_unused_import_is_found_and_one_taken_by_another_module_is_not(tmp_path: Path) -> None:
    ctx = project(
        tmp_path,
        {
            "pkg/__init__.py": "from pkg.a import thing\n",
            "pkg/a.py": "import json\nfrom os import path\nfrom re import compile\n\nthing = 1\n",
            "pkg/b.py": "from pkg.a import path\n\nprint(path)\n",
            "pkg/c.py": "import pkg.a as m\n\nm.compile('x')\n",
        },
    )
    found = of_rule(done(ctx, "ruff"), "unused_import")
    assert [f.identity for f in found] == ["json#1"]
    assert printed(found) == [("pkg/a.py", 1)]


def test_an_identity_survives_a_move_of_lines(tmp_path: Path) -> None:
    source = "import json\n\n\ndef f(a):\n    b = a\n    return a\n\n\n# x = json.load(a)\n# use(x)\n"
    before = done(project(tmp_path / "a", {"m.py": source}), "ruff")
    after = done(project(tmp_path / "b", {"m.py": "X = 1\n\n" + source}), "ruff")
    assert [f.line for f in before.findings] != [f.line for f in after.findings]
    assert [f.fingerprint for f in before.findings] == [f.fingerprint for f in after.findings]
    assert {f.rule for f in before.findings} >= {
        "legacy.unused_import",
        "legacy.unused_variable",
        "legacy.commented_code",
    }


def test_what_the_repository_ignores_is_not_reported(tmp_path: Path) -> None:
    config = (
        PROJECT
        + '[tool.ruff.lint]\nignore = ["F401"]\n[tool.ruff.lint.per-file-ignores]\n"b.py" = ["F841"]\n'
    )
    ctx = project(
        tmp_path,
        {
            "pyproject.toml": config,
            "a.py": "import json\n",
            "b.py": "def f(a):\n    b = a\n    return 1\n",
            "c.py": "def f(a):\n    b = a  # noqa: F841\n    return 1\n",
        },
    )
    assert done(ctx, "ruff").findings == ()


def test_a_configuration_that_would_stop_ruff_does_not_stop_the_step(tmp_path: Path) -> None:
    hostile = PROJECT + '[tool.ruff]\nextend = "gone.toml"\nrequired-version = "==0.0.1"\nunknown = 1\n'
    ctx = project(tmp_path, {"pyproject.toml": hostile, "a.py": "import json\n"})
    result = done(ctx, "ruff")
    assert len(of_rule(result, "unused_import")) == 1
    assert "gone.toml" in str(result.facts["notes"])


def test_the_repository_cannot_put_its_own_code_in_ruffs_place(tmp_path: Path) -> None:
    planted = "open('ran', 'w').close()\n"
    ctx = project(
        tmp_path,
        {"ruff.py": planted, "ruff/__main__.py": planted, "vulture/__init__.py": planted, "ast.py": planted},
    )
    done(ctx, "ruff")
    done(ctx, "vulture")
    assert not (tmp_path / "ran").exists()


def test_a_block_of_commented_out_code_is_one_finding_without_its_secrets(tmp_path: Path) -> None:
    text = 'x = 1\n# password = "hunter2hunter2"\n# if x:\n#     connect(password)\ny = 2\n'
    found = of_rule(done(project(tmp_path, {"pkg/a.py": text}), "ruff"), "commented_code")
    assert [(f.subject, f.line) for f in found] == [("pkg/a.py", 2)]
    assert found[0].magnitude == 3
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pkg/a.py", "x = 1\n# if x:\n#     connect(x)\n#     use(x)\ny = 2\n"),
        ("pkg/a.py", "# total = count(x)\nx = 1\n"),
        ("pkg/a.py", "# the order matters here\n# total = count(x)\n# use(total)\n"),
        ("pkg/a.py", "a = fields[0]\n# b = fields[1]\n# c = fields[2]\nd = fields[3]\n"),
        ("pkg/settings.py", "# total = count(x)\n# use(total)\n"),
        ("docs/conf.py", "# total = count(x)\n# use(total)\n"),
        ("tests/test_a.py", "# total = count(x)\n# use(total)\n"),
    ],
)
def test_commented_out_code_is_counted_and_not_printed(tmp_path: Path, path: str, text: str) -> None:
    found = of_rule(done(project(tmp_path, {path: text}), "ruff"), "commented_code")
    assert len(found) == 1
    assert printed(found) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tests/test_a.py", "from lib import fixture_one\n\n\ndef test_a(fixture_one):\n    pass\n"),
        ("tests/conftest.py", "from lib import fixture_one\n"),
        ("pkg/a.py", "import lib.plugins\n"),
        ("pkg/a.py", "def ready():\n    import signals\n"),
        ("pkg/settings.py", "from lib import thing\n"),
        ("pkg/compat.py", "from lib import thing\n"),
        ("pkg/a.py", 'from lib import Thing\n\n\ndef f():\n    """\n    >>> Thing()\n    """\n'),
    ],
)
def test_an_import_that_may_have_a_purpose_is_not_printed(tmp_path: Path, path: str, text: str) -> None:
    found = of_rule(done(project(tmp_path, {path: text}), "ruff"), "unused_import")
    assert len(found) == 1
    assert printed(found) == []


@pytest.mark.parametrize(
    ("text", "is_printed"),
    [
        ("def f(a):\n    b = a()\n    return 1\n", True),
        ("def f(a):\n    with a as b:\n        return 1\n", False),
        ("def f(a):\n    b = a()\n    return '%(b)s' % locals()\n", False),
        ("if __name__ == '__main__':\n\n    def f(a):\n        b = a()\n        return 1\n", False),
    ],
)
def test_an_unused_variable_is_printed_unless_it_may_be_looked_at(
    tmp_path: Path, text: str, is_printed: bool
) -> None:
    found = of_rule(done(project(tmp_path, {"pkg/a.py": text}), "ruff"), "unused_variable")
    assert bool(printed(found)) is is_printed


def test_an_import_that_pylint_was_told_of_is_left_alone(tmp_path: Path) -> None:
    ctx = project(tmp_path, {"pkg/a.py": "import json  # pylint: disable=unused-import\n"})
    assert of_rule(done(ctx, "ruff"), "unused_import") == []


def test_a_redefinition_behind_a_decorator_is_not_printed(tmp_path: Path) -> None:
    text = "@register\ndef a():\n    pass\n\n\ndef a():\n    pass\n"
    assert printed(of_rule(done(project(tmp_path, {"pkg/a.py": text}), "ruff"), "redefined")) == []


def test_an_answer_that_is_not_ruffs_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        ruff_report.read(b"not JSON", b"", Path("/"))


def test_a_second_definition_of_a_test_is_printed_first(tmp_path: Path) -> None:
    text = "def test_a():\n    assert 1\n\n\ndef test_a():\n    assert 2\n"
    found = of_rule(done(project(tmp_path, {"tests/test_x.py": text}), "ruff"), "redefined")
    assert [(f.line, f.severity, f.worth > 0.8) for f in found] == [(5, "medium", True)]
    assert "never runs" in found[0].message


def test_deprecated_syntax_is_put_together_by_file_and_rule(tmp_path: Path) -> None:
    text = "from typing import List\n\na: List\nb: List\nimport datetime\n\nc = datetime.datetime.utcnow()\n"
    result = done(project(tmp_path, {"a.py": text}), "ruff")
    found = {f.identity: (f.magnitude or 0.0, f.worth >= 0.5) for f in of_rule(result, "deprecated")}
    assert found["UP006"] == (2.0, False)
    assert found["DTZ003!"] == (1.0, True)
    assert result.facts["deprecated_patterns"] == sum(count for count, _ in found.values())


def test_what_only_older_pythons_take_is_old_style(tmp_path: Path) -> None:
    text = (
        "import datetime as dt\nimport sys\n\nif sys.version_info >= (3, 12):\n    now = dt.datetime.now(dt.UTC)\n"
        "else:\n    now = dt.datetime.utcnow()\n"
    )
    found = of_rule(done(project(tmp_path, {"a.py": text}), "ruff"), "deprecated")
    assert [(f.identity[:6], f.worth >= 0.5) for f in found if f.identity.startswith("DTZ")] == [
        ("DTZ003", False)
    ]


@pytest.mark.parametrize("metadata", ["[project]\nname='x'\n", PROJECT.replace("3.10", "2.7")])
def test_deprecated_syntax_is_not_measured_where_the_lowest_python_is_unknown(
    tmp_path: Path, metadata: str
) -> None:
    ctx = project(tmp_path, {"pyproject.toml": metadata, "a.py": "from typing import List\n\na: List\n"})
    data = section(ctx)
    assert data.facts["deprecated_patterns"] is None
    assert any("not measured" in note for note in data.notes)


def test_what_cannot_be_read_is_counted_and_not_examined(tmp_path: Path) -> None:
    ctx = project(
        tmp_path,
        {
            "good.py": "import json\n",
            "broken.py": "def f(:\n    import json\n",
            "latin.py": b"# \xff\nx = '\xe9'\n",
            "null.py": b"a\0b\n",
            "empty.py": "",
            "deep.py": "x = " + "(" * 5000 + ")" * 5000 + "\n",
        },
    )
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "out.py").symlink_to("/etc/hostname")
    ctx = world(tmp_path)
    for sub_step in ("ruff", "vulture"):
        examined = done(ctx, sub_step).examined[0]
        assert {"good.py", "empty.py"} <= set(examined.subjects)
        assert not {"broken.py", "latin.py", "null.py", "loop.py", "out.py"} & set(examined.subjects)
        assert not examined.everything
    data = section(ctx)
    assert data.facts["unread"] >= 5
    assert any("not examined" in note for note in data.notes)


def test_a_file_that_vanishes_is_not_examined(tmp_path: Path) -> None:
    ctx = project(tmp_path, {"a.py": "import json\n", "b.py": "x = 1\n"})
    (tmp_path / "a.py").unlink()
    for sub_step in ("ruff", "vulture"):
        result = done(ctx, sub_step)
        assert result.findings == ()
        assert result.examined[0].subjects == ("b.py",)


def test_everything_is_examined_when_everything_was_read(tmp_path: Path) -> None:
    ctx = project(tmp_path, {"a.py": "x = 1\n", "tests/data/bad.py": "def f(:\n"})
    rules: dict[str, int] = {}
    for sub_step in SUB_STEPS:
        examined = done(ctx, sub_step).examined[0]
        assert examined.everything
        rules |= examined.rules
    assert rules == VERSIONS


def test_a_large_repository_is_linted_part_by_part_with_the_same_findings(tmp_path: Path) -> None:
    count = legacy_lint.BATCH + 2
    files: dict[str, str | bytes] = {f"m{n:05}.py": "" for n in range(count)}
    files |= {"m00000.py": "import json\n", f"m{count - 1:05}.py": "import csv\n", "m00001.py": "def f(:\n"}
    for path, text in {"pyproject.toml": PROJECT, **files}.items():
        (tmp_path / path).write_text(str(text))
    ctx, step = world(tmp_path), make(Config())
    first = step.run(ctx, "ruff", None)
    assert isinstance(first, More)
    last = step.run(ctx, "ruff", first.cursor)
    assert isinstance(last, Done)
    assert [f.subject for f in (*first.findings, *last.findings)] == ["m00000.py", f"m{count - 1:05}.py"]
    assert not last.examined[0].everything, "one file in the first part could not be read"


def test_a_definition_that_nothing_names_is_dead(tmp_path: Path) -> None:
    ctx = project(
        tmp_path,
        {
            "pkg/a.py": "def _gone():\n    return 1\n\n\ndef _told():\n    return 2\n\n\ndef _used():\n    return 3\n\n\n_used()\n",
            "README.md": "Call `_told` when you must.\n",
        },
    )
    found = of_rule(done(ctx, "vulture"), "dead_code")
    assert [(f.identity, f.line) for f in found] == [("function _gone#1", 1)]
    assert printed(found) == [("pkg/a.py", 1)]


def test_a_definition_that_only_tests_use_is_its_own_rule(tmp_path: Path) -> None:
    ctx = project(
        tmp_path,
        {
            "pkg/a.py": "def _probe():\n    return 1\n",
            "tests/test_a.py": "from pkg.a import _probe\n\n\ndef test_it():\n    assert _probe()\n",
        },
    )
    result = done(ctx, "vulture")
    assert [(f.subject, f.line) for f in of_rule(result, "only_tests")] == [("pkg/a.py", 1)]
    assert printed(of_rule(result, "only_tests")) == [], "most of them are meant for the tests"
    assert of_rule(result, "dead_code") == []


def test_definitions_that_only_call_one_another_are_dead_unless_what_holds_them_is_doubtful(
    tmp_path: Path,
) -> None:
    text = (
        "class Page(Base):\n    def _render(self):\n        return _helper()\n\n\ndef _helper():\n    return 1\n\n\n"
        "def _one(x):\n    return _two(x)\n\n\ndef _two(x):\n    return _one(x)\n\n\nPage()\n"
    )
    found = of_rule(done(project(tmp_path, {"pkg/a.py": text}), "vulture"), "dead_code")
    assert sorted(f.identity for f in found if f.worth >= 0.5) == ["function _one#1", "function _two#1"]
    assert {f.worth for f in found if "_helper" in f.identity} == {0.3}, "a strange base may call `_render`"


def test_a_value_that_nothing_reads_is_found_at_the_top_of_a_module_alone(tmp_path: Path) -> None:
    text = "_LIMIT = 3\n\n\ndef f():\n    _inner = 2\n\n\nclass C:\n    _field = 1\n\n\nf()\nC()\n"
    found = of_rule(done(project(tmp_path, {"pkg/a.py": text}), "vulture"), "dead_code")
    assert [f.identity for f in found] == ["variable _LIMIT#1"]


def test_what_goes_with_its_class_is_not_said_again(tmp_path: Path) -> None:
    text = "class _Gone:\n    def _spare(self):\n        return 1\n"
    found = of_rule(done(project(tmp_path, {"pkg/a.py": text}), "vulture"), "dead_code")
    assert [f.identity for f in found] == ["class _Gone#1"]


def test_what_warns_of_its_own_deprecation_is_kept_for_strangers(tmp_path: Path) -> None:
    text = "import warnings\n\n\ndef _gone():\n    warnings.warn('x', DeprecationWarning)\n"
    found = of_rule(done(project(tmp_path, {"pkg/a.py": text}), "vulture"), "dead_code")
    assert [(f.identity, f.worth >= 0.5) for f in found] == [("function _gone#1", False)]


def test_what_only_unexamined_files_use_is_used(tmp_path: Path) -> None:
    text = "def _helper():\n    return 1\n"
    ctx = project(tmp_path, {"pkg/a.py": text, "e2e/conftest.py": "from pkg.a import _helper\n\n_helper()\n"})
    seen = [file for file in ctx.files if file.path != "e2e/conftest.py"]
    blind = dataclasses.replace(ctx, files=seen)
    assert [f.identity for f in of_rule(done(blind, "vulture"), "dead_code")] == ["function _helper#1"]
    rest = [file for file in ctx.files if file not in seen]
    assert of_rule(done(dataclasses.replace(blind, unexamined=rest), "vulture"), "dead_code") == []


def test_setuptools_lends_its_copy_of_distutils(tmp_path: Path) -> None:
    text = "import setuptools\nfrom distutils.util import strtobool\n\nprint(setuptools, strtobool)\n"
    ctx = project(tmp_path, {"pkg/a.py": text, "pkg/b.py": text.partition("\n")[2]})
    found = of_rule(done(ctx, "vulture"), "removed_module")
    assert [(f.subject, f.worth >= 0.5) for f in found] == [("pkg/a.py", False), ("pkg/b.py", True)]


@pytest.mark.parametrize(
    ("required", "printed"),
    [
        ("telnetlib-313-and-up; python_version >= '3.13'\n", False),
        ("standard-telnetlib\n", False),
        ("telnet\n", True),
    ],
)
def test_a_package_that_brings_a_removed_module_back_is_named(
    tmp_path: Path, required: str, printed: bool
) -> None:
    ctx = project(
        tmp_path, {"pkg/a.py": "import telnetlib\n\nprint(telnetlib)\n", "ci/requirements.txt": required}
    )
    (finding,) = of_rule(done(ctx, "vulture"), "removed_module")
    assert (finding.worth >= 0.5) == printed
    assert ("lends its copy" in finding.message) != printed


def test_a_decorator_over_several_lines_may_have_kept_the_first(tmp_path: Path) -> None:
    routes = "@Route.get(\n    '/{x}',\n)\ndef get(x):\n    return x\n\n\n@Route.get('/y')\ndef get(y):\n    return y\n"
    tests = "@pytest.mark.slow\ndef test_a():\n    pass\n\n\ndef test_a():\n    pass\n"
    ctx = project(tmp_path, {"pkg/a.py": f"from web import Route\n\n\n{routes}", "tests/test_a.py": tests})
    found = of_rule(done(ctx, "ruff"), "redefined")
    assert [(f.subject, f.worth >= 0.5) for f in found] == [("pkg/a.py", False), ("tests/test_a.py", True)]


@pytest.mark.parametrize(
    ("body", "printed_there"),
    [
        ("x = work()\n    return 1", True),
        ("x = work()", False),
        ("x = 1", True),
        ("guard = work()\n    return 1", False),
        ("x = work()\n    # what it is\n    # and why\n    return 1", False),
        ("# what it is\n    # and why\n    x = work()\n    return 1", False),
    ],
)
def test_an_assignment_for_a_reader_or_a_life_is_not_printed(
    tmp_path: Path, body: str, printed_there: bool
) -> None:
    text = f"from pkg.b import work\n\n\ndef f():\n    {body}\n"
    (finding,) = of_rule(done(project(tmp_path, {"pkg/a.py": text}), "ruff"), "unused_variable")
    assert (finding.worth >= 0.5) is printed_there


def test_a_function_that_does_nothing_but_import_imports_for_the_effect(tmp_path: Path) -> None:
    text = "def ready(self):\n    from . import listeners\n\n\ndef work():\n    from pkg import listeners\n    return 1\n"
    ctx = project(tmp_path, {"pkg/apps.py": text, "pkg/listeners.py": "", "pkg/__init__.py": ""})
    found = of_rule(done(ctx, "ruff"), "unused_import")
    assert [(f.line, f.worth >= 0.5) for f in found] == [(2, False), (6, True)]


def test_a_hook_of_behave_is_called_by_its_name(tmp_path: Path) -> None:
    hooks = "def before_all(context):\n    return context\n\n\ndef _between(context):\n    return context\n"
    ctx = project(tmp_path, {"tests/features/environment.py": hooks})
    assert printed(of_rule(done(ctx, "vulture"), "dead_code")) == [("tests/features/environment.py", 5)]


def test_an_import_that_is_asked_for_by_its_name_is_not_printed(tmp_path: Path) -> None:
    ctx = project(
        tmp_path,
        {
            "pkg/engine.py": "from json import loads, dumps\n",
            "pkg/loader.py": "def load(engine):\n    return getattr(engine, 'loads', None)\n",
        },
    )
    found = of_rule(done(ctx, "ruff"), "unused_import")
    assert [f.identity for f in found] == ["json.dumps#1"]


def test_what_another_linter_was_told_holds_for_the_whole_statement(tmp_path: Path) -> None:
    text = (
        "from json import (  # pylint: disable=unused-import\n    loads,\n)\nfrom os import (\n    sep,\n)\n"
    )
    found = of_rule(done(project(tmp_path, {"pkg/a.py": text}), "ruff"), "unused_import")
    assert [f.identity for f in found] == ["os.sep#1"]


def test_a_package_of_our_own_may_be_imported_for_its_effects(tmp_path: Path) -> None:
    ctx = project(tmp_path, {"pkg/__init__.py": "print(1)\n", "check.py": "import pkg\nimport json\n"})
    found = of_rule(done(ctx, "ruff"), "unused_import")
    assert [(f.identity, f.worth >= 0.5) for f in found] == [("pkg#1", False), ("json#1", True)]


def test_values_in_a_comment_are_counted_and_not_printed(tmp_path: Path) -> None:
    values = "# NAMES = [\n#     'de',\n#     'fr',\n# ]\nprint(1)\n"
    found = of_rule(done(project(tmp_path, {"pkg/a.py": values}), "ruff"), "commented_code")
    assert [(f.line, f.worth >= 0.5) for f in found] == [(1, False)]


def test_a_method_that_a_foreign_base_may_call_is_not_printed(tmp_path: Path) -> None:
    method = "    def _gone(self):\n        return 1\n"
    ctx = project(
        tmp_path,
        {
            "pkg/mock.py": f"class Own:\n    pass\n\n\nclass Mock(Own):\n{method.replace('gone', 'first')}",
            "pkg/a.py": f"from unittest.mock import Mock\n\n\nclass Fake(Mock):\n{method}",
            "pkg/b.py": f"from pkg.mock import Own\n\n\nclass Sure(Own):\n{method.replace('gone', 'second')}",
        },
    )
    found = of_rule(done(ctx, "vulture"), "dead_code")
    assert sorted(f.identity for f in found if f.worth >= 0.5) == [
        "method Mock._first#1",
        "method Sure._second#1",
    ]


def test_unreachable_code_is_found_and_a_generator_is_not(tmp_path: Path) -> None:
    text = "def f():\n    return 1\n    print(2)\n\n\ndef g():\n    return\n    yield\n"
    found = of_rule(done(project(tmp_path, {"pkg/a.py": text}), "vulture"), "unreachable")
    assert printed(found) == [("pkg/a.py", 3)]


def test_a_module_that_python_removed_is_found_unless_it_is_guarded_or_our_own(tmp_path: Path) -> None:
    ctx = project(
        tmp_path,
        {
            "pkg/a.py": "import telnetlib\nfrom distutils.util import strtobool\n",
            "pkg/b.py": "try:\n    import cgi\nexcept ImportError:\n    cgi = None\n",
            "pkg/c.py": "import chunk\nfrom . import imp\n",
            "chunk.py": "",
        },
    )
    found = of_rule(done(ctx, "vulture"), "removed_module")
    assert [(f.subject, f.identity, f.worth >= 0.5) for f in found] == [
        ("pkg/a.py", "telnetlib", True),
        ("pkg/a.py", "distutils", True),
        ("pkg/b.py", "cgi", False),
    ]


def test_where_the_repository_lies_does_not_make_its_code_tests(tmp_path: Path) -> None:
    text = "class TestBench:\n    pass\n\n\ndef _gone():\n    pass\n"
    ctx = project(tmp_path / "tests" / "proj", {"pkg/a.py": text})
    assert printed(of_rule(done(ctx, "vulture"), "dead_code")) == [("pkg/a.py", 5)]


def test_the_repositorys_own_python_reads_its_code(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$@" > {witness}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    root = tmp_path / "repo"
    project(root, {"pkg/a.py": "def _gone():\n    pass\n"})
    theirs = Interpreter(path=str(python), version=(3, 99), why="a test")
    result = done(world(root, interpreter=theirs), "vulture")
    assert printed(of_rule(result, "dead_code")) == [("pkg/a.py", 1)]
    assert witness.read_text().startswith("-I -S ")


@pytest.mark.parametrize(
    "script", ["#!/bin/sh\nexit 3\n", "#!/bin/sh\necho hello\n", "#!/bin/sh\ntrue\n", "no program"]
)
def test_a_python_that_does_not_work_is_replaced_by_ours_with_a_note(tmp_path: Path, script: str) -> None:
    python = tmp_path / "python"
    python.write_text(script)
    python.chmod(0o755)
    root = tmp_path / "repo"
    project(root, {"pkg/a.py": "def _gone():\n    pass\n"})
    theirs = Interpreter(path=str(python), version=(3, 99), why="a test")
    result = done(world(root, interpreter=theirs), "vulture")
    assert printed(of_rule(result, "dead_code")) == [("pkg/a.py", 1)]
    assert "daydream's own Python" in str(result.facts["notes"])


def test_an_exhausted_budget_ends_the_look(tmp_path: Path) -> None:
    project(tmp_path, {"a.py": "import json\n"})
    for sub_step in ("ruff", "vulture"):
        with pytest.raises(OutOfBudget):
            outcome(world(tmp_path, stop=Stop(deadline=0.0)), sub_step)


def test_the_same_tree_gives_the_same_outcome(tmp_path: Path) -> None:
    ctx = project(
        tmp_path,
        {"pkg/a.py": "import json\n\n\ndef _gone():\n    pass\n", "pkg/b.py": "def _two():\n    pass\n"},
    )
    assert [outcome(ctx, name) for name in SUB_STEPS] == [outcome(ctx, name) for name in SUB_STEPS]


def test_a_person_may_silence_a_rule_a_path_or_a_name(tmp_path: Path) -> None:
    ctx = project(
        tmp_path, {"pkg/a.py": "import json\n\n\ndef _gone():\n    pass\n", "old/b.py": "import csv\n"}
    )
    config = Config(legacy=LegacyOptions(ignore=("old/*", "_gone", "legacy.dead*")))
    assert [f.subject for f in done(ctx, "ruff", config).findings] == ["pkg/a.py"]
    assert done(ctx, "vulture", config).findings == ()


def cached(root: Path) -> Checkout:
    """A checkout with old and fresh caches, and things that are none."""
    here = checkout(
        root, {".gitignore": "__pycache__/\n.mypy_cache/\n.pytest_cache/\n*.pyc\nbuild/\nvenv/\n", "a.py": ""}
    )
    for path in (
        ".mypy_cache/data.json",
        ".pytest_cache/v/last",
        "venv/__pycache__/x.cpython-311.pyc",
        "build/keep.txt",
        "old.pyc",
        "a.pyc",
        "pkg/__pycache__/gone.cpython-311.pyc",
        "pkg/__pycache__/here.cpython-311.pyc",
        "pkg/here.py",
    ):
        here.write(path, "x" * 100)
    return here


def test_caches_and_orphans_that_nobody_used_are_listed_with_sizes_and_left_alone(tmp_path: Path) -> None:
    cached(tmp_path)
    for path in (".mypy_cache", "venv", "build", "old.pyc", "a.pyc", "pkg/__pycache__/gone.cpython-311.pyc"):
        age(tmp_path / path, 20)
    before = everything(tmp_path)
    result = done(world(tmp_path), "caches")
    (finding,) = result.findings
    assert (result.facts["caches"], finding.magnitude) == (3, 300)
    for path in (".mypy_cache", "old.pyc", "pkg/__pycache__/gone.cpython-311.pyc"):
        assert f"{path} (100 B)" in finding.evidence
    assert result.changes == ()
    assert everything(tmp_path) == before


def test_apply_cleans_what_is_listed_but_not_on_the_first_night(tmp_path: Path) -> None:
    cached(tmp_path)
    age(tmp_path / ".mypy_cache", 20)
    ctx = world(tmp_path, mode="apply")
    assert done(ctx, "caches").changes == (Delete(place="checkout", path=".mypy_cache"),)
    first = Context(**{name: getattr(ctx, name) for name in Context.__slots__} | {"first_night": True})
    assert done(first, "caches").changes == ()


def test_a_folder_that_a_person_named_is_cleaned_in_report_mode_too(tmp_path: Path) -> None:
    cached(tmp_path)
    for path in (".mypy_cache", "build"):
        age(tmp_path / path, 20)
    config = Config(clean=CleanOptions(artefacts=("build",)))
    assert done(world(tmp_path), "caches", config).changes == (Delete(place="checkout", path="build"),)


def test_a_cache_used_lately_or_reached_by_a_link_is_none_of_ours(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "data").mkdir(parents=True)
    root = tmp_path / "repo"
    cached(root)
    age(root / ".mypy_cache", 20)
    age(root / ".mypy_cache/data.json", 1)
    (root / ".ruff_cache").symlink_to(outside)
    (root / ".gitignore").write_text(".ruff_cache\n.mypy_cache/\n")
    assert done(world(root), "caches").findings == ()


def test_a_checkout_that_git_refuses_is_skipped_with_gits_reason(tmp_path: Path) -> None:
    cached(tmp_path)
    (tmp_path / ".git" / "config").write_text("[core\n")
    refused = outcome(world(tmp_path), "caches")
    assert isinstance(refused, Skipped)
    assert "git does not answer" in refused.reason


def test_without_git_only_named_folders_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "x").write_text("x")
    (tmp_path / ".mypy_cache").mkdir()
    age(tmp_path / "build", 20)
    age(tmp_path / ".mypy_cache", 20)
    refused = outcome(world(tmp_path), "caches")
    assert isinstance(refused, Skipped)
    assert "clean.artefacts" in refused.reason
    config = Config(clean=CleanOptions(artefacts=("build", ".git", "venv")))
    assert done(world(tmp_path), "caches", config).changes == (Delete(place="checkout", path="build"),)


def test_the_section_counts_what_was_measured_and_nothing_else(tmp_path: Path) -> None:
    ctx = project(
        tmp_path,
        {"pkg/a.py": "import json\n\n\ndef _gone():\n    return 1\n    print(2)\n\n\n# x = 1\n# print(x)\n"},
    )
    data = section(ctx)
    assert (data.key, data.title) == ("legacy_cleanup", "Legacy Code Cleanup")
    assert data.facts["dead_blocks"] == 3
    assert (data.facts["unused_imports"], data.facts["deprecated_patterns"]) == (1, 0)
    unmeasured = make(Config()).section([SubStepResult(name="ruff", kind="failed", reason="gone")])
    assert set(unmeasured.facts.values()) == {None}


def test_a_repository_without_python_has_nothing_dead(tmp_path: Path) -> None:
    data = section(project(tmp_path, {"README.md": "x\n"}))
    assert (data.facts["dead_blocks"], data.facts["unread"]) == (0, 0)


def test_the_template_says_counts_and_what_was_not_measured() -> None:
    import jinja2

    folder = Path(__file__).parents[3] / "templates"
    template = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    ).get_template("sections/legacy_cleanup.md.j2")
    facts = {**make(Config()).section([]).facts, "dead_blocks": 1, "deprecated_patterns": 12}
    text = template.render(section=SectionData(key="legacy_cleanup", title="x", facts=facts))
    assert text.strip().startswith("- 1 dead block, 12 deprecated patterns")
    assert "unused imports not measured" in text
    assert len(text.strip().splitlines()) <= 6


def test_a_version_check_of_a_file_that_older_pythons_run_is_not_printed(tmp_path: Path) -> None:
    check = "import sys\n\nif sys.version_info < (3, 8):\n    import os as compat\nelse:\n    import json as compat\nprint(compat)\n"
    ctx = project(
        tmp_path,
        {
            "pyproject.toml": '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11"\n',
            "pkg/info.py": f"# This is run by python2 as well.\n{check}",
            "pkg/new.py": check,
        },
    )
    assert {f.subject for f in of_rule(done(ctx, "ruff"), "deprecated") if f.worth >= 0.5} == {"pkg/new.py"}
