"""Parameters that a call leaves unsaid: documented arguments of the standard library, where another value is worth a try.

Only callees that can be told by how they are written, and only arguments that the call does not give already.
"""

import ast
import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from daydream.analysis.source import Definition, own_nodes


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a callee: how many positional ones come before it (None: only by keyword), its documented
    default, and other values for it, as they are written."""

    name: str
    place: int | None
    default: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unsaid:
    """An argument that a call could have: `line` counts from 0, `column` in UTF-8 bytes is where the arguments end;
    `first`: there are none yet."""

    callee: str
    argument: Argument
    line: int
    column: int
    first: bool


_TIMEOUT_S = ("10.0", "60.0")
_RUN = (Argument("timeout", None, "None", ("60.0", "600.0")),)
_ASK = (Argument("timeout", None, "None", _TIMEOUT_S),)
_JSON = (
    Argument("separators", None, "(', ', ': ')", ('(",", ":")',)),
    Argument("ensure_ascii", None, "True", ("False",)),
    Argument("sort_keys", None, "False", ("True",)),
)
_HASH = (Argument("usedforsecurity", None, "True", ("False",)),)
_WIDTH = (Argument("width", 1, "70", ("80", "100")),)
_CLOSE = (Argument("n", 2, "3", ("1", "5")), Argument("cutoff", 3, "0.6", ("0.5", "0.75")))
_BY_NAME: dict[str, tuple[Argument, ...]] = {
    "zip": (Argument("strict", None, "False", ("True",)),),
    "open": (Argument("buffering", 2, "-1", ("65_536", "1_048_576")),),
    "print": (Argument("flush", None, "False", ("True",)),),
    "max": (Argument("default", None, "an error for nothing", ("None",)),),
    "min": (Argument("default", None, "an error for nothing", ("None",)),),
    "lru_cache": (Argument("maxsize", 0, "128", ("32", "512")),),
    "warnings.warn": (Argument("stacklevel", 2, "1", ("2", "3")),),
    "json.dumps": _JSON,
    "json.dump": _JSON,
    "subprocess.run": _RUN,
    "subprocess.call": _RUN,
    "subprocess.check_call": _RUN,
    "subprocess.check_output": _RUN,
    "urllib.request.urlopen": (Argument("timeout", 2, "None", _TIMEOUT_S),),
    "urlopen": (Argument("timeout", 2, "None", _TIMEOUT_S),),
    "socket.create_connection": (Argument("timeout", 1, "None", _TIMEOUT_S),),
    "os.makedirs": (Argument("exist_ok", 2, "False", ("True",)),),
    "os.walk": (Argument("followlinks", 3, "False", ("True",)),),
    "shutil.rmtree": (Argument("ignore_errors", 1, "False", ("True",)),),
    "shutil.copyfileobj": (Argument("length", 2, "65536", ("1_048_576",)),),
    "traceback.format_exc": (Argument("limit", 0, "None", ("20",)),),
    "traceback.print_exc": (Argument("limit", 0, "None", ("20",)),),
    "threading.Thread": (Argument("daemon", None, "None", ("True",)),),
    "Thread": (Argument("daemon", None, "None", ("True",)),),
    "ThreadPoolExecutor": (Argument("max_workers", 0, "None", ("4", "16")),),
    "difflib.get_close_matches": _CLOSE,
    "get_close_matches": _CLOSE,
    "textwrap.wrap": _WIDTH,
    "textwrap.fill": _WIDTH,
    "hashlib.md5": _HASH,
    "hashlib.sha1": _HASH,
    "hashlib.sha256": _HASH,
    "pickle.dumps": (Argument("protocol", 1, "None", ("-1",)),),
    "zlib.compress": (Argument("level", 1, "-1", ("1", "9")),),
    "gzip.compress": (Argument("compresslevel", 1, "9", ("1", "6")),),
    "inspect.signature": (Argument("follow_wrapped", None, "True", ("False",)),),
    **{f"requests.{verb}": _ASK for verb in ("get", "post", "put", "patch", "delete", "head", "request")},
}
_ALIASES = {
    "functools.lru_cache": "lru_cache",
    "io.open": "open",
    "concurrent.futures.ThreadPoolExecutor": "ThreadPoolExecutor",
}
_ERRORS = Argument("errors", 1, "'strict'", ('"replace"', '"backslashreplace"'))
# Of a path: nobody else's methods of these names take nothing, or `parents`.
_METHODS: dict[str, Argument] = {
    "mkdir": Argument("exist_ok", 2, "False", ("True",)),
    "unlink": Argument("missing_ok", 0, "False", ("True",)),
}
_AFTER = re.compile(r"\s*,?\s*(?:#[^\n]*\n\s*)*\)")


_NAMES = {name.rpartition(".")[2] for name in _BY_NAME} | {"encode", "decode", "split", *_METHODS}
_CALLED = re.compile(rf"\b(?:{'|'.join(sorted(_NAMES))})\(")


def may_be_unsaid(source: str) -> bool:
    """Tell whether a text may hold such a call: a quick look."""
    return _CALLED.search(source) is not None


def unsaid(source: str, node: Definition, added: int) -> Iterator[Unsaid]:
    """Find the calls of a function that leave such an argument unsaid; `added` lines stand before the function."""
    body = list(own_nodes(node))
    bound = {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}
    bound |= {each.id for each in body if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)}
    # Places inside f-strings are not those of the text before Python 3.12.
    formatted = {id(inner) for each in body if isinstance(each, ast.JoinedStr) for inner in ast.walk(each)}
    splits = _splits(body)
    rows = [row.encode("utf-8", "surrogatepass") for row in source.split("\n")]
    for call in (*(part for each in node.decorator_list for part in ast.walk(each)), *body):
        if not isinstance(call, ast.Call) or id(call) in formatted or _open_ended(call):
            continue
        for argument in _arguments(call, bound, splits):
            place = None if _given(call, argument) else _end_of_arguments(rows, call, added)
            if place is not None:
                yield Unsaid(
                    _dotted(call.func) or "that call", argument, *place, not (call.args or call.keywords)
                )


def _open_ended(call: ast.Call) -> bool:
    """Whether a call spreads arguments that nobody knows."""
    return any(isinstance(each, ast.Starred) for each in call.args) or any(
        each.arg is None for each in call.keywords
    )


def _end_of_arguments(rows: Sequence[bytes], call: ast.Call, added: int) -> tuple[int, int] | None:
    """Where the last argument ends; None where nothing can follow it as it is written."""
    given: list[ast.expr] = [*call.args, *(each.value for each in call.keywords)]
    closed = (call.end_lineno or 0) - 1 - added, call.end_col_offset or 0
    if not given:
        return closed[0], closed[1] - 1
    if len(given) == 1 and isinstance(given[0], ast.GeneratorExp):
        return None
    ends = [((each.end_lineno or 0) - 1 - added, each.end_col_offset or 0) for each in given]
    row, column = max(ends)
    last = rows[row][column:] if row < closed[0] else rows[row][column : closed[1]]
    between = [last, *rows[row + 1 : closed[0]], *([rows[closed[0]][: closed[1]]] if row < closed[0] else [])]
    return (row, column) if _AFTER.fullmatch(b"\n".join(between).decode("utf-8", "surrogatepass")) else None


def _given(call: ast.Call, argument: Argument) -> bool:
    by_place = argument.place is not None and len(call.args) > argument.place
    return by_place or any(each.arg == argument.name for each in call.keywords)


def _arguments(call: ast.Call, bound: set[str], splits: dict[int, int]) -> Iterator[Argument]:
    name = _dotted(call.func)
    if name and name.partition(".")[0] not in bound and _suits(name, call):
        yield from _BY_NAME.get(_ALIASES.get(name, name), ())
    if isinstance(call.func, ast.Attribute):
        yield from _of_method(call, call.func, splits)


def _suits(name: str, call: ast.Call) -> bool:
    if name == "zip":
        return len(call.args) > 1
    if name in ("min", "max"):
        return len(call.args) == 1
    return True


def _of_method(call: ast.Call, func: ast.Attribute, splits: dict[int, int]) -> Iterator[Argument]:
    if func.attr in ("encode", "decode") and len(call.args) == 1 and _is_codec(call.args[0]):
        yield _ERRORS
    elif func.attr == "split" and id(call) in splits and len(call.args) == 1 and not _is_module(func.value):
        yield Argument("maxsplit", 1, "-1", (str(splits[id(call)]),))
    elif (
        func.attr in _METHODS
        and not call.args
        and {each.arg for each in call.keywords} <= {"parents", "mode"}
    ):
        yield _METHODS[func.attr]


def _is_module(node: ast.expr) -> bool:
    return _dotted(node) in ("os.path", "re", "shlex", "path", "posixpath", "ntpath", "np", "numpy", "regex")


def _is_codec(node: ast.expr) -> bool:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    try:
        codecs.lookup(node.value)
    except (LookupError, ValueError):
        return False
    return True


def _splits(body: Iterable[ast.AST]) -> dict[int, int]:
    """Return by id the calls of which only so many parts are used, with how often they have to split."""
    found: dict[int, int] = {}
    for each in body:
        match each:
            case ast.Subscript(
                value=ast.Call(func=ast.Attribute(attr="split")) as call, slice=ast.Constant(value=int(place))
            ) if 0 <= place < 3:
                found[id(call)] = place + 1
            case ast.Assign(targets=[ast.Tuple(elts=parts)], value=ast.Call() as call) if not any(
                isinstance(part, ast.Starred) for part in parts
            ):
                found[id(call)] = len(parts) - 1
            case _:
                continue
    return {call: most for call, most in found.items() if most}


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
