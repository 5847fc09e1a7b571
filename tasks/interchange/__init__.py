"""The engine's reports as tables: Parquet that says of each column what it is and in which unit.

::

    <output>/H<i>.{pass,ebe,element,loss,soil,wat}.dat      hillslopes     → H.*.parquet
    <output>/{pass,ebe,loss,soil}_pw0.txt, chnwb.txt,       channels       → *_pw0.*.parquet,
        chan.out, chanwb.out                                                 chan*.parquet, chnwb.…
    both                                                    the watershed  → totalwatsed3.parquet
    climate/*.cli                                           the weather    → wepp_cli.parquet there
    <output>/interchange/interchange_version.json           the layout's version

What the tables are made of may be of stock builds, of builds of 2024, of WEPPcloud's or of hillsim.
Every table appears whole or not at all, and the same reports give the same bytes.

Importing this package is light; what reads and writes is imported by those who do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tasks.run.directory import NotPrepared, RunDirectory

FOLDER = "interchange"


def _nothing(done: int) -> None: ...


def hillslopes(
    run: RunDirectory,
    *,
    output: Path | None = None,
    first_year: int | None = None,
    threads: int = 1,
    step: Callable[[int], None] = _nothing,
) -> Path:
    """Make the tables of a run's hillslopes; returns the directory where they are.

    The reports are in `output`, which is the run's own unless given. `first_year` is the calendar
    year of the first simulated one, where the climate counts from another. `step` is called with a
    number of reports as they are read; `hillslope_reports` are all that there are.

    The table of the run's weather is made besides, where its climate folder has none.

    NotPrepared where a hillslope's report, or every climate, is missing; FormatError with file and
    line where a report is not what an engine writes; OSError. The former tables stay then.
    """
    from tasks.interchange import calendar, hills, version, weather

    output = output or run.output
    target = output / FOLDER
    found, missing = hills.reports(_directory(output), _expected(run, output))
    _refuse(missing, output, "hillslopes")
    weather.ensure(run.root, output)
    dates = calendar.of_run(run.root, output, first_year)
    version.prepare(target, run.hillslope_table)
    hills.convert(found, run.runs, target, dates, threads, step)
    return target


def watershed(
    run: RunDirectory,
    *,
    output: Path | None = None,
    first_year: int | None = None,
    step: Callable[[int], None] = _nothing,
) -> Path:
    """Make the tables of a run's channel network; arguments and errors as those of `hillslopes`.

    NotPrepared names the reports that are missing.
    """
    from tasks.interchange import calendar, network, version

    output = output or run.output
    target = output / FOLDER
    _refuse(network.reports(_directory(output), run.runs)[1], output, "channel network")
    dates = calendar.of_run(run.root, output, first_year)
    version.prepare(target, run.hillslope_table)
    network.convert(output, run.runs, target, dates, step)
    return target


def totalwatsed3(
    run: RunDirectory,
    *,
    output: Path | None = None,
    ash_types: Mapping[int, str] | None = None,
    step: Callable[[int], None] = _nothing,
) -> Path:
    """Make the daily table of the whole watershed of the hillslopes' tables; returns its path.

    The groundwater reservoir is that of the run's `gwcoeff.txt`, or the usual one. `ash_types` says
    by WEPP id whether a hillslope's ash is black or white, where the run has ash. `step` is called
    with a number of rows of the hillslopes' tables as they are summed, `rows_to_sum` in all.

    NotPrepared where a table of the hillslopes is missing, or an area in it; FormatError, OSError.
    """
    from tasks.interchange import totals

    target = (output or run.output) / FOLDER
    totals.write(target, run.root / "ash", totals.groundwater(run.runs), ash_types or {}, step)
    return target / totals.PRODUCT.file


def rows_to_sum(run: RunDirectory) -> int:
    """How many rows of the hillslopes' tables the whole watershed's is summed of; OSError."""
    from tasks.interchange import totals

    return totals.rows(run.interchange)


def documentation(output: Path) -> Path:
    """Write the README of the tables that are made of the reports in `output`. OSError."""
    from tasks.interchange import readme

    return readme.write(output / FOLDER)


def hydrograph(output: Path) -> Path:
    """Draw the watershed's water by day, of its table; NotPrepared, OSError."""
    from tasks.interchange import pictures

    return pictures.hydrograph(output / FOLDER)


def sediment(output: Path) -> Path:
    """Draw the sediment by hillslope, of the hillslopes' tables; NotPrepared, OSError."""
    from tasks.interchange import pictures

    return pictures.sediment(output / FOLDER)


def hillslope_reports(
    run: RunDirectory, output: Path | None = None
) -> tuple[list[Path], list[str]]:
    """The reports of hillslopes that are there, and the names of those that are not.

    Of a kind that one hillslope of the run has, all must have it. NotPrepared, OSError.
    """
    from tasks.interchange import hills

    output = output or run.output
    found, missing = hills.reports(output, _expected(run, output))
    return [path for paths in found.values() for path in paths.values()], missing


def watershed_reports(
    run: RunDirectory, output: Path | None = None
) -> tuple[list[Path], list[str]]:
    """The reports of the channel network that are there, and the names of those that are not."""
    from tasks.interchange import network

    return network.reports(output or run.output, run.runs)


def _directory(output: Path) -> Path:
    if not output.is_dir():
        raise NotPrepared(f"{output} does not exist: run the model first")
    return output


_NAMED = 7


def _refuse(missing: list[str], output: Path, what: str) -> None:
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        named = ", ".join(missing[:_NAMED]) + more
        raise NotPrepared(f"{output} lacks {named}: run the {what} first")


def _expected(run: RunDirectory, output: Path) -> tuple[int, ...] | None:
    """The hillslopes that were prepared; None elsewhere, or where inputs were taken away."""
    if output != run.output:
        return None
    try:
        return run.hillslopes()
    except NotPrepared:
        return None
