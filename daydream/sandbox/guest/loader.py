"""Loading the module of a procedure, with the variant in its place."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import io
import sys
import tokenize
import types
from collections.abc import Callable, Sequence
from typing import Any

from .caught import Caught

REPOSITORY = "/repository"
_WRAPPINGS = 50


class Refused(Exception):
    """Why there is nothing to call: one of the protocol's reasons and a clause."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail[:500]


class _InPlace(importlib.machinery.SourceFileLoader):
    """Loads one module from text that differs from its file."""

    def __init__(self, name: str, path: str, code: types.CodeType) -> None:
        super().__init__(name, path)
        self.code = code

    def get_code(self, fullname: str) -> types.CodeType:  # noqa: ARG002 - the loader's own signature
        return self.code


class _Finder:
    """Answers for one module, whoever imports it first; `was_asked` says that somebody did."""

    def __init__(self, name: str, path: str, code: types.CodeType) -> None:
        self.name = name
        self.path = path
        self.code = code
        self.was_asked = False

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.name:
            return None
        self.was_asked = True
        loader = _InPlace(name, self.path, self.code)
        return importlib.util.spec_from_file_location(name, self.path, loader=loader)


def load(unit: dict[str, Any]) -> Callable[..., Any]:
    """Import the unit's module and find the procedure in it.

    Raises:
        Refused: there is nothing to call.
    """
    if unit["path"] is None and unit["variant"] is not None:
        code = _compiled(unit["variant"], f"/daydream/{unit['module']}.py")
        with Caught() as caught:
            return _procedure(_alone(unit["module"], code), unit)
    else:
        install(unit)
        with Caught() as caught:
            return _procedure(importlib.import_module(unit["module"]), unit)
    error = caught.error
    if isinstance(error, (Refused, MemoryError)):
        raise error
    reason = "import" if isinstance(error, ImportError) else "load"
    raise Refused(reason, f"{type(error).__name__}: {_words(error)}")


def _alone(name: str, code: types.CodeType) -> types.ModuleType:
    """A module of its own; the import system would look for its file, and touch half a megabyte on the way."""
    module = sys.modules[name] = types.ModuleType(name)
    exec(code, module.__dict__)  # noqa: S102 - this is what the sandbox is for
    return module


def install(unit: dict[str, Any]) -> _Finder | None:
    """Have the unit's wording imported wherever its module is asked for; None where that is the file's own.

    Raises:
        Refused: it does not compile.
    """
    if unit["variant"] is None:
        return None
    path = f"{REPOSITORY}/{unit['path']}"
    finder = _Finder(unit["module"], path, _compiled(_patched(path, unit), path))
    sys.meta_path.insert(0, finder)
    return finder


def _compiled(text: str, path: str) -> types.CodeType:
    with Caught() as caught:
        return compile(text, path, "exec", dont_inherit=True)
    if isinstance(caught.error, (SyntaxError, ValueError, RecursionError, OverflowError)):
        raise Refused("syntax", f"{type(caught.error).__name__}: {_words(caught.error)}")
    raise caught.error or MemoryError


def _patched(path: str, unit: dict[str, Any]) -> str:
    try:
        with tokenize.open(path) as stream:
            lines = _lines(stream.read())
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise Refused("load", f"{unit['path']} cannot be read: {_words(error)}") from None
    variant = unit["variant"]
    end = "" if variant.endswith("\n") else "\n"
    return "".join([*lines[: unit["first_line"] - 1], variant, end, *lines[unit["last_line"] :]])


def _lines(text: str) -> list[str]:
    """The lines as the compiler counts them: a form feed or a separator of Unicode ends none."""
    return list(io.StringIO(text, newline=None))


def _words(error: BaseException | None) -> str:
    with Caught():
        return str(error)[:300]
    return ""


def _procedure(module: types.ModuleType, unit: dict[str, Any]) -> Callable[..., Any]:
    found: Any = module
    holder: Any = None
    for part in unit["qualname"].split("."):
        if part == "<locals>":
            raise Refused("unreachable", "it is defined inside another function")
        holder = found
        found = _member(found, part) if isinstance(found, type) else getattr(found, part, None)
        if found is None:
            raise Refused("unreachable", f"the module has no {unit['qualname']}")
    procedure = _bound(found, holder)
    if not callable(procedure):
        raise Refused("unreachable", f"{unit['qualname']} is not callable")
    _same(_innermost(procedure), unit)
    found_procedure: Callable[..., Any] = procedure
    return found_procedure


def _member(kind: type, name: str) -> Any:
    """What a class holds under a name, as it stands there."""
    return next((vars(each)[name] for each in kind.__mro__ if name in vars(each)), None)


def _innermost(procedure: Any) -> Any:
    """What decorators were put around, as far as they say so."""
    for _ in range(_WRAPPINGS):
        inner = getattr(procedure, "__wrapped__", None)
        if inner is None:
            break
        procedure = inner
    return procedure


def _bound(found: Any, holder: Any) -> Any:
    """What a call goes to: a plain function takes its object as the first argument."""
    if isinstance(found, staticmethod):
        return found.__func__
    if isinstance(found, classmethod):
        return found.__get__(None, holder)
    if isinstance(found, property):
        return found.fget
    return getattr(found, "func", found) if type(found).__name__ == "cached_property" else found


def _same(function: Any, unit: dict[str, Any]) -> None:
    """A name that is defined more than once leads to the last of them, which may not be the one that is meant."""
    code = getattr(function, "__code__", None)
    if unit["path"] is None or code is None or code.co_name != unit["qualname"].rpartition(".")[2]:
        return
    text = unit["variant"]
    length = unit["last_line"] - unit["first_line"] + 1 if text is None else len(_lines(text))
    inside = unit["first_line"] <= code.co_firstlineno < unit["first_line"] + length
    if code.co_filename == f"{REPOSITORY}/{unit['path']}" and not inside:
        raise Refused("unreachable", "its name leads to another definition")
