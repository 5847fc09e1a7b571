"""What the tables of a hillslope need to know that its reports do not tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tasks.interchange.calendar import Calendar
from tasks.interchange.decode import Floats, Ints
from tasks.wepp.files import fortran, slope
from tasks.wepp.files.errors import FormatError


@dataclass(frozen=True, slots=True, eq=False)
class Hillslope:
    """One hillslope: its id, the run's calendar, and the areas of its elements in m2, from the top.

    The areas are empty where they are not known.
    """

    wepp_id: int
    calendar: Calendar
    areas: Floats = field(default_factory=lambda: np.empty(0))

    def area(self, element: Ints) -> Floats | None:
        """The area of each of the elements, m2; None where it is not known."""
        if not len(element) or element.max() > len(self.areas) or element.min() < 1:
            return None
        return self.areas[element - 1]


def element_areas(slope_file: Path, pass_file: Path) -> Floats:
    """The areas of a hillslope's elements, m2, by its profile, or by its pass file if it has one.

    The pass file has the area that the engine reckoned with; the profile how it is shared out.
    """
    try:
        found = slope.read(slope_file)
    except (FileNotFoundError, FormatError):
        return _whole(pass_file)
    lengths = np.array([element.length for element in found.elements])
    whole = _whole(pass_file)
    total = whole[0] if len(whole) else lengths.sum() * found.width
    shared: Floats = total * lengths / lengths.sum()
    return shared


def _whole(pass_file: Path) -> Floats:
    try:
        with open(pass_file, encoding="latin-1") as file:
            lines = [file.readline() for _ in range(3)]
        return np.array([fortran.number(lines[2].strip())])
    except (FileNotFoundError, ValueError):
        return np.empty(0)
