"""What built-in functions and methods do, given the types of what they get: the type of the result, and how they may fail.

A failure is "" (never), "*" (anything) or a class of exceptions with the same type and wording. Whole numbers are taken to
stay below 4,300 digits (and below 1e308 beside fractions), memory and stack to suffice.
"""

import ast
import builtins
from collections.abc import Callable, Mapping, Sequence

from daydream.analysis.dependence.shapes import (
    BOOL,
    CONTAINERS,
    FLOAT,
    INT,
    NOTHING,
    NUMBERS,
    RANGE,
    STR,
    UNKNOWN,
    WHOLE,
    Shape,
    is_known,
    is_plain,
    join,
    orders,
    prints,
    together,
)

Result = tuple[Shape, str]
Rule = Callable[[Sequence[Shape], Sequence[ast.expr]], Result]
ANY = "*"
CONSUMERS = frozenset(
    {
        "len",
        "sum",
        "any",
        "all",
        "min",
        "max",
        "sorted",
        "list",
        "tuple",
        "set",
        "frozenset",
        "dict",
        "str",
        "repr",
        "bool",
    }
)
LAZY = frozenset({"enumerate", "zip", "reversed", "map", "filter"})
MUTATORS = frozenset(
    {
        *("append", "extend", "insert", "remove", "pop", "popitem", "clear", "update", "setdefault"),
        *("add", "discard", "sort", "reverse"),
    }
)
FRESH_METHODS = frozenset({"copy", "union", "intersection", "difference", "symmetric_difference"})
PURE_DOTTED = frozenset(
    {
        *(f"re.{name}" for name in ("match", "search", "fullmatch", "split", "findall", "escape", "compile")),
        *(
            f"os.path.{name}"
            for name in (
                "join",
                "basename",
                "dirname",
                "splitext",
                "split",
                "normpath",
                "isabs",
                "normcase",
                "commonprefix",
            )
        ),
        *(f"textwrap.{name}" for name in ("dedent", "fill", "shorten", "wrap")),
        *(f"statistics.{name}" for name in ("mean", "median", "fmean", "pstdev", "stdev")),
    }
)
READING_DOTTED = frozenset(
    {
        *("os.getcwd", "os.getenv", "os.listdir", "os.stat", "os.environ.get"),
        *(
            f"os.path.{name}"
            for name in ("exists", "isfile", "isdir", "islink", "getsize", "getmtime", "abspath", "realpath")
        ),
    }
)
EXCEPTIONS = frozenset(name for name in vars(builtins) if name.endswith(("Error", "Exception", "Warning")))


def _one(rule: Callable[[Shape], Result]) -> Rule:
    def apply(args: Sequence[Shape], nodes: Sequence[ast.expr]) -> Result:
        del nodes
        return rule(args[0]) if len(args) == 1 else (rule(UNKNOWN)[0], ANY)

    return apply


def _length(arg: Shape) -> Result:
    return INT, "" if arg.name in CONTAINERS and arg.name != "iter" else ANY


def _printed(arg: Shape) -> Result:
    return STR, "" if prints(arg) else ANY


def _truth(arg: Shape) -> Result:
    return BOOL, "" if is_known(arg) else ANY


def _number(result: Shape, name: str) -> Rule:
    def apply(arg: Shape) -> Result:
        if arg.name in WHOLE or (arg.name == "float" and name == "float"):
            return result, ""
        return result, f"ValueError:{name}" if arg.name == "str" else ANY

    return _one(apply)


def _absolute(arg: Shape) -> Result:
    return (FLOAT if arg.name == "float" else INT, "") if arg.name in NUMBERS else (UNKNOWN, ANY)


def _whole(result: Shape) -> Rule:
    return _one(lambda arg: (result, "" if arg.name in WHOLE else ANY))


def _hashed(arg: Shape) -> Result:
    return INT, "" if is_plain(arg) else ANY


def _sum(args: Sequence[Shape], nodes: Sequence[ast.expr]) -> Result:
    del nodes
    inner = args[0].elements if args else UNKNOWN
    if (
        len(args) == 1
        and (args[0].name in CONTAINERS or args[0].name == "iter")
        and inner.name in (*NUMBERS, "nothing")
    ):
        return join(INT, inner), ""
    return UNKNOWN, ANY


def _decide(arg: Shape) -> Result:
    return BOOL, "" if iterable(arg) and is_known(arg.elements) else ANY


def iterable(arg: Shape) -> bool:
    """Whether going through it cannot fail."""
    return arg.name in CONTAINERS or arg.name == "iter"


def _extreme(args: Sequence[Shape], nodes: Sequence[ast.expr]) -> Result:
    del nodes
    if len(args) == 1:
        inner = args[0].elements
        return inner, "ValueError:empty" if iterable(args[0]) and orders(inner, inner) else ANY
    both = together(list(args))
    return both, "" if args and all(orders(args[0], each) for each in args) else ANY


