"""Asking Redis' sentinels which server is the master now.

::

    redis+sentinel://[user:password@]host[:26379][,host…]/<master>[/<db>]

Where a server fails, its sentinels name another. What they cannot promise: writes that the old
master had acknowledged and not yet copied are gone, a claim or a finish among them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import hiredis

Place = tuple[str, int]


async def master(places: Sequence[Place], name: str, each_s: float) -> Place:
    """The master's place, by the first sentinel that knows it; OSError where none does.

    Each is asked for `each_s` seconds at most.
    """
    said = []
    for host, port in places:
        try:
            async with asyncio.timeout(each_s):
                found = await _ask(host, port, name)
        except (OSError, TimeoutError, hiredis.ProtocolError) as error:
            said.append(f"{host}:{port}: {error or 'no answer'}")
            continue
        if isinstance(found, list) and len(found) == 2:
            return found[0].decode(), int(found[1])
        said.append(f"{host}:{port} knows no master {name!r}")
    raise OSError("no sentinel names a master: " + "; ".join(said))


async def _ask(host: str, port: int, name: str) -> Any:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        words: Any = ("SENTINEL", "get-master-addr-by-name", name)
        writer.write(hiredis.pack_command(words))
        parser = hiredis.Reader()
        while (reply := parser.gets()) is False:
            chunk = await reader.read(4096)
            if not chunk:
                raise ConnectionError("it closed the connection")
            parser.feed(chunk)
        return reply
    finally:
        writer.close()
