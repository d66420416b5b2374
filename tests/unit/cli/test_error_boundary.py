"""Every failure ends as one sentence and an exit code."""

import argparse
import errno
import gzip
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from daydream.cli import crash
from daydream.cli.main import guarded, main
from daydream.cli.output import emit, printable
from daydream.contracts.use_cases import RunResult
from daydream.errors import ConfigError, DaydreamError, StateDamaged, StateNewer, StateUnreadable, TryAgain


def raising(error: BaseException) -> Callable[[], int]:
    def command() -> NoReturn:
        raise error

    return command


def options(*, as_json: bool = False, quiet: bool = False) -> argparse.Namespace:
    return argparse.Namespace(as_json=as_json, quiet=quiet, command=None)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DaydreamError("a sentence"), 1),
        (ConfigError("a sentence"), 2),
        (StateDamaged("a sentence"), 70),
        (StateUnreadable("a sentence"), 74),
        (TryAgain("a sentence"), 75),
        (StateNewer("a sentence"), 78),
    ],
)
def test_an_expected_failure_is_its_sentence_and_its_code(
    error: DaydreamError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(raising(error), options()) == code
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "daydream: a sentence\n")


def test_a_failure_is_a_document_where_one_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(raising(TryAgain("locked")), options(as_json=True)) == 75
    said = capsys.readouterr()
    assert json.loads(said.out) == {"error": "locked", "exit_code": 75}
    assert said.err == "daydream: locked\n"


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        (errno.ENOSPC, 75, "the disk is full (/s/state.json)"),
        (errno.EDQUOT, 75, "the disk is full"),
        (errno.EIO, 74, "the disk refused (/s/state.json): Input/output error"),
        (errno.EROFS, 74, "the disk refused"),
        (errno.EACCES, 74, "the disk refused (/s/state.json): Permission denied"),
    ],
)
def test_trouble_with_the_disk_is_told_apart(
    number: int, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(raising(OSError(number, os.strerror(number), "/s/state.json")), options()) == code
    said = capsys.readouterr().err
    assert said.startswith(f"daydream: {words}")
    assert said.count("\n") == 1


def test_an_interrupt_ends_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(raising(KeyboardInterrupt()), options()) == 130
    assert capsys.readouterr().err.startswith("daydream: interrupted")


@pytest.mark.parametrize(
    "error", [ValueError("secret = 1"), OSError(errno.ENOTDIR, "Not a directory"), RecursionError()]
)
def test_the_unexpected_is_one_line_and_a_file(
    error: Exception, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert guarded(raising(error), options()) == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "secret" not in said
    written = Path(said.rsplit("the traceback is in ", 1)[1].strip())
    text = written.read_text(encoding="utf-8")
    written.unlink()
    assert "Traceback (most recent call last)" in text
    assert type(error).__name__ in text


def test_a_crash_is_written_to_the_folder_that_is_named_and_else_elsewhere(tmp_path: Path) -> None:
    inside = crash.write(ValueError("x"), tmp_path)
    assert inside is not None
    assert inside.parent == tmp_path
    assert inside.stat().st_mode & 0o077 == 0
    outside = crash.write(ValueError("\udc80"), tmp_path / "missing")
    assert outside is not None
    outside.unlink()


def test_a_reader_that_has_gone_is_no_failure_and_changes_no_code(tmp_path: Path) -> None:
    code = (
        "import argparse, sys; from daydream.cli.output import emit; from daydream.contracts.use_cases import RunResult;"
        "sys.exit(emit(RunResult(exit_code=1, lines=('x' * 100_000,)), argparse.Namespace(as_json=False, quiet=False)))"
    )
    read, write = os.pipe()
    os.close(read)
    left = subprocess.run([sys.executable, "-c", code], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (left.returncode, left.stderr) == (1, b"")


def test_help_into_a_closed_pipe_is_quiet() -> None:
    read, write = os.pipe()
    os.close(read)
    left = subprocess.run(
        [sys.executable, "-m", "daydream", "config", "show"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert left.stderr == b""


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert printable("a\x1b[31mb\r\x07\x9b\tc\nd é") == "a\\x1b[31mb\\x0d\\x07\\x9b\tc\nd é"


def test_lines_and_documents_are_printed_as_asked(capsys: pytest.CaptureFixture[str]) -> None:
    result = RunResult(exit_code=1, lines=("one", "two"), data={"text": "\udc80é"})
    assert emit(result, options()) == 1
    assert capsys.readouterr().out == "one\ntwo\n"
    assert emit(result, options(as_json=True)) == 1
    assert json.loads(capsys.readouterr().out) == {"text": "\udc80é"}


def test_quiet_leaves_out_what_was_not_asked_for_unless_something_went_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert emit(RunResult(lines=("well",)), options(quiet=True), asked=False) == 0
    assert emit(RunResult(lines=("asked",)), options(quiet=True)) == 0
    assert emit(RunResult(exit_code=1, lines=("wrong",)), options(quiet=True), asked=False) == 1
    assert capsys.readouterr().out == "asked\nwrong\n"


def test_a_wrong_command_line_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--only"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("daydream: ")
    assert said.err.count("\n") == 1


class Sink(http.server.BaseHTTPRequestHandler):
    """Takes what is posted."""

    bodies: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name it overrides
        """Say nothing."""


@pytest.fixture
def sink() -> Iterator[tuple[str, list[bytes]]]:
    bodies: list[bytes] = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("OneSink", (Sink,), {"bodies": bodies}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://key@127.0.0.1:{server.server_port}/7", bodies
    server.shutdown()
    thread.join()
    server.server_close()


CRASHING = """
import argparse, sys
from daydream.cli.main import guarded
def command():
    secret_local = "SECRET-LOCAL"
    raise ValueError("SECRET-MESSAGE")  # SECRET-SOURCE
sys.exit(guarded(command, argparse.Namespace(as_json=False, command=None)))
"""


def crash_in_a_process(tmp_path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "SECRET-FOLDER" / "crashing.py"
    script.parent.mkdir()
    script.write_text(CRASHING)
    kept = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "SENTRY_ENVIRONMENT": "SECRET-ENVIRONMENT"}
    return subprocess.run(
        [sys.executable, str(script)], env={**kept, **env}, capture_output=True, text=True, check=False
    )


def test_a_crash_is_reported_as_type_and_stack_only(tmp_path: Path, sink: tuple[str, list[bytes]]) -> None:
    dsn, bodies = sink
    left = crash_in_a_process(tmp_path, DAYDREAM_SENTRY_DSN=dsn)
    assert left.returncode == 3
    assert left.stderr.count("\n") == 1
    assert len(bodies) == 1
    assert b"SECRET" not in bodies[0]
    assert os.uname().nodename.encode() not in bodies[0]
    event = json.loads(bodies[0].splitlines()[2])
    value = event["exception"]["values"][0]
    assert value["type"] == "ValueError"
    assert value["stacktrace"]["frames"][-1]["function"] == "command"
    assert "server_name" not in event


def test_the_applications_own_dsn_is_never_used(tmp_path: Path, sink: tuple[str, list[bytes]]) -> None:
    dsn, bodies = sink
    assert crash_in_a_process(tmp_path, SENTRY_DSN=dsn).returncode == 3
    assert bodies == []


def test_a_broken_dsn_is_said_and_changes_no_code(tmp_path: Path) -> None:
    left = crash_in_a_process(tmp_path, DAYDREAM_SENTRY_DSN="no dsn")
    assert left.returncode == 3
    assert "daydream: DAYDREAM_SENTRY_DSN is not a DSN" in left.stderr
    assert "Traceback" not in left.stderr
