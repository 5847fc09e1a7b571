"""What the head of a climate file declares, and where it ends: read without its days or numpy."""

from __future__ import annotations

import os
from pathlib import Path

from tasks.wepp.files.errors import CutShort, FormatError
from tasks.wepp.files.records import Records

CONTINUOUS, SINGLE_STORM = 1, 2
_TO_DAY, _TO_SITE, _TO_MODE = 16, 5, 2  # lines
_DAY_WORDS, _TAIL = 13, 4096
_PLACE = {
    "latitude": (-90.0, 90.0),
    "longitude": (-360.0, 360.0),
    "elevation": (-500.0, 9000.0),
}


def years(path: str | Path) -> int:
    """The years that the climate file at `path` declares, by its head; FormatError, OSError."""
    return int(whereabouts(path)[5])


def first_year(path: str | Path) -> int:
    """The first simulated year, by the head of the climate file; FormatError, OSError."""
    return int(whereabouts(path)[4])


def mode(path: str | Path) -> int:
    """`CONTINUOUS` or `SINGLE_STORM`, by the head of the climate file; FormatError, OSError."""
    records = _head(path, _TO_MODE)
    records.number("the version of the climate file")
    return kind(records)[0]


def whereabouts(path: str | Path) -> tuple[float, ...]:
    """Latitude and longitude (degrees), elevation (m), observed years, first year and years.

    FormatError, OSError.
    """
    records = _head(path, _TO_SITE)
    records.number("the version of the climate file")
    kind(records)
    records.raw("the station")
    records.raw("the heading of the site")
    return site(records)[0]


def whole_years(path: str | Path) -> int | None:
    """The whole years of the climate file at `path`, by its first and its last day alone.

    None where days have lines of their own for breakpoints. CutShort where the file ends within a
    day; FormatError, OSError.
    """
    records = _head(path, _TO_DAY)
    records.number("the version of the climate file")
    if kind(records)[1]:
        return None
    for _ in range(_TO_DAY - _TO_MODE - 1):
        records.raw("the first day")
    first, last = records.raw("the first day").split(), _last(path).split()
    if not (_is_day(first) and _is_day(last)):
        raise CutShort(path, 0, f"it ends within its days: {' '.join(last)!r}")
    return int(last[2]) - int(first[2]) + (last[:2] == ["31", "12"])


def last_day(path: str | Path, simulated: int) -> tuple[int, int, int] | None:
    """Day, month and year that stand where engines look for the last of so many simulated years.

    They count the days themselves, with a 29 February in every fourth year (1900 and 2100 as well),
    and take line after line: 31 December of the last year is wanted. None where days have lines of
    their own for breakpoints. CutShort where the file ends before, FormatError where more than its
    numbers stand on a day's line; OSError.
    """
    records = _head(path, _TO_SITE)
    records.number("the version of the climate file")
    if kind(records)[1]:
        return None
    begin = first_year(path)
    lines = sum(365 + (year % 4 == 0) for year in range(begin, begin + simulated)) + _TO_DAY - 1
    found = Path(path).read_bytes().split(b"\n", lines)[:lines][-1].decode("latin-1").split()
    if not _is_day(found):
        raise CutShort(path, 0, f"it ends before the last of {simulated} years is whole")
    if len(found) != _DAY_WORDS:
        # They take ten days as one list: what stands behind a day would be the next one's.
        raise FormatError(path, lines, f"a day has {_DAY_WORDS} numbers, this one has {len(found)}")
    return int(found[0]), int(found[1]), int(found[2])


def _is_day(words: list[str]) -> bool:
    return len(words) >= _DAY_WORDS and all(word.isdecimal() for word in words[:3])


def _last(path: str | Path) -> str:
    """The last line that says something."""
    with open(path, "rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
        return file.read().decode("latin-1").rstrip().rpartition("\n")[2]


def kind(records: Records) -> tuple[int, int, int]:
    """Mode, breakpoint flag and wind flag, the second line; FormatError."""
    mode, flag, wind = records.integers(3, "mode, breakpoint flag and wind flag")
    if mode not in (CONTINUOUS, SINGLE_STORM):
        records.fail(f"mode {mode}: 1 (continuous) or 2 (single storm) is wanted")
    if flag not in (0, 1) or wind not in (0, 1):
        records.fail(f"breakpoint flag {flag} and wind flag {wind} must be 0 or 1")
    return mode, flag, wind


def site(records: Records) -> tuple[tuple[float, ...], str]:
    """The six numbers of the site and its years, and the command behind them; FormatError."""
    what = "latitude, longitude, elevation, observed years, first year and years"
    line = records.raw(what)
    words = line.split(maxsplit=6)
    if len(words) < 6:
        records.fail(f"{what} wanted, found {line.strip()!r}")
    found = tuple(records.parse(word, what) for word in words[:6])
    # Engines die of a point in them.
    if found[5] < 1 or not all(word.isdecimal() for word in words[3:6]):
        records.fail("the years must be whole numbers, and 1 or more be simulated")
    for name, value, (least, most) in zip(_PLACE, found, _PLACE.values(), strict=False):
        if not least <= value <= most:
            records.fail(f"{name} {value:g} is not within {least:g} and {most:g}")
    return found, words[6].strip() if len(words) > 6 else ""


def _head(path: str | Path, lines: int) -> Records:
    with open(path, encoding="latin-1") as file:
        text = "".join(line for _, line in zip(range(lines), file, strict=False))
    return Records(text, path)
