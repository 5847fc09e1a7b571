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
    """The surface of a day: porosity, conductivity (m/s), suction term (m), factors."""

    porosity: float
    ke: float
    matric: float
    factors: Factors
    cover: Cover
    roots: Roots
