"""Holds a tree to its share of CPU time: stops it when its bucket is empty, lets it go when full.

How it is counted and stopped is the brake's affair. If this process dies while the tree stands
still, its guardian kills the tree.
"""

from __future__ import annotations

import os
import time

from weppd.cell.quota.bucket import Bucket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weppd.cell.quota.brakes import Freezer, Signals

NEVER = float("inf")
#: The part of a CPU that holding all jobs of a host to their quotas may take, walks apart; the most
#: that one job's may. A machine on which a look is dear gets longer turns.
_SHARE, _MOST = 0.0088, 0.003


class Governor:
    """The CPU quota of a tree: `limit` CPUs, from `now` on (seconds of a steady clock).

    `due` is when `turn` wants to be called. `slots` is how many jobs the host may have at a time:
    the fewer they are, the shorter the turns, and so the nearer is the tree to its limit within
    any ten seconds. A window that begins with a turn's slice and ends before the next is off by it.
    """

    def __init__(self, brake: Signals | Freezer, limit: float, now: float, slots: int = 1) -> None:
        self.due = now
        self._share = min(_SHARE / max(1, slots), _MOST)
        self._brake = brake
        self._bucket = Bucket(limit, os.cpu_count() or 1, now)
        self._last = (0.0, 1)
        self._leaky = False
        self._cost = 0.0
        self._paid = self._own_s()
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
        bucket, brake, was = self._bucket, self._brake, self._bucket.stopped
        still = was and not self._leaky  # all of it: it uses nothing, and nobody comes
        if not still:
            self._last = brake.used(now)
        due = bucket.turn(now, *self._last)
        # A tree that is to stop is looked at when it stands still: nobody hides, and nobody works
        # meanwhile. So it is a little before it must, rather than while it runs.
        stops = bucket.stopped and not was
        if stops:
            brake.stop(now)
        seen = None if still else brake.look(now, now + bucket.period if stops else now)
        if seen is not None:
            self._last = seen
            due = bucket.turn(now, *seen)
        if bucket.stopped:
            if seen is not None or not stops:
                brake.stop(now)
            again = brake.again(now)
            self._leaky = again != NEVER
            due = min(due, again)
        elif was or stops:
            brake.go()
            self._pace()
        self.due = due

    def release(self, now: float) -> None:
        """Let the tree go for good: it is ending, or about to hear a signal."""
        if not self._released:
            self._released, self.due = True, NEVER
            self._bucket.let_go(now)
            self._brake.go()
            self._brake.close()
            _among_others()

    def _pace(self) -> None:
        """Make the turns so long that our own use of the CPU keeps to its share."""
        paid = self._own_s()
        self._cost += 0.1 * (paid - self._paid - self._cost)
        self._paid = paid
        self._bucket.pace(self._cost / self._share)

    def _own_s(self) -> float:
        """The CPU seconds of this process but for walks, which longer turns would not save."""
        return time.process_time() - self._brake.walks_s


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
