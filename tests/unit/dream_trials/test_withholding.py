"""Inputs that are tried and not kept."""

from typing import Any

import pytest

from daydream.contracts.sandbox import Inputs
from daydream.dream.trials.inputs_pool import TEXTS
from daydream.dream.trials.withholding import looks_secret
from daydream.sandbox.guest.encoding import encode

TOKEN = "ghp_" + "abcdefghij" * 3 + "012345"


def of(*given: Any, **named: Any) -> Inputs:
    return Inputs(
        tuple(encode(each) for each in given), tuple((name, encode(value)) for name, value in named.items())
    )


@pytest.mark.parametrize(
    "inputs",
    [
        of(TOKEN),
        of(["a", {"b": (TOKEN,)}]),
        of({TOKEN: 1}),
        of(TOKEN.encode()),
        of("https://ann:hunter22@example.org/"),
        of("ann.smith@firm.example"),
        of("10.11.12.13"),
        of({"password": "hunter22"}),
        of(password="hunter22"),
        of(api_key="plain"),
        Inputs((["new", "app", "User", [], [["password", "hunter22"]]],)),
        Inputs((["path", "PosixPath", f"/srv/{TOKEN}"],)),
    ],
)
def test_what_looks_like_a_secret_is_withheld_wherever_it_stands(inputs: Inputs) -> None:
    assert looks_secret(inputs)


@pytest.mark.parametrize(
    "inputs",
    [
        of(),
        of(1, 2.5, None, True, [1, 2], {"a": "b"}),
        of("hello world", b"abc", "a\x00b", "\u00e9", "x" * 300),
        of(name="Ann", key="name"),
        of({"word": "token", "passwords": []}),
        *(of(text) for _, texts in TEXTS for text in texts),
    ],
)
def test_what_does_not_is_kept_and_so_are_texts_that_were_made_up(inputs: Inputs) -> None:
    assert not looks_secret(inputs)


def test_a_parameter_may_say_by_its_name_that_its_argument_is_one() -> None:
    assert looks_secret(of("ann", "hunter22"), ["user", "password"])
    assert not looks_secret(of("ann", "hunter22"), ["user", "word"])
