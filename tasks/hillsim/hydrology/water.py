"""Water below the surface, a day at a time: percolation, lateral flow, saturation excess.

NSERL Report 10, chapter 5 (Savabi & Williams; the storage routing of EPIC and SWRRB). Stores are
water above wilting point (m), top layer first; conductivities m/s; a step is one day.
"""

from __future__ import annotations

import math
from typing import Final, final

from tasks.hillsim.hydrology.frost import Edges, frozen_part
from tasks.hillsim.soil import Bedrock, Layer

_DAY: Final = 86400.0
_NEARLY_FULL: Final = 0.95
_SEAL: Final = 1e-20


@final
class Columns:
    """The profile as columns: thickness, limits of the store, conductivity and its exponent.

    `limit` is what a layer can hold; `full` what it holds where it conducts as saturated soil does,
    rock taking its share of the pores (both m above wilting point).
    """

    def __init__(
        self,
        thick: list[float],
        limit: list[float],
        full: list[float],
        drained: list[float],
        ks: list[float],
        aniso: list[float],
        power: list[float],
        wilting: list[float],
        tension: list[float],
    ) -> None:
        self.thick = thick
        self.limit = limit
        self.full = full
        self.drained = drained
        self.ks = ks
        self.aniso = aniso
        self.power = power
        self.wilting = wilting
        self.tension = tension

    @classmethod
    def of(cls, layers: tuple[Layer, ...]) -> Columns:
        """The columns of day 1; `settle` renews the top as tillage and rain change its density."""
        full = [_room(layer, layer.density, layer.fines) for layer in layers]
        drained = [(layer.fc - layer.wp) * layer.thickness for layer in layers]
        return cls(
            thick=[layer.thickness for layer in layers],
            limit=[_room(layer, layer.density, 1.0) for layer in layers],
            full=full,
            drained=drained,
            ks=[layer.ks for layer in layers],
            aniso=[layer.anisotropy for layer in layers],
            power=[_power(drained[i], full[i]) for i in range(len(layers))],
            wilting=[layer.wp for layer in layers],
            tension=[_tension(layer.fc, layer.wp) for layer in layers],
        )

    def frozen(self, ice: list[float], edges: Edges, factor: float) -> Columns:
        """The columns with the ice taking its room, conductivities of frozen soil in series.

        Frozen soil conducts `factor` of what it does unfrozen, or what its pores beside the ice
        do, if that is more: Saxton & Rawls (2006), `Ks·(θ/φ)^(3 + 2B)`.
        """
        limits: list[float] = []
        full: list[float] = []
        kept: list[float] = []
        ks: list[float] = []
        above = 0.0
        for index in range(len(ice)):
            drained = max(0.0, self.drained[index] - ice[index])
            least = max(1.02 * drained, 1e-9)
            kept.append(drained)
            limits.append(max(self.limit[index] - ice[index], least))
            full.append(max(self.full[index] - ice[index], least))
            below = above + self.thick[index]
            ks.append(self._conductivity(index, ice, frozen_part(above, below, edges), factor))
            above = below
        return Columns(
            self.thick, limits, full, kept, ks, self.aniso, self.power, self.wilting, self.tension
        )

    def _conductivity(self, index: int, ice: list[float], part: float, factor: float) -> float:
        """Of a layer (m/s) of which `part` m is frozen."""
        if part <= 0.0:
            return self.ks[index]
        thick = self.thick[index]
        pores = self.full[index] / thick + self.wilting[index]
        free = max(0.0, pores - ice[index] / part) / pores
        share = math.exp(self.tension[index] * math.log(max(free, 1e-9)))
        share = max(max(factor, share), 1e-12)
        return self.ks[index] * thick / (part / share + thick - part)

    @property
    def held_back(self) -> float:
        """Water of the profile at wilting point (m)."""
        held = 0.0
        for index in range(len(self.thick)):
            held += self.wilting[index] * self.thick[index]
        return held

    def settle(self, index: int, layer: Layer, density: float) -> None:
        """Give one layer the pore space of a new bulk density (kg/m³)."""
        self.limit[index] = _room(layer, density, 1.0)
        self.full[index] = _room(layer, density, layer.fines)
        self.power[index] = _power(self.drained[index], self.full[index])


def _room(layer: Layer, density: float, fines: float) -> float:
    """What a layer holds above wilting point (m) in the pores of a share `fines` of it.

    The engines' tables show saturated layers that hold their whole porosity, rock included, while
    field capacity, wilting point and the wetting front's deficit are those of the fine earth.
    """
    porosity = layer.porosity(density) * fines
    return max(porosity - layer.wp, 1.02 * (layer.fc - layer.wp)) * layer.thickness


