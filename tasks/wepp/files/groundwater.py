"""The groundwater below the hillslopes, `gwcoeff.txt`: a linear reservoir.

::

    200.0  Initial groundwater storage (mm)      a number each, and words of anybody's behind it
    0.04   Baseflow coefficient (1/d)
    0.0    Deep seepage coefficient (1/d)
    1.0    Threshold area (ha)                   channels with less above their foot get no baseflow
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.wepp.files.records import Records, read_text

NAME = "gwcoeff.txt"


@dataclass(frozen=True, slots=True)
class Groundwater:
    """Water in it at the beginning (mm), the parts of it that flow off in a day, least area."""

    storage_mm: float = 200.0
    baseflow: float = 0.04
    seepage: float = 0.0
    threshold_ha: float = 1.0


def read(path: str | Path) -> Groundwater:
    """The coefficients at `path`; FormatError, OSError."""
    records = Records(read_text(path), path)
    found = Groundwater(
        records.number("the initial groundwater storage (mm)"),
        records.number("the baseflow coefficient (1/d)"),
        records.number("the deep seepage coefficient (1/d)"),
        records.number("the threshold area (ha)"),
    )
    given = (found.storage_mm, found.baseflow, found.seepage, found.threshold_ha)
    if not min(given) >= 0.0:
        records.fail(f"no coefficient of groundwater is negative, found {min(given):g}")
    if not found.baseflow + found.seepage <= 1.0:
        records.fail("baseflow and seepage of a day together are no more than what is there")
    return found
