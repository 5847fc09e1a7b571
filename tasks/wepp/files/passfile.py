"""The pass file, `H<i>.pass.dat`: what a hillslope hands to the channels, a record a day.

::

    p1.cli                                             climate file                        a51
        6         1                                    years, first year           i5,5x,i5
    .10500E+04                                         area (m2)                         e10.5
      5    0.20000E-05 0.10000E-04 0.30000E-04 …       classes, diameters (m)  i3,4x,5(e11.5,1x)
    SUBEVENT      1     1      0.76446E-04 …           a8,2x,2(i5,1x),5x,…(e11.5,1x)
    NO EVENT      1     3
    EVENT         1    61      10 values     5 values     5 values

    event      duration (s), time of concentration (h), alpha, runoff (m, m3), lateral flow
               (m, m3), peak (m3/s), detached, deposited (kg); concentrations (kg/m3); fractions
    subevent   lateral flow (m, m3)

The stock layout (2010) is read and written. Builds of 2024 add drainage (m, m3) after the lateral
flow, against a format of 20 values, so that their events go on in a second line: read as well.
WEPPcloud's end all records, those of days without an event too, with baseflow and deep seepage
(m3), and have the drainage: read, and written of days that tell it.
An event has 1 mm of runoff or more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.wepp.files import fortran
from tasks.wepp.files.errors import CutShort, FormatError
from tasks.wepp.files.fortran import integer, scientific
from tasks.wepp.files.records import read_text

_MOST = 99_999
_STOCK_EVENT, _STOCK_SUBEVENT = 10, 2
_DRAINAGE, _GROUND = 2, 2
#: How the lines of the stock layout begin, and what is between date and values.
NO_EVENT, SUBEVENT, EVENT, GAP = "NO EVENT  ", "SUBEVENT  ", "EVENT     ", "      "


@dataclass(frozen=True, slots=True)
class NoEvent:
    """A day on which nothing left the hillslope."""

    year: int
    julian: int
    ground: tuple[float, float] | None = None  # baseflow, deep seepage, m3; WEPPcloud's builds


@dataclass(frozen=True, slots=True)
class Subevent:
    """A day with lateral flow below the surface, and no runoff event."""

    year: int
    julian: int
    lateral_m: float
    lateral_m3: float
    drainage: tuple[float, float] | None = None  # m, m3; builds of 2024
    ground: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A day with runoff."""

    year: int
    julian: int
    duration_s: float
    concentration_h: float  # time of concentration
    alpha: float
    runoff_m: float
    runoff_m3: float
    lateral_m: float
    lateral_m3: float
    peak_m3_s: float
    detached_kg: float
    deposited_kg: float
    sediment_kg_m3: tuple[float, ...]  # by particle class, in the runoff
    fractions: tuple[float, ...]  # by particle class, of the sediment
    drainage: tuple[float, float] | None = None
    ground: tuple[float, float] | None = None


Day = NoEvent | Subevent | Event


@dataclass(frozen=True, slots=True)
class PassFile:
    """A pass file; `days` in order, from 1 January of `begin_year`."""

    climate: str  # name of the climate file, 51 characters of it
    years: int
    begin_year: int
    area_m2: float
    diameters_m: tuple[float, ...]  # of the particle classes
    days: tuple[Day, ...]


def read(path: str | Path) -> PassFile:
    """The pass file at `path`; FormatError, OSError."""
    return parse(read_text(path), path)


def parse(text: str, path: str | Path = "pass") -> PassFile:
    """The pass file that `text` is, of either layout; FormatError names `path` and the line."""
    lines = text.splitlines()
    if len(lines) < 4:
        raise CutShort(path, len(lines), "a pass file begins with four lines")
    years, begin = (_whole(word, path, 2) for word in _words(lines[1], 2, path, 2))
    area = _value(lines[2], path, 3)
    if not 0.0 < area < math.inf:
        raise FormatError(path, 3, f"an area of {lines[2].strip()} m2: it must be above 0")
    classes, *diameters = lines[3].split()
    found = tuple(_value(word, path, 4) for word in diameters)
    if classes != str(len(found)):
        raise FormatError(path, 4, f"{classes} particle classes, {len(found)} diameters")
    days = tuple(_days(lines, len(found), path))
    return PassFile(lines[0].rstrip(), years, begin, area, found, days)


def dump(found: PassFile) -> str:
    """The text of a pass file in the stock layout; drainage has no place in it: ValueError."""
    return "\n".join([*head(found), *map(line, found.days)]) + "\n"


