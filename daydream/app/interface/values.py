"""Plain Python values on their way into a sandbox and out of it.

What comes out is a tree that a hostile dream may have chosen. A value is built from it only where it is made of Python's own types, and
of none whose making can be dear or reaches for anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from daydream.app.interface.written import Unfit
from daydream.contracts.sandbox import Encoded, Inputs
from daydream.dream.trials.inputs_target import Parameter
from daydream.sandbox.guest.encoding import EncodingError, decode, encode
from daydream.sandbox.guest.grammar import GRAMMAR

_PLAIN = frozenset(
    [
        "float",
        "int",
        "bytes",
        "bytearray",
        "list",
        "tuple",
        "dict",
        "set",
        "frozenset",
        "complex",
        "decimal",
        "date",
        "time",
        "datetime",
        "timedelta",
        "uuid",
        "path",
        "ordereddict",
        "deque",
        "ref",
    ]
)
_HASHED = frozenset(["dict", "ordereddict", "set", "frozenset"])
_MOST_KEYS = 10_000
"""Keys can be chosen so that each collides with all others; so many are still quick to put together."""


class NotPlain(Exception):
    """A tree that is not made into a value here."""


def value_of(tree: Encoded) -> Any:
    """The value of a tree that is made of Python's own types.

    Raises:
        NotPlain: it is not.
    """
    _check(tree)
    try:
        return decode(tree, _nobody)
    except EncodingError as error:
        raise NotPlain from error


def _nobody(_module: str, _qualname: str) -> Any:
    raise NotPlain


def children(tree: Encoded) -> Iterator[Encoded]:
    """The trees directly in a tree, in order."""
    if type(tree) is not list:
        return
    for part, name in zip(tree[1:], GRAMMAR[tree[0]], strict=False):
        kind = name.rstrip("?")
        if kind == "value":
            yield part
        elif kind == "values":
            yield from part
        elif kind == "pairs":
            yield from (each for pair in part for each in pair)
        elif kind == "attributes":
            yield from (pair[1] for pair in part)


def _check(tree: Encoded) -> None:
    waiting = [tree]
    while waiting:
        each = waiting.pop()
        if type(each) is list and (
            each[0] not in _PLAIN or (each[0] in _HASHED and len(each[1]) > _MOST_KEYS)
        ):
            raise NotPlain
        waiting += children(each)


def tree_of_value(name: str, value: Any) -> Encoded:
    """The tree of an argument.

    Raises:
        Unfit: it has none.
    """
    try:
        tree = encode(value)
    except EncodingError as error:
        raise Unfit("validation", f"argument {name} cannot be handed over: {error}") from None
    waiting = [tree]
    while waiting:
        each = waiting.pop()
        if type(each) is list and each[0] in ("opaque", "closure"):
            what = "function" if each[0] == "closure" else each[2]
            msg = f"argument {name} cannot be handed over: it holds a {what}"
            raise Unfit("validation", msg)
        waiting += children(each)
    return tree


def inputs_by_name(parameters: Sequence[Parameter], values: Mapping[str, Any]) -> Inputs:
    """A call with these arguments; a variadic parameter takes a list or tuple, one of keywords a mapping.

    Raises:
        Unfit: one is missing, unknown, or cannot be handed over.
    """
    known = {each.name for each in parameters}
    spare = next((each.name for each in parameters if each.way == "keywords"), None)
    unknown = [name for name in values if name not in known]
    if unknown and spare is None:
        raise Unfit("validation", f"it takes no argument {unknown[0]}")
    given: list[Encoded] = []
    named = [(name, tree_of_value(name, values[name])) for name in unknown]
    skipped = False
    for each in parameters:
        if each.name not in values:
            if each.must:
                raise Unfit("validation", f"argument {each.name} is missing")
            skipped = skipped or each.way != "keywords"
            continue
        value = values[each.name]
        if each.way == "variadic":
            given += _many(each.name, value)
        elif each.way == "keywords":
            named += _keywords(each.name, value)
        elif each.way == "keyword only" or (each.way == "positional" and skipped):
            named.append((each.name, tree_of_value(each.name, value)))
        else:
            given.append(tree_of_value(each.name, value))
    return Inputs(tuple(given), tuple(named))


def _many(name: str, value: Any) -> list[Encoded]:
    if not isinstance(value, list | tuple):
        raise Unfit("validation", f"argument {name} takes a list of values")
    return [tree_of_value(name, each) for each in value]


def _keywords(name: str, value: Any) -> list[tuple[str, Encoded]]:
    if not isinstance(value, Mapping) or not all(isinstance(each, str) for each in value):
        raise Unfit("validation", f"argument {name} takes a mapping of names to values")
    return [(each, tree_of_value(each, value[each])) for each in value]


def values_by_name(parameters: Sequence[Parameter], inputs: Inputs) -> dict[str, Any]:
    """The arguments of a call by name, as `inputs_by_name` takes them.

    Raises:
        NotPlain: one is not made of Python's own types.
    """
    places = [each.name for each in parameters if each.way in ("positional only", "positional")]
    rest = next((each.name for each in parameters if each.way == "variadic"), None)
    spare = next((each.name for each in parameters if each.way == "keywords"), None)
    known = {each.name for each in parameters}
    found: dict[str, Any] = {name: value_of(tree) for name, tree in zip(places, inputs.given, strict=False)}
    if rest is not None and len(inputs.given) > len(places):
        found[rest] = [value_of(tree) for tree in inputs.given[len(places) :]]
    for name, tree in inputs.named:
        if name in known - {spare}:
            found[name] = value_of(tree)
        elif spare is not None:
            found.setdefault(spare, {})[name] = value_of(tree)
    return found
