"""Infiltration under unsteady rain: Green–Ampt as Mein & Larson (1973) and Chu (1978) use it.

NSERL Report 10, chapter 4. Depths in m, times in s, rates in m/s. What rains either infiltrates,
fills hollows of the surface, or runs off; what the hollows hold after the storm infiltrates.
"""

from __future__ import annotations

import math
from typing import Final, final

from tasks.hillsim.hydrology.storm import Hyetograph
from tasks.hillsim.native import mypyc_attr

LEAST_EXCESS: Final = 1e-4
_NO_SUCTION: Final = 1e-9


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Ground:
    """What the surface takes in.

    `ke` effective conductivity (m/s); `suction` wetting-front suction times moisture deficit (m);
    `hollows` depression storage (m). What a full soil cannot keep comes back as saturation excess.
    """

    def __init__(self, ke: float, suction: float, hollows: float) -> None:
        self.ke = ke
        self.suction = suction
        self.hollows = hollows


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Excess:
    """What runs off: depth (m), duration (s), its peak rate (m/s), mean rain meanwhile (m/s).

    `begins` is when it starts (s after the rain does); `sink` (m/s) what the soil goes on to take
    out of the flow after the excess has ended, beyond the rain that still falls; `rates` the excess
    step by step, if that was asked for.
    """

    def __init__(
        self,
        depth: float = 0.0,
        duration: float = 0.0,
        peak: float = 0.0,
        intensity: float = 0.0,
        begins: float = 0.0,
        sink: float = 0.0,
        rates: Hyetograph | None = None,
    ) -> None:
        self.depth = depth
        self.duration = duration
        self.peak = peak
        self.intensity = intensity
        self.begins = begins
        self.sink = sink
        self.rates = rates

    def less(self, share: float) -> Excess:
        """The excess of which a share of depth and peak is left."""
        left = self.depth * share, self.peak * share
        return Excess(
            left[0], self.duration, left[1], self.intensity, self.begins, self.sink, self.rates
        )


# What is said of a storm that soaks in whole; nothing changes an excess.
NO_EXCESS: Final = Excess()


def infiltrate(
    rain: Hyetograph, ground: Ground, inflow: list[float] | None = None, *, traced: bool = False
) -> Excess:
    """The excess of a storm; rain less excess is what the soil has taken. Under 0.1 mm is none.

    `inflow` (m/s) is what runs onto the ground in each of the rain's intervals; it infiltrates as
    rain does, and is part of the excess where it does not. `traced` keeps it step by step.
    """
    if not traced and _gentle(rain.rates, inflow, ground.ke):
        return NO_EXCESS
    trace: list[float] = []
    out = [0.0] * 7
    march(
        rain.ends,
        rain.rates,
        inflow or [0.0] * len(rain.ends),
        rain.step,
        ground.ke,
        ground.suction,
        ground.hollows,
        out,
        trace if traced else None,
    )
    if out[0] < LEAST_EXCESS:
        return NO_EXCESS
    sink = max(0.0, out[5] - _after(rain, out[6]))
    rates = Hyetograph(trace[::2], trace[1::2], rain.step) if traced else None
    return Excess(out[0], out[1], out[2], out[3] / out[1], out[4], sink, rates)


def _gentle(rates: list[float], inflow: list[float] | None, ke: float) -> bool:
    """Whether nothing ever comes faster than the soil conducts: it all goes in, by any step."""
    least = ke * (1.0 - 1e-9)
    for index in range(len(rates)):
        rate = rates[index] if inflow is None else rates[index] + inflow[index]
        if not rate < least:
            return False
    return True


def _after(rain: Hyetograph, time: float) -> float:
    """The mean rate (m/s) of what still falls after `time` (s)."""
    left, start = 0.0, 0.0
    for index in range(len(rain.ends)):
        end = rain.ends[index]
        left += rain.rates[index] * max(0.0, end - max(start, time))
        start = end
    return left / (start - time) if start - time > 1.0 else 0.0


def hollows(roughness: float, slope: float) -> float:
    """Depression storage (m), `0.112 rr + 3.1 rr² − 1.2 rr·slope` ≥ 0; Onstad (1984)."""
    return max(0.0, 0.112 * roughness + 3.1 * roughness * roughness - 1.2 * roughness * slope)


def march(
    ends: list[float],
    rates: list[float],
    inflow: list[float],
    step: float,
    ke: float,
    suction: float,
    hollows: float,
    out: list[float],
    trace: list[float] | None = None,
) -> None:
    """March through the storm.

    `out` gets excess (m), its duration (s) and peak (m/s), the rain in it (m), its start (s), the
    rate at which a flooded surface would then take water (m/s), and its end (s); `trace` the end
    (s) and the excess (m/s) of each step.
    """
    # Without min, max and calls where they can be spared: this is the innermost of all loops.
    time = taken = held = depth = lasts = most = fallen = begins = sink = until = 0.0
    for index in range(len(ends)):
        end, ran_on = ends[index], inflow[index]
        span = end - time
        parts = max(1, math.ceil(span / step - 1e-9))
        length = span / parts
        rain = rates[index] * length
        for _ in range(parts):
            time += length
            supply = rain + ran_on * length + held
            soaked = supply
            if supply / length > ke:
                able = capacity(taken, supply, length, ke, suction)
                soaked = able if able < soaked else soaked
            taken += soaked
            held = supply - soaked
            held = hollows if held > hollows else held
            excess = supply - soaked - held
            if trace is not None:
                trace.extend((time, max(0.0, excess) / length))
            if excess > 1e-12:
                begins = begins if depth > 0.0 else time - length
                depth += excess
                lasts += length
                most = excess / length if excess / length > most else most
                fallen += rain
                sink = ke + ke * suction / (taken if taken > 1e-6 else 1e-6)
                until = time
        time = end
    out[0], out[1], out[2], out[3] = depth, lasts, most, fallen
    out[4], out[5], out[6] = begins, sink, until


def capacity(taken: float, supply: float, length: float, ke: float, suction: float) -> float:
    """Depth (m) that infiltrates of `supply` in `length` seconds, `taken` having gone in before.

    Until ponding (`F_p = Ke·Ns/(r − Ke)`) the supply itself; then the root of
    `Ke·t = ΔF − Ns ln((F + ΔF + Ns)/(F + Ns))`.
    """
    rate = supply / length
    if rate <= ke:
        return supply
    if suction < _NO_SUCTION:
        return ke * length
    ponding = ke * suction / (rate - ke)
    before = max(0.0, ponding - taken)
    if before >= supply:
        return supply
    left = length - before / rate
    gain = ponded(taken + before, left, ke, suction)
    return min(supply, before + gain)


def ponded(taken: float, time: float, ke: float, suction: float) -> float:
    """Infiltration (m) in `time` s from a ponded surface that has taken `taken` m, by Newton."""
    start = taken + suction
    # Newton from above: the function is convex in the gain, so the steps fall on the root's right.
    gain = ke * time + math.sqrt(2.0 * ke * time * suction)
    for _ in range(30):
        share = gain / start
        # The logarithm of 1 + share, exact for small ones: Kahan's quotient, without log1p's call.
        more = 1.0 + share
        grown = math.log(more) * share / (more - 1.0) if more > 1.0 else share
        away = gain - suction * grown - ke * time
        change = away * (start + gain) / (taken + gain)
        gain -= change
        if abs(change) <= 1e-12:
            break
    return max(gain, ke * time)
