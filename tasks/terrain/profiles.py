"""One profile for each hillslope, that of all its flowpaths; and one for each channel.

After Cochrane & Flanagan (2003, Transactions of the ASAE 46(4), 1041-1049). A flowpath begins at a
cell that nothing flows into and ends in the channel. With the length l and the area a of each:

    L    = sum(l a) / sum(a)                     the length of the hillslope
    s(d) = sum(s(d) l a) / sum(l a)              the slope at a distance d from the channel, over
                                                 the flowpaths that reach as far
    w    = A / L                                 the width, A the area of its cells

All flowpaths through a cell count there at once: the sum of l a over them is gathered downstream.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tasks.terrain.compass import COLUMNS, ROWS, STEPS, Floats, Ints
from tasks.terrain.network import Reach
from tasks.terrain.parts import Delineated

#: As many points as the oldest engine takes.
MOST_POINTS = 20
#: Engines divide by slopes: a level hillslope has one.
LEAST_SLOPE = 0.001
_LENGTH_DECIMALS, _SLOPE_DECIMALS, _X_DECIMALS = 4, 6, 6


@dataclass(frozen=True, slots=True)
class Profile:
    """A hillslope or a channel as WEPP has it: points from the top down."""

    topaz_id: int
    length: float  # m
    width: float  # m
    area: float  # m2, of its own cells
    aspect: float  # deg from north, clockwise, the way it faces
    slope_scalar: float  # m/m, mean of its cells
    x: tuple[float, ...]  # 0-1 of the length
    slope: tuple[float, ...]  # m/m


def slopes(of: Delineated, relief: Floats) -> Floats:
    """The fall of each cell to the next over the way (m/m), flat, 0 where there is no next.

    `relief` (m) is rows by columns, and falls along the flow.
    """
    flow, z = of.flow, relief.ravel()
    onward = flow.down >= 0
    found = np.zeros(z.size)
    found[onward] = (z[onward] - z[flow.down[onward]]) / flow.step[onward]
    return np.maximum(found, 0.0)


def hillslopes(of: Delineated, slope: Floats, longest: float | None = None) -> list[Profile]:
    """The profile of each hillslope, ascending by TOPAZ id.

    `slope` is that of each cell. A hillslope longer than `longest` (m) is as long as that, and
    wider by as much.
    """
    cells = np.flatnonzero((of.ids > 0) & ~of.channel)
    which = np.searchsorted(of.hillslopes, of.ids[cells])
    away, _ = of.flow.to_reach(of.channel)
    lengths, through = _paths(of, cells, which, away)
    middle = away[cells] - of.flow.step[cells] / 2.0
    area = np.bincount(which) * of.flow.cell**2
    mean = np.bincount(which, slope[cells]) / np.bincount(which)
    facing = _aspects(of, cells, which, slope)
    found = []
    for number, rows in enumerate(_grouped(which)):
        own = _Binned(middle[rows], slope[cells[rows]], through[cells[rows]], of.flow.cell)
        length = round(float(lengths[number]), _LENGTH_DECIMALS)
        x, points = own.points(length)
        kept = min(length, longest or length)
        found.append(
            Profile(
                int(of.hillslopes[number]), kept, float(area[number]) / kept, float(area[number]),
                float(facing[number]), float(mean[number]), x, points,
            )
        )  # fmt: skip
    return found


def channels(of: Delineated, slope: Floats, widths: dict[int, float]) -> list[Profile]:
    """The profile of each channel, descending by TOPAZ id: the outlet is last."""
    found = []
    for reach in sorted(of.reaches, key=lambda reach: -reach.topaz_id):
        steps, falls = of.flow.step[reach.cells], slope[reach.cells].copy()
        if of.flow.down[reach.cells[-1]] < 0 and falls.size > 1:
            # Nobody knows how it falls out of the map: as before.
            falls[-1] = falls[-2]
        length, x, points = along(steps, falls, of.flow.cell)
        area = len(reach.cells) * of.flow.cell**2
        mean = float((falls * steps).sum() / steps.sum())
        found.append(
            Profile(
                reach.topaz_id, length, widths[reach.topaz_id], area, _bearing(of, reach), mean,
                x, points,
            )
        )  # fmt: skip
    return found


def along(
    steps: Floats, falls: Floats, cell: float
) -> tuple[float, tuple[float, ...], tuple[float, ...]]:
    """The length (m), and points about a `cell` (m) apart, of a way from the top.

    `steps` (m) and `falls` (m/m) are those of its cells.
    """
    length = round(float(steps.sum()), _LENGTH_DECIMALS)
    middle = np.cumsum(steps) - steps / 2.0
    x = _spaced(length, cell)
    points = np.maximum(np.interp(x * length, middle, falls), LEAST_SLOPE)
    return length, _rounded(x, _X_DECIMALS), _rounded(points)


def _paths(of: Delineated, cells: Ints, which: Ints, away: Floats) -> tuple[Floats, Floats]:
    """The length of each hillslope (m); and of each cell the sum of l a over its flowpaths."""
    flow = of.flow
    _, count = flow.to_reach(of.channel)
    fed = np.bincount(flow.down[cells], minlength=of.ids.size) > 0
    source = ~fed[cells]
    begins, path = cells[source], which[source]
    area = count[begins].astype(np.float64)
    weight = away[begins] * area
    lengths = np.bincount(path, weight) / np.bincount(path, area)
    through = np.zeros(of.ids.size)
    through[begins] = weight
    return lengths, flow.gathered(through)


def _aspects(of: Delineated, cells: Ints, which: Ints, slope: Floats) -> Floats:
    """The mean way down of each hillslope, steep cells counting more."""
    direction = of.flow.direction.ravel()[cells]
    weight = np.maximum(slope[cells], LEAST_SLOPE) / np.array(STEPS)[direction]
    east = np.bincount(which, weight * np.array(COLUMNS)[direction])
    north = np.bincount(which, weight * -np.array(ROWS)[direction])
    return np.round(np.degrees(np.arctan2(east, north)) % 360.0, 2) % 360.0


def _bearing(of: Delineated, reach: Reach) -> float:
    """The bearing of a channel from its first cell to where it ends."""
    columns = of.flow.shape[1]
    row, column = np.divmod(reach.cells[[0, -1]], columns)
    last = of.flow.direction.ravel()[reach.cells[-1]]
    north = row[0] - (row[1] + ROWS[last])
    east = column[1] + COLUMNS[last] - column[0]
    return round(float(np.degrees(np.arctan2(east, north))) % 360.0, 2) % 360.0


def _grouped(which: Ints) -> Iterator[Ints]:
    """The places of each number in `which`, in their order; every number is there."""
    order = np.argsort(which, kind="stable")
    yield from np.split(order, np.cumsum(np.bincount(which))[:-1])


class _Binned:
    """The slope of a hillslope by distance from the channel, in bins of a cell."""

    def __init__(self, middle: Floats, slope: Floats, weight: Floats, cell: float) -> None:
        bins = (middle / cell).astype(np.int64)
        total = np.bincount(bins, weight)
        there = total > 0.0
        self._cell = cell
        self._at = np.bincount(bins, weight * middle)[there] / total[there]
        self._slope = np.bincount(bins, weight * slope)[there] / total[there]

    def points(self, length: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Points of a profile of this length (m), from the top."""
        x = _spaced(length, self._cell)
        slope = np.interp(length * (1.0 - x), self._at, self._slope)
        return _rounded(x, _X_DECIMALS), _rounded(np.maximum(slope, LEAST_SLOPE))


def _spaced(length: float, cell: float) -> Floats:
    """Where the points are: about a cell apart."""
    count = int(np.clip(np.ceil(length / cell) + 1, 3, MOST_POINTS))
    return np.linspace(0.0, 1.0, count)


def _rounded(values: Floats, decimals: int = _SLOPE_DECIMALS) -> tuple[float, ...]:
    found: list[float] = np.round(values, decimals).tolist()
    return tuple(found)
