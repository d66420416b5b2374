"""Signals: a stop gives the current sub-step one second, then it ends and stays not done."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from daydream.processes import GRACE_S, Stop

_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextlib.contextmanager
def stopping(stop: Stop) -> Iterator[None]:
    """Turn stop signals into requests while the body runs, and enforce them when the grace is over.

    Off the main thread, where Python delivers no signals, nothing is installed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(_signum: int, _frame: FrameType | None) -> None:
        stop.request()
        signal.setitimer(signal.ITIMER_REAL, GRACE_S, 0.2)

    def enforce(_signum: int, _frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        stop.interrupt()

    former = {number: signal.signal(number, ask) for number in _STOPS}
    former[signal.SIGALRM] = signal.signal(signal.SIGALRM, enforce)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in former.items():
            signal.signal(number, handler)
