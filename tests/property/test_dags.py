"""No job of a tree stays deferred, queued or scheduled when nothing can release it, and none begins
below a job whose tree was cancelled.

Random trees with random dependencies live through random failures, crashes, cancels and writes of
RQ clients; then the world is left in peace, and every job must come to an end.
"""

from __future__ import annotations

import asyncio
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.build import NODE, a_failure, a_job, an_end, claimed, running
from weppd.embedded import Embedded
from weppd.errors import Refused
from weppd.model import Canceled, Claim, Finished, Outcome, Retried, Stopped
from weppd.store.nouns import Retry
from weppd.store.server.redis import RedisStore
from weppd.store.twin.memory import MemoryStore

OUTCOMES: list[Outcome] = [
    Finished(pickle.dumps(1)),
    Finished(None),
    a_failure(),
    Retried("its cell died", crash=True),
    Retried("later", delay_s=30),
    Canceled("weppd stops"),
]
ENDS = ("finished", "failed", "stopped", "canceled")
LATER = 1e6


@dataclass(frozen=True)
class Step:
    """One job to enqueue (dependencies and parent by number), and what happens after that."""

    waits: tuple[int, ...]
    parent: int | None
    allow: bool
    retries: int
    ttl: int | None
    deed: str
    whom: int
    claims: int
    outcomes: tuple[int, ...]


pick = st.integers(0, 30)
steps = st.lists(
    st.builds(
        Step,
        waits=st.lists(pick, max_size=3).map(tuple),
        parent=st.none() | pick,
        allow=st.sampled_from([False, False, True]),
        retries=st.sampled_from([0, 0, 1]),
        ttl=st.sampled_from([None, None, None, 0]),
        deed=st.sampled_from(["", "cancel", "cancel_tree", "rq_cancel", "delete", "hand_back"]),
        whom=pick,
        claims=st.sampled_from([0, 0, 1, 2]),
        outcomes=st.lists(st.integers(0, len(OUTCOMES) - 1), max_size=3).map(tuple),
    ),
    min_size=8,
    max_size=24,
)


class World:
    """A store, the jobs that it was given and the executions under way."""

    def __init__(self, store: Any, rq: Callable[[str, str], None]) -> None:
        self.store, self.rq = store, rq
        self.jids: list[str] = []
        self.claims: list[Claim] = []
        self.parents: dict[str, str | None] = {}
        self.felled: set[str] = set()

    async def live(self, plan: list[Step]) -> None:
        """Go through the plan, then let peace come."""
        for step in plan:
            await self.enqueue(step)
            await self.do(step.deed, step.whom)
            self.claims += await self.claim(step.claims)
            for number in step.outcomes:
                await self.end_one(OUTCOMES[number])
        await self.rest()

    async def claim(self, n: int) -> list[Claim]:
        """Claim up to n: nothing of a tree that was cancelled is among them."""
        claims = await claimed(self.store, n) if n else []
        assert not self.felled & {claim.job.id for claim in claims}
        return claims

    def below(self, jid: str) -> set[str]:
        """A job and all that has been enqueued below it."""
        found = {jid}
        for child, parent in self.parents.items():
            if parent in found:
                found.add(child)
        return found

    async def enqueue(self, step: Step) -> None:
        """A new job, unless the store has a reason against it."""
        known = self.jids or ["nobody"]
        spec = a_job(
            id=f"j{len(self.jids)}",
            depends_on=tuple(sorted({known[i % len(known)] for i in step.waits})),
            parent=None if step.parent is None else known[step.parent % len(known)],
            allow_failures=step.allow,
            retry=Retry(step.retries) if step.retries else None,
            result_ttl=step.ttl,
        )
        try:
            self.jids += await self.store.enqueue([spec])
        except Refused:
            return
        self.parents[spec.id] = spec.parent

    async def do(self, deed: str, whom: int) -> None:
        """Somebody meddles with a job."""
        if not self.jids or not deed:
            return
        jid = self.jids[whom % len(self.jids)]
        if deed == "cancel":
            await self.store.cancel(jid, "by anna")
        elif deed == "cancel_tree":
            await self.store.cancel_tree(jid, "by anna")
            self.felled |= self.below(jid)
        elif deed == "hand_back":
            await self.store.hand_back(self.claims[:1])
            del self.claims[:1]
        else:
            self.rq(deed, jid)

    async def end_one(self, outcome: Outcome) -> None:
        """The eldest execution ends, as was asked if it was."""
        if not self.claims:
            return
        claim = self.claims.pop(0)
        pulse = await self.store.pulse(NODE, [running(claim)])
        if claim.job.id in pulse.asked or claim.job.id in pulse.canceled:
            # A crash may come in the way of the end that was asked for.
            outcome = outcome if isinstance(outcome, Retried) else Stopped("as asked")
        await self.store.exchange([an_end(claim, outcome)], None)

    async def rest(self) -> None:
        """No more meddling: what runs finishes, what is due comes, the deferred are looked at."""
        while True:
            while self.claims:
                await self.end_one(Finished(None))
            await self.store.due(time.time() + LATER, "n")
            freed = await self.store.free_deferred("n")
            self.claims = await self.claim(5)
            if not self.claims and not freed:
                return

    async def leftovers(self) -> dict[str, str]:
        """The jobs that have not come to an end."""
        views = [await self.store.job(jid) for jid in self.jids]
        return {view.id: view.status for view in views if view and view.status not in ENDS}


