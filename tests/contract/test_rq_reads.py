"""Real rq clients beside RedisStore: what they enqueue runs, and what they read is right."""

from __future__ import annotations

import asyncio
import math
import time
import zlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
import redis
from rq import Queue, Retry, Worker
from rq.command import send_kill_horse_command, send_shutdown_command, send_stop_job_command
from rq.job import Job, JobStatus
from rq.registry import (
    DeferredJobRegistry,
    FailedJobRegistry,
    FinishedJobRegistry,
    ScheduledJobRegistry,
    StartedJobRegistry,
)
from rq.repeat import Repeat
from rq.results import Result
from rq.suspension import resume, suspend

from tests.contract.build import (
    NODE,
    a_failure,
    a_job,
    an_end,
    claimed,
    ended,
    running,
)
from weppd.errors import StoreError
from weppd.model import Answer, Failed, Finished, Retried, Stopped
from weppd.store.server.redis import RedisStore

TASK = "tasks.wepp_rq.run_hillslope_rq"


def play(url: str, story: Callable[[RedisStore], Awaitable[None]]) -> None:
    """Play a story on an open RedisStore."""

    async def whole() -> None:
        store = RedisStore(url)
        await store.open()
        try:
            await asyncio.wait_for(story(store), 30)
        finally:
            await store.close()

    asyncio.run(whole())


@pytest.fixture
def queue(redis_client: redis.Redis) -> Queue:
    """rq's own queue."""
    return Queue("default", connection=redis_client)


def test_a_job_of_rqs_queue_runs_and_its_client_sees_it_start_and_finish(
    redis_url: str, queue: Queue
) -> None:
    """Job.fetch shows started, then finished, with result, ended_at and the worker's name."""
    job = queue.enqueue(TASK, "my-runid", 7, wepp_bin="hillsim")

    async def story(store: RedisStore) -> None:
        (claim,) = await claimed(store)
        assert claim.job.function == TASK
        assert (claim.job.runid, claim.job.timeout) == ("my-runid", 180)
        await store.began(claim, "n.1", 4711, time.time())
        seen = Job.fetch(job.id, connection=queue.connection)
        assert (seen.get_status(), seen.worker_name) == (JobStatus.STARTED, "n.1")
        assert (seen.func_name, tuple(seen.args)) == (TASK, ("my-runid", 7))
        assert seen.kwargs == {"wepp_bin": "hillsim"}
        assert seen.meta == {"pid": 4711, "runid": "my-runid"}
        assert await ended(store, claim) is Answer.OK

    play(redis_url, story)
    seen = Job.fetch(job.id, connection=queue.connection)
    assert seen.get_status() == JobStatus.FINISHED
    assert seen.return_value() == 42
    assert seen.started_at <= seen.ended_at
    assert seen.worker_name == "n.1"
    assert seen.id in FinishedJobRegistry(queue=queue)
    assert seen.latest_result().type == Result.Type.SUCCESSFUL
    ttl = queue.connection.ttl(f"rq:job:{job.id}")
    assert 604_700 < ttl <= 604_800


def test_a_failure_shows_its_traceback_to_rqs_client(redis_url: str, queue: Queue) -> None:
    """Status failed, exc_info the traceback, meta's exc_string too, and the job in the registry."""
    job = queue.enqueue(TASK, "my-runid", 7)

    async def story(store: RedisStore) -> None:
        (claim,) = await claimed(store)
        await ended(store, claim, a_failure("Traceback …\nValueError: no"))

    play(redis_url, story)
    seen = Job.fetch(job.id, connection=queue.connection)
    assert seen.get_status() == JobStatus.FAILED
    assert seen.latest_result().exc_string == "Traceback …\nValueError: no"
    raw = queue.connection.hget(f"rq:job:{job.id}", "exc_info")
    assert zlib.decompress(raw).decode() == "Traceback …\nValueError: no"
    assert seen.get_meta()["exc_string"] == "Traceback …\nValueError: no"
    assert seen.id in FailedJobRegistry(queue=queue)


