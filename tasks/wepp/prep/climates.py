"""`p<id>.cli`: the weather of each hillslope, a hard link to the climate's own file.

The climates of design storms are looked at only: who runs a storm links them into its directory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.run.directory import NotPrepared
from tasks.run.nodb import BrokenDocument
from tasks.wepp.files import climate_head
from tasks.wepp.prep import files, storms
from tasks.wepp.prep.given import Given


def sources(given: Given) -> Iterator[Path]:
    """The climate files that are read."""
    if given.storms:
        yield from sorted({storms.weather_of(given, number) for number in given.storms})
        return
    yield from sorted({given.weather_of(top) for top in given.ids.hillslopes})


def write(given: Given) -> list[Path]:
    """Link them all; returns their paths. NotPrepared for a climate of fewer years than wanted.

    CutShort for one that ends within a day, BrokenDocument for climates of different first years.
    """
    if given.storms:
        files.drop_others(given.run.runs, ".cli", ())
        return []
    paths = list(sources(given))
    for path in paths:
        _check(path, given.years)
    _check_first_years(paths)
    files.drop_others(given.run.runs, ".cli", range(1, given.ids.sub_n + 1))
    return given.told(
        files.link(given.run.runs / f"p{number}.cli", given.weather_of(top))
        for number, top in enumerate(given.ids.hillslopes, 1)
    )


def _check_first_years(paths: Sequence[Path]) -> None:
    """All hillslopes' weather begins in one year: executables merge their days by it, or stop."""
    first: dict[int, Path] = {}
    for path in paths:
        first.setdefault(climate_head.first_year(path), path)
    if len(first) > 1:
        (year, one), (other, two) = list(first.items())[:2]
        raise BrokenDocument(
            f"{one} begins in the year {year}, {two} in {other}: the channels want one year for all"
        )


def _check(path: Path, years: int) -> None:
    held = climate_head.years(path)
    # Engines trust what the head declares, and die in the year that lacks a day.
    whole = climate_head.whole_years(path)
    held = held if whole is None else min(held, whole)
    if held < years:
        raise NotPrepared(
            f"{path} holds {held} whole years, {years} are wanted: build the climate"
            " anew, or have wepp.nodb want fewer years"
        )
    last = climate_head.last_day(path, years)
    if last is not None and last[:2] != (31, 12):
        raise NotPrepared(
            f"{path}: engines count a 29 February in every fourth year; where they look for the"
            f" last of {years} years it has {last[0]}.{last[1]}.{last[2]}: have all such days in it"
        )
