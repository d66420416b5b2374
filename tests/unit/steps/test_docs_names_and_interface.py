"""Commands, options, variables, endpoints, settings and deprecations that the docs tell of, against the code."""

from pathlib import Path

import pytest

from daydream.records.finding import Finding
from tests.fakes.docs_night import LATELY, LONG_AGO, Remembering, commit, context, found

PROJECT = '[project]\nname = "prog"\n\n[project.scripts]\nprog = "prog.cli:main"\n'
CLI = """import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--old-way")
parser.add_argument("--kept")
sub = parser.add_subparsers()
sub.add_parser("fetchall")
sub.add_parser("serve")
TOKEN = os.environ["PROG_TOKEN"]
HOST = os.environ.get("PROG_OLD_HOST")
"""
NEW_CLI = CLI.replace('parser.add_argument("--old-way")\n', "").replace('sub.add_parser("fetchall")\n', "")
NEW_CLI = NEW_CLI.replace('HOST = os.environ.get("PROG_OLD_HOST")\n', "")
BASE = {"pyproject.toml": PROJECT, "prog/__init__.py": "", "prog/cli.py": CLI, "prog/gone.py": "x = 1\n"}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    commit(tmp_path, BASE, LONG_AGO)
    commit(tmp_path, {"prog/cli.py": NEW_CLI, "prog/gone.py": None}, LATELY)
    return tmp_path


def told(tree: Path, rule: str) -> list[Finding]:
    return [finding for finding in found(context(tree)) if finding.rule == rule]


@pytest.mark.parametrize(
    ("page", "identity"),
    [
        ("```console\n$ prog serve --old-way\n```\n", "option --old-way"),
        ("```bash\nprog serve \\\n  --old-way=1\n```\n", "option --old-way"),
        ("Run `prog --old-way`.\n", "option --old-way"),
        ("```sh\nPROG_TOKEN=x prog fetchall\n```\n", "command fetchall"),
        ("Set `PROG_OLD_HOST` to the host.\n", "variable PROG_OLD_HOST"),
        ("```sh\nexport PROG_OLD_HOST=x\n```\n", "variable PROG_OLD_HOST"),
        ("See `prog.gone`.\n", "module prog.gone"),
        ("```toml\n[tool.prog]\nold-way = true\n```\n", "key old-way"),
    ],
)
def test_what_the_code_had_and_has_no_more_is_stale_usage(repo: Path, page: str, identity: str) -> None:
    commit(repo, {"README.md": f"# R\n\n{page}"})
    (finding,) = told(repo, "docs.stale_usage")
    assert (finding.identity, finding.subject) == (identity, "README.md")
    assert 0 < finding.worth < 0.5  # counted, and not printed until its precision is known
    assert "2024-01-01" in finding.evidence


@pytest.mark.parametrize(
    "page",
    [
        "```console\n$ prog serve --kept\n```\n",
        "```console\n$ other --old-way fetchall\n```\n",
        "```console\n$ prog serve | other --old-way\n```\n",
        "```console\n$ prog serve -- --old-way\n```\n",
        "```console\n$ prog serve\nprog --old-way is printed\n```\n",
        "`prog --old-way` was removed.\n",
        "Until 1.2:\n\n```sh\nprog --old-way\n```\n",
        "```python\nprog --old-way\n```\n",
    ],
)
def test_what_is_not_claimed_of_this_program_today_is_no_finding(repo: Path, page: str) -> None:
    commit(repo, {"README.md": f"# R\n\n{page}"})
    assert told(repo, "docs.stale_usage") == []


@pytest.mark.parametrize(
    ("page", "identity"),
    [
        ("```console\n$ prog --never-was\n```\n", "option --never-was"),
        ("```console\n$ python -m prog.gone\n```\n", "module prog.gone"),
    ],
)
def test_what_the_code_never_had_and_modules_that_cannot_be_started_are_counted(
    repo: Path, page: str, identity: str
) -> None:
    commit(repo, {"README.md": f"# R\n\n{page}"})
    (finding,) = told(repo, "docs.stale_usage")
    assert (finding.identity, finding.worth) == (identity, 0.45)


