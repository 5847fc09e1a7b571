"""Cover that is told year by year, and the fire that it grows back from.

::

    p<id>.cov       the years / a line for each band, a value for each year; six lines an element
    cancov.txt      by its presence, covers are read from these
    simfire.txt     by its presence, the fire itself is simulated
    firedate.txt    month day year of the fire

Only WEPPcloud's builds for revegetation read these files. A table of recovery::

    High,High,Moderate,Moderate        severities of the fire
    Tree,Shrub,Tree,Shrub              bands
    0.30,0.33,0.50,0.58                shares in the year of the fire, and in those that follow

A year behind the last has the last row's shares; a band, or a severity, that it does not name is
left as it was seen.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tasks.run.nodb import BrokenDocument
from tasks.wepp import rap
from tasks.wepp.prep import files
from tasks.wepp.prep.given import Given

#: The bands in a file's order, and what tables of recovery call them.
_BANDS = {
    rap.TREES: "Tree", rap.SHRUBS: "Shrub", rap.PERENNIALS: "Perennial", rap.ANNUALS: "Annual",
    rap.LITTER: "Litter", rap.BARE: "Bare",
}  # fmt: skip
#: Shares from the year of the fire on, by severity and band.
Recovery = Mapping[tuple[str, str], Sequence[float]]


def sources(given: Given) -> Iterator[Path]:
    """The table of covers, and that of their recovery."""
    wanted = given.wepp.revegetation
    if wanted is not None:
        yield given.file(wanted.cover, "the covers of the years")
        if wanted.recovery is not None:
            yield given.file(wanted.recovery, "the recovery of the covers")


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
    wanted = given.wepp.revegetation
    if wanted is None:
        return
    table, *told = sources(given)
    covers, recovery = rap.read(table), recovery_of(told[0]) if told else {}
    years = sorted({year for band, year, *_ in covers if band == rap.TREES})
    if len(years) != given.years:
        raise BrokenDocument(f"{table} holds {len(years)} years, {given.years} are simulated")
    fire = wanted.fire[-1] if wanted.fire else years[0] - 1
    if recovery and fire not in years:
        raise BrokenDocument(f"{table} has not the year of the fire that covers grow back from")
    elements: dict[int, set[int]] = {}
    for _, _, top, element in covers:
        elements.setdefault(top, set()).add(element)
    for number, top in enumerate(given.ids.hillslopes, 1):
        if top not in elements:
            raise BrokenDocument(f"{table} has no covers of hillslope {top}")
        rows = []
        burnt = wanted.severities.get(top, [])
        for place, element in enumerate(sorted(elements[top])):
            severity = burnt[place] if place < len(burnt) else ""
            for band, name in _BANDS.items():
                seen = _seen(covers, years, band, top, element)
                shares = recovery.get((severity, name))
                rows.append(_as_seen(seen) if shares is None else _grown(seen, shares, fire))
        yield f"p{number}.cov", "\n".join([" \t".join(map(str, years)), *rows]) + "\n"


def recovery_of(path: Path) -> Recovery:
    """The table of recovery at `path`; BrokenDocument where it is none."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if any(row)]
    try:
        severities, bands, *years = rows
        shares = [[float(text) for text in row] for row in years]
        columns = list(zip(severities, bands, *shares, strict=True))
    except ValueError as error:
        raise BrokenDocument(f"{path} is no table of recovery: {error}") from error
    if not shares:
        raise BrokenDocument(f"{path} is no table of recovery: it has no year")
    return {(severity.strip(), band.strip()): of for severity, band, *of in columns}


def _seen(
    covers: rap.Covers, years: Sequence[int], band: int, top: int, element: int
) -> dict[int, float]:
    """A band of an element by year; a year that lacks has the value of the year before, or 0."""
    found = {}
    for year in years:
        before = covers.get((band, year - 1, top, element), 0.0)
        found[year] = covers.get((band, year, top, element), before)
    return found


def _as_seen(seen: Mapping[int, float]) -> str:
    return " \t".join(f"{value:g}" for value in seen.values())


def _grown(seen: Mapping[int, float], shares: Sequence[float], fire: int) -> str:
    """A band that grows back from `fire` on: shares of what it had in that year."""
    values = []
    for year, value in seen.items():
        since = min(year - fire, len(shares) - 1)
        values.append(value if since < 0 else seen[fire] * shares[since])
    return " \t".join(f"{value:.1f}" for value in values)
