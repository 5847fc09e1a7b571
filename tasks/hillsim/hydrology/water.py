"""Water below the surface, a day at a time: percolation, lateral flow, saturation excess.

NSERL Report 10, chapter 5 (Savabi & Williams; the storage routing of EPIC and SWRRB). Stores are
water above wilting point (m), top layer first; conductivities m/s; a step is one day.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.hillsim import jit
from tasks.hillsim.hydrology.frost import frozen_part
from tasks.hillsim.soil import Bedrock, Layer

_DAY = 86400.0
_NEARLY_FULL = 0.95
_SEAL = 1e-20


@dataclass(slots=True)
class Columns:
    """The profile as columns: thickness, limits of the store, conductivity and its exponent.

    `limit` is what a layer can hold; `full` what it holds where it conducts as saturated soil does,
    rock taking its share of the pores (both m above wilting point).
    """

    thick: jit.Column
    limit: jit.Column
    full: jit.Column
    drained: jit.Column
    ks: jit.Column
    aniso: jit.Column
    power: jit.Column
    wilting: jit.Column
    tension: jit.Column

    @classmethod
    def of(cls, layers: tuple[Layer, ...]) -> Columns:
        """The columns of day 1; `settle` renews the top as tillage and rain change its density."""
        limits = [_room(layer, layer.density, 1.0) for layer in layers]
        full = [_room(layer, layer.density, layer.fines) for layer in layers]
        drained = [(layer.fc - layer.wp) * layer.thickness for layer in layers]
        return cls(
            thick=jit.column(layer.thickness for layer in layers),
            limit=jit.column(limits),
            full=jit.column(full),
            drained=jit.column(drained),
            ks=jit.column(layer.ks for layer in layers),
            aniso=jit.column(layer.anisotropy for layer in layers),
            power=jit.column(_power(a, b) for a, b in zip(drained, full, strict=True)),
            wilting=jit.column(layer.wp for layer in layers),
            tension=jit.column(_tension(layer.fc, layer.wp) for layer in layers),
        )

    def frozen(self, ice: jit.Column, edges: jit.Column, factor: float) -> Columns:
        """The columns with the ice taking its room, conductivities of frozen soil in series.

        Frozen soil conducts `factor` of what it does unfrozen, or what its pores beside the ice
        do, if that is more: Saxton & Rawls (2006), `Ks·(θ/φ)^(3 + 2B)`.
        """
        kept = [max(0.0, a - b) for a, b in zip(self.drained, ice, strict=True)]
        limits, full = (
            [max(a - b, 1.02 * c, 1e-9) for a, b, c in zip(column, ice, kept, strict=True)]
            for column in (self.limit, self.full)
        )
        return Columns(
            thick=self.thick,
            limit=jit.column(limits),
            full=jit.column(full),
            drained=jit.column(kept),
            ks=jit.column(self._conductivities(ice, edges, factor)),
            aniso=self.aniso,
            power=self.power,
            wilting=self.wilting,
            tension=self.tension,
        )

    def _conductivities(self, ice: jit.Column, edges: jit.Column, factor: float) -> Iterator[float]:
        above = 0.0
        for index, thick in enumerate(self.thick):
            part = frozen_part(above, above + thick, edges)
            above += thick
            if part <= 0.0:
                yield float(self.ks[index])
                continue
            pores = self.full[index] / thick + self.wilting[index]
            free = max(0.0, pores - ice[index] / part) / pores
            share = max(factor, math.exp(self.tension[index] * math.log(max(free, 1e-9))), 1e-12)
            yield float(self.ks[index] * thick / (part / share + thick - part))

    @property
    def held_back(self) -> float:
        """Water of the profile at wilting point (m)."""
        return float(sum(a * b for a, b in zip(self.wilting, self.thick, strict=True)))

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


@jit.kernel
def soak(depth: float, thick: jit.Column, store: jit.Column) -> None:
    """Add what infiltrated (m) to the top 0.2 m, split by thickness."""
    top = thick[0] + thick[1]
    for index in range(2):
        store[index] += depth * thick[index] / top


def seep_in(flows: tuple[float, ...], store: jit.Column) -> float:
    """Add the lateral flow of the slope above (m by layer) to the layers as deep; returns it all.

    What comes deeper than the profile goes enters its lowest layer.
    """
    last = len(store) - 1
    for index, flow in enumerate(flows):
        store[min(index, last)] += flow
    return sum(flows)


@jit.kernel
def percolate(
    store: jit.Column,
    full: jit.Column,
    drained: jit.Column,
    ks: jit.Column,
    power: jit.Column,
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
            conductivity *= max(0.002, share ** power[index])
        out = excess * (1.0 - math.exp(-min(700.0, _DAY * conductivity / excess)))
        if index < last:
            below = min(_NEARLY_FULL, store[index + 1] / full[index + 1])
            out *= math.sqrt(1.0 - below)
            store[index + 1] += out
        else:
            lost = out
        store[index] -= out
    return lost


@jit.kernel
def push_up(store: jit.Column, limit: jit.Column) -> float:
    """Pass what a layer cannot hold to the one above; returns what the first cannot hold (m)."""
    for index in range(len(store) - 1, 0, -1):
        surplus = store[index] - limit[index]
        if surplus > 0.0:
            store[index] = limit[index]
            store[index - 1] += surplus
    surplus = max(0.0, float(store[0] - limit[0]))
    store[0] -= surplus
    return surplus


@jit.kernel
def drain_sideways(
    store: jit.Column,
    full: jit.Column,
    drained: jit.Column,
    ks: jit.Column,
    power: jit.Column,
    thick: jit.Column,
    aniso: jit.Column,
    per_length: float,
    flows: jit.Column,
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
        conductivity = ks[index] * max(0.002, share ** power[index])
        flow = min(excess, thick[index] * aniso[index] * conductivity * _DAY * per_length)
        flows[index] = flow
        store[index] -= flow
        total += flow
    return total
