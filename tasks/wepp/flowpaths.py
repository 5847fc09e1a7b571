"""Flowpaths: the lines along which water runs down a hillslope, each simulated by itself.

A flowpath has a profile of its own and its hillslope's soil, cover and weather::

    wepp/flowpaths/runs/<name>.slp              the profile
    wepp/flowpaths/runs/<name>.run              ../../runs/p7.man and so on
    wepp/flowpaths/output/<name>.plot.dat       loss along it: for the grid of losses
    wepp/output/interchange/flowpaths.parquet   a row for each

There are tens of thousands of them. When all are done, their answers, logs and loss reports are
removed: what these told is in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tasks import interchange
from tasks.interchange import sheet
from tasks.interchange.columns import Column, Product
from tasks.run.directory import FlowpathDirectory, NotPrepared, RunDirectory
from tasks.run.nodb import BrokenDocument
from tasks.wepp import annual, prompts
from tasks.wepp.binary import Engine
from tasks.wepp.dispatch import wepp_of
from tasks.wepp.documents import FlowpathPart, Wepp
from tasks.wepp.files import profiles, runfile, slope
from tasks.wepp.files.forms import HillslopeRun
from tasks.wepp.plan import NOT_OF_SEVERAL
from tasks.wepp.prep import files
from tasks.wepp.prep.given import Given
from tasks.wepp.reconcile import Reconciled, fingerprint, ledger_of
from tasks.wepp.running import finish
from tasks.wepp.simulation import HIDDEN, Simulation
from tasks.wepp.simulation import prepare as look
from tasks.wepp.steps import once

TABLE = Product(
    "flowpaths.parquet",
    "Flowpaths: what each yields in a mean year. A flowpath is simulated by itself.",
    (
        Column("flowpath", "string", "", "Name of the flowpath"),
        Column("wepp_id", "int32", "", "WEPP id of its hillslope"),
        Column("topaz_id", "int32", "", "TOPAZ id of its hillslope"),
        Column("length", "float64", "m", "Length"),
        Column("runoff", "float64", "mm/yr", "Mean annual runoff at its foot"),
        Column("soil_loss", "float64", "t/ha/yr", "Mean annual soil loss where there is net loss"),
        Column("sediment_yield", "float64", "t/yr", "Mean annual sediment that leaves its foot"),
        Column("engine", "string", "", "What simulated it"),
    ),
)


@dataclass(frozen=True, slots=True)
class Flowpaths:
    """The flowpaths of a run in the order of their names, and where they are simulated."""

    given: Given
    parts: tuple[FlowpathPart, ...]

    @property
    def directory(self) -> FlowpathDirectory:
        """Where they are simulated."""
        return FlowpathDirectory(self.given.run.root, tuple(part.name for part in self.parts))

    def number(self, name: str) -> int:
        """The number of the flowpath `name`; NotPrepared where the run has none of it."""
        names = self.directory.names
        if name not in names:
            few = ", ".join(names[:5]) or "none"
            raise NotPrepared(f"flowpath {name!r} is none of this run's: it has {few}")
        return names.index(name) + 1


def of(run: RunDirectory) -> Flowpaths:
    """The flowpaths that watershed.nodb names; NotPrepared, BrokenDocument."""
    given = Given(run, hills_only=True)
    if wepp_of(run).multi_ofe:
        raise BrokenDocument(f"{Wepp.path(run.root)}: {NOT_OF_SEVERAL}")
    return Flowpaths(given, tuple(sorted(given.flowpaths, key=lambda part: part.name)))


def prepare(flowpaths: Flowpaths, numbers: Sequence[int]) -> None:
    """Write the inputs of these flowpaths; NotPrepared where a hillslope's are missing."""
    directory, of_many = flowpaths.directory, lru_cache(maxsize=1)(profiles.read)
    directory.runs.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        part = flowpaths.parts[number - 1]
        source = flowpaths.given.file(part.slope_file, f"the slope of flowpath {part.name}")
        own = directory.runs / f"{part.name}.slp"
        if source.suffix == profiles.SUFFIX:
            files.put(own, of_many(source)[part.name])
        else:
            files.link(own, source)
        files.put(directory.run_file(number), runfile.dump(_answers(flowpaths.given, part)))
    files.same(directory.runs, flowpaths.given.run.runs, HIDDEN)