def _power(drained: float, limit: float) -> float:
    """Exponent of the conductivity curve, −2.655/log10(fc/ul): K falls to 0.002 Ks at fc."""
    return -2.655 / math.log10(min(0.999, drained / limit))


def _tension(fc: float, wp: float) -> float:
    """`3 + 2B`, B of the tension curve through field capacity and wilting point."""
    return 3.0 + 2.0 * math.log(1500.0 / 33.0) / math.log(max(1.02, fc / wp))


def bottom_conductivity(ks: float, thickness: float, bedrock: Bedrock | None) -> float:
    """Conductivity out of the lowest layer (m/s): in series with the bedrock where there is one.

    Without a thickness the harmonic mean `2 Ks Kb/(Ks + Kb)`; with one, resistances in series.
    """
    if bedrock is None:
        return ks
    below = max(bedrock.ks, _SEAL)
    if bedrock.thickness <= 0.0:
        return 2.0 * ks * below / (ks + below)
    return (thickness + bedrock.thickness) / (thickness / ks + bedrock.thickness / below)


def soak(depth: float, thick: list[float], store: list[float]) -> None:
    """Add what infiltrated (m) to the top 0.2 m, split by thickness."""
    top = thick[0] + thick[1]
    for index in range(2):
        store[index] = store[index] + depth * thick[index] / top


def seep_in(flows: list[float], store: list[float]) -> float:
    """Add the lateral flow of the slope above (m by layer) to the layers as deep; returns it all.

    What comes deeper than the profile goes enters its lowest layer.
    """
    last = len(store) - 1
    total = 0.0
    for index, flow in enumerate(flows):
        store[min(index, last)] = store[min(index, last)] + flow
        total += flow
    return total


def percolate(
    store: list[float],
    full: list[float],
    drained: list[float],
    ks: list[float],
    power: list[float],
    bottom: float,
) -> float:
    """Drain layers above field capacity into the next, lowest first; returns what leaves (m).

    `out = excess·(1 − exp(−86400 K/excess))·sqrt(1 − s)`, s the saturation of the layer below.
    """
    last = len(store) - 1
    lost = 0.0
    for index in range(last, -1, -1):
        excess = store[index] - drained[index]
        if excess <= 0.0:
            continue
        conductivity = ks[index]
        if index == last:
            conductivity = bottom
        share = store[index] / full[index]
        if share < _NEARLY_FULL:
            conductivity *= max(0.002, math.pow(share, power[index]))
        out = excess * (1.0 - math.exp(-min(700.0, _DAY * conductivity / excess)))
        if index < last:
            below = min(_NEARLY_FULL, store[index + 1] / full[index + 1])
            out *= math.sqrt(1.0 - below)
            store[index + 1] = store[index + 1] + out
        else:
            lost = out
        store[index] = store[index] - out
    return lost


def push_up(store: list[float], limit: list[float]) -> float:
    """Pass what a layer cannot hold to the one above; returns what the first cannot hold (m)."""
    for index in range(len(store) - 1, 0, -1):
        surplus = store[index] - limit[index]
        if surplus > 0.0:
            store[index] = limit[index]
            store[index - 1] = store[index - 1] + surplus
    surplus = max(0.0, store[0] - limit[0])
    store[0] = store[0] - surplus
    return surplus


def drain_sideways(
    store: list[float],
    full: list[float],
    drained: list[float],
    ks: list[float],
    power: list[float],
    thick: list[float],
    aniso: list[float],
    per_length: float,
    flows: list[float],
) -> float:
    """Lateral flow of the day (m) out of the layers above field capacity, the top one first.

    `thickness·anisotropy·K·sin(slope)/L` a day, at most the drainable water; `per_length` is
    sin(slope)/L (1/m); `flows` gets what each layer gives (m).
    """
    total = 0.0
    for index in range(len(store)):
        excess = store[index] - drained[index]
        flows[index] = 0.0
        if excess <= 0.0:
            continue
        share = min(1.0, store[index] / full[index])
        conductivity = ks[index] * max(0.002, math.pow(share, power[index]))
        flow = min(excess, thick[index] * aniso[index] * conductivity * _DAY * per_length)
        flows[index] = flow
        store[index] = store[index] - flow
        total += flow
    return total
