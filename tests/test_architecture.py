"""The shape of the project: sizes, names, layers, error boundaries, start-up, and what belongs to a step."""

import ast
import functools
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from daydream.app.registry import NIGHT
from daydream.contracts.step import StepSpec
from daydream.flow.diagram import mermaid

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "daydream"
TEMPLATES = ROOT / "templates"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAINTAIN = [spec for spec in NIGHT if spec.group == "maintain"]
SECTIONS = [spec for spec in MAINTAIN if spec.key != "report"]  # the report is the page, not a section of it

BOUNDARIES = {"cli/main.py", "flow/runner.py"}
CARRY = {"clients/asking.py": "from a thread to the one that asked, where it is raised again"}
MARKERS = re.compile(r"\b(TODO|FIXME|XXX)\b|NotImplementedError")
# Those who look for such words in other people's files have to name them.
LOOK_FOR_MARKERS = {
    "config/model.py": "names of task files",
    "analysis/tasks.py": "the words that mark a task",
    "analysis/commented_code.py": "comments that are tasks are no code",
    "steps/task_cleanup.py": "the words that mark a task",
}
HEAVY = ("pydantic", "jinja2", "httpx", "docker", "sentry_sdk", "asyncio")
MOST_MODULES = 220


@functools.cache
def parsed(module: Path) -> ast.Module:
    return ast.parse(module.read_bytes(), str(module))


@functools.cache
def owners() -> Mapping[str, list[str]]:
    """The installed distributions of each import name."""
    return importlib.metadata.packages_distributions()


def name(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_module_is_longer_than_400_lines() -> None:
    long = {name(m): n for m in MODULES if (n := len(m.read_bytes().splitlines())) > 400}
    assert not long


def test_no_function_is_longer_than_60_lines() -> None:
    long = {
        f"{name(module)}:{function.name}": length
        for module in MODULES
        for function in functions(parsed(module))
        if (length := (function.end_lineno or 0) - function.lineno + 1) > 60
    }
    assert not long


def test_files_are_named_after_what_they_know() -> None:
    empty = re.compile(r"(?i)(^|_)(utils?|helpers?|managers?|handlers?|common|misc)(_|$)")
    assert not [name(m) for m in (*MODULES, *PACKAGE.rglob("*/")) if empty.search(m.stem)]


def caught(handler: ast.ExceptHandler) -> set[str]:
    names = ast.walk(handler.type) if handler.type else iter([ast.Name("BaseException")])
    return {node.id for node in names if isinstance(node, ast.Name)}


def handlers(module: Path) -> Iterator[ast.ExceptHandler]:
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.ExceptHandler):
            yield node


def test_only_the_two_error_boundaries_catch_every_exception() -> None:
    assert {name(m) for m in MODULES for h in handlers(m) if "Exception" in caught(h)} == BOUNDARIES


def test_whoever_catches_even_more_raises_it_again() -> None:
    swallowed = {
        name(module)
        for module in MODULES
        for handler in handlers(module)
        if "BaseException" in caught(handler)
        and not (isinstance(last := handler.body[-1], ast.Raise) and last.exc is None)
    }
    assert swallowed == set(CARRY)


def test_nobody_else_silences_the_rule_against_catching_everything() -> None:
    assert {name(m) for m in MODULES if "BLE001" in m.read_text("utf-8")} == BOUNDARIES | set(CARRY)


def test_nothing_is_unfinished() -> None:
    said = {name(m) for m in MODULES if MARKERS.search(m.read_text("utf-8"))}
    assert said <= set(LOOK_FOR_MARKERS)


def test_comments_and_code_of_those_who_look_for_markers_are_finished_too() -> None:
    for module in (PACKAGE / path for path in LOOK_FOR_MARKERS):
        raised = [node for node in ast.walk(parsed(module)) if isinstance(node, ast.Raise)]
        assert not [node for node in raised if "NotImplementedError" in ast.unparse(node)]
        lines = module.read_text("utf-8").splitlines()
        assert not [line for line in lines if re.match(r"\s*#\s*(TODO|FIXME|XXX)\b", line)]


def test_each_exception_for_markers_is_needed() -> None:
    assert not [p for p in LOOK_FOR_MARKERS if not MARKERS.search((PACKAGE / p).read_text("utf-8"))]


def test_the_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


