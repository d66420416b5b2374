"""The child that runs vulture: what it notes beside vulture's answer, and that it never outlives its parent."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from vulture.core import Vulture

from daydream.analysis import vulture_child
from daydream.analysis.vulture_child import reader, scan

CODE = """
import imp
if True:
    import cgi
from . import distutils

class Base(lib.Thing[int], metaclass=Meta):
    @staticmethod
    def helper():
        def inner():
            pass

try:
    @lib.register("x")
    def optional():
        pass
except ImportError:
    pass
"""


def test_what_surrounds_a_definition_is_noted() -> None:
    vulture = reader(Vulture, set())
    assert scan(vulture, CODE, Path("/pkg/a.py")) == ""
    told = {row["qualname"]: row for row in vulture.surroundings.values()}
    assert told["Base"]["bases"] == ["lib.Thing", "Meta"]
    assert told["Base.helper"]["scope"] == "class"
    assert told["Base.helper"]["owner_bases"] == ["lib.Thing", "Meta"]
    assert told["Base.helper"]["decorators"] == ["staticmethod"]
    assert told["Base.helper.inner"]["scope"] == "function"
    assert told["optional"]["decorators"] == ["lib.register"]
    assert told["optional"]["conditional"]
    assert vulture.classes == {"Base": {"lib.Thing", "Meta"}}


def test_imports_of_wanted_modules_are_noted_with_their_guard() -> None:
    vulture = reader(Vulture, {"imp", "cgi", "distutils"})
    scan(vulture, CODE, Path("/pkg/a.py"))
    noted = sorted((row["module"], row["guarded"], row["path"]) for row in vulture.wanted_imports)
    assert noted == [("cgi", True, "pkg/a.py"), ("imp", False, "pkg/a.py")]


@pytest.mark.parametrize(
    "text", ["def f(:\n", "a\0b", "x = " + "-" * 200_000 + "1\n", "f" + "(" * 9000 + "\n"]
)
def test_what_is_no_python_is_refused_with_a_reason(text: str) -> None:
    assert scan(reader(Vulture, set()), text, Path("/a.py"))


def test_a_type_comment_that_is_none_does_not_lose_the_file() -> None:
    vulture = reader(Vulture, set())
    assert scan(vulture, "x = []  # type: not [ one\ndef f(): pass\n", Path("/a.py")) == ""
    assert [item.name for item in vulture.unused_funcs] == ["f"]


def test_the_answer_is_vultures_own() -> None:
    ours, theirs = reader(Vulture, set()), Vulture()
    source = Path(vulture_child.__file__).read_text()
    scan(ours, source, Path("/pkg/a.py"))
    theirs.scan(source, filename=Path("/pkg/a.py"))
    assert [(i.name, i.typ) for i in ours.get_unused_code()] == [
        (i.name, i.typ) for i in theirs.get_unused_code()
    ]


PARENT = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-I", "-S", sys.argv[1], str(os.getpid()), "."], stdin=int(sys.argv[2]),
                         pass_fds=[int(sys.argv[2])])
print(child.pid, flush=True)
child.wait()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's help exists on Linux alone")
def test_the_child_dies_with_its_parent() -> None:
    ours, theirs = os.pipe()
    argv = [sys.executable, "-c", PARENT, str(vulture_child.__file__), str(ours)]
    with subprocess.Popen(argv, pass_fds=[ours], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        handle = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
        ended, _, _ = select.select([handle], [], [], 20)
        os.close(handle)
    os.close(ours)
    os.close(theirs)
    assert ended, "the child still waits for its request"