def test_a_retry_returned_too_often_is_told_apart_by_rq(redis_url: str, queue: Queue) -> None:
    """A returned Retry is kept as type 4, the last one as type 5, and the job has failed."""
    job = queue.enqueue(TASK, "my-runid", 7)

    async def story(store: RedisStore) -> None:
        (claim,) = await claimed(store)
        await ended(store, claim, Retried("returned a Retry", returned=True))
        (claim,) = await claimed(store)
        assert claim.job.extra["number_of_retries"] == "1"
        await ended(store, claim, Failed("enough", "enough", "max retries exceeded"))

    play(redis_url, story)
    last, first = job.results()
    assert (first.type, last.type) == (Result.Type.RETRIED, Result.Type.MAX_RETRIES_EXCEEDED)
    assert job.get_status(refresh=True) == JobStatus.FAILED


def test_a_stopped_job_is_stopped_to_rqs_client(redis_url: str, queue: Queue) -> None:
    """Status stopped, kept with the failed ones as rq keeps it."""
    job = queue.enqueue(TASK, "my-runid", 7)

    async def story(store: RedisStore) -> None:
        (claim,) = await claimed(store)
        await ended(store, claim, Stopped("by anna"))

    play(redis_url, story)
    seen = Job.fetch(job.id, connection=queue.connection)
    assert seen.get_status() == JobStatus.STOPPED
    assert seen.id in FailedJobRegistry(queue=queue)


def test_rq_info_lists_slots_as_workers_and_disturbs_no_running_job(
    redis_url: str, queue: Queue
) -> None:
    """Workers, their jobs and the registries read right, and reading them requeues nothing."""
    job = queue.enqueue(TASK, "my-runid", 7, retry=Retry(max=3))

    async def story(store: RedisStore) -> None:
        (claim,) = await claimed(store)
        await store.began(claim, "n.1", 4711, time.time())
        await store.pulse(NODE, [running(claim)])
        workers = {w.name: w for w in Worker.all(connection=queue.connection)}
        assert sorted(workers) == ["n.1", "n.2", "n.3"]
        assert (workers["n.1"].get_state(), workers["n.2"].get_state()) == ("busy", "idle")
        assert workers["n.1"].get_current_job_id() == job.id
        assert workers["n.2"].queue_names() == ["high", "default", "low"]
        assert Worker.count(queue=queue) == 3
        registry = StartedJobRegistry(queue=queue)
        assert (registry.count, registry.get_job_ids()) == (1, [job.id])
        registry.cleanup()
        assert (queue.count, FailedJobRegistry(queue=queue).count) == (0, 0)
        (execution,) = Job.fetch(job.id, connection=queue.connection).get_executions()
        assert (execution.id, execution.job_id) == (claim.eid, job.id)
        await ended(store, claim)
        await store.pulse(NODE, [])
        assert registry.count == 0
        worker = Worker.find_by_key("rq:worker:n.1", connection=queue.connection)
        assert (worker.get_state(), worker.successful_job_count) == ("idle", 1)
        assert worker.get_current_job_id() is None
        await store.deregister("n", NODE.workers)
        assert Worker.all(connection=queue.connection) == []

    play(redis_url, story)


def test_a_running_jobs_place_in_wip_never_lapses(redis_url: str, queue: Queue) -> None:
    """Its score is +inf, so that no reader takes it for abandoned, weppd being down or not."""
    queue.enqueue(TASK, "my-runid", 7)

    async def story(store: RedisStore) -> None:
        (claim,) = await claimed(store)
        member = f"{claim.job.id}:{claim.eid}"
        assert math.isinf(queue.connection.zscore("rq:wip:default", member))

    play(redis_url, story)


def test_a_dependent_that_rq_enqueued_is_released(redis_url: str, queue: Queue) -> None:
    """depends_on of rq's client is honoured, and its job leaves the deferred registry."""
    first = queue.enqueue(TASK, "my-runid", 1)
    second = queue.enqueue(TASK, "my-runid", 2, depends_on=first)

    async def story(store: RedisStore) -> None:
        (claim,) = await claimed(store)
        assert second.id in DeferredJobRegistry(queue=queue)
        assert (await store.exchange([an_end(claim)], None)).released == (1,)
        assert second.id not in DeferredJobRegistry(queue=queue)
        (claim,) = await claimed(store)
        assert claim.job.id == second.id

    play(redis_url, story)


