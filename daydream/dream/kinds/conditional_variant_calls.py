"""Calls and lookups that may fail: tried again where a caller asks for it, or answered with a caller's value."""

import ast
import random
import re
from collections.abc import Iterator

from daydream.contracts.dream import Candidate, Procedure
from daydream.dream.kinds.conditional_variant_signature import dotted, may_grow
from daydream.dream.kinds.conditional_variant_text import Option, Text, with_options

_MODULES = re.compile(
    r"(requests|urllib\.request|urllib2|socket|subprocess|shutil|smtplib|ftplib|telnetlib|paramiko|aiohttp)\.\w+"
    r"|os\.(rename|replace|remove|unlink|listdir|scandir|stat|lstat|open|makedirs|mkdir|rmdir|chmod|link|symlink|readlink|utime)"
    r"|os\.path\.(getsize|getmtime)|open|io\.open|codecs\.open|gzip\.open|urlopen|urlretrieve|httpx\.\w+"
)
_CLIENTS = re.compile(
    r"(?i)\w*(session|client|http|conn|connection|sock|socket|channel|redis|broker|transport|api|ftp|smtp|bucket|s3|remote|server_proxy)"
)
_CLIENT_CALLS = frozenset(
    [
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "head",
        "request",
        "send",
        "sendall",
        "recv",
        "recv_into",
        "connect",
        "execute",
        "fetch",
        "fetchone",
        "fetchall",
        "call",
        "download",
        "upload",
        "publish",
        "query",
        "read",
        "write",
        "open",
        "login",
        "list_objects",
        "get_object",
        "put_object",
        "getresponse",
        "ping",
    ]
)
_METHODS = frozenset(
    [
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "urlopen",
        "urlretrieve",
        "sendall",
        "getresponse",
        "iterdir",
        "unlink",
        "rmdir",
        "mkdir",
        "touch",
        "create_connection",
        "open_connection",
        "connect",
        "download",
        "fetch",
    ]
)
_CAUGHT = ("KeyError", "IndexError", "LookupError", "StopIteration", "Exception", "BaseException")
_PLAIN = frozenset(["int", "str", "float", "bool", "bytes", "list", "tuple", "set", "dict", "len", "Path"])


def retries(text: Text, procedure: Procedure, rng: random.Random) -> Iterator[Candidate]:
    """Propose one statement at a time that does I/O, tried again up to `attempts` times."""
    found = [(each, call) for each in _simple(text) if (call := _io(each)) and text.movable(each)]
    if not found or not may_grow(text, procedure):
        return
    attempts, sleep = text.free("attempts", "max_attempts"), text.free("sleep", "sleeper")
    attempt, error = text.free("attempt", "attempt_number"), "httpx.HTTPError"
    if attempts is None or sleep is None or attempt is None:
        return
    options = (
        Option(attempts, "int", "1", "How often to try, at least once."),
        Option(
            sleep, '"Callable[[float], object] | None"', "None", "What waits between attempts, given seconds."
        ),
    )
    rng.shuffle(found)
    for statement, call in found:
        signature = with_options(text, *options)
        if signature is None:
            return
        caught = error if call.startswith("httpx.") else "OSError"
        waited = any(isinstance(each, ast.Await) for each in ast.walk(statement))
        unit = text.unit
        leaves = [] if isinstance(statement, ast.Return) else [f"{unit * 2}break"]
        head = text.before(statement, f"{attempt} = 1", "while True:", f"{unit}try:")
        tail = text.after(
            statement,
            *leaves,
            f"{unit}except {caught}:",
            f"{unit * 2}if {attempt} >= {attempts}:",
            f"{unit * 3}raise",
            f"{unit}if {sleep} is not None:",
            f"{unit * 2}{'await ' if waited else ''}{sleep}(2.0**{attempt})",
            f"{unit}{attempt} += 1",
        )
        code = text.edited([*signature, head, *text.indented(statement), *text.indented(statement), tail])
        if code is not None:
            yield _retry(code, call, caught, attempts, sleep)


def _retry(code: str, call: str, caught: str, attempts: str, sleep: str) -> Candidate:
    return Candidate(
        name=f"{call}() is tried up to {attempts}=1 times",
        code=code,
        transform_id="conditional_variant.retry@1",
        assumption=f"{call}() succeeds the first time or not at all",
        reasoning=f"{call}() does I/O, which fails for reasons that pass; waiting is left to the caller's {sleep}",
        description=f"{call}() is tried again after {caught} up to {attempts} times, by default once, as today",
        details={"call": call, "parameter": attempts, "sleeper": sleep, "caught": caught},
        changes_default=True,
    )


def _simple(text: Text) -> Iterator[ast.stmt]:
    """Yield the statements that are one action."""
    for block in text.blocks():
        for each in block:
            if isinstance(each, ast.Assign | ast.AnnAssign | ast.Expr | ast.Return):
                yield each


