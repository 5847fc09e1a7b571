"""What the flow carries: five size classes, their fall, and the flow's transport capacity.

Classes of Foster, Young & Neibling (1985); capacity by Yalin (1963) as modified for mixtures by
Foster & Meyer (1972) and Finkner et al. (1989); NSERL Report 10, chapters 7, 10 and 11.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from tasks.hillsim.numbers import summed

VISCOSITY: Final = 1e-6
GRAVITY: Final = 9.81
WATER: Final = 1000.0
CLASSES: Final = 5
_SURFACE_AREA = {"sand": 0.05, "silt": 4.0, "clay": 20.0, "om": 1000.0}
_SHIELDS_REYNOLDS: Final = [1.0, 2.0, 4.0, 8.0, 12.0, 100.0, 400.0, 1000.0]
_SHIELDS: Final = [0.0772, 0.0579, 0.04, 0.035, 0.034, 0.045, 0.055, 0.057]
_LOG_SHIELDS: Final = [math.log(value) for value in _SHIELDS]


@dataclass(frozen=True, slots=True)
class Particle:
    """A size class: diameter (m), specific gravity, share of the soil, make-up, fall (m/s)."""

    diameter: float
    gravity: float
    share: float
    sand: float
    silt: float
    clay: float
    om: float
    fall: float


def classes(sand: float, clay: float, om: float) -> tuple[Particle, ...]:
    """Clay, silt, small and large aggregates, sand, as a soil of this texture gives them.

    Foster, Young & Neibling (1985). Fractions 0–1; the shares sum to 1. Silt that small aggregates
    leave is free; where silt is short, the engines keep 0.24 of the clay's mass of it free.
    """
    clay = max(clay, 1e-4)
    silt = max(0.0, 1.0 - sand - clay)
    small = _small_aggregates(clay, silt)
    loose_sand = sand * (1.0 - clay) ** 5
    shares = (0.26 * clay, silt - small, small, 0.0, loose_sand)
    large = max(0.0, 1.0 - summed(list(shares)))
    mixed = clay / (clay + silt)
    rest = (sand - loose_sand, small * mixed, clay * 0.74 - small * mixed)
    mixtures = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (0.0, 1.0 - mixed, mixed), _shares(rest))
    sizes = (2e-6, 1e-5, _small_diameter(clay), max(0.3, 2.0 * clay) * 1e-3, 2e-4)
    return tuple(
        [
            _particle(size, gravity, share, made, om * made[2] / clay)
            for size, gravity, share, made in zip(
                sizes,
                (2.60, 2.65, 1.80, 1.60, 2.65),
                (*shares[:3], large, loose_sand),
                (*mixtures, (1.0, 0.0, 0.0)),
                strict=True,
            )
        ]
    )


def _particle(
    size: float, gravity: float, share: float, made: tuple[float, float, float], om: float
) -> Particle:
    sand, silt, clay = made
    return Particle(size, gravity, share, sand, silt, clay, om, fall_velocity(size, gravity))


def _shares(parts: tuple[float, float, float]) -> tuple[float, float, float]:
    """The parts (negative ones as none) as shares of their sum."""
    sand, silt, clay = (max(0.0, part) for part in parts)
    total = max(sand + silt + clay, 1e-12)
    return sand / total, silt / total, clay / total


def _small_aggregates(clay: float, silt: float) -> float:
    """1.8 clay to 0.25 clay, then 0.45 falling; 0.6 clay above 0.50; at most the silt."""
    if clay > 0.5:
        return min(0.6 * clay, silt)
    share = 1.8 * clay if clay <= 0.25 else 0.45 - 0.6 * (clay - 0.25)
    return max(0.0, min(share, silt - 0.24 * clay))


def _small_diameter(clay: float) -> float:
    """0.03 mm to a clay share of 0.25, then growing to 0.1 mm at 0.60."""
    return 1e-3 * min(0.1, max(0.03, 0.03 + 0.2 * (clay - 0.25)))


def fall_velocity(diameter: float, gravity: float) -> float:
    """Terminal velocity in still water (m/s), with the drag law of Schiller & Naumann (1935)."""
    stokes = (gravity - 1.0) * GRAVITY * diameter**2 / (18.0 * VISCOSITY)
    velocity = stokes
    for _ in range(60):
        reynolds = velocity * diameter / VISCOSITY
        velocity = 0.5 * (velocity + stokes / (1.0 + 0.15 * math.pow(reynolds, 0.687)))
    return velocity


def surface_area(particles: tuple[Particle, ...], mix: tuple[float, ...]) -> float:
    """Specific surface (m²/g) of a mix of the classes (shares, summing to 1)."""
    area = _SURFACE_AREA
    return summed(
        [
            share * (p.sand * area["sand"] + p.silt * area["silt"] + p.clay * area["clay"])
            + share * p.om * area["om"] / 1.73
            for p, share in zip(particles, mix, strict=True)
        ]
    )


def delivery(particles: tuple[Particle, ...], roughness: float) -> tuple[float, ...]:
    """The share of each class that interrill flow delivers to the rills, by random roughness (m).

    NSERL Report 10, chapter 11 (Foster 1982): rough surfaces hold the coarse classes back.
    """
    smooth = min(1.0, max(0.0, 1.14 - 23.0 * roughness))
    return tuple([_delivered(p.fall, smooth) for p in particles])


def _delivered(fall: float, smooth: float) -> float:
    if fall >= 0.01:
        return min(1.0, max(0.0, 2.5 * smooth - 1.5))
    if smooth <= 0.0:
        return 0.0
    return min(1.0, math.exp(0.0672 + 659.0 * fall) * math.pow(smooth, 0.1286 + 2209.0 * fall))


def shields(reynolds: float) -> float:
    """Critical Shields parameter at a particle Reynolds number, from a table on log axes."""
    last, index = len(_SHIELDS) - 2, 0
    while index < last and reynolds > _SHIELDS_REYNOLDS[index + 1]:
        index += 1
    low, high = _SHIELDS_REYNOLDS[index], _SHIELDS_REYNOLDS[index + 1]
    along = math.log(max(reynolds, 1e-9) / low) / math.log(high / low)
    start, end = _LOG_SHIELDS[index], _LOG_SHIELDS[index + 1]
    return math.exp(start + along * (end - start))


def transport_capacity(shear: float, particles: tuple[Particle, ...], sand: float) -> float:
    """What flow at a shear stress (Pa) can carry of the mixture (kg/s per m of rill width).

    Yalin (1963), with the classes sharing the flow in proportion to their excess of critical shear
    (Foster & Meyer 1972); less on soils of more than half sand.
    """
    if shear <= 0.0:
        return 0.0
    friction = math.sqrt(shear / WATER)
    critical = [shields(friction * p.diameter / VISCOSITY) for p in particles]
    excess = [_excess(friction, critical[index], p) for index, p in enumerate(particles)]
    total = summed(excess)
    if total <= 0.0:
        return 0.0
    carried = 0.0
    for index, p in enumerate(particles):
        delta = excess[index]
        flow = _yalin(delta, critical[index], p) * delta / total
        carried += flow * p.gravity * WATER * p.diameter * friction
    return carried * (max(0.3, 0.3 + 0.7 * math.exp(-12.5 * (sand - 0.5))) if sand > 0.5 else 1.0)


def _excess(friction: float, critical: float, particle: Particle) -> float:
    """Excess `Y/Ycr − 1` (≥ 0) over a critical value, at a friction velocity (m/s)."""
    squared = math.pow(friction, 2.0)
    ratio = squared / ((particle.gravity - 1.0) * GRAVITY * particle.diameter)
    return max(0.0, ratio / critical - 1.0)


def _yalin(delta: float, critical: float, particle: Particle) -> float:
    """`0.635 δ (1 − ln(1 + σ)/σ)`, σ = 2.45 sg^−0.4 √Ycr δ."""
    sigma = 2.45 * math.pow(particle.gravity, -0.4) * math.sqrt(critical) * delta
    if sigma < 1e-6:
        return 0.635 * delta * sigma / 2.0
    return 0.635 * delta * (1.0 - math.log1p(sigma) / sigma)