@pytest.mark.parametrize(
    "more",
    [
        {"prog/other.py": 'OPTIONS = ["old_way"]\n'},
        {"prog/other.py": "# --old-way is still understood\n"},
        {"completion.bash": "complete -W '--old-way' prog\n"},
    ],
)
def test_what_anything_but_prose_still_says_is_not_stale(repo: Path, more: dict[str, str]) -> None:
    commit(repo, {"README.md": "Run `prog --old-way`.\n", **more})
    assert told(repo, "docs.stale_usage") == []


ROUTES = """from flask import Flask
app = Flask(__name__)

@app.route("/api/users", methods=["GET", "POST"])
def users(): ...

@app.get("/api/users/<int:user>")
def user(user): ...

@app.delete("/api/users/<int:user>")
def drop(user): ...
"""
TABLE = """# API

| Method | Path |
|---|---|
| GET | `/api/users` |
| POST | /api/users |
| GET | `/api/users/{id}` |
"""


def test_an_endpoint_that_no_route_answers_is_found_in_a_table_that_is_right_otherwise(
    tmp_path: Path,
) -> None:
    routes = ROUTES + '\n@app.get("/api/legacy_report")\ndef old(): ...\n'
    commit(tmp_path, {"srv/app.py": routes}, LONG_AGO)
    commit(tmp_path, {"srv/app.py": ROUTES, "API.md": TABLE + "| GET | `/api/legacy_report` |\n"})
    (finding,) = told(tmp_path, "docs.stale_endpoint")
    assert (finding.identity, finding.line, finding.worth) == ("GET /api/legacy_report", 8, 0.45)


def test_a_method_that_the_code_does_not_answer_to_is_named(tmp_path: Path) -> None:
    commit(tmp_path, {"srv/app.py": ROUTES, "API.md": TABLE + "| PATCH | `/api/users/{id}` |\n"})
    (finding,) = told(tmp_path, "docs.stale_endpoint")
    assert "DELETE, GET alone" in finding.message


@pytest.mark.parametrize(
    "page",
    [
        TABLE,
        "# API\n\n| GET | `/other/api` |\n| GET | /elsewhere |\n| GET | /api/users |\n",
        TABLE + "\n```\nGET /api/never\n```\n",
        TABLE + "| GET | `/v2/api/users` |\n",
    ],
)
def test_pages_that_are_right_or_tell_of_another_api_are_left_alone(tmp_path: Path, page: str) -> None:
    commit(tmp_path, {"srv/app.py": ROUTES, "API.md": page})
    assert told(tmp_path, "docs.stale_endpoint") == []


def test_an_openapi_file_counts_as_well_as_the_code(tmp_path: Path) -> None:
    spec = "paths:\n  /a/{x}:\n    get: {}\n  /b:\n    get: {}\n    post: {}\n"
    page = "| GET | /a/1 |\n| GET | /b |\n| POST | /b |\n| GET | /vanished |\n"
    commit(tmp_path, {"openapi.yaml": spec, "API.md": page})
    assert [f.identity for f in told(tmp_path, "docs.stale_endpoint")] == ["GET /vanished"]


def test_a_route_that_no_page_lists_is_missing_where_its_file_is_listed_otherwise(tmp_path: Path) -> None:
    names = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]
    code = "".join(f'@app.get("/{name}")\ndef {name}(): ...\n' for name in names)
    page = "".join(f"- `GET /{name}`\n" for name in names[:-1])
    commit(tmp_path, {"srv/app.py": f"from fastapi import FastAPI\napp = FastAPI()\n{code}", "API.md": page})
    assert [f.identity for f in told(tmp_path, "docs.missing_endpoint")] == ["GET /zeta"]


SETTINGS = "import os\n" + "".join(f'V{n} = os.environ.get("APP_VALUE_{n}")\n' for n in range(6))
EXAMPLE = "".join(f"APP_VALUE_{n}=x\n" for n in range(6))


