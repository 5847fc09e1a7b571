"""Trees of jobs through real daemons: a cancel anywhere ends all that is below."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import redis
from rq import Queue
from rq.command import send_stop_job_command

from tests.acceptance.test_cancel import sleepers
from tests.waiting import eventually
from weppd.cancel_job import cancel_jobs
from weppd.job_info import get_wepppy_rq_job_info, get_wepppy_rq_job_status, members

FOREIGN = Path(__file__).parent / "foreign"
OVER = ("finished", "failed", "stopped", "canceled")


def prepare(daemon, slots=2):
    """A daemon that knows the tasks of this test."""
    daemon.tables["daemon"]["slots"] = slots
    daemon.tables["tasks"] = {"modules": ["treetasks", "tasks.noop"]}
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(FOREIGN)}}
    daemon.tables["cancel"] = {"usr1_grace": 0.5, "term_grace": 0.3}
    return daemon


def states(daemon, jid):
    """The states of all jobs of a tree, by id."""
    return {node["id"]: node["status"] for node in members(get_wepppy_rq_job_info(jid, daemon.url))}


def test_a_cancel_of_a_finished_dispatcher_ends_all_below_it(daemon):
    """What runs below is stopped to the last process, what waits never begins; counted."""
    prepare(daemon).start()
    root = daemon.queue().enqueue("treetasks.plan", "r", 2, 3)
    eventually(lambda: len(sleepers(daemon)) == 2, within=20)
    assert daemon.state(root.id) == "finished"
    code, out, err = daemon.ctl("cancel", root.id, "--json")
    assert code == 0, err
    answer = json.loads(out)
    assert sleepers(daemon) == []
    assert (answer["was"], answer["stopped"], answer["canceled"]) == ("finished", 2, 6)
    assert (answer["survivors"], answer["ending"]) == (0, 0)
    assert sum(answer["rungs"].values()) >= 2
    seen = states(daemon, root.id)
    assert sorted(seen.values()) == ["canceled"] * 6 + ["finished"] * 3 + ["stopped"] * 2
    text = daemon.ctl("cancel", root.id)[1]
    assert "was finished already; nothing to cancel" in text


def test_a_dispatcher_that_is_still_at_it_adds_nothing_after_the_cancel(daemon):
    """Children that it enqueues while the walk is under way are refused or found."""
    prepare(daemon).start()
    root = daemon.queue().enqueue("treetasks.restless", "r")
    eventually(lambda: len(states(daemon, root.id)) > 30, within=20)
    code, _, err = daemon.ctl("cancel", root.id)
    assert code == 0, err
    seen = states(daemon, root.id)
    assert set(seen.values()) <= {"canceled", "stopped"}
    assert sleepers(daemon) == []
    queue = json.loads(daemon.ctl("status", "--json")[1])["queues"]["default"]
    assert (queue["queued"], queue["started"], queue["deferred"]) == (0, 0, 0)


@pytest.mark.parametrize("way", ["rq's stop command", "cancel_jobs"])
def test_every_way_to_cancel_reaches_the_whole_tree(daemon, way):
    """RQ's own command, and WEPPcloud's function in another process, do what weppdctl does."""
    prepare(daemon).start()
    root = daemon.queue().enqueue("treetasks.restless", "r")
    eventually(lambda: len(sleepers(daemon)) == 1, within=20)
    if way == "cancel_jobs":
        assert cancel_jobs(root.id, daemon.url) == {"status": "ok"}
    else:
        with redis.Redis.from_url(daemon.url) as connection:
            send_stop_job_command(connection, root.id)
    eventually(lambda: set(states(daemon, root.id).values()) <= set(OVER), within=20)
    eventually(lambda: sleepers(daemon) == [], within=10)
    assert get_wepppy_rq_job_status(root.id, daemon.url)["status"] == "stopped"


def test_a_cancel_waits_for_what_runs_on_another_node(make_daemon):
    """One weppd cancels a tree whose jobs run on two: both are over when it answers."""
    one, two = prepare(make_daemon(), slots=1), prepare(make_daemon(), slots=1)
    two.tables["daemon"]["name"] = "other"
    one.start()
    two.start()
    root = one.queue().enqueue("treetasks.plan", "r", 1, 3)
    eventually(lambda: len(sleepers(one)) == len(sleepers(two)) == 1, within=20)
    code, out, err = one.ctl("cancel", root.id, "--json")
    assert code == 0, err
    answer = json.loads(out)
    assert (sleepers(one), sleepers(two)) == ([], [])
    assert (answer["stopped"], answer["canceled"], answer["ending"]) == (2, 2, 0)


def test_a_job_behind_a_cancelled_one_does_not_wait_for_ever(daemon):
    """rq defers a job behind one that was cancelled already; weppd cancels it with the reason."""
    with redis.Redis.from_url(daemon.url) as connection:
        queue = Queue("default", connection=connection)
        first = queue.enqueue("tasks.noop.noop")
        first.cancel()
        second = queue.enqueue("tasks.noop.noop", depends_on=first)
        third = queue.enqueue("tasks.noop.noop", depends_on=second)
        assert second.get_status() == "deferred"
    daemon.start()
    eventually(lambda: daemon.state(third.id) == "canceled", within=20)
    assert f"its dependency {first.id} was canceled" in daemon.show(second.id)["error"]


def test_a_double_submission_is_one_job(daemon):
    """From a task, from weppdctl, from a producer: unique="run" answers with the live job."""
    prepare(daemon).start()
    root = daemon.queue().enqueue("treetasks.once", "r")
    daemon.ends(root.id)
    first, second = root.result()
    assert first == second
    code, out, err = daemon.ctl("enqueue", "treetasks.hold", "r", "--unique", "run", "--json")
    assert (code, json.loads(out)["id"]) == (0, first), err
    assert daemon.queue().enqueue("treetasks.hold", "r", unique="run").id == first
    assert daemon.ctl("cancel", first)[0] == 0
    assert daemon.queue().enqueue("treetasks.hold", "r", unique="run").id != first
    code, _, err = daemon.ctl("enqueue", "tasks.noop.noop", "7", "--unique", "run")
    assert code != 0
    assert "names no run" in err
