"""Where water goes: to the steepest of eight neighbours (D8), and what follows from it.

O'Callaghan & Mark (1984, Computer Vision, Graphics, and Image Processing 28, 323-344). Where no
neighbour is lower, which on a flooded surface is on flats only, it goes the way of `flats`; where a
flat is the water of a depression, that of the flood, which follows the valleys under it and leads
to cells that the flood met before. Neither goes in circles.

Cells are numbers here, row by row. They are gone through in levels: those that nothing flows into,
then those that only these flow into, and so on; a level is one operation of numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tasks.terrain import flats
from tasks.terrain.compass import COLUMNS, NOWHERE, ROWS, STEPS, Codes, Floats, Ints, Mask
from tasks.terrain.flood import Flooded


def directions(flooded: Flooded) -> Codes:
    """The direction of steepest descent of each cell, `NOWHERE` without data."""
    z = flooded.relief
    best = np.zeros(z.shape)
    found = flooded.way.copy()
    border = np.zeros(z.shape, dtype=np.bool_)
    padded = np.pad(z, 1, constant_values=np.nan)
    rows, columns = z.shape
    for direction, (row, column, step) in enumerate(zip(ROWS, COLUMNS, STEPS, strict=True)):
        other = padded[1 + row : 1 + row + rows, 1 + column : 1 + column + columns]
        fall = (z - other) / step
        border |= np.isnan(other)
        # A comparison with what is not there is false.
        steeper = fall > best
        best[steeper] = fall[steeper]
        found[steeper] = direction
    level = flats.ways(z, (best > 0.0) | border, flooded.raised)
    return np.where(level == NOWHERE, found, level)


@dataclass(frozen=True)
class Flow:
    """Flow over a grid of square cells: directions, rows by columns; `cell` is a side (m)."""

    direction: Codes
    cell: float

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""
        return self.direction.shape

    @cached_property
    def inside(self) -> Mask:
        """Which cells have data, flat."""
        found: Mask = self.direction.ravel() != NOWHERE
        return found

    @cached_property
    def down(self) -> Ints:
        """The cell that each cell flows to, -1 where it leaves the data, or has none."""
        rows, columns = self.shape
        flat = self.direction.ravel()
        row, column = np.divmod(np.arange(flat.size), columns)
        row += np.array([*ROWS, 0])[flat]
        column += np.array([*COLUMNS, 0])[flat]
        there = (row >= 0) & (row < rows) & (column >= 0) & (column < columns) & self.inside
        target = np.where(there, row * columns + column, 0)
        found: Ints = np.where(there & self.inside[target], target, -1)
        return found

    @cached_property
    def step(self) -> Floats:
        """The way from each cell to the next (m), 0 without data."""
        found: Floats = np.array([*STEPS, 0.0])[self.direction.ravel()] * self.cell
        return found

    @cached_property
    def levels(self) -> list[Ints]:
        """All cells with data, each level below those that flow into it."""
        down = self.down
        waiting = np.bincount(down[down >= 0], minlength=down.size)
        level = np.flatnonzero(self.inside & (waiting == 0))
        found = []
        while level.size:
            found.append(level)
            below = down[level]
            level, arrived = np.unique(below[below >= 0], return_counts=True)
            waiting[level] -= arrived
            level = level[waiting[level] == 0]
        return found

    def gathered(self, weights: Floats) -> Floats:
        """The sum of the weights of each cell and of all that flow through it."""
        total = weights.astype(np.float64)
        for level in self.levels:
            below = self.down[level]
            onward = below >= 0
            np.add.at(total, below[onward], total[level[onward]])
        return total

    @cached_property
    def area(self) -> Floats:
        """How many cells drain through each cell, itself among them; 0 without data."""
        return self.gathered(self.inside.astype(np.float64))

    def spread(self, labels: Ints) -> Ints:
        """The labels, and where a cell has none (0) the next one that is met downstream."""
        found = labels.copy()
        for level in reversed(self.levels):
            bare = level[(found[level] == 0) & (self.down[level] >= 0)]
            found[bare] = found[self.down[bare]]
        return found

    def to_reach(self, ends: Mask) -> tuple[Floats, Ints]:
        """The way (m) and the number of cells from each cell to the first of `ends` downstream.

        0 at these themselves; NaN and 0 where there is none.
        """
        way = np.where(ends, 0.0, np.nan)
        count = np.zeros(way.size, dtype=np.int64)
        for level in reversed(self.levels):
            free = level[~ends[level] & (self.down[level] >= 0)]
            way[free] = self.step[free] + way[self.down[free]]
            count[free] = 1 + count[self.down[free]]
        return way, np.where(np.isnan(way), 0, count)

    def above(self, cell: int) -> Mask:
        """Which cells drain through `cell`, itself among them."""
        labels = np.zeros(self.down.size, dtype=np.int64)
        labels[cell] = 1
        found: Mask = self.spread(labels) == 1
        return found
