from __future__ import annotations

import pytest

from tasks.wepp.files import climate, climate_days
from tasks.wepp.files.errors import CutShort, FormatError

HEAD = """5.32100
   1   {flag}   0
  Station:  SOMEWHERE                                CLIGEN VER. 5.32100 -r:    0 -I: 0
 Latitude Longitude Elevation (m) Obs. Years   Beginning year  Years simulated Command Line:
    41.28   -91.68         228         100           4               2          -b4 -y2
 Observed monthly ave max temperature (C)
  -0.2   2.1   9.1  17.2  23.3  28.2  30.8  29.5  25.4  19.1   9.6   1.9
 Observed monthly ave min temperature (C)
  -8.9  -7.4  -2.2   4.4  10.4  15.6  18.0  16.7  12.4   6.0  -1.2  -6.9
 Observed monthly ave solar radiation (Langleys/day)
 174.0 253.0 330.0 411.0 492.0 549.0 505.0 475.0 387.0 286.0 196.0 147.0
 Observed monthly ave precipitation (mm)
  32.6  32.2  60.8  79.3  95.0 109.1  96.5  92.3  96.4  61.4  53.1  38.5
 da mo year  prcp  dur   tp     ip  tmax  tmin  rad  w-vl w-dir  tdew
             (mm)  (h)               (C)   (C) (l/d) (m/s)(Deg)   (C)
"""
LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def dates(leap_years: tuple[int, ...] = (4,)) -> list[tuple[int, int, int]]:
    """All days of the years 4 and 5."""
    found = []
    for year in (4, 5):
        for month, length in enumerate(LENGTHS, 1):
            more = int(month == 2 and year in leap_years)
            found += [(day, month, year) for day in range(1, length + more + 1)]
    return found


def row(day: int, month: int, year: int) -> str:
    return f"{day} {month} {year} 2.2 6.13 0.07 1.01 -7.7 -13.0 196. 3.5 128. -11.0"


ROWS = [row(*day) for day in dates()]


def text(rows: list[str], flag: int = 0) -> str:
    return HEAD.format(flag=flag) + "\n".join(rows) + "\n"


def test_days_are_columns_with_their_day_of_the_year() -> None:
    """A daily file gives a column for each value, and the Julian day by its own leap year."""
    read = climate.parse(text(ROWS))
    assert (read.latitude, read.elevation, read.begin_year, read.years) == (41.28, 228.0, 4, 2)
    assert read.command == "-b4 -y2"
    assert read.means.precip_mm[5] == 109.1
    assert len(read.days) == 366 + 365
    assert read.days.julian[59:61] == [60, 61]
    assert [read.days.julian[at] for at in (365, 366, 730)] == [366, 1, 365]
    first = [getattr(read.days, name)[0] for name in ("precip_mm", "duration_h", "tdew_c")]
    assert first == [2.2, 6.13, -11.0]


def test_whether_a_february_has_29_days_is_for_the_file_to_say() -> None:
    """Year 4 without a 29 February is whole as well: the calendar is not asked."""
    rows = [row(*day) for day in dates(leap_years=())]
    assert len(climate.parse(text(rows)).days) == 730


def test_writing_keeps_the_days() -> None:
    """What is written in CLIGEN's columns reads back as the same climate."""
    read = climate.parse(text(ROWS))
    assert climate.parse(climate.dump(read)) == read
    assert climate.dump(read).splitlines()[15] == (
        "  1  1     4   2.2  6.13 0.07   1.01  -7.7 -13.0 196.  3.5  128. -11.0"
    )


def test_a_value_that_fills_its_column_does_not_touch_the_next() -> None:
    """Strong sun and a gale are written apart, so that they are read as two values."""
    bright, windy = ROWS[0].replace("196.", "1543."), ROWS[1].replace("3.5", "100.4")
    read = climate.parse(text([bright, windy, *ROWS[2:]]))
    assert (read.days.rad_langley[0], read.days.wind_ms[1]) == (1543.0, 100.4)
    assert climate.parse(climate.dump(read)) == read


def test_a_file_that_ends_early_names_the_day() -> None:
    """Where the engines leave full-looking outputs, the last day there is and the one wanted."""
    with pytest.raises(CutShort, match="end with 3 March 5: 31 December 5 is missing") as caught:
        climate.parse(text(ROWS[: 366 + 62]), "p1.cli")
    assert caught.value.line == 15 + 366 + 62


