"""The march of sediment down a slope: the kernel of `erosion`.

Normalised (see `erosion`): flow `q = n + (1 − n)x`, of which n enters at the top; capacity
`Tc = q·s(x)` with s linear on a span, shear `τ = Tc^(2/3)`. Where the load is below capacity
`dG/dx = η(τ − τc)(1 − G/Tc) + θ`; above it `dG/dx = φ/q·(Tc − G) + θ`, which has a closed form on
each span if nothing enters. Where the mode changes inside a span the place is found by bisection.
"""

from __future__ import annotations

import math
from typing import Final, final

from tasks.hillsim.native import mypyc_attr

_TURNS: Final = 12
# By its own name: a call through the module costs more than the function.
_expm1: Final = math.expm1


def march(
    nodes: list[float],
    tops: list[float],
    ends: list[float],
    eta: float,
    tauc: float,
    theta: float,
    phi: float,
    entering: float,
    arriving: list[float],
    soil: list[float],
    fall: list[float],
    loads: list[float],
    mix: list[float],
) -> None:
    """Carry the load from node to node; `loads` gets it at each, `mix` the classes at the foot.

    The first of `loads` and `mix` hold what comes in from above.

    Parameters
    ----------
    nodes, tops, ends : distance 0–1; relative gradient at the top and end of each span
    eta, tauc, theta, phi : rill detachment, critical shear, interrill supply, deposition
    entering : share n of the flow at the foot that enters at the top; above 1 where flow is lost
    arriving, soil, fall : class shares of interrill sediment and of the soil; fall velocities
    """
    load = loads[0]
    n = entering
    supply, ground = _Five(arriving), _Five(soil)
    falls, carried = _Five(fall), _Five(mix)
    for span in range(len(tops)):
        x = nodes[span]
        end = nodes[span + 1]
        a = (ends[span] - tops[span]) / (end - x)
        b = tops[span] - a * x
        for turn in range(_TURNS):
            capacity = (n + (1.0 - n) * x) * (a * x + b)
            rises = 2.0 * (1.0 - n) * a * x + (1.0 - n) * b + n * a
            settles = load > capacity or (load >= capacity and rises < theta)
            stop = end
            after = _move(x, end, load, a, b, eta, tauc, theta, phi, n, settles)
            if turn < _TURNS - 1 and _crossed(end, after, a, b, n, settles):
                stop = _crossing(x, end, load, a, b, eta, tauc, theta, phi, n, settles)
                after = (n + (1.0 - n) * stop) * (a * stop + b)
            _sort(after - load, theta * (stop - x), supply, ground, falls, carried)
            load = after
            x = stop
            if x >= end:
                break
        loads[span + 1] = load
    carried.put(mix)


def _move(
    x: float,
    end: float,
    load: float,
    a: float,
    b: float,
    eta: float,
    tauc: float,
    theta: float,
    phi: float,
    n: float,
    settles: bool,
) -> float:
    """The load at `end`, the mode of `x` holding on all the way."""
    if settles:
        return _deposit(x, end, load, a, b, theta, phi, n)
    return _detach(x, end, load, a, b, eta, tauc, theta, n)


def _deposit(
    x: float,
    end: float,
    load: float,
    a: float,
    b: float,
    theta: float,
    phi: float,
    n: float,
) -> float:
    """`G = P(x) + (G0 − P(x0))(x0/x)^φ` with `P = φa/(φ+2)·x² + (φb + θ)/(φ+1)·x`.

    Where flow enters from above it is drawn to the capacity at the flow of the middle.
    """
    if n > 0.0:
        flow = max(n + (1.0 - n) * 0.5 * (x + end), 1e-9)
        return max(0.0, _drawn(x, end, load, a, b, phi / flow, theta, n))
    square = phi * a / (phi + 2.0)
    line = (phi * b + theta) / (phi + 1.0)
    base = end * (square * end + line)
    if x <= 0.0:
        return max(0.0, base)
    away = load - x * (square * x + line)
    return max(0.0, base + away * math.exp(phi * math.log(x / end)))


