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
    """The cells of each zone that has some, by its id; three arrays of one shape."""
    inside = zones > 0
    ids, classes, told = zones[inside], classes[inside], told[inside]
    cells: dict[int, dict[int, int]] = {int(top): {} for top in np.unique(ids)}
    pairs, times = np.unique(np.stack([ids[told], classes[told]]), axis=1, return_counts=True)
    for top, code, n in zip(*pairs.tolist(), times.tolist(), strict=True):
        cells[top][code] = n
    tops, missing = np.unique(ids[~told], return_counts=True)
    untold = dict(zip(tops.tolist(), missing.tolist(), strict=True))
    return {top: Shares(of, untold.get(top, 0)) for top, of in cells.items()}


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
