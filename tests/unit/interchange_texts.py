"""Reports as engines write them, of a few days, and run directories that hold them."""

from __future__ import annotations

from pathlib import Path

from tasks.hillsim.reports.daily import ELEMENT_HEAD, SOIL_HEAD, WATER_HEAD
from tasks.run.directory import RunDirectory
from tasks.wepp.files.fortran import fixed, integer, scientific

Row = tuple[float, ...]
SHORT_HEAD = "ofe jday year precip runoff sw sw1 sw2 ep es er snodpy densg"
PASS_HEAD = """p1.cli
    2         1
.10000E+04
  5    0.20000E-05 0.10000E-04 0.30000E-04 0.30000E-03 0.20000E-03
"""
_CLIMATE_HEAD = """5.32100
   1   0   0
 Station:  TEST                                   CLIGEN VER. 5.32
 Latitude Longitude Elevation (m) Obs. Years   Beginning year  Years simulated Command Line:
    42.00   -93.00         300          30           {first}               {years}
 Observed monthly ave max temperature (C)
  1.0  1.0  1.0  1.0  1.0  1.0  1.0  1.0  1.0  1.0  1.0  1.0
 Observed monthly ave min temperature (C)
  0.0  0.0  0.0  0.0  0.0  0.0  0.0  0.0  0.0  0.0  0.0  0.0
 Observed monthly ave solar radiation (Langleys/day)
  9.0  9.0  9.0  9.0  9.0  9.0  9.0  9.0  9.0  9.0  9.0  9.0
 Observed monthly ave precipitation (mm)
  5.0  5.0  5.0  5.0  5.0  5.0  5.0  5.0  5.0  5.0  5.0  5.0
 da mo year  prcp  dur   tp     ip  tmax  tmin  rad  w-vl w-dir  tdew
             (mm)  (h)               (C)   (C) (l/d) (m/s)(Deg)   (C)
"""
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def climate(first: int, years: int, leap: tuple[int, ...] = ()) -> str:
    """A climate without rain whose `leap` years, counted from 1, have a 29 February."""
    air = "   0.0  0.00 0.00   0.00   9.0   1.0 143.  7.2  90. -1.0"
    rows = [
        f"{day:3d}{month:3d}{first + number - 1:6d}{air}"
        for number in range(1, years + 1)
        for month, length in enumerate(_DAYS, 1)
        for day in range(1, length + 1 + (month == 2 and number in leap))
    ]
    return _CLIMATE_HEAD.format(first=first, years=years) + "\n".join(rows) + "\n"


def wat(*rows: Row) -> str:
    """A stock water balance; a row is OFE, J, Y and 14 numbers."""
    return "\n".join((*WATER_HEAD, *map(wat_row, rows))) + "\n"


def wat_row(row: Row) -> str:
    """One row of it."""
    edits = [(7, 2)] * 2 + [(15, 0)] + [(7, 2)] * 4 + [(15, 0)] + [(7, 2)] * 5
    text = " " + "".join(f" {integer(int(value), 4)}" for value in row[:3])
    for value, (width, decimals) in zip(row[3:16], edits, strict=True):
        exponential = scientific(value, 15, 7)
        text += f" {fixed(value, width, decimals) if decimals else exponential}"
    return f"{text}  {scientific(row[16], 15, 7)}"


def soil(*rows: Row) -> str:
    """A stock soil report; a row is OFE, day, year and 9 numbers."""
    lines = [
        integer(int(r[0]), 3) + integer(int(r[1]), 5) + integer(int(r[2]), 7) + fixed(r[3], 8, 2)
        + "".join(fixed(value, 7, 2) for value in r[4:])
        for r in rows
    ]  # fmt: skip
    return "\n".join((*SOIL_HEAD, *lines)) + "\n"


def element(*lines: str) -> str:
    """An element report."""
    return "\n".join((*ELEMENT_HEAD, *lines)) + "\n"


def run_of(root: Path, reports: dict[str, str], first: int = 1, **climates: object) -> RunDirectory:
    """A run directory whose output holds `reports` by name, over two years of climate."""
    run = RunDirectory(root)
    run.runs.mkdir(parents=True, exist_ok=True)
    run.output.mkdir(exist_ok=True)
    (run.runs / "p1.cli").write_text(climate(first, 2, **climates))  # type: ignore[arg-type]
    for number in {name.split(".")[0][1:] for name in reports if name.startswith("H")}:
        (run.runs / f"p{number}.run").write_text("")
    for name, text in reports.items():
        (run.output / name).write_bytes(text.encode("latin-1"))
    return run
