"""A socket between a store and its server, that can cut the line at the worst moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path


class Proxy:
    """Passes bytes on. `swallow` True: requests get through, their replies do not: the line is cut
    instead. `deaf` True: nothing gets through, and nobody is told."""

    def __init__(self, server: Path, here: Path) -> None:
        self.server, self.here = server, here
        self.swallow = False
        self.deaf = False
        self._open = 0
        self._links: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"unix://{self.here}?db=9"

    async def link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(str(self.server))
        self._open += 1
        both = [
            asyncio.create_task(self._pass(reader, back, False)),
            asyncio.create_task(self._pass(there, writer, True)),
        ]
        self._links.update(both)
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
        for end in (writer, back):
            end.close()
            with suppress(OSError):
                await end.wait_closed()
        self._open -= 1

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: bool
    ) -> None:
        while data := await reader.read(1 << 16):
            if reply and self.swallow:
                return
            if not self.deaf:
                writer.write(data)
                await writer.drain()

    async def cut(self) -> None:
        """Cut all lines."""
        for task in self._links:
            task.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def rest(self) -> None:
        """Wait until all ends are closed."""
        while self._open:
            await asyncio.sleep(0.001)


@asynccontextmanager
async def between(server: Path, directory: Path) -> AsyncIterator[Proxy]:
    """A proxy in front of the server's socket."""
    proxy = Proxy(server, directory / "proxy.sock")
    listener = await asyncio.start_unix_server(proxy.link, str(proxy.here))
    try:
        yield proxy
    finally:
        listener.close()
        await proxy.cut()
        await proxy.rest()
