"""The admin socket, of `door` or handed in, served by uvicorn inside weppd's own loop.

uvicorn takes no signals here (they are weppd's), keeps no access log and polls nothing; each
connection carries its caller, as the kernel named it, into the requests' state.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from weppd.admin import Caller, House, Right, api, auth
from weppd.admin.door import BACKLOG

#: Connections at a time: in all, of those who may only read, and of those who may nothing. What a
#: lesser right may not use up is left for who must steer.
MAX_CLIENTS = 1024
MAX_BY_RIGHT = {Right.NOTHING: 256, Right.READ: 640, Right.CHANGE: MAX_CLIENTS}
#: Bytes of a request's line and headers, and seconds until they must be there.
MAX_HEAD = 16_384
HEAD_S = 10.0
_NOBODY = Caller(0, 2**32 - 1, 2**32 - 1)
_log = logging.getLogger(__name__)


def _protocol(house: House, rules: auth.Rules) -> type[H11Protocol]:
    there: Counter[Right] = Counter()

    class PeerProtocol(H11Protocol):
        """HTTP on a connection whose other end the kernel has named, within limits."""

        _counted: Right | None = None
        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            caller = _caller(transport, house, rules)
            self.app_state = {**self.app_state, "caller": caller}
            super().connection_made(transport)
            if there[caller.right] >= MAX_BY_RIGHT[caller.right]:
                transport.abort()
                return
            there[caller.right] += 1
            self._counted = caller.right
            self._late = self.loop.call_later(HEAD_S, self._hang_up, transport)

        def _hang_up(self, transport: asyncio.Transport) -> None:
            # It connected and never asked. After a first request uvicorn's own timer is at work.
            if getattr(self, "cycle", None) is None:
                transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            if self._late is not None:
                self._late.cancel()
            if self._counted is not None:
                there[self._counted] -= 1
                self._counted = None
            super().connection_lost(exc)

    return PeerProtocol


def _caller(transport: asyncio.Transport, house: House, rules: auth.Rules) -> Caller:
    try:
        peer = auth.peer(transport.get_extra_info("socket"))
    except OSError as error:  # it hung up between connect and accept
        _log.debug("action=peer error=%s", error)
        return _NOBODY
    return auth.admit(peer, rules, house.keepers())


def _config(app: Starlette, protocol: type[H11Protocol]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        loop="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        limit_concurrency=2 * MAX_CLIENTS,
        h11_max_incomplete_event_size=MAX_HEAD,
        timeout_graceful_shutdown=1,
        backlog=BACKLOG,
    )


@contextlib.asynccontextmanager
async def serving(house: House, sock: socket.socket, rules: auth.Rules) -> AsyncIterator[None]:
    """Serve `house` on `sock` for as long as the block runs; the block begins when it answers.

    On the way out it accepts no more, tells who waits that weppd is stopping, and closes `sock`.
    """
    ending = asyncio.Event()
    config = _config(api.app(house, ending), _protocol(house, rules))
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # Not Server.serve(): it would take SIGINT and SIGTERM from weppd, and wake ten times a second.
    await server.startup(sockets=[sock])
    try:
        yield
    finally:
        ending.set()
        await server.shutdown(sockets=[sock])


async def serve(house: House, sock: socket.socket, rules: auth.Rules) -> None:
    """Serve `house` on `sock` until cancelled, then stop as `serving` does."""
    async with serving(house, sock, rules):
        await asyncio.Event().wait()
