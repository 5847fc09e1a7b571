"""Grounds made by hand, whose parts one can tell by looking."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.terrain import BadTerrain, flats, flood, network, profiles
from tasks.terrain.compass import NOWHERE
from tasks.terrain.flow import Flow, directions
from tests.unit import terrain_models as models

SOUTH, EAST = 2, 0


def abstracted(dem: np.ndarray, csa_cells: float, mcl: float = 0.0):
    """The parts, and their hillslopes by id."""
    relief, flow = models.flow_over(dem)
    of = models.delineate(flow, csa_cells, mcl)
    return of, {p.topaz_id: p for p in profiles.hillslopes(of, profiles.slopes(of, relief))}


def test_a_plane_drains_straight_down():
    """All water goes south, in columns; the last row has each column's cells."""
    _, flow = models.flow_over(models.plane(rows=12, columns=9))
    assert (flow.direction[:-1] == SOUTH).all()
    assert (flow.area.reshape(flow.shape)[-1] == 12).all()


def test_a_valley_has_a_left_a_right_and_a_head():
    """Looking down its channel, 23 is on the left, 22 on the right, and 21 enters at its head."""
    of, hills = abstracted(models.valley(rows=20, columns=11), csa_cells=12)
    ids = of.ids.reshape(of.flow.shape)
    assert (ids[1:, 5] == 24).all()
    assert (ids[2:, :5] == 22).all()
    assert (ids[2:, 6:] == 23).all()
    assert (ids[:1] == 21).all()
    # It runs south: west is on the right, and falls to the east.
    assert (hills[22].length, hills[22].width, hills[22].aspect) == (50.0, 180.0, 90.0)
    assert (hills[23].length, hills[23].aspect) == (50.0, 270.0)
    assert set(hills[22].slope) == {0.2}
    assert hills[21].aspect == 180.0


def test_a_channel_s_profile_is_its_own():
    """Its length is what water runs, to where it leaves the map; its slope that of the floor."""
    relief, flow = models.flow_over(models.valley(rows=20, columns=11))
    of = models.delineate(flow, 12)
    (channel,) = profiles.channels(of, profiles.slopes(of, relief), {24: 1.5})
    assert (channel.length, channel.width, channel.aspect) == (190.0, 1.5, 180.0)
    assert set(channel.slope) == {0.02}


def test_two_valleys_meet_in_a_junction():
    """24 below; 34 comes in on its left, 44 on its right, each with a head; 24 has none."""
    of, hills = abstracted(models.junction(), csa_cells=60)
    reaches = {reach.topaz_id: reach for reach in of.reaches}
    assert sorted(reaches) == [24, 34, 44]
    assert reaches[24].above == (34, 44)
    assert (reaches[24].order, reaches[34].order) == (2, 1)
    columns = {top: float(np.mean(reach.cells % 41)) for top, reach in reaches.items()}
    # They run south: the left is in the east.
    assert columns[44] < columns[24] < columns[34]
    assert {31, 32, 33, 41, 42, 43, 22, 23} == set(hills)


def test_short_ends_are_pruned():
    """A minimum length that both branches miss leaves the longer of them, and no junction."""
    _, flow = models.flow_over(models.junction())
    assert len(models.delineate(flow, 60, 0.0).reaches) == 3
    assert len(models.delineate(flow, 60, 10_000.0 / 41).reaches) == 1


def test_a_pit_is_filled_to_its_spill_and_drains():
    """Water in a pit stands as high as the lowest cell of its rim, and leaves over that."""
    dem = np.full((5, 5), 9.0)
    dem[2, 2], dem[2, 3], dem[2, 4] = 1.0, 4.0, 3.0
    flooded = flood.fill(dem)
    assert flooded.relief[2, 2] == 4.0
    flow = Flow(directions(flooded), 10.0)
    assert flow.direction[2, 2] == EAST


