"""Limits as an operator, a task's author and a producer meet them, on a real weppd."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.waiting import eventually
from weppd.limits import LimitError

HERE = Path(__file__).parent


@pytest.fixture
def limited(daemon):
    """A weppd that has not started, with limits of its own, of a queue and of a task."""
    daemon.env["PYTHONPATH"] = str(HERE)
    daemon.tables["tasks"] = {"modules": ["limittasks", "tasks.noop"]}
    daemon.tables["limits"] = {"each": {"cpu.max": "150%", "memory.max": "8G"}}
    daemon.tables["queue.low"] = {"limits": {"memory.max": "2G", "cpu.weight": "20"}}
    return daemon


def test_the_tightest_limit_holds_and_show_says_who_set_it(limited):
    """Daemon, queue, task and job each set some; the job's list names the source of each."""
    limited.start()
    job = limited.queue("low").enqueue("limittasks.modest", limits={"pids.max": 100})
    shown = limited.ends(job.id)
    assert shown["state"] == "finished"
    assert {name: (each["value"], each["source"]) for name, each in shown["limits"].items()} == {
        "cpu.max": ("80%", "task"),
        "memory.max": ("2G", "queue low"),
        "cpu.weight": ("20", "queue low"),
        "pids.max": ("100", "job"),
    }
    assert "memory.max 2G, set by the queue low" in limited.ctl("show", job.id)[1]


def test_an_operator_and_a_task_state_the_limits_of_what_they_enqueue(limited):
    """`weppdctl enqueue --limit` and `ctx.enqueue(limits=…)`: they hold; nonsense not."""
    limited.start()
    call = ("enqueue", "--wait", "--json", "limittasks.parent", "40%", "--limit")
    code, out, err = limited.ctl(*call, "pids.max=90")
    assert code == 0, err
    shown = json.loads(out)
    assert shown["limits"]["pids.max"] == {"value": "90", "source": "job"}
    child = limited.ends(shown["result"].strip("'"))
    assert child["limits"]["cpu.max"] == {"value": "40%", "source": "job"}
    code, _, err = limited.ctl(*call, "pids.max=few")
    assert code == 1
    assert "pids.max: give" in err
    code, out, _ = limited.ctl("enqueue", "--wait", "--json", "limittasks.parent", "fast")
    assert code == 1
    assert "cpu.max: give" in json.loads(out)["error"]


def test_a_producer_of_rq_says_it_in_meta(limited, redis_url):
    """`meta["limits"]` of a job that rq itself enqueued counts as the job's own limits."""
    import redis
    import rq

    limited.start()
    queue = rq.Queue("default", connection=redis.Redis.from_url(redis_url))
    job = queue.enqueue("limittasks.modest", meta={"limits": {"cpu.max": "30%"}, "who": "rq"})
    assert limited.ends(job.id)["limits"]["cpu.max"] == {"value": "30%", "source": "job"}
    wrong = queue.enqueue("limittasks.modest", meta={"limits": {"cpu.max": "fast"}})
    end = limited.ends(wrong.id)
    assert end["state"] == "failed"
    assert "job: cpu.max: give" in end["error"]
    assert "'fast'" in end["error"]


def test_nonsense_is_refused_when_it_is_enqueued(limited):
    """A producer hears at once what is wrong, and nothing is queued."""
    queue = limited.queue()
    with pytest.raises(LimitError, match=r"memory\.max: give"):
        queue.enqueue("tasks.noop.noop", limits={"memory.max": "a lot"})
    with pytest.raises(LimitError, match=r'meta\["limits"\]: cpu\.mix: there is no such limit'):
        queue.enqueue("tasks.noop.noop", meta={"limits": {"cpu.mix": 1}})
    assert queue.count == 0


def test_nonsense_in_the_settings_stops_the_start(limited):
    """`weppd --check-config` names the key and says what may be given."""
    limited.tables["limits"] = {"backend": "magic", "each": {"cpu.max": "0%"}}
    limited.tables["queue.low"] = {"limits": {"cpuset.cpus": "3-1"}}
    limited.start(wait=False)
    assert limited.process.wait(20) == 78
    for words in ("limits.backend", "limits.each: cpu.max: give", "queue.low.limits: cpuset.cpus"):
        assert words in limited.stderr


def test_claims_never_exceed_what_the_host_offers(limited):
    """Three CPUs: a job of two and two of one do not run together, and the order is the queue's."""
    limited.tables["daemon"]["slots"] = 4
    limited.tables["host"] = {"cpus": 3, "memory": "4G"}
    limited.start()
    queue = limited.queue()
    first = queue.enqueue("tasks.noop.sleep", 600.0, cpus=2)
    wide = queue.enqueue("tasks.noop.sleep", 0.0, cpus=3)
    narrow = queue.enqueue("tasks.noop.sleep", 0.0)
    eventually(lambda: limited.state(first.id) == "started", within=20)
    told = f"taken      {wide.id} waits for 3 CPUs"
    eventually(lambda: told in limited.ctl("status")[1], within=20)
    still = [limited.state(job.id) for job in (first, wide, narrow)]
    assert still[0] == "started"
    assert "finished" not in still
    limited.ctl("cancel", first.id)
    ends = [limited.ends(job.id) for job in (wide, narrow)]
    assert [end["state"] for end in ends] == ["finished", "finished"]
    assert ends[0]["started_at"] <= ends[1]["started_at"]


def test_memory_is_claimed_too(limited):
    """Four gigabytes: of two jobs that claim three each, the second waits for the first."""
    limited.tables["host"] = {"memory": "4G"}
    limited.start()
    queue = limited.queue()
    first = queue.enqueue("tasks.noop.sleep", 600.0, memory="3G", cpus=0)
    eventually(lambda: limited.state(first.id) == "started", within=20)
    second = queue.enqueue("tasks.noop.sleep", 0.0, memory="3G", cpus=0)
    third = queue.enqueue("tasks.noop.sleep", 0.0, memory="9G")
    assert limited.ctl("status")[0] == 0
    assert limited.state(second.id) != "finished"
    limited.ctl("cancel", first.id)
    assert limited.ends(second.id)["state"] == "finished"
    end = limited.ends(third.id)
    assert end["state"] == "failed"
    assert "asks for 9216 MiB of memory: this node offers 4096 MiB" in end["error"]
