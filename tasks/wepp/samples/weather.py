"""Made-up daily weather for sample runs: plausible, the same for the same seed, nobody's record.

The scheme is like CLIGEN's (Nicks, Lane & Gander 1995, NSERL Report 10, ch. 2): wet and dry days
follow a two-state Markov chain, amounts are gamma-distributed, temperatures swing with the season
and are lower by day and higher by night when it rains. The standard library's generator is
used: its numbers do not change with the release of another package.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tasks.wepp.files import climate, climate_days
from tasks.wepp.files.climate import Climate, Means

_SHAPE = 0.75  # of the gamma distribution of daily amounts
_STORM_HOURS = (4.5, 2.2)  # mean duration in January and in July
_PERSISTENCE, _SPREAD_C = 0.65, 3.8
_NORTH = 360.0


@dataclass(frozen=True, slots=True)
class Station:
    """The climate of a made-up place. Of each pair the first is January's, the second July's."""

    name: str
    latitude: float  # deg north
    longitude: float  # deg
    elevation: float  # m
    wet_after_wet: tuple[float, float]  # probability
    wet_after_dry: tuple[float, float]
    wet_day_mm: tuple[float, float]  # mean of a wet day
    tmax_c: tuple[float, float]
    tmin_c: tuple[float, float]
    rad_langley: tuple[float, float]


VALLEY = Station(
    "SAMPLE VALLEY", 44.10, -93.00, 280.0, (0.40, 0.46), (0.17, 0.27), (3.6, 11.5),
    (1.5, 28.5), (-7.5, 16.5), (150.0, 560.0),
)  # fmt: skip
RIDGE = Station(
    "SAMPLE RIDGE", 46.40, -116.80, 1120.0, (0.66, 0.38), (0.34, 0.13), (9.0, 6.8),
    (1.0, 24.5), (-5.5, 8.5), (110.0, 600.0),
)  # fmt: skip


def generate(station: Station, years: int, seed: int) -> Climate:
    """`years` years of days from year 1 on at `station`; the same for the same arguments."""
    dice = random.Random(f"{station.name} {seed}")
    dates = [(year, day) for year in range(1, years + 1) for day in _days_of(year)]
    columns = zip(*_weather(station, [day for _, day in dates], dice), strict=True)
    days = climate_days.days(
        [d.day for _, d in dates], [d.month for _, d in dates], [y for y, _ in dates], columns
    )
    return replace(_head(station, years), days=days, means=_means(days, years))


def _days_of(year: int) -> Iterator[date]:
    """The days of a year. Each fourth one is a leap year, as engines and CLIGEN count: 100, too."""
    first = date(2004 if year % 4 == 0 else 2001, 1, 1)
    return (first + timedelta(days=n) for n in range(365 + (year % 4 == 0)))


def _weather(
    station: Station, dates: list[date], dice: random.Random
) -> Iterator[tuple[float, ...]]:
    wet, drift = False, 0.0
    for day in dates:
        summer = _summer(day)
        chance = station.wet_after_wet if wet else station.wet_after_dry
        wet = dice.random() < _between(chance, summer)
        drift = _PERSISTENCE * drift + dice.gauss(0.0, _SPREAD_C)
        storm = _storm(station, summer, dice) if wet else (0.0, 0.0, 0.0, 0.0)
        yield (*storm, *_air(station, summer, wet, drift, dice))


def _storm(
    station: Station, summer: float, dice: random.Random
) -> tuple[float, float, float, float]:
    """Amount (mm), duration (h), time to peak over duration, peak over mean intensity."""
    mean = _between(station.wet_day_mm, summer)
    amount = max(0.1, round(dice.gammavariate(_SHAPE, mean / _SHAPE), 1))
    hours = _between(_STORM_HOURS, summer) * dice.lognormvariate(0.0, 0.6)
    hours = min(23.9, max(0.3, hours * (0.6 + 0.04 * amount)))
    peak = max(1.01, min(12.0, dice.lognormvariate(0.3 + 0.7 * summer, 0.6)))
    return (
        amount,
        round(hours, 2),
        round(dice.betavariate(1.4, 3.6) * 0.9 + 0.02, 2),
        round(peak, 2),
    )


def _air(
    station: Station, summer: float, wet: bool, drift: float, dice: random.Random
) -> tuple[float, float, float, float, float, float]:
    """Maximum, minimum (C), radiation (langley), wind (m/s, deg), dew point (C)."""
    tmax = _between(station.tmax_c, summer) + drift - (2.0 if wet else 0.0)
    tmin = _between(station.tmin_c, summer) + drift + (0.5 if wet else -0.5) + dice.gauss(0.0, 1.2)
    tmin = min(tmin, tmax - 1.0)
    light = dice.uniform(0.35, 0.8) if wet else dice.uniform(0.85, 1.25)
    radiation = _between(station.rad_langley, summer) * light
    wind = dice.gammavariate(2.2, 1.6)
    dew = tmin - (dice.uniform(0.0, 1.5) if wet else dice.uniform(0.5, 5.0))
    degrees = dice.uniform(0.0, _NORTH)
    return (
        round(tmax, 1), round(tmin, 1), round(radiation), round(wind, 1), round(degrees),
        round(dew, 1),
    )  # fmt: skip


def _summer(day: date) -> float:
    """0 in mid-January, 1 in mid-July, and a cosine between."""
    return 0.5 - 0.5 * math.cos(2.0 * math.pi * (day.timetuple().tm_yday - 15) / 365.25)


def _between(pair: tuple[float, float], summer: float) -> float:
    return pair[0] + (pair[1] - pair[0]) * summer


def _head(station: Station, years: int) -> Climate:
    nothing = climate_days.days([], [], [], [()] * 10)
    zeros = (0.0,) * 12
    return Climate(
        version=5.3, mode=climate.CONTINUOUS, wind=0,
        station=f"  Station:  {station.name:<43}SAMPLE WEATHER, NO RECORD",
        latitude=station.latitude, longitude=station.longitude, elevation=station.elevation,
        observed_years=years, begin_year=1, years=years, command="",
        means=Means(zeros, zeros, zeros, zeros), days=nothing,
    )  # fmt: skip


def _means(days: climate_days.Days, years: int) -> Means:
    def sums(name: str) -> list[float]:
        """Of each month over all years."""
        values: list[float] = getattr(days, name)
        dated = list(zip(days.month, values, strict=True))
        return [math.fsum(value for month, value in dated if month == at) for at in range(1, 13)]

    def mean(name: str) -> tuple[float, ...]:
        counts = [days.month.count(at) for at in range(1, 13)]
        return tuple(round(a / n, 1) for a, n in zip(sums(name), counts, strict=True))

    rain = tuple(round(total / years, 1) for total in sums("precip_mm"))
    return Means(mean("tmax_c"), mean("tmin_c"), mean("rad_langley"), rain)
