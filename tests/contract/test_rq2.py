"""rq 2.10, in an environment of its own: its clients see weppd's jobs and workers as its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.build import NODE, a_failure, claimed, ended, running
from weppd.store.server.redis import RedisStore

Told = Callable[..., Any]

SCRIPT = """
import json, sys
from redis import Redis
from rq import Queue, Worker
from rq.job import Job
from rq.registry import FailedJobRegistry, FinishedJobRegistry, StartedJobRegistry
connection, verb = Redis.from_url(sys.argv[1]), sys.argv[2]
queue = Queue("default", connection=connection)
if verb == "enqueue":
    print(json.dumps(queue.enqueue("tasks.wepp_rq.run_hillslope_rq", "my-run", 7).id))
elif verb == "job":
    job = Job.fetch(sys.argv[3], connection=connection)
    result = job.latest_result()
    print(json.dumps({
        "status": job.get_status().value, "worker": job.worker_name, "meta": job.meta,
        "value": job.return_value(), "text": result and result.exc_string,
        "started": bool(job.started_at), "ended": bool(job.ended_at),
    }))
else:
    workers = Worker.all(connection=connection)
    registries = (StartedJobRegistry, FinishedJobRegistry, FailedJobRegistry)
    print(json.dumps({
        "workers": {w.name: [w.get_state(), w.get_current_job_id()] for w in workers},
        "counts": [registry(queue=queue).count for registry in registries],
        "queued": queue.count,
    }))
"""


@pytest.fixture
def told(rq2_python: Path, redis_url: str) -> Told:
    """Ask rq 2.10: `told(verb, *args)`."""

    def ask(*args: str) -> Any:
        command = [str(rq2_python), "-c", SCRIPT, redis_url, *args]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    return ask


@pytest.mark.slow
def test_rq_2_sees_its_job_run_on_weppd(redis_url: str, told: Told) -> None:
    """Enqueue, started, finished, failed, workers and counts, all by rq 2.10's own classes."""

    async def story() -> None:
        store = RedisStore(redis_url)
        await store.open()
        good, bad = told("enqueue"), told("enqueue")
        one, two = await claimed(store, 2)
        await store.began(one, "n.1", 4711, time.time())
        await store.pulse(NODE, [running(one), running(two, "n.2")])
        seen = told("job", good)
        assert (seen["status"], seen["worker"], seen["started"]) == ("started", "n.1", True)
        assert seen["meta"] == {"pid": 4711, "runid": "my-run"}
        info = told("info")
        assert info["workers"] == {
            "n.1": ["busy", good],
            "n.2": ["busy", bad],
            "n.3": ["idle", None],
        }
        assert (info["counts"], info["queued"]) == ([2, 0, 0], 0)
        await ended(store, one)
        await ended(store, two, a_failure("the traceback"))
        seen = told("job", good)
        assert (seen["status"], seen["value"], seen["ended"]) == ("finished", 42, True)
        seen = told("job", bad)
        assert (seen["status"], seen["text"]) == ("failed", "the traceback")
        assert seen["meta"]["exc_string"] == "the traceback"
        assert told("info")["counts"] == [0, 1, 1]
        await store.close()

    asyncio.run(story())
