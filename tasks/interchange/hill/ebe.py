"""The events of hillslopes, `H<i>.ebe.dat`, whose layouts `tasks.wepp.files.ebe` pictures.

Rows of 14 numbers (stock) or 16 (builds of 2024, with the lengths of detachment and deposition).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tasks.interchange.columns import CALENDAR, WEPP_ID, Product, by_month, floats
from tasks.interchange.hillslope import Hillslope
from tasks.interchange.table import free
from tasks.interchange.text import Block

KIND = "ebe"
_MEASURES = floats(
    ("Precip", "mm", "Precipitation of the event"),
    ("Runoff", "mm", "Runoff of the event"),
    ("IR-det", "kg/m^2", "Mean interrill detachment"),
    ("Av-det", "kg/m^2", "Mean detachment where soil is lost"),
    ("Mx-det", "kg/m^2", "Greatest detachment"),
    ("Det-point", "m", "Where detachment is greatest, from the top"),
    ("Av-dep", "kg/m^2", "Mean deposition where soil settles, negative"),
    ("Max-dep", "kg/m^2", "Greatest deposition, negative"),
    ("Dep-point", "m", "Where deposition is greatest, from the top"),
    ("Sed.Del", "kg/m", "Sediment that leaves the hillslope, by width"),
    ("ER", "", "Enrichment ratio of specific surface"),
    ("Det-Len", "m", "Length over which soil is lost; null where the engine does not tell it"),
    ("Dep-Len", "m", "Length over which soil settles; null where the engine does not tell it"),
)
PRODUCT = Product(
    "H.ebe.parquet",
    "Events of the hillslopes: runoff, detachment, deposition and sediment delivered.",
    (WEPP_ID, *CALENDAR, *_MEASURES),
)
_STOCK, _WITH_LENGTHS = 14, 16


def rows(block: Block, head: Sequence[str], hillslope: Hillslope) -> pa.Table:
    """The rows of a block of the report; FormatError."""
    table = free(block, (_STOCK, _WITH_LENGTHS), "an event")
    measures = enumerate(_MEASURES[: table.count - 3], 3)
    values: dict[str, Any] = {column.name: table.numbers(at) for at, column in measures}
    values |= by_month(table, hillslope.calendar, year=2, month=1, day=0)
    values |= {"wepp_id": hillslope.wepp_id}
    return PRODUCT.batch(len(table), values)
