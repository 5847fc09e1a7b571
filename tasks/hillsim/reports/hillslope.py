"""A run's results as the rows and reports of the stock output files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Final

from tasks.hillsim import Summary
from tasks.hillsim.element.day import Day
from tasks.hillsim.element.event import Runoff
from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.numbers import scaled, summed, thousandths, whole
from tasks.hillsim.reports.cells import TRACE, Cells
from tasks.hillsim.reports.tally import Tally, enrichment
from tasks.hillsim.sediment.erosion import CELLS
from tasks.wepp.files import ebe, loss, passfile
from tasks.wepp.files.forms import HillslopeRun
from tasks.wepp.inputs import Inputs

_EVENT_DEPTH: Final = 0.001
# By names of its own: a look into another module costs more than the line.
_NO_EVENT: Final[str] = passfile.NO_EVENT
_SUBEVENT: Final[str] = passfile.SUBEVENT
_EVENT: Final[str] = passfile.EVENT
_GAP: Final[str] = passfile.GAP


def event_row(
    chain: tuple[Hillslope, ...], days: tuple[Day, ...], event: Runoff, year: int, cells: Cells
) -> ebe.Row:
    """A runoff event of the foot, with its `losses`, as a row; `year` counts from 1."""
    day = days[-1]
    most, least = max(cells.values), min(cells.values)
    gained, settled = most > TRACE, least < -TRACE
    return ebe.Row(
        day=day.weather.day,
        month=day.weather.month,
        year=year,
        precip_mm=day.weather.rain * 1000.0,
        runoff_mm=_over_slope(chain, day.runoff) * 1000.0,
        interrill_kg_m2=_interrill(chain, days),
        detachment_kg_m2=cells.mean(1.0),
        max_detachment_kg_m2=max(0.0, most),
        detachment_point_m=cells.point(most) if gained else 0.0,
        deposition_kg_m2=cells.mean(-1.0),
        max_deposition_kg_m2=min(0.0, least),
        deposition_point_m=cells.point(least) if settled else 0.0,
        sediment_kg_m=event.load.leaving,
        enrichment=enrichment(chain[-1], event.load.classes),
    )


def summary(years: int, chain: tuple[Hillslope, ...], sums: Tally) -> Summary:
    """A run in a few figures."""
    return Summary(
        years=years,
        precip_mm=sums.precip * 1000.0 / years,
        runoff_mm=sums.runoff * 1000.0 / years,
        soil_loss_kg_m2=mean_of(sums, 1.0) / years,
        sediment_kg=sums.sediment * chain[0].site.width / years,
    )


def mean_of(sums: Tally, sign: float) -> float:
    """Soil loss (`sign` 1) or deposition of a run over the area where there is any (kg/m²)."""
    return Cells(sums.cells, sums.lengths).mean(sign)


def losses(chain: tuple[Hillslope, ...], days: tuple[Day, ...]) -> Cells:
    """What a day moved, cell by cell, on every element."""
    lengths = tuple([slope.site.shape.length for slope in chain])
    values: list[float] = []
    for day, length in zip(days, lengths, strict=True):
        values += day.load.losses(length) if day.load else [0.0] * CELLS
    return Cells(values, lengths)


def _interrill(chain: tuple[Hillslope, ...], days: tuple[Day, ...]) -> float:
    total = summed([slope.site.shape.length for slope in chain])
    return summed(
        [
            day.load.interrill * (slope.site.shape.length / total)
            for slope, day in zip(chain, days, strict=True)
            if day.load
        ]
    )


def _over_slope(chain: tuple[Hillslope, ...], depth: float) -> float:
    """A depth over the last element as one over the whole slope."""
    return depth * (chain[-1].site.shape.length / summed([s.site.shape.length for s in chain]))


def pass_line(
    chain: tuple[Hillslope, ...],
    days: tuple[Day, ...],
    ground: tuple[float, float] | None,
    cells: Cells | None,
) -> str:
    """A day's line of the pass file; an event, with its `losses`, from 1 mm of runoff on.

    `ground` is baseflow and deep seepage (m³), where there is a groundwater below.
    """
    day, site = days[-1], chain[-1].site
    when = day.weather
    date = f"{whole(when.year, 5)} {whole(when.julian, 5)}"
    event = day.event
    if event and cells and _over_slope(chain, day.runoff) >= _EVENT_DEPTH:
        return f"{_EVENT}{date}{_event_groups(chain, days, event, ground, cells)}"
    tail = "" if ground is None else _GAP + _group(list(ground))
    lateral = day.balance.lateral
    lateral = _over_slope(chain, lateral) if lateral > 0.0 else 0.0
    if lateral <= 0.0:
        return f"{_NO_EVENT}{date}{tail}"
    flow = f"{scaled(lateral)} {scaled(day.balance.lateral * site.area)}"
    if ground is not None:
        flow += " " + _group([0.0, 0.0])
    return f"{_SUBEVENT}{date}{_GAP}{flow}{tail}"


def _event_groups(
    chain: tuple[Hillslope, ...],
    days: tuple[Day, ...],
    event: Runoff,
    ground: tuple[float, float] | None,
    cells: Cells,
) -> str:
    """The values of an event: the storm's, concentrations and shares by class, groundwater."""
    day, site = days[-1], chain[-1].site
    volume, lateral = day.runoff * site.area, day.balance.lateral
    gained = settled = 0.0
    for index, value in enumerate(cells.values):
        mass = value * cells.lengths[index // CELLS] / CELLS * site.width
        if value > 0.0:
            gained += mass
        elif value < 0.0:
            settled += mass
    classes = event.load.classes
    moved = summed(list(classes))
    storm = [event.storm_duration, event.concentration / 3600.0, event.alpha]
    storm += [_over_slope(chain, day.runoff), volume]
    storm += [_over_slope(chain, lateral), lateral * site.area]
    if ground is not None:
        storm += [0.0, 0.0]
    storm += [event.flow.peak * site.area, gained, settled + 0.0]
    groups = [
        "",
        _group(storm),
        _group([part * site.width / volume for part in classes]),
        _group([part / moved if moved > 0.0 else 0.0 for part in classes]),
    ]
    if ground is not None:
        groups.append(_group(list(ground)))
    return _GAP.join(groups)


def _group(values: list[float]) -> str:
    return " ".join([scaled(value) for value in values])


def pass_file(
    run: HillslopeRun, chain: tuple[Hillslope, ...], first_year: int, lines: list[str]
) -> str:
    """The text of the pass file, of the lines of its days."""
    sizes = tuple([particle.diameter for particle in chain[-1].site.particles])
    area = summed([slope.site.area for slope in chain])
    head = (run.cli, run.years, first_year, area, sizes)
    return "\n".join([*passfile.head(passfile.PassFile(*head, ())), *lines]) + "\n"


def loss_report(
    run: HillslopeRun,
    inputs: Inputs,
    chain: tuple[Hillslope, ...],
    tally: Tally,
    banner: tuple[str, ...],
) -> loss.Loss:
    """The annual report of the run."""
    years = run.years
    cells = Cells([value / years for value in tally.cells], tally.lengths)
    points = tuple(
        [
            loss.Point(cells.edge(index + 1), value, index // CELLS + 1)
            for index, value in enumerate(cells.values)
        ]
    )
    return loss.Loss(
        title=loss.TITLE,
        banner=banner,
        sources=_sources(run, inputs),
        water=_water(run, tally),
        detachment=_area(cells, 1.0),
        deposition=_area(cells, -1.0),
        profile=points,
        sediment=_sediment(chain, tally.sediment / years),
        classes=tuple(_classes(chain[-1], tally)),
        enrichment=enrichment(chain[-1], tally.classes),
    )


def _sources(run: HillslopeRun, inputs: Inputs) -> loss.Sources:
    climate, soil = inputs.climate, inputs.soil.elements
    return loss.Sources(
        management=run.man,
        practice=inputs.management.head.description,
        slope=run.slp,
        climate=run.cli,
        station=loss.station_line(climate.station, climate.version),
        soil=run.sol,
        planes=tuple([(element.name, element.texture) for element in soil]),
    )


def _water(run: HillslopeRun, tally: Tally) -> loss.Water:
    years = run.years
    rain, melt = tally.rain_runoff * 1000.0, tally.melt_runoff * 1000.0
    return loss.Water(
        first_year=1,
        last_year=years,
        storms=tally.storms,
        precip_mm=tally.precip * 1000.0,
        rain_events=tally.rain_events,
        rain_runoff_mm=rain,
        melt_events=tally.melt_events,
        melt_runoff_mm=melt,
        years=years,
        mean_precip_mm=tally.precip * 1000.0 / years,
        mean_rain_runoff_mm=rain / years,
        mean_melt_runoff_mm=melt / years,
    )


def _area(cells: Cells, sign: float) -> loss.Area | None:
    """The stretches where soil is lost (`sign` 1) or settles (−1); None where there are none."""
    runs = _runs(cells.values, sign)
    if not runs:
        return None
    inside = [index for run in runs for index in run]
    most = max((cells.values[index] for index in inside), key=abs)
    return loss.Area(
        mean=cells.weighted(inside),
        most=most,
        most_m=cells.point(most),
        stretches=tuple([_stretch(cells, run) for run in runs if len(run) > 1]),
        points=tuple(
            [(cells.edge(run[0] + 1), cells.values[run[0]]) for run in runs if len(run) == 1]
        ),
    )


def _runs(means: Sequence[float], sign: float) -> list[list[int]]:
    """Cells next to each other whose loss has this sign."""
    grouped = groupby(range(len(means)), key=lambda index: means[index] * sign > TRACE)
    return [list(cells) for inside, cells in grouped if inside]


def _stretch(cells: Cells, run: list[int]) -> loss.Stretch:
    inside = [cells.values[index] for index in run]
    mean = cells.weighted(run)
    most, least = max(inside, key=abs), min(inside, key=abs)
    spread = Cells([(value - mean) ** 2 for value in cells.values], cells.lengths)
    return loss.Stretch(
        start_m=cells.edge(run[0]),
        end_m=cells.edge(run[-1] + 1),
        mean=mean,
        stdev=math.sqrt(spread.weighted(run)),
        most=most,
        most_m=cells.edge(cells.place(most, run) + 1),
        least=least,
        least_m=cells.edge(cells.place(least, run) + 1),
    )


def _sediment(chain: tuple[Hillslope, ...], per_width: float) -> loss.Sediment:
    width, area = chain[0].site.width, summed([slope.site.area for slope in chain]) / 1e4
    mass = per_width * width
    return loss.Sediment(per_width, mass, width, mass / 1000.0 / area, area)


def _classes(slope: Hillslope, tally: Tally) -> Iterator[loss.ParticleClass]:
    moved = summed(tally.classes)
    for number, particle in enumerate(slope.site.particles, 1):
        yield loss.ParticleClass(
            number=number,
            diameter_mm=particle.diameter * 1000.0,
            gravity=particle.gravity,
            sand=particle.sand * 100.0,
            silt=particle.silt * 100.0,
            clay=particle.clay * 100.0,
            om=particle.om * 100.0,
            detached=particle.share,
            leaving=tally.classes[number - 1] / moved if moved > 0.0 else 0.0,
        )


def plot(inputs: Inputs, tally: Tally, years: int) -> str:
    """The profile for plotting: distance, height above the foot (m), mean annual loss (kg/m²)."""
    lines = [" Dist. Downslope Elevation Soil Loss", "", "   (meters)   (meters)  (kg/m**2)", ""]
    for row in profile(inputs, tally, years):
        lines.append("".join([" " + thousandths(value, 10) for value in row]))
    return "\n".join(lines) + "\n"


def profile(inputs: Inputs, tally: Tally, years: int) -> list[tuple[float, float, float]]:
    """Distance, height above the foot (m) and mean annual loss (kg/m²) at the end of each cell."""
    rows = []
    cells, below = Cells(tally.cells, tally.lengths), _heights(inputs)
    for number in range(1, len(cells.values) + 1):
        index, within = divmod(number - 1, CELLS)
        element = inputs.slope.elements[index]
        points = list(zip(element.x, element.slope, strict=True))
        height = _height(points, (within + 1) / CELLS) * element.length + summed(below[index + 1 :])
        rows.append((cells.edge(number), height, cells.values[number - 1] / years))
    return rows


def _heights(inputs: Inputs) -> list[float]:
    """Of each element's top above its foot (m)."""
    return [
        _height(list(zip(element.x, element.slope, strict=True)), 0.0) * element.length
        for element in inputs.slope.elements
    ]


def _height(points: list[tuple[float, float]], x: float) -> float:
    """Height above the foot over the slope's length, the gradient being linear between points."""
    height = 0.0
    for (x0, s0), (x1, s1) in pairwise(points):
        if x1 <= x:
            continue
        top = max(x, x0)
        start = s0 + (s1 - s0) * (top - x0) / (x1 - x0)
        height += (start + s1) / 2.0 * (x1 - top)
    return height
