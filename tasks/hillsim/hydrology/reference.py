"""Evapotranspiration by reference and dual crop coefficient, where pmetpara.txt asks for it.

Allen, Pereira, Raes & Smith (1998), FAO Irrigation and Drainage Paper 56, whose equations are
named by number. Radiation MJ/m² a day, vapour pressures kPa, temperatures °C, wind m/s as at 2 m,
heights m, water m.
"""

from __future__ import annotations

import math
from typing import Final

from tasks.hillsim.hydrology.evaporation import Air

_STEFAN: Final = 4.903e-9
_CLEAR: Final = 0.75
_ALBEDO: Final = 0.23
_USUAL_WIND: Final = 2.0
_MULCHED: Final = 0.5


def vapour(temperature: float) -> float:
    """Saturation vapour pressure (kPa); equation 11."""
    return 0.6108 * math.exp(17.27 * temperature / (temperature + 237.3))


def evapotranspiration(air: Air) -> float:
    """Reference evapotranspiration of a day (m, ≥ 0) by Penman and Monteith; equation 6.

    Equations 7, 8, 12–14, 37–39 for what enters; of wind that is not given the usual 2 m/s. Cloud
    makes `R/Rso` 0.3 at least (Allen et al. 2005, ASCE).
    """
    mean = (air.high + air.low) / 2.0
    held = min(vapour(air.dew), vapour(mean))
    dry = max(0.0, (vapour(air.high) + vapour(air.low)) / 2.0 - held)
    slope = 4098.0 * vapour(mean) / ((mean + 237.3) * (mean + 237.3))
    pressure = 101.3 * math.pow((293.0 - 0.0065 * air.elevation) / 293.0, 5.26)
    gamma = 0.665e-3 * pressure
    wind = _wind(air)
    clear = (0.75 + 2e-5 * air.elevation) * air.clear / _CLEAR
    bright = min(1.0, max(0.3, air.radiation / max(clear, 1e-6)))
    warm = (math.pow(air.high + 273.16, 4.0) + math.pow(air.low + 273.16, 4.0)) / 2.0
    long_wave = _STEFAN * warm * (0.34 - 0.14 * math.sqrt(held)) * (1.35 * bright - 0.35)
    net = (1.0 - _ALBEDO) * air.radiation - long_wave
    drying = gamma * 900.0 / (mean + 273.0) * wind * dry
    depth = (0.408 * slope * net + drying) / (slope + gamma * (1.0 + 0.34 * wind))
    return max(0.0, depth) / 1000.0


def _wind(air: Air) -> float:
    return air.wind if air.has_wind else _USUAL_WIND


def _climate(air: Air, height: float) -> float:
    """What wind and dry air add to a coefficient; the bracket of equations 70 and 72."""
    damp = min(80.0, max(20.0, 100.0 * vapour(air.dew) / vapour(air.high)))
    wind = min(6.0, max(1.0, _wind(air)))
    tall = math.pow(min(10.0, max(0.1, height)) / 3.0, 0.3)
    return (0.04 * (wind - 2.0) - 0.004 * (damp - 45.0)) * tall


def basal(full: float, leaves: float, height: float, air: Air) -> float:
    """Basal coefficient of plants of a leaf area index: equations 70 and 97.

    `Kcb·(1 − exp(−0.7 LAI))`; without leaves 0, for what bare soil gives is reckoned apart.
    """
    adjusted = full + _climate(air, height) if full > 0.45 else full
    return max(0.0, adjusted) * (1.0 - math.exp(-0.7 * leaves))


def most(kcb: float, height: float, air: Air) -> float:
    """Upper limit of soil and plants together, Kc max; equation 72."""
    return max(1.2 + _climate(air, height), kcb + 0.05)


def dryness(gone: float, ready: float, total: float) -> float:
    """Kr (0–1) of a topsoil that lacks `gone` m, `ready` of `total` m given freely; equation 74."""
    if gone <= ready:
        return 1.0
    return max(0.0, (total - gone) / (total - ready)) if total > ready else 0.0


def bare(kr: float, kcb: float, limit: float, exposed: float, mulch: float) -> float:
    """Coefficient of soil evaporation, Ke: equation 71, less a twentieth by tenth of mulch.

    Parameters
    ----------
    kr, kcb, limit : dryness, basal coefficient, Kc max
    exposed : share of the ground that is neither shaded nor dry (0–1)
    mulch : share of the ground under residue (0–1); half of it evaporates nothing, chapter 11
    """
    return max(0.0, min(kr * (limit - kcb), exposed * limit)) * (1.0 - _MULCHED * mulch)


def stress(gone: float, total: float, free: float, demand: float) -> float:
    """Ks (0–1) of roots that lack `gone` of `total` m, `demand` m asked; equation 84.

    The free share is `p + 0.04(5 − ETc)`, ETc in mm, within 0.1 and 0.8 (table 22).
    """
    if total <= 0.0:
        return 0.0
    share = min(0.8, max(0.1, free + 0.04 * (5.0 - demand * 1000.0)))
    return min(1.0, max(0.0, (total - gone) / ((1.0 - share) * total)))
