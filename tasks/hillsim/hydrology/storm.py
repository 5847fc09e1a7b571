"""A day's rain as a hyetograph: the double exponential storm, cut into parts of equal volume.

Nicks, Lane & Gander, NSERL Report 10, chapter 2. Times in s, depths in m, intensities in m/s.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, final

from tasks.hillsim.native import mypyc_attr
from tasks.hillsim.numbers import summed

_LONGEST: Final = 23.999 * 3600.0
_PARTS: Final = 10
_SHORTEST_PART: Final = 300.0
_LIMITS: Final = [0.5, 1.0, 2.0, 6.0]
_STEPS: Final = [60.0, 120.0, 180.0, 300.0, 600.0]


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Storm:
    """Depth (m), duration (s), time to peak (share of duration) and peak over mean intensity."""

    def __init__(self, depth: float, duration: float, peak_time: float, peak_ratio: float) -> None:
        self.depth = depth
        self.duration = duration
        self.peak_time = peak_time
        self.peak_ratio = peak_ratio


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Hyetograph:
    """Intervals of constant intensity: `ends` (s), `rates` (m/s); `step` (s) to march with."""

    def __init__(self, ends: list[float], rates: list[float], step: float) -> None:
        self.ends = ends
        self.rates = rates
        self.step = step

    @property
    def depth(self) -> float:
        """Rain of the whole storm (m)."""
        total, start = 0.0, 0.0
        for index in range(len(self.ends)):
            end = self.ends[index]
            total += self.rates[index] * (end - start)
            start = end
        return total


def peak_scale(version: float) -> float:
    """What the climate generator's peak ratios are multiplied by: 0.70 for CLIGEN 3.x, else 1."""
    return 0.70 if 3.0 <= version < 4.0 else 1.0


def hyetograph(storm: Storm) -> Hyetograph:
    """The storm as at most ten intervals of equal depth, none under 5 minutes if possible."""
    duration = min(storm.duration, _LONGEST)
    hours = duration / 3600.0
    step = _step(hours)
    curve = _curve(storm)
    parts, least = _PARTS, _SHORTEST_PART
    ends = _ends(curve, duration, parts, least)
    while not ends:
        parts -= 1
        ends = _ends(curve, duration, parts, least if parts > 1 else -math.inf)
    rates, start = [0.0] * parts, 0.0
    for index in range(parts):
        end = ends[index]
        rates[index] = storm.depth / parts / (end - start)
        start = end
    return Hyetograph(ends, rates, step)


def _ends(
    curve: tuple[float, float, float] | None, duration: float, parts: int, least: float
) -> list[float]:
    """The ends (s) of that many parts of equal depth; none where one is shorter than `least` s."""
    ends, start = [duration] * parts, 0.0
    for part in range(1, parts + 1):
        end = _time_of(curve, part / parts) * duration if part < parts else duration
        if not end - start >= least:
            return []
        ends[part - 1] = end
        start = end
    return ends


def measured(points: Sequence[tuple[float, float]]) -> Hyetograph:
    """The storm between breakpoints (h of the day, mm since it began), as it was measured."""
    start = points[0][0]
    ends = [(hour - start) * 3600.0 for hour, _ in points[1:]]
    rates = [
        (after - before) / 1000.0 / ((later - hour) * 3600.0)
        for (hour, before), (later, after) in pairwise(points)
    ]
    hours = min(24.0, ends[-1] / 3600.0)
    return Hyetograph(ends, rates, _step(hours))


def _step(hours: float) -> float:
    """The time step of a storm of that many hours (s)."""
    index = 0
    while index < len(_LIMITS) and hours > _LIMITS[index]:
        index += 1
    return _STEPS[index]


def hourly(points: Sequence[tuple[float, float]]) -> list[float]:
    """What falls in each of the day's hours between breakpoints (m)."""
    falls = [0.0] * 24
    for (hour, before), (later, after) in pairwise(points):
        rate = (after - before) / 1000.0 / (later - hour)
        for index in range(24):
            falls[index] = falls[index] + rate * max(
                0.0, min(later, index + 1.0) - max(hour, float(index))
            )
    # What a file has after midnight belongs to its day's last hour.
    falls[23] = falls[23] + max(0.0, (points[-1][1] - points[0][1]) / 1000.0 - summed(falls))
    return falls


