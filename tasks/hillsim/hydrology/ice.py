"""What soil with ice in it conducts.

Ice takes pore space as air does: frozen soil conducts as unfrozen soil would that holds no more
water than the pores beside the ice, by the curve that Saxton & Rawls (2006) give for a texture.
The engines look at it in slices of 1 cm to 0.2 m and of 2 cm below, in a row (Dun, Wu, McCool,
Frankenberger & Flanagan 2010, Transactions of the ASABE 53(5)); less than 1 mm of ice in a slice
does nothing there. Conductivities m/s, contents volumetric.
"""

from __future__ import annotations

import math
from typing import Final, final

from tasks.hillsim.soil import MM_PER_HOUR, Layer

_TENSIONS: Final = math.log(1500.0 / 33.0)
_FEW: Final = 0.001
_CLOSED: Final = 0.01
_THIN: Final = 0.01
_TILLED: Final = 0.1
_DENSE: Final = 0.01
_LEAST: Final = 1e-12
_FC_SUCTION: Final = 33.0 / 9.81
_WP_SUCTION: Final = 1500.0 / 9.81
_FRONT: Final = 100.0


@final
class Pores:
    """Saxton & Rawls' curves of a texture: `K = ks (θ/space)^power`, `h = (θ/fc)^−steep` × 33 kPa.

    `space` and `fc` are volumetric, `ks` m/s.
    """

    def __init__(self, space: float, fc: float, steep: float, ks: float) -> None:
        self.space = space
        self.fc = fc
        self.steep = steep
        self.power = 3.0 + 2.0 * steep
        self.falls = self.power / steep - 1.0
        self.ks = ks

    def suction(self, content: float) -> float:
        """Suction (m of water) that holds a volumetric water content, up to 1500 kPa."""
        pull = _FC_SUCTION * math.exp(-self.steep * math.log(max(content, 1e-3) / self.fc))
        return min(pull, _WP_SUCTION)

    def content(self, suction: float) -> float:
        """Volumetric water content that a suction (m of water) leaves."""
        return self.fc * math.exp(-math.log(suction / _FC_SUCTION) / self.steep)

    def flow(self, content: float, wet: float, dry: float) -> float:
        """Conductivity times suction (m²/s) from `wet` to `dry` (m of water), all the way down.

        Matric flux potential (Gardner 1958) of a conductivity that falls with a power of suction.
        """
        if dry <= wet:
            return 0.0
        left = math.exp(self.falls * math.log(wet / dry))
        return self.conducts(content) * wet / self.falls * (1.0 - left)

    def conducts(self, content: float) -> float:
        """Conductivity (m/s) at a volumetric water content."""
        wet = min(max(content, 1e-3), self.space)
        return self.ks * math.exp(self.power * math.log(wet / self.space))


def pores(layer: Layer) -> Pores:
    """The curve of a layer by the regressions of Saxton & Rawls (2006), their equations 1 to 16.

    They take organic matter in per cent. What the engines print for a clay loam that begins to
    freeze follows from its fraction instead, to the last digit (`tests/unit/test_hillsim_ice.py`):
    so it enters here.
    """
    s, c, m = layer.sand, layer.clay, layer.om
    dry = -0.024 * s + 0.487 * c + 0.006 * m + 0.005 * s * m - 0.013 * c * m + 0.068 * s * c + 0.031
    wp = max(0.01, 1.14 * dry - 0.02)
    wet = -0.251 * s + 0.195 * c + 0.011 * m + 0.006 * s * m - 0.027 * c * m + 0.452 * s * c + 0.299
    fc = max(1.05 * wp, wet + 1.283 * wet * wet - 0.374 * wet - 0.015)
    free = 0.278 * s + 0.034 * c + 0.022 * m - 0.018 * s * m - 0.027 * c * m - 0.584 * s * c + 0.078
    free = max(_DENSE, free + 0.636 * free - 0.107)
    space = max(fc + _DENSE, fc + free - 0.097 * s + 0.043)
    slope = math.log(fc / wp) / _TENSIONS
    ks = 1930.0 * math.pow(space - fc, 3.0 - slope) * MM_PER_HOUR
    return Pores(space, fc, 1.0 / slope, ks)


def conductivities(
    ks: float, curve: Pores, thick: float, part: float, ice: float, factor: float
) -> tuple[float, float]:
    """Of a layer of which `part` m holds `ice` m: down through its slices, and along them.

    Frozen soil keeps at least `factor` of what it conducts unfrozen, and never conducts more.
    """
    if part <= 0.0:
        return ks, ks
    slice_ = _THIN if thick <= _TILLED + _LEAST else 2.0 * _THIN
    whole = min(math.floor(part / slice_ + 1e-9) * slice_, thick)
    rest = max(0.0, min(part - whole, thick - whole))
    content = ice / part
    frozen = conductivity(ks, curve, content, slice_, factor)
    resistance, flow = whole / frozen, whole * frozen
    if rest > _LEAST:
        # The slice in which the front stands has its ice all over.
        edge = conductivity(ks, curve, content * rest / slice_, slice_, factor)
        resistance, flow = resistance + slice_ / edge, flow + slice_ * edge
        whole += slice_
    left = max(0.0, thick - whole)
    return thick / (resistance + left / ks), (flow + left * ks) / thick


def conductivity(ks: float, curve: Pores, content: float, slice_: float, factor: float) -> float:
    """Of a slice whose volume is ice by `content`."""
    if content * slice_ <= _FEW:
        return ks
    least = max(factor * ks, _LEAST * MM_PER_HOUR)
    free = curve.space - content
    if free <= _CLOSED:
        return min(ks, least)
    return min(ks, max(least, curve.conducts(free)))


def levelled(
    above: Pores,
    below: Pores,
    wet: float,
    wet_below: float,
    here: float,
    there: float,
    apart: float,
    span: float,
    room: float,
) -> float:
    """Water (m) that rises in `span` s between two unfrozen layers, negative where it sinks.

    By Darcy's law between their middles, `apart` m from each other, along the wetter one's curve.
    `wet` are their volumetric contents, `here` and `there` their suctions (m of water), `room` (m)
    is a bound on what moves.
    """
    if here > there:
        return min(room, below.flow(wet_below, there, here) / apart * span)
    return -min(room, above.flow(wet, here, there) / apart * span)
