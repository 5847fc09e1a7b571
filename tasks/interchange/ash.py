"""Ash of burnt hillslopes, by day, for the table of the whole watershed.

::

    ash/H<id>_ash.parquet     year, julian (or mo, da), `wind_transport (tonne/ha)`, …
                              year0 or `days_from_fire (days)`: the first year from the fire counts

Masses are added up over the hillslopes; by area they are divided by that of the hillslopes that
have ash that day. Which ash is black and which white is the caller's to tell; the volume of its
solids follows from that. Without tables of ash every column is null.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from tasks.interchange.columns import floats
from tasks.interchange.decode import Floats, Ints

DENSITIES = {"black": 220.0, "white": 310.0}
"""Bulk densities of ash, kg/m3."""

_TRANSPORTS = {
    "wind_transport": "Ash that the wind carries away",
    "water_transport": "Ash that water carries away",
    "ash_transport": "Ash that wind and water carry away",
}
_LEFT = "transportable_ash"
COLUMNS = floats(
    *(
        (name + kind + per, "tonne/ha" if per else "tonne", f"{about}{of}{by}")
        for name, about in {**_TRANSPORTS, _LEFT: "Ash that can still be carried away"}.items()
        for kind, of in (("", ""), ("_black", ", black"), ("_white", ", white"))
        if not (kind and name == _LEFT)
        for per, by in (("", ""), ("_per_ha", ", by area"))
    ),
    ("ash_vol_conc", "m^3/m^3", "Volume of ash in the volume of runoff"),
    ("sed+ash_vol_conc", "m^3/m^3", "Volume of sediment and ash in the volume of runoff"),
    ("ash_black_pct_by_vol", "percent", "Black ash in all ash, by volume"),
)
_FILE = re.compile(r"H([1-9][0-9]*)(_ash)?\.parquet\Z")
_FIRST_YEAR = 365  # days from the fire
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Ash:
    """Where the tables of ash are, and what is known of the hillslopes by WEPP id."""

    directory: Path
    areas_m2: Mapping[int, float]
    types: Mapping[int, str] = field(default_factory=dict)  # black or white


def columns(
    ash: Ash, dates: Mapping[str, Ints], runvol: Floats, sediment: Floats
) -> dict[str, Any]:
    """The columns for days of `dates`, with runoff and the concentration of sediment in it by day.

    Empty where no hillslope has a table of ash. OSError, KeyError where a table lacks a column.
    """
    found = _tables(ash)
    if not found:
        return {}
    place = {day: at for at, day in enumerate(_days(dates, "julian"))}
    by_date = {day: at for at, day in enumerate(_days(dates, "month", "day_of_month"))}
    sums: dict[str, Floats] = {}

    def add(name: str, at: Ints, amounts: Any) -> None:
        np.add.at(sums.setdefault(name, np.zeros(len(runvol))), at, amounts)

    for wepp_id, table in found.items():
        at, rows = _places(table, place, by_date)
        area_ha, kind = ash.areas_m2[wepp_id] / 1e4, ash.types.get(wepp_id)
        for kept in ("", f"_{kind}") if kind in DENSITIES else ("",):
            add(f"area{kept}", at, area_ha)
            for name in (*_TRANSPORTS, _LEFT) if not kept else _TRANSPORTS:
                add(name + kept, at, _mass(table, name, area_ha)[rows])
        if kind in DENSITIES:
            moved = _mass(table, "ash_transport", area_ha)[rows]
            add(f"volume_{kind}", at, 1000.0 * moved / DENSITIES[kind])
    return _columns(sums, runvol, sediment)


def _columns(sums: dict[str, Floats], runvol: Floats, sediment: Floats) -> dict[str, Any]:
    nothing = np.zeros(len(runvol))
    values: dict[str, Any] = {}
    for kind in ("", "_black", "_white"):
        area = sums.get(f"area{kind}", nothing)
        for name in (*_TRANSPORTS, _LEFT) if not kind else _TRANSPORTS:
            total = sums.get(name + kind, nothing)
            values |= {name + kind: total, f"{name}{kind}_per_ha": _over(total, area)}
    black, white = (sums.get(f"volume_{kind}", nothing) for kind in DENSITIES)
    conc = _over(black + white, runvol)
    return {
        **values,
        "ash_vol_conc": conc,
        "sed+ash_vol_conc": sediment + conc,
        "ash_black_pct_by_vol": 100.0 * _over(black, black + white),
    }


def _tables(ash: Ash) -> dict[int, pa.Table]:
    if not ash.directory.is_dir():
        return {}
    paths = ((_FILE.match(path.name), path) for path in ash.directory.iterdir())
    found = sorted((int(match[1]), path) for match, path in paths if match)
    return {wepp_id: parquet.read_table(path) for wepp_id, path in found if wepp_id in ash.areas_m2}


def _places(
    table: pa.Table, by_julian: Mapping[Any, int], by_date: Mapping[Any, int]
) -> tuple[Ints, Ints]:
    """The days of the rows that count, by place, and which rows these are."""
    names = table.column_names
    parts: tuple[str, ...] = ("year", "julian")
    known = by_julian
    if "julian" not in names:
        parts, known = ("year", "mo", "da"), by_date
    days = zip(*(table[name].to_pylist() for name in parts), strict=True)
    counts = _first_year(table)
    pairs = [(known[day], row) for row, day in enumerate(days) if counts[row] and day in known]
    at, rows = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return at, rows


def _first_year(table: pa.Table) -> Bools:
    names = table.column_names
    if "year0" in names:
        same: Bools = table["year0"].to_numpy() == table["year"].to_numpy()
        return same
    if "days_from_fire (days)" in names:
        early: Bools = table["days_from_fire (days)"].to_numpy() <= _FIRST_YEAR
        return early
    return np.ones(table.num_rows, dtype=np.bool_)


def _mass(table: pa.Table, name: str, area_ha: float) -> Floats:
    """A column in tonnes, which the table may have by area only."""
    if f"{name} (tonne)" in table.column_names:
        mass: Floats = table[f"{name} (tonne)"].to_numpy()
        return mass
    by_area: Floats = table[f"{name} (tonne/ha)"].to_numpy()
    return by_area * area_ha


def _days(dates: Mapping[str, Ints], *names: str) -> Any:
    return zip(*(dates[name].tolist() for name in ("year", *names)), strict=True)


def _over(total: Floats, by: Floats) -> Floats:
    return np.divide(total, by, out=np.zeros(len(total)), where=by > 0.0)
