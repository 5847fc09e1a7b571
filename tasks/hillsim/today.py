"""A day as the climate file gives it, and the surface that it finds."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.hillsim.surface import Cover, Factors, Roots


@dataclass(frozen=True, slots=True)
class Weather:
    """A day of the climate file, `rain` in m, `duration` in h, radiation in MJ/m²."""

    day: int
    month: int
    year: int
    julian: int
    rain: float
    duration: float
    peak_time: float
    peak_ratio: float
    high: float
    low: float
    radiation: float
    wind: float
    dew: float

    @property
    def mean(self) -> float:
        """Mean temperature (°C)."""
        return (self.high + self.low) / 2.0


@dataclass(frozen=True, slots=True)
class Properties:
    """The slope as the day's rain meets it.

    `ke` m/s; `matric` suction times deficit (m); `roughness` m; `live` and `dead` matter above
    ground (kg/m²); `leaves` area index.
    """

    porosity: float
    ke: float
    matric: float
    roughness: float
    live: float
    dead: float
    leaves: float
    factors: Factors
    cover: Cover
    roots: Roots
