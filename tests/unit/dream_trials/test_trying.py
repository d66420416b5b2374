"""Which inputs are timed."""

from daydream.contracts.sandbox import Inputs
from daydream.dream.trials.differential_types import Differing
from daydream.dream.trials.trying import _numbers, builds, differs_at, told_of
from tests.fakes.sandbox import BASE, FakeSandbox, dream

OBJECT = ["new", "pkg.a", "Reader", [["list", [1]]], []]


def test_an_argument_that_is_built_from_others_is_told_from_a_receiver() -> None:
    assert builds(Inputs((OBJECT, 3)), receiver=False)
    assert not builds(Inputs((OBJECT, 3)), receiver=True)
    assert builds(Inputs((OBJECT, ["list", [OBJECT]])), receiver=True)
    assert builds(Inputs((1,), (("reader", OBJECT),)), receiver=False)
    assert not builds(Inputs((["list", ["new"]],), (("word", "new"),)), receiver=False)


def test_numbers_of_a_dream_that_its_procedure_has_not_are_tried() -> None:
    code = "    def f(self, n):\n        return 0 if n == 7919 else n + 2 + True\n"
    assert _numbers(code, "    def f(self, n):\r\n        return n + 2\r\n") == [0, 7919]
    assert _numbers("def f(:", "def f(n):\n    return n\n") == []


def test_what_differs_on_a_large_input_is_looked_at_by_the_rules() -> None:
    lane = FakeSandbox(functions={"base": sum, "d": lambda items: sum(items[:3]), "same": sum})
    large = Inputs((["list", [1, 2, 3, 4]],))
    assert differs_at(lane, (BASE, dream("d")), large) == "returned"
    assert differs_at(lane, (BASE, dream("same")), large) is None
    assert differs_at(lane, (BASE, dream("d")), None) is None


def test_answers_that_may_hold_a_withheld_input_are_not_stored_either() -> None:
    case = Differing(
        inputs=Inputs(("hunter2-and-more",)),
        origin="given",
        where="returned",
        base="'hunter2-and-more'",
        dream="''",
        category="logic",
        base_returned=True,
        dream_returned=True,
    )
    assert "hunter2" in str(told_of(case, is_kept=True))
    withheld = told_of(case, is_kept=False)
    assert "hunter2" not in str(withheld)
    assert (withheld["where"], withheld["inputs"]) == ("returned", None)