def test_a_setting_that_the_code_reads_no_more_is_stale(tmp_path: Path) -> None:
    commit(tmp_path, {"app/s.py": SETTINGS + 'O = os.getenv("APP_GONE_KEY")\n'}, LONG_AGO)
    commit(
        tmp_path, {"app/s.py": SETTINGS, ".env.example": EXAMPLE + "APP_GONE_KEY=1\nPOSTGRES_NEVER_SAID=1\n"}
    )
    (finding,) = told(tmp_path, "docs.stale_setting")
    assert (finding.subject, finding.identity, finding.line) == (".env.example", "APP_GONE_KEY", 7)


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ('N = os.environ["APP_NEEDED_KEY"]\n', ["APP_NEEDED_KEY"]),
        ('N = os.environ["APP_NEEDED_KEY"] if "APP_NEEDED_KEY" in os.environ else 1\n', []),
        ('N = os.environ["GITHUB_ACTIONS_KEY"]\n', []),
        ('N = os.environ.get("APP_NEEDED_KEY")\n', []),
    ],
)
def test_a_variable_that_the_code_needs_is_missing_from_the_example(
    tmp_path: Path, code: str, missing: list[str]
) -> None:
    commit(tmp_path, {"app/s.py": SETTINGS + code, ".env.example": EXAMPLE})
    assert [f.identity for f in told(tmp_path, "docs.missing_setting")] == missing


DEPRECATED = """import warnings

def fetch_all():
    \"\"\"Fetch.\"\"\"
    warnings.warn("use fetch", DeprecationWarning, stacklevel=2)

def fetch(): ...
"""


@pytest.mark.parametrize(
    ("name", "page", "count"),
    [
        ("api.md", "## `pkg.api.fetch_all()`\n\nFetches all.\n\n## Next\n", 1),
        ("api.md", "## `fetch_all`\n\nDeprecated: use fetch.\n", 0),
        ("api.md", "## How to fetch all\n\n`fetch_all()`\n", 0),
        ("api.rst", "API\n===\n\n.. function:: fetch_all()\n\n   Fetches.\n", 1),
        ("api.rst", "API\n===\n\n.. deprecated:: 1.0\n\n.. function:: fetch_all()\n\n   Fetches.\n", 0),
        ("api.rst", "API\n===\n\n.. function:: fetch()\n\n   Fetches.\n", 0),
        ("api.rst", "API\n===\n\n.. function:: otherpkg.thing.fetch_all()\n\n   Fetches.\n", 0),
    ],
)
def test_a_section_about_something_deprecated_has_to_say_so(
    tmp_path: Path, name: str, page: str, count: int
) -> None:
    commit(tmp_path, {"pkg/api.py": DEPRECATED, name: page})
    assert len(told(tmp_path, "docs.deprecation_not_said")) == count


def test_a_generated_block_that_was_edited_is_told_by_its_checksum(tmp_path: Path) -> None:
    good = "<!-- [[[cog x() ]]] -->\nout\n<!-- [[[end]]] (checksum: 7b6ee3b2a6ecd7e1a2f3ff2ff4c4a4a0) -->\n"
    commit(tmp_path, {"a.md": good, "b.md": "<!-- [[[cog x() ]]] -->\nout\n<!-- [[[end]]] -->\n"})
    assert [f.subject for f in told(tmp_path, "docs.generated_block_edited")] == ["a.md"]


def test_a_second_night_finds_the_same_and_parses_nothing_again(repo: Path) -> None:
    page = "# R\n\n[a](gone.md) [b](#no)\n\n```console\n$ prog --old-way\n```\n\n```python\nx = = 1\n```\n"
    commit(
        repo,
        {"README.md": page, "docs/conf.py": "", "docs/index.rst": ":doc:`x` :ref:`y`\n", "API.md": TABLE},
    )
    cache = Remembering()
    cold = found(context(repo))
    assert found(context(repo, cache=cache)) == cold
    written = cache.written
    assert found(context(repo, cache=cache)) == cold
    assert (len(cold) >= 5, written > 0, cache.written) == (True, True, written)


def test_one_changed_page_is_all_that_is_read_again(repo: Path) -> None:
    commit(repo, {f"docs/p{n}.md": f"# P\n\n[x](q{n}.md)\n" for n in range(20)})
    cache = Remembering()
    found(context(repo, cache=cache))
    pages = {key for kind, key in cache.held if kind.startswith("docs.Document")}
    commit(repo, {"docs/p3.md": "# P\n\n[x](p4.md)\n"})
    found(context(repo, cache=cache))
    assert len({key for kind, key in cache.held if kind.startswith("docs.Document")} - pages) == 1


def test_a_cache_that_holds_nonsense_changes_nothing(repo: Path) -> None:
    commit(repo, {"README.md": "# R\n\n[a](gone.md) `prog --old-way`\n"})
    cache = Remembering()
    cold = found(context(repo, cache=cache))
    cache.held = dict.fromkeys(cache.held, b"\xc1nonsense")
    assert found(context(repo, cache=cache)) == cold
