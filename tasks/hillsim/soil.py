"""What the soil file says, as the layers that water moves through.

The profile is recut: 0–0.1 m, 0.1–0.2 m, then steps of 0.2 m to the profile depth; a remainder is
dropped. Properties of a layer are depth-weighted means of the horizons in its 0.2 m block (harmonic
for conductivity). Fractions are 0–1, densities kg/m³, conductivities m/s, depths m.

Sources, unless a docstring says more: Flanagan & Nearing (1995), NSERL Report 10, chapters 5 and 7;
Rawls & Brakensiek; Foster, Young & Neibling (1985) for the size classes is in `sediment`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from tasks.hillsim.numbers import summed

_DEEPEST: Final = 9
BLOCK: Final = 0.2
PARTICLE_DENSITY: Final = 2650.0
MM_PER_HOUR: Final = 1.0 / 3.6e6
_TILLED_LAYERS: Final = 2
#: The least conductivity of any layer (m/s).
_TIGHTEST: Final = 1e-7 * MM_PER_HOUR
#: Soil files whose topsoil, where it repels water, conducts by an exponential; later: by a power.
EXPONENTIAL: Final = 9001.0


@dataclass(frozen=True, slots=True)
class Horizon:
    """A layer as the file gives it; the last four are None before version 7777."""

    bottom: float
    sand: float
    clay: float
    om: float
    cec: float
    rock: float
    bulk_density: float | None = None
    ks: float | None = None
    fc: float | None = None
    wp: float | None = None
    anisotropy: float = 1.0


@dataclass(frozen=True, slots=True)
class Bedrock:
    """What lies below: conductivity (m/s) and thickness (m, 0 where the file gives none)."""

    ks: float
    thickness: float = 0.0


@dataclass(frozen=True, slots=True)
class Repellency:
    """How a topsoil that repels water conducts while it is dry; see `surface.repelled`.

    `factor` of the saturated over the dry conductivity and `rate` of the way between are 9001's,
    0 in later versions; `lowest` conductivity (m/s), 0 where none is given.
    """

    factor: float = 0.0
    rate: float = 0.0
    lowest: float = 0.0


@dataclass(frozen=True, slots=True)
class SoilInput:
    """One overland flow element of the soil file, in the units of this package."""

    version: float
    horizons: tuple[Horizon, ...]
    albedo: float
    saturation: float
    ki: float
    kr: float
    tauc: float
    ke: float
    adjust_ke: bool
    anisotropy: float = 1.0
    bedrock: Bedrock | None = None
    repellency: Repellency | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of the recut profile; `fc` and `wp` are volumetric and rock-corrected."""

    thickness: float
    sand: float
    clay: float
    om: float
    cec: float
    rock: float
    activity: float
    consolidated: float
    density: float
    air: float
    fines: float
    fc: float
    wp: float
    ks: float
    anisotropy: float

    def porosity(self, density: float) -> float:
        """Porosity (0–1) at a bulk density (kg/m³), entrapped air taken off."""
        return (1.0 - density / PARTICLE_DENSITY) * self.air


@dataclass(frozen=True, slots=True)
class Erodibility:
    """Baseline Ki (kg·s/m⁴), Kr (s/m) and τc (Pa), and the ratios they settle to."""

    ki: float
    kr: float
    tauc: float
    ki_ratio: float
    kr_ratio: float
    tauc_ratio: float


@dataclass(frozen=True, slots=True)
class Profile:
    """The soil of one overland flow element, ready for the day loop."""

    layers: tuple[Layer, ...]
    erodibility: Erodibility
    adjust_ke: bool
    ke_floor: float
    albedo: float
    stage1_limit: float
    bedrock: Bedrock | None
    saturation: float
    repellency: Repellency | None

    @property
    def top(self) -> Layer:
        """The first layer, whose texture speaks for the surface."""
        return self.layers[0]


