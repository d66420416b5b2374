"""Objects of the standard library that a trial can hand over, and those that it cannot."""

import builtins
from typing import Any

_URL = "https://user:pw@example.com:8080/a/b;c?d=1&e=%20#f"


def _new(dotted: str, *given: Any, **named: Any) -> list[Any]:
    module, _, name = dotted.rpartition(".")
    return ["new", module, name, list(given), [[key, value] for key, value in named.items()]]


_PARSED = _new("ast.parse", "x = f(1) + 2\n\ndef g(a, b=2):\n    return a * b\n")
RECIPES: dict[str, tuple[Any, ...]] = {
    "random.Random": (_new("random.Random", 0), _new("random.Random", 7)),
    "logging.Logger": (_new("logging.getLogger", "trial"),),
    "logging.LogRecord": (
        _new("logging.LogRecord", "trial", 20, "a.py", 1, "said %s", ["tuple", ["a"]], None),
    ),
    "logging.Handler": (_new("logging.NullHandler"),),
    "logging.Formatter": (_new("logging.Formatter"),),
    "urllib.parse.ParseResult": (_new("urllib.parse.urlparse", _URL), _new("urllib.parse.urlparse", "a/b")),
    "urllib.parse.SplitResult": (_new("urllib.parse.urlsplit", _URL), _new("urllib.parse.urlsplit", "")),
    "email.message.Message": (_new("email.message_from_string", "Subject: a\nTo: b@example.com\n\nbody\n"),),
    "email.message.EmailMessage": (_new("email.message.EmailMessage"),),
    "http.cookiejar.CookieJar": (_new("http.cookiejar.CookieJar"),),
    "http.cookies.SimpleCookie": (_new("http.cookies.SimpleCookie", "a=1; b=2"),),
    "argparse.ArgumentParser": (_new("argparse.ArgumentParser", "trial"),),
    "argparse.Namespace": (_new("argparse.Namespace", verbose=True, name="a"),),
    "types.SimpleNamespace": (_new("types.SimpleNamespace", name="a", value=1),),
    "types.ModuleType": (_new("pkgutil.resolve_name", "math"), _new("types.ModuleType", "made")),
    "types.MappingProxyType": (_new("types.MappingProxyType", ["dict", [["a", 1]]]),),
    "types.CodeType": (_new("builtins.compile", "1 + 1", "a.py", "eval"),),
    "configparser.ConfigParser": (_new("configparser.ConfigParser"),),
    "configparser.RawConfigParser": (_new("configparser.RawConfigParser"),),
    "string.Template": (_new("string.Template", "$a and ${b}"),),
    "ipaddress.IPv4Address": (_new("ipaddress.IPv4Address", "192.0.2.1"),),
    "ipaddress.IPv6Address": (_new("ipaddress.IPv6Address", "2001:db8::1"),),
    "ipaddress.IPv4Network": (_new("ipaddress.IPv4Network", "192.0.2.0/24"),),
    "collections.ChainMap": (_new("collections.ChainMap", ["dict", [["a", 1]]], ["dict", [["a", 2], ["b", 3]]]),),
    "collections.UserDict": (_new("collections.UserDict", ["dict", [["a", 1]]]),),
    "collections.UserList": (_new("collections.UserList", ["list", [1, 2]]),),
    "collections.UserString": (_new("collections.UserString", "abc"),),
    "array.array": (_new("array.array", "i", ["list", [1, 2, 3]]),),
    "inspect.Signature": (_new("inspect.signature", ["function", "compare"]),),
    "inspect.Parameter": (_new("inspect.Parameter", "a", _new("pkgutil.resolve_name", "inspect:Parameter.POSITIONAL_OR_KEYWORD")),),
    "re.Match": (_new("re.match", "(?P<a>a+)(b)?", "aab"), _new("re.match", "(?P<a>a+)(b)?", "aac")),
    "typing.Match": (_new("re.match", "(?P<a>a+)(b)?", "aab"), _new("re.match", "(?P<a>a+)(b)?", "aac")),
    "ast.AST": (_PARSED, _new("ast.parse", "")),
    "ast.Module": (_PARSED, _new("ast.parse", "")),
    "xml.etree.ElementTree.Element": (_new("xml.etree.ElementTree.fromstring", "<a b='1'><c>d</c><c/>e</a>"),),
    "itertools.count": (_new("itertools.count", 0),),
    "functools.partial": (_new("functools.partial", ["function", "identity"], 1),),
    "datetime.timezone": (_new("datetime.timezone", ["timedelta", 0, 0, 0]), _new("datetime.timezone", ["timedelta", 0, 19800, 0])),
    "contextlib.ExitStack": (_new("contextlib.ExitStack"),),
    "contextlib.AbstractContextManager": (_new("contextlib.nullcontext", 1),),
    "queue.Queue": (_new("queue.Queue"),),
    "enum.Enum": (["enum", "http", "HTTPStatus", "OK"],),
    "http.HTTPStatus": (["enum", "http", "HTTPStatus", "OK"], ["enum", "http", "HTTPStatus", "NOT_FOUND"]),
    "string.Formatter": (_new("string.Formatter"),),
    "json.JSONEncoder": (_new("json.JSONEncoder"),),
    "json.JSONDecoder": (_new("json.JSONDecoder"),),
}  # fmt: skip
_BUSY = {
    "threading": "a thread or a lock", "_thread": "a lock", "multiprocessing": "another process", "concurrent": "a pool of workers", "asyncio": "an event loop",
    "socket": "a socket", "ssl": "a socket", "socketserver": "a socket", "select": "a socket", "selectors": "a socket", "subprocess": "another process", "sqlite3": "a database",
    "http.client": "a connection", "http.server": "a server", "urllib.request": "a connection", "smtplib": "a connection", "ftplib": "a connection", "mmap": "mapped memory",
    "tempfile": "a file on disk", "zipfile": "a file on disk", "tarfile": "a file on disk", "ctypes": "foreign memory", "tkinter": "a window", "contextvars": "a context of its own",
}  # fmt: skip
NO_ARGUMENTS = frozenset(
    ("builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", "typing_extensions.Protocol", "typing_extensions.Generic", "threading.local", "ast.NodeVisitor", "ast.NodeTransformer", "logging.Filter", "logging.Handler", "logging.Formatter", "json.JSONEncoder", "json.JSONDecoder",
     "html.parser.HTMLParser", "string.Formatter", "contextlib.ContextDecorator", "contextlib.AbstractContextManager", "contextlib.AbstractAsyncContextManager", "contextlib.ExitStack", "configparser.ConfigParser", "configparser.RawConfigParser", "builtins.type", "argparse.ArgumentParser", "argparse.Namespace", "pprint.PrettyPrinter",
     "collections.OrderedDict", "collections.UserDict", "collections.UserList", "collections.Counter", "collections.defaultdict", "collections.deque", "builtins.dict", "builtins.list", "builtins.set", "builtins.frozenset", "builtins.tuple", "io.RawIOBase", "io.IOBase", "io.BytesIO", "io.StringIO", "io.TextIOBase",
     "typing.Dict", "typing.List", "http.cookiejar.CookieJar", "email.message.Message", "random.Random", "types.SimpleNamespace", "textwrap.TextWrapper", "threading.Thread", "cmd.Cmd", "logging.StreamHandler", "logging.NullHandler", "http.cookiejar.DefaultCookiePolicy", "queue.Queue", "optparse.OptionParser", "collections.ChainMap", "unittest.TestCase", "contextlib.AsyncContextDecorator", "email.message.EmailMessage", "abc.ABCMeta",
     *(f"{module}.{name}" for module in ("collections.abc", "typing") for name in ("Mapping", "MutableMapping", "Sequence", "MutableSequence", "Iterable", "Iterator", "Collection", "Container", "Hashable", "Sized", "Set", "MutableSet", "Callable", "Awaitable", "AsyncIterator", "AsyncIterable", "AsyncGenerator", "Generator", "Reversible")))
)  # fmt: skip
"""Bases outside the repository whose constructor can be called without arguments."""
ONE_ARGUMENT: dict[str, str] = {"builtins.str": "str", "builtins.int": "int", "builtins.float": "float", "builtins.bytes": "bytes", "collections.UserString": "str"}  # fmt: skip


def is_exception(dotted: str) -> bool:
    """Whether a dotted name is that of a built-in exception."""
    made = getattr(builtins, dotted.removeprefix("builtins."), None) if dotted.startswith("builtins.") else None  # fmt: skip
    return isinstance(made, type) and issubclass(made, BaseException)


def exceptions(dotted: str) -> tuple[Any, ...]:
    """Trees of an exception: of the class itself, or of some where the class is one of the bases of all."""
    name = dotted.removeprefix("builtins.")
    if name in ("Exception", "BaseException"):
        return tuple(["new", "builtins", each, ["said"], []] for each in ("ValueError", "RuntimeError", "KeyError"))  # fmt: skip
    if name.startswith("Unicode"):
        return (["new", "builtins", "UnicodeDecodeError", ["utf-8", ["bytes", "/w=="], 0, 1, "said"], []],)
    return (["new", "builtins", name, ["said"], []], ["new", "builtins", name, [], []])


def busy(dotted: str) -> str | None:
    """What an object of the standard library stands for that a trial has none of: a clause, None where there is no such thing."""
    parts = dotted.split(".")
    return _BUSY.get(".".join(parts[:2])) or _BUSY.get(parts[0])
