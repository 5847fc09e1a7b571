"""A watershed's sums, and the two reports made of them: loss_pw0 and pass_pw0.

::

    pass_pw0   heading; a line for each hillslope; a block for each day: `EVENT` with 12 lines of n
               values (duration, time of concentration, alpha, runoff m, m³, lateral m, m³, drainage
               m, m³, peak, detached, deposited) and two of 5 n (concentrations, fractions by
               hillslope), `SUBEVENT` with 4 (lateral, drainage), `NO EVENT`; 75 values to a line
    loss_pw0   inputs, structure; for each year and in the mean: hillslopes, channels, the outlet
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tasks.hillsim import Summary
from tasks.hillsim.channels.network import Channel, ChannelDay
from tasks.hillsim.element.today import Weather
from tasks.hillsim.numbers import scaled, summed
from tasks.hillsim.sediment import classes as sediment
from tasks.hillsim.sediment.classes import CLASSES
from tasks.wepp.files import passfile
from tasks.wepp.files.fortran import fixed, integer, scientific
from tasks.wepp.files.passfile import Event, PassFile, Subevent

LEAST_LISTED: Final = 0.005
"""Volume at the outlet (m³) from which on a day is an event."""
_VALUES: Final = 75
_NUMBER = "0.100"
_NOT_MOVED = (0.0,) * CLASSES
_ZERO = Event(0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, _NOT_MOVED, _NOT_MOVED)
_NOTHING = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Basin:
    """What of a watershed the reports name: areas of its hillslopes (m²), its channels."""

    slopes: tuple[float, ...]
    channels: tuple[Channel, ...]

    @staticmethod
    def of(passes: Sequence[PassFile], channels: tuple[Channel, ...]) -> Basin:
        """The basin of these hillslopes and channels."""
        return Basin(tuple([found.area_m2 for found in passes]), channels)

    @property
    def area(self) -> float:
        """Area above the outlet (m²)."""
        return self.channels[-1].area


@dataclass(slots=True)
class HillslopeSums:
    """Volumes in m³, masses in kg."""

    runoff: float = 0.0
    lateral: float = 0.0
    detached: float = 0.0
    deposited: float = 0.0
    sediment: float = 0.0

    def add(self, day: passfile.Day) -> None:
        """Add a day."""
        if isinstance(day, passfile.NoEvent):
            return
        self.lateral += day.lateral_m3
        if isinstance(day, Event):
            self.runoff += day.runoff_m3
            self.detached += day.detached_kg
            self.deposited -= day.deposited_kg
            self.sediment += summed(list(day.sediment_kg_m3)) * day.runoff_m3


@dataclass(slots=True)
class ChannelSums:
    """Volumes in m³, masses in kg."""

    discharge: float = 0.0
    sediment: float = 0.0
    eroded: float = 0.0
    inflow: float = 0.0
    lateral: float = 0.0

    def add(self, day: ChannelDay) -> None:
        """Add a day."""
        self.discharge += day.leaving.volume
        self.sediment += summed(list(day.moved.leaving))
        self.eroded += summed(list(day.moved.eroded))
        self.inflow += day.inflow
        self.lateral += day.leaving.lateral


@dataclass(slots=True)
class Period:
    """The sums of a year, or of the run: `precip` in m, `classes` in kg at the outlet."""

    slopes: list[HillslopeSums]
    channels: list[ChannelSums]
    storms: int = 0
    precip: float = 0.0
    events: int = 0
    classes: list[float] = field(default_factory=lambda: [0.0] * CLASSES)

    @staticmethod
    def of(basin: Basin) -> Period:
        """Nothing yet."""
        return Period(
            [HillslopeSums() for _ in basin.slopes], [ChannelSums() for _ in basin.channels]
        )

    def add(
        self, weather: Weather, records: Sequence[passfile.Day], done: Sequence[ChannelDay]
    ) -> None:
        """Add a day."""
        self.storms += weather.rain > 0.0
        self.precip += weather.rain
        self.events += done[-1].leaving.volume > LEAST_LISTED
        for slope, record in zip(self.slopes, records, strict=True):
            slope.add(record)
        for channel, day in zip(self.channels, done, strict=True):
            channel.add(day)
        for index, mass in enumerate(done[-1].moved.leaving):
            self.classes[index] += mass


@dataclass(slots=True)
class Sums:
    """The sums of a watershed's run, year by year and in all."""

    basin: Basin
    years: dict[int, Period] = field(default_factory=dict)
    whole: Period = field(init=False)

    def __post_init__(self) -> None:
        self.whole = Period.of(self.basin)

    def add(
        self,
        weather: Weather,
        records: Sequence[passfile.Day],
        done: Sequence[ChannelDay],
        year: int,
    ) -> None:
        """Add a day of a year that counts from 1."""
        for period in (self.years.setdefault(year, Period.of(self.basin)), self.whole):
            period.add(weather, records, done)

    def summary(self, years: int) -> Summary:
        """Means of a year; soil loss is what the hillslopes lose, over the area of all."""
        whole, area = self.whole, self.basin.area
        return Summary(
            years=years,
            precip_mm=whole.precip * 1000.0 / years,
            runoff_mm=whole.channels[-1].discharge / area * 1000.0 / years,
            soil_loss_kg_m2=summed([slope.detached for slope in whole.slopes]) / area / years,
            sediment_kg=whole.channels[-1].sediment / years,
        )


