"""Cover that is told year by year, and the fire that it grows back from.

::

    p<id>.cov       the years / a line for each band, a value for each year; six lines an element
    cancov.txt      by its presence, covers are read from these
    simfire.txt     by its presence, the fire itself is simulated
    firedate.txt    month day year of the fire

Only WEPPcloud's builds for revegetation read these files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tasks.run.nodb import BrokenDocument
from tasks.wepp import rap
from tasks.wepp.prep import files
from tasks.wepp.prep.given import Given

_BANDS = (rap.TREES, rap.SHRUBS, rap.PERENNIALS, rap.ANNUALS, rap.LITTER, rap.BARE)


def sources(given: Given) -> Iterator[Path]:
    """The table of covers."""
    if given.wepp.revegetation is not None:
        yield given.file(given.wepp.revegetation.cover, "the covers of the years")


def write(given: Given) -> list[Path]:
    """Write what is wanted, and remove what is not; returns the paths that were written.

    NotPrepared without the table, BrokenDocument where it lacks a hillslope, or years.
    """
    wanted, runs = given.wepp.revegetation, given.run.runs
    numbers = range(1, given.ids.sub_n + 1) if wanted else ()
    files.drop_others(runs, ".cov", numbers)
    texts = {"cancov.txt": "", "simfire.txt": "", "firedate.txt": ""} if wanted else {}
    if wanted and not wanted.simulates_fire:
        del texts["simfire.txt"]
    if wanted and wanted.fire:
        texts["firedate.txt"] = " ".join(map(str, wanted.fire)) + "\n"
    else:
        texts.pop("firedate.txt", None)
    for name in {"cancov.txt", "simfire.txt", "firedate.txt"} - set(texts):
        (runs / name).unlink(missing_ok=True)
    return [
        *(files.put(runs / name, text) for name, text in texts.items()),
        *(files.put(runs / name, text) for name, text in _covers(given)),
    ]


def _covers(given: Given) -> Iterator[tuple[str, str]]:
    for table in sources(given):
        covers = rap.read(table)
        years = sorted({year for band, year, *_ in covers if band == rap.TREES})
        if len(years) != given.years:
            raise BrokenDocument(f"{table} holds {len(years)} years, {given.years} are simulated")
        elements: dict[int, set[int]] = {}
        for _, _, top, element in covers:
            elements.setdefault(top, set()).add(element)
        for number, top in enumerate(given.ids.hillslopes, 1):
            if top not in elements:
                raise BrokenDocument(f"{table} has no covers of hillslope {top}")
            rows = [_row(covers, years, b, top, e) for e in sorted(elements[top]) for b in _BANDS]
            yield f"p{number}.cov", "\n".join([" \t".join(map(str, years)), *rows]) + "\n"


def _row(covers: rap.Covers, years: list[int], band: int, top: int, element: int) -> str:
    """A band of an element; a year that lacks has the value of the year before, or 0."""
    values = []
    for year in years:
        before = covers.get((band, year - 1, top, element), 0.0)
        values.append(covers.get((band, year, top, element), before))
    return " \t".join(f"{value:g}" for value in values)
