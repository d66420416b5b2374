"""Values of a type, drawn from a seed, as encoded trees.

Plain code over `random.Random`: the same seed gives the same trees in every version of every library, values of classes
that are never imported can be drawn, and a drawing that cannot be made says why.
"""

import base64
import random
import struct
from collections.abc import Callable, Sequence
from typing import Any

from daydream.dream.trials.annotations import ANY, BOOL, BYTES, FLOAT, INT, NONE, STR, Hint, Reader, union
from daydream.dream.trials.call_sites_literals import class_value, scalar
from daydream.dream.trials.inputs_index import Index
from daydream.dream.trials.inputs_objects import CannotBuild, build
from daydream.dream.trials.inputs_plain import VALUED
from daydream.dream.trials.inputs_pool import WORDS, Pool, texts_for
from daydream.dream.trials.inputs_standard import RECIPES, busy, exceptions, is_exception

_DEEP = 6
_BINARY = 0.2
_MIXED = union(INT, STR, FLOAT, BOOL, NONE, Hint("list", (INT,)), Hint("dict", (STR, INT)))
_HASHABLE = union(INT, STR, Hint("tuple", (INT, STR)))
_UNHASHABLE = frozenset(("list", "dict", "set", "any", "unknown", "bytearray", "deque", "ordereddict", "defaultdict", "counter", "array", "sequence", "iterable", "foreign", "duck"))  # fmt: skip
_ONE_PART = {"sequence": "list", "iterable": "list", "list": "list", "set": "set", "frozenset": "frozenset"}
_CALLABLES = {
    "bool": ("bool", "constant:true", "constant:false"), "int": ("len", "sum", "constant:1", "compare"), "float": ("sum", "identity", "constant:1"),
    "str": ("str", "constant:text", "identity"), "none": ("constant:none",), "list": ("constant:list",), "any": ("identity", "str", "constant:none", "constant:1"),
}  # fmt: skip
_METHODS = {"is": "constant:true", "has": "constant:true", "get": "constant:none", "list": "constant:list", "count": "constant:1"}  # fmt: skip


class Drawer:
    """Draws values. For one call, `variables` are what the type variables stand for, and `usual` is the type of whatever
    nothing is said of, so that its arguments go together; where both texts and bytes would do, one of the two is
    `avoided`."""

    def __init__(self, index: Index, reader: Reader, rng: random.Random, pool: Pool | None = None) -> None:
        self.index = index
        self.reader = reader
        self.rng = rng
        self.pool = pool or Pool()
        self.variables: dict[str, Hint] = {}
        self.usual: Hint = INT
        self.avoided: Hint = BYTES
        self.building: list[str] = []

    def value(self, hint: Hint, depth: int = 0, name: str = "") -> Any:
        """Draw a value of a type; `name` is what it is for.

        Raises:
            CannotBuild: there is none that a trial could hand over.
        """
        draw = _DRAWN.get(hint.kind)
        if draw is None:
            return self.container(hint, depth, name)
        return draw(self, hint, depth, name)

    def begin(self) -> None:
        """Begin another call."""
        self.variables = {}
        self.usual = self.rng.choice((INT, INT, STR, FLOAT))
        self.avoided = STR if self.rng.random() < _BINARY else BYTES

    def agreeing(self, options: Sequence[Hint]) -> list[Hint]:
        """The alternatives without texts or without bytes, where there are both."""
        both = STR in options and BYTES in options
        return [each for each in options if not both or each != self.avoided]

    def size(self, depth: int) -> int:
        """How many items a container gets."""
        if depth >= _DEEP:
            return 0
        return self.rng.choice((0, 1, 2, 3, 3, 4, 5, 8)) if depth == 0 else self.rng.choice((0, 1, 2, 2, 3))

    def many(self, part: Hint, depth: int, name: str, size: int | None = None) -> list[Any]:
        """Items of one type; now and then one is there twice."""
        if part.kind in ("unknown", "any"):
            part = ANY if part.kind == "any" and depth < 2 and self.rng.random() < 0.5 else self.usual
        count = self.size(depth) if size is None else size
        items = [self.value(part, depth + 1, name.removesuffix("s")) for _ in range(count)]
        if len(items) > 2 and self.rng.random() < 0.3:
            items[-1] = items[0]
        return items

    def hashable(self, part: Hint) -> Hint:
        """A type whose values can be keys: the same, or a mixture that can."""
        return _HASHABLE if part.kind in _UNHASHABLE else part

    def container(self, hint: Hint, depth: int, name: str) -> Any:
        """Lists, sets and mappings of all kinds."""
        part = hint.parts[0] if hint.parts else Hint("unknown")
        if hint.kind in ("set", "frozenset"):
            return [hint.kind, distinct(self.many(self.hashable(part), depth, name))]
        if hint.kind in _ONE_PART:
            return [_ONE_PART[hint.kind], self.many(part, depth, name)]
        if hint.kind == "deque":
            return ["deque", self.many(part, depth, name), None]
        if hint.kind == "iterator":
            return ["iterator", self.many(part, depth, name), True]
        if hint.kind == "variadic":
            return ["tuple", self.many(part, depth, name)]
        if hint.kind == "tuple":
            return ["tuple", [self.value(each, depth + 1, name) for each in hint.parts]]
        pairs = self.pairs(hint, depth, name)
        if hint.kind == "pairs":
            return ["list", [["tuple", pair] for pair in pairs]]
        if hint.kind == "defaultdict":
            return ["defaultdict", pairs]
        if hint.kind == "counter":
            return ["counter", [[key, self.rng.randint(1, 5)] for key, _ in pairs]]
        return [hint.kind if hint.kind == "ordereddict" else "dict", pairs]

    def pairs(self, hint: Hint, depth: int, name: str) -> list[list[Any]]:
        """Keys and values of a mapping; the keys that it is asked for come first, now and then one is missing."""
        keyed = hint.parts[0] if hint.parts else STR
        valued = hint.parts[1] if len(hint.parts) > 1 else Hint("unknown")
        keys: list[Any] = [each for each in hint.keys if self.rng.random() < 0.85]
        if not keys or self.rng.random() < 0.3:
            keys += self.many(self.hashable(keyed), depth, "key")
        if valued.kind in ("unknown", "any"):
            valued = self.usual if not hint.keys else union(STR, INT)
        return [[key, self.value(valued, depth + 1, key if isinstance(key, str) else name)] for key in distinct(keys)]  # fmt: skip


