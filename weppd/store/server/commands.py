"""Commands to workers: JSON on `<prefix>:pubsub:<worker>`, heard on a line of its own.

::

    {"command": "stop-job", "job_id": …}            {"command": "kill-horse"}
    {"command": "stop-execution", "job_id": …, "execution_id": …}      {"command": "shutdown"}
    {"command": "weppd-cancel", "job_id": …, "execution_id": …, "reason": …}    weppd's own
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from weppd.errors import StoreAway
from weppd.store.nouns import Command
from weppd.store.server.line import Address, Line

log = logging.getLogger("weppd")
QUIET_S = 60.0


async def listen(
    where: Address, connect_s: float, prefix: str, workers: Sequence[str]
) -> AsyncIterator[Command]:
    """The commands for these workers; StoreAway when the line breaks."""
    heard: asyncio.Queue[Any] = asyncio.Queue()
    line = Line(where, connect_s=connect_s, sink=heard.put_nowait)
    channels = [f"{prefix}:pubsub:{worker}" for worker in workers]
    try:
        # The first channel's confirmation answers the call, the others come as messages.
        await line.call("SUBSCRIBE", *channels)
        while True:
            message = await _next(line, heard)
            if message is None:
                raise StoreAway(f"{where.shown} is away: the commands' line broke")
            if message[0] == b"message" and (command := _read(message, prefix)):
                yield command
    finally:
        await line.close()


async def _next(line: Line, heard: asyncio.Queue[Any]) -> Any:
    """The next message. A line that stays quiet is asked whether it still lives."""
    while True:
        try:
            return await asyncio.wait_for(heard.get(), QUIET_S)
        except TimeoutError:
            await line.call("PING")


def _read(message: Sequence[bytes], prefix: str) -> Command | None:
    worker = message[1].decode("utf-8", "replace").removeprefix(f"{prefix}:pubsub:")
    try:
        told = json.loads(message[2])
        verb, job, eid = told["command"], told.get("job_id", ""), told.get("execution_id", "")
        reason = told.get("reason", "")
    except (ValueError, TypeError, KeyError, AttributeError):
        log.warning("action=command worker=%s problem='no command' text=%r", worker, message[2])
        return None
    return Command(worker, str(verb), str(job), str(eid), str(reason))
