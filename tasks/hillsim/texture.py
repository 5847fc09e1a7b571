"""What the texture of a soil says of it, where nobody measured: water held, conductivity, erosion.

Sources, unless a docstring says more: Flanagan & Nearing (1995), NSERL Report 10, chapters 5 and 7;
Rawls & Brakensiek. Fractions are 0–1, densities kg/m³, depths m.
"""

from __future__ import annotations

import math

from tasks.hillsim.soil import PARTICLE_DENSITY, Erodibility, Horizon, Layer, SoilInput


def clay_activity(block: Horizon, depth: float) -> float:
    """Exchange of the clay alone, `(cec − om(142 + 170 d)) / (100 clay)`, 0.15–0.65."""
    if block.clay <= 0.0:
        return 0.15
    activity = (block.cec - block.om * (142.0 + 170.0 * depth)) / (100.0 * block.clay)
    return _clip(activity, 0.15, 0.65)


def settled_density(block: Horizon, activity: float) -> float:
    """Bulk density of the consolidated soil (kg/m³), 1000–1800; NSERL Report 10, chapter 7."""
    gain = 1.5138 + 0.25 * block.sand - 13.0 * block.sand * block.om
    loss = 6.0 * block.clay * block.om + 0.48 * block.clay * activity
    return _clip(1000.0 * (gain - loss), 1000.0, 1800.0)


def entrapped_air(block: Horizon, activity: float) -> float:
    """Share of the pores that stays filled with air at saturation; NSERL Report 10, chapter 7."""
    percent = 3.8 + 1.9 * block.clay**2 - 3.365 * block.sand
    percent += 12.6 * activity * block.clay + 100.0 * block.om * (block.sand / 2.0) ** 2
    return percent / 100.0


def rock_free(rock: float, density: float) -> float:
    """Volume share of fine earth, from the mass fraction of rock fragments."""
    mass = rock * density
    return 1.0 - mass / (mass + PARTICLE_DENSITY * (1.0 - rock)) if rock < 1.0 else 0.01


def held_water(
    block: Horizon, activity: float, density: float, fines: float, air: float
) -> tuple[float, float]:
    """Field capacity and wilting point (volumetric), given or by Rawls & Brakensiek, less the rock.

    `fc` is held to 0.83 of the porosity, `wp` then in proportion; neither goes below 0.01.
    """
    if block.fc is not None and block.wp is not None:
        fc, wp = block.fc * fines, block.wp * fines
    else:
        wp = _wilting_point(block, activity, density)
        fc = (0.2391 - 0.19 * block.sand + 2.1 * block.om + 0.72 * wp) * fines
        wp *= fines
    limit = 0.83 * (1.0 - density / PARTICLE_DENSITY) * air
    if fc > limit:
        fc, wp = limit, wp * limit / fc
    fc = max(0.01, fc)
    return fc, min(max(0.01, wp), 0.99 * fc)


def _wilting_point(block: Horizon, activity: float, density: float) -> float:
    clay, sand = block.clay, block.sand
    wp = 0.00217 + 0.383 * clay - 0.5 * clay**2 * sand**2 + 0.265 * clay * activity**2
    return wp + (0.108 * clay - 0.06 * clay**2) * (density / 1000.0) ** 2


def texture_conductivity(block: Horizon) -> float:
    """Baseline conductivity (mm/h, ≥ 0.2) of a freshly tilled bare soil; Risse et al. (1995)."""
    if block.clay > 0.4:
        return max(0.2, 0.0066 * math.exp(244.0 / (100.0 * block.clay)))
    cec = max(block.cec, 1.0)
    sandy = 0.0086 * math.pow(100.0 * block.sand, 1.8)
    return max(0.2, -0.265 + sandy + 11.46 * math.pow(cec, -0.75))


def deep_conductivity(block: Horizon, density: float) -> float:
    """Conductivity (mm/h) of a layer below tillage; EPIC, as in NSERL Report 10, chapter 5."""
    low, high = 1.15 + 0.445 * block.sand, 1.5 + 0.5 * block.sand
    slope = (math.log(0.112 * low) - math.log(8.0 * high)) / (low - high)
    intercept = math.log(0.0112 * low) - slope * low
    packing = density / 1000.0
    strength = 0.1 + 0.9 * packing / (packing + math.exp(intercept + slope * packing))
    coarse = 100.0 * (1.0 - block.clay)
    return 12.7 * coarse * strength / (coarse + math.exp(11.45 - 0.097 * coarse))


def erodibility(given: SoilInput, top: Layer) -> Erodibility:
    """Baseline Ki, Kr, τc (from texture where the file has none) and the consolidated ratios.

    Elliot et al. (1989); NSERL Report 10, chapter 7.
    """
    ki, kr, tauc = _texture_erodibility(top)
    ki, kr, tauc = (
        a if a > 0.0 else b for a, b in ((given.ki, ki), (given.kr, kr), (given.tauc, tauc))
    )
    sand, silt = top.sand, 1.0 - top.sand - top.clay
    ki_end = _clip(1e3 * (3042.0 - 3166.0 * sand - 8816.0 * top.om - 2477.0 * top.fc), 1e4, 2e6)
    kr_end = _clip(0.00035 - 0.0014 * top.fc + 0.00068 * silt + 0.0049 * top.rock, 1e-5, 0.004)
    tauc_end = _clip(8.37 - 11.8 * top.fc - 4.9 * sand, 0.3, 7.0)
    return Erodibility(
        ki=ki,
        kr=kr,
        tauc=tauc,
        ki_ratio=_clip(ki_end / ki, 0.1, 1.0),
        kr_ratio=_clip(kr_end / kr, 0.05, 1.0),
        tauc_ratio=_clip(tauc_end / tauc, 1.0, 4.0),
    )


def _texture_erodibility(top: Layer) -> tuple[float, float, float]:
    clay = max(top.clay, 0.10)
    if top.sand < 0.30:
        return 6.054e6 - 5.513e6 * clay, 0.0069 + 0.134 * math.exp(-20.0 * clay), 3.5
    fine = 0.25 * top.sand
    ki = 2.728e6 + 1.921e7 * fine
    kr = 0.00197 + 0.03 * fine + 0.03863 * math.exp(-184.0 * top.om)
    return ki, kr, 2.67 + 6.5 * clay - 5.8 * fine


def stage1_limit(top: Layer) -> float:
    """Evaporation (m) that bare soil gives at the potential rate; Ritchie (1972)."""
    transmit = 4.165 + 2.456 * top.sand - 1.703 * top.clay - 4.0 * top.sand**2
    return 0.009 * math.pow(max(0.0, transmit - 3.0), 0.42)


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
