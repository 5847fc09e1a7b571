"""One connection to Redis, made for scripts: what was sent is never sent twice.

Many callers share a line; their commands go out in the order of the calls, and the replies are
dealt out in the same order. A line that breaks, or whose reply is late, fails every waiting call
with StoreAway, and the next call connects anew. Whether something was done before the line broke
only a fence or a token can tell, so a command is not repeated here.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import hiredis

from weppd import settings_redis
from weppd.errors import StoreAway, StoreDenied, StoreError
from weppd.prompt import Prompt
from weppd.store.server.faults import Fault
from weppd.store.server.sentinels import master

Command = tuple[Any, ...]


@dataclass(slots=True)
class _Batch:
    """The replies that one call still waits for."""

    wanted: int
    future: Prompt
    late: asyncio.TimerHandle | None = None
    told: Callable[[], None] | None = None
    replies: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is. `shown` has no secrets."""

    shown: str
    host: str = ""
    port: int = 6379
    path: str = ""
    db: int = 0
    username: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None
    sentinels: settings_redis.Sentinels | None = None


def address(url: str) -> Address:
    """Read an address as `weppd.settings_redis` writes them; StoreError if it is none."""
    if watched := settings_redis.sentinels(url):
        return Address(
            shown=f"redis {watched.master} behind sentinels",
            db=watched.db,
            username=watched.username,
            password=watched.password,
            tls=_tls(watched.certificates) if watched.tls else None,
            sentinels=watched,
        )
    try:
        parts: dict[str, Any] = settings_redis.parts_of(url)
    except ValueError as error:
        raise StoreError(f"redis url cannot be read: {error}") from error
    path, host, port = parts.get("path", ""), parts.get("host", ""), parts.get("port", 0)
    return Address(
        shown=f"redis at {path or f'{host}:{port}'}",
        host=host,
        port=port,
        path=path,
        db=int(parts.get("db") or 0),
        username=parts.get("username"),
        password=parts.get("password"),
        tls=_tls(parts) if url.startswith("rediss") else None,
    )


