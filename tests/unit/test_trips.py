"""Round trips to a store that comes and goes: nothing is lost, nothing is claimed and forgotten."""

from __future__ import annotations

import asyncio
import errno
import os

import pytest

from tests.waiting import soon
from weppd.core import effects as do
from weppd.core import events as on
from weppd.core.schedule import Rules, Traits
from weppd.errors import StoreAway
from weppd.model import Answer, Finish, Finished
from weppd.shell.store import trips
from weppd.store.nouns import JobSpec
from weppd.store.outbox import Outbox
from weppd.store.twin.memory import MemoryStore


class Flaky(MemoryStore):
    """A store whose line can be cut before a call arrives, or after it was carried out."""

    cut = ""
    refused = 0

    async def exchange(self, finishes, claim):
        if self.cut == "before":
            self.refused += 1
            raise StoreAway("cut before")
        answer = await super().exchange(finishes, claim)
        if self.cut == "after":
            raise StoreAway("cut after")
        return answer

    async def take_turns(self, wishes):
        gone = await super().take_turns(wishes)
        if self.cut == "turns":
            self.refused += 1
            raise StoreAway("cut while turns were taken")
        return gone


class Told(list):
    """What the inbox was told."""

    def __call__(self, *events):
        self.extend(events)

    def of(self, kind):
        return [event for event in self if isinstance(event, kind)]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(trips, "PROBE_S", (0.001,))


def journey(tmp_path, story, outbox=Outbox):
    async def tell_it():
        store, told = Flaky(), Told()
        await store.open()
        desk = trips.Desk(Rules(node="n"))
        desk.registry["m.f"] = Traits()
        box = outbox(tmp_path / "outbox")
        going = trips.Trips(store, box, desk, ("high", "default"), told)
        task = asyncio.create_task(going.run())
        try:
            await story(store, told, going, box)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(tell_it())


def test_a_claim_brings_tickets_and_says_dry_when_there_was_less(tmp_path):
    """One job for two free workers: one ticket, planned, and the queues are dry."""

    async def story(store, told, going, box):
        await store.enqueue([JobSpec("m.f", id="j1")])
        going.claim(do.Claim((1, 2)))
        await soon(lambda: told.of(on.Claimed))
        (claimed,) = told.of(on.Claimed)
        assert [t.job.id for t in claimed.tickets] == ["j1"]
        assert claimed.tickets[0].worker == "n.1"
        assert claimed.dry

    journey(tmp_path, story)


def test_what_a_turn_orders_is_on_its_way_as_the_turn_ends(tmp_path):
    """Within a turn nothing is sent; `begin`, at its end, sends the whole of it at once."""

    async def story(store, told, going, box):
        await store.enqueue([JobSpec("m.f", id="j1")])
        await asyncio.sleep(0)
        going.turning = lambda: True
        loop, seen = asyncio.get_running_loop(), []
        loop.call_soon(going.claim, do.Claim((1,)))
        loop.call_soon(lambda: seen.append(len(told)))
        loop.call_soon(lambda: (going.begin(), seen.append(len(told.of(on.Claimed)))))
        await soon(lambda: len(seen) == 2)
        assert seen == [0, 1]

    journey(tmp_path, story)


def test_a_finish_while_the_store_is_away_waits_on_disk(tmp_path):
    """It counts as recorded at once, is on disk, and is in the store when that is back."""

    async def story(store, told, going, box):
        await store.enqueue([JobSpec("m.f", id="j1")])
        going.claim(do.Claim((1,)))
        await soon(lambda: told.of(on.Claimed))
        (ticket,) = told.of(on.Claimed)[0].tickets
        store.cut = "before"
        going.record(Finish(ticket.claim, Finished(), "n.1", 1.0, 2.0))
        await soon(lambda: told.of(on.Recorded))
        assert told.of(on.Recorded)[0].answer is None
        assert len(box) == 1
        store.cut = ""
        await soon(lambda: told.of(on.StoreBack))
        assert len(box) == 0
        assert (await store.job("j1")).status == "finished"

    journey(tmp_path, story)


