"""The eight neighbours of a cell, in the order that all of this room counts them: clockwise.

::

    5 6 7        rows go down, so that 2 is the south
    4 . 0
    3 2 1
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int8]
Mask = npt.NDArray[np.bool_]

#: Row and column of each neighbour, and its distance in cells.
ROWS = (0, 1, 1, 1, 0, -1, -1, -1)
COLUMNS = (1, 1, 0, -1, -1, -1, 0, 1)
STEPS = tuple(float(np.hypot(row, column)) for row, column in zip(ROWS, COLUMNS, strict=True))
#: No direction: a cell without data.
NOWHERE = -1
#: How WhiteboxTools writes them into a pointer raster; 0 is no direction.
POINTERS = np.array([2, 4, 8, 16, 32, 64, 128, 1, 0], dtype=np.int16)


def opposite(direction: Codes) -> Codes:
    """The directions back."""
    return ((direction + 4) % 8).astype(np.int8)
