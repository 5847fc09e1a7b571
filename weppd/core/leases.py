"""When a node counts as silent, and when its jobs may be taken over. Pure.

No two clocks are ever compared. A node's lease is a counter that it bumps with each heartbeat, a
job's witness a text in its run's directory that its node rewrites. A watcher notes what it sees of
both, and for how long, by its own boot clock, they stood still. After any pause in its own looking
(its store was away, its machine slept) it begins to count anew: it does not know what it missed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Terms:
    """The intervals (s) that follow from the one that the operator sets.

    A node is silent when its lease stood still for `lease_s`; it beats a dozen times in that. Its
    cells end what may be run elsewhere after `cell_s` without a word of its lease and without a
    witness, well before. `gap_s`: a longer pause between two looks makes them count anew.
    """

    lease_s: float = 60.0

    @property
    def beat_s(self) -> float:
        """Between two heartbeats of a node."""
        return self.lease_s / 12

    @property
    def witness_s(self) -> float:
        """Between two writes of a witness."""
        return self.lease_s / 6

    @property
    def gap_s(self) -> float:
        """The longest pause between two looks that still counts as looking."""
        return self.lease_s / 3

    @property
    def suspect_s(self) -> float:
        """After so long without a beat a watcher begins to look at witnesses."""
        return self.lease_s / 4

    @property
    def cell_s(self) -> float:
        """What a cell is granted at a time."""
        return 0.6 * self.lease_s

    def held_s(self, hold_s: float) -> float:
        """What a cell is granted when its node goes, and is given `hold_s` to come back."""
        return max(self.lease_s, hold_s) - (self.lease_s - self.cell_s)


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen at last, since when it has looked so, and when that was (own boot clock, s)."""

    seen: str
    since: float
    at: float

    @property
    def still_s(self) -> float:
        """How long it stood still under our eyes."""
        return self.at - self.since


def look(before: Sight | None, seen: str, now: float, terms: Terms) -> Sight:
    """The sight after one more look, at `now`."""
    if before is None or before.seen != seen or not 0 <= now - before.at <= terms.gap_s:
        return Sight(seen, now, now)
    return replace(before, at=now)


def suspect(lease: Sight, terms: Terms) -> bool:
    """Whether a node has been quiet for so long that its jobs' witnesses are worth a look."""
    return lease.still_s >= terms.suspect_s


def silent(lease: Sight, hold_s: float, terms: Terms) -> bool:
    """Whether a node counts as gone; `hold_s` is how long it said that it would be away."""
    return lease.still_s >= max(terms.lease_s, hold_s)


def may_take(
    lease: Sight, hold_s: float, has_run: bool, witness: Sight | None, terms: Terms
) -> bool:
    """Whether a job of that node may be ended, or run, elsewhere.

    A job of a run needs a witness that was seen to stand still too: none seen is no leave.
    """
    if not silent(lease, hold_s, terms):
        return False
    return not has_run or (witness is not None and witness.still_s >= terms.lease_s)
