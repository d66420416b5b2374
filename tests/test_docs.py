"""The documentation is true: links lead somewhere, examples parse and work, formats and commands are as described."""

import ast
import datetime as dt
import json
import re
import shlex
import tomllib
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import ModuleType
from urllib.parse import unquote

import jinja2
import msgspec
import pytest

from daydream.analysis import markdown
from daydream.cli.main import build_parser, with_command
from daydream.config.model import Config
from daydream.contracts.context import Context
from daydream.contracts.step import Step, StepSpec
from daydream.errors import DaydreamError
from daydream.processes import Stop
from daydream.records.effect import Effect
from daydream.records.finding import Examined, Finding
from daydream.records.head import Attempt, EffectQueue, Envelope, Head, Segment, StateCount
from daydream.records.journal import Entry, Line
from daydream.records.night import Known
from daydream.records.outcome import Done
from daydream.records.repository import Examination, Interpreter, SourceFile
from daydream.records.section import SubStepResult
from daydream.store.suppressions import Suppression

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
FORMAT = (ROOT / "docs/state-format.md").read_text("utf-8")
MOST_README_LINES = 155


def title(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def parsed(page: Path) -> markdown.Document:
    return markdown.parse(page.read_text("utf-8"))


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in parsed(target).anchors


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_links_and_anchors_lead_somewhere(page: Path) -> None:
    relative = [link.target for link in parsed(page).links if not re.match(r"[a-z]+:", link.target)]
    assert not [target for target in relative if not leads_somewhere(page, target)]


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_examples_parse(page: Path) -> None:
    parsers = {"python": ast.parse, "toml": tomllib.loads, "json": json.loads}
    for fence in parsed(page).fences:
        if fence.info in parsers:
            parsers[fence.info](fence.code)  # type: ignore[operator]


def test_each_page_of_the_docs_is_linked_from_somewhere() -> None:
    linked = {
        (page.parent / unquote(link.target).partition("#")[0]).resolve()
        for page in PAGES
        for link in parsed(page).links
        if ":" not in link.target
    }
    # The pages of the steps and of the decisions are found by their names.
    wanted = [p for p in PAGES[1:] if p.parent == ROOT / "docs"]
    assert not [title(page) for page in wanted if page not in linked]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= MOST_README_LINES


def said_commands(page: Path) -> Iterator[str]:
    """Every `daydream ...` that a page quotes, in spans and in shell blocks."""
    document = parsed(page)
    shell = [line for fence in document.fences if fence.info == "sh" for line in fence.code.splitlines()]
    for text in (*(span.text for span in document.spans), *shell):
        # Not the name of the program alone, nor the `daydream: ` before its messages.
        if re.match(r"(\S*/)?daydream [-a-z]", text):
            yield text


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_quoted_commands_exist(page: Path) -> None:
    for text in said_commands(page):
        words = shlex.split(text.partition(" | ")[0], comments=True)[1:]
        try:
            build_parser().parse_args(with_command(words))
        except DaydreamError as error:
            # A command whose argument is left out names the command all the same.
            assert "required" in str(error), f"{text}: {error}"  # noqa: PT017 -- most commands are whole


def test_quoted_commands_are_found() -> None:
    assert "daydream --root ~/src/project peek" in set(said_commands(ROOT / "README.md"))


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=title)
def test_quoted_make_targets_exist(page: Path) -> None:
    document = parsed(page)
    texts = [span.text for span in document.spans] + [fence.code for fence in document.fences]
    quoted = set(re.findall(r"^make ([a-z]+)", "\n".join(texts), re.MULTILINE))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {"night", "test"} <= quoted <= targets


def test_the_packages_of_the_tour_are_those_that_are_there() -> None:
    table = (ROOT / "docs/source-tour.md").read_text("utf-8").partition("## The packages")[2]
    rows = re.findall(r"^\| (`.*?) \|", table.partition("## ")[0], re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    there = {p.name for p in (ROOT / "daydream").iterdir() if (p / "__init__.py").exists()}
    there |= {p.stem for p in (ROOT / "daydream").glob("*.py") if p.stem != "__init__"}
    assert named == there


@pytest.mark.parametrize(
    "page", [ROOT / "docs/source-tour.md", *(ROOT / "docs/design").glob("*.md")], ids=title
)
def test_files_of_the_source_that_are_named_are_there(page: Path) -> None:
    texts = {span.text for span in parsed(page).spans}
    named = {
        text.removeprefix("daydream/") for text in texts if re.fullmatch(r"[a-z_]+(/[a-z_]+)+\.py", text)
    }
    assert not [one for one in sorted(named) if not (ROOT / "daydream" / one).is_file()]


def fields(record: type) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(record)}


