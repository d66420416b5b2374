"""Endpoints, environment examples, described objects and generated blocks, each read from its text."""

import base64
from hashlib import md5

import pytest

from daydream.analysis.doc_blocks import blocks
from daydream.analysis.doc_endpoints import Answers, listed, openapi, segments
from daydream.analysis.doc_sections import described
from daydream.analysis.doc_settings import is_example, variables
from daydream.analysis.doc_surface import Route
from daydream.analysis.markdown import parse


@pytest.mark.parametrize(
    "line",
    [
        "| GET | /a/{b} | x |",
        "| `GET` | `/a/{b}` |",
        "- `GET /a/{b}`: x",
        "### GET /a/{b}",
        "| /a/{b} | GET |",
        "* **GET** `/a/{b}`",
        "1. GET /a/{b}.",
    ],
)
def test_an_endpoint_is_read_from_tables_lists_and_headings(line: str) -> None:
    assert [(item.method, item.path) for item in listed(f"x\n\n{line}\n")] == [("GET", "/a/{b}")]


@pytest.mark.parametrize(
    "line", ["Then GET /a from it.", "```\n- GET /a\n```", "- GET https://x.org/a", "- FORGET /a", "- GET a"]
)
def test_prose_code_and_whole_addresses_list_no_endpoint(line: str) -> None:
    assert listed(f"{line}\n") == []


@pytest.mark.parametrize(
    "path", ["/a/{b}/c", "/a/<int:b>/c/", "a/:b/c", r"^a/(?P<b>\d+)/c/$", r"/a/(\d+)/c", "/a/{b:path}/c"]
)
def test_parameters_of_any_notation_are_alike(path: str) -> None:
    assert segments(path) == ("a", "{}", "c")


def test_a_listed_address_may_have_prefixes_before_its_route() -> None:
    answers = Answers([Route(("GET",), "/users/{id}"), Route(("GET",), "/{id}"), Route((), "")], ["/items"])
    assert [answers.like(p) for p in ("/api/v1/users/7", "/items/3", "/things/3", "/")] == [
        True,
        True,
        False,
        True,
    ]
    assert answers.methods("/users/7") == set()
    assert answers.methods("/users/{x}") == {"GET"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "paths: 1", "paths: {1: 2}", "a: &a [*a]", "!!python/object:x {}", "[" * 100_000]
)
def test_what_is_no_openapi_has_no_routes(text: str) -> None:
    assert openapi(text, "openapi.yaml") == openapi(text, "openapi.json") == []


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        (".env.example", True),
        ("deploy/.env.sample", True),
        ("env.example", True),
        ("example.env", True),
        (".env", False),
        ("environment.py", False),
        ("x.example", False),
    ],
)
def test_examples_of_environment_files_are_known_by_name(path: str, is_one: bool) -> None:
    assert is_example(path) is is_one


def test_variables_are_read_with_what_is_commented_out() -> None:
    text = "# A heading\nA_B=1\r\nexport C=x # y\n#D_E=2\n# F_G = 3\nlower=1\n# words = more\nA_B=2\n"
    assert variables(text) == {"A_B": (2, True), "C": (3, True), "D_E": (4, False), "F_G": (5, False)}


def test_a_section_ends_where_the_next_of_its_level_begins() -> None:
    text = "# API\n\n## `pkg.f()`\n\nOne.\n\n### More\n\nTwo.\n\n```\n## `no`\n```\n\n## How it works\n\nThree.\n"
    (item,) = described(parse(text), text, lambda _name: True)
    assert (item.name, item.line, "Two." in item.text, "Three." in item.text) == ("pkg.f", 3, True, False)


def sums(output: str) -> tuple[str, str]:
    digest = md5(output.encode(), usedforsecurity=False)
    return f"(checksum: {digest.hexdigest()})", f"(sum: {base64.b64encode(digest.digest()).decode()[:10]})"


@pytest.mark.parametrize("which", [0, 1])
def test_a_generated_block_is_stale_when_its_checksum_is_of_another_text(which: int) -> None:
    text = "<!-- [[[cog\nx()\n]]] -->\nout\n<!-- [[[end]]] {} -->\n"
    assert [b.stale for b in blocks(text.format(sums("out\n")[which]))] == [False]
    assert [b.stale for b in blocks(text.format(sums("other\n")[which]))] == [True]
    assert [b.stale for b in blocks(text.replace(" {}", ""))] == [None]


def test_blocks_on_one_line_and_unfinished_ones() -> None:
    assert len(blocks("[[[cog x() ]]]\na\n[[[end]]]\n[[[cog y()\n")) == 1
