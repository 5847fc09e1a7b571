"""Signals as bytes in a pipe: a loop that polls its end of it needs no code in signal handlers."""

from __future__ import annotations

import os

from weppd.cell.csignal import (
    SIG_IGN,
    SIG_UNBLOCK,
    SIGCHLD,
    SIGHUP,
    SIGINT,
    SIGTERM,
    SIGUSR1,
    pthread_sigmask,
    set_wakeup_fd,
    signal,
)
from weppd.cell.tree.procfs import deaf_to_stops

_IGNORED = (SIGTERM, SIGHUP, SIGINT)


class Wakeup:
    """SIGCHLD and SIGUSR1 make `fd` readable; SIGTERM, SIGHUP and SIGINT are ignored from now on.

    A cell outlives weppd: what stops the daemon's unit must not stop it.
    """

    def __init__(self) -> None:
        self.came: set[int] = set()
        self.fd, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        for signum in (SIGCHLD, SIGUSR1):
            signal(signum, self._note)
        deaf_to_stops()
        for signum in _IGNORED:
            signal(signum, SIG_IGN)
        set_wakeup_fd(self._write, warn_on_full_buffer=False)
        # weppd starts a zygote with it blocked: before there is a handler it would end the process.
        pthread_sigmask(SIG_UNBLOCK, (SIGUSR1,))

    def take(self) -> set[int]:
        """The signals that came since the last call, also those that came just now."""
        try:
            os.read(self.fd, 512)
        except BlockingIOError:
            # Its byte was taken by the call before, ahead of the interpreter's own note.
            pass
        taken, self.came = self.came, set()
        return taken

    def forget(self) -> None:
        """Close both ends, in a forked child that has its own way with signals."""
        set_wakeup_fd(-1)
        os.close(self.fd)
        os.close(self._write)

    def _note(self, signum: int, frame: object) -> None:
        self.came.add(signum)
