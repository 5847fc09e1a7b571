"""What a node offers its jobs, in both stores: a job too wide for it waits for one that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.contract.build import a_job, an_ask

Run = Callable[[Callable[[Any, Any], Any]], Any]


async def claims(store: Any, node: str, n: int, cpus: int, memory: int = 0) -> list[str]:
    """The jobs that a node claims which offers so much."""
    ask = replace(an_ask(n, node=node), cpus=cpus, memory=memory)
    return [claim.job.id for claim in (await store.exchange([], ask)).claims]


def test_a_wide_job_is_passed_by_and_keeps_its_place(run: Run) -> None:
    """A small node takes what stands behind a wide job; the wide node takes it first."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id=jid, cpus=cpus) for jid, cpus in JOBS])
        assert await claims(store, "big", 1, 32) == ["a"]
        assert await claims(store, "small", 2, 4) == ["c", "d"]
        assert await claims(store, "big", 5, 32) == ["b", "e"]

    run(story)


JOBS = (("a", "1"), ("b", "16"), ("c", "2"), ("d", "all"), ("e", None))


def test_a_job_too_wide_for_every_node_is_handed_out_to_be_failed(run: Run) -> None:
    """Nobody offers that much: whoever asks gets it, for it must not stand in the way for ever."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="huge", cpus="64"), a_job(id="next")])
        assert await claims(store, "small", 1, 4) == ["huge"]

    run(story)


def test_memory_counts_as_cpus_do(run: Run) -> None:
    """A job that claims more memory than a node has is for a node that has it."""

    async def story(store: Any, door: Any) -> None:
        big, small = 64 << 30, 8 << 30
        assert await claims(store, "big", 1, 4, big) == []
        await store.enqueue([a_job(id="much", memory=str(32 << 30)), a_job(id="little")])
        assert await claims(store, "small", 2, 4, small) == ["little"]
        assert await claims(store, "big", 2, 4, big) == ["much"]

    run(story)


def test_a_queue_of_wide_jobs_rings_no_bell_and_is_looked_at_again(run: Run) -> None:
    """Where only jobs for others wait, the queue is not called empty, or its bell would ring on."""

    async def story(store: Any, door: Any) -> None:
        assert await claims(store, "big", 1, 32) == []
        await store.enqueue([a_job(id="wide", cpus="16")])
        answer = await store.exchange([], replace(an_ask(1, node="small"), cpus=4))
        assert (answer.claims, answer.suspended) == ((), True)
        assert "default" not in answer.empty
        assert (await store.counts())["default"].queued == 1

    run(story)


def test_a_node_that_left_offers_nothing(run: Run) -> None:
    """When the wide node is gone for good, its jobs fail by name at the next claim."""

    async def story(store: Any, door: Any) -> None:
        assert await claims(store, "big", 1, 32) == []
        await store.enqueue([a_job(id="wide", cpus="16")])
        assert await claims(store, "small", 1, 4) == []
        await store.deregister("big", ["big.1"], 0.0)
        assert await claims(store, "small", 1, 4) == ["wide"]

    run(story)


def test_a_gap_takes_only_what_says_that_it_fits(run: Run) -> None:
    """Before a wide job goes what states CPUs and a time that fit; all others keep their places."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue(
            [
                a_job(id="silent", cpus="1"),
                a_job(id="long", cpus="1", expect_s=120.0),
                a_job(id="wide", cpus="3", expect_s=5.0),
                a_job(id="unsaid", expect_s=5.0),
                a_job(id="fits", cpus="2", expect_s=60.0),
                a_job(id="fits too", cpus="1", expect_s=1.0),
            ]
        )
        ask = replace(an_ask(1, node="n"), cpus=4, gap_s=60.0, gap_cpus=2)
        assert [c.job.id for c in (await store.exchange([], ask)).claims] == ["fits"]
        rest = ["silent", "long", "wide", "unsaid", "fits too"]
        assert await claims(store, "n", 6, 4) == rest

    run(story)
