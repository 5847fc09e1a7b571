"""Ending what is in flight when weppd stops: no caller waits for a daemon that is going."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from weppd.errors import WeppdError

_T = TypeVar("_T")


class Stopping(WeppdError):
    """weppd is stopping; the caller may ask the next one."""

    def __init__(self) -> None:
        super().__init__("weppd is stopping; ask again when it is back, what was begun goes on")


async def unless(ending: asyncio.Event, work: Coroutine[Any, Any, _T]) -> _T:
    """The result of `work`, or Stopping (with `work` cancelled) once `ending` is set."""
    working = asyncio.ensure_future(work)
    waiting = asyncio.ensure_future(ending.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Stopping
        return working.result()
    finally:
        waiting.cancel()
        await _end(working)


async def _end(working: asyncio.Future[_T]) -> None:
    # A generator that still runs cannot be closed: wait until the cancellation has arrived.
    if working.done():
        return
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


async def until(ending: asyncio.Event, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks of `chunks` until it or weppd ends; it is closed as soon as nobody reads on."""
    try:
        while True:
            try:
                chunk = await unless(ending, _next(chunks))
            except Stopping:
                return
            if chunk is None:
                return
            yield chunk
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)