def _curve(storm: Storm) -> tuple[float, float, float] | None:
    """Time to peak (share of the duration), the exponent u, exp(−u); None for constant rain."""
    ratio = min(storm.peak_ratio, 60.0)
    if ratio <= 1.0 or storm.peak_time >= 1.0:
        return None
    u = shape(ratio)
    return min(max(storm.peak_time, 0.01), 0.99), u, math.exp(-u)


def _time_of(curve: tuple[float, float, float] | None, volume: float) -> float:
    """The share of the duration at which `volume` (share of the depth) has fallen.

    Each limb's volume equals its share of time. Rising limb `i = ip exp(b(t − tp))`, falling
    `i = ip exp(d(tp − t))` with `b = u/tp`, `d = u/(1 − tp)`, `1 − exp(−u) = u/ip`.
    """
    if curve is None:
        return volume
    peak, u, low = curve
    if volume <= peak:
        # The limb's depth to t is tp·(exp(u(t/tp − 1)) − exp(−u))·ip/u; ip/u = 1/(1 − exp(−u)).
        inside = low + (volume / peak) * (1.0 - low)
        return peak * (1.0 + math.log(inside) / u)
    inside = 1.0 - (volume - peak) / (1.0 - peak) * (1.0 - low)
    return peak - (1.0 - peak) * math.log(inside) / u


def shape(ratio: float) -> float:
    """The root u > 0 of `1 − exp(−u) = u/ratio` for ratio > 1, by Newton's method."""
    # Above the root the function is concave and falling, so Newton from the right cannot overshoot.
    u = ratio
    for _ in range(60):
        low = math.exp(-u)
        step = (1.0 - low - u / ratio) / (low - 1.0 / ratio)
        u -= step
        if abs(step) <= 1e-13 * u:
            break
    return max(u, 1e-9)


def withhold(hyeto: Hyetograph, depth: float) -> Hyetograph:
    """The storm without its first `depth` m of rain, which leaves and litter caught."""
    rates, start = [0.0] * len(hyeto.ends), 0.0
    for index in range(len(rates)):
        end, rate = hyeto.ends[index], hyeto.rates[index]
        caught = min(depth, rate * (end - start))
        depth -= caught
        rates[index] = rate - caught / (end - start)
        start = end
    return Hyetograph(hyeto.ends, rates, hyeto.step)


def wettest(hyeto: Hyetograph, span: float) -> float:
    """Share of the rain that falls in the wettest `span` seconds, intervals taken by intensity."""
    lengths, rates, start = [0.0] * len(hyeto.ends), hyeto.rates[:], 0.0
    for index in range(len(lengths)):
        end = hyeto.ends[index]
        lengths[index] = end - start
        start = end
    left, caught = span, 0.0
    for _ in range(len(lengths)):
        # The most intense that is left, of equal ones the longest.
        most, longest, at = -1.0, 0.0, 0
        for index in range(len(lengths)):
            rate, length = rates[index], lengths[index]
            if rate > most or (rate == most and length > longest):
                most, longest, at = rate, length, index
        part = min(left, longest)
        caught += most * part
        left -= part
        if left <= 0.0:
            break
        rates[at] = -2.0
    total = hyeto.depth
    return min(1.0, caught / total) if total > 0.0 else 0.0


def energy(hyeto: Hyetograph) -> float:
    """Kinetic energy of the rain (J/m²), `3.812 + 0.3796 ln(i)` per interval, i in m/h, ≤ 0.0765.

    NSERL Report 10, chapter 4 (crust forming).
    """
    total = 0.0
    start = 0.0
    for index in range(len(hyeto.ends)):
        end, rate = hyeto.ends[index], hyeto.rates[index]
        intensity = min(rate * 3600.0, 0.0765)
        per_depth = max(0.0, 3.812 + 0.3796 * math.log(intensity)) if intensity > 0.0 else 0.0
        total += per_depth * rate * (end - start) * 1e4
        start = end
    return total
