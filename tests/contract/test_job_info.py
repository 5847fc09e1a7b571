"""Trees as web pages read them, and cancels from there, against a real server."""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from tests.contract.build import a_failure, a_job, claimed, ended
from weppd import cancel_job, job_info
from weppd.model import Finished
from weppd.store.server.redis import RedisStore


def play(url: str, story: Callable[[RedisStore], Awaitable[Any]]) -> Any:
    """Play a story on a store."""

    async def whole() -> Any:
        store = RedisStore(url)
        await store.open()
        try:
            return await story(store)
        finally:
            await store.close()

    return asyncio.run(whole())


def plant(url: str) -> None:
    """A dispatcher that is over, with two stages below it, one of them with a child of its own."""

    async def story(store: RedisStore) -> None:
        await store.enqueue([a_job(id="root")])
        (root,) = await claimed(store)
        await store.enqueue(
            [
                a_job(id="soils", parent="root", label="jobs:0,func:soils"),
                a_job(id="hills", parent="root", label="jobs:1,func:hills"),
                a_job(id="last", parent="root", label="jobs:10,func:last", depends_on=("hills",)),
            ]
        )
        await store.began(root, "n.1", 1, 1_700_000_000.0)
        await ended(store, root, Finished(pickle.dumps({"n": 2, "at": (1, float("nan"))})))
        soils, hills = await claimed(store, 2)
        await store.enqueue([a_job(id="h7", parent="hills", label="jobs:0,func:hill7")])
        await ended(store, soils, a_failure())
        await store.progress("hills", {"done": 3, "total": 9, "note": "hills"})
        assert hills.job.id == "hills"

    play(url, story)


def test_a_tree_is_shown_by_stages_with_results_and_failures(redis_url: str) -> None:
    """Children stand under their order, whose numbers count; everything is JSON."""
    plant(redis_url)
    info = job_info.get_wepppy_rq_job_info("root", redis_url)
    assert json.loads(json.dumps(info)) == info
    assert (info["id"], info["status"], info["runid"]) == ("root", "finished", "my-run")
    assert info["result"] == {"n": 2, "at": [1, None]}
    assert list(info["children"]) == ["0", "1", "10"]
    (soils,), (hills,), (last,) = info["children"].values()
    assert soils["status"] == "failed"
    assert "no such hillslope" in soils["exc_info"]
    assert hills["progress"] == {"done": 3, "total": 9, "note": "hills"}
    assert hills["elapsed_s"] >= 0
    assert [node["id"] for node in hills["children"]["0"]] == ["h7"]
    assert (last["status"], last["started_at"], last["elapsed_s"]) == ("deferred", None, None)


def test_the_whole_tree_has_one_status(redis_url: str) -> None:
    """A failure anywhere is the tree's status; it has no end while a job of it has none."""
    plant(redis_url)
    status = job_info.get_wepppy_rq_job_status("root", redis_url)
    assert (status["id"], status["status"], status["ended_at"]) == ("root", "failed", None)
    assert status["progress"]["completed"] == 2
    assert status["progress"]["total"] == 5
    assert job_info.get_wepppy_rq_job_status("nobody", redis_url) == {
        "id": "nobody",
        "status": "not_found",
    }


def test_what_has_expired_is_none_or_not_found(redis_url: str, redis_client: redis.Redis) -> None:
    """A tree outlives its members: a lost child is None, a lost root is named as such."""
    plant(redis_url)
    redis_client.delete("rq:job:soils")
    found = job_info.get_wepppy_rq_jobs_info(["root", "nobody", "root"], redis_client)
    assert found["root"]["children"]["0"] == [None]
    assert found["nobody"] == {"id": "nobody", "status": "not_found"}
    assert list(found) == ["root", "nobody"]


@pytest.mark.parametrize("serializer", [None, JSONSerializer])
def test_trees_that_rq_s_clients_made_are_read_too(
    redis_url: str, redis_client: redis.Redis, serializer: Any
) -> None:
    """A parent that saved its children's ids in its meta, in RQ's way, shows them."""
    queue = Queue("default", connection=redis_client, serializer=serializer)
    root, child = (queue.enqueue("tasks.noop.noop", "my-run", n) for n in (1, 2))
    root.meta["jobs:2,func:noop"] = child.id
    root.meta["jobs:finalize:x"] = "gone"
    root.save_meta()
    info = job_info.get_wepppy_rq_job_info(root.id, redis_url)
    assert [node["id"] for node in info["children"]["2"]] == [child.id]
    assert info["children"]["finalize:x"] == [None]
    assert info["runid"] == "my-run"


def test_a_ring_of_jobs_is_still_json(redis_url: str, redis_client: redis.Redis) -> None:
    """Two jobs that name each other as children do not hang the page, nor the cancel."""
    queue = Queue("default", connection=redis_client)
    one, two = (queue.enqueue("tasks.noop.noop") for _ in range(2))
    for job, other in ((one, two), (two, one)):
        job.meta["jobs:0,func:x"] = other.id
        job.save_meta()
    assert json.dumps(job_info.get_wepppy_rq_job_info(one.id, redis_url))
    assert cancel_job.cancel_jobs(one.id, redis_url) == {"status": "ok"}
    assert queue.count == 0


def test_reading_runs_nothing_of_a_result(redis_url: str) -> None:
    """A result whose pickle would run something is named by its size."""
    evil_pickle = b"\x80\x02cos\nsystem\n(U\x04echotR."

    async def story(store: RedisStore) -> None:
        await store.enqueue([a_job(id="evil")])
        (evil,) = await claimed(store)
        await ended(store, evil, Finished(evil_pickle))

    play(redis_url, story)
    result = job_info.get_wepppy_rq_job_info("evil", redis_url)["result"]
    assert result == f"<a result of {len(evil_pickle)} bytes that is no plain data>"


def test_cancel_jobs_answers_as_weppclouds_does(redis_url: str) -> None:
    """ok for a tree, through its finished root; the known error for a job that never was."""
    plant(redis_url)
    assert cancel_job.cancel_jobs("root", redis_url) == {"status": "ok"}
    assert cancel_job.cancel_jobs("nobody", redis_url) == {"error": "Job not found"}
    status = job_info.get_wepppy_rq_job_info("root", redis_url)["children"]
    assert status["10"][0]["status"] == "canceled"
    assert status["1"][0]["children"]["0"][0]["status"] == "canceled"


def test_the_worker_of_a_running_job_is_told(redis_url: str, redis_client: redis.Redis) -> None:
    """A cancel from afar is heard at once where the job runs: by weppd, and by RQ's own workers."""
    plant(redis_url)
    redis_client.hset("rq:job:last", mapping={"status": "started", "worker_name": "stock"})
    redis_client.hset("rq:worker:stock", "birth", "now")
    with redis_client.pubsub() as heard:
        heard.psubscribe("rq:pubsub:*")
        assert heard.get_message(timeout=5)
        done = cancel_job.cancel_tree("root", redis_url)
        assert {(asked.job, asked.node) for asked in done.running} == {("hills", "n"), ("last", "")}
        messages = [heard.get_message(timeout=5) for _ in range(2)]
    said = {m["channel"]: json.loads(m["data"])["command"] for m in messages if m}
    assert said == {b"rq:pubsub:n.2": "weppd-cancel", b"rq:pubsub:stock": "stop-job"}
