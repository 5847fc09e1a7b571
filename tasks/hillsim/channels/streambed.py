"""What a channel's flow takes up and leaves on its way: NSERL Report 10, chapter 13.

Steady flow at the peak of the event for its effective duration, in twenty pieces of the channel.
Where the load is below Yalin's capacity the bed gives `K (τ − τcr)` over its wetted width, up to
the capacity and down to what does not erode; where it is above, each class settles towards its
share T of the capacity with `dG/dx = −(vf B/Q)(G − T)` (Foster et al. 1980, CREAMS).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tasks.hillsim.channels import reach
from tasks.hillsim.channels.reach import Section
from tasks.hillsim.numbers import summed
from tasks.hillsim.sediment import classes as sediment
from tasks.hillsim.sediment.classes import CLASSES, Particle

PIECES: Final = 20
_LEAST_FLOW: Final = 1e-9
_Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Bed:
    """A channel's bed: erodibility (s/m), critical shear (Pa), particles, share of sand."""

    section: Section
    length: float
    slopes: tuple[float, ...]
    erodibility: float
    tauc: float
    particles: tuple[Particle, ...]
    sand: float


@dataclass(frozen=True, slots=True)
class Moved:
    """An event's sediment (kg): by class at the foot, taken from the bed by piece, left on it."""

    leaving: tuple[float, ...]
    eroded: tuple[float, ...]
    settled: float


def slopes(points: _Points) -> tuple[float, ...]:
    """Mean gradient of each piece, the gradient being linear between the points (0–1, m/m)."""
    return tuple([_at(points, (piece + 0.5) / PIECES) for piece in range(PIECES)])


def carry(
    bed: Bed,
    flow: tuple[float, float],
    duration: float,
    top: Sequence[float],
    sides: Sequence[float],
    left: Sequence[float],
) -> Moved:
    """Carry an event's sediment down the channel.

    Parameters
    ----------
    flow : discharge at the top and at the foot (m³/s), linear between
    duration : s, for which it lasts
    top, sides : kg by class that enter at the top, and evenly along the channel
    left : kg of each piece of the bed that can still be eroded
    """
    loads = [mass / duration for mass in top]
    along = [mass / duration / PIECES for mass in sides]
    step, eroded, settled = bed.length / PIECES, [], 0.0
    for piece, slope in enumerate(bed.slopes):
        loads = [load + more for load, more in zip(loads, along, strict=True)]
        place = (piece + 0.5) / PIECES
        discharge = max(flow[0] + (flow[1] - flow[0]) * place, _LEAST_FLOW)
        depth = bed.section.depth(discharge, slope)
        shear = reach.soil_shear(bed.section, depth, slope)
        width = bed.section.top(depth)
        capacity = sediment.transport_capacity(shear, bed.particles, bed.sand) * width
        total = summed(loads)
        gained = 0.0
        if total > capacity:
            rates = [particle.fall * width / discharge * step for particle in bed.particles]
            after = [
                load * (1.0 - (1.0 - capacity / total) * -math.expm1(-rate))
                for load, rate in zip(loads, rates, strict=True)
            ]
            settled += (total - summed(after)) * duration
            loads = after
        else:
            rate = bed.erodibility * max(0.0, shear - bed.tauc) * width * step
            gained = min(rate, capacity - total, left[piece] / duration)
            loads = [load + gained * p.share for load, p in zip(loads, bed.particles, strict=True)]
        eroded.append(gained * duration)
    return Moved(tuple([load * duration for load in loads]), tuple(eroded), settled)


def strand(top: Sequence[float], sides: Sequence[float]) -> Moved:
    """All of the sediment stays where no flow reaches the foot."""
    return Moved((0.0,) * CLASSES, (0.0,) * PIECES, summed(list(top)) + summed(list(sides)))


def _at(points: _Points, x: float) -> float:
    for (x0, s0), (x1, s1) in pairwise(points):
        if x <= x1:
            return s0 + (s1 - s0) * (x - x0) / (x1 - x0)
    return points[-1][1]
