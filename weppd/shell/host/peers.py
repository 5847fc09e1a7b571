"""The cells' socket: who is connected, what they say as events, what they are told as frames.

weppd listens; zygotes, cells and the scribe connect, and come back by themselves when weppd was
away. This room knows who is who and which frame means what; it decides nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from weppd.cell.frames import VERSION, Splitter, pack
from weppd.errors import FrameError

log = logging.getLogger("weppd")
Handler = Callable[["Link", dict[str, Any], bytes], None]
#: A cell that ends one short job after another is listened to once in so many seconds.
LULL_S = 0.005


class Link(asyncio.Protocol):
    """One peer's connection. `hello` is its first frame, and `who` in it says whether it is a
    "cell", a "zygote" or the "scribe"; both are empty before it."""

    def __init__(self, peers: Peers) -> None:
        self.hello: dict[str, Any] = {}
        self.who = ""
        self._peers = peers
        self._splitter = Splitter()
        self._out: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    @property
    def pid(self) -> int:
        """The peer's pid, as it says."""
        return int(self.hello.get("pid", 0))

    def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Queue one frame; a peer that is gone is no error: its end is told otherwise.

        What is said in one turn of the loop goes out in one write: an acknowledgement and the next
        job, for one.
        """
        self.send_packed(pack(header, body))

    def send_packed(self, frame: bytes) -> None:
        """Queue the bytes of one frame."""
        if not self._out:
            self._peers.unsent(self)
        self._out.append(frame)

    def flush(self) -> None:
        """Write what is queued."""
        out, self._out = self._out, []
        if self._transport is not None and out:
            self._transport.write(b"".join(out))

    def close(self) -> None:
        """Hang up, after what is queued."""
        self.flush()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        more = False
        try:
            with self._peers.gathering:
                for header, body in self._splitter.feed(data):
                    self._peers.received(self, header, body)
                    more = bool(header.get("more"))
        except FrameError as error:
            log.error("action=peer who=%s pid=%d error=%r", self.who, self.pid, str(error))
            self.close()

        if more and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(LULL_S, self._listen_again)

    def _listen_again(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._peers.lost(self)


class Peers:
    """All links, and the socket that they come in by.

    What one read brought is told inside `gathering`. In a turn of the supervisor (`turning`) what
    is sent waits for its end, which brings a `flush`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cells: dict[int, Link] = {}
        self.zygotes: dict[int, Link] = {}
        self.scribe: Link | None = None
        self.gathering: AbstractContextManager[None] = contextlib.nullcontext()
        self.turning: Callable[[], bool] = lambda: False
        self._unsent: list[Link] = []
        self._flush_comes = False
        self._links: set[Link] = set()
        self._handlers: dict[tuple[str, str], Handler] = {}
        self._server: asyncio.AbstractServer | None = None

    def on(self, who: str, kind: str, handler: Handler) -> None:
        """Have frames of `kind` from such a peer handled; "lost" is the end of its connection."""
        self._handlers[who, kind] = handler

    async def listen(self) -> None:
        """Bind the socket, replacing one that an earlier weppd left, and begin to accept."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        sock.bind(os.fspath(fresh))
        fresh.chmod(0o600)
        sock.listen(256)
        fresh.replace(self.path)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: Link(self), sock=sock)

    def received(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        """One frame came in."""
        kind = header.get("kind", "")
        if kind == "hello":
            self._greet(link, header)
        elif not link.who:
            raise FrameError(f"its first frame is {kind!r}, not hello")
        handler = self._handlers.get((link.who, kind))
        if handler is not None:
            handler(link, header, body)
        elif kind != "hello":
            log.warning("action=peer who=%s unknown=%r", link.who, kind)

    def lost(self, link: Link) -> None:
        """A connection ended."""
        self._links.discard(link)
        if link.who == "cell" and self.cells.get(link.hello["n"]) is link:
            del self.cells[link.hello["n"]]
        elif link.who == "zygote" and self.zygotes.get(link.pid) is link:
            del self.zygotes[link.pid]
        elif self.scribe is link:
            self.scribe = None
        handler = self._handlers.get((link.who, "lost"))
        if handler is not None:
            handler(link, {}, b"")

    def _greet(self, link: Link, hello: dict[str, Any]) -> None:
        if hello.get("v") not in (VERSION, VERSION - 1):
            raise FrameError(f"it speaks version {hello.get('v')!r}, weppd {VERSION}")
        link.hello, link.who = hello, str(hello.get("who", ""))
        self._links.add(link)
        if link.who == "cell":
            self.cells[int(hello["n"])] = link
        elif link.who == "zygote":
            self.zygotes[link.pid] = link
        elif link.who != "scribe":
            raise FrameError(f"nobody known: {hello.get('who')!r}")

    def tell_cell(self, n: int, header: dict[str, Any], body: bytes = b"") -> None:
        """Send a frame to the cell of slot `n`, if it is connected."""
        link = self.cells.get(n)
        if link is not None:
            link.send(header, body)

    def unsent(self, link: Link) -> None:
        """A link has something to write, at the turn's end."""
        self._unsent.append(link)
        if not self._flush_comes and not self.turning():
            self._flush_comes = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Write what is queued on all links."""
        self._flush_comes = False
        unsent, self._unsent = self._unsent, []
        for link in unsent:
            link.flush()

    def close(self) -> None:
        """Hang up on everybody and stop listening; the socket's name stays for the next weppd."""
        if self._server is not None:
            self._server.close()
        for link in list(self._links):
            link.close()
