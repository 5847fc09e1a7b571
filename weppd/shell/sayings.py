"""What tasks say to the pages, in its order, also to a store that was away meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from weppd.errors import StoreAway, StoreError
from weppd.store import Store

log = logging.getLogger("weppd")
#: Messages that are kept while the store is away, and that go to it together.
MOST, TOGETHER = 10_000, 64
AGAIN_S = 0.5


class Sayings:
    """Publishes messages in their order.

    While the store is away they wait, the latest `MOST` of them. One that it took and could not
    say so is heard twice: a page can bear that, and cannot guess one that it never heard.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._texts: deque[tuple[str, str]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._lost = 0

    def say(self, channel: str, text: str) -> None:
        """Have `text` published on `channel`, behind all that was said before."""
        if len(self._texts) >= MOST:
            self._texts.popleft()
            self._lost += 1
        self._texts.append((channel, text))
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())
            self._task.add_done_callback(self._rest)

    async def settle(self) -> None:
        """Wait until all is said."""
        while self._task is not None:
            await asyncio.wait([self._task])

    def _rest(self, task: asyncio.Task[None]) -> None:
        self._task = None

    async def _run(self) -> None:
        while self._texts:
            first = [self._texts.popleft() for _ in range(min(TOGETHER, len(self._texts)))]
            calls = [self._store.publish(channel, text) for channel, text in first]
            answers = await asyncio.gather(*calls, return_exceptions=True)
            unsaid = [one for one, answer in zip(first, answers, strict=True) if _missed(answer)]
            if unsaid:
                self._texts.extendleft(reversed(unsaid))
                await asyncio.sleep(AGAIN_S)
        if self._lost:
            log.error("action=publish lost=%d note='the store was away for too long'", self._lost)
            self._lost = 0


def _missed(answer: BaseException | None) -> bool:
    """Whether the store was away; what it refuses for good is logged, and not said again."""
    if isinstance(answer, StoreError) and not isinstance(answer, StoreAway):
        log.error("action=publish lost=%r", str(answer))
    elif isinstance(answer, BaseException) and not isinstance(answer, StoreAway):
        raise answer
    return isinstance(answer, StoreAway)
