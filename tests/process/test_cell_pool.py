"""A pool of a task's ends with its job: by unwinding where it can, by the ladder where it must."""

from __future__ import annotations

import pickle

import pytest

from tests.process.fakeweppd import alive, descendants, eventually


def test_a_pool_s_workers_are_the_job_s_processes_and_leave_nothing(weppd):
    """Its workers are counted with the tree, and the child may serve again after it."""
    over = weppd.run("celltasks.pool_of", 3, jobs_per_child=5)
    pids, leader = pickle.loads(over["body"])
    assert (len(pids), over["left"]) == (3, 0)
    assert leader not in pids
    assert weppd.run("celltasks.pid", jobs_per_child=5)["pid"] == over["pid"]


@pytest.mark.parametrize("deaf", [False, True])
def test_a_cancel_interrupts_what_runs_and_begins_nothing_more(weppd, tmp_path, deaf):
    """Three calls unwind, seven never begin; workers that do not listen meet the last rung."""
    eid = weppd.start("celltasks.pooled", str(tmp_path), deaf)

    def names(word):
        return sorted(path.name for path in tmp_path.glob(f"{word}[0-9]"))

    eventually(lambda: len(names("began")) == 3, "three calls run")
    leader = weppd.wait("began", eid=eid)["pid"]
    workers = descendants(leader)
    weppd.cancel(eid, ["USR1", 1 if deaf else 15], ["TERM", 0.5], ["KILL", 0])
    over = weppd.wait("over", eid=eid)
    assert not any(alive(pid) for pid in [leader, *workers])
    assert len(names("began")) == 3
    assert len(names("unwound")) == (0 if deaf else 3)
    assert over["undead"] == []
    if deaf:
        assert over["rungs"]["KILL"] >= 3
    else:
        assert over["verdict"] == {"kind": "cancelled"}
        assert over["rungs"] == {"USR1": 4}
