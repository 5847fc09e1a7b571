"""Two ends of framed talk: a channel that never blocks, and a link to weppd that always comes back.

Owns sockets and their buffers; what the frames mean is for the zygote and the cell. A peer that
reads slowly costs memory up to a bound: frames that may be dropped are dropped above `CROWDED`
bytes of unsent output; all others are kept. The sockets are those of C, below the module `socket`,
which is large: a fork costs what its parent imported.
"""

from __future__ import annotations

import os
import select
from _socket import AF_UNIX, SOCK_STREAM, socket

from weppd.cell.frames import Splitter, pack
from weppd.errors import FrameError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Frames = list[tuple[dict[str, Any], bytes]]

CROWDED = 1 << 20
#: Frames that are kept for a weppd that is away.
KEPT = 256
_CHUNK = 1 << 16
_READ, _WRITE = select.POLLIN, select.POLLOUT
#: A weppd that comes back waits for its idle cells before it forks new ones.
_BACKOFF_S = (0.05, 0.2)


class Channel:
    """The socket `fd`, which it owns, carrying frames, with an output buffer; it never blocks.

    `ended` becomes true when the peer is gone or spoke rubbish, `problem` says which. What a peer
    said before it went is received first, also when a write has found out that it is gone.
    """

    __slots__ = ("_deaf", "_out", "_splitter", "ended", "fd", "problem")

    def __init__(self, fd: int, raw: bool = False) -> None:
        os.set_blocking(fd, False)
        self.fd = fd
        self._out = bytearray()
        self._splitter = Splitter(raw)
        self._deaf = False
        self.ended = False
        self.problem = ""

    @property
    def backlog(self) -> int:
        """Bytes that the peer has not taken yet."""
        return len(self._out)

    def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Send a frame, or keep what the socket does not take for `flush`."""
        self.send_raw(pack(header, body))

    def send_raw(self, data: bytes) -> None:
        """Send bytes of whole frames, packed by the caller."""
        if self._out:
            self._out += data
            self.flush()
        elif not self.ended:
            sent = self._write(data)
            if sent < len(data) and not self._deaf:
                self._out += memoryview(data)[sent:]

    def flush(self) -> None:
        """Write what is kept, as far as the socket takes it."""
        while self._out and not self.ended:
            sent = self._write(self._out)
            if self._deaf:
                self._out.clear()
            if not sent:
                return
            del self._out[:sent]

    def receive(self) -> Frames:
        """All frames that have arrived; after them `ended` tells whether more can come."""
        frames: Frames = []
        while not self.ended:
            try:
                data = os.read(self.fd, _CHUNK)
            except BlockingIOError:
                break
            except OSError as error:
                self._end(str(error))
                break
            if not data:
                self._end("the peer closed")
                break
            try:
                frames += self._splitter.feed(data)
            except FrameError as error:
                self._end(str(error))
            if len(data) < _CHUNK:
                break
        return frames

    def close(self) -> None:
        """Close the socket; both directions end."""
        self.ended = True
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _write(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            # Nobody reads any more. Its last words may wait all the same: their end is the end.
            self._deaf = True
            self.problem = self.problem or str(error)
            return 0

    def _end(self, problem: str) -> None:
        self.ended = True
        self.problem = self.problem or problem


class Link:
    """The connection of a zygote or a cell to weppd; while weppd is away it is tried for ever.

    `hello()` gives the bytes that begin each connection, so that a new weppd learns all that it
    must know. `now` is seconds of any steady clock, the same in all calls.
    """

    def __init__(self, path: str, hello: Callable[[], bytes], now: float) -> None:
        self._path = path
        self._hello = hello
        self._backoff = _BACKOFF_S[0]
        self.channel: Channel | None = None
        self.retry_at = now
        self.away_since: float | None = now
        self.watched = -1
        self._watched_for = 0
        self.dropped = 0
        self._kept: Frames = []

    def connect(self, now: float) -> bool:
        """Try to connect if it is time to; whether a connection was made just now."""
        if self.channel is not None or now < self.retry_at:
            return False
        sock = socket(AF_UNIX, SOCK_STREAM)
        try:
            sock.connect(self._path)
        except OSError:  # not there, not listening, or its backlog is full: weppd is away
            sock.close()
            self.retry_at = now + self._backoff
            self._backoff = min(2 * self._backoff, _BACKOFF_S[1])
            return False
        self.channel = Channel(sock.detach(), raw=True)
        self.away_since = None
        self.channel.send_raw(self._hello())
        kept, self._kept = self._kept, []
        for header, body in kept:
            self.channel.send(header, body)
        return True

    def watch(self, poll: select.poll) -> None:
        """Have `poll` watch the connection there is now (`watched` is its number, or -1)."""
        channel = self.channel
        fd = channel.fd if channel is not None else -1
        wanted = _READ | _WRITE if channel is not None and channel.backlog else _READ
        if fd == self.watched and wanted == self._watched_for:
            return
        if self.watched >= 0 and self.watched != fd:
            poll.unregister(self.watched)
        if fd >= 0:
            poll.register(fd, wanted)
        self.watched, self._watched_for = fd, wanted

    def flush(self) -> None:
        """Send what weppd did not take before."""
        if self.channel is not None:
            self.channel.flush()

    def send(self, header: dict[str, Any], body: bytes = b"", *, droppable: bool = False) -> bool:
        """Send a frame if weppd is there; whether it was taken.

        A `droppable` frame is left out when weppd does not keep up. A frame for an absent weppd is
        not kept: what it must know is in the next hello.
        """
        channel = self.channel
        if channel is None or (droppable and channel.backlog > CROWDED):
            self.dropped += droppable
            return False
        channel.send(header, body)
        return True

    def tell(self, header: dict[str, Any]) -> None:
        """Send what somebody beyond weppd waits for; the latest of it are kept while it is away."""
        if self.channel is not None:
            self.send(header, droppable=True)
        else:
            self._kept = [*self._kept[1 - KEPT :], (header, b"")]

    def receive(self, now: float) -> Frames:
        """What weppd sent; when the connection ended, the next one is prepared."""
        channel = self.channel
        if channel is None:
            return []
        frames = channel.receive()
        if frames:
            self._backoff = _BACKOFF_S[0]
        self.check(now)
        return frames

    def check(self, now: float) -> None:
        """Notice a connection that ended; it is tried anew after the back-off."""
        if self.channel is not None and self.channel.ended:
            self.channel.close()
            self.channel = None
            self.retry_at = now + self._backoff
            self.away_since = now

    def close(self) -> None:
        """Close the connection of this process, in a forked child that is not its owner."""
        if self.channel is not None:
            self.channel.close()
            self.channel = None
