"""Advice on what lies outside the program: files, the network, databases, the machine itself."""

import ast
import re
from collections.abc import Callable, Mapping

from daydream.analysis.errors.site import Advice, Site, called, shown

_CONSTRAINT = re.compile(r"(?:constraint failed: |constraint [\"'`])([\w.]{1,80})")
_WITHOUT = re.compile(r"no such (table|column)|(relation|column) \"?[\w.]+\"? does not exist", re.IGNORECASE)
_FULL = re.compile(
    r"too many (connections|clients)|remaining connection slots|connection limit", re.IGNORECASE
)


def undecodable(_message: str, site: Site | None) -> Advice | None:
    """UnicodeDecodeError, UnicodeEncodeError: clear where a file is opened as text without an encoding."""
    calls = (
        [call for call in site.calls("open", "read_text", "write_text") if not _named(call, "encoding")]
        if site
        else []
    )
    texts = [call for call in calls if not _binary(call)]
    if len(texts) == 1:
        return Advice(
            "fix_clear",
            f"{shown(texts[0])} names no encoding: name it, and say what happens to undecodable bytes",
        )
    return None


def undecoded(_message: str, site: Site | None) -> Advice | None:
    """JSONDecodeError: clear where an answer or a text is parsed with nothing around it that expects it to fail."""
    calls = site.calls("json", "loads", "load") if site else []
    if len(calls) != 1 or site is None:
        return None
    what = "the answer" if called(calls[0]) == "json" else "the text"
    expected = _caught(site, "ValueError", "JSONDecodeError")
    advice = f"{what} that {shown(calls[0])} parses is not JSON: check its status and content type before, and handle one that is not"
    return Advice("cause_only" if expected else "fix_clear", advice)


def missing_row(_message: str, site: Site | None) -> Advice | None:
    """DoesNotExist: clear where the line looks one object up and nothing around it handles its absence."""
    calls = site.calls("get", "one") if site else []
    if (
        len(calls) == 1
        and site is not None
        and not _caught(site, "DoesNotExist", "ObjectDoesNotExist", "NoResultFound")
    ):
        return Advice(
            "fix_clear",
            f"{shown(calls[0])} finds nothing and nobody handles that: answer 404, or handle the missing row here",
        )
    return None


def several_rows(_message: str, site: Site | None) -> Advice | None:
    """MultipleObjectsReturned."""
    calls = site.calls("get", "one", "get_or_create", "update_or_create") if site else []
    if len(calls) == 1:
        return Advice(
            "cause_only",
            f"{shown(calls[0])} finds several rows: add a uniqueness constraint, or say which one is meant",
        )
    return None


def integrity(message: str, _site: Site | None) -> Advice | None:
    """IntegrityError."""
    found = _CONSTRAINT.search(message)
    name = f" of `{found[1]}`" if found else ""
    if re.search(r"unique|duplicate", message, re.IGNORECASE):
        return Advice(
            "cause_only",
            f"a row with the same value{name} is there already: get or update it, or tell the user; two requests at once may do the same",
        )
    if re.search(r"not.null", message, re.IGNORECASE):
        return Advice(
            "cause_only", f"a value{name} is missing that the table demands: check it before saving"
        )
    if re.search(r"foreign key", message, re.IGNORECASE):
        return Advice(
            "cause_only",
            "the row that is referred to is not there, or still referred to: save or delete in the other order",
        )
    return Advice(
        "cause_only",
        "the database refused the row: validate before saving, or turn the conflict into an answer",
    )


def operational(message: str, _site: Site | None) -> Advice | None:
    """OperationalError."""
    if "locked" in message:
        return Advice(
            "cause_only",
            "another connection holds the database: keep transactions short, raise the time-out, or use WAL or another database",
        )
    if _FULL.search(message):
        return Advice(
            "needs_a_person",
            "the database has no connection left: close or pool connections, or raise its limit",
        )
    if _WITHOUT.search(message):
        return Advice(
            "cause_only",
            "the database lacks a table or column that the code expects: run the migrations where this runs",
        )
    return Advice("needs_a_person", "check the database's availability, its limits and its time-outs")


def no_file(_message: str, site: Site | None) -> Advice | None:
    """FileNotFoundError: clear where the path is a relative constant, which depends on where the process was started."""
    calls = site.calls("open", "read_text", "read_bytes", "Path") if site else []
    for call in calls:
        if called(call) in ("open", "Path") and call.args and isinstance(call.args[0], ast.Constant):
            path = call.args[0].value
            if isinstance(path, str) and path and not path.startswith(("/", "~")):
                return Advice(
                    "fix_clear",
                    f"{shown(call)} names a relative path, which depends on where the process was started: make it relative to this file",
                )
    if len(calls) == 1:
        return Advice(
            "cause_only",
            f"{shown(calls[0])} finds no file: check the path at start-up, or handle the missing file",
        )
    return Advice("cause_only", "check the path at start-up, or handle the missing file") if site else None


