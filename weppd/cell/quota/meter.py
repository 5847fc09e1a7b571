"""How much CPU time a whole tree has used, cheaply and with nobody forgotten.

The living are asked by their CPU clocks, half a microsecond each; the dead are in the accounts of
whoever waited for them: the tree's members, and the caller, its subreaper. A full walk, which costs
fifty times as much, finds who came and went; it is made so seldom that it takes less than a
thousandth of a CPU, and more often while the tree is young or changes. What a walk finds late is
not lost: the sums are totals, so that it shows at once. Only the time of a child that its parent
refused to wait for (SIGCHLD ignored) is nobody's.

The accounts of the dead are told in whole ticks of 10 ms, user and system time each: of sixty
parents of short-lived children, half a second and more is not seen at first, and comes in waves.
The page faults of the dead are told as they are. So within its two ticks an account is taken for
what its faults are worth, at the rate of the whole tree.
"""

from __future__ import annotations

import os
import time
from resource import RUSAGE_CHILDREN, getrusage

from weppd.cell.quota import census
from weppd.cell.tree import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from weppd.cell.quota.census import Line
    from weppd.cell.tree.proctree import Tree

_clock = time.clock_gettime_ns
_FIRST_S, _LONGEST_S = 0.05, 2.0
_SHARE = 0.0004
#: Who vanished and had used so much is looked for as soon as a walk may be made again.
_MUCH_NS = 50_000_000
#: A tree that used so much between two walks was at work.
_WORKED_NS = 10_000_000
_QUIET = 4
#: A tree whose members change is walked so often, at most so many times its cost apart.
_CHANGING_S, _MANY = 0.5, 200
#: Walks are so far apart at least, and on a host of more jobs than so many further: all of them
#: together are to take little.
_CALM_S, _JOBS = 0.25, 2
#: The part of what was used between two walks that only the second may show.
_AMISS = 0.2
#: Walks that miss so much are at least so many times their own cost apart.
_DEAREST = 12


class Known:
    """A member of the tree: who it is, and what of its CPU time is in the last walk's sum."""

    __slots__ = (
        "clock", "faults", "held", "pid", "pidfd", "quiet", "reaped", "rss", "start", "stat",
    )  # fmt: skip

    def __init__(self, line: Line) -> None:
        self.pid, self.start = line.pid, line.start
        self.clock = 0
        self.reaped, self.rss = line.reaped_ns, line.rss
        self.faults = 0
        self.stat = self.pidfd = -1
        self.held = False
        self.quiet = 0

    def pin(self) -> bool:
        """Have a descriptor of it, so that no successor of its number can be meant."""
        if self.pidfd < 0:
            try:
                self.pidfd = os.pidfd_open(self.pid)
            except OSError:
                return False
            now = census.line(self.pid)
            if now is None or now.start != self.start:
                os.close(self.pidfd)
                self.pidfd = -1
        return self.pidfd >= 0

    def close(self) -> None:
        """Let go of it."""
        for fd in (self.pidfd, self.stat):
            if fd >= 0:
                os.close(fd)
        self.pidfd = self.stat = -1


