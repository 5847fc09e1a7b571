"""A whole run of a watershed: the pass files of its hillslopes through its channels to its outlet.

Writes what the `.run` file asks for, the pass file of all hillslopes, and `chan.out` and
`chanwb.out` beside the `.run` file, as the Fortran engines do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TextIO

from tasks.hillsim import Summary, forms, hidden
from tasks.hillsim.channels import daily as watershed_daily
from tasks.hillsim.channels import loss as watershed_loss
from tasks.hillsim.channels import network, outlet, streambed
from tasks.hillsim.channels.hydrograph import DAY
from tasks.hillsim.channels.network import Channel, ChannelDay, Leaving, Rules
from tasks.hillsim.channels.outlet import Basin, Sums
from tasks.hillsim.channels.reach import Section, half_hour_share
from tasks.hillsim.channels.streambed import Bed
from tasks.hillsim.element import hillslope
from tasks.hillsim.element.today import Weather, weathers
from tasks.hillsim.numbers import Rows, summed
from tasks.hillsim.output import Drafts, announce, make_way
from tasks.wepp import inputs
from tasks.wepp.files import channels, passfile, structure
from tasks.wepp.files.channels import Channels, Routing, Shear
from tasks.wepp.files.errors import FormatError
from tasks.wepp.files.forms import StormWatershedRun, WatershedRun
from tasks.wepp.files.groundwater import Groundwater
from tasks.wepp.files.passfile import PassFile
from tasks.wepp.files.structure import Structure
from tasks.wepp.inputs import Inputs

MARKER = " WEPP COMPLETED WATERSHED SIMULATION SUCCESSFULLY"
ROUTING, SHEAR, PEAKS, WATER = "chan.inp", "tcr.txt", "chan.out", "chanwb.out"
_TRIANGULAR: Final = 1
_HECTARE: Final = 1e4


@dataclass(frozen=True, slots=True)
class Given:
    """All inputs of a watershed, read and held against each other."""

    inputs: Inputs
    ground: Groundwater | None
    structure: Structure
    channels: Channels
    routing: Routing
    shear: Shear | None
    passes: tuple[PassFile, ...]


@dataclass(slots=True)
class _Written:
    """What is kept of each day for the output files."""

    master: list[str]
    ebe: list[str] = field(default_factory=lambda: list(watershed_daily.EVENT_HEAD))
    wat: Rows = field(default_factory=lambda: Rows(watershed_daily.WATER_HEAD))
    soil: Rows = field(default_factory=lambda: Rows(watershed_daily.SOIL_HEAD))
    peaks: list[str] = field(default_factory=list)
    water: list[str] = field(default_factory=lambda: list(watershed_daily.BALANCE_HEAD))


def read(asked: WatershedRun | StormWatershedRun, cwd: Path) -> Given:
    """The inputs of a watershed; FormatError, Refusal or OSError names the file at fault."""
    found, run, storm = inputs.read(asked, cwd), as_days(asked), not isinstance(asked, WatershedRun)
    layout = structure.read(cwd / run.structure, len(run.hillslopes))
    beds = channels.read(cwd / run.chn)
    wanted = len(layout.channels)
    for name, count in ((run.chn, len(beds.channels)), (run.slp, len(found.slope.elements))):
        if count != wanted:
            why = f"{count} channels, the structure file has {wanted}"
            raise FormatError(cwd / name, 0, why)
    routing = Routing()
    if (cwd / ROUTING).exists():
        routing = channels.read_routing(cwd / ROUTING, storm=storm)
    shear = channels.read_shear(cwd / SHEAR) if (cwd / SHEAR).exists() else None
    passes = tuple([_passed(cwd / name, run.years, found) for name in run.hillslopes])
    # What a storm leaves in the ground comes to the channels when it is over.
    ground = None if storm else hidden.read(cwd).ground
    if ground is not None:
        for name, told in zip(run.hillslopes, passes, strict=True):
            if any(day.ground is None for day in told.days):
                why = "no groundwater: the hillslopes must be run beside gwcoeff.txt, too"
                raise FormatError(cwd / name, 5, why)
    return Given(found, ground, layout, beds, routing, shear, passes)


def as_days(run: WatershedRun | StormWatershedRun) -> WatershedRun:
    """A single storm as the run of its day."""
    if isinstance(run, WatershedRun):
        return run
    return WatershedRun(
        hillslopes=run.hillslopes, master=run.master, man=run.man, slp=run.slp, cli=run.cli,
        sol=run.sol, structure=run.structure, chn=run.chn, loss=run.loss, imp=run.imp, ebe=run.ebe,
        plot=run.plot, units=run.units, years=1,
    )  # fmt: skip


def build(given: Given, cwd: Path, *, storm: bool = False) -> tuple[Channel, ...]:
    """The channels as they stand on the first morning, or as a single `storm` finds them."""
    rules = hidden.read(cwd)
    grows = {plant.head.name for plant in given.inputs.management.plants}
    if rules.basal is not None and not grows <= rules.basal.keys():
        # The file is the hillslopes': what grows in the channels has no line in it as a rule.
        rules = replace(rules, basal=None)
    grounds = tuple(
        [
            hillslope.build(given.inputs, rules, index)
            for index in range(len(given.channels.channels))
        ]
    )
    for index, ground in enumerate(grounds if storm else ()):
        hillslope.before_storm(ground, given.inputs, index)
    areas: list[float] = [found.area_m2 for found in given.passes]
    made = []
    for index, ground in enumerate(grounds):
        feeds = given.structure.channels[index]
        above = summed([areas[n - 1] for n in (*feeds.hillslopes, *feeds.channels) if n])
        own = summed([areas[n - 1] for n in feeds.hillslopes if n]) + ground.site.area
        areas.append(above + ground.site.area)
        made.append(_channel(given, index, ground, areas[-1]))
        if given.ground is None:
            made[-1].springs = given.routing.baseflow * own * DAY
    return tuple(made)


def simulate(asked: WatershedRun | StormWatershedRun, cwd: Path, out: TextIO) -> Summary:
    """Run a watershed with names relative to `cwd`. Errors as of `engine.simulate`."""
    run, storm = as_days(asked), not isinstance(asked, WatershedRun)
    make_way(cwd, _read(run), _outputs(run))
    given = read(asked, cwd)
    forms.check_watershed(run, given.inputs, cwd)
    if storm:
        forms.check_one_day(given.inputs, cwd / run.cli)
    announce(run, cwd, out)
    basin = Basin.of(given.passes, build(given, cwd, storm=storm))
    sums, kept = Sums(basin), _Written(outlet.master_head(given.passes, run.years))
    kept.peaks = list(watershed_daily.peak_head(given.channels.peak))
    year = 0
    for today, records, done in days(given, basin.channels, run.years):
        number = today.year - given.inputs.climate.begin_year + 1
        if number != year:
            year = number
            print(f" SIMULATION YEAR = {year:5d}", file=out)
        sums.add(today, records, done, year)
        _keep(kept, given, basin, today, records, done, year)
    with Drafts() as files:
        _write(run, given, sums, kept, cwd, files)
    print(MARKER, file=out, flush=True)
    return sums.summary(run.years)


def days(
    given: Given, beds: tuple[Channel, ...], years: int
) -> Iterator[tuple[Weather, tuple[passfile.Day, ...], list[ChannelDay]]]:
    """Each day's weather, what leaves the hillslopes, and what the channels make of it."""
    steps = max(1, round(DAY / given.routing.step))
    threshold = 0.0 if given.ground is None else given.ground.threshold_ha * _HECTARE
    rules = Rules(given.channels.peak, given.channels.ratio, steps, threshold)
    climate, year = given.inputs.climate, given.inputs.climate.begin_year
    records = zip(*(found.days for found in given.passes), strict=False)
    for number, today in enumerate(weathers(climate, years)):
        if today.year != year:
            year = today.year
            for bed in beds:
                bed.ground.ground.begin_year(year - climate.begin_year + 1)
        passed = next(records)
        slopes = [_leaving(record, given.ground) for record in passed]
        yield today, passed, network.step(beds, slopes, rules, today, number)