Left = tuple[dict[str, str], set[tuple[int, ...]]]
NOBODY: Left = {}, set()


async def lived(store: Any, rq: Callable[[str, str], None], plan: list[Step]) -> Left:
    """Play a plan on a store; the jobs that are left over, and the counts of those that wait."""
    world = World(store, rq)
    await store.open()
    try:
        await world.live(plan)
        counts = (await store.counts()).values()
        waiting = {(c.queued, c.started, c.deferred, c.scheduled) for c in counts}
        return await world.leftovers(), waiting - {(0, 0, 0, 0)}
    finally:
        await store.close()


@settings(max_examples=500, deadline=None)
@given(plan=steps)
def test_every_job_of_a_tree_comes_to_an_end(plan: list[Step]) -> None:
    """Whatever fails, crashes or is cancelled, by whomever: no job waits for ever."""
    store = MemoryStore()

    def rq(deed: str, jid: str) -> None:
        shelf = store.shelf
        if shelf.status(jid) in (*ENDS, ""):
            return
        if deed == "delete":
            _off(jid)
            shelf.forget(jid)
        else:
            _off(jid)
            shelf.set(jid, {"status": "canceled"})

    def _off(jid: str) -> None:
        queue = store.shelf.origin(jid)
        line = store.shelf.queues.get(queue, [])
        line[:] = [each for each in line if each != jid]
        for name in ("deferred", "scheduled"):
            store.shelf.registries[name, queue].pop(jid, None)

    assert asyncio.run(lived(store, rq, plan)) == NOBODY


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(plan=steps)
def test_it_does_so_in_redis(redis_server: Embedded, plan: list[Step]) -> None:
    """The same on a real server, with RQ's own way to cancel and delete."""
    url = redis_server.url(9)
    with redis.Redis.from_url(url) as client:
        client.flushall()

        def rq(deed: str, jid: str) -> None:
            key = f"rq:job:{jid}"
            status, queue = (v and v.decode() for v in client.hmget(key, "status", "origin"))
            if status in (*ENDS, None):
                return
            client.lrem(f"rq:queue:{queue}", 0, jid)
            for name in ("deferred", "scheduled"):
                client.zrem(f"rq:{name}:{queue}", jid)
            if deed == "delete":
                client.delete(key)
            else:
                client.hset(key, "status", "canceled")

        assert asyncio.run(lived(RedisStore(url), rq, plan)) == NOBODY
