"""Limits that a cell holds on a real tree: CPU time, memory, processes, and nobody left stopped."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.process.fakeweppd import FakeWeppd, alive, descendants, eventually
from tests.process.lab import delegated, hand_down, has_controllers, remove_group
from weppd.cell.tree import procfs

BENCH = Path(__file__).parents[1] / "bench"
KILL = [["KILL", 0]]


#: Who holds the limits: weppd by signals, weppd by the freezer of a delegated control group, and,
#: where this kernel's cgroup v2 has them, its controllers.
HOLDERS = ["signals", "freezer", *(["controllers"] if has_controllers() else [])]


@pytest.fixture(params=HOLDERS)
def weppd(request, tmp_path):
    """A fake weppd with a cell whose jobs may burn."""
    above = "" if request.param == "signals" else delegated()
    fake = FakeWeppd(tmp_path)
    fake.spawn(extra={"PYTHONPATH": f"{Path(__file__).parent}:{BENCH}"})
    if above:
        Path(f"{above}/cgroup.procs").write_text(str(fake.zygote.pid))
    if request.param == "controllers":
        assert {"cpu", "memory", "pids"} <= set(hand_down(above))
    fake.set_up(modules=["celltasks"], allow=["celltasks.*", "burners.*"])
    hello = fake.fork(1)
    assert hello["kernel"] == bool(above)
    fake.cell = hello["pid"]
    fake.group = Path(f"{above}/weppd-cell-{fake.cell}") if above else None
    fake.held_by = request.param
    yield fake
    fake.close()
    if above:
        remove_group(above)


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["busy", "forking", "sessions", "orphans"])
def test_a_tree_has_its_share_and_no_more(weppd, shape):
    """Forks, dead children, new sessions and orphans count: a quarter of a CPU is all they get.

    A tree whose every process is replaced by an orphan within milliseconds can outrun signals where
    others press for the CPU: twice its share at most, however much it wants.
    """
    slack = 2.0 if shape == "orphans" and weppd.held_by == "signals" else 1.1
    began = time.monotonic()
    eid = weppd.start("burners.burn", shape, 4, limits={"cpu.max": 0.25})
    # On a machine that is busy it may be long before they burn.
    leader = weppd.wait("began", eid=eid)["pid"]
    eventually(lambda: descendants(leader), "it has forked")
    time.sleep(6)  # the quota is over time: there is nothing to wait for but time
    weppd.cancel(eid, *KILL)
    over = weppd.wait("over", eid=eid)
    lived = time.monotonic() - began
    used = over["usage"]["user_s"] + over["usage"]["system_s"]
    assert used <= 0.25 * lived * slack + 0.3
    # On a machine that gives it less than its share nobody has to hold it.
    assert over["usage"]["stopped_s"] > 0 or used < 0.25 * lived
    assert over["undead"] == []


def log(weppd, eid) -> str:
    """What the job has written so far."""
    path = weppd.home / f"{eid}.out"
    return path.read_text() if path.exists() else ""


def stopped(pid: int) -> bool:
    """Whether a process stands still."""
    member = procfs.stat(pid)
    return member is not None and member.state == "T"


def standing_still(weppd, eid) -> list[int]:
    """The tree of a job, at a moment at which its quota holds all of it still."""
    leader = weppd.wait("began", eid=eid)["pid"]

    def still() -> list[int]:
        tree = [leader, *descendants(leader)]
        if weppd.held_by == "freezer":
            held = "frozen 1" in (weppd.group / "cgroup.events").read_text()
        elif weppd.held_by == "controllers":
            held = "nr_throttled 0\n" not in (weppd.group / "cpu.stat").read_text()
        else:
            held = all(map(stopped, tree))
        return tree if len(tree) > 2 and held else []

    return eventually(still, "the quota stops the whole tree")


def test_a_limited_job_hears_its_cancel_at_once(weppd, tmp_path):
    """A job that stands still nearly always is woken for SIGUSR1, and unwinds at full speed."""
    mark = tmp_path / "mark"
    eid = weppd.start("burners.burn_and_tidy", str(mark), limits={"cpu.max": 0.01})
    # The hundredth part of a CPU that is emulated is not much to begin with.
    eventually(mark.exists, "the job began", within=300)
    standing_still(weppd, eid)
    weppd.cancel(eid, ["USR1", 60], ["KILL", 0])
    over = weppd.wait("over", eid=eid)
    assert over["verdict"] == {"kind": "cancelled"}
    assert over["rungs"].get("KILL", 0) == 0
    assert mark.read_text() == "tidied"


@pytest.mark.parametrize("shape", ["busy", "sessions"])
def test_a_cell_that_is_killed_leaves_nobody_stopped(weppd, shape):
    """kill -9 of a cell whose job stands still: all of the tree ends, and the slot is free."""
    eid = weppd.start("burners.burn", shape, 5, limits={"cpu.max": 0.02})
    tree = standing_still(weppd, eid)
    os.kill(weppd.cell, signal.SIGKILL)
    assert weppd.wait("gone", n=1)["n"] == 1
    eventually(lambda: not any(map(alive, tree)), "the tree ends")


def test_a_cell_that_is_held_up_and_goes_on_holds_nobody(weppd):
    """A cell that stood still itself, with its job, ends the job as if nothing had been."""
    eid = weppd.start("burners.burn", "sessions", 3, limits={"cpu.max": 0.05})
    tree = standing_still(weppd, eid)
    os.kill(weppd.cell, signal.SIGSTOP)
    eventually(lambda: stopped(weppd.cell), "the cell stands still")
    os.kill(weppd.cell, signal.SIGCONT)
    weppd.cancel(eid, *KILL)
    assert weppd.wait("over", eid=eid)["undead"] == []
    assert not any(map(alive, tree))


def test_a_limited_child_serves_the_next_job(weppd):
    """What a quota did to a job's process is over with that job."""
    pids = {
        weppd.run("celltasks.pid", jobs_per_child=5, limits={"cpu.max": 0.01})["pid"]
        for _ in range(3)
    }
    assert len(pids) == 1
    assert weppd.run("celltasks.pid", jobs_per_child=5)["verdict"]["kind"] == "finished"