def test_a_job_whose_key_another_has_is_no_ticket(tmp_path):
    """Two jobs of one key are claimed, one may run; the queue is not called dry for that."""

    async def story(store, told, going, box):
        await store.enqueue([JobSpec("m.f", id=name, lock="k") for name in ("j1", "j2")])
        going.claim(do.Claim((1, 2)))
        await soon(lambda: told.of(on.Claimed))
        (claimed,) = told.of(on.Claimed)
        assert [t.job.id for t in claimed.tickets] == ["j1"]
        assert not claimed.dry
        assert (await store.job("j2")).status == "queued"

    journey(tmp_path, story)


def test_turns_whose_answer_was_lost_are_asked_for_again(tmp_path):
    """The line is cut after the turns were taken: who has one is told of, once it is back."""

    async def story(store, told, going, box):
        await store.enqueue([JobSpec("m.f", id=name, lock="k") for name in ("j1", "j2")])
        store.cut = "turns"
        going.claim(do.Claim((1, 2)))
        await soon(lambda: store.refused >= 2)
        assert told.of(on.Claimed) == []
        store.cut = ""
        await soon(lambda: told.of(on.Claimed))
        (claimed,) = told.of(on.Claimed)
        assert [t.job.id for t in claimed.tickets] == ["j1"]

    journey(tmp_path, story)


def test_a_claim_whose_reply_was_lost_is_asked_for_again(tmp_path):
    """The store gave a job, the line was cut: the job comes with the next answer, once."""

    async def story(store, told, going, box):
        await store.enqueue([JobSpec("m.f", id="j1"), JobSpec("m.f", id="j2")])
        store.cut = "after"
        going.claim(do.Claim((1,)))
        await soon(lambda: told.of(on.ClaimFailed))
        store.cut = ""
        await soon(lambda: told.of(on.StoreBack))
        (claimed,) = told.of(on.Claimed)
        assert [t.job.id for t in claimed.tickets] == ["j1"]
        assert (await store.job("j2")).status == "queued"

    journey(tmp_path, story)


def test_an_unknown_function_is_refused_in_its_ticket(tmp_path):
    """A job that names no task comes with the reason for its refusal, for the core to record."""

    async def story(store, told, going, box):
        await store.enqueue([JobSpec("m.g", id="j1")])
        going.claim(do.Claim((1,)))
        await soon(lambda: told.of(on.Claimed))
        (ticket,) = told.of(on.Claimed)[0].tickets
        assert "unknown task 'm.g'" in ticket.plan.refusal

    journey(tmp_path, story)


class Small(Outbox):
    """An outbox on a disk that has room for so many finishes more."""

    room = 0

    def put(self, finish):
        if self.room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "outbox")
        self.room -= 1
        super().put(finish)


def test_a_full_disk_while_the_store_is_away_loses_nothing(tmp_path, caplog):
    """What finds no room counts as recorded by nobody, so that its cell keeps it; it is said once;
    where there is room again it goes to the disk, in order, and from there into the store."""

    async def story(store, told, going, box):
        jids = await store.enqueue([JobSpec("m.f", id=f"j{i}") for i in range(3)])
        going.claim(do.Claim((1, 2, 3)))
        await soon(lambda: told.of(on.Claimed))
        tickets = told.of(on.Claimed)[0].tickets
        store.cut = "before"
        for ticket in tickets:
            going.record(Finish(ticket.claim, Finished(), ticket.worker, 1.0, 2.0))
        await soon(lambda: store.refused > 5)
        assert told.of(on.Recorded) == []
        assert "No space left on device" in going.reason
        assert caplog.text.count("state=full") == 1
        box.room = 2
        await soon(lambda: len(told.of(on.Recorded)) == 2)
        assert [r.eid for r in told.of(on.Recorded)] == [t.eid for t in tickets[:2]]
        box.room = 1
        await soon(lambda: len(told.of(on.Recorded)) == 3)
        assert "No space" not in going.reason
        store.cut = ""
        await soon(lambda: told.of(on.StoreBack))
        assert [(await store.job(jid)).status for jid in jids] == ["finished"] * 3

    journey(tmp_path, story, Small)


