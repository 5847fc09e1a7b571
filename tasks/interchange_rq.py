"""Tables of a WEPP run: of its hillslopes, of the whole watershed, of its channels; all anew.

Every function here is a task, called by producers under its dotted name with a run id first. The
stages of a WEPP run speak on `<runid>:wepp`, the migration of an older run on `<runid>:command`.
What a stage makes of the same reports is made once, as the run's ledger has it. Each stage ends
with the README of all tables that are there; stages that run side by side write it in turn, so that
the last one's is whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tasks import interchange
from tasks.run import foreign, lateness
from tasks.run.directory import NotPrepared, RunDirectory, to_change
from tasks.run.frame import framed
from tasks.run.ledger import StepLedger, digest
from tasks.run.progress import Progress
from tasks.run.status import Panel
from tasks.wepp import storm_table, storms
from tasks.wepp.documents import Ash, Climate
from tasks.wepp.reconcile import ledger_of, sources_of
from tasks.wepp.tables import ash_types, document
from weppd.task import current, task

TIMEOUT = 43_200
PANEL, COMMAND = "wepp", "command"
HILLSLOPES, TOTALS, WATERSHED = (
    "interchange:hillslopes",
    "interchange:totalwatsed3",
    "interchange:watershed",
)
_PATIENCE_S = 60.0  # for files that another host wrote: its file system answers late
_LOOK_AGAIN_S = 0.5
_NAMED = 7
_QUIET_S = 2.0  # a file that nobody wrote to for so long is whole


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus="all")
@framed(PANEL)
def _build_hillslope_interchange_rq(runid: str) -> tuple[bool, float]:
    """Make the tables of a run's hillslopes, and the picture of their sediment; (True, seconds).

    Of a run of design storms it is the table of these, `storms.parquet`.
    A run whose reports were taken away when its tables were made keeps these. NotPrepared,
    FormatError, OSError as `tasks.interchange.hillslopes`; ReadOnlyRun.
    """
    run = to_change(runid)
    panel = Panel(current(), runid, PANEL)
    if storms.of(run):
        began = time.monotonic()
        storm_table.make(runid, run, lambda total: Progress(panel, total, "reports"))
        document(runid, run)
        return True, time.monotonic() - began
    ledger = ledger_of(runid, run)
    if ledger.removed() or not interchange.hillslope_reports(run)[0]:
        seconds, tables = _kept(ledger, run)
        Progress(panel, tables, "tables").end()
        return True, seconds
    reports = settle(lambda: interchange.hillslope_reports(run), run.output)
    year = first_year(run)
    progress = Progress(panel, len(reports), "reports")

    def work() -> Iterable[Path]:
        interchange.hillslopes(
            run, first_year=year, threads=int(current().cpus), step=_steps(progress)
        )
        return [*run.interchange.glob("H.*.parquet"), interchange.sediment(run.output)]

    seconds = _once(ledger, HILLSLOPES, reports, year, work)
    document(runid, run)
    progress.end()
    return True, seconds


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(PANEL)
def _build_totalwatsed3_rq(runid: str) -> tuple[bool, float]:
    """Make the daily table of the whole watershed, and its hydrograph; returns (True, seconds).

    NotPrepared where the hillslopes' tables are missing; FormatError, OSError, ReadOnlyRun.
    """
    run = to_change(runid)
    tables = [run.interchange / f"H.{kind}.parquet" for kind in ("pass", "wat")]
    settle(lambda: _present(tables), run.interchange)

    progress = Progress(Panel(current(), runid, PANEL), interchange.rows_to_sum(run), "rows")
    burnt = list((run.root / "ash").glob("H*.parquet"))

    def work() -> Iterable[Path]:
        types = ash_types(run) if burnt else None
        return [
            interchange.totalwatsed3(run, ash_types=types, step=progress.step),
            interchange.hydrograph(run.output),
        ]

    beside = _present([run.runs / "gwcoeff.txt", Ash.path(run.root), *burnt])[0]
    seconds = _once(ledger_of(runid, run), TOTALS, [*tables, *beside], None, work)
    document(runid, run)
    progress.end()
    return True, seconds


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(PANEL)
def _post_watershed_interchange_rq(runid: str) -> tuple[bool, float]:
    """Make the tables of a run's channel network; returns (True, seconds).

    Reports that another host wrote are waited for. NotPrepared names those that are missing;
    FormatError, OSError, ReadOnlyRun.
    """
    run = to_change(runid)
    reports = settle(lambda: interchange.watershed_reports(run), run.output)
    year = first_year(run)
    progress = Progress(Panel(current(), runid, PANEL), len(reports), "reports")

    def work() -> Iterable[Path]:
        interchange.watershed(run, first_year=year, step=_steps(progress))
        names = ("*_pw0.*parquet", "chan*.parquet", "chnwb.parquet")
        return [path for name in names for path in run.interchange.glob(name)]

    seconds = _once(ledger_of(runid, run), WATERSHED, reports, year, work)
    document(runid, run)
    progress.end()
    return True, seconds


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus="all")
@framed(COMMAND)
def run_interchange_migration(runid: str, wepp_output_subpath: str | None = None) -> bool:
    """Make all tables of the reports of an older run; False where there is nothing to make them of.

    The reports are in `wepp/output`, or in `wepp_output_subpath` below the run: there the tables of
    the hillslopes alone are made where reports of the network are missing. ValueError for a subpath
    that leads out of the run; NotPrepared, FormatError, OSError, ReadOnlyRun.
    """
    run = to_change(runid)
    output = _below(run, wepp_output_subpath)
    voice = Panel(current(), runid, COMMAND)
    call = f"run_interchange_migration({runid})"
    if not output.is_dir():
        voice.skipped(call, f"{wepp_output_subpath or 'wepp/output'} does not exist")
        return False
    of_network, missing = interchange.watershed_reports(run, output)
    if missing:
        voice.skipped(call, f"the output lacks {', '.join(missing)}")
        if wepp_output_subpath is None:
            return False
    _migrate(run, output, voice, 0 if missing else len(of_network))
    return True


def _migrate(run: RunDirectory, output: Path, voice: Panel, of_network: int) -> None:
    year = first_year(run)
    reports, _ = interchange.hillslope_reports(run, output)
    progress = Progress(voice, len(reports) + of_network, "reports")
    interchange.hillslopes(
        run, output=output, first_year=year, threads=int(current().cpus), step=_steps(progress)
    )
    if of_network:
        interchange.watershed(run, output=output, first_year=year, step=_steps(progress))
    interchange.sediment(output)
    if any(".wat." in path.name for path in reports):
        interchange.totalwatsed3(run, output=output, ash_types=ash_types(run))
        interchange.hydrograph(output)
    interchange.documentation(output)
    progress.end()


def first_year(run: RunDirectory) -> int | None:
    """The calendar year of the first simulated one, as the run's document of the climate has it.

    None where the run has no document, or that no year. BrokenDocument.
    """
    try:
        return Climate.load(run.root).observed_start_year
    except NotPrepared:
        return None
    except foreign.ForeignDocument:
        pass
    try:
        found = foreign.read(Climate.path(run.root)).get("observed_start_year")
    except foreign.ForeignDocument:
        return None
    # WEPPcloud keeps what a form sent, which is empty for climates of no year in particular.
    return int(found) if str(found).strip().isdigit() else None


Look = Callable[[], tuple[list[Path], list[str]]]


def settle(look: Look, where: Path) -> list[Path]:
    """The files of `look`, all there; on a network file system they are waited for.

    `look` gives the files that are there, and the names of those that are not; they lie in `where`.
    What another host wrote is seen late: it has a minute to be there, and to grow no more.
    NotPrepared names what is missing.
    """
    patience = _PATIENCE_S if lateness.on_network(where) else 0.0
    ends, before = time.monotonic() + patience, None
    while True:
        found, missing = look()
        sizes = [path.stat().st_size for path in found]
        late = time.monotonic() >= ends
        if not missing and (sizes == before or late or _quiet(found)):
            return found
        if late:
            more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
            named = ", ".join(missing[:_NAMED]) + more
            raise NotPrepared(f"{named}: missing, run the step that makes it first")
        before = None if missing else sizes
        time.sleep(_LOOK_AGAIN_S)


def _quiet(paths: Iterable[Path]) -> bool:
    now = time.time()
    return all(now - path.stat().st_mtime > _QUIET_S for path in paths)


def _present(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    listed = list(paths)
    found = [path for path in listed if path.exists()]
    return found, [str(path) for path in listed if path not in found]


def _once(
    ledger: StepLedger,
    step: str,
    inputs: Sequence[Path],
    year: int | None,
    work: Callable[[], Iterable[Path]],
) -> float:
    """Do `work`, which gives the files that it made, unless it is done; the seconds it took.

    Reports are large and many: they are told apart by name, size and time, as make does.
    """
    stats = [(path.name, path.stat()) for path in inputs]
    words = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
    sources = sources_of(Path(interchange.__file__).parent)
    wanted = digest([], sources, year, *sorted(words))
    entry = ledger.entry(step)
    if entry and ledger.is_done(step, wanted):
        current().log(f"{step} was done")
        return entry.seconds
    ledger.begin({step: wanted})
    began = time.monotonic()
    made = list(work())
    seconds = time.monotonic() - began
    ledger.done({step: (made, seconds)})
    return seconds


def _kept(ledger: StepLedger, run: RunDirectory) -> tuple[float, int]:
    """The seconds that the hillslopes' tables took, which stand though their reports are gone.

    And how many files they are.
    """
    entry = ledger.entry(HILLSLOPES)
    if entry and ledger.is_done(HILLSLOPES, entry.inputs):
        current().log(f"{HILLSLOPES} was done, its reports are gone")
        return entry.seconds, len(entry.outputs)
    raise NotPrepared(f"{run.output} holds no report of a hillslope: run the hillslopes first")


def _steps(progress: Progress) -> Callable[[int], None]:
    def done(reports: int) -> None:
        for _ in range(reports):
            progress.step()

    return done


def _below(run: RunDirectory, subpath: str | None) -> Path:
    if subpath is None:
        return run.output
    root, path = run.root.resolve(), (run.root / subpath).resolve()
    if not path.is_relative_to(root):
        raise ValueError(f"{subpath!r} leads out of the run: give a path below it")
    return path