def particles(basin: Basin, classes: Sequence[float]) -> Iterator[str]:
    """What the sediment of the outlet (kg by class) is made of."""
    ground = basin.channels[-1].ground.site
    total = summed(list(classes))
    mix = tuple([part / total if total > 0.0 else 0.0 for part in classes])
    for number, (particle, share) in enumerate(zip(ground.particles, mix, strict=True), 1):
        made = (particle.sand, particle.silt, particle.clay, particle.om)
        yield (
            f"{integer(number, 3)}{fixed(particle.diameter * 1000.0, 10, 3)}"
            f"{fixed(particle.gravity, 10, 2)}"
            f"{''.join(fixed(part * 100.0, 9, 1) for part in made)}{fixed(share, 10, 3)}"
        )
    yield from ("", "", "Distribution of Primary Particles and")
    yield from ("Organic Matter in the Eroded Sediment:", "", "-" * 41)
    yield from ("       type            fraction", "       ----            --------")
    for name in ("clay", "silt", "sand"):
        value = summed(
            [getattr(p, name) * share for p, share in zip(ground.particles, mix, strict=True)]
        )
        yield f"       {name}              {fixed(value, 5, 3)}"
    om = summed([p.om * share for p, share in zip(ground.particles, mix, strict=True)])
    yield from (f"   organic matter        {fixed(om, 5, 3)}", "-" * 41, "")
    surface = sediment.surface_area(ground.particles, mix)
    soil = sediment.surface_area(ground.particles, tuple([p.share for p in ground.particles]))
    yield f"Index of specific surface            = {fixed(surface, 9, 2)} m**2/g of total sediment"
    yield f"Enrichment ratio of specific surface = {fixed(surface / soil, 9, 2)}"


def master_head(passes: Sequence[PassFile], years: int) -> list[str]:
    """The heading of the pass file of all hillslopes."""
    sizes = " " * 49
    lines = [
        "GENERAL SIMULATION INFORMATION",
        "",
        f"{_NUMBER:>9}   --> VERSION NUMBER (engine=hillsim)",
        f"{integer(len(passes), 6)}   --> NUMBER OF UNIQUE HILLSLOPES IN WATERSHED",
        f"{integer(years, 6)}   --> WATERSHED MAXIMUM SIMULATION TIME (YEARS)",
        f"{integer(passes[0].begin_year, 6)}   --> BEGINNING YEAR OF WATERSHED CLIMATE FILE",
        *("", "SPECIFIC SIMULATION INFORMATION", ""),
        f"HILLSLOPE #      CLIMATE FILE{' ' * 39}PARTICLE DIAMETER (M){sizes[:44]}AREA",
        "",
    ]
    for number, found in enumerate(passes, 1):
        diameters = " ".join(scientific(size, 11) for size in found.diameters_m)
        area = scientific(found.area_m2, 10)
        lines.append(
            f"HILLSLOPE{integer(number, 5)}   {found.climate[:51]:<51}{diameters}      {area}"
        )
    return [*lines, "", "BEGIN HILLSLOPE HYDROLOGY AND SEDIMENT INFORMATION", ""]


def master_day(records: Sequence[passfile.Day]) -> Iterator[str]:
    """A day of all hillslopes."""
    kind = _kind(records)
    yield f"{kind:<10}{integer(records[0].year, 5)} {integer(records[0].julian, 5)}"
    if kind == "NO EVENT":
        return
    lateral = [_lateral(day) for day in records]
    drainage = [getattr(day, "drainage", None) or _NOTHING for day in records]
    below = [*zip(*lateral, strict=True), *zip(*drainage, strict=True)]
    if kind == "SUBEVENT":
        for values in below:
            yield from _group(values)
        return
    events = [day if isinstance(day, Event) else _ZERO for day in records]
    before = ("duration_s", "concentration_h", "alpha", "runoff_m", "runoff_m3")
    for name in before:
        yield from _group([getattr(event, name) for event in events])
    for values in below:
        yield from _group(values)
    for name in ("peak_m3_s", "detached_kg", "deposited_kg"):
        yield from _group([getattr(event, name) for event in events])
    yield from _group([part for event in events for part in event.sediment_kg_m3])
    yield from _group([part for event in events for part in event.fractions])


def _kind(records: Sequence[passfile.Day]) -> str:
    if any(isinstance(day, Event) for day in records):
        return "EVENT"
    return "SUBEVENT" if any(isinstance(day, Subevent) for day in records) else "NO EVENT"


def _lateral(day: passfile.Day) -> tuple[float, float]:
    return _NOTHING if isinstance(day, passfile.NoEvent) else (day.lateral_m, day.lateral_m3)


def _group(values: Sequence[float]) -> Iterator[str]:
    for start in range(0, len(values), _VALUES):
        yield " ".join([scaled(value) for value in values[start : start + _VALUES]])
