"""Holds a tree to its share of CPU time: stops it when its bucket is empty, lets it go when full.

The leader's process group is stopped by one call, against which no fork in the group can race;
members of other groups one by one, by descriptor. Where the tree has a control group of its own the
kernel does the counting and the stopping. Nothing here may leave a process stopped: whoever was
stopped is remembered until it was let go, and if this process dies, its guardian kills the tree.
"""

from __future__ import annotations

import os
import signal
import time

from weppd.cell.bucket import LOOKS, Bucket
from weppd.cell.meter import Meter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weppd.cell.meter import Known
    from weppd.cell.proctree import Tree

NEVER = float("inf")
#: The part of a CPU that holding one job to its quota may take. A machine on which a look is dear
#: gets longer turns.
_SHARE = 0.0006


class Governor:
    """The CPU quota of `tree`: `limit` CPUs, from `now` on (seconds of a steady clock).

    `due` is when `turn` wants to be called.
    """

    def __init__(self, tree: Tree, meter: Meter, limit: float, now: float) -> None:
        cpus = os.cpu_count() or 1
        self.due = now
        self._tree = tree
        self._meter = meter
        self._bucket = Bucket(limit, cpus, now)
        self._held: list[Known] = []
        self._cost = 0.0
        self._paid = time.process_time()
        self._released = False
        _before_others()

    @property
    def stopped_s(self) -> float:
        """How long the tree stood still so far, in seconds."""
        return self._bucket.stopped_s

    def turn(self, now: float) -> None:
        """Look how much was used, and stop the tree or let it go."""
        if self._released:
            return
        bucket, was = self._bucket, self._bucket.stopped
        self._pace()
        self.due = bucket.turn(now, self._meter.used(now), self._meter.threads)
        if bucket.stopped:
            self._stop()
            if self._meter.strays:
                # Who was started meanwhile outside the group is not known yet, and runs.
                self.due = min(self.due, max(now + 0.02, self._meter.walk_due))
        elif was:
            self._go()

    def release(self, now: float) -> None:
        """Let the tree go for good: it is ending, or about to hear a signal."""
        if not self._released:
            self._released, self.due = True, NEVER
            self._bucket.let_go(now)
            self._go()
            _among_others()

    def _pace(self) -> None:
        """Make the turns so long that our own use of the CPU keeps to its share."""
        paid = time.process_time()
        self._cost += 0.05 * (paid - self._paid - self._cost)
        self._paid = paid
        self._bucket.pace(LOOKS * self._cost / _SHARE)

    def _stop(self) -> None:
        self._signal_group(signal.SIGSTOP)
        for known in self._meter.strays:
            if not known.held:
                known.held = True
                self._held.append(known)
                _send(known, signal.SIGSTOP)

    def _go(self) -> None:
        self._signal_group(signal.SIGCONT)
        held, self._held = self._held, []
        for known in held:
            _send(known, signal.SIGCONT)
            known.held = False
            if self._meter.members.get(known.pid) is not known:
                known.close()

    def _signal_group(self, signum: int) -> None:
        # Not reaped yet, even as a zombie, the leader keeps its number.
        if self._tree.status is None:
            try:
                os.killpg(self._tree.leader, signum)
            except (ProcessLookupError, PermissionError):
                pass  # it has not called setsid yet, or only set-uid programs are left in it


def _send(known: Known, signum: int) -> None:
    try:
        signal.pidfd_send_signal(known.pidfd, signum)
    except (ProcessLookupError, PermissionError):
        pass  # it is dead, or a set-uid program


def _before_others() -> None:
    """Run ahead of the jobs, where that is allowed: or a tree that forks keeps us from the CPU."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except OSError:
        pass


def _among_others() -> None:
    try:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except OSError:
        pass
