"""The store's twin in memory, for tests that need no Redis.

It passes the same contract tests as `RedisStore`. `away = True` makes every call raise StoreAway;
`published` holds what was published; `send` plays an RQ client's command.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from weppd.model import Claim, Finish
from weppd.store import SCHEDULER_S, locks
from weppd.store.nouns import (
    CancelAnswer,
    Change,
    ClaimAsk,
    Command,
    Exchanged,
    JobSpec,
    Known,
    Lease,
    Met,
    Node,
    Pulse,
    Retried,
    Running,
    Took,
    TreeCancel,
)
from weppd.store.packing import Wish
from weppd.store.record import Lifetimes, event, traces
from weppd.store.trees import Felling
from weppd.store.twin import (
    claiming,
    endings,
    held,
    posting,
    putting,
    reunion,
    steering,
    told,
    turns,
)
from weppd.store.twin.cancelling import cancel_one
from weppd.store.twin.dependents import free_all_deferred
from weppd.store.twin.homes import Homes
from weppd.store.twin.shelf import Shelf
from weppd.store.wire import stamp


class MemoryStore(Homes):
    """A store that lives and dies with its process. `now` is its clock, seconds since the epoch."""

    def __init__(
        self, *, lifetimes: Lifetimes | None = None, now: Callable[[], float] = time.time
    ) -> None:
        super().__init__()
        self.suspended = False
        self._lifetimes = lifetimes or Lifetimes()
        self._now = now
        self._moved = asyncio.Event()
        self._commands: asyncio.Queue[Command] = asyncio.Queue()

    @property
    def published(self) -> list[tuple[str, str]]:
        """(channel, text) of all that was published, in order."""
        return self.shelf.published

    def send(self, command: Command) -> None:
        """Play an RQ client that sends a command to a worker."""
        self._commands.put_nowait(command)

    def forget_all(self) -> None:
        """Play FLUSHALL."""
        self.shelf = Shelf(published=self.shelf.published)

    def go_back(self, shelf: Shelf) -> None:
        """Play a failover to a server that had this shelf: a deep copy of an earlier one."""
        self.server, self.shelf = uuid.uuid4().hex, shelf
        self._parted.set()

    async def open(self) -> None:
        self._check(met=False)
        self._met = self._met or self.server

    async def parted(self) -> None:
        await self._parted.wait()

    async def greet(self, node: str, settle_s: float) -> Change:
        self._check(met=False)
        until = self._now() + settle_s
        change = reunion.greet(self.shelf, node, self.server, self._met, self._era, until)
        if change is Change.SAME:
            self._meet()
            self._parted.clear()
        return change

    async def reassert(self, node: str, known: Sequence[Known]) -> Met:
        self._check(met=False)
        shelf, now = self.shelf, self._now()
        words = {k.claim.eid: reunion.reenter(shelf, node, k, now) for k in known}
        strays = reunion.strays(shelf, node, words)
        self._meet()
        return Met(words, tuple(claiming.again(shelf, eid, jid) for eid, jid in strays))

    async def met(self, node: str) -> None:
        self._check()
        reunion.met(self.shelf, node, self.server)
        self._parted.clear()
        self.shelf.posted.pop(node, None)

    def _meet(self) -> None:
        self._met, self._era = self.server, self.shelf.era

    async def close(self) -> None:
        return

    async def exchange(self, finishes: Sequence[Finish], claim: ClaimAsk | None) -> Exchanged:
        self._check()
        ends = [endings.finish(self.shelf, each, self._lifetimes) for each in finishes]
        self._ring()
        answers, released = tuple(a for a, _ in ends), tuple(n for _, n in ends)
        settling = self.suspended or self.shelf.settle > self._now()
        if claim is None or settling:
            return Exchanged(answers, released, suspended=settling)
        return posting.claimed(self.shelf, claim, self._now(), answers, released)

    async def began(self, claim: Claim, worker: str, pid: int, at: float) -> None:
        self._check()
        jid, runid = claim.job.id, claim.job.runid
        execution = self.shelf.live(jid)
        if execution.get(b"eid") != claim.eid.encode():
            return
        execution.update({b"phase": b"running", b"worker": worker.encode()})
        self.shelf.set(jid, {"worker_name": worker, "started_at": stamp(at)})
        told.extend(self.shelf, jid, traces(pid, runid))
        if runid:
            self.shelf.say(f"{runid}:rq", event(jid, "started"))
            if not self.shelf.jobs.get(jid, {}).get(b"weppd_parent"):
                self.shelf.runs.setdefault(runid, {})[jid] = at

    async def hand_back(self, claims: Sequence[Claim]) -> int:
        self._check()
        self._check_era()
        mine = [c for c in reversed(claims) if claiming.owns(self.shelf, c.eid, c.job.id)]
        count = sum([endings.hand_back(self.shelf, claim, self._now()) for claim in mine])
        self._ring()
        return count

    async def take_turns(self, wishes: Sequence[Wish]) -> frozenset[str]:
        self._check()
        gone = claiming.take_turns(self.shelf, wishes, self._now())
        self._ring()
        return gone

    async def pass_turns(self) -> int:
        self._check()
        count = turns.unpark(self.shelf)
        self._ring()
        return count

    def _ring(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    async def wait(
        self, queues: Sequence[str], timeout_s: float, node: str = "", took: Took = None
    ) -> Exchanged | None:
        self._check()
        try:
            async with asyncio.timeout(timeout_s):
                while not any(self.shelf.queues.get(queue) for queue in queues):
                    await self._moved.wait()
                    self._check()
        except TimeoutError:
            return None
        settling = self.suspended or self.shelf.settle > self._now()
        return Exchanged() if settling else posting.told(self.shelf, node, self._now(), took)

    async def pulse(self, node: Node, running: Sequence[Running]) -> Pulse:
        self._check()
        self._check_era()
        self._be_at_home(node.name)
        seq = posting.beat(self.shelf, node.name, self._now())
        mine = [r for r in running if claiming.owns(self.shelf, r.eid, r.job)]
        for each in mine:
            held.renew_all(self.shelf, each.job, self._now())
        gone = {r.job for r in mine if self.shelf.status(r.job) in ("", "canceled")}
        asked = {r.job: self.shelf.cancels[r.job] for r in mine if r.job in self.shelf.cancels}
        lost = frozenset(r.job for r in running if self.shelf.has_lost(r.job, r.eid))
        return Pulse(seq, frozenset(gone), asked, lost, self.suspended)

    async def cancel(self, jid: str, reason: str) -> CancelAnswer:
        self._check()
        return CancelAnswer(*cancel_one(self.shelf, jid, self._now(), reason)[0])

    async def cancel_tree(self, jid: str, reason: str) -> TreeCancel:
        self._check()
        walk = Felling(jid, reason, self._now())
        while calls := walk.calls():
            walk.took([[self._fell(each, reason) for each in call[5:]] for call in calls])
            self.shelf.closed.add(jid)
        return walk.result()

    def _fell(self, jid: str, reason: str) -> list[Any]:
        words, also = cancel_one(self.shelf, jid, self._now(), reason)
        meta = self.shelf.jobs.get(jid, {}).get(b"meta", b"")
        children = list(self.shelf.children.get(jid, {}).values())
        return [*(w.encode() for w in words), meta, children, [each.encode() for each in also], b""]

    async def pause(self, queues: Sequence[str], on: bool) -> frozenset[str]:
        self._check()
        self.shelf.paused = self.shelf.paused | {*queues} if on else self.shelf.paused - {*queues}
        return frozenset(self.shelf.paused)

    async def scrub(self) -> int:
        self._check()
        return steering.scrub(self.shelf)

    async def retry(self, jid: str) -> Retried:
        self._check()
        done = steering.retry(self.shelf, jid, self._now())
        self._ring()
        return done

    async def enqueue(self, specs: Sequence[JobSpec]) -> list[str]:
        self._check()
        jids = [putting.put(self.shelf, spec, self._now()) for spec in specs]
        self._ring()
        return jids

    async def lock(self, claim: Claim, lock: locks.Lock) -> locks.Taken:
        self._check()
        return held.take(self.shelf, claim, lock, self._now())

    async def unlock(self, jid: str, lock: locks.Lock) -> bool:
        self._check()
        return held.let_go_of(self.shelf, jid, lock)

    async def held(self, run: str) -> list[locks.Standing]:
        self._check()
        return held.standing(self.shelf, run, self._now())

    async def free(self, key: str, token: str) -> bool:
        self._check()
        return held.free(self.shelf, key, token)

    async def progress(self, jid: str, fields: Mapping[str, Any]) -> None:
        self._check()
        told.progress(self.shelf, jid, fields)

    async def publish(self, channel: str, text: str) -> None:
        self._check()
        self.shelf.say(channel, text)

    async def commands(self, workers: Sequence[str]) -> AsyncIterator[Command]:
        while True:
            command = await self._commands.get()
            self._check()
            if command.worker in workers:
                yield command

    async def leftovers(self, node: str) -> list[Claim]:
        self._check()
        self.shelf.posted.pop(node, None)
        mine = [
            (execution[b"eid"].decode(), jid)
            for jid in list(self.shelf.executions)
            if (execution := self.shelf.live(jid)) and execution[b"node"] == node.encode()
        ]
        return [claiming.again(self.shelf, eid, jid) for eid, jid in mine if jid in self.shelf.jobs]

    async def nodes(self) -> list[Lease]:
        self._check()
        return self.shelf.all_leases()

    async def take_over(self, lease: Lease, finish: Finish, fresh: str) -> bool:
        self._check()
        by = finish.worker.rpartition(".")[0]
        if not claiming.seize(self.shelf, lease, finish.claim, fresh, by):
            return False
        await self.exchange([replace(finish, claim=replace(finish.claim, eid=fresh))], None)
        return True

    async def deregister(self, node: str, workers: Sequence[str], hold_s: float = 0.0) -> None:
        self._check()
        if self._is_put_out(node):
            return
        self.shelf.schedules(node, 0.0)
        if await self.leftovers(node):
            self.shelf.holds[node] = hold_s
        else:
            self.shelf.leases.pop(node, None)
            self.shelf.homes.pop(node, None)
            self.shelf.offers.pop(node, None)
        self.shelf.posted.pop(node, None)

    async def due(self, now: float, node: str, lease_s: float = SCHEDULER_S) -> int:
        self._check()
        count = steering.push_due(self.shelf, now) if self.shelf.schedules(node, lease_s) else 0
        self._ring()
        return count

    async def free_deferred(self, node: str) -> int:
        self._check()
        count = free_all_deferred(self.shelf, self._now())
        self._ring()
        return count
