"""Asking Redis' sentinels which server is the master now.

::

    redis+sentinel://[user:password@]host[:26379][,host…]/<master>[/<db>]      rediss+… over TLS

Where a server fails, its sentinels name another. What they cannot promise: writes that the old
master had acknowledged and not yet copied are gone, a claim or a finish among them.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import hiredis

from weppd.settings_redis import Sentinels

Place = tuple[str, int]


async def master(watched: Sentinels, tls: ssl.SSLContext | None, each_s: float) -> Place:
    """The master's place, by the first sentinel that knows it; OSError where none does.

    Each is asked for `each_s` seconds at most.
    """
    said = []
    for host, port in watched.places:
        try:
            async with asyncio.timeout(each_s):
                found = await _ask((host, port), watched, tls)
        except (OSError, TimeoutError, hiredis.ProtocolError) as error:
            said.append(f"{host}:{port}: {error or 'no answer'}")
            continue
        if isinstance(found, list) and len(found) == 2:
            return found[0].decode(), int(found[1])
        if isinstance(found, Exception):
            said.append(f"{host}:{port}: {found}")
        else:
            said.append(f"{host}:{port} knows no master {watched.master!r}")
    raise OSError("no sentinel names a master: " + "; ".join(said))


async def _ask(place: Place, watched: Sentinels, tls: ssl.SSLContext | None) -> Any:
    reader, writer = await asyncio.open_connection(*place, ssl=tls)
    try:
        words: list[Any] = [("SENTINEL", "get-master-addr-by-name", watched.master)]
        if watched.login:
            words.insert(0, ("AUTH", *watched.login))
        writer.write(b"".join(hiredis.pack_command(each) for each in words))
        parser = hiredis.Reader()
        for _ in words:
            # Of a refused login the second answer says as much as the first.
            reply = await _reply(reader, parser)
        return reply
    finally:
        writer.close()


async def _reply(reader: asyncio.StreamReader, parser: hiredis.Reader) -> Any:
    while (reply := parser.gets()) is False:
        chunk = await reader.read(4096)
        if not chunk:
            raise ConnectionError("it closed the connection")
        parser.feed(chunk)
    return reply