def _missed(text: Text) -> set[int]:
    """Return the ids of the nodes below a `try` that answers a miss already."""
    tries = [each for each in text.nodes if isinstance(each, ast.Try)]
    answered = [each for each in tries if any(_catches(handler) for handler in each.handlers)]
    return {id(inner) for each in answered for statement in each.body for inner in ast.walk(statement)}


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(dotted(each) in _CAUGHT for each in types)


def _io(statement: ast.stmt) -> str | None:
    value = getattr(statement, "value", None)
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call) or any(
        isinstance(each, ast.Yield | ast.YieldFrom) for each in ast.walk(call)
    ):
        return None
    name = dotted(call.func)
    on, _, called = name.rpartition(".")
    client = on.rpartition(".")[2]
    known = _MODULES.fullmatch(name) or (on and called in _METHODS)
    return name if known or (_CLIENTS.fullmatch(client) and called in _CLIENT_CALLS) else None


def fallbacks(text: Text, procedure: Procedure, rng: random.Random) -> Iterator[Candidate]:
    """Propose, one lookup at a time, a value for what is not there."""
    found = [
        (each, look) for each in _simple(text) if (look := _lookup(each)) is not None and text.movable(each)
    ]
    missed = _missed(text) if found else set()
    found = [each for each in found if id(each[0]) not in missed]
    if not found or not may_grow(text, procedure):
        return
    name = text.free("fallback", "if_missing")
    if name is None:
        return
    option = Option(name, "object", "...", "The value of what is not there; without it that is an error.")
    rng.shuffle(found)
    for statement, (lookup, error) in found:
        signature = with_options(text, option)
        if signature is None:
            return
        unit = text.unit
        if isinstance(statement, ast.Return):
            answer = f"return {name}"
        else:
            answer = f"{_target(text, statement)} = {name}"
        head = text.before(statement, "try:")
        tail = text.after(
            statement, f"except {error}:", f"{unit}if {name} is ...:", f"{unit * 2}raise", f"{unit}{answer}"
        )
        code = text.edited([*signature, head, *text.indented(statement), tail])
        if code is not None:
            yield _fallback(code, text.segment(lookup), error, name)


def _fallback(code: str, shown: str, error: str, name: str) -> Candidate:
    return Candidate(
        name=f"{name} where {shown} is not there",
        code=code,
        transform_id="conditional_variant.fallback@1",
        assumption=f"{shown} is always there",
        reasoning=f"{shown} raises {error} where it is not there, and a caller may know what to go on with",
        description=f"after {error} from {shown} the new keyword-only parameter {name} stands in; without it, it is raised as today",
        details={"lookup": shown, "parameter": name, "caught": error},
        changes_default=True,
    )


def _lookup(statement: ast.stmt) -> tuple[ast.expr, str] | None:
    """Return the one lookup that a statement binds to a name or attribute or returns, and the error of a miss.

    What is made of it may be an attribute, a method's result or a plain type's: `int(row["size"])`.
    """
    value = getattr(statement, "value", None)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    named = len(targets) == 1 and isinstance(targets[0], ast.Name | ast.Attribute)
    if not isinstance(value, ast.expr) or not (named or isinstance(statement, ast.Return)):
        return None
    if value.lineno != value.end_lineno:
        return None
    return _miss(_looked_up(value))


def _looked_up(value: ast.expr) -> ast.expr:
    while True:
        match value:
            case ast.Call(func=ast.Name(id=called), args=[ast.Subscript() | ast.Attribute() as inner]) if (
                called in _PLAIN
            ):
                value = inner
            case ast.Call(func=ast.Attribute(value=ast.Subscript() as inner)):
                value = inner
            case ast.Attribute(value=ast.Subscript() | ast.Call() as inner):
                value = inner
            case _:
                return value


def _miss(value: ast.expr) -> tuple[ast.expr, str] | None:
    match value:
        case ast.Call(func=ast.Name(id="next"), args=[_], keywords=[]):
            return value, "StopIteration"
        case ast.Call(
            func=ast.Attribute(value=held, attr="pop"), args=[ast.Name() | ast.Constant()], keywords=[]
        ):
            return (value, "LookupError") if dotted(held) else None
        case ast.Subscript(value=held, slice=key):
            if not dotted(held) or isinstance(key, ast.Slice | ast.Tuple):
                return None
            if any(isinstance(each, ast.Call | ast.Await | ast.NamedExpr) for each in ast.walk(value)):
                return None
            text = isinstance(key, ast.Constant) and isinstance(key.value, str)
            return value, "KeyError" if text else "LookupError"
        case _:
            return None


def _target(text: Text, statement: ast.stmt) -> str:
    return text.segment(statement.targets[0]) if isinstance(statement, ast.Assign) else ""
