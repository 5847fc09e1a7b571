"""Laws of flow and sediment in channels."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.hillsim.channels import hydrograph, reach, streambed
from tasks.hillsim.channels.reach import Section
from tasks.hillsim.channels.streambed import PIECES, Bed
from tasks.hillsim.sediment import classes as sediment

sections = st.one_of(
    st.builds(Section, st.floats(0.2, 20.0), st.just(0.0), st.floats(0.03, 0.3), st.just(0.03)),
    st.builds(Section, st.just(0.0), st.floats(0.5, 20.0), st.floats(0.03, 0.3), st.just(0.03)),
)
masses = st.lists(st.floats(0.0, 1e5), min_size=5, max_size=5).map(tuple)
gradients = st.floats(1e-4, 0.4)


@settings(max_examples=50, deadline=None)
@given(st.floats(1e-3, 1e6), st.floats(1e-5, 50.0), st.sampled_from((60.0, 600.0, 3600.0)))
def test_a_storm_brings_its_volume_and_no_more_than_its_peak(
    volume: float, peak: float, step: float
) -> None:
    """The hydrograph's volume is the storm's; no step is above the peak, none below zero."""
    flows = [0.0] * round(hydrograph.DAY / step)
    hydrograph.add_storm(flows, step, volume, peak)
    assert abs(sum(flows) * step - volume) <= 1e-9 * volume
    assert max(flows) <= max(peak, volume / hydrograph.DAY) * (1 + 1e-9)
    assert min(flows) >= -1e-12


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(0.0, 30.0), min_size=24, max_size=24), st.floats(1.0, 1e5),
    st.integers(1, 20), st.floats(0.0, 1e5),
)  # fmt: skip
def test_a_reach_passes_on_what_it_does_not_hold(
    flows: list[float], lag: float, count: int, stored: float
) -> None:
    """Inflow and what was held are outflow and what is held; a wave never grows."""
    out = [0.0] * 24
    held = hydrograph.cascade(flows, 3600.0, lag, count, stored, out)
    given_water = sum(flows) * 3600.0 + stored
    assert abs(given_water - sum(out) * 3600.0 - held) <= 1e-9 * max(given_water, 1.0)
    assert min(*out, held) >= 0.0
    assert max(out) <= max(max(flows), stored / count / lag) * (1 + 1e-9)


@settings(max_examples=50, deadline=None)
@given(sections, st.floats(1e-6, 100.0), gradients)
def test_the_depth_of_a_channel_carries_its_discharge(
    section: Section, discharge: float, slope: float
) -> None:
    """Manning's discharge at the normal depth is the discharge, to 1e-6; waves move down."""
    depth = section.depth(discharge, slope)
    assert abs(section.discharge(depth, slope) - discharge) <= 1e-6 * discharge
    flood = reach.wave(section, discharge, slope)
    assert flood.celerity > discharge / section.area(depth)
    assert flood.characteristic > 0.0


@settings(max_examples=50, deadline=None)
@given(
    sections, gradients, st.floats(1.0, 3000.0), st.floats(0.0, 0.05), st.floats(0.0, 60.0),
    st.floats(1e-4, 20.0), st.floats(0.0, 1.0), st.floats(60.0, 86400.0), masses, masses,
    st.floats(0.0, 1e4),
)  # fmt: skip
def test_sediment_adds_up_down_a_channel(
    section: Section,
    slope: float,
    length: float,
    erodibility: float,
    tauc: float,
    peak: float,
    top: float,
    duration: float,
    brought: tuple[float, ...],
    sides: tuple[float, ...],
    left: float,
) -> None:
    """What enters and is eroded is what leaves and settles, to 1e-6; no bed gives what it lacks."""
    particles = sediment.classes(0.4, 0.2, 0.02)
    bed = Bed(section, length, (slope,) * PIECES, erodibility, tauc, particles, 0.4)
    flow = (peak * top, peak)
    moved = streambed.carry(bed, flow, duration, brought, sides, [left] * PIECES)
    gained = sum(brought) + sum(sides) + sum(moved.eroded)
    kept = sum(moved.leaving) + moved.settled
    assert abs(gained - kept) <= 1e-6 * max(gained, 1e-6)
    assert max(moved.eroded) <= left * (1 + 1e-9) + 1e-12
    assert min(*moved.leaving, *moved.eroded, moved.settled) >= 0.0


def test_a_gentle_channel_keeps_the_coarse_and_lets_the_fine_go() -> None:
    """Below capacity nothing settles; on a flat reach sand does before clay."""
    particles = sediment.classes(0.4, 0.2, 0.02)
    section = Section(1.0, 0.0, 0.05, 0.03)
    brought = (1000.0,) * 5
    flat = Bed(section, 500.0, (0.001,) * PIECES, 0.0, 10.0, particles, 0.4)
    moved = streambed.carry(flat, (0.1, 0.1), 3600.0, brought, (0.0,) * 5, [0.0] * PIECES)
    clay, sand = moved.leaving[0], moved.leaving[4]
    assert moved.settled > 1000.0
    assert sand < 0.1 * clay
    steep = Bed(section, 500.0, (0.1,) * PIECES, 0.0, 10.0, particles, 0.4)
    carried = streambed.carry(steep, (1.0, 1.0), 3600.0, brought, (0.0,) * 5, [0.0] * PIECES)
    assert carried.settled == 0.0
