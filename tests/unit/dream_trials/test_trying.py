"""Which inputs are timed."""

from daydream.contracts.sandbox import Inputs
from daydream.dream.trials.trying import builds

OBJECT = ["new", "pkg.a", "Reader", [["list", [1]]], []]


def test_an_argument_that_is_built_from_others_is_told_from_a_receiver() -> None:
    assert builds(Inputs((OBJECT, 3)), receiver=False)
    assert not builds(Inputs((OBJECT, 3)), receiver=True)
    assert builds(Inputs((OBJECT, ["list", [OBJECT]])), receiver=True)
    assert builds(Inputs((1,), (("reader", OBJECT),)), receiver=False)
    assert not builds(Inputs((["list", ["new"]],), (("word", "new"),)), receiver=False)
