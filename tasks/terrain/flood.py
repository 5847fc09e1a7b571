"""Depressions: filled, or breached, so that water leaves every cell of an elevation model.

Filling is a priority-flood (Barnes, Lehman & Mulla 2014, Computers & Geosciences 62, 117-127): from
the edges inward, the lowest cell first, of equal ones the first that was met; a cell stands as high
as it is, or as the cell that it was reached from, if that is higher. Lowest means by the elevations
as they were: so the flood goes along the floor of a depression before its sides, and the way back
from each cell follows the valleys under the water (Ehlschlaeger 1989, who has water go all the way
so). A flat is gone through from all its lower edges at once.

Breaching is after Lindsay (2016, Hydrological Processes 30, 846-857): a way is cut from each pit to
a lower cell. `breach` cuts along the way back of the flood; `breach_least_cost` along the way with
the least to dig (the sum over its cells of what lies above the pit), no farther than a distance;
what it cannot cut is left to be filled.

The loops are plain Python over flat arrays: a cell is a number, and its place in the queue a whole
number, which is compared faster than a pair.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.terrain.compass import COLUMNS, NOWHERE, ROWS, Codes, Floats, Mask

_STRAIGHT_FIRST = (0, 2, 4, 6, 1, 3, 5, 7)
_AHEAD = tuple((direction + 4) % 8 for direction in range(8))


@dataclass(frozen=True, slots=True)
class Flooded:
    """A surface from which all water leaves, and a way for it where the surface is level."""

    relief: Floats  # m, rows by columns, NaN without data
    way: Codes  # direction towards the cell that a cell was reached from, or out of the data
    raised: Mask  # what stands higher than it was: the water of depressions


def fill(dem: Floats) -> Flooded:
    """Raise what lies in depressions of `dem` (m, rows by columns, NaN without data)."""
    padded = _Padded(dem)
    level = _flood(padded)
    relief = padded.unpad(level)
    return Flooded(relief, padded.unpad_ways(), relief > dem)


def breach(dem: Floats) -> Floats:
    """`dem` with a way cut from each of its pits to a lower cell or out of the data."""
    padded = _Padded(dem)
    ends = set(padded.seeds(padded.closed()))
    _flood(padded)
    z, way = padded.z, padded.way
    offsets = [offset for offset, _ in padded.moves]
    for pit in padded.pits():
        bottom, cell = z[pit], pit
        while cell not in ends:
            cell += offsets[way[cell]]
            if z[cell] < bottom:
                break
            z[cell] = bottom
    return padded.unpad(z)


def _flood(padded: _Padded) -> array[float]:
    """How high each cell stands; the ways back are left in `padded`."""
    closed, way, first = padded.closed(), padded.way, padded.turns()
    level, moves, count = padded.z[:], padded.moves, len(padded.z)
    met = array("q", padded.seeds(closed))
    heap = [first[cell] + place for place, cell in enumerate(met)]
    heapq.heapify(heap)
    pop, push = heapq.heappop, heapq.heappush
    while heap:
        cell = met[pop(heap) % count]
        here = level[cell]
        for offset, back in moves:
            other = cell + offset
            if closed[other]:
                continue
            closed[other] = 1
            way[other] = back
            if level[other] < here:
                level[other] = here
            push(heap, first[other] + len(met))
            met.append(other)
    return level


def breach_least_cost(dem: Floats, reach: int) -> Floats:
    """`dem` with the cheapest ways cut from pits, at most `reach` cells to any side of each."""
    padded = _Padded(dem)
    ends = set(padded.seeds(padded.closed()))
    for pit in padded.pits():
        if pit in ends or padded.has_lower(pit):
            continue
        for cell in _cheapest(padded, pit, reach, ends):
            padded.z[cell] = min(padded.z[cell], padded.z[pit])
    return padded.unpad(padded.z)


def _cheapest(padded: _Padded, pit: int, reach: int, ends: set[int]) -> Sequence[int]:
    """The cells to be lowered to the pit's level; none where there is no way within reach."""
    z, outside, width = padded.z, padded.outside, padded.width
    bottom, (row, column) = z[pit], divmod(pit, width)
    heap: list[tuple[float, int]] = [(0.0, pit)]
    cost, came = {pit: 0.0}, {pit: pit}
    done: set[int] = set()
    while heap:
        spent, cell = heapq.heappop(heap)
        if cell in done:
            continue
        done.add(cell)
        if z[cell] < bottom or (cell in ends and cell != pit):
            return _back(came, cell, pit)
        for offset, _ in padded.moves:
            other = cell + offset
            if outside[other] or other in done:
                continue
            r, c = divmod(other, width)
            if abs(r - row) > reach or abs(c - column) > reach:
                continue
            total = spent + max(0.0, z[other] - bottom)
            if total < cost.get(other, float("inf")):
                cost[other], came[other] = total, cell
                heapq.heappush(heap, (total, other))
    return ()


