"""The hydrograph of one storm at the foot of a plane: the kinematic wave by its characteristics.

With an excess r(t) that is the same all over the plane, depth grows by r along the lines
`dx/dt = 1.5 α h^0.5`, on which `q = α h^1.5`; what comes to the foot at a time left the top, dry,
at another, or was on the plane when the storm began. After Henderson & Wooding (1964); with what
the soil takes after the excess, Cundy & Tento (1985). Times s, rates m/s, depths m over the plane.
"""

from __future__ import annotations

import math
from typing import Final

from tasks.hillsim.hydrology.storm import Hyetograph

_HALVINGS: Final = 50
_ROWS: Final = 400
_ENOUGH: Final = 0.95


def outflow(excess: Hyetograph, sink: float, path: float, time: float) -> float:
    """What leaves the foot at a time (m/s over the plane).

    Parameters
    ----------
    excess : by interval, from the storm's beginning on
    sink : what the soil takes out of the flow once the excess has ended (m/s)
    path : length over α, see `routing.resistance`
    """
    way, depth = _down(excess, sink, 0.0, time)
    if way > path:
        early, late = 0.0, time
        for _ in range(_HALVINGS):
            start = 0.5 * (early + late)
            way, depth = _down(excess, sink, start, time)
            if way > path:
                early = start
            else:
                late = start
    return math.pow(depth, 1.5) / path


def _down(excess: Hyetograph, sink: float, start: float, time: float) -> tuple[float, float]:
    """How far (over α) water that starts dry gets until `time`, and its depth (m) then."""
    way, depth, before = 0.0, 0.0, 0.0
    for index in range(len(excess.ends) + 1):
        last = index == len(excess.ends)
        end = time if last else min(excess.ends[index], time)
        rate = -sink if last else excess.rates[index]
        span = end - max(before, start)
        if span > 0.0:
            after = max(0.0, depth + rate * span)
            if math.fabs(rate) < 1e-15:
                way += 1.5 * math.sqrt(depth) * span
            else:
                way += (math.pow(after, 1.5) - math.pow(depth, 1.5)) / rate
            depth = after
        before = end
    return way, depth


def hydrograph(
    excess: Hyetograph, sink: float, path: float, depth: float
) -> list[tuple[float, float, float]]:
    """Time (s), rate (m/s) and depth so far (m), until 95 % of `depth` m have left the plane.

    By the storm's step and at the ends of the excess's intervals; by half a step afterwards.
    """
    last, step = excess.ends[-1], excess.step
    regular = [number * step for number in range(1, math.ceil(last / step))]
    times = sorted({round(time, 3) for time in [*regular, *excess.ends]})
    rows: list[tuple[float, float, float]] = [(0.0, 0.0, 0.0)]
    time, rate, gone, index = 0.0, 0.0, 0.0, 0
    while gone < _ENOUGH * depth and len(rows) < _ROWS:
        following = times[index] if index < len(times) else time + step / 2.0
        index += 1
        after = outflow(excess, sink, path, following)
        gone += 0.5 * (rate + after) * (following - time)
        time, rate = following, after
        rows.append((time, rate, gone))
    return rows
