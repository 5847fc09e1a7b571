"""Signals are heard by the first thread alone; helpers are deaf to them.

While weppd begins again in place nothing handles a signal: it must wait, blocked, for the one that
begins. The kernel gives it to any thread that does not block it, and by default it kills the
process. A helper that starts a program would hand its deafness on: they start none.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

#: Those that mean something to weppd.
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP, signal.SIGUSR2)


def executor() -> ThreadPoolExecutor:
    """What the loop's functions run in that would hold it up."""
    return ThreadPoolExecutor(thread_name_prefix="weppd", initializer=_close)


@contextlib.contextmanager
def closed() -> Iterator[None]:
    """Threads that are started meanwhile are deaf; what comes waits until the end."""
    before = _close()
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _close() -> set[signal.Signals]:
    return signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # type: ignore[return-value]
