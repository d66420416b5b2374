"""Signals: a stop gives the current sub-step one second, then it ends and stays not done."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from daydream.processes import GRACE_S, Stop

_AT_ONCE_S = 0.01
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
        again = stop.requested
        stop.request()
        signal.setitimer(signal.ITIMER_REAL, _AT_ONCE_S if again else GRACE_S)

    def enforce(_signum: int, _frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        stop.interrupt()

    # What was told to be ignored (nohup) stays ignored.
    heard = [number for number in _STOPS if signal.getsignal(number) is not signal.SIG_IGN]
    former = {number: signal.signal(number, ask) for number in heard}
    former[signal.SIGALRM] = signal.signal(signal.SIGALRM, enforce)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in former.items():
            signal.signal(number, handler)
