"""The days of a climate file: columns of equal length, one entry a day, in order.

Which February has 29 days is what the file says, not the calendar: simulated years and observed
ones differ in that.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.wepp.files import fortran
from tasks.wepp.files.errors import CutShort, FormatError
from tasks.wepp.files.records import Records

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
# For each day its points of (hour of the day, mm since the day began).
Breakpoints = tuple[tuple[tuple[float, float], ...], ...]

_BEFORE = np.array([0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334])
_LENGTH = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_COLUMNS, _BREAK_COLUMNS, _LAST_YEAR = 13, 10, 99_999
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


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Columns by day, shape (n,). Of breakpoint days the storm is their last and first point."""

    day: Ints  # of the month
    month: Ints
    year: Ints
    julian: Ints  # day of the year, from 1
    precip_mm: Floats
    duration_h: Floats
    tp: Floats  # time to peak over duration
    ip: Floats  # peak over mean intensity
    tmax_c: Floats
    tmin_c: Floats
    rad_langley: Floats  # langley/d
    wind_ms: Floats
    wind_dir: Floats  # deg from north
    tdew_c: Floats

    def __len__(self) -> int:
        return len(self.day)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Days):
            return NotImplemented
        names = [field.name for field in fields(self)]
        return all(np.array_equal(getattr(self, n), getattr(other, n)) for n in names)

    __hash__ = None  # type: ignore[assignment]

    def require(self, begin_year: int, years: int, path: str | Path, last_line: int) -> None:
        """CutShort unless the days run from 1 January of `begin_year` through `years` years.

        FormatError where another day comes first; `last_line` is where the file ends.
        """
        first = (int(self.year[0]), int(self.julian[0])) if len(self) else None
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
        month = date(2000, int(self.month[index]), 1).strftime("%B")
        return f"{self.day[index]} {month} {self.year[index]}"


def days(
    day: npt.ArrayLike, month: npt.ArrayLike, year: npt.ArrayLike, columns: Floats
) -> Days:  # fmt: skip
    """Days from dates and the ten columns `precip_mm` to `tdew_c`, shape (n, 10)."""
    d, m, y = (np.asarray(part, dtype=np.int64) for part in (day, month, year))
    julian = _BEFORE[m] + d + (_leap(d, m, y) & (m > 2))
    return Days(d, m, y, julian, *np.ascontiguousarray(columns.T))


def _leap(day: Ints, month: Ints, year: Ints) -> npt.NDArray[np.bool_]:
    """Whether the year of a day has a 29 February in these days.

    By a search: `unique` and `isin` import numpy.ma, which costs more than a hillslope's year.
    """
    found = np.sort(year[(month == 2) & (day == 29)])
    if not len(found):
        return np.zeros(len(year), dtype=np.bool_)
    at = np.minimum(np.searchsorted(found, year), len(found) - 1)
    return np.asarray(found[at] == year, dtype=np.bool_)


def parse_days(records: Records, breakpoint_form: bool) -> tuple[Days, Breakpoints | None]:
    """The days that follow the head, to the end of the file; FormatError names line and day."""
    if breakpoint_form:
        return _breakpoint_days(records)
    start = records.line
    days = records.rest()
    while days and not days[-1].strip():
        days.pop()
    # One list of words, not one a day: thousands of lists kept keep the collector busy.
    words: list[str] = []
    for number, line in enumerate(days, start + 1):
        row = line.split()
        if len(row) != _COLUMNS:
            if len(row) < _COLUMNS:
                records.fail(f"a day has 13 values, found {len(row)}", number)
            row = row[:_COLUMNS]
        words += row
    table = _numbers(records, words, start)
    lines = start + 1 + np.arange(len(table))
    records.line = start + len(days)
    return _dated(records, table, lines), None


