"""What weppd does that no job needs: begun when an earlier life's jobs are sorted, or soon after.

What it needs takes about as long to import as all the rest; that is done beside the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from weppd.admin import House, auth
from weppd.cell import pages
from weppd.settings import Settings
from weppd.shell import reloading

LATEST_S = 0.5


class Late:
    """Waits until `now` is set, but no longer than `LATEST_S`."""

    def __init__(self) -> None:
        self.now = asyncio.Event()

    async def admin(
        self, house: House, sock: socket.socket, rules: auth.Rules, ready: Callable[[], None]
    ) -> None:
        """Answer on `sock`; call `ready` when it does. Who asks before waits in the socket."""
        await self._come()
        server = await asyncio.to_thread(_server)
        async with server.serving(house, sock, rules):
            ready()
            pages.let_go()  # weppd has loaded all that it needs
            await asyncio.Event().wait()

    async def changes(self, told: Settings, config: str | None, changed: Callable[[], Any]) -> None:
        """Watch settings and tasks, and call `changed`: also for what has changed meanwhile."""
        path = reloading.config_path(config, os.environ)
        digest = partial(reloading.digest, told, path)
        known = await asyncio.to_thread(digest)
        await self._come()
        watch = await asyncio.to_thread(_watch)
        places = await asyncio.to_thread(reloading.places, told)
        await watch.Watch(path, places, digest, changed).run(known)

    async def _come(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.now.wait(), LATEST_S)


def _server() -> ModuleType:
    from weppd.admin import server

    return server


def _watch() -> ModuleType:
    from weppd.shell import watch

    return watch