def distinct(items: list[Any]) -> list[Any]:
    """Without repetitions, in order; 1 and True count as different here."""
    seen: dict[str, Any] = {}
    for each in items:
        seen.setdefault(repr(each), each)
    return list(seen.values())


def _int(drawer: Drawer, _hint: Hint, _depth: int, _name: str) -> Any:
    rng = drawer.rng
    if drawer.pool.ints and rng.random() < 0.35:
        return rng.choice(drawer.pool.ints) + rng.choice((-1, 0, 0, 1))
    return rng.choice(
        (0, 1, 2, 3, -1, 7, 10, rng.randint(-20, 20), rng.randint(1, 100), rng.randint(0, 3000))
    )


def _float(drawer: Drawer, _hint: Hint, _depth: int, _name: str) -> Any:
    rng = drawer.rng
    if drawer.pool.floats and rng.random() < 0.4:
        return scalar(_beside(rng, (*drawer.pool.floats, *drawer.pool.ints)))
    if rng.random() < 0.1:
        return rng.randint(-3, 12)  # an int is welcome wherever a float is
    chosen = (0.0, 1.0, 0.5, -1.5, 0.1, 3.14, 100.25, round(rng.uniform(-10, 10), 3), round(rng.uniform(0, 1000), 2))  # fmt: skip
    return scalar(rng.choice(chosen))


def _beside(rng: random.Random, constants: Sequence[float]) -> float:
    """One of the constants of the code, a little off, or between two."""
    one, other = rng.choice(constants), rng.choice(constants)
    return float(
        rng.choice((one, one, one + 0.01, one - 0.01, one * 0.5, one * 2.0, *((one + other) / 2,) * 4))
    )


def _str(drawer: Drawer, _hint: Hint, _depth: int, name: str) -> Any:
    rng = drawer.rng
    texts = texts_for(name)
    roll = rng.random()
    if texts and roll < 0.5:
        return rng.choice(texts)
    if drawer.pool.texts and roll < 0.75:
        if rng.random() < 0.5:
            return composed(drawer)
        one = rng.choice(drawer.pool.texts)
        made = rng.choice((one, f"a{one}b", f"{one}{one}", one.upper(), f"{rng.choice(WORDS)}{one}{rng.choice(WORDS)}"))  # fmt: skip
        return str(made)
    if roll < 0.87:
        return rng.choice(WORDS)
    if roll < 0.93:  # of few letters, where the same comes again
        return "".join(rng.choice(rng.choice(("ab", "abc", "01"))) for _ in range(rng.randint(2, 7)))
    return "".join(rng.choice("abcxyzABC 019_-.,:/") for _ in range(rng.randint(1, 12)))


