"""The doorbell: how a daemon with a free slot learns that a queue is not empty any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext

from weppd.core import events as on
from weppd.errors import StoreAway, StoreDenied
from weppd.store import Store
from weppd.store.nouns import Exchanged

log = logging.getLogger("weppd")
BELL_S = 30.0
SUSPENDED_S = AWAY_S = DENIED_S = 1.0


class Bell:
    """Waits for a job on queues that were seen empty; armed by the core, rings once."""

    def __init__(
        self,
        store: Store,
        node: str,
        tell: Callable[..., None],
        rung: Callable[[Exchanged], bool],
    ) -> None:
        self._store, self._node, self._tell, self._rung = store, node, tell, rung
        self._queues: tuple[str, ...] = ()
        self._suspended = False
        self._said = ""
        self._armed = asyncio.Event()
        self._took = False
        #: What it rings for is decided at once.
        self.gathering: AbstractContextManager[None] = nullcontext()

    def arm(self, queues: Iterable[str], suspended: bool) -> None:
        """Ring when one of these queues has a job; where others are suspended or paused, in a
        second at the latest, for nothing tells when they are not any more."""
        self._queues, self._suspended = tuple(queues), suspended
        self._armed.set()

    async def run(self) -> None:
        """Wait for ever; a task of its own."""
        while True:
            await self._armed.wait()
            self._armed.clear()
            self._took = False
            if self._suspended and not self._queues:
                await asyncio.sleep(SUSPENDED_S)
            else:
                await self._wait()
            if self._took:
                continue  # it is decided, and with it whether to wait again
            self._armed.clear()
            with self.gathering:
                self._tell(on.BellRang())

    def _take(self, brought: Exchanged) -> bool:
        self._armed.clear()
        with self.gathering:
            self._took = self._rung(brought)
        return self._took

    async def _wait(self) -> None:
        within_s = SUSPENDED_S if self._suspended else BELL_S
        while True:
            try:
                rung = await self._store.wait(self._queues, within_s, self._node, self._take)
                if rung is not None or self._suspended:
                    return
            except StoreDenied as error:
                # The rest may work: then it is looked once a second for jobs.
                self._denied(str(error))
                await asyncio.sleep(DENIED_S)
                return
            except StoreAway:
                # What was posted may have been carried out: the next claim asks.
                await asyncio.sleep(AWAY_S)
                return

    def _denied(self, why: str) -> None:
        if why != self._said:
            log.error("action=bell refused=%r", why)
            self._said = why
