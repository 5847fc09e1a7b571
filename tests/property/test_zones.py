"""Counting classes by zone, against counting cell by cell."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tasks.data import rasters, zones
from tests.unit import site_maps

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))


@st.composite
def grids(draw):
    """Zones, classes, and where they are told, of one shape."""
    shape = draw(SHAPES)
    of = [draw(arrays.arrays(np.int64, shape, elements=st.integers(least, 5))) for least in (0, -2)]
    return (*of, draw(arrays.arrays(np.bool_, shape)))


@given(grids())
def test_counts_are_those_of_a_walk_over_the_cells(grid) -> None:
    """Every cell of a zone is counted once, and none outside of the zones."""
    ids, classes, told = grid
    walked: dict[int, Counter[int | None]] = {}
    for top, code, known in zip(ids.flat, classes.flat, told.flat, strict=True):
        if top > 0:
            walked.setdefault(int(top), Counter())[int(code) if known else None] += 1
    found = zones.count(ids, classes, told)
    assert {top: Counter(dict(s.cells)) for top, s in found.items()} == {
        top: Counter({code: n for code, n in of.items() if code is not None})
        for top, of in walked.items()
    }
    assert {top: s.untold for top, s in found.items()} == {t: of[None] for t, of in walked.items()}
    assert sum(shares.total for shares in found.values()) == int((ids > 0).sum())


@given(grids())
def test_the_dominant_class_has_no_greater_and_no_lower_equal(grid) -> None:
    """Most cells; of equal ones the lowest code; none where nothing is told."""
    for shares in zones.count(*grid).values():
        best = shares.dominant
        if best is None:
            assert not shares.cells
            continue
        most = shares.cells[best]
        assert most == max(shares.cells.values())
        assert not [code for code, n in shares.cells.items() if n == most and code < best]


@given(
    arrays.arrays(np.int64, SHAPES, elements=st.integers(0, 3)),
    SHAPES,
    st.sampled_from((7.0, 11.0, 30.0, 47.0)),
    st.tuples(st.integers(-100, 200), st.integers(-100, 200)),
    st.sampled_from((None, 0)),
)
@settings(max_examples=60)
def test_a_cell_has_the_class_that_its_centre_lies_in(values, shape, cell, moved, nodata) -> None:
    """Nearest neighbour, on grids of other sizes and places; beyond the map nothing is told."""
    # A third of a metre off, so that no centre lies on the edge of two cells.
    west, north = site_maps.WEST + moved[0] + 1 / 3, site_maps.NORTH - moved[1] - 1 / 3
    onto = site_maps.place(*shape, cell=cell, west=west, north=north)
    with TemporaryDirectory() as home:
        path = site_maps.write(Path(home) / "map.tif", values, nodata=nodata)
        found, told = rasters.laid(path, onto)
    for (row, column), known in np.ndenumerate(told):
        x, y = west + (column + 0.5) * cell, north - (row + 0.5) * cell
        at = (
            int((site_maps.NORTH - y) // site_maps.CELL),
            int((x - site_maps.WEST) // site_maps.CELL),
        )
        inside = 0 <= at[0] < values.shape[0] and 0 <= at[1] < values.shape[1]
        if not inside or values[at] == nodata:
            assert not known
        else:
            assert known
            assert found[row, column] == values[at]
