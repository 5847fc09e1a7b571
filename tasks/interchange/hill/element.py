"""The state of each overland flow element, `H<i>.element.dat`.

::

    3(1x,i2),1x,i4,2(1x,f8.3),3(1x,f7.3),f6.3,3(1x,f7.3),1x,f6.3,4(1x,f8.3),5(1x,f6.3),1x,f8.3
    OFE DD MM YYYY Precip Runoff EffInt PeakRO EffDur Enrich Keff Sm LeafArea CanHgt Cancov …

The stock build writes days with runoff and the 1st and 15th of a month, those of 2024 every day.
Numbers may touch, so that rows are cut by place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tasks.interchange.columns import (
    CALENDAR,
    OFE,
    OFE_ID,
    WEPP_ID,
    Product,
    by_month,
    floats,
)
from tasks.interchange.hillslope import Hillslope
from tasks.interchange.table import fixed, free, places
from tasks.interchange.text import Block

KIND = "element"
_MEASURES = floats(
    ("Precip", "mm", "Precipitation"),
    ("Runoff", "mm", "Runoff"),
    ("EffInt", "mm/h", "Effective rainfall intensity"),
    ("PeakRO", "mm/h", "Peak runoff rate"),
    ("EffDur", "h", "Effective duration of runoff"),
    ("Enrich", "", "Enrichment ratio of specific surface"),
    ("Keff", "mm/h", "Effective hydraulic conductivity"),
    ("Sm", "mm", "Water in the profile"),
    ("LeafArea", "", "Leaf area index"),
    ("CanHgt", "m", "Height of the canopy"),
    ("Cancov", "%", "Canopy cover"),
    ("IntCov", "%", "Interrill cover"),
    ("RilCov", "%", "Rill cover"),
    ("LivBio", "kg/m^2", "Living biomass"),
    ("DeadBio", "kg/m^2", "Dead biomass"),
    ("Ki", "", "Interrill erodibility, adjusted (1e6 kg s/m^4)"),
    ("Kr", "", "Rill erodibility, adjusted (1e-3 s/m)"),
    ("Tcrit", "", "Critical shear stress, adjusted (Pa)"),
    ("RilWid", "m", "Width of the rills"),
    ("SedLeave", "kg/m", "Sediment that leaves the element, by width"),
)
PRODUCT = Product(
    "H.element.parquet",
    "State and runoff of each overland flow element of the hillslopes, on the days reported.",
    (WEPP_ID, OFE_ID, *CALENDAR, OFE, *_MEASURES),
)
_EDIT = places(
    "3(1x,i2),1x,i4,2(1x,f8.3),3(1x,f7.3),f6.3,3(1x,f7.3),1x,f6.3,4(1x,f8.3),5(1x,f6.3),1x,f8.3"
)


def rows(block: Block, head: Sequence[str], hillslope: Hillslope) -> pa.Table:
    """The rows of a block of the report; FormatError."""
    table = fixed(block, _EDIT) or free(block, (len(_EDIT),), "a row of the element report")
    element = table.integers(0)
    values: dict[str, Any] = {
        column.name: table.numbers(at) for at, column in enumerate(_MEASURES, 4)
    }
    values |= by_month(table, hillslope.calendar, year=3, month=2, day=1)
    values |= {"wepp_id": hillslope.wepp_id, "ofe_id": element, "OFE": element}
    return PRODUCT.batch(len(table), values)
