"""What a job's own times mean, as rq writes them: retries, repeats, schedules, lives."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest
import redis
from rq import Queue, Repeat, Retry
from rq.job import Job

from tests.acceptance.conftest import ROOT
from tests.waiting import eventually

TASKS = "tests.acceptance.timetasks"


@pytest.fixture
def timed(daemon):
    """A daemon that knows the tasks, an rq queue, and its connection."""
    daemon.tables["tasks"] = {"modules": [TASKS, "tasks.noop"]}
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(ROOT)}}
    daemon.tables["cancel"] = {"usr1_grace": 0.3, "term_grace": 0.2}
    daemon.start()
    with redis.Redis.from_url(daemon.url) as connection:
        yield daemon, Queue("default", connection=connection), connection


def moments(path):
    """When the task was called, in seconds of the epoch."""
    return [float(line) for line in path.read_text().split()] if path.exists() else []


def test_a_retry_waits_for_as_long_as_it_was_told(timed, tmp_path):
    """Retry(max=2, interval=[1, 2]): three calls, at least a second and two apart; then failed."""
    _, queue, connection = timed
    log = tmp_path / "log"
    job = queue.enqueue(f"{TASKS}.fail", str(log), retry=Retry(max=2, interval=[1, 2]))
    eventually(lambda: job.get_status().value == "scheduled", within=15)
    eventually(lambda: job.get_status().value == "failed", within=20)
    first, second, third = moments(log)
    assert second - first >= 1
    assert third - second >= 2
    assert Job.fetch(job.id, connection=connection).retries_left == 0


def test_a_repeat_goes_round_as_often_as_it_was_told(timed, tmp_path):
    """Repeat(times=2, interval=1): three calls, the last result stays."""
    _, queue, connection = timed
    log = tmp_path / "log"
    job = queue.enqueue(f"{TASKS}.note", str(log), repeat=Repeat(times=2, interval=1))
    eventually(lambda: len(moments(log)) == 3, within=20)
    eventually(lambda: job.get_status().value == "finished", within=10)
    first, second, third = moments(log)
    assert min(second - first, third - second) >= 1
    assert connection.hget(f"rq:job:{job.id}", "repeats_left") == b"0"


def test_a_job_of_tomorrow_waits_and_one_of_the_past_runs(timed, tmp_path):
    """enqueue_at: in its moment, not before; what was due while weppd was away runs at once."""
    daemon, queue, _ = timed
    log = tmp_path / "log"
    now = datetime.now(timezone.utc)
    late = queue.enqueue_at(now + timedelta(days=1), f"{TASKS}.note", str(tmp_path / "never"))
    soon = queue.enqueue_in(timedelta(seconds=2), f"{TASKS}.note", str(log))
    daemon.kill()
    eventually(lambda: time.time() > now.timestamp() + 2, within=10)
    daemon.start()
    eventually(lambda: soon.get_status().value == "finished", within=15)
    assert moments(log)[0] >= now.timestamp() + 2
    assert late.get_status().value == "scheduled"
    assert not (tmp_path / "never").exists()


def test_a_job_lives_as_long_as_it_was_told(timed, tmp_path):
    """result_ttl and failure_ttl are the lives of the ended; a ttl that is over in the queue ends
    the wish itself."""
    daemon, queue, connection = timed
    log = str(tmp_path / "log")
    done = queue.enqueue(f"{TASKS}.note", log, result_ttl=70)
    gone = queue.enqueue(f"{TASKS}.note", log, result_ttl=0)
    kept = queue.enqueue(f"{TASKS}.note", log, result_ttl=-1)
    failed = queue.enqueue(f"{TASKS}.fail", log, failure_ttl=90)
    eventually(lambda: not connection.exists(f"rq:job:{gone.id}"), within=15)
    eventually(lambda: failed.get_status().value == "failed", within=15)
    eventually(lambda: kept.get_status().value == "finished", within=15)
    assert 60 < connection.ttl(f"rq:job:{done.id}") <= 70
    assert 80 < connection.ttl(f"rq:job:{failed.id}") <= 90
    assert connection.ttl(f"rq:job:{kept.id}") == -1
    assert daemon.ctl("drain")[0] == 0
    late = queue.enqueue(f"{TASKS}.note", str(tmp_path / "never"), ttl=1)
    eventually(lambda: not connection.exists(f"rq:job:{late.id}"), within=10)
    last = queue.enqueue(f"{TASKS}.note", log)
    assert daemon.ctl("resume")[0] == 0
    assert daemon.ends(last.id)["state"] == "finished"
    assert not (tmp_path / "never").exists()


def test_a_child_has_the_operator_s_timeout_and_not_rq_s(timed):
    """What a task enqueues without a word may run for twelve hours, and is shown so."""
    daemon, _, _ = timed
    parent = daemon.queue().enqueue(f"{TASKS}.parent")
    daemon.ends(parent.id)
    child = parent.result()
    eventually(lambda: daemon.state(child) == "started", within=10)
    assert daemon.show(child)["timeout"] == 43_200
    assert "12h" in daemon.ctl("show", child)[1]
    assert daemon.ctl("cancel", child)[0] == 0


def test_a_timeout_climbs_the_ladder_and_is_named(timed, tmp_path):
    """At its deadline the task unwinds, what is deaf meets SIGKILL, the job failed by that name."""
    daemon, queue, _ = timed
    job = queue.enqueue(f"{TASKS}.unwinds", str(tmp_path), job_timeout=1)
    shown = daemon.ends(job.id)
    assert shown["state"] == "failed"
    assert "longer than its timeout of 1 s" in shown["error"]
    assert (tmp_path / "unwound").exists()
    assert shown["rungs"]["USR1"] >= 1
    assert shown["rungs"].get("KILL", 0) >= 1
