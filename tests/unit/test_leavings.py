"""Who is an orphan of a dead cell, and who must never be taken for one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from weppd.cell.tree import procfs
from weppd.cell.tree.records import Member
from weppd.shell.host.leavings import Host, Leavings, orphans
from weppd.shell.start import Places

WEPPD, ZYGOTE, CELL, WARM, JOB, CHILD, STRANGER = 100, 200, 300, 301, 302, 303, 900


def seen(parents: dict[int, int], marked: set[int], young: frozenset[int] = frozenset()) -> Host:
    """A host with PID 1 and these processes (pid: parent), as old as their number says."""
    members = {
        pid: Member(pid, 99_999 if pid in young else pid, "S", ppid, "x")
        for pid, ppid in ({1: 0} | parents).items()
    }
    return Host(members, frozenset(marked))


def pids(host: Host, living: set[int], spawned: set[int]) -> list[int]:
    """The pids of the orphans."""
    return [member.pid for member in orphans(host, living, spawned)]


WHOLE = {WEPPD: 1, ZYGOTE: WEPPD, CELL: ZYGOTE, WARM: CELL, JOB: CELL, CHILD: JOB, STRANGER: 1}
OURS = {ZYGOTE, CELL, WARM, JOB, CHILD}


def test_nobody_of_a_healthy_node_is_an_orphan():
    """Zygote, cell, warm child and a job's tree all have their guardians."""
    assert pids(seen(WHOLE, OURS), {CELL}, {ZYGOTE}) == []


def test_what_a_dead_cell_and_zygote_left_is():
    """A tree below PID 1, or below weppd as subreaper, and what of it hides its environment."""
    for reaper in (1, WEPPD):
        host = seen({WEPPD: 1, JOB: reaper, CHILD: JOB, STRANGER: 1}, {JOB})
        assert pids(host, set(), {ZYGOTE}) == [JOB, CHILD]


def test_a_cell_whose_zygote_died_goes_on_with_its_job():
    """The kernel has its file locked: nothing at or below it is touched."""
    host = seen({WEPPD: 1, CELL: WEPPD, WARM: CELL, JOB: CELL, CHILD: JOB}, OURS - {ZYGOTE})
    assert pids(host, {CELL}, set()) == []


def test_a_zygote_of_an_earlier_weppd_lives_as_long_as_its_cells():
    """Without a cell it guards nothing any more."""
    old = {WEPPD: 1, ZYGOTE: 1, CELL: ZYGOTE, WARM: CELL}
    assert pids(seen(old, {ZYGOTE, CELL, WARM}), {CELL}, set()) == []
    assert pids(seen({WEPPD: 1, ZYGOTE: 1}, {ZYGOTE}), set(), set()) == [ZYGOTE]


def test_who_lost_its_parent_during_the_look_waits_for_the_next():
    """A process whose line upwards is broken, or passes a stranger with a dead one's number, may
    belong to a living cell."""
    half = {WEPPD: 1, ZYGOTE: WEPPD, CELL: ZYGOTE, CHILD: JOB}
    assert pids(seen(half, OURS), {CELL}, {ZYGOTE}) == []
    reused = {**half, JOB: 1}
    assert pids(seen(reused, {CHILD}, frozenset({JOB})), {CELL}, {ZYGOTE}) == []


def test_processes_without_the_mark_are_strangers():
    """Whatever their parents are."""
    assert pids(seen(WHOLE, set()), set(), set()) == []


def test_what_a_dead_job_said_stays_and_an_empty_spool_goes(tmp_path: Path, monkeypatch):
    """Of jobs whose cells died; a job that is not there, and others' files, are let be."""
    places = Places(tmp_path, tmp_path, tmp_path, (), "")
    for name, text in (("loud.out", "word"), ("silent.out", ""), ("other.out", "")):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(procfs, "become_subreaper", lambda: None)
    leavings = Leavings(tmp_path / "cells", places, SimpleNamespace())
    leavings.remove_empty_spools(["loud", "silent", "gone"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["loud.out", "other.out"]
