"""The event-by-event file, `H<i>.ebe.dat`: what each runoff event did on the hillslope.

::

     EVENT OUTPUT
    day mo  year Precp  Runoff  IR-det Av-det Mx-det  Point  Av-dep Max-dep  Point Sed.Del    ER
    --- --  ----  (mm)    (mm)  kg/m^2 kg/m^2 kg/m^2    (m)  kg/m^2  kg/m^2    (m)  (kg/m)  ----
        6    5     1  22.2     6.2   0.068   0.09   0.11   35.0    0.00    0.00    0.0     3.0  1.03

The stock layout (2010) is `2(1x,i4),1x,i5,1x,f5.1,1x,f7.1,1x,f7.3,2(1x,f6.2),1x,f6.1,2(1x,f7.2),
1x,f6.1,1x,f7.1,1x,f5.2`, a row for each day with runoff. Builds of 2024 write rows by blanks, for
each day with rain too, and add the lengths of detachment and deposition: read as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from tasks.wepp.files import fortran
from tasks.wepp.files.errors import CutShort, FormatError
from tasks.wepp.files.fortran import fixed, integer
from tasks.wepp.files.records import read_text

_HEAD = (
    " EVENT OUTPUT",
    "day mo  year Precp  Runoff  IR-det Av-det Mx-det  Point  Av-dep Max-dep  Point Sed.Del    ER",
    "--- --  ----  (mm)    (mm)  kg/m^2 kg/m^2 kg/m^2    (m)  kg/m^2  kg/m^2    (m)  (kg/m)  ----",
)
_COLUMNS = ((5, 1), (7, 1), (7, 3), (6, 2), (6, 2), (6, 1), (7, 2), (7, 2), (6, 1), (7, 1), (5, 2))
_STOCK, _WITH_LENGTHS = 14, 16


@dataclass(frozen=True, slots=True)
class Row:
    """One event. Points are distances from the top of the hillslope; deposition is negative."""

    day: int
    month: int
    year: int
    precip_mm: float
    runoff_mm: float
    interrill_kg_m2: float  # mean interrill detachment
    detachment_kg_m2: float  # mean over the area of net detachment
    max_detachment_kg_m2: float
    detachment_point_m: float
    deposition_kg_m2: float  # mean over the area of net deposition
    max_deposition_kg_m2: float
    deposition_point_m: float
    sediment_kg_m: float  # leaving, per metre of width
    enrichment: float
    detachment_length_m: float | None = None  # builds of 2024
    deposition_length_m: float | None = None


def read(path: str | Path) -> tuple[Row, ...]:
    """The rows of the event file at `path`; FormatError, OSError."""
    return parse(read_text(path), path)


def parse(text: str, path: str | Path = "ebe") -> tuple[Row, ...]:
    """The rows of the event file that `text` is, of either layout; FormatError with the line."""
    lines = text.splitlines()
    if len(lines) < len(_HEAD):
        raise CutShort(path, len(lines), "an event file begins with three lines of headings")
    return tuple(_row(line, path, n) for n, line in enumerate(lines[3:], 4) if line.strip())


def dump(rows: tuple[Row, ...]) -> str:
    """The text of an event file in the stock layout."""
    return "\n".join((*_HEAD, *map(_line, rows))) + "\n"


def _row(line: str, path: str | Path, number: int) -> Row:
    words = line.split()
    if len(words) not in (_STOCK, _WITH_LENGTHS):
        raise FormatError(path, number, f"an event has 14 or 16 values, found {len(words)}")
    try:
        values = [fortran.column(word) for word in words]
    except ValueError as error:
        raise FormatError(path, number, str(error)) from None
    day, month, year, *rest = values
    return Row(int(day), int(month), int(year), *rest)


_VALUES = attrgetter(*Row.__slots__[:_STOCK])
_MEASURES = attrgetter(*Row.__slots__[3:_STOCK])
# The row as one format, which nearly all of them fit.
_USUAL = " %4d %4d %5d" + "".join(f" %{width}.{decimals}f" for width, decimals in _COLUMNS)
_WIDTH = 16 + sum(1 + width for width, _ in _COLUMNS)


def _line(row: Row) -> str:
    usual = _USUAL % _VALUES(row)
    # What does not fit its width, and no number, goes the long way.
    if len(usual) == _WIDTH and "n" not in usual:
        return usual
    date = f" {integer(row.day, 4)} {integer(row.month, 4)} {integer(row.year, 5)}"
    edits = zip(_MEASURES(row), _COLUMNS, strict=True)
    return date + "".join(f" {fixed(value, *edit)}" for value, edit in edits)
