"""The state of the soil surface: density, roughness, crust, rills, and what follows from them.

NSERL Report 10, chapter 7 (Alberts et al.) for density, roughness and erodibility, chapter 4 and
Risse et al. (1995), Zhang et al. (1995) for the effective conductivity. Lengths m, density kg/m³.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, final

from tasks.hillsim.native import mypyc_attr
from tasks.hillsim.soil import MM_PER_HOUR, Layer, Profile, Repellency

SMOOTHEST: Final = 0.006
_RAIN_DAY: Final = 0.001
_WHOLE: Final = 0.99
#: The engines' tables show the crust broken by a drill of 0.85, and not by one of 0.60.
_MOST: Final = 0.8
_TENSIONS: Final = math.log(1500.0 / 33.0)


@dataclass(slots=True)
class Surface:
    """What tillage sets and rain wears down.

    `tilled` density after the last tillage; `roughness0`, `ridge0` and the present `roughness`,
    `ridge`; since the last tillage `rain` (m), `energy` (J/m²) and `days`; `settled` the days that
    count for consolidation; rill `width` (m), and whether rills are `temporary`; whether rain
    `wears` roughness and ridges down.
    """

    tilled: float
    density: float
    roughness0: float
    roughness: float
    ridge0: float
    ridge: float
    rain: float
    energy: float
    days: float
    settled: float
    width: float
    temporary: bool = True
    wears: bool = True


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Cover:
    """What covers the ground: canopy (0–1), its height (m); residue between and in rills (0–1)."""

    def __init__(
        self,
        canopy: float,
        height: float,
        interrill: float,
        rill: float,
        rill_share: float,
    ) -> None:
        self.canopy = canopy
        self.height = height
        self.interrill = interrill
        self.rill = rill
        self.rill_share = rill_share

    @property
    def residue(self) -> float:
        """Residue cover of the whole width, rills by their share of it."""
        return self.rill_share * self.rill + (1.0 - self.rill_share) * self.interrill


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Roots:
    """Below ground (kg/m²): live and dead roots of the top 15 cm, buried residue."""

    def __init__(self, live: float, dead: float, buried: float) -> None:
        self.live = live
        self.dead = dead
        self.buried = buried


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Factors:
    """What multiplies the baseline erodibilities on a day."""

    def __init__(self, ki: float, kr: float, tauc: float) -> None:
        self.ki = ki
        self.kr = kr
        self.tauc = tauc


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Thaw:
    """What frost has made of the topsoil.

    `frozen` to the surface; `cycles` of thaw so far; `wet` 0 at field capacity, 1 saturated.
    """

    def __init__(self, frozen: bool, cycles: int, wet: float) -> None:
        self.frozen = frozen
        self.cycles = cycles
        self.wet = wet


def density(top: Layer, tilled: float, rain: float, days: float) -> float:
    """Bulk density after `rain` (m) and `days` since tillage, at most the consolidated one.

    `bd = bd_t + ao·R/(0.01 + R) + (bdc − bd_t − ao)(1 − exp(−0.005 days))`,
    `ao = max(0, 1650 − 2900 clay + 3000 clay² − 0.92 bd_t)`.
    """
    by_rain = max(0.0, 1650.0 - 2900.0 * top.clay + 3000.0 * top.clay * top.clay - 0.92 * tilled)
    settled = tilled + by_rain * rain / (0.01 + rain)
    by_time = (top.consolidated - tilled - by_rain) * (1.0 - math.exp(-0.005 * days))
    return min(top.consolidated, settled + by_time)


def left(top: Layer, rain: float, buried: float) -> float:
    """The share of roughness and of ridges that `rain` (m) since tillage has left.

    `exp(−(1/c)^0.6·cb·(1000 R)^0.6)`, `c = 63 + 62.7 ln(50 om) + 1570 clay − 2500 clay²` ≥ 30,
    `cb = 1 − 0.5·buried` ≥ 0.3.
    """
    stable = 63.0 + 62.7 * math.log(max(50.0 * top.om, 1e-6))
    stable = max(30.0, stable + 1570.0 * top.clay - 2500.0 * top.clay * top.clay)
    shield = max(0.3, 1.0 - 0.5 * buried)
    return math.exp(-shield * math.pow(1000.0 * rain / stable, 0.6))


def age(surface: Surface, profile: Profile, buried: float) -> None:
    """Bring density, roughness and ridges to today's rain and days since tillage."""
    top = profile.top
    surface.density = density(top, surface.tilled, surface.rain, surface.days)
    rain = surface.rain if surface.wears else 0.0
    share = left(top, rain, buried)
    surface.roughness = max(SMOOTHEST, surface.roughness0 * share)
    surface.ridge = surface.ridge0 * share


