"""How often a governor turns: what governing may cost is shared among the slots of a host."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from weppd.cell.quota import governor
from weppd.cell.quota.bucket import LONGEST_S

#: What a wake-up costs, and a walk, in CPU seconds; how many CPUs the tree uses while it may.
TURN_S, WALK_S, RATE = 0.0001, 0.004, 2.0


class Brake:
    """Holds a tree that is not there; a walk of it takes `walk_s` and is due each `every_s`."""

    def __init__(self, walk_s: float, every_s: float) -> None:
        self.walk_s, self.every_s = walk_s, every_s
        self.used_s = self.walks_s = self.other_s = self.walked = 0.0
        self.stands = False
        self.goes = 0
        self.stopped = 0.0
        self.walks: list[tuple[float, float]] = []

    def used(self, now: float) -> tuple[float, int]:
        """All that was used, as it is."""
        return self.used_s, 2

    def look(self, now: float, by: float) -> tuple[float, int] | None:
        """The same, at the price of a walk."""
        if by < self.walked + self.every_s:
            return None
        self.walked = now
        self.walks_s += self.walk_s
        if self.stands:
            self.walks.append((now, self.stopped))
        return self.used_s, 2

    def stop(self, now: float) -> None:
        """It stands still."""
        if not self.stands:
            self.stopped = now
        self.stands = True

    def again(self, now: float) -> float:
        """Nobody is outside of it."""
        return governor.NEVER

    def go(self) -> None:
        """It goes on."""
        self.goes += self.stands
        self.stands = False

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def held(monkeypatch):
    """Govern a tree at half a CPU for so many seconds on a host of so many slots; its brake."""
    monkeypatch.setattr(governor, "_before_others", lambda: None)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)

    def hold(slots: int, seconds: float, walk_s: float = WALK_S, every_s: float = 0.5) -> Brake:
        brake = Brake(walk_s, every_s)
        clock = SimpleNamespace(process_time=lambda: brake.other_s + brake.walks_s)
        monkeypatch.setattr(governor, "time", clock)
        one, now = governor.Governor(brake, 0.5, 0.0, slots), 0.0
        while now < seconds:
            brake.other_s += TURN_S
            one.turn(now)
            if not brake.stands:
                brake.used_s += RATE * (one.due - now)
            now = one.due
        return brake

    return hold


@pytest.mark.parametrize("slots", [1, 4, 16])
def test_governing_all_slots_takes_less_than_a_hundredth_of_a_cpu(held, slots):
    """Walks apart, which the meter keeps apart; and each tree has its half of a CPU."""
    brake = held(slots, 60.0)
    assert slots * brake.other_s / 60.0 <= 0.01
    assert brake.used_s == pytest.approx(30.0, rel=0.02)


def test_the_fewer_the_slots_the_shorter_the_turns(held):
    """A window of ten seconds is off by a turn at most: the shorter these are, the better."""
    turns = [60.0 / held(slots, 60.0).goes for slots in (1, 8, 64)]
    assert turns == sorted(turns)
    assert turns[0] < 0.2
    assert turns[-1] > 0.9 * LONGEST_S


def test_a_walk_does_not_make_turns_longer(held):
    """Longer turns would not save it: it comes as often."""
    assert held(1, 30.0).goes == held(1, 30.0, walk_s=0.0).goes


def test_who_stood_still_is_not_walked_before_it_goes_on(held):
    """Nobody came meanwhile, and nobody worked: a walk is for the moment of the stop."""
    walks = held(1, 30.0, every_s=0.01).walks
    assert len(walks) > 20
    assert all(now == stopped for now, stopped in walks)
