"""The client against a real server, with weppd's store and real rq at the other end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from rq.job import Job as RqJob

from tests.contract.build import a_failure, claimed, ended
from weppd.client import JobFailed, Queue
from weppd.errors import JobError, Refused
from weppd.model import Outcome
from weppd.store.server.redis import RedisStore
from weppd.store.server.sending import Ahead

TASK = "tasks.wepp_rq.run_hillslope_rq"


def work(url: str, outcome: Outcome | None = None) -> None:
    """Claim one job and end it."""

    async def whole() -> None:
        store = RedisStore(url)
        await store.open()
        (claim,) = await claimed(store)
        await ended(store, claim, outcome)
        await store.close()

    asyncio.run(whole())


def test_a_job_of_the_client_is_a_job_to_rq(redis_url: str, redis_client: redis.Redis) -> None:
    """rq fetches it with function, arguments and options; it is queued where it should be."""
    job = Queue("low", redis_url).enqueue(TASK, "r", 7, wepp_bin="x", job_timeout="30m")
    seen = RqJob.fetch(job.id, connection=redis_client)
    assert (seen.func_name, tuple(seen.args), seen.kwargs) == (TASK, ("r", 7), {"wepp_bin": "x"})
    assert (seen.timeout, seen.origin, seen.get_status().value) == (1800, "low", "queued")
    assert Queue("low", redis_url).job_ids == [job.id]


def test_many_jobs_are_the_same_as_many_enqueues(redis_url: str, redis_client: redis.Redis) -> None:
    """enqueue_many writes the hash that enqueue writes, in the order given, over any number."""
    queue = Queue("default", redis_url)
    one = queue.enqueue(TASK, "r", 0, cpus=2)
    many = queue.enqueue_many(queue.call(TASK, "r", 0, cpus=2) for _ in range(1201))
    assert queue.job_ids == [one.id, *(job.id for job in many)]
    hashes = [redis_client.hgetall(f"rq:job:{job.id}") for job in (one, many[-1])]
    for fields in hashes:
        assert fields.pop(b"created_at").endswith(b"Z")
        assert fields.pop(b"enqueued_at").endswith(b"Z")
    assert hashes[0] == hashes[1]


def test_many_jobs_go_to_their_own_queues_and_ends(redis_url: str) -> None:
    """Calls of two queues, and some for the front, in one enqueue_many."""
    low, high = Queue("low", redis_url), Queue("high", redis_url)
    calls = [low.call(TASK, "r", 0, job_id="a"), high.call(TASK, "r", 1, job_id="b", at_front=True)]
    calls += [high.call(TASK, "r", 2, job_id="c"), low.call(TASK, "r", 3, job_id="d", ttl=600)]
    assert [job.id for job in low.enqueue_many(calls)] == ["a", "b", "c", "d"]
    assert (low.job_ids, high.job_ids) == (["a", "d"], ["b", "c"])


@pytest.mark.parametrize("forgets", [False, True])
def test_jobs_of_all_kinds_keep_their_order_over_many_trips(
    redis_url: str, redis_client: redis.Redis, forgets: bool
) -> None:
    """Jobs that are put hundreds at a time, and one among them that goes alone, also where the
    server forgets its scripts meanwhile."""
    queue = Queue("default", redis_url)

    def calls() -> Iterator[Any]:
        for n in range(1300):
            if forgets and n == 700:
                redis_client.script_flush()
            yield queue.call(TASK, "r", n, job_id=f"j{n}", unique=n == 600)

    assert [job.id for job in queue.enqueue_many(calls())] == [f"j{n}" for n in range(1300)]
    assert queue.job_ids == [f"j{n}" for n in range(1300)]


def test_calls_that_break_off_leave_what_was_put_and_a_queue_that_works(redis_url: str) -> None:
    """What hands out the calls may raise; hundreds of jobs are on the queue by then."""
    queue = Queue("default", redis_url)

    def calls() -> Iterator[Any]:
        yield from ((TASK, "r", n) for n in range(1100))
        raise LookupError("no more of them")

    with pytest.raises(LookupError, match="no more of them"):
        queue.enqueue_many(calls())
    assert queue.count == 1000
    assert queue.enqueue(TASK, "r", 7).get_status() == "queued"
    assert queue.count == 1001


def test_a_call_that_is_refused_among_many_is_told_and_ends_them(redis_url: str) -> None:
    """What stands before it is queued, what comes after it is not."""
    queue = Queue("default", redis_url)
    queue.enqueue(TASK, "r", 0, job_id="once")
    again = queue.call(TASK, "r", 0, job_id="once", unique=True)
    with pytest.raises(Refused, match="once"):
        queue.enqueue_many([(TASK, "r", 1), again, (TASK, "r", 2)])
    assert queue.count == 2


def test_a_server_that_admits_no_writes_is_told_in_its_own_words(
    redis_url: str, redis_client: redis.Redis
) -> None:
    """And the queue works once there is room again."""
    queue = Queue("default", redis_url)
    queue.enqueue(TASK, "r", 0)
    redis_client.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis.ResponseError, match="maxmemory"):
            queue.enqueue_many([(TASK, "r", n) for n in range(1200)])
    finally:
        redis_client.config_set("maxmemory", 0)
    assert queue.count == 1
    assert queue.enqueue(TASK, "r", 1).get_status() == "queued"


def test_a_client_with_a_pool_of_its_own_is_spoken_to_by_it(redis_url: str) -> None:
    """A web app's pool may do more than redis-py's: its own commands are used."""

    class Theirs(redis.ConnectionPool):
        """A pool that a web app made."""

    with redis.Redis(connection_pool=Theirs.from_url(redis_url)) as theirs:
        theirs.script_flush()
        queue = Queue("default", theirs)
        jobs = [
            *queue.enqueue_many([(TASK, "r", n) for n in range(3)]),
            queue.enqueue(TASK, "r", 3),
        ]
        assert queue.job_ids == [job.id for job in jobs]


def test_a_command_that_was_sent_twice_enqueues_once(
    redis_url: str, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy, or a library, may send again what it got no answer to."""
    queue = Queue("default", redis_url)
    once = Ahead.send

    def twice(self: Ahead, *args: Any) -> None:
        once(self, *args)
        once(self, *args)

    queue.enqueue(TASK, "r", 0)
    monkeypatch.setattr(Ahead, "send", twice)
    jobs = [queue.enqueue(TASK, "r", 1), *queue.enqueue_many([(TASK, "r", 2), (TASK, "r", 3)])]
    assert queue.job_ids[1:] == [job.id for job in jobs]