class Meter:
    """The CPU time of `tree`, from now on. The caller is its subreaper and has one thread.

    `slots` is how many jobs the host may have at a time: each has its own meter.

    After a walk, `members` are those who live, by pid; `strays` those of them outside the leader's
    process group, `fickle` whether a new one was among these; `threads` and `rss` (bytes) what all
    have together; `seen` how many processes have been met so far. `walk_cost` is what a walk takes,
    in seconds, `walks_s` what all took so far, `walked_at` when the last one was.
    """

    def __init__(self, tree: Tree, slots: int = 1) -> None:
        self.members: dict[int, Known] = {}
        self.strays: list[Known] = []
        self.fickle = False
        self.threads = 1
        self.rss = 0
        self.seen = 0
        self.walk_due = self.walk_cost = self.walks_s = 0.0
        self.walked_at = -_LONGEST_S
        self._tree = tree
        self._seldom = max(1.0, slots / _JOBS)
        self._sum = self._guess = 0
        self._walks = 0
        self._calm = 0
        self._sign: tuple[int, ...] = ()
        self._reaped = 0
        self._soonest = 0.0
        self._fault_ns = 0.0
        self._busy = self._adopts = False
        self._began = self._take(self._lines(), 0.0, 0.0)

    def used(self, now: float) -> float:
        """Seconds of CPU that the tree has used since the meter was made; `now` on a steady clock.

        Of those who were started since the last walk only what their parents tell.
        """
        self._guess = self._fast(now)
        return (self._guess - self._began) / 1e9

    def look(self, now: float) -> float:
        """The same by a walk, just after `used`; the less that knew, the sooner is the next."""
        total, before = self._guess, self._sum
        self.walk(now)
        missed = self._sum - total
        if missed > _WORKED_NS and missed > _AMISS * (self._sum - before):
            # Most of the tree is not known, or changes: the next slice of its time wants a walk.
            self.walk_due = min(self.walk_due, now + max(_FIRST_S, _DEAREST * self.walk_cost))
        return (self._sum - self._began) / 1e9

    def _fast(self, now: float) -> int:
        total = self._sum
        if self._adopts:
            total += _reaped_ns() - self._reaped
        for known in self.members.values():
            try:
                total += _clock(~known.pid << 3 | 2) - known.clock
                if known.stat >= 0:
                    line = os.pread(known.stat, 1024, 0)
                    total += self._worth(*census.reaped(line)) - known.reaped
            except (OSError, ValueError):
                # It is gone: what it used stands in the accounts of who waited for it.
                total -= known.clock + known.reaped
                if known.clock + known.reaped > _MUCH_NS:
                    self.walk_due = min(self.walk_due, max(now, self._soonest))
        return total

    def walk(self, now: float) -> None:
        """Look at the whole tree now."""
        began = time.process_time()
        lines = self._lines()
        self.walk_cost = time.process_time() - began
        self._take(lines, now, self.walk_cost)
        self.walks_s += time.process_time() - began

    def close(self) -> None:
        """Let go of all members."""
        for known in self.members.values():
            known.close()
        self.members, self.strays = {}, []

    def _lines(self) -> list[Line]:
        return census.walk(procfs.own_children(), self._tree.spare())

    def _take(self, lines: Iterable[Line], now: float, cost: float) -> int:
        before, self._reaped = self._reaped, _reaped_ns()
        total = self._reaped
        members: dict[int, Known] = {}
        lines = list(lines)
        self._learn(lines)
        leader, strays = self._tree.leader, []
        threads = rss = 0
        for line in lines:
            known = members[line.pid] = self._known(line)
            try:
                known.clock = _clock(~line.pid << 3 | 2)
            except OSError:
                pass  # it ended just now: its last time counts until the next walk
            self._watch(known, line)
            total += known.clock + known.reaped
            threads += line.threads
            known.rss = line.rss
            rss += line.rss
            if line.alive and line.group != leader and known.pin():
                strays.append(known)
        for pid, known in self.members.items():
            if members.get(pid) is not known and not known.held:
                known.close()
        self.fickle = any(self.members.get(known.pid) is not known for known in strays)
        # One process that has left us no orphan is not expected to before the next walk.
        self._adopts = len(members) > 1 or self._reaped != before
        self.members, self.strays = members, strays
        self.threads, self.rss = max(1, threads), rss
        self._busy = total - self._sum > _WORKED_NS
        self._sum = total
        self._plan(now, cost)
        return total

    def _known(self, line: Line) -> Known:
        known = self.members.get(line.pid)
        if known is None or known.start != line.start:
            self.seen += 1
            return Known(line)
        return known

    def _learn(self, lines: Iterable[Line]) -> None:
        """What a page fault of the dead is worth, in ns of CPU time: by what all ticks and faults
        tell, or while there are hardly any, by those who live: half of their way, on average."""
        parents = [line for line in lines if line.reaped_faults]
        ticks, some = sum(line.reaped_ns for line in parents), census.TICK_NS * len(parents)
        faults = sum(line.reaped_faults for line in parents)
        if ticks >= some > 0:
            self._fault_ns = (ticks + some) / faults
        elif parents:
            others = [line for line in lines if not line.reaped_faults] or parents
            used = sum(map(_clock_of, others))
            living = 2 * used / max(1, sum(line.faults for line in others))
            self._fault_ns = min(max(living, ticks / faults), (ticks + 2 * some) / faults)

    def _worth(self, told: int, faults: int) -> int:
        """The CPU time in ns of the children that a member waited for, within what ticks allow."""
        return min(max(told, int(faults * self._fault_ns)), told + 2 * census.TICK_NS)

    def _watch(self, known: Known, line: Line) -> None:
        """Keep the stat file open of who waits for working children: their time shows there.

        It is closed again when others worked for a few walks and its children did not.
        """
        if line.reaped_faults > known.faults or not self._walks:
            known.quiet = 0
            if known.stat < 0:
                known.stat = _opened(line.pid)
        elif known.stat >= 0 and self._busy:
            known.quiet += 1
            if known.quiet > _QUIET:
                os.close(known.stat)
                known.stat = -1
        known.faults = line.reaped_faults
        known.reaped = self._worth(line.reaped_ns, line.reaped_faults)

    def _plan(self, now: float, cost: float) -> None:
        self._walks += 1
        self.walked_at = now
        sign = (*self.members, sum(known.faults for known in self.members.values()))
        self._calm = self._calm + 1 if sign == self._sign else 0
        self._sign = sign
        ever = min(_FIRST_S * 2 ** min(self._walks - 1, 6), _LONGEST_S)
        calm = min(_CALM_S * self._seldom * (1 + self._calm), _LONGEST_S)
        dear = min(cost / _SHARE, _LONGEST_S)
        # Who comes and goes is known too late where a walk is rare, however dear it is.
        most = _LONGEST_S if self._calm else max(_CHANGING_S * self._seldom, _MANY * cost)
        self.walk_due = now + min(ever, max(calm, dear), most)
        self._soonest = now + max(_FIRST_S, dear / 5)


def _clock_of(line: Line) -> int:
    try:
        return _clock(~line.pid << 3 | 2)
    except OSError:
        return 0  # it ended just now


def _reaped_ns() -> int:
    """The CPU time of all that the caller ever waited for."""
    used = getrusage(RUSAGE_CHILDREN)
    return int((used.ru_utime + used.ru_stime) * 1e9)


def _opened(pid: int) -> int:
    try:
        return os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1  # it is gone, or we have too many files open: the walks see its time, too