def _tls(parts: Mapping[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=parts.get("ssl_ca_certs"))
    if parts.get("ssl_cert_reqs") == "none":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if parts.get("ssl_certfile"):
        context.load_cert_chain(parts["ssl_certfile"], parts.get("ssl_keyfile"))
    return context


def _run_id(info: bytes) -> str:
    """The id that a server gives itself anew with each start, from its INFO."""
    lines = (line.partition(b":") for line in info.splitlines())
    return next((value.decode() for name, _, value in lines if name == b"run_id"), "")


class Line(asyncio.Protocol):
    """A connection that connects itself when it is used.

    `call_s` and `connect_s` are deadlines in seconds. `sink` takes the replies that nobody waits
    for: the messages of a subscription; None is put there when the line breaks. `broke` is called
    then too. `server` is the run id of the server that the line led to at last.
    """

    def __init__(
        self,
        where: Address,
        *,
        connect_s: float = 2.0,
        call_s: float = 5.0,
        sink: Callable[[Any], None] | None = None,
        broke: Callable[[], None] | None = None,
    ) -> None:
        self.server = ""
        self._where, self._connect_s, self._call_s = where, connect_s, call_s
        self._sink, self._broke = sink, broke
        self._transport: asyncio.Transport | None = None
        self._ready = False
        self._reader: hiredis.Reader = hiredis.Reader(replyError=Fault)
        self._waiting: deque[_Batch] = deque()
        self._connecting: asyncio.Lock | None = None

    # -- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._reader = hiredis.Reader(replyError=Fault)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not False:
                self._take(reply)
        except hiredis.ProtocolError as error:
            self.hang_up(f"it spoke rubbish: {error}")

    def _take(self, reply: Any) -> None:
        if not self._waiting:
            if self._sink is not None:
                self._sink(reply)
            return
        batch = self._waiting[0]
        batch.replies.append(reply)
        if len(batch.replies) < batch.wanted:
            return
        self._waiting.popleft()
        if batch.late is not None:
            batch.late.cancel()
        if not batch.future.done():
            batch.future.answer(batch.replies)
        if batch.told is not None:
            batch.told()

    def connection_lost(self, exc: Exception | None) -> None:
        self.hang_up(str(exc) if exc else "it closed the connection")

    # -- the callers' side

    def hang_up(self, why: str = "the line was closed here") -> None:
        """Close the connection; whoever waits on it gets StoreAway with this reason."""
        transport, self._transport, self._ready = self._transport, None, False
        if transport is not None:
            transport.abort()
        waiting, self._waiting = self._waiting, deque()
        for batch in waiting:
            if batch.late is not None:
                batch.late.cancel()
            if not batch.future.done():
                batch.future.set_exception(self._away(why))
            if batch.told is not None:
                batch.told()
        if transport is not None and self._sink is not None:
            self._sink(None)
        if transport is not None and self._broke is not None:
            self._broke()

    def _away(self, why: str) -> StoreAway:
        return StoreAway(f"{self._where.shown} is away: {why}")

    async def calls(self, commands: Sequence[Command], within_s: float | None = None) -> list[Any]:
        """Send commands in one go and return their replies in order; Faults among them as values.

        `within_s` replaces the deadline for calls that block. StoreAway if the line breaks.
        """
        await self.ready()
        return await self._send(commands, within_s or self._call_s)

    def begin(
        self, commands: Sequence[Command], within_s: float, told: Callable[[], None]
    ) -> asyncio.Future[list[Any]]:
        """Send commands on a line that is `ready`; `told` is called with the last reply, or the
        break, and not a turn of the loop later as those are who wait for the future."""
        future = self._send(commands, within_s)
        self._waiting[-1].told = told
        return future

    async def ready(self) -> None:
        """Connect, if need be: what is sent without waiting goes to this `server`."""
        if not self._ready:
            await self._connect()

    async def call(self, *command: bytes | str | int | float, within_s: float | None = None) -> Any:
        """Send one command; a Fault is raised as StoreAway or StoreError."""
        return self.checked((await self.calls([command], within_s))[0])

    def checked(self, reply: Any) -> Any:
        """The reply, unless it is a Fault: those that pass by themselves become StoreAway, want of
        a right becomes StoreDenied."""
        if not isinstance(reply, Fault):
            return reply
        if reply.denied:
            raise StoreDenied(f"{self._where.shown} refused: {reply}")
        if not reply.passing:
            raise StoreError(f"{self._where.shown} refused: {reply}")
        if reply.word == "READONLY":
            self.hang_up(str(reply))
        raise self._away(str(reply))

    def _send(self, commands: Iterable[Command], within_s: float) -> asyncio.Future[list[Any]]:
        assert self._transport is not None
        packed = [hiredis.pack_command(command) for command in commands]
        loop = asyncio.get_running_loop()
        batch = _Batch(len(packed), Prompt(loop=loop))
        batch.late = loop.call_later(within_s, self.hang_up, f"no reply within {within_s:g} s")
        self._waiting.append(batch)
        self._transport.write(b"".join(packed))
        return batch.future

    async def _connect(self) -> None:
        self._connecting = self._connecting or asyncio.Lock()
        async with self._connecting:
            if self._ready:
                return
            try:
                async with asyncio.timeout(self._connect_s):
                    await self._dial()
                    await self._introduce()
            except (OSError, TimeoutError) as error:
                self.hang_up()
                raise self._away(str(error) or f"no answer within {self._connect_s:g} s") from error
            except StoreError:
                self.hang_up()
                raise

    async def _dial(self) -> None:
        loop, where = asyncio.get_running_loop(), self._where
        if where.path:
            await loop.create_unix_connection(lambda: self, where.path)
            return
        host, port = where.host, where.port
        if watched := where.sentinels:
            each_s = self._connect_s / (len(watched.places) + 1)
            host, port = await master(watched, where.tls, each_s)
        await loop.create_connection(lambda: self, host, port, ssl=where.tls)

    async def _introduce(self) -> None:
        where = self._where
        hello: list[Command] = [("SELECT", where.db)]
        if where.password:
            user = (where.username,) if where.username else ()
            hello.insert(0, ("AUTH", *user, where.password))
        for reply in await self._send(hello, self._connect_s):
            self.checked(reply)
        (info,) = await self._send([("INFO", "server")], self._connect_s)
        self.server = _run_id(self.checked(info))
        self._ready = True

    async def close(self) -> None:
        """Close the line for good, and let the transport finish."""
        transport = self._transport
        self.hang_up()
        if transport is not None:
            with contextlib.suppress(StoreAway):
                await asyncio.sleep(0)
