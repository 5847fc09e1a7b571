"""weppd as a service of a real systemd, and what its operator does with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest

from tests.systemd.conftest import CONFIG, Node
from tests.waiting import eventually

SLEEP = "tasks.noop.sleep"


@pytest.fixture
def up(node: Node) -> Iterator[Node]:
    """The node with weppd up; afterwards nothing runs in it."""
    node.up()
    yield node
    node.up()
    jobs = json.loads(node.run("weppdctl", "jobs", "--json"))["jobs"]
    for job in jobs:
        if job["state"] in ("queued", "started"):
            node.run("weppdctl", "cancel", "--grace", "0", job["id"])


def test_the_installed_units_are_clean(node: Node) -> None:
    """systemd finds nothing wrong with the units and the drop-in that install-service wrote."""
    names = ("weppd.service", "weppd.socket", "weppd@batch.service")
    units = [f"/etc/systemd/system/{name}" for name in names]
    done = node.host.tried("systemd-analyze", "verify", "--man=no", *units)
    assert (done.returncode, done.stderr) == (0, "")


def test_weppd_is_up_when_systemctl_start_returns(up: Node) -> None:
    """`systemctl start` ends when weppd serves, as the right user, and status says what runs."""
    jid = up.enqueue(SLEEP, 600)
    up.in_state(jid, "started")
    waiting = [up.enqueue(SLEEP, 600) for _ in range(3)]
    assert waiting
    text = "open: 2 running, 2 queued, 0 slots idle"
    eventually(lambda: up.show("weppd", "StatusText") == text, within=15, every=0.2)
    pid = up.show("weppd", "MainPID")
    assert up.run("ps", "-o", "user=,group=", "-p", pid).split() == ["www-data", "www-data"]


def test_a_cancel_reaches_the_whole_tree(up: Node) -> None:
    """`weppdctl cancel` ends a job's processes, deaf ones too, in the hardened service as well."""
    jid = up.run("weppdctl", "enqueue", "tasks.noop.tree", "3", "611", "deaf", "--json")
    jid = json.loads(jid)["id"]
    eventually(lambda: len(_sleeps(up, 611)) == 3, within=20, every=0.05)
    told = json.loads(up.run("weppdctl", "cancel", "--json", jid))
    assert told["survivors"] == 0
    assert _sleeps(up, 611) == []


def test_cells_have_forkers_in_the_hardened_service(up: Node) -> None:
    """No filter of the unit forbids the call by which children come from another process."""
    below = "ps -o pid= --ppid"
    main = up.show("weppd", "MainPID")
    script = (
        f"for z in $({below} {main}); do for c in $({below} $z); do {below} $c | wc -l; done; done"
    )

    def children() -> list[str]:
        return up.run("sh", "-c", script).split()

    # An idle cell's children: its forker, and the one that waits for a job.
    both = ["2", "2"]
    assert eventually(lambda: children() == both and both, within=20, every=0.2) == both


def _sleeps(node: Node, seconds: int) -> list[str]:
    return node.run("sh", "-c", f"pgrep -fx 'sleep {seconds}' || true").split()


LONG_S = 612


def _running(node: Node, seconds: int = LONG_S) -> tuple[str, list[str]]:
    """A job that started a process of its own for so many seconds, and that process."""
    told = node.run("weppdctl", "enqueue", "tasks.noop.tree", "1", str(seconds), "plain", "--json")
    jid = json.loads(told)["id"]
    return jid, eventually(lambda: _sleeps(node, seconds), within=20, every=0.05)


def _goes_on(node: Node, jid: str, processes: list[str]) -> None:
    """The job was adopted with the same process, and finishes at its first try when that ends."""
    eventually(node.serves, within=20, every=0.05)
    assert _sleeps(node, LONG_S) == processes
    node.run("kill", *processes)
    assert node.in_state(jid, "finished")["state"] == "finished"


def test_reload_is_in_place(up: Node) -> None:
    """`systemctl reload` keeps weppd's process and its jobs, and takes up new settings."""
    jid, processes = _running(up)
    before = up.show("weppd", "MainPID")
    up.path("/etc/weppd/weppd.toml").write_text(CONFIG.replace("slots = 2", "slots = 3"))
    up.systemctl("reload", "weppd")
    eventually(lambda: "3 slots" in _slots(up), within=20, every=0.05)
    assert up.show("weppd", "MainPID") == before
    assert up.show("weppd", "NRestarts") == "0"
    _goes_on(up, jid, processes)
    up.path("/etc/weppd/weppd.toml").write_text(CONFIG)
    up.systemctl("reload", "weppd")
    eventually(lambda: "2 slots" in _slots(up), within=20, every=0.05)


