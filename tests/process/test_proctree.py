"""Ending process trees of every nasty shape: nobody left, nobody else touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.process.lab import (
    compiled,
    eventually,
    in_subreaper,
    new_mark,
    start,
    survivors,
)
from weppd.cell.tree import procfs, proctree
from weppd.cell.tree.proctree import Tree
from weppd.cell.warm import Warm

SHAPES = (
    *("flat", "deep", "ignoring", "daemon", "pgrp", "stopped", "zombie"),
    *("threads", "respawn", "storm", "stormsid", "stormout", "chain", "chainsid"),
)
TIMES = 3

# From Python 3.12 on a fork beside threads of other tests warns; the children here start none.
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


def _program(language: str) -> str | None:
    if language == "python":
        return None
    return compiled() or pytest.skip("no C compiler: the same shapes run in Python")


def _sleeper() -> int:
    """A child of the caller that is nobody's job: a warm child, a bystander."""
    pid = os.fork()
    if pid == 0:
        procfs.die_with_parent()
        signal.pause()
        os._exit(9)
    return pid


def _untouched(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is None


@pytest.mark.parametrize("language", ["c", "python"])
@pytest.mark.parametrize("shape", SHAPES)
def test_no_member_survives_a_kill_and_no_stranger_is_touched(shape: str, language: str) -> None:
    """Whatever a tree does, after a kill nothing of it lives; warm child and bystander do."""
    program = _program(language)
    bystander = _sleeper()

    @in_subreaper
    def ending() -> None:
        warm = _sleeper()
        for _ in range(TIMES):
            mark = new_mark()
            tree = Tree(start(shape, 8, mark, program=program), lambda: (warm,))
            killed = tree.kill(15)
            assert killed.undead == ()
            assert tree.empty()
            assert survivors(mark) == []
            assert tree.status is not None
            assert _untouched(warm)

    try:
        ending()
        assert _untouched(bystander)
    finally:
        os.kill(bystander, signal.SIGKILL)
        os.waitpid(bystander, 0)


@pytest.mark.parametrize("shape", ["chain", "chainsid", "storm", "stormsid", "stormout"])
def test_a_moving_tree_can_be_signalled_and_then_killed(shape: str) -> None:
    """Freezing a tree that forks all the time comes to an end, and the kill after it to zero."""

    @in_subreaper
    def ending() -> None:
        mark = new_mark()
        tree = Tree(start(shape, 8, mark))
        # They ignore it. Of a chain only one lives, which may be born behind a look.
        eventually(lambda: tree.signal(signal.SIGUSR1) > 0)
        assert tree.kill(15).undead == ()
        assert survivors(mark) == []

    ending()


def test_a_storm_that_has_gone_on_for_a_while_is_ended_as_well() -> None:
    """Zombies by the thousand, more than can be read: it is struck before it is looked at."""
    program = _program("c")

    @in_subreaper
    def ending() -> None:
        mark = new_mark()
        tree = Tree(start("storm", 40, mark, program=program))
        eventually(lambda: len(procfs.own_children()) > 3000)
        assert not tree.empty()
        assert tree.kill(15).undead == ()
        assert tree.empty()
        assert survivors(mark) == []

    ending()


def _notes(path: Path) -> Counter[tuple[str, str]]:
    lines = path.read_text().splitlines() if path.exists() else []
    return Counter((pid, name) for pid, name in map(str.split, lines))


def test_each_member_gets_the_signal_exactly_once(tmp_path: Path) -> None:
    """SIGUSR1 comes once to each member, the stopped one included, while others fork; no SIGHUP."""
    notes = tmp_path / "notes"

    @in_subreaper
    def signalling() -> None:
        mark = new_mark()
        leader = start("usr1", 7, mark, extra=str(notes))
        tree = Tree(leader)
        lasting = {leader, *procfs.children(leader)}
        assert len(lasting) == 7
        for round_ in (1, 2, 3):
            sent = tree.signal(signal.SIGUSR1)
            assert sent >= len(lasting)
            wanted = {(str(pid), "SIGUSR1"): round_ for pid in lasting}
            eventually(lambda want=wanted: all(_notes(notes)[k] >= n for k, n in want.items()))
            seen = _notes(notes)
            assert {key: seen[key] for key in wanted} == wanted
            assert all(n <= round_ for n in seen.values())  # the short-lived ones too
            assert {name for _, name in seen} == {"SIGUSR1"}
        assert tree.kill(15).undead == ()

    signalling()


def test_a_tree_that_grows_all_the_time_is_signalled_whole() -> None:
    """Who is being started while the signal goes round gets it too: the tree ends of it alone."""

    @in_subreaper
    def signalling() -> None:
        for _ in range(3):
            tree = Tree(start("growing", 6, new_mark()))
            assert tree.signal(signal.SIGUSR1) >= 6
            eventually(lambda it=tree: it.reap() is not None and it.empty(), within=5)
            assert tree.status == signal.SIGUSR1

    signalling()


def test_a_child_in_its_own_group_gets_no_hangup_when_its_parent_dies_of_the_signal() -> None:
    """The children are woken first: the kernel finds no stopped group to send a SIGHUP to."""

    @in_subreaper
    def signalling() -> None:
        read, write = os.pipe()
        leader = os.fork()
        if leader == 0:
            os.setsid()
            if os.fork() == 0:
                os.setpgid(0, 0)
                for number in (signal.SIGHUP, signal.SIGUSR1):
                    signal.signal(number, lambda n, _: os.write(write, bytes([n])))
                os.write(write, b"r")
                while True:
                    signal.pause()
            signal.pause()
        assert os.read(read, 1) == b"r"
        tree = Tree(leader)
        send = proctree._send

        def slowly(pid: int, known: frozenset[int], signum: int) -> bool:
            sent = send(pid, known, signum)
            if (pid, signum) == (leader, signal.SIGCONT):
                eventually(tree.leader_status)
            return sent

        proctree._send = slowly
        assert tree.signal(signal.SIGUSR1) == 2
        assert eventually(tree.leader_status) == signal.SIGUSR1
        assert os.read(read, 9) == bytes([signal.SIGUSR1])
        assert tree.kill(5).killed == 1
        os.set_blocking(read, False)
        os.close(write)
        assert os.read(read, 9) == b""

    signalling()


def test_a_leader_that_left_children_is_kept_until_they_are_gone() -> None:
    """Its status can be read at once; it is reaped last, so its group's number stays its own."""

    @in_subreaper
    def leaving() -> None:
        leader = os.fork()
        if leader == 0:
            os.setsid()
            if os.fork() == 0:
                signal.pause()
            os._exit(7)
        tree = Tree(leader)
        assert eventually(tree.leader_status) == 7 << 8
        assert tree.reap() == []
        assert not tree.empty()
        assert [member.alive for member in tree.members() if member.pid != leader] == [True]
        assert tree.kill(5).killed == 1
        assert tree.status == 7 << 8
        assert tree.tally.processes == 2

    leaving()


def test_a_job_that_ends_by_itself_is_reaped_with_what_it_used() -> None:
    """Reaping gives the raw status and the tree's CPU seconds and peak; then the tree is empty."""

    @in_subreaper
    def ending() -> None:
        warm = _sleeper()
        leader = os.fork()
        if leader == 0:
            os.setsid()
            if os.fork() == 0:
                end = time.process_time() + 0.05
                while time.process_time() < end:
                    pass
                os._exit(0)
            os.wait()
            os._exit(3)
        tree = Tree(leader, lambda: {warm})
        (last,) = eventually(tree.reap)
        assert (last.pid, last.status, tree.status) == (leader, 3 << 8, 3 << 8)
        assert tree.empty()
        assert tree.tally.user_s + tree.tally.system_s >= 0.04
        assert tree.tally.peak_bytes > 1_000_000

    ending()


def test_a_member_whose_parent_dies_during_the_walk_is_seen() -> None:
    """It has become a child of the subreaper meanwhile: the count of the living stays right."""

    @in_subreaper
    def looking() -> None:
        leader = os.fork()
        if leader == 0:
            if os.fork() == 0:
                os.fork()
                signal.pause()
            os.wait()
            signal.pause()
        (parent,) = eventually(lambda: procfs.children(leader))
        (child,) = eventually(lambda: procfs.children(parent))

        def too_late(pid: int) -> list[int]:
            if pid == parent:
                os.kill(parent, signal.SIGKILL)
                eventually(lambda: child in procfs.own_children())
            return procfs.children(pid)

        proctree.children = too_late
        assert [member.pid for member in Tree(leader).members() if member.alive] == [leader, child]
        proctree.children = procfs.children
        Tree(leader).kill(5)

    looking()


def test_alone_tells_a_reusable_child_from_one_that_left_something() -> None:
    """A leader with a living child is not alone; once the child is gone it is again."""

    @in_subreaper
    def looking() -> None:
        read, write = os.pipe()
        leader = os.fork()
        if leader == 0:
            child = os.fork()
            if child == 0:
                signal.pause()
            os.read(read, 1)
            os.kill(child, signal.SIGKILL)
            os.wait()
            signal.pause()
        warm = object.__new__(Warm)
        warm.pid, warm._proc = leader, []
        eventually(lambda: procfs.children(leader))
        assert not warm.is_alone()
        os.write(write, b"x")
        assert eventually(warm.is_alone)
        Tree(leader).kill(5)
        assert not warm.is_alone()

    looking()


def test_a_kill_without_time_names_who_still_lives() -> None:
    """A sweep that runs out of time returns the members by name; a later one finishes the work."""

    @in_subreaper
    def killing() -> None:
        tree = Tree(start("flat", 3, new_mark()))
        strike, tree._signal_group = tree._signal_group, lambda signum: None
        named = tree.kill(-1).undead
        tree._signal_group = strike
        assert len(named) == 3
        assert all(member.name.startswith("python") for member in named)
        assert tree.kill(5).killed == 3

    killing()


def test_what_is_below_a_process_that_cannot_be_killed_is_killed() -> None:
    """A set-uid parent (or one in an uninterruptible call) does not shield those it started."""

    @in_subreaper
    def killing() -> None:
        leader = os.fork()
        if leader == 0:
            os.fork()
            signal.pause()
        (child,) = eventually(lambda: procfs.children(leader))
        send = proctree._kill
        proctree._kill = lambda pid, signum: pid != leader and send(pid, signum)
        tree = Tree(leader)
        # On a busy machine one that was killed may need more time to die than the ladder takes.
        assert leader in [member.pid for member in tree.kill(0.2).undead]
        eventually(lambda: not procfs.stat(child).alive)
        proctree._kill = send
        assert tree.kill(5).undead == ()
        assert tree.empty()

    killing()


def test_a_guardian_without_a_leader_ends_what_a_dead_cell_left() -> None:
    """With no leader and the cells as spare, orphans are swept and the cells stay."""

    @in_subreaper
    def guarding() -> None:
        other, mark = _sleeper(), new_mark()
        cell = os.fork()
        if cell == 0:
            procfs.become_subreaper()
            start("pgrp", 4, mark)
            signal.pause()
        eventually(lambda: len(survivors(mark)) == 4)
        os.kill(cell, signal.SIGKILL)
        os.waitpid(cell, 0)
        guardian = Tree(0, lambda: (other,))
        assert eventually(lambda: not guardian.empty())
        assert guardian.kill(5).killed == 4
        assert survivors(mark) == []
        assert _untouched(other)

    guarding()


def test_a_number_that_was_given_to_a_stranger_is_not_signalled() -> None:
    """With the pid forced to be used again, the stranger under the old number stays alive."""
    script = Path(__file__).parent / "reuse.py"
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no pid namespace of our own here: {error}")
    done = subprocess.run(
        [*command, sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert done.stdout.split() == ["reused", "refused", "alive"], done.stderr


def test_stat_reads_a_name_with_brackets_and_none_for_nobody() -> None:
    """A program may call itself 'a) R 1 (b'; a number that nobody has reads as None."""

    @in_subreaper
    def reading() -> None:
        Path("/proc/self/comm").write_text("a) R 1 (b")
        me = procfs.stat(os.getpid())
        assert me is not None
        assert (me.name, me.ppid, me.alive) == ("a) R 1 (b", os.getppid(), True)
        gone = os.fork()
        if gone == 0:
            os._exit(0)
        os.waitpid(gone, 0)
        assert procfs.start_time(gone) is None

    reading()


def test_a_child_dies_with_its_parent() -> None:
    """die_with_parent() ends the child when its parent is killed."""

    @in_subreaper
    def dying() -> None:
        parent = os.fork()
        if parent == 0:
            if os.fork() == 0:
                procfs.die_with_parent()
                signal.pause()
            signal.pause()
        (child,) = eventually(lambda: procfs.children(parent))
        eventually(lambda: (stat := procfs.stat(child)) and stat.state == "S")
        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL

    dying()