def _passed(path: Path, years: int, found: Inputs) -> PassFile:
    """A hillslope's pass file; FormatError where it is not of the days of the channels' climate."""
    read_file = passfile.read(path)
    days = [(int(year), int(day)) for year, day in _dates(found, years)]
    if read_file.years < years or len(read_file.days) < len(days):
        why = f"{len(read_file.days)} days of {read_file.years} years, {years} years are wanted"
        raise FormatError(path, 2, why)
    for line, (day, date) in enumerate(zip(read_file.days, days, strict=False), 5):
        if day.julian != date[1]:
            why = f"day {day.julian} of the year, the climate of the channels has day {date[1]}"
            raise FormatError(path, line, why)
        if day.year - read_file.days[0].year != date[0] - days[0][0]:
            raise FormatError(path, line, f"year {day.year} does not follow the one before")
        if not _plain(day):
            raise FormatError(path, line, "a value that is no number, or below 0")
    return read_file


def _plain(day: passfile.Day) -> bool:
    """Whether what a day brings to the channels are numbers of 0 and more."""
    values = list(day.ground or ())
    if not isinstance(day, passfile.NoEvent):
        values.append(day.lateral_m3)
    if isinstance(day, passfile.Event):
        values += [day.duration_s, day.runoff_m3, day.peak_m3_s, *day.sediment_kg_m3]
    # What is no number is neither.
    return all(0.0 <= value < math.inf for value in values)


