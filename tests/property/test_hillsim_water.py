"""Laws of water that hold on any hillslope under any weather."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.hillsim.element import hillslope
from tasks.hillsim.hydrology import infiltration, routing, storm
from tasks.hillsim.hydrology.infiltration import Ground
from tasks.hillsim.hydrology.storm import Storm
from tasks.hillsim.reports import tally
from tasks.hillsim.reports.tally import Tally
from tasks.wepp.files.slope import Slope
from tasks.wepp.files.soil import Soil
from tasks.wepp.samples.cover import COVERS, Cover
from tests.unit import hillsim_slopes as build

covers = st.sampled_from(COVERS)


@st.composite
def rows(draw: st.DrawFn) -> tuple[float, ...]:
    """A day of any season, with or without rain."""
    wet = draw(st.booleans())
    mm = draw(st.floats(0.2, 150.0)) if wet else 0.0
    low = draw(st.floats(-30.0, 22.0))
    high = low + draw(st.floats(0.5, 20.0))
    return (
        mm, draw(st.floats(0.3, 23.0)) if wet else 0.0, draw(st.floats(0.01, 0.99)),
        draw(st.floats(1.0, 40.0)), high, low, draw(st.floats(20.0, 700.0)),
        draw(st.floats(0.0, 12.0)), 180.0, low - draw(st.floats(0.0, 8.0)),
    )  # fmt: skip


@st.composite
def soils(draw: st.DrawFn) -> Soil:
    """Any soil of the four versions, from pure sand to heavy clay, peat and stones."""
    version = draw(st.sampled_from((97.5, 98.4, 2006.2, 7778.0)))
    plain = build.ground(version)
    sand = draw(st.floats(0.0, 100.0))
    layer = replace(
        plain.elements[0].layers[0],
        depth=draw(st.floats(50.0, 2500.0)), sand=sand, clay=draw(st.floats(0.0, 100.0 - sand)),
        om=draw(st.floats(0.0, 60.0)), cec=draw(st.floats(0.0, 60.0)),
        rock=draw(st.floats(0.0, 100.0)),
    )  # fmt: skip
    if version == 7778.0:
        fc = draw(st.floats(0.02, 0.6))
        layer = replace(
            layer, bulk_density=draw(st.floats(0.2, 2.2)), ksat=draw(st.floats(0.0, 500.0)),
            fc=fc, wp=fc * draw(st.floats(0.05, 1.0)),
        )  # fmt: skip
    return build.ground(
        version, ksflag=draw(st.integers(0, 1)), saturation=draw(st.floats(0.0, 1.0)),
        layers=(layer,), **({} if version >= 7777 else {"ke": draw(st.floats(0.0, 80.0))}),
        ki=draw(st.sampled_from((0.0, 1e5, 1e7))), kr=draw(st.sampled_from((0.0, 1e-4, 0.03))),
    )  # fmt: skip


slopes = st.builds(
    lambda length, gradients: build.slope(length, *gradients),
    st.floats(1.0, 1000.0),
    st.lists(st.floats(0.0, 1.5), min_size=2, max_size=6),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(rows(), min_size=3, max_size=40), covers, soils(), slopes, st.integers(1, 365))
def test_water_adds_up_every_day_and_over_the_run(
    days: list[tuple[float, ...]], cover: Cover, soil: Soil, form: Slope, start: int
) -> None:
    """Rain = runoff + evaporation + percolation + lateral flow + change of what is held, to 1e-6.

    Held are soil water, snow and what hangs on plants; each store stays within its limits.
    """
    first = date.fromordinal(date(2001, 1, 1).toordinal() + start - 1)
    inputs = build.documents(
        cover=cover, soil=soil, form=form, climate=build.weather(days, start=first)
    )
    before = hillslope.build(inputs).water
    slope, done = build.run(inputs)
    sums = Tally((slope.site.shape.length,))
    for day in done:
        sums.add((day,))
        assert day.runoff >= 0.0
        balance = day.balance
        assert min(balance.plants, balance.soil, balance.litter) >= 0.0
        assert min(balance.percolation, balance.lateral, balance.saturation) >= 0.0
    tally.check_run(before, slope.water, sums)
    assert len(done) == len(days)
    for held, limit in zip(slope.store, slope.columns.limit, strict=True):
        assert -1e-12 <= held <= limit + 1e-9
    assert min(slope.pack.water, slope.on_leaves, slope.on_litter) >= 0.0
    for day in done:
        if day.event is not None:
            assert math.isfinite(day.event.load.leaving)
            assert day.event.load.leaving >= 0.0
            assert day.event.flow.peak > 0.0


grounds = st.builds(
    Ground,
    ke=st.floats(1e-8, 2e-5),
    suction=st.floats(0.0, 0.1),
    hollows=st.floats(0.0, 0.01),
)
storms = st.builds(
    Storm,
    depth=st.floats(5e-4, 0.3),
    duration=st.floats(600.0, 86000.0),
    peak_time=st.floats(0.01, 0.99),
    peak_ratio=st.floats(1.0, 40.0),
)


@settings(max_examples=150, deadline=None)
@given(storms, grounds, st.floats(1.0, 3.0))
def test_more_rain_never_runs_off_less(rain: Storm, ground: Ground, more: float) -> None:
    """The same storm shape with more depth gives at least as much excess."""
    heavier = Storm(rain.depth * more, rain.duration, rain.peak_time, rain.peak_ratio)
    less = infiltration.infiltrate(storm.hyetograph(rain), ground).depth
    assert infiltration.infiltrate(storm.hyetograph(heavier), ground).depth >= less - 1e-9


@settings(max_examples=150, deadline=None)
@given(storms, grounds, st.floats(1.0, 20.0))
def test_a_more_open_soil_never_lets_more_run_off(rain: Storm, ground: Ground, more: float) -> None:
    """Raising the conductivity, and nothing else, gives no more excess."""
    opened = Ground(ground.ke * more, ground.suction, ground.hollows)
    made = storm.hyetograph(rain)
    excess = infiltration.infiltrate(made, ground).depth
    assert infiltration.infiltrate(made, opened).depth <= excess + 1e-7


@settings(max_examples=150, deadline=None)
@given(storms, grounds)
def test_an_excess_is_part_of_its_storm(rain: Storm, ground: Ground) -> None:
    """No more runs off than rained; its peak lies between its mean and the rain's peak."""
    made = storm.hyetograph(rain)
    excess = infiltration.infiltrate(made, ground)
    assert abs(made.depth - rain.depth) <= 1e-9 * rain.depth
    assert 0.0 <= excess.depth <= rain.depth + 1e-12
    if excess.depth:
        mean = excess.depth / excess.duration
        assert mean * (1 - 1e-9) <= excess.peak <= max(made.rates) * (1 + 1e-9)
        assert excess.duration <= made.ends[-1] * (1 + 1e-9)