def test_a_cut_year_that_is_not_simulated_does_no_harm() -> None:
    """A file cut in its second year serves one year, and says what it declares against three."""
    cut = text(ROWS[:400])
    assert len(climate.parse(cut, years=1).days) == 400
    with pytest.raises(FormatError, match="2 years are declared, 3 are to be simulated"):
        climate.parse(cut, years=3)


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (lambda rows: rows.pop(100), 116, "after 9 April 4 comes 11 April 4"),
        (lambda rows: rows.pop(366), 382, "after 31 December 4 comes 2 January 5"),
        (lambda rows: rows.pop(0), 745, "1 January 4 must come first, not 2 January 4"),
        (lambda rows: rows.__setitem__(5, "6 1 4 2.2 6.13"), 21, "13 values, found 5"),
        (lambda rows: rows.__setitem__(5, ROWS[5].replace("2.2", "x")), 21, "found 'x'"),
        (lambda rows: rows.__setitem__(5, ROWS[5].replace("2.2", "nan")), 21, "found 'nan'"),
        (lambda rows: rows.__setitem__(5, ROWS[5].replace("2.2", "-1")), 21, "6 January 4: precip"),
        (lambda rows: rows.__setitem__(5, ROWS[5].replace("2.2", "3e3")), 21, "within 0 and 2000"),
        (lambda rows: rows.__setitem__(5, ROWS[5].replace("2.2", "1_0")), 21, "found '1_0'"),
        (lambda rows: rows.__setitem__(5, ROWS[5].replace("6 1", "6 13")), 21, "is no day, month"),
    ],
)
def test_a_broken_day_names_its_line(change, line: int, says: str) -> None:  # type: ignore[no-untyped-def]
    """A day that is missing, doubled, ragged or impossible is an error with line and day."""
    rows = list(ROWS)
    change(rows)
    with pytest.raises(FormatError, match=says) as caught:
        climate.parse(text(rows), "p1.cli")
    assert (caught.value.path, caught.value.line) == ("p1.cli", line)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("5.32100", "CLIGEN", 1, "found 'CLIGEN'"),
        ("   1   0   0", "   3   0   0", 2, "mode 3"),
        ("   1   0   0", "   1   2   0", 2, "breakpoint flag 2"),
        ("         100           4               2          -b4 -y2", "", 5, "observed years"),
        ("4               2 ", "4               0 ", 5, "1 or more be simulated"),
        ("-8.9", "cold", 9, "twelve means of Observed monthly ave min"),
    ],
)
def test_a_broken_head_names_its_line(old: str, new: str, line: int, says: str) -> None:
    """What is wrong above the days is an error with file, line and reason."""
    whole = text(ROWS)
    assert old in whole
    with pytest.raises(FormatError, match=says) as caught:
        climate.parse(whole.replace(old, new, 1))
    assert caught.value.line == line


def test_breakpoint_days_keep_their_points() -> None:
    """A breakpoint day has its points of hour and depth; its storm spans them."""
    air = "-7.7 -13.0 196. 3.5 128. -11.0"
    rows = [f"{d} {m} {y} 0 {air}" for d, m, y in dates()]
    rows[1] = f"2 1 4 3 {air}\n 1.5 0.0\n 2.0 4.25\n 4.0 6.5"
    read = climate.parse(text(rows, flag=1))
    assert read.breakpoints is not None
    assert read.breakpoints[:2] == ((), ((1.5, 0.0), (2.0, 4.25), (4.0, 6.5)))
    assert (read.days.precip_mm[1], read.days.duration_h[1]) == (6.5, 2.5)
    assert climate.parse(climate.dump(read)) == read
    rows[1] = f"2 1 4 2 {air}\n 1.5 0.0\n 1.0 4.25"
    with pytest.raises(FormatError, match="breakpoint 2: 1 h"):
        climate.parse(text(rows, flag=1))
    rows[1] = f"2 1 4 2 {air}\n 0.5 0.0\n 25.0 40"
    assert climate.parse(text(rows, flag=1)).days.duration_h[1] == 24.0
    for first, said in (
        ("-3 0.0", "-3 h, 0 mm is in no day"),
        ("1.5 -2", "1.5 h, -2 mm is in no day"),
    ):
        rows[1] = f"2 1 4 2 {air}\n {first}\n 4.0 6.5"
        with pytest.raises(FormatError, match=said):
            climate.parse(text(rows, flag=1))
    for count in ("-1", "1.5"):
        rows[1] = f"2 1 4 {count} {air}\n 1.5 0.0\n 4.0 6.5"
        with pytest.raises(FormatError, match=f"{count} breakpoints: a whole number"):
            climate.parse(text(rows, flag=1))


def test_a_single_storm_is_one_day_of_any_year() -> None:
    """Mode 2 needs no whole year."""
    storm = text([row(1, 5, 1)]).replace("   1   0   0", "   2   0   0", 1)
    read = climate.parse(storm)
    assert (read.mode, read.days.name(0)) == (climate.SINGLE_STORM, "1 May 1")


def test_days_are_made_from_columns() -> None:
    """`days` derives the Julian day, 29 February counted where it occurs."""
    made = climate_days.days([28, 29, 1], [2, 2, 3], [4, 4, 4], [[0.0] * 3] * 10)
    assert made.julian == [59, 60, 61]
