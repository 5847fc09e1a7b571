"""The section of a channel: how deep, fast and strong a discharge runs in it, and its peak.

Steady uniform flow by Manning's formula, the friction slope being the bed's. NSERL Report 10,
chapter 13; SI units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from tasks.hillsim.sediment.classes import GRAVITY, WATER

_LEAST_SLOPE: Final = 1e-4
_LEAST_FLOW: Final = 1e-9
# What of the whole shear acts on soil, the rest being spent on vegetation: the power of the ratio
# of the bare channel's n to the whole; Foster et al. (1980), CREAMS, volume III.
_SOIL_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Section:
    """A triangular section (`width` 0) with inverse side slope `side`, or a rectangular one.

    `width` in m; `manning` and `bare` Manning's n, in all and of the soil alone.
    """

    width: float
    side: float
    manning: float
    bare: float

    def area(self, depth: float) -> float:
        """Wetted area (m²)."""
        return (self.width + self.side * depth) * depth

    def top(self, depth: float) -> float:
        """Width of the surface (m)."""
        return self.width + 2.0 * self.side * depth

    def radius(self, depth: float) -> float:
        """Hydraulic radius (m)."""
        walls = 2.0 * depth * math.sqrt(1.0 + self.side * self.side)
        return self.area(depth) / (self.width + walls)

    def discharge(self, depth: float, slope: float) -> float:
        """Manning's `Q = A R^(2/3) √S / n` (m³/s)."""
        radius = self.radius(depth)
        return self.area(depth) * math.pow(radius, 2.0 / 3.0) * math.sqrt(slope) / self.manning

    def depth(self, discharge: float, slope: float) -> float:
        """Normal depth (m), by bisection on the logarithm."""
        slope = max(slope, _LEAST_SLOPE)
        low, high = 1e-7, 1.0
        while self.discharge(high, slope) < discharge and high < 1e6:
            high *= 2.0
        # `discharge` as it stands there, with what does not depend on the depth worked out once.
        width, side, manning, root = self.width, self.side, self.manning, math.sqrt(slope)
        walls = math.sqrt(1.0 + side * side)
        for _ in range(48):
            middle = math.sqrt(low * high)
            area = (width + side * middle) * middle
            radius = area / (width + 2.0 * middle * walls)
            if area * math.pow(radius, 2.0 / 3.0) * root / manning < discharge:
                low = middle
            else:
                high = middle
        return math.sqrt(low * high)


@dataclass(frozen=True, slots=True)
class Wave:
    """A flood wave: its celerity `dQ/dA` (m/s), and the characteristic length `q/(S c)` (m)."""

    celerity: float
    characteristic: float


def wave(section: Section, discharge: float, slope: float) -> Wave:
    """The wave of a reference discharge (m³/s) in uniform flow."""
    slope = max(slope, _LEAST_SLOPE)
    discharge = max(discharge, _LEAST_FLOW)
    depth = section.depth(discharge, slope)
    more = depth * 1.001
    speed = (section.discharge(more, slope) - section.discharge(depth, slope)) / (
        section.area(more) - section.area(depth)
    )
    return Wave(speed, discharge / (section.top(depth) * slope * speed))


def soil_shear(section: Section, depth: float, slope: float) -> float:
    """What of the shear acts on soil (Pa): `ρ g R S (n_bare/n)^0.9`."""
    share = math.pow(min(1.0, section.bare / section.manning), _SOIL_SHARE)
    return WATER * GRAVITY * section.radius(depth) * slope * share


def rational_peak(volume: float, concentration: float, alpha: float) -> float:
    """Peak (m³/s) of a volume (m³): `α V / tc`, the modified rational method of EPIC.

    `concentration` in s; α is the share of the rain that falls in that time. Williams (1990).
    """
    return alpha * volume / max(concentration, 1.0)


def creams_peak(volume: float, area: float, slope: float, ratio: float) -> float:
    """Peak (m³/s) by CREAMS: `200 D^0.7 C^0.159 Q^(0.917 D^0.0166) LW^−0.187` in its own units.

    D square miles, C feet per mile, Q inches, ft³/s. Smith & Williams (1980). Here m³, m², m/m.
    """
    if volume <= 0.0:
        return 0.0
    miles, gradient = area / 2.589988e6, max(slope, _LEAST_SLOPE) * 5280.0
    inches = volume / area / 0.0254
    power = 0.917 * math.pow(miles, 0.0166)
    peak = 200.0 * math.pow(miles, 0.7) * math.pow(gradient, 0.159)
    return peak * math.pow(inches, power) * math.pow(ratio, -0.187) * 0.0283168


def share_in(time: float, half_hour: float) -> float:
    """Share of the rain in the wettest `time` (h), `1 − (1 − α½)^(2 t)`, α½ of half an hour."""
    return 1.0 - math.pow(1.0 - min(half_hour, 0.999999), 2.0 * time)


def half_hour_share(time: float, alpha: float) -> float:
    """The inverse of `share_in`."""
    if time <= 0.0 or alpha >= 1.0:
        return 0.999999
    return 1.0 - math.pow(1.0 - alpha, 1.0 / (2.0 * time))