def composed(drawer: Drawer) -> str:
    """A text of pieces and single characters that occur in the code, strung together, or with something between them."""
    rng = drawer.rng
    pieces = [each for each in drawer.pool.texts if each]
    if rng.random() < 0.5:
        pieces = list("".join(pieces)) or pieces
    if not pieces:
        return ""
    between = rng.choice(("", "", " ", rng.choice(pieces)))
    chosen = [
        rng.choice(pieces) if rng.random() < 0.85 else rng.choice("aZ09 ")
        for _ in range(rng.choice((1, 2, 3, 4, 6, 8, 12)))
    ]
    return between.join(chosen)


def _bytes(drawer: Drawer, hint: Hint, depth: int, name: str) -> Any:
    rng = drawer.rng
    data = rng.choice((b"", b"abc", b"\x00\xff", b"line\nline", str(_str(drawer, STR, depth, name)).encode("utf-8", "surrogatepass"), *drawer.pool.blobs))  # fmt: skip
    return [hint.kind, base64.b64encode(data).decode("ascii")]


def _mixed(drawer: Drawer, hint: Hint, depth: int, name: str) -> Any:
    del hint
    part = drawer.rng.choice(_MIXED.parts if depth < 3 else (INT, STR))
    return drawer.value(part, depth + 1, name)


def _either(drawer: Drawer, hint: Hint, depth: int, name: str) -> Any:
    """One of a union's; None is not among them too often, and what cannot be built is passed over."""
    options = drawer.agreeing(hint.parts)
    drawer.rng.shuffle(options)
    if len(options) > 1 and options[0] == NONE and drawer.rng.random() < 0.5:
        options.append(options.pop(0))
    why = ""
    for each in options if depth < _DEEP else sorted(options, key=lambda one: one != NONE):
        try:
            return drawer.value(each, depth, name)
        except CannotBuild as error:
            why = why or str(error)
    raise CannotBuild(why)


def _variable(drawer: Drawer, hint: Hint, depth: int, name: str) -> Any:
    if hint.name not in drawer.variables:
        drawer.variables[hint.name] = drawer.rng.choice(hint.parts)
    return drawer.value(drawer.variables[hint.name], depth, name)


def _callable(drawer: Drawer, hint: Hint, _depth: int, _name: str) -> Any:
    result = hint.parts[0].kind if hint.parts else "any"
    return ["function", drawer.rng.choice(_CALLABLES.get(result, _CALLABLES["any"]))]


def _class(drawer: Drawer, hint: Hint, _depth: int, _name: str) -> Any:
    part = hint.parts[0] if hint.parts else ANY
    if part.kind == "class":
        place = drawer.index.find(part.name)
        if place is not None:
            return class_value(place.scope.module, place.qualname)
    if part.kind == "standard":
        return class_value(*part.name.rsplit(".", 1))
    if part.kind == "foreign":
        msg = f"it is a class of `{part.name}`, which is not of this repository"
        raise CannotBuild(msg)
    names = (part.kind,) if part.kind in ("int", "str", "float", "dict", "list") else ("int", "str", "dict")
    return class_value("builtins", drawer.rng.choice(names))


def _standard(drawer: Drawer, hint: Hint, _depth: int, _name: str) -> Any:
    if is_exception(hint.name):
        return drawer.rng.choice(exceptions(hint.name))
    if hint.name in RECIPES:
        return drawer.rng.choice(RECIPES[hint.name])
    for_what = busy(hint.name)
    msg = f"it takes {for_what} (`{hint.name}`)" if for_what else f"no way is known to make a `{hint.name}`"
    raise CannotBuild(msg)


def _foreign(_drawer: Drawer, hint: Hint, _depth: int, _name: str) -> Any:
    msg = f"it takes a `{hint.name}`, which is not of this repository"
    raise CannotBuild(msg)


def _unknown(drawer: Drawer, hint: Hint, depth: int, name: str) -> Any:
    if depth and not hint.name:
        return drawer.value(drawer.usual, depth, name)
    msg = f"what `{hint.name}` is cannot be read" if hint.name else "nothing says what it takes"
    raise CannotBuild(msg)


def _duck(drawer: Drawer, hint: Hint, depth: int, _name: str) -> Any:
    """An object with the attributes that are asked for; a method is one of the offered callables."""
    methods = hint.name.split()
    named: list[list[Any]] = []
    for each in hint.keys:
        if each.startswith("__"):
            continue
        if each in methods:
            known = next((offer for lead, offer in _METHODS.items() if each.startswith(lead)), None)
            named.append([each, ["function", known or drawer.rng.choice(_CALLABLES["any"])]])
        else:
            named.append([each, drawer.value(union(STR, INT, Hint("list", (STR,))), depth + 2, each)])
    return ["new", "argparse", "Namespace", [], named]