def test_memory_over_its_limit_ends_the_job_and_says_so(weppd):
    """The tree's memory, pages that are shared counted once, against memory.max."""
    eid = weppd.start(
        "burners.eat", 200 << 20, 2, limits={"memory.max": 100 << 20}, on_timeout=KILL
    )
    over = weppd.wait("over", eid=eid)
    assert over["asked"] == "limit"
    assert over["usage"]["peak_bytes"] >= 100 << 20
    by_kernel = "over memory.max: the kernel ended it at the 100 MiB it may have"
    if weppd.held_by == "controllers" and over["reason"] == by_kernel:
        return
    assert over["reason"].startswith("over memory.max: its processes have ")
    assert over["reason"].endswith("may have 100 MiB")
    assert over["usage"]["peak_bytes"] > 100 << 20


def test_memory_near_its_limit_is_told_to_the_log(weppd):
    """At nine tenths a line goes into the job's log, and the job goes on."""
    eid = weppd.start("burners.eat", 190 << 20, limits={"memory.max": 215 << 20})
    weppd.wait("began", eid=eid)
    eventually(lambda: "(memory.max)" in log(weppd, eid), "the soft mark is told")
    weppd.cancel(eid, *KILL)
    assert weppd.wait("over", eid=eid)["asked"] == "cancel"


def test_shared_memory_is_no_reason(weppd):
    """Ten processes that share the same 60 MiB have 60 MiB, not 600."""
    eid = weppd.start("burners.share", 60 << 20, 10, limits={"memory.max": 150 << 20})
    weppd.wait("began", eid=eid)
    eventually(lambda: "shared" in log(weppd, eid), "all share")
    time.sleep(1.5)  # longer than the longest pause between two looks
    weppd.cancel(eid, *KILL)
    assert weppd.wait("over", eid=eid)["asked"] == "cancel"


