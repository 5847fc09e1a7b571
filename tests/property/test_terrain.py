"""What holds of a delineated watershed, whatever the ground."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.terrain import BadTerrain, flats, flood, network, parts, profiles
from tasks.terrain.compass import COLUMNS, NOWHERE, ROWS
from tasks.terrain.flow import Flow, directions
from tasks.wepp.numbering import WeppTopTranslator
from tests.unit import terrain_models as models

CALM = settings(max_examples=40, deadline=None)
GROUNDS = st.builds(
    models.rough,
    seed=st.integers(0, 10_000),
    rows=st.integers(3, 26),
    columns=st.integers(3, 26),
    noise=st.sampled_from([0.0, 0.5, 4.0]),
    steps=st.sampled_from([0.1, 1.0, 5.0]),
)
WAYS = {
    "fill": lambda dem: dem,
    "breach": flood.breach,
    "least cost": lambda dem: flood.breach_least_cost(dem, 4),
}


@st.composite
def holed(draw) -> np.ndarray:
    """Ground with cells without data."""
    dem = draw(GROUNDS).copy()
    holes = draw(st.integers(0, dem.size // 4))
    dice = np.random.default_rng(draw(st.integers(0, 99)))
    dem.flat[dice.choice(dem.size, holes, replace=False)] = np.nan
    return dem


@st.composite
def watersheds(draw):
    """A surface, and the parts of the watershed above one of its channel cells."""
    relief, flow = models.flow_over(draw(GROUNDS))
    csa, mcl = draw(st.sampled_from([3, 8, 20])), draw(st.sampled_from([0.0, 25.0, 60.0]))
    try:
        channel = network.channels(flow, csa, mcl)
    except BadTerrain:
        return None
    cells = np.flatnonzero(channel)
    outlet = int(cells[draw(st.integers(0, cells.size - 1))])
    return relief, parts.delineated(flow, network.tree(flow, channel, outlet), outlet)


@CALM
@given(holed(), st.sampled_from(sorted(WAYS)))
def test_water_leaves_every_cell_and_never_climbs(dem, way):
    """Once filled or breached, each cell with data is gone through once, and no way goes up."""
    flooded = flood.fill(WAYS[way](dem))
    flow = Flow(directions(flooded), models.CELL)
    assert sum(level.size for level in flow.levels) == np.count_nonzero(~np.isnan(dem))
    z, onward = flooded.relief.ravel(), flow.down >= 0
    assert (z[onward] >= z[flow.down[onward]]).all()
    leaving = flow.inside & ~onward
    assert flow.area[leaving].sum() == np.count_nonzero(~np.isnan(dem))


@CALM
@given(holed(), st.booleans())
def test_level_ground_drains_to_its_lower_edge_and_not_along_its_higher_one(dem, wet):
    """Each of its cells has a way on the level: to one that is nearer to the lower edge, or as
    near and farther from the higher one; by relaxation, brute."""
    flooded = flood.fill(dem)
    z = np.pad(flooded.relief, 1, constant_values=np.nan)
    rims = [z[1 + r :, 1 + c :][: dem.shape[0], : dem.shape[1]] for r, c in AROUND]
    here = flooded.relief
    drains = np.logical_or.reduce([(rim < here) | np.isnan(rim) for rim in rims])
    way = flats.ways(here, drains, flooded.raised if wet else np.zeros(dem.shape, np.bool_))
    flat = way != NOWHERE
    assert not (flat & (drains | np.isnan(here))).any()
    assert wet or np.array_equal(flat, ~drains & ~np.isnan(here))
    assert not wet or not (flat & flooded.raised).any()
    near = steps(here, flat, flat & ~drains, drains)
    far = steps(here, flat, flat, np.logical_or.reduce([rim > here for rim in rims]), own=True)
    height = np.where(drains, -1e9, 2.0 * near - far)
    row, column = np.nonzero(flat)
    to = row + np.array(ROWS)[way[flat]], column + np.array(COLUMNS)[way[flat]]
    assert (here[to] == here[flat]).all()
    assert (height[to] < height[flat]).all()


AROUND = tuple(zip(ROWS, COLUMNS, strict=True))


def steps(z: np.ndarray, flat: np.ndarray, into: np.ndarray, begin: np.ndarray, *, own=False):
    """How many steps on the level each flat cell is from `begin`; 0 where there is no way."""
    count = np.where(begin & flat if own else begin, 1.0, np.inf)
    for _ in range(z.size):
        before = count.copy()
        for r, c in AROUND:
            other = np.pad(before, 1, constant_values=np.inf)[1 + r :, 1 + c :]
            level = np.pad(z, 1, constant_values=np.nan)[1 + r :, 1 + c :]
            shape = slice(z.shape[0]), slice(z.shape[1])
            nearer = into & (level[shape] == z) & (other[shape] + 1 < count)
            count[nearer] = other[shape][nearer] + 1
        if np.array_equal(before, count):
            break
    return np.where(np.isinf(count), 0.0, count)


@CALM
@given(holed())
def test_filling_raises_no_more_than_it_must(dem):
    """Each cell stands at the least height that any way out makes it: by relaxation, brute."""
    z = np.pad(np.where(np.isnan(dem), -np.inf, dem), 1, constant_values=-np.inf)
    level = np.where(np.isinf(z), -np.inf, np.inf)
    for _ in range(z.size):
        around = [np.roll(level, (-r, -c), (0, 1)) for r, c in zip(ROWS, COLUMNS, strict=True)]
        lower = np.where(np.isinf(z), z, np.maximum(z, np.minimum.reduce(around)))
        if (lower == level)[1:-1, 1:-1].all():
            break
        level[1:-1, 1:-1] = lower[1:-1, 1:-1]
    expected = np.where(np.isnan(dem), np.nan, level[1:-1, 1:-1])
    assert np.array_equal(flood.fill(dem).relief, expected, equal_nan=True)


@CALM
@given(GROUNDS, st.sampled_from(["breach", "least cost"]))
def test_breaching_only_lowers(dem, way):
    """No cell is higher than it was, and filling what is left raises no more than filling all."""
    cut = WAYS[way](dem)
    assert (cut <= dem).all()
    if way == "breach":
        assert np.array_equal(flood.fill(cut).relief, cut)


@CALM
@given(watersheds())
def test_each_cell_is_of_one_part_and_each_hillslope_drains_to_its_channel(made):
    """All that drains through the outlet has an id; one step from a hillslope is it, or its own
    channel; ids are unique and of their kinds."""
    if made is None:
        return
    _, of = made
    assert np.array_equal(of.ids > 0, of.flow.above(of.outlet))
    hill = np.flatnonzero((of.ids > 0) & ~of.channel)
    here, below = of.ids[hill], of.ids[of.flow.down[hill]]
    assert ((below == here) | (below == here + 4 - here % 10)).all()
    tops = [reach.topaz_id for reach in of.reaches]
    translator = WeppTopTranslator(of.hillslopes.tolist(), tops)
    assert translator.chn_n == len(of.reaches)
    heads = {reach.topaz_id for reach in of.reaches if not reach.above}
    assert {int(top) + 3 for top in of.hillslopes if top % 10 == 1} <= heads


@CALM
@given(watersheds())
def test_the_network_is_a_tree_to_the_outlet(made):
    """Each channel but 24 enters one of a lower id, at that one's first cell; cells are joined."""
    if made is None:
        return
    _, of = made
    by_top = {reach.topaz_id: reach for reach in of.reaches}
    assert [top for top, reach in by_top.items() if reach.downstream == 0] == [24]
    for top, reach in by_top.items():
        assert (of.flow.down[reach.cells[:-1]] == reach.cells[1:]).all()
        assert len(reach.above) != 1
        assert len(reach.above) <= network.MOST_INFLOWS
        if reach.downstream:
            below = by_top[reach.downstream]
            assert reach.downstream < top
            assert top in below.above
            assert of.flow.down[reach.cells[-1]] == below.cells[0]
    assert by_top[24].cells[-1] == of.outlet


