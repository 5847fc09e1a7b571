"""What hillslopes hand to the channels, `H<i>.pass.dat`, whose records `passing` reads.

The stock build writes 20 values of an event, those of 2024 have drainage besides, in two lines, and
WEPPcloud's have groundwater too: baseflow and deep seepage, also on days without event.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tasks.interchange import passing
from tasks.interchange.columns import CALENDAR, WEPP_ID, Column, Product, dated
from tasks.interchange.decode import BadRow
from tasks.interchange.hillslope import Hillslope
from tasks.interchange.text import Block
from tasks.wepp.files.errors import FormatError, Refused

KIND = "pass"
BEGINS = passing.BEGINS
EVENT = Column("event", "string", "", "EVENT with runoff, SUBEVENT with lateral flow, or NO EVENT")
PRODUCT = Product(
    "H.pass.parquet",
    "Daily runoff, lateral flow and sediment that each hillslope hands to its channel.",
    (WEPP_ID, EVENT, *CALENDAR, *passing.MEASURES),
)
_HEAD = 4


def rows(block: Block, head: Sequence[str], hillslope: Hillslope) -> pa.Table:
    """The rows of a block of the file; FormatError."""
    _check(block, head)
    records = passing.records(block)
    values = {column.name: np.zeros(len(records)) for column in passing.MEASURES}
    for group in records.groups():
        names = passing.names(group.label, group.values.shape[1])
        if names is None:
            records.refuse(group)
        for place, name in enumerate(names):
            values[name][group.which] = group.values[:, place]
    try:
        dates = hillslope.calendar.by_julian(records.year(), records.julian())
    except BadRow as error:
        records.fail(error)
    more = {"wepp_id": hillslope.wepp_id, "event": records.label}
    return PRODUCT.batch(len(records), {**values, **dated(dates), **more})


def _check(block: Block, head: Sequence[str]) -> None:
    if len(head) < _HEAD:
        raise FormatError(block.path, len(head), "a pass file begins with four lines")
    classes = head[_HEAD - 1].split()[0:1]
    if classes != [str(passing.CLASSES)]:
        reason = f"{' '.join(classes)} particle classes: tables of five are made"
        raise Refused(block.path, _HEAD, reason)
