"""Starts, stops and deaths of weppd itself."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import redis

from tests.acceptance.conftest import ENV, ROOT
from tests.waiting import eventually


def test_a_killed_weppd_costs_no_running_job(daemon):
    """kill -9: the job goes on, the next weppd adopts it, and its outcome counts."""
    daemon.start()
    gate = daemon.home / "gate"
    job = daemon.queue().enqueue("tasks.noop.until", str(gate))
    eventually(lambda: daemon.state(job.id) == "started", within=10)
    pid = _job_pid(daemon)
    daemon.kill()
    daemon.start()
    assert _job_pid(daemon) == pid
    gate.touch()
    assert daemon.ends(job.id)["state"] == "finished"
    again = daemon.queue().enqueue("tasks.noop.sleep", 0.0)
    assert daemon.ends(again.id)["state"] == "finished"


def _job_pid(daemon):

    def running():
        _, out, _ = daemon.ctl("status", "--json")
        return [s["pid"] for s in json.loads(out)["slots"] if s.get("job") and s["pid"]]

    (pid,) = eventually(running, within=10)
    return pid


def test_sigterm_detaches_and_the_next_weppd_adopts(daemon):
    """The default stop leaves the job running, for the next weppd to record."""
    daemon.start()
    gate = daemon.home / "gate"
    job = daemon.queue().enqueue("tasks.noop.until", str(gate))
    eventually(lambda: daemon.state(job.id) == "started", within=10)
    assert daemon.stop() == 0
    daemon.start()
    gate.touch()
    assert daemon.ends(job.id)["state"] == "finished"


def test_a_stopped_idle_daemon_leaves_no_process(daemon):
    """SIGTERM to an idle weppd ends its zygotes, cells and scribe too."""
    daemon.start()
    assert daemon.stop() == 0
    eventually(lambda: daemon.family() == [], within=10)
    assert daemon.family() == []


def test_a_killed_cell_ends_its_tree_and_its_job_says_so(daemon):
    """SIGKILL of a cell: nothing of its job lives, and the job failed as worker lost."""
    daemon.start()
    job = daemon.queue().enqueue("tasks.noop.tree", 2, 600, "session")
    eventually(lambda: daemon.state(job.id) == "started", within=10)
    pid = _job_pid(daemon)
    (cell,) = [p for p in daemon.family() if p.pid == pid]
    cell.kill()
    shown = daemon.ends(job.id)
    assert shown["state"] == "failed"
    assert "worker lost" in shown["error"]
    eventually(lambda: [p for p in daemon.family() if p.name() == "sleep"] == [], within=5)
    again = daemon.queue().enqueue("tasks.noop.sleep", 0.0)
    assert daemon.ends(again.id)["state"] == "finished"


def test_a_job_that_loses_its_cell_again_and_again_is_set_aside(daemon):
    """The third loss fails it, with how it went each time."""
    daemon.tables["tasks"]["modules"] = ["tests.acceptance.nodetasks"]
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(ROOT)}}
    daemon.start()
    ledger = daemon.home / "ledger"
    job = daemon.queue().enqueue("tests.acceptance.nodetasks.again", None, str(ledger), 60)
    begun = lambda: ledger.read_text().splitlines() if ledger.exists() else []  # noqa: E731
    for body in range(1, 4):
        eventually(lambda n=body: len(begun()) == n, within=15)
        os.kill(int(begun()[-1].split()[1]), signal.SIGKILL)
    shown = daemon.ends(job.id)
    assert shown["state"] == "failed"
    assert "set aside: its worker was lost 3 times" in shown["error"]
    assert shown["traceback"].count("worker lost: killed by SIGKILL") == 4
    assert len(begun()) == 3


def test_a_reboot_of_the_host_is_no_crash_of_its_jobs(daemon):
    """What ran is failed, or run again, as lost to the reboot; it is not taken for not begun."""
    daemon.tables["tasks"]["modules"] = ["tests.acceptance.nodetasks"]
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(ROOT)}}
    daemon.start()
    once, again = (str(daemon.home / name) for name in ("once", "again"))
    names = [f"tests.acceptance.nodetasks.{name}" for name in ("once", "again")]
    first = daemon.queue().enqueue(names[0], None, once, 60)
    second = daemon.queue().enqueue(names[1], None, again, 60)
    eventually(lambda: Path(once).exists() and Path(again).exists(), within=15)
    daemon.end()
    shutil.rmtree(daemon.home / "run")
    life = daemon.home / "state" / "life"
    life.write_text("another-boot " + life.read_text().split()[1])
    daemon.start()
    shown = daemon.ends(first.id)
    assert (shown["state"], shown["error"]) == ("failed", "worker lost: the host was rebooted")
    eventually(lambda: Path(again).read_text().count("begin") == 2, within=15)
    assert Path(once).read_text().count("begin") == 1
    with redis.Redis.from_url(daemon.url) as client:
        assert client.hget(f"rq:job:{second.id}", "weppd_crashes") is None
    assert daemon.ctl("cancel", second.id)[0] == 0


def test_without_redis_it_waits_says_so_and_answers(daemon):
    """Redis absent at the start: the admin API serves meanwhile and says that the store is away."""
    daemon.tables["redis"]["url"] = f"unix://{daemon.home}/nothing.sock?db=9"
    daemon.start(wait=False)
    eventually(lambda: daemon.ctl("status")[0] == 0, within=20)
    assert "away" in daemon.ctl("status")[1]
    assert "state=away" in daemon.stderr


def test_a_bad_config_is_refused_whole_with_78(daemon):
    """Every problem in the file is listed with its key; the exit code is 78."""
    daemon.tables["daemon"]["slots"] = 0
    daemon.tables["cancel"] = {"usr1_grace": "soon"}
    daemon.tables["jobz"] = {}
    argv = [sys.executable, "-m", "weppd", "--config", str(daemon.config)]
    done = subprocess.run(argv, env=ENV, capture_output=True, text=True, timeout=30)
    assert done.returncode == 78
    assert "daemon.slots" in done.stderr
    assert "cancel.usr1_grace" in done.stderr
    assert "jobz" in done.stderr
    checked = subprocess.run([*argv, "--check-config"], env=ENV, capture_output=True, timeout=30)
    assert checked.returncode == 78


def test_a_second_weppd_is_refused_with_75(daemon):
    """Two daemons on the same runtime directory: the second one exits 75 and says who runs."""
    daemon.start()
    argv = [sys.executable, "-m", "weppd", "--config", str(daemon.config)]
    done = subprocess.run(argv, env=ENV, capture_output=True, text=True, timeout=30)
    assert done.returncode == 75
    assert str(daemon.process.pid) in done.stderr


def test_a_reload_takes_new_settings_and_code_and_costs_no_job(daemon):
    """SIGHUP: the daemon begins again in place; its job goes on and counts, new jobs run anew."""
    daemon.tables["tasks"]["modules"] = ["tests.acceptance.nodetasks", "tasks.noop"]
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(ROOT)}}
    daemon.start()
    gate = daemon.home / "gate"
    job = daemon.queue().enqueue(
        "tests.acceptance.nodetasks.until", None, str(daemon.home / "ledger"), str(gate)
    )
    eventually(lambda: daemon.state(job.id) == "started", within=10)
    before = _job_pid(daemon)
    daemon.tables["daemon"]["slots"] = 3
    assert daemon.config.exists()
    daemon.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(_slots(daemon)) == 3, within=20)
    assert _job_pid(daemon) == before
    gate.touch()
    assert daemon.ends(job.id)["state"] == "finished"
    again = daemon.queue().enqueue("tasks.noop.sleep", 0.0)
    assert daemon.ends(again.id)["state"] == "finished"
    assert daemon.process.poll() is None


def test_a_reload_with_a_bad_file_is_refused_with_the_reason(daemon):
    """The daemon goes on with what it had, and its log names the key."""
    daemon.start()
    daemon.tables["daemon"]["slots"] = -1
    assert daemon.config.exists()
    daemon.process.send_signal(signal.SIGHUP)
    eventually(lambda: "refused='daemon.slots" in daemon.stderr, within=10)
    job = daemon.queue().enqueue("tasks.noop.sleep", 0.0)
    assert daemon.ends(job.id)["state"] == "finished"


def _slots(daemon):
    code, out, _ = daemon.ctl("status", "--json")
    return json.loads(out)["slots"] if code == 0 else []


def test_a_drained_daemon_takes_nothing_until_it_is_resumed(daemon):
    """drain lets what runs go on and takes nothing new; resume takes it up again."""
    daemon.start()
    gate = daemon.home / "gate"
    running = daemon.queue().enqueue("tasks.noop.until", str(gate))
    eventually(lambda: daemon.state(running.id) == "started", within=10)
    code, out, _ = daemon.ctl("drain", "--json")
    assert code == 0
    assert json.loads(out)["mood"] == "paused"
    late = daemon.queue().enqueue("tasks.noop.sleep", 0.0)
    gate.touch()
    assert daemon.ends(running.id)["state"] == "finished"
    assert daemon.state(late.id) == "queued"
    assert daemon.ctl("resume")[0] == 0
    assert daemon.ends(late.id)["state"] == "finished"


def test_shutdown_with_requeue_puts_the_job_back(daemon):
    """Its tree ends, no retry is spent, and the next weppd runs it anew."""
    daemon.tables["cancel"] = {"usr1_grace": 0.3, "term_grace": 0.3}
    daemon.start()
    job = daemon.queue().enqueue("tasks.noop.tree", 2, 600)
    eventually(lambda: daemon.state(job.id) == "started", within=10)
    assert daemon.ctl("shutdown", "--mode", "requeue")[0] == 0
    assert daemon.process.wait(20) == 0
    eventually(lambda: daemon.family() == [], within=10)
    daemon.start()
    eventually(lambda: daemon.state(job.id) == "started", within=10)
    assert daemon.ctl("cancel", job.id)[0] == 0


def test_a_class_whose_interpreter_is_missing_fails_its_jobs_by_name(daemon):
    """The daemon serves all the same; a job of that class fails, and says which program it was."""
    daemon.tables["zygote.heavy"] = {"python": "/nonexistent/python3"}
    daemon.tables["tasks"]["modules"] = ["tasks.noop", "tests.acceptance.heavytask"]
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(ROOT)}}
    daemon.start()
    job = daemon.queue().enqueue("tests.acceptance.heavytask.heavy")
    shown = daemon.ends(job.id)
    assert shown["state"] == "failed"
    assert "/nonexistent/python3: No such file" in shown["error"]
    good = daemon.queue().enqueue("tasks.noop.sleep", 0.0)
    assert daemon.ends(good.id)["state"] == "finished"


def test_there_is_one_scribe_after_a_kill(daemon):
    """The scribe of a killed weppd hands over to the next one's, and all end with weppd."""
    daemon.start()
    daemon.kill()
    daemon.start()
    scribes = lambda: [p for p in daemon.family() if "weppd.scribe" in p.cmdline()]  # noqa: E731
    eventually(lambda: len(scribes()) == 1, within=10)
    assert daemon.stop() == 0
    eventually(lambda: daemon.family() == [], within=10)
    assert scribes() == []


def test_an_outcome_outlives_the_cell_that_waited_for_weppd(daemon):
    """Nobody came for it within [node] hold_s: it lies on disk, and the next weppd records it."""
    daemon.tables["node"] = {"hold_s": 0.5}
    daemon.start()
    gate = daemon.home / "gate"
    job = daemon.queue().enqueue("tasks.noop.until", str(gate))
    eventually(lambda: daemon.state(job.id) == "started", within=15)
    daemon.kill()
    gate.touch()
    bequests = daemon.home / "state" / "bequests"
    eventually(lambda: [path for path in bequests.iterdir() if not path.suffix], within=20)
    for process in daemon.family():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    daemon.start()
    assert daemon.ends(job.id)["state"] == "finished"
    eventually(lambda: not list(bequests.iterdir()), within=10)
