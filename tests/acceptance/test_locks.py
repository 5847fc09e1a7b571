"""Locks outlive no job: whoever sees a job's end finds what it held free."""

from __future__ import annotations

import json
import os
import threading

import psutil
import pytest
import redis

from tests.acceptance.conftest import ROOT
from tests.waiting import eventually
from weppd.settings_redis import with_db

KEY = "nodb-lock:my-run:wepp.nodb"
HOLD = "tests.acceptance.locktasks.hold"


@pytest.fixture
def holding(daemon):
    """A daemon with two slots that knows the task."""
    daemon.tables["tasks"] = {"modules": ["tests.acceptance.locktasks"]}
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(ROOT)}}
    daemon.start()
    return daemon


def lock_in(daemon):
    """What stands at the lock's key, in the locks' database."""
    with redis.Redis.from_url(with_db(daemon.url, 0)) as client:
        raw = client.get(KEY)
    return raw and json.loads(raw)


def held(daemon, *args):
    """A job that holds the lock by now."""
    job = daemon.queue().enqueue(HOLD, KEY, *args)
    eventually(lambda: lock_in(daemon), within=15)
    return job


def cell_pid(daemon):
    """The cell of the job that runs."""

    def running():
        slots = json.loads(daemon.ctl("status", "--json")[1])["slots"]
        return [slot["pid"] for slot in slots if slot.get("job") and slot["pid"]]

    return eventually(running, within=10)[0]


def test_a_job_s_lock_is_let_go_at_the_end_of_its_block(holding):
    """One job at a time holds a lock; one that waits gets it, one that does not fails by name."""
    first = held(holding, 3)
    refused = holding.queue().enqueue(HOLD, KEY, 0)
    assert "is held by" in holding.ends(refused.id)["error"]
    patient = holding.queue().enqueue(HOLD, KEY, 0, 20)
    assert holding.ends(first.id)["state"] == "finished"
    assert holding.ends(patient.id)["state"] == "finished"
    assert lock_in(holding) is None


@pytest.mark.parametrize("how", ["cancel", "cancel at once", "child killed", "cell killed"])
def test_a_job_that_was_ended_by_force_leaves_no_lock(holding, how):
    """By SIGUSR1, by SIGKILL, with or without its cell: when the end is seen, the lock is gone."""
    job = held(holding, 600)
    seen = []
    watch = threading.Thread(target=lambda: seen.append(_lock_when_over(holding, job.id)))
    watch.start()
    if how.startswith("cancel"):
        grace = ["--grace", "0"] if how == "cancel at once" else []
        assert holding.ctl("cancel", job.id, *grace)[0] == 0
        assert lock_in(holding) is None
    else:
        cell = psutil.Process(cell_pid(holding))
        (cell.children()[-1] if how == "child killed" else cell).kill()
    assert holding.ends(job.id)["state"] in ("stopped", "failed")
    watch.join(30)
    assert seen == [None]


def _lock_when_over(daemon, jid):
    """The lock at the moment that the job's hash first says that it is over."""
    with redis.Redis.from_url(daemon.url) as client:
        over = (b"stopped", b"failed", b"canceled")
        eventually(lambda: client.hget(f"rq:job:{jid}", "status") in over, within=30, every=0.001)
    return lock_in(daemon)


def test_a_job_that_is_adopted_keeps_its_lock_and_lets_it_go(holding):
    """weppd is killed and comes back: the lock stood all the time, and goes with the block."""
    job = held(holding, 4)
    holding.kill()
    assert lock_in(holding) is not None
    holding.start()
    assert holding.ends(job.id)["state"] == "finished"
    assert lock_in(holding) is None
    assert "was no longer ours" not in holding.ctl("logs", job.id)[1]


def test_an_operator_sees_who_holds_what_and_frees_what_a_killed_program_left(holding):
    """A job's lock is refused while it runs; one of a process that is gone is taken away."""
    job = held(holding, 60)
    with redis.Redis.from_url(with_db(holding.url, 0)) as client:
        gone = {"token": "t", "owner": f"{os.uname().nodename}:{2**22 - 1}", "acquired_at": 1e9}
        client.set("nodb-lock:my-run:soils.nodb", json.dumps(gone), ex=21_600)
        client.hset("my-run", "locked:soils.nodb", "true")
    rows = json.loads(holding.ctl("locks", "my-run", "--json")[1])["locks"]
    assert [(row["file"], row["job"], row["lives"]) for row in rows] == [
        ("soils.nodb", None, False),
        ("wepp.nodb", job.id, True),
    ]
    code, _, refusal = holding.ctl("unlock", "my-run:wepp.nodb")
    assert (code, f"is held by job {job.id}, which runs" in refusal) == (1, True)
    assert holding.ctl("unlock", "my-run:soils.nodb")[0] == 0
    with redis.Redis.from_url(with_db(holding.url, 0)) as client:
        assert not client.exists("nodb-lock:my-run:soils.nodb")
        assert client.hget("my-run", "locked:soils.nodb") == b"false"
    assert holding.ctl("cancel", job.id)[0] == 0
    assert holding.ctl("locks")[1] == "no lock is held\n"
