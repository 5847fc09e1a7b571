"""The water balance of hillslopes, `H<i>.wat.dat`, a row a day and element.

::

    stock       OFE J Y P RM Q Ep Es Er Dp UpStrmQ SubRIn latqcc Total-Soil frozwt Snow-Water QOFE
    WEPPcloud   the same and Tile Irr Area
    2024        ofe jday year precip runoff sw sw1 sw2 ep es er snodpy densg

The stock rows are `1x,3(1x,i4),2(1x,f7.2),1x,e15.7,4(1x,f7.2),1x,e15.7,5(1x,f7.2),2x,e15.7`. Builds
of 2024 know less: what they lack is null. Their `sw` has the frozen water in it, their snow water
is the depth of the snow times its density. Areas that a report lacks are those of the profile.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from tasks.interchange.columns import (
    CALENDAR,
    OFE,
    OFE_ID,
    WEPP_ID,
    Product,
    Values,
    by_julian,
    floats,
)
from tasks.interchange.hillslope import Hillslope
from tasks.interchange.table import Table, fixed, free, places
from tasks.interchange.text import Block

KIND = "wat"
BALANCE = floats(
    ("P", "mm", "Precipitation"),
    ("RM", "mm", "Rain, irrigation and snow melt"),
    ("Q", "mm", "Runoff over the effective length"),
    ("Ep", "mm", "Transpiration of plants"),
    ("Es", "mm", "Evaporation from the soil"),
    ("Er", "mm", "Evaporation from residue"),
    ("Dp", "mm", "Percolation below the profile"),
    ("UpStrmQ", "mm", "Runoff from the element above"),
    ("SubRIn", "mm", "Lateral flow from the element above"),
    ("latqcc", "mm", "Lateral flow below the surface"),
    ("Total-Soil Water", "mm", "Unfrozen water in the profile; builds of 2024: all water in it"),
    ("frozwt", "mm", "Frozen water in the profile"),
    ("Snow-Water", "mm", "Water in the snow on the ground"),
    ("QOFE", "mm", "Runoff over the element's own length"),
    ("Tile", "mm", "Drainage by tiles"),
    ("Irr", "mm", "Irrigation"),
)
AREA = floats(("Area", "m^2", "Area of the element, to which the depths apply"))
PRODUCT = Product(
    "H.wat.parquet",
    "Daily water balance of each overland flow element of the hillslopes.",
    (WEPP_ID, OFE_ID, *CALENDAR, OFE, *BALANCE, *AREA),
)

STOCK = places("1x,3(1x,i4),2(1x,f7.2),1x,e15.7,4(1x,f7.2),1x,e15.7,5(1x,f7.2),2x,e15.7")
SHORT_HEAD = "ofe jday year precip runoff sw sw1 sw2 ep es er snodpy densg"
_SHORT = {"P": 3, "Q": 4, "Total-Soil Water": 5, "Ep": 8, "Es": 9, "Er": 10}
_SNOW_DEPTH, _SNOW_DENSITY = 11, 12  # mm, kg/m3
_STOCK_COUNT, _CLOUD_COUNT, _SHORT_COUNT = 17, 20, 13


def rows(block: Block, head: Sequence[str], hillslope: Hillslope) -> pa.Table:
    """The rows of a block of the report; FormatError."""
    table = fixed(block, STOCK) or free(
        block, (_STOCK_COUNT, _CLOUD_COUNT, _SHORT_COUNT), "a row of the water balance"
    )
    short = table.count == _SHORT_COUNT
    if short and SHORT_HEAD not in head:
        block.fail("13 columns without the head of the short layout")
    values = dict(_short(table) if short else balance(table))
    element = table.integers(0)
    if "Area" not in values:
        values["Area"] = hillslope.area(element)
    values |= by_julian(table, hillslope.calendar, year=2, julian=1)
    values |= {"wepp_id": hillslope.wepp_id, "ofe_id": element, "OFE": element}
    return PRODUCT.batch(len(table), values)


def balance(table: Table) -> Values:
    """The columns from P on of a table in the stock layout, as far as it has them."""
    names = [column.name for column in (*BALANCE, *AREA)]
    return {name: table.numbers(at) for at, name in enumerate(names[: table.count - 3], 3)}


def _short(table: Table) -> Values:
    values = {name: table.numbers(column) for name, column in _SHORT.items()}
    snow = table.numbers(_SNOW_DEPTH) * table.numbers(_SNOW_DENSITY) / 1000.0
    return {**values, "Snow-Water": snow}
