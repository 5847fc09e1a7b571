"""Times of concentration at the outlet, `tc_out.txt`, which engines write where they are asked to.

::

    Element  C/H  Channel  Day  Year  …  Time of Conc (hr)  Storm Duration (hr)  Storm Peak (hr)
    4        C    2        60   1     …  0.52               1.00                 0.30

The rows of the outlet, the channel of the greatest number, are taken; those of fewer than nine
words, or of hillslopes, are not.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from tasks.interchange.calendar import Calendar
from tasks.interchange.columns import YEAR, Column, Product, floats
from tasks.wepp.files import fortran
from tasks.wepp.files.errors import FormatError
from tasks.wepp.files.records import read_text

SOURCE = "tc_out.txt"
PRODUCT = Product(
    "tc_out.parquet",
    "Times of concentration and of the storm, by event, at the outlet of the watershed.",
    (
        Column("day", "int16", "", "Day of the year, from 1"),
        YEAR,
        *floats(
            ("Time of Conc (hr)", "hr", "Time of concentration of the outlet channel"),
            ("Storm Duration (hr)", "hr", "Duration of the storm"),
            ("Storm Peak (hr)", "hr", "Time to the peak of the storm"),
        ),
    ),
)
_WORDS = 9


def table(path: Path, calendar: Calendar) -> pa.Table | None:
    """The rows of the outlet in the file at `path`; None where no channel has any. FormatError."""
    rows = [
        (number, words)
        for number, line in enumerate(read_text(path).splitlines(), 1)
        if len(words := line.split()) >= _WORDS and words[1] == "C" and words[2].isdigit()
    ]
    if not rows:
        return None
    outlet = max(int(words[2]) for _, words in rows)
    columns: list[list[float]] = [[] for _ in PRODUCT.columns]
    for number, words in rows:
        if int(words[2]) == outlet:
            for column, value in zip(columns, _row(words, calendar, path, number), strict=True):
                column.append(value)
    names = [column.name for column in PRODUCT.columns]
    return PRODUCT.batch(len(columns[0]), dict(zip(names, columns, strict=True)))


def _row(words: list[str], calendar: Calendar, path: Path, line: int) -> list[float]:
    try:
        day, year = int(words[3]), calendar.year(int(words[4]))
        return [day, year, *(fortran.column(word) for word in words[6:_WORDS])]
    except ValueError as error:
        raise FormatError(path, line, str(error)) from None
