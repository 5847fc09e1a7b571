"""What weppd does by the clock beside its work: it looks after itself and its cells, and counts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from weppd.core.state import Mood, State
from weppd.errors import StoreAway
from weppd.notify import Notifier
from weppd.settings_tables import Redis
from weppd.shell import rounds
from weppd.shell.host.cells import Cells
from weppd.shell.host.leavings import Leavings
from weppd.shell.people.statusline import StatusLine
from weppd.shell.store.trips import Trips
from weppd.store import Store

log = logging.getLogger("weppd")
TURN_S = 1.0
COUNT_S = 5.0
MORE_S = 15.0


class Vigil:
    """Two rounds that go on for ever: `watch` and `count`."""

    def __init__(
        self,
        notifier: Notifier,
        status: StatusLine,
        store: Store,
        trips: Trips,
        cells: Cells,
        leavings: Leavings,
        state: Callable[[], State],
        server: Redis,
    ) -> None:
        self._notifier, self._status, self._state = notifier, status, state
        self._store, self._trips, self._server = store, trips, server
        self._cells, self._leavings = cells, leavings

    async def watch(self) -> None:
        """Once a second: tell the watchdog that all is well, look for cells that fell silent."""
        while True:
            if stuck := self._trips.stuck(self._server):
                log.error("action=watchdog problem=%r", stuck)
            else:
                self._notifier.watchdog()
            if self._state().mood is Mood.DRAINING:
                self._notifier.more_time(MORE_S)
            self._cells.look_for_silent()
            self._leavings.reap()
            await rounds.until_next(TURN_S)

    async def count(self) -> None:
        """Every few seconds: how many jobs wait, for the status line; None while nobody knows."""
        while self._notifier.listens:
            try:
                counts = await self._store.counts()
                self._status.queued = sum(each.queued for each in counts.values())
            except StoreAway:
                self._status.queued = None
            self._status.tell()
            await rounds.until_next(COUNT_S)
        await asyncio.Event().wait()
