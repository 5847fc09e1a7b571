"""Heat at the surface and in the soil: temperatures, conductivities and what the wind takes.

NSERL Report 10, chapter 3. Temperatures °C, fluxes W/m², conductivities W/(m·K), densities kg/m³.
"""

from __future__ import annotations

import math
from typing import Final

from tasks.hillsim.numbers import summed

_STEFAN: Final = 5.67e-8
_AIR_HEAT: Final = 1290.0
_KARMAN: Final = 0.41
_GAUGE: Final = 2.0


def annual_wave(means: tuple[float, ...]) -> tuple[float, float, float]:
    """Mean, amplitude (°C) and phase (day on which it rises through the mean) of monthly means."""
    mean = summed(list(means)) / 12.0
    days = [(month + 0.5) * 365.0 / 12.0 for month in range(12)]
    turn = [2.0 * math.pi * day / 365.0 for day in days]
    sines = summed([(m - mean) * math.sin(t) for m, t in zip(means, turn, strict=True)]) / 6.0
    cosines = summed([(m - mean) * math.cos(t) for m, t in zip(means, turn, strict=True)]) / 6.0
    amplitude = math.sqrt(sines * sines + cosines * cosines)
    return mean, amplitude, math.atan2(-cosines, sines) * 365.0 / (2.0 * math.pi)


def soil_temperature(wave: tuple[float, float, float], depth: float, day: float) -> float:
    """Temperature at a depth (m) on a day of the year, the wave damped over 2 m."""
    mean, amplitude, rises = wave
    lag = depth / 2.0
    return mean + amplitude * math.exp(-lag) * math.sin(2.0 * math.pi * (day - rises) / 365.0 - lag)


def snow_conductivity(density: float) -> float:
    """Of snow (W/(m·K)) by density (kg/m³): Sturm et al. (1997)."""
    rho = density / 1000.0
    if rho < 0.156:
        return 0.023 + 0.234 * rho
    return 0.138 - 1.01 * rho + 3.233 * rho * rho


def soil_conductivity(moisture: float, density: float) -> float:
    """Of unfrozen soil by volumetric water and consolidated density (kg/m³)."""
    wet = 0.51 + 7.45 * moisture - 8.75 * moisture * moisture
    return max(0.2, wet * (0.0014139 * density - 1.0588))


def exchange(wind: float, height: float) -> float:
    """Sensible heat that a wind (m/s) takes off a surface with elements of a height (m).

    W/(m²·K), by the log profiles of wind and heat over `d = 0.77 h`, with the roughness lengths
    `zm = 0.13 h` and `zh = 0.2 zm` of Campbell (1985), Soil Physics with BASIC, chapter 12.
    """
    height = min(max(height, 0.001), 1.0)
    momentum = 0.13 * height
    over = _GAUGE - 0.77 * height
    profile = math.log(over / momentum) * math.log(over / (0.2 * momentum))
    return _AIR_HEAT * _KARMAN * _KARMAN * max(wind, 0.2) / profile


def surface_temperature(net: float, air: float, mixing: float, resistance: float) -> float:
    """Of the surface over a front at 0 °C: `(Rn + (4σT³ + h) Ta) / (4σT³ + h + 1/R)`."""
    kelvin = air + 273.15
    coupling = 4.0 * _STEFAN * kelvin * kelvin * kelvin + mixing
    return (net + coupling * air) / (coupling + 1.0 / resistance)
