"""The loss report of the watershed, `loss_pw0.txt`: a section a year, and one of mean years.

::

    ANNUAL SUMMARY FOR WATERSHED IN YEAR     1      or   5 YEAR AVERAGE ANNUAL VALUES FOR WATERSHED
    Hill      1   1842.3  2887.5  57412.9 …          runoff, lateral flow, loss, deposition, yield
    Channel   1  21161.1   143.5    357.1 …          discharge, yield, loss, upland, lateral flow
    Total water discharge from outlet =   21161. m^3 the outlet, a line each
      1     0.002      2.60 …                        particle classes that leave

Mean years have areas too. WEPPcloud's builds tell baseflow after lateral flow, and three pollutants
at the end. Numbers of a row may touch: those of a column have equally many decimals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks.interchange.calendar import Calendar
from tasks.interchange.columns import YEAR, Column, Product, floats
from tasks.wepp.files import fortran
from tasks.wepp.files.errors import CutShort, FormatError

SOURCE = "loss_pw0.txt"
_TYPE = Column("Type", "string", "", "Hill, Channel or Impoundment")
_POLLUTANTS = (
    ("Solub. React. Pollutant", "kg", "Soluble reactive pollutant; null where it is not told"),
    ("Particulate Pollutant", "kg", "Pollutant on sediment; null where it is not told"),
    ("Total Pollutant", "kg", "Pollutant in all; null where it is not told"),
)
_HILL = (
    ("Runoff Volume", "m^3", "Runoff"),
    ("Subrunoff Volume", "m^3", "Lateral flow below the surface"),
    ("Baseflow Volume", "m^3", "Baseflow; null where it is not told"),
    ("Soil Loss", "kg", "Soil detached"),
    ("Sediment Deposition", "kg", "Soil deposited"),
    ("Sediment Yield", "kg", "Sediment that leaves the hillslope"),
)
_HILL_AREA = ("Hillslope Area", "ha", "Area of the hillslope")
_CHANNEL = (
    ("Discharge Volume", "m^3", "Water that leaves the channel"),
    ("Sediment Yield", "tonne", "Sediment that leaves the channel"),
    ("Soil Loss", "kg", "Soil detached in the channel"),
    ("Upland Charge", "m^3", "Water that comes from above"),
    ("Subsuface Flow Volume", "m^3", "Lateral flow below the surface"),
)
_CHANNEL_AREA = ("Contributing Area", "ha", "Area that drains through the channel")
_HILL_KEYS = (
    Column("hillslope", "int32", "", "WEPP id of the hillslope"),
    Column("Hillslopes", "int32", "", "The same, as the report calls it"),
)
_CHANNEL_KEYS = (
    Column("channel", "int32", "", "Channel, or impoundment, from 1"),
    Column("Channels and Impoundments", "int32", "", "The same, as the report calls it"),
)
_OUT = (
    Column("key", "string", "", "What is told"),
    Column("value", "float64", "", "Its value"),
    Column("units", "string", "", "Its units"),
)
_CLASS = (
    Column("Class", "int8", "", "Particle class, from 1"),
    *floats(
        ("Diameter", "mm", "Diameter of the particles"),
        ("Specific Gravity", "", "Density over that of water"),
        ("Pct Sand", "%", "Sand in the particles, by mass"),
        ("Pct Silt", "%", "Silt in the particles, by mass"),
        ("Pct Clay", "%", "Clay in the particles, by mass"),
        ("Pct OM", "%", "Organic matter in the particles, by mass"),
        ("Fraction In Flow Exiting", "", "Share of the class in the sediment that leaves"),
    ),
)
# What the values of a row are, by their number, in builds without and with area and pollutants.
_FEW = (_HILL[0], _HILL[1], *_HILL[3:])
_HILL_ROWS = (_FEW, (*_FEW, _HILL_AREA), (*_HILL, *_POLLUTANTS), (*_HILL, _HILL_AREA, *_POLLUTANTS))
_CHANNEL_ROWS = (
    _CHANNEL,
    (*_CHANNEL, _CHANNEL_AREA),
    (*_CHANNEL, *_POLLUTANTS),
    (*_CHANNEL, _CHANNEL_AREA, *_POLLUTANTS),
)
Row = dict[str, Any]
_UNITS = {"T/ha/yr": "tonne/ha/yr", "T/ha": "tonne/ha", "tonnes": "tonne", "tonnes/yr": "tonne/yr"}


def _product(name: str, about: str, columns: Sequence[Column], yearly: bool) -> Product:
    if yearly:
        return Product(f"loss_pw0.all_years.{name}.parquet", f"{about}, by year.", (YEAR, *columns))
    return Product(f"loss_pw0.{name}.parquet", f"{about}, in a mean year.", tuple(columns))


def _products(yearly: bool) -> dict[str, Product]:
    hill_area, channel_area = ((), ()) if yearly else ((_HILL_AREA,), (_CHANNEL_AREA,))
    hill = (_TYPE, *_HILL_KEYS, *floats(*_HILL, *hill_area, *_POLLUTANTS))
    channel = (_TYPE, *_CHANNEL_KEYS, *floats(*_CHANNEL, *channel_area, *_POLLUTANTS))
    return {
        "hill": _product("hill", "Runoff, loss and sediment of the hillslopes", hill, yearly),
        "chn": _product("chn", "Discharge and sediment of the channels", channel, yearly),
        "out": _product("out", "What passes the outlet of the watershed", _OUT, yearly),
        "class_data": _product(
            "class_data", "Particle classes that pass the outlet", _CLASS, yearly
        ),
    }


MEAN, YEARLY = _products(yearly=False), _products(yearly=True)


@dataclass(slots=True)
class Section:
    """A year of the report, or its mean years (`year` None), as rows by table."""

    year: int | None
    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in MEAN})


_YEAR = re.compile(r"\s*ANNUAL SUMMARY FOR WATERSHED IN YEAR\s+(\d+)")
_MEAN = re.compile(r"\s*\d*\s*YEAR AVERAGE ANNUAL VALUES FOR WATERSHED")
_ELEMENT = re.compile(r"\s*(Hill|Channel|Impoundment)\s+(\d+)\s+(?=[-+.\d*N])(.*)")
_OUTLET = re.compile(r"\s*(\S.*?)\s*=\s*(\S+)(?:\s+(\S+))?\s*\Z")
_PARTICLES = re.compile(r"\s*\d+(?:\s+[-+.\d*]+){7}\s*\Z")
_NOTE = "*** total soil loss < 1 kg ***"


def sections(path: Path, text: str) -> list[Section]:
    """The sections of a report; FormatError with the line, CutShort without mean years."""
    found: list[Section] = []
    outlet = False
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if (year := _YEAR.match(line)) or _MEAN.match(line):
            found.append(Section(int(year[1]) if year else None))
        elif found:
            outlet = _outlet(line, outlet)
            try:
                _read(line, found[-1].rows, outlet)
            except ValueError as error:
                raise FormatError(path, number, str(error)) from None
    means = [section for section in found if section.year is None]
    if not means or not all(means[-1].rows[name] for name in ("hill", "chn", "out")):
        raise CutShort(path, len(lines), "the report ends without its mean years")
    return found


def _outlet(line: str, before: bool) -> bool:
    """Whether the lines are those of the outlet."""
    if "Delivery From Channel Outlet" in line:
        return True
    return before and not line.startswith("Sediment Particle Information")


def _read(line: str, rows: dict[str, list[Row]], outlet: bool) -> None:
    if element := _ELEMENT.match(line):
        kind, number, values = element[1], int(element[2]), element[3]
        if kind == "Hill":
            keys: Row = {"hillslope": number, "Hillslopes": number}
            rows["hill"].append({"Type": kind, **keys, **_values(values, _HILL_ROWS)})
        else:
            keys = {"channel": number, "Channels and Impoundments": number}
            rows["chn"].append({"Type": kind, **keys, **_values(values, _CHANNEL_ROWS)})
    elif outlet and (told := _OUTLET.match(line)):
        units = _UNITS.get(told[3] or "", told[3] or "")
        rows["out"].append({"key": told[1], "value": fortran.column(told[2]), "units": units})
    elif _PARTICLES.match(line):
        number_, *shares = line.split()
        names = [column.name for column in _CLASS[1:]]
        values_ = map(fortran.column, shares)
        rows["class_data"].append({"Class": int(number_), **dict(zip(names, values_, strict=True))})


def _values(text: str, layouts: Sequence[Sequence[tuple[str, str, str]]]) -> Row:
    """The values of an element's row by name; ValueError where no build writes so many."""
    text = text.replace(_NOTE, "")
    for words in _splits(text):
        for layout in layouts:
            if len(layout) == len(words):
                numbers = map(fortran.column, words)
                return {name: value for (name, _, _), value in zip(layout, numbers, strict=True)}
    raise ValueError(f"{len(text.split())} values are no row of a loss report: {text.strip()!r}")


def _splits(text: str) -> Iterator[list[str]]:
    """By blanks; where numbers touch, by their decimals."""
    yield text.split()
    for decimals in (1, 2, 3):
        yield re.findall(rf"[-+]?\d*\.\d{{{decimals}}}|\*+|NaN", text)


def tables(path: Path, text: str, calendar: Calendar) -> Iterator[tuple[Product, pa.Table]]:
    """All eight tables of the report. FormatError, CutShort."""
    found = sections(path, text)
    for name, product in MEAN.items():
        yield product, _table(product, found[-1].rows[name])
    for name, product in YEARLY.items():
        rows = [
            {"year": calendar.year(section.year), **row}
            for section in found
            if section.year is not None
            for row in section.rows[name]
        ]
        yield product, _table(product, rows)


def _table(product: Product, rows: Sequence[Row]) -> pa.Table:
    names = [column.name for column in product.columns]
    return product.batch(len(rows), {name: [row.get(name) for row in rows] for name in names})
