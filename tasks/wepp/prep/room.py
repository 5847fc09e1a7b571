"""What executables have room for: their arrays are of fixed sizes.

::

    20     overland flow elements of a hillslope
    100    points of a slope, element by element (builds before 2012: 20)
    10     layers of a soil
    20     plants of a management

As WEPPcloud's builds and the stock one of 2024 are compiled. What is beyond stops them in the midst
of reading, or is written over something else: it is refused when a run is prepared.
"""

from __future__ import annotations

from pathlib import Path

from tasks.run.nodb import BrokenDocument
from tasks.wepp.files.scenarios import Management
from tasks.wepp.files.slope import Slope
from tasks.wepp.files.soil import Soil

ELEMENTS, POINTS, LAYERS, PLANTS = 20, 100, 10, 20


def for_slope(path: Path, found: Slope, elements: int = ELEMENTS) -> None:
    """BrokenDocument for a profile of too many elements or points, which `path` is to be."""
    _check(path, len(found.elements), elements, "overland flow elements")
    for element in found.elements:
        _check(path, len(element.x), POINTS, "points of a slope")


def for_soil(path: Path, found: Soil) -> None:
    """BrokenDocument for a soil of too many layers."""
    for element in found.elements:
        _check(path, len(element.layers), LAYERS, f"layers of the soil {element.name!r}")


def for_management(path: Path, found: Management) -> None:
    """BrokenDocument for a management of too many plants."""
    _check(path, len(found.plants), PLANTS, "plants of all elements together")


def _check(path: Path, held: int, most: int, what: str) -> None:
    if held > most:
        raise BrokenDocument(f"{path} would have {held} {what}: executables hold {most}")
