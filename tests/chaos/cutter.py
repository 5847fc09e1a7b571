"""A socket between weppd and Redis that cuts the line after so many bytes, in a thread of its own.

::

    weppd ── cutter ── Redis      `cut(n, replies)`: n more bytes in that direction, then hang up
"""

from __future__ import annotations

import select
import socket
import threading
from pathlib import Path


class Cutter:
    """Passes bytes on between a socket of its own, at `here`, and the server's."""

    def __init__(self, server: Path, here: Path) -> None:
        self.server, self.here = server, here
        self.cuts = 0
        self._left: int | None = None
        self._replies = False
        self._peer: dict[socket.socket, socket.socket] = {}
        self._towards: dict[socket.socket, bool] = {}
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(here))
        self._listener.listen(64)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self, after: int, replies: bool) -> None:
        """Let `after` more bytes of replies (or of requests) pass, then cut the line they are on.

        An idle daemon's line is quiet: the cut comes with the next busy moment.
        """
        self._replies, self._left = replies, after

    def close(self) -> None:
        """Stop, and hang up on everybody."""
        self._stopping = True
        self._thread.join(10)
        for end in (*self._peer, self._listener):
            end.close()

    def _run(self) -> None:
        while not self._stopping:
            ready, _, _ = select.select([self._listener, *self._peer], [], [], 0.05)
            for end in ready:
                if end is self._listener:
                    self._accept()
                elif end in self._peer:
                    self._pass(end)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(str(self.server))
        except OSError:
            near.close()
            far.close()
            return
        self._peer[near], self._peer[far] = far, near
        self._towards[near], self._towards[far] = False, True

    def _pass(self, end: socket.socket) -> None:
        try:
            data = end.recv(1 << 16)
            over = not data
            if data and self._left is not None and self._towards[end] == self._replies:
                data, over = self._shortened(data)
            self._peer[end].sendall(data)
        except OSError:
            over = True
        if over:
            self._hang_up(end)

    def _shortened(self, data: bytes) -> tuple[bytes, bool]:
        assert self._left is not None
        if len(data) <= self._left:
            self._left -= len(data)
            return data, False
        data, self._left = data[: self._left], None
        self.cuts += 1
        return data, True

    def _hang_up(self, end: socket.socket) -> None:
        for each in (end, self._peer[end]):
            del self._peer[each], self._towards[each]
            each.close()