def test_a_retry_of_rqs_client_is_scheduled_and_comes_back(redis_url: str, queue: Queue) -> None:
    """retry=Retry(max, interval) reads as retries_left and intervals, and is spent."""
    job = queue.enqueue(TASK, "my-runid", 1, retry=Retry(max=2, interval=[10, 60]))

    async def story(store: RedisStore) -> None:
        (claim,) = await claimed(store)
        assert (claim.job.retries_left, claim.job.retry_intervals) == (2, (10, 60))
        await ended(store, claim, Retried("ValueError", delay_s=10))
        assert job.get_status(refresh=True) == JobStatus.SCHEDULED
        assert job.id in ScheduledJobRegistry(queue=queue)
        assert await store.due(time.time() + 11, "n") == 1
        (claim,) = await claimed(store)
        assert claim.job.retries_left == 1

    play(redis_url, story)


def test_a_job_enqueued_for_later_by_rq_runs_when_it_is_due(redis_url: str, queue: Queue) -> None:
    """enqueue_in needs no scheduler of rq's."""
    job = queue.enqueue_in(timedelta(seconds=30), TASK, "my-runid", 1)

    async def story(store: RedisStore) -> None:
        assert await store.due(time.time(), "n") == 0
        assert await store.due(time.time() + 31, "n") == 1
        (claim,) = await claimed(store)
        assert claim.job.id == job.id

    play(redis_url, story)


def test_a_job_that_repeats_is_queued_again(redis_url: str, queue: Queue) -> None:
    """rq's Repeat: the job runs, goes back to its queue, and ends when no repeat is left."""
    job = queue.enqueue(TASK, "my-runid", 1, repeat=Repeat(times=1))

    async def story(store: RedisStore) -> None:
        (claim,) = await claimed(store)
        await ended(store, claim)
        assert job.get_status(refresh=True) == JobStatus.QUEUED
        (claim,) = await claimed(store)
        await ended(store, claim)
        assert job.get_status(refresh=True) == JobStatus.FINISHED
        assert await claimed(store) == []

    play(redis_url, story)


def test_a_job_cancelled_by_rqs_client_while_queued_is_not_claimed(
    redis_url: str, queue: Queue
) -> None:
    """Job.cancel takes it off the queue; weppd does not run it."""
    job = queue.enqueue(TASK, "my-runid", 1)
    job.cancel()

    async def story(store: RedisStore) -> None:
        assert await claimed(store) == []

    play(redis_url, story)


def test_commands_of_rqs_clients_are_heard(redis_url: str, queue: Queue) -> None:
    """stop-job, kill-horse and shutdown arrive with the worker that they name."""
    job = queue.enqueue(TASK, "my-runid", 1)

    async def story(store: RedisStore) -> None:
        (claim,) = await claimed(store)
        await store.pulse(NODE, [running(claim)])
        commands = store.commands(NODE.workers)
        first = asyncio.ensure_future(anext(commands))
        channel = "rq:pubsub:n.3"
        while not queue.connection.pubsub_numsub(channel)[0][1]:
            await asyncio.sleep(0.01)
        send_stop_job_command(queue.connection, job.id)
        heard = await first
        assert (heard.worker, heard.verb, heard.job) == ("n.1", "stop-job", job.id)
        send_shutdown_command(queue.connection, "n.3")
        heard = await anext(commands)
        assert (heard.worker, heard.verb) == ("n.3", "shutdown")
        send_kill_horse_command(queue.connection, "n.1")
        assert (await anext(commands)).verb == "kill-horse"
        await commands.aclose()

    play(redis_url, story)


def test_rq_suspend_stops_claims(redis_url: str, queue: Queue) -> None:
    """`rq suspend` and `rq resume` work on weppd as on rq's workers."""
    queue.enqueue(TASK, "my-runid", 1)

    async def story(store: RedisStore) -> None:
        suspend(queue.connection)
        assert await claimed(store) == []
        assert (await store.pulse(NODE, [])).suspended
        resume(queue.connection)
        assert len(await claimed(store)) == 1

    play(redis_url, story)


def test_a_failed_job_requeued_by_rqs_client_runs_again(redis_url: str, queue: Queue) -> None:
    """requeue of a failed job gives a new execution, whose end is its own."""
    job = queue.enqueue(TASK, "my-runid", 1)

    async def story(store: RedisStore) -> None:
        (claim,) = await claimed(store)
        await ended(store, claim, a_failure())
        FailedJobRegistry(queue=queue).requeue(job.id)
        (again,) = await claimed(store)
        assert again.eid != claim.eid
        await ended(store, again)
        assert job.get_status(refresh=True) == JobStatus.FINISHED

    play(redis_url, story)


