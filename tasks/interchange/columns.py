"""Columns of the tables: their names, types, units and descriptions, which go into the files.

Names and types are those that readers of WEPPcloud's tables know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from tasks.interchange.calendar import Calendar, Dates
from tasks.interchange.decode import BadRow
from tasks.interchange.table import Table
from tasks.interchange.version import VERSION

Values = Mapping[str, Any]
"""A column by name: an array, a single value for all rows, or None for a column of nulls."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `type` is a type of Arrow by name, `units` are empty where there are none."""

    name: str
    type: str
    units: str
    description: str


@dataclass(frozen=True, slots=True)
class Product:
    """A table: its file, what it holds in a sentence or two, and its columns in order."""

    file: str
    about: str
    columns: tuple[Column, ...]

    def schema(self, more: Mapping[str, str] | None = None) -> pa.Schema:
        """The schema with all metadata, `more` of the file included."""
        found = _schema(self)
        return found.with_metadata({**VERSION.metadata(), **more}) if more else found

    def batch(self, rows: int, values: Values) -> pa.Table:
        """A table of `rows` rows; a column that `values` lacks is null."""
        schema = _schema(self)
        arrays = [_array(values.get(field.name), rows, field.type) for field in schema]
        return pa.Table.from_arrays(arrays, schema=schema)


@cache
def _schema(product: Product) -> pa.Schema:
    return pa.schema(
        [
            pa.field(
                column.name,
                pa.type_for_alias(column.type),
                metadata={"units": column.units, "description": column.description},
            )
            for column in product.columns
        ],
        metadata=VERSION.metadata(),
    )


def _array(values: Any, rows: int, kind: pa.DataType) -> pa.Array:
    if values is None:
        return pa.nulls(rows, kind)
    if isinstance(values, np.ndarray):
        return pa.array(values.astype(kind.to_pandas_dtype(), copy=False))
    if isinstance(values, (pa.Array, list)):
        return pa.array(values, kind) if isinstance(values, list) else values.cast(kind)
    return pa.repeat(pa.scalar(values, kind), rows)


WEPP_ID = Column("wepp_id", "int32", "", "WEPP id of the hillslope or channel")
OFE_ID = Column("ofe_id", "int16", "", "Overland flow element, from 1 at the top")
OFE = Column("OFE", "int16", "", "Overland flow element, as the report gives it")
YEAR = Column("year", "int16", "", "Calendar year")
SIMULATION_YEAR = Column("simulation_year", "int16", "", "Year of the simulation, from 1")
SIM_DAY_INDEX = Column("sim_day_index", "int32", "", "Day of the simulation, from 1")
JULIAN = Column("julian", "int16", "", "Day of the year, from 1")
MONTH = Column("month", "int8", "", "Month, by the climate's calendar")
DAY_OF_MONTH = Column("day_of_month", "int8", "", "Day of the month, by the climate's calendar")
WATER_YEAR = Column("water_year", "int16", "", "Water year, October to September")
CALENDAR = (YEAR, SIM_DAY_INDEX, JULIAN, MONTH, DAY_OF_MONTH, WATER_YEAR)


def floats(*columns: tuple[str, str, str]) -> tuple[Column, ...]:
    """Columns of float64, each given by name, units and description."""
    return tuple(Column(name, "float64", units, about) for name, units, about in columns)


def by_julian(table: Table, calendar: Calendar, year: int, julian: int) -> Values:
    """The columns of dates for rows that have year and day of the year in these columns."""
    try:
        return dated(calendar.by_julian(table.integers(year), table.integers(julian)))
    except BadRow as error:
        table.fail(error)


def by_month(table: Table, calendar: Calendar, year: int, month: int, day: int) -> Values:
    """The columns of dates for rows that have year, month and day in these columns."""
    columns = (table.integers(column) for column in (year, month, day))
    try:
        return dated(calendar.by_month(*columns))
    except BadRow as error:
        table.fail(error)


def dated(dates: Dates) -> Values:
    """The columns that hold `dates`, simulation year included."""
    return {part.name: getattr(dates, part.name) for part in fields(dates)}
