"""The doorbell: wakes a node when a queue that was empty has a job, and takes nothing.

`BLMOVE q q LEFT LEFT` moves the head of a list onto itself: it blocks while the list is empty and
changes nothing when it is not. It serves one list, so each queue that was seen empty has a line of
its own, which goes on waiting from one call to the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from weppd.store.server.line import Command, Line

BELL_S = 30


class Bells:
    """One bell for each queue; `dial` makes a line, `key` gives a queue's key."""

    def __init__(self, dial: Callable[[], Line], key: Callable[[str], str]) -> None:
        self._dial, self._key = dial, key
        self._lines: dict[str, Line] = {}
        self._ringing: dict[str, asyncio.Future[list[Any]]] = {}
        self._waiter: asyncio.Future[bool] | None = None
        self._took: Callable[[Any], bool] | None = None

    async def wait(
        self,
        queues: Sequence[str],
        timeout_s: float,
        server: str,
        then: tuple[Any, ...] = (),
        took: Callable[[Any], bool] | None = None,
    ) -> Any:
        """Block until a bell rings, or `timeout_s` passes (None); StoreAway when a line breaks.

        `then` is a claim that is carried out as a bell rings, on this `server` alone: the answer is
        its reply where it brought something, else (). `took` is given that reply as it is read, a
        turn of the loop before the waiter could be: who waits for a job waits for this. Where it
        says True it has taken it, and the answer is (); else it may be asked again.

        One waits at a time.
        """
        self._took = took
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        while (left := until - loop.time()) > 0:
            for queue in queues:
                await self._arm(queue, server, then)
            if await self._until_told(loop, left, queues):
                return ()
            rung = [queue for queue in queues if self._ringing[queue].done()]
            heard = [(self._lines[queue], self._ringing.pop(queue)) for queue in rung]
            if broken := [error for _, future in heard if (error := future.exception())]:
                raise broken[0]
            said = [(line, future.result()) for line, future in heard]
            rang = [line.checked(replies[0]) is not None for line, replies in said]
            if brought := [more for _, (_, *rest) in said for more in rest if _brings(more)]:
                return () if took is not None and took(brought[0]) else brought[0]
            if any(rang):
                return ()
        return None

    async def _until_told(
        self, loop: asyncio.AbstractEventLoop, within_s: float, queues: Sequence[str]
    ) -> bool:
        """Whether what rang has been taken."""
        if any(self._ringing[queue].done() for queue in queues):
            return False
        self._waiter = loop.create_future()
        late = loop.call_later(within_s, self._tell, False)
        try:
            return await self._waiter
        finally:
            late.cancel()
            self._waiter = None

    def _tell(self, taken: bool) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(taken)

    def _rang(self, queue: str) -> None:
        if self._waiter is None or self._waiter.done():
            return  # nobody waits: who comes finds it
        ringing = self._ringing[queue]
        taken = not _broke(ringing) and self._take(*ringing.result())
        if taken:
            del self._ringing[queue]
        self._tell(taken)

    def _take(self, rang: Any, *brought: Any) -> bool:
        return self._took is not None and any(
            _brings(each) and self._took(each) for each in brought
        )

    async def _arm(self, queue: str, server: str, then: tuple[Any, ...]) -> None:
        future = self._ringing.get(queue)
        # A bell that broke while nobody waited says nothing of the line as it is now.
        if future is not None and not (future.done() and _broke(future)):
            return
        line = self._lines.get(queue)
        if line is None:
            line = self._lines[queue] = self._dial()
        await line.ready()
        key = self._key(queue)
        commands: list[Command] = [("BLMOVE", key, key, "LEFT", "LEFT", BELL_S)]
        if then and line.server == server:
            commands.append(then)
        self._ringing[queue] = line.begin(commands, BELL_S + 5, partial(self._rang, queue))

    async def close(self) -> None:
        """Hang up; whoever waits gets StoreAway."""
        for line in self._lines.values():
            await line.close()
        for future in self._ringing.values():
            _broke(future)  # who does not wait does not look at what became of it


def _brings(said: Any) -> bool:
    """Whether a posted claim brought something; one that could not be made is made anew."""
    return isinstance(said, list) and bool(said[2])


def _broke(future: asyncio.Future[list[Any]]) -> bool:
    return future.cancelled() or future.exception() is not None
