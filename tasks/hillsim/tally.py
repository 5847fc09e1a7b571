"""What a run adds up day by day, and what it balances."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from tasks.hillsim import sediment
from tasks.hillsim.day import Day
from tasks.hillsim.erosion import CELLS, Load
from tasks.hillsim.hillslope import Hillslope
from tasks.hillsim.sediment import CLASSES

CLOSES_TO = 1e-6
"""Relative error at which a day's or a run's balance of water counts as open."""


class OpenBalance(AssertionError):
    """Water came or went unaccounted for: a fault of hillsim, never of an input."""


@dataclass(slots=True)
class Tally:
    """Sums over the run: depths in m, sediment in kg per m of width, by cell in kg/m²."""

    days: int = 0
    storms: int = 0
    precip: float = 0.0
    rain_events: int = 0
    rain_runoff: float = 0.0
    melt_events: int = 0
    melt_runoff: float = 0.0
    plants: float = 0.0
    soil: float = 0.0
    litter: float = 0.0
    percolation: float = 0.0
    lateral: float = 0.0
    sediment: float = 0.0
    cells: list[float] = field(default_factory=lambda: [0.0] * CELLS)
    classes: list[float] = field(default_factory=lambda: [0.0] * CLASSES)

    @property
    def runoff(self) -> float:
        """Runoff of the run (m)."""
        return self.rain_runoff + self.melt_runoff

    def add(self, day: Day, length: float) -> None:
        """Add a day; `length` of the slope in m."""
        self.days += 1
        self.storms += day.weather.rain > 0.0
        self.precip += day.weather.rain
        balance = day.balance
        self.plants += balance.plants
        self.soil += balance.soil
        self.litter += balance.litter
        self.percolation += balance.percolation
        self.lateral += balance.lateral
        if day.melt:
            self.melt_runoff += day.runoff
            self.melt_events += day.event is not None
        else:
            self.rain_runoff += day.runoff
            self.rain_events += day.event is not None
        if day.event is not None:
            self._move(day.event.load, length)

    def _move(self, load: Load, length: float) -> None:
        self.sediment += load.leaving
        for index, loss in enumerate(cell_losses(load, length)):
            self.cells[index] += loss
        for index, part in enumerate(load.classes):
            self.classes[index] += part


def cell_losses(load: Load, length: float) -> list[float]:
    """Soil loss of each of the 100 cells (kg/m², negative where it settles)."""
    cell = length / CELLS
    return [(load.edges[i + 1] - load.edges[i]) / cell for i in range(CELLS)]


def check_day(before: float, slope: Hillslope, day: Day) -> None:
    """OpenBalance unless the day's water adds up to 1e-6 of what the slope holds or gets."""
    balance = day.balance
    out = day.runoff + balance.plants + balance.soil + balance.litter
    out += balance.percolation + balance.lateral
    _closed(before, slope.water, day.weather.rain, out, f"day {day.weather.julian}")


def check_run(before: float, slope: Hillslope, tally: Tally) -> None:
    """OpenBalance unless the run's water adds up."""
    out = tally.runoff + tally.plants + tally.soil + tally.litter
    out += tally.percolation + tally.lateral
    _closed(before, slope.water, tally.precip, out, f"the run of {tally.days} days")


def _closed(before: float, after: float, gained: float, lost: float, what: str) -> None:
    error = after - before - gained + lost
    scale = max(before, after, gained, 1e-3)
    if not math.isfinite(error) or abs(error) > CLOSES_TO * scale:
        raise OpenBalance(f"the water of {what} does not add up: {error * 1000:.6g} mm")


def enrichment(slope: Hillslope, classes: tuple[float, ...] | list[float]) -> float:
    """Specific surface of sediment over that of the soil; 0 where nothing moved."""
    total = sum(classes)
    if total <= 0.0:
        return 0.0
    particles = slope.site.particles
    mix = tuple(part / total for part in classes)
    soil = sediment.surface_area(particles, tuple(p.share for p in particles))
    return sediment.surface_area(particles, mix) / soil
