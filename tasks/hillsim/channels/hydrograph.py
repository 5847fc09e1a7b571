"""Hydrographs of a day in a channel: how they come in, and how a reach passes them on.

A hydrograph is a column of mean flows (m³/s) of equal steps through the day. What comes in from a
hillslope is known by its volume and peak; its form is a triangle whose rise takes 0.375 of its
base, as the unit hydrograph of the Soil Conservation Service has it (NEH-4, 1972), or a trapezoid
where a triangle would last longer than a day.

A reach is a cascade of equal linear reservoirs of the characteristic length `q/(S c)`, Kalinin &
Milyukov (1957): the Muskingum–Cunge scheme (Cunge 1969) with X = 0, whose spreading is that of the
flood wave. Steps are implicit, so that flows stay above zero whatever the step.
"""

from __future__ import annotations

from typing import Final

DAY: Final = 86400.0
_RISE: Final = 0.375
_MOST_REACHES: Final = 20


def add_storm(flows: list[float], step: float, volume: float, peak: float) -> None:
    """Add a storm's runoff (m³) of this peak (m³/s) that begins with the day.

    The volume comes whole: a peak that cannot carry it in a day is raised.
    """
    if volume <= 0.0:
        return
    peak = max(peak, volume / DAY)
    base = min(2.0 * volume / peak, DAY)
    top = max(0.0, 2.0 * volume / peak - base)
    rise = _RISE * (base - top)
    fall = base - top - rise
    before = 0.0
    for index in range(len(flows)):
        passed = min(volume, max(before, _passed((index + 1) * step, peak, rise, top, fall)))
        if index == len(flows) - 1:
            passed = volume
        flows[index] = flows[index] + (passed - before) / step
        before = passed


def add_even(flows: list[float], volume: float) -> None:
    """Add a volume (m³) that comes evenly through the day."""
    if volume == 0.0:
        return
    more = volume / DAY
    for index in range(len(flows)):
        flows[index] = flows[index] + more


def _passed(time: float, peak: float, rise: float, top: float, fall: float) -> float:
    """Volume (m³) of a trapezoid by `time` (s)."""
    up = min(time, rise)
    volume = 0.5 * peak * up * up / rise if rise > 0.0 else 0.0
    volume += peak * min(max(0.0, time - rise), top)
    down = min(max(0.0, time - rise - top), fall)
    return volume + (peak * down - 0.5 * peak * down * down / fall if fall > 0.0 else 0.0)


def reaches(length: float, characteristic: float) -> int:
    """Into how many reservoirs a channel is cut, at most 20."""
    return max(1, min(_MOST_REACHES, round(length / max(characteristic, 1e-6))))


def cascade(
    flows: list[float], step: float, lag: float, count: int, stored: float, out: list[float]
) -> float:
    """Pass `flows` down `count` linear reservoirs of `lag` s each; what they hold after it (m³).

    `stored` m³ lie in them, evenly, as the day begins; `out` gets the flows at the foot.
    """
    for index in range(len(flows)):
        out[index] = flows[index]
    left = 0.0
    for _ in range(count):
        held = stored / count
        for index in range(len(out)):
            held = (held + step * out[index]) / (1.0 + step / lag)
            out[index] = held / lag
        left += held
    return left