def test_processes_over_their_number_end_the_job(weppd):
    """pids.max counts processes and threads of the whole tree."""
    eid = weppd.start("burners.herd", 30, limits={"pids.max": 20}, on_timeout=KILL)
    over = weppd.wait("over", eid=eid)
    assert (over["asked"], over["undead"]) == ("limit", [])
    if weppd.held_by == "controllers":
        assert over["reason"] == "over pids.max: it asked for more than the 20 threads it may have"
        return
    found = re.fullmatch(r"over pids.max: it has (\d+) threads and may have 20", over["reason"])
    assert 20 < int(found[1]) <= 31
    assert over["usage"]["processes"] >= int(found[1])


def test_what_a_long_job_used_is_told_without_limits(weppd):
    """Peak memory of the whole tree and the number of its processes, of a job that just runs."""
    eid = weppd.start("burners.eat", 120 << 20, 3)
    leader = weppd.wait("began", eid=eid)["pid"]
    eventually(lambda: _resident(leader) > 120 << 20, "the tree has eaten")
    time.sleep(3)  # longer than the pause between its first looks
    weppd.cancel(eid, *KILL)
    usage = weppd.wait("over", eid=eid)["usage"]
    assert usage["peak_bytes"] > 120 << 20
    assert usage["processes"] == 3
    assert usage["stopped_s"] == 0


def _resident(leader: int) -> int:
    """The bytes that a tree has, pages that are shared counted for each."""
    tree = [leader, *descendants(leader)]
    return sum(psutil.Process(pid).memory_info().rss for pid in tree if psutil.pid_exists(pid))


def test_a_weight_and_a_set_of_cpus_are_every_member_s(weppd):
    """Nice value, disk level and CPUs of the job's first process and of all that it starts."""
    weights = {"cpu.weight": 25, "io.weight": 50, "cpuset.cpus": [0]}
    eid = weppd.start("burners.herd", 3, limits=weights)
    leader = weppd.wait("began", eid=eid)["pid"]
    tree = eventually(lambda: len(t := descendants(leader)) == 3 and t, "the tree stands")
    for pid in (leader, *tree):
        assert os.getpriority(os.PRIO_PROCESS, pid) == 6
        assert os.sched_getaffinity(pid) == {0}
    weppd.cancel(eid, *KILL)
    weppd.wait("over", eid=eid)


def test_a_member_that_takes_more_is_put_back(weppd):
    """A program that widens its own set of CPUs, or that of its threads, has it for a moment."""
    eid = weppd.start("burners.break_out", limits={"cpuset.cpus": [0], "cpu.weight": 25})
    leader = weppd.wait("began", eid=eid)["pid"]
    eventually(lambda: "out" in log(weppd, eid), "it broke out")
    eventually(lambda: os.sched_getaffinity(leader) == {0}, "it is put back")
    threads = [int(name) for name in os.listdir(f"/proc/{leader}/task")]
    assert len(threads) == 2
    eventually(lambda: all(os.sched_getaffinity(t) == {0} for t in threads), "all of it")
    weppd.cancel(eid, *KILL)
    weppd.wait("over", eid=eid)


def test_cpus_that_are_not_there_fail_the_job_by_name(weppd):
    """A set without any CPU of this host: the job fails and says which CPUs there are."""
    over = weppd.run("celltasks.pid", limits={"cpuset.cpus": [4000]})
    assert over["verdict"]["kind"] == "failed"
    assert over["verdict"]["message"].startswith("cpuset.cpus: none of [4000] is among")


def test_a_weighed_child_serves_no_other_job(weppd):
    """What cannot be taken back from a process ends with its job."""
    more = {"jobs_per_child": 5}
    first = weppd.run("celltasks.pid", limits={"cpu.weight": 50}, **more)
    second = weppd.run("celltasks.pid", **more)
    assert first["pid"] != second["pid"]
    assert os.getpriority(os.PRIO_PROCESS, second["pid"]) == os.getpriority(os.PRIO_PROCESS, 0)


def test_the_kernel_would_rather_end_a_job(weppd):
    """A job's oom_score_adj is above its cell's and its zygote's."""
    eid = weppd.start("celltasks.wait")
    leader = weppd.wait("began", eid=eid)["pid"]
    own = _oom_score(weppd.cell)
    eventually(lambda: _oom_score(leader) >= own + 200, "the job is offered")
    assert own == _oom_score(weppd.zygote.pid)


def _oom_score(pid: int) -> int:
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())