def _array(drawer: Drawer, _hint: Hint, _depth: int, _name: str) -> Any:
    if "numpy" not in drawer.index.packages:
        msg = "it takes an array, and numpy is not installed there"
        raise CannotBuild(msg)
    rng = drawer.rng
    shape = rng.choice(([0], [1], [4], [7], [2, 3], [3, 3]))
    count = shape[0] * (shape[1] if len(shape) > 1 else 1)
    if rng.random() < 0.5:
        dtype, packed = (
            "<f8",
            struct.pack(f"<{count}d", *(round(rng.uniform(-5, 5), 2) for _ in range(count))),
        )
    else:
        dtype, packed = "<i8", struct.pack(f"<{count}q", *(rng.randint(-9, 9) for _ in range(count)))
    return ["array", dtype, shape, base64.b64encode(packed).decode("ascii")]


def _file(drawer: Drawer, hint: Hint, depth: int, name: str) -> Any:
    text = drawer.rng.choice(("", "one\ntwo\nthree\n", "a,b\n1,2\n", '{"a": 1}', str(_str(drawer, STR, depth, name))))  # fmt: skip
    data = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")
    return ["file", "StringIO" if hint.kind == "textfile" else "BytesIO", data]


def _of(*trees: Any) -> Callable[[Drawer, Hint, int, str], Any]:
    return lambda drawer, _hint, _depth, _name: drawer.rng.choice(trees)


def _valued(make: Callable[[random.Random], Any]) -> Callable[[Drawer, Hint, int, str], Any]:
    return lambda drawer, _hint, _depth, _name: make(drawer.rng)


_ENVIRON: dict[str, Any] = {
    "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/a/b", "QUERY_STRING": "", "SERVER_NAME": "example.com", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.version": ["tuple", [1, 0]], "wsgi.url_scheme": "http", "wsgi.input": ["file", "BytesIO", ""], "wsgi.errors": ["file", "StringIO", ""], "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False,
}  # fmt: skip
_UTC = ["new", "datetime", "timezone", [["timedelta", 0, 0, 0]], []]
_DRAWN: dict[str, Callable[[Drawer, Hint, int, str], Any]] = {
    "none": _of(None),
    "bool": _of(True, False),
    "int": _int,
    "float": _float,
    "complex": _of(*(["complex", scalar(real), scalar(imaginary)] for real, imaginary in ((0.0, 0.0), (1.0, -2.0), (0.5, 3.0)))),
    "str": _str,
    "bytes": _bytes,
    "bytearray": _bytes,
    "any": _mixed,
    "hashable": lambda drawer, _hint, depth, name: drawer.value(_HASHABLE, depth, name),
    "union": _either,
    "literal": lambda drawer, hint, _depth, _name: drawer.rng.choice(hint.values),
    "var": _variable,
    "usual": lambda drawer, _hint, depth, name: drawer.value(drawer.usual, depth, name),
    "callable": _callable,
    "type": _class,
    "class": lambda drawer, hint, depth, _name: build(drawer, hint.name, depth),
    "standard": _standard,
    "foreign": _foreign,
    "unknown": _unknown,
    "duck": _duck,
    "array": _array,
    "textfile": _file,
    "bytefile": _file,
    "environ": _of(*(["dict", [[key, value] for key, value in {**_ENVIRON, **more}.items()]] for more in ({}, {"QUERY_STRING": "a=1&b=2&a=3"}, {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "0"}, {"HTTP_HOST": "example.com:8080", "wsgi.url_scheme": "https"}))),
    "ellipsis": _of(["ellipsis"]),
    "range": _of(["range", 0, 5, 1], ["range", 0, 0, 1], ["range", 10, 0, -3]),
    "slice": _of(["slice", None, None, None], ["slice", 1, 3, None], ["slice", None, None, -1]),
    "timezone": _of(_UTC, ["new", "datetime", "timezone", [["timedelta", 0, 19800, 0]], []]),
    "zone": _of(["zone", "UTC"], ["zone", "Europe/Vienna"]),
    **{kind: _valued(make) for kind, make in VALUED.items()},
    "pattern": _of(["pattern", "a+b", 32], ["pattern", r"(\w+)\s*=\s*(\w+)", 32], ["pattern", "^$", 32]),
}  # fmt: skip