def profile(given: SoilInput, surface_density: float) -> Profile:
    """The layered profile, with the top 0.2 m at `surface_density` (kg/m³, day 1)."""
    blocks = recut(given.horizons)
    tops = [_layer(given, blocks[0], BLOCK / 2, surface_density, tilled=True)] * _TILLED_LAYERS
    below = [_layer(given, block, BLOCK, None, tilled=False) for block in blocks[1:]]
    layers = (*tops, *below)
    return Profile(
        layers=layers,
        erodibility=erodibility(given, layers[0]),
        adjust_ke=given.adjust_ke or (given.version < 7777 and given.ke <= 0.0),
        ke_floor=(0.07 if given.version < 2006 else 1e-7) * MM_PER_HOUR,
        albedo=given.albedo,
        stage1_limit=stage1_limit(layers[0]),
        bedrock=given.bedrock,
        saturation=given.saturation,
        repellency=given.repellency,
    )


def recut(horizons: tuple[Horizon, ...]) -> list[Horizon]:
    """The horizons averaged over blocks of 0.2 m, 1 to 9 of them: the documented 1.8 m at most."""
    count = math.floor(horizons[-1].bottom / BLOCK + 1e-9)
    count = min(_DEEPEST, max(1, count))
    return [_block(horizons, index * BLOCK, (index + 1) * BLOCK) for index in range(count)]


def _block(horizons: tuple[Horizon, ...], top: float, bottom: float) -> Horizon:
    parts = _overlaps(horizons, top, bottom)

    def mean(name: str) -> float:
        return float(summed([share * getattr(horizon, name) for share, horizon in parts]))

    def optional(name: str) -> float | None:
        return mean(name) if getattr(horizons[0], name) is not None else None

    ks = None
    if horizons[0].ks is not None:
        ks = 1.0 / summed([share / max(horizon.ks or 0.0, 1e-15) for share, horizon in parts])
    sand, clay, om, cec, rock = (mean(name) for name in ("sand", "clay", "om", "cec", "rock"))
    density, fc, wp = (optional(name) for name in ("bulk_density", "fc", "wp"))
    return Horizon(bottom, sand, clay, om, cec, rock, density, ks, fc, wp, mean("anisotropy"))


def _overlaps(
    horizons: tuple[Horizon, ...], top: float, bottom: float
) -> list[tuple[float, Horizon]]:
    """Each horizon's share of the span; the last horizon is taken to reach below the span."""
    shares = []
    above = 0.0
    for index, horizon in enumerate(horizons):
        below = math.inf if index == len(horizons) - 1 else horizon.bottom
        depth = min(bottom, below) - max(top, above)
        if depth > 0.0:
            shares.append((depth / (bottom - top), horizon))
        above = horizon.bottom
    return shares


def _layer(
    given: SoilInput, block: Horizon, thickness: float, density: float | None, *, tilled: bool
) -> Layer:
    activity = clay_activity(block, BLOCK)
    consolidated = settled_density(block, activity)
    if block.bulk_density is not None:
        # The engines take no given density below 800 kg/m³, light volcanic ash soils included.
        consolidated = density = max(800.0, block.bulk_density)
    density = consolidated if density is None else min(density, consolidated)
    air = 1.0 - entrapped_air(block, activity)
    fines = rock_free(block.rock, density)
    fc, wp = held_water(block, activity, density, fines, air)
    return Layer(
        thickness=thickness,
        sand=block.sand,
        clay=block.clay,
        om=block.om,
        cec=block.cec,
        rock=block.rock,
        activity=activity,
        consolidated=consolidated,
        density=density,
        air=air,
        fines=fines,
        fc=fc,
        wp=wp,
        ks=_conductivity(given, block, density, tilled=tilled),
        anisotropy=block.anisotropy if given.version >= 7778 else given.anisotropy,
    )


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


def _conductivity(given: SoilInput, block: Horizon, density: float, *, tilled: bool) -> float:
    """Saturated conductivity (m/s): given, `avke` in the top 0.2 m, else from texture."""
    if block.ks is not None:
        return block.ks
    if not tilled:
        floor = 0.07 if given.version < 2006 else 1e-7
        return max(floor, deep_conductivity(block, density)) * MM_PER_HOUR
    if given.ke > 0.0:
        return max(given.ke, _TIGHTEST)
    return texture_conductivity(block) * MM_PER_HOUR


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


def initial_store(layer: Layer, saturation: float) -> float:
    """Water above wilting point (m) on day 1, from the file's initial saturation (≤ 0.95)."""
    full = layer.porosity(layer.density) * layer.fines
    return max(0.0, min(0.95, saturation) * full - layer.wp) * layer.thickness


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
