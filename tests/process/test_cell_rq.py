"""Tasks written for RQ run unchanged in a cell: current job, meta, Retry, callbacks; 3.x, 2.x."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process.conftest import ALLOW
from tests.process.fakeweppd import FakeWeppd

ENQUEUE = """
import json, sys
from redis import Redis
from rq import Queue
connection = Redis.from_url(sys.argv[1])
job = Queue("default", connection=connection).enqueue(sys.argv[2], *json.loads(sys.argv[3]))
print(json.dumps([job.id, connection.hget(job.key, "data").hex()]))
"""


@pytest.fixture(params=["3", pytest.param("2", marks=pytest.mark.slow)])
def rq(request, tmp_path, redis_url):
    """A fake weppd with a cell under an interpreter that has rq, and `enqueue` of that rq."""
    python = sys.executable if request.param == "3" else request.getfixturevalue("rq2_python")
    fake = FakeWeppd(tmp_path, str(python))
    fake.spawn(extra={"PYTHONPATH": str(Path(__file__).parent)})
    ready = fake.set_up(modules=["celltasks"], allow=ALLOW, settings={"redis": {"url": redis_url}})
    assert ready["problems"] == []
    fake.fork(1)

    def enqueue(function, *args):
        out = subprocess.run(
            [str(python), "-c", ENQUEUE, redis_url, function, json.dumps(args)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        job, data = json.loads(out.stdout)
        return {"function": function, "job": job, "data": bytes.fromhex(data)}

    fake.enqueue = enqueue
    yield fake
    fake.close()


def test_current_job_and_meta(rq, redis_client):
    """rq.get_current_job() is this job, also when rq is imported inside it; save_meta works."""
    job = rq.enqueue("celltasks.rq_current", "here")
    over = rq.run(**job)
    assert over["verdict"] == {"kind": "finished", "none": False}, over["body"].decode()
    assert pickle.loads(over["body"]) == (job["job"], ("here",))
    assert pickle.loads(redis_client.hget(f"rq:job:{job['job']}", "meta")) == {"seen": "here"}


def test_current_job_of_each_job_in_a_reused_process(rq):
    """A process that serves several jobs gives each its own current job."""
    for _ in range(2):
        job = rq.enqueue("celltasks.rq_current", "x")
        over = rq.run(**job, jobs_per_child=5)
        assert over["status"] is None
        assert pickle.loads(over["body"])[0] == job["job"]


def test_returned_retry(rq):
    """A returned rq.Retry is a verdict of its own."""
    verdict = rq.run(**rq.enqueue("celltasks.rq_retry"))["verdict"]
    assert (verdict["kind"], verdict["max"], verdict["interval"]) == ("retry", 3, 5)


def test_callbacks(rq, redis_client):
    """Success and failure callbacks are called as RQ calls them, before the job is over."""
    job = rq.enqueue("celltasks.echo", 1)
    rq.run(**job, on_success=["celltasks.rq_success", 60])
    assert redis_client.get(f"called:{job['job']}") == b"success ((1,), {})"
    job = rq.enqueue("celltasks.fail", "why")
    over = rq.run(**job, on_failure=["celltasks.rq_failure", 60])
    assert over["verdict"]["message"] == "why"
    assert redis_client.get(f"called:{job['job']}") == b"failure ValueError why True"


def test_callback_of_a_stopped_job(rq, redis_client):
    """The stopped callback is called in a process of its own, before the job is over."""
    job = rq.enqueue("celltasks.wait")
    eid = rq.start(**job, on_stopped=["celltasks.rq_stopped", 60])
    rq.wait("began", eid=eid)
    rq.cancel(eid)
    over = rq.wait("over", eid=eid)
    assert (over["asked"], over["verdict"]) == ("cancel", {"kind": "cancelled"})
    assert redis_client.get(f"called:{job['job']}") == b"stopped"


def test_callbacks_that_fail(rq):
    """A success callback that is on no list, or takes too long, fails the job."""
    over = rq.run(**rq.enqueue("celltasks.echo"), on_success=["os.abort", 60])
    assert over["verdict"]["type"] == "UnknownTask"
    over = rq.run(**rq.enqueue("celltasks.echo"), on_success=["celltasks.rq_slow", 1])
    assert over["verdict"]["type"] == "TimeoutError"
    assert "rq_slow took over 1 s" in over["verdict"]["message"]


def test_redis_away(tmp_path):
    """Where Redis does not answer, a job that does not need it runs, and the log says why."""
    fake = FakeWeppd(tmp_path)
    try:
        fake.spawn(extra={"PYTHONPATH": str(Path(__file__).parent)})
        url = f"unix://{tmp_path}/nobody.sock?db=9"
        fake.set_up(modules=["celltasks"], allow=ALLOW, settings={"redis": {"url": url}})
        fake.fork(1)
        over = fake.run("celltasks.rq_retry")
        assert over["verdict"]["kind"] == "retry"
        assert "get_current_job() gives None" in fake.output(over["eid"])
    finally:
        fake.close()
