"""A day as the climate file gives it, and the surface that it finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from tasks.hillsim.cover.surface import Cover, Factors, Roots
from tasks.hillsim.hydrology.evaporation import LANGLEY
from tasks.hillsim.hydrology.storm import Hyetograph
from tasks.hillsim.native import mypyc_attr
from tasks.wepp.files.climate import Climate

_DATES = ("day", "month", "year", "julian")
_STORM = ("precip_mm", "duration_h", "tp", "ip", "tmax_c")
_AIR = ("tmin_c", "rad_langley", "wind_ms", "tdew_c")


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Weather:
    """A day of the climate file, `rain` in m, `duration` in h, radiation in MJ/m².

    `points` are the breakpoints of measured rain (h, mm), if it was measured; `storm` is how the
    rain falls, once that is worked out.
    """

    def __init__(
        self,
        day: int,
        month: int,
        year: int,
        julian: int,
        rain: float,
        duration: float,
        peak_time: float,
        peak_ratio: float,
        high: float,
        low: float,
        radiation: float,
        wind: float,
        dew: float,
        points: tuple[tuple[float, float], ...] = (),
    ) -> None:
        self.day = day
        self.month = month
        self.year = year
        self.julian = julian
        self.rain = rain
        self.duration = duration
        self.peak_time = peak_time
        self.peak_ratio = peak_ratio
        self.high = high
        self.low = low
        self.radiation = radiation
        self.wind = wind
        self.dew = dew
        self.points = points
        self.storm: Hyetograph | None = None

    @property
    def mean(self) -> float:
        """Mean temperature (°C)."""
        return (self.high + self.low) / 2.0


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Properties:
    """The slope as the day's rain meets it.

    `ke` m/s; `matric` suction times deficit (m); `roughness` m; `live` and `dead` matter above
    ground (kg/m²); `leaves` area index.
    """

    def __init__(
        self,
        porosity: float,
        ke: float,
        matric: float,
        roughness: float,
        live: float,
        dead: float,
        leaves: float,
        factors: Factors,
        cover: Cover,
        roots: Roots,
    ) -> None:
        self.porosity = porosity
        self.ke = ke
        self.matric = matric
        self.roughness = roughness
        self.live = live
        self.dead = dead
        self.leaves = leaves
        self.factors = factors
        self.cover = cover
        self.roots = roots


def weathers(climate: Climate, years: int) -> Iterator[Weather]:
    """The days of the first `years` years, in the units of this package.

    Rain without a duration cannot be a storm: the day is taken as dry, as the engines do.
    """
    date, month, year, julian = (_whole(climate, name) for name in _DATES)
    rain, hours, tp, ip, high = (_numbers(climate, name) for name in _STORM)
    low, light, wind, dew = (_numbers(climate, name) for name in _AIR)
    measured, end = climate.breakpoints, climate.begin_year + years
    for i in range(len(year)):
        if year[i] >= end:
            return
        depth = rain[i] / 1000.0 if hours[i] > 0.0 else 0.0
        yield Weather(
            date[i], month[i], year[i], julian[i], depth, hours[i], tp[i], ip[i], high[i], low[i],
            light[i] * LANGLEY, wind[i], dew[i],
            measured[i] if measured is not None and depth > 0.0 else (),
        )  # fmt: skip


def _whole(climate: Climate, name: str) -> list[int]:
    found: list[int] = getattr(climate.days, name)
    return found


def _numbers(climate: Climate, name: str) -> list[float]:
    found: list[float] = getattr(climate.days, name)
    return found