def _back(came: dict[int, int], cell: int, pit: int) -> list[int]:
    cells = []
    while cell != pit:
        cells.append(cell)
        cell = came[cell]
    return cells


class _Padded:
    """An elevation model as flat arrays, with a rim of cells without data around it."""

    def __init__(self, dem: Floats) -> None:
        self._shape = dem.shape
        padded = np.pad(dem, 1, constant_values=np.nan)
        self._array = padded
        self.width = padded.shape[1]
        self.z = array("d", padded.tobytes())
        self.outside = np.isnan(padded).ravel()
        self.way = array("b", [NOWHERE]) * padded.size
        turns = zip(ROWS, COLUMNS, _AHEAD, strict=True)
        self.moves = [(row * self.width + column, back) for row, column, back in turns]

    def closed(self) -> bytearray:
        """Which cells need no visit: those without data."""
        return bytearray(self.outside.astype(np.uint8).tobytes())

    def turns(self) -> array[int]:
        """A number for each cell that grows with its elevation, with room for an order below it."""
        _, rank = np.unique(self._array, return_inverse=True)
        return array("q", (rank * rank.size).astype(np.int64).tobytes())

    def seeds(self, closed: bytearray) -> list[int]:
        """The cells beside what has no data, closed now, each with its way out."""
        inside = ~self.outside
        ways = np.full(inside.size, NOWHERE)
        cells = np.flatnonzero(inside)
        for direction in reversed(_STRAIGHT_FIRST):
            offset = ROWS[direction] * self.width + COLUMNS[direction]
            out = cells[self.outside[cells + offset]]
            ways[out] = direction
        found: list[int] = np.flatnonzero(ways != NOWHERE).tolist()
        for cell in found:
            closed[cell], self.way[cell] = 1, int(ways[cell])
        return found

    def pits(self) -> list[int]:
        """The cells with no lower neighbour, the lowest first; of level ones the first."""
        order = np.argsort(self._array.ravel(), kind="stable")
        ranks = np.empty_like(order)
        ranks[order] = np.arange(order.size)
        cells = np.flatnonzero(~self.outside)
        lowest = np.ones(cells.size, dtype=bool)
        for row, column in zip(ROWS, COLUMNS, strict=True):
            other = cells + row * self.width + column
            lowest &= self.outside[other] | (ranks[other] > ranks[cells])
        found = cells[lowest]
        pits: list[int] = found[np.argsort(ranks[found])].tolist()
        return pits

    def has_lower(self, cell: int) -> bool:
        """Whether a neighbour is lower now."""
        return any(self.z[cell + offset] < self.z[cell] for offset, _ in self.moves)

    def unpad(self, values: array[float]) -> Floats:
        """Values of all cells, as an array without the rim."""
        found: Floats = np.frombuffer(values).reshape(self._array.shape)[1:-1, 1:-1].copy()
        return found

    def unpad_ways(self) -> Codes:
        """The ways of all cells, without the rim."""
        found = np.frombuffer(self.way, dtype=np.int8).reshape(self._array.shape)
        return found[1:-1, 1:-1].copy()
