"""Which modules of the standard library a repository will load in nearly every call, so that a sandbox may load them once.

They are loaded where the facts are kept, so there is a list of what may be: plain modules that do nothing but define things. Nothing of
the repository or of an installed package is ever on it, nor is a name that one of these has too.
"""

import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

_PLAIN = frozenset(
    """
    abc argparse array ast asyncio base64 bisect calendar cmath codecs collections collections.abc concurrent.futures configparser
    contextlib contextvars copy copyreg csv ctypes dataclasses datetime decimal difflib dis email email.message email.parser email.utils
    enum errno fcntl fnmatch fractions functools gc getpass gettext glob gzip hashlib heapq hmac html html.entities html.parser
    http http.client http.cookiejar http.cookies http.server importlib importlib.abc importlib.machinery importlib.metadata
    importlib.resources importlib.util inspect io ipaddress itertools json json.decoder keyword linecache locale logging logging.config
    logging.handlers math mimetypes multiprocessing netrc numbers opcode operator optparse os os.path pathlib pickle pkgutil platform
    posixpath pprint queue quopri random re reprlib secrets select selectors shlex shutil signal socket socketserver sqlite3 ssl stat
    statistics string stringprep struct subprocess sys tarfile tempfile textwrap threading time timeit token tokenize traceback types
    typing unicodedata unittest unittest.mock urllib.error urllib.parse urllib.request urllib.response uuid warnings weakref xml.etree.ElementTree
    xml.sax.saxutils zipfile zlib zoneinfo
    """.split()  # noqa: SIM905 - a list as prose
)
_IMPORT = re.compile(r"^(?:from[ \t]+([\w.]+)[ \t]+import|import[ \t]+([\w., \t]+))", re.MULTILINE)
_NEVER_IMPORTED = frozenset(["test"])
"""By another module of the standard library."""
_FILES_MOST = 600
_BYTES_MOST = 2**17


def preloaded(
    sources: Mapping[str, str], roots: Sequence[str], packages: Sequence[Path], taken: Collection[str]
) -> tuple[str, ...]:
    """Return the plain modules of the standard library that the repository's files, those of its tests apart, import when they
    are imported themselves, or that the installed packages do that they come to; sorted.

    `taken` are the names that installed packages have. Where one of these, or a file of the repository, is named like a module of the
    standard library, nothing is: a child would come to another module than without.
    """
    own = {_first(path, root) for path in sources for root in roots if path.startswith(root)}
    if (own.union(taken) & sys.stdlib_module_names) - _NEVER_IMPORTED:
        return ()
    wanted: set[str] = set()
    waiting: list[str] = []
    for path, text in sources.items():
        if "test" not in path.lower():
            waiting += imports(text)
    left = _FILES_MOST
    known: set[str] = set()
    read: set[str] = set()
    while waiting:
        name = waiting.pop()
        top = name.partition(".")[0]
        if name in known or top in own:
            continue
        known.add(name)
        if name in _PLAIN:
            wanted.add(name)
        elif top in taken and top not in read:
            read.add(top)
            for file in _files(top, packages)[: max(left, 0)]:
                left -= 1
                waiting += imports(_text(file))
    return tuple(sorted(wanted))


def imports(text: str) -> Iterable[str]:
    """The names of modules that a module imports at its top level, relative ones apart."""
    for found in _IMPORT.finditer(text):
        if found[1]:
            yield found[1]
        else:
            yield from (each.split(" as ")[0].strip() for each in found[2].split(","))


def _first(path: str, root: str) -> str:
    """The import name that a file, or the folder it is in, has below a root."""
    below = path.removeprefix(f"{root}/") if root else path
    return below.partition("/")[0].removesuffix(".py")


def _files(name: str, packages: Sequence[Path]) -> list[Path]:
    for folder in packages:
        if (folder / name).is_dir():
            found = sorted((folder / name).rglob("*.py"))
            return [each for each in found if "test" not in str(each.relative_to(folder))]
        if (folder / f"{name}.py").is_file():
            return [folder / f"{name}.py"]
    return []


def _text(file: Path) -> str:
    try:
        if not file.is_file():
            return ""
        with file.open(encoding="utf-8", errors="replace") as stream:
            return stream.read(_BYTES_MOST)
    except OSError:
        return ""
