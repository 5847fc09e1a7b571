"""A real burnt slope of three elements: melt on thawed and on frozen ground, as engines list it."""

from __future__ import annotations

import pytest

from tasks.hillsim.sediment import classes, erosion
from tasks.hillsim.sediment.erosion import Above, Bed, Earth, Event

CLAY_LOAM = classes.classes(sand=0.25, clay=0.30, om=0.05)
FORM = erosion.shape(200.0 / 3.0, ((0.0, 0.2), (1.0, 0.2)))
THAWED, FROZEN = 2.31e-4, 9e-6  # adjusted Kr (s/m)
#: By event: Kr; duration (h); by element runoff (mm), peak (mm/h) and sediment leaving (kg/m).
LISTED = {
    "22 January": (THAWED, 2.108, (6.31, 2.994, 12.0), (6.31, 2.994, 65.2), (6.311, 2.994, 149.2)),
    "12 November": (THAWED, 2.320, (5.408, 2.332, 7.7), (4.761, 2.052, 47.7), (4.62, 1.992, 110.9)),
    "5 February": (THAWED, 1.156, (1.791, 1.550, 0.96), (1.789, 1.548, 13.7), (1.788, 1.547, 37.8)),
    "31 January": (FROZEN, 4.901, (10.048, 2.050, 0.45), (10.1, 2.061, 3.73), (10.108, 2.062, 9.6)),
}  # fmt: skip


@pytest.mark.parametrize("date", LISTED)
def test_melt_carries_off_what_the_engines_list_for_its_runoff_and_peak(date: str) -> None:
    """Of a 2024 build's tables: a tenth of a kilogram, or 3 %, on each of three elements."""
    kr, hours, *elements = LISTED[date]
    bed = Bed(spacing=1.0, width=0.15, kr=kr, tauc=2.0, friction=1.11)
    earth = Earth(CLAY_LOAM, sand=0.25, roughness=0.006)
    above = Above()
    for number, (runoff, peak, listed) in enumerate(elements, 1):
        rate = peak / 3.6e6 * number
        event = Event(
            peak=rate, duration=hours * 3600.0, depth=runoff / 1e3 * number,
            excess_duration=hours * 3600.0, excess_peak=rate, intensity=0.0, interrill=0.0,
            melt=True,
        )  # fmt: skip
        load = erosion.erode(FORM, bed, event, earth, above)
        assert load.leaving == pytest.approx(listed, rel=0.03, abs=0.1)
        above = Above(event.depth, tuple(p.share * listed for p in CLAY_LOAM))
