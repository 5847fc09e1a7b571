"""The days of a climate file: columns of equal length, one entry a day, in order.

Which February has 29 days is what the file says, not the calendar: simulated years and observed
ones differ in that.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.wepp.files import fortran
from tasks.wepp.files.errors import CutShort, FormatError
from tasks.wepp.files.records import Records

Dates = tuple[list[int], list[int], list[int], list[int]]
# For each day its points of (hour of the day, mm since the day began).
Breakpoints = tuple[tuple[tuple[float, float], ...], ...]

_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_COLUMNS, _BREAK_COLUMNS = 13, 10
_LAST_YEAR = 99_999
# What no day on earth goes beyond: a number out of these is another column's, or a slip.
_RANGES = {
    "precip_mm": (0.0, 2000.0),
    "duration_h": (0.0, 24.0),
    "tp": (0.0, 100.0),
    "ip": (0.0, 1000.0),
    "tmax_c": (-90.0, 65.0),
    "tmin_c": (-90.0, 65.0),
    "rad_langley": (0.0, 5000.0),
    "wind_ms": (0.0, 150.0),
    "wind_dir": (-360.0, 720.0),
    "tdew_c": (-100.0, 65.0),
}
# Generated and corrected days may have their least temperature a little above the greatest.
_CROSSED = 5.0
_LATEST = 48.0
_LEAP_DAY = 59  # of a leap year, from 0
_AT_ONCE = 500  # lines: what is made of them stays in a processor's cache
_MOST_KNOWN = 10_000


def _calendar(*, leap: bool) -> tuple[list[int], list[int], list[str], list[str]]:
    """Day and month of each day of a year, and how they are spelt."""
    lengths = [count + (leap and month == 2) for month, count in enumerate(_LENGTHS, 1)]
    months = [month for month, count in enumerate(lengths, 1) for _ in range(count)]
    days = [day for count in lengths for day in range(1, count + 1)]
    return days, months, list(map(str, days)), list(map(str, months))


_YEARS = (_calendar(leap=False), _calendar(leap=True))


@dataclass(frozen=True, slots=True)
class Days:
    """Columns by day. Of breakpoint days the storm is their last and first point."""

    day: list[int]  # of the month
    month: list[int]
    year: list[int]
    julian: list[int]  # day of the year, from 1
    precip_mm: list[float]
    duration_h: list[float]
    tp: list[float]  # time to peak over duration
    ip: list[float]  # peak over mean intensity
    tmax_c: list[float]
    tmin_c: list[float]
    rad_langley: list[float]  # langley/d
    wind_ms: list[float]
    wind_dir: list[float]  # deg from north
    tdew_c: list[float]

    def __len__(self) -> int:
        return len(self.day)

    def require(self, begin_year: int, years: int, path: str | Path, last_line: int) -> None:
        """CutShort unless the days run from 1 January of `begin_year` through `years` years.

        FormatError where another day comes first; `last_line` is where the file ends.
        """
        first = (self.year[0], self.julian[0]) if len(self) else None
        if first != (begin_year, 1):
            found = self.name(0) if len(self) else "nothing"
            raise FormatError(
                path, last_line, f"1 January {begin_year} must come first, not {found}"
            )
        last_year = begin_year + years - 1
        if self.year[-1] > last_year or self.name(-1) == f"31 December {last_year}":
            return
        why = (
            f"the days end with {self.name(-1)}: 31 December {last_year} is missing ({years} years)"
        )
        raise CutShort(path, last_line, why)

    def name(self, index: int) -> str:
        """The date at `index`, as `11 March 3`."""
        return f"{self.day[index]} {_MONTHS[self.month[index] - 1]} {self.year[index]}"


def days(
    day: Sequence[int],
    month: Sequence[int],
    year: Sequence[int],
    columns: Iterable[Sequence[float]],
) -> Days:
    """Days from dates and the ten columns `precip_mm` to `tdew_c`."""
    leap = {y for d, m, y in zip(day, month, year, strict=True) if (d, m) == (29, 2)}
    julian = [
        _first(d, m) + 1 + (m > 2 and y in leap) for d, m, y in zip(day, month, year, strict=True)
    ]
    return Days(list(day), list(month), list(year), julian, *map(list, columns))


def parse_days(records: Records, breakpoint_form: bool) -> tuple[Days, Breakpoints | None]:
    """The days that follow the head, to the end of the file; FormatError names line and day."""
    if breakpoint_form:
        return _breakpoint_days(records)
    start = records.line
    days = records.rest()
    while days and not days[-1].strip():
        days.pop()
    # Many lines at once; where the number of words or a date says that a line has more or less
    # than it should, or something else, line by line.
    if (found := _regular(days)) is None:
        found = _dated(records, *_by_line(records, days, start))
    else:
        _check_temperatures(records, found, range(start + 1, start + 1 + len(days)))
    records.line = start + len(days)
    return found, None


def _regular(lines: list[str]) -> Days | None:
    """The days of lines of 13 words each; None where a date or a number is not as it should be."""
    day, month, year = (list[str]() for _ in range(3))
    columns: list[list[float]] = [[] for _ in range(3, _COLUMNS)]
    try:
        for at in range(0, len(lines), _AT_ONCE):
            some = lines[at : at + _AT_ONCE]
            words = " ".join(some).split()
            if len(words) != _COLUMNS * len(some):
                return None
            for place, spelt in enumerate((day, month, year)):
                spelt += words[place::_COLUMNS]
            for place, column in enumerate(columns, 3):
                column += map(_KNOWN[place - 3].__getitem__, words[place::_COLUMNS])
        dates = _in_order(day, month, year)
    except ValueError:
        return None
    return None if dates is None else Days(*dates, *columns)


class _Known(dict[str, float]):
    """Numbers of a column by the words that spell them; ValueError where one is out of range."""

    def __init__(self, least: float, most: float) -> None:
        super().__init__()
        self._least, self._most = least, most

    def __missing__(self, word: str) -> float:
        """The number of a word that comes for the first time."""
        number = fortran.number(word)
        if not self._least <= number <= self._most:
            raise ValueError(word)
        if len(self) >= _MOST_KNOWN:
            self.clear()
        self[word] = number
        return number


# A climate repeats itself, and the next slope's: most words were numbers before.
_KNOWN = [_Known(least, most) for least, most in _RANGES.values()]


def _in_order(day: list[str], month: list[str], year: list[str]) -> Dates | None:
    """The dates that these words spell, if they follow each other; None if they do not.

    Year by year, each as a whole; one that has a 29 February is a leap year.
    """
    found: Dates = [], [], [], []
    first, at, count = _first(int(day[0]), int(month[0])) if day else 0, 0, len(day)
    while at < count:
        february = at + _LEAP_DAY - first
        leap = at <= february < count and (day[february], month[february]) == ("29", "2")
        days, months, *spelt = _YEARS[leap]
        if not (0 <= first < len(days) and year[at].isdecimal()):
            return None
        end, number = min(count, at + len(days) - first), int(year[at])
        span = slice(first, first + end - at)
        if [day[at:end], month[at:end]] != [words[span] for words in spelt]:
            return None
        if year[at:end] != [year[at]] * (end - at) or number > _LAST_YEAR:
            return None
        if at and number != found[2][-1] + 1:
            return None
        found[0].extend(days[span])
        found[1].extend(months[span])
        found[2].extend([number] * (end - at))
        found[3].extend(range(first + 1, first + 1 + end - at))
        first, at = 0, end
    return found


def _first(day: int, month: int) -> int:
    """The place of a day in a year without 29 February, from 0."""
    return sum(_LENGTHS[: month - 1]) + day - 1


def _by_line(
    records: Records, days: list[str], start: int
) -> tuple[list[list[float]], Sequence[int]]:
    """The values of each day, as Fortran reads them; FormatError where a line has too few."""
    rows = []
    for number, line in enumerate(days, start + 1):
        words = line.split()
        if len(words) < _COLUMNS:
            records.fail(f"a day has 13 values, found {len(words)}", number)
        records.line = number
        rows.append([records.parse(word, "a number of a day") for word in words[:_COLUMNS]])
    return rows, range(start + 1, start + 1 + len(days))


def _breakpoint_days(records: Records) -> tuple[Days, Breakpoints]:
    rows, lines, points = [], [], []
    while not records.ended():
        values = records.numbers(_BREAK_COLUMNS, "a day with breakpoints")
        lines.append(records.line)
        if values[3] < 0.0 or values[3] != int(values[3]):
            records.fail(f"{values[3]:g} breakpoints: a whole number from 0 on is wanted")
        day_points = _points(records, int(values[3]))
        points.append(day_points)
        rows.append([*values[:3], *_storm(day_points), *values[4:]])
    return _dated(records, rows, lines), tuple(points)


def _points(records: Records, count: int) -> tuple[tuple[float, float], ...]:
    points: list[tuple[float, float]] = []
    for number in range(count):
        hour, depth = records.numbers(2, f"breakpoint {number + 1} of {count}")
        # A storm may go on past midnight in its day's rows.
        if not 0.0 <= hour <= _LATEST or depth < 0.0:
            records.fail(f"breakpoint {number + 1}: {hour:g} h, {depth:g} mm is in no day")
        if points and (hour <= points[-1][0] or depth < points[-1][1]):
            records.fail(
                f"breakpoint {number + 1}: {hour:g} h, {depth:g} mm is before the one above"
            )
        points.append((hour, depth))
    return tuple(points)


def _storm(points: tuple[tuple[float, float], ...]) -> tuple[float, float, float, float]:
    if not points:
        return 0.0, 0.0, 0.0, 0.0
    # One that goes on past midnight may be longer than a day; its points tell how long.
    return points[-1][1] - points[0][1], min(24.0, points[-1][0] - points[0][0]), 0.0, 0.0


def _dated(records: Records, rows: list[list[float]], lines: Sequence[int]) -> Days:
    """The days that these rows tell; FormatError where dates are none or do not follow on."""
    for row, line in zip(rows, lines, strict=True):
        if not _is_date(row[:3]):
            shown = " ".join(f"{value:g}" for value in row[:3])
            records.fail(f"{shown} is no day, month and year", line)
    table = list(zip(*rows, strict=True)) or [()] * _COLUMNS
    day, month, year = ([int(value) for value in column] for column in table[:3])
    made = days(day, month, year, table[3:])
    _check_order(records, made, lines)
    _check_values(records, made, lines)
    return made


def _is_date(values: list[float]) -> bool:
    """Whether these are a day, a month and a year; any February may have 29 days."""
    if any(value != math.floor(value) for value in values) or not 1 <= values[1] <= 12:
        return False
    if not 0 <= values[2] <= _LAST_YEAR:
        return False
    return 1 <= values[0] <= _LENGTHS[int(values[1]) - 1] + (values[1] == 2)


def _check_order(records: Records, made: Days, lines: Sequence[int]) -> None:
    leaps = {
        y for d, m, y in zip(made.day, made.month, made.year, strict=True) if (d, m) == (29, 2)
    }
    for at in range(1, len(made)):
        before, year = made.year[at - 1], made.year[at]
        ended = made.julian[at - 1] == 365 + (before in leaps)
        if year == before and made.julian[at] == made.julian[at - 1] + 1:
            continue
        if not (year == before + 1 and made.julian[at] == 1 and ended):
            why = f"after {made.name(at - 1)} comes {made.name(at)}"
            records.fail(f"{why}: a day is missing, or out of order", lines[at])


def _check_values(records: Records, made: Days, lines: Sequence[int]) -> None:
    for name, (least, most) in _RANGES.items():
        for at, value in enumerate(getattr(made, name)):
            if not least <= value <= most:
                why = f"{name} {value:g} is not within {least:g} and {most:g}"
                records.fail(f"{made.name(at)}: {why}", lines[at])
    _check_temperatures(records, made, lines)


def _check_temperatures(records: Records, made: Days, lines: Sequence[int]) -> None:
    for at, over in enumerate(map(operator.sub, made.tmin_c, made.tmax_c)):
        if over > _CROSSED:
            both = f"tmin_c {made.tmin_c[at]:g} is far above tmax_c {made.tmax_c[at]:g}"
            records.fail(f"{made.name(at)}: {both}", lines[at])