def test_many_jobs_may_depend_on_one_another(redis_url: str) -> None:
    """Jobs with dependencies among plain ones keep their order and are deferred."""
    queue = Queue("default", redis_url)
    first = queue.enqueue(TASK, "r", 0)
    second, third = queue.enqueue_many([(TASK, "r", 1), queue.call(TASK, "r", 2, depends_on=first)])
    assert (second.get_status(), third.get_status()) == ("queued", "deferred")


def test_result_waits_for_the_job(redis_url: str) -> None:
    """result blocks until the job ends and returns its value."""
    job = Queue("default", redis_url).enqueue(TASK, "r", 7)
    got: list[Any] = []
    waiter = threading.Thread(target=lambda: got.append(job.result(timeout=20)))
    waiter.start()
    work(redis_url)
    waiter.join(20)
    assert got == [42]
    assert job.get_status() == "finished"


def test_result_of_a_failed_job_says_why(redis_url: str) -> None:
    """JobFailed carries the job's view, its message the last line of the traceback."""
    job = Queue("default", redis_url).enqueue(TASK, "r", 7)
    work(redis_url, a_failure())
    with pytest.raises(JobFailed, match="ValueError: no such hillslope") as caught:
        job.result()
    assert caught.value.view.meta["exc_string"].startswith("Traceback")


def test_result_gives_up_in_time(redis_url: str) -> None:
    """A job that nobody runs ends in TimeoutError, not in a hang."""
    job = Queue("default", redis_url).enqueue(TASK, "r", 7)
    with pytest.raises(TimeoutError, match=r"is queued after 0\.05 s"):
        job.result(timeout=0.05)


