"""What an engine reads of a hillslope's pass file when it merges them for the channels.

By columns: the climate's name, `i5,5x,i5` years and first year, `e10.5` area, `i3,4x,5(e11.5,1x)`
particles; then a day a record, `a8,2x,2(i5,1x),5x,10(e11.5,1x),2(5x,5(e11.5,1x))`, of which all is
read on a day of runoff, the first two numbers where there is only flow below ground.
"""

from __future__ import annotations

from pathlib import Path

from tests.wepp_engine.records import File

_EVENT = [*range(27, 27 + 120, 12), *range(152, 152 + 60, 12), *range(217, 217 + 60, 12)]
_WIDTH = 11


def merged(paths: list[Path], storm: bool = False) -> tuple[int, int]:
    """First year and years of these files together; Stopped where one cannot be merged."""
    first, shortest = 0, 10**6
    for path in paths:
        file = File(path)
        file.record()
        years, begin = _head(file)
        first = first or begin
        if begin != first:
            file.stop("BEGINNING YEARS OF HILLSLOPE CLIMATE FILES ARE NOT THE SAME")
        shortest = min(shortest, years)
        _days(file, begin, years, storm)
    return first, shortest


def _head(file: File) -> tuple[int, int]:
    record = file.record()
    years, begin = int(record[:5]), int(record[10:15])
    _real(file, file.record()[:10])
    record = file.record()
    for at in range(7, 7 + 12 * int(record[:3]), 12):
        _real(file, record[at : at + _WIDTH])
    return years, begin


def _days(file: File, begin: int, years: int, storm: bool) -> None:
    for year in range(begin, begin + years):
        for _ in range(1 if storm else 365 + (year % 4 == 0)):
            record = file.record()
            event = record[:8]
            if event not in ("EVENT   ", "SUBEVENT", "NO EVENT"):
                file.stop(f"a day of kind {event!r}")
            if int(record[10:15]) != year and not storm:
                file.stop(f"a day of the year {record[10:15]}, the engine is at {year}")
            columns = {"EVENT   ": _EVENT, "SUBEVENT": _EVENT[:2]}.get(event, [])
            for at in columns:
                _real(file, record[at : at + _WIDTH])


def _real(file: File, column: str) -> float:
    """A number in its columns; blanks are none, and would be a record that is cut."""
    try:
        return float(column)
    except ValueError:
        file.stop(f"{column!r} is no number")
