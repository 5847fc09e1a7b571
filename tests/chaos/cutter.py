"""A socket between weppd and Redis that cuts the line in the middle of a command, in a thread.

::

    weppd ── cutter ── Redis      `cut_at(word, n, replies)`: n bytes into that command, or into
                                  what is said after it, both ends find that the other hung up
"""

from __future__ import annotations

import select
import socket
import threading
from pathlib import Path


class Cutter:
    """Passes bytes on between a socket of its own, at `here`, and that of `server`, which may be
    another one for later connections."""

    def __init__(self, server: Path, here: Path) -> None:
        self.server, self.here = server, here
        self.cuts = 0
        self._word, self._after, self._replies = b"", 0, False
        self._doomed: dict[socket.socket, int] = {}
        self._peer: dict[socket.socket, socket.socket] = {}
        self._near: set[socket.socket] = set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(here))
        self._listener.listen(64)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut_at(self, word: bytes, after: int, replies: bool) -> None:
        """Cut the next line that `word` is sent on: `after` bytes from there, or, with `replies`,
        so many bytes of what is answered afterwards."""
        self._after, self._replies, self._word = after, replies, word

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
        self._near.add(near)

    def _pass(self, end: socket.socket) -> None:
        try:
            data = end.recv(1 << 16)
            data, over = self._shortened(end, data) if data else (data, True)
            self._peer[end].sendall(data)
        except OSError:
            over = True
        if over:
            self._hang_up(end)

    def _shortened(self, end: socket.socket, data: bytes) -> tuple[bytes, bool]:
        if self._word and end in self._near and self._word in data:
            at = data.index(self._word)
            self._word = b""
            if not self._replies:
                self.cuts += 1
                return data[: at + self._after], True
            self._doomed[self._peer[end]] = self._after
        left = self._doomed.get(end)
        if left is None or len(data) < left:
            self._doomed |= {} if left is None else {end: left - len(data)}
            return data, False
        self.cuts += 1
        return data[:left], True

    def _hang_up(self, end: socket.socket) -> None:
        for each in (end, self._peer[end]):
            del self._peer[each]
            self._doomed.pop(each, None)
            self._near.discard(each)
            each.close()
