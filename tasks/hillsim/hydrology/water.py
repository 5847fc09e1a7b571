"""Water below the surface, a day at a time: percolation, lateral flow, saturation excess.

NSERL Report 10, chapter 5 (Savabi & Williams; the storage routing of EPIC and SWRRB). Stores are
water above wilting point (m), top layer first; conductivities m/s; a step is one day.
"""

from __future__ import annotations

import math
from typing import Final, final

from tasks.hillsim.hydrology.frost import Earth, Edges, frozen_part
from tasks.hillsim.hydrology.ice import conductivities, pores
from tasks.hillsim.native import mypyc_attr
from tasks.hillsim.soil import Bedrock, Layer

_DAY: Final = 86400.0
_NEARLY_FULL: Final = 0.95
_SEAL: Final = 1e-20
# By its own name: a call through the module costs more than the function.
_log10: Final = math.log10


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Columns:
    """The profile as columns: thickness, limits of the store, conductivity and its exponent.

    `limit` is what a layer can hold; `full` what it holds where it conducts as saturated soil does,
    rock taking its share of the pores (both m above wilting point). `earth` is what frost needs to
    know; `along` the conductivity lengthwise, which ice leaves higher than that downwards.
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
        earth: Earth,
        along: list[float] | None = None,
    ) -> None:
        self.thick = thick
        self.limit = limit
        self.full = full
        self.drained = drained
        self.ks = ks
        self.aniso = aniso
        self.power = power
        self.earth = earth
        self.along = along or ks

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
            earth=Earth(
                [layer.thickness for layer in layers],
                [layer.wp for layer in layers],
                [0.5 * layer.wp for layer in layers],
                [pores(layer) for layer in layers],
            ),
        )

    def frozen(self, ice: list[float], edges: Edges, factor: float) -> Columns:
        """The columns with the ice taking its room, and the conductivities of frozen soil.

        Frozen soil keeps at least `factor` of its conductivity.
        """
        limits: list[float] = []
        full: list[float] = []
        kept: list[float] = []
        ks: list[float] = []
        along: list[float] = []
        above = 0.0
        for index in range(len(ice)):
            thick = self.thick[index]
            drained = max(0.0, self.drained[index] - ice[index])
            least = max(1.02 * drained, 1e-9)
            kept.append(drained)
            limits.append(max(self.limit[index] - ice[index], least))
            full.append(max(self.full[index] - ice[index], least))
            part = frozen_part(above, above + thick, edges)
            solid = ice[index] + self.earth.bound[index] * part
            down, level = conductivities(
                self.ks[index], self.earth.pores[index], thick, part, solid, factor
            )
            ks.append(down)
            along.append(level)
            above += thick
        return Columns(
            self.thick, limits, full, kept, ks, self.aniso, self.power, self.earth, along
        )

    def settle(self, layer: Layer, density: float) -> None:
        """Give the two upper layers, which are alike, the pore space of a bulk density (kg/m³)."""
        limit, full = _room(layer, density, 1.0), _room(layer, density, layer.fines)
        power = _power(self.drained[0], full)
        for index in range(2):
            self.limit[index] = limit
            self.full[index] = full
            self.power[index] = power


def _room(layer: Layer, density: float, fines: float) -> float:
    """What a layer holds above wilting point (m) in the pores of a share `fines` of it.

    The engines' tables show saturated layers that hold their whole porosity, rock included, while
    field capacity, wilting point and the wetting front's deficit are those of the fine earth.
    """
    porosity = layer.porosity(density) * fines
    return max(porosity - layer.wp, 1.02 * (layer.fc - layer.wp)) * layer.thickness


def _power(drained: float, limit: float) -> float:
    """Exponent of the conductivity curve, −2.655/log10(fc/ul): K falls to 0.002 Ks at fc."""
    return -2.655 / _log10(min(0.999, drained / limit))


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