def _slots(node: Node) -> str:
    done = node.host.tried("weppdctl", "status", "--json")
    return f"{len(json.loads(done.stdout)['slots'])} slots" if done.returncode == 0 else ""


def test_a_restart_costs_no_running_job(up: Node) -> None:
    """`systemctl restart`: another weppd, the same job process; the job finishes, adopted."""
    jid, processes = _running(up)
    before = up.show("weppd", "MainPID")
    up.systemctl("restart", "weppd")
    assert up.show("weppd", "MainPID") != before
    _goes_on(up, jid, processes)


def test_who_holds_limits_holds_them_after_a_restart(up: Node) -> None:
    """The controllers that the unit has go down to its jobs' groups, and again to one that is
    adopted; without any, weppd holds the limits itself, and says so."""
    group = "/sys/fs/cgroup" + up.show("weppd", "ControlGroup")
    there = set(up.run("cat", f"{group}/cgroup.controllers").split())
    offered = there & {"cpu", "cpuset", "io", "memory", "pids"}
    tree = ("--limit", "cpu.max=50%", "tasks.noop.tree", "1", str(LONG_S), "plain", "--json")
    jid = json.loads(up.run("weppdctl", "enqueue", *tree))["id"]
    processes = eventually(lambda: _sleeps(up, LONG_S), within=20, every=0.05)
    assert _controllers(up) == offered
    up.systemctl("restart", "weppd")
    eventually(lambda: up.serves() and _controllers(up) == offered, within=20, every=0.05)
    eventually(lambda: ("50000 100000" in _quotas(up, group)) == ("cpu" in offered), within=20)
    _goes_on(up, jid, processes)


def _controllers(node: Node) -> set[str]:
    return set(json.loads(node.run("weppdctl", "status", "--json"))["controllers"])


def _quotas(node: Node, group: str) -> list[str]:
    """The CPU quotas of jobs' groups, as the kernel has them."""
    return node.run("sh", "-c", f"cat {group}/weppd-cell-*/cpu.max || true").splitlines()


def test_weppdctl_waits_for_a_restart(up: Node) -> None:
    """While weppd restarts, its socket is there: a verb waits, and none fails."""
    codes = []
    with up.host.started("systemctl", "restart", "weppd") as restart:
        while restart.poll() is None or len(codes) < 3:
            codes.append(up.host.tried("weppdctl", "status").returncode)
    assert restart.returncode == 0
    assert set(codes) == {0}


def test_a_weppd_that_is_killed_comes_back(up: Node) -> None:
    """kill -9: systemd starts weppd again, and the job never noticed."""
    jid, processes = _running(up)
    before = up.show("weppd", "MainPID")
    up.run("kill", "-9", before)
    eventually(lambda: up.show("weppd", "MainPID") not in (before, "0"), within=20, every=0.05)
    assert up.show("weppd", "NRestarts") == "1"
    _goes_on(up, jid, processes)


def test_a_weppd_that_hangs_is_restarted(up: Node) -> None:
    """A weppd that does nothing any more is ended by the watchdog; its job goes on."""
    up.drop_in("watchdog", "[Service]\nWatchdogSec=2\n")
    up.systemctl("restart", "weppd")
    jid, processes = _running(up)
    before = up.show("weppd", "MainPID")
    up.run("kill", "-STOP", before)
    eventually(lambda: up.show("weppd", "MainPID") not in (before, "0"), within=20, every=0.05)
    _goes_on(up, jid, processes)
    said = up.run("journalctl", "-u", "weppd", "-o", "cat", "--no-pager")
    assert "Watchdog timeout (limit 2s)!" in said
    up.drop_in("watchdog", "")
    up.systemctl("restart", "weppd")


def test_a_redis_that_hangs_is_no_reason_to_restart(up: Node) -> None:
    """weppd outlives a Redis that does not answer: the watchdog is fed, and work goes on after."""
    up.drop_in("watchdog", "[Service]\nWatchdogSec=2\n")
    up.systemctl("restart", "weppd")
    pid = eventually(up.serves, within=20)
    redis = up.show("test-redis", "MainPID")
    up.run("kill", "-STOP", redis)
    try:
        eventually(
            lambda: "the store is away" in up.show("weppd", "StatusText"), within=30, every=0.2
        )
        assert up.show("weppd", "MainPID") == str(pid)
    finally:
        up.run("kill", "-CONT", redis)
    jid = up.enqueue(SLEEP, 0)
    up.in_state(jid, "finished")
    assert up.show("weppd", "MainPID") == str(pid)
    up.drop_in("watchdog", "")


