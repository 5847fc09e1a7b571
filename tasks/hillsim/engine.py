"""A whole run: from the answers of a `.run` file to its output files and the last line."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from tasks.hillsim import Summary, forms, hidden
from tasks.hillsim.element import day, hillslope
from tasks.hillsim.element.day import Day
from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.element.inflow import NOTHING
from tasks.hillsim.element.today import Weather, weathers
from tasks.hillsim.hydrology.aquifer import Aquifer
from tasks.hillsim.numbers import Rows, summed
from tasks.hillsim.output import BANNER, Drafts, announce, make_way
from tasks.hillsim.reports import daily, tally
from tasks.hillsim.reports import hillslope as reports
from tasks.hillsim.reports.tally import Tally
from tasks.wepp import inputs
from tasks.wepp.files import ebe, loss, runfile
from tasks.wepp.files.climate import Climate
from tasks.wepp.files.forms import HillslopeRun, StormRun, StormWatershedRun, WatershedRun
from tasks.wepp.files.groundwater import Groundwater
from tasks.wepp.inputs import Inputs

Chain = tuple[Hillslope, ...]
"""The elements of a hillslope, the uppermost first."""

# The protocol's line, as every engine prints it, last: what production's success test looks for.
MARKER = " WEPP COMPLETED HILLSLOPE SIMULATION SUCCESSFULLY"


class _Written:
    """What is kept of each day for the output files that `run` wants: records, rows of tables.

    The groundwater is here since the pass file is all that it changes.
    """

    def __init__(self, run: HillslopeRun, ground: Groundwater | None) -> None:
        self.aquifer: Aquifer | None = None
        if ground is not None:
            self.aquifer = Aquifer(ground.storage_mm / 1000.0, ground.baseflow, ground.seepage)
        self.events: list[ebe.Row] | None = None if run.ebe is None else []
        self.days: list[str] | None = None if run.pass_file is None else []
        self.wat = None if run.wat is None else Rows(daily.WATER_HEAD)
        self.soil = None if run.soil is None else Rows(daily.SOIL_HEAD)
        self.element = None if run.element is None else Rows(daily.ELEMENT_HEAD)

    def add(self, chain: Chain, today: tuple[Day, ...], first_year: int) -> None:
        """Keep a day."""
        year = today[0].weather.year - first_year + 1
        event = today[-1].event
        cells = None if event is None else reports.losses(chain, today)
        if self.days is not None:
            below = self._below(chain, today)
            self.days.append(reports.pass_line(chain, today, below, cells))
        if self.events is not None and event is not None and cells is not None:
            self.events.append(reports.event_row(chain, today, event, year, cells))
        for index, slope in enumerate(chain):
            its_day = today[index]
            if self.wat is not None:
                self.wat.add(daily.water_row(slope, its_day, year))
            if self.soil is not None:
                self.soil.add(daily.soil_row(slope, its_day, year))
            row = daily.element_row(slope, its_day, year) if self.element is not None else None
            if self.element is not None and row is not None:
                self.element.add(row)

    def _below(self, chain: Chain, today: tuple[Day, ...]) -> tuple[float, float] | None:
        """Baseflow and deep seepage of a day (m³); None without a groundwater."""
        if self.aquifer is None:
            return None
        areas = [slope.site.area for slope in chain]
        area = summed(areas)
        percolation = summed(
            [day.balance.percolation * part for day, part in zip(today, areas, strict=True)]
        )
        flows, sinks = self.aquifer.step(percolation / area)
        return flows * area, sinks * area


def simulate(text: str, source: str, cwd: Path, out: TextIO) -> Summary:
    """Run the answers `text` (named `source` in errors) with names relative to `cwd`.

    Refusal, FormatError or OSError before any output is written; outputs of an earlier run are
    removed first, and new ones appear all together or not at all.
    """
    # A run leaves no cycles behind, and the collector would look for them in every year's days.
    collects = gc.isenabled()
    gc.disable()
    try:
        return _simulate(text, source, cwd, out)
    finally:
        if collects:
            gc.enable()


def _simulate(text: str, source: str, cwd: Path, out: TextIO) -> Summary:
    run = runfile.parse(text, source)
    # What a hillslope's years need none of is loaded where it is asked for.
    if isinstance(run, StormRun):
        from tasks.hillsim import single

        return single.simulate(run, cwd, out, MARKER)
    if isinstance(run, (WatershedRun, StormWatershedRun)):
        from tasks.hillsim.channels import watershed

        return watershed.simulate(run, cwd, out)
    make_way(cwd, (run.man, run.slp, run.cli, run.sol), _outputs(run))
    given = inputs.read(run, cwd)
    forms.check(run, given, cwd)
    announce(run, cwd, out, forms.uncontoured(run, given))
    rules = hidden.read(cwd)
    chain = hillslope.chain(given, rules)
    kept = _Written(run, rules.ground)
    sums = _run(run, given.climate, chain, kept, out)
    with Drafts() as files:
        _write(run, given, chain, sums, kept, cwd, files)
    print(MARKER, file=out, flush=True)
    return reports.summary(run.years, chain, sums)


def days(chain: Chain, climate: Climate, years: int) -> Iterator[tuple[Day, ...]]:
    """Each day's results by element, the elements being taken along; their water is checked."""
    year = climate.begin_year
    for number, weather in enumerate(weathers(climate, years)):
        if weather.year != year:
            year = weather.year
            for slope in chain:
                slope.ground.begin_year(year - climate.begin_year + 1)
        yield _down(chain, weather, number)