@settings(max_examples=20, deadline=None)
@given(covers, st.floats(20.0, 90.0), st.floats(1.05, 2.0))
def test_a_wetter_day_on_the_same_slope_never_runs_off_less(
    cover: Cover, mm: float, more: float
) -> None:
    """The whole chain, interception to saturation excess, keeps the order of two storms.

    Below 1 mm of difference nothing is claimed: cover opens the soil more in heavier rain.
    """
    found = []
    for depth in (mm, mm * more):
        _, done = build.run(build.documents([build.DRY, build.rainy(depth)], cover=cover))
        found.append(done[-1].runoff)
    assert found[1] >= found[0] - 1e-3


@settings(max_examples=200, deadline=None)
@given(
    st.floats(1e-4, 0.3), st.floats(60.0, 86400.0), st.floats(0.1, 1e7),
    st.one_of(st.floats(0.0, 1e-3), st.sampled_from((5e-324, 1e-270, 1e-200, 1e-21, 1e-19))),
)  # fmt: skip
def test_what_infiltrates_after_the_excess_is_part_of_it(
    depth: float, duration: float, path: float, sink: float
) -> None:
    """Of soils that are as good as tight, too: nothing then."""
    lost = routing.recession(depth, duration, path, sink)
    assert 0.0 <= lost <= depth
    assert lost <= sink * (86400.0 - duration) * (1.0 + 1e-12)
    if sink < 1e-20:
        assert lost == 0.0
