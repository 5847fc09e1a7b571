"""How long a tree may run and must stand still, so that it uses its share of CPU time and no more.

Pure: time and use are handed in. A bucket fills at the limit's rate and is emptied by what the tree
uses. When it is empty the tree is to stop; when it holds a period's worth, to go on. What was used
beyond (processes that nobody had seen yet) is a debt, which is paid by standing still longer.

::

    tokens (CPU s)
      full  ──╲           ╱╲           ╱     running:  they fall by rate - limit
               ╲         ╱  ╲         ╱      stopped:  they rise by limit
      empty ────╲───────╱────╲───────╱
                 stop    go   stop    go

The period is what both halves take together. With a share near to what the tree can use at all, it
stands still for a small part of it.
"""

from __future__ import annotations

#: One turn of running and standing still takes between these, in seconds.
SHORTEST_S, LONGEST_S = 0.1, 0.6
#: A slice this part of a period long is the shortest: below it the signals cost more than they do.
_LEAST = 0.06
#: The most that a tree may owe, in seconds of all CPUs: what it can use between two walks.
_DEBT_S = 2.0
#: A clock that jumped, or a cell that was held up: no longer pause than this earns anything.
_LONGEST_S = 2.0
_EMPTY, _FULL = 0.3, 0.98
_IDLE_S = 1.0


class Bucket:
    """The tokens of one tree under a limit of `limit` CPUs, on a host of `cpus`.

    `stopped` is whether it is to stand still, `stopped_s` for how long it did so far, `period` what
    a turn takes, all in seconds.
    """

    def __init__(self, limit: float, cpus: int, now: float) -> None:
        self.limit = limit
        self.stopped = False
        self.stopped_s = 0.0
        self._cpus = cpus
        self._at = now
        self._used = 0.0
        self._tokens = 0.25 * limit  # it may begin at once
        self._rate = float(cpus)
        self._unrated = 0.0
        self.period = 0.25

    def turn(self, now: float, used: float, threads: int) -> float:
        """Decide anew whether the tree is `stopped`; when to ask again, at the latest.

        `used` are the seconds of CPU that it has used so far, `threads` how many it has; `now` is
        in seconds of a steady clock.
        """
        most = float(max(1, min(self._cpus, threads)))
        self._pay(now, used, most)
        rate = max(self._rate, 0.25 * most)
        full = self.period * self.limit * max(0.05, 1.0 - self.limit / rate)
        if self.stopped:
            if self._tokens < _FULL * full:
                return now + self._rest(full)
            self.stopped = False
        self._tokens = min(self._tokens, max(full, self.limit * self.period))
        if self._tokens <= _EMPTY * full:
            self.stopped = True
            return now + self._rest(full)
        if most <= self.limit:
            return now + _IDLE_S  # as it is, it cannot use more
        over = rate - self.limit
        wait = self._tokens / over if over > 0.01 else self.period
        return now + min(max(wait, _LEAST * self.period), self.period)

    def _rest(self, full: float) -> float:
        return min(max(0.002, (full - self._tokens) / self.limit), _LONGEST_S)

    def pace(self, period: float) -> None:
        """Have a turn take `period` seconds, as far as that is sensible."""
        self.period = min(max(period, SHORTEST_S), LONGEST_S)

    def let_go(self, now: float) -> None:
        """It is not to be stopped any more."""
        if self.stopped:
            self.stopped_s += max(0.0, now - self._at)
        self.stopped = False

    def _pay(self, now: float, used: float, most: float) -> None:
        passed = min(max(0.0, now - self._at), _LONGEST_S)
        spent = max(0.0, used - self._used)
        self._at, self._used = now, max(used, self._used)
        bound = _DEBT_S * self._cpus
        self._tokens = max(self._tokens + self.limit * passed - spent, -bound)
        if self.stopped:
            self.stopped_s += passed
        elif passed > 0.002:
            rate, self._unrated = (self._unrated + spent) / passed, 0.0
            self._rate += 0.5 * (min(most, rate) - self._rate)
            return
        # It was used before, by those who were not known then: so it may be the next time.
        self._unrated += spent
