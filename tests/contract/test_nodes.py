"""Leases and the taking over of a dead node's jobs: the twin in memory and real servers alike."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.build import NODE, a_job, an_end, claimed, ended, running
from weppd.errors import AlreadyRunning
from weppd.model import Answer, Failed, Retried
from weppd.store.locks import Lock
from weppd.store.nouns import Lease, Node, Tenant

Run = Callable[[Callable[[Any, Any], Any]], Any]
OTHER = Node("m", ("m.1",), ("default",))
GONE = Failed("worker lost: node n is silent", kind="lost")


async def a_running_job(store: Any) -> Any:
    """A job that node n runs, with a lock."""
    await store.enqueue([a_job()])
    (claim,) = await claimed(store)
    await store.pulse(NODE, [running(claim)])
    await store.lock(claim, Lock("k", uuid.uuid4().hex, "n:1", 600))
    return claim


async def lease_of(store: Any, node: str) -> Any:
    return {lease.node: lease for lease in await store.nodes()}.get(node)


def fresh() -> str:
    return uuid.uuid4().hex


def test_each_beat_moves_a_node_s_lease(run: Run) -> None:
    """Nodes are known by their heartbeats, and told apart."""

    async def story(store: Any, door: Any) -> None:
        await store.pulse(OTHER, [])
        for _ in range(2):
            await store.pulse(NODE, [])
        assert await store.nodes() == [Lease("m", "1"), Lease("n", "2")]
        await store.deregister("m", OTHER.workers)
        assert await store.nodes() == [Lease("n", "2")]

    run(story)


def test_a_node_s_name_is_one_weppd_s_at_a_time(run: Run) -> None:
    """Who comes from elsewhere learns who has it, and by its lease whether that one lives; by force
    it takes it, and then the other beats no more, and takes no lease of the new one's away."""

    async def story(store: Any, door: Any) -> None:
        assert await store.move_in("n", "attic", "host a") == Tenant(True, "", 0.0, "host a")
        await store.pulse(NODE, [])
        assert await store.move_in("n", "cellar", "host b") == Tenant(False, "1", 0.0, "host a")
        await store.pulse(NODE, [])
        assert (await store.move_in("n", "cellar", "host b")).seq == "2"
        assert (await store.move_in("n", "attic", "host a")).taken
        door.forget_all()
        await store.greet("n", 3.0)
        await store.reassert("n", [])
        await store.pulse(NODE, [])
        other = door.another()
        await other.open()
        assert not (await other.move_in("n", "cellar", "host b")).taken, "it was entered again"
        assert (await other.move_in("n", "cellar", "host b", force=True)).taken
        with pytest.raises(AlreadyRunning, match="another weppd has taken the name 'n'"):
            await store.pulse(NODE, [])
        await store.deregister("n", NODE.workers)
        assert await lease_of(other, "n") is not None
        await other.deregister("n", NODE.workers)
        assert await lease_of(other, "n") is None
        await other.close()

    run(story)


def test_a_dead_node_s_job_is_ended_and_the_late_node_is_fenced(run: Run) -> None:
    """The job failed with the reason, its lock is free; its old execution changes nothing."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_running_job(store)
        lease = await lease_of(store, "n")
        assert await store.take_over(lease, an_end(claim, GONE, "m.0"), fresh())
        view = await store.job(claim.job.id)
        assert (view.status, view.reason, view.node) == ("failed", GONE.reason, "m")
        assert door.lock(0, "k") is None
        assert await ended(store, claim) is Answer.FENCED
        assert (await store.job(claim.job.id)).status == "failed"
        assert (await store.pulse(NODE, [running(claim)])).lost == {claim.job.id}
        assert await store.leftovers("n") == []
        assert await store.leftovers("m") == []
        assert (await store.counts())["default"].started == 0

    run(story)


def test_a_job_that_may_run_again_does_so_elsewhere(run: Run) -> None:
    """It is queued, and the next claim gets it with the crash counted."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_running_job(store)
        lease = await lease_of(store, "n")
        again = Retried(GONE.reason, spent=False, crash=True)
        assert await store.take_over(lease, an_end(claim, again, "m.0"), fresh())
        (second,) = await claimed(store, node="m")
        assert (second.job.id, second.job.crashes) == (claim.job.id, 1)
        assert await ended(store, claim) is Answer.FENCED
        assert await ended(store, second) is Answer.OK

    run(story)


def test_a_node_that_beat_once_more_keeps_its_jobs(run: Run) -> None:
    """Whoever looked a moment too early, or slept since, takes nothing."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_running_job(store)
        lease = await lease_of(store, "n")
        await store.pulse(NODE, [running(claim)])
        assert not await store.take_over(lease, an_end(claim, GONE, "m.0"), fresh())
        assert (await store.job(claim.job.id)).status == "started"
        assert await ended(store, claim) is Answer.OK

    run(story)


def test_of_two_that_take_over_one_does(run: Run) -> None:
    """The second one changes nothing, nor does one who holds an old execution for the job's."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_running_job(store)
        lease = await lease_of(store, "n")
        stale = replace(claim, eid=fresh())
        assert not await store.take_over(lease, an_end(stale, GONE, "m.0"), fresh())
        took = [await store.take_over(lease, an_end(claim, GONE, "m.0"), fresh()) for _ in "ab"]
        assert took == [True, False]

    run(story)


def test_a_node_that_leaves_jobs_running_says_how_long_it_is_away(run: Run) -> None:
    """Its lease stays, with the seconds; with its next beat it is back."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_running_job(store)
        await store.deregister("n", NODE.workers, 600.0)
        assert (await lease_of(store, "n")).hold_s == 600.0
        await store.pulse(NODE, [running(claim)])
        assert (await lease_of(store, "n")).hold_s == 0.0

    run(story)


def test_jobs_that_the_store_forgot_are_not_taken_for_somebody_else_s(run: Run) -> None:
    """After FLUSHALL a heartbeat does not call what runs here lost: it goes on, and is recorded."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_running_job(store)
        door.forget_all()
        beat = await store.pulse(NODE, [running(claim)])
        assert (beat.lost, beat.canceled) == (frozenset(), frozenset())
        assert await ended(store, claim) is Answer.ABSENT

    run(story)
