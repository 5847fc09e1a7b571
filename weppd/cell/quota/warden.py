"""Watches one job's tree: its CPU quota, its memory, its processes; what it used at most.

A job without limits is looked at seldom, for its peak of memory; one that ends within a second,
never. Memory is the sum of resident sets where that is far from the limit. Near to it, where pages
that processes share must not count twice, it is the sum of proportional sets, which is dear.
"""

from __future__ import annotations

from weppd.cell.quota import controllers, weights
from weppd.cell.quota.brakes import Freezer, Signals
from weppd.cell.quota.governor import NEVER, Governor
from weppd.cell.quota.meter import Meter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weppd.cell.tree.proctree import Tree

#: A job without limits is first looked at after this time, and then so often, at most and at least.
_FIRST_S, _OFTEN_S, _SELDOM_S = 1.0, 1.0, 5.0
_LIMITED_S = (0.02, 0.25)
#: Where nothing can be exceeded, what the quota's last walk saw is new enough.
_FRESH_S = 2.5
#: A tree that grows at this pace cannot pass its limit unseen by more than its next look.
_BYTES_PER_S = 1 << 30
#: From here on the proportional sets are read; and from here on the job's log hears of it.
_NEAR, _SOFT = 0.8, 0.9
_GROWN = 1.1
_MIB = 1 << 20


class Warden:
    """Keeps `tree` within the limits of its `start` frame, from `now` on (s of a steady clock).

    `due` is when `turn` must be called; `quota`, where there is one, wants to be turned by its own
    `due`; `say` takes a line for the job's log.
    """

    def __init__(
        self, start: dict[str, Any], tree: Tree, now: float, say: Callable[[str], None]
    ) -> None:
        limits = start.get("limits") or {}
        self._tree = tree
        self._say = say
        self._kills = 0
        kernel = start.get("backend") != "psutil"
        self._group = tree.group if kernel else None
        held: set[str] = set()
        if self._group is not None:
            held = controllers.write(self._group.path, limits)
            self._kills = controllers.memory_kills(self._group.path)
        own = {name: value for name, value in limits.items() if name not in held}
        self._weights = {name: own[name] for name in weights.NAMES if name in own}
        self._memory: int | None = limits.get("memory.max")
        self._pids: int | None = own.get("pids.max")
        self._meter: Meter | None = None
        self.quota: Governor | None = None
        self._released = False
        self._soft_said = False
        self._pss_of = self._now = 0
        self._pause = _OFTEN_S
        self._hurried = self._memory is not None or self._pids is not None
        self.peak_bytes = 0
        self.due = now + (_LIMITED_S[0] if self._hurried else _FIRST_S)
        if "cpu.max" in own:
            self.quota = Governor(self._brake(), own["cpu.max"], now)

    def _brake(self) -> Signals | Freezer:
        if self._group is not None:
            try:
                return Freezer(self._group)
            except OSError:
                pass  # the group is gone: signals reach the tree wherever it is
        self._meter = Meter(self._tree)
        return Signals(self._tree, self._meter)

    @property
    def stopped_s(self) -> float:
        """How long the tree stood still for its quota, in seconds."""
        return self.quota.stopped_s if self.quota is not None else 0.0

    @property
    def seen(self) -> int:
        """How many processes of the tree were met."""
        return self._meter.seen if self._meter is not None else 0

    def turn(self, now: float) -> str:
        """Look at the tree; why the job must end, "" where it may go on."""
        if self._meter is None:
            self._meter = Meter(self._tree)
        elif self._hurried or now - self._meter.walked_at > _FRESH_S:
            self._meter.walk(now)
        if self._weights:
            strays = [known.pid for known in self._meter.strays]
            weights.keep(self._weights, self._meter.members, strays)
        why = self._memory_over() or self._pids_over()
        self.due = now + self._next(self._meter.walk_cost)
        return why

    def release(self, now: float) -> None:
        """Stop nothing any more: the job is over, or ends, or is about to hear a signal."""
        if self._released:
            return
        self._released, self.due = True, NEVER
        if self.quota is not None:
            self.quota.release(now)
        if self._meter is not None:
            self._meter.close()

    def _next(self, cost: float) -> float:
        if not self._hurried:
            self._pause = min(1.5 * self._pause, _SELDOM_S)
            return max(self._pause, 1000 * cost)
        least, most = _LIMITED_S
        if self._memory is not None:
            most = min(1.0, max(least, (self._memory - self._now) / _BYTES_PER_S))
        if self._pids is not None:
            most = min(most, _LIMITED_S[1])
        return max(most, 50 * cost)

    # -- memory

    def _memory_over(self) -> str:
        """Measure; a line for the log at the soft mark, the reason at the limit."""
        assert self._meter is not None
        self._now = self._meter.rss
        near = self._memory is not None and self._now >= _NEAR * self._memory
        if near or self._now > _GROWN * self._pss_of:
            self._pss_of = max(self._pss_of, self._now)
            self._now = self._proportional()
            self.peak_bytes = max(self.peak_bytes, self._now)
        if self._memory is None:
            return ""
        if self._now > self._memory or self._killed_by_kernel():
            peak = f"its processes have {_shown(self.peak_bytes)} together"
            return f"over memory.max: {peak} and may have {_shown(self._memory)}"
        if self._now >= _SOFT * self._memory and not self._soft_said:
            self._soft_said = True
            self._say(f"memory: {_shown(self._now)} of {_shown(self._memory)} (memory.max)")
        return ""

    def _killed_by_kernel(self) -> int:
        group = self._group
        return controllers.memory_kills(group.path) - self._kills if group is not None else 0

    def _proportional(self) -> int:
        """The tree's proportional set size in bytes; of whom it cannot be had, the resident set."""
        assert self._meter is not None
        total = 0
        for known in self._meter.members.values():
            total += _pss(known.pid, known.rss)
        return total

    def _pids_over(self) -> str:
        assert self._meter is not None
        if self._pids is None or self._meter.threads <= self._pids:
            return ""
        return f"over pids.max: it has {self._meter.threads} threads and may have {self._pids}"


def _pss(pid: int, rss: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            text = file.read()
    except OSError:  # it is gone, or a set-uid program
        return rss
    _, found, rest = text.partition(b"\nPss:")
    return int(rest.split(None, 1)[0]) << 10 if found else rss


def _shown(size: int) -> str:
    return f"{size / _MIB:.0f} MiB" if size < 10 << 30 else f"{size / (1 << 30):.1f} GiB"
