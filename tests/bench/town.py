"""Strangers around a tree: short-lived processes that notice a signal which was not for them.

In a pid namespace with few numbers a killer that goes by numbers alone soon hits one of them, for
what was a member's number a moment ago is now theirs. Each stranger ends by itself with code 0
after some milliseconds; one that ends otherwise, or is stopped, was hit.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import time

CROWD = 24
LIFE_S = 0.004
_COUNTS = struct.Struct("QQ")


class Town:
    """A process beside the tree's subreaper that keeps a crowd of strangers alive."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, _COUNTS.size)
        self._shared[:] = _COUNTS.pack(0, 0)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._live()
            finally:
                os._exit(1)

    @property
    def born(self) -> int:
        """How many strangers there were so far."""
        return int(_COUNTS.unpack(self._shared[:])[0])

    @property
    def hit(self) -> int:
        """How many of them got a signal."""
        return int(_COUNTS.unpack(self._shared[:])[1])

    def end(self) -> None:
        """End the town; its strangers end by themselves."""
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)

    def _live(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        born = hit = 0
        alive: set[int] = set()
        while True:
            while len(alive) < CROWD:
                try:
                    pid = os.fork()
                except OSError:  # a storm has all numbers: no stranger just now
                    time.sleep(0.001)
                    break
                if pid == 0:
                    time.sleep(LIFE_S)
                    os._exit(0)
                alive.add(pid)
                born += 1
            for pid, status in _changed(alive):
                hit += status != 0
                if os.WIFSTOPPED(status):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                alive.discard(pid)
            self._shared[:] = _COUNTS.pack(born, hit)
            time.sleep(0.0005)


def _changed(alive: set[int]) -> list[tuple[int, int]]:
    found = []
    for pid in list(alive):
        got, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
        if got:
            found.append((got, status))
    return found
