"""From excess to flow: friction, the peak of the runoff and its effective duration.

Kinematic wave on a plane, approximated as Stone, Lane & Shirley (1992); NSERL Report 10, chapter 4.
Depths in m, rates in m/s, times in s, friction factors of Darcy and Weisbach.
"""

from __future__ import annotations

import math
from typing import Final, final

from tasks.hillsim.native import mypyc_attr

GRAVITY: Final = 9.81
_TIGHT: Final = 1e-20
_LEAST_PEAK: Final = 3.6e-8
_DAY: Final = 86400.0
_LEAST_SLOPE: Final = 1e-6


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Flow:
    """Runoff leaving the slope: peak (m/s) and effective duration (s); the product is its depth."""

    def __init__(self, peak: float, duration: float) -> None:
        self.peak = peak
        self.duration = duration


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Friction:
    """Friction factors in rills and between them, and of the whole width."""

    def __init__(self, rill: float, interrill: float, total: float) -> None:
        self.rill = rill
        self.interrill = interrill
        self.total = total


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Cover:
    """What slows the water: flat residue in and between rills, friction of the live plants."""

    def __init__(self, rill: float, interrill: float, live: float) -> None:
        self.rill = rill
        self.interrill = interrill
        self.live = live


def friction(cover: Cover, roughness: float, tilled: float, rill_share: float) -> Friction:
    """Friction factors for flow in rills (share of the width) and between them.

    Rill `1.11 + 4.5 rilcov^1.5544`; interrill `4.07 + 14.5 inrcov^1.5544` and the roughness that is
    left of the tilled one; live plants add to both. Gilley, Kottwitz & Wieman (1991).
    """
    rill = 1.11 + 4.5 * math.pow(cover.rill, 1.5544) + cover.live
    form = math.pow(math.exp(3.024 - 5.042 * math.exp(-161.0 * tilled)), 1.128)
    worn = math.exp(-3.088 * (1.0 - roughness / tilled)) if tilled > 0 else 1.0
    rough = max(0.0, 0.5 * form * worn - 4.07)
    interrill = 4.07 + 14.5 * math.pow(cover.interrill, 1.5544) + cover.live + rough
    return Friction(rill, interrill, rill_share * rill + (1.0 - rill_share) * interrill)


def route(depth: float, duration: float, peak_excess: float, path: float) -> Flow:
    """Peak and effective duration of `depth` m of excess over `duration` s on a flow path.

    Parameters
    ----------
    depth, duration, peak_excess : excess (m), its duration (s) and greatest rate (m/s)
    path : length over α of the planes that the water runs down, see `resistance`
    """
    mean = depth / duration
    equilibrium = travel_time(mean, path)
    ratio = min(1.0, mean / peak_excess) if peak_excess > 0.0 else 1.0
    return flow(depth, mean * peak_ratio(equilibrium / duration, ratio))


def flow(depth: float, peak: float) -> Flow:
    """The flow of a depth (m) and a peak (m/s), which lasts a day at most."""
    peak = max(max(peak, _LEAST_PEAK), depth / _DAY)
    return Flow(peak, depth / peak)


def resistance(length: float, slope: float, total: float) -> float:
    """`L/α` of a plane, `q = α h^1.5` with `α = sqrt(8 g S/f)`: Chezy's law. Planes in line add."""
    return length / math.sqrt(8.0 * GRAVITY * max(slope, _LEAST_SLOPE) / total)


def recession(depth: float, duration: float, path: float, sink: float) -> float:
    """What of an excess (m) infiltrates while the flow recedes from a plane at partial equilibrium.

    Where the excess ends before water from the top has reached the foot, the plane is left with a
    depth `h = v·D` below `x* = α h^1.5/v`; both then lose `f` (m/s). By kinematic wave the dry edge
    goes down as `x = α (fτ)^1.5/v·(1 + v/f)` until the rest falls dry at `τ = h/f`, or the edge
    reaches the foot, or the day is over: `Δ = f τ (1 − 0.4 y τ^1.5)`, y τ^1.5 the dry share of the
    length. After Cundy & Tento (1985); NSERL Report 10, chapter 4, recession infiltration. Zero at
    equilibrium.

    Parameters
    ----------
    depth, duration : excess (m) and its duration (s)
    path : length over α, see `resistance`
    sink : f, what the soil takes out of the flow (m/s)
    """
    # A soil that is as good as tight takes nothing, and its powers would be no numbers.
    if depth <= 0.0 or sink <= _TIGHT:
        return 0.0
    mean = depth / duration
    if travel_time(mean, path) < duration:
        return 0.0
    dries = math.pow(sink, 1.5) * (1.0 + mean / sink) / (mean * path)
    time = min(min(depth / sink, math.pow(dries, -2.0 / 3.0)), max(0.0, _DAY - duration))
    return min(depth, sink * time * (1.0 - 0.4 * dries * math.pow(time, 1.5)))


def travel_time(rate: float, path: float) -> float:
    """Time (s) to equilibrium at an excess `rate` (m/s), `(L/(α √rate))^(2/3)`."""
    return math.pow(path / math.sqrt(rate), 2.0 / 3.0)


def peak_ratio(t_star: float, v_star: float) -> float:
    """Peak runoff over mean excess, from equilibrium time over excess duration and mean over peak.

    Stone et al. (1992): partial equilibrium `t*^−1.5`; near it `1/t*`; long storms
    `1/v* − 0.6(1 − v*)/v*·t*`.
    """
    if t_star >= 1.0:
        return math.pow(t_star, -1.5)
    if v_star >= 1.0:
        return 1.0
    bend = 0.6 * (1.0 - v_star)
    # The smaller root of bend·t² − t + v* = 0, where the two branches meet.
    if t_star > (1.0 - math.sqrt(1.0 - 4.0 * bend * v_star)) / (2.0 * bend):
        return 1.0 / t_star
    return 1.0 / v_star - bend / v_star * t_star
