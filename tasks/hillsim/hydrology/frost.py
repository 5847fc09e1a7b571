"""Frozen soil: one zone, and a crust over thawed soil, that energy freezes and thaws by layer.

The soil's water freezes down to half of the wilting point, which stays liquid, as the engines'
tables of hard winters show. Where the energy comes from is in `front`. Depths m, energies J/m².
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from tasks.hillsim.hydrology.ice import Pores
from tasks.hillsim.numbers import summed

FUSION: Final = 3.35e8
_DRIEST: Final = 0.05


@final
class Edges:
    """The frozen zone from `top` to `bottom` (m; 0, 0 where nothing is frozen).

    `crust` is the depth to which the thawed soil over the zone froze again.
    """

    def __init__(self) -> None:
        self.top = 0.0
        self.bottom = 0.0
        self.crust = 0.0


@final
class Earth:
    """The soil as frost finds it, by layer: thickness (m), wilting point (volumetric), curves.

    What is held and what freezes are counted above wilting point; `bound` freezes below it (m of
    water per m of frozen soil) and is no other store's. `moves` says whether water does. From them
    come the `tops` of the layers, their `depth` in all and what is `held` at wilting point (m).
    """

    def __init__(
        self, thick: list[float], wilting: list[float], bound: list[float], pores: list[Pores]
    ) -> None:
        self.thick = thick
        self.wilting = wilting
        self.bound = bound
        self.pores = pores
        self.moves = True
        self.tops: list[float] = []
        depth, held = 0.0, 0.0
        for index in range(len(thick)):
            self.tops.append(depth)
            depth += thick[index]
            held += wilting[index] * thick[index]
        self.depth = depth
        self.held = held


@dataclass(slots=True)
class Frost:
    """The frozen zone within its `edges`, and its history.

    `ice` by layer (m of water); `cycles` counts full thaws, `mild` days without frost.
    """

    ice: list[float]
    edges: Edges
    cycles: int = 0
    mild: int = 0

    @classmethod
    def of(cls, layers: int) -> Frost:
        """An unfrozen profile."""
        return cls([0.0] * layers, Edges())

    @property
    def top(self) -> float:
        """Where frozen soil begins (m)."""
        return self.edges.top

    @property
    def bottom(self) -> float:
        """Where frozen soil ends (m)."""
        return self.edges.bottom

    @property
    def frozen(self) -> bool:
        """Whether any soil is frozen."""
        return self.bottom > 0.0

    @property
    def thawing(self) -> bool:
        """Whether thawed soil lies on frozen soil, and nothing frozen on it."""
        return self.top > 0.0 and self.edges.crust <= 0.0

    @property
    def water(self) -> float:
        """All ice (m of water)."""
        return summed(self.ice) if self.frozen else 0.0

    def count(self, *, was_frozen: bool) -> None:
        """End a day: a full thaw is a cycle; 50 days without frost begin a new count."""
        if self.frozen:
            self.mild = 0
            return
        self.cycles += was_frozen
        self.mild += 1
        if self.mild > 50:
            self.cycles = 0


def frozen_part(above: float, below: float, edges: Edges) -> float:
    """Thickness of a layer (m) that is frozen: in the zone, or in the crust over thawed soil."""
    zone = max(0.0, min(below, edges.bottom) - max(above, edges.top))
    return zone + max(0.0, min(below, edges.crust) - above)


def freeze(
    energy: float,
    start: float,
    end: float,
    earth: Earth,
    store: list[float],
    ice: list[float],
    edges: Edges,
) -> float:
    """Freeze from `start` down by `energy` (J/m²), by the water each layer holds; where it ends."""
    above = 0.0
    thick, bound = earth.thick, earth.bound
    for index in range(len(store)):
        below = above + thick[index]
        if energy <= 0.0 or start >= end:
            break
        if start < below:
            liquid = below - above - frozen_part(above, below, edges)
            moisture = store[index] / max(liquid, 1e-9)
            span = min(below, end) - start
            reach = energy / (FUSION * max(moisture + bound[index], _DRIEST))
            step = min(span, reach)
            taken = min(store[index], moisture * step)
            store[index] = store[index] - taken
            ice[index] = ice[index] + taken
            start += step
            energy = 0.0 if reach <= span else energy * (1.0 - step / reach)
            if edges.bottom > 0.0 and end <= edges.top:
                edges.crust = start
            else:
                edges.bottom = start
        above = below
    return start


def thaw(
    energy: float,
    start: float,
    end: float,
    earth: Earth,
    store: list[float],
    ice: list[float],
    edges: Edges,
) -> float:
    """Thaw by `energy` (J/m²) from `start` towards `end`, either way; where it ends.

    The frozen zone must still span both; the caller moves its edge afterwards.
    """
    if energy <= 0.0 or start == end:
        return start
    down = end > start
    thick, bound = earth.thick, earth.bound
    for turn in range(len(store)):
        if energy <= 0.0 or start == end:
            break
        index = turn if down else len(store) - 1 - turn
        top = earth.tops[index]
        below = top + thick[index]
        # Beyond where it starts, or before where it ends, nothing thaws in a layer.
        if (below <= start or top >= end) if down else (top >= start or below <= end):
            continue
        span = min(below, end) - start if down else start - max(top, end)
        inside = top <= start < below if down else top < start <= below
        if energy <= 0.0 or span <= 0.0 or not inside:
            continue
        frozen = frozen_part(top, below, edges)
        content = ice[index] / max(frozen, 1e-9)
        reach = energy / (FUSION * max(content + bound[index], _DRIEST))
        step = min(span, reach)
        freed = min(ice[index], content * step)
        ice[index] = ice[index] - freed
        store[index] = store[index] + freed
        energy = 0.0 if reach <= span else energy * (1.0 - step / reach)
        if down:
            start += step
            edges.top = start
        else:
            start -= step
            if start < edges.top:
                edges.crust = start
            else:
                edges.bottom = start
    return start


def tidy(store: list[float], ice: list[float], edges: Edges) -> None:
    """Join a crust that met the zone below; free the ice that rounding left where none is."""
    if edges.crust > 0.0 and edges.crust >= edges.top - 1e-9:
        edges.top = 0.0
        edges.crust = 0.0
    if edges.bottom - edges.top <= 1e-9:
        # The zone is gone: a crust over it becomes the zone.
        edges.bottom = edges.crust
        edges.top = 0.0
        edges.crust = 0.0
    if edges.bottom <= 1e-9:
        edges.bottom = 0.0
        for index in range(len(store)):
            store[index] = store[index] + ice[index]
            ice[index] = 0.0