def run_all(
    runid: str, flowpaths: Flowpaths, engine: Engine, cpus: int, step: Callable[[int], None]
) -> float:
    """Run them all, `cpus` at a time, and make their table; returns the seconds of those that ran.

    Those that are done, from the same inputs by the same engine, are not run again; none is where
    the table stands. `step` is called with the number of each that is done.
    """
    numbers = range(1, len(flowpaths.parts) + 1)
    prepare(flowpaths, numbers)
    simulations = [look(flowpaths.directory, number, engine) for number in numbers]
    took: list[float] = []

    def work() -> list[Path]:
        took.append(_simulate(runid, flowpaths, simulations, cpus, step))
        table = _write(flowpaths, simulations)
        return [table, *_tidy(simulations)]

    inputs = {path for one in simulations for path in one.inputs()}
    words = (engine.name, fingerprint(engine))
    run, code = flowpaths.given.run, Path(interchange.__file__).parent
    if not once(runid, run, "flowpaths", inputs, work, code, words=words):
        _tidy(simulations)
    return sum(took)


def _simulate(
    runid: str,
    flowpaths: Flowpaths,
    simulations: Sequence[Simulation],
    cpus: int,
    step: Callable[[int], None],
) -> float:
    work = Reconciled(ledger_of(runid, flowpaths.given.run), simulations, step)
    with work:
        return finish(work, cpus, lambda: step(1))


def _write(flowpaths: Flowpaths, done: Sequence[Simulation]) -> Path:
    rows = [_row(flowpaths, one) for one in done]
    path = flowpaths.given.run.interchange / TABLE.file
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {column.name: [row[i] for row in rows] for i, column in enumerate(TABLE.columns)}
    sheet.write(path, TABLE.schema(), [TABLE.batch(len(rows), columns)])
    return path


def _tidy(done: Sequence[Simulation]) -> list[Path]:
    """Remove what the table has told; returns the plots, which stay."""
    plots = []
    for one in done:
        plots.append(one.output("plot"))
        for path in (one.run.run_file(one.wepp_id), one.err_file, one.output("loss")):
            path.unlink(missing_ok=True)
    return plots


def _answers(given: Given, part: FlowpathPart) -> HillslopeRun:
    hill = f"../../runs/p{given.ids.wepp(part.topaz_id)}"
    out = f"../output/{part.name}"
    return HillslopeRun(
        man=f"{hill}.man", slp=f"{part.name}.slp", cli=f"{hill}.cli", sol=f"{hill}.sol",
        loss=f"{out}.loss.dat", plot=f"{out}.plot.dat", years=_years(given, part),
    )  # fmt: skip


def _years(given: Given, part: FlowpathPart) -> int:
    """Those of its hillslope, as it was prepared."""
    return prompts.read(given.run.run_file(given.ids.wepp(part.topaz_id))).years


def _row(flowpaths: Flowpaths, one: Simulation) -> tuple[object, ...]:
    part = flowpaths.parts[one.wepp_id - 1]
    mean = annual.read(one.output("loss"))
    profile = slope.read(flowpaths.directory.runs / f"{part.name}.slp")
    length = sum(element.length for element in profile.elements)
    wepp_id = flowpaths.given.ids.wepp(part.topaz_id)
    figures = (mean.runoff_mm, mean.soil_loss_t_ha, mean.sediment_yield_t) if mean else (None,) * 3
    return (part.name, wepp_id, part.topaz_id, length, *figures, one.engine.name)
