"""The few figures of a mean year that tables show, read from a loss report.

::

        Mean annual runoff from rainfall               73.47    mm
        Mean annual runoff from snow melt
          and/or rain storm during winter               0.76    mm
      ** Soil Loss (Avg. of Net Detachment Areas) =    0.273 kg/m2 **     absent without soil loss
             286.986     kg (based on profile width of     30.000      m)

A report of a single storm has none of them. The whole report is `tasks.wepp.files.loss`'s.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

_FIGURE = r"([-+.0-9E]+|\*+)\s*"
_NUMBER = r"\s*" + _FIGURE
_RAIN = re.compile(r"Mean annual runoff from rainfall" + _NUMBER + "mm")
_WINTER = re.compile(r"and/or rain storm during winter" + _NUMBER + "mm")
_LOSS = re.compile(r"\*\* Soil Loss \(Avg\. of Net Detachment Areas\) =" + _NUMBER + r"kg/m2")
# Looked for from its words back: what may be a figure begins at thousands of places.
_WIDTH = "kg (based on profile width"
_LEAVING = re.compile(_FIGURE + r"\Z")


@dataclass(frozen=True, slots=True)
class MeanYear:
    """Runoff in mm/yr, soil loss in t/ha/yr where soil is lost, sediment that leaves in t/yr."""

    runoff_mm: float
    soil_loss_t_ha: float
    sediment_yield_t: float


def read(path: Path) -> MeanYear | None:
    """The mean year of the report at `path`; None where it is of a single storm.

    A figure that overflowed its column, `****`, is NaN.
    """
    text = path.read_text(encoding="latin-1")
    rain, winter = _figure(_RAIN, text), _figure(_WINTER, text)
    leaving = _figure(_LEAVING, _before(text, _WIDTH))
    if rain is None or winter is None or leaving is None:
        return None
    loss = _figure(_LOSS, text) or 0.0
    return MeanYear(round(rain + winter, 2), round(10 * loss, 2), leaving / 1000)


def _before(text: str, words: str) -> str:
    """What stands before `words` in their line; nothing where they do not occur."""
    before, found, _ = text.partition(words)
    return before[before.rfind("\n") + 1 :] if found else ""


def _figure(pattern: re.Pattern[str], text: str) -> float | None:
    found = pattern.search(text)
    if not found:
        return None
    return math.nan if found[1].startswith("*") else float(found[1])
