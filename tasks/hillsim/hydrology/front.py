"""What moves the frozen zone through the hours of a day: a heat balance at its front.

What leaves through frozen soil, litter and snow, less what rises from below, freezes or thaws the
soil (`frost`): NSERL Report 10, chapter 3 (Savabi, Young, Benoit), with Stefan's law for its pace.
While the front sinks, the unfrozen layers share their water: where the surface is dry it rises from
below. Depths m, heat fluxes W/m², temperatures °C, conductivities W/(m·K).
"""

from __future__ import annotations

from typing import Final, final

from tasks.hillsim.hydrology import heat
from tasks.hillsim.hydrology.frost import FUSION, Earth, Edges, freeze, thaw, tidy
from tasks.hillsim.hydrology.ice import levelled
from tasks.hillsim.native import mypyc_attr

_TILLED: Final = 0.2
_TILLED_FROZEN: Final = 1.75
_DEEP_FROZEN: Final = 2.1
_THINNEST: Final = 0.01
_HOUR: Final = 3600.0
_LEVEL: Final = 0.001
_SHARED: Final = 3


def _level(span: float, most: float, earth: Earth, store: list[float], edges: Edges) -> None:
    """Let unfrozen soil share its water for `span` s, from the front's layer down.

    Nothing rises that the cold could not freeze meanwhile (`most`, m), no more moves than would
    make half of the difference in content good, and less than 0.001 of difference moves nothing.
    """
    if not earth.moves:
        return
    depths, last, above, first = earth.thick, len(store) - 1, 0.0, 0
    while first < last and above + depths[first] <= edges.bottom + 1e-9:
        above += depths[first]
        first += 1
    if first == last:
        return
    thick = above + depths[first] - max(edges.bottom, above)
    wet, here = earth.wilting[first] + store[first] / thick, -1.0
    for index in range(first, last):
        below = depths[index + 1]
        wet_below, there = earth.wilting[index + 1] + store[index + 1] / below, -1.0
        gap = abs(wet - wet_below)
        if gap > _LEVEL:
            pores, room = earth.pores[index + 1], 0.5 * gap * min(thick, below)
            # Suctions are worked out where they are asked for.
            here = here if here >= 0.0 else earth.pores[index].suction(wet)
            there, apart = pores.suction(wet_below), 0.5 * (thick + below)
            rise = levelled(
                earth.pores[index], pores, wet, wet_below, here, there, apart, span, room
            )
            rise = max(min(min(rise, most), store[index + 1]), -store[index])
            if rise != 0.0:
                store[index] = store[index] + rise
                store[index + 1] = store[index + 1] - rise
                wet_below, there = earth.wilting[index + 1] + store[index + 1] / below, -1.0
        thick, wet, here = below, wet_below, there


def _thaw_both(
    above: float,
    below: float,
    earth: Earth,
    store: list[float],
    ice: list[float],
    edges: Edges,
) -> None:
    """Thaw by energy (J/m²) from `above`, the crust before the zone, then by that from `below`."""
    if edges.crust > 0.0:
        thaw(above, edges.crust, 0.0, earth, store, ice, edges)
    else:
        thaw(above, edges.top, edges.bottom, earth, store, ice, edges)
    thaw(below, edges.bottom, edges.top, earth, store, ice, edges)


def _frozen_resistance(edges: Edges) -> float:
    """Of the frozen soil from the surface down (m²·K/W): the crust, where there is one."""
    crust = edges.crust if edges.top > 0.0 else edges.bottom
    frozen = min(crust, _TILLED) / _TILLED_FROZEN + max(0.0, crust - _TILLED) / _DEEP_FROZEN
    return max(_THINNEST / _TILLED_FROZEN, frozen)


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Front:
    """What moves the frozen zone of a soil through the hours of a day, taken one after the other.

    Parameters
    ----------
    open_ground, snowy : net radiation (W/m²) of bare ground, of snow, at air temperature
    mixing, litter : sensible heat exchange (W/(m²·K)), resistance of litter (m²·K/W)
    rising : heat that rises from below (W/m²)
    unfrozen : conductivity of the soil that thawed
    earth, store, ice : the soil, the liquid water and the ice of its layers (m)
    edges : the frozen zone (m)
    """

    def __init__(
        self,
        open_ground: float,
        snowy: float,
        mixing: float,
        litter: float,
        rising: float,
        unfrozen: float,
        earth: Earth,
        store: list[float],
        ice: list[float],
        edges: Edges,
    ) -> None:
        self.open_ground = open_ground
        self.snowy = snowy
        self.mixing = mixing
        self.litter = litter
        self.rising = rising
        self.unfrozen = unfrozen
        self.earth = earth
        self.store = store
        self.ice = ice
        self.edges = edges
        self._cold = 0.0
        self._sinks = 0.0

    def take(self, hour: int, air: float, snow: float, cover: float) -> None:
        """An hour of the day (0–23) at a temperature (°C) under snow.

        `snow` is its depth (m), `cover` its resistance (m²·K/W).
        """
        edges = self.edges
        was_frozen = edges.bottom > 0.0
        over = self.litter + cover
        net = self.snowy if snow > 0.0 else self.open_ground
        resistance = over + _frozen_resistance(edges)
        surface = heat.surface_temperature(net, air, self.mixing, resistance)
        if surface <= 0.0 or snow > 0.0:
            self._chill(-min(surface, 0.0) / resistance)
        elif was_frozen:
            gone = edges.top if edges.crust <= 0.0 else 0.0
            resistance = over + max(_THINNEST, gone) / self.unfrozen
            surface = heat.surface_temperature(net, air, self.mixing, resistance)
            energy = max(0.0, surface) / resistance * _HOUR
            rising = self.rising * _HOUR
            _thaw_both(energy, rising, self.earth, self.store, self.ice, edges)
        if self._cold > 0.0 and hour % _SHARED == _SHARED - 1:
            _level(self._sinks, self._cold / FUSION, self.earth, self.store, edges)
            self._cold = self._sinks = 0.0
        # Where nothing is frozen, and nothing was, there is nothing to put in order.
        if was_frozen or edges.bottom > 0.0:
            tidy(self.store, self.ice, edges)

    def _chill(self, leaving: float) -> None:
        """An hour in which heat (W/m²) leaves through what is frozen, or none does under snow."""
        earth, store, ice, edges, rising = self.earth, self.store, self.ice, self.edges, self.rising
        if edges.top > 0.0:
            freeze(leaving * _HOUR, edges.crust, edges.top, earth, store, ice, edges)
            thaw(rising * _HOUR, edges.bottom, edges.top, earth, store, ice, edges)
        elif leaving > rising:
            energy = (leaving - rising) * _HOUR
            self._cold += energy
            self._sinks += _HOUR
            freeze(energy, edges.bottom, earth.depth, earth, store, ice, edges)
        else:
            thaw((rising - leaving) * _HOUR, edges.bottom, edges.top, earth, store, ice, edges)