def head(found: PassFile) -> list[str]:
    """The lines above the days."""
    diameters = "".join(f"{scientific(size, 11)} " for size in found.diameters_m)
    return [
        f"{found.climate[:51]:<51}",
        f"{integer(found.years, 5)}     {integer(found.begin_year, 5)}",
        scientific(found.area_m2, 10),
        f"{integer(len(found.diameters_m), 3)}    {diameters}".rstrip(),
    ]


def _days(lines: list[str], classes: int, path: str | Path) -> Iterator[Day]:
    at = 4
    while at < len(lines):
        first, at = at, at + 1
        words = lines[first][10:].split()
        while at < len(lines) and lines[at][:1] == " ":
            words += lines[at].split()
            at += 1
        yield _day(lines[first][:8].rstrip(), words, classes, path, first + 1)


def _day(kind: str, words: list[str], classes: int, path: str | Path, line: int) -> Day:
    if len(words) < 2:
        raise FormatError(path, line, f"a record needs year and day, found {' '.join(words)!r}")
    day = _whole(words[0], path, line), _whole(words[1], path, line)
    values: list[Any] = [_value(word, path, line) for word in words[2:]]
    stock = {"NO EVENT": 0, "SUBEVENT": _STOCK_SUBEVENT, "EVENT": _STOCK_EVENT + 2 * classes}
    if kind not in stock:
        raise FormatError(path, line, f"{kind!r} is no kind of record")
    more = len(values) - stock[kind]
    if more not in ((0, _GROUND) if kind == "NO EVENT" else (0, _DRAINAGE, _DRAINAGE + _GROUND)):
        raise FormatError(path, line, f"{kind} of {stock[kind]} values has {len(values)}")
    ground = None
    if more == (_GROUND if kind == "NO EVENT" else _DRAINAGE + _GROUND):
        ground = values[-2], values[-1]
        more, values = more - _GROUND, values[:-_GROUND]
    if kind == "NO EVENT":
        return NoEvent(*day, ground)
    if kind == "SUBEVENT":
        return Subevent(*day, values[0], values[1], _drainage(values, 2, more), ground)
    drainage = _drainage(values, 7, more)
    storm: list[Any] = values[:7] + values[7 + more : 10 + more]
    storm += [tuple(values[10 + more : 10 + more + classes]), tuple(values[10 + more + classes :])]
    return Event(*[*day, *storm, drainage, ground])


def _drainage(values: list[float], at: int, more: int) -> tuple[float, float] | None:
    return (values[at], values[at + 1]) if more else None


def _whole(word: str, path: str | Path, line: int) -> int:
    value = _value(word, path, line)
    if not abs(value) <= _MOST or value != int(value):
        raise FormatError(path, line, f"a year or day must be a whole number, found {word!r}")
    return int(value)


def _value(word: str, path: str | Path, line: int) -> float:
    try:
        return fortran.column(word)
    except ValueError as error:
        raise FormatError(path, line, str(error)) from None


def _words(text: str, count: int, path: str | Path, line: int) -> list[str]:
    words = text.split()
    if len(words) != count:
        raise FormatError(path, line, f"{count} numbers wanted, found {text.strip()!r}")
    return words


def line(day: Day) -> str:
    """The line of a day: in the stock layout, or in WEPPcloud's where it tells of groundwater.

    ValueError where it has drainage alone, for which the stock layout has no place.
    """
    date = f"{integer(day.year, 5)} {integer(day.julian, 5)}"
    ground = () if day.ground is None else (group(day.ground),)
    if isinstance(day, NoEvent):
        return GAP.join((f"{NO_EVENT}{date}", *ground))
    drainage: tuple[float, ...] = ()
    if ground:
        drainage = day.drainage or (0.0, 0.0)
    elif day.drainage is not None:
        raise ValueError(f"day {day.julian} of {day.year}: the stock layout holds no drainage")
    if isinstance(day, Subevent):
        flow = group((day.lateral_m, day.lateral_m3, *drainage))
        return GAP.join((f"{SUBEVENT}{date}", flow, *ground))
    storm = (
        day.duration_s, day.concentration_h, day.alpha, day.runoff_m, day.runoff_m3,
        day.lateral_m, day.lateral_m3, *drainage, day.peak_m3_s, day.detached_kg, day.deposited_kg,
    )  # fmt: skip
    groups = (storm, day.sediment_kg_m3, day.fractions)
    return GAP.join((f"{EVENT}{date}", *map(group, groups), *ground))


def group(values: tuple[float, ...]) -> str:
    """Values as they stand side by side."""
    return " ".join(scientific(value, 11) for value in values)
