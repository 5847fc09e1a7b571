"""Effect to hand. Begins what is ordered and returns; what comes of it comes back as an event."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from weppd.core import effects as do
from weppd.core.schedule import Rules
from weppd.errors import StoreAway
from weppd.model import Claim, Finish
from weppd.shell.host.cells import Cells
from weppd.shell.host.zygotes import Zygotes
from weppd.shell.people.diary import Diary
from weppd.shell.start import Places, Starts
from weppd.shell.store.bell import Bell
from weppd.shell.store.trips import Trips
from weppd.store import Store

log = logging.getLogger("weppd")
SHOWN_S = 0.1


class Errands:
    """Calls to the store that nobody waits for: at most so many, repeated while it is away."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def run(
        self, call: Callable[[], Coroutine[Any, Any, object]], what: str, tries: int
    ) -> asyncio.Task[None]:
        """Make the call now, and again every second up to `tries` times while the store is away."""
        task = asyncio.ensure_future(self._run(call, what, tries))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def settle(self) -> None:
        """Wait until no call is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _run(
        self, call: Callable[[], Coroutine[Any, Any, object]], what: str, tries: int
    ) -> None:
        for left in reversed(range(tries)):
            try:
                await call()
                return
            except StoreAway as error:
                if left == 0:
                    log.error("action=%s lost=%r", what, str(error))
                    return
            await asyncio.sleep(1.0)


class Hands:
    """The performer: all the hands that effects need, wired once."""

    def __init__(
        self,
        store: Store,
        trips: Trips,
        bell: Bell,
        cells: Cells,
        zygotes: Zygotes,
        diary: Diary,
        places: Places,
        rules: Rules,
    ) -> None:
        self.errands = Errands()
        self._store, self._trips, self._bell, self._diary = store, trips, bell, diary
        self._cells, self._zygotes = cells, zygotes
        self._starts = Starts(places, rules)
        self._announcing: dict[str, asyncio.Task[None]] = {}

    def perform(self, effect: do.Effect) -> None:
        """Begin to carry out one effect."""
        match effect:
            case do.Start():
                self._cells.start(effect, self._starts.frame(effect.ticket, effect.behind))
                if not effect.behind:
                    self._cells.flush()  # it goes before what is written down about it
                self._diary.begun(effect.ticket, effect.n)
            case do.Record():
                self._diary.ended(effect.finish)
                self._record(effect.finish)
            case do.Claim():
                self._trips.claim(effect)
            case do.Ack():
                self._cells.ack(effect)
            case do.ArmBell():
                self._bell.arm(self._trips.empty, self._trips.suspended)
            case do.Fork():
                self._zygotes.fork(effect.n, effect.zygote)
            case do.Cancel():
                self._diary.ending(effect)
                self._cells.cancel(effect)
            case do.Announce():
                self._announce(effect)
            case do.HandBack():
                self._hand_back([ticket.claim for ticket in effect.tickets])
            case do.Retire():
                self._cells.retire(effect.n)
            case _:
                raise TypeError(effect)

    def flush(self) -> None:
        """Frames go out now: an acknowledgement and the next job in one write. Then the store is
        told, before anything is written down for people."""
        self._cells.flush()
        self._trips.begin()

    def _announce(self, effect: do.Announce) -> None:
        """At once for a run's job: its panel waits. Others only if they last long enough to see."""
        self._diary.is_at_work(effect.ticket.eid, effect.pid)
        if effect.ticket.job.runid is not None:
            self._write_began(effect)
        else:
            asyncio.get_running_loop().call_later(SHOWN_S, self._write_began, effect)

    def _write_began(self, effect: do.Announce) -> None:
        ticket = effect.ticket
        if ticket.eid not in self._diary.entries:
            return
        told = self.errands.run(
            lambda: self._store.began(ticket.claim, ticket.worker, effect.pid, effect.wall),
            "announce",
            3,
        )
        self._announcing[ticket.eid] = told
        told.add_done_callback(lambda _: self._announcing.pop(ticket.eid, None))

    def _record(self, finish: Finish) -> None:
        """How it ended comes after that it began, also for a job that took no time at all."""
        told = self._announcing.get(finish.claim.eid)
        if told is None or self._trips.away:
            self._trips.record(finish)
        else:
            told.add_done_callback(lambda _: self._trips.record(finish))

    def _hand_back(self, claims: list[Claim]) -> None:
        for claim in claims:
            log.warning("action=hand_back job=%s eid=%s", claim.job.id, claim.eid)
        self._trips.recents.hand_back(claims)
        self.errands.run(lambda: self._handed(claims), "hand_back", 600)

    async def _handed(self, claims: list[Claim]) -> None:
        await self._store.hand_back(claims)
        self._trips.recents.handed(claims)
