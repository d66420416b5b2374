"""Reading what a run of tests left: shapes checked, values never built."""

from typing import Any, get_args

from daydream.contracts.sandbox import Facts, Failure, Harvest, Inputs, Job, TestOutcome
from daydream.sandbox.guest.grammar import EncodingError, check

_OUTCOMES = frozenset(get_args(TestOutcome))
_NO_FACTS = Facts(backend="")


def read(answer: dict[str, Any], job: Job) -> Harvest | Failure:
    """The harvest in a child's answer; its facts are filled in by whoever has them."""
    try:
        if set(answer) != {"outcomes", "recorded", "seen"}:
            raise EncodingError("another shape")
        return Harvest(
            outcomes=tuple(_outcome(each) for each in _listed(answer["outcomes"])),
            recorded=tuple(_calls(each, job.most) for each in _listed(answer["recorded"], len(job.watched))),
            seen=tuple(_count(each) for each in _listed(answer["seen"], len(job.watched))),
            facts=_NO_FACTS,
        )
    except EncodingError as error:
        return Failure("malformed", f"its answer: {error}")


def _listed(said: Any, length: int | None = None) -> list[Any]:
    if type(said) is not list or (length is not None and len(said) != length):
        raise EncodingError("no list of the right length")
    return said


def _outcome(said: Any) -> tuple[str, TestOutcome, str]:
    name, outcome, detail = _listed(said, 3)
    if not all(type(each) is str for each in said) or outcome not in _OUTCOMES:
        raise EncodingError("no outcome of a test")
    return name, outcome, detail


def _count(said: Any) -> int:
    if type(said) is not int or said < 0:
        raise EncodingError("no count")
    return said


def _calls(said: Any, most: int) -> tuple[Inputs, ...]:
    if len(_listed(said)) > most:
        raise EncodingError("more calls than were asked for")
    return tuple(_inputs(each) for each in said)


def _inputs(said: Any) -> Inputs:
    given, named = _listed(said, 2)
    for tree in _listed(given):
        check(tree)
    pairs = [_listed(pair, 2) for pair in _listed(named)]
    for name, tree in pairs:
        if type(name) is not str:
            raise EncodingError("an argument without a name")
        check(tree)
    return Inputs(tuple(given), tuple((name, tree) for name, tree in pairs))
