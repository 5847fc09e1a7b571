"""Cancelling, through weppdctl alone: nothing of the job lives afterwards."""

from __future__ import annotations

import json

import psutil
import pytest
import redis
from rq.command import send_stop_job_command

from tests.waiting import eventually


def sleepers(daemon):
    return [p for p in daemon.family() if _name(p) == "sleep"]


def _name(process):
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


@pytest.mark.parametrize("kind", ["plain", "session", "deaf", "nested"])
def test_cancel_ends_the_whole_tree(daemon, kind):
    """weppdctl cancel returns when no process of the job lives, and says which rung ended each."""
    daemon.tables["cancel"] = {"usr1_grace": 0.5, "term_grace": 0.3}
    daemon.start()
    job = daemon.queue().enqueue("tasks.noop.tree", 4, 600, kind)
    eventually(lambda: len(sleepers(daemon)) >= 4, within=15)
    code, out, err = daemon.ctl("cancel", job.id, "--json")
    assert code == 0, err
    answer = json.loads(out)
    assert sleepers(daemon) == []
    assert answer["survivors"] == 0
    assert sum(answer["rungs"].values()) >= 4
    assert daemon.state(job.id) == "stopped"


def test_cancel_of_a_queued_job_keeps_it_from_ever_running(daemon):
    """A queued job that is cancelled is canceled in RQ's word, and never starts."""
    daemon.tables["daemon"]["slots"] = 1
    daemon.start()
    first = daemon.queue().enqueue("tasks.noop.sleep", 600)
    second = daemon.queue().enqueue("tasks.noop.sleep", 600)
    eventually(lambda: daemon.state(first.id) == "started", within=10)
    assert daemon.ctl("cancel", second.id)[0] == 0
    assert daemon.state(second.id) == "canceled"
    assert daemon.ctl("cancel", first.id)[0] == 0
    third = daemon.queue().enqueue("tasks.noop.sleep", 0.0)
    assert daemon.ends(third.id)["state"] == "finished"
    assert daemon.state(second.id) == "canceled"
    listed = [job["id"] for job in json.loads(daemon.ctl("jobs", "--json")[1])["jobs"]]
    assert listed == [first.id, second.id, third.id], "stopped, canceled, finished"
    pages = [daemon.ctl("jobs", "--json", "--limit", "1", "--offset", str(n))[1] for n in range(3)]
    assert [job["id"] for page in pages for job in json.loads(page)["jobs"]] == listed
    assert daemon.ctl("jobs", "--state", "created") == (0, "no jobs\n", "")
    code, _, err = daemon.ctl("jobs", "--offset", "1000000")
    assert code == 2, err


def test_rq_s_stop_command_reaches_the_same_verb(daemon):
    """send_stop_job_command stops a running job and its processes."""
    daemon.start()
    job = daemon.queue().enqueue("tasks.noop.tree", 2, 600)
    eventually(lambda: len(sleepers(daemon)) == 2, within=15)
    connection = redis.Redis.from_url(daemon.url)
    send_stop_job_command(connection, job.id)
    assert daemon.ends(job.id)["state"] == "stopped"
    assert sleepers(daemon) == []
    connection.close()


def test_sigusr1_to_a_cell_cancels_its_job_and_to_weppd_nothing(daemon):
    """The signal that cancels is for cells; weppd and its zygotes log it and go on."""
    daemon.start()
    job = daemon.queue().enqueue("tasks.noop.sleep", 600)
    eventually(lambda: daemon.state(job.id) == "started", within=10)
    weppd = psutil.Process(daemon.process.pid)
    zygotes = [p for p in weppd.children() if "weppd.cell" in p.cmdline()]
    for process in (weppd, *weppd.children()):
        process.send_signal(10)
    assert daemon.state(job.id) == "started"
    (cell,) = [c for z in zygotes for c in z.children() if _has_job(daemon, c.pid)]
    cell.send_signal(10)
    assert daemon.ends(job.id)["state"] == "stopped"
    assert daemon.process.poll() is None


def _has_job(daemon, pid):
    _, out, _ = daemon.ctl("status", "--json")
    return pid in [slot["pid"] for slot in json.loads(out)["slots"] if slot.get("job")]


def test_a_job_at_its_timeout_fails_by_name(daemon):
    """A job over its timeout ends with its tree, and the failure names the timeout."""
    daemon.tables["cancel"] = {"usr1_grace": 0.2, "term_grace": 0.2}
    daemon.start()
    job = daemon.queue().enqueue("tasks.noop.tree", 2, 600, job_timeout=1)
    shown = daemon.ends(job.id)
    assert shown["state"] == "failed"
    assert "timeout of 1 s" in shown["error"]
    assert sleepers(daemon) == []