def described(start: str, end: str) -> set[str]:
    """What a part of the format's specification names as code."""
    assert start in FORMAT
    part = FORMAT.partition(start)[2]
    assert end in part
    return set(re.findall(r"`([^`\n]+)`", part.partition(end)[0]))


def test_every_field_of_the_head_is_specified_and_no_other() -> None:
    table = FORMAT.partition("## The head")[2].partition("### Parts")[0]
    rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == fields(Head)
    assert all(f'"{name}"' in table for name in fields(Envelope))


@pytest.mark.parametrize("record", [StateCount, Attempt, EffectQueue, Segment])
def test_every_part_of_the_head_is_specified(record: type) -> None:
    assert fields(record) <= described("### Parts of the head", "### How it is written")


@pytest.mark.parametrize("entry", typing.get_args(Entry))
def test_every_kind_of_entry_is_specified_with_its_fields(entry: type[msgspec.Struct]) -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)\|$", FORMAT.partition("### The journal")[2], re.MULTILINE))
    row = rows[str(entry.__struct_config__.tag)]
    wanted = fields(entry)
    if "as `progressed` without" in row:
        wanted -= fields(next(e for e in typing.get_args(Entry) if e.__struct_config__.tag == "progressed"))
    assert wanted <= set(re.findall(r"`(\w+)`", row))


@pytest.mark.parametrize(
    ("record", "start", "end"),
    [
        (Examination, "### The journal", "### Effects"),
        (Interpreter, "### The journal", "### Effects"),
        (Finding, "### The journal", "### Effects"),
        (Examined, "### The journal", "### Effects"),
        (Effect, "### Effects", "## The memory"),
        (Suppression, "## Inbox", "## `dreams.db`"),
    ],
)
def test_every_field_of_other_records_is_specified(record: type, start: str, end: str) -> None:
    assert fields(record) <= described(start, end)


def test_every_field_of_the_memory_is_specified() -> None:
    assert fields(Known) - fields(Finding) <= described("## The memory", "## Inbox")


def test_a_line_of_the_journal_is_specified() -> None:
    assert all(f'"{name}"' in FORMAT.partition("### The journal")[2] for name in fields(Line))


STEP_PAGE = ROOT / "docs/adding-a-step.md"
PYTHON, LINE = (fence.code for fence in parsed(STEP_PAGE).fences if fence.info == "python")
(TEMPLATE,) = (fence.code for fence in parsed(STEP_PAGE).fences if fence.info == "jinja")


def the_example() -> ModuleType:
    module = ModuleType("conflicts")
    exec(compile(PYTHON, "docs/adding-a-step.md", "exec"), vars(module))
    return module


def context(tree: Path, paths: Sequence[str], env: Mapping[str, str] | None = None) -> Context:
    def no_night() -> typing.NoReturn:
        raise AssertionError

    return Context(
        root=tree,
        tree=tree,
        state=tree,
        logs=tree,
        files=[SourceFile(path, "0" * 40, 1) for path in paths],
        examination=Examination(commit="0" * 40, branch="main", files=len(paths)),
        started_at=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
        zone=dt.UTC,
        date="2026-03-01",
        run="2026-03-01.1",
        mode="report",
        first_night=True,
        stop=Stop(),
        env=env or {},
        progress=lambda _name, _k, _n: None,
        night=no_night,
    )


def test_the_example_of_a_step_works_with_its_line_and_its_template(tmp_path: Path) -> None:
    (tmp_path / "sound.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "torn.py").write_text("<<<<<<< ours\nx = 1\n=======\n>>>>>>> theirs\n", encoding="utf-8")
    ctx = context(tmp_path, ["gone.py", "notes.md", "sound.py", "torn.py"])
    module = the_example()
    (spec,) = eval(LINE, {"StepSpec": StepSpec, "conflicts": module})
    assert spec.state == "maintain.conflicts"
    step: Step = spec.make(Config())
    (name,) = step.plan(ctx)
    outcome = step.run(ctx, name, None)
    assert isinstance(outcome, Done)
    assert [finding.subject for finding in outcome.findings] == ["torn.py"]
    assert outcome.examined[0].subjects == ("sound.py", "torn.py")
    assert set(outcome.examined[0].rules) == set(spec.rules)
    section = step.section([SubStepResult(name=name, kind="done", parts=(outcome.facts,))])
    text = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True).from_string(TEMPLATE)
    assert text.render(section=section) == "- 2 files read, 1 with conflict markers"
    assert section.notes == ("Files that could not be read: 1",)
    assert PurePosixPath(f"sections/{spec.key}.md.j2").name in STEP_PAGE.read_text("utf-8")