def till(surface: Surface, top: Layer, share: float, roughness: float, ridge: float) -> None:
    """One pass of a tool that disturbs `share` of the surface; a ridge ≥ 998 m is left as it is.

    Crust and temporary rills go with a tool that disturbs most of it.
    """
    loose = surface.density - (surface.density - 0.667 * top.consolidated) * share
    surface.tilled = min(max(500.0, loose), top.consolidated)
    surface.roughness0 = roughness * share + surface.roughness * (1.0 - share)
    surface.ridge0 = surface.ridge if ridge >= 998.0 else ridge
    surface.rain = 0.0
    surface.wears = True
    if share >= _MOST:
        surface.energy = 0.0
        if surface.temporary:
            surface.width = 0.0
    surface.days *= 1.0 - share
    surface.settled *= 1.0 - share


def crust(profile: Profile, surface: Surface) -> float:
    """What a crust leaves of the conductivity of bare soil (0.2–1); Risse et al. (1995)."""
    top = profile.top
    wetting = max(0.005, 0.147 - 0.15 * top.sand * top.sand - 0.0003 * top.clay * surface.density)
    sealed = 0.736 + 0.19 * top.sand
    full = max(0.2, sealed / (1.0 + (45.19 - 46.68 * sealed) / (100.0 * wetting)))
    stable = -0.0028 + 0.0113 * top.sand + 0.125 * top.clay / max(top.cec, 0.1)
    stable = min(max(stable, 1e-4), 0.01)
    rough = 1.0 - min(surface.roughness, 0.04) / 0.04
    return full + (1.0 - full) * math.exp(-stable * surface.energy * rough)


def conductivity(
    profile: Profile,
    base: float,
    surface: Surface,
    cover: Cover,
    rain: float,
    warm: bool,
    plants: float,
) -> float:
    """Effective conductivity of the day (m/s), before limits by saturated layers.

    Parameters
    ----------
    base : saturated conductivity of the topsoil (m/s)
    rain, warm : the day's rain (m) and whether its mean temperature is above 0 °C
    plants : what perennials multiply it by (1.81 when established; see `perennial`)
    """
    if not profile.adjust_ke:
        return max(base, profile.ke_floor)
    bare = base * crust(profile, surface)
    kb = base / MM_PER_HOUR
    covered = max((0.0534 + 0.01179 * kb) * rain * 1000.0, 0.5 * kb) * MM_PER_HOUR
    shelter = cover.residue
    if rain > _RAIN_DAY and warm:
        canopy = cover.canopy * math.exp(-0.3358 * cover.height / 2.0)
        shelter = canopy + shelter - canopy * shelter
    blended = bare * (1.0 - shelter) + covered * shelter
    return max(profile.ke_floor, max(bare, blended) * plants)


def repelled(ke: float, law: Repellency, wet: float, top: Layer) -> float:
    """What repellency leaves of a conductivity (m/s) where the topsoil's pores are `wet` (0–1).

    Soils of 9001: from `ke/factor` when dry up to `ke` along `(exp(w/r) − 1)/(exp(1/r) − 1)`, r the
    rate. Later ones: `ke w^(2λ + 3)`, λ = ln(fc/wp)/ln(1500/33), after Brooks & Corey (1964) and
    Saxton & Rawls (2006), and no less than the lowest that is given. Both are WEPPcloud's: the
    openWEPP project's contract SC-SUBHYD-001 writes them down.
    """
    wet = min(max(wet, 0.0), _WHOLE)
    if law.factor > 0.0:
        # The ratio by falling exponentials: a small rate must not overflow.
        way = math.exp((wet - 1.0) / law.rate)
        way *= math.expm1(-wet / law.rate) / math.expm1(-1.0 / law.rate)
        dry = ke / law.factor
        return dry + (ke - dry) * way
    power = 2.0 * math.log(top.fc / top.wp) / _TENSIONS + 3.0
    return max(ke * math.pow(wet, power), law.lowest)


