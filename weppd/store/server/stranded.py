"""The walk over jobs that no event will release or end, some thousands at a call."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from weppd.store.wire import stamp

AT_ONCE, CALLS, LEASE_S = 200, 100, 40


class Stranded:
    """Remembers how far the walk has come; `run` runs a script."""

    def __init__(self, run: Callable[..., Awaitable[Any]]) -> None:
        self._run = run
        self._at = ("", 0)

    async def free(self, node: str, queues: Sequence[str]) -> int:
        """Release or cancel what is found stranded in these queues; returns how many."""
        at = time.time()
        freed = await self._free_deferred(node, queues, at)
        for queue in queues:
            freed += await self._run("orphans", repr(at), stamp(at), queue, AT_ONCE)
        return freed

    async def _free_deferred(self, node: str, queues: Sequence[str], at: float) -> int:
        freed = 0
        if self._at[0] not in queues:
            self._at = (queues[0] if queues else "", 0)
        for _ in range(CALLS):
            queue, offset = self._at
            args = (node, repr(at), stamp(at), queue, offset, AT_ONCE, LEASE_S)
            seen, gone = await self._run("deferred", *args) if queue else (-1, 0)
            freed += gone
            if seen < 0:
                break
            self._at = (queue, offset + seen - gone)
            if seen < AT_ONCE:
                self._at = (next((q for q in queues if q > queue), ""), 0)
        return freed
