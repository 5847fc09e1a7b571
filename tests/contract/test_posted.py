"""A claim that found the queues empty is carried out with the next job, in both stores."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from tests.contract.build import NODE, a_job, an_ask, ended
from weppd.model import Answer
from weppd.store.nouns import ClaimAsk, Exchanged
from weppd.store.scripts import source
from weppd.store.server.redis import RedisStore
from weppd.store.wire import stamp

Run = Callable[[Callable[[Any, Any], Any]], Any]
QUEUES = ("high", "default", "low")


async def posted(store: Any, n: int = 1) -> ClaimAsk:
    """An ask for n jobs that found none."""
    ask = an_ask(n)
    assert (await store.exchange([], ask)).posted
    return ask


async def rung(store: Any, *jobs: Any) -> Exchanged:
    """What a bell of the node's brings when these jobs come."""
    bell = asyncio.create_task(store.wait(QUEUES, 20, "n"))
    await asyncio.sleep(0.05)
    await store.enqueue(jobs)
    brought: Exchanged = await bell
    return brought


def test_a_bell_brings_the_jobs_that_were_asked_for(run: Run) -> None:
    """In strict order, under the ask's executions, for its workers; they end as all others."""

    async def story(store: Any, door: Any) -> None:
        ask = await posted(store, 2)
        brought = await rung(store, a_job(id="l", queue="low"))
        (claim,) = brought.claims
        assert (brought.token, claim.eid, claim.worker) == (ask.token, ask.eids[0], "n.1")
        assert (claim.job.id, claim.job.queue) == ("l", "low")
        view = await store.job("l")
        assert (view.status, view.worker, view.phase) == ("started", "n.1", "claimed")
        assert await ended(store, claim) is Answer.OK
        assert await rung(store, a_job()) == Exchanged()

    run(story)


def test_what_a_bell_brings_may_be_taken_as_it_rings(run: Run) -> None:
    """Then whoever waits hears that it rang, and gets nothing; what was not taken is the answer."""

    async def story(store: Any, door: Any) -> None:
        taken: list[str] = []

        def take(brought: Exchanged) -> bool:
            jids = [claim.job.id for claim in brought.claims]
            taken.extend(jids)
            return jids == ["a"]

        for jid, left in (("a", []), ("b", ["b"])):
            await posted(store)
            bell = asyncio.create_task(store.wait(QUEUES, 20, "n", take))
            await asyncio.sleep(0.05)
            await store.enqueue([a_job(id=jid)])
            assert [claim.job.id for claim in (await bell).claims] == left
            assert (await store.job(jid)).status == "started"
        assert list(dict.fromkeys(taken)) == ["a", "b"]

    run(story)


def test_a_bell_whose_answer_was_lost_is_asked_for_again_by_its_token(run: Run) -> None:
    """The next claim has the ask's token, and gets what the bell got, and nothing more."""

    async def story(store: Any, door: Any) -> None:
        ask = await posted(store)
        (claim,) = (await rung(store, a_job(id="a"), a_job(id="b"))).claims
        again = await store.exchange([], ask)
        assert ([each.eid for each in again.claims], again.posted) == ([claim.eid], False)
        assert [each.job.id for each in (await store.exchange([], an_ask(5))).claims] == ["b"]

    run(story)


def test_a_claim_takes_back_what_was_posted(run: Run) -> None:
    """Also one that takes a job itself: a bell that rings later brings nothing."""

    async def story(store: Any, door: Any) -> None:
        ask = await posted(store)
        await store.enqueue([a_job(id="a")])
        assert [each.job.id for each in (await store.exchange([], ask)).claims] == ["a"]
        assert await rung(store, a_job(id="b")) == Exchanged()

    run(story)


def test_nothing_is_claimed_by_a_bell_of_what_is_suspended_or_paused(run: Run) -> None:
    """What was decided since the ask was posted holds for it, too."""

    async def story(store: Any, door: Any) -> None:
        await posted(store)
        door.suspend(True)
        assert await rung(store, a_job(id="a")) == Exchanged()
        door.suspend(False)
        await store.exchange([], an_ask(1))
        await posted(store)
        await store.pause(("low",), True)
        assert await rung(store, a_job(queue="low")) == Exchanged()

    run(story)


def test_only_a_node_that_is_alone_posts(run: Run) -> None:
    """With others there, a job is whose weppd asks for it: one that is gone must not get it."""

    async def story(store: Any, door: Any) -> None:
        await store.pulse(NODE, [])
        await posted(store)
        await store.pulse(replace(NODE, name="m", workers=("m.1",)), [])
        assert await rung(store, a_job()) == Exchanged()
        assert len((await store.exchange([], an_ask(1))).claims) == 1
        assert not (await store.exchange([], an_ask(1))).posted

    run(story)


def test_what_a_node_posted_that_beats_no_more_is_void(run: Run) -> None:
    """A host that died with its lines open gets no job from about a missed heartbeat on."""

    async def story(store: Any, door: Any) -> None:
        await store.pulse(NODE, [])
        ask = await posted(store)
        door.age_posted(7.6)
        assert await rung(store, a_job(id="a")) == Exchanged()
        # One that was only late asks itself, as it does for any bell.
        assert [each.job.id for each in (await store.exchange([], ask)).claims] == ["a"]

    run(story)


def test_a_node_that_beats_keeps_what_it_posted(run: Run) -> None:
    """However long the queues are empty: each heartbeat counts anew."""

    async def story(store: Any, door: Any) -> None:
        await posted(store)
        for _ in range(3):
            door.age_posted(5.0)
            await store.pulse(NODE, [])
        assert [each.job.id for each in (await rung(store, a_job(id="a"))).claims] == ["a"]

    run(story)


@pytest.mark.parametrize("word", ["leaves", "begins", "meets"])
def test_what_another_life_posted_is_void(run: Run, word: str) -> None:
    """Of a weppd that took its leave, that begins anew, or that met another server."""

    async def story(store: Any, door: Any) -> None:
        await posted(store)
        if word == "leaves":
            await store.deregister("n", ())
        elif word == "begins":
            await store.leftovers("n")
        else:
            await store.met("n")
        assert await rung(store, a_job()) == Exchanged()

    run(story)


def test_a_job_that_a_bell_brought_began_just_then(redis_url: str) -> None:
    """Its start is the server's time, as RQ writes it, and not when the claim was posted."""

    async def story() -> None:
        store = RedisStore(redis_url)
        await store.open()
        with redis.Redis.from_url(redis_url) as other:
            before = stamped(other)
            await posted(store)
            await rung(store, a_job(id="a"))
            assert before < other.hget("rq:job:a", "started_at").decode() < stamped(other)
        await store.close()

    asyncio.run(story())


def stamped(server: redis.Redis) -> str:
    """The server's time as RQ writes moments."""
    seconds, micros = server.time()
    return stamp(seconds + micros / 1e6)


@pytest.mark.parametrize(
    "at", [0, 951_827_199, 951_868_800, 1_835_481_599, 4_107_542_400, 1_764_499_587, 7_258_118_399]
)
def test_the_servers_time_is_written_as_rq_writes_it(redis_client: redis.Redis, at: int) -> None:
    """Through leap years, their ends, and a century that is none."""
    told = f"local redis = {{pcall = function() return {{'{at}', '7'}} end}}"
    fake = f"{told}\n{source('moment')}\n"
    text = redis_client.eval(f"{fake}local _, text = moment() return text", 0)
    assert text.decode() == datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000007Z")
