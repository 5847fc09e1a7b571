"""Single design storms, each in a directory of its own, where engines leave what nobody asked for.

::

    wepp/runs/ss_2/p7.cli, pw0.cli   links to the climate of storm 2
    wepp/runs/ss_2/p7.run            ../p7.man and so on; a single storm
    wepp/runs/ss_2/pw0.run           ../pw0.str and so on; the channels under it
    wepp/output/ss_2/H7.*.dat        pass, loss, plot, ebe, element
    wepp/output/interchange/storms.parquet      what each hillslope yielded under each

A run whose climate.nodb names storms is a run of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.run import foreign
from tasks.run.directory import WATERSHED, NotPrepared, RunDirectory, StormDirectory
from tasks.wepp import simulation
from tasks.wepp.binary import Engine
from tasks.wepp.documents import Climate
from tasks.wepp.files import ebe
from tasks.wepp.prep import storms as prep
from tasks.wepp.prep.given import Given
from tasks.wepp.reconcile import Reconciled, ledger_of
from tasks.wepp.running import finish
from tasks.wepp.simulation import Simulation
from tasks.wepp.site import inputs


def of(run: RunDirectory) -> tuple[StormDirectory, ...]:
    """The storms of a run, ascending; none where its document does not say so."""
    try:
        numbers = Climate.load(run.root).storms
    except NotPrepared:
        return ()
    except foreign.ForeignDocument:
        try:
            numbers = inputs.climate(run.root).storms
        except foreign.ForeignDocument:
            return ()
    return tuple(StormDirectory(run.root, number) for number in sorted(numbers))


def directory(run: RunDirectory, storm: int | None) -> StormDirectory:
    """Where storm `storm` is simulated; ValueError for what is no number of a storm."""
    if type(storm) is not int or storm < 1:
        raise ValueError(f"ss_batch_id {storm!r}: give the number of a storm, from 1")
    return StormDirectory(run.root, storm)


def hillslopes(
    run: RunDirectory, found: Sequence[StormDirectory], engine: Engine
) -> list[Simulation]:
    """The hillslopes of a run under each of its storms, prepared; errors as of `prepare`."""
    given = Given(run)
    numbers = range(1, given.ids.sub_n + 1)
    return [each for storm in found for each in prepare(given, storm, numbers, engine)]


def prepare(
    given: Given, storm: StormDirectory, numbers: Sequence[int], engine: Engine
) -> list[Simulation]:
    """Write the storm's inputs of hillslopes that were prepared, and look at them.

    BrokenDocument where climate.nodb has no such storm, NotPrepared where a file is missing.
    """
    prep.hillslopes(given, storm, numbers)
    return [simulation.prepare(storm, number, engine) for number in numbers]


def route(runid: str, run: RunDirectory, storm: StormDirectory, engine: Engine) -> float:
    """Run the channels under a storm, unless the run's ledger has it; the seconds that it took."""
    if not storm.run_file(WATERSHED).exists():
        where = storm.run_file(WATERSHED)
        raise NotPrepared(f"{where} does not exist: prepare the network first")
    one = simulation.prepare(storm, WATERSHED, engine)
    work = Reconciled(ledger_of(runid, run), [one])
    with work:
        return finish(work, 1) + sum(seconds for _, seconds in work.done)


def rows(run: RunDirectory) -> Iterator[tuple[object, ...]]:
    """Of each storm and hillslope: storm, WEPP id, TOPAZ id, and what `storm_table` has of it.

    NotPrepared where a report is missing, FormatError.
    """
    given = Given(run)
    for storm in of(run):
        for number, top in enumerate(given.ids.hillslopes, 1):
            report = storm.output / f"H{number}.ebe.dat"
            if not report.exists():
                raise NotPrepared(f"{report} does not exist: run the hillslopes first")
            # A storm without runoff has no row.
            events = ebe.read(report)
            yield (
                *(storm.storm, number, top),
                sum(event.runoff_mm for event in events),
                sum(event.sediment_kg_m for event in events),
            )


def simulated(run: RunDirectory) -> int:
    """How many rows there are: each hillslope under each storm."""
    return len(of(run)) * Given(run).ids.sub_n


def reports(run: RunDirectory) -> list[Path]:
    """What `rows` reads, as far as it is there."""
    return [path for storm in of(run) for path in sorted(storm.output.glob("H*.ebe.dat"))]
