"""The doorbell: wakes a node when a queue that was empty has a job, and takes nothing.

`BLMOVE q q LEFT LEFT` moves the head of a list onto itself: it blocks while the list is empty and
changes nothing when it is not. It serves one list, so each queue that was seen empty has a line of
its own, which goes on waiting from one call to the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from weppd.store.server.line import Line

BELL_S = 30


class Bells:
    """One bell for each queue; `dial` makes a line, `key` gives a queue's key."""

    def __init__(self, dial: Callable[[], Line], key: Callable[[str], str]) -> None:
        self._dial, self._key = dial, key
        self._lines: dict[str, Line] = {}
        self._ringing: dict[str, asyncio.Task[bool]] = {}

    async def wait(self, queues: Sequence[str], timeout_s: float) -> bool:
        """Block until a bell rings, or `timeout_s` passes; StoreAway when a line breaks."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        while (left := until - loop.time()) > 0:
            tasks = [self._armed(queue) for queue in queues]
            done, _ = await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            rung = [q for q in queues if self._ringing[q] in done]
            heard = [self._ringing.pop(queue) for queue in rung]
            broken = [error for task in heard if (error := task.exception())]
            if broken:
                raise broken[0]
            if any(task.result() for task in heard):
                return True
        return False

    def _armed(self, queue: str) -> asyncio.Task[bool]:
        task = self._ringing.get(queue)
        # A bell that broke while nobody waited says nothing of the line as it is now.
        broken = task is not None and task.done() and (task.cancelled() or task.exception())
        if task is None or broken:
            task = self._ringing[queue] = asyncio.create_task(self._ring(queue))
        return task

    async def _ring(self, queue: str) -> bool:
        line = self._lines.setdefault(queue, self._dial())
        key = self._key(queue)
        reply = await line.call("BLMOVE", key, key, "LEFT", "LEFT", BELL_S, within_s=BELL_S + 5)
        return reply is not None

    async def close(self) -> None:
        """Hang up; whoever waits gets StoreAway."""
        for line in self._lines.values():
            await line.close()
        tasks = list(self._ringing.values())
        self._lines, self._ringing = {}, {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
