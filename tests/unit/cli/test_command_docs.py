"""Every command and option, and every exit code, is documented; nothing else is."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from daydream import errors
from daydream.cli.main import UNEXPECTED, build_parser

DOCS = Path(__file__).parents[3] / "docs"


def commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command with its parser; groups without a meaning of their own are left out."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, nested in action.choices.items():
                inner = list(commands(nested))
                if nested.get_default("call") is not None:
                    yield name, nested
                for rest, deeper in inner:
                    yield f"{name} {rest}", deeper


def options(parser: argparse.ArgumentParser) -> set[str]:
    return {flag for action in parser._actions for flag in action.option_strings}


TOP = build_parser()
EVERYWHERE = options(TOP)
ALL = dict(commands(TOP))


def section(heading: str) -> str:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    found = re.search(
        rf"^## {re.escape(heading)}(?: [A-Z]+)?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert found, f"docs/commands.md has no section for {heading}"
    return found[1]


def documented(text: str) -> set[str]:
    rows = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return {flag for row in rows for flag in re.findall(r"`(-[-a-z]+)", row)}


def test_the_parser_has_the_commands_that_are_promised() -> None:
    assert set(ALL) == {
        *("run", "peek", "status", "report", "runs", "show", "findings", "findings show", "suppress", "undo"),
        *(
            "proposals",
            "proposals show",
            "proposals accept",
            "proposals reject",
            "init",
            "doctor",
            "config show",
            "schedule print",
            "fsck",
        ),
        *("dream journal", "dream show", "dream stats", "dream health", "dream ingest", "dream run"),
        *("dream trials", "dream failures", "dream patterns", "dream learning", "dream test"),
        *("dream apply", "dream replay"),
    }


@pytest.mark.parametrize("name", sorted(name for name in ALL if name != "findings show"))
def test_each_command_is_documented_with_exactly_its_options(name: str) -> None:
    assert documented(section(name)) == options(ALL[name]) - EVERYWHERE


def test_a_nested_command_is_documented_with_its_group() -> None:
    assert "`findings show ID`" in section("findings")


def test_global_options_are_documented() -> None:
    assert documented(section("Everywhere")) == EVERYWHERE


@pytest.mark.parametrize("name", sorted(ALL))
def test_each_command_takes_the_global_options(name: str) -> None:
    assert options(ALL[name]) >= EVERYWHERE - {"--version"}


def test_each_exit_code_is_documented_and_listed_in_the_help() -> None:
    expected = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.DaydreamError)
    }
    text = (DOCS / "exit-codes.md").read_text(encoding="utf-8")
    rows = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert rows == expected | {0, UNEXPECTED, 130}
    assert all(f" {code} " in str(TOP.epilog) for code in expected | {0, UNEXPECTED})