def _numbers(records: Records, words: list[str], start: int) -> Floats:
    try:
        # A climate repeats itself, and the next slope's: most words were numbers before.
        if len(_KNOWN) > _MOST_KNOWN:
            _KNOWN.clear()
        numbers = map(_KNOWN.__getitem__, words)
        table = np.fromiter(numbers, np.float64, len(words)).reshape(-1, _COLUMNS)
    except ValueError:
        found = [_one(records, word, start + 1 + i // _COLUMNS) for i, word in enumerate(words)]
        table = np.array(found).reshape(-1, _COLUMNS)
    return table


class _Known(dict[str, float]):
    """Numbers by the words that spell them."""

    def __missing__(self, word: str) -> float:
        """The number of a word that comes for the first time."""
        self[word] = found = fortran.number(word)
        return found


_KNOWN = _Known()
_MOST_KNOWN = 50_000


def _one(records: Records, word: str, line: int) -> float:
    records.line = line
    return records.parse(word, "a number of a day")


def _breakpoint_days(records: Records) -> tuple[Days, Breakpoints]:
    rows, lines, points = [], [], []
    while not records.ended():
        values = records.numbers(_BREAK_COLUMNS, "a day with breakpoints")
        lines.append(records.line)
        day_points = _points(records, int(values[3]))
        points.append(day_points)
        rows.append([*values[:3], *_storm(day_points), *values[4:]])
    table = np.array(rows, dtype=np.float64).reshape(-1, _COLUMNS)
    return _dated(records, table, np.array(lines, dtype=np.int64)), tuple(points)


def _points(records: Records, count: int) -> tuple[tuple[float, float], ...]:
    points: list[tuple[float, float]] = []
    for number in range(count):
        hour, depth = records.numbers(2, f"breakpoint {number + 1} of {count}")
        if points and (hour <= points[-1][0] or depth < points[-1][1]):
            records.fail(
                f"breakpoint {number + 1}: {hour:g} h, {depth:g} mm is before the one above"
            )
        points.append((hour, depth))
    return tuple(points)


def _storm(points: tuple[tuple[float, float], ...]) -> tuple[float, float, float, float]:
    if not points:
        return 0.0, 0.0, 0.0, 0.0
    return points[-1][1] - points[0][1], points[-1][0] - points[0][0], 0.0, 0.0


def _dated(records: Records, table: npt.NDArray[Any], lines: Ints) -> Days:
    dates = table[:, :3]
    wrong = (dates != np.floor(dates)).any(axis=1) | (dates[:, 1] < 1) | (dates[:, 1] > 12)
    month = np.where(wrong, 1, dates[:, 1]).astype(np.int64)
    wrong |= (dates[:, 0] < 1) | (dates[:, 0] > _LENGTH[month])
    wrong |= (dates[:, 2] < 0) | (dates[:, 2] > _LAST_YEAR)
    if wrong.any():
        at = int(np.argmax(wrong))
        shown = " ".join(f"{value:g}" for value in dates[at])
        records.fail(f"{shown} is no day, month and year", int(lines[at]))
    made = days(dates[:, 0], month, dates[:, 2], table[:, 3:])
    _check_order(records, made, lines)
    _check_values(records, made, lines)
    return made


def _check_order(records: Records, made: Days, lines: Ints) -> None:
    year_after = np.diff(made.year)
    same = (year_after == 0) & (np.diff(made.julian) == 1)
    last_day = 365 + _leap(made.day, made.month, made.year)
    new_year = (year_after == 1) & (made.julian[1:] == 1) & (made.julian[:-1] == last_day[:-1])
    gaps = ~(same | new_year)
    if gaps.any():
        at = int(np.argmax(gaps))
        why = f"after {made.name(at)} comes {made.name(at + 1)}: a day is missing, or out of order"
        records.fail(why, int(lines[at + 1]))


def _check_values(records: Records, made: Days, lines: Ints) -> None:
    for name, (least, most) in _RANGES.items():
        column = getattr(made, name)
        if least <= column.min(initial=least) and column.max(initial=least) <= most:
            continue
        at = int(np.argmax((column < least) | (column > most)))
        why = f"{name} {column[at]:g} is not within {least:g} and {most:g}"
        records.fail(f"{made.name(at)}: {why}", int(lines[at]))
    crossed = made.tmin_c - made.tmax_c > _CROSSED
    if crossed.any():
        at = int(np.argmax(crossed))
        temperatures = f"tmin_c {made.tmin_c[at]:g} is far above tmax_c {made.tmax_c[at]:g}"
        records.fail(f"{made.name(at)}: {temperatures}", int(lines[at]))
