"""The witness: says which edited modules a Python process loaded, from where, and which edited lines ran.

Python imports it at start-up, before any other code, in every process that inherits PYTHONPATH. The
folder that DAYDREAM_WITNESS names holds ``plan``: a line for each edited module, with tabs between its
absolute path, its path in the repository, its possible import names and the lines to watch. What is seen
is appended to ``seen-<pid>`` at once, so that it is there however the process ends.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

FOLDER = "DAYDREAM_WITNESS"
_TOOLS = (4, 3, 5, 2)


class Edited:
    """One edited module: where it must come from, and what was not seen of it yet."""

    def __init__(self, path: str, name: str, imports: list[str], lines: set[int]) -> None:
        self.path = path
        self.name = name
        self.imports = imports
        self.unseen = lines
        self.inside = False


class Witness:
    """What one process knows and has seen."""

    def __init__(self, folder: str, edited: list[Edited]) -> None:
        self.folder = folder
        self.by_path = {one.path: one for one in edited}
        self.by_base: dict[str, list[Edited]] = {}
        for one in edited:
            self.by_base.setdefault(os.path.basename(one.path), []).append(one)  # noqa: PTH119
        self.known: dict[str, Edited | None] = {}
        self.tracing = False

    def say(
        self,
        *words: str,
        opened: Any = os.open,
        write: Any = os.write,
        close: Any = os.close,
        pid: Any = os.getpid,
        flags: int = os.O_WRONLY | os.O_APPEND | os.O_CREAT,
    ) -> None:
        """Append a line. The functions are bound before a test can replace them, and no descriptor is
        kept that a test could close and use for something else."""
        line = "\t".join(words).encode("utf-8", "surrogateescape") + b"\n"
        try:
            place = opened(self.folder + "/seen-" + str(pid()), flags, 0o600)
        except OSError:
            return
        try:
            write(place, line)
        except OSError:
            return
        finally:
            close(place)

    def find(self, filename: str, real: Any = os.path.realpath) -> Edited | None:
        """The edited module that code of this file belongs to."""
        try:
            return self.known[filename]
        except KeyError:
            found = None
        if filename.rpartition("/")[2] in self.by_base:
            try:
                found = self.by_path.get(real(filename))
            except (OSError, ValueError):
                found = None
        if filename.startswith(("/", "<")):  # what a relative name means depends on the moment
            self.known[filename] = found
        return found

    def loaded(self, code: CodeType) -> None:
        """The body of a module is about to run."""
        one = self.find(code.co_filename)
        if one is not None:
            if not one.inside:
                one.inside = True
                self.say("inside", one.name)
            if sys.version_info < (3, 12):
                self.trace()
            return
        for other in self.by_base.get(code.co_filename.rpartition("/")[2], ()):
            if any(file_of(name) == code.co_filename for name in other.imports):
                self.say("outside", other.name, code.co_filename)

    def line(self, one: Edited, number: int) -> None:
        """A line of an edited module is about to run."""
        if number in one.unseen:
            one.unseen.discard(number)
            self.say("line", one.name, str(number))

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        """Every way to run a module's code goes past here; an audit hook cannot be taken off."""
        if event == "exec" and getattr(args[0], "co_name", "") == "<module>":
            self.loaded(args[0])

    def monitor(self) -> None:
        """Watch lines by sys.monitoring: each is reported once, all other code is left alone."""
        if sys.version_info >= (3, 12):
            on = sys.monitoring
            tool = next((number for number in _TOOLS if on.get_tool(number) is None), None)
            if tool is None:
                self.say("unwatched")
                return

            def started(code: CodeType, _offset: int) -> Any:
                one = self.find(code.co_filename)
                if one is not None and one.unseen:
                    on.set_local_events(tool, code, on.events.LINE)
                return on.DISABLE

            def reached(code: CodeType, number: int) -> Any:
                one = self.find(code.co_filename)
                if one is not None:
                    self.line(one, number)
                return on.DISABLE

            on.use_tool_id(tool, "daydream")
            on.register_callback(tool, on.events.PY_START, started)
            on.register_callback(tool, on.events.LINE, reached)
            on.set_events(tool, on.events.PY_START)

    def trace(self) -> None:
        """Watch lines by a trace function, from the first edited module on until all were seen."""
        if self.tracing or not any(one.unseen for one in self.by_path.values()):
            return
        self.tracing = True
        if sys.gettrace() is not None:
            self.say("unwatched")  # somebody measures already, and their measure is theirs
            return
        import atexit
        import threading

        atexit.register(self.end)
        threading.settrace(self.called)
        sys.settrace(self.called)

    def called(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        """The trace function of every thread."""
        one = self.find(frame.f_code.co_filename)
        if one is not None and one.unseen:
            return self.traced
        return None

    def traced(self, frame: FrameType, event: str, _argument: Any) -> Any:
        """The trace function of code in an edited module."""
        one = self.find(frame.f_code.co_filename)
        if one is None:
            return None
        if event == "line":
            self.line(one, frame.f_lineno)
            if not any(other.unseen for other in self.by_path.values()):
                sys.settrace(None)
        return self.traced if one.unseen else None

    def end(self) -> None:
        """Say so if somebody else took over the tracing."""
        if any(one.unseen for one in self.by_path.values()) and sys.gettrace() != self.called:
            self.say("unwatched")


def file_of(name: str) -> object:
    """The file of a module, without waking one that is loaded on first use."""
    module = sys.modules.get(name)
    if module is None:
        return None
    try:
        return object.__getattribute__(module, "__dict__").get("__file__")
    except AttributeError:
        return None


def plan(folder: str) -> list[Edited]:
    """Read what to watch; raises OSError, ValueError."""
    found = []
    with open(folder + "/plan", "rb") as stream:  # noqa: PTH123 -- pathlib would be imported into every process
        for row in stream.read().decode("utf-8", "surrogateescape").splitlines():
            path, name, imports, lines = row.split("\t")
            found.append(Edited(path, name, imports.split(), {int(one) for one in lines.split()}))
    return found


def begin(folder: str) -> None:
    """Start to watch this process."""
    try:
        witness = Witness(folder, plan(folder))
    except (OSError, ValueError):
        return
    witness.say("python", "%d.%d" % sys.version_info[:2])  # noqa: UP031
    if witness.by_path:
        sys.addaudithook(witness.audit)
        witness.monitor()


def give_way() -> None:
    """Run the sitecustomize that this one hides, as if it were the only one."""
    from _frozen_importlib import module_from_spec
    from _frozen_importlib_external import PathFinder

    own = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    others = [place for place in sys.path if os.path.abspath(place) != own]  # noqa: PTH100
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


if __name__ == "sitecustomize":
    if os.environ.get(FOLDER):
        begin(os.environ[FOLDER])
    give_way()
