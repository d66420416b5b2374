"""What the methods of built-in values do, given the types of what they get; see `known` for what a failure is."""

import ast
from collections.abc import Sequence

from daydream.analysis.dependence.known import ANY, Result, iterable
from daydream.analysis.dependence.shapes import (
    BOOL,
    BYTES,
    INT,
    NONE,
    NOTHING,
    STR,
    UNKNOWN,
    WHOLE,
    Shape,
    is_plain,
    join,
    orders,
    prints,
    together,
)

_TEXT_TO_TEXT = frozenset(
    {
        *("lower", "upper", "strip", "lstrip", "rstrip", "title", "capitalize", "casefold", "swapcase"),
        *("replace", "removeprefix", "removesuffix"),
    }
)


_TEXT_TESTS = frozenset(
    {
        *(
            "startswith",
            "endswith",
            "isdigit",
            "isalpha",
            "isalnum",
            "isspace",
            "isupper",
            "islower",
            "istitle",
        ),
        *("isidentifier", "isnumeric", "isdecimal", "isascii", "isprintable"),
    }
)


def method(receiver: Shape, name: str, args: Sequence[Shape], nodes: Sequence[ast.expr]) -> Result | None:
    """What a method of a built-in value does; None where it is not known (mutating ones included, see MUTATORS)."""
    if receiver.name == "str":
        return _of_text(name, args, nodes)
    if receiver.name == "dict":
        return _of_dict(receiver, name, args)
    if receiver.name in ("list", "set"):
        return _of_collection(receiver, name, args)
    return (UNKNOWN, ANY) if is_plain(receiver) and receiver.name not in ("nothing", "function") else None


def _of_text(name: str, args: Sequence[Shape], nodes: Sequence[ast.expr]) -> Result:
    texts = all(each.name in ("str", "none") for each in args)
    numbers = all(each.name in WHOLE for each in args)
    if name in _TEXT_TO_TEXT:
        return STR, "" if all(each == STR for each in args) else ANY
    if name in _TEXT_TESTS:
        one = len(args) < 2 and all(
            each == STR or (each.name in ("tuple", "pair") and each.elements == STR) for each in args
        )
        return BOOL, "" if one else ANY
    if name in ("split", "rsplit", "partition", "rpartition"):
        kept = all(isinstance(each, ast.Constant) and bool(each.value) for each in nodes)
        whole = name.endswith("split")
        total = (kept and texts and len(args) == 1) or (whole and not args)
        return Shape("list" if whole else "tuple", STR), "" if total else ANY
    if name in ("find", "rfind", "count"):
        return INT, "" if len(args) == 1 and args[0] == STR else ANY
    if name == "splitlines":
        return Shape("list", STR), "" if not args else ANY
    if name in ("zfill", "center", "ljust", "rjust"):
        return STR, "" if len(args) == 1 and numbers else ANY
    if name == "join":
        return STR, "" if len(args) == 1 and iterable(args[0]) and args[0].elements in (
            STR,
            NOTHING,
        ) else ANY
    return {"format": STR, "encode": BYTES, "index": INT, "expandtabs": STR}.get(name, UNKNOWN), ANY


def _of_dict(receiver: Shape, name: str, args: Sequence[Shape]) -> Result | None:
    key, value = receiver.of or UNKNOWN, receiver.to or UNKNOWN
    hashed = "" if args and is_plain(args[0]) else ANY
    if name == "get":
        return join(value, args[1] if len(args) > 1 else NONE), hashed
    if name in ("keys", "values", "items"):
        inner = {"keys": key, "values": value}.get(name, Shape("pair", key, value))
        return Shape("view", inner), ""
    if name == "copy":
        return receiver, ""
    if name == "setdefault":
        return join(value, args[1] if len(args) > 1 else NONE), hashed
    if name == "pop":
        return (
            (value, "KeyError")
            if len(args) == 1 and not hashed
            else (join(value, together(list(args[1:]))), hashed)
        )
    if name == "clear":
        return NONE, ""
    if name == "update":
        return NONE, "" if len(args) == 1 and args[0].name == "dict" else ANY
    return None


def _of_collection(receiver: Shape, name: str, args: Sequence[Shape]) -> Result | None:
    listed = receiver.name == "list"
    inner = receiver.of or UNKNOWN
    plain = all(is_plain(each) for each in args)
    filled = all(iterable(each) and (listed or is_plain(each.elements)) for each in args)
    simple: dict[str, Result] = {"copy": (receiver, ""), "clear": (NONE, "")}
    if listed:
        simple |= {
            "append": (NONE, "" if len(args) == 1 else ANY),
            "extend": (NONE, "" if len(args) == 1 and filled else ANY),
            "insert": (NONE, "" if len(args) == 2 and args[0].name in WHOLE else ANY),
            "reverse": (NONE, ""),
            "sort": (NONE, "" if orders(inner, inner) and not args else ANY),
            "pop": (inner, "IndexError:pop" if not args else ANY),
            "remove": (NONE, "ValueError:remove" if plain and prints(inner) else ANY),
            "index": (INT, ANY),
            "count": (INT, "" if plain and prints(inner) else ANY),
        }
    else:
        grown = Shape("set", together([inner, *(each.elements for each in args)]))
        simple |= {
            "add": (NONE, "" if plain else ANY),
            "discard": (NONE, "" if plain else ANY),
            "remove": (NONE, "KeyError" if plain else ANY),
            "update": (NONE, "" if filled else ANY),
            "union": (grown, "" if filled else ANY),
            "intersection": (receiver, "" if filled else ANY),
            "difference": (receiver, "" if filled else ANY),
            "issubset": (BOOL, "" if filled else ANY),
            "issuperset": (BOOL, "" if filled else ANY),
        }
    return simple.get(name)
