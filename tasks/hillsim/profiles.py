"""The layers that water moves through, recut from the horizons of a soil file.

0–0.1 m, 0.1–0.2 m, then steps of 0.2 m to the profile depth; a remainder is dropped. Properties of
a layer are depth-weighted means of the horizons in its 0.2 m block (harmonic for conductivity);
what the file does not give comes from `texture`. NSERL Report 10 (1995), chapters 5 and 7.
"""

from __future__ import annotations

import math
from typing import Final

from tasks.hillsim import texture
from tasks.hillsim.numbers import summed
from tasks.hillsim.soil import MM_PER_HOUR, Horizon, Layer, Profile, SoilInput

_DEEPEST: Final = 9
BLOCK: Final = 0.2
_TILLED_LAYERS: Final = 2
#: The least conductivity of any layer (m/s).
_TIGHTEST: Final = 1e-7 * MM_PER_HOUR


def profile(given: SoilInput, surface_density: float) -> Profile:
    """The layered profile, with the top 0.2 m at `surface_density` (kg/m³, day 1)."""
    blocks = recut(given.horizons)
    tops = [_layer(given, blocks[0], BLOCK / 2, surface_density, tilled=True)] * _TILLED_LAYERS
    below = [_layer(given, block, BLOCK, None, tilled=False) for block in blocks[1:]]
    layers = (*tops, *below)
    return Profile(
        layers=layers,
        erodibility=texture.erodibility(given, layers[0]),
        adjust_ke=given.adjust_ke or (given.version < 7777 and given.ke <= 0.0),
        ke_floor=(0.07 if given.version < 2006 else 1e-7) * MM_PER_HOUR,
        albedo=given.albedo,
        stage1_limit=texture.stage1_limit(layers[0]),
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
    activity = texture.clay_activity(block, BLOCK)
    consolidated = texture.settled_density(block, activity)
    if block.bulk_density is not None:
        # The engines take no given density below 800 kg/m³, light volcanic ash soils included.
        consolidated = density = max(800.0, block.bulk_density)
    density = consolidated if density is None else min(density, consolidated)
    air = 1.0 - texture.entrapped_air(block, activity)
    fines = texture.rock_free(block.rock, density)
    fc, wp = texture.held_water(block, activity, density, fines, air)
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


def _conductivity(given: SoilInput, block: Horizon, density: float, *, tilled: bool) -> float:
    """Saturated conductivity (m/s): given, `avke` in the top 0.2 m, else from texture."""
    if block.ks is not None:
        return block.ks
    if not tilled:
        floor = 0.07 if given.version < 2006 else 1e-7
        return max(floor, texture.deep_conductivity(block, density)) * MM_PER_HOUR
    if given.ke > 0.0:
        return max(given.ke, _TIGHTEST)
    return texture.texture_conductivity(block) * MM_PER_HOUR
