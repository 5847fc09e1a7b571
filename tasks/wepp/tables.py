"""The tables that a run ends in, each a step of the ledger: made anew only from other reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from tasks import interchange
from tasks.run import foreign
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp import return_periods
from tasks.wepp.documents import Climate
from tasks.wepp.reconcile import ledger_of
from tasks.wepp.steps import once
from weppd.task import current

_CODE = Path(interchange.__file__).parent
_HILLS = "H.*.parquet"
_TOTALS = "totalwatsed3.parquet"


def of_hillslopes(runid: str, run: RunDirectory, threads: int, step: Callable[[int], None]) -> bool:
    """Make the tables of the hillslopes' reports; False where they are made.

    NotPrepared where a report is missing, FormatError with file and line where one is broken.
    """
    reports = _Reports(runid, run, "hillslope:")

    def work() -> list[Path]:
        interchange.hillslopes(run, first_year=first_year(run.root), threads=threads, step=step)
        return sorted(run.interchange.glob(_HILLS))

    return reports.once("interchange:hillslopes", work)


def of_network(runid: str, run: RunDirectory) -> bool:
    """Make the tables of the channel network's reports; as `of_hillslopes`."""
    reports = _Reports(runid, run, "watershed")
    others = {_TOTALS, run.hillslope_table.name}

    def work() -> list[Path]:
        interchange.watershed(run, first_year=first_year(run.root))
        hills = {path.name for path in run.interchange.glob(_HILLS)}
        made = run.interchange.glob("*.parquet")
        return sorted(path for path in made if path.name not in hills | others)

    return reports.once("interchange:watershed", work)


def of_watershed(runid: str, run: RunDirectory) -> bool:
    """Make the daily table of the whole watershed of the hillslopes' tables; as `of_hillslopes`."""
    tables = sorted(run.interchange.glob(_HILLS))
    coefficients = [path for path in [run.runs / "gwcoeff.txt"] if path.exists()]
    ash = sorted((run.root / "ash").glob("*.parquet"))
    inputs = [*tables, *coefficients, *ash]
    return once(runid, run, "totalwatsed3", inputs, lambda: [interchange.totalwatsed3(run)], _CODE)


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


class _Reports:
    """The reports of hillslopes, or of the network: those of the ledger, and any others there."""

    def __init__(self, runid: str, run: RunDirectory, steps: str) -> None:
        self._runid, self._run = runid, run
        ledger = ledger_of(runid, run)
        self._made, self._removed = ledger.outputs(steps), ledger.removed()
        hills = steps.startswith("hillslope")
        self._besides = (
            [] if hills else [run.runs / f"pw0.{kind}" for kind in ("str", "slp", "cli")]
        )
        listed = (p for p in _listed(run.output) if p.name.startswith("H") == hills)
        self._others = sorted(p for p in listed if self._name(p) not in self._made)

    def once(self, step: str, work: Callable[[], list[Path]]) -> bool:
        """As `steps.once`; tables of reports that were removed since stay as they are."""
        if self._removed & set(self._made):
            current().log(f"{step}: its reports were removed, its tables stay")
            return False
        words = (f"{name} {made}" for name, made in sorted(self._made.items()))
        inputs = _with(self._run, self._others, *self._besides)
        return once(self._runid, self._run, step, inputs, work, _CODE, words=words)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._run.root).as_posix()


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


def first_year(root: Path) -> int | None:
    """The calendar year of the first simulated one, as climate.nodb tells it in either dialect."""
    path = Climate.path(root)
    try:
        return Climate.load(root).observed_start_year
    except NotPrepared:
        return None
    except foreign.ForeignDocument:
        return _foreign_year(path)


def _foreign_year(path: Path) -> int | None:
    try:
        told = foreign.read(path).get("observed_start_year")
    except foreign.ForeignDocument:
        return None
    return int(told) if isinstance(told, int) or str(told).isdecimal() else None


def _with(run: RunDirectory, reports: Iterable[Path], *more: Path) -> list[Path]:
    """What the tables are made of: the reports, and what tells their dates and areas."""
    climate = Climate.path(run.root)
    inputs = [climate, *run.runs.glob("p[0-9]*.slp"), *run.runs.glob("p[0-9]*.cli"), *more]
    return [*reports, *(path for path in inputs if path.exists())]


def _listed(output: Path) -> list[Path]:
    try:
        return [path for path in output.iterdir() if path.is_file()]
    except FileNotFoundError:
        raise NotPrepared(f"{output} does not exist: run the hillslopes first") from None
