"""What the air takes: potential evapotranspiration, soil evaporation, transpiration.

Penman (1963) or Priestley & Taylor (1972), with Ritchie's (1972) two stages of soil evaporation, as
NSERL Report 10, chapter 5, and EPIC (Williams 1990) state them. Radiation in MJ/m² a day, vapour
pressures kPa, temperatures °C, wind m/s; depths in m.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, final

from tasks.hillsim.native import mypyc_attr

LANGLEY: Final = 0.04184
_PLANT_ALBEDO: Final = 0.23
_SNOW_ALBEDO: Final = 0.5
_UPTAKE: Final = 3.065
_UPTAKE_SUM: Final = 0.9533
_STAGE2: Final = 0.0035


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Air:
    """A day's weather as evaporation needs it; `clear` is the clear-sky radiation (MJ/m²).

    `high` and `low` are the day's temperatures (°C), for the reference of FAO-56.
    """

    def __init__(
        self,
        mean: float,
        dew: float,
        radiation: float,
        clear: float,
        wind: float,
        has_wind: bool,
        elevation: float,
        high: float = 0.0,
        low: float = 0.0,
    ) -> None:
        self.mean = mean
        self.dew = dew
        self.radiation = radiation
        self.clear = clear
        self.wind = wind
        self.has_wind = has_wind
        self.elevation = elevation
        self.high = high
        self.low = low


def potential(air: Air, albedo: float) -> float:
    """Potential evapotranspiration of a day (m, ≥ 0)."""
    depth = _penman(air, albedo) if air.has_wind else _priestley_taylor(air, albedo)
    return max(0.0, depth) / 1000.0


def _penman(air: Air, albedo: float) -> float:
    """Penman (1963): radiation and drying power weighted by Δ and γ (mm); Δ of EPIC's curve."""
    most = vapour(air.mean)
    kelvin = air.mean + 273.0
    slope = most / kelvin * (6791.0 / kelvin - 5.03)
    pressure = 101.0 - 0.0115 * air.elevation + 5.44e-7 * air.elevation * air.elevation
    gamma = 6.595e-4 * pressure
    latent = 2.50 - 0.0022 * air.mean
    actual = min(vapour(air.dew), most)
    net = air.radiation * (1.0 - albedo) - long_wave(air, actual)
    drying = (2.7 + 1.63 * air.wind) * (most - actual)
    return (slope * net / latent + gamma * drying) / (slope + gamma)


def _priestley_taylor(air: Air, albedo: float) -> float:
    """`1.28·R(1 − alb)/58.3·Δ/(Δ + 0.68)` with R in langleys and Δ of the 5304-K curve (mm)."""
    kelvin = air.mean + 273.0
    slope = 5304.0 / (kelvin * kelvin) * math.exp(21.255 - 5304.0 / kelvin)
    langleys = air.radiation / LANGLEY
    return 1.28 * langleys * (1.0 - albedo) / 58.3 * slope / (slope + 0.68)


def vapour(temperature: float) -> float:
    """Saturation vapour pressure (kPa); EPIC."""
    kelvin = temperature + 273.0
    return 0.1 * math.exp(54.88 - 5.03 * math.log(kelvin) - 6791.0 / kelvin)


def long_wave(air: Air, actual: float) -> float:
    """Net outgoing long-wave radiation (MJ/m²), less under clouds; EPIC."""
    clear = 4.9e-9 * (0.34 - 0.14 * math.sqrt(actual)) * math.pow(air.mean + 273.0, 4.0)
    return clear * (0.9 * min(1.0, air.radiation / max(air.clear, 1e-6)) + 0.1)


def shading(residue: float) -> float:
    """Share of the energy that reaches the soil past residue (kg/m²), `exp(−0.5(m + 0.1))`."""
    return math.exp(-0.5 * (residue + 0.1))


def ground_albedo(soil: float, share: float, *, snow: bool) -> float:
    """Albedo of soil and cover, or of snow."""
    return _SNOW_ALBEDO if snow else _PLANT_ALBEDO * (1.0 - share) + soil * share


@dataclass(slots=True)
class SoilStages:
    """Ritchie's two stages: up to `limit` m at the potential rate, then `second` m by √days."""

    limit: float
    first: float = 0.0
    second: float = 0.0

    def evaporate(self, wetted: float, most: float) -> float:
        """Soil evaporation (m) of a day on which `wetted` m soaked in and `most` m is possible.

        In the second stage rain that does not fill its deficit gives 0.8 of itself, or itself and
        what the stage gives; the first stage passes into the second within a day (Ritchie 1972, as
        CREAMS has it).
        """
        if self.first >= self.limit and wetted < self.second:
            return self._second(wetted, most)
        if self.first >= self.limit:
            wetted -= self.second
            self.first, self.second = self.limit, 0.0
        self.first = max(0.0, self.first - wetted) + most
        over = self.first - self.limit
        if over <= 0.0:
            self.second = 0.0
            return most
        self.first, self.second = self.limit, 0.6 * over
        return most - 0.4 * over

    def _second(self, wetted: float, most: float) -> float:
        days = (self.second / _STAGE2) * (self.second / _STAGE2) + 1.0
        gives = _STAGE2 * math.sqrt(days) - self.second
        if wetted > 0.0:
            quick = 0.8 * wetted
            gives = quick if quick > gives else gives + wetted
        gives = min(gives, most)
        self.second = max(0.0, self.second + gives - wetted)
        return gives


def transpire(
    demand: float,
    depth: float,
    tolerance: float,
    thick: list[float],
    limit: list[float],
    store: list[float],
) -> float:
    """Take the day's transpiration (m) from the layers that roots reach; returns what was taken.

    Layer shares follow `1 − exp(−3.065 z/depth)`; a layer drier than `tolerance` of its upper limit
    gives in proportion. What a layer cannot give is asked of those below (EPIC).
    """
    taken = 0.0
    bottom = 0.0
    for index in range(len(store)):
        if bottom >= depth or demand <= 0.0:
            break
        bottom = min(depth, bottom + thick[index])
        due = demand * min(1.0, (1.0 - math.exp(-_UPTAKE * bottom / depth)) / _UPTAKE_SUM) - taken
        wet = tolerance * limit[index]
        if store[index] < wet:
            due *= store[index] / wet
        due = min(max(0.0, due), store[index])
        store[index] = store[index] - due
        taken += due
    return taken