def test_what_the_store_enqueues_is_a_job_to_rq(redis_url: str, queue: Queue) -> None:
    """rq reads function, arguments, timeout, meta and description of a job that weppd enqueued."""

    async def story(store: RedisStore) -> None:
        spec = a_job("r", timeout=60, meta={"a": 1}, kwargs={"wepp_bin": None}, result_ttl=5)
        (jid,) = await store.enqueue([spec])
        seen = Job.fetch(jid, connection=queue.connection)
        assert (seen.func_name, tuple(seen.args), seen.kwargs) == (
            TASK,
            ("r", 7),
            {"wepp_bin": None},
        )
        assert (seen.timeout, seen.result_ttl, seen.meta) == (60, 5, {"a": 1})
        assert seen.description == f"{TASK}('r', 7, wepp_bin=None)"
        assert queue.job_ids == [jid]

    play(redis_url, story)


def test_a_cancelled_job_is_forgotten_as_a_failed_one_is(
    redis_url: str, redis_client: redis.Redis
) -> None:
    """After its failure_ttl, or a year; what is gone loses its place among the cancelled too."""
    queue = Queue("default", connection=redis_client)
    brief = queue.enqueue(TASK, "my-runid", 7, failure_ttl=30)
    long = queue.enqueue(TASK, "my-runid", 7)
    kept = queue.enqueue(TASK, "my-runid", 7, failure_ttl=-1)

    async def story(store: RedisStore) -> None:
        for job in (brief, long, kept):
            assert (await store.cancel(job.id, "not wanted")).state == "canceled"

    play(redis_url, story)
    assert 0 < redis_client.ttl(brief.key) <= 30
    assert redis_client.ttl(long.key) > 31_000_000
    assert redis_client.ttl(kept.key) == -1
    redis_client.delete(brief.key)
    late = queue.enqueue(TASK, "my-runid", 7)

    async def again(store: RedisStore) -> None:
        await store.cancel(late.id, "nor this")

    play(redis_url, again)
    assert set(queue.canceled_job_registry.get_job_ids(cleanup=False)) == {
        long.id,
        kept.id,
        late.id,
    }


def test_json_jobs_run_and_their_meta_stays_json(redis_url: str, redis_client: redis.Redis) -> None:
    """A queue with rq's json serializer: the claim says so, meta and result are JSON to rq."""
    queue = Queue("default", connection=redis_client, serializer="json")
    job = queue.enqueue(TASK, "my-runid", 7, meta={"mine": 1})

    async def story(store: RedisStore) -> None:
        (claim,) = await claimed(store)
        assert (claim.job.serializer, claim.job.runid) == ("json", "my-runid")
        await store.began(claim, "n.1", 4711, time.time())
        await ended(store, claim, Finished(b"42"))

    play(redis_url, story)
    seen = Job.fetch(job.id, connection=redis_client, serializer="json")
    assert seen.return_value() == 42
    assert seen.meta == {"mine": 1, "pid": 4711, "runid": "my-runid"}


def test_a_value_of_none_is_no_result_entry(redis_url: str, queue: Queue) -> None:
    """A function that returned None shows None, as with rq's worker."""
    job = queue.enqueue(TASK, "my-runid", 7)

    async def story(store: RedisStore) -> None:
        (claim,) = await claimed(store)
        await ended(store, claim, Finished(None))

    play(redis_url, story)
    ((_, entry),) = queue.connection.xrange(f"rq:results:{job.id}")
    assert b"return_value" not in entry
    assert Job.fetch(job.id, connection=queue.connection).return_value() is None


def test_an_execution_is_shown_once_it_is_known_to_run_and_leaves_nothing(
    redis_url: str, queue: Queue
) -> None:
    """A job that is over at once has none; one that runs has one until its end."""
    jobs = [queue.enqueue(TASK, "my-runid", number) for number in (1, 2)]

    def executions() -> list[int]:
        return [len(Job.fetch(j.id, connection=queue.connection).get_executions()) for j in jobs]

    async def story(store: RedisStore) -> None:
        first, second = await claimed(store, 2)
        assert executions() == [0, 0]
        await store.began(second, "n.2", 4711, time.time())
        assert executions() == [0, 1]
        assert [await ended(store, claim) for claim in (first, second)] == [Answer.OK] * 2
        assert executions() == [0, 0]

    play(redis_url, story)
    assert list(queue.connection.scan_iter("rq:*execution*")) == []


