"""A job's way through a real weppd, seen by producers and through weppdctl."""

from __future__ import annotations

import json
import pickle
import zlib

import redis
import rq
from rq.job import Job

from tests.waiting import eventually


def test_a_job_enqueued_by_our_client_runs_and_its_result_is_there(daemon):
    """A job that weppd.client enqueues finishes, and its result can be read by the client."""
    daemon.start()
    job = daemon.queue().enqueue("tasks.noop.sleep", 0.01)
    shown = daemon.ends(job.id)
    assert shown["state"] == "finished"
    assert shown["result"] == "0.01"
    assert job.get_status() == "finished"
    assert job.result() == 0.01


def test_a_job_of_the_real_rq_runs_and_rq_sees_it(daemon):
    """rq's own Queue and Job work unchanged: started, finished, result, times, worker."""
    daemon.start()
    connection = redis.Redis.from_url(daemon.url)
    gate = daemon.home / "gate"
    job = rq.Queue("default", connection=connection).enqueue("tasks.noop.until", str(gate))
    eventually(lambda: job.get_status() == "started", within=10)
    gate.touch()
    eventually(lambda: job.get_status() == "finished", within=10)
    again = Job.fetch(job.id, connection=connection)
    assert again.return_value() == str(gate)
    assert again.worker_name.startswith("node.")
    assert again.started_at <= again.ended_at
    assert again.meta["pid"] > 0
    assert connection.ttl(f"rq:job:{job.id}") > 600_000
    connection.close()


def test_a_failing_job_shows_its_traceback(daemon):
    """rq sees failed, the traceback in exc_info and in meta; weppdctl one line."""
    daemon.start()
    connection = redis.Redis.from_url(daemon.url)
    job = rq.Queue("default", connection=connection).enqueue("tasks.noop.fail", "no such valley")
    shown = daemon.ends(job.id)
    assert shown["state"] == "failed"
    assert "no such valley" in shown["error"]
    again = Job.fetch(job.id, connection=connection)
    assert again.get_status() == "failed"
    assert "RuntimeError: no such valley" in again.latest_result().exc_string
    assert "no such valley" in again.meta["exc_string"]
    connection.close()


def test_the_seed_s_own_names_run(daemon):
    """A payload that names wepppy.rq.* is read as tasks.*, before the allow-list."""
    daemon.tables["tasks"]["alias"] = {"wepppy.rq": "tasks"}
    daemon.start()
    job = daemon.queue().enqueue("wepppy.rq.noop.sleep", 0.0)
    assert daemon.ends(job.id)["state"] == "finished"


def test_bad_payloads_fail_by_name_and_the_daemon_carries_on(daemon):
    """An unknown task and a pickle that would run code fail with one clear line each."""
    daemon.start()
    unknown = daemon.queue().enqueue("tasks.noop.nope")
    shown = daemon.ends(unknown.id)
    assert shown["state"] == "failed"
    assert "unknown task 'tasks.noop.nope'" in shown["error"]
    evil = daemon.queue().enqueue("tasks.noop.noop")
    daemon.ends(evil.id)
    marker = daemon.home / "owned"
    payload = _evil(f"touch {marker}")
    connection = redis.Redis.from_url(daemon.url)
    bad = daemon.queue().enqueue("tasks.noop.noop", 1, job_id="bad", at_front=True)
    daemon.ends(bad.id)
    connection.hset("rq:job:evil", mapping={"data": zlib.compress(payload), "origin": "default"})
    connection.hset("rq:job:evil", mapping={"created_at": "2026-01-01T00:00:00.000000Z"})
    connection.rpush("rq:queue:default", "evil")
    shown = daemon.ends("evil")
    assert shown["state"] == "failed"
    assert len(shown["error"].splitlines()) == 1
    assert not marker.exists()
    good = daemon.queue().enqueue("tasks.noop.sleep", 0.0)
    assert daemon.ends(good.id)["state"] == "finished"
    connection.close()


class _Shell:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        import os

        return os.system, (self.command,)


def _evil(command: str) -> bytes:
    return pickle.dumps(("tasks.noop.noop", None, (_Shell(command),), {}))


def test_queues_are_served_in_strict_order(daemon):
    """With one slot, all of high runs before default, and default before low."""
    daemon.tables["daemon"]["slots"] = 1
    ids = {}
    for name in ("low", "default", "high"):
        ids[name] = [daemon.queue(name).enqueue("tasks.noop.sleep", 0.0).id for _ in range(3)]
    daemon.start()
    ends = {name: [daemon.ends(jid)["ended_at"] for jid in ids[name]] for name in ids}
    assert max(ends["high"]) <= min(ends["default"])
    assert max(ends["default"]) <= min(ends["low"])


def test_rq_info_sees_slots_as_workers(daemon):
    """rq's Worker.all lists one worker for each slot, with its queues."""
    daemon.start()
    connection = redis.Redis.from_url(daemon.url)
    eventually(lambda: len(rq.Worker.all(connection=connection)) == 2, within=15)
    workers = {w.name: w for w in rq.Worker.all(connection=connection)}
    assert set(workers) == {"node.1", "node.2"}
    assert workers["node.1"].queue_names() == ["high", "default", "low"]
    connection.close()


def test_status_and_jobs_answer_in_json(daemon):
    """weppdctl status and jobs have a machine-readable form."""
    daemon.start()
    job = daemon.queue().enqueue("tasks.noop.sleep", 30)
    eventually(lambda: daemon.state(job.id) == "started", within=10)
    code, out, _ = daemon.ctl("status", "--json")
    status = json.loads(out)
    assert code == 0
    assert job.id in [slot["job"] for slot in status["slots"]]
    code, out, _ = daemon.ctl("jobs", "--json")
    assert job.id in [row["id"] for row in json.loads(out)["jobs"]]
    assert daemon.ctl("show", "nobody")[0] == 4
