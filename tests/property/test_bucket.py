"""The CPU quota's bucket, without a process: what a tree gets, whatever it does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weppd.cell.quota.bucket import LONGEST_S, SHORTEST_S, Bucket

CPUS = 4


class World:
    """A tree that uses `rate` CPUs while it may, and a look at it each time one is due."""

    def __init__(self, limit, rate, threads=CPUS, late=lambda: 0.0):
        self.bucket = Bucket(limit, CPUS, 0.0)
        self.now = self.used = 0.0
        self.rate, self.threads, self.late = rate, threads, late

    def live(self, seconds):
        """Pass time; the CPU seconds that were used in it."""
        began, end = self.used, self.now + seconds
        while self.now < end:
            due = self.bucket.turn(self.now, self.used, self.threads)
            assert due > self.now, "it would spin"
            step = min(due + self.late(), end) - self.now
            self.now += step
            if not self.bucket.stopped:
                self.used += self.rate * step
        return self.used - began


@given(st.floats(0.01, 3.9), st.floats(0.05, CPUS))
def test_a_tree_gets_its_share_or_what_it_can_use(limit, rate):
    """Over ten seconds: the limit within 2 % and a slice, or all it wants where that is less."""
    world = World(limit, rate)
    world.live(3)
    got, slice_s = world.live(10), max(LONGEST_S * limit, 0.02 * rate)
    assert got <= 10 * limit * 1.02 + slice_s
    assert got >= 10 * min(rate, limit) * 0.98 - slice_s


@given(st.floats(0.05, 2.0), st.lists(st.floats(0.0, 0.05), min_size=1, max_size=20))
def test_a_late_look_costs_the_tree_and_not_the_host(limit, delays):
    """Whoever looks late stops it for longer: on the whole it has its share, no more."""
    turns = iter(delays * 10_000)
    world = World(limit, CPUS, late=lambda: next(turns))
    world.live(3)
    assert world.live(20) / 20 <= limit * 1.03 + 0.02


@given(st.floats(0.1, 2.0), st.floats(0.0, 6.0))
def test_what_was_found_late_is_paid_back(limit, unseen):
    """CPU time that nobody saw when it was used is a debt, as far as it can be hidden."""
    world = World(limit, CPUS)
    world.live(5)
    world.used += unseen
    took = world.live(100)
    assert took + min(unseen, 2.0 * CPUS) <= 100 * limit * 1.02 + 0.3


@given(st.floats(0.05, 2.0), st.floats(0.0, 0.9))
def test_what_shows_only_at_a_stop_counts_as_well(limit, hidden):
    """Of a tree that forks a part is known by a walk only, at the same moment: it pays for it."""
    world = World(limit, CPUS)
    known = walked = 0.0
    while world.now < 30.0:
        shown = known + (1.0 - hidden) * (world.used - known)
        due = world.bucket.turn(world.now, shown, CPUS)
        if world.bucket.stopped or world.now >= walked + 0.5:
            known, walked = world.used, world.now
            due = world.bucket.turn(world.now, known, CPUS)
        if not world.bucket.stopped:
            world.used += world.rate * (due - world.now)
        world.now = due
    assert world.used / world.now <= limit * 1.03 + 0.1


@given(st.floats(0.01, 2.0), st.floats(0.0, 100.0))
def test_no_tree_is_stopped_for_good(limit, unseen):
    """Whatever it owes, there comes a time when it runs."""
    world = World(limit, CPUS)
    world.used += unseen
    world.live(1)
    world.live(2.0 * CPUS / limit + 2)
    assert world.live(1 / limit) > 0


def test_a_tree_that_cannot_reach_its_limit_is_left_alone():
    """One thread under a limit of two CPUs is never stopped, and hardly looked at."""
    bucket = Bucket(2.0, CPUS, 0.0)
    dues = [bucket.turn(second, second, 1) - second for second in range(1, 9)]
    assert not bucket.stopped
    assert bucket.stopped_s == 0
    assert min(dues) >= 1.0


@pytest.mark.parametrize("jump", [3600.0, 1e6])
def test_a_clock_that_jumps_earns_nothing(jump):
    """A pause of an hour, or a machine that slept, gives no credit for an hour."""
    world = World(0.25, CPUS)
    world.live(5)
    world.now += jump
    assert world.live(10) <= 0.25 * 10 * 1.02 + 0.5


@given(st.floats(0.0, 1e9))
def test_the_pace_stays_sensible(period):
    """However dear a look is, a turn is neither a flicker nor a nap."""
    bucket = Bucket(0.5, CPUS, 0.0)
    bucket.pace(period)
    bucket.turn(0.01, 1.0, CPUS)
    assert bucket.stopped
    owed = (bucket.turn(0.02, 1.0, CPUS) - 0.02) * 0.5
    assert 0.8 <= owed <= 1.0 + LONGEST_S
    assert SHORTEST_S < LONGEST_S
