"""How weppd stops: what becomes of running jobs in each mode, and who may take its place."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import psutil
import pytest

from tests.acceptance.test_cancel import sleepers
from tests.waiting import eventually
from weppd.shell import ears

GRACES = {"usr1_grace": 0.3, "term_grace": 0.2}


def running(daemon, kind="tree", *args):
    """A job that runs, with processes of its own."""
    job = daemon.queue().enqueue(f"tasks.noop.{kind}", *(args or (2, 600)))
    eventually(lambda: daemon.state(job.id) == "started", within=15)
    if kind == "tree":
        eventually(lambda: len(sleepers(daemon)) == 2, within=10)
    return job


@pytest.mark.parametrize("mode", ["detach", "requeue", "cancel"])
def test_a_stop_does_with_running_jobs_what_its_mode_says(daemon, mode):
    """detach leaves them to the next weppd; requeue ends them and they begin anew; cancel ends
    them for good. No new job is claimed, no process of an ended one lives."""
    daemon.tables["cancel"] = GRACES
    daemon.tables["stop"] = {"mode": mode}
    daemon.start()
    job = running(daemon)
    before = {p.pid for p in sleepers(daemon)}
    waiting = daemon.queue().enqueue("tasks.noop.sleep", 600)
    third = daemon.queue().enqueue("tasks.noop.noop")
    eventually(lambda: daemon.state(waiting.id) == "started", within=10)
    assert daemon.stop() == 0
    living = {p.pid for p in sleepers(daemon)}
    assert living == (before if mode == "detach" else set())
    daemon.start()
    if mode == "cancel":
        assert daemon.ends(third.id)["state"] == "finished"
    expected = {"detach": "started", "requeue": "started", "cancel": "stopped"}[mode]
    eventually(lambda: daemon.state(job.id) == expected, within=20)
    if mode == "requeue":
        eventually(lambda: len(sleepers(daemon)) == 2, within=10)
        assert not before & {p.pid for p in sleepers(daemon)}
    for each in (job, waiting):
        assert daemon.ctl("cancel", each.id, "--grace", "0")[0] == 0
    assert sleepers(daemon) == []


def test_a_drain_waits_for_what_runs_and_takes_nothing_new(daemon):
    """SIGTERM with [stop] mode = "drain": the running job finishes, the one behind it waits."""
    daemon.tables["daemon"]["slots"] = 1
    daemon.tables["stop"] = {"mode": "drain", "timeout": 60}
    daemon.start()
    job = running(daemon, "sleep", 2)
    behind = daemon.queue().enqueue("tasks.noop.noop")
    assert daemon.stop() == 0
    daemon.start()
    assert daemon.state(job.id) == "finished"
    assert daemon.ends(behind.id)["state"] == "finished"


def test_a_drain_that_takes_too_long_leaves_the_job_to_the_next_weppd(daemon):
    """After [stop] timeout it is as with detach: weppd ends, the job goes on and is adopted."""
    daemon.tables["stop"] = {"mode": "drain", "timeout": 1}
    daemon.start()
    job = running(daemon)
    before = {p.pid for p in sleepers(daemon)}
    assert daemon.stop() == 0
    assert {p.pid for p in sleepers(daemon)} == before
    daemon.start()
    assert daemon.state(job.id) == "started"
    assert daemon.ctl("cancel", job.id, "--grace", "0")[0] == 0


@pytest.mark.parametrize("number", [signal.SIGUSR2, signal.SIGHUP])
def test_weppd_begins_again_in_place_under_a_running_job(daemon, number):
    """SIGUSR2 and SIGHUP: the same pid, another program image, the job untouched and adopted.

    Whoever asks again while it begins is heard once it has, and ends nothing.
    """
    daemon.start()
    gate = daemon.home / "gate"
    job = running(daemon, "until", str(gate))
    weppd = psutil.Process(daemon.process.pid)
    zygotes = _zygotes(weppd)
    since = json.loads(daemon.ctl("status", "--json")[1])["since"]
    eventually(lambda: weppd.send_signal(number) or _begun(daemon) > 1, within=20)
    eventually(lambda: _has_begun_as_often_as_asked(daemon), within=20)
    assert _since(daemon) > since
    assert daemon.process.poll() is None
    assert daemon.state(job.id) == "started"
    fresh = eventually(lambda: daemon.queue().enqueue("tasks.noop.noop"), within=5)
    assert daemon.ends(fresh.id)["state"] == "finished"
    gate.touch()
    assert daemon.ends(job.id)["state"] == "finished"
    # The old ones go when the last of their cells has.
    now = eventually(lambda: _zygotes(weppd).isdisjoint(zygotes) and _zygotes(weppd), within=20)
    assert now


def _zygotes(weppd):
    return {p.pid for p in weppd.children() if "weppd.cell" in p.cmdline()}


def _has_begun_as_often_as_asked(daemon):
    asked = sum(line.endswith("action=reload") for line in daemon.stderr.splitlines())
    return _begun(daemon) == asked + 1 and _since(daemon)


def _begun(daemon):
    return daemon.stderr.count("action=begin")


def _since(daemon):
    code, out, _ = daemon.ctl("status", "--json")
    return json.loads(out)["since"] if code == 0 else 0


def test_no_helper_of_weppd_hears_a_signal(daemon):
    """While weppd begins again nobody handles signals: one that a helper heard would kill it."""
    daemon.start()
    task = Path(f"/proc/{daemon.process.pid}/task")
    helpers = eventually(lambda: {p for p in task.iterdir() if p.name != task.parent.name})
    for helper in helpers:
        mask = int(re.search(r"SigBlk:\s*(\w+)", (helper / "status").read_text())[1], 16)
        assert all(mask >> (number - 1) & 1 for number in ears.SIGNALS)


def test_signals_that_come_while_it_still_starts_end_nothing(daemon):
    """From its first statement on: a reload waits until it can be heard, SIGUSR1 is nothing."""
    daemon.start(wait=False)
    eventually(lambda: _hears(daemon.process.pid), within=20, every=0.001)
    for number in (signal.SIGHUP, signal.SIGUSR2, signal.SIGUSR1):
        daemon.process.send_signal(number)
    eventually(lambda: _begun(daemon) > 1 and _since(daemon), within=30)
    assert daemon.process.poll() is None
    assert daemon.ends(daemon.queue().enqueue("tasks.noop.noop").id)["state"] == "finished"


def _hears(pid: int) -> bool:
    """Whether the interpreter has begun our program, which ignores SIGUSR1 first of all."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    ignored = next(line.split()[1] for line in lines if line.startswith("SigIgn:"))
    return bool(int(ignored, 16) >> (signal.SIGUSR1 - 1) & 1)


def test_a_stop_that_comes_before_it_serves_is_carried_out(daemon):
    """The zygotes begin before the rest of weppd is there; with it they end."""
    daemon.start(wait=False)
    eventually(lambda: "action=begin" in daemon.stderr, within=20, every=0.001)
    assert daemon.stop() == 0
    assert eventually(lambda: not daemon.family(), within=20)