def test_an_end_that_cannot_be_written_takes_no_other_along(redis_url: str, queue: Queue) -> None:
    """What stands where a result belongs is its job's trouble: the others' ends are on record."""
    jobs = [queue.enqueue(TASK, "my-runid", number) for number in (1, 2, 3)]

    async def story(store: RedisStore) -> None:
        claims = await claimed(store, 3)
        queue.connection.set(f"rq:results:{jobs[1].id}", "no stream")
        with pytest.raises(StoreError, match="WRONGTYPE"):
            await store.exchange([an_end(claim) for claim in claims], None)

    play(redis_url, story)
    seen = [Job.fetch(job.id, connection=queue.connection).get_status() for job in jobs]
    assert (seen[0], seen[2]) == (JobStatus.FINISHED, JobStatus.FINISHED)


def begun_by_rq(redis_client: redis.Redis, queue: Queue, *, heard_for_s: float) -> Job:
    """A job that a worker of RQ's own has begun, from which it promised to be heard so long."""
    job = queue.enqueue(TASK, "my-run", 1)
    redis_client.lrem(queue.key, 0, job.id)
    redis_client.hset(job.key, mapping={"status": "started", "worker_name": "theirs"})
    redis_client.zadd(f"rq:wip:{queue.name}", {f"{job.id}:e": time.time() + heard_for_s})
    return job


def test_what_a_killed_worker_of_rq_had_begun_has_failed_and_what_waits_for_it_falls(
    redis_client, redis_url, queue
):
    """By name, to be retried by who wishes; RQ leaves it started until a worker of its looks."""
    left = begun_by_rq(redis_client, queue, heard_for_s=-1)
    behind = queue.enqueue(TASK, "my-run", 2, depends_on=left)

    async def story(store: RedisStore) -> None:
        assert await store.free_deferred("n") == 1
        view = await store.job(left.id)
        assert view.status == "failed"
        assert view.reason == "worker theirs of RQ, which ran it, is gone"
        assert FailedJobRegistry(queue=queue).get_job_ids(cleanup=False) == [left.id]
        assert (await store.job(behind.id)).status == "canceled"
        assert await store.free_deferred("n") == 0
        assert (await store.retry(left.id)).state == "ok"
        assert (await store.job(behind.id)).status == "deferred"

    play(redis_url, story)
    assert StartedJobRegistry(queue=queue).get_job_ids(cleanup=False) == []


def test_what_a_killed_worker_of_rq_had_begun_waits_again_if_it_has_retries_left(
    redis_client, redis_url, queue
):
    """One of its retries is spent, as RQ's workers would have it."""
    left = begun_by_rq(redis_client, queue, heard_for_s=-1)
    redis_client.hset(left.key, "retries_left", 2)

    async def story(store: RedisStore) -> None:
        assert await store.free_deferred("n") == 1
        assert (await store.job(left.id)).status == "queued"

    play(redis_url, story)
    assert queue.get_job_ids() == [left.id]
    assert Job.fetch(left.id, connection=queue.connection).retries_left == 1


def test_what_a_worker_of_rq_was_killed_over_as_it_took_it_is_the_first_again(
    redis_client, redis_url, queue
):
    """It lay in the intermediate list for a minute, not begun; a younger one is left there."""
    old, young, other = (queue.enqueue(TASK, "my-run", n) for n in range(3))
    taken = f"{queue.key}:intermediate"
    for job in (old, young):
        redis_client.lrem(queue.key, 0, job.id)
        redis_client.rpush(taken, job.id)
    redis_client.set(f"{taken}:first_seen:{old.id}", time.time() - 61)

    async def story(store: RedisStore) -> None:
        assert await store.free_deferred("n") == 1
        assert await store.free_deferred("n") == 0

    play(redis_url, story)
    assert queue.get_job_ids() == [old.id, other.id]
    assert redis_client.lrange(taken, 0, -1) == [young.id.encode()]


def test_what_a_living_worker_of_rq_has_begun_is_left_to_it(redis_client, redis_url, queue):
    """Its record stands, or it has promised to be heard later than now: either is enough."""
    late = begun_by_rq(redis_client, queue, heard_for_s=60)

    async def story(store: RedisStore) -> None:
        assert await store.free_deferred("n") == 0
        redis_client.zadd(f"rq:wip:{queue.name}", {f"{late.id}:e": 1})
        redis_client.hset("rq:worker:theirs", "birth", "x")
        assert await store.free_deferred("n") == 0
        assert (await store.job(late.id)).status == "started"

    play(redis_url, story)
