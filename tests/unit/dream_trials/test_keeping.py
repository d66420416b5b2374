"""Which inputs of a trial are kept, and that none of them holds a secret."""

from typing import Any

import pytest

from daydream.contracts.dream import Procedure
from daydream.contracts.sandbox import Inputs
from daydream.dream.trials.differential_types import Seen
from daydream.dream.trials.keeping import MOST_BYTES, digest, kept


def procedure(signature: str = "(user: str, password: str = '') -> bool") -> Procedure:
    return Procedure(
        path="pkg/a.py",
        qualname="f",
        occurrence=1,
        source_hash="0" * 16,
        blob="0" * 40,
        first_line=1,
        last_line=2,
        signature=signature,
        summary="",
        complexity=1,
        side_effects="pure",
        is_async=False,
    )


def seen(*inputs: Inputs) -> list[Seen]:
    return [Seen(each, "given") for each in inputs]


def test_harmless_inputs_are_kept_in_their_order() -> None:
    found = kept(procedure(), seen(Inputs((["list", [1, 2]],)), Inputs(("ada",), (("flag", True),))))
    assert found == {
        "kept": [
            {"origin": "given", "given": (["list", [1, 2]],), "named": ()},
            {"origin": "given", "given": ("ada",), "named": (("flag", True),)},
        ],
        "withheld": 0,
        "left_out": 0,
    }


@pytest.mark.parametrize(
    "secret",
    [
        Inputs(("AKIAIOSFODNN7EXAMPLQ",)),
        Inputs(("ada", "hunter2-and-more")),
        Inputs(("ada",), (("api_key", "hunter2-and-more"),)),
        Inputs((["dict", [["password", "hunter2-and-more"]]],)),
        Inputs(("postgres://me:hunter2@host/db",)),
        Inputs(("ada@example.org",)),
    ],
)
def test_what_looks_like_a_secret_is_withheld_and_counted(secret: Inputs) -> None:
    found = kept(procedure(), seen(Inputs(("ada",)), secret))
    assert len(found["kept"]) == 1
    assert (found["withheld"], found["left_out"]) == (1, 0)
    assert "hunter2" not in str(found)


def test_signs_that_nobody_sees_are_no_secret() -> None:
    assert kept(procedure(), seen(Inputs(("a\u200bb",))))["withheld"] == 0


def test_texts_that_have_no_utf_8_are_kept_like_others() -> None:
    half = Inputs(("\ud800",))
    assert kept(procedure("(text)"), seen(half))["kept"] == [
        {"origin": "given", "given": ("\ud800",), "named": ()}
    ]
    assert digest([half]) != digest([Inputs(("\udfff",))])


def test_what_has_no_room_is_counted() -> None:
    large: Any = ["list", ["word"] * (MOST_BYTES // 8)]
    found = kept(procedure("(words)"), seen(Inputs((large,)), Inputs((large,)), Inputs((1,))))
    assert (len(found["kept"]), found["left_out"]) == (2, 1)


def test_the_same_inputs_have_the_same_digest_and_others_another() -> None:
    one, other = Inputs((1,)), Inputs((), (("a", 1),))
    assert digest([one, other]) == digest([Inputs((1,)), Inputs((), (("a", 1),))])
    assert len({digest([one, other]), digest([other, one]), digest([one])}) == 3
