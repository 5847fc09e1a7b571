"""The climate file, `p<i>.cli`, as CLIGEN writes it: a station's head and one row a day.

::

    5.32100                                                version
       1   0   0                                           mode, breakpoint, wind
      Station:  WASHINGTON IA          CLIGEN VER. …       station
     Latitude Longitude Elevation (m) …                    heading
        41.28  -91.68   228  100   1   6   -b1 -y6         lat, lon, m, observed years,
                                                             first year, years, command
     Observed monthly ave max temperature (C)              four times a heading
      -0.2   2.1 …                                           and twelve monthly means
     da mo year  prcp  dur   tp     ip  tmax …             two lines of column headings
                 (mm)  (h)               (C) …
      1  1     1   0.0  0.00 0.00   0.00  -9.5 -13.3 143.  7.2  307. -14.8

A day is written `i3 i3 i6 f6.1 f6.2 f5.2 f7.2 2f6.1 f5.0 f5.1 f6.0 f6.1` and read by blanks. With
breakpoints (line 2) a day is `day month year n tmax tmin rad wind dir tdew` and n lines of
`hour  mm since the day began`. Mode 1 is a series of days, mode 2 a single storm.

The engines trust the declared years and die in the year that lacks a day, beside outputs that look
whole. Here days that are skipped, and years that are cut, are errors that name the day.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tasks.wepp.files import climate_head
from tasks.wepp.files.climate_days import Breakpoints, Days, parse_days
from tasks.wepp.files.climate_head import CONTINUOUS as CONTINUOUS
from tasks.wepp.files.climate_head import SINGLE_STORM as SINGLE_STORM
from tasks.wepp.files.errors import CutShort, FormatError
from tasks.wepp.files.fortran import fixed
from tasks.wepp.files.records import Records, read_text

_MEANS = (
    (" Observed monthly ave max temperature (C)", "tmax_c"),
    (" Observed monthly ave min temperature (C)", "tmin_c"),
    (" Observed monthly ave solar radiation (Langleys/day)", "rad_langley"),
    (" Observed monthly ave precipitation (mm)", "precip_mm"),
)
_MEAN_RANGE = (-100.0, 10_000.0)
_SITE = (
    " Latitude Longitude Elevation (m) Obs. Years   Beginning year  Years simulated Command Line:"
)
_DAILY = (
    " da mo year  prcp  dur   tp     ip  tmax  tmin  rad  w-vl w-dir  tdew",
    "             (mm)  (h)               (C)   (C) (l/d) (m/s)(Deg)   (C)",
)
_BREAKS = (
    " da mo year nbrkpt tmax  tmin  rad  w-vl w-dir  tdew",
    "                    (C)   (C) (l/d) (m/s)(Deg)   (C)",
)
_DAY = "%3d%3d%6d%6.1f%6.2f%5.2f%7.2f%6.1f%6.1f%4.0f.%5.1f%5.0f.%6.1f"
_DAY_PARTS = _DAY.replace("%", "|%")[1:]
_AIR = "%6.1f%6.1f%5.0f.%5.1f%5.0f.%6.1f"
_DAY_WIDTH, _STARTS = 70, (12, 18, 24, 29, 36, 42, 48, 53, 58, 64)


@dataclass(frozen=True, slots=True)
class Means:
    """Observed monthly means, January first."""

    tmax_c: tuple[float, ...]  # C
    tmin_c: tuple[float, ...]  # C
    rad_langley: tuple[float, ...]  # langley/d
    precip_mm: tuple[float, ...]  # mm a month


@dataclass(frozen=True, slots=True)
class Climate:
    """A climate file. `breakpoints` has an entry a day where line 2 says so, and else is None."""

    version: float
    mode: int  # 1 continuous, 2 single storm
    wind: int  # 0 wind is given, 1 it is not
    station: str  # line 3 as it stands
    latitude: float  # deg
    longitude: float  # deg
    elevation: float  # m
    observed_years: int
    begin_year: int
    years: int  # as declared
    command: str
    means: Means
    days: Days
    breakpoints: Breakpoints | None = None


def read(path: str | Path, years: int | None = None) -> Climate:
    """The climate file at `path`; as `parse`, and OSError."""
    return parse(read_text(path), path, years)


def parse(text: str, path: str | Path = "climate", years: int | None = None) -> Climate:
    """The climate file that `text` is, with `years` whole years; None means those it declares.

    FormatError names `path`, the line and, where the days are not whole, the day. Days beyond
    `years` are kept; of a single storm no whole year is wanted.
    """
    records = Records(text, path)
    version = records.number("the version of the climate file")
    mode, breakpoint_flag, wind = climate_head.kind(records)
    station = records.raw("the station").rstrip()
    records.raw("the heading of the site")
    site, command = climate_head.site(records)
    means = _means(records)
    for _ in range(2):
        records.raw("the headings of the days")
    days, breakpoints = parse_days(records, bool(breakpoint_flag))
    if not len(days):
        raise CutShort(path, records.line, "the file ends where the first day must follow")
    latitude, longitude, elevation, observed, begin, declared = site
    climate = Climate(
        version, mode, wind, station, latitude, longitude, elevation,
        int(observed), int(begin), int(declared), command, means, days, breakpoints,
    )  # fmt: skip
    if mode == CONTINUOUS:
        _require(climate, int(declared) if years is None else years, path, records.line)
    return climate


def dump(climate: Climate) -> str:
    """The text of a climate file in CLIGEN's columns; values are rounded to their decimals."""
    flag = 0 if climate.breakpoints is None else 1
    lines = [f"{climate.version:.5f}", f"{climate.mode:4d}{flag:4d}{climate.wind:4d}"]
    lines += [climate.station, _SITE, _site_line(climate)]
    for heading, name in _MEANS:
        values = getattr(climate.means, name)
        lines += [heading, "".join(fixed(value, 6, 1) for value in values)]
    if climate.breakpoints is None:
        lines += [*_DAILY, *map(_day_line, _rows(climate.days))]
    else:
        lines += _BREAKS
        for row, points in zip(_rows(climate.days), climate.breakpoints, strict=True):
            lines += _break_lines(row, points)
    return "\n".join(lines) + "\n"


