"""A run's results as the rows and reports of the stock output files."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby, pairwise

from tasks.hillsim.day import Day
from tasks.hillsim.erosion import CELLS
from tasks.hillsim.event import Runoff
from tasks.hillsim.hillslope import Hillslope
from tasks.hillsim.tally import Tally, cell_losses, enrichment
from tasks.wepp import ebe, loss, passfile
from tasks.wepp.fortran import fixed
from tasks.wepp.inputs import Inputs
from tasks.wepp.runfile import HillslopeRun

_EVENT_DEPTH = 0.001
_TRACE = 1e-9


def event_row(slope: Hillslope, day: Day, event: Runoff, year: int) -> ebe.Row:
    """A runoff event as a row of the event file; `year` counts from 1."""
    length = slope.site.shape.length
    losses = cell_losses(event.load, length)
    gained = [value for value in losses if value > _TRACE]
    settled = [value for value in losses if value < -_TRACE]
    most, least = max(losses), min(losses)
    return ebe.Row(
        day=day.weather.day,
        month=day.weather.month,
        year=year,
        precip_mm=day.weather.rain * 1000.0,
        runoff_mm=day.runoff * 1000.0,
        interrill_kg_m2=event.load.interrill,
        detachment_kg_m2=_mean(gained),
        max_detachment_kg_m2=max(0.0, most),
        detachment_point_m=_point(losses, most, length) if gained else 0.0,
        deposition_kg_m2=_mean(settled),
        max_deposition_kg_m2=min(0.0, least),
        deposition_point_m=_point(losses, least, length) if settled else 0.0,
        sediment_kg_m=event.load.leaving,
        enrichment=enrichment(slope, event.load.classes),
    )


def pass_day(slope: Hillslope, day: Day) -> passfile.Day:
    """A day as a record of the pass file; an event from 1 mm of runoff on."""
    site, when = slope.site, (day.weather.year, day.weather.julian)
    lateral = day.balance.lateral
    if day.event is None or day.runoff < _EVENT_DEPTH:
        if lateral <= 0.0:
            return passfile.NoEvent(*when)
        return passfile.Subevent(*when, lateral, lateral * site.area)
    event, volume = day.event, day.runoff * site.area
    losses = cell_losses(event.load, site.shape.length)
    cell = site.area / CELLS
    moved = sum(event.load.classes)
    return passfile.Event(
        *when,
        duration_s=event.storm_duration,
        concentration_h=event.concentration / 3600.0,
        alpha=event.alpha,
        runoff_m=day.runoff,
        runoff_m3=volume,
        lateral_m=lateral,
        lateral_m3=lateral * site.area,
        peak_m3_s=event.flow.peak * site.area,
        detached_kg=sum(value for value in losses if value > 0.0) * cell,
        deposited_kg=-sum(value for value in losses if value < 0.0) * cell,
        sediment_kg_m3=tuple(part * site.width / volume for part in event.load.classes),
        fractions=tuple(part / moved if moved > 0.0 else 0.0 for part in event.load.classes),
    )


def pass_file(
    run: HillslopeRun, slope: Hillslope, first_year: int, days: list[passfile.Day]
) -> str:
    """The text of the pass file."""
    sizes = tuple(particle.diameter for particle in slope.site.particles)
    head = (run.cli, run.years, first_year, slope.site.area, sizes)
    return passfile.dump(passfile.PassFile(*head, tuple(days)))


def loss_report(
    run: HillslopeRun, inputs: Inputs, slope: Hillslope, tally: Tally, banner: tuple[str, ...]
) -> loss.Loss:
    """The annual report of the run."""
    length, years = slope.site.shape.length, run.years
    means = [value / years for value in tally.cells]
    points = tuple(
        loss.Point((index + 1) * length / CELLS, value, 1) for index, value in enumerate(means)
    )
    return loss.Loss(
        title=loss.TITLE,
        banner=banner,
        sources=_sources(run, inputs),
        water=_water(run, tally),
        detachment=_area(means, length, 1.0),
        deposition=_area(means, length, -1.0),
        profile=points,
        sediment=_sediment(slope, tally.sediment / years),
        classes=tuple(_classes(slope, tally)),
        enrichment=enrichment(slope, tally.classes),
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
        planes=tuple((element.name, element.texture) for element in soil),
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


def _area(means: list[float], length: float, sign: float) -> loss.Area | None:
    """The stretches where soil is lost (`sign` 1) or settles (−1); None where there are none."""
    runs = _runs(means, sign)
    if not runs:
        return None
    inside = [means[index] for run in runs for index in run]
    most = max(inside, key=abs)
    return loss.Area(
        mean=_mean(inside),
        most=most,
        most_m=_point(means, most, length),
        stretches=tuple(_stretch(means, run, length) for run in runs if len(run) > 1),
        points=tuple(
            ((run[0] + 1) * length / CELLS, means[run[0]]) for run in runs if len(run) == 1
        ),
    )


def _runs(means: list[float], sign: float) -> list[list[int]]:
    """Cells next to each other whose loss has this sign."""
    grouped = groupby(range(len(means)), key=lambda index: means[index] * sign > _TRACE)
    return [list(cells) for inside, cells in grouped if inside]


def _stretch(means: list[float], run: list[int], length: float) -> loss.Stretch:
    inside = [means[index] for index in run]
    mean = _mean(inside)
    most, least = max(inside, key=abs), min(inside, key=abs)
    return loss.Stretch(
        start_m=run[0] * length / CELLS,
        end_m=(run[-1] + 1) * length / CELLS,
        mean=mean,
        stdev=math.sqrt(_mean([(value - mean) ** 2 for value in inside])),
        most=most,
        most_m=(run[inside.index(most)] + 1) * length / CELLS,
        least=least,
        least_m=(run[inside.index(least)] + 1) * length / CELLS,
    )


def _sediment(slope: Hillslope, per_width: float) -> loss.Sediment:
    site = slope.site
    mass, area = per_width * site.width, site.area / 1e4
    return loss.Sediment(per_width, mass, site.width, mass / 1000.0 / area, area)


def _classes(slope: Hillslope, tally: Tally) -> Iterator[loss.ParticleClass]:
    moved = sum(tally.classes)
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


def plot(inputs: Inputs, slope: Hillslope, tally: Tally, years: int) -> str:
    """The profile for plotting: distance, height above the foot (m), mean annual loss (kg/m²)."""
    element, length = inputs.slope.elements[0], slope.site.shape.length
    points = list(zip(element.x, element.slope, strict=True))
    lines = [" Dist. Downslope Elevation Soil Loss", "", "   (meters)   (meters)  (kg/m**2)", ""]
    for cell in range(1, CELLS + 1):
        x = cell / CELLS
        values = (x * length, _height(points, x) * length, tally.cells[cell - 1] / years)
        lines.append("".join(f" {fixed(value, 10, 3)}" for value in values))
    return "\n".join(lines) + "\n"


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


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _point(values: list[float], value: float, length: float) -> float:
    return (values.index(value) + 1) * length / CELLS
