"""Which processes of this machine are sandboxes of one daydream: others may be at work here too."""

from collections.abc import Iterator
from pathlib import Path

from daydream.sandbox import owner
from daydream.sandbox.docker import connect


def guests(key: str, address: str, pid: int) -> dict[int, int]:
    """The uid of each process that belongs to a sandbox of the process `pid`, by process id."""
    found = {}
    for each in _contained(address, pid) if key == "docker" else _descended(pid):
        try:
            found[each] = Path(f"/proc/{each}").stat().st_uid
        except OSError:
            continue
    return found


def alive(pids: dict[int, int]) -> list[int]:
    """Those that still run; a number that somebody else got since does not count."""
    return [pid for pid in pids if owner.token(pid) is not None and _is_guest(pid)]


def _is_guest(pid: int) -> bool:
    try:
        return b"_daydream_guest" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _descended(pid: int) -> Iterator[int]:
    try:
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, file.read_text().split()):
                if _is_guest(child):
                    yield child
                yield from _descended(child)
    except OSError:
        return


def _contained(address: str, pid: int) -> Iterator[int]:
    client = connect(address)
    try:
        mark = owner.token(pid)
        for each in client.api.containers(filters={"label": f"daydream.owner={mark}"}):
            yield int(client.api.inspect_container(each["Id"])["State"]["Pid"])
    finally:
        client.close()
