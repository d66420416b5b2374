"""The system call filter of a tried procedure, as a BPF program built here. Source: seccomp(2), linux/filter.h."""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from .syscalls import FATAL, FIRST_UNKNOWN, JUDGED, MACHINES, OF_TESTS, REFUSED, numbers

_LOAD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCH = 0, 4
_X32 = 0x40000000
_ANYBODY = 0x7EADBEE1
_EVERYBODY = 0xFFFFFFFF
_THREAD = 0x00010000
_NAMESPACES = 0x7E020080  # CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET,TIME}
_LOCKS = (6, 7, 8, 10, 15, 36, 37, 38, 1024, 1026)  # fcntl: locks, leases, signals to others
_FAMILIES = (1, 2, 10)  # unix, inet, inet6: they may be made, and then neither bound nor connected
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 22, 38


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)


def _refuse(error: int) -> int:
    return _ERRNO | error


def _argument(index: int) -> int:
    return 16 + 8 * index  # the low half; both machines are little endian


def _only(index: int, allowed: tuple[int, ...], otherwise: int) -> list[bytes]:
    """Allow a call where one of its arguments is among `allowed`."""
    steps = [_step(_LOAD, _argument(index))]
    for each in allowed:
        steps += [_step(_JEQ, each, 0, 1), _step(_RET, _ALLOW)]
    return [*steps, _step(_RET, otherwise)]


def _not(index: int, refused: tuple[int, ...]) -> list[bytes]:
    steps = [_step(_LOAD, _argument(index))]
    for each in refused:
        steps += [_step(_JEQ, each, 0, 1), _step(_RET, _refuse(errno.EPERM))]
    return [*steps, _step(_RET, _ALLOW)]


def _judged(own: int, otherwise: int) -> dict[str, list[bytes]]:
    """What decides about each call whose arguments matter; `own` is the id of the process, `otherwise` what comes of
    those that are not its business."""
    fatal = _step(_RET, otherwise)
    allow = _step(_RET, _ALLOW)
    thread = [
        _step(_LOAD, _argument(0)),
        _step(_JSET, _NAMESPACES, 0, 1),
        fatal,
        _step(_JSET, _THREAD, 0, 1),
        allow,
    ]
    nowhere = [_step(_LOAD, _argument(4)), _step(_JEQ, 0, 1, 0), fatal]
    return {
        "clone": [*thread, fatal],
        "clone3": [_step(_RET, _refuse(errno.ENOSYS))],
        "socket": _only(0, _FAMILIES, _refuse(errno.EPERM)),
        "sendto": [*nowhere, _step(_LOAD, _argument(4) + 4), _step(_JEQ, 0, 1, 0), fatal, allow],
        "kill": _only(0, (own,), otherwise),
        "tgkill": _only(0, (own,), otherwise),
        "prlimit64": _only(0, (0, own), _refuse(errno.EPERM)),
        "fcntl": _not(1, _LOCKS),
    }


def program(machine: str, own: int, *, tests: bool = False) -> bytes:
    """The filter for a process with the id `own`: a search by halves, since the kernel walks it for every call
    that there is when it is installed. With `tests`, what suites of tests try (programs, sockets) is refused and not the end.

    Raises:
        KeyError: nobody wrote down this machine's system calls.
    """
    arch, column = MACHINES[machine]
    blocks = {number: [_step(_RET, _KILL)] for number in numbers(FATAL, column).values()}
    blocks.update(
        {number: [_step(_RET, _refuse(errno.EPERM))] for number in numbers(REFUSED, column).values()}
    )
    if tests:
        refused = numbers(OF_TESTS, column).values()
        blocks.update({number: [_step(_RET, _refuse(errno.EPERM))] for number in refused})
    judged = _judged(own, _refuse(errno.EPERM) if tests else _KILL)
    blocks.update({number: judged[name] for name, number in numbers(JUDGED, column).items()})
    steps = [_step(_LOAD, _ARCH), _step(_JEQ, arch, 1, 0), _step(_RET, _KILL), _step(_LOAD, _NUMBER)]
    steps += [_step(_JGE, _X32, 0, 1), _step(_RET, _KILL)]
    steps += [_step(_JGE, FIRST_UNKNOWN, 0, 1), _step(_RET, _refuse(errno.ENOSYS))]
    return b"".join([*steps, *_search(_ranges(blocks))])


def _ranges(blocks: dict[int, list[bytes]]) -> list[tuple[int, list[bytes]]]:
    """(first number, what decides) in order, each holding up to the next; calls that nobody named are allowed."""
    allow = [_step(_RET, _ALLOW)]
    found: list[tuple[int, list[bytes]]] = []
    for number in range(FIRST_UNKNOWN):
        block = blocks.get(number, allow)
        if not found or found[-1][1] != block:
            found.append((number, block))
    return found


def _search(ranges: list[tuple[int, list[bytes]]]) -> list[bytes]:
    if len(ranges) == 1:
        return ranges[0][1]
    middle = len(ranges) // 2
    below, above = _search(ranges[:middle]), _search(ranges[middle:])
    return [_step(_JGE, ranges[middle][0], len(below), 0), *below, *above]


_LIBC = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, *given: object) -> None:
    """Ask the kernel; what it refuses is raised."""
    if _LIBC.prctl(option, *given) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def undumpable() -> None:
    """Nobody of the same user may look into this process, or into what it forks."""
    prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def prepared(*, tests: bool = False) -> bytes:
    """The filter of this machine but for the process that it is for, so that each child only has to fill that in."""
    return program(os.uname().machine, _ANYBODY, tests=tests)


def confine(prepared: bytes) -> None:
    """Take from this process, for good, what a function of values does not need."""
    code = prepared.replace(struct.pack("I", _ANYBODY), struct.pack("I", os.getpid()))
    _install(code)


def spare_others() -> None:
    """Refuse this process, and whatever it forks, the one call that ends everything that its user runs."""
    arch, column = MACHINES[os.uname().machine]
    own = _step(_RET, _ALLOW)
    steps = [_step(_LOAD, _ARCH), _step(_JEQ, arch, 1, 0), _step(_RET, _KILL), _step(_LOAD, _NUMBER)]
    steps += [_step(_JEQ, numbers(JUDGED, column)["kill"], 1, 0), own, _step(_LOAD, _argument(0))]
    steps += [_step(_JEQ, _EVERYBODY, 0, 1), _step(_RET, _refuse(errno.EPERM)), own]
    _install(b"".join(steps))


def _install(code: bytes) -> None:
    prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    prctl(_PR_SET_SECCOMP, 2, ctypes.byref(_Program(len(code) // 8, code)))
