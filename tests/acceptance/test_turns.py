"""One job at a time per key: the others wait without a slot, and no death keeps the turn."""

from __future__ import annotations

import json

import psutil
import pytest
import redis
from rq import Queue as RqQueue

from tests.acceptance.conftest import ROOT
from tests.waiting import eventually

ALONE = "tests.acceptance.turntasks.alone"


@pytest.fixture
def turns(daemon):
    """A daemon with three slots that knows the tasks."""
    daemon.tables["daemon"]["slots"] = 3
    daemon.tables["tasks"] = {"modules": ["tests.acceptance.turntasks", "tasks.noop"]}
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(ROOT)}}
    daemon.tables["cancel"] = {"usr1_grace": 0.5, "term_grace": 0.3}
    daemon.start()
    return daemon


def test_jobs_of_one_run_go_one_by_one(turns, tmp_path):
    """Twelve jobs of one run, from rq and from us, never overlap; another run's does not wait."""
    with redis.Redis.from_url(turns.url) as connection:
        foreign = RqQueue("default", connection=connection)
        ids = [foreign.enqueue(ALONE, "r", str(tmp_path), 0.02).id for _ in range(6)]
        ids += [turns.queue().enqueue(ALONE, "r", str(tmp_path), 0.02).id for _ in range(6)]
    assert [turns.ends(jid)["state"] for jid in ids] == ["finished"] * 12
    ends = [turns.show(jid)["ended_at"] for jid in ids]
    assert ends == sorted(ends)


def test_who_waits_takes_no_slot_and_says_for_whom(turns, tmp_path):
    """Jobs without a key go past; `show` names the job that has the turn, and the key."""
    first = turns.queue().enqueue("tests.acceptance.turntasks.hard_to_end", "r", str(tmp_path))
    eventually((tmp_path / "began").exists, within=15)
    waiting = [turns.queue().enqueue(ALONE, "r", str(tmp_path)) for _ in range(3)]
    other = turns.queue().enqueue(ALONE, "q", str(tmp_path))
    assert turns.ends(other.id)["state"] == "finished"
    assert turns.ends(turns.queue().enqueue("tasks.noop.noop").id)["state"] == "finished"
    shown = eventually(lambda: (s := turns.show(waiting[0].id))["waits"] and s, within=5)
    assert (shown["state"], shown["lock"]) == ("queued", "run:r")
    assert f"job {first.id} has run:r" in turns.ctl("show", waiting[0].id)[1]
    slots = json.loads(turns.ctl("status", "--json")[1])["slots"]
    assert sum(bool(slot["job"]) for slot in slots) == 1
    assert turns.ctl("cancel", first.id)[0] == 0
    assert [turns.ends(job.id)["state"] for job in waiting] == ["finished"] * 3


@pytest.mark.parametrize("how", ["child killed", "cell killed", "weppd killed"])
def test_the_turn_goes_on_by_any_death(turns, tmp_path, how):
    """A job, a cell, a weppd that is killed: the next one runs, and never beside a living one."""
    job = turns.queue().enqueue("tests.acceptance.turntasks.hard_to_end", "r", str(tmp_path))
    eventually((tmp_path / "began").exists, within=15)
    following = turns.queue().enqueue(ALONE, "r", str(tmp_path))
    eventually(lambda: turns.show(following.id)["waits"], within=5)
    if how == "weppd killed":
        turns.kill()
        turns.start()
        assert turns.state(following.id) == "queued"
        assert turns.state(job.id) == "started"
        assert turns.ctl("cancel", job.id)[0] == 0
    else:
        slots = json.loads(turns.ctl("status", "--json")[1])["slots"]
        (pid,) = [slot["pid"] for slot in slots if slot["job"]]
        cell = psutil.Process(pid)
        (cell if how == "cell killed" else cell.children()[-1]).kill()
    assert turns.ends(job.id)["state"] in ("failed", "stopped")
    assert turns.ends(following.id)["state"] == "finished"
