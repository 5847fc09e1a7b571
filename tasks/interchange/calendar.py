"""The days of a simulation by its climate's own calendar.

Which years have a 29 February is what the climate says: generated climates do not follow the
Gregorian rule. Years in the reports below 1000 are counted from the first simulated one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tasks.interchange.decode import BadRow, Flags, Ints
from tasks.run.directory import NotPrepared
from tasks.wepp.files import climate

SIMULATED_BELOW = 1000
TABLE = "wepp_cli.parquet"
_LENGTHS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_OCTOBER = 10


@dataclass(frozen=True, slots=True, eq=False)
class Dates:
    """Days as the tables give them, shape (n,) each."""

    year: Ints
    simulation_year: Ints  # from 1
    sim_day_index: Ints  # from 1
    julian: Ints
    month: Ints
    day_of_month: Ints
    water_year: Ints  # from October, called by the year in which it ends


@dataclass(frozen=True, slots=True, eq=False)
class _Days:
    """Month and day by simulation year and day of the year; both from 1, the place 0 is empty."""

    month: Ints
    day: Ints
    before: Ints  # days before each year
    julian: Ints  # by simulation year, month and day of the month; 0 where there is no such day


@dataclass(slots=True, eq=False)
class Calendar:
    """A calendar that begins on 1 January of `first_year`.

    `known` are the climate's days as rows of simulation year, month and day; a year that does not
    begin in it has the Gregorian days. `source` is the file that says so.
    """

    first_year: int
    known: Ints = field(default_factory=lambda: np.empty((0, 3), dtype=np.int64))
    source: Path | None = None
    _made: _Days | None = None

    def by_julian(self, year: Ints, julian: Ints) -> Dates:
        """The dates of days given by year, as a report has it, and day of the year.

        BadRow where there is no such day.
        """
        simulated = self._simulated(year)
        wrong = (julian < 1) | (julian > 366) | (simulated < 1)
        self._refuse(wrong, year, day=julian)
        days = self._days(int(simulated.max(initial=1)))
        month, day = days.month[simulated, julian], days.day[simulated, julian]
        return self._dates(simulated, julian, month, day, days)

    def by_month(self, year: Ints, month: Ints, day: Ints) -> Dates:
        """The dates of days given by year, month and day of the month. BadRow."""
        simulated = self._simulated(year)
        wrong = (month < 1) | (month > 12) | (day < 1) | (day > 31) | (simulated < 1)
        self._refuse(wrong, year, month=month, day=day)
        days = self._days(int(simulated.max(initial=1)))
        julian = days.julian[simulated, month, day]
        self._refuse(julian == 0, year, month=month, day=day)
        return self._dates(simulated, julian, month, day, days)

    def year(self, year: int) -> int:
        """The calendar year of a year as a report has it."""
        return self.first_year + year - 1 if year < SIMULATED_BELOW else year

    def _simulated(self, year: Ints) -> Ints:
        return np.where(year < SIMULATED_BELOW, year, year - self.first_year + 1)

    def _dates(self, simulated: Ints, julian: Ints, month: Ints, day: Ints, days: _Days) -> Dates:
        year = self.first_year + simulated - 1
        index = days.before[simulated] + julian
        return Dates(year, simulated, index, julian, month, day, year + (month >= _OCTOBER))

    def _refuse(self, wrong: Flags, year: Ints, **parts: Ints) -> None:
        if wrong.any():
            at = int(np.argmax(wrong))
            named = ", ".join(f"{name} {part[at]}" for name, part in parts.items())
            of = "the simulation"
            if self.source is not None:
                of = f"{self.source}, by which a run's days are told: give all climates the same"
            raise BadRow(at, f"{named} of year {year[at]} is no day of {of}")

    def _days(self, years: int) -> _Days:
        """The days of the first `years` years, which are made once."""
        if self._made is None or len(self._made.before) <= years:
            self._made = _days(self.first_year, self.known, years)
        return self._made


def _days(first_year: int, known: Ints, years: int) -> _Days:
    month, day = np.zeros((2, years + 1, 367), dtype=np.int64)
    month[:, 366], day[:, 366] = 12, 31
    before = np.zeros(years + 1, dtype=np.int64)
    total = 0
    for number in range(1, years + 1):
        found = known[known[:, 0] == number]
        if not len(found) or tuple(found[0, 1:]) != (1, 1):
            found = _gregorian(first_year + number - 1)
        month[number, 1 : len(found) + 1] = found[:, 1]
        day[number, 1 : len(found) + 1] = found[:, 2]
        before[number] = total
        total += len(found)
    return _Days(month, day, before, _julians(month, day))


def _julians(month: Ints, day: Ints) -> Ints:
    julian = np.zeros((len(month), 13, 32), dtype=np.int64)
    years = np.arange(1, len(month))
    # Backwards, so that the 31 December that stands for a day too many gives way to the real one.
    for number in range(366, 0, -1):
        julian[years, month[1:, number], day[1:, number]] = number
    julian[:, 0] = 0
    return julian


def _gregorian(year: int) -> Ints:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = _LENGTHS + (np.arange(12) == 1) * leap
    month = np.repeat(np.arange(1, 13), lengths)
    day = np.concatenate([np.arange(1, length + 1) for length in lengths])
    return np.column_stack((np.zeros_like(month), month, day))


def of_climate(path: Path, first_year: int | None = None) -> Calendar:
    """The calendar of the climate file at `path`; FormatError, OSError.

    `first_year` is the calendar year of its first, where the climate counts from another.
    """
    found = climate.read(path, years=0)
    days = found.days
    if found.mode != climate.CONTINUOUS:
        return Calendar(first_year or days.year[0], source=path)
    number = np.array(days.year) - days.year[0] + 1
    known = np.column_stack((number, days.month, days.day))
    return Calendar(first_year or days.year[0], known, path)


def of_table(path: Path, first_year: int | None = None) -> Calendar:
    """The calendar in `wepp_cli.parquet`, by its columns year, month and day_of_month."""
    from pyarrow import parquet

    names = ["year", "month", "day_of_month"]
    columns = parquet.read_table(path, columns=names).to_pydict()
    year, month, day = (np.array(columns[name], dtype=np.int64) for name in names)
    known = np.column_stack((year - year[0] + 1, month, day))
    return Calendar(first_year or int(year[0]), known, path)


def of_run(root: Path, output: Path, first_year: int | None = None) -> Calendar:
    """The calendar of the run in `root` whose reports are in `output`.

    That of `climate/wepp_cli.parquet`, of the first `climate/*.cli`, or of the first climate that
    was prepared for the engine. NotPrepared where there is none and no `first_year`.
    """
    for directory in (output, *output.parents):
        folder = directory / "climate"
        if (folder / TABLE).exists():
            return of_table(folder / TABLE, first_year)
        if found := sorted(folder.glob("*.cli")):
            return of_climate(found[0], first_year)
        if directory == root:
            break
    prepared = sorted((root / "wepp" / "runs").glob("p*.cli"))
    if prepared:
        return of_climate(prepared[0], first_year)
    if first_year is None:
        raise NotPrepared(f"{root} has no climate, by which the reports' days could be told")
    return Calendar(first_year)