@functools.cache
def imported(module: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("package", ["records", "store"])
def test_what_is_persisted_never_meets_pydantic(package: str) -> None:
    assert not [name(m) for m in MODULES if name(m).startswith(f"{package}/") and "pydantic" in imported(m)]


def core_dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [re.split(r"[^A-Za-z0-9._-]", line)[0] for line in project["dependencies"]]


def provided(distribution: str) -> set[str]:
    """The import names of an installed distribution."""
    wanted = distribution.lower().replace("_", "-")
    return {top for top, by in owners().items() if wanted in {one.lower().replace("_", "-") for one in by}}


@pytest.mark.parametrize("distribution", core_dependencies())
def test_each_dependency_is_used(distribution: str) -> None:
    wanted = provided(distribution)
    assert wanted, f"{distribution} is not installed"
    used = any(wanted & imported(module) for module in MODULES)
    # ruff is a program: it is run with `-m` and never imported.
    run = any(f'"-m", "{distribution}"' in module.read_text("utf-8") for module in MODULES)
    assert used or run


def test_each_dependency_has_its_row_with_a_licence_and_no_other_has() -> None:
    text = (ROOT / "docs/design/dependencies.md").read_text("utf-8")
    core = text.partition("## Core")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \|(.*)\|$", core, re.MULTILINE)
    cells = {package: [cell.strip() for cell in rest.split("|")] for package, rest in rows}
    assert set(cells) == set(core_dependencies())
    assert not [package for package, columns in cells.items() if len(columns) != 5 or not all(columns)]


def licence(distribution: str) -> str:
    metadata = importlib.metadata.metadata(distribution)
    classified = [c for c in metadata.get_all("Classifier") or [] if c.startswith("License ::")]
    return " ".join([metadata["License-Expression"] or "", *classified])


@pytest.mark.parametrize("distribution", core_dependencies())
def test_no_core_dependency_is_under_a_copyleft_that_spreads(distribution: str) -> None:
    said = licence(distribution)
    assert re.search(r"MIT|BSD|Apache|MPL|Mozilla|PSF", said)
    assert not re.search(r"GPL|General Public", said)


def test_development_dependencies_are_named() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    text = (ROOT / "docs/design/dependencies.md").read_text("utf-8").partition("## Development")[2]
    named = {re.split(r"[^A-Za-z0-9._-]", line)[0] for line in project["optional-dependencies"]["dev"]}
    assert not [one for one in sorted(named) if f"`{one}`" not in text]


def test_the_drawing_of_the_night_is_up_to_date() -> None:
    assert (ROOT / "docs/night.mmd").read_text("utf-8") == mermaid([spec.state for spec in NIGHT])


def test_each_template_of_a_section_belongs_to_a_step_and_each_step_has_one() -> None:
    there = {path.name.removesuffix(".md.j2") for path in (TEMPLATES / "sections").iterdir()}
    assert there == {spec.key for spec in SECTIONS} | {"dream", "upkeep"}


def test_each_template_is_used() -> None:
    code = "\n".join(module.read_text("utf-8") for module in MODULES)
    others = [p.relative_to(TEMPLATES) for p in TEMPLATES.rglob("*.j2") if p.parent.name != "sections"]
    assert others
    assert not [str(path) for path in others if not re.search(rf"\b{re.escape(path.name)}", code)]


@pytest.mark.parametrize("spec", SECTIONS, ids=lambda spec: spec.key)
def test_each_step_has_a_page_and_a_reason_to_trust_each_rule(spec: StepSpec) -> None:
    page = ROOT / "docs/steps" / f"{spec.key}.md"
    assert page.is_file()
    text = page.read_text("utf-8")
    assert text.startswith(f"# `{spec.key}`")
    assert spec.rules, "`daydream findings show` promises to say why a rule is trusted"
    assert not [rule for rule in spec.rules if f"`{rule}`" not in text]
    assert not [rule for rule, why in spec.rules.items() if not why.strip()]


def test_the_dream_half_is_documented() -> None:
    text = (ROOT / "docs/adding-a-dream.md").read_text("utf-8")
    assert not [spec.state for spec in NIGHT if spec.group == "dream" and f"`{spec.state}`" not in text]


SHOW_MODULES = """
import sys
from daydream.cli.main import main
code = main(sys.argv[1:])
print("\\n".join(["MODULES", *sys.modules]), file=sys.stderr)
sys.exit(code)
"""


def test_the_package_itself_loads_none_of_its_parts_until_a_public_name_is_asked_for() -> None:
    ask = "import sys; import daydream; print(*(name for name in sys.modules if name.startswith('daydream')))"
    said = subprocess.run([sys.executable, "-I", "-c", ask], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["daydream"]
    public = "from daydream import *; print(DreamSandbox.__name__, DreamTestRunner, SyntheticTestGenerator, DreamResult)"
    got = subprocess.run([sys.executable, "-I", "-c", public], capture_output=True, text=True, check=True)
    assert got.stdout.startswith("DreamSandbox ")


@pytest.mark.parametrize("words", [["--help"], ["status"]], ids=lambda words: words[0])
def test_start_up_loads_little(words: list[str], tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tests/golden/night-1", tmp_path / "state/night")
    done = subprocess.run(
        [sys.executable, "-I", "-c", SHOW_MODULES, *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = done.stderr.partition("MODULES\n")[2].split()
    assert "daydream.cli.main" in loaded
    assert ("2026-03-01" in done.stdout) is (words == ["status"])
    assert not [module for module in HEAVY if module in loaded]
    assert len(loaded) <= MOST_MODULES
