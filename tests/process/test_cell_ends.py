"""How jobs end that do not simply return: crashes, timeouts, cancels, and what they leave."""

from __future__ import annotations

import os
import pickle
import signal
from pathlib import Path

import pytest

from tests.process.fakeweppd import alive, descendants, eventually, jobs_of


def begun(mark: Path):
    """Wait until the job wrote its mark."""
    return eventually(lambda: mark.exists() and mark.read_text() == "began", "the job began")


@pytest.mark.parametrize(
    ("how", "check"),
    [
        ("exit", lambda s: os.WEXITSTATUS(s) == 3),
        ("kill", lambda s: os.WTERMSIG(s) == signal.SIGKILL),
        ("segfault", lambda s: os.WTERMSIG(s) == signal.SIGSEGV),
    ],
)
def test_end_without_a_report(weppd, how, check):
    """A process that dies without a word: no verdict, its raw status, and the cell goes on."""
    over = weppd.run("celltasks.leave", how)
    assert over["verdict"] is None
    assert check(over["status"])
    assert over["asked"] is None
    assert over["oom"] is False
    assert weppd.run("celltasks.echo", 1)["verdict"]["kind"] == "finished"


def test_sys_exit_fails_the_job(weppd):
    """sys.exit in a task is a failure like any other exception, not an end of the process."""
    over = weppd.run("celltasks.leave", "no climate")
    assert over["verdict"] == {
        "kind": "failed", "type": "SystemExit", "message": "no climate",
    }  # fmt: skip


def test_child_killed_from_outside(weppd):
    """A job whose process somebody killed is over with that status, and nobody asked for it."""
    eid = weppd.start("celltasks.wait")
    os.kill(weppd.wait("began", eid=eid)["pid"], signal.SIGKILL)
    over = weppd.wait("over", eid=eid)
    assert (over["verdict"], over["status"], over["asked"]) == (None, signal.SIGKILL, None)


def test_grandchildren_left_behind(weppd):
    """What a job leaves running is killed after a grace; the verdict stands and counts them."""
    over = weppd.run("celltasks.leave_behind", 3)
    assert over["verdict"]["kind"] == "finished"
    assert (over["status"], over["left"], over["undead"]) == (0, 3, [])
    assert not any(alive(pid) for pid in pickle.loads(over["body"]))
    assert over["usage"]["processes"] == 4


def test_timeout(weppd):
    """A timeout takes the rungs that came with the job, and says so."""
    over = weppd.run("celltasks.wait", timeout=0.3, on_timeout=[["USR1", 5], ["KILL", 0]])
    assert over["asked"] == "timeout"
    assert "0.3 s" in over["reason"]
    assert over["verdict"] == {"kind": "cancelled"}
    assert over["rungs"] == {"USR1": 1, "KILL": 0} or over["rungs"] == {"USR1": 1}


def test_cancel_unwinds_the_task(weppd, tmp_path):
    """SIGUSR1 becomes Cancelled: the task's finally runs and sees ctx.cancelled."""
    mark = tmp_path / "mark"
    eid = weppd.start("celltasks.wait", 600, str(mark))
    begun(mark)
    weppd.cancel(eid)
    over = weppd.wait("over", eid=eid)
    assert (over["verdict"], over["asked"], over["reason"]) == (
        {"kind": "cancelled"}, "cancel", "a test",
    )  # fmt: skip
    assert over["rungs"]["USR1"] == 1
    assert mark.read_text() == "cleaned up, cancelled=True"


def test_cancel_before_the_frame_stands(weppd):
    """A cancel in the same write as the start is not lost and does not kill without unwinding."""
    for _ in range(10):
        eid = weppd.start("celltasks.wait")
        weppd.cancel(eid)
        over = weppd.wait("over", eid=eid)
        assert over["verdict"] == {"kind": "cancelled"}
        assert over["status"] == 0
        weppd.cell_peer(1).send({"kind": "ack", "eid": eid})


@pytest.mark.parametrize(
    ("function", "after"),
    [
        ("celltasks.swallow_in_del", "began"),
        ("celltasks.shielded", "done"),
        ("celltasks.clean_up_slowly", "cleaned up"),
        ("celltasks.call_back", "called"),
    ],
)
def test_cancel_is_neither_lost_nor_early(weppd, tmp_path, function, after):
    """Swallowed in a destructor, inside a shield, during a slow clean-up: one USR1 is enough."""
    mark = tmp_path / "mark"
    eid = weppd.start(function, str(mark))
    begun(mark)
    weppd.cancel(eid, ["USR1", 15], ["KILL", 0])
    over = weppd.wait("over", eid=eid)
    assert over["verdict"] == {"kind": "cancelled"}
    assert over["rungs"]["USR1"] == 1
    assert mark.read_text() == after