def test_a_store_that_is_back_takes_what_the_full_disk_could_not(tmp_path):
    """No room appears: the finishes go to the store itself as soon as it is there."""

    async def story(store, told, going, box):
        await store.enqueue([JobSpec("m.f", id="j1")])
        going.claim(do.Claim((1,)))
        await soon(lambda: told.of(on.Claimed))
        (ticket,) = told.of(on.Claimed)[0].tickets
        store.cut = "before"
        going.record(Finish(ticket.claim, Finished(), "n.1", 1.0, 2.0))
        await soon(lambda: store.refused > 3)
        store.cut = ""
        (recorded,) = await soon(lambda: told.of(on.Recorded))
        assert recorded.answer == Answer.OK
        assert (await store.job("j1")).status == "finished"

    journey(tmp_path, story, Small)


async def brought(store, told, going, **job):
    """Have a claim posted, and its bell rung by a job: what the bell brought."""
    going.claim(do.Claim((1,)))
    await soon(lambda: told.of(on.Claimed))
    await store.enqueue([JobSpec("m.f", id="j1", **job)])
    return await store.wait(("high", "default"), 1, "n")


def test_what_a_bell_brings_is_claimed_without_a_trip(tmp_path):
    """The claim of the empty queues is answered when the job comes, for its worker."""

    async def story(store, told, going, box):
        assert going.rung(await brought(store, told, going))
        _, claimed = told.of(on.Claimed)
        assert [(t.job.id, t.worker, claimed.dry) for t in claimed.tickets] == [
            ("j1", "n.1", False)
        ]

    journey(tmp_path, story)


def test_what_a_bell_brings_while_a_claim_is_ordered_comes_with_that(tmp_path):
    """Once: the claim has the token of what was posted, and its executions."""

    async def story(store, told, going, box):
        bell = await brought(store, told, going)
        going.claim(do.Claim((1, 2)))
        assert not going.rung(bell)
        await soon(lambda: len(told.of(on.Claimed)) > 1)
        brings = [[t.eid for t in each.tickets] for each in told.of(on.Claimed)]
        assert brings == [[], [bell.claims[0].eid]]

    journey(tmp_path, story)


def test_a_bell_may_ring_before_it_is_known_that_the_claim_was_posted(tmp_path):
    """Its answer waits for the claim's own, which says that there was nothing."""

    async def story(store, told, going, box):
        held = asyncio.Event()
        plain = store.exchange

        async def slow(finishes, claim):
            answer = await plain(finishes, claim)
            await held.wait()
            return answer

        store.exchange = slow
        going.claim(do.Claim((1,)))
        await soon(lambda: store.shelf.posted)
        await store.enqueue([JobSpec("m.f", id="j1")])
        assert not going.rung(await store.wait(("high", "default"), 1, "n"))
        held.set()
        await soon(lambda: len(told.of(on.Claimed)) > 1)
        tickets = [[t.job.id for t in each.tickets] for each in told.of(on.Claimed)]
        assert tickets == [[], ["j1"]]

    journey(tmp_path, story)


def test_a_job_that_wants_a_turn_takes_it_with_the_next_claim(tmp_path):
    """What a bell brings of such is not started; the claim that follows gets it and its turn."""

    async def story(store, told, going, box):
        assert not going.rung(await brought(store, told, going, lock="k"))
        going.claim(do.Claim((1,)))
        await soon(lambda: len(told.of(on.Claimed)) > 1)
        assert [t.job.id for t in told.of(on.Claimed)[1].tickets] == ["j1"]
        assert store.shelf.turns == {"k": "j1"}

    journey(tmp_path, story)


def test_a_bell_that_was_lost_with_the_line_is_made_good_by_the_next_claim(tmp_path):
    """Nobody heard what it brought: the claim asks by the same token."""

    async def story(store, told, going, box):
        await brought(store, told, going)
        going.claim(do.Claim((1,)))
        await soon(lambda: len(told.of(on.Claimed)) > 1)
        assert [t.job.id for t in told.of(on.Claimed)[1].tickets] == ["j1"]

    journey(tmp_path, story)
