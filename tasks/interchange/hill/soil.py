"""The soil's properties day by day, `H<i>.soil.dat`, a row a day and element.

::

     OFE Day   Y   Poros   Keff  Suct    FC     WP    Rough    Ki     Kr    Tauc
                     %    mm/hr   mm    mm/mm  mm/mm    mm   adjsmt adjsmt adjsmt

A stock row is `i3,i5,i7,f8.2,8(f7.2)`, whose numbers may touch. WEPPcloud's builds go on with
`Saturation TSW`, in fractions and mm, by blanks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

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
from tasks.wepp.files.errors import FormatError

KIND = "soil"
PROPERTIES = floats(
    ("Poros", "%", "Porosity"),
    ("Keff", "mm/hr", "Effective hydraulic conductivity"),
    ("Suct", "mm", "Suction at the wetting front"),
    ("FC", "mm/mm", "Field capacity"),
    ("WP", "mm/mm", "Wilting point"),
    ("Rough", "mm", "Random roughness of the surface"),
    ("Ki", "adjsmt", "Adjustment factor of interrill erodibility"),
    ("Kr", "adjsmt", "Adjustment factor of rill erodibility"),
    ("Tauc", "adjsmt", "Adjustment factor of critical shear"),
    ("Saturation", "frac", "Saturation of the upper soil; null where the engine does not tell it"),
    ("TSW", "mm", "Total soil water; null where the engine does not tell it"),
)
PRODUCT = Product(
    "H.soil.parquet",
    "Daily soil properties of each overland flow element of the hillslopes.",
    (WEPP_ID, OFE_ID, *CALENDAR, OFE, *PROPERTIES),
)

_STOCK = places("i3,i5,i7,f8.2,8(f7.2)")
_STOCK_COUNT, _CLOUD_COUNT = 12, 14
_HEAD = "OFE Day Y Poros Keff Suct FC WP Rough Ki Kr Tauc".split()
_UNITS = "% mm/hr mm mm/mm mm/mm mm adjsmt adjsmt adjsmt".split()
_MORE, _MORE_UNITS = ["Saturation", "TSW"], ["frac", "mm"]


def rows(block: Block, head: Sequence[str], hillslope: Hillslope) -> pa.Table:
    """The rows of a block of the report; FormatError."""
    table = read(block, head)
    element = table.integers(0)
    values = dict(properties(table))
    values |= by_julian(table, hillslope.calendar, year=2, julian=1)
    values |= {"wepp_id": hillslope.wepp_id, "ofe_id": element, "OFE": element}
    return PRODUCT.batch(len(table), values)


def read(block: Block, head: Sequence[str]) -> Table:
    """The rows of a block of a soil report, of hillslopes or of channels, with the known head."""
    count = _count(block.path, head)
    stock = fixed(block, _STOCK) if count == _STOCK_COUNT else None
    return stock or free(block, (count,), "a row of the soil report")


def properties(table: Table) -> Values:
    """The columns from Poros on, as far as the table has them."""
    names = [column.name for column in PROPERTIES]
    return {name: table.numbers(at) for at, name in enumerate(names[: table.count - 3], 3)}


def _count(path: Path, head: Sequence[str]) -> int:
    for number, line in enumerate(head, 1):
        if line.split()[:3] != _HEAD[:3]:
            continue
        units = head[number].split() if number < len(head) else []
        if (line.split(), units) == (_HEAD, _UNITS):
            return _STOCK_COUNT
        if (line.split(), units) == (_HEAD + _MORE, _UNITS + _MORE_UNITS):
            return _CLOUD_COUNT
        raise FormatError(
            path, number, f"unknown columns or units of a soil report: {line.strip()}"
        )
    raise FormatError(path, len(head), "a soil report begins with the names of its columns")
