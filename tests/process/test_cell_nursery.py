"""Short jobs one after another: their cell forks children ahead, which are in no job's way."""

from __future__ import annotations

import os
import pickle
import signal

from tests.process.fakeweppd import alive, descendants, eventually
from weppd.cell.nursery import MORE


def brisk(weppd):
    """Have the cell see short jobs until it forks ahead; the children that wait for jobs."""

    def waiting():
        weppd.run("celltasks.echo")
        return len(descendants(weppd.cell)) == MORE

    eventually(waiting, "children forked ahead, of which one has served")
    return descendants(weppd.cell)


def descriptors(pid):
    """How many a process has open; none when it is gone."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def test_each_job_has_a_process_of_its_own(weppd):
    """However they are forked, no process serves two jobs, and all end with theirs."""
    brisk(weppd)
    pids = [pickle.loads(weppd.run("celltasks.own_pid")["body"]) for _ in range(3 * MORE)]
    assert len(set(pids)) == len(pids)
    assert not [pid for pid in pids if alive(pid)]


def test_what_a_job_leaves_behind_is_found_among_them(weppd):
    """Children that wait hide nobody: the job's leftovers are ended, counted, and they alone."""
    brisk(weppd)
    over = weppd.run("celltasks.leave_behind", 3)
    assert over["left"] == 3
    assert not [pid for pid in pickle.loads(over["body"]) if alive(pid)]


def test_a_cancel_reaches_the_job_alone(weppd):
    """The signals of a ladder go to the job's one process and to nobody who waits."""
    brisk(weppd)
    eid = weppd.start("celltasks.wait")
    weppd.wait("began", eid=eid)
    weppd.cancel(eid, ["USR1", 5], ["KILL", 0])
    over = weppd.wait("over", eid=eid)
    assert (over["asked"], over["rungs"]) == ("cancel", {"USR1": 1})


def test_one_that_waits_and_is_killed_costs_no_job(weppd):
    """A job that kills its cell's next children harms none: the next jobs run in others."""
    victims = brisk(weppd)[1:]
    over = weppd.run("celltasks.kill", victims)
    assert over["verdict"]["kind"] == "finished"
    pids = [pickle.loads(weppd.run("celltasks.own_pid")["body"]) for _ in range(MORE)]
    assert not set(pids) & set(victims)
    assert weppd.run("celltasks.leave_behind", 1)["left"] == 1


def test_descriptors_of_those_forked_together(weppd):
    """Each has its own socket only: the end of one is not held open by the next."""
    for pid in brisk(weppd):
        eventually(lambda pid=pid: not alive(pid) or descriptors(pid) == 4, "0, 1, 2 and a socket")


def test_a_cell_that_rests_has_one_child(weppd):
    """A second after the last job only one child waits, and nobody is left unreaped."""
    brisk(weppd)
    eventually(lambda: len(descendants(weppd.cell)) == 1, "one child waits")
    assert weppd.run("celltasks.echo")["verdict"]["kind"] == "finished"


def test_they_die_with_their_cell(weppd):
    """A cell that is killed leaves nobody who waits."""
    waiting = brisk(weppd)
    os.kill(weppd.cell, signal.SIGKILL)
    weppd.wait("gone", n=1)
    assert not [pid for pid in waiting if alive(pid)]