def _means(records: Records) -> Means:
    found = {}
    for heading, name in _MEANS:
        records.raw(f"the heading{heading}")
        found[name] = records.numbers(12, f"twelve means of{heading}")
        least, most = _MEAN_RANGE
        if not least <= min(found[name]) <= max(found[name]) <= most:
            records.fail(f"the twelve means of{heading} must be within {least:g} and {most:g}")
    return Means(**found)


def _require(climate: Climate, years: int, path: str | Path, last_line: int) -> None:
    if years > climate.years:
        raise FormatError(
            path, 5, f"{climate.years} years are declared, {years} are to be simulated"
        )
    climate.days.require(climate.begin_year, years, path, last_line)


def _site_line(climate: Climate) -> str:
    place = f"{climate.latitude:9.2f}{climate.longitude:9.2f}{climate.elevation:12.0f}"
    times = f"{climate.observed_years:12d}{climate.begin_year:12d}{climate.years:16d}"
    return f"{place}{times}          {climate.command}".rstrip()


def _rows(days: Days) -> list[tuple[Any, ...]]:
    columns: list[list[float]] = [getattr(days, f.name) for f in fields(days)]
    return list(zip(*columns, strict=True))


def _day_line(row: tuple[Any, ...]) -> str:
    day, month, year, _, *values = row
    line = _DAY % (day, month, year, *values)
    if len(line) == _DAY_WIDTH and all(line[at] == " " for at in _STARTS):
        return line
    # Days are read by blanks, so that a value may outgrow its column, but not touch the next.
    return " ".join(part.strip() for part in (_DAY_PARTS % (day, month, year, *values)).split("|"))


def _break_lines(row: tuple[Any, ...], points: tuple[tuple[float, float], ...]) -> list[str]:
    head = f"{row[0]:3d}{row[1]:3d}{row[2]:6d}{len(points):5d} " + _AIR % tuple(row[8:])
    return [head, *(f"{hour:8.3f}{depth:8.2f}" for hour, depth in points)]
