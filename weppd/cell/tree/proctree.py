"""Ending a job's whole process tree: every member signalled once, none left, no stranger touched.

Used inside the tree's subreaper, which must have one thread: then the orphans of the job become
its own children, and a child's number cannot be given to another process before the subreaper
itself waits for it. Three rules follow.

* *Empty is a fact.* Each living member has an ancestor that is a child of the subreaper and stays
  one until it is reaped. So a list of own children without a stranger to `spare` proves that
  nothing of the job lives; no second look is needed.
* *Own children by number, deeper ones by pidfd.* A deeper member can die, be reaped by its parent
  and have its number given away between two system calls. Its pidfd pins the process; a stat line
  read while that process lives proves whose child it is.
* *The leader is reaped last.* As a zombie it keeps its number, so that its process group cannot
  become a stranger's.

`spare` names the children that are not the job's: a cell's warm child, a zygote's cells. Without a
control group a tree is stopped and killed by walking it, again and again until nothing moves.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Collection, Iterator

from weppd.cell.tree.group import Group
from weppd.cell.tree.procfs import (
    MANY,
    become_subreaper,
    boot_id,
    children,
    die_with_parent,
    first_children,
    own_children,
    start_time,
    stat,
)
from weppd.cell.tree.records import Killed, Member, Reaped, Tally

__all__ = [
    "Killed",
    "Member",
    "Reaped",
    "Tally",
    "Tree",
    "become_subreaper",
    "boot_id",
    "die_with_parent",
    "reap_all",
    "start_time",
]

_FREEZE_S = 2.0
_PAUSE_S = 0.0002
_HUNT = 20
_LOOKS = 5
_LOOK_DEEPER = 16
_PEEK = os.WEXITED | os.WNOHANG | os.WNOWAIT


class Tree:
    """The descendants of this process that belong to one job.

    `leader` is the job's first process, a child of the caller that leads its own session (0: there
    is none, as where a zygote ends what a dead cell left). `spare()` gives the children that are
    not the job's, at the time of the call. `group` is the control group that holds the members and
    nobody else, where there is one: it freezes and kills at once what forks faster than a walk.
    `status` is the leader's raw wait status once it was reaped; `tally` sums up what all reaped
    members used, inside `kill` too.
    """

    def __init__(
        self,
        leader: int,
        spare: Callable[[], Collection[int]] = tuple,
        group: Group | None = None,
    ) -> None:
        self.leader = leader
        self.spare = spare
        self.group = group
        self.status: int | None = None
        self.tally = Tally()

    def members(self) -> list[Member]:
        """Who is in the tree now, parents before children, zombies included (`Member.alive`)."""
        return [member for pid in self._walk() if (member := stat(pid)) is not None]

    def empty(self) -> bool:
        """Whether nothing of the job lives or waits to be reaped: a fact, not an observation."""
        spare = self.spare()
        if any(pid not in spare for pid in first_children()):
            return False
        return not self._own()

    def leader_status(self) -> int | None:
        """The leader's raw wait status once it ended, though it may not be reaped yet."""
        if self.status is not None or not self.leader:
            return self.status
        ended = os.waitid(os.P_PID, self.leader, _PEEK)
        if ended is None:
            return None
        if ended.si_code == os.CLD_EXITED:
            return int(ended.si_status) << 8
        return int(ended.si_status) | (0x80 if ended.si_code == os.CLD_DUMPED else 0)

    def reap(self) -> list[Reaped]:
        """Wait for each ended child but the spare; the leader only once it is the last.

        Never blocks, and looks at each child once: who ends meanwhile sends another SIGCHLD (a
        tree can make zombies faster than a loop takes them away). Who is reaped by a parent of
        its own inside the tree is not seen here; its use of the CPU is in that parent's.
        """
        if not _somebody_ended():
            return []
        gone = [each for pid in self._own() if pid != self.leader for each in self._wait(pid)]
        # In this order: a leader that ended before the look has no child that could come after.
        if self._leading() and self.leader_status() is not None and self._own() == [self.leader]:
            gone += self._wait(self.leader)
        return gone

    def signal(self, signum: int) -> int:
        """Send `signum` once to each living member, and wake the stopped; how many got it.

        The tree is stopped first, to the fixpoint where no member can start another, so that none
        is missed and none gets it twice. A member that cannot be stopped (state D) gets it too.
        """
        held = self.group is not None and self.group.freeze(_FREEZE_S)
        walk = self._walk() if held else self._freeze()
        known = frozenset(walk)
        sent = [pid for pid in walk if _send(pid, known, signum)]
        # Children are woken before their parents: the end of a parent whose child is stopped in
        # another group of the session would bring that group a SIGHUP (setpgid(2), orphaned).
        for pid in reversed(walk):
            _send(pid, known, signal.SIGCONT)
        if self.group is not None:
            self.group.thaw()
        return len(sent)

    def kill(self, timeout_s: float) -> Killed:
        """SIGKILL every member, and those that they start meanwhile, until none is left.

        Reaps while it sweeps, the leader last. Ends after `timeout_s` seconds with the members
        that will not die, such as one in an uninterruptible call on a hung file server.
        """
        deadline = time.monotonic() + timeout_s
        killed = calm = 0
        struck: set[int] = set()
        # Before anything is read, or a storm would go on meanwhile.
        if self.group is not None:
            self.group.kill()
        self._signal_group(signal.SIGKILL)
        while not self.empty():
            if time.monotonic() > deadline and (undead := self._alive()):
                return Killed(killed, undead)
            # In this order: who could start others dies first, and reaping may take long.
            fresh = self._hunt(struck)
            gone = self.reap()
            killed += sum(os.WIFSIGNALED(g.status) and os.WTERMSIG(g.status) == 9 for g in gone)
            struck.difference_update(each.pid for each in gone)
            if fresh or gone:
                continue
            calm += 1
            # Who was struck hands its children to us as it dies. Only below one that does not die
            # is there something to look for: at the 16th, 32nd, 64th, …
            if calm >= _LOOK_DEEPER and not calm & (calm - 1):
                self._kill_deep()
            # The victims need the CPU to die: never spin.
            time.sleep(_PAUSE_S * min(10, calm))
        return Killed(killed)

    def _hunt(self, struck: set[int]) -> int:
        """Kill the own children that are not in `struck` yet; how many there were.

        Looks again while there are new ones, and takes the newest first: only so is a chain
        caught in which each process starts its successor and ends at once.
        """
        self._signal_group(signal.SIGKILL)
        found = 0
        for _ in range(_HUNT):
            fresh = [pid for pid in self._own() if pid not in struck]
            hit = [pid for pid in reversed(fresh) if _kill(pid, signal.SIGKILL)]
            if not hit:
                break
            struck.update(hit)
            found += len(hit)
        return found

    def _alive(self) -> tuple[Member, ...]:
        return tuple(member for member in self.members() if member.alive)

    def _kill_deep(self) -> None:
        walk = self._walk()
        known = frozenset(walk)
        for pid in walk:
            _send(pid, known, signal.SIGKILL)

    def _freeze(self) -> list[int]:
        """Stop all members; the numbers of those that were found, parents before children.

        Ends when two walks in a row met only processes that an earlier walk had already found
        settled. One that stopped or vanished during a walk may have had children that the walk
        missed, so such a walk proves nothing. Reaps, or a chain of forks would fill the pid space.
        """
        deadline = time.monotonic() + _FREEZE_S
        settled: set[tuple[int, int]] = set()
        quiet = passes = 0
        walk: list[int] = []
        while quiet < 2 and time.monotonic() < deadline:
            if passes > 1 and not quiet:
                time.sleep(_PAUSE_S * min(10, passes))
            passes += 1
            self._signal_group(signal.SIGSTOP)
            self.reap()
            walk = self._walk()
            now = _stop(walk)
            whole = len(now) == len(walk) < MANY
            quiet = quiet + 1 if whole and now <= settled else 0
            settled = now
        return walk

    def _signal_group(self, signum: int) -> None:
        leader = self._leading()
        if leader:
            try:
                os.killpg(leader, signum)
            except (ProcessLookupError, PermissionError):
                # It has not called setsid yet, or only set-uid programs are left in the group.
                pass

    def _leading(self) -> int:
        """The leader's number while it is pinned, else 0."""
        return 0 if self.status is not None else self.leader

    def _own(self) -> list[int]:
        spare = self.spare()
        return [pid for pid in own_children() if pid not in spare]

    def _walk(self) -> list[int]:
        """The numbers of all members, parents before children, the newest own child first."""
        queue: list[int] = []
        seen: set[int] = set()
        # Whose parent died during the walk has become an own child meanwhile: look again, but not
        # for ever, for a storm makes new ones all the time.
        for _ in range(_LOOKS):
            fresh = [pid for pid in reversed(self._own()) if pid not in seen]
            if not fresh:
                break
            seen.update(fresh)
            queue += _descent(fresh, seen)
        return queue

    def _wait(self, pid: int) -> list[Reaped]:
        got, status, used = os.wait4(pid, os.WNOHANG)
        if not got:
            return []
        self.tally.add(used)
        if pid == self.leader:
            self.status = status
        return [Reaped(pid, status, used)]


