"""The decision core against a world that does its worst."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from tests.property.walk import Walk, seeded

NUMBER = st.integers(0, 2**16 - 1)


@settings(max_examples=300, deadline=None)
@given(slots=st.integers(1, 3), steps=st.lists(st.tuples(NUMBER, NUMBER), max_size=60))
def test_whatever_the_order_of_events_every_job_ends_once(slots, steps):
    """Nothing is lost, doubled, oversold or forgotten, and a fair world brings all to rest."""
    walk = Walk(slots)
    walk.run(steps)
    assert set(walk.world.ended) == set(walk.jobs)


def test_long_walks_come_to_rest():
    """A thousand events of all kinds in a row leave no job behind, on any of twenty walks."""
    for seed in range(20):
        walk = seeded(seed, 1000)
        assert set(walk.world.ended) == set(walk.jobs)
