"""The process that forks a cell's children: whose they are, and what its end does to them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socketpair

import pytest

from tests.process.fakeweppd import eventually, forker_of
from tests.process.lab import in_subreaper
from weppd.cell import forker
from weppd.cell.forker import Forks
from weppd.cell.setup import Setup
from weppd.cell.tree import procfs


@contextmanager
def _forked(forks: Forks) -> Iterator[int]:
    """A child of the caller that waits for a job, and ends when its socket is closed."""
    ours, its = socketpair()
    with ours:
        pid = forks.fork(ours.fileno(), its.fileno())
        its.close()
        yield pid
    assert os.waitpid(pid, 0) == (pid, 0)


def _forks() -> Forks:
    return Forks(Setup("", "", "", {}), set(), lambda: None)


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def test_child_knows_its_own_number(weppd):
    """abort() of a C library ends the job by its signal: it is sent to the thread's own number."""
    status = weppd.run("celltasks.leave", "abort")["status"]
    assert os.WTERMSIG(status) == signal.SIGABRT


def test_children_are_the_cells_own_and_one_forker_serves_them_all(weppd):
    """Jobs come from the same forker, which is the cell's child as they are."""
    first = forker_of(weppd.cell)
    pids = [weppd.run("celltasks.pid", jobs_per_child=1)["pid"] for _ in range(3)]
    assert len({first, *pids}) == 4
    assert forker_of(weppd.cell) == first
    assert procfs.stat(first).ppid == weppd.cell


def test_forker_that_is_killed_while_the_cell_is_idle(weppd):
    """The next jobs run all the same, from another forker."""
    first = forker_of(weppd.cell)
    os.kill(first, signal.SIGKILL)
    for _ in range(3):
        assert weppd.run("celltasks.echo", 1)["verdict"]["kind"] == "finished"
    eventually(lambda: forker_of(weppd.cell) != first, "another forker")


def test_forker_that_is_killed_while_a_job_runs(weppd):
    """The job goes on and nothing counts as left behind; the next one runs, too."""
    eid = weppd.start("celltasks.wait", 0.3)
    weppd.wait("began", eid=eid)
    os.kill(forker_of(weppd.cell), signal.SIGKILL)
    over = weppd.wait("over", eid=eid)
    weppd.cell_peer(1).send({"kind": "ack", "eid": eid})
    assert (over["verdict"]["kind"], over["status"], over["left"]) == ("finished", 0, 0)
    assert weppd.run("celltasks.echo", 1)["verdict"]["kind"] == "finished"


def test_polite_signals_end_no_forker_and_reach_its_children(weppd):
    """It has done for the jobs' processes what they inherit, and ends by none of it itself."""
    first = forker_of(weppd.cell)
    for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
        os.kill(first, signum)
    for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        mark = weppd.home / f"begun-{signum}"
        eid = weppd.start("celltasks.wait", 600, str(mark))
        eventually(mark.exists, "the job has begun")
        os.kill(weppd.wait("began", eid=eid)["pid"], signum)
        assert os.WTERMSIG(weppd.wait("over", eid=eid)["status"]) == signum
        weppd.cell_peer(1).send({"kind": "ack", "eid": eid})
    assert forker_of(weppd.cell) == first


def test_forker_dies_with_its_cell(weppd):
    """Nothing of a killed cell lives."""
    first = forker_of(weppd.cell)
    os.kill(weppd.cell, signal.SIGKILL)
    weppd.wait("gone", n=1)
    eventually(lambda: procfs.stat(first) is None, "the forker ends")
    assert procfs.stat(first) is None


@in_subreaper
def test_forker_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A forker that stands still is killed after a while, and the cell forks by itself."""
    monkeypatch.setattr(forker, "_PATIENCE_US", 10_000)
    forks = _forks()
    (mute,) = forks.spare()
    os.kill(mute, signal.SIGSTOP)
    with _forked(forks) as pid:
        assert procfs.own_children() == [pid]
    # The next one makes all that this process holds immortal first, which of a test's is much.
    monkeypatch.setattr(forker, "_PATIENCE_US", 120_000_000)
    with _forked(forks) as pid:
        assert procfs.own_children() == [*forks.spare(), pid]


@in_subreaper
def test_child_whose_forker_died_before_it_was_told() -> None:
    """It is ended: nobody knows its number."""
    forks = _forks()
    (first,) = forks.spare()
    lost = os.fork()
    if lost == 0:
        signal.pause()
    _kill(first)
    with _forked(forks) as pid:
        assert procfs.own_children() == [pid]


@in_subreaper
def test_cell_without_a_forker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the C library keeps its numbers elsewhere, the cell forks by itself."""
    monkeypatch.setattr(forker.Thread, "find", staticmethod(lambda: None))
    forks = _forks()
    with _forked(forks) as pid:
        assert procfs.own_children() == [pid]
        assert forks.listed() == b""


@in_subreaper
def test_kernel_that_knows_no_such_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a filter refuses the call, the cell forks by itself, and asks no forker again."""
    _, *others = next(iter(forker._CALLS.values()))
    monkeypatch.setattr(forker, "_CALLS", {os.uname().machine: (9999, *others)})
    forks = _forks()
    for _ in range(2):
        with _forked(forks) as pid:
            assert procfs.own_children() == [pid]