def test_stop_leaves_running_jobs_to_the_next_weppd(up: Node) -> None:
    """`systemctl stop` ends weppd alone and says how many jobs go on; the next start has them."""
    jid, processes = _running(up)
    up.systemctl("stop", "weppd")
    assert up.show("weppd", "Result") == "success"
    assert _sleeps(up, LONG_S) == processes
    assert any("left_running=1" in entry["MESSAGE"] for entry in up.journal())
    up.systemctl("start", "weppd")
    _goes_on(up, jid, processes)


def test_who_asks_first_starts_weppd(up: Node) -> None:
    """The socket of a stopped weppd still answers: weppdctl starts the service, and waits."""
    up.systemctl("stop", "weppd")
    assert up.show("weppd", "ActiveState") == "inactive"
    assert up.host.tried("weppdctl", "status").returncode == 0
    assert up.show("weppd", "ActiveState") == "active"


def test_a_stop_that_drains_gets_the_time_it_needs(up: Node) -> None:
    """With `[stop] mode = "drain"` a stop may take longer than TimeoutStopSec."""
    up.path("/etc/weppd/weppd.toml").write_text(CONFIG + '[stop]\nmode = "drain"\n')
    up.drop_in("stop", "[Service]\nTimeoutStopSec=1\n")
    up.systemctl("restart", "weppd")
    jid, _ = _running(up, 4)
    up.systemctl("stop", "weppd")
    assert up.show("weppd", "Result") == "success"
    up.path("/etc/weppd/weppd.toml").write_text(CONFIG)
    up.drop_in("stop", "")
    up.up()
    assert up.job(jid)["state"] == "finished"


def test_the_journal_knows_jobs_and_runs(up: Node) -> None:
    """Entries have priorities, and the fields JOB_ID and ACTION; RUNID where there is a run."""
    jid = up.enqueue(SLEEP, 0)
    up.in_state(jid, "finished")
    run = json.loads(up.run("weppdctl", "enqueue", "--json", "tasks.wepp_rq.run_hillslope_rq",
                            "no-such-run", "1"))["id"]  # fmt: skip
    up.in_state(run, "failed")
    mine = up.journal(f"JOB_ID={jid}")
    assert {"start", "end"} <= {entry["ACTION"] for entry in mine}
    assert {entry["PRIORITY"] for entry in mine} == {"6"}
    failed = up.journal("RUNID=no-such-run", "ACTION=end")
    assert [(e["JOB_ID"], e["PRIORITY"]) for e in failed] == [(run, "4")]


def test_the_doctor_looks_as_the_services_user(up: Node) -> None:
    """`weppdctl doctor` tries the roots as www-data, and a good host has no failure."""
    found = json.loads(up.run("weppdctl", "doctor", "--json"))
    assert [each for each in found if each["level"] == "FAIL"] == []
    assert "www-data may do what jobs do" in next(
        each["seen"] for each in found if each["what"] == "run root"
    )
    up.run("chown", "root", "/srv/runs")
    refused = json.loads(up.host.tried("weppdctl", "doctor", "--json").stdout)
    up.run("chown", "www-data", "/srv/runs")
    assert [each["what"] for each in refused if each["level"] == "FAIL"] == ["run root"]


def test_settings_with_a_problem_are_one_clear_line(node: Node) -> None:
    """A wrong key: exit 78, its name in the journal, and no storm of restarts."""
    node.systemctl("stop", "weppd", "weppd.socket")
    node.path("/etc/weppd/weppd.toml").write_text(CONFIG.replace("slots = 2", "slots = 0"))
    try:
        assert node.host.tried("systemctl", "start", "weppd").returncode != 0
        assert node.show("weppd", "ExecMainStatus") == "78"
        assert node.show("weppd", "ActiveState") == "failed"
        assert any("daemon.slots" in entry["MESSAGE"] for entry in node.journal())
    finally:
        node.path("/etc/weppd/weppd.toml").write_text(CONFIG)
        node.run("systemctl", "reset-failed", "weppd.service", "weppd.socket", check=False)


def test_the_service_can_be_removed(node: Node) -> None:
    """uninstall-service refuses while weppd runs; then it takes away all but settings and logs."""
    command = (f"{sys.prefix}/bin/weppd", "uninstall-service")
    node.up()
    refused = node.host.tried(*command)
    assert (refused.returncode, "still runs" in refused.stderr) == (1, True)
    node.systemctl("stop", "weppd", "weppd.socket")
    node.run(*command)
    assert not node.path("/etc/systemd/system/weppd.service").exists()
    assert node.path("/etc/weppd/weppd.toml").read_text() == CONFIG
    assert node.show("weppd", "LoadState") == "not-found"
