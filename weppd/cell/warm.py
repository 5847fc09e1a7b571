"""A cell's child as the cell holds it: its number and the socket to it."""

from __future__ import annotations

import os
import select
from _socket import socketpair

from weppd.cell.channel import Channel
from weppd.cell.frames import RAW, pack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_FILE = os.O_RDONLY | os.O_CLOEXEC
_DIRECTORY = _FILE | os.O_DIRECTORY
_READ, _WRITE = select.POLLIN, select.POLLOUT


class Warm:
    """A child that was forked ahead; registered with the cell's `poll` while its socket is open."""

    __slots__ = ("_poll", "_proc", "_watched_for", "pid", "wire")

    def __init__(self, fork: Callable[[int, int], int], poll: select.poll) -> None:
        """`fork(ours, its)` makes the process, by both ends' numbers. OSError if it is refused."""
        pair = socketpair()
        ours, its = pair[0].detach(), pair[1].detach()
        try:
            self.pid = fork(ours, its)
        except OSError:
            os.close(ours)
            raise
        finally:
            os.close(its)
        self.wire = Channel(ours)
        self._poll = poll
        self._proc: list[int] = []
        self._watched_for = _READ
        poll.register(self.wire.fd, _READ)

    def pass_on(self, header: dict[str, Any], body: bytes) -> None:
        """Send what came from weppd, by the very bytes that it sent if they are there."""
        raw = header.pop(RAW, None)
        self.wire.send_raw(raw or pack(header, body))
        self._watch()

    def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Send a frame to the child; what it does not take at once goes when it can."""
        self.wire.send(header, body)
        self._watch()

    def flush(self) -> None:
        """Send what the child did not take before."""
        self.wire.flush()
        self._watch()

    def _watch(self) -> None:
        wanted = _READ | _WRITE if self.wire.backlog else _READ
        if wanted != self._watched_for and self.wire.fd >= 0:
            self._poll.modify(self.wire.fd, wanted)
            self._watched_for = wanted

    def is_alone(self) -> bool:
        """Whether it has one thread and no child. What tells that is opened once: a child that
        serves many jobs is asked after each."""
        try:
            if not self._proc:
                self._proc.append(os.open(f"/proc/{self.pid}/task", _DIRECTORY))
                self._proc.append(os.open(f"/proc/{self.pid}/task/{self.pid}/children", _FILE))
            task, children = self._proc
            return os.fstat(task).st_nlink == 3 and not os.pread(children, 1, 0)
        except (OSError, ValueError):  # it is gone
            return False

    def hang_up(self) -> None:
        """Close the socket: a child that waits for a job exits."""
        while self._proc:
            os.close(self._proc.pop())
        if self.wire.fd >= 0:
            self._poll.unregister(self.wire.fd)
            self.wire.close()