def reap_all() -> Iterator[tuple[int, int]]:
    """Reap each child of the caller that has ended, whosever it is: its number and wait status."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        yield pid, status


def _somebody_ended() -> bool:
    try:
        return os.waitid(os.P_ALL, 0, _PEEK) is not None
    except ChildProcessError:
        return False


def _descent(roots: list[int], seen: set[int]) -> list[int]:
    """`roots` and all below them that are not in `seen` yet, breadth first."""
    queue = list(roots)
    for pid in queue:
        fresh = [child for child in children(pid) if child not in seen]
        seen.update(fresh)
        queue += fresh
    return queue


def _stop(walk: list[int]) -> set[tuple[int, int]]:
    """Send SIGSTOP to those of `walk` that run; (pid, start) of those that were settled."""
    known = frozenset(walk)
    settled: set[tuple[int, int]] = set()
    for pid in walk:
        member = stat(pid)
        if member is not None and member.settled:
            settled.add((pid, member.start))
        elif member is not None:
            _send(pid, known, signal.SIGSTOP)
    return settled


def _send(pid: int, known: Collection[int], signum: int) -> bool:
    """Signal a living member, whose parent is the caller or one of `known`; whether it got it."""
    member = stat(pid)
    if member is None or not member.alive:
        return False
    if member.ppid == os.getpid():  # only the caller can free the number, by reaping it
        return _kill(pid, signum)
    return _send_pinned(pid, known, signum)


def _send_pinned(pid: int, known: Collection[int], signum: int) -> bool:
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        member = stat(pid)
        ours = member is not None and (member.ppid in known or member.ppid == os.getpid())
        # Had the process that the pidfd pins ended by now, the line could be a successor's.
        if not ours or _ended(fd):
            return False
        signal.pidfd_send_signal(fd, signum)
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        os.close(fd)
    return True


def _ended(pidfd: int) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


def _kill(pid: int, signum: int) -> bool:
    try:
        os.kill(pid, signum)
    except (ProcessLookupError, PermissionError):  # the latter: a set-uid program
        return False
    return True