def test_a_cancelled_job_is_over_for_its_producer(redis_url: str) -> None:
    """cancel of a queued job is final, and result says so."""
    job = Queue("default", redis_url).enqueue(TASK, "r", 7)
    assert job.cancel("by anna") == "canceled"
    with pytest.raises(JobFailed, match="was canceled: by anna"):
        job.result()


def test_a_job_that_is_not_there_is_said_to_be_so(redis_url: str) -> None:
    """fetch gives None; a handle whose job was deleted raises JobError."""
    queue = Queue("default", redis_url)
    assert queue.fetch("nobody") is None
    job = queue.enqueue(TASK, "r", 7, result_ttl=0)
    work(redis_url)
    with pytest.raises(JobError, match="is not in the store"):
        job.get_status()


def test_two_clicks_are_one_job(redis_url: str) -> None:
    """unique="run" answers with the live job of that function and run; a key must be text."""
    queue = Queue("default", redis_url)
    first = queue.enqueue(TASK, "r", 7, unique="run")
    assert queue.enqueue(TASK, "r", 8, unique="run").id == first.id
    calls = [queue.call(TASK, "r", 9, unique="run"), queue.call(TASK, "q", 9, unique="run")]
    again, other = queue.enqueue_many(calls)
    assert (again.id, queue.count) == (first.id, 2)
    assert other.id != first.id
    work(redis_url)
    assert queue.enqueue(TASK, "r", 7, unique="run").id != first.id
    with pytest.raises(ValueError, match="unique=7"):
        queue.enqueue(TASK, "r", 7, unique=7)


def test_a_unique_job_is_enqueued_once(redis_url: str) -> None:
    """The second is refused by name."""
    queue = Queue("default", redis_url)
    queue.enqueue(TASK, "r", 7, job_id="once", unique=True)
    with pytest.raises(Refused, match="once is there already"):
        queue.enqueue(TASK, "r", 7, job_id="once", unique=True)
    assert queue.count == 1


def test_a_connection_that_decodes_its_replies_will_do(redis_url: str) -> None:
    """A web app's own client may decode: the queue makes a connection of its own beside it."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as theirs:
        queue = Queue("default", theirs)
        job = queue.enqueue(TASK, "r", 7)
        assert job.get_status() == "queued"
        assert queue.job_ids == [job.id]


def test_a_server_that_forgot_the_scripts_is_no_trouble(
    redis_url: str, redis_client: redis.Redis
) -> None:
    """After SCRIPT FLUSH both producer and store carry on."""
    queue = Queue("default", redis_url)
    queue.enqueue(TASK, "r", 1)

    async def whole() -> None:
        store = RedisStore(redis_url)
        await store.open()
        redis_client.script_flush()
        queue.enqueue(TASK, "r", 2)
        for claim in await claimed(store, 2):
            await ended(store, claim)
        assert (await store.counts())["default"].finished == 2
        await store.close()

    asyncio.run(whole())


def test_the_prefix_keeps_two_houses_apart(redis_url: str) -> None:
    """With another key prefix neither producer nor store sees the other's jobs."""
    Queue("default", redis_url, prefix="other").enqueue(TASK, "r", 7)

    async def whole(prefix: str) -> int:
        store = RedisStore(redis_url, prefix=prefix)
        await store.open()
        got = len(await claimed(store))
        await store.close()
        return got

    assert asyncio.run(whole("rq")) == 0
    assert asyncio.run(whole("other")) == 1


def test_the_address_comes_from_the_environment(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REDIS_URL is honoured, with the database of the jobs."""
    monkeypatch.setenv("REDIS_URL", redis_url.replace("db=9", "db=2"))
    job = Queue().enqueue(TASK, "r", 7)
    assert Queue("default", redis_url).job_ids == [job.id]


def test_progress_is_seen_by_the_producer(redis_url: str) -> None:
    """What a task reports can be polled by its producer."""
    job = Queue("default", redis_url).enqueue(TASK, "r", 7)

    async def whole() -> None:
        store = RedisStore(redis_url)
        await store.open()
        await store.progress(job.id, {"done": 3, "total": 12})
        await store.close()

    asyncio.run(whole())
    assert job.progress == {"done": 3, "total": 12}