def _dates(found: Inputs, years: int) -> Iterator[tuple[int, int]]:
    rows = found.climate.days
    last = found.climate.begin_year + years
    for year, julian in zip(rows.year, rows.julian, strict=True):
        if year < last:
            yield year, julian


def _leaving(record: passfile.Day, ground: Groundwater | None) -> Leaving:
    """A day of a hillslope as what enters a channel; its groundwater if there is to be any."""
    deep = record.ground[0] if ground is not None and record.ground is not None else 0.0
    if isinstance(record, passfile.NoEvent):
        return Leaving(deep=deep)
    if isinstance(record, passfile.Subevent):
        return Leaving(lateral=record.lateral_m3, deep=deep)
    return Leaving(
        volume=record.runoff_m3,
        lateral=record.lateral_m3,
        peak=record.peak_m3_s,
        sediment=tuple([part * record.runoff_m3 for part in record.sediment_kg_m3]),
        concentration=record.concentration_h,
        half_hour=half_hour_share(record.concentration_h, record.alpha),
        deep=deep,
    )


def _channel(given: Given, index: int, ground: hillslope.Hillslope, area: float) -> Channel:
    told, element = given.channels.channels[index], given.inputs.slope.elements[index]
    site, top = ground.site, ground.site.profile.top
    width = 0.0 if told.shape == _TRIANGULAR else site.width
    side = told.side if told.shape == _TRIANGULAR else 0.0
    slopes = streambed.slopes(tuple(zip(element.x, element.slope, strict=True)))
    bed = Bed(
        section=Section(width, side, told.manning, told.bare),
        length=element.length,
        slopes=slopes,
        erodibility=told.erodibility,
        tauc=told.tauc if given.shear is None else given.shear.at(slopes[-1]),
        particles=site.particles,
        sand=top.sand,
    )
    piece = site.area / streambed.PIECES * top.density * told.depth_mid
    feeds, number = given.structure.channels[index], given.structure.hillslopes + index + 1
    return Channel(number, feeds, ground, bed, area, [piece] * streambed.PIECES)


def _keep(
    kept: _Written,
    given: Given,
    basin: Basin,
    today: Weather,
    records: tuple[passfile.Day, ...],
    done: list[ChannelDay],
    year: int,
) -> None:
    kept.master += outlet.master_day(records)
    kept.ebe += watershed_daily.event_rows(today, done[-1], year)
    shown = given.routing.shown
    for channel, its_day in zip(basin.channels, done, strict=True):
        kept.wat.add(watershed_daily.water_row(channel, its_day, year))
        kept.soil.add(watershed_daily.soil_row(channel.ground, its_day.day, year))
        if not shown or channel.number in shown:
            kept.peaks.append(watershed_daily.peak_row(channel, its_day, year))
            kept.water.append(watershed_daily.balance_row(channel, its_day, year))


def _write(
    run: WatershedRun, given: Given, sums: Sums, kept: _Written, cwd: Path, files: Drafts
) -> None:
    tables = (
        (run.master, kept.master), (run.ebe, kept.ebe),
        (PEAKS, kept.peaks), (WATER, kept.water), (run.plot, watershed_daily.PLOT),
        (run.loss, watershed_loss.report(run, given.inputs, given.structure, sums)),
    )  # fmt: skip
    for name, lines in tables:
        if name is not None:
            files.put_lines(cwd / name, lines)
    for name, rows in ((run.wat, kept.wat), (run.soil, kept.soil)):
        if name is not None:
            files.put_pieces(cwd / name, rows.pieces())


def _read(run: WatershedRun) -> list[str]:
    return [run.man, run.slp, run.cli, run.sol, run.structure, run.chn, *run.hillslopes]


def _outputs(run: WatershedRun) -> list[str]:
    names = (run.master, run.loss, run.ebe, run.wat, run.soil, run.plot, PEAKS, WATER)
    return [name for name in names if name is not None]
