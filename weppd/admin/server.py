"""The admin socket, of `door` or handed in, served by uvicorn inside weppd's own loop.

uvicorn takes no signals here (they are weppd's), keeps no access log and polls nothing; each
connection, one of `connection`, carries its caller into the requests' state.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from weppd.admin import House, api, auth
from weppd.admin.connection import MAX_CLIENTS, MAX_HEAD, protocol
from weppd.admin.door import BACKLOG


def _config(app: Starlette, spoken: type[H11Protocol]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=spoken,
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
    config = _config(api.app(house, ending), protocol(house, rules))
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
