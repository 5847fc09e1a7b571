"""A whole run of a single storm: the slope as the management file gives it, and one day.

Nothing is tilled, grown or worn before the storm: roughness, covers and rills are the initial
condition's. What depends on the storm's depth in a season's mean, the conductivity under cover, is
that of no rain: so the Fortran engines do.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from tasks.hillsim import Summary, forms, hidden
from tasks.hillsim.element import day, hillslope
from tasks.hillsim.element.day import Day
from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.element.inflow import NOTHING
from tasks.hillsim.element.today import Weather, weathers
from tasks.hillsim.output import BANNER, Drafts, announce, make_way
from tasks.hillsim.reports import daily
from tasks.hillsim.reports import hillslope as reports
from tasks.hillsim.reports import storm as storm_report
from tasks.hillsim.reports import tally as tallies
from tasks.hillsim.reports.tally import Tally
from tasks.wepp import inputs
from tasks.wepp.files import ebe
from tasks.wepp.files.forms import HillslopeRun, StormRun
from tasks.wepp.inputs import Inputs

Chain = tuple[Hillslope, ...]


def simulate(run: StormRun, cwd: Path, out: TextIO, marker: str) -> Summary:
    """Run a single storm with names relative to `cwd`. Errors as of `engine.simulate`."""
    outputs = (run.loss, run.plot, run.ebe, run.element, run.pass_file)
    wanted = [name for name in outputs if name is not None]
    make_way(cwd, (run.man, run.slp, run.cli, run.sol), wanted)
    given = inputs.read(run, cwd)
    forms.check_storm(run, given, cwd)
    announce(run, cwd, out, forms.uncontoured(run, given))
    chain = hillslope.chain(given, hidden.read(cwd), single=True)
    (weather,) = weathers(given.climate, 1)
    before = tallies.held(chain)
    days = tuple(_down(chain, weather))
    sums = Tally(tuple(slope.site.shape.length for slope in chain))
    sums.add(days)
    tallies.check_run(before, tallies.held(chain), sums)
    with Drafts() as files:
        _write(run, given, chain, days, sums, cwd, files)
    print(marker, file=out, flush=True)
    return reports.summary(1, chain, sums)


def _down(chain: Chain, weather: Weather) -> Iterator[Day]:
    above: tuple[Day, Hillslope] | None = None
    for slope in chain:
        inflow = day.pass_on(*above, slope) if above else NOTHING
        before = slope.water
        today = day.step(slope, weather, 0, inflow)
        tallies.check_day(before, slope, today)
        yield today
        above = today, slope


def _write(
    run: StormRun,
    given: Inputs,
    chain: Chain,
    days: tuple[Day, ...],
    sums: Tally,
    cwd: Path,
    files: Drafts,
) -> None:
    # The annual report of a run of one day is this storm's.
    as_run = HillslopeRun(
        man=run.man, slp=run.slp, cli=run.cli, sol=run.sol, loss=run.loss, years=1
    )
    report = reports.loss_report(as_run, given, chain, sums, BANNER)
    files.put(
        cwd / run.loss,
        storm_report.text(report, chain, days, day.as_it_falls(chain[0], days[0].weather)),
    )
    event = days[-1].event
    cells = None if event is None else reports.losses(chain, days)
    if run.pass_file is not None:
        lines = [reports.pass_line(chain, days, None, cells)]
        text = reports.pass_file(as_run, chain, given.climate.begin_year, lines)
        files.put(cwd / run.pass_file, text)
    if run.plot is not None:
        files.put(cwd / run.plot, reports.plot(given, sums, 1))
    if run.ebe is not None:
        rows = (reports.event_row(chain, days, event, 1, cells),) if event and cells else ()
        files.put(cwd / run.ebe, ebe.dump(rows))
    if run.element is not None:
        found = (
            daily.element_row(slope, today, 1, always=True)
            for slope, today in zip(chain, days, strict=True)
        )
        lines = [*daily.ELEMENT_HEAD, *(row for row in found if row)]
        files.put(cwd / run.element, "\n".join(lines) + "\n")
