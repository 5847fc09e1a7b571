"""What follows the tables of a run: return periods, and reports that are not needed any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tasks import interchange
from tasks.run import foreign
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.locks import locked
from tasks.run.progress import Progress
from tasks.wepp import loss_grid, return_periods
from tasks.wepp.documents import Ash, Climate, Watershed
from tasks.wepp.prep.given import Given
from tasks.wepp.reconcile import ledger_of
from tasks.wepp.site import papers
from tasks.wepp.steps import once

_TOTALS = "totalwatsed3.parquet"
_README, _PATIENCE_S = "wepp/output/interchange/README.md", 60.0


def document(runid: str, run: RunDirectory) -> None:
    """Write the README of all tables that are there; those who make some do so in turn. OSError."""
    with locked(runid, _README, wait=_PATIENCE_S):
        interchange.documentation(run.output)


def of_return_periods(runid: str, run: RunDirectory, progress: Callable[[int], Progress]) -> bool:
    """Make the tables of return periods of the outlet's events and the daily table.

    `progress` begins one of so many measures that are ranked.
    """
    events, days = run.interchange / "ebe_pw0.parquet", run.interchange / _TOTALS
    for path in (events, days):
        if not path.exists():
            raise NotPrepared(f"{path} does not exist: make the tables first")
    told = progress(return_periods.MEASURES)
    made = once(
        runid,
        run,
        "return_periods",
        [events, days],
        lambda: return_periods.write(events, days, run.interchange, told.step),
    )
    told.end()
    return made


def of_losses(runid: str, run: RunDirectory, progress: Callable[[int], Progress]) -> str:
    """Make the grid of losses of the hillslopes' plots; why not, where nothing is there for it.

    `progress` begins one of so many hillslopes.
    """
    given = Given(run, hills_only=True)
    plots = {f"wepp/output/H{number}.plot.dat" for number in range(1, given.ids.sub_n + 1)}
    if ledger_of(runid, run).removed() & plots:
        return "the plots of its hillslopes were removed"
    if not any((run.root / name).exists() for name in plots):
        return "its hillslopes have no plots"
    if None in (given.watershed.subcatchments, given.watershed.distance_to_channel):
        return "its watershed has no rasters of subcatchments and of distances"
    told = progress(given.ids.sub_n)
    once(
        runid,
        run,
        "loss_grid",
        loss_grid.sources(given),
        lambda: [loss_grid.make(given, told.step)],
    )
    told.end()
    return ""


def remove_reports(runid: str, run: RunDirectory, progress: Callable[[int], Progress]) -> int:
    """Remove the daily reports of hillslopes whose tables are made; returns how many.

    Pass files and loss reports stay: the network is run of them again. Nothing is removed unless
    climate.nodb says so. `progress` begins one of so many files.
    """
    ledger = ledger_of(runid, run)
    before = ledger.removed()
    made = ledger.outputs("hillslope:") if _removes(run.root) else {}
    names = [n for kind in _DAILY for n in made if n.endswith(kind)]
    told = progress(len(names))
    ledger.remove((run.root / name for name in names), told.step)
    told.end()
    return len(ledger.removed() - before)


_DAILY = (".wat.dat", ".soil.dat", ".element.dat", ".ebe.dat", ".plot.dat")


def ash_types(run: RunDirectory) -> dict[int, str]:
    """`black` or `white` by WEPP id, for the hillslopes whose ash the run's documents know."""
    try:
        by_top: Mapping[int, str] = Ash.load(run.root).types
    except NotPrepared:
        return {}
    except foreign.ForeignDocument:
        by_top = papers.ash_types(Ash.path(run.root))
    numbers = {top: number for number, top in enumerate(sorted(_tops(run)), 1)}
    return {numbers[top]: kind for top, kind in by_top.items() if top in numbers}


def _tops(run: RunDirectory) -> Iterable[int]:
    try:
        watershed = Watershed.load(run.root)
    except NotPrepared:
        return []
    except foreign.ForeignDocument:
        watershed = papers.watershed(run.root)
    return [part.topaz_id for part in watershed.hillslopes]


def _removes(root: Path) -> bool:
    path = Climate.path(root)
    try:
        return Climate.load(root).delete_after_interchange
    except NotPrepared:
        return False
    except foreign.ForeignDocument:
        try:
            return foreign.read(path).get("delete_after_interchange") is True
        except foreign.ForeignDocument:
            return False
