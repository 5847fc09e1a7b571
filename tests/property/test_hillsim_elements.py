"""Laws of several overland flow elements in line."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.hillsim.element import hillslope
from tasks.hillsim.reports import tally
from tasks.hillsim.reports.tally import Tally
from tasks.hillsim.sediment import erosion
from tasks.hillsim.sediment.erosion import Above
from tasks.wepp.files.slope import Slope
from tasks.wepp.files.soil import Soil
from tasks.wepp.samples.cover import Cover
from tests.property.test_hillsim_erosion import beds, earth, events, gradients, points, textures
from tests.property.test_hillsim_water import covers, rows, slopes, soils
from tests.unit import hillsim_slopes as build

lengths = st.lists(st.floats(2.0, 400.0), min_size=2, max_size=4)


@settings(max_examples=40, deadline=None)
@given(st.lists(rows(), min_size=3, max_size=30), covers, soils(), slopes, lengths, st.data())
def test_water_and_sediment_add_up_down_a_slope_of_several_elements(
    days: list[tuple[float, ...]],
    cover: Cover,
    soil: Soil,
    form: Slope,
    parts: list[float],
    data: st.DataObject,
) -> None:
    """Rain is what leaves at the foot, goes up, goes down or stays; soil lost is what leaves.

    Every element and day is checked by the engine; here the run as a whole, to 1e-6.
    """
    first = date.fromordinal(date(2001, 1, 1).toordinal() + data.draw(st.integers(0, 364)))
    climate = build.weather(days, start=first)
    one = build.documents(cover=cover, soil=soil, form=form, climate=climate)
    inputs = build.in_line(one, *parts)
    before = tally.held(hillslope.chain(inputs))
    chain, done = build.run_chain(inputs)
    sums = Tally(tuple(parts))
    for day in done:
        sums.add(day)
        assert min(each.runoff for each in day) >= 0.0
    tally.check_run(before, tally.held(chain), sums)
    lost = sum(value * parts[index // 100] / 100 for index, value in enumerate(sums.cells))
    moved = sum(abs(v) * parts[i // 100] / 100 for i, v in enumerate(sums.cells))
    assert abs(lost - sums.sediment) <= 1e-6 * max(moved, 1e-9)
    assert abs(sum(sums.classes) - sums.sediment) <= 1e-6 * max(moved, 1e-9)


@settings(max_examples=25, deadline=None)
@given(covers, st.floats(25.0, 120.0), st.floats(0.05, 0.4), st.floats(20.0, 200.0))
def test_two_equal_elements_are_one_of_twice_the_length(
    cover: Cover, mm: float, gradient: float, length: float
) -> None:
    """Runoff of a storm within 10 %, or an eighth of the rain, of that of the undivided slope.

    More cannot be claimed: on its way down the water is spread over the excess's duration, and what
    infiltrates while the flow recedes is reckoned for each element by itself.
    """
    days = [build.DRY, build.rainy(mm), build.DRY]
    whole = build.documents(days, cover=cover, form=build.slope(2 * length, gradient, gradient))
    halves = build.in_line(whole, length, length)
    _, undivided = build.run(whole)
    _, divided = build.run_chain(halves)
    one = sum(day.runoff for day in undivided)
    two = sum(day[-1].runoff for day in divided) / 2.0
    assert abs(one - two) <= max(0.1 * one, mm / 1000.0 / 8.0)


@settings(max_examples=120, deadline=None)
@given(gradients, st.floats(2.0, 600.0), beds(), events(), textures, st.floats(0.0, 2.0), st.data())
def test_sediment_from_above_is_carried_on_or_left_behind(
    slopes: tuple[float, ...],
    length: float,
    bed: erosion.Bed,
    event: erosion.Event,
    texture: tuple[float, float],
    share: float,
    data: st.DataObject,
) -> None:
    """What enters and what is detached, less what settles, is what leaves: by class and in all."""
    entering = st.lists(st.floats(0.0, 50.0), min_size=5, max_size=5)
    classes = tuple(data.draw(entering)) if share > 0.0 else (0.0,) * 5
    above = Above(event.depth * share, classes)
    form = erosion.shape(length, points(slopes))
    load = erosion.erode(form, bed, event, earth(texture), above)
    losses = load.losses(length)
    scale = max(abs(value) for value in losses) * length + above.sediment + 1e-12
    balance = above.sediment + sum(losses) * length / erosion.CELLS - load.leaving
    assert abs(balance) <= 1e-6 * scale
    assert abs(sum(load.classes) - load.leaving) <= 1e-6 * max(*load.edges, 1e-12)
    assert min(load.classes) >= -1e-9 * scale
    assert min(load.edges) >= 0.0