def test_cancel_of_a_tree(weppd, tmp_path):
    """The whole tree gets SIGUSR1, and over is sent when nothing of it lives."""
    mark = tmp_path / "mark"
    eid = weppd.start("celltasks.tree", 4, str(mark))
    begun(mark)
    leader = weppd.wait("began", eid=eid)["pid"]
    tree = eventually(lambda: (d := descendants(leader)) and len(d) == 12 and d, "the tree stands")
    weppd.cancel(eid)
    over = weppd.wait("over", eid=eid)
    assert not any(alive(pid) for pid in [leader, *tree])
    assert sum(over["rungs"].values()) == 13
    assert over["undead"] == []


def test_cancel_of_a_deaf_tree_climbs_to_the_last_rung(weppd, tmp_path):
    """Who ignores USR1 and TERM gets KILL, and the counts say at which rung each ended."""
    mark = tmp_path / "mark"
    eid = weppd.start("celltasks.tree", 3, str(mark), True)
    begun(mark)
    leader = weppd.wait("began", eid=eid)["pid"]
    tree = eventually(lambda: (d := descendants(leader)) and len(d) == 9 and d, "the tree stands")
    weppd.cancel(eid, ["USR1", 0.3], ["TERM", 0.3], ["KILL", 0])
    over = weppd.wait("over", eid=eid)
    assert not any(alive(pid) for pid in [leader, *tree])
    assert over["verdict"] is None
    assert over["status"] == signal.SIGKILL
    assert over["rungs"]["KILL"] >= 1
    assert sum(over["rungs"].values()) == 10


def test_kill_at_once_counts_who_died_of_it(weppd, tmp_path):
    """With no softer rung the tree is struck first and counted after; then a storm has no time."""
    mark = tmp_path / "mark"
    eid = weppd.start("celltasks.tree", 3, str(mark), True)
    begun(mark)
    leader = weppd.wait("began", eid=eid)["pid"]
    tree = eventually(lambda: (d := descendants(leader)) and len(d) == 9 and d, "the tree stands")
    weppd.cancel(eid, ["USR1", 0], ["TERM", 0], ["KILL", 0])
    over = weppd.wait("over", eid=eid)
    assert not any(alive(pid) for pid in [leader, *tree])
    assert (over["status"], over["asked"], over["undead"]) == (signal.SIGKILL, "cancel", [])
    # One that a dying parent reaped on its way out is seen by nobody.
    assert list(over["rungs"]) == ["KILL"]
    assert 7 <= over["rungs"]["KILL"] <= 10


def test_second_cancel_shortens(weppd, tmp_path):
    """A second, harder cancel does not wait for the first one's grace."""
    mark = tmp_path / "mark"
    eid = weppd.start("celltasks.tree", 1, str(mark), True)
    begun(mark)
    weppd.cancel(eid, ["USR1", 3600], ["KILL", 0])
    weppd.cancel(eid, ["KILL", 0])
    assert weppd.wait("over", eid=eid)["status"] == signal.SIGKILL


def test_sigusr1_to_a_cell_cancels_its_job(weppd, tmp_path):
    """An operator's `kill -USR1` of the cell ends its job by the ladder of the settings."""
    mark = tmp_path / "mark"
    eid = weppd.start("celltasks.wait", 600, str(mark))
    begun(mark)
    os.kill(weppd.cell, signal.SIGUSR1)
    over = weppd.wait("over", eid=eid)
    assert (over["asked"], over["verdict"]) == ("cancel", {"kind": "cancelled"})


def test_cancelled_child_serves_no_more(weppd, tmp_path):
    """A process that was signalled is not used again, whatever jobs_per_child says."""
    mark = tmp_path / "mark"
    eid = weppd.start("celltasks.wait", 600, str(mark), jobs_per_child=9)
    begun(mark)
    weppd.cancel(eid)
    over = weppd.wait("over", eid=eid)
    weppd.cell_peer(1).send({"kind": "ack", "eid": eid})
    assert over["status"] == 0
    assert weppd.run("celltasks.pid")["pid"] != over["pid"]


def test_warm_child_that_dies_is_replaced(weppd):
    """An idle cell whose warm child was killed forks another one and serves."""
    (child,) = eventually(lambda: jobs_of(weppd.cell), "a warm child")
    os.kill(child, signal.SIGKILL)
    eventually(lambda: (d := jobs_of(weppd.cell)) and d != [child], "another warm child")
    assert weppd.run("celltasks.echo", 1)["verdict"]["kind"] == "finished"


def test_second_start_is_refused_while_a_job_runs(weppd):
    """A cell has one job: another start is answered as not run, and the first goes on."""
    first = weppd.start("celltasks.wait", 1.0)
    weppd.wait("began", eid=first)
    second = weppd.start("celltasks.echo")
    refused = weppd.wait("over", eid=second)
    assert (refused["verdict"], refused["pid"], refused["status"]) == (None, 0, None)
    assert first in refused["reason"]
    assert weppd.wait("over", eid=first)["verdict"]["kind"] == "finished"