def _down(chain: Chain, weather: Weather, number: int) -> tuple[Day, ...]:
    """A day from the uppermost element to the foot of the slope."""
    done: list[Day] = []
    inflow = NOTHING
    for index, slope in enumerate(chain):
        if index:
            inflow = day.pass_on(done[index - 1], chain[index - 1], slope)
        before = slope.water
        today = day.step(slope, weather, number, inflow)
        tally.check_day(before, slope, today)
        done.append(today)
    return tuple(done)


def _run(run: HillslopeRun, climate: Climate, chain: Chain, kept: _Written, out: TextIO) -> Tally:
    sums = Tally(tuple([slope.site.shape.length for slope in chain]))
    before, year = tally.held(chain), 0
    _note_storms_without_duration(climate, out)
    for today in days(chain, climate, run.years):
        if today[0].weather.year != year:
            year = today[0].weather.year
            print(f" SIMULATION YEAR = {year - climate.begin_year + 1:5d}", file=out)
        sums.add(today)
        kept.add(chain, today, climate.begin_year)
    tally.check_run(before, tally.held(chain), sums)
    return sums


def _note_storms_without_duration(climate: Climate, out: TextIO) -> None:
    days = zip(climate.days.precip_mm, climate.days.duration_h, strict=True)
    count = sum([depth > 0.0 >= hours for depth, hours in days])
    if count:
        print(f" NOTE: {count} days have rain without a duration and are taken as dry", file=out)


def _write(
    run: HillslopeRun,
    given: Inputs,
    chain: Chain,
    sums: Tally,
    kept: _Written,
    cwd: Path,
    files: Drafts,
) -> None:
    report = reports.loss_report(run, given, chain, sums, BANNER)
    files.put(cwd / run.loss, loss.dump(report))
    if run.pass_file is not None and kept.days is not None:
        text = reports.pass_file(run, chain, given.climate.begin_year, kept.days)
        files.put(cwd / run.pass_file, text)
    if run.ebe is not None and kept.events is not None:
        files.put(cwd / run.ebe, ebe.dump(tuple(kept.events)))
    if run.plot is not None:
        files.put(cwd / run.plot, reports.plot(given, sums, run.years))
    for name, rows in ((run.wat, kept.wat), (run.soil, kept.soil), (run.element, kept.element)):
        if name is not None and rows is not None:
            files.put_pieces(cwd / name, rows.pieces())


def _outputs(run: HillslopeRun) -> list[str]:
    names = (run.loss, run.pass_file, run.ebe, run.plot, run.wat, run.soil, run.element)
    return [name for name in names if name is not None]
