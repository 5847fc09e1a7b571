"""A soil as nouns: what the file says of it, and the layers that water moves through.

`profiles` makes these of those. Fractions are 0–1, densities kg/m³, conductivities m/s, depths m.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PARTICLE_DENSITY: Final = 2650.0
MM_PER_HOUR: Final = 1.0 / 3.6e6
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


def initial_store(layer: Layer, saturation: float) -> float:
    """Water above wilting point (m) on day 1, from the file's initial saturation (≤ 0.95)."""
    full = layer.porosity(layer.density) * layer.fines
    return max(0.0, min(0.95, saturation) * full - layer.wp) * layer.thickness
