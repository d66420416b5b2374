"""The table of who may say what is complete, and the documentation says the same."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from daydream.config import kinds
from daydream.config.model import Mode
from daydream.config.rights import (
    CAUTION,
    EXPANDED,
    FLAGS,
    RESERVED_VARIABLES,
    RIGHTS,
    TABLES,
    VARIABLES,
    variable,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "configuration.md"
SAYS = {"set": "yes", "add": "may add", "lower": "only lower", "raise": "only higher", "never": "no"}


def test_every_option_of_the_model_has_one_line_and_no_line_is_without_option() -> None:
    assert sorted(RIGHTS) == sorted(kinds.options())


def test_modes_are_ranked_completely() -> None:
    assert set(CAUTION) == set(get_args(Mode))
    assert CAUTION["report"] < CAUTION["apply"]


def test_expanded_options_and_flags_are_options() -> None:
    assert set(RIGHTS) >= EXPANDED | set(FLAGS)


def test_no_two_options_share_a_variable_and_none_is_reserved() -> None:
    assert len(VARIABLES) == len(RIGHTS)
    assert not RESERVED_VARIABLES & set(VARIABLES)


@pytest.mark.parametrize(
    "key", sorted(key for key, right in RIGHTS.items() if right.repository == "add" or right.inside)
)
def test_only_lists_can_be_added_to_or_kept_inside(key: str) -> None:
    assert isinstance(kinds.default(key), tuple)


@pytest.mark.parametrize(
    "key", sorted(key for key, right in RIGHTS.items() if right.repository in ("lower", "raise"))
)
def test_only_what_has_an_order_can_be_narrowed(key: str) -> None:
    value = kinds.default(key)
    assert value in CAUTION or isinstance(value, bool | int | float)


@pytest.mark.parametrize("table", ["sentry", "paths", "interpreter", "clean"])
def test_a_repository_has_no_say_about_endpoints_places_and_programs(table: str) -> None:
    assert table in TABLES
    assert {right.repository for key, right in RIGHTS.items() if key.startswith(f"{table}.")} == {"never"}


@pytest.mark.parametrize("key", sorted(RIGHTS))
def test_each_option_is_documented_as_it_is(key: str) -> None:
    found = re.search(rf"^\| `{re.escape(key)}` \| (.*)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, f"docs/configuration.md has no row for {key}"
    takes, default, repository, name, means = (cell.strip() for cell in found[1].rstrip("| ").split(" | "))
    value = kinds.default(key)
    right = RIGHTS[key]
    assert takes == kinds.expected(key)
    assert default == ("not set" if value is None else f"`{json.dumps(value)}`")
    assert repository == SAYS[right.repository] + ("; paths inside only" if right.inside else "")
    assert name == f"`{variable(key)}`"
    assert means


@pytest.mark.parametrize("name", sorted(RESERVED_VARIABLES))
def test_each_reserved_variable_is_documented(name: str) -> None:
    assert f"| `{name}` |" in DOCUMENT.read_text(encoding="utf-8")
