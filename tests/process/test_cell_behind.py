"""Short jobs given ahead: they wait in the cell behind the one that runs; each has its own end."""

from __future__ import annotations

import os
import signal

from tests.process.fakeweppd import eventually
from weppd.cell import cellfile

#: On a busy machine the shortest job may take long.
PATIENT = {"slow_s": 600}
AHEAD = {"behind": True, "quiet": True, **PATIENT}


def slow_head(weppd, tmp_path, **fields):
    """A job that runs until its mark is removed or it is cancelled; its execution."""
    mark = tmp_path / "mark"
    eid = weppd.start("celltasks.wait", 600, str(mark), **fields)
    eventually(mark.exists, "the job runs")
    return eid


def test_jobs_behind_run_one_by_one_in_the_order_given(weppd):
    """Each has an end of its own, and one process serves them all."""
    first = weppd.start("celltasks.pid", jobs_per_child=5, **PATIENT)
    eids = [weppd.start("celltasks.pid", jobs_per_child=5, **AHEAD) for _ in range(3)]
    overs = [weppd.wait("over") for _ in range(4)]
    assert [over["eid"] for over in overs] == [first, *eids]
    assert {over["verdict"]["kind"] for over in overs} == {"finished"}
    assert len({over["body"] for over in overs}) == 1
    for over in overs:
        weppd.cell_peer(1).send({"kind": "ack", "eid": over["eid"]})
    assert weppd.run("celltasks.echo", 1)["verdict"]["kind"] == "finished"


def test_a_job_behind_has_a_process_of_its_own_where_children_are_not_reused(weppd):
    """What runs behind another is as apart from it as any job."""
    weppd.start("celltasks.pid", **PATIENT)
    weppd.start("celltasks.pid", **AHEAD)
    bodies = [weppd.wait("over")["body"] for _ in range(2)]
    assert bodies[0] != bodies[1]


def test_what_waits_behind_a_slow_job_goes_back_to_weppd(weppd, tmp_path):
    """It did not run, the cell's file names it no more, and weppd hears that the slow one began."""
    head = slow_head(weppd, tmp_path, quiet=True)
    eids = [weppd.start("celltasks.echo", n, **AHEAD) for n in range(2)]
    given = weppd.wait("back")["eids"]
    given += weppd.wait("back")["eids"] if len(given) < 2 else []
    assert given == eids
    weppd.wait("began", eid=head)
    (file,) = cellfile.read(str(weppd.cells))
    assert (file.facts["eid"], file.facts.get("behind") or []) == (head, [])
    weppd.cancel(head, ["KILL", 0])
    assert weppd.wait("over")["eid"] == head
    assert not [frame for frame in weppd.frames if frame["kind"] == "over"]


def test_a_job_behind_is_cancelled_before_it_ran(weppd, tmp_path):
    """Its end says that nobody ran it; the one before and the one after it do as they would."""
    head = slow_head(weppd, tmp_path, **PATIENT)
    gone, kept = (weppd.start("celltasks.echo", n, **AHEAD) for n in range(2))
    weppd.cancel(gone)
    over = weppd.wait("over", eid=gone)
    assert (over["pid"], over["asked"], over["verdict"]) == (0, "cancel", None)
    weppd.cancel(head, ["KILL", 0])
    assert weppd.wait("over", eid=head)["asked"] == "cancel"
    assert weppd.wait("over", eid=kept)["verdict"]["kind"] == "finished"


def test_while_weppd_is_away_the_jobs_behind_run_too(weppd, tmp_path):
    """The next weppd hears in the hello what the cell has, and then every end."""
    head = weppd.start("celltasks.echo", 0, **PATIENT)
    eids = [weppd.start("celltasks.echo", n, **AHEAD) for n in range(3)]
    for eid in (head, *eids):
        weppd.wait("over", eid=eid)
    weppd.go_away()
    weppd.listen()
    hello = weppd.wait("hello", who="cell")
    assert [hello["eid"], *(eid for eid, _ in hello["over"])] == [head, *eids]
    assert [weppd.wait("over")["eid"] for _ in range(4)] == [head, *eids]


def test_while_weppd_is_away_nothing_waits_behind_a_slow_job(weppd, tmp_path):
    """When it is back, much later maybe, another node may have run what waited."""
    head = slow_head(weppd, tmp_path, slow_s=1.0)
    weppd.start("celltasks.echo", 1, **AHEAD)

    def back():
        weppd.go_away()
        weppd.listen()
        return weppd.wait("hello", who="cell")

    hello = eventually(lambda: "behind" not in (hello := back()) and hello, "nothing waits")
    (file,) = cellfile.read(str(weppd.cells))
    assert (hello["eid"], file.facts["eid"], "behind" in file.facts) == (head, head, False)


def test_the_file_tells_what_ran_from_what_did_not(weppd, tmp_path):
    """A cell that is killed leaves on file which executions had begun."""
    done = weppd.start("celltasks.echo", 0)
    weppd.wait("over", eid=done)
    head = weppd.start("celltasks.wait", 600, str(tmp_path / "mark"), **PATIENT)
    waits = weppd.start("celltasks.echo", 1, **AHEAD)

    def named():
        (file,) = cellfile.read(str(weppd.cells))
        return file.facts if file.facts.get("behind") else None

    facts = eventually(named, "the file names what waits")
    os.kill(weppd.cell, signal.SIGKILL)
    assert facts["eid"] == head
    assert [eid for eid, _ in facts["over"]] == [done]
    assert [eid for eid, _ in facts["behind"]] == [waits]
