"""A Docker engine of the tests' own, in a folder of its own: no network, no service manager, gone with the tests.

`python -m tests.fakes.engine FOLDER` starts one and prints its address; it ends when its standard input does.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_S = 40.0
_DRIVERS = ("overlay2", "vfs")


class NoEngine(Exception):
    """Why there is none, and what to do."""


@contextmanager
def engine(folder: Path) -> Iterator[str]:
    """Start dockerd and yield its address.

    Raises:
        NoEngine: it is not installed, may not run, or does not start.
    """
    program = shutil.which("dockerd") or shutil.which("dockerd", path="/usr/sbin:/usr/local/sbin:/sbin")
    if program is None:
        msg = "dockerd is not installed (on Debian: apt-get install docker.io)"
        raise NoEngine(msg)
    if os.geteuid() != 0:
        msg = "an engine of its own needs root"
        raise NoEngine(msg)
    folder.mkdir(parents=True, exist_ok=True)
    words = ""
    for driver in _DRIVERS:
        process, address, log = _started(program, folder, driver)
        try:
            if _answers(process, folder / "engine.sock"):
                yield address
                return
            words = log.read_text(errors="replace")[-500:]
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    msg = f"dockerd does not start: {' '.join(words.split())}"
    raise NoEngine(msg)


def _started(program: str, folder: Path, driver: str) -> tuple["subprocess.Popen[bytes]", str, Path]:
    log = folder / f"{driver}.log"
    address = f"unix://{folder}/engine.sock"
    argv = [
        program, "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "-H", address,
        "--pidfile", f"{folder}/engine.pid", "--iptables=false", "--ip6tables=false", "--bridge=none",
        "--shutdown-timeout=1",
        f"--storage-driver={driver}",
    ]  # fmt: skip
    with log.open("wb") as out:
        return subprocess.Popen(argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL), address, log


def _answers(process: "subprocess.Popen[bytes]", place: Path) -> bool:
    import docker  # type: ignore[import-untyped] # it has no types

    until = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < until:
        if place.exists():
            client = docker.DockerClient(base_url=f"unix://{place}", timeout=10)
            try:
                return bool(client.ping())
            except (docker.errors.DockerException, OSError):
                time.sleep(0.05)
            finally:
                client.close()
        time.sleep(0.05)
    return False


def main() -> None:
    """Hold an engine for as long as somebody holds our standard input."""
    with engine(Path(sys.argv[1])) as address:
        print(address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
