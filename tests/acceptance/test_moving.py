"""Coming from RQ, and going back to it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import redis
from rq import Queue, SimpleWorker

from tests.acceptance.conftest import ENV
from tests.waiting import eventually


def test_start_worker_becomes_weppd(daemon):
    """A program that called the seed's start_worker() is weppd from then on, by the same pid."""
    call = f"import weppd; weppd.start_worker({str(daemon.config)!r}); print('came back')"
    env = {**ENV, "TEST_MARK": daemon.mark}
    with open(daemon.home / "stderr", "ab") as log:
        daemon.process = subprocess.Popen([sys.executable, "-c", call], env=env, stderr=log)
    eventually(lambda: daemon.ctl("status")[0] == 0, within=60)
    assert json.loads(daemon.ctl("status", "--json")[1])["pid"] == daemon.process.pid
    job = daemon.queue().enqueue("tasks.noop.noop")
    assert daemon.ends(job.id)["state"] == "finished"
    assert daemon.stop() == 0


def test_what_is_handed_back_is_rqs(daemon):
    """Jobs that ran go back to the head of their queue, nothing of ours stays on RQ's lists, and
    RQ's own worker takes them from there."""
    daemon.tables["security"] = {"allow": ["time.sleep", "os.getpid"]}
    daemon.start()
    with redis.Redis.from_url(daemon.url) as connection:
        queue = Queue("default", connection=connection)
        running = [queue.enqueue("time.sleep", 600 + n) for n in range(2)]
        eventually(lambda: all(daemon.state(job.id) == "started" for job in running), within=30)
        waiting = queue.enqueue("os.getpid")
        connection.zadd("rq:wip:default", {"nobody:0123": float("inf")})
        code, out, err = daemon.ctl("drain", "--handback", "--json")
        assert code == 0, err
        answer = json.loads(out)
        assert (answer["mood"], answer["running"], answer["scrubbed"]) == ("paused", 0, 1)
        assert connection.zcard("rq:wip:default") == 0
        assert sorted(queue.job_ids) == sorted([*(job.id for job in running), waiting.id])
        assert [job.get_status(refresh=True) for job in running] == ["queued", "queued"]
        assert daemon.stop() == 0
        for job in running:
            queue.remove(job)
        worker = SimpleWorker([queue], connection=connection)
        before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
        worker.work(burst=True)
        # RQ's worker takes them for itself, and keeps them: the suite would be deaf to its end.
        for number, handler in before.items():
            signal.signal(number, handler)
        assert waiting.get_status(refresh=True) == "finished"
