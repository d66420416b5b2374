"""The child that runs vulture: what it notes beside vulture's answer, and that it never outlives its parent."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import vulture
from vulture.core import Vulture

from daydream.analysis import usage, vulture_child
from daydream.analysis.vulture_child import reader, scan, told

FOLDER = Path(vulture.__file__).parent.parent
WHITELISTS = FOLDER / "vulture" / "whitelists"
READER = reader(Vulture)
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
    noting = READER(set())
    assert scan(noting, CODE, Path("/pkg/a.py")) == ("", True)
    noted = {row["qualname"]: row for row in noting.surroundings.values()}
    assert noted["Base"]["bases"] == ["lib.Thing", "Meta"]
    assert noted["Base.helper"]["scope"] == "class"
    assert noted["Base.helper"]["owner_bases"] == ["lib.Thing", "Meta"]
    assert noted["Base.helper"]["decorators"] == ["staticmethod"]
    assert noted["Base.helper.inner"]["scope"] == "function"
    assert noted["optional"]["decorators"] == ["lib.register"]
    assert noted["optional"]["conditional"]
    assert noting.classes == {"Base": {"lib.Thing", "Meta"}}


def test_imports_of_wanted_modules_are_noted_with_their_guard() -> None:
    noting = READER({"imp", "cgi", "distutils"})
    scan(noting, CODE, Path("/pkg/a.py"))
    noted = sorted((row["module"], row["guarded"]) for row in noting.wanted_imports)
    assert noted == [("cgi", True), ("imp", False)]


@pytest.mark.parametrize(
    "text", ["def f(:\n", "a\0b", "x = " + "-" * 200_000 + "1\n", "f" + "(" * 9000 + "\n"]
)
def test_what_is_no_python_is_refused_with_a_reason(text: str) -> None:
    refused, _ = scan(READER(set()), text, Path("/a.py"))
    assert refused


def test_a_syntax_error_is_sure_to_be_one_again() -> None:
    refused, sure = scan(READER(set()), "def f(:\n", Path("/a.py"))
    assert refused
    assert sure


def test_a_type_comment_that_is_none_does_not_lose_the_file() -> None:
    noting = READER(set())
    assert scan(noting, "x = []  # type: not [ one\ndef f(): pass\n", Path("/a.py")) == ("", True)
    assert [row["name"] for row in told(noting)["defined"] if row["kind"] == "function"] == ["f"]


def test_what_a_file_uses_itself_is_not_told_as_defined() -> None:
    noting = READER(set())
    scan(noting, "def used(): pass\ndef spare(): return used()\ngetattr(used, 'no name')\n", Path("/a.py"))
    facts = told(noting)
    assert [row["name"] for row in facts["defined"]] == ["spare"]
    assert "no name" not in facts["used"]


def _vultures_own(files: dict[str, str]) -> set[tuple[str, int, str, str]]:
    theirs = Vulture()
    for path, text in sorted(files.items()):
        theirs.scan(text, filename=Path("/" + path))
    for name in sorted({item.name for item in theirs.defined_imports}):
        known = WHITELISTS / f"{name}_whitelist.py"
        if known.exists():
            theirs.scan(known.read_text(), filename=Path(known.name))
    return {
        (str(item.filename)[1:], item.first_lineno, item.typ, item.name)
        for item in theirs.get_unused_code()
        if str(item.filename).startswith("/")
    }


def _ours(tmp_path: Path, files: dict[str, str]) -> usage.Told:
    return usage.read(_said(tmp_path, files))


def _said(tmp_path: Path, files: dict[str, str], workers: int = 1) -> bytes:
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    request = {
        "root": str(tmp_path),
        "files": sorted(files),
        "modules": [],
        "whitelists": True,
        "workers": workers,
    }
    argv = [sys.executable, "-I", "-S", str(vulture_child.__file__), str(os.getpid()), str(FOLDER)]
    return subprocess.run(argv, input=json.dumps(request).encode(), capture_output=True, check=True).stdout


@pytest.mark.parametrize("workers", [2, 3, 40])
def test_several_workers_say_what_one_says_and_in_its_order(tmp_path: Path, workers: int) -> None:
    files = {f"pkg/m{i}.py": f"def f{i}():\n    return {'x' * i}\n" * (i % 3) for i in range(9)}
    assert _said(tmp_path, files, workers) == _said(tmp_path, files)


def test_what_is_told_file_by_file_comes_to_vultures_own_answer(tmp_path: Path) -> None:
    files = {
        "pkg/child.py": Path(vulture_child.__file__).read_text(),
        "pkg/usage.py": Path(usage.__file__).read_text(),
        "pkg/handler.py": (
            "import logging\nimport argparse\n\n\nclass Quiet(logging.Handler):\n"
            "    def emit(self, record):\n        return 1\n        print(2)\n\n"
            "    def spare(self):\n        self.kept = 1\n"
        ),
        "tests/test_pkg.py": "from pkg import handler\n\n\ndef test_it():\n    handler.Quiet().spare()\n",
    }
    answer = _ours(tmp_path, files)
    assert answer.complete
    merged = usage.merge([usage.facts(raw) for raw in answer.files], answer.whitelists, set())
    ours = {(c.path, c.first, c.kind, c.name) for c in merged.candidates}
    assert ours == _vultures_own(files)
    assert not any(name == "emit" for *_, name in ours), "logging calls it back"


def test_a_definition_that_only_tests_use_is_told_apart(tmp_path: Path) -> None:
    files = {
        "pkg/a.py": "def probe():\n    pass\n\n\ndef gone():\n    pass\n",
        "tests/test_a.py": "from pkg.a import probe\n\nprobe()\n",
    }
    answer = _ours(tmp_path, files)
    merged = usage.merge([usage.facts(raw) for raw in answer.files], answer.whitelists, {"tests/test_a.py"})
    assert [(c.name, c.only_tests) for c in merged.candidates] == [("probe", True), ("gone", False)]


CIRCLES = """
def _one(x):
    return _two(x)

def _two(x):
    return _one(x)

def _alone(x):
    return _alone(x - 1)

def _held(x):
    return x

def _holder(x):
    return _held(x)

def used(x):
    return _reached(x)

def _reached(x):
    return x
"""


def test_private_definitions_that_only_call_one_another_are_used_by_nothing(tmp_path: Path) -> None:
    answer = _ours(tmp_path, {"pkg/a.py": CIRCLES, "pkg/b.py": "from pkg.a import used\n\nused(1)\n"})
    merged = usage.merge([usage.facts(raw) for raw in answer.files], answer.whitelists, set())
    found = {c.name: (c.again, c.within) for c in merged.candidates}
    assert found == {
        "_one": (1, ("_two",)),
        "_two": (1, ("_one",)),
        "_alone": (1, ()),
        "_held": (1, ("_holder",)),
        "_holder": (0, ()),
    }


def test_what_only_a_private_definition_uses_lives_with_it(tmp_path: Path) -> None:
    files = {
        "pkg/a.py": CIRCLES,
        "pkg/b.py": "class B:\n    def run(self):\n        self._holder(1)\n        self._two(1)\n\n\nB().run()\n",
    }
    answer = _ours(tmp_path, files)
    merged = usage.merge([usage.facts(raw) for raw in answer.files], answer.whitelists, set())
    assert {c.name for c in merged.candidates} == {"_alone", "used"}


def test_what_ends_early_is_not_complete() -> None:
    assert not usage.read(b"").complete
    assert not usage.read(b'{"end": 2}\n').complete


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
