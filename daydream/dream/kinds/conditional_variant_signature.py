"""Which procedures may get one more keyword-only parameter without anybody noticing who does not pass it."""

import ast
import re

from daydream.contracts.dream import Procedure
from daydream.dream.kinds.conditional_variant_text import Text

# Decorators that hand all arguments through, or only say something. Any other may read the signature.
_TRANSPARENT = frozenset(
    [
        "staticmethod",
        "classmethod",
        "abstractmethod",
        "contextmanager",
        "asynccontextmanager",
        "coroutine",
        "final",
        "deprecated",
        "lru_cache",
        "cache",
        "no_type_check",
        "inlineCallbacks",
        "async_to_deferred",
        "ensure_deferred",
    ]
)
_CALLED_BY_FRAMEWORK = re.compile(
    r"__|visit_|depart_|do_[A-Z]|generic_visit$|setUp|tearDown|test_?|handle_[A-Z]"
)
_OWN_DUNDERS = ("__init__", "__call__")
_READS_ITSELF = frozenset(["locals", "vars", "eval", "exec", "signature", "getcallargs", "getfullargspec"])


def may_grow(text: Text, procedure: Procedure) -> bool:
    """Tell whether a new keyword-only parameter with a default is safe.

    Not where `**kwargs` would have caught its name or `*args` takes everything, under a decorator that may read the
    signature, in functions inside functions, in special methods and others that only a framework calls,
    in methods that extend the one they override, in asynchronous generators, and where the function
    looks at its own frame.
    """
    node = text.node
    given = [each for each in (*node.args.posonlyargs, *node.args.args) if each.arg not in ("self", "cls")]
    if node.args.kwarg or (node.args.vararg and not given) or "<locals>" in procedure.qualname:
        return False
    if any(_last(each) not in _TRANSPARENT for each in node.decorator_list):
        return False
    if _CALLED_BY_FRAMEWORK.match(node.name) and node.name not in _OWN_DUNDERS:
        return False
    return not any(_forbids(text, each) for each in text.nodes)


def _forbids(text: Text, each: ast.AST) -> bool:
    if isinstance(each, ast.Yield):
        return isinstance(text.node, ast.AsyncFunctionDef)
    if not isinstance(each, ast.Call):
        return False
    called = _last(each.func)
    if called == text.node.name and called not in _OWN_DUNDERS and isinstance(each.func, ast.Attribute):
        return isinstance(each.func.value, ast.Call) and _last(each.func.value.func) == "super"
    return called in _READS_ITSELF


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return _last(node.func)
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def dotted(node: ast.expr) -> str:
    """Return a chain of names as it is written (`a.b.c`); what is not a name at its start is left out."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([*([node.id] if isinstance(node, ast.Name) else []), *reversed(parts)])
