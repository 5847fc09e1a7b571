"""The kinematic wave of a storm on a plane, held against its closed forms."""

from __future__ import annotations

import math

import pytest

from tasks.hillsim.hydrology import routing, wave
from tasks.hillsim.hydrology.storm import Hyetograph

RATE = 30.0 / 3.6e6
PATH = routing.resistance(60.0, 0.05, 5.0)


def steady(minutes: float) -> Hyetograph:
    """30 mm/h of excess."""
    return Hyetograph([minutes * 60.0], [RATE], 60.0)


def test_the_rising_limb_is_that_of_a_plane_on_which_depth_grows() -> None:
    """Before water from the top has come down `q = α (v t)^1.5`; then the excess itself."""
    equilibrium = routing.travel_time(RATE, PATH)
    for part in (0.2, 0.5, 0.9):
        time = part * equilibrium
        rising = math.pow(RATE * time, 1.5) / PATH
        assert wave.outflow(steady(600.0), 0.0, PATH, time) == pytest.approx(rising, rel=1e-9)
    late = wave.outflow(steady(600.0), 0.0, PATH, 2.0 * equilibrium)
    assert late == pytest.approx(RATE, rel=1e-6)


def test_the_falling_limb_keeps_the_volume() -> None:
    """What the excess brought has left in the end, on the way down without a step up."""
    excess = steady(30.0)
    rows = wave.hydrograph(excess, 0.0, PATH, excess.depth)
    assert rows[-1][2] == pytest.approx(0.95 * excess.depth, rel=0.03)
    falling = [rate for time, rate, _ in rows if time >= 1800.0]
    assert falling == sorted(falling, reverse=True)
    whole = wave.hydrograph(excess, 0.0, PATH, excess.depth / 0.95)
    assert whole[-1][2] == pytest.approx(excess.depth, rel=0.01)


def test_what_the_soil_goes_on_to_take_shortens_the_flow() -> None:
    """With a sink the foot falls dry; without it never quite."""
    later = 3600.0 + routing.travel_time(RATE, PATH)
    assert wave.outflow(steady(10.0), RATE, PATH, later) == pytest.approx(0.0, abs=1e-12)
    assert wave.outflow(steady(10.0), 0.0, PATH, later) > 0.0
