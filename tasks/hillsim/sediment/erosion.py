"""Detachment, transport and deposition down a slope for one event of steady flow.

The steady-state sediment continuity equation, normalised: Nearing et al. (1989), Foster et al.
(1995), NSERL Report 10, chapter 11. Distance runs 0–1 from the top; shear is relative to that at
the end of a uniform slope of the same mean gradient, load to the transport capacity there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, final

from tasks.hillsim.native import mypyc_attr
from tasks.hillsim.numbers import summed
from tasks.hillsim.sediment import classes as sediment
from tasks.hillsim.sediment import transport
from tasks.hillsim.sediment.classes import CLASSES, GRAVITY, WATER, Particle

CELLS: Final = 100
_SOIL_FRICTION: Final = 1.11
_LEAST_SLOPE: Final = 1e-6
_STEEPEST: Final = 1e5


@dataclass(frozen=True, slots=True)
class Shape:
    """A slope's form: length (m), mean gradient (m/m), and where the march stops.

    `nodes` are the edges of the 100 cells and the points of the slope file (0–1); `tops` and
    `ends` the gradient at either end of each span over the mean; `edges` the nodes at cell edges.
    """

    length: float
    mean: float
    nodes: list[float]
    tops: list[float]
    ends: list[float]
    edges: tuple[int, ...]


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Bed:
    """The rills: spacing and width (m), adjusted Kr (s/m) and τc (Pa), friction factor."""

    def __init__(
        self,
        spacing: float,
        width: float,
        kr: float,
        tauc: float,
        friction: float,
    ) -> None:
        self.spacing = spacing
        self.width = width
        self.kr = kr
        self.tauc = tauc
        self.friction = friction


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Above:
    """What the flow brings from the slope above: its depth (m over this area), sediment.

    `classes` kg per m of width.
    """

    def __init__(self, depth: float = 0.0, classes: tuple[float, ...] = (0.0,) * CLASSES) -> None:
        self.depth = depth
        self.classes = classes

    @property
    def sediment(self) -> float:
        """Sediment of all classes (kg per m of width)."""
        return summed(list(self.classes))


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Event:
    """Runoff of an event: peak (m/s), effective duration (s), depth (m) and the excess behind it.

    `excess_duration` s, `excess_peak` m/s, `intensity` mean rain meanwhile (m/s); `interrill` is
    the adjusted Ki (kg·s/m⁴), 0 under snow and on melt; `melt` says whether it is melt water.
    """

    def __init__(
        self,
        peak: float,
        duration: float,
        depth: float,
        excess_duration: float,
        excess_peak: float,
        intensity: float,
        interrill: float,
        melt: bool,
    ) -> None:
        self.peak = peak
        self.duration = duration
        self.depth = depth
        self.excess_duration = excess_duration
        self.excess_peak = excess_peak
        self.intensity = intensity
        self.interrill = interrill
        self.melt = melt


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Earth:
    """The soil as sediment: its classes, sand share, random roughness of the surface (m)."""

    def __init__(self, particles: tuple[Particle, ...], sand: float, roughness: float) -> None:
        self.particles = particles
        self.sand = sand
        self.roughness = roughness


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Load:
    """What an event moved, per m of slope width: load at the 101 cell edges, classes at the foot.

    `edges` kg/m, the first what came in from above; `interrill` mean delivery to the rills (kg/m²);
    `classes` kg/m.
    """

    def __init__(
        self,
        edges: tuple[float, ...],
        interrill: float,
        classes: tuple[float, ...],
    ) -> None:
        self.edges = edges
        self.interrill = interrill
        self.classes = classes
        self._losses: list[float] = []

    def losses(self, length: float) -> list[float]:
        """Soil loss of each of the 100 cells of a length (m) in all (kg/m², negative: settled)."""
        if not self._losses:
            cell, edges = length / CELLS, self.edges
            last, found = edges[0], [0.0] * CELLS
            for index in range(CELLS):
                edge = edges[index + 1]
                found[index] = (edge - last) / cell
                last = edge
            self._losses = found
        return self._losses

    @property
    def leaving(self) -> float:
        """Sediment that leaves the foot (kg per m of width)."""
        return self.edges[-1]


def shape(length: float, points: tuple[tuple[float, float], ...]) -> Shape:
    """The form of a slope from `points` (share of length, gradient m/m), linear between them."""
    pairs = pairwise(points)
    mean = summed([(x1 - x0) * (s0 + s1) / 2.0 for (x0, s0), (x1, s1) in pairs])
    cells = [cell / CELLS for cell in range(CELLS + 1)]
    inner = [x for x, _ in points if all(abs(x - cell) > 1e-9 for cell in cells)]
    nodes = sorted([*cells, *inner])
    scale = max(mean, _LEAST_SLOPE)
    spans = list(pairwise(nodes))
    return Shape(
        length=length,
        mean=mean,
        nodes=[float(node) for node in nodes],
        tops=[_gradient(points, a + 1e-7) / scale for a, _ in spans],
        ends=[_gradient(points, b - 1e-7) / scale for _, b in spans],
        edges=tuple([nodes.index(cell) for cell in cells]),
    )


def _gradient(points: tuple[tuple[float, float], ...], x: float) -> float:
    for (x0, s0), (x1, s1) in pairwise(points):
        if x <= x1 and x1 > x0:
            return s0 + (s1 - s0) * (min(max(x, x0), x1) - x0) / (x1 - x0)
    return points[-1][1]


def rill_width(discharge: float, width: float, spacing: float, *, temporary: bool) -> float:
    """Width of a rill (m): `1.13 Q^0.303` (Gilley 1990), growing only; permanent as given."""
    if not temporary:
        return min(width, spacing)
    return min(spacing, max(width, 1.13 * math.pow(discharge, 0.303)))


def shear(discharge: float, width: float, slope: float, friction: float) -> float:
    """Shear on the soil (Pa) of flow in a rectangular rill, by Chezy's law.

    `τ = ρ g sin(slope) R · f_soil/f`; depth from `h³ = Q² f (w + 2h)/(8 g s w³)` by iteration.
    """
    sine = max(slope, _LEAST_SLOPE) / math.sqrt(1.0 + math.pow(slope, 2.0))
    wide = math.pow(discharge, 2.0) * friction / (8.0 * GRAVITY * sine * math.pow(width, 2.0))
    depth = math.pow(wide, 1.0 / 3.0)
    for _ in range(100):
        after = math.pow(wide * (1.0 + 2.0 * depth / width), 1.0 / 3.0)
        if abs(after - depth) <= 1e-12 * after:
            break
        depth = after
    radius = width * depth / (width + 2.0 * depth)
    return WATER * GRAVITY * sine * radius * _SOIL_FRICTION / friction


def erode(form: Shape, bed: Bed, event: Event, earth: Earth, above: Above | None = None) -> Load:
    """Sediment moved by one event; without gradient or transport capacity there is none.

    What comes from `above` and cannot be carried on stays on the slope, evenly.
    """
    above = above or Above()
    discharge = event.peak * form.length * bed.spacing
    stress = shear(discharge, bed.width, form.mean, bed.friction)
    capacity = sediment.transport_capacity(stress, earth.particles, earth.sand)
    if form.mean < _LEAST_SLOPE or capacity <= 0.0:
        return stranded(above)
    delivered = sediment.delivery(earth.particles, earth.roughness)
    arriving = [p.share * delivered[index] for index, p in enumerate(earth.particles)]
    runoff = max(0.0, event.depth - above.depth) / event.excess_duration
    # Interrill sediment of the excess, spread over the rill's width and the flow's duration.
    to_rill = event.interrill * event.intensity * runoff * summed(arriving)
    to_rill *= event.excess_duration / event.duration * bed.spacing / bed.width
    scale = capacity * event.duration * bed.width / bed.spacing
    loads = [0.0] * len(form.nodes)
    loads[0] = above.sediment / scale
    mix = [part / scale for part in above.classes]
    transport.march(
        form.nodes,
        form.tops,
        form.ends,
        form.length * bed.kr * stress / capacity,
        bed.tauc / stress,
        form.length * to_rill / capacity,
        _settling(event, earth.particles),
        above.depth / event.depth,
        _shares(arriving),
        [p.share for p in earth.particles],
        [p.fall for p in earth.particles],
        loads,
        mix,
    )
    return Load(
        edges=tuple([loads[edge] * scale for edge in form.edges]),
        interrill=to_rill * event.duration * bed.width / bed.spacing,
        classes=tuple([part * scale for part in mix]),
    )


def stranded(above: Above) -> Load:
    """Sediment that comes from above and goes no further: it settles evenly down the slope."""
    brought = above.sediment
    edges = tuple([brought * (CELLS - cell) / CELLS for cell in range(CELLS + 1)])
    return Load(edges, 0.0, (0.0,) * CLASSES)


def _settling(event: Event, particles: tuple[Particle, ...]) -> float:
    """Deposition parameter `φ = β vf/σ`, β 0.5 under rain and 1 for melt, σ the peak excess.

    vf is the log-mean fall velocity of the three finest classes.
    """
    fall = math.exp(summed([math.log(p.fall) for p in particles[:3]]) / 3.0)
    beta = 1.0 if event.melt else 0.5
    return min(_STEEPEST, beta * fall / max(event.excess_peak, 1e-12))


def _shares(parts: list[float]) -> list[float]:
    total = summed(parts)
    return [part / total for part in parts] if total > 0.0 else [1.0 / len(parts)] * len(parts)
