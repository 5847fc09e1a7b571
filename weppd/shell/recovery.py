"""What an earlier life of this node left: its outcomes, its executions and their cells."""

from __future__ import annotations

import asyncio
import logging
import os
import platform

from weppd.core.schedule import Ticket
from weppd.errors import AlreadyRunning, StoreAway
from weppd.model import Claim
from weppd.shell.host.cells import Cells
from weppd.shell.host.premises import Life
from weppd.shell.host.zygotes import Zygotes
from weppd.shell.store.neighbours import Neighbours
from weppd.shell.store.reunion import Reunion
from weppd.shell.store.trips import Desk, Trips
from weppd.store import Store
from weppd.store.nouns import Lease, Tenant

log = logging.getLogger("weppd")
REGISTRY_S = 10.0
AGAIN_S = 0.5


class Recovery:
    """Reaches the store for the first time and sorts what was left, once."""

    def __init__(
        self,
        store: Store,
        trips: Trips,
        desk: Desk,
        cells: Cells,
        zygotes: Zygotes,
        life: Life,
        reunion: Reunion,
        home: str,
        neighbours: Neighbours,
    ) -> None:
        self._reunion = reunion
        self._home, self._neighbours = home, neighbours
        self._store, self._trips, self._desk = store, trips, desk
        self._cells, self._zygotes, self._life = cells, zygotes, life
        self._node = desk.rules.node

    async def run(self) -> None:
        """Reach the store, however long that takes; then sort, and have it decided."""
        await self._reach_store()
        await self._move_in()
        claims = await self._leftovers()
        self._trips.reason = ""
        # Whether a job may run again is its task's word.
        if claims and not await self._zygotes.known(REGISTRY_S):
            log.error("action=recover problem='a zygote is silent; its tasks are not known'")
        tickets: dict[str, Ticket] = {}
        for number, claim in enumerate(claims, 1):
            worker = claim.worker or f"{self._node}.{number}"
            tickets[claim.eid] = self._desk.ticket(claim, worker)
        if tickets:
            log.warning("action=recover executions=%d", len(tickets))
        self._sort(tickets)

    def _sort(self, tickets: dict[str, Ticket]) -> None:
        if reset := self._life.reset():
            log.warning("action=recover note=%r", reset)
        self._cells.recovered(tickets, reset)
        self._life.note()

    async def _reach_store(self) -> None:
        while True:
            try:
                await self._store.open()
                return
            except StoreAway as error:
                self._say(str(error))
                await asyncio.sleep(AGAIN_S)

    async def _move_in(self) -> None:
        """Take the node's name. One that another weppd has is ours when it is silent, and its jobs
        are taken over as those of any silent node; AlreadyRunning when it beats meanwhile."""
        place, seen = f"{platform.node()} (pid {os.getpid()})", ""
        while True:
            try:
                tenant = await self._store.move_in(self._node, self._home, place)
                if not tenant.taken and seen == tenant.seq and await self._vacated(tenant):
                    tenant = await self._store.move_in(self._node, self._home, place, force=True)
                if tenant.taken:
                    return
            except StoreAway as error:
                self._say(str(error))
                await asyncio.sleep(AGAIN_S)
                seen = ""
                continue
            if seen and seen != tenant.seq:
                raise AlreadyRunning(
                    f"another weppd has the name {self._node!r} on this Redis: {tenant.where}; give"
                    " this one another [daemon] name"
                )
            if seen != tenant.seq:
                seen = tenant.seq
                self._say(f"{tenant.where} has the name {self._node!r}: is it there?")
            await asyncio.sleep(AGAIN_S)

    async def _vacated(self, tenant: Tenant) -> bool:
        ours = {file.eid for file in self._cells.living() if file.eid}
        lease = Lease(self._node, tenant.seq, tenant.hold_s, 0)
        return await self._neighbours.vacate(lease, ours)

    def _say(self, why: str) -> None:
        if why != self._trips.reason:
            log.error("action=store state=away waiting=%r", why)
        self._trips.reason = why

    async def _leftovers(self) -> list[Claim]:
        """Outcomes from the outbox first, then the executions that the store enters for us."""
        while True:
            try:
                await self._reunion.arrive(self._cells.living())
                await self._trips.replay()
                await self._reunion.arrived()
                return await self._store.leftovers(self._node)
            except StoreAway as error:
                self._say(str(error))
                await asyncio.sleep(AGAIN_S)
