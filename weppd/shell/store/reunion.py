"""Meeting the store again: what runs here is entered once more where the store has forgotten it.

A server that was killed and started again, a copy of it that took its place, or one that was
emptied may not know what it had confirmed. Claims that it forgot would be claimed twice, ends that
it forgot never come. So the first thing that it hears of this node is what the node answers for;
nobody claims meanwhile. Jobs that were only queued are lost with the memory that held them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from weppd.core import judge
from weppd.core.state import Behind, Phase, State, Waiting
from weppd.errors import StoreAway
from weppd.model import Claim, Finish, Job
from weppd.shell.host.premises import CellFile
from weppd.shell.people.diary import Diary, Entry
from weppd.shell.store.trips import Desk, Trips
from weppd.store import Store
from weppd.store.nouns import Change, Known, Met

log = logging.getLogger("weppd")
AGAIN_S = (0.05, 0.1, 0.2, 0.4)
AT_ONCE = 32
SAID = {
    Change.OTHER: "another server, or one started anew: it may have lost what it had confirmed",
    Change.EMPTIED: "the store was emptied: jobs that were only queued are lost",
}


class Reunion:
    """Greets the store after each parting. `settle_s` is how long nobody claims at most."""

    def __init__(
        self,
        store: Store,
        trips: Trips,
        desk: Desk,
        diary: Diary,
        state: Callable[[], State],
        settle_s: float,
    ) -> None:
        self._store, self._trips, self._desk, self._diary = store, trips, desk, diary
        self._state, self._settle_s = state, settle_s
        self._node = desk.rules.node
        self._ends: list[Finish] = []
        self._back: list[Claim] = []
        self._locks: list[str] = []

    @property
    def owes(self) -> bool:
        """Whether there is something that the store has not been told again yet."""
        return bool(self._ends or self._back or self._locks)

    async def arrive(self, living: Sequence[CellFile]) -> None:
        """Meet the store for the first time, with what living cells have; or StoreAway."""
        change = await self._store.greet(self._node, self._settle_s)
        known = [Known(finish.claim, finish.worker) for finish in self._trips.put_away()]
        known += [
            Known(Claim(eid, Job(job, "", None, b"")), f"{self._node}.{file.n}")
            for file in living
            for eid, job in file.jobs.items()
            if job
        ]
        self._say(change, await self._store.reassert(self._node, known))

    async def arrived(self) -> None:
        """What was in the outbox is told, too. StoreAway is passed on."""
        await self._store.met(self._node)

    async def run(self) -> None:
        """Meet it again whenever it was lost; a task of its own."""
        while True:
            await self._store.parted()
            tries = 0
            while not await self._met():
                await asyncio.sleep(AGAIN_S[min(tries, len(AGAIN_S) - 1)])
                tries += 1

    async def _met(self) -> bool:
        try:
            await self._meet()
        except StoreAway as error:
            log.debug("action=reunion reason=%r", str(error))
            return False
        return True

    async def _meet(self) -> None:
        change = await self._store.greet(self._node, self._settle_s)
        if change is not Change.SAME:
            if change is Change.EMPTIED:
                # What it had on record was emptied on purpose; it is not put back.
                self._trips.recents.clear()
            recent = self._trips.recents.ends()
            known = self._known([*recent, *self._trips.put_away()])
            met = await self._store.reassert(self._node, known)
            self._say(change, met)
            self._ends = [f for f in recent if met.words.get(f.claim.eid) in ("own", "entered")]
            self._sort(met.strays)
            self._locks = [e.ticket.eid for e in self._diary.entries.values() if e.locks]
        await self._catch_up()
        await self._store.met(self._node)

    def _known(self, ends: Sequence[Finish]) -> list[Known]:
        """The last execution of each job that ended here, is on its way back to its queue, or goes
        on; an earlier one is history."""
        last = {f.claim.job.id: Known(f.claim, f.worker) for f in ends}
        leaving = self._trips.recents.leaving.values()
        last |= {c.job.id: Known(c, c.worker or f"{self._node}.0", "claimed") for c in leaving}
        return [*(last | self._going_on()).values()]

    def _going_on(self) -> dict[str, Known]:
        return {p.ticket.job.id: _known(p) for p in self._state().jobs.values()}

    def _say(self, change: Change, met: Met) -> None:
        if change not in SAID:
            return
        entered = sum(word == "entered" for word in met.words.values())
        log.error(
            "action=store state=%s note=%r known=%d entered_again=%d strays=%d",
            change.value,
            SAID[change],
            len(met.words),
            entered,
            len(met.strays),
        )

    def _sort(self, strays: Sequence[Claim]) -> None:
        """What the store enters for us and we do not have: handed back before, or long over.

        Not what was claimed while it was asked: an emptied store is the same server, and goes on.
        """
        handed = self._trips.recents.handed_back()
        ours = self._trips.asked() | set(self._state().jobs)
        ours |= {finish.claim.eid for finish in self._trips.recents.ends()}
        self._back += [claim for claim in strays if claim.eid in handed]
        cause = "worker lost: the store went back in time, and its end is not known any more"
        for claim in strays:
            if claim.eid not in handed | ours:
                ticket = self._desk.ticket(claim, f"{self._node}.0")
                end = judge.unbegun(ticket, judge.displaced(ticket, cause), time.time())
                self._ends.append(end)

    async def _catch_up(self) -> None:
        """Write again what the store had a moment ago. StoreAway leaves the rest for later."""
        while batch := self._ends[:AT_ONCE]:
            said = await self._store.exchange(batch, None)
            del self._ends[: len(batch)]
            for finish, answer in zip(batch, said.answers, strict=True):
                job = finish.claim.job.id
                log.warning("action=record_again job=%s answer=%r", job, answer.value)
        if self._back:
            await self._store.hand_back(self._back)
            self._back = []
        while self._locks:
            if entry := self._diary.entries.get(self._locks[-1]):
                await self._lock_again(entry)
            self._locks.pop()

    async def _lock_again(self, entry: Entry) -> None:
        for lock in list(entry.locks.values()):
            taken = await self._store.lock(entry.ticket.claim, lock)
            if taken.word != "taken":
                job, key = entry.ticket.job.id, lock.key
                log.error("action=lock_again job=%s key=%s lost_to=%r", job, key, taken.holder)


def _known(phase: Phase) -> Known:
    ticket, word = phase.ticket, "claimed" if isinstance(phase, Waiting | Behind) else "running"
    return Known(ticket.claim, ticket.worker, word, ticket.plan.turn or "")
