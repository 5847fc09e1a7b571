"""The master pass file, `pass_pw0.txt`: what all hillslopes hand to the channels, day by day.

::

    2024.204   --> VERSION NUMBER                      head: what was simulated,
    HILLSLOPE    1   p1.cli  5 diameters (m)  area     and a line of each hillslope
    EVENT         1    28                              then a record each day: a line of n values
    0.10E+01 …                                         of each measure, one of 5 n of each of the
    …                                                  concentrations and fractions, by hillslope

WEPPcloud's builds name four concentrations of phosphorus behind the area. A day without event, of
all hillslopes, has a row of zeros for each of them in the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tasks.interchange import passing
from tasks.interchange.calendar import Calendar
from tasks.interchange.columns import CALENDAR, WEPP_ID, Column, Product, dated, floats
from tasks.interchange.decode import BadRow, Floats, Ints
from tasks.interchange.hill.passes import EVENT
from tasks.interchange.passing import CLASSES, Group, Records
from tasks.interchange.text import Block
from tasks.wepp.files import fortran
from tasks.wepp.files.errors import FormatError, Refused

SOURCE = "pass_pw0.txt"
BEGINS = passing.BEGINS
PRODUCT = Product(
    "pass_pw0.events.parquet",
    "Daily runoff, lateral flow and sediment of every hillslope, as the channels were given them.",
    (EVENT, *CALENDAR, WEPP_ID, *passing.MEASURES),
)
METADATA = Product(
    "pass_pw0.metadata.parquet",
    "The hillslopes of the watershed: area, climate, particle diameters, phosphorus.",
    (
        WEPP_ID,
        Column("climate_file", "string", "", "Climate file of the hillslope"),
        *floats(
            ("area", "m^2", "Area of the hillslope"),
            ("srp", "mg/L", "Soluble reactive phosphorus in surface runoff"),
            ("slfp", "mg/L", "Soluble phosphorus in lateral flow"),
            ("bfp", "mg/L", "Soluble phosphorus in baseflow"),
            ("scp", "mg/kg", "Phosphorus on sediment"),
            *((f"dia_{n}", "m", f"Diameter of particle class {n}") for n in range(1, CLASSES + 1)),
        ),
    ),
)
_ROWS = 100_000
_FACTS = {
    "VERSION NUMBER": "version",
    "NUMBER OF UNIQUE HILLSLOPES IN WATERSHED": "nhill",
    "WATERSHED MAXIMUM SIMULATION TIME (YEARS)": "max_years",
    "BEGINNING YEAR OF WATERSHED CLIMATE FILE": "begin_year",
}
_BY_CLASS = ("sedcon_", "frcflw_")
_PHOSPHORUS = ("srp", "slfp", "bfp", "scp")


@dataclass(frozen=True, slots=True)
class Head:
    """What the file says before its records."""

    facts: Mapping[str, str]  # for the metadata of both tables
    hillslopes: tuple[dict[str, Any], ...]

    @property
    def wepp_ids(self) -> list[int]:
        """The hillslopes, in the order in which the records have them."""
        return [row["wepp_id"] for row in self.hillslopes]

    def table(self) -> pa.Table:
        """The table of the hillslopes."""
        names = [column.name for column in METADATA.columns]
        columns = {name: [row.get(name) for row in self.hillslopes] for name in names}
        return METADATA.batch(len(self.hillslopes), columns)


def head(lines: Sequence[str], path: Path) -> Head:
    """The head that `lines` are; FormatError, Refused where there are not five particle classes."""
    facts, rows = {}, []
    for number, line in enumerate(lines, 1):
        value, _, what = line.partition("-->")
        # hillsim says beside its version who it is.
        what = what.partition("(")[0].strip() if "(engine=" in what else what.strip()
        if what in _FACTS:
            facts[_FACTS[what]] = value.strip()
        words = line.split()
        if words[:1] == ["HILLSLOPE"] and len(words) > 2 and words[1].isdigit():
            rows.append(_hillslope(words, path, number))
    missing = set(_FACTS.values()) - set(facts)
    if missing:
        raise FormatError(path, len(lines), f"the head lacks {', '.join(sorted(missing))}")
    if facts["nhill"] != str(len(rows)):
        reason = f"{facts['nhill']} hillslopes are declared, {len(rows)} are named"
        raise FormatError(path, len(lines), reason)
    return Head({**facts, "npart": str(CLASSES)}, tuple(rows))


def _hillslope(words: Sequence[str], path: Path, line: int) -> dict[str, Any]:
    values = words[3:]
    if len(values) not in (CLASSES + 1, CLASSES + 1 + len(_PHOSPHORUS)):
        raise Refused(
            path, line, f"hillslope {words[1]} has {len(values)} values: 6 or 10 are read"
        )
    try:
        numbers = [fortran.number(value) for value in values]
    except ValueError as error:
        raise FormatError(path, line, str(error)) from None
    names = (*(f"dia_{n}" for n in range(1, CLASSES + 1)), "area", *_PHOSPHORUS)
    named = dict(zip(names, numbers, strict=False))
    return {"wepp_id": int(words[1]), "climate_file": words[2], **named}


def tables(block: Block, wepp_ids: Sequence[int], calendar: Calendar) -> Iterator[pa.Table]:
    """The rows of a block of the file, a day's hillslopes after the other's. FormatError."""
    records, hills = passing.records(block), np.array(wepp_ids)
    try:
        dates = dated(calendar.by_julian(records.year(), records.julian()))
    except BadRow as error:
        records.fail(error)
    measures = [_measures(records, group, len(hills)) for group in records.groups()]
    label = records.label
    # A day without event is a short line and many rows: they are made a few days at a time.
    step = max(1, _ROWS // len(hills))
    for start in range(0, len(records), step):
        days = np.arange(start, min(start + step, len(records)))
        values: dict[str, Any] = {"event": label.take(pa.array(np.repeat(days, len(hills))))}
        values |= {name: np.repeat(column[days], len(hills)) for name, column in dates.items()}
        values["wepp_id"] = np.tile(hills, len(days))
        values |= _filled(measures, days, len(hills))
        yield PRODUCT.batch(len(days) * len(hills), values)


Measures = tuple[Ints, dict[str, Floats]]


def _measures(records: Records, group: Group, hills: int) -> Measures:
    """The records of a group, and their measures, (records, hillslopes) each."""
    each, left = divmod(group.values.shape[1], hills)
    names = None if left else passing.names(group.label, each)
    if names is None:
        records.refuse(group)
    found: dict[str, Floats] = {}
    at = 0
    for name in names:
        if name.startswith(_BY_CLASS):
            number = name.split("_")[1]
            block = group.values[:, at : at + CLASSES * hills].reshape(-1, hills, CLASSES)
            found[name] = block[:, :, int(number) - 1]
            at += CLASSES * hills if int(number) == CLASSES else 0
        else:
            found[name] = group.values[:, at : at + hills]
            at += hills
    return group.which, found


def _filled(measures: Sequence[Measures], days: Ints, hills: int) -> dict[str, Floats]:
    """The columns of all measures for some days, zero where a record has none."""
    columns = {column.name: np.zeros((len(days), hills)) for column in passing.MEASURES}
    for which, found in measures:
        first, last = np.searchsorted(which, [days[0], days[-1] + 1])
        for name, values in found.items():
            columns[name][which[first:last] - days[0]] = values[first:last]
    return {name: column.ravel() for name, column in columns.items()}