@CALM
@given(watersheds(), st.sampled_from([None, 30.0]))
def test_length_times_width_is_the_area_of_the_cells(made, longest):
    """Whatever is clipped; and profiles are as slope files want them."""
    if made is None:
        return
    relief, of = made
    for one in profiles.hillslopes(of, profiles.slopes(of, relief), longest):
        area = np.count_nonzero(of.ids == one.topaz_id) * models.CELL**2
        assert one.length * one.width == pytest.approx(area, rel=1e-6)
        assert longest is None or one.length <= longest
        assert (one.x[0], one.x[-1]) == (0.0, 1.0)
        assert list(one.x) == sorted(set(one.x))
        assert min(one.slope) > 0.0
        assert 0.0 <= one.aspect < 360.0


def walked(of, cell: int) -> list[int]:
    """The cells from `cell` to the channel."""
    path = []
    while not of.channel[cell]:
        path.append(cell)
        cell = int(of.flow.down[cell])
    return path


@CALM
@given(watersheds())
def test_a_profile_is_the_weighted_mean_of_its_flowpaths(made):
    """The length and the slopes of Cochrane & Flanagan, by walking every flowpath."""
    if made is None:
        return
    relief, of = made
    falls = profiles.slopes(of, relief)
    fed = set(of.flow.down[np.flatnonzero((of.ids > 0) & ~of.channel)].tolist())
    for one in profiles.hillslopes(of, falls):
        begins = [c for c in np.flatnonzero(of.ids == one.topaz_id).tolist() if c not in fed]
        paths = [walked(of, cell) for cell in begins]
        lengths = np.array([of.flow.step[path].sum() for path in paths])
        counts = np.array([len(path) for path in paths])
        assert one.length == pytest.approx((lengths * counts).sum() / counts.sum(), abs=1e-3)
        sums: dict[int, np.ndarray] = {}
        for path, weight in zip(paths, lengths * counts, strict=True):
            steps = of.flow.step[path]
            middles = np.cumsum(steps[::-1])[::-1] - steps / 2.0
            for middle, slope in zip(middles, falls[path], strict=True):
                at = sums.setdefault(int(middle / models.CELL), np.zeros(3))
                at += weight * np.array([1.0, middle, slope])
        bins = np.array([sums[at] for at in sorted(sums)])
        away = one.length * (1.0 - np.array(one.x))
        expected = np.interp(away, bins[:, 1] / bins[:, 0], bins[:, 2] / bins[:, 0])
        assert one.slope == pytest.approx(np.maximum(expected, profiles.LEAST_SLOPE), abs=1e-4)


@CALM
@given(GROUNDS)
def test_no_end_of_the_network_is_shorter_than_asked(dem):
    """After pruning, each end is as long as asked, and the rest still hangs together."""
    _, flow = models.flow_over(dem)
    try:
        channel = network.channels(flow, 5, 40.0)
    except BadTerrain:
        return
    count = network.inflows(flow, channel)
    for head in np.flatnonzero(channel & (count == 0)).tolist():
        length, cell = flow.step[head], int(flow.down[head])
        while cell >= 0 and count[cell] < 2:
            length, cell = length + flow.step[cell], int(flow.down[cell])
        assert length >= 40.0
    onward = flow.down[channel]
    assert channel[onward[onward >= 0]].all()


@CALM
@given(GROUNDS)
def test_the_same_ground_has_the_same_parts(dem):
    """Nothing depends on order or chance."""

    def ids() -> bytes:
        relief, flow = models.flow_over(dem)
        of = models.delineate(flow, 5)
        found = profiles.hillslopes(of, profiles.slopes(of, relief))
        return of.ids.tobytes() + repr(found).encode()

    try:
        assert ids() == ids()
    except BadTerrain:
        return
