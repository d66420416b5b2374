"""Since when the standard library has what programs try to import, and what it has under another name now."""

from collections.abc import Mapping

from daydream.analysis.python_floor import Version

# Named anew by Python 3: whoever tries them there gets them, with every name that is asked for.
RENAMED = frozenset(
    """
    builtins configparser copyreg html.entities html.parser http.client http.cookiejar http.cookies http.server queue
    reprlib socketserver urllib.error urllib.parse urllib.request urllib.robotparser xmlrpc.client xmlrpc.server
    """.split()  # noqa: SIM905 -- a list of words is read as words
)
# Had by Python 2 alone.
GONE = frozenset(
    """
    BaseHTTPServer ConfigParser Cookie HTMLParser Queue SimpleHTTPServer SocketServer StringIO __builtin__ cPickle
    cStringIO commands cookielib copy_reg htmlentitydefs httplib robotparser urllib2 urlparse xmlrpclib
    """.split()  # noqa: SIM905 -- a list of words is read as words
)
_ADDED = """
3.0 io io.StringIO io.BytesIO pickle itertools.zip_longest itertools.filterfalse
3.2 argparse functools.cmp_to_key functools.lru_cache functools.total_ordering html html.escape
3.3 collections.ChainMap contextlib.ExitStack faulthandler inspect.signature ipaddress lzma shlex.quote shutil.which
3.3 subprocess.DEVNULL time.monotonic types.SimpleNamespace unittest.mock unittest.mock.MagicMock unittest.mock.Mock
3.3 unittest.mock.patch
3.4 asyncio enum enum.Enum enum.IntEnum functools.singledispatch pathlib pathlib.Path statistics
3.5 json.JSONDecodeError math.isclose typing
3.6 contextlib.AbstractContextManager secrets
3.7 asyncio.get_running_loop contextlib.AsyncExitStack contextlib.asynccontextmanager contextlib.nullcontext
3.7 contextvars contextvars.ContextVar dataclasses dataclasses.dataclass dataclasses.field importlib.resources
3.8 functools.cached_property importlib.metadata importlib.metadata.PackageNotFoundError
3.8 importlib.metadata.distribution importlib.metadata.distributions importlib.metadata.entry_points
3.8 importlib.metadata.metadata importlib.metadata.requires importlib.metadata.version math.prod shlex.join
3.8 typing.Final typing.Literal typing.Protocol typing.TypedDict typing.final typing.get_args typing.get_origin
3.8 typing.runtime_checkable unittest.IsolatedAsyncioTestCase unittest.mock.AsyncMock
3.9 asyncio.to_thread functools.cache graphlib graphlib.TopologicalSorter importlib.resources.files math.lcm
3.9 typing.Annotated zoneinfo zoneinfo.ZoneInfo zoneinfo.ZoneInfoNotFoundError
3.10 contextlib.aclosing itertools.pairwise types.EllipsisType types.NoneType typing.Concatenate typing.ParamSpec
3.10 typing.TypeAlias typing.TypeGuard
3.11 asyncio.TaskGroup asyncio.timeout contextlib.chdir datetime.UTC enum.StrEnum tomllib typing.LiteralString
3.11 typing.Never typing.NotRequired typing.Required typing.Self typing.Unpack typing.assert_never typing.reveal_type
3.12 itertools.batched typing.override
3.13 typing.ReadOnly typing.TypeIs warnings.deprecated
"""


def _added() -> Mapping[str, Version]:
    found: dict[str, Version] = {}
    for line in _ADDED.split("\n"):
        version, *names = line.split() or ("0.0",)
        major, _, minor = version.partition(".")
        found.update(dict.fromkeys(names, (int(major), int(minor))))
    return found


ADDED = _added()


def is_there(name: str, floor: Version) -> bool:
    """Whether every Python from `floor` on is known to have a module, or a name of one, by its dotted name."""
    if floor < (3, 0):
        return False
    if name in RENAMED or name.rpartition(".")[0] in RENAMED:
        return True
    return name in ADDED and ADDED[name] <= floor