def perennial(roots: float, most: float, *, planted: bool) -> float:
    """What a perennial multiplies the conductivity by; Zhang et al. (1995).

    1.81 when established (never planted, or roots above half of `most`), else growing with roots.
    """
    if not planted or (most > 0.0 and roots > 0.5 * most):
        return 1.81
    return 1.0 + 1.62 * roots / most if most > 0.0 else 1.0


def suction(top: Layer, porosity: float) -> float:
    """Wetting-front suction (m, ≤ 0.5) of Rawls & Brakensiek (1983), clay and sand as fractions."""
    c, s, p = top.clay, top.sand, porosity
    cc, pp, ss = c * c, p * p, s * s
    power = 6.531 - 7.33 * p + 15.8 * cc + 3.81 * pp + 3.4 * c * s - 4.98 * s * p
    power += 16.1 * ss * pp + 16.0 * cc * pp - 14.0 * ss * c
    power += -34.8 * cc * p - 8.0 * ss * p
    return min(0.5, 0.01 * math.exp(power))


def factors(
    profile: Profile,
    surface: Surface,
    cover: Cover,
    roots: Roots,
    slope: float,
    spacing: float,
) -> Factors:
    """The day's multipliers of Ki, Kr and τc; `slope` is the sine of the slope's angle.

    Ki: canopy, ground cover, roots, consolidation, steepness of the slope or of the ridges' sides.
    Kr: buried residue, roots, consolidation. τc: consolidation, roughness; ≤ 2. Ki and Kr ≥ 0.03.
    """
    base = profile.erodibility
    side = surface.ridge / (spacing / 2.0)
    sine = min(0.707, max(slope, side / math.sqrt(1.0 + side * side)))
    fresh = math.exp(-0.02 * surface.settled)
    ki = _canopy(cover) * math.exp(-2.5 * cover.interrill)
    ki *= math.exp(-0.56 * roots.live) * math.exp(-0.56 * roots.dead)
    ki *= base.ki_ratio + (1.0 - base.ki_ratio) * fresh
    ki *= 1.05 - 0.85 * math.exp(-4.0 * sine)
    kr = math.exp(-0.4 * roots.buried) * math.exp(-2.2 * roots.dead) * math.exp(-3.5 * roots.live)
    kr *= base.kr_ratio + (1.0 - base.kr_ratio) * fresh
    tauc = base.tauc_ratio - (base.tauc_ratio - 1.0) * fresh
    tauc *= 1.0 + 8.0 * (surface.roughness - SMOOTHEST)
    return Factors(max(0.03, ki), max(0.03, kr), min(2.0, tauc))


def thawed(given: Factors, thaw: Thaw) -> Factors:
    """The factors of a soil that is frozen, or thawed and still wetter than field capacity.

    With the tension k (kPa, from 1 at saturation to 33 at field capacity): Kr × 2·0.933^k, τc ×
    (0.875 + 0.0543 ln k) up to 10 kPa, Ki × a·exp(−ln(a)·k/33), a = 1 + 0.0586 n − 0.0027 n² of n
    cycles, 1.31 beyond ten. NSERL Report 10, chapter 7.
    """
    if thaw.frozen:
        return Factors(0.03, 0.03, given.tauc)
    if thaw.cycles <= 0 or thaw.wet <= 0.0:
        return given
    tension = math.exp(math.log(33.0) * (1.0 - min(1.0, thaw.wet)))
    n = thaw.cycles
    peak = 1.0 + 0.0586 * n - 0.0027 * n * n if n <= 10 else 1.31
    ki = given.ki * peak * math.exp(-math.log(peak) * tension / 33.0)
    if tension > 10.0:
        return Factors(ki, given.kr, given.tauc)
    kr = given.kr * 2.0 * math.exp(math.log(0.933) * tension)
    return Factors(ki, max(0.03, kr), given.tauc * (0.875 + 0.0543 * math.log(tension)))


def _canopy(cover: Cover) -> float:
    """`1 − 2.941 (C/h)(1 − exp(−0.34 h))`; drops from a high canopy hit harder again."""
    if cover.height <= 0.0:
        return 1.0 - cover.canopy
    fall = (1.0 - math.exp(-0.34 * cover.height)) / cover.height
    return max(0.0, 1.0 - 2.941 * cover.canopy * fall)
