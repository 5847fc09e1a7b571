"""What an engine reads of a climate file: the head, then the days that it simulates."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from tests.wepp_engine.records import File

#: An engine reads so many days in one READ, and 13 values of each.
BLOCK, DAY = 10, (int, int, int, *[float] * 10)
#: Of a day with breakpoints, and so many of these arrays can hold.
BREAK_DAY, BREAKPOINTS = (int, int, int, int, *[float] * 6), 100
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass
class Weather:
    """A climate file as far as it is simulated; days as they stand, breakpoints (h, mm) apart."""

    mode: int
    breakpoints: bool
    begin: int
    years: int
    days: list[list[float]] = field(default_factory=list)


def weather(file: File, years: int | None) -> Weather:
    """The climate of so many years, or of the day of a single storm."""
    file.reals(1)
    mode, by_breakpoints, _wind = file.full(int, int, int)
    if mode != (2 if years is None else 1):
        file.stop(f"climate mode {mode} does not fit the simulation")
    file.record(), file.record()
    *_, begin, declared = file.full(float, float, float, int, int, int)
    for _ in range(4):
        file.record()
        file.reals(12)
    file.record(), file.record()
    found = Weather(mode, by_breakpoints == 1, begin, declared)
    dates = [None] if years is None else calendar(begin, min(years, declared))
    (_breakpoint_days if found.breakpoints else _days)(file, found, dates)
    return found


def calendar(begin: int, years: int) -> list[tuple[int, int, int] | None]:
    """The days that an engine goes through: each fourth year has a 29 February, 1900 as well."""
    return [
        (day, month, year)
        for year in range(begin, begin + years)
        for month, length in enumerate(_MONTHS, 1)
        for day in range(1, length + 1 + (month == 2 and year % 4 == 0))
    ]


def _days(file: File, found: Weather, dates: list[tuple[int, int, int] | None]) -> None:
    """Blocks of ten days each, the last of which may be cut by the end of the file."""
    for start in range(0, len(dates), BLOCK):
        block = dates[start : start + BLOCK]
        values = file.full(*DAY * len(block))
        for place, date in enumerate(block):
            day = values[place * len(DAY) : (place + 1) * len(DAY)]
            found.days.append(_day(file, day, date))


def _day(file: File, day: list[float], date: tuple[int, int, int] | None) -> list[float]:
    _check_date(file, day, date)
    rain, hours, peak, intensity, highest, lowest = day[3:9]
    if rain > 0.0 and hours <= 0.0:
        file.stop(f"{rain} mm in no time: the engine drops the rain")
    if rain > 0.0 and not (0.0 <= peak <= 1.0 and intensity >= 0.0):
        file.stop(f"rain with its peak at {peak} and {intensity} as strong")
    if lowest > highest:
        file.stop(f"a day from {lowest} to {highest} degrees")
    return [float(value) for value in day]


def _breakpoint_days(file: File, found: Weather, dates: list[tuple[int, int, int] | None]) -> None:
    for date in dates:
        day = file.full(*BREAK_DAY)
        _check_date(file, day, date)
        if day[3] > BREAKPOINTS:
            file.stop(f"{day[3]} breakpoints: arrays are of {BREAKPOINTS}")
        points = [file.full(float, float) for _ in range(day[3])]
        for (hour, rain), (later, more) in itertools.pairwise(points):
            if more < rain or (more > rain and later <= hour):
                file.stop("breakpoints that go back")
        found.days.append([float(value) for value in day])


def _check_date(file: File, day: list[float], date: tuple[int, int, int] | None) -> None:
    """An engine counts days itself; a file that counts otherwise is out of step from there on."""
    if date is not None and tuple(day[:3]) != date:
        shown, wanted = ("/".join(f"{part:g}" for part in one) for one in (day[:3], date))
        file.stop(f"the day {shown}, the engine is at {wanted}")
