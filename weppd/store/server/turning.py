"""One job at a time under a key, in Redis: `scripts/turns.lua` and those that take it along."""

from __future__ import annotations

import time
from collections.abc import Sequence

from weppd.store import packing
from weppd.store.packing import Wish
from weppd.store.server.runner import Runner
from weppd.store.wire import stamp

_CALLS = 200


class Turning:
    """The calls about turns of a store, by its runner of scripts."""

    _runner: Runner

    async def take_turns(self, wishes: Sequence[Wish]) -> frozenset[str]:
        now = time.time()
        gone = await self._runner.one(
            "take_turn", repr(now), stamp(now), *packing.take_turns(wishes)
        )
        return frozenset(jid.decode() for jid in gone)

    async def pass_turns(self) -> int:
        passed, cursor = 0, b"0"
        for _ in range(_CALLS):
            cursor, some = await self._runner.one("unpark", cursor)
            passed += some
            if cursor == b"0":
                break
        return passed
