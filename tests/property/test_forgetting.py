"""Two nodes on a store that goes back in time and is emptied, at any moment: no body runs twice,
and what was claimed comes to its end."""

from __future__ import annotations

import asyncio
import copy
import random
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weppd.core.schedule import Plan, Rules, Ticket, Traits
from weppd.core.state import Running, fresh
from weppd.errors import StoreAway
from weppd.model import Claim, Finish, Finished, Outcome, Retried
from weppd.shell.store import reunion
from weppd.shell.store.recents import Recents
from weppd.shell.store.trips import Desk
from weppd.store.nouns import ClaimAsk, JobSpec
from weppd.store.twin.memory import MemoryStore
from weppd.store.twin.shelf import Shelf

Step = tuple[int, int]


class Trips:
    """What a reunion reads of a node's trips; its outbox is a list."""

    def __init__(self) -> None:
        self.recents, self.box = Recents(), list[Finish]()
        self.eids: set[str] = set()

    def asked(self) -> set[str]:
        return self.eids

    def put_away(self) -> list[Finish]:
        return list(self.box)


class Diary:
    """A diary in which no job holds a lock."""

    def __init__(self) -> None:
        self.entries: dict[str, object] = {}


class Node:
    """A node with two slots: what it runs, and what it owes the store."""

    def __init__(self, name: str) -> None:
        self.name, self.store, self.trips = name, MemoryStore(), Trips()
        self.running: dict[str, Claim] = {}
        self.back: list[Claim] = []
        self.meeting: asyncio.Task[None] | None = None
        desk = Desk(Rules(node=name))
        desk.registry["m.f"] = Traits()
        made = (self.store, self.trips, desk, Diary(), self._state, 3600.0)
        self.reunion = reunion.Reunion(*made)

    def _state(self):
        tickets = [Ticket(claim, Plan("m.f"), f"{self.name}.1") for claim in self.running.values()]
        jobs = {t.eid: Running(t, n) for n, t in enumerate(tickets, 1)}
        return Fresh(jobs)

    async def claim(self) -> list[Claim]:
        """Claim what there is room for; nothing where the store is not the one that was met."""
        eids = tuple(uuid.uuid4().hex for _ in range(2 - len(self.running)))
        if not eids:
            return []
        self.trips.eids = set(eids)
        ask = ClaimAsk(("q",), uuid.uuid4().hex, eids, self.name, tuple("n.1" for _ in eids))
        claims: Sequence[Claim] = ()
        with suppress(StoreAway):
            claims = (await self.store.exchange([], ask)).claims
        self.running |= {claim.eid: claim for claim in claims}
        return list(claims)

    async def end(self, eid: str, outcome: Outcome) -> None:
        """A body is over: recorded, or put into the outbox."""
        finish = Finish(self.running.pop(eid), outcome, f"{self.name}.1", 1.0, 2.0)
        try:
            await self.store.exchange([finish], None)
            self.trips.recents.note(finish)
        except StoreAway:
            self.trips.box.append(finish)

    async def hand_back(self, eid: str) -> None:
        """A claim that never began goes back, now or when the store is met."""
        claim = self.running.pop(eid)
        self.trips.recents.hand_back([claim])
        self.back.append(claim)
        await self.errands()

    async def errands(self) -> None:
        """What waits for the store: the outbox, and what is to be handed back."""
        with suppress(StoreAway):
            while self.trips.box:
                await self.store.exchange(self.trips.box[:1], None)
                self.trips.recents.note(self.trips.box.pop(0))
            while self.back:
                await self.store.hand_back(self.back[:1])
                self.back.pop(0)

    async def meet(self) -> None:
        """Go on with meeting the store, and then with what waited for that."""
        if self.meeting is None:
            self.meeting = asyncio.create_task(self.reunion._meet())
        for _ in range(20):
            await asyncio.sleep(0)
        if self.meeting.done():
            self.meeting.result()
            self.meeting = None
            self.store.shelf.beat(self.name)
            await self.errands()


class Fresh:
    """As much of a state as a reunion reads."""

    def __init__(self, jobs: dict[str, Running]) -> None:
        self.jobs = jobs


assert fresh(Rules(), 1).jobs == Fresh({}).jobs


