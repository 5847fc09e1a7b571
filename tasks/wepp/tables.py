"""What follows the tables of a run: return periods, and reports that are not needed any more."""

from __future__ import annotations

from pathlib import Path

from tasks.run import foreign
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp import loss_grid, return_periods
from tasks.wepp.documents import Climate
from tasks.wepp.prep.given import Given
from tasks.wepp.reconcile import ledger_of
from tasks.wepp.steps import once

_TOTALS = "totalwatsed3.parquet"


def of_return_periods(runid: str, run: RunDirectory) -> bool:
    """Make the tables of return periods of the outlet's events and the daily table."""
    events, days = run.interchange / "ebe_pw0.parquet", run.interchange / _TOTALS
    for path in (events, days):
        if not path.exists():
            raise NotPrepared(f"{path} does not exist: make the tables first")
    return once(
        runid,
        run,
        "return_periods",
        [events, days],
        lambda: return_periods.write(events, days, run.interchange),
    )


def of_losses(runid: str, run: RunDirectory) -> bool:
    """Make the grid of losses of the hillslopes' plots, where they were not removed."""
    given = Given(run)
    plots = {f"wepp/output/H{number}.plot.dat" for number in range(1, given.ids.sub_n + 1)}
    if ledger_of(runid, run).removed() & plots:
        return False
    return once(runid, run, "loss_grid", loss_grid.sources(given), lambda: [loss_grid.make(given)])


def remove_reports(runid: str, run: RunDirectory) -> int:
    """Remove the daily reports of hillslopes whose tables are made; returns how many.

    Pass files and loss reports stay: the network is run of them again. Nothing is removed unless
    climate.nodb says so.
    """
    if not _removes(run.root):
        return 0
    ledger = ledger_of(runid, run)
    before = ledger.removed()
    names = [n for kind in _DAILY for n in ledger.outputs("hillslope:") if n.endswith(kind)]
    ledger.remove(run.root / name for name in names)
    return len(ledger.removed() - before)


_DAILY = (".wat.dat", ".soil.dat", ".element.dat", ".ebe.dat", ".plot.dat")


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
