"""How many cells of each class lie in each zone of a grid: arrays in, counts out.

Zones are ids from 1 on (a hillslope's, a channel's), 0 where there is none. A class is any whole
number; where the map tells none, `told` is False.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
#: That many are sorted together: more would take memory, and no less time.
_CELLS = 1 << 20


@dataclass(frozen=True, slots=True)
class Shares:
    """The cells of one zone: by class, ascending, and those of which the map tells none."""

    cells: Mapping[int, int] = field(default_factory=dict)
    untold: int = 0

    @property
    def total(self) -> int:
        """All cells of the zone."""
        return sum(self.cells.values()) + self.untold

    @property
    def dominant(self) -> int | None:
        """The class of most cells, of equal ones the lowest; None where the map tells no class."""
        return min(self.cells, key=lambda code: (-self.cells[code], code), default=None)


def count(zones: Ints, classes: Ints, told: Bools) -> dict[int, Shares]:
    """The cells of each zone that has some, by its id; three arrays of one shape.

    ValueError for ids and classes so far apart that no pair of them is a number of 64 bits.
    """
    inside, known = zones > 0, (zones > 0) & told
    untold = _tally(zones, inside & ~told)
    cells: dict[int, dict[int, int]] = {top: {} for top in sorted({*_tally(zones, known), *untold})}
    if known.any():
        least = int(classes[known].min())
        span = int(classes[known].max()) - least + 1
        if span * (int(zones[known].max()) + 1) >= 2**63:
            raise ValueError(f"classes from {least} on, {span} of them, are too many to count")
        for pair, n in _tally(zones * span + (classes - least), known).items():
            cells[pair // span][pair % span + least] = n
    return {top: Shares(of, untold.get(top, 0)) for top, of in cells.items()}


def _tally(values: Ints, counts: Bools) -> dict[int, int]:
    """How often each value is there, ascending, where `counts`: some cells at a time."""
    flat, wanted = values.ravel(), counts.ravel()
    found: dict[int, int] = {}
    for start in range(0, flat.size, _CELLS):
        some = flat[start : start + _CELLS][wanted[start : start + _CELLS]]
        for value, n in zip(*(of.tolist() for of in np.unique_counts(some)), strict=True):
            found[value] = found.get(value, 0) + n
    return dict(sorted(found.items()))


def centres(zones: Ints) -> dict[int, tuple[float, float]]:
    """The mean row and column of each zone's cells, counted from the grid's corner, by its id.

    That of all zones together is there as 0; nothing for a grid without zones.
    """
    rows, columns = np.nonzero(zones > 0)
    if not rows.size:
        return {}
    ids, where, times = np.unique(zones[rows, columns], return_inverse=True, return_counts=True)
    down = np.bincount(where, rows + 0.5) / times
    along = np.bincount(where, columns + 0.5) / times
    found = dict(zip(ids.tolist(), zip(down.tolist(), along.tolist(), strict=True), strict=True))
    return {0: (float(rows.mean()) + 0.5, float(columns.mean()) + 0.5), **found}