def _detach(
    x: float,
    end: float,
    load: float,
    a: float,
    b: float,
    eta: float,
    tauc: float,
    theta: float,
    n: float,
) -> float:
    """The load after detachment: drawn to the capacity at the shear of the middle."""
    middle = 0.5 * (x + end)
    capacity = (n + (1.0 - n) * middle) * (a * middle + b)
    if capacity <= 1e-12:
        return load + theta * (end - x)
    rate = eta * max(0.0, math.exp(math.log(capacity) * (2.0 / 3.0)) - tauc)
    if rate <= 1e-9:
        return load + theta * (end - x)
    return _drawn(x, end, load, a, b, rate / capacity, theta, n)


def _drawn(
    x: float,
    end: float,
    load: float,
    a: float,
    b: float,
    pull: float,
    theta: float,
    n: float,
) -> float:
    """`dG/dx = k(Tc − G) + θ` from `x` to `end`, exact for a constant k and a linear capacity.

    Explicit steps blow up where k is large, and a constant capacity lags behind it by half a step:
    the load would follow from below a capacity that it really leaves upward.
    """
    top = (n + (1.0 - n) * x) * (a * x + b)
    foot = (n + (1.0 - n) * end) * (a * end + b)
    rises = (1.0 - n) * (a * (x + end) + b) + n * a
    within = min(700.0, pull * (end - x))
    offset = (theta - rises) / pull
    return foot + (load - top) * math.exp(-within) - offset * _expm1(-within)


def _crossed(end: float, load: float, a: float, b: float, n: float, settles: bool) -> bool:
    """Whether the load at `end` belongs to the other mode."""
    capacity = (n + (1.0 - n) * end) * (a * end + b)
    slack = 1e-9 * capacity + 1e-15
    return load < capacity - slack if settles else load > capacity + slack


def _crossing(
    x: float,
    end: float,
    load: float,
    a: float,
    b: float,
    eta: float,
    tauc: float,
    theta: float,
    phi: float,
    n: float,
    settles: bool,
) -> float:
    """Where between `x` and `end` the load meets the capacity, by bisection."""
    low = x
    high = end
    for _ in range(40):
        middle = 0.5 * (low + high)
        after = _move(x, middle, load, a, b, eta, tauc, theta, phi, n, settles)
        if _crossed(middle, after, a, b, n, settles):
            high = middle
        else:
            low = middle
    return high


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class _Five:
    """A number for each of the five classes: in a list each would be an object of its own."""

    def __init__(self, given: list[float]) -> None:
        self.a, self.b, self.c, self.d, self.e = given

    def put(self, found: list[float]) -> None:
        """Write the five over those of a list."""
        found[0], found[1], found[2], found[3], found[4] = self.a, self.b, self.c, self.d, self.e


def _sort(
    gained: float, supplied: float, arriving: _Five, soil: _Five, fall: _Five, mix: _Five
) -> None:
    """Keep the classes' loads in step with the whole: supply, then detach or deposit the rest.

    Detached soil has the soil's mix; what settles is taken from the classes in proportion to load
    and fall velocity. The classes always sum to the whole.
    """
    mix.a += supplied * arriving.a
    mix.b += supplied * arriving.b
    mix.c += supplied * arriving.c
    mix.d += supplied * arriving.d
    mix.e += supplied * arriving.e
    change = gained - supplied
    if change < 0.0:
        _settle(-change, fall, mix)
        return
    mix.a += change * soil.a
    mix.b += change * soil.b
    mix.c += change * soil.c
    mix.d += change * soil.d
    mix.e += change * soil.e


def _settle(left: float, fall: _Five, mix: _Five) -> None:
    """Take what settles from the classes, over again where one has too little."""
    for _ in range(5):
        weight = mix.a * fall.a + mix.b * fall.b
        weight = weight + mix.c * fall.c + mix.d * fall.d + mix.e * fall.e
        if left <= 0.0 or weight <= 0.0:
            break
        asked = left
        out = min(mix.a, asked * mix.a * fall.a / weight)
        mix.a -= out
        left -= out
        out = min(mix.b, asked * mix.b * fall.b / weight)
        mix.b -= out
        left -= out
        out = min(mix.c, asked * mix.c * fall.c / weight)
        mix.c -= out
        left -= out
        out = min(mix.d, asked * mix.d * fall.d / weight)
        mix.d -= out
        left -= out
        out = min(mix.e, asked * mix.e * fall.e / weight)
        mix.e -= out
        left -= out