def forbidden(_message: str, _site: Site | None) -> Advice | None:
    """PermissionError."""
    return Advice("needs_a_person", "check owner and mode of the path where this runs")


def no_module(message: str, site: Site | None) -> Advice | None:
    """ModuleNotFoundError."""
    found = re.search(r"No module named '([\w.]{1,100})'", message)
    if found is None:
        return None
    path = found[1].replace(".", "/")
    if site is not None and (site.code.locate(f"{path}.py") or site.code.locate(f"{path}/__init__.py")):
        return Advice(
            "cause_only",
            f"`{found[1]}` is a module of this repository: it is not on the import path where this runs",
        )
    return Advice(
        "cause_only",
        f"the environment where this runs lacks `{found[1].partition('.')[0]}`: add it to the deployed dependencies",
    )


def recursion(_message: str, site: Site | None) -> Advice | None:
    """RecursionError."""
    calls = site.calls(site.function.name) if site and site.function else []
    if calls and site is not None and site.function is not None:
        return Advice(
            "cause_only",
            f"`{site.function.name}` calls itself with {shown(calls[0])}: bound the depth, or look for a cycle in the data",
        )
    return None


def memory(_message: str, site: Site | None) -> Advice | None:
    """MemoryError."""
    calls = (
        site.calls("read", "readlines", "read_bytes", "read_text", "fetchall", "all", "list") if site else []
    )
    if len(calls) == 1:
        return Advice(
            "cause_only", f"{shown(calls[0])} takes everything into memory at once: go through it in parts"
        )
    return None


def slow(_message: str, site: Site | None) -> Advice | None:
    """TimeoutError and its kin."""
    calls = (
        site.calls(
            "get",
            "post",
            "put",
            "patch",
            "delete",
            "request",
            "urlopen",
            "connect",
            "send",
            "execute",
            "result",
        )
        if site
        else []
    )
    what = shown(calls[0]) if len(calls) == 1 else "what is asked here"
    return Advice(
        "cause_only" if calls else "needs_a_person",
        f"{what} was not answered in time: set a time-out that fits, and retry what may be repeated",
    )


def unreachable(_message: str, site: Site | None) -> Advice | None:
    """ConnectionError and its kin."""
    calls = (
        site.calls(
            "get", "post", "put", "patch", "delete", "request", "urlopen", "connect", "send", "sendall"
        )
        if site
        else []
    )
    what = f"what {shown(calls[0])} asks" if len(calls) == 1 else "the other side"
    return Advice(
        "needs_a_person",
        f"{what} was out of reach or hung up: check that it is up and its address right; retry with back-off",
    )


def hung_up(_message: str, _site: Site | None) -> Advice | None:
    """BrokenPipeError."""
    return Advice("cause_only", "the client hung up: treat that as the end of the request, not as an error")


def machine(message: str, _site: Site | None) -> Advice | None:
    """OSError."""
    if "No space left" in message or "Errno 28" in message:
        return Advice("needs_a_person", "the disk is full: free space, and bound what is written there")
    if "Too many open files" in message or "Errno 24" in message:
        return Advice(
            "cause_only", "files or sockets are opened and not closed: use `with`, or raise the limit"
        )
    if "Address already in use" in message:
        return Advice("needs_a_person", "the port is taken: another instance is still running")
    return None


def ended(_message: str, _site: Site | None) -> Advice | None:
    """KeyboardInterrupt, SystemExit: somebody ended the process."""
    return Advice(
        "cause_only", "somebody ended the process; that is no fault of the program: do not report it"
    )


def _named(call: ast.Call, name: str) -> bool:
    return any(keyword.arg in (name, None) for keyword in call.keywords)


def _binary(call: ast.Call) -> bool:
    modes = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and "b" in str(mode.value) for mode in modes)


def _caught(site: Site, *names: str) -> bool:
    """Tell whether a `try` around the line handles one of these exceptions, or every one."""
    for node in ast.walk(site.body):
        if not isinstance(node, ast.Try) or not node.body:
            continue
        if not node.body[0].lineno <= site.line <= (node.body[-1].end_lineno or 0):
            continue
        for handler in node.handlers:
            said = ast.unparse(handler.type) if handler.type else "Exception"
            if any(re.search(rf"\b{name}\b", said) for name in (*names, "Exception", "BaseException")):
                return True
    return False


RULES: Mapping[str, Callable[[str, Site | None], Advice | None]] = {
    "BrokenPipeError": hung_up,
    "ConnectionError": unreachable,
    "DoesNotExist": missing_row,
    "FileNotFoundError": no_file,
    "IntegrityError": integrity,
    "JSONDecodeError": undecoded,
    "KeyboardInterrupt": ended,
    "MemoryError": memory,
    "ModuleNotFoundError": no_module,
    "MultipleObjectsReturned": several_rows,
    "OSError": machine,
    "OperationalError": operational,
    "PermissionError": forbidden,
    "RecursionError": recursion,
    "SystemExit": ended,
    "TimeoutError": slow,
    "UnicodeDecodeError": undecodable,
    "UnicodeEncodeError": undecodable,
}
