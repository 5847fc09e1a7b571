"""How SIGUSR1 becomes `Cancelled` in a job's main thread, neither too early, too late, nor lost.

The signal is blocked in the warm child until the frame around the function stands (`arm`). It is
raised once, and again every `AGAIN_S` until it reaches the frame, because an exception raised in a
`__del__` or a callback from C is swallowed by the interpreter. While some `except` or `finally` is
dealing with it, it is not raised a second time for `CLEANING_S`, so that a task can clean up.
Inside a shield it waits for the shield's end. Built in the main thread.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from time import monotonic

from weppd.cell.csignal import (
    ITIMER_REAL,
    SIG_BLOCK,
    SIG_UNBLOCK,
    SIGALRM,
    SIGUSR1,
    pthread_sigmask,
    setitimer,
    signal,
)
from weppd.task import Cancelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

AGAIN_S = 0.5
CLEANING_S = 3.0


class Interrupt:
    """The state of cancelling for one process; signal handlers run in its main thread only."""

    def __init__(self) -> None:
        self.cancelled = False
        self._armed = False
        self._depth = 0
        self._raised_at = 0.0
        self._main = get_ident()

    def install(self) -> None:
        """Set the handler; SIGUSR1 must be blocked, and stays so."""
        signal(SIGUSR1, self._on_signal)

    def arm(self) -> None:
        """From here to `disarm`, a SIGUSR1 raises; one that came before raises now."""
        self.cancelled = False
        self._depth = 0
        self._armed = True
        pthread_sigmask(SIG_UNBLOCK, (SIGUSR1,))

    def disarm(self) -> None:
        """The frame is reached: raise no more. The signal stays unblocked, and is without effect.

        Cancelled may still be raised out of this very call: the frame catches around it.
        """
        self._armed = False
        if self.cancelled:
            setitimer(ITIMER_REAL, 0)

    def block(self) -> None:
        """Hold back SIGUSR1 until the next `arm`."""
        pthread_sigmask(SIG_BLOCK, (SIGUSR1,))

    def __enter__(self) -> None:
        """Begin a shield: hold Cancelled back. In another thread there is nothing to hold."""
        if get_ident() == self._main:
            self._depth += 1

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        """End the shield, and raise what came meanwhile unless another error is on its way."""
        if get_ident() != self._main:
            return
        self._depth -= 1
        if self._armed and self.cancelled and not self._depth and kind is None:
            self._raise()

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        if not self._armed:
            return
        if not self.cancelled:
            self.cancelled = True
            signal(SIGALRM, self._on_alarm)
            setitimer(ITIMER_REAL, AGAIN_S, AGAIN_S)
        self._raise()

    def _on_alarm(self, signum: int, frame: FrameType | None) -> None:
        if self._armed and self.cancelled:
            self._raise()

    def _raise(self) -> None:
        now = monotonic()
        if self._depth or (_cleaning() and now - self._raised_at < CLEANING_S):
            return
        self._raised_at = now
        raise Cancelled("the job was cancelled")


def _cleaning() -> bool:
    error: BaseException | None = sys.exc_info()[1]
    while error is not None:
        if isinstance(error, Cancelled):
            return True
        error = error.__context__
    return False
