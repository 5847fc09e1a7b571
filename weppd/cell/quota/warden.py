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
from weppd.cell.rest import now_s

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
#: What the kernel counts of the limits that it holds.
_COUNTS = (controllers.memory_kills, controllers.refused_forks, controllers.throttled_s)


class Warden:
    """Keeps `tree` within the limits of its `start` frame, from `now` on (s of a steady clock).

    `due` is when `turn` must be called; `quota`, where there is one, wants to be turned by its own
    `due`; `say` takes a line for the job's log.
    """

    def __init__(
        self, start: dict[str, Any], tree: Tree, now: float, say: Callable[[str], None]
    ) -> None:
        self._tree = tree
        self._say = say
        self._limits = start.get("limits") or {}
        self._group = tree.group if start.get("backend") != "psutil" else None
        self._slots: int = start.get("slots") or 1
        self._began = now
        self._held: set[str] | None = None
        self._counts = self._kernel()
        self._memory: int | None = self._limits.get("memory.max")
        self._pids: int | None = self._limits.get("pids.max")
        self._meter: Meter | None = None
        self.quota: Governor | None = None
        self._stopped_s = 0.0
        self._released = False
        self._soft_said = False
        self._pss_of = self._now = 0
        self._pause = _OFTEN_S
        self._hurried = self._memory is not None or self._pids is not None
        self.peak_bytes = 0
        self.due = now + (_LIMITED_S[0] if self._hurried else _FIRST_S)
        self._divide(now)

    def _divide(self, now: float) -> None:
        """Have the kernel hold what it can, and hold the rest here.

        Again when its controllers were taken away, or given: they lapse while weppd is not there.
        """
        held = controllers.write(self._group.path, self._limits) if self._group else set()
        if held == self._held:
            return
        self._held, self._counts = held, self._kernel()
        own = {name: value for name, value in self._limits.items() if name not in held}
        self._weights = {name: own[name] for name in weights.NAMES if name in own}
        if self.quota is not None:
            self.quota.release(now)
            self._stopped_s += self.quota.stopped_s
            self.quota = None
        if "cpu.max" in own:
            self.quota = Governor(self._brake(), own["cpu.max"], now, self._slots)

    def _kernel(self) -> tuple[float, ...]:
        """What the kernel did for the group's limits so far: see `_COUNTS`."""
        return tuple([self._count(each) for each in _COUNTS]) if self._limits else (0.0, 0.0, 0.0)

    def _count(self, count: Callable[[str], float]) -> float:
        return count(self._group.path) if self._group is not None else 0.0

    def _brake(self) -> Signals | Freezer:
        if self._group is not None:
            try:
                return Freezer(self._group)
            except OSError:
                pass  # the group is gone: signals reach the tree wherever it is
        self._meter = Meter(self._tree, self._slots)
        return Signals(self._tree, self._meter)

    @property
    def stopped_s(self) -> float:
        """How long the tree stood still for its quota, in seconds."""
        here = self.quota.stopped_s if self.quota is not None else 0.0
        if "cpu.max" in (self._held or ()):
            # The kernel adds up its CPUs; no tree stood still for longer than it lives.
            lived = now_s() - self._began
            here += min(self._count(_COUNTS[2]) - self._counts[2], lived)
        return self._stopped_s + here

    @property
    def seen(self) -> int:
        """How many processes of the tree were met."""
        return self._meter.seen if self._meter is not None else 0

    def turn(self, now: float) -> str:
        """Look at the tree; why the job must end, "" where it may go on."""
        if self._meter is None:
            self._meter = Meter(self._tree, self._slots)
        elif self._hurried or now - self._meter.walked_at > _FRESH_S:
            self._meter.walk(now)
        if self._weights:
            strays = [known.pid for known in self._meter.strays]
            weights.keep(self._weights, self._meter.members, strays)
        if self._group is not None and controllers.changed(self._group.path):
            self._divide(now)
        why = self._memory_over() or self._pids_over()
        self.due = now + self._next(self._meter.walk_cost)
        return why

    def release(self, now: float) -> None:
        """Stop nothing any more: the job is over, or ends, or is about to hear a signal."""
        if self._released:
            return
        self._released, self.due = True, NEVER
        if self._group is not None:
            controllers.let_go(self._group.path)
        if self.quota is not None:
            self.quota.release(now)
        if self._meter is not None:
            self._meter.close()

    def struck(self, killed: bool) -> str:
        """Why the kernel made the job fail, where it did so for a limit; "" where it did not.

        `killed` says that a signal ended the leader.
        """
        kills, refused, _ = self._counts
        if killed and self._memory is not None and self._count(_COUNTS[0]) > kills:
            return self._ended_by_kernel(self._memory)
        if self._pids is not None and self._count(_COUNTS[1]) > refused:
            return _crowded(self._pids)
        return ""

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
        if self._now > self._memory:
            peak = f"its processes have {_shown(self.peak_bytes)} together"
            return f"over memory.max: {peak} and may have {_shown(self._memory)}"
        if self._count(_COUNTS[0]) > self._counts[0]:
            return self._ended_by_kernel(self._memory)
        if self._now >= _SOFT * self._memory and not self._soft_said:
            self._soft_said = True
            self._say(f"memory: {_shown(self._now)} of {_shown(self._memory)} (memory.max)")
        return ""

    def _ended_by_kernel(self, memory: int) -> str:
        """By its account the tree had all that it may have, whatever was seen of it here."""
        self.peak_bytes = max(self.peak_bytes, memory)
        return f"over memory.max: the kernel ended it at the {_shown(memory)} it may have"

    def _proportional(self) -> int:
        """The tree's proportional set size in bytes; of whom it cannot be had, the resident set."""
        assert self._meter is not None
        total = 0
        for known in self._meter.members.values():
            total += _pss(known.pid, known.rss)
        return total

    def _pids_over(self) -> str:
        assert self._meter is not None
        if self._pids is None:
            return ""
        if self._count(_COUNTS[1]) > self._counts[1]:
            return _crowded(self._pids)
        if self._meter.threads <= self._pids:
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


def _crowded(most: int) -> str:
    return f"over pids.max: it asked for more than the {most} threads it may have"


def _shown(size: int) -> str:
    return f"{size / _MIB:.0f} MiB" if size < 10 << 30 else f"{size / (1 << 30):.1f} GiB"
