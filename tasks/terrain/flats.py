"""Level ground: which way water goes where no neighbour is lower.

After Garbrecht & Martz (1997, Journal of Hydrology 193, 204-213), in the way of Barnes, Lehman &
Mulla (2014, Computers & Geosciences 62, 128-135): towards lower ground and away from higher, both
counted in cells, the first twice. So the water of a flat gathers along its middle, and its ways do
not run side by side to its edges.

With k the steps from a flat's lower edge, and a those from its higher one, a cell stands at 2k - a
and drains to the neighbour on its level that stands lowest. There is always one that stands lower:
a step down in k gives 2, of which a takes back at most 1.
"""

from __future__ import annotations

import numpy as np

from tasks.terrain.compass import COLUMNS, NOWHERE, ROWS, Codes, Floats, Ints, Mask

_STRAIGHT_FIRST = (0, 2, 4, 6, 1, 3, 5, 7)


def ways(relief: Floats, drains: Mask, keep: Mask) -> Codes:
    """The direction of each cell of level ground; `NOWHERE` for all others.

    `relief` (m, rows by columns, NaN without data) is a surface from which all water leaves;
    `drains` are the cells whose way is known: they have a lower neighbour, or lead out of the data.
    Level ground that has one of the cells `keep` is left out as a whole.
    """
    z = np.pad(relief, 1, constant_values=np.nan)
    known = np.pad(drains, 1).ravel()
    ground = _Ground(z, ~known & ~np.isnan(z).ravel())
    ground.leave_out(np.flatnonzero(np.pad(keep, 1).ravel()))
    cells = np.flatnonzero(ground.flat)
    lower, higher = ground.edges(cells, known)
    height = 2 * ground.steps(lower) - ground.steps(higher)
    height[known] = np.iinfo(np.int64).min
    found = np.full(z.size, NOWHERE, dtype=np.int8)
    lowest = height[cells]
    for direction in _STRAIGHT_FIRST:
        other = cells + ground.offsets[direction]
        better = (ground.z[other] == ground.z[cells]) & (height[other] < lowest)
        lowest[better], found[cells[better]] = height[other[better]], direction
    unpadded: Codes = found.reshape(z.shape)[1:-1, 1:-1].copy()
    return unpadded


class _Ground:
    """Level ground as flat arrays, with a rim: its cells `flat`, elevations, the ways around."""

    def __init__(self, z: Floats, flat: Mask) -> None:
        self.z, self.flat = z.ravel(), flat
        around = zip(ROWS, COLUMNS, strict=True)
        self.offsets = [row * z.shape[1] + column for row, column in around]

    def leave_out(self, cells: Ints) -> None:
        """Take away the flats that have, or touch on their level, one of these cells."""
        self.flat &= self.steps(cells) == 0

    def edges(self, cells: Ints, known: Mask) -> tuple[Ints, Ints]:
        """The cells beside the flats through which they drain, and those below higher ground."""
        lower, higher = np.zeros(known.size, np.bool_), np.zeros(cells.size, np.bool_)
        for offset in self.offsets:
            other = cells + offset
            lower[other[known[other] & (self.z[other] == self.z[cells])]] = True
            higher |= self.z[other] > self.z[cells]
        return np.flatnonzero(lower), cells[higher]

    def steps(self, begin: Ints) -> Ints:
        """How many steps on level ground each of its cells is from `begin`, there 1; else 0."""
        z, count, step = self.z, np.zeros(self.z.size, dtype=np.int64), 1
        count[begin] = step
        while begin.size:
            step += 1
            met = []
            for offset in self.offsets:
                other = begin + offset
                new = other[self.flat[other] & (count[other] == 0) & (z[other] == z[begin])]
                count[new] = step
                met.append(new)
            begin = np.concatenate(met)
        return count