class Fleet:
    """Two nodes, their store, and what is known of every job."""

    def __init__(self) -> None:
        self.nodes = [Node("a"), Node("b")]
        self.shelf = Shelf()
        self.kept: Shelf | None = None
        self.bodies: Counter[str] = Counter()
        self.again: Counter[str] = Counter()
        self.over: set[str] = set()
        self.excused: set[str] = set()
        self.put(self.shelf, "1")

    def put(self, shelf: Shelf, server: str) -> None:
        """All lines lead to this server from now on, which has that shelf."""
        self.shelf = shelf
        for node in self.nodes:
            node.store.shelf, node.store.server = shelf, server
            node.store._parted.set()

    async def begin(self) -> None:
        for node in self.nodes:
            await node.store.open()
            await node.reunion.arrive([])
            await node.reunion.arrived()
            self.shelf.beat(node.name)

    def live(self) -> set[str]:
        """The jobs that a node answers for."""
        held = [c for node in self.nodes for c in (*node.running.values(), *node.back)]
        boxed = [finish.claim for node in self.nodes for finish in node.trips.box]
        return {claim.job.id for claim in (*held, *boxed)}

    # -- moves

    async def enqueue(self, node: Node, pick: int) -> None:
        with suppress(StoreAway):
            await node.store.enqueue([JobSpec("m.f", queue="q")])

    async def claim(self, node: Node, pick: int) -> None:
        elsewhere = self.live()
        for claim in await node.claim():
            jid = claim.job.id
            assert jid not in elsewhere, f"{jid} is claimed while a node answers for it"
            assert jid not in self.over, f"{jid} is claimed after its end"
            self.bodies[jid] += 1
            assert self.bodies[jid] <= 1 + self.again[jid], f"the body of {jid} ran twice"

    async def end(self, node: Node, pick: int) -> None:
        if node.running:
            eid = list(node.running)[pick % len(node.running)]
            self.over.add(node.running[eid].job.id)
            await node.end(eid, Finished(b"r"))

    async def retry(self, node: Node, pick: int) -> None:
        if node.running:
            eid = list(node.running)[pick % len(node.running)]
            self.again[node.running[eid].job.id] += 1
            await node.end(eid, Retried("again", spent=False))

    async def hand_back(self, node: Node, pick: int) -> None:
        if node.running:
            eid = list(node.running)[pick % len(node.running)]
            jid = node.running[eid].job.id
            self.bodies[jid] -= 1
            if jid not in self.shelf.jobs:
                self.excused.add(jid)  # it is only queued again, and that is lost already
            await node.hand_back(eid)

    async def meet(self, node: Node, pick: int) -> None:
        await node.meet()

    async def remember(self, node: Node, pick: int) -> None:
        if self.all_met():
            self.kept = copy.deepcopy(self.shelf)

    async def go_back(self, node: Node, pick: int) -> None:
        if self.kept is not None:
            await self.settle()
            self.put(copy.deepcopy(self.kept), uuid.uuid4().hex)

    def all_met(self) -> bool:
        """Whether all nodes know of the last loss. A flush and a failover within the moment in
        which nodes notice the first of them are out of what is promised."""
        return all(self.shelf.met.get(each.name) == each.store.server for each in self.nodes)

    async def empty(self, node: Node, pick: int) -> None:
        if not self.all_met():
            return
        await self.settle()
        known = {jid for jid in self.bodies if jid not in self.live()}
        self.excused |= known
        self.kept = None
        self.put(Shelf(), node.store.server)

    async def settle(self) -> None:
        """A meeting that is under way is cut off by what comes."""
        for node in self.nodes:
            if node.meeting is not None:
                node.meeting.cancel()
                await asyncio.gather(node.meeting, return_exceptions=True)
                node.meeting = None

    async def finish(self) -> None:
        """Peace: both meet the store, and everything that can be claimed comes to its end."""
        for _ in range(200):
            for node in self.nodes:
                await node.meet()
                await self.claim(node, 0)
                await self.end(node, 0)

    def lost(self) -> dict[str, str | None]:
        """The jobs whose body ran, and which have not finished, by where they stand."""
        ran = {jid for jid, bodies in self.bodies.items() if bodies} - self.excused
        states = {jid: self.shelf.status(jid) for jid in ran}
        return {jid: status for jid, status in states.items() if status != "finished"}

    def entered(self) -> list[str]:
        """The jobs of which an execution is entered for ever."""
        return list(self.shelf.registries["wip", "q"])


WEIGHTS: tuple[tuple[int, Callable[..., object]], ...] = (
    (5, Fleet.enqueue),
    (6, Fleet.claim),
    (4, Fleet.end),
    (2, Fleet.retry),
    (2, Fleet.hand_back),
    (6, Fleet.meet),
    (2, Fleet.remember),
    (2, Fleet.go_back),
    (1, Fleet.empty),
)
BAG = [move for weight, move in WEIGHTS for _ in range(weight)]


async def lived(steps: Sequence[Step]) -> Fleet:
    """A fleet after these steps, and peace."""
    fleet = Fleet()
    await fleet.begin()
    for choice, pick in steps:
        move = BAG[choice % len(BAG)]
        await move(fleet, fleet.nodes[pick % 2], pick // 2)
    await fleet.finish()
    return fleet


async def seeded(seed: int) -> Fleet:
    """The fleet of one seed, as the test of the tests takes it."""
    rng = random.Random(seed)
    numbers = range(rng.randrange(20, 80))
    return await lived([(rng.randrange(2**16), rng.randrange(2**16)) for _ in numbers])


@pytest.fixture(autouse=True, scope="module")
def _at_once():
    before, reunion.AGAIN_S = reunion.AGAIN_S, (0.0, 0.0)
    yield
    reunion.AGAIN_S = before


number = st.integers(0, 2**16)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(number, number), max_size=60))
def test_whatever_is_forgotten_no_body_runs_twice_and_none_is_lost(steps: list[Step]) -> None:
    """Claims, ends, retries and claims that are handed back, forgotten in any combination.

    That no body runs twice is held against each of its beginnings, on the way.
    """
    fleet = asyncio.run(lived(steps))
    assert (fleet.lost(), fleet.entered()) == ({}, [])