@pytest.mark.parametrize("cut", [flood.breach, lambda dem: flood.breach_least_cost(dem, 3)])
def test_a_pit_is_breached_through_its_lowest_rim(cut):
    """The way out is dug to the level of the pit, and nothing else is touched."""
    dem = np.full((7, 7), 9.0)
    dem[3, 3], dem[3, 4], dem[3, 5], dem[3, 6] = 1.0, 4.0, 3.0, 0.5
    expected = dem.copy()
    expected[3, 4:6] = 1.0
    assert np.array_equal(cut(dem), expected)


def test_a_pit_out_of_reach_is_left_to_be_filled():
    """With one cell of reach no way out of a wide hollow is found."""
    dem = np.full((9, 9), 9.0)
    dem[2:7, 2:7] = 5.0
    dem[4, 4] = 1.0
    assert np.array_equal(flood.breach_least_cost(dem, 1), dem)
    assert (flood.breach_least_cost(dem, 4) < dem).any()


def test_a_flat_drains_by_shortest_ways():
    """No cell of a level plain is farther from the border than it must be."""
    _, flow = models.flow_over(np.zeros((9, 9)))
    assert len(flow.levels) == 5
    assert flow.area[~(flow.down >= 0)].sum() == 81


def test_the_water_of_a_level_floor_gathers_in_its_middle():
    """A valley floor without a fall, as whole metres make it: one line, away from both sides."""
    dem = np.full((30, 13), 100.0)
    dem[:, :2] = dem[:, -2:] = dem[0] = 104.0
    dem[-1, 6] = 99.0
    _, flow = models.flow_over(dem)
    area = flow.area.reshape(flow.shape)
    floor = slice(6, 26)
    assert (flow.direction[floor, 6] == SOUTH).all()
    assert (area[floor, 6] > 3 * area[floor, [5]].max(axis=1, initial=0)).all()
    assert set(flow.direction[10, 2:6]) | set(flow.direction[10, 7:11]) <= {0, 1, 3, 4}


def test_level_ground_that_holds_water_drains_along_the_valley_under_it():
    """A lake that reaches beyond its hollow is one flat with its shore: the flood has its way."""
    dem = models.valley(rows=30, columns=21)
    dem[25] += 3.0
    flooded = flood.fill(dem)
    none = flats.ways(flooded.relief, np.zeros(dem.shape, np.bool_), flooded.raised)
    assert (none[flooded.raised] == NOWHERE).all()


def test_what_stands_under_water_drains_along_the_valley_under_it():
    """A dammed valley's water takes the valley's floor to the dam, not lines side by side."""
    dem = models.valley(rows=30, columns=21)
    dem[25] += 3.0
    flooded = flood.fill(dem)
    flow = Flow(directions(flooded), 10.0)
    lake = (flooded.relief > dem).ravel()
    floor = np.ravel_multi_index((np.arange(15, 24), 10), flow.shape)
    assert lake[floor].all()
    assert (flow.down[floor] == floor + 21).all()
    assert flow.area[floor[-1]] > 0.9 * np.count_nonzero(lake)


def test_no_channel_is_told_with_what_there_is():
    """One line: what was asked, and the largest area that drains anywhere."""
    _, flow = models.flow_over(models.plane(rows=12, columns=9))
    with pytest.raises(BadTerrain, match=r"area of 13 cells .* the largest area is 12 cells"):
        network.channels(flow, 13, 0.0)


def test_four_channels_at_one_cell_are_three():
    """A structure file has room for three: the smallest is given up, its ground is a hillslope."""
    dem = np.full((21, 21), 500.0)
    row, column = np.mgrid[:21, :21] - 10
    for down, across in ((-1, 0), (0, 1), (0, -1), (-1, -1), (1, 0)):
        along = row * down + column * across
        off = np.maximum(abs(row - along * down), abs(column - along * across))
        arm = np.where(along >= 0, along * (1 if (down, across) != (1, 0) else -1) + 5 * off, 500)
        dem = np.minimum(dem, arm + 0.001 * abs(column - 2))
    _, flow = models.flow_over(dem)
    of = models.delineate(flow, 8)
    assert max(len(reach.above) for reach in of.reaches) <= network.MOST_INFLOWS
    assert np.array_equal(of.ids > 0, flow.above(of.outlet))
