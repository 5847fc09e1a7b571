"""What producers write by mistake, in both stores: it costs its own job and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis

from tests.contract.build import a_job, an_ask, ended
from weppd.job_info import get_wepppy_rq_job_info
from weppd.model import Answer, Retried
from weppd.store.server.redis import RedisStore

Run = Callable[[Callable[[Any, Any], Any]], Any]


async def claimed(store: Any, n: int = 5) -> list[str]:
    """The ids that a claim hands out."""
    return [claim.job.id for claim in (await store.exchange([], an_ask(n))).claims]


@pytest.mark.parametrize("jid", ["two\nlines", "h\u00fcgel", "tab\there"])
def test_a_job_whose_id_is_no_word_fails_under_it(run: Run, jid: str) -> None:
    """The job is failed with what to do about it, and the next one is handed out."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id=jid), a_job(id="good")])
        assert await claimed(store) == ["good"]
        seen = await store.job(jid)
        assert (seen.status, "printable ASCII" in seen.reason) == ("failed", True)
        assert [view.id for view in await store.jobs("failed", 10)] == [jid]

    run(story)


def test_counts_that_are_no_numbers_count_as_none(run: Run) -> None:
    """A job with rubbish in every number is claimed, crashes, is claimed again, and finishes."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="j")])
        names = "weppd_tries weppd_crashes retries_left number_of_retries repeats_left ttl"
        for at in (1, 2):
            door.set("j", **dict.fromkeys(names.split(), "nonsense"))
            (claim,) = (await store.exchange([], an_ask(1))).claims
            assert (claim.job.id, claim.job.crashes) == ("j", 0)
            end = Retried("its cell died", crash=True) if at == 1 else None
            assert await ended(store, claim, end) is Answer.OK
        assert (await store.job("j")).status == "finished"

    run(story)


def test_bytes_that_are_no_text_cost_no_other_job(redis_url: str) -> None:
    """Ids, moments and states of any bytes, and keys of other kinds, on a real server."""
    import asyncio

    async def story() -> None:
        store = RedisStore(redis_url)
        await store.open()
        with redis.Redis.from_url(redis_url) as other:
            other.sadd("rq:queues", "rq:queue:default")
            for jid in (b"\xff\xfe", b"moments"):
                other.hset(b"rq:job:" + jid, mapping={"data": b"\x80", "status": b"\xff",
                           "created_at": b"\xff", "enqueued_at": b"\xc3"})  # fmt: skip
            other.set("rq:job:a-string", "x")
            other.rpush("rq:queue:default", b"\xff\xfe", "a-string", "moments")
            await store.enqueue([a_job(id="good")])
            assert (await store.counts())["default"].queued == 4
            assert await claimed(store) == ["moments", "good"]
            assert other.hget(b"rq:job:\xff\xfe", "status") == b"failed"
            assert {view.id for view in await store.jobs("started", 10)} == {"moments", "good"}
            assert await store.jobs("failed", 10) == []
        await store.close()

    asyncio.run(story())
    assert get_wepppy_rq_job_info("moments", redis_url)["status"] == "started"
