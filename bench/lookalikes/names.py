"""Alive though the name is used nowhere below: one look-alike of imports and public names a section."""

# ruff: noqa: E402, ERA001, F401, F403, F811, I001, PLC0414, RUF022, RUF100, SIM105, UP035, UP045
# mypy: ignore-errors

# lookalike: all-of-package
"""The desk."""

from .loans import Loan, renew
from .readers import Reader

__all__ = ("Loan", "Reader", "renew")

# lookalike: all-of-module
__all__ = ["parse_shelfmark", "SHELF_WIDTH"]
SHELF_WIDTH = 90


def parse_shelfmark(text):
    return text.split(".")


# lookalike: reexport-as
from . import ledger as ledger
from .cards import Card as Card
from .cards import lost_card as lost_card

# lookalike: reexport-init
from .loans import Loan
from .readers import Reader, find_reader

# lookalike: import-readline
import sys

try:
    import readline
except ImportError:
    pass

print(input("desk> ") if sys.stdin.isatty() else "")

# lookalike: import-codec
import encodings.idna


def host_of(url):
    return url.split("/")[2].encode("idna")


# lookalike: import-registers-models
from flask import Flask

import import_registers_models.tables  # noqa: F401
from import_registers_models.metrics import database  # noqa: F401


def make_app():
    return Flask(__name__)


if __name__ == "__main__":
    make_app().run()

# lookalike: import-for-availability
try:
    import watchdog.observers
except ImportError:
    HAVE_WATCHDOG = False
else:
    HAVE_WATCHDOG = True

print(HAVE_WATCHDOG)

# lookalike: import-fallback
try:
    import setproctitle
except ImportError:
    setproctitle = None

if setproctitle is not None:
    setproctitle.setproctitle("desk")

# lookalike: import-fallback-name
try:
    from simdjson import loads
except ImportError:
    from json import loads

print(loads("[]"))

# lookalike: type-checking
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .readers import Reader


def names(readers: "Sequence[Reader]") -> list[str]:
    return [reader.name for reader in readers]


print(names([]))

# lookalike: string-annotation
from typing import Optional

from .parse import Parser


def recorder(parser: "Parser", start: "Optional[int]" = None):
    return parser, start


print(recorder(1))

# lookalike: cast-string
from typing import Any, cast

from .context import Ledger


def current(box: Any):
    return cast("Ledger", box.get())


print(current)

# lookalike: doctest-import
"""Shelves and their numbers.

>>> Fraction(1, 2) + half_shelf(3)
Fraction(2, 1)
"""

from fractions import Fraction


def half_shelf(number):
    """Half of it.

    >>> pprint(half_shelf(4))
    Fraction(2, 1)
    """
    return Fraction(number, 2)


from pprint import pprint

# lookalike: type-comment
from collections import OrderedDict
from typing import List, Optional


class Console:
    modules = None  # type: Optional[List[str]]

    def order(self, names):
        # type: (List[str]) -> OrderedDict
        return sorted(names)


print(Console().order([]))

# lookalike: star-import
from .workers.alt import *
from .workers.dev import *

# lookalike: import-then-attribute
import os
import xml.dom.minidom
import xml.sax

print(os.name, xml.dom.minidom.parseString("<a/>"))

# lookalike: annotated-string-generic
from typing import Annotated, get_type_hints

from .units import Gram, Metre


class Parcel:
    weight: "Annotated[int, Gram]"
    length: "dict[str, Metre]"


print(get_type_hints(Parcel, include_extras=True))

# lookalike: version-import-switch
import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

print(zstd)

# lookalike: package-metadata
__title__ = "desk"
__author__ = "The house"
__build__ = 0x020100
__copyright__ = "Copyright The house"

# lookalike: lazy-exports
import importlib

_EXPORTS = {"Loan": ".loans", "Reader": ".readers"}


def __getattr__(name):
    return getattr(importlib.import_module(_EXPORTS[name], __name__), name)


# lookalike: deprecated-alias
from .fasthttp import FastUser as FastHttpUser  # noqa: F401
