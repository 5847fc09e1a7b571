"""A cell's child as the cell holds it: its number and the socket to it."""

from __future__ import annotations

import os
import select
from _socket import socketpair

from weppd.cell.channel import Channel
from weppd.cell.csignal import SIG_BLOCK, SIG_UNBLOCK, SIGUSR1, pthread_sigmask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from weppd.cell.child import Child

_BLOCKED = (SIGUSR1,)


class Warm:
    """A child that was forked ahead; registered with the cell's `poll` while its socket is open."""

    __slots__ = ("_poll", "pid", "wire")

    def __init__(self, child: Child, poll: select.poll, forget: Callable[[], None]) -> None:
        """Fork. `forget()` closes, in the child, all that is the cell's. OSError if refused."""
        pair = socketpair()
        ours, its = pair[0].detach(), pair[1].detach()
        cell = os.getpid()
        # Blocked, so that a cancel that comes before the job's frame stands waits for it.
        pthread_sigmask(SIG_BLOCK, _BLOCKED)
        try:
            self.pid = os.fork()
            if self.pid == 0:
                forget()
                os.close(ours)
                child.live(its, cell)
        except OSError:
            os.close(ours)
            raise
        finally:
            pthread_sigmask(SIG_UNBLOCK, _BLOCKED)
            os.close(its)
        self.wire = Channel(ours)
        self._poll = poll
        poll.register(self.wire.fd, select.POLLIN)

    def hang_up(self) -> None:
        """Close the socket: a child that waits for a job exits."""
        if self.wire.fd >= 0:
            self._poll.unregister(self.wire.fd)
            self.wire.close()
