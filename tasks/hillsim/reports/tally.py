"""What a run adds up day by day, and what it balances."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tasks.hillsim.element.day import Day
from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.errors import OpenBalance
from tasks.hillsim.numbers import summed
from tasks.hillsim.sediment import classes as sediment
from tasks.hillsim.sediment.classes import CLASSES
from tasks.hillsim.sediment.erosion import CELLS, Load

CLOSES_TO: Final = 1e-6
"""Relative error at which a day's or a run's balance of water counts as open."""


@dataclass(slots=True)
class Tally:
    """Sums over the run of a hillslope of one element or more.

    Depths in m over the whole slope, sediment in kg per m of width, by cell in kg/m²; the cells are
    100 of each element, the uppermost first.

    Parameters
    ----------
    lengths : of the elements (m)
    """

    lengths: tuple[float, ...]
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
    cells: list[float] = field(default_factory=list)
    classes: list[float] = field(default_factory=lambda: [0.0] * CLASSES)

    shares: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        whole = summed(list(self.lengths))
        self.shares = [length / whole for length in self.lengths]
        self.cells = [0.0] * (CELLS * len(self.lengths))

    @property
    def runoff(self) -> float:
        """Runoff of the run (m)."""
        return self.rain_runoff + self.melt_runoff

    def add(self, days: tuple[Day, ...]) -> None:
        """Add a day, of every element."""
        self.days += 1
        foot, last = days[-1], self.shares[-1]
        self.storms += foot.weather.rain > 0.0
        self.precip += foot.weather.rain
        for index, day in enumerate(days):
            balance, share = day.balance, self.shares[index]
            self.plants += balance.plants * share
            self.soil += balance.soil * share
            self.litter += balance.litter * share
            self.percolation += balance.percolation * share
            if day.load is not None:
                self._move(day.load, index)
        self.lateral += foot.balance.lateral * last
        if foot.melt:
            self.melt_runoff += foot.runoff * last
            self.melt_events += foot.event is not None
        else:
            self.rain_runoff += foot.runoff * last
            self.rain_events += foot.event is not None
        if foot.load is not None:
            self.sediment += foot.load.leaving
            for index, part in enumerate(foot.load.classes):
                self.classes[index] = self.classes[index] + part

    def _move(self, load: Load, element: int) -> None:
        losses, cells, first = load.losses(self.lengths[element]), self.cells, element * CELLS
        for index in range(CELLS):
            cells[first + index] = cells[first + index] + losses[index]


def check_day(before: float, slope: Hillslope, day: Day) -> None:
    """OpenBalance unless the day's water adds up to 1e-6 of what the element holds or gets."""
    balance = day.balance
    gained = day.weather.rain + day.inflow.runoff + balance.arrived
    out = day.runoff + balance.plants + balance.soil + balance.litter
    out += balance.percolation + balance.lateral
    after = slope.water
    if not _closes(before, after, gained, out):
        what = f"day {day.weather.julian} on element {slope.site.number}"
        raise _open(before, after, gained, out, what)


def check_run(before: float, after: float, tally: Tally) -> None:
    """OpenBalance unless the run's water adds up; what the slope held and holds in m over it."""
    out = tally.runoff + tally.plants + tally.soil + tally.litter
    out += tally.percolation + tally.lateral
    if not _closes(before, after, tally.precip, out):
        raise _open(before, after, tally.precip, out, f"the run of {tally.days} days")


def held(chain: tuple[Hillslope, ...]) -> float:
    """All water above wilting point on a hillslope (m over it)."""
    lengths = [slope.site.shape.length for slope in chain]
    return summed(
        [
            slope.water * (length / summed(lengths))
            for slope, length in zip(chain, lengths, strict=True)
        ]
    )


def _closes(before: float, after: float, gained: float, lost: float) -> bool:
    """Whether the water adds up; what is no number does not."""
    error = after - before - gained + lost
    return abs(error) <= CLOSES_TO * max(max(before, after), max(gained, 1e-3))


def _open(before: float, after: float, gained: float, lost: float, what: str) -> OpenBalance:
    error = after - before - gained + lost
    return OpenBalance(f"the water of {what} does not add up: {error * 1000:.6g} mm")


def enrichment(slope: Hillslope, classes: tuple[float, ...] | list[float]) -> float:
    """Specific surface of sediment over that of the soil; 0 where nothing moved."""
    total = summed(list(classes))
    if total <= 0.0:
        return 0.0
    particles = slope.site.particles
    mix = tuple([part / total for part in classes])
    soil = sediment.surface_area(particles, tuple([p.share for p in particles]))
    return sediment.surface_area(particles, mix) / soil
