"""Depressions: filled, or breached, so that water leaves every cell of an elevation model.

Filling is the priority-flood of Barnes, Lehman & Mulla (2014, Computers & Geosciences 62, 117-127,
algorithm 2): from the edges inward, the lowest cell first; what lies lower than the cell that it is
reached from is raised to it. Cells of one level are taken in the order in which they were met, so
that flats and filled depressions drain along shortest ways to where they spill.

Breaching is after Lindsay (2016, Hydrological Processes 30, 846-857): a way is cut from each pit to
a lower cell. `breach` cuts along the way on which a flood by raw elevations found the pit;
`breach_least_cost` along the way with the least to dig (the sum over its cells of what lies above
the pit), no farther than a distance, and what it cannot cut is left to be filled.

The loops are plain Python over lists: a cell is a number, and a rank of elevation is a whole number
that is compared faster than a pair.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.terrain.compass import COLUMNS, NOWHERE, ROWS, Codes, Floats

_STRAIGHT_FIRST = (0, 2, 4, 6, 1, 3, 5, 7)
_AHEAD = tuple((direction + 4) % 8 for direction in range(8))


@dataclass(frozen=True, slots=True)
class Flooded:
    """A surface from which all water leaves, and a way for it where the surface is level."""

    relief: Floats  # m, rows by columns, NaN without data
    way: Codes  # direction towards the cell that a cell was reached from, or out of the data


def fill(dem: Floats) -> Flooded:
    """Raise what lies in depressions of `dem` (m, rows by columns, NaN without data)."""
    padded = _Padded(dem)
    z, closed, way = padded.z, padded.closed(), padded.way
    rank, order = padded.ranks()
    heap = [rank[cell] for cell in padded.seeds(closed)]
    heapq.heapify(heap)
    level_with: deque[int] = deque()
    level = -np.inf
    pop, push, moves = heapq.heappop, heapq.heappush, padded.moves
    while heap or level_with:
        if not level_with:
            level = z[order[heap[0]]]
            # All of one height spill together: what lies level between them drains to the nearest.
            while heap and z[order[heap[0]]] == level:
                level_with.append(order[pop(heap)])
        cell = level_with.popleft()
        for offset, back in moves:
            other = cell + offset
            if closed[other]:
                continue
            closed[other] = 1
            way[other] = back
            if z[other] <= level:
                z[other] = level
                level_with.append(other)
            else:
                push(heap, rank[other])
    return Flooded(padded.unpad(z, np.float64), padded.unpad_ways())


def breach(dem: Floats) -> Floats:
    """`dem` with a way cut from each of its pits to a lower cell or out of the data."""
    padded = _Padded(dem)
    z, closed, way = padded.z, padded.closed(), padded.way
    rank, order = padded.ranks()
    ends = set(padded.seeds(closed))
    heap = [rank[cell] for cell in ends]
    heapq.heapify(heap)
    offsets = [offset for offset, _ in padded.moves]
    while heap:
        cell = order[heapq.heappop(heap)]
        for offset, back in padded.moves:
            other = cell + offset
            if not closed[other]:
                closed[other] = 1
                way[other] = back
                heapq.heappush(heap, rank[other])
    for pit in padded.pits(rank):
        bottom, cell = z[pit], pit
        while cell not in ends:
            cell += offsets[way[cell]]
            if z[cell] < bottom:
                break
            z[cell] = bottom
    return padded.unpad(z, np.float64)


def breach_least_cost(dem: Floats, reach: int) -> Floats:
    """`dem` with the cheapest ways cut from pits, at most `reach` cells to any side of each."""
    padded = _Padded(dem)
    rank, _ = padded.ranks()
    ends = set(padded.seeds(padded.closed()))
    for pit in padded.pits(rank):
        if pit in ends or padded.has_lower(pit):
            continue
        for cell in _cheapest(padded, pit, reach, ends):
            padded.z[cell] = min(padded.z[cell], padded.z[pit])
    return padded.unpad(padded.z, np.float64)


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
    """An elevation model in lists, with a rim of cells without data around it."""

    def __init__(self, dem: Floats) -> None:
        self._shape = dem.shape
        padded = np.pad(dem, 1, constant_values=np.nan)
        self._array = padded
        self.width = padded.shape[1]
        self.z: list[float] = padded.ravel().tolist()
        self.outside = np.isnan(padded).ravel()
        self.way: list[int] = [NOWHERE] * padded.size
        turns = zip(ROWS, COLUMNS, _AHEAD, strict=True)
        self.moves = [(row * self.width + column, back) for row, column, back in turns]

    def closed(self) -> bytearray:
        """Which cells need no visit: those without data."""
        return bytearray(self.outside.astype(np.uint8).tobytes())

    def ranks(self) -> tuple[list[int], list[int]]:
        """The rank of each cell by its elevation, then its place; and the cell of each rank."""
        order = np.argsort(self._array.ravel(), kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(order.size)
        return rank.tolist(), order.tolist()

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

    def pits(self, rank: Sequence[int]) -> list[int]:
        """The cells with no lower neighbour, the lowest first; a level one counts once."""
        ranks = np.asarray(rank)
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

    def unpad(self, values: list[float], kind: type[np.float64]) -> Floats:
        """Values of all cells, as an array without the rim."""
        return np.array(values, dtype=kind).reshape(self._array.shape)[1:-1, 1:-1]

    def unpad_ways(self) -> Codes:
        """The ways of all cells, without the rim."""
        return np.array(self.way, dtype=np.int8).reshape(self._array.shape)[1:-1, 1:-1]
