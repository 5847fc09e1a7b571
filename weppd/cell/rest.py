"""How a cell waits: for a socket, a signal or a moment, and holds its job's quota meanwhile.

A quota is looked at many times a second, in each cell of the host. So it has a loop of its own,
which does nothing else.
"""

from __future__ import annotations

import time

_clock, _BOOTTIME = time.clock_gettime, time.CLOCK_BOOTTIME

TYPE_CHECKING = False
if TYPE_CHECKING:
    import select

    from weppd.cell.quota.governor import Governor
    from weppd.cell.wakeup import Wakeup


def now_s() -> float:
    """Seconds on the boot clock, which also counts while the machine sleeps."""
    return _clock(_BOOTTIME)


def rest(
    poll: select.poll, wakeup: Wakeup, quota: Governor | None, until: float
) -> list[tuple[int, int]]:
    """What `poll` found: nothing where a signal came, or `until` (boot clock, s) passed."""
    now = _clock(_BOOTTIME)
    while True:
        due = until if quota is None else min(until, quota.due)
        ready = poll.poll(max(0.0, (due - now) * 1000 + 0.5))
        if ready or wakeup.came or quota is None or due == until:
            return ready
        now = _clock(_BOOTTIME)
        quota.turn(now)
