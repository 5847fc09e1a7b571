"""A node and a store that went back in time, or was emptied: what is told again."""

from __future__ import annotations

import asyncio
import copy
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import soon
from weppd.core.schedule import Plan, Rules, Ticket, Traits
from weppd.core.state import Running, fresh
from weppd.errors import StoreAway, StoreChanged
from weppd.model import Claim, Finish, Finished
from weppd.shell.host.premises import CellFile
from weppd.shell.people.diary import Entry
from weppd.shell.store import recents, reunion
from weppd.shell.store.trips import Desk, Trips
from weppd.store.locks import Lock
from weppd.store.nouns import ClaimAsk, JobSpec
from weppd.store.outbox import Outbox
from weppd.store.twin.memory import MemoryStore

RULES = Rules(node="n")


class Diary:
    """What the reunion reads of the diary."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}


class Node:
    """A node on a store in memory: its trips, its reunion, and what runs."""

    def __init__(self, home: Path) -> None:
        self.store, self.diary, self.desk = MemoryStore(), Diary(), Desk(RULES)
        self.desk.registry["m.f"] = Traits()
        self.state = fresh(RULES, 4)
        self.outbox = Outbox(home / "outbox")
        self.trips = Trips(self.store, self.outbox, self.desk, ("q",), lambda *_: None)
        made = (self.store, self.trips, self.desk, self.diary, lambda: self.state, 3.0)
        self.reunion = reunion.Reunion(*made)

    async def claim(self) -> Claim:
        """Enqueue a job and claim it."""
        await self.store.enqueue([JobSpec("m.f", queue="q")])
        return await self.take()

    async def take(self) -> Claim:
        """Claim the job at the head of the queue."""
        eid = uuid.uuid4().hex
        ask = ClaimAsk(("q",), eid, (eid,), "n", ("n.1",))
        (claim,) = (await self.store.exchange([], ask)).claims
        return claim

    def runs(self, *claims: Claim) -> None:
        """These are what runs now."""
        tickets = [Ticket(claim, Plan("m.f"), "n.1") for claim in claims]
        jobs = {t.eid: Running(t, n) for n, t in enumerate(tickets, 1)}
        self.state = replace(self.state, jobs=jobs)
        self.diary.entries = {t.eid: Entry(t, n, 0.0) for n, t in enumerate(tickets, 1)}

    async def end(self, claim: Claim) -> Finish:
        """Have its end recorded, as trips does."""
        finish = Finish(claim, Finished(b"r"), "n.1", 1.0, 2.0)
        await self.store.exchange([finish], None)
        self.trips.recents.note(finish)
        return finish

    def remember(self) -> None:
        """The moment to which the store goes back."""
        self.kept = copy.deepcopy(self.store.shelf)

    def go_back(self) -> None:
        """The store does so."""
        self.store.go_back(self.kept)

    async def status(self, claim: Claim) -> str:
        """Where the job stands; empty where there is none."""
        view = await self.store.job(claim.job.id)
        return view.status if view else ""


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reunion, "AGAIN_S", (0.001,))


@pytest.fixture
def live(tmp_path: Path) -> Callable[[Callable[[Node], Awaitable[None]]], None]:
    """Play a story on a node that has met its store and goes on meeting it."""

    def play(story: Callable[[Node], Awaitable[None]]) -> None:
        async def whole() -> None:
            node = Node(tmp_path)
            await node.store.open()
            await node.reunion.arrive([])
            task = asyncio.create_task(node.reunion.run())
            try:
                await asyncio.wait_for(story(node), 10)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        asyncio.run(whole())

    return play


async def met(node: Node) -> None:
    """The node has met its store again, and told it all that it owed it."""
    await soon(lambda: not node.store._parted.is_set() and not node.reunion.owes)


def test_what_runs_is_entered_again_and_stays_off_the_queue(live) -> None:
    """The store went back to when the job was queued."""

    async def story(node: Node) -> None:
        await node.store.enqueue([JobSpec("m.f", queue="q")])
        node.remember()
        claim = await node.take()
        node.runs(claim)
        node.go_back()
        await met(node)
        assert await node.status(claim) == "started"
        assert (await node.store.counts())["q"].queued == 0

    live(story)


def test_an_end_of_a_moment_ago_is_recorded_again(live) -> None:
    """The store went back to when the job ran; it ends with what the body returned."""

    async def story(node: Node) -> None:
        claim = await node.claim()
        node.remember()
        await node.end(claim)
        node.go_back()
        await met(node)
        view = await node.store.job(claim.job.id)
        assert (view.status, view.result) == ("finished", b"r")

    live(story)


def test_an_end_in_the_outbox_is_not_taken_for_a_stray(live) -> None:
    """Its execution is entered, so that the replay, which comes next, is not fenced."""

    async def story(node: Node) -> None:
        claim = await node.claim()
        node.outbox.put(Finish(claim, Finished(b"r"), "n.1", 1.0, 2.0))
        node.remember()
        node.go_back()
        await met(node)
        assert await node.status(claim) == "started"
        await node.trips.replay()
        assert await node.status(claim) == "finished"

    live(story)


def test_the_store_may_go_away_in_the_middle(live) -> None:
    """What was not told yet is told when it is back, and nothing is told twice."""

    async def story(node: Node) -> None:
        claims = [await node.claim()]
        node.remember()
        await node.end(claims[0])
        exchange, tried = node.store.exchange, []

        async def broken(finishes: Any, ask: Any) -> Any:
            tried.append(finishes)
            if len(tried) == 1:
                raise StoreAway("cut")
            return await exchange(finishes, ask)

        node.store.exchange = broken
        node.go_back()
        await met(node)
        assert len(tried) == 2
        assert await node.status(claims[0]) == "finished"

    live(story)


def test_what_was_handed_back_is_handed_back_again(live) -> None:
    """The store went back to when it was claimed; it runs elsewhere, once."""

    async def story(node: Node) -> None:
        claim = await node.claim()
        node.remember()
        node.trips.recents.hand_back([claim])
        await node.store.hand_back([claim])
        node.trips.recents.handed([claim])
        node.go_back()
        await met(node)
        assert await node.status(claim) == "queued"

    live(story)


def test_an_execution_that_nobody_knows_any_more_is_said_to_be_lost(live, monkeypatch) -> None:
    """It ended before what is remembered: it is not run again, and its record says why."""

    async def story(node: Node) -> None:
        claim = await node.claim()
        node.remember()
        monkeypatch.setattr(recents, "KEPT_S", -1.0)
        await node.end(claim)
        node.go_back()
        await met(node)
        view = await node.store.job(claim.job.id)
        assert view.status == "failed"
        assert "worker lost: the store went back in time" in view.reason

    live(story)


def test_a_claim_on_its_way_back_is_entered_again_in_an_emptied_store(live) -> None:
    """It runs no more and is on no queue yet: it is as claimed as what runs."""

    async def story(node: Node) -> None:
        claim = await node.claim()
        node.trips.recents.hand_back([claim])
        node.store.forget_all()
        with pytest.raises(StoreChanged):
            await node.store.hand_back([claim])
        await met(node)
        assert await node.store.hand_back([claim]) == 1
        node.trips.recents.handed([claim])
        assert await node.status(claim) == "queued"
        assert node.trips.recents.leaving == {}

    live(story)


def test_an_emptied_store_gets_what_runs_and_not_what_was_over(live) -> None:
    """Whoever empties it wants the old records gone; what runs is there again, with its lock."""

    async def story(node: Node) -> None:
        over, runs = await node.claim(), await node.claim()
        await node.end(over)
        node.runs(runs)
        lock = Lock("k", "t", "n:1", 600)
        await node.store.lock(runs, lock)
        node.diary.entries[runs.eid].locks[lock.token] = lock
        node.store.forget_all()
        node.store._parted.set()
        await met(node)
        assert (await node.status(over), await node.status(runs)) == ("", "started")
        assert node.store.shelf.held[runs.job.id] == {(0, "k"): "t"}

    live(story)


@pytest.mark.parametrize("ended", [False, True])
def test_what_is_claimed_while_an_emptied_store_is_met_is_no_stray(live, ended) -> None:
    """The store is the same and gives jobs away meanwhile: what it gave us is ours, and no loss."""

    async def story(node: Node) -> None:
        reassert, claims = node.store.reassert, []

        async def slow(name: str, known: Any) -> Any:
            claims.append(await node.claim())
            met = await reassert(name, known)
            node.runs(*claims)
            if ended:
                await node.end(claims[0])
                node.runs()
            return met

        node.store.reassert = slow
        node.store.forget_all()
        node.store._parted.set()
        await met(node)
        assert await node.status(claims[0]) == ("finished" if ended else "started")

    live(story)


def test_a_weppd_that_starts_names_what_its_cells_have(tmp_path: Path) -> None:
    """It knows the ids alone; the job is off the queue before anything is claimed."""

    async def story() -> None:
        node = Node(tmp_path)
        await node.store.open()
        await node.reunion.arrive([])
        (jid,) = await node.store.enqueue([JobSpec("m.f", queue="q")])
        node.remember()
        claim = await node.take()
        node.go_back()
        await node.reunion.arrive([CellFile(2, 4711, 4711, "light", claim.eid, jid)])
        (left,) = await node.store.leftovers("n")
        assert (left.eid, left.job.function) == (claim.eid, "m.f")
        assert (await node.store.counts())["q"].queued == 0

    asyncio.run(story())


def test_so_much_is_remembered_and_no_more(monkeypatch) -> None:
    """The oldest ends are forgotten first: by age, and by what they take."""
    job = Claim("e", asyncio.run(_a_job()))
    book = recents.Recents()
    for at in range(10):
        book.note(Finish(job, Finished(b"x" * (recents.MOST_BYTES // 4)), "n.1", 0.0, float(at)))
    assert [finish.ended_at for finish in book.ends()] == [7.0, 8.0, 9.0]
    book.hand_back([job])
    monkeypatch.setattr(recents, "KEPT_S", -1.0)
    assert (book.ends(), book.handed_back()) == ([], set())


async def _a_job() -> Any:
    store = MemoryStore()
    await store.enqueue([JobSpec("m.f", queue="q")])
    (claim,) = (await store.exchange([], ClaimAsk(("q",), "t", ("e",), "n", ("n.1",)))).claims
    return claim.job