def _sorted(args: Sequence[Shape], nodes: Sequence[ast.expr]) -> Result:
    del nodes
    if len(args) != 1:
        return Shape("list", UNKNOWN), ANY
    inner = args[0].elements
    return Shape("list", inner), "" if iterable(args[0]) and orders(inner, inner) else ANY


def _collected(name: str) -> Rule:
    hashed = name in ("set", "frozenset")

    def apply(args: Sequence[Shape], nodes: Sequence[ast.expr]) -> Result:
        del nodes
        if not args:
            return Shape(name, NOTHING), ""
        inner = args[0].elements
        total = len(args) == 1 and iterable(args[0]) and (not hashed or is_plain(inner))
        return Shape(name, inner), "" if total else ANY

    return apply


def _dict(args: Sequence[Shape], nodes: Sequence[ast.expr]) -> Result:
    del nodes
    if not args:
        return Shape("dict", NOTHING, NOTHING), ""
    known = len(args) == 1 and args[0].name == "dict"
    return (args[0], "") if known else (Shape("dict", UNKNOWN, UNKNOWN), ANY)


def _range(args: Sequence[Shape], nodes: Sequence[ast.expr]) -> Result:
    steps = (
        len(args) < 3 or (isinstance(nodes[2], ast.Constant) and bool(nodes[2].value)) or _is_minus(nodes[2])
    )
    total = 0 < len(args) < 4 and steps and all(each.name in WHOLE for each in args)
    return RANGE, "" if total else ANY


def _is_minus(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant) and bool(node.operand.value)
    )


def _enumerated(args: Sequence[Shape], nodes: Sequence[ast.expr]) -> Result:
    del nodes
    total = bool(args) and iterable(args[0]) and all(each.name in WHOLE for each in args[1:])
    return Shape("iter", Shape("pair", INT, args[0].elements if args else UNKNOWN)), "" if total else ANY


def _zipped(args: Sequence[Shape], nodes: Sequence[ast.expr]) -> Result:
    del nodes
    inner = [each.elements for each in args]
    element = Shape("pair", *inner) if len(inner) == 2 else Shape("tuple", together(inner))
    return Shape("iter", element), "" if all(iterable(each) for each in args) else ANY


def _reversed(arg: Shape) -> Result:
    backwards = arg.name in ("list", "tuple", "pair", "str", "bytes", "range", "dict")
    return Shape("iter", arg.elements), "" if backwards else ANY


def is_class(node: ast.expr) -> bool:
    """Whether an expression names classes: built-in types, names in capitals, tuples and unions of them."""
    if isinstance(node, ast.Tuple):
        return all(is_class(each) for each in node.elts)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.BitOr) and is_class(node.left) and is_class(node.right)
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return isinstance(vars(builtins).get(name), type) or (name[:1].isupper() and not name.isupper())


def _instance(args: Sequence[Shape], nodes: Sequence[ast.expr]) -> Result:
    return BOOL, "" if len(args) == 2 and is_class(nodes[1]) else ANY


def _exception(args: Sequence[Shape], nodes: Sequence[ast.expr]) -> Result:
    del args, nodes
    return UNKNOWN, ""


BUILTINS: Mapping[str, Rule] = {
    "len": _one(_length),
    "isinstance": _instance,
    "callable": _one(lambda _: (BOOL, "")),
    "id": _one(lambda _: (INT, "")),
    "type": _one(lambda _: (UNKNOWN, "")),
    "bool": _one(_truth),
    "str": _one(_printed),
    "repr": _one(_printed),
    "int": _number(INT, "int"),
    "float": _number(FLOAT, "float"),
    "abs": _one(_absolute),
    "hex": _whole(STR),
    "bin": _whole(STR),
    "oct": _whole(STR),
    "hash": _one(_hashed),
    "chr": _one(lambda _: (STR, ANY)),
    "ord": _one(lambda _: (INT, ANY)),
    "round": lambda args, _: (
        INT if len(args) == 1 else UNKNOWN,
        "" if args and args[0].name in WHOLE else ANY,
    ),
    "divmod": lambda _args, _: (UNKNOWN, ANY),
    "pow": lambda _args, _: (UNKNOWN, ANY),
    "format": lambda _args, _: (STR, ANY),
    "sum": _sum,
    "any": _one(_decide),
    "all": _one(_decide),
    "min": _extreme,
    "max": _extreme,
    "sorted": _sorted,
    "list": _collected("list"),
    "tuple": _collected("tuple"),
    "set": _collected("set"),
    "frozenset": _collected("frozenset"),
    "dict": _dict,
    "range": _range,
    "enumerate": _enumerated,
    "zip": _zipped,
    "reversed": _one(_reversed),
    "hasattr": lambda _args, _: (BOOL, ANY),
    "getattr": lambda _args, _: (UNKNOWN, ANY),
    **dict.fromkeys(EXCEPTIONS, _exception),
}
